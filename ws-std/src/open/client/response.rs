use core::fmt;

use ws_core::handshake::{self, ClientHandshake, Header, Headers};

/// The response that opened a WebSocket: its headers, such as the cookies that it sets, from
/// [`Client::connect_with_response`](crate::Client::connect_with_response).
///
/// It keeps the memory of the opening handshake, [`Client::with_head_len_max`](crate::Client::with_head_len_max) bytes, until it is
/// dropped.
pub struct Response {
    handshake: ClientHandshake<Vec<u8>>,
    url: Box<str>,
}

impl Response {
    pub(crate) fn new(handshake: ClientHandshake<Vec<u8>>, url: &str) -> Self {
        Self { handshake, url: url.into() }
    }

    /// The URL that was answered: the one that you connected to, or the one that redirects led to.
    #[must_use]
    pub const fn url(&self) -> &str {
        &self.url
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

    fn response(&self) -> Option<handshake::Response<'_>> {
        self.handshake.response()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("url", &self.url).finish_non_exhaustive()
    }
}
