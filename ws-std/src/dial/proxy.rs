use alloc::sync::Arc;
use core::fmt;

#[cfg(feature = "rustls")]
use rustls::ClientConfig;
use ws_core::handshake::{Credentials, Refusal};
use ws_core::uri::Authority;

use super::proxy_url::{Protocol, ProxyUrl};
#[cfg(feature = "rustls")]
use super::secure::Tls;
use super::tunnel::Tunnel;
use super::{Client, addresses, socks};
use crate::deadline::Deadline;
use crate::error::{Error, Phase, ProxyError, ProxyUrlError};
use crate::open::handshake_stream::HandshakeStream;
use crate::stream::Carrier;
#[cfg(feature = "rustls")]
use crate::stream::TlsStream;

/// A proxy that opens TCP streams to servers.
///
/// | URL | the proxy |
/// |---|---|
/// | `http://proxy.example:3128`, `proxy.example:3128` | opens streams by CONNECT (RFC 9110 §9.3.6); the port is 80 where there is none |
/// | `https://proxy.example` | the same, and is reached over TLS; with the feature `rustls-ring` or another for TLS; port 443 |
/// | `socks5://proxy.example`, `socks5h://proxy.example` | is a SOCKS5 proxy (RFC 1928); port 1080 |
/// | `http://user:p%40ss@proxy.example` | asks for a user and a password; both are percent-encoded; with any scheme |
///
/// The proxy is sent the host as the URL of the server names it, and looks up the name itself: `socks5:` and `socks5h:` are the same.
/// TLS, for a `wss:` URL, is with the server, also within TLS to the proxy.
///
/// ```
/// # use std::net::TcpListener;
/// use ws_std::{Client, Proxy};
///
/// # let listener = TcpListener::bind("127.0.0.1:0")?;
/// # let url = format!("http://user:secret@{}", listener.local_addr()?);
/// # let server = std::thread::spawn(move || -> std::io::Result<()> {
/// #     use std::io::{Read, Write};
/// #     let mut stream = listener.accept()?.0;
/// #     let mut head = Vec::new();
/// #     while !head.ends_with(b"\r\n\r\n") {
/// #         let mut byte = [0];
/// #         stream.read_exact(&mut byte)?;
/// #         head.extend(byte);
/// #     }
/// #     assert!(head.starts_with(b"CONNECT chat.example.com:80 HTTP/1.1\r\n"));
/// #     stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
/// #     ws_std::accept(stream).map(drop).map_err(Into::into)
/// # });
/// // url = "http://user:secret@127.0.0.1:3128"
/// let proxy = Proxy::new(&url)?.with_header("User-Agent", "sensor/1.0");
/// let socket = Client::new().with_proxy(proxy).connect("ws://chat.example.com/")?;
/// # drop(socket);
/// # server.join().map_err(|_| "panicked")??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The environment
///
/// Nothing is read from it. A program that wants to use the proxy that it names:
///
/// ```no_run
/// use ws_std::{Client, Proxy};
///
/// let mut client = Client::new();
/// if let Some(url) = ["HTTPS_PROXY", "ALL_PROXY"].into_iter().find_map(|name| std::env::var(name).ok()) {
///     client = client.with_proxy(Proxy::new(&url)?);
/// }
/// let socket = client.connect("wss://chat.example.com/")?;
/// # Ok::<(), ws_std::Error>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
#[derive(Clone)]
pub struct Proxy {
    protocol: Protocol,
    host: Box<str>,
    port: u16,
    tunnel: Tunnel,
    #[cfg(feature = "rustls")]
    tls: Tls,
}

impl Proxy {
    /// Makes a proxy of its URL. See [`Proxy`] for the forms that there are.
    ///
    /// ```
    /// use ws_std::{Proxy, ProxyUrlError};
    ///
    /// assert!(Proxy::new("socks5://user:p%40ss@[::1]:1080").is_ok());
    /// assert_eq!(Proxy::new("socks4://proxy.example").unwrap_err(), ProxyUrlError::Scheme);
    /// ```
    ///
    /// # Errors
    ///
    /// A [`ProxyUrlError`], whose text says what to change.
    pub fn new(url: &str) -> Result<Self, ProxyUrlError> {
        let url = ProxyUrl::parse(url)?;
        Ok(Self {
            protocol: url.protocol,
            host: url.authority.host_name().into(),
            port: url.port(),
            tunnel: Tunnel { credentials: url.credentials, ..Tunnel::default() },
            #[cfg(feature = "rustls")]
            tls: Tls::default(),
        })
    }

    /// Sets a user and a password for the proxy, instead of those of its URL: `Proxy-Authorization: Basic ...` (RFC 7617), or those of
    /// SOCKS5 (RFC 1929). They are sent to the proxy only, in its first request, and are encrypted only on the way to an `https:` proxy.
    ///
    /// What must not be in them makes connecting fail with [`Error::HandshakeMisuse`].
    #[must_use]
    pub fn with_credentials(mut self, user: &str, password: &str) -> Self {
        self.tunnel.credentials = Some(Credentials::new(user, password));
        self
    }

