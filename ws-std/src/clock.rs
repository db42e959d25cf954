// Read first: RFC 6455 §5.5.2, §5.5.3.

use core::time::Duration;
use std::time::Instant;

use ws_core::frame::ControlPayload;
use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};

use crate::Timeouts;
use crate::timeouts::Deadline;

/// All deadlines of a connection from its opening handshake on, by the clock of the machine; and the pings that it sends
/// by itself.
///
/// Between reads no clock is read: what is in the stream already has come in time. So the time is that of the last look,
/// behind a read.
#[derive(Debug)]
pub(crate) struct Clock {
    /// When the opening handshake was done: the zero of all times here.
    start: Instant,
    keepalive: Keepalive,
    /// When it was looked at last.
    seen: Duration,
    /// How many messages were received then.
    message_count: u64,
    is_watching: bool,
    is_idle_limited: bool,
    /// The number of the last ping.
    ping_number: u32,
    /// When that was sent, as long as its pong has not come.
    pinged_at: Option<Duration>,
    latency: Option<Duration>,
}

impl Clock {
    /// Of a connection that was opened at `start`; what is waited for begins now.
    pub(crate) fn new(timeouts: &Timeouts, start: Instant) -> Self {
        let seen = start.elapsed();
        let mut keepalive = Keepalive::new(config(timeouts), seen);
        keepalive.established(seen);
        Self {
            start,
            keepalive,
            seen,
            message_count: 0,
            is_watching: is_watching(timeouts),
            is_idle_limited: timeouts.idle().is_some(),
            ping_number: 0,
            pinged_at: None,
            latency: None,
        }
    }

    pub(crate) fn set_timeouts(&mut self, timeouts: &Timeouts) {
        self.look(Instant::now());
        self.keepalive.set_config(config(timeouts), self.seen);
        self.is_watching = is_watching(timeouts);
        self.is_idle_limited = timeouts.idle().is_some();
    }

    /// When the opening handshake was done.
    pub(crate) const fn start(&self) -> Instant {
        self.start
    }

    /// Whether reads are to be looked after while the connection is open.
    #[inline]
    pub(crate) const fn is_watching(&self) -> bool {
        self.is_watching
    }

    #[inline]
    pub(crate) const fn is_closing(&self) -> bool {
        self.keepalive.is_closing()
    }

    pub(crate) fn begin_closing(&mut self) {
        self.look(Instant::now());
        self.keepalive.closing(self.seen);
    }

    /// Until when the closing handshake and the end of the stream have to be done, once either side has begun it.
    pub(crate) fn closing(&self) -> Option<Deadline> {
        self.is_closing().then(|| Deadline::at(self.moment(&self.keepalive)))
    }

    /// When something is due, if nothing happens before, where so many messages have come.
    pub(crate) fn next_deadline(&self, message_count: u64) -> Option<Instant> {
        let mut keepalive = self.keepalive;
        if message_count != self.message_count {
            keepalive.message(self.seen);
        }
        self.moment(&keepalive)
    }

    fn moment(&self, keepalive: &Keepalive) -> Option<Instant> {
        self.start.checked_add(keepalive.next_deadline()?)
    }

    /// How long that was ahead at the last look.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        Some(self.keepalive.next_deadline()?.saturating_sub(self.seen))
    }

    /// When it was looked at last.
    pub(crate) fn seen(&self) -> Instant {
        self.start.checked_add(self.seen).unwrap_or(self.start)
    }

    /// Takes a look, which is not earlier than the last.
    pub(crate) fn look(&mut self, now: Instant) {
        self.seen = now.saturating_duration_since(self.start).max(self.seen);
    }

    /// Bytes have come.
    #[inline]
    pub(crate) fn received(&mut self, now: Instant) {
        self.look(now);
        self.keepalive.received(self.seen);
    }

    /// So many messages have come since the connection was opened: the last of them by the last look.
    #[inline]
    pub(crate) fn received_messages(&mut self, count: u64) {
        if count != self.message_count {
            self.message_count = count;
            self.keepalive.message(self.seen);
        }
    }

    /// A message, or a part of one, is sent.
    #[inline]
    pub(crate) fn sent_message(&mut self) {
        if self.is_idle_limited {
            let now = self.start.elapsed();
            self.keepalive.message(now);
        }
    }

    /// What was due at the last look; to be asked until it is nothing.
    pub(crate) fn poll(&mut self) -> Option<Due> {
        // The deadline of the closing handshake is asked for where it is needed, and so stays.
        if self.is_closing() { None } else { self.keepalive.poll(self.seen) }
    }

    /// The ping that was due is committed, or was left out: from the last look on, the peer has to show life.
    pub(crate) fn ping_sent(&mut self) {
        self.keepalive.ping_sent(self.seen);
    }

    /// The payload of a ping that is sent now.
    pub(crate) fn ping(&mut self) -> ControlPayload {
        self.ping_number = self.ping_number.wrapping_add(1);
        self.pinged_at = Some(self.seen);
        let payload = [PING_PREFIX, &self.ping_number.to_be_bytes()].concat();
        ControlPayload::new(&payload).unwrap_or_default()
    }

    /// A pong has come by the last look: whether it answers a ping of these.
    pub(crate) fn pong(&mut self, payload: &ControlPayload) -> bool {
        let Some(number) = payload.as_bytes().strip_prefix(PING_PREFIX) else { return false };
        if number == self.ping_number.to_be_bytes() {
            if let Some(pinged_at) = self.pinged_at.take() {
                self.latency = Some(self.seen.saturating_sub(pinged_at));
            }
        }
        number.len() == 4
    }

    /// The round trip of the last ping that was answered.
    pub(crate) const fn latency(&self) -> Option<Duration> {
        self.latency
    }
}

