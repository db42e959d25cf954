// Read first: RFC 6455 §7.2.3; RFC 9110 §10.2.3.

use core::time::Duration;

use super::Response;

impl Response<'_> {
    /// Whether the status says that the same request may succeed later, so that a client should try again after a delay of
    /// [`Backoff`](crate::Backoff): 408, 425, 429, 500, 502, 503 and 504.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::handshake::{ClientHandshake, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?);
    /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    /// let head = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 120\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
    /// handshake.receive(&request, &mut buffer.input());
    /// let response = handshake.response().ok_or("a response")?;
    /// assert!(response.should_reconnect());
    /// assert_eq!(response.retry_after(), Some(Duration::from_secs(120)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn should_reconnect(&self) -> bool {
        // RFC 9110 §15.5.9, §15.6: a timeout, and what servers and gateways fail with. 425 and 429 are of the registry of §16.2.
        matches!(self.status(), 408 | 425 | 429 | 500 | 502..=504)
    }

    /// How long the server asks to wait before the next request: `Retry-After` in seconds. `None` where there is none, or where it is
    /// a date, which only a clock could turn into a time to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        // RFC 9110 §10.2.3: a date or a number of seconds, in digits.
        let seconds = self.header("Retry-After")?;
        if seconds.is_empty() || !seconds.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let digit = |sum: u64, digit: &u8| sum.saturating_mul(10).saturating_add(u64::from(digit & 0x0f));
        Some(Duration::from_secs(seconds.iter().fold(0, digit)))
    }
}