    /// Adds a header to CONNECT, such as a `User-Agent` that the proxy asks for. It is sent to an HTTP proxy only, and never to the
    /// server.
    ///
    /// `Host` is written by itself. That, another header of HTTP's own such as `Connection`, `Proxy-Authorization` where it is set by
    /// another method too, or an invalid name or value, makes connecting fail with [`Error::HandshakeMisuse`].
    ///
    /// ```
    /// use ws_std::Proxy;
    ///
    /// let proxy = Proxy::new("http://proxy.example:3128")?
    ///     .with_header("User-Agent", "sensor/1.0")
    ///     .with_header("Proxy-Authorization", "Bearer 31d4d96e407aad42");
    /// assert!(!format!("{proxy:?}").contains("31d4"));
    /// # Ok::<(), ws_std::ProxyUrlError>(())
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.tunnel.headers = self.tunnel.headers.with_header(name, value);
        self
    }

    /// Answers an HTTP proxy that refuses with 407, for schemes such as Negotiate, NTLM or Digest (RFC 9110 §11.7).
    ///
    /// For each stream to a server, `make` is called to make an authenticator, which may keep the state of its scheme. That is called
    /// with each 407, and returns the value of `Proxy-Authorization` for the next request, or `None` to give up: then the 407 is
    /// the error. It is called at most 8 times.
    ///
    /// The next request goes over the same connection, as NTLM requires, unless the proxy closes it or the body of the 407 is longer
    /// than 64 KiB or without an end; then over a new one. All of it is within [`Timeouts::connect`](crate::Timeouts::connect).
    /// [Credentials](Self::with_credentials), where there are some, are sent with the first request.
    ///
    /// ```
    /// use ws_std::{Proxy, Refusal};
    ///
    /// # fn digest(challenge: &str) -> String { challenge.to_owned() }
    /// let proxy = Proxy::new("http://proxy.example:3128")?.with_authenticator(|| {
    ///     let mut is_first = true;
    ///     move |refusal: &Refusal| {
    ///         // A second 407 says that the password is wrong.
    ///         let challenges = refusal.headers().filter(|header| header.is("Proxy-Authenticate"));
    ///         let mut challenges = challenges.filter_map(|header| std::str::from_utf8(header.value).ok());
    ///         let challenge = challenges.find(|challenge| challenge.starts_with("Digest "))?;
    ///         std::mem::take(&mut is_first).then(|| digest(challenge).into_bytes())
    ///     }
    /// });
    /// # Ok::<(), ws_std::ProxyUrlError>(())
    /// ```
    #[must_use]
    pub fn with_authenticator<A>(mut self, make: impl Fn() -> A + Send + Sync + 'static) -> Self
    where
        A: FnMut(&Refusal) -> Option<Vec<u8>> + 'static,
    {
        self.tunnel.authenticator = Some(Arc::new(move || Box::new(make())));
        self
    }

    /// Sets the TLS configuration for an `https:` proxy: a [`ClientTls`](crate::ClientTls), or a configuration of rustls, which is used
    /// unchanged; its ALPN should offer `http/1.1` or nothing. By default, it is a
    /// [`ClientTls::platform`](crate::ClientTls::platform). That of the client is for servers, and not used for the proxy, nor is its
    /// certificate.
    ///
    /// ```no_run
    /// use ws_std::{ClientTls, Proxy};
    ///
    /// let tls = ClientTls::from_roots(&std::fs::read("ca.pem")?)?;
    /// let proxy = Proxy::new("https://proxy.internal")?.with_tls(tls);
    /// # let _ = proxy;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    #[must_use]
    pub fn with_tls(mut self, config: impl Into<Arc<ClientConfig>>) -> Self {
        self.tls = Tls::new(config.into());
        self
    }

    /// Opens a stream through the proxy to this host and port. No byte that the server sends is read from it. The limits of its reads
    /// and writes are set anew by the handshakes that follow.
    pub(super) fn open(
        &self,
        target: Authority<'_>,
        head_len_max: usize,
        deadline: &Deadline,
    ) -> Result<Carrier, Error> {
        let opened = match self.protocol {
            Protocol::Http | Protocol::Https => {
                self.tunnel.open(target, head_len_max, || self.reach(deadline))
            }
            Protocol::Socks5 => self.reach(deadline).and_then(|mut stream| {
                socks::open(&mut stream, target, self.tunnel.credentials.as_ref())?;
                Ok(stream.stream)
            }),
        };
        opened.map_err(of_proxy)
    }

    /// Connects to the proxy, with TLS where its URL asks for it.
    fn reach(&self, deadline: &Deadline) -> Result<HandshakeStream<Carrier>, Error> {
        #[cfg(feature = "rustls")]
        if self.protocol == Protocol::Https {
            let (config, name) = self.tls.for_host(&self.host)?;
            let stream = addresses::dial(&self.host, self.port, deadline)?;
            // Its handshake is done by the first read, within the same deadline.
            let stream = TlsStream::start_connect(stream, config, name)?;
            return Ok(HandshakeStream::to_proxy(Carrier::Tls(stream), deadline.clone()));
        }
        let stream = addresses::dial(&self.host, self.port, deadline)?;
        Ok(HandshakeStream::to_proxy(Carrier::Tcp(stream), deadline.clone()))
    }
}

/// Shows neither credentials nor headers.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("protocol", &self.protocol)
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// What an error means that the proxy, or the stream to it, has caused.
fn of_proxy(error: Error) -> Error {
    match error {
        Error::Disconnected(_) => ProxyError::Ended.into(),
        Error::Timeout(_) => Error::Timeout(Phase::Connect),
        #[cfg(feature = "rustls")]
        Error::Tls(error) => ProxyError::Tls(*error).into(),
        error => error,
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
impl Client {
    /// Connects through this proxy. The time to reach it, and for its answer, is part of
    /// [`Timeouts::connect`](crate::Timeouts::connect). With [`with_address`](Self::with_address), the proxy is asked to connect to
    /// the first such address.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }
}
