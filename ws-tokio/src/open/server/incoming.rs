//! A request that was received, and its answer.

// Read first: RFC 6455 §4.2.2.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::handshake::{
    AcceptError, HandshakeFault, HandshakeViolation, Header, Request, ServerHandshake, ServerProgress,
    head_to_vec,
};
#[cfg(feature = "deflate")]
use ws_core::session::Deflate;
use ws_core::session::Opened;

use super::Options;
use crate::error::Error;
use crate::open::handshake_stream::{HandshakeStream, within};
use crate::socket::WebSocket;
use crate::telemetry::tell;
use crate::timer::Clock;

/// A request that waits for its answer. Dropping it closes the connection without an answer.
///
/// Look at the request, and [`accept`](Self::accept) it, or [`respond`](Self::respond) to it with another answer, within
/// [`Timeouts::handshake`](crate::Timeouts::handshake), which began with the request.
///
/// A request need not be for a WebSocket: [`is_websocket`](Self::is_websocket) says whether it is. A plain one may have any method
/// but CONNECT, be of HTTP/1.1 or HTTP/1.0, and announce a body. The body is not read: the connection ends with the answer, so that
/// nothing that follows the head is taken for another request.
///
/// ```no_run
/// # async fn serve(stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
/// use ws_tokio::{Header, Server};
///
/// let incoming = Server::new().receive(stream).await?;
/// if incoming.header("Cookie").is_none() {
///     return incoming.respond(401, &[Header::new("WWW-Authenticate", "Cookie")], b"log in first\n").await;
/// }
/// let mut socket = incoming.with_header("Set-Cookie", "session=8a3c60f7; HttpOnly").accept().await?;
/// socket.send("welcome").await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "dropping it closes the connection without an answer"]
pub struct Incoming<S> {
    opening: Box<ServerOpening<S>>,
    is_websocket: bool,
}

/// A connection that is being opened.
pub(super) struct ServerOpening<S> {
    pub(super) options: Arc<Options>,
    pub(super) stream: HandshakeStream<S>,
    pub(super) handshake: ServerHandshake<Vec<u8>>,
    pub(super) clock: Clock,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Incoming<S> {
    pub(super) async fn receive(mut opening: Box<ServerOpening<S>>) -> Result<Self, Error> {
        let ServerOpening { options, stream, handshake, clock } = &mut *opening;
        let receiving = async {
            loop {
                match handshake.receive(&mut stream.buffer.input()) {
                    ServerProgress::NeedInput if stream.fill().await? => {}
                    ServerProgress::NeedInput => return Err(Error::Disconnected(None)),
                    ServerProgress::Request => return Ok(Ok(true)),
                    ServerProgress::NotWebSocket => return Ok(Ok(false)),
                    ServerProgress::Failed(fault) => return Ok(Err(fault)),
                }
            }
        };
        match within(clock, options.settings.timeouts.handshake(), receiving).await {
            Ok(Ok(is_websocket)) => Ok(Self { opening, is_websocket }),
            Ok(Err(fault)) => Err(opening.refuse(fault).await),
            Err(error) => {
                if matches!(error, Error::Timeout(_)) && opening.stream.has_received {
                    tell!(info, "refused a request with 408: it took too long");
                    let written = opening.stream.write(TIMED_OUT);
                    let _gone = within(&mut opening.clock, Some(Duration::ZERO), written).await;
                }
                Err(error)
            }
        }
    }

    /// Opens the WebSocket, with what the [`Server`](super::Server) and the client agree on, and what was set on this request.
    ///
    /// # Errors
    ///
    /// [`Error::Handshake`] where the Origin is not allowed, which was answered with 403, or where the request does
    /// not ask for a WebSocket, which was answered with 426; [`Error::HandshakeMisuse`] where the response must not be
    /// written, which is answered with 500; [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    pub async fn accept(mut self) -> Result<WebSocket<S>, Error> {
        if !self.is_websocket {
            return Err(self.opening.refuse(HandshakeViolation::Upgrade.into()).await);
        }
        match self.opening.options.response.accept(&mut self.opening.handshake) {
            Ok(head) => self.opening.write(&head).await?,
            Err(AcceptError::Failed(fault)) => return Err(self.opening.refuse(fault).await),
            Err(AcceptError::Misuse(misuse)) => {
                // The misuse is what the program has to see, whether or not its answer could be written.
                let _unwritten = self.respond(500, &[], b"").await;
                return Err(Error::HandshakeMisuse(misuse));
            }
            Err(_) => return Err(io::ErrorKind::OutOfMemory.into()),
        }
        let ServerOpening { options, stream, handshake, clock } = *self.opening;
        let opened = Opened::by_server(&handshake).map_err(io::Error::other)?;
        let socket = WebSocket::open(stream.stream, opened, &options.settings, stream.buffer, clock);
        let path = handshake.request().map_or("/", |request| request.path());
        let subprotocol = socket.subprotocol().unwrap_or_default();
        tell!(debug, "{} accepted for {path:?}, subprotocol {subprotocol:?}", socket.id());
        Ok(socket)
    }

