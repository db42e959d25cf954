// Read first: RFC 9112 §6.3, §7.1, §9.3.

use alloc::vec::Vec;
use core::{fmt, mem};

use httparse::{Status, parse_chunk_size};

use super::super::Response;
use super::super::field::has_token;

/// The body of a response that opened no WebSocket, decoded as its bytes come: for the text of an error, for a log, or to reach the
/// next response on the same stream.
///
/// It keeps the first 4 KiB of the content, and looks at 64 KiB at most, with the sizes of chunks. A content coding such
/// as gzip is not decoded.
///
/// ```
/// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest, ResponseBody};
/// use ws_core::input::ReadBuffer;
/// use ws_core::uri::Uri;
///
/// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
/// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
/// let answer = b"HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfull\r\n0\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(answer.to_vec(), answer.len()).ok_or("too long")?;
/// assert_eq!(handshake.receive(&request, &mut buffer.input()), ClientProgress::Rejected);
///
/// let mut body = ResponseBody::of(&handshake.response().ok_or("a response")?);
/// body.decode(buffer.unread()); // and what comes after it, until the body is over or the stream has ended
/// assert!(body.is_over());
/// assert_eq!(body.into_content(), b"full");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ResponseBody {
    content: Vec<u8>,
    framing: Framing,
    /// How many more bytes are looked at.
    budget: usize,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Framing {
    /// This many bytes of the body, which then ends.
    Len(u64),
    /// Bytes of the body, until the stream ends.
    UntilEnd,
    /// The line with the size of a chunk, of which this has come.
    ChunkSize(Vec<u8>),
    /// This many bytes of a chunk.
    ChunkData(u64),
    /// The carriage return after a chunk.
    ChunkEnd,
    /// The line feed after a chunk.
    ChunkLineFeed,
    /// A line after the last chunk, of which this has come.
    Trailer(Vec<u8>),
    /// Nothing: all of the body has come.
    Complete,
    /// Nothing: the body is longer than may be looked at, or does not follow the grammar.
    Lost,
}

impl ResponseBody {
    /// The body of `response`, the answer to a GET, of which nothing has arrived yet.
    #[must_use]
    pub fn of(response: &Response<'_>) -> Self {
        Self { content: Vec::new(), framing: Framing::of(response), budget: ENCODED_LEN_MAX }
    }

