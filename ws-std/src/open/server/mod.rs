// Read first: RFC 6455 §4.2.

mod incoming;
mod receiving;
#[cfg(feature = "rustls")]
mod secure;

pub use incoming::Incoming;
pub use receiving::Receiving;

use alloc::sync::Arc;
use core::mem;
use std::net::TcpStream;

use ws_core::connection::Config;
use ws_core::handshake::ResponseConfig;
use ws_core::keepalive::Timeouts;
#[cfg(feature = "deflate")]
use ws_core::session::Deflate;
use ws_core::uri::Scheme;

use crate::error::Error;
use crate::open::settings::Settings;
use crate::socket::WebSocket;
use crate::stream::Stream;

/// Accepts a WebSocket on a TCP connection, with the defaults of [`Server`].
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// let listener = std::net::TcpListener::bind("127.0.0.1:9001")?;
/// for stream in listener.incoming() {
///     let stream = stream?;
///     std::thread::spawn(move || {
///         let mut socket = ws_std::accept(stream)?;
///         while let Some((message, mut writer)) = socket.read()? {
///             writer.send(message)?;
///         }
///         Ok::<(), ws_std::Error>(())
///     });
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// Those of [`Server::accept`].
pub fn accept(stream: TcpStream) -> Result<WebSocket<TcpStream>, Error> {
    Server::new().accept(stream)
}

/// Server configuration; build it once, and use it for any number of connections.
///
/// By default a page in a browser may connect only where its Origin has the host of the Host header. A client that sends no Origin
/// is not a browser, and may connect (RFC 6455 §10.2).
///
/// ```
/// use ws_std::Server;
///
/// # fn serve(stream: std::net::TcpStream) -> Result<(), ws_std::Error> {
/// let server = Server::new().with_subprotocol("chat").with_allowed_origin("https://example.com");
/// let incoming = server.receive(stream)?;
/// if incoming.path() == "/chat" {
///     let mut socket = incoming.accept()?;
///     socket.send("welcome")?;
/// } else {
///     incoming.respond(404, &[], b"no such room\n")?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    response: Arc<ResponseConfig>,
    settings: Settings,
    /// The longest head of a request, in bytes.
    head_len_max: usize,
}

impl Server {
    /// The defaults: pages of the same host, no subprotocol, no compression, the limits of [`Config::new`], the times of
    /// [`Timeouts::new`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows pages of this origin, such as `https://example.com`. Call it again to allow more origins. Pages of the same host are then
    /// allowed only where you name their origin too.
    #[doc(alias = "origins")]
    #[must_use]
    pub fn with_allowed_origin(mut self, origin: &str) -> Self {
        self.change(|response| response.with_allowed_origin(origin));
        self
    }

    /// Allows pages of the same host only where they are of this scheme too: `http` for [`Scheme::Ws`], `https` for
    /// [`Scheme::Wss`].
    #[must_use]
    pub fn with_same_origin(mut self, scheme: Scheme) -> Self {
        self.change(|response| response.with_same_origin(scheme));
        self
    }

    /// Allows any page: for services that do not authenticate users by cookies or by their network.
    #[must_use]
    pub fn with_any_origin(mut self) -> Self {
        self.change(ResponseConfig::with_any_origin);
        self
    }

