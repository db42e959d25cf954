use core::time::Duration;

use super::KeepaliveConfig;

/// How long each phase of a connection may take: a [`KeepaliveConfig`], and two more times for adapters, which join ws-core to a
/// stream: the time to connect, and the time that one call may wait for something to read. `None` sets no limit.
///
/// Opening, writing and closing are limited by default. A silent peer is not, unless you ask for it:
/// [`with_ping_interval`](Self::with_ping_interval) detects peers that are gone, [`with_idle`](Self::with_idle) closes
/// connections that carry no messages, and [`with_read`](Self::with_read) makes a call return without ending the connection.
///
/// ```
/// use core::time::Duration;
/// use ws_core::keepalive::Timeouts;
///
/// let timeouts = Timeouts::new().with_close(Some(Duration::from_secs(2)));
/// assert_eq!(timeouts.close(), Some(Duration::from_secs(2)));
/// assert_eq!(timeouts.handshake(), Some(Duration::from_secs(10)));
/// assert_eq!(timeouts.keepalive().close_timeout(), timeouts.close());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timeouts {
    connect: Option<Duration>,
    read: Option<Duration>,
    /// The rest.
    keepalive: KeepaliveConfig,
}

impl Timeouts {
    /// The defaults: 10 s to connect, 10 s for the opening handshake, 30 s for a write, 10 s to close; no pings, and 20 s for a
    /// pong where you turn pings on.
    #[must_use]
    pub const fn new() -> Self {
        Self { connect: Some(Duration::from_secs(10)), read: None, keepalive: KeepaliveConfig::new() }
    }

    /// Sets the time to look up a host, to try its addresses and to pass a proxy, all together. Default 10 s.
    ///
    /// The operating system's look-up has no timeout of its own: after this time it goes on in the background until it ends.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::Timeouts;
    ///
    /// let timeouts = Timeouts::new().with_connect(Some(Duration::from_secs(3)));
    /// assert_eq!(timeouts.connect(), Some(Duration::from_secs(3)));
    /// ```
    #[doc(alias = "connect_timeout")]
    #[must_use]
    pub const fn with_connect(self, time: Option<Duration>) -> Self {
        Self { connect: time, ..self }
    }

    /// Sets the time for the whole opening handshake, however slowly its bytes arrive. Default 10 s, as in Python's
    /// `websockets`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::Timeouts;
    ///
    /// let timeouts = Timeouts::new().with_handshake(Some(Duration::from_secs(3)));
    /// assert_eq!(timeouts.handshake(), Some(Duration::from_secs(3)));
    /// ```
    #[doc(alias("open_timeout", "handshake_timeout"))]
    #[must_use]
    pub const fn with_handshake(self, time: Option<Duration>) -> Self {
        Self { keepalive: self.keepalive.with_handshake_timeout(time), ..self }
    }

    /// Sets how long one call that reads may wait, however slowly bytes arrive. After that it returns. The connection stays open, and a
    /// message that has arrived in part is kept: call again. Default `None`.
    ///
    /// It is the time of one call, not of a silence: a call that reports pings ends with each of them. For a peer that sends no messages
    /// use [`with_idle`](Self::with_idle).
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::Timeouts;
    ///
    /// let timeouts = Timeouts::new().with_read(Some(Duration::from_millis(100)));
    /// assert_eq!(timeouts.read(), Some(Duration::from_millis(100)));
    /// ```
    #[doc(alias("set_read_timeout", "read_timeout", "recv_timeout"))]
    #[must_use]
    pub const fn with_read(self, time: Option<Duration>) -> Self {
        Self { read: time, ..self }
    }

    /// Sets the time in which a write has to move at least one byte. After that the connection ends, since the peer does not
    /// read. Default 30 s.
    ///
    /// ```
    /// use ws_core::keepalive::Timeouts;
    ///
    /// let timeouts = Timeouts::new().with_write(None);
    /// assert_eq!(timeouts.write(), None);
    /// ```
    #[doc(alias("set_write_timeout", "write_timeout"))]
    #[must_use]
    pub const fn with_write(self, time: Option<Duration>) -> Self {
        Self { keepalive: self.keepalive.with_write_timeout(time), ..self }
    }

