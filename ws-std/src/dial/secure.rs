// Read first: RFC 6455 §4.1, §10.6.

use alloc::sync::Arc;
use std::sync::OnceLock;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use ws_core::uri::Uri;

use super::Client;
#[cfg(feature = "proxy")]
use super::no_certificate::without_certificate;
use crate::error::Error;
use crate::stream::ClientTls;

#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl Client {
    /// Sets the TLS configuration for `wss:` URLs: a [`ClientTls`], or a configuration of rustls, which is used unchanged; its ALPN
    /// should offer `http/1.1` or nothing. By default, the first `wss:` URL makes a [`ClientTls::platform`], which is kept.
    #[must_use]
    pub fn with_tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Self {
        self.tls = Tls(Arc::new(OnceLock::from(config.into())));
        self
    }
}

/// The TLS configuration, made when it is first needed, and shared by the clones of a client.
#[derive(Clone, Debug, Default)]
pub(super) struct Tls(Arc<OnceLock<Arc<ClientConfig>>>);

type ConfigAndName = (Arc<ClientConfig>, ServerName<'static>);

impl Tls {
    /// The configuration for this URL, and the name to verify; `None` for `ws:`. They are checked before anything is connected.
    pub(super) fn for_uri(&self, uri: &Uri<'_>) -> Result<Option<ConfigAndName>, Error> {
        if !uri.scheme().is_secure() {
            return Ok(None);
        }
        // RFC 6455 §4.1: the client sends the host by SNI, and fails the connection where TLS does.
        let name = ServerName::try_from(uri.authority().host_name().to_owned())
            .map_err(|_invalid| rustls::Error::General("no host that can be verified".into()))?;
        Ok(Some((self.config()?, name)))
    }

    /// The configuration for a server that a redirect has named. The platform's, which is made later, has no certificate.
    #[cfg(feature = "proxy")]
    pub(super) fn without_certificate(&self) -> Self {
        match self.0.get() {
            Some(config) => Self(Arc::new(OnceLock::from(without_certificate(config)))),
            None => self.clone(),
        }
    }

    fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        if let Some(config) = self.0.get() {
            return Ok(Arc::clone(config));
        }
        let config = ClientTls::platform()?.into();
        Ok(Arc::clone(self.0.get_or_init(|| config)))
    }
}
