use core::time::Duration;
use std::io;
use std::time::Instant;

use ws_core::connection::Closure;
use ws_core::error::Fault;
use ws_core::session::Traffic;

#[cfg(doc)]
use crate::error::Error;
use crate::error::Phase;

/// What a connection has carried, and how it ended, for your own metrics.
///
/// Each costs an addition, and none needs the clock. The bytes of the opening handshake do not count, nor do those that arrive
/// after both Closes.
///
/// ```
/// use ws_std::{AnyStream, Config, Outcome, Role, WebSocket};
///
/// # let stream = std::io::Cursor::new(Vec::new());
/// let mut socket = WebSocket::after_handshake(AnyStream(stream), Role::Server, Config::new(), b"\x81\x80\0\0\0\0")?;
/// assert!(socket.read()?.is_some());
/// socket.send("Hello")?;
/// let counters = socket.counters();
/// assert_eq!((counters.received.message_count, counters.received.wire_len), (1, 6));
/// assert_eq!((counters.sent.message_count, counters.sent.wire_len), (1, 7));
/// assert_eq!(counters.outcome, None);
/// # Ok::<(), ws_std::Error>(())
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
    /// Why the connection ended, once it has.
    pub outcome: Option<Outcome>,
    /// How the closing handshake went, once it has.
    pub closure: Option<Closure>,
}

/// Why a connection ended: the same cases as [`Error`] has, as plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// By a closing handshake; [`Closure::status`] has the peer's code.
    Closed,
    /// The peer broke the rules or exceeded a limit: [`Error::Fault`].
    Fault(Fault),
    /// This phase took too long: [`Error::Timeout`].
    Timeout(Phase),
    /// The stream ended or was reset without a closing handshake: [`Error::Disconnected`].
    Disconnected(Option<io::ErrorKind>),
    /// The stream failed: [`Error::Io`].
    Io(io::ErrorKind),
}
