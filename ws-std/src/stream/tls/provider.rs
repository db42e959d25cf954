use alloc::sync::Arc;

use rustls::crypto::CryptoProvider;

use crate::error::Error;

/// The provider of cryptography for callers that pass none: the default of the process, or that of the features.
///
/// `ClientConfig::builder` is not used, since it installs a default for the whole process, and panics where it cannot choose one.
pub(super) fn default_provider() -> Result<Arc<CryptoProvider>, Error> {
    let provider = CryptoProvider::get_default().map(Arc::clone);
    #[cfg(feature = "rustls-ring")]
    let provider = provider.or_else(|| Some(Arc::new(rustls::crypto::ring::default_provider())));
    #[cfg(feature = "rustls-aws-lc-rs")]
    let provider = provider.or_else(|| Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider())));
    provider.ok_or(Error::NoCryptoProvider)
}