    /// Adds a subprotocol that the server speaks. Of these, [`Incoming::accept`] chooses the one that the client prefers.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: &str) -> Self {
        self.change(|response| response.with_subprotocol(subprotocol));
        self
    }

    fn change(&mut self, set: impl FnOnce(ResponseConfig) -> ResponseConfig) {
        let response = Arc::make_mut(&mut self.response);
        *response = set(mem::take(response));
    }

    /// Sets the limits and options of the connections.
    #[must_use]
    pub const fn with_config(mut self, config: Config) -> Self {
        self.settings.config = config;
        self
    }

    /// Sets the timeouts of the opening handshake and of the connections.
    #[must_use]
    pub const fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.settings.timeouts = timeouts;
        self
    }

    /// Compresses messages where the client offers permessage-deflate. Read [before turning it on](Deflate#before-turning-it-on) first.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(mut self, deflate: Deflate) -> Self {
        self.settings.deflate = Some(deflate);
        self.change(|response| response.with_deflate(Some(deflate.config())));
        self
    }

    /// Sets how long the head of a request may be, in bytes; a longer one is answered with 431, or with 414 where the request line
    /// alone is longer. Default 16 KiB. This much memory is allocated for each opening handshake, which fails with
    /// [`io::ErrorKind::OutOfMemory`](std::io::ErrorKind::OutOfMemory) where there is not as much.
    ///
    /// ```
    /// use ws_std::Server;
    ///
    /// let server = Server::new().with_head_len_max(64 * 1024); // for a domain that sets many cookies
    /// # let _ = server;
    /// ```
    #[must_use]
    pub const fn with_head_len_max(mut self, len: usize) -> Self {
        self.head_len_max = len;
        self
    }

    /// Reads a request, and opens the WebSocket that it asks for: [`receive`](Self::receive), then [`Incoming::accept`].
    ///
    /// # Errors
    ///
    /// Those of [`receive`](Self::receive) and of [`Incoming::accept`].
    // A frame of its own: what it needs is not on the stack of a caller that goes on with the connection, possibly twice.
    #[inline(never)]
    pub fn accept<S: Stream>(&self, stream: S) -> Result<WebSocket<S>, Error> {
        self.receive(stream)?.accept()
    }

    /// Reads a request, and returns it before it is answered. It asks for a WebSocket, or is plain HTTP: of any method but CONNECT,
    /// and of HTTP/1.1 or HTTP/1.0, as pages, health checks and forms are. [`Incoming::is_websocket`] says which; answer a plain one by
    /// [`Incoming::respond`].
    ///
    /// What is malformed, or asks for a WebSocket by another method than GET, another version than HTTP/1.1 or without what RFC 6455
    /// §4.2.1 requires, is answered with the status that says what is wrong (400, 405, 426, 431, 505...), and the
    /// connection is closed. A request that has arrived in part when [`Timeouts::handshake`] is over is answered with 408.
    ///
    /// A server that also answers health checks, of whichever kind:
    ///
    /// ```no_run
    /// # fn main() -> Result<(), ws_std::Error> {
    /// let listener = std::net::TcpListener::bind("127.0.0.1:9001")?;
    /// for stream in listener.incoming() {
    ///     let incoming = ws_std::Server::new().receive(stream?)?;
    ///     if !incoming.is_websocket() {
    ///         incoming.respond(200, &[], b"healthy\n")?;
    ///         continue;
    ///     }
    ///     let mut socket = incoming.accept()?;
    ///     socket.send("welcome")?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] for a request that was refused, [`Error::Timeout`], [`Error::Disconnected`],
    /// [`Error::Io`].
    #[doc(alias("accept_hdr", "accept_hdr_with_config", "process_request"))]
    pub fn receive<S: Stream>(&self, stream: S) -> Result<Incoming<S>, Error> {
        self.start_receive(stream)?.advance()
    }

    /// Begins to read a request from a non-blocking stream: [`Receiving::advance`] reads. The time for the handshake begins.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the delay of small writes cannot be turned off.
    pub fn start_receive<S: Stream>(&self, stream: S) -> Result<Receiving<S>, Error> {
        let deadline = self.settings.handshake_deadline(stream.clock());
        Receiving::new(self.clone(), stream, deadline)
    }
}

impl Default for Server {
    fn default() -> Self {
        Self { response: Arc::default(), settings: Settings::default(), head_len_max: HEAD_LEN_MAX }
    }
}

/// How long the head of a request may be by default, in bytes.
const HEAD_LEN_MAX: usize = 16 * 1024;
