// Read first: RFC 6455 §4.2, §4.4, §10.2.

mod rejecting;

pub use rejecting::REJECT_FAULT_LEN_MAX;

use core::fmt;

#[cfg(feature = "alloc")]
use super::field::Span;
use super::first_line::FirstLine;
use super::head::{Head, header_slots};
use super::request::{Request, RequestFields, read};
use super::survey::Asks;
use super::{
    AcceptError, HEADER_COUNT_MAX, HandshakeFault, HandshakeLimit, HandshakeMisuse, HandshakeViolation,
    OriginPolicy, OutgoingResponse,
};
use crate::extension::Agreed;
use crate::input::Input;

/// A server's side of the opening handshake (RFC 6455 §4.2).
///
/// Feed it input until it has a request or a fault, look at [`request`](Self::request), and answer with
/// [`accept`](Self::accept), [`respond`](Self::respond) or [`reject_fault`](Self::reject_fault). It owns its storage, so that it
/// can wait in a task or a slot while the answer is found. The storage is the limit for the head: 4 to 16 KiB are usual
/// (browsers send up to 4 KiB of cookies per name; Apache and nginx take 8 KiB a line).
///
/// What the client has sent after its head stays in the input, for the connection. Read it only if you have accepted the
/// request; after any other answer, close the connection.
///
/// ```
/// use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
/// use ws_core::input::ReadBuffer;
///
/// let head = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
///
/// let mut handshake = ServerHandshake::new([0; 4096]);
/// assert_eq!(handshake.receive(&mut buffer.input()), ServerProgress::Request);
/// assert_eq!(handshake.request().map(|request| request.path()), Some("/chat"));
///
/// let mut out = [0; 512];
/// let len = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out)?;
/// assert!(out[..len].starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ServerHandshake<S, const HEADERS: usize = HEADER_COUNT_MAX> {
    head: Head<S>,
    request: Option<RequestFields>,
    progress: ServerProgress,
    empty_line: EmptyLine,
    is_answered: bool,
    /// Where the subprotocol that was chosen is in the head, once the request is accepted; empty where none was.
    #[cfg(feature = "alloc")]
    accepted: Option<Span>,
    /// What was answered, once it is.
    deflate: Option<Agreed>,
}

/// The empty line that may come before a request.
#[derive(Clone, Copy)]
enum EmptyLine {
    /// Nothing has come yet.
    Possible,
    /// Its carriage return has come.
    Begun,
    /// It was passed over, or the request begins without it.
    Over,
}

/// How far a server's handshake has come: what [`ServerHandshake::receive`] returns.
///
/// ```
/// use ws_core::handshake::{ServerHandshake, ServerProgress};
/// use ws_core::input::ReadBuffer;
///
/// let mut handshake = ServerHandshake::new([0; 1024]);
/// let head = b"GET /index.html HTTP/1.1\r\nHost: example.com\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
/// assert_eq!(handshake.receive(&mut buffer.input()), ServerProgress::NotWebSocket);
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed: each of them asks the caller for something else")]
pub enum ServerProgress {
    /// The head is not complete. All input was taken: read more, and call [`receive`](ServerHandshake::receive) again.
    NeedInput,
    /// A valid request for a WebSocket: [`accept`](ServerHandshake::accept) or
    /// [`respond`](ServerHandshake::respond) it.
    Request,
    /// A valid request that asks for something else, such as a page or a health check, by any method but CONNECT, and by
    /// HTTP/1.1 or HTTP/1.0: [`respond`](ServerHandshake::respond) to it with what you have for it, or let
    /// [`reject_fault`](ServerHandshake::reject_fault) answer with 426.
    ///
    /// A request asks for a WebSocket where its Upgrade names `websocket`, or where it has a Sec-WebSocket-Key or a
    /// Sec-WebSocket-Version; HTTP/1.0 has no Upgrade (RFC 9110 §7.8). If such a request is not a GET of HTTP/1.1, or lacks
    /// the rest of what RFC 6455 §4.2.1 requires, the handshake has [failed](Self::Failed).
    ///
    /// The body of the request, where there is one, stays in the input: do not read it.
    NotWebSocket,
    /// The handshake has failed for good: answer with [`reject_fault`](ServerHandshake::reject_fault).
    Failed(HandshakeFault),
}

