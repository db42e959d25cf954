// Read first: RFC 6455 §4.2.1; RFC 9112 §3.

use core::mem::MaybeUninit;
use core::{fmt, str};

use super::field::{FieldName, Span, count_extensions, count_subprotocols, has_token, set_once};
use super::head::{has_strict_lines, is_http_version, split_first_line, syntax_fault};
use super::header::{Extensions, Headers, Subprotocols};
use super::key::is_key;
use super::origin::split_http_scheme;
use super::{HandshakeFault, HandshakeViolation, SMALL};
use crate::extension::ExtensionError;
use crate::uri::{Authority, ResourceName, Scheme, is_registered_name, split_authority};

/// A client's request, as it was received. The method is GET and the version HTTP/1.1.
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

    /// The target as it stands in the request line: a path with or without a query, or an absolute http or https
    /// URI (RFC 6455 §4.2.1). Visible ASCII without `#`; percent-encoding is neither decoded nor judged.
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

    /// The path with its percent-encoding, at least `/`.
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

    /// The Host header: the host, and the port where the client names one. It is valid unless the request has failed.
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

/// Shows path, length of the query, and the names of the headers, without their values.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
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

/// What a valid request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    WebSocket,
    /// Something else of an HTTP server.
    Page,
}

/// Reads a complete head. The parts are there as soon as the request line and the form of the headers are valid,
/// whatever the headers say.
pub(super) fn read<'h>(
    head: &'h [u8],
    slots: &mut [MaybeUninit<httparse::Header<'h>>],
) -> (Option<RequestFields>, Result<Asks, HandshakeFault>) {
    let mut parsed = httparse::Request::new(&mut []);
    let target = match parsed.parse_with_uninit_headers(head, slots) {
        Ok(httparse::Status::Complete(len)) if len == head.len() => judge_request_line(&parsed, head),
        // There is nothing to wait for: what is here ends with an empty line. With another one before that, it is more than
        // a head, which is still to be gathered.
        Ok(_) => Err(HandshakeViolation::RequestLine.into()),
        Err(error) => Err(syntax_fault(error, request_line_violation(head))),
    };
    let target = match target {
        Ok(target) => target,
        Err(fault) => return (None, Err(fault)),
    };
    let mut survey = Survey::default();
    for header in parsed.headers.iter() {
        survey.look_at(header.name, header.value);
    }
    let span = |part: Option<&[u8]>| part.map(|part| Span::of(part, head));
    let fields = RequestFields {
        target: Span::of(parsed.path.unwrap_or_default().as_bytes(), head),
        resource_name: Span::of(target.resource_name.as_bytes(), head),
        scheme: target.absolute.map(|(scheme, _)| scheme),
        host: span(survey.host).unwrap_or(Span::EMPTY),
        origin: span(survey.origin),
        key: span(survey.key).unwrap_or(Span::EMPTY),
    };
    (Some(fields), survey.judge(target.absolute).map_err(Into::into))
}

struct Target<'h> {
    absolute: Option<(Scheme, Authority<'h>)>,
    resource_name: &'h str,
}

fn judge_request_line<'h>(
    parsed: &httparse::Request<'_, 'h>,
    head: &[u8],
) -> Result<Target<'h>, HandshakeFault> {
    if !has_strict_lines(head, parsed.headers) {
        return Err(HandshakeViolation::LineEnding.into());
    }
    // RFC 6455 §4.2.1: an HTTP/1.1 or higher GET request. What is higher is not written in this form.
    if parsed.version != Some(1) {
        return Err(HandshakeViolation::HttpVersion.into());
    }
    if parsed.method != Some("GET") {
        return Err(HandshakeViolation::Method.into());
    }
    Ok(judge_target(parsed.path.unwrap_or_default()).ok_or(HandshakeViolation::Target)?)
}

fn judge_target(target: &str) -> Option<Target<'_>> {
    if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return None;
    }
    if target.starts_with('/') {
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

/// What the headers of a request say, seen once, one by one.
#[derive(Clone, Copy, Default)]
pub(super) struct Survey<'h> {
    pub(super) host: Option<&'h [u8]>,
    pub(super) origin: Option<&'h [u8]>,
    key: Option<&'h [u8]>,
    pub(super) version: Option<&'h [u8]>,
    has_upgrade: bool,
    has_connection: bool,
    /// How many subprotocols, where there is a header for them.
    subprotocol_count: Option<usize>,
    extension_count: Option<usize>,
    /// The first thing that is wrong.
    violation: Option<HandshakeViolation>,
}