/// How long the call that is going on may wait for something to read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    /// As long as the deadlines let it.
    Patient,
    /// As long as the program lets it, which has not waited yet.
    Begun,
    /// As long as the program lets it, which is until then.
    Until(Instant),
}

impl Call {
    /// How much longer it may wait, where the program lets it wait for `timeout` in all; `None` for ever.
    pub(crate) fn patience(
        &mut self,
        timeout: Option<Duration>,
        now: impl FnOnce() -> Instant,
    ) -> Option<Duration> {
        let timeout = timeout?;
        let now = now();
        match *self {
            Self::Patient => None,
            Self::Begun => {
                *self = Self::Until(now.checked_add(timeout)?);
                // It is to find what is there already, however short it may wait.
                Some(timeout.max(LIMIT_MIN))
            }
            Self::Until(until) => Some(until.saturating_duration_since(now)),
        }
    }
}

/// The limit to give to the reads of a stream that has `current`, so that none waits for longer than `wanted`.
///
/// To set one is a system call, so one that makes the stream come back early, but not far too early, stays; and where the
/// time shrinks from read to read a smaller step of it is taken at once.
pub(crate) fn read_limit(current: Option<Duration>, wanted: Option<Duration>) -> Option<Duration> {
    let wanted = wanted?.max(LIMIT_MIN);
    Some(match current {
        Some(current) if current <= wanted && current.saturating_mul(2) >= wanted => current,
        Some(current) if current > wanted && current < wanted.saturating_mul(2) => {
            wanted.mul_f32(0.75).max(LIMIT_MIN)
        }
        Some(_) | None => wanted,
    })
}

fn config(timeouts: &Timeouts) -> KeepaliveConfig {
    // How long a write may take is judged where it is written.
    KeepaliveConfig::new()
        .with_ping_interval(timeouts.ping_interval())
        .with_pong_timeout(timeouts.pong())
        .with_idle_timeout(timeouts.idle())
        .with_write_timeout(None)
        .with_handshake_timeout(timeouts.handshake())
        .with_close_timeout(timeouts.close())
}

fn is_watching(timeouts: &Timeouts) -> bool {
    timeouts.read().or(timeouts.idle()).or(timeouts.ping_interval()).is_some()
}

/// What the payload of each ping begins with; its number follows.
const PING_PREFIX: &[u8] = b"ws-std keepalive ";

/// The least time for which a read waits: operating systems count in ticks, and take zero for no limit.
const LIMIT_MIN: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::{Clock, read_limit};
    use crate::Timeouts;
    use core::time::Duration;
    use std::time::Instant;
    use ws_core::frame::ControlPayload;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_limit_is_never_too_long_and_seldom_set() {
        assert_eq!(read_limit(Some(ms(5)), None), None);
        assert_eq!(read_limit(None, Some(ms(0))), Some(ms(1)), "zero would be for ever");
        let (mut current, mut set_count) = (None, 0);
        for wanted in (1..=10_000).rev() {
            let limit = read_limit(current, Some(ms(wanted)));
            assert!(limit.is_some_and(|limit| limit <= ms(wanted) && limit >= ms(wanted) / 2), "{limit:?}");
            set_count += u32::from(limit != current);
            current = limit;
        }
        assert!(set_count < 40, "{set_count}");
    }

    #[test]
    fn s5_5_3_only_the_pong_to_the_last_ping_measures_and_each_is_known() {
        let start = Instant::now();
        let mut clock = Clock::new(&Timeouts::new(), start);
        let first = clock.ping();
        clock.look(start + ms(50));
        let second = clock.ping();
        clock.look(start + ms(80));
        assert!(clock.pong(&first));
        assert_eq!(clock.latency(), None);
        assert!(clock.pong(&second));
        assert_eq!(clock.latency(), Some(ms(30)));
        clock.look(start + ms(99));
        assert!(clock.pong(&second), "again");
        assert_eq!(clock.latency(), Some(ms(30)));
        for other in [&b"Hello"[..], b"", b"ws-std keepalive ", b"ws-std keepalive 12345"] {
            assert!(!clock.pong(&ControlPayload::new(other).unwrap()));
        }
    }
}
