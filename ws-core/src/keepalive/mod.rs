//! When to ping, and when to stop waiting: all deadlines of a connection as a pure function of the caller's clock.
//!
//! [`Keepalive`] neither waits nor reads a clock. Report to it what happens and when:
//!
//! | when | call |
//! |---|---|
//! | the opening handshake begins | [`Keepalive::new`] |
//! | it is finished | [`established`](Keepalive::established) |
//! | bytes arrived | [`received`](Keepalive::received) |
//! | a message arrived, or was sent | [`message`](Keepalive::message) |
//! | the last byte of a ping left | [`ping_sent`](Keepalive::ping_sent) |
//! | the stream takes no bytes, some, all | [`write_blocked`](Keepalive::write_blocked), [`write_progress`](Keepalive::write_progress), [`write_idle`](Keepalive::write_idle) |
//! | the first Close was sent or received | [`closing`](Keepalive::closing) |
//! | the transport has ended | [`closed`](Keepalive::closed) |
//!
//! In return it says until when to wait ([`next_deadline`](Keepalive::next_deadline)) and what is due then
//! ([`poll`](Keepalive::poll)).
//!
//! Call `poll` only after a read that found nothing: a program that was busy for long may have the pong in its stream already.

// Read first: RFC 6455 §5.5.2, §5.5.3.

mod config;
mod timeouts;
mod writing;

pub use config::KeepaliveConfig;
pub use timeouts::Timeouts;

use core::time::Duration;

/// What is to be done now: the result of [`Keepalive::poll`].
///
/// ```
/// use core::time::Duration;
/// use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};
///
/// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
/// let is_to_be_dropped = match keepalive.poll(Duration::from_secs(10)) {
///     Some(Due::SendPing) => false, // queue a ping
///     Some(Due::IdleTimeout) => false, // queue a Close with 1001
///     Some(_) => true,
///     None => false,
/// };
/// assert!(is_to_be_dropped, "the handshake takes too long");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Due {
    /// Send a ping (RFC 6455 §5.5.2), and call [`Keepalive::ping_sent`] when its last byte has left.
    SendPing,
    /// Nothing came since the ping: the peer is gone. Drop the connection; nobody is there to read a Close.
    PongTimeout,
    /// No message for too long. Close the connection.
    IdleTimeout,
    /// The stream has taken nothing for too long, although bytes wait: the peer does not read. Drop the connection.
    WriteTimeout,
    /// The opening handshake takes too long. Drop the connection.
    HandshakeTimeout,
    /// The closing handshake takes too long. Drop the connection.
    CloseTimeout,
}

/// The deadlines of one connection, from the first byte of the handshake to the end.
///
/// Every time is a [`Duration`] since any moment that the caller chose, always the same. A clock that goes back
/// does no harm beyond wrong deadlines. Everything due is reported once: to be due again it takes a new cause.
///
/// ```
/// use core::time::Duration;
/// use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};
///
/// let at = Duration::from_secs;
/// let config = KeepaliveConfig::new().with_ping_interval(Some(at(60)));
/// let mut keepalive = Keepalive::new(config, at(0));
/// assert_eq!(keepalive.next_deadline(), Some(at(10)), "to finish the handshake");
///
/// keepalive.established(at(1));
/// keepalive.received(at(5));
/// assert_eq!(keepalive.next_deadline(), Some(at(65)), "wait for the stream until then");
/// assert_eq!(keepalive.poll(at(64)), None);
/// assert_eq!(keepalive.poll(at(65)), Some(Due::SendPing));
///
/// keepalive.ping_sent(at(66)); // it had to wait for other bytes
/// assert_eq!(keepalive.next_deadline(), Some(at(86)));
/// keepalive.received(at(67)); // the pong, or anything else
/// assert_eq!(keepalive.poll(at(86)), None);
///
/// keepalive.closing(at(90));
/// assert_eq!(keepalive.poll(at(100)), Some(Due::CloseTimeout));
/// assert_eq!((keepalive.poll(at(999)), keepalive.next_deadline()), (None, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Keepalive {
    config: KeepaliveConfig,
    phase: Phase,
    write: Write,
}