impl<'h> Survey<'h> {
    /// Inlined for the headers that a handshake does not know, which are most.
    #[cfg_attr(not(target_os = "none"), inline)]
    pub(super) fn look_at(&mut self, name: &str, value: &'h [u8]) {
        let field = FieldName::of(name);
        if field != FieldName::Other {
            self.look_at_known(field, value);
        }
    }

    fn look_at_known(&mut self, field: FieldName, value: &'h [u8]) {
        if let Err(violation) = self.note(field, value) {
            self.violation.get_or_insert(violation);
        }
    }

    fn note(&mut self, field: FieldName, value: &'h [u8]) -> Result<(), HandshakeViolation> {
        match field {
            FieldName::Host => set_once(&mut self.host, value),
            FieldName::Origin => set_once(&mut self.origin, value),
            // RFC 6455 §11.3.1: the key must not appear more than once; §11.3.5 says the same of the version.
            FieldName::Key => set_once(&mut self.key, value),
            FieldName::Version => set_once(&mut self.version, value),
            FieldName::Upgrade => {
                self.has_upgrade |= has_token(value, b"websocket");
                Ok(())
            }
            FieldName::Connection => {
                self.has_connection |= has_token(value, b"upgrade");
                Ok(())
            }
            FieldName::Protocol => {
                let count = self.subprotocol_count.get_or_insert(0);
                *count = count.saturating_add(count_subprotocols(value)?);
                Ok(())
            }
            FieldName::Extensions => {
                let count = self.extension_count.get_or_insert(0);
                *count = count.saturating_add(count_extensions(value)?);
                Ok(())
            }
            FieldName::ContentLength if is_zero(value) => Ok(()),
            FieldName::ContentLength | FieldName::TransferEncoding => Err(HandshakeViolation::Body),
            FieldName::Accept | FieldName::Other => Ok(()),
        }
    }

    /// What holds for each request, whatever it asks for and over whichever version of HTTP.
    pub(super) fn judge_common(&self) -> Result<(), HandshakeViolation> {
        if let Some(violation) = self.violation {
            return Err(violation);
        }
        // RFC 6455 §4.3: both lists have one element at least, over all their lines.
        if self.subprotocol_count == Some(0) {
            return Err(HandshakeViolation::Subprotocols);
        }
        if self.extension_count == Some(0) {
            return Err(HandshakeViolation::Extensions(ExtensionError::Empty));
        }
        Ok(())
    }

    /// Judges the headers in the order of RFC 6455 §4.2.1.
    fn judge(&self, absolute: Option<(Scheme, Authority<'_>)>) -> Result<Asks, HandshakeViolation> {
        self.judge_common()?;
        judge_host(self.host, absolute)?;
        if !self.has_upgrade {
            // A client that sends a key wants a WebSocket, and its Upgrade was lost on the way.
            let is_page = self.key.is_none() && self.version.is_none();
            return if is_page { Ok(Asks::Page) } else { Err(HandshakeViolation::Upgrade) };
        }
        if !self.has_connection {
            return Err(HandshakeViolation::Connection);
        }
        // RFC 6455 §4.2.2: a version that is not understood is answered with the one that is. So it is judged before
        // the key, which another version may not have.
        if self.version != Some(b"13") {
            return Err(HandshakeViolation::Version);
        }
        match self.key {
            None => Err(HandshakeViolation::KeyMissing),
            Some(key) if !is_key(key) => Err(HandshakeViolation::Key),
            Some(_) => Ok(Asks::WebSocket),
        }
    }
}

/// Judges a Host header, and whether it names the authority of the target, where that has one.
pub(super) fn judge_host(
    host: Option<&[u8]>,
    absolute: Option<(Scheme, Authority<'_>)>,
) -> Result<(), HandshakeViolation> {
    let host = host.ok_or(HandshakeViolation::HostMissing)?;
    // The usual case: a name alone, with nothing that it has to be the same as.
    if !SMALL && absolute.is_none() && is_registered_name(host) {
        return Ok(());
    }
    let host = parse_host(host)?;
    // RFC 9112 §3.2.2: a client has to send the same authority in both, so that nobody downstream takes the other.
    match absolute {
        Some((scheme, authority)) if !authority.is_same(&host, scheme) => Err(HandshakeViolation::Host),
        _ => Ok(()),
    }
}

/// Reads a Host header.
pub(super) fn parse_host(host: &[u8]) -> Result<Authority<'_>, HandshakeViolation> {
    let authority = str::from_utf8(host).ok().and_then(|host| Authority::parse(host).ok());
    authority.ok_or(HandshakeViolation::Host)
}

fn is_zero(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(|byte| *byte == b'0')
}
