// Read first: RFC 6455 §4.1; RFC 9112 §4.

use core::fmt;
use core::mem::MaybeUninit;

use super::field::{FieldName, Span, elements, has_token, is_same_token, set_once};
use super::head::{has_strict_lines, is_http_version, split_first_line, syntax_fault};
use super::header::{Extensions, Headers};
use super::{HandshakeFault, HandshakeViolation, OutgoingRequest, SMALL};
use crate::extension::{Agreed, ExtensionError, ExtensionList};

/// A server's response, as it was received: the 101 that opens the connection, or what was sent instead.
///
/// It borrows the handshake, which lends it again as often as you ask: [`ClientHandshake::response`].
///
/// [`ClientHandshake::response`]: super::ClientHandshake::response
///
/// ```
/// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
/// use ws_core::input::ReadBuffer;
/// use ws_core::uri::Uri;
///
/// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_subprotocols(&["chat"]);
/// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
/// let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
/// assert_eq!(handshake.receive(&request, &mut buffer.input()), ClientProgress::Accepted);
///
/// let response = handshake.response().ok_or("a response")?;
/// assert_eq!((response.status(), response.subprotocol()), (101, Some("chat")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Response<'a> {
    head: &'a [u8],
    fields: ResponseFields,
}

impl<'a> Response<'a> {
    pub(super) const fn new(head: &'a [u8], fields: ResponseFields) -> Self {
        Self { head, fields }
    }

    /// The three digits of the status; 101 where the connection is open.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.fields.status
    }

    /// The words after the status, which may be none. They mean nothing to a program.
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
    /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    /// let head = b"HTTP/1.1 404 Not Found\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
    /// handshake.receive(&request, &mut buffer.input());
    /// let response = handshake.response().ok_or("a response")?;
    /// assert_eq!((response.status(), response.reason()), (404, b"Not Found".as_slice()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn reason(&self) -> &'a [u8] {
        // "HTTP/1.1 101 " has 13 bytes.
        split_first_line(self.head).0.get(13..).unwrap_or_default()
    }

    /// Whether it is of HTTP/1.1, and not of HTTP/1.0.
    #[cfg(feature = "alloc")]
    pub(super) fn is_http_1_1(&self) -> bool {
        self.head.starts_with(b"HTTP/1.1")
    }

    /// The subprotocol that the server has chosen of those offered. `None` where it wants none of them, or does not
    /// know what they are.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&'a str> {
        self.fields.subprotocol.map(|span| span.in_text(self.head))
    }

    /// The extensions in use, in the order in which they apply.
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_extensions("x-trace");
    /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    /// let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    ///     Sec-WebSocket-Extensions: x-trace; level=1\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
    /// handshake.receive(&request, &mut buffer.input());
    /// let response = handshake.response().ok_or("a response")?;
    /// assert!(response.extensions().map(|extension| extension.name()).eq(["x-trace"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn extensions(&self) -> Extensions<'a> {
        Extensions::new(self.headers())
    }

    /// What was agreed on for `permessage-deflate`. `None` where it is not in use.
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    /// use ws_core::handshake::{ClientHandshake, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_deflate(DeflateConfig::new());
    /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    /// let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    ///     Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
    /// handshake.receive(&request, &mut buffer.input());
    /// let response = handshake.response().ok_or("a response")?;
    /// let agreed = response.deflate().ok_or("declined")?;
    /// assert!(!agreed.incoming().has_context_takeover());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn deflate(&self) -> Option<Agreed> {
        self.fields.deflate
    }

    /// All headers, in their order.
    #[must_use]
    pub fn headers(&self) -> Headers<'a> {
        Headers::new(split_first_line(self.head).1)
    }

    /// The value of the first header that has this name, in any case.
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
    /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    /// let head = *b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// handshake.receive(&request, &mut buffer.input());
    /// let response = handshake.response().ok_or("a response")?;
    /// assert_eq!(response.header("www-authenticate"), Some(b"Basic".as_slice()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers().value_of(name)
    }
}

/// Shows the status, and the names of the headers, without their values.
impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("deflate", &self.deflate())
            .field("headers", &self.headers())
            .finish()
    }
}

