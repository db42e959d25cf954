//! When to ping, and when to stop waiting: all deadlines of a connection as a pure function of the caller's clock.
//!
//! [`Keepalive`] neither waits nor reads a clock. Tell it what happens and when; it says until when one may wait
//! ([`next_deadline`](Keepalive::next_deadline)) and what is due then ([`poll`](Keepalive::poll)).

use core::time::Duration;

/// How long to wait for what. `None` means for ever.
///
/// A due time that the clock cannot express never comes, so [`Duration::MAX`] is for ever too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "every value is legal, and literals with `..` are its constructor"
)]
pub struct KeepaliveConfig {
    /// Ping the peer after it has sent nothing for so long. Default: `None`, since the payload of most applications
    /// tells enough, and a ping wakes a mobile peer's radio. Less than a millisecond counts as a millisecond.
    pub ping_interval: Option<Duration>,
    /// After a ping, the peer has so long to send anything at all: each byte is a sign of life, not only the pong.
    /// Default: 20 s, as Python's `websockets`. Without pings it means nothing; with pings and without this, pings
    /// go on for ever.
    pub pong_timeout: Option<Duration>,
    /// Give up a connection that has carried no message for so long, however lively its pings. Default: `None`.
    pub idle_timeout: Option<Duration>,
    /// The opening handshake has to be finished so long after the start, however its bytes trickle in.
    /// Default: 10 s, as Python's `websockets`.
    pub handshake_timeout: Option<Duration>,
    /// The closing handshake and the end of the transport have to be finished so long after the first Close.
    /// Default: 30 s, as `ws` for Node.js.
    pub close_timeout: Option<Duration>,
}

impl Default for KeepaliveConfig {
    fn default() -> Self {
        Self {
            ping_interval: None,
            pong_timeout: Some(Duration::from_secs(20)),
            idle_timeout: None,
            handshake_timeout: Some(Duration::from_secs(10)),
            close_timeout: Some(Duration::from_secs(30)),
        }
    }
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Due {
    /// Send a ping (RFC 6455 §5.5.2).
    SendPing,
    /// Nothing came since the ping: the peer is gone. Close the connection; there is nobody to wait for.
    PongTimeout,
    /// No message for too long. Close the connection.
    IdleTimeout,
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
/// let config = KeepaliveConfig { ping_interval: Some(at(60)), ..KeepaliveConfig::default() };
/// let mut keepalive = Keepalive::new(config, at(0));
/// assert_eq!(keepalive.next_deadline(), Some(at(10)), "to finish the handshake");
///
/// keepalive.established(at(1));
/// keepalive.received(at(5));
/// assert_eq!(keepalive.next_deadline(), Some(at(65)), "wait so long for the socket");
/// assert_eq!(keepalive.poll(at(64)), None);
/// assert_eq!(keepalive.poll(at(65)), Some(Due::SendPing));
///
/// assert_eq!(keepalive.next_deadline(), Some(at(85)));
/// keepalive.received(at(66)); // the pong, or anything else
/// assert_eq!(keepalive.poll(at(85)), None);
///
/// keepalive.closing(at(90));
/// assert_eq!(keepalive.poll(at(120)), Some(Due::CloseTimeout));
/// assert_eq!((keepalive.poll(at(999)), keepalive.next_deadline()), (None, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    config: KeepaliveConfig,
    phase: Phase,
}

/// Each `Option<Duration>` is the time at which that is due, or `None` for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Handshake { timeout: Option<Duration> },
    Open { ping: Option<Duration>, pong: Option<Duration>, idle: Option<Duration> },
    Closing { timeout: Option<Duration> },
    Closed,
}

impl Keepalive {
    /// The opening handshake begins.
    #[must_use]
    pub fn new(config: KeepaliveConfig, now: Duration) -> Self {
        Self { config, phase: Phase::Handshake { timeout: after(now, config.handshake_timeout) } }
    }

    /// The opening handshake is finished; nothing where it was before.
    pub fn established(&mut self, now: Duration) {
        if let Phase::Handshake { .. } = self.phase {
            self.phase = self.open(now);
        }
    }

