use core::fmt;

use crate::extension::{DeflateError, ExtensionError};

/// Why a handshake failed: the peer broke the RFC, or went beyond what we allow.
///
/// ```
/// use ws_core::handshake::{HandshakeFault, HandshakeLimit, HandshakeViolation};
///
/// assert_eq!(HandshakeFault::Violation(HandshakeViolation::Version).status(), 426);
/// assert_eq!(HandshakeFault::Limit(HandshakeLimit::HeadLen).status(), 431);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed: what the RFC does not forbid, only our policy can")]
pub enum HandshakeFault {
    /// The peer did what RFC 6455, or HTTP, forbids.
    Violation(HandshakeViolation),
    /// The peer did what both allow and we do not.
    Limit(HandshakeLimit),
}

impl HandshakeFault {
    /// The HTTP status to answer a client with (RFC 6455 §4.2.2). For what only a server can do wrong it is 502, which is
    /// what a gateway would answer its own client with (RFC 9110 §15.6.3).
    ///
    /// ```
    /// use ws_core::handshake::{HandshakeFault, HandshakeViolation};
    ///
    /// assert_eq!(HandshakeFault::from(HandshakeViolation::Method).status(), 405);
    /// assert_eq!(HandshakeFault::from(HandshakeViolation::Accept).status(), 502);
    /// ```
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Violation(violation) => violation.status(),
            Self::Limit(limit) => limit.status(),
        }
    }

    /// One line without its end.
    const fn text(self) -> &'static str {
        match self {
            Self::Violation(violation) => violation.text(),
            Self::Limit(limit) => limit.text(),
        }
    }

    /// The line for the body of a response that rejects a request. What only a response can have is not told apart, so that
    /// a server holds only the texts that it may need.
    pub(super) const fn rejection_text(self) -> &'static str {
        match self {
            Self::Violation(HandshakeViolation::Extensions(_)) => "malformed Sec-WebSocket-Extensions",
            Self::Violation(violation) => match violation.request_text() {
                Some(text) => text,
                None => "rejected",
            },
            Self::Limit(limit) => limit.text(),
        }
    }
}

impl From<HandshakeViolation> for HandshakeFault {
    fn from(violation: HandshakeViolation) -> Self {
        Self::Violation(violation)
    }
}

impl From<HandshakeLimit> for HandshakeFault {
    fn from(limit: HandshakeLimit) -> Self {
        Self::Limit(limit)
    }
}

impl fmt::Display for HandshakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for HandshakeFault {}

