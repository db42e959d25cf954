// Read first: RFC 9110 §5, RFC 6455 §4.3.

use core::iter::FusedIterator;
use core::{fmt, str};

use super::field::{Elements, FieldName, elements, trim};
use crate::extension::{Extension, ExtensionList};

/// A header of a request or a response, received or to be sent.
///
/// Values are bytes, since HTTP allows more in them than UTF-8. A header that is to be sent is checked when it is written.
///
/// ```
/// use ws_core::handshake::Header;
///
/// let cookie = Header::new("Cookie", "session=1");
/// assert_eq!(cookie, Header { name: "Cookie", value: b"session=1" });
/// assert!(cookie.is("cookie"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header<'a> {
    /// The name, in the case in which it was written.
    pub name: &'a str,
    /// The value, without the spaces around it.
    pub value: &'a [u8],
}

impl<'a> Header<'a> {
    /// A header whose value is text.
    ///
    /// ```
    /// use ws_core::handshake::Header;
    ///
    /// const SERVER: Header<'static> = Header::new("Server", "example/1.0");
    /// assert_eq!(SERVER.value, b"example/1.0");
    /// ```
    #[must_use]
    pub const fn new(name: &'a str, value: &'a str) -> Self {
        Self { name, value: value.as_bytes() }
    }

    /// Whether the header has this name, in any case.
    ///
    /// ```
    /// use ws_core::handshake::Header;
    ///
    /// let header = Header::new("Content-Type", "text/plain");
    /// assert!(header.is("content-type") && !header.is("content-length"));
    /// ```
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Shows the name and the length of the value, which may be a secret.
impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("name", &self.name).field("value_len", &self.value.len()).finish()
    }
}

/// An iterator over the headers of a request or a response, in their order.
///
/// They are read from the bytes as they were received, so that their number takes no memory.
///
/// ```
/// use ws_core::handshake::ServerHandshake;
/// use ws_core::input::ReadBuffer;
///
/// let head = *b"GET / HTTP/1.1\r\nHost: example.com\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
/// let mut handshake = ServerHandshake::new([0; 1024]);
/// handshake.receive(&mut buffer.input());
/// let request = handshake.request().ok_or("a request")?;
/// let cookies: Vec<_> = request.headers().filter(|header| header.is("Cookie")).map(|header| header.value).collect();
/// assert_eq!(cookies, [b"a=1", b"b=2"]);
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone)]
pub struct Headers<'a> {
    /// Lines that the parser has found valid, up to and with the empty one.
    rest: &'a [u8],
}

impl<'a> Headers<'a> {
    pub(super) const fn new(lines: &'a [u8]) -> Self {
        Self { rest: lines }
    }

    /// The value of the first of the headers still to come that has this name, in any case. The iterator stays where it is.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET / HTTP/1.1\r\nHost: example.com\r\nUser-Agent: sensor/1.0\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let headers = handshake.request().ok_or("a request")?.headers();
    /// assert_eq!(headers.value_of("user-agent"), Some(b"sensor/1.0".as_slice()));
    /// assert_eq!(headers.count(), 2);
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn value_of(&self, name: &str) -> Option<&'a [u8]> {
        self.clone().find_map(|header| header.is(name).then_some(header.value))
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Header<'a>> {
        let len = self.rest.iter().position(|byte| *byte == b'\n')?;
        let (line, rest) = self.rest.split_at_checked(len.checked_add(1)?)?;
        self.rest = rest;
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let value = value.strip_prefix(b":")?;
        Some(Header { name: str::from_utf8(name).ok()?, value: trim(value.strip_suffix(b"\r\n")?) })
    }
}

impl FusedIterator for Headers<'_> {}