    /// Sets how long a connection may carry no message in either direction. After that a Close with 1001 is sent. Once the
    /// peer has answered it, or the time of [`with_close`](Self::with_close) is over, the connection ends. Default `None`.
    ///
    /// A message counts when its end is read, and when any part of it is sent. Pings and pongs do not count, and neither do
    /// the bytes of a message that does not end. Time in which your program does not read counts as idle too, unless a message is
    /// there when it reads again.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::Timeouts;
    ///
    /// let timeouts = Timeouts::new().with_idle(Some(Duration::from_secs(600)));
    /// assert_eq!(timeouts.idle(), Some(Duration::from_secs(600)));
    /// ```
    #[must_use]
    pub const fn with_idle(self, time: Option<Duration>) -> Self {
        Self { keepalive: self.keepalive.with_idle_timeout(time), ..self }
    }

    /// Sets how long the peer may send nothing before it is pinged (RFC 6455 §5.5.2). Default `None`: no pings. Less than a
    /// millisecond counts as a millisecond.
    ///
    /// The payload of these pings is `keep` and the number of the ping in four bytes. Adapters do not report the pongs
    /// to them, but the round trip that they measure. Your own pings, and the pongs to them, are reported as usual.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::Timeouts;
    ///
    /// let timeouts = Timeouts::new().with_ping_interval(Some(Duration::from_secs(30)));
    /// assert_eq!(timeouts.ping_interval(), Some(Duration::from_secs(30)));
    /// ```
    #[doc(alias = "heartbeat")]
    #[must_use]
    pub const fn with_ping_interval(self, time: Option<Duration>) -> Self {
        Self { keepalive: self.keepalive.with_ping_interval(time), ..self }
    }

    /// Sets the time in which the peer has to send something, the pong or any other byte, after such a ping has left. After that the
    /// connection ends. Default 20 s, as in Python's `websockets`. With `None` the peer is pinged, and never given up. Without
    /// [`with_ping_interval`](Self::with_ping_interval) this has no effect.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::Timeouts;
    ///
    /// let timeouts = Timeouts::new().with_pong(Some(Duration::from_secs(5)));
    /// assert_eq!(timeouts.pong(), Some(Duration::from_secs(5)));
    /// ```
    #[doc(alias = "ping_timeout")]
    #[must_use]
    pub const fn with_pong(self, time: Option<Duration>) -> Self {
        Self { keepalive: self.keepalive.with_pong_timeout(time), ..self }
    }

    /// Sets the time for the whole closing handshake, the end of the stream after it included. Default 10 s, as in Python's
    /// `websockets`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::Timeouts;
    ///
    /// let timeouts = Timeouts::new().with_close(Some(Duration::from_secs(2)));
    /// assert_eq!(timeouts.close(), Some(Duration::from_secs(2)));
    /// ```
    #[doc(alias = "close_timeout")]
    #[must_use]
    pub const fn with_close(self, time: Option<Duration>) -> Self {
        Self { keepalive: self.keepalive.with_close_timeout(time), ..self }
    }

    /// The time to connect; see [`with_connect`](Self::with_connect).
    #[must_use]
    pub const fn connect(&self) -> Option<Duration> {
        self.connect
    }

    /// The time for the opening handshake; see [`with_handshake`](Self::with_handshake).
    #[must_use]
    pub const fn handshake(&self) -> Option<Duration> {
        self.keepalive.handshake_timeout()
    }

    /// The time that one call of `read` may wait; see [`with_read`](Self::with_read).
    #[must_use]
    pub const fn read(&self) -> Option<Duration> {
        self.read
    }

    /// The time in which a write has to move a byte; see [`with_write`](Self::with_write).
    #[must_use]
    pub const fn write(&self) -> Option<Duration> {
        self.keepalive.write_timeout()
    }

    /// The time without a message; see [`with_idle`](Self::with_idle).
    #[must_use]
    pub const fn idle(&self) -> Option<Duration> {
        self.keepalive.idle_timeout()
    }

    /// The silence before a ping; see [`with_ping_interval`](Self::with_ping_interval).
    #[must_use]
    pub const fn ping_interval(&self) -> Option<Duration> {
        self.keepalive.ping_interval()
    }

    /// The time for the answer to a ping; see [`with_pong`](Self::with_pong).
    #[must_use]
    pub const fn pong(&self) -> Option<Duration> {
        self.keepalive.pong_timeout()
    }

    /// The time to close; see [`with_close`](Self::with_close).
    #[must_use]
    pub const fn close(&self) -> Option<Duration> {
        self.keepalive.close_timeout()
    }

    /// What a session needs of them (`session::Config::with_keepalive`).
    #[must_use]
    pub const fn keepalive(&self) -> KeepaliveConfig {
        self.keepalive
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::new()
    }
}
