use alloc::vec::Vec;
use core::fmt;

use super::OwnedResponse;
use crate::handshake::{ClientHandshake, Header, Response};

/// The answer of a server that did not open a WebSocket: 401 asks for credentials, 3xx names another URL. Or that of a proxy which did
/// not open a stream: 407 asks for credentials.
///
/// Before you follow a redirect: do not send the credentials of one origin to another, and do not follow from `wss:` to `ws:`.
pub struct Refusal {
    response: OwnedResponse,
    body: Vec<u8>,
    /// "server" or "proxy": where it came from.
    sender: &'static str,
}

impl Refusal {
    /// Makes a refusal of a handshake that has returned [`ClientProgress::Rejected`](crate::handshake::ClientProgress), and of the
    /// body of the response, as far as it was read (by a [`ResponseBody`](crate::handshake::ResponseBody)).
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest, Refusal};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
    /// let mut handshake = ClientHandshake::new(vec![0; 1024], [7; 16]);
    /// let response = b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\ngone\n".to_vec();
    /// let len = response.len();
    /// let mut buffer = ReadBuffer::with_filled(response, len).ok_or("too short")?;
    /// assert_eq!(handshake.receive(&request, &mut buffer.input()), ClientProgress::Rejected);
    /// let refusal = Refusal::new(handshake, buffer.unread().to_vec());
    /// assert_eq!((refusal.status(), refusal.body()), (404, &b"gone\n"[..]));
    /// assert_eq!(refusal.to_string(), "the server answered 404 Not Found");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn new(handshake: ClientHandshake<Vec<u8>>, body: Vec<u8>) -> Self {
        Self { response: OwnedResponse::new(handshake), body, sender: "server" }
    }

    /// Makes a refusal of the response of a proxy that was asked for a tunnel by CONNECT.
    #[must_use]
    pub const fn by_proxy(handshake: ClientHandshake<Vec<u8>>) -> Self {
        Self { response: OwnedResponse::new(handshake), body: Vec::new(), sender: "proxy" }
    }

    /// The status, such as 404.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status()
    }

    /// The value of the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.response.header(name)
    }

    /// All headers, in the order in which they were sent.
    pub fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        self.response.headers()
    }

    /// The body, without chunk sizes, as far as it was read: the adapters read its first 4 KiB, and only what arrives within a second
    /// after the head; on a non-blocking stream, what arrived with the head. A content coding such as gzip is not decoded. Empty where
    /// a proxy answered.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The head of the response. `None` only where the handshake had not read one.
    #[must_use]
    pub fn response(&self) -> Option<Response<'_>> {
        self.response.as_response()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.response().map(|response| response.reason()).unwrap_or_default();
        write!(f, "the {} answered {} {}", self.sender, self.status(), reason.escape_ascii())
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("status", &self.status())
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}
