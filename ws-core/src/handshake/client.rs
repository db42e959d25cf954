// Read first: RFC 6455 §4.1.

use core::fmt;

use super::first_line::FirstLine;
use super::head::{Head, header_slots};
use super::key::{answer_to, encode_nonce};
use super::response::{Response, ResponseFields, Says, read};
use super::{HEADER_COUNT_MAX, HandshakeFault, OutgoingRequest, WriteError};
use crate::extension::Agreed;
use crate::input::Input;

/// A client's side of the opening handshake (RFC 6455 §4.1).
///
/// Write the request, send it, and feed the handshake input until there is an outcome. Only a 101 that answers the
/// request's key and chooses nothing that was not offered opens the connection. What the server has sent after its head
/// stays in the input: frames after a 101, the body after anything else.
///
/// ```
/// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
/// use ws_core::input::ReadBuffer;
/// use ws_core::uri::Uri;
///
/// let request = OutgoingRequest::new(Uri::parse("ws://example.com/chat")?).with_subprotocols(&["chat"]);
/// // The nonce has to come fresh from a strong source of randomness for every handshake.
/// let mut handshake = ClientHandshake::new([0; 4096], *b"the sample nonce");
/// let mut out = [0; 512];
/// let len = handshake.write_request(&request, &mut out)?;
/// assert!(out[..len].starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
///
/// let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n\x81\x02Hi";
/// let mut buffer = ReadBuffer::with_filled(answer.to_vec(), answer.len()).ok_or("too long")?;
/// assert_eq!(handshake.receive(&request, &mut buffer.input()), ClientProgress::Accepted);
/// assert_eq!(handshake.response().and_then(|response| response.subprotocol()), Some("chat"));
/// assert_eq!(buffer.unread(), b"\x81\x02Hi");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ClientHandshake<S, const HEADERS: usize = HEADER_COUNT_MAX> {
    head: Head<S>,
    key: [u8; 24],
    response: Option<ResponseFields>,
    progress: ClientProgress,
}

/// How far a client's handshake has come: what [`ClientHandshake::receive`] returns.
///
/// ```
/// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
/// use ws_core::input::ReadBuffer;
/// use ws_core::uri::Uri;
///
/// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
/// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
/// let head = b"HTTP/1.1 302 Found\r\nLocation: https://example.org/\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
/// assert_eq!(handshake.receive(&request, &mut buffer.input()), ClientProgress::Rejected);
/// let location = handshake.response().and_then(|response| response.header("location"));
/// assert_eq!(location, Some(b"https://example.org/".as_slice()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed: each of them asks the caller for something else")]
pub enum ClientProgress {
    /// The head is not complete. All input was taken: read more, and call [`receive`](ClientHandshake::receive) again.
    NeedInput,
    /// The connection is open, and the input goes on with frames.
    Accepted,
    /// The server has answered with another status than 101, which is in [`ClientHandshake::response`]: 401 asks for
    /// credentials, 3xx names another URI, 426 another version. The input goes on with the body.
    ///
    /// Before you follow a redirect: do not send the credentials of one origin to another, and do not follow from `wss:` to
    /// `ws:`.
    Rejected,
    /// The handshake has failed for good: close the connection.
    Failed(HandshakeFault),
}

