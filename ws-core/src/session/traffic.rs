/// What went in one direction: plain numbers, for a program's own metrics.
///
/// They cost an addition each. What went through the opening handshake does not count.
///
/// ```
/// use core::time::Duration;
/// use ws_core::connection::RoleKeys;
/// use ws_core::input::ReadBuffer;
/// use ws_core::session::{Config, NoKeys, Opened, Session};
///
/// let opened = Opened::<NoKeys>::new(RoleKeys::Server);
/// let buffer = ReadBuffer::with_filled(b"\x81\x80\0\0\0\0".to_vec(), 6).ok_or("too short")?;
/// let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
/// let _empty = session.inbound.next(&mut session.outbound);
/// let received = session.inbound.traffic();
/// assert_eq!((received.message_count, received.wire_len), (1, 6));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Traffic {
    /// Bytes that the stream gave or took, headers and all.
    pub wire_len: u64,
    /// Whole messages. One counts as received when its end was taken, as sent when its last frame was queued.
    pub message_count: u64,
    /// Pings, those of the keepalive too.
    pub ping_count: u64,
    /// Pongs, the answers to pings of the keepalive too.
    pub pong_count: u64,
}

impl Traffic {
    #[inline]
    pub(super) fn add_len(&mut self, len: usize) {
        self.wire_len = self.wire_len.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
    }

    #[inline]
    pub(super) const fn add_message(&mut self) {
        self.message_count = self.message_count.wrapping_add(1);
    }

    pub(super) const fn add_ping(&mut self) {
        self.ping_count = self.ping_count.wrapping_add(1);
    }

    pub(super) const fn add_pong(&mut self) {
        self.pong_count = self.pong_count.wrapping_add(1);
    }
}
