// Read first: RFC 9112 §2.3, §3, §4.

use super::HandshakeViolation;
#[cfg(not(target_os = "none"))]
use crate::extension::is_token;

/// On a microcontroller, whose flash is short, the first line is judged with the rest of the head, when that has come.
#[cfg(target_os = "none")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FirstLine;

#[cfg(target_os = "none")]
impl FirstLine {
    pub(super) const REQUEST: Self = Self;
    pub(super) const RESPONSE: Self = Self;

    pub(super) const fn find_fault(self, _: &[u8]) -> Option<(usize, HandshakeViolation)> {
        None
    }
}

/// What the first line of a head may go on with. Judges each byte as it comes, so that a peer that does not speak HTTP is
/// refused at the first byte that cannot be in such a line, and not when a head is complete, which it may never be.
///
/// A line that the parser takes passes; the parser still judges what is found here to be possible.
#[cfg(not(target_os = "none"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstLine {
    /// The first byte of a method.
    RequestStart,
    /// More of the method, or the space after it.
    Method,
    /// The first byte of a target.
    TargetStart,
    /// More of the target, or the space after it.
    Target,
    /// This byte of a request's version.
    RequestVersion(u8),
    /// The carriage return after a request's version.
    RequestEnd,
    /// This byte of a response's version.
    ResponseVersion(u8),
    /// This byte of a response's version, which is not HTTP/1.
    OtherVersion(u8),
    /// This digit of the status.
    Status(u8),
    /// The end of the status.
    StatusEnd,
    /// The line feed after a carriage return.
    LineFeed,
    /// Anything: the rest is judged by the parser.
    Rest,
}

#[cfg(not(target_os = "none"))]
impl FirstLine {
    pub(super) const REQUEST: Self = Self::RequestStart;
    pub(super) const RESPONSE: Self = Self::ResponseVersion(0);

    /// Judges the bytes that come next. Returns how many there are up to a fault, the byte that is wrong included, and the
    /// fault.
    #[inline(never)]
    pub(super) fn find_fault(&mut self, bytes: &[u8]) -> Option<(usize, HandshakeViolation)> {
        // The usual case where a server's first frames come with its response, so that it is gathered.
        if *self == Self::RESPONSE && bytes.starts_with(b"HTTP/1.1 101 ") {
            *self = Self::Rest;
        }
        for (place, byte) in bytes.iter().enumerate() {
            if *self == Self::Rest {
                return None;
            }
            match self.after(*byte) {
                Ok(next) => *self = next,
                Err(violation) => return Some((place.saturating_add(1), violation)),
            }
        }
        None
    }

    fn after(self, byte: u8) -> Result<Self, HandshakeViolation> {
        Ok(match (self, byte) {
            // Where a line ends is judged with the line, and the words after a status by the parser.
            (_, b'\n') | (Self::Rest, _) | (Self::StatusEnd, b' ' | b'\r') => Self::Rest,
            // An empty line, if it is one.
            (Self::RequestStart | Self::ResponseVersion(0) | Self::RequestEnd, b'\r') => Self::LineFeed,
            (Self::RequestEnd | Self::LineFeed, _) => return Err(HandshakeViolation::LineEnding),
            (Self::Method, b' ') => Self::TargetStart,
            // RFC 9112 §3.1: a method is a token.
            (Self::RequestStart | Self::Method, _) if is_token(&[byte]) => Self::Method,
            (Self::Target, b' ') => Self::RequestVersion(0),
            // Which of these bytes a target has is for the parser to say.
            (Self::TargetStart | Self::Target, b'!'..=b'~' | 0x80..) => Self::Target,
            (Self::RequestVersion(7), b'0'..=b'9') => Self::RequestEnd,
            (Self::RequestVersion(place), _) if is_in_version(place, byte) => {
                Self::RequestVersion(place.saturating_add(1))
            }
            (
                Self::RequestStart
                | Self::Method
                | Self::TargetStart
                | Self::Target
                | Self::RequestVersion(_),
                _,
            ) => return Err(HandshakeViolation::RequestLine),
            (Self::ResponseVersion(5), b'0' | b'2'..=b'9') => Self::OtherVersion(6),
            (Self::ResponseVersion(8), b' ') => Self::Status(0),
            (Self::OtherVersion(8), b' ') => return Err(HandshakeViolation::HttpVersion),
            (Self::ResponseVersion(place), _) if is_in_version(place, byte) => {
                Self::ResponseVersion(place.saturating_add(1))
            }
            (Self::OtherVersion(place), _) if is_in_version(place, byte) => {
                Self::OtherVersion(place.saturating_add(1))
            }
            // RFC 9112 §4: three digits.
            (Self::Status(2), b'0'..=b'9') => Self::StatusEnd,
            (Self::Status(place), b'0'..=b'9') => Self::Status(place.saturating_add(1)),
            (Self::ResponseVersion(_) | Self::OtherVersion(_) | Self::Status(_) | Self::StatusEnd, _) => {
                return Err(HandshakeViolation::StatusLine);
            }
        })
    }
}

