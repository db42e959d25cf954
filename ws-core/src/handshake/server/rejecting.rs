// Read first: RFC 6455 §4.2.2, §4.4, RFC 9110 §15.

use super::{ServerHandshake, ServerProgress};
use crate::handshake::header::Header;
use crate::handshake::output::{Output, check_headers};
use crate::handshake::{HandshakeFault, HandshakeMisuse, HandshakeViolation, WriteError};

impl<S: AsRef<[u8]> + AsMut<[u8]>, const HEADERS: usize> ServerHandshake<S, HEADERS> {
    /// Writes a response that does not open a connection into `out`, and returns its length in bytes: for requests that you
    /// do not accept, for pages, and for faults that need other words than [`reject_fault`](Self::reject_fault) has.
    ///
    /// The response has `Connection: close` and the length of its body, and no body where the method is HEAD. Close the
    /// connection after it: what the client has sent after the head is the body of its request, or was sent too early, and
    /// must not be taken for another request.
    ///
    /// # Errors
    ///
    /// [`WriteError::BufferTooSmall`] where `out` is too small. [`WriteError::Misuse`] where the status is not 200 to 599 or
    /// has no body and gets one; where a header is one that the handshake writes itself, or could end its line; where there
    /// is no request yet, or it was answered already. The request can still be answered as before; do not send what is in
    /// `out`.
    ///
    /// ```
    /// use ws_core::handshake::{Header, ServerHandshake};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    ///
    /// let mut out = [0; 256];
    /// let len = handshake.respond(200, &[Header::new("Content-Type", "text/html")], b"<p>Hello", &mut out)?;
    /// assert!(out[..len].starts_with(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html\r\n"));
    /// assert!(out[..len].ends_with(b"Content-Length: 8\r\n\r\n<p>Hello"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn respond(
        &mut self,
        status: u16,
        headers: &[Header<'_>],
        body: &[u8],
        out: &mut [u8],
    ) -> Result<usize, WriteError> {
        self.write_rejection(status, headers, body.len(), body, out)
    }

    /// Writes the head of a response that does not open a connection into `out`, and returns its length in bytes. Send it,
    /// and then a body of `body_len` bytes, which need not fit into `out`, unless [`Request::method`] is HEAD. Close the
    /// connection after that.
    ///
    /// [`Request::method`]: crate::handshake::Request::method
    ///
    /// # Errors
    ///
    /// [`WriteError::BufferTooSmall`] where `out` is too small. [`WriteError::Misuse`] where the status is not 200 to 599 or
    /// has no body and gets one; where a header is one that the handshake writes itself, or could end its line; where there
    /// is no request yet, or it was answered already. The request can still be answered as before; do not send what is in
    /// `out`.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"GET /film HTTP/1.1\r\nHost: example.com\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    ///
    /// let mut out = [0; 128];
    /// let len = handshake.respond_head(200, &[], 1 << 30, &mut out)?;
    /// assert_eq!(&out[..len], b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1073741824\r\n\r\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn respond_head(
        &mut self,
        status: u16,
        headers: &[Header<'_>],
        body_len: usize,
        out: &mut [u8],
    ) -> Result<usize, WriteError> {
        self.write_rejection(status, headers, body_len, b"", out)
    }

