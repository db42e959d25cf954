//! A server's opening handshake: settings, and requests that are received.

// Read first: RFC 6455 §4.2.

mod incoming;
#[cfg(feature = "rustls")]
mod secure;

pub use incoming::Incoming;

use alloc::sync::Arc;
use core::mem;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::connection::Config;
use ws_core::handshake::{ResponseConfig, ServerHandshake};
use ws_core::keepalive::Timeouts;
#[cfg(feature = "deflate")]
use ws_core::session::Deflate;
use ws_core::uri::Scheme;

use crate::error::Error;
use crate::open::handshake_stream::{HandshakeStream, head_storage};
use crate::socket::{Settings, WebSocket};
use crate::timer::{Clock, Timer, Timers};
use incoming::ServerOpening;

/// Accepts a WebSocket on a TCP connection, with the defaults of [`Server`]. It sets `TCP_NODELAY`.
///
/// ```no_run
/// # async fn serve() -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
/// loop {
///     let (stream, _address) = listener.accept().await?;
///     tokio::spawn(async move {
///         let mut socket = ws_tokio::accept(stream).await?;
///         while let Some((message, mut writer)) = socket.read().await? {
///             writer.send(message).await?;
///         }
///         Ok::<(), ws_tokio::Error>(())
///     });
/// }
/// # }
/// ```
///
/// # Errors
///
/// Those of [`Server::accept`].
#[cfg(feature = "net")]
pub async fn accept(stream: tokio::net::TcpStream) -> Result<WebSocket<tokio::net::TcpStream>, Error> {
    stream.set_nodelay(true)?;
    Server::new().accept(stream).await
}

/// Server configuration; build it once, and use it for any number of connections. To clone it is cheap.
///
/// By default a page in a browser may connect only where its Origin has the host of the Host header. A client that sends no Origin
/// is not a browser, and may connect (RFC 6455 §10.2).
///
/// ```no_run
/// # async fn serve(stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
/// use ws_tokio::Server;
///
/// let server = Server::new().with_subprotocol("chat").with_allowed_origin("https://example.com");
/// stream.set_nodelay(true)?;
/// let incoming = server.receive(stream).await?;
/// if incoming.path() == "/chat" {
///     let mut socket = incoming.accept().await?;
///     socket.send("welcome").await?;
/// } else {
///     incoming.respond(404, &[], b"no such room\n").await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "it accepts what it is given"]
pub struct Server {
    options: Arc<Options>,
}

#[derive(Clone, Debug)]
pub(super) struct Options {
    response: ResponseConfig,
    settings: Settings,
    /// The longest head of a request, in bytes.
    head_len_max: usize,
    timers: Timers,
}

impl Options {
    fn respond(&mut self, set: impl FnOnce(ResponseConfig) -> ResponseConfig) {
        self.response = set(mem::take(&mut self.response));
    }
}

