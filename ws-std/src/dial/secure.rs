// Read first: RFC 6455 §4.1, §10.6.

use alloc::sync::Arc;
use std::net::TcpStream;
use std::sync::OnceLock;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use ws_core::uri::Uri;

use super::Client;
#[cfg(feature = "proxy")]
use super::no_certificate::without_certificate;
use crate::error::Error;
use crate::open::client::headers::Recipient;
use crate::stream::NetStream;
use crate::stream::tls::{ClientTls, TlsStream};
use crate::timeouts::Deadline;

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

impl Tls {
    /// What to do on top of TCP for this URL. It is checked before anything is connected.
    pub(super) fn for_uri(&self, uri: &Uri<'_>, recipient: Recipient) -> Result<Security, Error> {
        if !uri.scheme().is_secure() {
            return Ok(Security::Ws);
        }
        // RFC 6455 §4.1: the client sends the host by SNI, and fails the connection where TLS does.
        let name = ServerName::try_from(uri.authority().host_name().to_owned())
            .map_err(|_invalid| rustls::Error::General("no host that can be verified".into()))?;
        let config = match recipient {
            Recipient::Named => self.config()?,
            #[cfg(feature = "proxy")]
            Recipient::Other => without_certificate(self.config()?),
        };
        Ok(Security::Wss { config, name })
    }

    fn config(&self) -> Result<Arc<ClientConfig>, Error> {
        if let Some(config) = self.0.get() {
            return Ok(Arc::clone(config));
        }
        let config = ClientTls::platform()?.into();
        Ok(Arc::clone(self.0.get_or_init(|| config)))
    }
}

pub(super) enum Security {
    Ws,
    Wss { config: Arc<ClientConfig>, name: ServerName<'static> },
}

impl Security {
    pub(super) fn apply(self, stream: TcpStream, deadline: Deadline) -> Result<NetStream, Error> {
        match self {
            Self::Ws => Ok(stream.into()),
            Self::Wss { config, name } => {
                Ok(TlsStream::start(stream, ClientConnection::new(config, name)?, deadline)?.into())
            }
        }
    }
}