/// What the peer did in its handshake that RFC 6455 or HTTP forbids.
///
/// ```
/// use ws_core::handshake::{HandshakeViolation, ServerHandshake, ServerProgress};
/// use ws_core::input::ReadBuffer;
///
/// let head = *b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
/// let progress = ServerHandshake::new([0; 1024]).receive(&mut buffer.input());
/// assert_eq!(progress, ServerProgress::Failed(HandshakeViolation::HostMissing.into()));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeViolation {
    /// A line that ends with a line feed alone (RFC 9112 §2.2).
    LineEnding,
    /// An empty line where the first line of the head has to stand: any before a response, the second one before a
    /// request. One before a request is passed over (RFC 9112 §2.2).
    LeadingEmptyLine,
    /// A header that goes on in a second line, which RFC 9112 §5.2 has abolished.
    FoldedLine,
    /// A first line that is not method, target and version (RFC 9112 §3).
    RequestLine,
    /// A first line that is not version, three digits and reason (RFC 9112 §4).
    StatusLine,
    /// A header without a colon, or with a name that is not a token; a space before the colon counts, too.
    HeaderName,
    /// A control character in a header's value; in an extended CONNECT a space at either end of it, too
    /// (RFC 9110 §5.5, RFC 9113 §8.2.1).
    HeaderValue,
    /// Another version than HTTP/1.1 (RFC 6455 §4.1, §4.2.1), or, in a plain request, HTTP/1.0.
    HttpVersion,
    /// Another method than GET for a WebSocket, or than CONNECT over HTTP/2 (RFC 6455 §4.2.1, RFC 8441 §4); in a plain request
    /// CONNECT.
    Method,
    /// A target that is neither a path nor an http or https URI, or with a fragment (RFC 6455 §4.2.1); an asterisk for
    /// something else than a plain OPTIONS (RFC 9112 §3.2.4).
    Target,
    /// A header twice that comes once: Host (RFC 9112 §3.2), Origin (RFC 6454 §7.3), Sec-WebSocket-Key, -Version,
    /// -Accept, or -Protocol in a response (RFC 6455 §11.3).
    RepeatedHeader,
    /// No Host header in a request of HTTP/1.1 (RFC 6455 §4.2.1, RFC 9112 §3.2).
    HostMissing,
    /// A Host header that is not a host with or without a port, or another one than the target names.
    Host,
    /// A request for a WebSocket that announces a body, or a plain one that announces it in a malformed way, twice, or both by
    /// Content-Length and by Transfer-Encoding (RFC 9112 §6.3). Two readers that disagree on its end can be made to take what
    /// follows for different requests.
    Body,
    /// No Upgrade header with the value websocket (RFC 6455 §4.1, §4.2.1).
    Upgrade,
    /// No Connection header with the token Upgrade (RFC 6455 §4.1, §4.2.1).
    Connection,
    /// No Sec-WebSocket-Key (RFC 6455 §4.2.1).
    KeyMissing,
    /// A Sec-WebSocket-Key that is not 16 bytes in base64 (RFC 6455 §4.2.1).
    Key,
    /// No Sec-WebSocket-Version, or another than 13 (RFC 6455 §4.2.1).
    Version,
    /// A Sec-WebSocket-Protocol that is not a list of tokens, at least one (RFC 6455 §4.3).
    Subprotocols,
    /// A Sec-WebSocket-Extensions that does not follow its grammar (RFC 6455 §9.1).
    Extensions(ExtensionError),
    /// No Sec-WebSocket-Accept in the response (RFC 6455 §4.1).
    AcceptMissing,
    /// A Sec-WebSocket-Accept that does not answer our key: the response is not from a WebSocket server, or answers another
    /// client (RFC 6455 §4.1).
    Accept,
    /// The response chooses a subprotocol that was not offered (RFC 6455 §4.1).
    SubprotocolNotOffered,
    /// The response chooses an extension that was not offered (RFC 6455 §4.1).
    ExtensionNotOffered,
    /// The response accepts permessage-deflate in a way that is not valid, or not what was offered (RFC 7692 §5, §7).
    Deflate(DeflateError),
    /// An extended CONNECT for another protocol than websocket (RFC 8441 §5).
    ConnectProtocol,
    /// An extended CONNECT whose scheme is neither http nor https (RFC 8441 §5).
    ConnectScheme,
    /// A header in an extended CONNECT that HTTP/2 does not have: Connection, Upgrade, Keep-Alive, Proxy-Connection,
    /// Transfer-Encoding, a TE that is not `trailers`, or a name with an upper-case letter (RFC 8441 §5,
    /// RFC 9113 §8.2.1, §8.2.2).
    ConnectHeader,
}