impl<S> ClientHandshake<S> {
    /// Waits for a response of at most [`HEADER_COUNT_MAX`] headers whose head fits into `storage`.
    ///
    /// The 16 bytes of `nonce` have to come from a strong source of randomness, fresh for each handshake (RFC 6455 §4.1).
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, OutgoingRequest};
    /// use ws_core::uri::Uri;
    ///
    /// let nonce = *b"16 random bytes!"; // of the operating system's
    /// let handshake = ClientHandshake::new([0; 4096], nonce);
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
    /// assert!(handshake.write_request(&request, &mut [0; 256]).is_ok());
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub fn new(storage: S, nonce: [u8; 16]) -> Self {
        Self::with_headers(storage, nonce)
    }

    /// Waits for a response of at most `N` headers whose head fits into `storage`.
    ///
    /// Each header takes 32 bytes of stack while the complete head is read, 16 on 32-bit targets. The 16 bytes of `nonce`
    /// have to come from a strong source of randomness, fresh for each handshake (RFC 6455 §4.1).
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, ClientProgress, HandshakeLimit, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
    /// let mut handshake = ClientHandshake::with_headers::<1>([0; 1024], *b"16 random bytes!");
    /// let head = *b"HTTP/1.1 404 Not Found\r\nServer: example\r\nContent-Length: 0\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let failed = ClientProgress::Failed(HandshakeLimit::HeaderCount.into());
    /// assert_eq!(handshake.receive(&request, &mut buffer.input()), failed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_headers<const N: usize>(storage: S, nonce: [u8; 16]) -> ClientHandshake<S, N> {
        ClientHandshake {
            head: Head::new(storage, FirstLine::RESPONSE),
            key: encode_nonce(nonce),
            response: None,
            progress: ClientProgress::NeedInput,
        }
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>, const HEADERS: usize> ClientHandshake<S, HEADERS> {
    /// Writes the request into `out`, and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// [`WriteError::BufferTooSmall`] where `out` is too small: call again with as much as it names.
    /// [`WriteError::Misuse`] where something in `request` must not be in one. Do not send what is in `out`.
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, OutgoingRequest, WriteError};
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/chat")?);
    /// let handshake = ClientHandshake::new([0; 4096], *b"the sample nonce");
    /// let mut out = [0; 512];
    /// let len = handshake.write_request(&request, &mut out)?;
    /// assert!(out[..len].starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
    ///
    /// let too_small = handshake.write_request(&request, &mut out[..10]);
    /// assert_eq!(too_small, Err(WriteError::BufferTooSmall { required: len }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_request(&self, request: &OutgoingRequest<'_>, out: &mut [u8]) -> Result<usize, WriteError> {
        request.check()?;
        request.write(&self.key, out)
    }

    /// Takes the bytes of the response's head, and leaves what follows it. Interim responses, such as 100 or 103, are passed
    /// over.
    ///
    /// `request` has to be the one that was written. Returns how far the handshake is. Once there is an outcome, it takes
    /// nothing and returns the same again.
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, ClientProgress, HandshakeViolation, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
    /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    /// // An answer to another client's key.
    /// let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
    /// let failed = ClientProgress::Failed(HandshakeViolation::Accept.into());
    /// assert_eq!(handshake.receive(&request, &mut buffer.input()), failed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receive(&mut self, request: &OutgoingRequest<'_>, input: &mut Input<'_>) -> ClientProgress {
        while self.progress == ClientProgress::NeedInput {
            let read = |head: &[u8]| read_head::<HEADERS>(head, request, &self.key);
            let Some((response, says)) = self.head.receive(input, read) else { break };
            self.conclude(response, says);
        }
        self.progress
    }

    fn conclude(&mut self, response: Option<ResponseFields>, says: Result<Says, HandshakeFault>) {
        self.response = response;
        self.progress = match says {
            Ok(Says::Open) => ClientProgress::Accepted,
            Ok(Says::Other) => ClientProgress::Rejected,
            Ok(Says::Wait) => {
                self.head.restart(FirstLine::RESPONSE);
                ClientProgress::NeedInput
            }
            Err(fault) => ClientProgress::Failed(fault),
        };
    }

    /// Whether the connection is open.
    #[cfg(feature = "alloc")]
    pub(crate) fn is_accepted(&self) -> bool {
        self.progress == ClientProgress::Accepted
    }

    /// The response, once there is one. It is there after a fault, too, unless the fault is in the form of the head: for logs.
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
    /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    /// let head = *b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// handshake.receive(&request, &mut buffer.input());
    /// let response = handshake.response().ok_or("a response")?;
    /// assert_eq!((response.status(), response.header("Retry-After")), (503, Some(b"120".as_slice())));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn response(&self) -> Option<Response<'_>> {
        self.response.map(|fields| Response::new(self.head.bytes(), fields))
    }

    /// What was agreed on for `permessage-deflate`, once the connection is open. `None` where the server has declined it, and
    /// where it was not offered.
    ///
    /// An answer that is not what was offered fails the handshake. A client that cannot do without compression closes a
    /// connection that has none with [1010](crate::frame::CloseCode::MANDATORY_EXTENSION) (RFC 6455 §7.4.1, RFC 7692 §5.1).
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    /// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_deflate(DeflateConfig::new());
    /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    /// let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(answer.to_vec(), answer.len()).ok_or("too long")?;
    /// assert_eq!(handshake.receive(&request, &mut buffer.input()), ClientProgress::Accepted);
    /// assert_eq!(handshake.deflate(), None, "the server has declined");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn deflate(&self) -> Option<Agreed> {
        self.response().and_then(|response| response.deflate())
    }

    /// Gives the storage back, for the next handshake.
    ///
    /// ```
    /// use ws_core::handshake::ClientHandshake;
    ///
    /// let handshake = ClientHandshake::new(vec![0; 4096], *b"the sample nonce");
    /// assert_eq!(handshake.into_storage().len(), 4096);
    /// ```
    #[must_use]
    pub fn into_storage(self) -> S {
        self.head.into_storage()
    }
}

/// A function of its own, so that only this call has the header slots on its stack.
#[inline(never)]
fn read_head<const HEADERS: usize>(
    head: &[u8],
    request: &OutgoingRequest<'_>,
    key: &[u8; 24],
) -> (Option<ResponseFields>, Result<Says, HandshakeFault>) {
    read(head, &mut header_slots::<HEADERS>(), request, &answer_to(key))
}

impl<S, const HEADERS: usize> fmt::Debug for ClientHandshake<S, HEADERS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHandshake").field("progress", &self.progress).finish_non_exhaustive()
    }
}
