use core::fmt;

use ws_core::handshake::{ClientHandshake, Header, Headers, Response};

/// The answer of a server that did not open a WebSocket: 401 asks for credentials, 3xx names another URL. Or that of a proxy which did
/// not open a stream: 407 asks for credentials.
///
/// Before you follow a redirect: do not send the credentials of one origin to another, and do not follow from `wss:` to `ws:`.
pub struct Refusal {
    handshake: ClientHandshake<Vec<u8>>,
    body: Vec<u8>,
    /// Where it came from: the server, or the proxy.
    sender: &'static str,
}

impl Refusal {
    pub(crate) const fn new(handshake: ClientHandshake<Vec<u8>>, body: Vec<u8>) -> Self {
        Self { handshake, body, sender: "server" }
    }

    #[cfg(feature = "proxy")]
    pub(crate) const fn by_proxy(handshake: ClientHandshake<Vec<u8>>) -> Self {
        Self { handshake, body: Vec::new(), sender: "proxy" }
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

    /// All headers, in the order in which they were sent.
    pub fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        self.response().map(|response| response.headers()).into_iter().flat_map(Headers::into_iter)
    }

    /// The body, without chunk sizes: at most its first 4 KiB, and only what arrived within a second after the head; on a
    /// non-blocking stream, what arrived with the head. A content coding such as gzip is not decoded. Empty where a proxy answered.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn response(&self) -> Option<Response<'_>> {
        self.handshake.response()
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