impl HandshakeViolation {
    /// The HTTP status to answer a client with (RFC 6455 §4.2.2): 405, 426, 501 or 505, and otherwise 400. For what only a
    /// response can have it is 502, which is what a gateway would answer its own client with (RFC 9110 §15.6.3).
    ///
    /// ```
    /// use ws_core::handshake::HandshakeViolation;
    ///
    /// assert_eq!(HandshakeViolation::Version.status(), 426);
    /// assert_eq!(HandshakeViolation::HeaderName.status(), 400);
    /// ```
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::LineEnding
            | Self::LeadingEmptyLine
            | Self::FoldedLine
            | Self::RequestLine
            | Self::HeaderName
            | Self::HeaderValue
            | Self::Target
            | Self::RepeatedHeader
            | Self::HostMissing
            | Self::Host
            | Self::Body
            | Self::Upgrade
            | Self::Connection
            | Self::KeyMissing
            | Self::Key
            | Self::Subprotocols
            | Self::Extensions(_)
            | Self::ConnectScheme
            | Self::ConnectHeader => 400,
            Self::Method => 405,
            // RFC 6455 §4.4: another version is answered with the one that is understood.
            Self::Version => 426,
            Self::ConnectProtocol => 501,
            Self::StatusLine
            | Self::AcceptMissing
            | Self::Accept
            | Self::SubprotocolNotOffered
            | Self::ExtensionNotOffered
            | Self::Deflate(_) => 502,
            Self::HttpVersion => 505,
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "request_text names each of the others, without a wildcard"
    )]
    const fn text(self) -> &'static str {
        match self {
            Self::Extensions(error) => error.text(),
            Self::StatusLine => "malformed status line",
            Self::AcceptMissing => "no Sec-WebSocket-Accept",
            Self::Accept => "Sec-WebSocket-Accept does not answer the key",
            Self::SubprotocolNotOffered => "the server chose a subprotocol that was not offered",
            Self::ExtensionNotOffered => "the server chose an extension that was not offered",
            Self::Deflate(error) => error.text(),
            Self::ConnectProtocol => "the protocol of the CONNECT is not websocket",
            Self::ConnectScheme => "the scheme of the CONNECT is neither http nor https",
            Self::ConnectHeader => "a header that HTTP/2 does not have",
            _ => match self.request_text() {
                Some(text) => text,
                None => "",
            },
        }
    }

    /// The words for what a request by HTTP/1.1 can have.
    const fn request_text(self) -> Option<&'static str> {
        Some(match self {
            Self::LineEnding => "a line does not end with CR LF",
            Self::LeadingEmptyLine => "an empty line too many",
            Self::FoldedLine => "a header folded into a second line",
            Self::RequestLine => "malformed request line",
            Self::HeaderName => "malformed header name",
            Self::HeaderValue => "malformed header value",
            Self::HttpVersion => "the version is not HTTP/1.1",
            Self::Method => "the method is not allowed",
            Self::Target => "malformed request target",
            Self::RepeatedHeader => "a header that comes once is repeated",
            Self::HostMissing => "no Host header",
            Self::Host => "malformed Host, or not the host of the target",
            Self::Body => "body not allowed or malformed",
            Self::Upgrade => "no Upgrade: websocket",
            Self::Connection => "no Connection: Upgrade",
            Self::KeyMissing => "no Sec-WebSocket-Key",
            Self::Key => "Sec-WebSocket-Key is not 16 bytes in base64",
            Self::Version => "Sec-WebSocket-Version is not 13",
            Self::Subprotocols => "malformed Sec-WebSocket-Protocol",
            Self::Extensions(_)
            | Self::StatusLine
            | Self::AcceptMissing
            | Self::Accept
            | Self::SubprotocolNotOffered
            | Self::ExtensionNotOffered
            | Self::Deflate(_)
            | Self::ConnectProtocol
            | Self::ConnectScheme
            | Self::ConnectHeader => return None,
        })
    }
}

impl fmt::Display for HandshakeViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for HandshakeViolation {}

/// What the peer did in its handshake that is allowed, and beyond our limits.
///
/// ```
/// use ws_core::handshake::{HandshakeLimit, ServerHandshake, ServerProgress};
/// use ws_core::input::ReadBuffer;
///
/// let head = *b"GET /a/path/that/is/longer/than/the/storage HTTP/1.1\r\n";
/// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
/// let progress = ServerHandshake::new([0; 32]).receive(&mut buffer.input());
/// assert_eq!(progress, ServerProgress::Failed(HandshakeLimit::FirstLineLen.into()));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeLimit {
    /// The first line alone is longer than the storage of the handshake.
    FirstLineLen,
    /// The head is longer than the storage of the handshake.
    HeadLen,
    /// More headers than [`HEADER_COUNT_MAX`](super::HEADER_COUNT_MAX), or than the number that the handshake was made with.
    HeaderCount,
    /// An Origin that the [`OriginPolicy`](super::OriginPolicy) does not allow (RFC 6455 §10.2).
    Origin,
}

impl HandshakeLimit {
    /// The HTTP status to answer a client with: 414, 431 or, for an Origin, 403 (RFC 6455 §4.2.2).
    ///
    /// ```
    /// use ws_core::handshake::HandshakeLimit;
    ///
    /// assert_eq!(HandshakeLimit::HeaderCount.status(), 431);
    /// assert_eq!(HandshakeLimit::Origin.status(), 403);
    /// ```
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::FirstLineLen => 414,
            Self::HeadLen | Self::HeaderCount => 431,
            Self::Origin => 403,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::FirstLineLen => "the first line is too long",
            Self::HeadLen => "the head is too long",
            Self::HeaderCount => "too many headers",
            Self::Origin => "the Origin is not allowed",
        }
    }
}

impl fmt::Display for HandshakeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for HandshakeLimit {}
