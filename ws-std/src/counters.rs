use core::time::Duration;
use std::io;
use std::time::Instant;

use ws_core::connection::{Closure, ClosureCause};
use ws_core::error::Fault;

use crate::error::{Error, Phase};

/// What a connection has carried, and how it ended: plain numbers, for a program's own metrics.
///
/// They cost an addition each and no clock. What went through the opening handshake does not count, and neither does what
/// comes behind both Closes.
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

/// What went in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Traffic {
    /// Bytes that the stream gave or took, headers and all: over TLS those before encryption.
    pub wire_len: u64,
    /// Whole messages. One counts as received when its end was read, as sent when its last frame was given to the stream.
    pub message_count: u64,
    /// Pings, those of the keepalive too.
    pub ping_count: u64,
    /// Pongs, the answers to pings of the keepalive too.
    pub pong_count: u64,
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

impl Traffic {
    #[inline]
    pub(crate) fn add_len(&mut self, len: usize) {
        self.wire_len = self.wire_len.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
    }

    #[inline]
    pub(crate) const fn add_message(&mut self) {
        self.message_count = self.message_count.saturating_add(1);
    }

    pub(crate) const fn add_ping(&mut self) {
        self.ping_count = self.ping_count.saturating_add(1);
    }

    pub(crate) const fn add_pong(&mut self) {
        self.pong_count = self.pong_count.saturating_add(1);
    }

    /// Adds whole control frames, as they are on the wire.
    pub(crate) fn add_control_frames(&mut self, mut frames: &[u8]) {
        // RFC 6455 §5.2: opcode, mask bit and length are in the first two bytes, and a control frame has no further length.
        while let [first, second, ..] = *frames {
            match first & 0x0F {
                0x9 => self.add_ping(),
                0xA => self.add_pong(),
                _ => {}
            }
            let header_len = if second & 0x80 == 0 { 2 } else { 6 };
            let len = usize::from(second & 0x7F).saturating_add(header_len);
            frames = frames.get(len..).unwrap_or_default();
        }
    }
}

impl Outcome {
    /// The same as [`read`](crate::WebSocket::read) says it.
    pub(crate) fn to_result(self) -> Result<(), Error> {
        Err(match self {
            Self::Closed => return Ok(()),
            Self::Fault(fault) => Error::Fault(fault),
            Self::Timeout(phase) => Error::Timeout(phase),
            Self::Disconnected(kind) => Error::Disconnected(kind),
            Self::Io(kind) => Error::Io(kind.into()),
        })
    }

    /// Where a fault of the peer's began the end.
    pub(crate) fn fault(closure: Option<Closure>) -> Option<Self> {
        match closure?.cause {
            ClosureCause::Fault(fault) => Some(Self::Fault(fault)),
            ClosureCause::Peer | ClosureCause::Local | ClosureCause::Transport | _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Traffic;

    #[test]
    fn s5_5_control_frames_are_told_apart_masked_or_not() {
        let mut traffic = Traffic::default();
        traffic.add_control_frames(b"\x8a\x02ab\x89\x83keyyxyz\x8a\x00\x88\x02\x03\xe8");
        assert_eq!((traffic.ping_count, traffic.pong_count), (1, 2));
    }
}
