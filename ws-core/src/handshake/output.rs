// Read first: RFC 9112 §3, §4, §5.

use super::field::{FieldName, has_control};
use super::header::Header;
use super::{HandshakeMisuse, WriteError};
use crate::extension::{DeflateText, is_token};

/// Writes a head. Once `out` is full it only counts, so that the required length can be reported.
pub(super) struct Output<'o> {
    out: &'o mut [u8],
    len: usize,
}

impl<'o> Output<'o> {
    pub(super) fn new(out: &'o mut [u8]) -> Self {
        Self { out, len: 0 }
    }

    /// Inlined, so that a short text is a few stores and not a call; but not on a microcontroller, where a copy of it at
    /// each place would be the largest part of a handshake.
    #[cfg_attr(target_os = "none", inline(never))]
    #[cfg_attr(not(target_os = "none"), inline)]
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let room = self.out.get_mut(self.len..).and_then(|room| room.get_mut(..bytes.len()));
        if let Some(room) = room {
            room.copy_from_slice(bytes);
        }
        self.len = self.len.saturating_add(bytes.len());
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn header(&mut self, name: &str, value: &[u8]) -> &mut Self {
        self.text(name).text(": ").bytes(value).text("\r\n")
    }

    pub(super) fn headers(&mut self, headers: &[Header<'_>]) -> &mut Self {
        for header in headers {
            self.header(header.name, header.value);
        }
        self
    }

    /// The extensions of the caller, followed by `permessage-deflate`, where there are such.
    ///
    /// The order is the one in which they apply (RFC 6455 §9.1): what the caller's extensions make of a message is
    /// compressed.
    pub(super) fn extensions(&mut self, callers: Option<&str>, deflate: Option<DeflateText>) -> &mut Self {
        if callers.is_none() && deflate.is_none() {
            return self;
        }
        self.text("Sec-WebSocket-Extensions: ").text(callers.unwrap_or_default());
        if let Some(deflate) = deflate {
            self.text(if callers.is_some() { ", " } else { "" }).text(deflate.as_str());
        }
        self.text("\r\n")
    }

    /// A number in decimal digits. Without `core::fmt`, which would be larger than all the rest of a handshake.
    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        let mut digits = [b'0'; 20];
        let mut rest = number;
        let mut len: usize = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0'.saturating_add(u8::try_from(rest % 10).unwrap_or_default());
            rest /= 10;
            len = len.saturating_add(1);
            if rest == 0 {
                break;
            }
        }
        let (_, digits) = digits.split_at(digits.len().saturating_sub(len));
        self.bytes(digits)
    }

    /// The status line of a response.
    pub(super) fn status(&mut self, status: u16) -> &mut Self {
        self.status_line(status, reason(status))
    }

    /// The status line of a response to a fault: a server that writes no other rejections holds no other words.
    pub(super) fn status_of_fault(&mut self, status: u16) -> &mut Self {
        self.status_line(status, fault_reason(status))
    }

    fn status_line(&mut self, status: u16, reason: &str) -> &mut Self {
        self.text("HTTP/1.1 ").number(usize::from(status)).text(" ").text(reason).text("\r\n")
    }

    /// How much was written, where it was all.
    pub(super) fn finish(&self) -> Result<usize, WriteError> {
        if self.len > self.out.len() {
            return Err(WriteError::BufferTooSmall { required: self.len });
        }
        Ok(self.len)
    }
}

/// Headers that the caller adds: nothing that the handshake writes itself, nothing that ends a line.
pub(super) fn check_headers(headers: &[Header<'_>]) -> Result<(), HandshakeMisuse> {
    for header in headers {
        if !is_token(header.name.as_bytes()) {
            return Err(HandshakeMisuse::HeaderName);
        }
        if is_reserved(header.name) {
            return Err(HandshakeMisuse::ReservedHeader);
        }
        if has_control(header.value) {
            return Err(HandshakeMisuse::HeaderValue);
        }
    }
    Ok(())
}

fn is_reserved(name: &str) -> bool {
    let prefix = name.split_at_checked("sec-websocket-".len()).map(|(prefix, _)| prefix);
    FieldName::of(name) != FieldName::Other
        || prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case("sec-websocket-"))
}

/// The usual words for a status; they mean nothing to a program.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        401 => "Unauthorized",
        404 => "Not Found",
        408 => "Request Timeout",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => fault_reason(status),
    }
}

/// The usual words for what [`HandshakeFault::status`](super::HandshakeFault::status) may be.
fn fault_reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        403 => "Forbidden",
        405 => "Method Not Allowed",
        414 => "URI Too Long",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}