/// Each `Option<Duration>` is the time at which that is due, or `None` for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Handshake { timeout: Option<Duration> },
    Open { ping: Ping, idle: Option<Duration> },
    Closing { timeout: Option<Duration> },
    Closed,
}

/// How far the next ping is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Ping {
    /// To be sent then.
    Due(Option<Duration>),
    /// It was asked for, and has not left yet.
    Waits,
    /// The peer has to show life until then.
    Sent(Option<Duration>),
}

/// Whether bytes wait that the stream does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Write {
    Idle,
    /// It has to take some until then.
    Blocked(Option<Duration>),
}

impl Keepalive {
    /// Starts the deadline of the opening handshake.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};
    ///
    /// const OPENING: Keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::from_secs(100));
    /// let mut keepalive = OPENING;
    /// assert_eq!(keepalive.poll(Duration::from_secs(109)), None);
    /// assert_eq!(keepalive.poll(Duration::from_secs(110)), Some(Due::HandshakeTimeout));
    /// ```
    #[must_use]
    pub const fn new(config: KeepaliveConfig, now: Duration) -> Self {
        let phase = Phase::Handshake { timeout: after(now, config.handshake_timeout()) };
        Self { config, phase, write: Write::Idle }
    }

    /// Reports that the opening handshake is finished: the deadlines of an open connection begin. Changes nothing where it
    /// was finished before.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// assert_eq!(keepalive.next_deadline(), None, "by default, an open connection may be silent");
    /// ```
    pub fn established(&mut self, now: Duration) {
        if let Phase::Handshake { .. } = self.phase {
            self.phase = self.open(now);
        }
    }

    /// Reports that bytes arrived, of whatever frame: the peer lives. The next ping is due an interval after `now`, and no
    /// pong is waited for any more; a ping that was asked for and has not left yet is still waited for.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let config = KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(30)));
    /// let mut keepalive = Keepalive::new(config, Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// keepalive.received(Duration::from_secs(9));
    /// assert_eq!(keepalive.next_deadline(), Some(Duration::from_secs(39)));
    /// ```
    #[inline]
    pub fn received(&mut self, now: Duration) {
        let due = after(now, self.ping_interval());
        if let Phase::Open { ping: ping @ (Ping::Due(_) | Ping::Sent(_)), .. } = &mut self.phase {
            *ping = Ping::Due(due);
        }
    }

    /// Reports that a text or binary message was received, or sent where that is to count too: the connection is in use, and
    /// its idle timeout begins anew.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let config = KeepaliveConfig::new().with_idle_timeout(Some(Duration::from_secs(60)));
    /// let mut keepalive = Keepalive::new(config, Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// keepalive.message(Duration::from_secs(50));
    /// assert_eq!(keepalive.next_deadline(), Some(Duration::from_secs(110)));
    /// ```
    #[inline]
    pub fn message(&mut self, now: Duration) {
        if let Phase::Open { idle, .. } = &mut self.phase {
            *idle = after(now, self.config.idle_timeout());
        }
    }

    /// Reports that the last byte of a ping left: the peer has the pong timeout from `now` on to show life.
    ///
    /// From [`Due::SendPing`] until this call no ping and no pong is due, however long the ping waits for its turn: what
    /// ends a connection that is stuck meanwhile is the write timeout. Call it too where the ping is not sent after all. A
    /// ping that the program sends unasked may be reported as well. Changes nothing while a pong is waited for already.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};
    ///
    /// let config = KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(30)));
    /// let mut keepalive = Keepalive::new(config, Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// assert_eq!(keepalive.poll(Duration::from_secs(31)), Some(Due::SendPing));
    /// assert_eq!(keepalive.next_deadline(), None, "it waits for megabytes of payload to leave");
    /// keepalive.ping_sent(Duration::from_secs(75));
    /// assert_eq!(keepalive.poll(Duration::from_secs(95)), Some(Due::PongTimeout));
    /// ```
    pub fn ping_sent(&mut self, now: Duration) {
        let (pong, next) = (after(now, self.config.pong_timeout()), after(now, self.ping_interval()));
        if let Phase::Open { ping: ping @ (Ping::Due(_) | Ping::Waits), .. } = &mut self.phase {
            // Where no pong has to come, now or ever, the next ping is all that there is to wait for.
            *ping = if pong.is_some() { Ping::Sent(pong) } else { Ping::Due(next) };
        }
    }