impl<S> ServerHandshake<S> {
    /// Waits for a request of at most [`HEADER_COUNT_MAX`] headers whose head fits into `storage`.
    ///
    /// ```
    /// use ws_core::handshake::{ServerHandshake, ServerProgress};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut handshake = ServerHandshake::new([0; 4096]);
    /// let mut buffer = ReadBuffer::new([0; 64]); // nothing has come yet
    /// assert_eq!(handshake.receive(&mut buffer.input()), ServerProgress::NeedInput);
    /// ```
    #[must_use]
    pub const fn new(storage: S) -> Self {
        Self::with_headers(storage)
    }

    /// Waits for a request of at most `N` headers whose head fits into `storage`.
    ///
    /// Each header takes 32 bytes of stack while the complete head is read, 16 on 32-bit targets.
    ///
    /// ```
    /// use ws_core::handshake::{HandshakeLimit, ServerHandshake, ServerProgress};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut handshake = ServerHandshake::with_headers::<1>([0; 1024]);
    /// let head = *b"GET / HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let failed = ServerProgress::Failed(HandshakeLimit::HeaderCount.into());
    /// assert_eq!(handshake.receive(&mut buffer.input()), failed);
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub const fn with_headers<const N: usize>(storage: S) -> ServerHandshake<S, N> {
        ServerHandshake {
            head: Head::new(storage, FirstLine::REQUEST),
            request: None,
            progress: ServerProgress::NeedInput,
            empty_line: EmptyLine::Possible,
            is_answered: false,
            #[cfg(feature = "alloc")]
            accepted: None,
            deflate: None,
        }
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>, const HEADERS: usize> ServerHandshake<S, HEADERS> {
    /// Takes the bytes of the request's head, and leaves what follows it. One empty line before the request is passed
    /// over (RFC 9112 §2.2).
    ///
    /// Returns how far the handshake is. Once there is a request or a fault, it takes nothing and returns the same again.
    ///
    /// ```
    /// use ws_core::handshake::{ServerHandshake, ServerProgress};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// let first = *b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upg";
    /// let mut buffer = ReadBuffer::with_filled(first, first.len()).ok_or("too long")?;
    /// assert_eq!(handshake.receive(&mut buffer.input()), ServerProgress::NeedInput);
    ///
    /// let second = *b"rade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nframes";
    /// let mut buffer = ReadBuffer::with_filled(second, second.len()).ok_or("too long")?;
    /// assert_eq!(handshake.receive(&mut buffer.input()), ServerProgress::Request);
    /// assert_eq!(buffer.unread(), b"frames");
    /// # Ok::<(), &'static str>(())
    /// ```
    pub fn receive(&mut self, input: &mut Input<'_>) -> ServerProgress {
        self.skip_empty_line(input);
        if self.progress == ServerProgress::NeedInput {
            if let Some((request, asks)) = self.head.receive(input, read_head::<HEADERS>) {
                self.conclude(request, asks);
            }
        }
        self.progress
    }

    /// Passes over the empty line that may come before the request, in as many pieces as it comes. It takes no storage.
    fn skip_empty_line(&mut self, input: &mut Input<'_>) {
        // RFC 9112 §2.2: a server should ignore at least one empty line before the request-line. Here it ignores one.
        while let Some(byte) = input.unread().first() {
            self.empty_line = match (self.empty_line, *byte) {
                (EmptyLine::Possible, b'\r') => EmptyLine::Begun,
                (EmptyLine::Begun, b'\n') => EmptyLine::Over,
                (before, _) => {
                    if matches!(before, EmptyLine::Begun) {
                        self.progress = ServerProgress::Failed(HandshakeViolation::LineEnding.into());
                    }
                    self.empty_line = EmptyLine::Over;
                    return;
                }
            };
            let _passed_over = input.take(1);
        }
    }

    fn conclude(&mut self, request: Option<RequestFields>, asks: Result<Asks, HandshakeFault>) {
        self.request = request;
        self.progress = match asks {
            Ok(Asks::WebSocket) => ServerProgress::Request,
            Ok(Asks::Page) => ServerProgress::NotWebSocket,
            Err(fault) => ServerProgress::Failed(fault),
        };
    }

    /// The request, once there is one. It is there after a fault, too, unless the fault is in the form of the head: for logs.
    ///
    /// ```
    /// use ws_core::handshake::{ServerHandshake, ServerProgress};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// assert!(handshake.request().is_none());
    /// let head = *b"GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// handshake.receive(&mut buffer.input());
    /// assert_eq!(handshake.request().map(|request| request.target()), Some("/a?b=c"));
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn request(&self) -> Option<Request<'_>> {
        self.request.map(|fields| Request::new(self.head.bytes(), fields))
    }

    /// Writes the 101 that opens the connection into `out`, and returns its length in bytes (RFC 6455 §4.2.2). Send it; then
    /// the input goes on with frames.
    ///
    /// `origins` says which pages may connect, and `response` what you choose of what the client has offered.
    ///
    /// # Errors
    ///
    /// [`AcceptError::Failed`] where `origins` does not allow the request's Origin, or where the handshake had
    /// failed already: answer with [`reject_fault`](Self::reject_fault). After [`AcceptError::BufferTooSmall`] and
    /// [`AcceptError::Misuse`] the request can still be answered. After any error, do not send what is in `out`.
    ///
    /// ```
    /// use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = b"GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    ///     Origin: https://evil.test\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    ///
    /// let mut out = [0; 512];
    /// assert!(handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out).is_err());
    /// let len = handshake.reject_fault(&mut out)?;
    /// assert!(out[..len].starts_with(b"HTTP/1.1 403 Forbidden\r\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn accept(
        &mut self,
        origins: OriginPolicy<'_>,
        response: &OutgoingResponse<'_>,
        out: &mut [u8],
    ) -> Result<usize, AcceptError> {
        let request = match self.progress {
            ServerProgress::NeedInput => return Err(HandshakeMisuse::NoRequest.into()),
            ServerProgress::NotWebSocket => return Err(HandshakeMisuse::NotWebSocket.into()),
            ServerProgress::Failed(fault) => return Err(AcceptError::Failed(fault)),
            ServerProgress::Request if self.is_answered => {
                return Err(HandshakeMisuse::AlreadyAnswered.into());
            }
            ServerProgress::Request => self.request().ok_or(HandshakeMisuse::NoRequest)?,
        };
        if !origins.allows_request(&request) {
            // RFC 6455 §10.2: an Origin that is not acceptable is answered with 403.
            let fault = HandshakeLimit::Origin.into();
            self.progress = ServerProgress::Failed(fault);
            return Err(AcceptError::Failed(fault));
        }
        #[cfg_attr(not(feature = "alloc"), expect(unused_variables, reason = "only a session asks for it"))]
        let subprotocol = response.check(&request)?;
        let deflate = response.negotiate_deflate(&request)?;
        let key = request.key().ok_or(HandshakeMisuse::NoRequest)?;
        let len = response.write(key, deflate, out)?;
        #[cfg(feature = "alloc")]
        {
            let span = subprotocol.map_or(Span::EMPTY, |name| Span::of(name.as_bytes(), self.head.bytes()));
            self.accepted = Some(span);
        }
        self.deflate = deflate;
        self.is_answered = true;
        Ok(len)
    }

