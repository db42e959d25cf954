// Read first: RFC 6455 §4.2.

mod incoming;
mod origins;
mod receiving;
#[cfg(feature = "rustls")]
mod secure;

pub use incoming::Incoming;
pub use receiving::Receiving;

use std::net::TcpStream;

use ws_core::connection::Config;
use ws_core::uri::Scheme;

#[cfg(feature = "deflate")]
use crate::deflate::Deflate;
use crate::error::Error;
use crate::socket::WebSocket;
use crate::stream::Stream;
use crate::timeouts::{Deadline, Timeouts};
use origins::Origins;

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

/// Which requests a server accepts, and how it behaves: made once, used for any number of connections.
///
/// By default a browser's page may connect only where its Origin is that of the Host header. A client that sends no Origin
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
///     socket.send_text("welcome")?;
/// } else {
///     incoming.reject(404, &[], b"no such room\n")?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Server {
    origins: Origins,
    subprotocols: Vec<Box<str>>,
    config: Config,
    timeouts: Timeouts,
    #[cfg(feature = "deflate")]
    deflate: Option<Deflate>,
}

impl Server {
    /// The defaults: pages of the same host, no subprotocol, no compression, the limits of [`Config::new`], the times of
    /// [`Timeouts::new`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows pages of this origin, in addition to the origins that were allowed in this way before. Pages of the same host
    /// are then no longer allowed by themselves.
    #[must_use]
    pub fn with_allowed_origin(mut self, origin: &str) -> Self {
        self.origins.allow(origin);
        self
    }

    /// Allows pages of the same host only where they are of this scheme too: `http` for [`Scheme::Ws`], `https` for
    /// [`Scheme::Wss`].
    #[must_use]
    pub fn with_same_origin(mut self, scheme: Scheme) -> Self {
        self.origins = Origins::SameOrigin(scheme);
        self
    }

    /// Allows any page: for services that do not know their users by cookies or by the network that they are in.
    #[must_use]
    pub fn with_any_origin(mut self) -> Self {
        self.origins = Origins::Any;
        self
    }

    /// Adds a subprotocol that the server speaks. The one that the client prefers is chosen.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: &str) -> Self {
        self.subprotocols.push(subprotocol.into());
        self
    }

    /// Sets the limits and choices of the connections.
    #[must_use]
    pub const fn with_config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Sets the timeouts.
    #[must_use]
    pub const fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Compresses messages where the client offers it. Read what [`Deflate`] says about that first.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn with_deflate(mut self, deflate: Deflate) -> Self {
        self.deflate = Some(deflate);
        self
    }

    /// Accepts each request that is allowed: [`receive`](Self::receive) and [`Incoming::accept`].
    ///
    /// # Errors
    ///
    /// Those of [`receive`](Self::receive) and of [`Incoming::accept`].
    // A frame of its own: what it needs is not on the stack of a caller that goes on with the connection, possibly twice.
    #[inline(never)]
    pub fn accept<S: Stream>(&self, stream: S) -> Result<WebSocket<S>, Error> {
        self.receive(stream)?.accept()
    }

    /// Reads a request, to be looked at and then accepted or rejected: one for a WebSocket, or a plain GET.
    ///
    /// Any other request is answered with the status that says what is wrong with it (400, 405, 426, 431, 505...), one that
    /// has come in part when [`Timeouts::handshake`] has passed with 408, and the connection closed.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] for a request that was refused, [`Error::Timeout`], [`Error::Disconnected`],
    /// [`Error::Io`].
    pub fn receive<S: Stream>(&self, stream: S) -> Result<Incoming<S>, Error> {
        self.start_receive(stream)?.advance()
    }

    /// Begins to read a request from a non-blocking stream: [`Receiving::advance`] reads. The time for the handshake begins.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn start_receive<S: Stream>(&self, stream: S) -> Result<Receiving<S>, Error> {
        let deadline = Deadline::after(self.timeouts.handshake());
        Receiving::new(self.clone(), stream, deadline)
    }
}

/// The longest head of a request, in bytes.
const HEAD_LEN_MAX: usize = 16 * 1024;