/// Where a response's parts are in its head.
#[derive(Clone, Copy)]
pub(super) struct ResponseFields {
    status: u16,
    subprotocol: Option<Span>,
    deflate: Option<Agreed>,
}

/// What a valid response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    /// The connection is open.
    Open,
    /// Something else of an HTTP server.
    Other,
    /// The response is still to come.
    Wait,
}

/// Reads a complete head. The parts are there as soon as its form is valid. `accept` is what answers the request.
pub(super) fn read<'h>(
    head: &'h [u8],
    slots: &mut [MaybeUninit<httparse::Header<'h>>],
    request: &OutgoingRequest<'_>,
    accept: &[u8],
) -> (Option<ResponseFields>, Result<Says, HandshakeFault>) {
    let mut parsed = httparse::Response::new(&mut []);
    let result =
        httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, head, slots);
    let fault = match result {
        Ok(httparse::Status::Complete(len)) if len == head.len() => {
            let is_strict = has_strict_lines(head, parsed.headers);
            (!is_strict).then_some(HandshakeViolation::LineEnding.into())
        }
        // There is nothing to wait for: what is here ends with an empty line. With another one before that, it is more than
        // a head, which is still to be gathered.
        Ok(_) => Some(HandshakeViolation::StatusLine.into()),
        Err(error) => Some(syntax_fault(error, status_line_violation(head))),
    };
    let status = parsed.code.unwrap_or_default();
    match fault {
        Some(fault) => return (None, Err(fault)),
        None if status < 100 => return (None, Err(HandshakeViolation::StatusLine.into())),
        None => {}
    }
    match status {
        101 => {}
        // RFC 9110 §15.2: a client has to be able to read interim responses before the final one.
        100..=199 => return (None, Ok(Says::Wait)),
        // RFC 6455 §4.1: anything but a 101 is handled as HTTP, which is the caller's.
        _ => {
            return (Some(ResponseFields { status, subprotocol: None, deflate: None }), Ok(Says::Other));
        }
    }
    let mut survey = Survey::default();
    for header in parsed.headers.iter() {
        survey.look_at(header.name, header.value);
    }
    let subprotocol = survey.protocol.map(|protocol| Span::of(protocol, head));
    let verdict = match parsed.version {
        Some(1) if survey.has_extensions => {
            survey.judge(request, accept).and_then(|()| judge_extensions(parsed.headers, request))
        }
        Some(1) => survey.judge(request, accept),
        _ => Err(HandshakeViolation::HttpVersion),
    };
    let deflate = match verdict {
        Ok(()) if survey.has_extensions => judge_deflate(head, request),
        verdict => verdict.map(|()| None),
    };
    let fields = ResponseFields { status, subprotocol, deflate: deflate.ok().flatten() };
    (Some(fields), deflate.map(|_| Says::Open).map_err(Into::into))
}

/// Tells another version from no response at all, where the parser does not.
fn status_line_violation(head: &[u8]) -> HandshakeViolation {
    let (line, _) = split_first_line(head);
    match line.split_at_checked(8) {
        Some((version, [b' ', ..])) if is_http_version(version) && !version.starts_with(b"HTTP/1.") => {
            HandshakeViolation::HttpVersion
        }
        _ => HandshakeViolation::StatusLine,
    }
}

/// What the headers of a 101 say, seen once, one by one.
#[derive(Clone, Copy, Default)]
struct Survey<'h> {
    accept: Option<&'h [u8]>,
    protocol: Option<&'h [u8]>,
    upgrade: Upgrade,
    has_connection: bool,
    has_extensions: bool,
    /// The first thing that is wrong.
    violation: Option<HandshakeViolation>,
}

/// What the server upgrades to, over all lines of the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Upgrade {
    #[default]
    Nothing,
    WebSocket,
    SomethingElse,
}

impl<'h> Survey<'h> {
    /// Inlined for the headers that a handshake does not know, which are most.
    #[cfg_attr(not(target_os = "none"), inline)]
    fn look_at(&mut self, name: &str, value: &'h [u8]) {
        let field = FieldName::of(name);
        if field != FieldName::Other {
            self.look_at_known(field, value);
        }
    }