    /// Whether the content is complete, or as long as it may be, or invalid. There is nothing more to read for it then.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !self.wants_more()
            || matches!(self.framing, Framing::Trailer(_))
            || self.content.len() >= CONTENT_LEN_MAX
    }

    /// Whether more of the body has to be decoded until it [is complete](Self::is_complete). `false` also where it cannot
    /// become that: it is longer than 64 KiB, or invalid.
    #[must_use]
    pub const fn wants_more(&self) -> bool {
        !matches!(self.framing, Framing::Complete | Framing::Lost)
    }

    /// Whether all of the body was decoded, with the trailer section of one in chunks: the next byte of the stream begins the next
    /// response. A body that ends with the stream never is.
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, OutgoingRequest, ResponseBody};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
    /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    /// let head = b"HTTP/1.1 407 Who?\r\nTransfer-Encoding: chunked\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
    /// handshake.receive(&request, &mut buffer.input());
    ///
    /// let mut body = ResponseBody::of(&handshake.response().ok_or("a response")?);
    /// body.decode(b"4\r\nwho?\r\n0\r\n");
    /// assert!(body.is_over() && body.wants_more(), "an empty line is still to come");
    /// body.decode(b"\r\n");
    /// assert!(body.is_complete());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self.framing, Framing::Complete)
    }

    /// The content that has arrived, without chunk sizes.
    #[must_use]
    pub fn into_content(self) -> Vec<u8> {
        self.content
    }

    /// Decodes the bytes that come next. Those after the end of the body are ignored.
    pub fn decode(&mut self, bytes: &[u8]) {
        let (mut bytes, _beyond) = bytes.split_at(bytes.len().min(self.budget));
        self.budget = self.budget.saturating_sub(bytes.len());
        while !bytes.is_empty() && self.wants_more() {
            bytes = self.step(bytes);
        }
        if self.budget == 0 && self.wants_more() {
            self.framing = Framing::Lost;
        }
    }

    /// Decodes some of the bytes, at least one of them, and returns the others.
    fn step<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let (first, others) = bytes.split_at(1);
        let (framing, rest) = match mem::replace(&mut self.framing, Framing::Lost) {
            Framing::Len(len) => {
                let (left_len, rest) = self.take_content(len, bytes);
                (if left_len == 0 { Framing::Complete } else { Framing::Len(left_len) }, rest)
            }
            Framing::UntilEnd => (Framing::UntilEnd, self.take_content(u64::MAX, bytes).1),
            Framing::ChunkSize(mut line) => {
                line.extend_from_slice(first);
                (after_chunk_size(line), others)
            }
            Framing::ChunkData(len) => {
                let (left_len, rest) = self.take_content(len, bytes);
                (if left_len == 0 { Framing::ChunkEnd } else { Framing::ChunkData(left_len) }, rest)
            }
            Framing::ChunkEnd if first == b"\r" => (Framing::ChunkLineFeed, others),
            Framing::ChunkLineFeed if first == b"\n" => (Framing::ChunkSize(Vec::new()), others),
            Framing::Trailer(mut line) => {
                line.extend_from_slice(first);
                (after_trailer(line), others)
            }
            Framing::ChunkEnd | Framing::ChunkLineFeed | Framing::Complete | Framing::Lost => {
                (Framing::Lost, others)
            }
        };
        self.framing = framing;
        rest
    }

    /// Takes up to `len` bytes of the content. Returns how many are left to come, and the bytes that follow.
    fn take_content<'b>(&mut self, len: u64, bytes: &'b [u8]) -> (u64, &'b [u8]) {
        let taken_len = usize::try_from(len).unwrap_or(usize::MAX).min(bytes.len());
        let (taken, rest) = bytes.split_at(taken_len);
        let room_len = CONTENT_LEN_MAX.saturating_sub(self.content.len());
        self.content.extend_from_slice(taken.get(..room_len).unwrap_or(taken));
        (len.saturating_sub(u64::try_from(taken_len).unwrap_or(u64::MAX)), rest)
    }
}

impl Response<'_> {
    /// Whether the stream is to carry a response to another request after this one: the server keeps it open, and the body says where
    /// it ends. `Proxy-Connection`, which old proxies send, counts as `Connection` does.
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
    /// let is_persistent = |head: &[u8]| {
    ///     let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    ///     let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len())?;
    ///     handshake.receive(&request, &mut buffer.input());
    ///     Some(handshake.response()?.is_persistent())
    /// };
    /// assert_eq!(is_persistent(b"HTTP/1.1 401 Who?\r\nContent-Length: 0\r\n\r\n"), Some(true));
    /// assert_eq!(is_persistent(b"HTTP/1.1 401 Who?\r\n\r\n"), Some(false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_persistent(&self) -> bool {
        if matches!(Framing::of(self), Framing::UntilEnd | Framing::Lost) {
            return false;
        }
        let has = |name| self.header(name).is_some();
        // RFC 9112 §6.3: with a Content-Length too, it may be an attempt to split responses. §6.1: in HTTP/1.0, its framing is faulty.
        if has("Transfer-Encoding") && (has("Content-Length") || !self.is_http_1_1()) {
            return false;
        }
        let has_option = |option: &[u8]| {
            let mut connection =
                self.headers().filter(|header| header.is("Connection") || header.is("Proxy-Connection"));
            connection.any(|header| has_token(header.value, option))
        };
        // RFC 9112 §9.3: it persists unless "close" is said; of HTTP/1.0, only where "keep-alive" is.
        !has_option(b"close") && (self.is_http_1_1() || has_option(b"keep-alive"))
    }
}

