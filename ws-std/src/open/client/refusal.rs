use core::fmt;

use ws_core::handshake::{ClientHandshake, Headers, Response};

use crate::Stream;
use crate::open::handshake_stream::Greeting;

/// What a server answered instead of opening a WebSocket: 401 asks for credentials, 3xx names another URL.
///
/// Nothing is done about it here: whoever follows a redirect should not take credentials along to another host, nor go
/// from `wss:` to `ws:`.
pub struct Refusal {
    handshake: ClientHandshake<Vec<u8>>,
    body: Vec<u8>,
}

impl Refusal {
    /// Reads the beginning of the body, as far as it comes in time.
    pub(crate) fn read<S: Stream>(handshake: ClientHandshake<Vec<u8>>, mut greeting: Greeting<S>) -> Self {
        let body_len = handshake.response().map_or(Some(0), body_len);
        let is_done = |body: &[u8]| match body_len {
            Some(len) => body.len() >= len,
            // The last chunk of a chunked body, or else the end of the stream.
            None => body.ends_with(b"\r\n0\r\n\r\n") || body == b"0\r\n\r\n",
        };
        while !is_done(greeting.buffer.unread()) && matches!(greeting.fill(), Ok(true)) {}
        let body = greeting.buffer.unread();
        let body = body.get(..body_len.unwrap_or(usize::MAX)).unwrap_or(body).to_vec();
        Self { handshake, body }
    }

    /// The status, such as 404.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response().map_or(0, |response| response.status())
    }

    /// The value of the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.response().and_then(|response| response.header(name))
    }

    /// All headers, in their order.
    pub fn headers(&self) -> impl Iterator<Item = ws_core::handshake::Header<'_>> {
        self.response().map(|response| response.headers()).into_iter().flat_map(Headers::into_iter)
    }

    /// The body as it was sent, or its first 4 KiB, or what of it came in time. A chunked one has its chunk sizes.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    fn response(&self) -> Option<Response<'_>> {
        self.handshake.response()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = self.response().map(|response| response.reason()).unwrap_or_default();
        write!(f, "the server answered {} {}", self.status(), reason.escape_ascii())
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

/// How long the body is, where the head says so.
fn body_len(response: Response<'_>) -> Option<usize> {
    if matches!(response.status(), 100..=199 | 204 | 304) {
        return Some(0);
    }
    core::str::from_utf8(response.header("Content-Length")?).ok()?.parse().ok()
}
