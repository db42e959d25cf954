use core::time::Duration;
use std::io;
use std::time::Instant;

use ws_core::connection::Closure;
use ws_core::error::Fault;
use ws_core::session::Traffic;

#[cfg(doc)]
use crate::error::Error;
use crate::error::Phase;

/// What a connection has carried, and how it ended: plain numbers, for a program's own metrics.
///
/// They cost an addition each and no clock. What went through the opening handshake does not count, and neither does what
/// comes after both Closes.
///
/// ```
/// use ws_std::{AnyStream, Config, Outcome, Role, WebSocket};
///
/// # let stream = std::io::Cursor::new(Vec::new());
/// let mut socket = WebSocket::after_handshake(AnyStream(stream), Role::Server, Config::new(), b"\x81\x80\0\0\0\0")?;
/// assert!(socket.read()?.is_some());
/// socket.send_text("Hello")?;
/// let counters = socket.counters();
/// assert_eq!((counters.received.message_count, counters.received.wire_len), (1, 6));
/// assert_eq!((counters.sent.message_count, counters.sent.wire_len), (1, 7));
/// assert_eq!(counters.outcome, None);
/// # Ok::<(), ws_std::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// When the opening handshake was done.
    pub opened_at: Instant,
    /// What came from the peer.
    pub received: Traffic,
    /// What went to the peer.
    pub sent: Traffic,
    /// The round trip of the last keepalive ping that was answered, as [`latency`](crate::WebSocket::latency).
    pub latency: Option<Duration>,
    /// Why the connection ended, once it has.
    pub outcome: Option<Outcome>,
    /// How the closing handshake went, once it has.
    pub closure: Option<Closure>,
}

/// Why a connection ended: what [`Error`] says of it, as plain data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// By a closing handshake; [`Closure::status`] has the peer's code.
    Closed,
    /// As [`Error::Fault`].
    Fault(Fault),
    /// As [`Error::Timeout`].
    Timeout(Phase),
    /// As [`Error::Disconnected`].
    Disconnected(Option<io::ErrorKind>),
    /// As [`Error::Io`].
    Io(io::ErrorKind),
}
