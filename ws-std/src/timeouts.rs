use core::time::Duration;
use std::io;
use std::time::Instant;

use crate::error::{Error, Phase, is_gone, is_wait};

/// How long each phase of a connection may take. `None` sets no limit.
///
/// Opening, writing and closing are limited by default. A silent peer is not, unless you ask for it:
/// [`with_ping_interval`](Self::with_ping_interval) detects peers that are gone, [`with_idle`](Self::with_idle) closes
/// connections that carry no messages, and [`with_read`](Self::with_read) makes a call return without ending the connection.
///
/// These timeouts are enforced by [`read`](crate::WebSocket::read) and [`read_event`](crate::WebSocket::read_event): a call that
/// waits sends the pings, takes any byte for a sign of life, and fails when a deadline has passed. A deadline that passes between
/// calls takes effect in the next call that finds nothing to read. So nothing is pinged, and no deadline is judged, while your
/// program does not read, or while a write waits for the peer; a write has its own timeout. A deadline is never early, and late by
/// no more than a few ticks of the operating system, which are some milliseconds each.
///
/// Where you set one of those three, the read timeout of the stream itself is overwritten.
///
/// Times are judged by the clock of the stream, [`Stream::now`](crate::Stream::now), which is that of the system unless a simulation
/// or a test replaces it. The time to connect, and the waits of a `Hub` or of one thread for another, are always by that of the
/// system.
///
/// ```
/// use std::time::Duration;
/// use ws_std::Timeouts;
///
/// let timeouts = Timeouts::new().with_close(Some(Duration::from_secs(2)));
/// assert_eq!(timeouts.close(), Some(Duration::from_secs(2)));
/// assert_eq!(timeouts.handshake(), Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    connect: Option<Duration>,
    handshake: Option<Duration>,
    read: Option<Duration>,
    write: Option<Duration>,
    idle: Option<Duration>,
    ping_interval: Option<Duration>,
    pong: Option<Duration>,
    close: Option<Duration>,
}

impl Timeouts {
    /// The defaults: 10 s to connect, 10 s for the opening handshake, 30 s for a write, 10 s to close; no pings, and 20 s for a
    /// pong where you turn pings on.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            connect: Some(Duration::from_secs(10)),
            handshake: Some(Duration::from_secs(10)),
            read: None,
            write: Some(Duration::from_secs(30)),
            idle: None,
            ping_interval: None,
            pong: Some(Duration::from_secs(20)),
            close: Some(Duration::from_secs(10)),
        }
    }

    /// Sets the time to look up a host, to try its addresses and to pass a proxy, all together. Default 10 s.
    ///
    /// The operating system's look-up has no timeout of its own: after this time it goes on in the background until it ends.
    #[must_use]
    pub const fn with_connect(self, time: Option<Duration>) -> Self {
        Self { connect: time, ..self }
    }

    /// Sets the time for the whole opening handshake, however slowly its bytes arrive. Default 10 s, as in Python's
    /// `websockets`.
    #[must_use]
    pub const fn with_handshake(self, time: Option<Duration>) -> Self {
        Self { handshake: time, ..self }
    }

    /// Sets how long one call of [`read`](crate::WebSocket::read) may wait, however slowly bytes arrive. After that it returns
    /// an error for which [`is_would_block`](crate::Error::is_would_block) is true. The connection stays open, and a message that
    /// has arrived in part is kept: call again. Default `None`.
    #[must_use]
    pub const fn with_read(self, time: Option<Duration>) -> Self {
        Self { read: time, ..self }
    }

    /// Sets the time in which a write has to move at least one byte. After that the connection ends with
    /// [`Phase::Write`](crate::Phase::Write), since the peer does not read. Default 30 s.
    #[must_use]
    pub const fn with_write(self, time: Option<Duration>) -> Self {
        Self { write: time, ..self }
    }

    /// Sets how long a connection may carry no message in either direction. After that a Close with 1001 is sent. Once the
    /// peer has answered it, or the time of [`with_close`](Self::with_close) is over, the connection ends with
    /// [`Error::Timeout`](crate::Error::Timeout) and [`Phase::Idle`](crate::Phase::Idle). Default `None`.
    ///
    /// A message counts when its end is read, and when any part of it is sent. Pings and pongs do not count, and neither do
    /// the bytes of a message that does not end. Time in which your program does not read counts as idle too, unless a message is
    /// there when it reads again.
    #[must_use]
    pub const fn with_idle(self, time: Option<Duration>) -> Self {
        Self { idle: time, ..self }
    }

    /// Sets how long the peer may send nothing before it is pinged (RFC 6455 §5.5.2). Default `None`: no pings. Less than a
    /// millisecond counts as a millisecond.
    ///
    /// The payload of these pings is `keep` and the number of the ping in four bytes. Pongs with such a payload are not reported
    /// by [`read_event`](crate::WebSocket::read_event); the round trip that they measure is
    /// [`latency`](crate::WebSocket::latency). Your own pings, and the pongs to them, are reported as usual.
    #[must_use]
    pub const fn with_ping_interval(self, time: Option<Duration>) -> Self {
        Self { ping_interval: time, ..self }
    }

    /// Sets the time in which the peer has to send something, the pong or any other byte, after such a ping has left. After that the
    /// connection ends with [`Error::Timeout`](crate::Error::Timeout) and [`Phase::Pong`](crate::Phase::Pong). Default 20 s, as in
    /// Python's `websockets`. With `None` the peer is pinged, and never given up. Without
    /// [`with_ping_interval`](Self::with_ping_interval) this has no effect.
    #[must_use]
    pub const fn with_pong(self, time: Option<Duration>) -> Self {
        Self { pong: time, ..self }
    }

    /// Sets the time for the whole closing handshake, the end of the stream after it included. Default 10 s, as in Python's
    /// `websockets`.
    #[must_use]
    pub const fn with_close(self, time: Option<Duration>) -> Self {
        Self { close: time, ..self }
    }

    /// The time to connect; see [`with_connect`](Self::with_connect).
    #[must_use]
    pub const fn connect(&self) -> Option<Duration> {
        self.connect
    }

    /// The time for the opening handshake; see [`with_handshake`](Self::with_handshake).
    #[must_use]
    pub const fn handshake(&self) -> Option<Duration> {
        self.handshake
    }

    /// The time that one call of `read` may wait; see [`with_read`](Self::with_read).
    #[must_use]
    pub const fn read(&self) -> Option<Duration> {
        self.read
    }

    /// The time in which a write has to move a byte; see [`with_write`](Self::with_write).
    #[must_use]
    pub const fn write(&self) -> Option<Duration> {
        self.write
    }

    /// The time without a message; see [`with_idle`](Self::with_idle).
    #[must_use]
    pub const fn idle(&self) -> Option<Duration> {
        self.idle
    }

    /// The silence before a ping; see [`with_ping_interval`](Self::with_ping_interval).
    #[must_use]
    pub const fn ping_interval(&self) -> Option<Duration> {
        self.ping_interval
    }

    /// The time for the answer to a ping; see [`with_pong`](Self::with_pong).
    #[must_use]
    pub const fn pong(&self) -> Option<Duration> {
        self.pong
    }

    /// The time to close; see [`with_close`](Self::with_close).
    #[must_use]
    pub const fn close(&self) -> Option<Duration> {
        self.close
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::new()
    }
}

