// Read first: RFC 6455 §4.2.1; RFC 9112 §3.

use core::mem::MaybeUninit;
use core::{fmt, str};

use super::field::Span;
use super::head::{has_strict_lines, is_http_version, split_first_line, syntax_fault};
use super::header::{Extensions, Headers, Subprotocols};
use super::origin::split_http_scheme;
use super::survey::{Asks, Survey};
use super::{HandshakeFault, HandshakeViolation};
use crate::uri::{Authority, ResourceName, Scheme, split_authority};

/// A client's request, as it was received. One for a WebSocket has the method GET and the version HTTP/1.1; a plain one has
/// any method but CONNECT, and the version HTTP/1.1 or HTTP/1.0.
///
/// It borrows the handshake, which lends it again as often as you ask: [`ServerHandshake::request`].
///
/// [`ServerHandshake::request`]: super::ServerHandshake::request
///
/// ```
/// use ws_core::handshake::{ServerHandshake, ServerProgress};
/// use ws_core::input::ReadBuffer;
///
/// let head = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
///     Origin: https://example.com\r\nCookie: session=1\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
/// let mut handshake = ServerHandshake::new([0; 1024]);
/// assert_eq!(handshake.receive(&mut buffer.input()), ServerProgress::Request);
///
/// let request = handshake.request().ok_or("a request")?;
/// assert_eq!((request.path(), request.query(), request.host()), ("/", None, "h"));
/// assert_eq!(request.origin(), Some(b"https://example.com".as_slice()));
/// assert_eq!(request.header("Cookie"), Some(b"session=1".as_slice()));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy)]
pub struct Request<'a> {
    head: &'a [u8],
    fields: RequestFields,
}

impl<'a> Request<'a> {
    pub(super) const fn new(head: &'a [u8], fields: RequestFields) -> Self {
        Self { head, fields }
    }

    /// The method, such as `GET`, in the case in which it came (RFC 9110 §9.1).
    ///
    /// ```
    /// use ws_core::handshake::{ServerHandshake, ServerProgress};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"OPTIONS * HTTP/1.0\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// assert_eq!(handshake.receive(&mut buffer.input()), ServerProgress::NotWebSocket);
    /// let request = handshake.request().ok_or("a request")?;
    /// assert_eq!((request.method(), request.path(), request.minor_version()), ("OPTIONS", "*", 0));
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn method(&self) -> &'a str {
        let word = self.head.split(|byte| *byte == b' ').next().unwrap_or_default();
        str::from_utf8(word).unwrap_or_default()
    }

    /// The minor version of HTTP: 1 for HTTP/1.1, 0 for HTTP/1.0.
    #[must_use]
    pub fn minor_version(&self) -> u8 {
        let (line, _) = split_first_line(self.head);
        line.last().map_or(1, |digit| digit.saturating_sub(b'0'))
    }

    /// The target as it stands in the request line: a path with or without a query, or an absolute http or https
    /// URI (RFC 6455 §4.2.1), or `*` for an OPTIONS of the whole server (RFC 9112 §3.2.4). Visible ASCII without `#`;
    /// percent-encoding is neither decoded nor judged.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET http://example.com/a%20b?c HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let request = handshake.request().ok_or("a request")?;
    /// assert_eq!(request.target(), "http://example.com/a%20b?c");
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn target(&self) -> &'a str {
        self.fields.target.in_text(self.head)
    }

    /// Path and query, whichever form the target has.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET http://example.com/chat?room=1 HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let request = handshake.request().ok_or("a request")?;
    /// assert_eq!(request.resource_name().to_string(), "/chat?room=1");
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn resource_name(&self) -> ResourceName<'a> {
        ResourceName::new(self.fields.resource_name.in_text(self.head))
    }

    /// The path with its percent-encoding, at least `/`; `*` where that is the target.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET /a%20b?c HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let request = handshake.request().ok_or("a request")?;
    /// assert_eq!(request.path(), "/a%20b");
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.resource_name().path()
    }

    /// The query without its `?`, with its percent-encoding. `None` where there is none, or an empty one.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let request = handshake.request().ok_or("a request")?;
    /// assert_eq!(request.query(), Some("room=1"));
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn query(&self) -> Option<&'a str> {
        self.resource_name().query()
    }

    /// The Host header: the host, and the port where the client names one. It is valid unless the request has failed, and empty
    /// where a request of HTTP/1.0 has none.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET / HTTP/1.1\r\nHost: example.com:8080\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let request = handshake.request().ok_or("a request")?;
    /// assert_eq!(request.host(), "example.com:8080");
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn host(&self) -> &'a str {
        self.fields.host.in_text(self.head)
    }

    pub(super) fn host_bytes(&self) -> &'a [u8] {
        self.fields.host.in_bytes(self.head)
    }

    /// The scheme that an absolute target names, http as [`Scheme::Ws`] and https as [`Scheme::Wss`].
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Scheme;
    ///
    /// let head = *b"GET https://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let request = handshake.request().ok_or("a request")?;
    /// assert_eq!(request.scheme(), Some(Scheme::Wss));
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub const fn scheme(&self) -> Option<Scheme> {
        self.fields.scheme
    }

    /// The Origin header: the page that a browser connects for. It is not judged before
    /// [`accept`](super::ServerHandshake::accept), by the [`OriginPolicy`](super::OriginPolicy) given there.
    #[must_use]
    pub fn origin(&self) -> Option<&'a [u8]> {
        self.fields.origin.map(|span| span.in_bytes(self.head))
    }

    /// The subprotocols that the client offers, the one it likes best first.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Protocol: v2, v1\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let request = handshake.request().ok_or("a request")?;
    /// assert!(request.subprotocols().eq(["v2", "v1"]));
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn subprotocols(&self) -> Subprotocols<'a> {
        Subprotocols::new(self.headers())
    }

    /// The extensions that the client offers, in its order.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Extensions: foo; a=1, bar\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let request = handshake.request().ok_or("a request")?;
    /// assert!(request.extensions().map(|extension| extension.name()).eq(["foo", "bar"]));
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn extensions(&self) -> Extensions<'a> {
        Extensions::new(self.headers())
    }

    /// All headers, in their order.
    #[must_use]
    pub fn headers(&self) -> Headers<'a> {
        Headers::new(split_first_line(self.head).1)
    }

    /// The value of the first header that has this name, in any case.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET / HTTP/1.1\r\nHost: example.com\r\nAuthorization: Bearer 1234\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let request = handshake.request().ok_or("a request")?;
    /// assert_eq!(request.header("authorization"), Some(b"Bearer 1234".as_slice()));
    /// assert_eq!(request.header("cookie"), None);
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers().value_of(name)
    }

    /// The key, where it is one.
    pub(super) fn key(&self) -> Option<&'a [u8; 24]> {
        self.fields.key.in_bytes(self.head).try_into().ok()
    }
}

