// Read first: RFC 6455 §5.5.2, §7.1.1.

use core::time::Duration;

use super::Outbound;
use crate::connection::{KeySource, Transport};
use crate::frame::{CloseCode, ControlPayload};
use crate::keepalive::{Due, KeepaliveConfig};

/// The pings of the keepalive.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pings {
    /// How many there were; the payload of the last one.
    pub(super) count: u32,
    /// The ping that waits to be encoded is the last one, not one of the program's.
    pub(super) is_waiting: bool,
    /// The ping that waits to leave is the last one.
    pub(super) is_leaving: bool,
    /// When the last one left, until its pong comes.
    pub(super) left_at: Option<Duration>,
    pub(super) latency: Option<Duration>,
}

impl Pings {
    /// Few programs send such pings themselves.
    pub(super) fn payload(self) -> ControlPayload {
        let [a, b, c, d] = self.count.to_be_bytes();
        ControlPayload::new(&[b'k', b'e', b'e', b'p', a, b, c, d]).unwrap_or_default()
    }
}

/// Whether this is the payload of a ping that a session sends by itself, to see whether the peer lives
/// ([`KeepaliveConfig::with_ping_interval`](crate::keepalive::KeepaliveConfig::with_ping_interval)), and so of the pong that
/// answers it.
///
/// ```
/// # use core::time::Duration;
/// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
/// # use ws_core::keepalive::KeepaliveConfig;
/// use ws_core::frame::ControlPayload;
/// use ws_core::session::is_keepalive;
///
/// assert!(is_keepalive(&ControlPayload::new(b"keep\0\0\0\x01").ok_or("too long")?));
/// assert!(!is_keepalive(&ControlPayload::new(b"hello").ok_or("too long")?));
/// # Ok::<(), &str>(())
/// ```
#[must_use]
pub fn is_keepalive(payload: &ControlPayload) -> bool {
    matches!(payload.as_bytes(), [b'k', b'e', b'e', b'p', _, _, _, _])
}

impl<K: KeySource> Outbound<K> {
    /// Sets the deadlines anew, from the time `now` on: those of an open connection begin again, and so does that of a write
    /// that is blocked. A closing handshake that has begun keeps its deadline.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::keepalive::KeepaliveConfig;
    /// assert_eq!(session.outbound.next_deadline(), None);
    /// let keepalive = KeepaliveConfig::new().with_idle_timeout(Some(Duration::from_secs(60)));
    /// session.outbound.set_keepalive(keepalive, Duration::from_secs(5));
    /// assert_eq!(session.outbound.next_deadline(), Some(Duration::from_secs(65)));
    /// ```
    pub fn set_keepalive(&mut self, config: KeepaliveConfig, now: Duration) {
        self.now = now;
        self.keepalive.set_config(config, now);
        self.clock_closing();
    }