/// The moment until which something has to be done; `None` sets no limit. The time `now` is that of the stream
/// ([`Stream::now`](crate::Stream::now)), or of the system where there is no stream yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// The time is asked for only where there is a limit.
    pub(crate) fn after(time: Option<Duration>, clock: impl FnOnce() -> Instant) -> Self {
        Self(time.and_then(|time| clock().checked_add(time)))
    }

    /// The time that is left, which is never zero; `None` without a deadline. Fails where no time is left.
    pub(crate) fn remaining(self, now: Instant) -> Result<Option<Duration>, Passed> {
        let Some(until) = self.0 else { return Ok(None) };
        let remaining = until.saturating_duration_since(now);
        if remaining < GRANULARITY { Err(Passed) } else { Ok(Some(remaining)) }
    }
}

impl Deadline {
    /// This deadline, or the one in `time`, whichever is earlier.
    pub(crate) fn at_most(self, time: Duration, now: Instant) -> Self {
        let other = Self::after(Some(time), || now);
        match (self.0, other.0) {
            (Some(until), Some(other_until)) if until <= other_until => self,
            (Some(_) | None, Some(_)) => other,
            (Some(_) | None, None) => self,
        }
    }

    /// The time that is left for this phase; `None` without a deadline. Fails with [`Error::Timeout`] where no time is left.
    pub(crate) fn remaining_for(self, phase: Phase, now: Instant) -> Result<Option<Duration>, Error> {
        self.remaining(now).map_err(|_passed| Error::Timeout(phase))
    }

    /// What an error of the stream means during this phase: `Ok` where the operation is to be tried again.
    pub(crate) fn map_io_error(self, error: io::Error, phase: Phase, now: Instant) -> Result<(), Error> {
        let kind = error.kind();
        if kind == io::ErrorKind::Interrupted {
            return Ok(());
        }
        if is_gone(kind) {
            return Err(Error::Disconnected(Some(kind)));
        }
        if is_wait(kind) {
            self.remaining_for(phase, now)?;
        }
        Err(error.into())
    }
}

/// A deadline has passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed;

/// A deadline that is nearer counts as passed: operating systems count timeouts in ticks, and take zero for no timeout.
const GRANULARITY: Duration = Duration::from_millis(2);