impl Framing {
    /// How the body of a response to a GET ends.
    fn of(response: &Response<'_>) -> Self {
        // RFC 9112 §6.3: these have no body, whatever their headers say.
        if matches!(response.status(), 100..=199 | 204 | 304) {
            return Self::Complete;
        }
        let values = |name: &'static str| {
            response.headers().filter(move |header| header.is(name)).map(|header| header.value)
        };
        // RFC 9112 §6.3: Transfer-Encoding overrides Content-Length; without chunked at its end, the stream's end is the body's.
        let codings = values("Transfer-Encoding").flat_map(|value| value.split(|byte| *byte == b','));
        if let Some(last) = codings.map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty()).last() {
            let is_chunked = last.eq_ignore_ascii_case(b"chunked");
            return if is_chunked { Self::ChunkSize(Vec::new()) } else { Self::UntilEnd };
        }
        let mut lens = values("Content-Length").flat_map(|value| value.split(|byte| *byte == b','));
        let Some(first) = lens.next() else { return Self::UntilEnd };
        // RFC 9112 §6.3: the same length several times is that length; anything else is not to be used.
        match parse_len(first) {
            Some(len) if lens.all(|other| parse_len(other) == Some(len)) => {
                if len == 0 {
                    Self::Complete
                } else {
                    Self::Len(len)
                }
            }
            Some(_) | None => Self::Lost,
        }
    }
}

/// Shows how much of the content has come, which may be a secret.
impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody")
            .field("content_len", &self.content.len())
            .field("is_over", &self.is_over())
            .finish_non_exhaustive()
    }
}

// RFC 9110 §8.6: digits, and nothing else.
fn parse_len(value: &[u8]) -> Option<u64> {
    let value = value.trim_ascii();
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(value).ok()?.parse().ok()
}

/// What comes after this much of a line with the size of a chunk.
fn after_chunk_size(line: Vec<u8>) -> Framing {
    if line.last() != Some(&b'\n') {
        return if line.len() < CHUNK_LINE_LEN_MAX { Framing::ChunkSize(line) } else { Framing::Lost };
    }
    // RFC 9112 §7.1: one or more hexadecimal digits, so that there may be any number of zeros before the others.
    let has_digit = line.first().is_some_and(u8::is_ascii_hexdigit);
    let zero_count = line.iter().take_while(|byte| **byte == b'0').count();
    let significant = line.get(zero_count.saturating_sub(1)..).unwrap_or_default();
    match parse_chunk_size(significant) {
        // The last chunk. A trailer section adds nothing to the content, so that it is not waited for.
        Ok(Status::Complete((_, 0))) => Framing::Trailer(Vec::new()),
        Ok(Status::Complete((len, size))) if has_digit && len == significant.len() => {
            Framing::ChunkData(size)
        }
        Ok(Status::Complete(_) | Status::Partial) | Err(_) => Framing::Lost,
    }
}

/// What comes next after this much of a line that follows the last chunk.
fn after_trailer(line: Vec<u8>) -> Framing {
    // RFC 9112 §7.1: header lines may follow, and an empty line ends the body.
    match line.as_slice() {
        b"\r\n" => Framing::Complete,
        [.., b'\r', b'\n'] => Framing::Trailer(Vec::new()),
        [.., b'\n'] => Framing::Lost,
        _ => Framing::Trailer(line),
    }
}

/// How much of the content is kept, in bytes: enough for the text of an error.
const CONTENT_LEN_MAX: usize = 4 * 1024;

/// How much is read of a body with its chunk sizes, in bytes.
const ENCODED_LEN_MAX: usize = 64 * 1024;