    /// Bytes arrived, of whatever frame: the peer lives.
    #[inline]
    pub fn received(&mut self, now: Duration) {
        let due = after(now, self.ping_interval());
        if let Phase::Open { ping, pong, .. } = &mut self.phase {
            *ping = due;
            *pong = None;
        }
    }

    /// A text or binary message was received, or sent where that is to count too: the connection is in use.
    #[inline]
    pub fn message(&mut self, now: Duration) {
        if let Phase::Open { idle, .. } = &mut self.phase {
            *idle = after(now, self.config.idle_timeout);
        }
    }

    /// The first Close was sent or received. No later call moves the deadline, and pings are over (RFC 6455 §5.5.1).
    pub fn closing(&mut self, now: Duration) {
        if let Phase::Handshake { .. } | Phase::Open { .. } = self.phase {
            self.phase = Phase::Closing { timeout: after(now, self.config.close_timeout) };
        }
    }

    /// From now on these times hold. What is waited for while the connection is open begins anew; the deadline of a
    /// handshake that has begun, opening or closing, stays as it is.
    pub fn set_config(&mut self, config: KeepaliveConfig, now: Duration) {
        self.config = config;
        if let Phase::Open { .. } = self.phase {
            self.phase = self.open(now);
        }
    }

    /// Whether the first Close was sent or received, and the transport has not ended.
    #[must_use]
    #[inline]
    pub const fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing { .. })
    }

    /// The transport has ended: nothing will be due any more.
    pub fn closed(&mut self) {
        self.phase = Phase::Closed;
    }

    /// When to call [`poll`](Self::poll) at the latest, or `None` for never unless something happens.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        self.next().map(|(deadline, _)| deadline)
    }

    /// What is due now, the longest overdue first; call it until it gives `None`.
    ///
    /// Always `None` before [`next_deadline`](Self::next_deadline), never at it or after.
    pub fn poll(&mut self, now: Duration) -> Option<Due> {
        let (_, due) = self.next().filter(|&(deadline, _)| deadline <= now)?;
        let interval = self.ping_interval();
        let pong_timeout = self.config.pong_timeout;
        match &mut self.phase {
            Phase::Handshake { timeout } | Phase::Closing { timeout } => *timeout = None,
            Phase::Open { ping, pong, idle } => match due {
                Due::SendPing if pong_timeout.is_some() => (*ping, *pong) = (None, after(now, pong_timeout)),
                Due::SendPing => *ping = after(now, interval),
                Due::PongTimeout => *pong = None,
                Due::IdleTimeout | Due::HandshakeTimeout | Due::CloseTimeout => *idle = None,
            },
            Phase::Closed => {}
        }
        Some(due)
    }

    fn open(&self, now: Duration) -> Phase {
        let ping = after(now, self.ping_interval());
        Phase::Open { ping, pong: None, idle: after(now, self.config.idle_timeout) }
    }

    /// The earliest deadline; of several at once, the one that makes the others needless.
    fn next(&self) -> Option<(Duration, Due)> {
        let dues = match self.phase {
            Phase::Handshake { timeout } => [(timeout, Due::HandshakeTimeout), NEVER, NEVER],
            Phase::Open { ping, pong, idle } => {
                [(pong, Due::PongTimeout), (idle, Due::IdleTimeout), (ping, Due::SendPing)]
            }
            Phase::Closing { timeout } => [(timeout, Due::CloseTimeout), NEVER, NEVER],
            Phase::Closed => return None,
        };
        // The first of equals is kept.
        dues.into_iter().filter_map(|(time, due)| Some((time?, due))).min_by_key(|&(time, _)| time)
    }

    /// Without a shortest interval, a ping could be due again as soon as it is sent.
    #[inline]
    fn ping_interval(&self) -> Option<Duration> {
        self.config.ping_interval.map(|interval| interval.max(Duration::from_millis(1)))
    }
}

const NEVER: (Option<Duration>, Due) = (None, Due::SendPing);

#[inline]
fn after(now: Duration, wait: Option<Duration>) -> Option<Duration> {
    now.checked_add(wait?)
}
