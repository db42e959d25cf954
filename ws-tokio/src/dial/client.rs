//! Clients: settings, and the doors.

// Read first: RFC 6455 §4.1.

use alloc::sync::Arc;
use core::mem;
#[cfg(feature = "net")]
use core::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::connection::Config;
use ws_core::handshake::{Credentials, OwnedResponse, RequestConfig};
use ws_core::keepalive::Timeouts;
#[cfg(feature = "deflate")]
use ws_core::session::Deflate;
use ws_core::uri::Uri;

#[cfg(feature = "net")]
use super::NetStream;
#[cfg(feature = "net")]
use super::addresses::dial;
#[cfg(feature = "rustls")]
use super::secure::Tls;
use crate::error::Error;
use crate::open::client::HandshakeOptions;
use crate::socket::WebSocket;
use crate::timer::{Timer, Timers};

/// Connects to a `ws:` URL, or with the feature `rustls` to a `wss:` URL, with the defaults of [`Client`].
///
/// ```no_run
/// # async fn run() -> Result<(), ws_tokio::Error> {
/// use ws_tokio::{CloseCode, Message};
///
/// let mut socket = ws_tokio::connect("ws://127.0.0.1:9001/").await?;
/// socket.send("Hello").await?;
/// if let Some((Message::Text(text), _)) = socket.read().await? {
///     println!("{text}");
/// }
/// socket.close(CloseCode::NORMAL).await
/// # }
/// ```
///
/// # Errors
///
/// Those of [`Client::connect`].
#[cfg(feature = "net")]
#[doc(alias("connect_async", "connect_with_config"))]
pub async fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    Client::new().connect(url).await
}

/// Client configuration; build it once, and use it for any number of connections. To clone it is cheap.
///
/// ```no_run
/// # async fn run() -> Result<(), ws_tokio::Error> {
/// use ws_tokio::Client;
///
/// let client = Client::new()
///     .with_subprotocol("chat.v2")
///     .with_subprotocol("chat.v1")
///     .with_header("Authorization", "Bearer 1234");
/// let socket = client.connect("ws://127.0.0.1:9001/chat").await?;
/// assert_ne!(socket.subprotocol(), Some("chat.v3"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "it connects where it is told to"]
pub struct Client {
    pub(super) options: Arc<Options>,
}

#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) handshake: HandshakeOptions,
    pub(super) timers: Timers,
    #[cfg(feature = "net")]
    addresses: Vec<SocketAddr>,
    #[cfg(feature = "rustls")]
    pub(super) tls: Tls,
}

impl Client {
    /// The defaults: no subprotocol, no headers but a [`User-Agent`](Self::with_user_agent), no compression, the limits of
    /// [`Config::new`], the times of [`Timeouts::new`], tokio's timer.
    ///
    /// That timer panics where it has to wait outside of a runtime of tokio whose time is enabled: elsewhere use
    /// [`new_with_timer`](Self::new_with_timer).
    ///
    /// ```
    /// use ws_tokio::Client;
    ///
    /// let client = Client::new();
    /// # let _ = client;
    /// ```
    #[cfg(feature = "time")]
    pub fn new() -> Self {
        Self::with_timers(Timers::tokio())
    }