    /// When to call [`poll`](Self::poll) at the latest, or `None` for never unless something happens. It may become
    /// earlier by any other call.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// use ws_core::keepalive::KeepaliveConfig;
    ///
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// let keepalive = KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(30)));
    /// let config = Config::new().with_keepalive(keepalive);
    /// let mut session = Session::new(opened, config, ReadBuffer::new(vec![0; 1024]), Duration::from_secs(1));
    /// assert_eq!(session.outbound.next_deadline(), Some(Duration::from_secs(31)));
    /// session.outbound.transport_failed();
    /// assert_eq!(session.outbound.next_deadline(), None, "nothing is due any more");
    /// ```
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        if self.transport() == Transport::Closed {
            return None;
        }
        if self.send.is_closing() && !self.keepalive.is_closing() {
            // The deadline of the closing handshake begins with the next call that knows the time.
            return Some(self.now);
        }
        self.keepalive.next_deadline()
    }

    /// Until when a writer may wait for the stream: the deadline of a write that takes nothing, or of the closing handshake.
    /// [`poll_write`](Self::poll_write) is due then.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// assert_eq!(session.outbound.next_write_deadline(), None, "nothing was tried yet");
    /// assert_eq!(session.outbound.transmit().len(), 7);
    /// session.outbound.transmitted(3, Duration::from_secs(1));
    /// assert_eq!(session.outbound.next_write_deadline(), Some(Duration::from_secs(31)), "30 s by default");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub fn next_write_deadline(&self) -> Option<Duration> {
        self.keepalive.next_write_deadline()
    }

    /// Does what is due at the time `now`: queues a ping, closes an idle connection, ends one whose peer is gone. Says
    /// which deadline has passed: after [`Due::IdleTimeout`] a Close is queued, after the others
    /// [`transport`](Self::transport) is [`Transport::Closed`].
    ///
    /// Call it only after a read that found nothing: otherwise a busy program sees a timeout whose pong has come already,
    /// and lies in the stream.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// use ws_core::connection::Transport;
    /// use ws_core::keepalive::{Due, KeepaliveConfig};
    ///
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// let keepalive = KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(30)));
    /// let config = Config::new().with_keepalive(keepalive);
    /// let mut session = Session::new(opened, config, ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// assert_eq!(session.outbound.poll(Duration::from_secs(30)), None);
    /// let len = session.outbound.transmit().len();
    /// assert_eq!(len, 10, "a ping was queued");
    /// session.outbound.transmitted(len, Duration::from_secs(30));
    /// assert_eq!(session.outbound.poll(Duration::from_secs(50)), Some(Due::PongTimeout));
    /// assert_eq!(session.outbound.transport(), Transport::Closed);
    /// assert_eq!(session.outbound.timed_out(), Some(Due::PongTimeout));
    /// ```
    pub fn poll(&mut self, now: Duration) -> Option<Due> {
        self.now = now;
        self.is_starved = false;
        self.clock_closing();
        loop {
            let due = self.keepalive.poll(now)?;
            if due == Due::SendPing {
                self.pings.count = self.pings.count.wrapping_add(1);
                self.pings.left_at = None;
                self.pings.is_waiting = true;
                self.send.ping(self.pings.payload());
                continue;
            }
            self.timed_out.get_or_insert(due);
            if due == Due::IdleTimeout {
                self.send.close(CloseCode::GOING_AWAY.into());
                self.clock_closing();
            } else {
                self.transport_failed();
            }
            return Some(due);
        }
    }

    /// Does what is due at the time `now` of what a writer can judge: ends a connection whose peer takes nothing, or does not
    /// close. Says which deadline has passed; [`transport`](Self::transport) is [`Transport::Closed`] then.
    ///
    /// For a thread or task that only writes, to be called after a write that would block. [`poll`](Self::poll) is for the
    /// one that reads.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// # let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// use ws_core::connection::Transport;
    /// use ws_core::keepalive::Due;
    ///
    /// session.outbound.send("Hello")?;
    /// assert_eq!(session.outbound.transmit().len(), 7);
    /// session.outbound.transmitted(0, Duration::from_secs(1)); // the stream takes nothing
    /// assert_eq!(session.outbound.poll_write(Duration::from_secs(30)), None);
    /// assert_eq!(session.outbound.poll_write(Duration::from_secs(31)), Some(Due::WriteTimeout));
    /// assert_eq!(session.outbound.transport(), Transport::Closed);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn poll_write(&mut self, now: Duration) -> Option<Due> {
        self.now = now;
        self.clock_closing();
        let due = self.keepalive.poll_write(now)?;
        self.timed_out.get_or_insert(due);
        self.transport_failed();
        Some(due)
    }

    /// The closing handshake has its deadline from the first call on that knows the time.
    pub(super) fn clock_closing(&mut self) {
        if self.send.is_closing() {
            self.keepalive.closing(self.now);
        }
        self.drop_if_closed();
    }

    /// Where the transport has ended, nothing waits to be written, and nothing is due.
    pub(super) fn drop_if_closed(&mut self) {
        if self.transport() == Transport::Closed {
            self.queue.clear();
            self.keepalive.closed();
        }
    }
}
