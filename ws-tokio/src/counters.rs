use core::time::Duration;
use std::time::Instant;

use ws_core::connection::Closure;
use ws_core::session::Traffic;

/// What a connection has carried, and how it was closed, for your own metrics.
///
/// Each costs an addition, and none needs the clock. The bytes of the opening handshake do not count, nor do those that arrive
/// after both Closes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ws_tokio::Error> {
/// use ws_tokio::{Config, Role, WebSocket};
///
/// let (stream, _peer) = tokio::io::duplex(64);
/// let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"\x81\x80\0\0\0\0")?;
/// assert!(socket.receive().await?.is_some());
/// socket.send("Hello").await?;
/// let counters = socket.counters();
/// assert_eq!((counters.received.message_count, counters.received.wire_len), (1, 6));
/// assert_eq!((counters.sent.message_count, counters.sent.wire_len), (1, 7));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// The moment when the opening handshake was done.
    pub opened_at: Instant,
    /// The traffic from the peer.
    pub received: Traffic,
    /// The traffic to the peer.
    pub sent: Traffic,
    /// The round trip of the last keepalive ping that was answered; see [`latency`](crate::WebSocket::latency).
    pub latency: Option<Duration>,
    /// How the closing handshake went, once it has.
    pub closure: Option<Closure>,
}