    /// Answers without opening a WebSocket, and closes the connection: with an error of your own, or with a page for a plain request.
    ///
    /// The head has `Connection: close`, and the length of the body, which is not sent where the method is HEAD, or where a status has
    /// none. The answer to a request of HTTP/1.0 is the same, which such a client understands (RFC 9112 §2.3). What the client
    /// still sends, such as the body of its request, is discarded, so that it can read the answer: for up to
    /// [`Timeouts::close`](crate::Timeouts::close), unless it ends the stream before.
    ///
    /// ```no_run
    /// # async fn serve(stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
    /// let incoming = ws_tokio::Server::new().receive(stream).await?;
    /// if incoming.path() == "/health" {
    ///     return incoming.respond(200, &[], b"fine\n").await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::HandshakeMisuse`] where the status is not 200 to 599 or has no body and gets one, or a header is one that cannot be
    /// sent; [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    #[doc(alias("reject", "ErrorResponse"))]
    pub async fn respond(mut self, status: u16, headers: &[Header<'_>], body: &[u8]) -> Result<(), Error> {
        let handshake = &mut self.opening.handshake;
        let answer = head_to_vec(|out| handshake.respond(status, headers, body, out))?;
        let path = handshake.request().map_or("/", |request| request.path());
        tell!(debug, "answered a request for {path:?} with {status}");
        self.opening.write(&answer).await?;
        self.opening.finish().await;
        Ok(())
    }
}

impl<S> Incoming<S> {
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
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "an Incoming is made where receive has found a request"
    )]
    pub fn request(&self) -> Request<'_> {
        self.opening.handshake.request().expect("a request was received")
    }

    /// The stream: for the address of the peer, or the certificate of a client of TLS.
    ///
    /// ```no_run
    /// # async fn serve(stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
    /// let incoming = ws_tokio::Server::new().receive(stream).await?;
    /// if incoming.get_ref().peer_addr()?.ip().is_loopback() {
    ///     incoming.accept().await?;
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
    /// # async fn serve(stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
    /// let incoming = ws_tokio::Server::new().with_subprotocol("chat").receive(stream).await?;
    /// // The subprotocol is still agreed on.
    /// let socket = incoming.with_header("Set-Cookie", "session=31d4d96e; HttpOnly").accept().await?;
    /// # drop(socket);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.change(|options| options.respond(|response| response.with_header(name, value)))
    }

    /// Chooses this subprotocol, or none, in place of the one that the [`Server`](super::Server) and the client agree on. One that
    /// the client has not offered is a misuse that [`accept`](Self::accept) reports.
    ///
    /// ```no_run
    /// # async fn serve(stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
    /// let incoming = ws_tokio::Server::new().receive(stream).await?;
    /// // Those that are spoken at this path.
    /// let chosen = incoming.request().subprotocols().choose(["v2", "v1"]);
    /// let socket = incoming.with_subprotocol(chosen).accept().await?;
    /// # drop(socket);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_subprotocol(self, subprotocol: Option<&str>) -> Self {
        self.change(|options| {
            options.respond(|response| response.with_chosen_subprotocol(subprotocol));
        })
    }

    /// Compresses messages as this says where the client offers permessage-deflate, or not at all, in place of what
    /// [`Server::with_deflate`](super::Server::with_deflate) says.
    ///
    /// ```no_run
    /// # async fn serve(stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
    /// let incoming = ws_tokio::Server::new().receive(stream).await?;
    /// let deflate = (incoming.path() == "/log").then(ws_tokio::Deflate::new);
    /// let socket = incoming.with_deflate(deflate).accept().await?;
    /// # drop(socket);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "deflate")]
    pub fn with_deflate(self, deflate: Option<Deflate>) -> Self {
        self.change(|options| {
            let config = deflate.map(|deflate| deflate.config());
            options.respond(|response| response.with_deflate(config));
            options.settings.deflate = deflate;
        })
    }

    /// Changes the settings for this request alone.
    fn change(mut self, set: impl FnOnce(&mut Options)) -> Self {
        set(Arc::make_mut(&mut self.opening.options));
        self
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ServerOpening<S> {
    /// Writes an answer, within the time for the handshake.
    async fn write(&mut self, answer: &[u8]) -> Result<(), Error> {
        let Self { options, stream, clock, .. } = self;
        within(clock, options.settings.timeouts.handshake(), stream.write(answer)).await
    }

    /// Ends the connection after an answer, within the time for closing.
    async fn finish(&mut self) {
        let Self { options, stream, clock, .. } = self;
        let until = options.settings.timeouts.close().map(|time| clock.now().saturating_add(time));
        let _gone = within(clock, until, stream.finish()).await;
    }

    /// Answers a request that must not be accepted, and closes the connection. Returns the error to report.
    async fn refuse(&mut self, fault: HandshakeFault) -> Error {
        tell!(info, "refused a request with {}: {fault}", fault.status());
        if let Ok(head) = head_to_vec(|out| self.handshake.reject_fault(out)) {
            if self.write(&head).await.is_ok() {
                self.finish().await;
            }
        }
        Error::Handshake(fault)
    }
}

impl<S> fmt::Debug for Incoming<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("request", &self.opening.handshake.request()).finish_non_exhaustive()
    }
}

/// The answer to a client whose request has not come in time, if any of it has come.
// RFC 9110 §15.5.9: it says that the connection is closed rather than waited on.
const TIMED_OUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