/// The longest line with the size of a chunk and its extensions, in bytes.
const CHUNK_LINE_LEN_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::super::super::{ClientHandshake, ClientProgress, OutgoingRequest};
    use super::{CONTENT_LEN_MAX, ENCODED_LEN_MAX, Framing, ResponseBody};
    use crate::input::ReadBuffer;
    use crate::uri::Uri;

    /// The content of a body, whether it is over, decoded in two pieces for each cut, and byte by byte.
    fn decoded(framing: impl Fn() -> Framing, bytes: &[u8]) -> (Vec<u8>, bool) {
        let decode = |pieces: &mut dyn Iterator<Item = &[u8]>| {
            let mut body = ResponseBody { content: Vec::new(), framing: framing(), budget: ENCODED_LEN_MAX };
            pieces.for_each(|piece| body.decode(piece));
            let is_over = body.is_over();
            (body.into_content(), is_over)
        };
        let whole = decode(&mut core::iter::once(bytes));
        assert_eq!(decode(&mut bytes.chunks(1)), whole, "{}", bytes.escape_ascii());
        let cut_max = bytes.len().min(300);
        for cut in 0..=cut_max {
            let (first, second) = bytes.split_at(cut);
            assert_eq!(decode(&mut [first, second].into_iter()), whole, "{} {cut}", bytes.escape_ascii());
        }
        whole
    }

    fn dechunked(bytes: &[u8]) -> (String, bool) {
        let (content, is_over) = decoded(|| Framing::ChunkSize(Vec::new()), bytes);
        (String::from_utf8(content).unwrap(), is_over)
    }

    fn handshake(head: &str) -> ClientHandshake<Vec<u8>> {
        let request = OutgoingRequest::new(Uri::parse("ws://a/").unwrap());
        let mut handshake = ClientHandshake::new(vec![0; 512], [0; 16]);
        let head = format!("HTTP/{head}\r\n\r\n").into_bytes();
        let len = head.len();
        let progress = handshake.receive(&request, &mut ReadBuffer::with_filled(head, len).unwrap().input());
        assert_eq!(progress, ClientProgress::Rejected);
        handshake
    }

    fn framing(head: &str) -> Framing {
        Framing::of(&handshake(&format!("1.1 {head}")).response().unwrap())
    }

    #[test]
    fn s7_1_chunks_are_decoded_by_their_grammar() {
        for (bytes, content) in [
            ("3\r\nabc\r\n0\r\n\r\n", "abc"),
            ("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"),
            ("0\r\n\r\n", ""),
            ("000000000000000000003\r\nabc\r\n00000\r\n\r\n", "abc"),
            ("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"),
            ("3;last\r\nabc\r\n0;last\r\n\r\n", "abc"),
            ("3 ; a=b;c=\"d;e\" ; f\r\nabc\r\n0 ; a = \"\"\r\n\r\n", "abc"),
            ("3\r\nabc\r\n0\r\nExpires: never\r\nA: b\r\n\r\n", "abc"),
            ("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n"),
        ] {
            assert_eq!(dechunked(bytes.as_bytes()), (content.to_owned(), true), "{bytes}");
        }
    }

    #[test]
    fn s7_1_what_breaks_the_grammar_ends_the_body_where_it_does() {
        for (bytes, content) in [
            ("\r\n\r\n", ""),
            ("x\r\n", ""),
            (" 3\r\nabc", ""),
            ("-3\r\nabc", ""),
            ("0x3\r\nabc", ""),
            (";a\r\nabc", ""),
            ("3\nabc", ""),
            ("3\r\nabcd\r\n", "abc"),
            ("3\r\nabc\n3\r\nabc", "abc"),
            ("3\r\nabc\r\n3 3\r\nabc", "abc"),
            ("10000000000000000\r\nabc", ""),
        ] {
            assert_eq!(dechunked(bytes.as_bytes()), (content.to_owned(), true), "{bytes}");
        }
    }

    #[test]
    fn s7_1_an_unfinished_body_is_given_as_far_as_it_came() {
        for (bytes, content) in [
            ("", ""),
            ("3", ""),
            ("3\r\nab", "ab"),
            ("3\r\nabc\r", "abc"),
            ("3\r\nabc\r\n0\r", "abc"),
            ("ffffffffffffffff\r\nab", "ab"),
        ] {
            assert_eq!(dechunked(bytes.as_bytes()), (content.to_owned(), false), "{bytes}");
        }
    }

    #[test]
    fn a_body_is_bounded_however_it_is_written() {
        let long = vec![b'a'; 2 * CONTENT_LEN_MAX];
        for framing in [|| Framing::Len(1 << 40), || Framing::UntilEnd, || Framing::ChunkData(1 << 40)] {
            assert_eq!(decoded(framing, &long), (vec![b'a'; CONTENT_LEN_MAX], true));
        }
        let (content, is_over) = dechunked("1\r\na\r\n".repeat(CONTENT_LEN_MAX).as_bytes());
        assert!(is_over && content.len() == CONTENT_LEN_MAX);
        let (content, is_over) = dechunked(format!("1;{}", "x".repeat(1024)).as_bytes());
        assert!(is_over && content.is_empty());
        let line = format!("1;{}\r\na\r\n", "x".repeat(1000));
        let (content, is_over) = dechunked(line.repeat(ENCODED_LEN_MAX / line.len() + 1).as_bytes());
        assert!(is_over && content.len() == ENCODED_LEN_MAX / line.len());
    }

    #[test]
    fn s7_1_a_body_is_complete_with_its_empty_line() {
        let ends = |framing: Framing, bytes: &[u8]| {
            let mut body = ResponseBody { content: Vec::new(), framing, budget: ENCODED_LEN_MAX };
            // Where the last byte completes it, or loses it, and none before does.
            let (last, others) = bytes.split_last().unwrap();
            body.decode(others);
            assert!(body.wants_more(), "{}", bytes.escape_ascii());
            body.decode(&[*last]);
            (body.wants_more(), body.is_complete())
        };
        let (open, complete, lost) = ((true, false), (false, true), (false, false));
        for (bytes, end) in [
            ("3\r\nabc\r\n0\r\n\r\n", complete),
            ("0\r\nExpires: never\r\nA: b\r\n\r\n", complete),
            ("0\r\n", open),
            ("0\r\n\r", open),
            ("0\r\nx\r\n", open),
            ("0\r\n\n", lost),
            ("0\r\nA: b\n", lost),
            ("3\r\nabcd", lost),
        ] {
            assert_eq!(ends(Framing::ChunkSize(Vec::new()), bytes.as_bytes()), end, "{bytes}");
        }
        // Longer than what is kept, and longer than what is looked at.
        assert_eq!(ends(Framing::Len(5000), &[b'a'; 5000]), complete);
        assert_eq!(ends(Framing::Len(1 << 20), &vec![b'a'; ENCODED_LEN_MAX]), lost);
        assert_eq!(ends(Framing::UntilEnd, &[b'a'; 5000]), open);
    }

    #[test]
    fn s9_3_a_stream_persists_where_the_server_and_the_body_let_it() {
        for (head, is_persistent) in [
            ("1.1 407 \r\nContent-Length: 3", true),
            ("1.1 407 \r\nTransfer-Encoding: chunked", true),
            ("1.1 407 \r\nConnection: Upgrade, Keep-Alive\r\nContent-Length: 0", true),
            ("1.1 407 ", false),
            ("1.1 407 \r\nContent-Length: x", false),
            ("1.1 407 \r\nContent-Length: 3\r\nConnection: a, CLOSE", false),
            ("1.1 407 \r\nContent-Length: 3\r\nProxy-Connection: close", false),
            ("1.1 407 \r\nContent-Length: 3\r\nTransfer-Encoding: chunked", false),
            ("1.0 407 \r\nTransfer-Encoding: chunked\r\nConnection: keep-alive", false),
            ("1.0 407 \r\nContent-Length: 3", false),
            ("1.0 407 \r\nContent-Length: 3\r\nProxy-Connection: keep-alive", true),
            ("1.0 407 \r\nContent-Length: 3\r\nConnection: keep-alive\r\nConnection: close", false),
        ] {
            assert_eq!(handshake(head).response().unwrap().is_persistent(), is_persistent, "{head}");
        }
    }

    #[test]
    fn s6_3_the_headers_say_how_a_body_ends() {
        let chunked = || Framing::ChunkSize(Vec::new());
        for (head, expected) in [
            ("404 ", Framing::UntilEnd),
            ("404 \r\nContent-Length: 3", Framing::Len(3)),
            ("404 \r\nContent-Length: 0", Framing::Complete),
            ("404 \r\nContent-Length: 3, 3\r\ncontent-length: 3", Framing::Len(3)),
            ("404 \r\nContent-Length: 3\r\nContent-Length: 4", Framing::Lost),
            ("404 \r\nContent-Length: +3", Framing::Lost),
            ("404 \r\nContent-Length:", Framing::Lost),
            ("404 \r\nContent-Length: 99999999999999999999", Framing::Lost),
            ("404 \r\nTransfer-Encoding: chunked", chunked()),
            ("404 \r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 3", chunked()),
            ("404 \r\nTransfer-Encoding: gzip\r\ntransfer-encoding: chunked", chunked()),
            ("404 \r\nTransfer-Encoding: chunked, gzip\r\nContent-Length: 3", Framing::UntilEnd),
            ("404 \r\nTransfer-Encoding: chunked, ,", chunked()),
            ("404 \r\nTransfer-Encoding: xchunked", Framing::UntilEnd),
            ("204 \r\nContent-Length: 3", Framing::Complete),
            ("304 \r\nTransfer-Encoding: chunked", Framing::Complete),
        ] {
            assert_eq!(framing(head), expected, "{head}");
        }
    }
}
