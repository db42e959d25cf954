//! The response of a server, kept.

use alloc::vec::Vec;
use core::fmt;

use super::super::{ClientHandshake, Header, Headers, Response};

/// The response of a server to an opening handshake, which owns its head: for the cookies that it sets, and its other headers.
///
/// ```
/// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest, OwnedResponse};
/// use ws_core::input::ReadBuffer;
/// use ws_core::uri::Uri;
///
/// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
/// let mut handshake = ClientHandshake::new(vec![0; 1024], [7; 16]);
/// let head = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n".to_vec();
/// let len = head.len();
/// let mut buffer = ReadBuffer::with_filled(head, len).ok_or("too short")?;
/// assert_eq!(handshake.receive(&request, &mut buffer.input()), ClientProgress::Rejected);
/// let response = OwnedResponse::new(handshake);
/// assert_eq!((response.status(), response.header("www-authenticate")), (401, Some(&b"Basic"[..])));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct OwnedResponse {
    handshake: ClientHandshake<Vec<u8>>,
}

impl OwnedResponse {
    /// Keeps the response that a handshake has read.
    #[must_use]
    pub const fn new(handshake: ClientHandshake<Vec<u8>>) -> Self {
        Self { handshake }
    }

    /// The status, such as 101; 0 only where the handshake had not read a response.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.as_response().map_or(0, |response| response.status())
    }

    /// The value of the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.as_response().and_then(|response| response.header(name))
    }

    /// All headers, in the order in which they were sent.
    pub fn headers(&self) -> impl Iterator<Item = Header<'_>> {
        self.as_response().map(|response| response.headers()).into_iter().flat_map(Headers::into_iter)
    }

    /// The response, lent. `None` only where the handshake had not read one.
    #[must_use]
    pub fn as_response(&self) -> Option<Response<'_>> {
        self.handshake.response()
    }
}

impl fmt::Debug for OwnedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedResponse").field("status", &self.status()).finish_non_exhaustive()
    }
}