    /// The defaults, but for the timer: each connection has one that `make_timer` makes, for runtimes other than tokio.
    pub fn new_with_timer<T: Timer + 'static>(make_timer: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self::with_timers(Timers::new(make_timer))
    }

    fn with_timers(timers: Timers) -> Self {
        let options = Options {
            handshake: HandshakeOptions::default(),
            timers,
            #[cfg(feature = "net")]
            addresses: Vec::new(),
            #[cfg(feature = "rustls")]
            tls: Tls::default(),
        };
        Self { options: Arc::new(options) }
    }

    pub(super) fn with(mut self, set: impl FnOnce(&mut Options)) -> Self {
        set(Arc::make_mut(&mut self.options));
        self
    }

    fn request(self, set: impl FnOnce(RequestConfig) -> RequestConfig) -> Self {
        self.with(|options| options.handshake.request = set(mem::take(&mut options.handshake.request)))
    }

    /// Connects to a `ws:` URL over TCP, or with the feature `rustls` to a `wss:` URL over TLS. It sets `TCP_NODELAY`.
    ///
    /// The addresses of its host are tried in the order of the operating system, IPv6 and IPv4 by turns, each 250 ms after
    /// the one before it or as soon as that one fails; the first that answers is taken (RFC 8305). All of it takes
    /// [`Timeouts::connect`] at most. The handshake of TLS and the opening handshake share [`Timeouts::handshake`].
    ///
    /// It needs a runtime of tokio, with I/O and time enabled, and panics outside of one.
    ///
    /// No proxy is used, and no redirect is followed: for a proxy, connect through it and use [`handshake`](Self::handshake).
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), ws_tokio::Error> {
    /// use ws_tokio::{Client, Error};
    ///
    /// match Client::new().connect("ws://127.0.0.1:9001/").await {
    ///     Ok(mut socket) => socket.send("Hello").await?,
    ///     Err(Error::Refused(refusal)) => println!("{refusal}"), // such as 401
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Where the future is dropped, so is the connection.
    ///
    /// # Errors
    ///
    /// [`Error::TlsUnsupported`] for a `wss:` URL without the feature, and with it `Error::Tls` where the server is not proven
    /// to be the one that the URL names; [`Error::Io`] where no address answers, with what happened to each in
    /// its text; [`Error::Timeout`]; those of [`handshake`](Self::handshake).
    #[cfg(feature = "net")]
    pub async fn connect(&self, url: &str) -> Result<WebSocket<NetStream>, Error> {
        self.connect_with_response(url).await.map(|(socket, _response)| socket)
    }

    /// Connects to a `ws:` or `wss:` URL, and returns the WebSocket with the response that opened it: for the cookies that it sets, or
    /// its other headers. See [`connect`](Self::connect).
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), ws_tokio::Error> {
    /// let (socket, response) = ws_tokio::Client::new().connect_with_response("ws://127.0.0.1:9001/").await?;
    /// println!("{:?}", response.header("Set-Cookie"));
    /// # drop(socket);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    #[cfg(feature = "net")]
    pub async fn connect_with_response(
        &self,
        url: &str,
    ) -> Result<(WebSocket<NetStream>, OwnedResponse), Error> {
        let uri = Uri::parse(url)?;
        let options = &*self.options;
        let handshake = &options.handshake;
        #[cfg(feature = "rustls")]
        let secured = self.options.tls.for_uri(&uri)?;
        #[cfg(not(feature = "rustls"))]
        if uri.scheme().is_secure() {
            return Err(Error::TlsUnsupported);
        }
        let time = handshake.settings.timeouts.connect();
        let stream = dial(uri.authority().host_name(), uri.port(), &options.addresses, time).await?;
        stream.set_nodelay(true)?;
        #[cfg(feature = "rustls")]
        if let Some(secured) = secured {
            let (stream, clock) = self.secure(stream, secured).await?;
            return handshake.open(stream.into(), uri, clock).await;
        }
        handshake.open(stream.into(), uri, options.timers.start()).await
    }

    /// Opens a WebSocket over a stream that is connected already, such as one through a proxy, over TLS, or to a Unix socket. The URL
    /// gives the host and the path of the request.
    ///
    /// Call `set_nodelay(true)` on a TCP stream before this: else small messages may wait for the peer's acknowledgement.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ws_tokio::{Client, Server};
    ///
    /// let (ours, theirs) = tokio::io::duplex(4096); // or UnixStream::connect("/run/chat.sock").await?
    /// let server = tokio::spawn(async move { Server::new().accept(theirs).await?.send("Hello").await });
    /// let mut socket = Client::new().handshake(ours, "ws://localhost/").await?;
    /// assert_eq!(socket.receive().await?, Some("Hello".into()));
    /// server.await??;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// The stream is this future's: where that is dropped, the connection ends.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where the server answers with a status other than 101, [`Error::Handshake`] where its answer breaks the rules;
    /// [`Error::Uri`] and [`Error::HandshakeMisuse`] where the request cannot be written;
    /// [`Error::Entropy`], [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    #[doc(alias("client", "client_async", "client_async_tls"))]
    pub async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        url: &str,
    ) -> Result<WebSocket<S>, Error> {
        self.handshake_with_response(stream, url).await.map(|(socket, _response)| socket)
    }

    /// Opens a WebSocket over a stream that is connected already, and returns it with the response that opened it; see
    /// [`handshake`](Self::handshake).
    ///
    /// # Errors
    ///
    /// Those of [`handshake`](Self::handshake).
    pub async fn handshake_with_response<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        url: &str,
    ) -> Result<(WebSocket<S>, OwnedResponse), Error> {
        let uri = Uri::parse(url)?;
        self.options.handshake.open(stream, uri, self.options.timers.start()).await
    }
}

