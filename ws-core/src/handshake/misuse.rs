use core::fmt;

use super::HandshakeFault;
use crate::extension::{DeflateError, ExtensionError};

/// What the program asked of a handshake and must not: a bug of the program. Nothing is to be sent.
///
/// ```
/// use ws_core::handshake::{ClientHandshake, HandshakeMisuse, Header, OutgoingRequest, WriteError};
/// use ws_core::uri::Uri;
///
/// let headers = [Header::new("X-Name", "Eve\r\nX-Admin: yes")];
/// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_headers(&headers);
/// let handshake = ClientHandshake::new([0; 4096], *b"the sample nonce");
/// let written = handshake.write_request(&request, &mut [0; 512]);
/// assert_eq!(written, Err(WriteError::Misuse(HandshakeMisuse::HeaderValue)));
/// # Ok::<(), ws_core::uri::UriError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeMisuse {
    /// The name of a header is not a token (RFC 9110 §5.1).
    HeaderName,
    /// The value of a header has a control character (RFC 9110 §5.5). After a line feed it would be read as another header.
    HeaderValue,
    /// A header that the handshake writes itself.
    ReservedHeader,
    /// `Cookie`, `Authorization` or `Proxy-Authorization` would be sent twice: set as a header, and also by the method for it.
    RepeatedHeader,
    /// The name of a cookie is not a token (RFC 6265 §4.1.1).
    CookieName,
    /// The value of a cookie has a character that RFC 6265 §4.1.1 excludes: a control character, a space, a quote, a comma, a
    /// semicolon, a backslash, or one beyond ASCII.
    CookieValue,
    /// A user has a colon, or a user or a password has a control character (RFC 7617 §2); for a SOCKS proxy, one of them is empty
    /// or longer than 255 bytes (RFC 1929 §2).
    Credentials,
    /// An Origin that is empty, or not of visible ASCII characters.
    Origin,
    /// A subprotocol that is not a token (RFC 6455 §4.1).
    Subprotocol,
    /// The same subprotocol twice (RFC 6455 §4.1).
    RepeatedSubprotocol,
    /// A subprotocol that the client did not offer (RFC 6455 §4.2.2).
    SubprotocolNotOffered,
    /// Extensions that do not follow the grammar (RFC 6455 §9.1).
    Extensions(ExtensionError),
    /// An extension that the client did not offer (RFC 6455 §4.2.2).
    ExtensionNotOffered,
    /// Extensions given as text in which permessage-deflate is not valid, not what the client has offered, or there
    /// twice (RFC 7692 §5, §7).
    Deflate(DeflateError),
    /// A status that does not reject a request: only 200 to 599 do.
    Status,
    /// A body with a status that has none: 204, 205 or 304.
    Body,
    /// There is no request yet.
    NoRequest,
    /// The request does not ask for a WebSocket, so that it can only be rejected.
    NotWebSocket,
    /// There is no fault that a ready-made response could name: accept the request, or reject it.
    NoFault,
    /// The request was answered already.
    AlreadyAnswered,
}

impl fmt::Display for HandshakeMisuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HeaderName => "the name of a header is not a token",
            Self::HeaderValue => "the value of a header has a control character",
            Self::ReservedHeader => "the handshake writes this header itself",
            Self::RepeatedHeader => "Cookie, Authorization or Proxy-Authorization is given twice",
            Self::CookieName => "the name of a cookie is not a token",
            Self::CookieValue => "the value of a cookie has a character that it may not have",
            Self::Credentials => "a user or a password has a character or a length that it may not have",
            Self::Origin => "the Origin is empty or not of visible ASCII characters",
            Self::Subprotocol => "a subprotocol is not a token",
            Self::RepeatedSubprotocol => "a subprotocol is repeated",
            Self::SubprotocolNotOffered => "the client did not offer this subprotocol",
            Self::Extensions(error) => error.text(),
            Self::ExtensionNotOffered => "the client did not offer this extension",
            Self::Deflate(error) => error.text(),
            Self::Status => "this status does not reject a request",
            Self::Body => "this status has no body",
            Self::NoRequest => "there is no request yet",
            Self::NotWebSocket => "the request does not ask for a WebSocket",
            Self::NoFault => "there is no fault to reject the request for",
            Self::AlreadyAnswered => "the request was answered already",
        })
    }
}

impl core::error::Error for HandshakeMisuse {}

/// Why [`ServerHandshake::accept`](super::ServerHandshake::accept) has not accepted a request.
///
/// ```
/// use ws_core::handshake::{AcceptError, HandshakeMisuse, OriginPolicy, OutgoingResponse, ServerHandshake};
///
/// let mut handshake = ServerHandshake::new([0; 1024]); // that has received nothing
/// let accepted = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut [0; 512]);
/// assert_eq!(accepted, Err(AcceptError::Misuse(HandshakeMisuse::NoRequest)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AcceptError {
    /// The handshake has failed, now by its Origin or before: answer with
    /// [`reject_fault`](super::ServerHandshake::reject_fault).
    Failed(HandshakeFault),
    /// The output is too small. Do not send what is in it; the request can still be answered.
    BufferTooSmall {
        /// How many bytes the response has.
        required: usize,
    },
    /// A bug of the program. Nothing was written; the request can still be answered.
    Misuse(HandshakeMisuse),
}

impl From<HandshakeMisuse> for AcceptError {
    fn from(misuse: HandshakeMisuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl From<WriteError> for AcceptError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::BufferTooSmall { required } => Self::BufferTooSmall { required },
            WriteError::Misuse(misuse) => Self::Misuse(misuse),
        }
    }
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(fault) => fault.fmt(f),
            Self::BufferTooSmall { required } => WriteError::BufferTooSmall { required: *required }.fmt(f),
            Self::Misuse(misuse) => misuse.fmt(f),
        }
    }
}

impl core::error::Error for AcceptError {}

/// Why a client's request, or a response that rejects one, was not written.
///
/// ```
/// use ws_core::handshake::{ClientHandshake, OutgoingRequest, WriteError};
/// use ws_core::uri::Uri;
///
/// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
/// let handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
/// let Err(WriteError::BufferTooSmall { required }) = handshake.write_request(&request, &mut []) else {
///     return Err("nothing fits into nothing".into());
/// };
/// assert_eq!(handshake.write_request(&request, &mut vec![0; required]), Ok(required));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteError {
    /// The output is too small. Do not send what is in it; the call can be repeated.
    BufferTooSmall {
        /// How many bytes the request or the response has.
        required: usize,
    },
    /// A bug of the program. Nothing was written.
    Misuse(HandshakeMisuse),
}

impl From<HandshakeMisuse> for WriteError {
    fn from(misuse: HandshakeMisuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall { required } => write!(f, "output too small: {required} bytes are required"),
            Self::Misuse(misuse) => misuse.fmt(f),
        }
    }
}

impl core::error::Error for WriteError {}
