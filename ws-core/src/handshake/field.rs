// Read first: RFC 9110 §5, RFC 6455 §4.3.

use core::{fmt, str};

use super::{HandshakeViolation, SMALL};
use crate::extension::{Extension, ExtensionList, is_space, is_token};

/// A header of a request or a response: received, or to be sent.
///
/// Values are bytes: HTTP allows more in them than UTF-8.
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
    /// A header whose value is text. It is checked when it is to be sent.
    #[must_use]
    pub const fn new(name: &'a str, value: &'a str) -> Self {
        Self { name, value: value.as_bytes() }
    }

    /// Whether this is its name, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.value.escape_ascii())
    }
}

/// The headers of a request or a response, in their order.
///
/// Read from the bytes as they were received, so that their number needs no memory.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    /// Lines that the parser has found valid, up to and with the empty one.
    rest: &'a [u8],
}

impl<'a> Headers<'a> {
    pub(super) const fn new(lines: &'a [u8]) -> Self {
        Self { rest: lines }
    }

    /// The value of the first header of this name, in any case.
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

/// The subprotocols that a client offers, the one it likes best first (RFC 6455 §4.1).
///
/// That the client offers the same one twice is not judged: it would take memory, or time that the peer chooses.
#[derive(Clone, Debug)]
pub struct Subprotocols<'a> {
    headers: Headers<'a>,
    line: Elements<'a>,
}

impl<'a> Subprotocols<'a> {
    pub(super) const fn new(headers: Headers<'a>) -> Self {
        Self { headers, line: elements(b"") }
    }
}

impl<'a> Iterator for Subprotocols<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            if let Some(element) = self.line.next() {
                return str::from_utf8(element).ok();
            }
            self.line = elements(self.headers.find_next(FieldName::Protocol)?);
        }
    }
}

/// The extensions that a client offers or a server has taken up, in their order (RFC 6455 §9.1).
#[derive(Clone, Debug)]
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
                return extension.ok();
            }
            self.line = ExtensionList::new(self.headers.find_next(FieldName::Extensions)?);
        }
    }
}

impl<'a> Headers<'a> {
    fn find_next(&mut self, name: FieldName) -> Option<&'a [u8]> {
        self.find_map(|header| (FieldName::of(header.name) == name).then_some(header.value))
    }
}

/// The headers that a handshake knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldName {
    Host,
    Origin,
    Upgrade,
    Connection,
    ContentLength,
    TransferEncoding,
    Key,
    Version,
    Accept,
    Protocol,
    Extensions,
    Other,
}

impl FieldName {
    /// `name` has to be a token.
    pub(super) fn of(name: &str) -> Self {
        // The length decides, so that one comparison is enough.
        let (text, field) = match name.len() {
            4 => ("host", Self::Host),
            6 => ("origin", Self::Origin),
            7 => ("upgrade", Self::Upgrade),
            10 => ("connection", Self::Connection),
            14 => ("content-length", Self::ContentLength),
            17 if matches!(name.as_bytes(), [.., b'y' | b'Y']) => ("sec-websocket-key", Self::Key),
            17 => ("transfer-encoding", Self::TransferEncoding),
            20 => ("sec-websocket-accept", Self::Accept),
            21 => ("sec-websocket-version", Self::Version),
            22 => ("sec-websocket-protocol", Self::Protocol),
            24 => ("sec-websocket-extensions", Self::Extensions),
            _ => return Self::Other,
        };
        if is_same_token(name.as_bytes(), text.as_bytes()) { field } else { Self::Other }
    }
}

/// Whether both are the same in any case. `token` is one, or is compared with letters only; `lower` is a token in lower
/// case.
pub(super) fn is_same_token(token: &[u8], lower: &[u8]) -> bool {
    // In a token, only an upper-case letter becomes a lower-case one by this bit, and nothing becomes a hyphen.
    const BITS: u64 = u64::from_le_bytes([0x20; 8]);
    let is_same = |token: u64, lower: u64| token | BITS == lower;
    token.len() == lower.len()
        && is_same(last_word(token), last_word(lower))
        && words(token).zip(words(lower)).all(|(token, lower)| is_same(token, lower))
}

/// The words that the bytes begin with.
fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap_or_default()))
}

/// The last eight bytes, or the first four and the last four, which have bytes in common where there are fewer.
fn last_word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.last_chunk() {
        return u64::from_le_bytes(*word);
    }
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        // Nothing that is asked for is so short, and with the bit set this is not the same as itself.
        _ => 0,
    }
}

/// The elements of a comma-separated list, without the empty ones.
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    rest: &'a [u8],
}

pub(super) const fn elements(value: &[u8]) -> Elements<'_> {
    Elements { rest: value }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let len = self.rest.iter().position(|byte| *byte == b',').unwrap_or(self.rest.len());
            let (element, rest) = self.rest.split_at_checked(len)?;
            self.rest = rest.strip_prefix(b",").unwrap_or(rest);
            let element = trim(element);
            if !element.is_empty() {
                return Some(element);
            }
        }
        None
    }
}

/// Whether the list has this token of lower-case letters, in any case.
pub(super) fn has_token(value: &[u8], token: &[u8]) -> bool {
    // Nearly always it is all there is.
    is_same_token(value, token) || elements(value).any(|element| is_same_token(element, token))
}

/// Keeps the value of a header that may come once.
pub(super) fn set_once<'h>(field: &mut Option<&'h [u8]>, value: &'h [u8]) -> Result<(), HandshakeViolation> {
    match field.replace(value) {
        None => Ok(()),
        Some(first) => {
            *field = Some(first);
            Err(HandshakeViolation::RepeatedHeader)
        }
    }
}

/// Counts the subprotocols of a line.
pub(super) fn count_subprotocols(value: &[u8]) -> Result<usize, HandshakeViolation> {
    elements(value).try_fold(0_usize, |count, element| {
        // RFC 6455 §4.3: the list is 1#token.
        is_token(element).then_some(count.saturating_add(1)).ok_or(HandshakeViolation::Subprotocols)
    })
}

/// Counts the extensions of a line.
pub(super) fn count_extensions(value: &[u8]) -> Result<usize, HandshakeViolation> {
    // What browsers offer, and most others: known to follow the grammar.
    if !SMALL && matches!(value, b"permessage-deflate; client_max_window_bits" | b"permessage-deflate") {
        return Ok(1);
    }
    ExtensionList::new(value).try_fold(0_usize, |count, extension| {
        extension.map(|_| count.saturating_add(1)).map_err(HandshakeViolation::Extensions)
    })
}

/// Where a part of a head is, so that it can be found again after the head was lent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    len: usize,
}

impl Span {
    pub(super) const EMPTY: Self = Self { start: 0, len: 0 };

    /// `part` has to lie in `whole`.
    pub(super) fn of(part: &[u8], whole: &[u8]) -> Self {
        let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
        let span = Self { start, len: part.len() };
        debug_assert_eq!(span.in_bytes(whole), part, "a part lies in the whole");
        span
    }

    pub(super) fn in_bytes(self, whole: &[u8]) -> &[u8] {
        whole.get(self.start..).and_then(|rest| rest.get(..self.len)).unwrap_or_default()
    }

    pub(super) fn in_text(self, whole: &[u8]) -> &str {
        str::from_utf8(self.in_bytes(whole)).unwrap_or_default()
    }
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let Some((byte, rest)) = value.split_first() {
        if !is_space(*byte) {
            break;
        }
        value = rest;
    }
    while let Some((byte, rest)) = value.split_last() {
        if !is_space(*byte) {
            break;
        }
        value = rest;
    }
    value
}