    /// Whether the request was accepted, and its answer written.
    #[cfg(feature = "alloc")]
    pub(crate) const fn is_accepted(&self) -> bool {
        self.accepted.is_some()
    }

    /// The subprotocol that was chosen.
    #[cfg(feature = "alloc")]
    pub(crate) fn subprotocol(&self) -> Option<&str> {
        let chosen = self.accepted?.in_text(self.head.bytes());
        Some(chosen).filter(|chosen| !chosen.is_empty())
    }

    /// What was agreed on for `permessage-deflate`, once the request is accepted. `None` where the client has made no
    /// offer that could be taken up, and where the [`OutgoingResponse`] does not take it up.
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    /// use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    ///     Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// assert_eq!(handshake.deflate(), None, "the request is not accepted yet");
    /// let response = OutgoingResponse::new().with_deflate(DeflateConfig::new());
    /// handshake.accept(OriginPolicy::SameHost, &response, &mut [0; 512])?;
    /// assert!(handshake.deflate().is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn deflate(&self) -> Option<Agreed> {
        self.deflate
    }

    /// Gives the storage back, for the next handshake.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    ///
    /// let handshake = ServerHandshake::new(vec![0; 4096]);
    /// let next = ServerHandshake::new(handshake.into_storage());
    /// # let _ = next;
    /// ```
    #[must_use]
    pub fn into_storage(self) -> S {
        self.head.into_storage()
    }
}

/// A function of its own, so that only this call has the header slots on its stack.
#[inline(never)]
fn read_head<const HEADERS: usize>(head: &[u8]) -> (Option<RequestFields>, Result<Asks, HandshakeFault>) {
    read(head, &mut header_slots::<HEADERS>())
}

impl<S, const HEADERS: usize> fmt::Debug for ServerHandshake<S, HEADERS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandshake")
            .field("progress", &self.progress)
            .field("is_answered", &self.is_answered)
            .finish_non_exhaustive()
    }
}
