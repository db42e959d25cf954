// Read first: RFC 6455 §4.2.2.

use core::fmt;
use std::io;

use ws_core::handshake::{AcceptError, HandshakeViolation, Header, Request, head_to_vec};
#[cfg(feature = "deflate")]
use ws_core::session::Deflate;
use ws_core::session::Opened;

use super::receiving::ServerOpening;
use crate::error::Error;
use crate::socket::WebSocket;
use crate::stream::Stream;
use crate::telemetry;

/// A request that waits for its answer. Dropping it closes the connection without an answer.
///
/// Look at the request, and [`accept`](Self::accept) it, or [`respond`](Self::respond) to it with another answer, within
/// [`Timeouts::handshake`](crate::Timeouts::handshake), which began with the request.
///
/// A request need not be for a WebSocket: [`is_websocket`](Self::is_websocket) says whether it is. A plain one may have any method
/// but CONNECT, be of HTTP/1.1 or HTTP/1.0, and announce a body. The body is not read: the connection ends with the answer, so that
/// nothing that follows the head is taken for another request.
///
/// ```
/// use ws_std::{Header, Server};
///
/// # fn serve(stream: std::net::TcpStream) -> Result<(), ws_std::Error> {
/// # let is_valid = |cookie: &[u8]| cookie == b"session=31d4d96e";
/// let incoming = Server::new().receive(stream)?;
/// if !incoming.header("Cookie").is_some_and(is_valid) {
///     return incoming.respond(401, &[Header::new("WWW-Authenticate", "Cookie")], b"log in first\n");
/// }
/// let mut socket = incoming.with_header("Set-Cookie", "session=8a3c60f7; HttpOnly").accept()?;
/// socket.send("welcome")?;
/// # Ok(())
/// # }
/// ```
pub struct Incoming<S> {
    pub(super) opening: Box<ServerOpening<S>>,
    pub(super) is_websocket: bool,
}

impl<S: Stream> Incoming<S> {
    /// The path of the request's target, with its percent-encoding; `*` for an OPTIONS of the whole server.
    #[must_use]
    pub fn path(&self) -> &str {
        self.request().path()
    }