impl Server {
    /// The defaults: pages of the same host, no subprotocol, no compression, the limits of [`Config::new`], the times of
    /// [`Timeouts::new`], tokio's timer.
    ///
    /// That timer panics where it has to wait outside of a runtime of tokio whose time is enabled: elsewhere use
    /// [`new_with_timer`](Self::new_with_timer).
    ///
    /// ```
    /// let server = ws_tokio::Server::new();
    /// # let _ = server;
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
            response: ResponseConfig::new(),
            settings: Settings::default(),
            head_len_max: 16 * 1024,
            timers,
        };
        Self { options: Arc::new(options) }
    }

    fn with(mut self, set: impl FnOnce(&mut Options)) -> Self {
        set(Arc::make_mut(&mut self.options));
        self
    }

    fn respond(self, set: impl FnOnce(ResponseConfig) -> ResponseConfig) -> Self {
        self.with(|options| options.respond(set))
    }

    /// Allows pages of this origin, such as `https://example.com`. Call it again to allow more origins. Pages of the same host are then
    /// allowed only where you name their origin too.
    ///
    /// ```
    /// let server = ws_tokio::Server::new()
    ///     .with_allowed_origin("https://example.com")
    ///     .with_allowed_origin("https://admin.example.com");
    /// # let _ = server;
    /// ```
    #[doc(alias = "origins")]
    pub fn with_allowed_origin(self, origin: &str) -> Self {
        self.respond(|response| response.with_allowed_origin(origin))
    }

    /// Allows pages of the same host only where they are of this scheme too: `http` for [`Scheme::Ws`], `https` for
    /// [`Scheme::Wss`].
    ///
    /// ```
    /// use ws_tokio::{Scheme, Server};
    ///
    /// let server = Server::new().with_same_origin(Scheme::Wss); // pages of https: only
    /// # let _ = server;
    /// ```
    pub fn with_same_origin(self, scheme: Scheme) -> Self {
        self.respond(|response| response.with_same_origin(scheme))
    }

    /// Allows any page: for services that do not authenticate users by cookies or by their network.
    pub fn with_any_origin(self) -> Self {
        self.respond(ResponseConfig::with_any_origin)
    }

    /// Adds a subprotocol that the server speaks. Of these, [`Incoming::accept`] chooses the one that the client prefers.
    ///
    /// ```
    /// let server = ws_tokio::Server::new().with_subprotocol("chat.v2").with_subprotocol("chat.v1");
    /// # let _ = server;
    /// ```
    pub fn with_subprotocol(self, subprotocol: &str) -> Self {
        self.respond(|response| response.with_subprotocol(subprotocol))
    }

    /// Sets the limits and options of the connections.
    ///
    /// ```
    /// use ws_tokio::{Config, Limits, Server};
    ///
    /// let limits = Limits::default().with_message_len_max(64 * 1024);
    /// let server = Server::new().with_config(Config::new().with_limits(limits));
    /// # let _ = server;
    /// ```
    pub fn with_config(self, config: Config) -> Self {
        self.with(|options| options.settings.config = config)
    }

    /// Sets the timeouts of the opening handshake and of the connections.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ws_tokio::{Server, Timeouts};
    ///
    /// let timeouts = Timeouts::new()
    ///     .with_ping_interval(Some(Duration::from_secs(30)))
    ///     .with_idle(Some(Duration::from_secs(600)));
    /// let server = Server::new().with_timeouts(timeouts);
    /// # let _ = server;
    /// ```
    pub fn with_timeouts(self, timeouts: Timeouts) -> Self {
        self.with(|options| options.settings.timeouts = timeouts)
    }

    /// Compresses messages where the client offers permessage-deflate. Read [before turning it on](Deflate#before-turning-it-on) first.
    ///
    /// ```
    /// use ws_tokio::{Deflate, Server};
    ///
    /// let server = Server::new().with_deflate(Deflate::new());
    /// # let _ = server;
    /// ```
    #[cfg(feature = "deflate")]
    pub fn with_deflate(self, deflate: Deflate) -> Self {
        self.respond(|response| response.with_deflate(Some(deflate.config())))
            .with(|options| options.settings.deflate = Some(deflate))
    }

    /// Sets how long the head of a request may be, in bytes; a longer one is answered with 431, or with 414 where the request line
    /// alone is longer. Default 16 KiB. This much memory is allocated for each opening handshake, which fails with
    /// [`io::ErrorKind::OutOfMemory`](std::io::ErrorKind::OutOfMemory) where there is not as much.
    ///
    /// ```
    /// let server = ws_tokio::Server::new().with_head_len_max(64 * 1024); // for a domain that sets many cookies
    /// # let _ = server;
    /// ```
    pub fn with_head_len_max(self, len: usize) -> Self {
        self.with(|options| options.head_len_max = len)
    }

    /// Reads a request, and opens the WebSocket that it asks for: [`receive`](Self::receive), then [`Incoming::accept`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ws_tokio::{Client, Server};
    ///
    /// let (ours, theirs) = tokio::io::duplex(4096); // or any other stream
    /// let client = tokio::spawn(async move { Client::new().handshake(theirs, "ws://localhost/").await });
    /// let mut socket = Server::new().accept(ours).await?;
    /// socket.send("welcome").await?;
    /// # let mut client = client.await??;
    /// # assert_eq!(client.receive().await?, Some("welcome".into()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`receive`](Self::receive) and of [`Incoming::accept`].
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Result<WebSocket<S>, Error> {
        self.receive(stream).await?.accept().await
    }

    /// Reads a request, and returns it before it is answered. It asks for a WebSocket, or is plain HTTP: of any method but CONNECT,
    /// such as a page or a health check ([`Incoming::is_websocket`]).
    ///
    /// Call `set_nodelay(true)` on a TCP stream before this: else small messages may wait for the peer's acknowledgement.
    ///
    /// ```no_run
    /// # async fn serve(stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
    /// let incoming = ws_tokio::Server::new().receive(stream).await?;
    /// match incoming.path() {
    ///     "/chat" => drop(incoming.accept().await?),
    ///     _ => incoming.respond(404, &[], b"no such room\n").await?,
    /// }
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
    /// [`Error::Handshake`] where the request breaks the rules, which was answered with the status that it asks for; [`Error::Timeout`]
    /// where it has not come in time, which was answered with 408 where a part had come; [`Error::Disconnected`], [`Error::Io`].
    pub async fn receive<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> Result<Incoming<S>, Error> {
        self.receive_with_unread(stream, b"").await
    }

    /// Reads a request whose beginning, or all of it, somebody else has read from the stream, and returns it before it is answered: see
    /// [`receive`](Self::receive).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tokio::io::AsyncReadExt;
    ///
    /// # let (mut client, mut stream) = tokio::io::duplex(1024);
    /// # tokio::io::AsyncWriteExt::write_all(&mut client, b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n").await?;
    /// let mut first = [0; 4];
    /// stream.read_exact(&mut first).await?;
    /// if &first == b"GET " {
    ///     let incoming = ws_tokio::Server::new().receive_with_unread(stream, &first).await?;
    ///     assert_eq!(incoming.path(), "/x");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`receive`](Self::receive).
    pub async fn receive_with_unread<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        unread: &[u8],
    ) -> Result<Incoming<S>, Error> {
        self.receive_from(stream, unread, self.options.timers.start()).await
    }

    async fn receive_from<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        unread: &[u8],
        clock: Clock,
    ) -> Result<Incoming<S>, Error> {
        let stream = HandshakeStream::new(stream, unread)?;
        let handshake = ServerHandshake::new(head_storage(self.options.head_len_max)?);
        let options = Arc::clone(&self.options);
        Incoming::receive(Box::new(ServerOpening { options, stream, handshake, clock })).await
    }
}

#[cfg(feature = "time")]
impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}