    /// Reports that bytes wait to be written and the stream takes none: it has the write timeout from `now` on to take some.
    /// Changes nothing where it was blocked already, or while the opening handshake goes on.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// keepalive.write_blocked(Duration::from_secs(2));
    /// keepalive.write_blocked(Duration::from_secs(20));
    /// assert_eq!(keepalive.next_deadline(), Some(Duration::from_secs(32)));
    /// ```
    pub fn write_blocked(&mut self, now: Duration) {
        if self.may_write() && self.write == Write::Idle {
            self.write = Write::Blocked(after(now, self.config.write_timeout()));
        }
    }

    /// Reports that the stream took bytes after it had taken less than was there, and that others still wait: the write
    /// timeout begins anew, and the peer lives, as [`received`](Self::received) says. Nothing of that while the opening
    /// handshake goes on.
    ///
    /// Do not call it for a write that the stream takes as a whole: that only shows that the operating system has room.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// keepalive.write_blocked(Duration::from_secs(2));
    /// keepalive.write_progress(Duration::from_secs(20));
    /// assert_eq!(keepalive.next_deadline(), Some(Duration::from_secs(50)));
    /// ```
    pub fn write_progress(&mut self, now: Duration) {
        self.received(now);
        if self.may_write() {
            self.write = Write::Blocked(after(now, self.config.write_timeout()));
        }
    }

    /// Reports that nothing waits to be written: the write timeout ends.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// keepalive.write_blocked(Duration::from_secs(2));
    /// keepalive.write_idle();
    /// assert_eq!(keepalive.next_deadline(), None);
    /// ```
    pub const fn write_idle(&mut self) {
        self.write = Write::Idle;
    }

