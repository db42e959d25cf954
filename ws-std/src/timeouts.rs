use core::time::Duration;
use std::io;
use std::time::Instant;

use crate::error::{Error, Phase, is_gone, is_wait};

/// How long things may take. `None` is for ever.
///
/// Opening, writing and closing are limited by default. How long a peer may be silent is for the program to say:
/// [`with_ping_interval`](Self::with_ping_interval) finds out who is gone, [`with_idle`](Self::with_idle) ends what is not
/// used, and [`with_read`](Self::with_read) only gives the program its turn.
///
/// Who keeps these times is [`read`](crate::WebSocket::read), and [`read_event`](crate::WebSocket::read_event): a call that
/// waits sends the pings, takes any byte for a sign of life, and gives up in time. What is due is done by the next call that
/// finds nothing to read, so while a program does not call it, and while a write waits for the peer, nothing is pinged and
/// nobody is given up. A deadline is kept within the ticks of the operating system, which are a few milliseconds; it is
/// never early.
///
/// Where one of those three is set, the limit that the stream has for its reads is made use of, and not the program's any
/// more.
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
    /// The defaults: 10 s to connect, 10 s for the opening handshake, 30 s for a write, 10 s to close. No pings; where there
    /// are, 20 s for the pong.
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

    /// The same, with this time to look up a host, to try its addresses and to pass a proxy, all together. Default 10 s.
    ///
    /// The operating system's look-up has no timeout of its own: beyond this time it ends in the background.
    #[must_use]
    pub const fn with_connect(self, time: Option<Duration>) -> Self {
        Self { connect: time, ..self }
    }

    /// The same, with this time for the whole opening handshake, however its bytes drip. Default 10 s, as in Python's
    /// `websockets`.
    #[must_use]
    pub const fn with_handshake(self, time: Option<Duration>) -> Self {
        Self { handshake: time, ..self }
    }

    /// The same, with this time for a call of [`read`](crate::WebSocket::read) to wait, however its bytes drip: then it gives
    /// way with an error of which [`is_would_block`](crate::Error::is_would_block) holds. The connection goes on, and so does
    /// a message that has come in part. Default `None`.
    #[must_use]
    pub const fn with_read(self, time: Option<Duration>) -> Self {
        Self { read: time, ..self }
    }

    /// The same, with this time for a write to move at least a byte: beyond it the peer does not read, and the
    /// connection ends. Default 30 s.
    #[must_use]
    pub const fn with_write(self, time: Option<Duration>) -> Self {
        Self { write: time, ..self }
    }

    /// The same, with this time without a message in either direction: then a Close with 1001 is sent, and once it was
    /// answered, or [`with_close`](Self::with_close) has passed, the end is
    /// [`Error::Timeout`](crate::Error::Timeout) with [`Phase::Idle`](crate::Phase::Idle). Default `None`.
    ///
    /// A message counts when its end is read, and when any part of it is sent. Pings and pongs do not count, and neither do
    /// the bytes of a message that does not end. A program that does not read for so long counts as idle too, unless there
    /// is a message to be read when it does.
    #[must_use]
    pub const fn with_idle(self, time: Option<Duration>) -> Self {
        Self { idle: time, ..self }
    }

    /// The same, and the peer is pinged after it has sent nothing for so long (RFC 6455 §5.5.2). Default `None`. Less than
    /// a millisecond counts as a millisecond.
    ///
    /// The payload of these pings is `keep` and the number of the ping, as four bytes. What is pinged by the
    /// program, and the pongs to that, are not touched, while pongs with such a payload are not reported by
    /// [`read_event`](crate::WebSocket::read_event); the round trip that they measure is
    /// [`latency`](crate::WebSocket::latency).
    #[must_use]
    pub const fn with_ping_interval(self, time: Option<Duration>) -> Self {
        Self { ping_interval: time, ..self }
    }

    /// The same, with this time for the peer to send anything after such a ping, the pong or whatever else: then it is gone,
    /// the stream is closed, and the end is [`Error::Timeout`](crate::Error::Timeout) with
    /// [`Phase::Pong`](crate::Phase::Pong). Default 20 s, as in Python's `websockets`. Without
    /// [`with_ping_interval`](Self::with_ping_interval) it means nothing; with `None` pings go on for ever.
    #[must_use]
    pub const fn with_pong(self, time: Option<Duration>) -> Self {
        Self { pong: time, ..self }
    }

    /// The same, with this time for the whole closing handshake and the end of the stream behind it. Default 10 s, as
    /// in Python's `websockets`.
    #[must_use]
    pub const fn with_close(self, time: Option<Duration>) -> Self {
        Self { close: time, ..self }
    }

    /// See [`with_connect`](Self::with_connect).
    #[must_use]
    pub const fn connect(&self) -> Option<Duration> {
        self.connect
    }

    /// See [`with_handshake`](Self::with_handshake).
    #[must_use]
    pub const fn handshake(&self) -> Option<Duration> {
        self.handshake
    }

    /// See [`with_read`](Self::with_read).
    #[must_use]
    pub const fn read(&self) -> Option<Duration> {
        self.read
    }

    /// See [`with_write`](Self::with_write).
    #[must_use]
    pub const fn write(&self) -> Option<Duration> {
        self.write
    }

    /// See [`with_idle`](Self::with_idle).
    #[must_use]
    pub const fn idle(&self) -> Option<Duration> {
        self.idle
    }

    /// See [`with_ping_interval`](Self::with_ping_interval).
    #[must_use]
    pub const fn ping_interval(&self) -> Option<Duration> {
        self.ping_interval
    }

    /// See [`with_pong`](Self::with_pong).
    #[must_use]
    pub const fn pong(&self) -> Option<Duration> {
        self.pong
    }

    /// See [`with_close`](Self::with_close).
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

