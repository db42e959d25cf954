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
use crate::open::client::Connecting;
use crate::socket::WebSocket;
use crate::stream::{ClientTls, Stream, TlsStream};

#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl Client {
    /// Sets the TLS configuration for `wss:` URLs: a [`ClientTls`], or a configuration of rustls, which is used unchanged; its ALPN
    /// should offer `http/1.1` or nothing. By default, the first `wss:` URL makes a [`ClientTls::platform`], which is kept.
    #[must_use]
    pub fn with_tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Self {
        self.tls = Tls::new(config.into());
        self
    }

    /// Does the handshake of TLS over a stream that is connected already, and opens a WebSocket over it. The URL gives the name that
    /// the server's certificate has to be for, and the host and the path of the request; it has to be a `wss:` URL. Both handshakes
    /// share [`Timeouts::handshake`](crate::Timeouts::handshake).
    ///
    /// Over a stream that has TLS already, use [`handshake`](Self::handshake).
    ///
    /// ```no_run
    /// # #[cfg(unix)] {
    /// use std::os::unix::net::UnixStream;
    /// use ws_std::Client;
    ///
    /// let stream = UnixStream::connect("/run/tunnel.sock")?;
    /// let mut socket = Client::new().handshake_tls(stream, "wss://example.com/chat")?;
    /// socket.send("Hello")?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where the URL is a `ws:` URL, or the server is not proven to be the one that it names;
    /// [`Error::NoCryptoProvider`]; those of [`handshake`](Self::handshake).
    pub fn handshake_tls<S: Stream>(&self, stream: S, url: &str) -> Result<WebSocket<TlsStream<S>>, Error> {
        self.start_handshake_tls(stream, url)?.advance()
    }

    /// Begins the handshake of TLS and the opening handshake over a non-blocking stream: [`Connecting::advance`] does both. The time
    /// for both begins. See [`handshake_tls`](Self::handshake_tls) for the URL.
    ///
    /// ```
    /// use std::net::TcpStream;
    /// use ws_std::{Client, Error, TlsStream, WebSocket};
    ///
    /// fn open(client: &Client, stream: TcpStream) -> Result<WebSocket<TlsStream>, Error> {
    ///     stream.set_nonblocking(true)?;
    ///     let mut connecting = client.start_handshake_tls(stream, "wss://localhost/chat")?;
    ///     loop {
    ///         match connecting.advance() {
    ///             // Here a real loop waits for the stream to be readable or, while `connecting.wants_write()`, writable.
    ///             Err(error) if error.is_transient() => std::thread::yield_now(),
    ///             result => return result,
    ///         }
    ///     }
    /// }
    /// # let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    /// # let (chain, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    /// # let tls = ws_std::ServerTls::new(chain.as_bytes(), key.as_bytes())?.build();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let tcp = TcpStream::connect(listener.local_addr()?)?;
    /// # let server = std::thread::spawn(move || {
    /// #     ws_std::Server::new().accept_tls(listener.accept()?.0, &tls)?.send("Hello")
    /// # });
    /// # let client = Client::new().with_tls(ws_std::ClientTls::from_roots(chain.as_bytes())?);
    /// # let socket = open(&client, tcp)?;
    /// # assert!(socket.get_ref().with_connection(|tls| tls.protocol_version().is_some()));
    /// # server.join().map_err(|_| "panicked")??;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where the URL is a `ws:` URL, or its host is not one that can be verified; [`Error::NoCryptoProvider`]; those of
    /// [`start_handshake`](Self::start_handshake).
    pub fn start_handshake_tls<S: Stream>(
        &self,
        stream: S,
        url: &str,
    ) -> Result<Connecting<TlsStream<S>>, Error> {
        let Some((config, name)) = self.tls.for_uri(&Uri::parse(url)?)? else {
            return Err(rustls::Error::General("a ws: URL is not for TLS".into()).into());
        };
        self.start_handshake(TlsStream::start_connect(stream, config, name)?, url)
    }
}

/// The TLS configuration, made when it is first needed, and shared by the clones of a client.
#[derive(Clone, Debug, Default)]
pub(super) struct Tls(Arc<OnceLock<Arc<ClientConfig>>>);

type ConfigAndName = (Arc<ClientConfig>, ServerName<'static>);

impl Tls {
    pub(super) fn new(config: Arc<ClientConfig>) -> Self {
        Self(Arc::new(OnceLock::from(config)))
    }

    /// The configuration for this URL, and the name to verify; `None` for `ws:`. They are checked before anything is connected.
    pub(super) fn for_uri(&self, uri: &Uri<'_>) -> Result<Option<ConfigAndName>, Error> {
        if !uri.scheme().is_secure() {
            return Ok(None);
        }
        self.for_host(uri.authority().host_name()).map(Some)
    }

    /// The configuration for this host, and the name to verify.
    pub(super) fn for_host(&self, host: &str) -> Result<ConfigAndName, Error> {
        // RFC 6455 §4.1: the client sends the host by SNI, and fails the connection where TLS does.
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_invalid| rustls::Error::General("no host that can be verified".into()))?;
        Ok((self.config()?, name))
    }

    /// The configuration for a server that a redirect has named. The platform's, which is made later, has no certificate.
    #[cfg(feature = "proxy")]
    pub(super) fn without_certificate(&self) -> Self {
        match self.0.get() {
            Some(config) => Self::new(without_certificate(config)),
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
