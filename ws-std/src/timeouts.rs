use core::time::Duration;
use std::time::Instant;

/// How long things may take. All are finite by default; `None` spells out that one is not.
///
/// There is no limit on how long a peer may be silent between messages: a server that wants one pings, or limits the
/// reads of its stream.
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
    write: Option<Duration>,
    close: Option<Duration>,
}

impl Timeouts {
    /// The defaults: 10 s to connect, 10 s for the opening handshake, 30 s for a write, 10 s to close.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            connect: Some(Duration::from_secs(10)),
            handshake: Some(Duration::from_secs(10)),
            write: Some(Duration::from_secs(30)),
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

    /// The same, with this time for a write to move at least a byte: beyond it the peer does not read, and the
    /// connection ends. Default 30 s.
    #[must_use]
    pub const fn with_write(self, time: Option<Duration>) -> Self {
        Self { write: time, ..self }
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

    /// See [`with_write`](Self::with_write).
    #[must_use]
    pub const fn write(&self) -> Option<Duration> {
        self.write
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

/// A deadline has passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed;

/// What is nearer has passed: operating systems count timeouts in ticks, and take a timeout of zero for none.
const GRANULARITY: Duration = Duration::from_millis(2);