/// Shows the names that are still to come, and the lengths of their values.
impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// An iterator over the subprotocols that a client offers, the one it likes best first (RFC 6455 §4.1).
///
/// Whether the client offers the same one twice is not judged: that would take memory, or time that the peer chooses. Of a
/// request that has failed, the iterator ends before the first element that is not text.
///
/// ```
/// use ws_core::handshake::ServerHandshake;
/// use ws_core::input::ReadBuffer;
///
/// let head = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Protocol: mqtt, v12.stomp\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
/// let mut handshake = ServerHandshake::new([0; 1024]);
/// handshake.receive(&mut buffer.input());
/// let request = handshake.request().ok_or("a request")?;
/// assert!(request.subprotocols().eq(["mqtt", "v12.stomp", "chat"]));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone)]
pub struct Subprotocols<'a> {
    headers: Headers<'a>,
    line: Elements<'a>,
}

impl<'a> Subprotocols<'a> {
    pub(super) const fn new(headers: Headers<'a>) -> Self {
        Self { headers, line: elements(b"") }
    }

    /// The one of the subprotocols in `spoken` that the client prefers. `None` where it offers none of them.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET / HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Protocol: v3, v2, v1\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    /// let offered = handshake.request().ok_or("a request")?.subprotocols();
    /// assert_eq!(offered.choose(["v1", "v2"]), Some("v2"));
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn choose<N: AsRef<str>>(
        mut self,
        spoken: impl IntoIterator<Item = N, IntoIter: Clone>,
    ) -> Option<N> {
        let spoken = spoken.into_iter();
        self.find_map(|offered| spoken.clone().find(|name| name.as_ref() == offered))
    }
}

impl<'a> Iterator for Subprotocols<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            if let Some(element) = self.line.next() {
                let name = str::from_utf8(element).ok();
                if name.is_none() {
                    *self = Self::new(Headers::new(b""));
                }
                return name;
            }
            self.line = elements(self.headers.find_next(FieldName::Protocol)?);
        }
    }
}

impl FusedIterator for Subprotocols<'_> {}

/// Shows how many are still to come. Not their names: there are programs that hand over credentials in them.
impl fmt::Debug for Subprotocols<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subprotocols").field("count", &self.clone().count()).finish()
    }
}

/// An iterator over the extensions that a client offers or a server has taken up, in their order (RFC 6455 §9.1).
///
/// Of a head that has failed, it ends before the first element that does not follow the grammar.
///
/// ```
/// use ws_core::handshake::ServerHandshake;
/// use ws_core::input::ReadBuffer;
///
/// let head = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-trace\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
/// let mut handshake = ServerHandshake::new([0; 1024]);
/// handshake.receive(&mut buffer.input());
/// let mut extensions = handshake.request().ok_or("a request")?.extensions();
/// let deflate = extensions.next().ok_or("one")?;
/// assert!(deflate.params().any(|param| param.name() == "client_max_window_bits"));
/// assert_eq!(extensions.next().map(|extension| extension.name()), Some("x-trace"));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone)]
pub struct Extensions<'a> {
    headers: Headers<'a>,
    line: ExtensionList<'a>,
}

impl<'a> Extensions<'a> {
    pub(super) const fn new(headers: Headers<'a>) -> Self {
        Self { headers, line: ExtensionList::new(b"") }
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Extension<'a>;

    fn next(&mut self) -> Option<Extension<'a>> {
        loop {
            if let Some(extension) = self.line.next() {
                if extension.is_err() {
                    *self = Self::new(Headers::new(b""));
                }
                return extension.ok();
            }
            self.line = ExtensionList::new(self.headers.find_next(FieldName::Extensions)?);
        }
    }
}

impl FusedIterator for Extensions<'_> {}

/// Shows the extensions that are still to come: their names, those of their parameters, and the lengths of values.
impl fmt::Debug for Extensions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a> Headers<'a> {
    fn find_next(&mut self, name: FieldName) -> Option<&'a [u8]> {
        self.find_map(|header| (FieldName::of(header.name) == name).then_some(header.value))
    }
}