    fn write_rejection(
        &mut self,
        status: u16,
        headers: &[Header<'_>],
        body_len: usize,
        body: &[u8],
        out: &mut [u8],
    ) -> Result<usize, WriteError> {
        self.check_unanswered()?;
        if !(200..=599).contains(&status) {
            return Err(HandshakeMisuse::Status.into());
        }
        // RFC 9110 §8.6: no Content-Length with 204, and with 304 only that of another response.
        let has_body = !matches!(status, 204 | 205 | 304);
        if body_len > 0 && !has_body {
            return Err(HandshakeMisuse::Body.into());
        }
        check_headers(headers)?;
        let mut output = Output::new(out);
        output.status(status).header("Connection", b"close").headers(headers);
        if has_body || status == 205 {
            output.text("Content-Length: ").number(body_len).text("\r\n");
        }
        output.text("\r\n");
        if !self.is_head() {
            output.bytes(body);
        }
        let len = output.finish()?;
        self.is_answered = true;
        Ok(len)
    }

    /// Writes a ready-made response to a failed request, or the 426 to one that does not ask for a WebSocket, into `out`, and
    /// returns its length in bytes: at most [`REJECT_FAULT_LEN_MAX`].
    ///
    /// The status is [`HandshakeFault::status`]. 405 names the method that is allowed, and 426 the version that is spoken
    /// (RFC 6455 §4.4). The body is one line that says what is wrong; to HEAD there is none. Close the connection after it.
    ///
    /// # Errors
    ///
    /// [`WriteError::BufferTooSmall`] where `out` is too small. [`WriteError::Misuse`] with
    /// [`HandshakeMisuse::NoFault`] where nothing has failed, [`NoRequest`](HandshakeMisuse::NoRequest) where the head is not
    /// complete, and [`AlreadyAnswered`](HandshakeMisuse::AlreadyAnswered). Nothing changes; do not send what is in `out`.
    ///
    /// ```
    /// use ws_core::handshake::{REJECT_FAULT_LEN_MAX, ServerHandshake};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = *b"CONNECT example.com:80 HTTP/1.1\r\nHost: example.com:80\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head, head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 1024]);
    /// handshake.receive(&mut buffer.input());
    ///
    /// let mut out = [0; REJECT_FAULT_LEN_MAX];
    /// let len = handshake.reject_fault(&mut out)?;
    /// assert!(out[..len].starts_with(b"HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nAllow: GET\r\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reject_fault(&mut self, out: &mut [u8]) -> Result<usize, WriteError> {
        self.check_unanswered()?;
        let (status, text) = match self.progress {
            ServerProgress::Failed(fault) => (fault.status(), fault.rejection_text()),
            ServerProgress::NotWebSocket => {
                (426, HandshakeFault::Violation(HandshakeViolation::Upgrade).rejection_text())
            }
            ServerProgress::Request | ServerProgress::NeedInput => {
                return Err(HandshakeMisuse::NoFault.into());
            }
        };
        let mut output = Output::new(out);
        output.status_of_fault(status);
        match status {
            405 => output.text("Connection: close\r\nAllow: GET\r\n"),
            // RFC 9110 §15.5.22: 426 says in Upgrade what is required, which makes Connection say it, too.
            426 => output
                .text("Connection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"),
            _ => output.text("Connection: close\r\n"),
        };
        output.text("Content-Type: text/plain\r\nContent-Length: ").number(text.len().saturating_add(1));
        output.text("\r\n\r\n");
        if !self.is_head() {
            output.text(text).text("\n");
        }
        let len = output.finish()?;
        self.is_answered = true;
        Ok(len)
    }

    /// Whether the answer must not have a body, whatever its length says.
    // RFC 9110 §9.3.2: a response to HEAD has the headers of one to GET, and no content.
    fn is_head(&self) -> bool {
        self.head.bytes().starts_with(b"HEAD ")
    }

    fn check_unanswered(&self) -> Result<(), HandshakeMisuse> {
        if self.is_answered {
            return Err(HandshakeMisuse::AlreadyAnswered);
        }
        if self.progress == ServerProgress::NeedInput {
            return Err(HandshakeMisuse::NoRequest);
        }
        Ok(())
    }
}

/// The longest response that [`ServerHandshake::reject_fault`] writes, in bytes.
///
/// ```
/// use ws_core::handshake::{REJECT_FAULT_LEN_MAX, ServerHandshake};
/// use ws_core::input::ReadBuffer;
///
/// // Not even a request line.
/// let mut buffer = ReadBuffer::with_filled(*b"\x16\x03\x01\r\n\r\n", 7).ok_or("too long")?;
/// let mut handshake = ServerHandshake::new([0; 1024]);
/// handshake.receive(&mut buffer.input());
/// assert!(handshake.reject_fault(&mut [0; REJECT_FAULT_LEN_MAX]).is_ok());
/// # Ok::<(), &'static str>(())
/// ```
pub const REJECT_FAULT_LEN_MAX: usize = 320;
