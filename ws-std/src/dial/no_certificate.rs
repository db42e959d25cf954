use alloc::sync::Arc;

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};

/// The configuration for a server that a redirect has named, and not the program. It has no client certificate, which is a
/// credential, and resumes no session, since that may have been opened with the certificate.
pub(super) fn without_certificate(config: &Arc<ClientConfig>) -> Arc<ClientConfig> {
    if !config.client_auth_cert_resolver.has_certs() {
        return Arc::clone(config);
    }
    let mut config = ClientConfig::clone(config);
    config.client_auth_cert_resolver = Arc::new(NoCertificate);
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

#[derive(Debug)]
struct NoCertificate;

impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