/// What the request has.
impl Client {
    /// Adds a header to the request. A name that the handshake writes itself, or an invalid name or value, makes connecting fail with
    /// [`Error::HandshakeMisuse`].
    ///
    /// [`Error::HandshakeMisuse`]: crate::Error::HandshakeMisuse
    ///
    /// ```
    /// use ws_tokio::Client;
    ///
    /// let client = Client::new().with_header("X-Api-Version", "2");
    /// # let _ = client;
    /// ```
    #[doc(alias("additional_headers", "extra_headers", "IntoClientRequest"))]
    pub fn with_header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.request(|request| request.with_header(name, value))
    }

    /// Sets the `User-Agent` of the request. By default it is `ws-tokio/` and the version of this crate, since some hosts answer
    /// requests without one by 403. `None` sends none.
    ///
    /// ```
    /// use ws_tokio::Client;
    ///
    /// let client = Client::new().with_user_agent(Some("sensor/1.0"));
    /// # let _ = client;
    /// ```
    pub fn with_user_agent(self, user_agent: Option<&str>) -> Self {
        self.request(|request| request.with_user_agent(user_agent))
    }

    /// Adds a cookie. All of them are sent in one header, in their order: `Cookie: a=1; b=2` (RFC 6265 §5.4).
    ///
    /// A character that RFC 6265 §4.1.1 excludes makes connecting fail with [`Error::HandshakeMisuse`](crate::Error::HandshakeMisuse).
    /// Cookies that a server sets are in [`OwnedResponse::headers`](crate::OwnedResponse::headers); they are not kept.
    ///
    /// ```
    /// use ws_tokio::Client;
    ///
    /// let client = Client::new().with_cookie("session", "31d4d96e407aad42").with_cookie("lang", "en");
    /// # let _ = client;
    /// ```
    pub fn with_cookie(self, name: &str, value: &str) -> Self {
        self.request(|request| request.with_cookie(name, value))
    }

    /// Sets credentials for the server: `Authorization: Basic ...` (RFC 7617). They are not encrypted by themselves, so do not send
    /// them over `ws:`. A user with a colon makes connecting fail with
    /// [`Error::HandshakeMisuse`](crate::Error::HandshakeMisuse).
    ///
    /// Credentials in a URL are refused, since the grammar of RFC 6455 §3 has none.
    ///
    /// ```
    /// use ws_tokio::Client;
    ///
    /// let client = Client::new().with_basic_auth("user", "password");
    /// # let _ = client;
    /// ```
    pub fn with_basic_auth(self, user: &str, password: &str) -> Self {
        self.request(|request| request.with_credentials(Credentials::new(user, password)))
    }

    /// Offers a subprotocol, preferred less than those that were added before it (RFC 6455 §1.9).
    ///
    /// ```
    /// use ws_tokio::Client;
    ///
    /// let client = Client::new().with_subprotocol("chat.v2").with_subprotocol("chat.v1");
    /// # let _ = client;
    /// ```
    pub fn with_subprotocol(self, subprotocol: &str) -> Self {
        self.request(|request| request.with_subprotocol(subprotocol))
    }

    /// Sets the Origin, such as `https://example.com`. Only browsers have to send one (RFC 6455 §10.2).
    ///
    /// ```
    /// use ws_tokio::Client;
    ///
    /// let client = Client::new().with_origin("https://example.com");
    /// # let _ = client;
    /// ```
    pub fn with_origin(self, origin: &str) -> Self {
        self.request(|request| request.with_origin(origin))
    }

    /// Offers permessage-deflate to the server. Read [before turning it on](Deflate#before-turning-it-on) first.
    ///
    /// ```
    /// use ws_tokio::{Client, Deflate};
    ///
    /// let client = Client::new().with_deflate(Deflate::new());
    /// # let _ = client;
    /// ```
    #[cfg(feature = "deflate")]
    pub fn with_deflate(self, deflate: Deflate) -> Self {
        self.request(|request| request.with_deflate(deflate.config()))
            .with(|options| options.handshake.settings.deflate = Some(deflate))
    }
}

/// How to reach the server, and how connections behave.
impl Client {
    /// Connects to this address, and does not look up the host: for a server that has no name yet, or for one of many. Call it
    /// again to add addresses, which are tried as those of a host are.
    ///
    /// The `Host` header, and the name that TLS verifies, are those of the URL.
    ///
    /// ```no_run
    /// # async fn connect() -> Result<(), ws_tokio::Error> {
    /// let client = ws_tokio::Client::new().with_address(([127, 0, 0, 1], 9001).into());
    /// let socket = client.connect("ws://chat.example.com/").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "net")]
    pub fn with_address(self, address: SocketAddr) -> Self {
        self.with(|options| options.addresses.push(address))
    }

    /// Sets the limits and options of the connections.
    ///
    /// ```
    /// use ws_tokio::{Client, Config, Limits};
    ///
    /// let limits = Limits::default().with_message_len_max(64 * 1024);
    /// let client = Client::new().with_config(Config::new().with_limits(limits));
    /// # let _ = client;
    /// ```
    pub fn with_config(self, config: Config) -> Self {
        self.with(|options| options.handshake.settings.config = config)
    }

    /// Sets the timeouts of connecting, of the opening handshake and of the connections.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ws_tokio::{Client, Timeouts};
    ///
    /// let timeouts = Timeouts::new().with_connect(Some(Duration::from_secs(3)));
    /// let client = Client::new().with_timeouts(timeouts);
    /// # let _ = client;
    /// ```
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        self.with(|options| options.handshake.settings.timeouts = timeouts)
    }

    /// Sets how long the head of a response may be, in bytes. Default 16 KiB. This much memory is allocated for the opening
    /// handshake, which fails with [`io::ErrorKind::OutOfMemory`](std::io::ErrorKind::OutOfMemory) where there is not as much.
    ///
    /// ```
    /// use ws_tokio::Client;
    ///
    /// let client = Client::new().with_head_len_max(64 * 1024);
    /// # let _ = client;
    /// ```
    pub fn with_head_len_max(self, len: usize) -> Self {
        self.with(|options| options.handshake.head_len_max = len)
    }
}

#[cfg(feature = "time")]
impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}