    fn look_at_known(&mut self, field: FieldName, value: &'h [u8]) {
        let noted = match field {
            // RFC 6455 §11.3.3: it must not appear more than once; §11.3.4 says the same of the subprotocol.
            FieldName::Accept => set_once(&mut self.accept, value),
            FieldName::Protocol => set_once(&mut self.protocol, value),
            // The usual case: it is all there is.
            FieldName::Upgrade
                if !SMALL && self.upgrade == Upgrade::Nothing && is_same_token(value, b"websocket") =>
            {
                self.upgrade = Upgrade::WebSocket;
                Ok(())
            }
            FieldName::Upgrade => {
                for protocol in elements(value) {
                    let is_first = self.upgrade == Upgrade::Nothing;
                    let is_websocket = is_first && is_same_token(protocol, b"websocket");
                    self.upgrade = if is_websocket { Upgrade::WebSocket } else { Upgrade::SomethingElse };
                }
                Ok(())
            }
            FieldName::Connection => {
                self.has_connection |= has_token(value, b"upgrade");
                Ok(())
            }
            FieldName::Extensions => {
                self.has_extensions = true;
                Ok(())
            }
            FieldName::Host
            | FieldName::Origin
            | FieldName::ContentLength
            | FieldName::TransferEncoding
            | FieldName::Key
            | FieldName::Version
            | FieldName::Other => Ok(()),
        };
        if let Err(violation) = noted {
            self.violation.get_or_insert(violation);
        }
    }

    /// Judges the headers in the order of RFC 6455 §4.1. Extensions come after them.
    fn judge(&self, request: &OutgoingRequest<'_>, accept: &[u8]) -> Result<(), HandshakeViolation> {
        if let Some(violation) = self.violation {
            return Err(violation);
        }
        // RFC 6455 §4.1: the value has to match "websocket" in any case, so that it is all there is.
        if self.upgrade != Upgrade::WebSocket {
            return Err(HandshakeViolation::Upgrade);
        }
        if !self.has_connection {
            return Err(HandshakeViolation::Connection);
        }
        match self.accept {
            None => return Err(HandshakeViolation::AcceptMissing),
            Some(received) if received != accept => return Err(HandshakeViolation::Accept),
            Some(_) => {}
        }
        match self.protocol {
            Some(chosen) if !request.offers_subprotocol(chosen) => {
                Err(HandshakeViolation::SubprotocolNotOffered)
            }
            _ => Ok(()),
        }
    }
}

/// Judges the extensions of a 101 (RFC 6455 §4.1): of the grammar, one at least, each of them offered.
///
/// A response may name them on several lines, as RFC 6455 §4.2.2 and §9.1 say and verified erratum 3433 confirms
/// against §11.3.2.
fn judge_extensions(
    headers: &[httparse::Header<'_>],
    request: &OutgoingRequest<'_>,
) -> Result<(), HandshakeViolation> {
    let mut count = None;
    for header in headers.iter().filter(|header| FieldName::of(header.name) == FieldName::Extensions) {
        let count = count.get_or_insert(0_usize);
        for extension in ExtensionList::new(header.value) {
            let extension = extension.map_err(HandshakeViolation::Extensions)?;
            if !request.offers_extension(extension.name()) {
                return Err(HandshakeViolation::ExtensionNotOffered);
            }
            *count = count.saturating_add(1);
        }
    }
    if count == Some(0) {
        return Err(HandshakeViolation::Extensions(ExtensionError::Empty));
    }
    Ok(())
}

/// Judges what a 101 says of `permessage-deflate`, where all other checks have passed.
fn judge_deflate(head: &[u8], request: &OutgoingRequest<'_>) -> Result<Option<Agreed>, HandshakeViolation> {
    let headers = Headers::new(split_first_line(head).1);
    // RFC 7692 §7: the client must fail the connection where the answer is not valid or not supported.
    request.judge_deflate(Extensions::new(headers)).map_err(HandshakeViolation::Deflate)
}