/// A moment until which something has to be done, or never.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn after(time: Option<Duration>) -> Self {
        Self(time.and_then(|time| Instant::now().checked_add(time)))
    }

    /// What is left, as a timeout that is never zero, and `None` without a deadline. An error where nothing is left.
    pub(crate) fn remaining(self) -> Result<Option<Duration>, Passed> {
        let Some(until) = self.0 else { return Ok(None) };
        let remaining = until.saturating_duration_since(Instant::now());
        if remaining < GRANULARITY { Err(Passed) } else { Ok(Some(remaining)) }
    }
}

impl Deadline {
    /// This deadline, or the one in `time`, whichever is earlier.
    pub(crate) fn at_most(self, time: Duration) -> Self {
        let other = Self::after(Some(time));
        match (self.0, other.0) {
            (Some(until), Some(other_until)) if until <= other_until => self,
            (Some(_) | None, Some(_)) => other,
            (Some(_) | None, None) => self,
        }
    }

    /// What is left for this phase. It fails with [`Error::Timeout`] where nothing is left.
    pub(crate) fn remaining_for(self, phase: Phase) -> Result<Option<Duration>, Error> {
        self.remaining().map_err(|_passed| Error::Timeout(phase))
    }

    /// What an error of the stream means during this phase: `Ok` where the operation is to be tried again.
    pub(crate) fn map_io_error(self, error: io::Error, phase: Phase) -> Result<(), Error> {
        let kind = error.kind();
        if kind == io::ErrorKind::Interrupted {
            return Ok(());
        }
        if is_gone(kind) {
            return Err(Error::Disconnected(Some(kind)));
        }
        if is_wait(kind) {
            self.remaining_for(phase)?;
        }
        Err(error.into())
    }
}

/// A deadline has passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed;

/// What is nearer has passed: operating systems count timeouts in ticks, and take a timeout of zero for none.
const GRANULARITY: Duration = Duration::from_millis(2);
