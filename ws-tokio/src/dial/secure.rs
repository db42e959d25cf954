//! Clients of `wss:`.

// Read first: RFC 6455 §4.1, §10.6.

use alloc::sync::Arc;
use std::sync::OnceLock;

use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};
use ws_core::uri::Uri;

use super::Client;
use crate::error::Error;
use crate::open::handshake_stream::within;
use crate::socket::WebSocket;
use crate::timer::Clock;

impl Client {
    /// Sets the configuration of TLS for `wss:` URLs: roots, certificates of the client, versions. By default the server has to be
    /// trusted by the platform, and the provider of cryptography is that of the process.
    ///
    /// `config` should offer `http/1.1` by ALPN.
    ///
    /// ```no_run
    /// use std::sync::Arc;
    /// use ws_tokio::rustls::{ClientConfig, RootCertStore, pki_types::{CertificateDer, pem::PemObject as _}};
    ///
    /// let mut roots = RootCertStore::empty();
    /// roots.add(CertificateDer::from_pem_file("our-authority.pem")?)?;
    /// let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    /// config.alpn_protocols = vec![b"http/1.1".to_vec()];
    /// let client = ws_tokio::Client::new().with_tls(config);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_tls(self, config: impl Into<Arc<ClientConfig>>) -> Self {
        self.with(|options| options.tls = Tls(Arc::new(OnceLock::from(config.into()))))
    }

    /// Does the handshake of TLS over a stream that is connected already, such as one through a proxy, and opens a WebSocket over that.
    /// The URL is a `wss:` URL, and names the server that has to prove itself.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where it does not, and for a `ws:` URL; [`Error::NoCryptoProvider`]; those of [`handshake`](Self::handshake).
    pub async fn handshake_tls<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        url: &str,
    ) -> Result<WebSocket<TlsStream<S>>, Error> {
        let uri = Uri::parse(url)?;
        let Some(secured) = self.options.tls.for_uri(&uri)? else {
            return Err(rustls::Error::General("a ws: URL is not for TLS".into()).into());
        };
        let (stream, clock) = self.secure(stream, secured).await?;
        self.options.handshake.open(stream, uri, clock).await.map(|(socket, _response)| socket)
    }

    /// Does the handshake of TLS. Returns the clock with which it began.
    pub(super) async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        (config, name): ConfigAndName,
    ) -> Result<(TlsStream<S>, Clock), Error> {
        let mut clock = self.options.timers.start();
        let time = self.options.handshake.settings.timeouts.handshake();
        let handshake = TlsConnector::from(config).connect(name, stream);
        Ok((within(&mut clock, time, handshake).await?, clock))
    }
}

/// The configuration of TLS, which is made when it is first needed, unless it was set.
#[derive(Clone, Debug, Default)]
pub(super) struct Tls(Arc<OnceLock<Arc<ClientConfig>>>);

type ConfigAndName = (Arc<ClientConfig>, ServerName<'static>);

impl Tls {
    /// What a `wss:` URL needs; `None` for a `ws:` URL.
    pub(super) fn for_uri(&self, uri: &Uri<'_>) -> Result<Option<ConfigAndName>, Error> {
        if !uri.scheme().is_secure() {
            return Ok(None);
        }
        // RFC 6455 §4.1: the client sends the host by SNI, and fails the connection where TLS does.
        let name = ServerName::try_from(uri.authority().host_name().to_owned())
            .map_err(|_invalid| rustls::Error::General("no host that can be verified".into()))?;
        if self.0.get().is_none() {
            let _set_meanwhile = self.0.set(Arc::new(platform()?));
        }
        Ok(self.0.get().map(|config| (Arc::clone(config), name)))
    }
}

/// Trusts what the platform trusts.
fn platform() -> Result<ClientConfig, Error> {
    let provider = CryptoProvider::get_default().ok_or(Error::NoCryptoProvider)?;
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(provider)).with_safe_default_protocol_versions()?;
    let mut config = builder.with_platform_verifier()?.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
