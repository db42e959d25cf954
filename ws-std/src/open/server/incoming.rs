// Read first: RFC 6455 §4.2.2.

use core::{fmt, mem};
use std::io;

use ws_core::handshake::{AcceptError, HandshakeViolation, Header, OutgoingResponse, Request, head_to_vec};
use ws_core::session::Opened;

use super::receiving::ServerOpening;
use crate::error::Error;
use crate::socket::WebSocket;
use crate::stream::Stream;
use crate::telemetry;

/// A request that waits for its answer. Dropping it closes the connection without an answer.
///
/// Answer within [`Timeouts::handshake`](crate::Timeouts::handshake), which began with the request.
pub struct Incoming<S> {
    pub(super) opening: Box<ServerOpening<S>>,
    pub(super) is_websocket: bool,
}

impl<S: Stream> Incoming<S> {
    /// The path of the request's target, with its percent-encoding.
    #[must_use]
    pub fn path(&self) -> &str {
        self.request().map_or("/", |request| request.path())
    }

    /// The query of the request's target, without its `?`. `None` where it is empty.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.request().and_then(|request| request.query())
    }

    /// The value of the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.request().and_then(|request| request.header(name))
    }

    /// The whole request: all headers, Host, Origin, subprotocols. It is always `Some`.
    #[must_use]
    pub fn request(&self) -> Option<Request<'_>> {
        self.opening.handshake.request()
    }

    /// Whether the request asks for a WebSocket. If not, it is a plain GET: answer it with [`respond`](Self::respond), which can send
    /// a page.
    #[must_use]
    pub const fn is_websocket(&self) -> bool {
        self.is_websocket
    }

    /// Returns the subprotocol of `spoken` that the client prefers, or `None` where it offers none of them.
    #[must_use]
    pub fn choose_subprotocol<'l>(&self, spoken: &[&'l str]) -> Option<&'l str> {
        self.request()?.subprotocols().choose(spoken.iter().copied())
    }

    /// Opens the WebSocket, with the subprotocol that the [`Server`](super::Server) and the client agree on.
    ///
    /// # Errors
    ///
    /// Those of [`accept_with`](Self::accept_with).
    pub fn accept(mut self) -> Result<WebSocket<S>, Error> {
        let spoken = mem::take(&mut self.opening.server.subprotocols);
        let chosen = self.request().and_then(|request| request.subprotocols().choose(&spoken));
        self.accept_with(chosen.map(AsRef::as_ref), &[])
    }

    /// Opens the WebSocket with this subprotocol, which the client has to have offered, and adds headers to the response.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] where the Origin is not allowed, which was answered with 403, or where the request does
    /// not ask for a WebSocket, which was answered with 426; [`Error::HandshakeMisuse`] where the response must not be
    /// written, which is answered with 500 as far as the stream takes it; [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    // A frame of its own, that of the answer: it is not on the stack when the head is read.
    #[inline(never)]
    pub fn accept_with(
        mut self,
        subprotocol: Option<&str>,
        headers: &[Header<'_>],
    ) -> Result<WebSocket<S>, Error> {
        if !self.is_websocket {
            return Err(self.opening.refuse(HandshakeViolation::Upgrade.into()));
        }
        let ServerOpening { server, stream, handshake } = &mut *self.opening;
        let mut response = OutgoingResponse::new().with_headers(headers);
        if let Some(subprotocol) = subprotocol {
            response = response.with_subprotocol(subprotocol);
        }
        #[cfg(feature = "deflate")]
        if let Some(deflate) = &server.settings.deflate {
            response = response.with_deflate(deflate.config());
        }
        let head =
            server.origins.lend(|origins| head_to_vec(|out| handshake.accept(origins, &response, out)));
        let head = match head {
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

    /// Answers without opening a WebSocket, and closes the connection: with an error of your own, or with a page for
    /// a plain GET. The head has `Connection: close` and the length of the body.
    ///
    /// On a non-blocking stream, the part of the answer that the stream does not take at once is lost.
    ///
    /// # Errors
    ///
    /// [`Error::HandshakeMisuse`] where the status is not 200 to 599, or a header is one that cannot be sent;
    /// [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    pub fn respond(mut self, status: u16, headers: &[Header<'_>], body: &[u8]) -> Result<(), Error> {
        let ServerOpening { server, stream, handshake } = &mut *self.opening;
        let head = head_to_vec(|out| handshake.respond_head(status, headers, body.len(), out))?;
        let answer = [head.as_slice(), body].concat();
        stream.write(&answer)?;
        telemetry::rejected(handshake.request().map_or("/", |request| request.path()), status);
        stream.finish(server.settings.timeouts.close());
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
