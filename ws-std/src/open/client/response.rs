use core::fmt;

use ws_core::handshake::{ClientHandshake, Header, OwnedResponse};

/// The response that opened a WebSocket: its headers, such as the cookies that it sets, from
/// [`Client::connect_with_response`](crate::Client::connect_with_response).
///
/// It keeps the memory of the opening handshake, [`Client::with_head_len_max`](crate::Client::with_head_len_max) bytes, until it is
/// dropped.
pub struct Response {
    response: OwnedResponse,
    url: Box<str>,
}

impl Response {
    pub(crate) fn new(handshake: ClientHandshake<Vec<u8>>, url: &str) -> Self {
        Self { response: OwnedResponse::new(handshake), url: url.into() }
    }

    /// The URL that was answered: the one that you connected to, or the one that redirects led to.
    #[must_use]
    pub const fn url(&self) -> &str {
        &self.url
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
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("url", &self.url).finish_non_exhaustive()
    }
}