/// Shows method, path, length of the query, and the names of the headers, without their values.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("scheme", &self.scheme())
            .field("resource_name", &self.resource_name())
            .field("headers", &self.headers())
            .finish()
    }
}

/// Where a request's parts are in its head.
#[derive(Clone, Copy)]
pub(super) struct RequestFields {
    target: Span,
    /// The target without scheme and authority.
    resource_name: Span,
    scheme: Option<Scheme>,
    host: Span,
    origin: Option<Span>,
    key: Span,
}

/// Reads a complete head. The parts are there as soon as the form of the head and its target are valid, whatever the headers say.
pub(super) fn read<'h>(
    head: &'h [u8],
    slots: &mut [MaybeUninit<httparse::Header<'h>>],
) -> (Option<RequestFields>, Result<Asks, HandshakeFault>) {
    let mut parsed = httparse::Request::new(&mut []);
    let fault = match parsed.parse_with_uninit_headers(head, slots) {
        Ok(httparse::Status::Complete(len)) if len == head.len() => {
            (!has_strict_lines(head, parsed.headers)).then(|| HandshakeViolation::LineEnding.into())
        }
        // There is nothing to wait for: what is here ends with an empty line. With another one before that, it is more than
        // a head, which is still to be gathered.
        Ok(_) => Some(HandshakeViolation::RequestLine.into()),
        Err(error) => Some(syntax_fault(error, request_line_violation(head))),
    };
    if let Some(fault) = fault {
        return (None, Err(fault));
    }
    let mut survey = Survey::new(parsed.version == Some(0));
    for header in parsed.headers.iter() {
        survey.look_at(header.name, header.value);
    }
    let asks = survey.asks();
    let method = parsed.method.unwrap_or_default();
    // RFC 9112 §3.2.4: an asterisk is only used for a server-wide OPTIONS request.
    let is_asterisk_valid = asks == Asks::Page && method == "OPTIONS";
    let target = judge_target(parsed.path.unwrap_or_default(), is_asterisk_valid);
    let span = |part: Option<&[u8]>| part.map(|part| Span::of(part, head));
    let fields = target.as_ref().map(|target| RequestFields {
        target: Span::of(parsed.path.unwrap_or_default().as_bytes(), head),
        resource_name: Span::of(target.resource_name.as_bytes(), head),
        scheme: target.absolute.map(|(scheme, _)| scheme),
        host: span(survey.host).unwrap_or(Span::EMPTY),
        origin: span(survey.origin),
        key: span(survey.key).unwrap_or(Span::EMPTY),
    });
    let verdict = survey.judge(asks, method, target.as_ref());
    (fields, verdict.map(|()| asks).map_err(Into::into))
}

pub(super) struct Target<'h> {
    pub(super) absolute: Option<(Scheme, Authority<'h>)>,
    resource_name: &'h str,
}

fn judge_target(target: &str, is_asterisk_valid: bool) -> Option<Target<'_>> {
    if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return None;
    }
    if target.starts_with('/') || is_asterisk_valid && target == "*" {
        return Some(Target { absolute: None, resource_name: target });
    }
    // RFC 6455 §4.2.1: or an absolute HTTP/HTTPS URI that contains the resource name.
    let (scheme, rest) = split_http_scheme(target)?;
    let (authority, resource_name) = split_authority(rest);
    Some(Target { absolute: Some((scheme, Authority::parse(authority).ok()?)), resource_name })
}

/// Tells another version from no request at all, where the parser does not.
fn request_line_violation(head: &[u8]) -> HandshakeViolation {
    let (line, _) = split_first_line(head);
    let mut words = line.split(|byte| *byte == b' ');
    let mut next = || words.next().filter(|word| !word.is_empty());
    match (next(), next(), next(), next()) {
        (Some(_), Some(_), Some(version), None) if is_http_version(version) && version != b"HTTP/1.1" => {
            HandshakeViolation::HttpVersion
        }
        _ => HandshakeViolation::RequestLine,
    }
}
