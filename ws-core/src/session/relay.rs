use core::time::Duration;

use crate::connection::Signal;
use crate::frame::ControlPayload;

/// What [`Inbound`](super::Inbound) reports to [`Outbound`](super::Outbound).
///
/// ```
/// use core::time::Duration;
/// use ws_core::session::{Note, Relay};
///
/// let mut notes = Vec::new();
/// let mut relay = |note: Note| notes.push(note); // such as one that locks the other half
/// relay.relay(Note::Heard { at: Duration::from_secs(3), has_message: false });
/// assert_eq!(notes.len(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// What an event means for sending: a pong, the answer to a Close, the Close that reports a fault, the end.
    Signal(Signal),
    /// Bytes came, the last of them then: the peer lives.
    Heard {
        /// The time that was given to [`Inbound::filled`](super::Inbound::filled).
        at: Duration,
        /// A message was among them.
        has_message: bool,
    },
    /// A pong came.
    Pong {
        /// What the ping had.
        payload: ControlPayload,
        /// The time that was given to [`Inbound::filled`](super::Inbound::filled).
        at: Duration,
    },
}

/// Where [`Inbound`](super::Inbound) reports to: [`Outbound`](super::Outbound) itself, or a closure that reaches it, for
/// example through a lock. Everything has to be passed on, in order.
///
/// ```
/// use core::time::Duration;
/// use std::sync::Mutex;
/// use ws_core::connection::RoleKeys;
/// use ws_core::input::ReadBuffer;
/// use ws_core::session::{Config, NoKeys, Opened, Relay as _, Session};
///
/// let opened = Opened::<NoKeys>::new(RoleKeys::Server);
/// let buffer = ReadBuffer::new(vec![0; 1024]);
/// let Session { mut inbound, outbound, .. } = Session::new(opened, Config::new(), buffer, Duration::ZERO);
/// let outbound = Mutex::new(outbound);
/// // The lock is held to report, not while a message is parsed or used.
/// let event = inbound.next(&mut |note| {
///     if let Ok(mut outbound) = outbound.lock() {
///         outbound.relay(note);
///     }
/// });
/// assert_eq!(event, None);
/// ```
pub trait Relay {
    /// Takes a note in.
    fn relay(&mut self, note: Note);
}

impl<F: FnMut(Note)> Relay for F {
    fn relay(&mut self, note: Note) {
        self(note);
    }
}