/// Whether a version may have this byte at this place.
#[cfg(not(target_os = "none"))]
// RFC 9112 §2.3: HTTP, in upper case, a slash, a digit, a dot, a digit.
fn is_in_version(place: u8, byte: u8) -> bool {
    match place {
        5 | 7 => byte.is_ascii_digit(),
        _ => b"HTTP/ .".get(usize::from(place)) == Some(&byte),
    }
}

#[cfg(test)]
mod tests {
    use super::FirstLine;
    use crate::handshake::HandshakeViolation;

    /// Where the fault is in the bytes, however they are cut.
    fn fault(start: FirstLine, bytes: &[u8]) -> Option<(usize, HandshakeViolation)> {
        let mut line = start;
        let found = line.find_fault(bytes);
        for cut in 0..=bytes.len() {
            let mut line = start;
            let (first, second) = bytes.split_at(cut);
            let cut_found = line.find_fault(first).or_else(|| {
                line.find_fault(second).map(|(len, violation)| (len.saturating_add(cut), violation))
            });
            assert_eq!(cut_found, found, "{} cut at {cut}", bytes.escape_ascii());
        }
        found
    }

    #[test]
    fn s3_what_is_no_request_line_is_told_at_its_first_wrong_byte() {
        use HandshakeViolation::{LineEnding, RequestLine};
        for (bytes, len, violation) in [
            (&b"\x16\x03\x01\x02\x00"[..], 1, RequestLine),
            (b"\0", 1, RequestLine),
            (b" / HTTP/1.1", 1, RequestLine),
            (b"SSH-2.0-OpenSSH_9.6\r\n", 20, RequestLine),
            (b"*1\r\n$4\r\nPING\r\n", 3, RequestLine),
            (b"EHLO example.com\r\n", 17, RequestLine),
            (b"GET  /", 5, RequestLine),
            (b"GET /\x7f", 6, RequestLine),
            (b"GET / http/1.1", 7, RequestLine),
            (b"GET / HTTP/11", 13, RequestLine),
            (b"GET / HTTP/1.1 ", 15, LineEnding),
            (b"GET / HTTP/1.1\rX", 16, LineEnding),
            (b"\rG", 2, LineEnding),
        ] {
            let found = fault(FirstLine::REQUEST, bytes);
            assert_eq!(found, Some((len, violation)), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn s4_what_is_no_status_line_is_told_at_its_first_wrong_byte() {
        use HandshakeViolation::{HttpVersion, LineEnding, StatusLine};
        for (bytes, len, violation) in [
            (&b"\x15\x03\x03\x00\x02"[..], 1, StatusLine),
            (b"SSH-2.0-OpenSSH_9.6\r\n", 1, StatusLine),
            (b"220 mail.example.com ESMTP\r\n", 1, StatusLine),
            (b"-ERR unknown command\r\n", 1, StatusLine),
            (b"\0\0\x12\x04", 1, StatusLine),
            (b"HTTP/2 200", 7, StatusLine),
            (b"HTTP/2.0 200", 9, HttpVersion),
            (b"HTTP/1.1  101", 10, StatusLine),
            (b"HTTP/1.1 1O1", 11, StatusLine),
            (b"HTTP/1.1 1010", 13, StatusLine),
            (b"HTTP/1.1\r", 9, StatusLine),
            (b"\rH", 2, LineEnding),
        ] {
            let found = fault(FirstLine::RESPONSE, bytes);
            assert_eq!(found, Some((len, violation)), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_may_be_a_first_line_passes() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n\0"[..],
            b"get http://h/?\xc3\xa9#\"<> HTTP/9.9\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"!#$%&'*+-.^_`|~09AZaz",
            b"G\n\0",
            b"\r\n\0",
        ] {
            assert_eq!(fault(FirstLine::REQUEST, bytes), None, "{}", bytes.escape_ascii());
        }
        for bytes in
            [&b"HTTP/1.0 404\r\n\0"[..], b"HTTP/1.1 101 a\x01", b"HTTP/1.9 000 ", b"HTTP\n\0", b"\r\n\0"]
        {
            assert_eq!(fault(FirstLine::RESPONSE, bytes), None, "{}", bytes.escape_ascii());
        }
    }
}
