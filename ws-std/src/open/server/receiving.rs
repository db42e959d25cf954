// Read first: RFC 6455 §4.2.1.

use core::fmt;
use std::io;

use ws_core::handshake::{HandshakeFault, Request, ServerHandshake, ServerProgress, head_to_vec};

use super::{Incoming, Server};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::open::handshake_stream::{HandshakeStream, head_storage};
use crate::stream::Stream;
use crate::telemetry;

/// A request that is being read from a stream that does not block, from [`Server::start_receive`] or, after a handshake of TLS, from
/// `Server::start_receive_tls`.
pub struct Receiving<S> {
    opening: Option<Box<ServerOpening<S>>>,
}

/// A connection that is being opened. It is on the heap, since the stack of a thread keeps the memory that it once used for as long
/// as the connection lasts.
pub(super) struct ServerOpening<S> {
    pub(super) server: Server,
    pub(super) stream: HandshakeStream<S>,
    pub(super) handshake: ServerHandshake<Vec<u8>>,
}

impl<S: Stream> Receiving<S> {
    // Apart, so that nothing of it is on the stack when the head is read.
    #[inline(never)]
    pub(super) fn new(server: Server, stream: S, deadline: Deadline) -> Result<Self, Error> {
        let stream = HandshakeStream::new(stream, deadline)?;
        let handshake = ServerHandshake::new(head_storage(server.head_len_max)?);
        Ok(Self { opening: Some(Box::new(ServerOpening { server, stream, handshake })) })
    }

    /// Reads what has arrived. Where the stream would block, call it again when the stream is readable, or
    /// [writable](Self::wants_write), and when [`Timeouts::handshake`](crate::Timeouts::handshake) is over: then it fails with
    /// [`Error::Timeout`].
    ///
    /// The part of the answer of [`Incoming::accept`] that the stream does not take is written before anything that the WebSocket
    /// sends.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`]; those of [`Server::receive`]. Called again after one of the latter, or after it
    /// has returned the request, it fails with [`io::ErrorKind::NotConnected`].
    pub fn advance(&mut self) -> Result<Incoming<S>, Error> {
        let Some(mut opening) = self.opening.take() else { return Err(io::ErrorKind::NotConnected.into()) };
        match opening.receive() {
            Ok(is_websocket) => Ok(Incoming { opening, is_websocket }),
            Err(error) => {
                if error.is_transient() {
                    self.opening = Some(opening);
                }
                Err(error)
            }
        }
    }

    /// Whether bytes wait that the stream did not take, which only those of TLS can: its handshake is done while the request is read.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.opening.as_ref().is_some_and(|opening| opening.stream.wants_write())
    }

    /// The stream; `None` after [`advance`](Self::advance) has returned the request or an error that is final.
    #[must_use]
    pub const fn get_ref(&self) -> Option<&S> {
        match &self.opening {
            Some(opening) => Some(&opening.stream.stream),
            None => None,
        }
    }
}

impl<S: Stream> ServerOpening<S> {
    /// The request, which [`receive`](Self::receive) has returned.
    pub(super) fn request(&self) -> Request<'_> {
        #[expect(
            clippy::expect_used,
            reason = "an Incoming is made where receive, below, has found a request"
        )]
        self.handshake.request().expect("a request was received")
    }

    /// Reads the request, and returns whether it is one for a WebSocket.
    fn receive(&mut self) -> Result<bool, Error> {
        loop {
            match self.handshake.receive(&mut self.stream.buffer.input()) {
                ServerProgress::NeedInput => match self.stream.fill() {
                    Ok(true) => {}
                    Ok(false) => return Err(Error::Disconnected(None)),
                    Err(error) => {
                        if matches!(error, Error::Timeout(_)) && self.stream.has_received {
                            telemetry::request_timed_out();
                            self.stream.write_and_leave(TIMED_OUT);
                        }
                        return Err(error);
                    }
                },
                ServerProgress::Request => return Ok(true),
                ServerProgress::NotWebSocket => return Ok(false),
                ServerProgress::Failed(fault) => return Err(self.refuse(fault)),
            }
        }
    }

    /// Answers a request that must not be accepted, as far as the stream takes the answer, and closes the connection. Returns
    /// the error to report.
    pub(super) fn refuse(&mut self, fault: HandshakeFault) -> Error {
        telemetry::refused(fault);
        if let Ok(head) = head_to_vec(|out| self.handshake.reject_fault(out)) {
            if self.stream.write(&head).is_ok() {
                self.stream.finish(self.server.settings.timeouts.close());
            }
        }
        Error::Handshake(fault)
    }
}

impl<S> fmt::Debug for Receiving<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiving").field("is_done", &self.opening.is_none()).finish_non_exhaustive()
    }
}

/// The answer to a client whose request has not come in time, if any of it has come.
// RFC 9110 §15.5.9: it says that the connection is closed rather than waited on.
const TIMED_OUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