    /// Reports that the first Close was sent or received: no ping is due any more, and the close timeout begins. A second
    /// call changes nothing.
    ///
    /// RFC 6455 §5.5.2 would allow pings until the connection is closed. There are none, since the close timeout says when to
    /// give up.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};
    ///
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// keepalive.closing(Duration::from_secs(5));
    /// keepalive.closing(Duration::from_secs(9));
    /// assert_eq!(keepalive.poll(Duration::from_secs(15)), Some(Due::CloseTimeout));
    /// ```
    pub fn closing(&mut self, now: Duration) {
        if let Phase::Handshake { .. } | Phase::Open { .. } = self.phase {
            self.phase = Phase::Closing { timeout: after(now, self.config.close_timeout()) };
        }
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> KeepaliveConfig {
        self.config
    }

    /// Replaces the configuration. What is waited for while the connection is open begins anew, and so does the timeout of a
    /// write that is blocked; the deadline of a handshake that has begun, opening or closing, stays as it is.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// let config = KeepaliveConfig::new().with_idle_timeout(Some(Duration::from_secs(60)));
    /// keepalive.set_config(config, Duration::from_secs(100));
    /// assert_eq!(keepalive.next_deadline(), Some(Duration::from_secs(160)));
    /// ```
    pub fn set_config(&mut self, config: KeepaliveConfig, now: Duration) {
        self.config = config;
        if let Phase::Open { .. } = self.phase {
            self.phase = self.open(now);
        }
        if let Write::Blocked(deadline) = &mut self.write {
            *deadline = after(now, config.write_timeout());
        }
    }

    /// Whether the first Close was sent or received, and the transport has not ended.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// keepalive.closing(Duration::from_secs(1));
    /// assert!(keepalive.is_closing());
    /// keepalive.closed();
    /// assert!(!keepalive.is_closing());
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. })
    }

    /// Reports that the transport has ended: nothing will be due any more.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// keepalive.closed();
    /// assert_eq!(keepalive.next_deadline(), None);
    /// ```
    pub const fn closed(&mut self) {
        self.phase = Phase::Closed;
    }

    /// When to call [`poll`](Self::poll) at the latest, or `None` for never unless something happens.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let now = Duration::from_secs(3);
    /// let keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// let wait = keepalive.next_deadline().map(|deadline| deadline.saturating_sub(now));
    /// assert_eq!(wait, Some(Duration::from_secs(7)));
    /// ```
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.next().map(|(deadline, _)| deadline)
    }

    /// What is due now, the longest overdue first; call it until it gives `None`.
    ///
    /// Always `None` before [`next_deadline`](Self::next_deadline), never at it or after.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};
    ///
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// assert_eq!(keepalive.poll(Duration::from_secs(9)), None);
    /// assert_eq!(keepalive.poll(Duration::from_secs(12)), Some(Due::HandshakeTimeout));
    /// assert_eq!(keepalive.poll(Duration::from_secs(12)), None, "it is reported once");
    /// ```
    pub fn poll(&mut self, now: Duration) -> Option<Due> {
        let (_, due) = self.next().filter(|&(deadline, _)| deadline <= now)?;
        match (due, &mut self.phase) {
            (Due::WriteTimeout, _) => self.write = Write::Blocked(None),
            (_, Phase::Handshake { timeout } | Phase::Closing { timeout }) => *timeout = None,
            (Due::SendPing, Phase::Open { ping, .. }) => *ping = Ping::Waits,
            (Due::PongTimeout, Phase::Open { ping, .. }) => *ping = Ping::Sent(None),
            (_, Phase::Open { idle, .. }) => *idle = None,
            (_, Phase::Closed) => {}
        }
        Some(due)
    }

    fn open(&self, now: Duration) -> Phase {
        let ping = Ping::Due(after(now, self.ping_interval()));
        Phase::Open { ping, idle: after(now, self.config.idle_timeout()) }
    }

    /// Whether writes are judged here: those of the opening handshake have the deadline of that.
    const fn may_write(&self) -> bool {
        matches!(self.phase, Phase::Open { .. } | Phase::Closing { .. })
    }

    /// The earliest deadline; of several at once, the one that makes the others needless.
    fn next(&self) -> Option<(Duration, Due)> {
        let write = match self.write {
            Write::Idle => None,
            Write::Blocked(deadline) => deadline,
        };
        let write = (write, Due::WriteTimeout);
        let dues = match self.phase {
            Phase::Handshake { timeout } => [(timeout, Due::HandshakeTimeout), NEVER, NEVER],
            Phase::Open { ping, idle } => {
                let idle = (idle, Due::IdleTimeout);
                match ping {
                    Ping::Due(at) => [write, idle, (at, Due::SendPing)],
                    Ping::Waits => [write, idle, NEVER],
                    Ping::Sent(at) => [(at, Due::PongTimeout), write, idle],
                }
            }
            Phase::Closing { timeout } => [(timeout, Due::CloseTimeout), write, NEVER],
            Phase::Closed => return None,
        };
        let [first, second, third] = dues;
        let (time, due) = earlier(earlier(first, second), third);
        time.map(|time| (time, due))
    }

    /// Without a shortest interval, a ping could be due again as soon as it is sent.
    #[inline]
    fn ping_interval(&self) -> Option<Duration> {
        self.config.ping_interval().map(|interval| interval.max(Duration::from_millis(1)))
    }
}

const NEVER: (Option<Duration>, Due) = (None, Due::SendPing);

/// The first of equals.
#[inline]
fn earlier(one: (Option<Duration>, Due), other: (Option<Duration>, Due)) -> (Option<Duration>, Due) {
    match (one.0, other.0) {
        (Some(time), Some(others)) if others < time => other,
        (None, Some(_)) => other,
        _ => one,
    }
}

/// When a time that begins now is over; `None` for never.
#[inline]
const fn after(now: Duration, wait: Option<Duration>) -> Option<Duration> {
    match wait {
        // By a clock at zero the longest time would have an end.
        None | Some(Duration::MAX) => None,
        Some(wait) => now.checked_add(wait),
    }
}