    /// The query of the request's target, without its `?`. `None` where it is empty.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.request().query()
    }

    /// The value of the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.request().header(name)
    }

    /// The whole request: method, version, all headers, Host, Origin, subprotocols.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        self.opening.request()
    }

    /// The stream: for the address of the peer, or the certificate of a client of TLS.
    ///
    /// ```no_run
    /// # fn serve(stream: std::net::TcpStream) -> Result<(), ws_std::Error> {
    /// let incoming = ws_std::Server::new().receive(stream)?;
    /// if incoming.get_ref().peer_addr()?.ip().is_loopback() {
    ///     incoming.accept()?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.opening.stream.stream
    }

    /// Whether the request asks for a WebSocket: its Upgrade names `websocket`, or it has a Sec-WebSocket-Key or a
    /// Sec-WebSocket-Version. If not, it is plain HTTP, such as a page or a health check: [`respond`](Self::respond) to it.
    #[must_use]
    pub const fn is_websocket(&self) -> bool {
        self.is_websocket
    }

    /// Adds a header to the response that opens the WebSocket. A name that the handshake writes itself, or an invalid name or value,
    /// is a misuse that [`accept`](Self::accept) reports.
    ///
    /// ```no_run
    /// # fn serve(stream: std::net::TcpStream) -> Result<(), ws_std::Error> {
    /// let incoming = ws_std::Server::new().with_subprotocol("chat").receive(stream)?;
    /// // The subprotocol is still agreed on.
    /// let socket = incoming.with_header("Set-Cookie", "session=31d4d96e; HttpOnly").accept()?;
    /// # drop(socket);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.opening.server.change(|response| response.with_header(name, value));
        self
    }

    /// Chooses this subprotocol, or none, in place of the one that the [`Server`](super::Server) and the client agree on. One that
    /// the client has not offered is a misuse that [`accept`](Self::accept) reports.
    ///
    /// ```no_run
    /// # fn serve(stream: std::net::TcpStream) -> Result<(), ws_std::Error> {
    /// let incoming = ws_std::Server::new().receive(stream)?;
    /// // Those that are spoken at this path.
    /// let chosen = incoming.request().subprotocols().choose(["v2", "v1"]);
    /// let socket = incoming.with_subprotocol(chosen).accept()?;
    /// # drop(socket);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: Option<&str>) -> Self {
        self.opening.server.change(|response| response.with_chosen_subprotocol(subprotocol));
        self
    }

    /// Compresses messages as this says where the client offers permessage-deflate, or not at all, in place of what
    /// [`Server::with_deflate`](super::Server::with_deflate) says.
    ///
    /// ```no_run
    /// # fn serve(stream: std::net::TcpStream) -> Result<(), ws_std::Error> {
    /// let incoming = ws_std::Server::new().receive(stream)?;
    /// let deflate = (incoming.path() == "/log").then(ws_std::Deflate::new);
    /// let socket = incoming.with_deflate(deflate).accept()?;
    /// # drop(socket);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(mut self, deflate: Option<Deflate>) -> Self {
        self.opening.server.settings.deflate = deflate;
        self.opening.server.change(|response| response.with_deflate(deflate.map(|deflate| deflate.config())));
        self
    }

    /// Opens the WebSocket, with what the [`Server`](super::Server) and the client agree on, and what was set on this request.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] where the Origin is not allowed, which was answered with 403, or where the request does
    /// not ask for a WebSocket, which was answered with 426; [`Error::HandshakeMisuse`] where the response must not be
    /// written, which is answered with 500 as far as the stream takes it; [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    // A frame of its own, that of the answer: it is not on the stack when the head is read.
    #[inline(never)]
    pub fn accept(mut self) -> Result<WebSocket<S>, Error> {
        if !self.is_websocket {
            return Err(self.opening.refuse(HandshakeViolation::Upgrade.into()));
        }
        let ServerOpening { server, stream, handshake } = &mut *self.opening;
        let head = match server.response.accept(handshake) {
            Ok(head) => head,
            Err(AcceptError::Failed(fault)) => return Err(self.opening.refuse(fault)),
            Err(AcceptError::Misuse(misuse)) => {
                // The misuse is what the program has to see, whether or not its answer could be written.
                let _unwritten = self.respond(500, &[], b"");
                return Err(Error::HandshakeMisuse(misuse));
            }
            Err(_) => return Err(io::ErrorKind::OutOfMemory.into()),
        };
        match stream.write(&head) {
            Err(error) if !error.is_transient() => Err(error),
            // The rest of it leaves before anything else.
            Ok(()) | Err(_) => self.open(),
        }
    }

    /// Answers without opening a WebSocket, and closes the connection: with an error of your own, or with a page for a plain request.
    ///
    /// The head has `Connection: close`, and the length of the body, which is not sent where the method is HEAD, or where a status has
    /// none. The answer to a request of HTTP/1.0 is the same, which such a client understands (RFC 9112 §2.3). What the client
    /// still sends, such as the body of its request, is discarded, so that it can read the answer: for up to
    /// [`Timeouts::close`](crate::Timeouts::close), unless it ends the stream before.
    ///
    /// On a non-blocking stream, the part of the answer that the stream does not take at once is lost.
    ///
    /// # Errors
    ///
    /// [`Error::HandshakeMisuse`] where the status is not 200 to 599 or has no body and gets one, or a header is one that cannot be
    /// sent; [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    #[doc(alias("reject", "ErrorResponse"))]
    pub fn respond(mut self, status: u16, headers: &[Header<'_>], body: &[u8]) -> Result<(), Error> {
        let ServerOpening { stream, handshake, .. } = &mut *self.opening;
        let answer = head_to_vec(|out| handshake.respond(status, headers, body, out))?;
        stream.write(&answer)?;
        telemetry::rejected(self.opening.request().path(), status);
        let close = self.opening.server.settings.timeouts.close();
        self.opening.stream.finish(close);
        Ok(())
    }

    /// Opens the WebSocket, after the answer was written or queued.
    fn open(self) -> Result<WebSocket<S>, Error> {
        let ServerOpening { stream, server, handshake } = *self.opening;
        let opened = Opened::by_server(&handshake).map_err(io::Error::other)?;
        let socket = server.settings.open(stream, opened)?;
        let path = handshake.request().map_or("/", |request| request.path());
        telemetry::accepted(socket.id(), path, socket.subprotocol());
        Ok(socket)
    }
}

impl<S> fmt::Debug for Incoming<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("request", &self.opening.handshake.request()).finish_non_exhaustive()
    }
}
