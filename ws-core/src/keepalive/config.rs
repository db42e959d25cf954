use core::time::Duration;

/// How long to wait for what. `None` and `Some(Duration::MAX)` are for ever.
///
/// A deadline beyond what a [`Duration`] can express never comes either, and everything goes on as if there were none.
///
/// ```
/// use core::time::Duration;
/// use ws_core::keepalive::KeepaliveConfig;
///
/// const CONFIG: KeepaliveConfig = KeepaliveConfig::new()
///     .with_ping_interval(Some(Duration::from_secs(30)))
///     .with_idle_timeout(Some(Duration::from_secs(600)));
/// assert_eq!(CONFIG.ping_interval(), Some(Duration::from_secs(30)));
/// assert_eq!(CONFIG.pong_timeout(), Some(Duration::from_secs(20)), "the default");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeepaliveConfig {
    ping_interval: Option<Duration>,
    pong_timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    handshake_timeout: Option<Duration>,
    close_timeout: Option<Duration>,
}

impl KeepaliveConfig {
    /// The defaults: no pings, and where there are, 20 s for the pong; 30 s for a write, 10 s for each handshake; an idle
    /// connection may stay.
    ///
    /// ```
    /// use ws_core::keepalive::KeepaliveConfig;
    ///
    /// let config = KeepaliveConfig::new();
    /// assert_eq!((config.ping_interval(), config.idle_timeout()), (None, None));
    /// assert_eq!(config, KeepaliveConfig::default());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ping_interval: None,
            pong_timeout: Some(Duration::from_secs(20)),
            idle_timeout: None,
            write_timeout: Some(Duration::from_secs(30)),
            handshake_timeout: Some(Duration::from_secs(10)),
            close_timeout: Some(Duration::from_secs(10)),
        }
    }

    /// Sets how long the peer may be silent before it is pinged (RFC 6455 §5.5.2). Default `None`: the payload of most
    /// applications tells enough, and a ping wakes a mobile peer's radio. Less than a millisecond counts as a millisecond.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};
    ///
    /// let config = KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(30)));
    /// assert_eq!(config.ping_interval(), Some(Duration::from_secs(30)));
    /// let mut keepalive = Keepalive::new(config, Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// assert_eq!(keepalive.poll(Duration::from_secs(31)), Some(Due::SendPing));
    /// ```
    #[doc(alias = "heartbeat")]
    #[must_use]
    pub const fn with_ping_interval(self, interval: Option<Duration>) -> Self {
        Self { ping_interval: interval, ..self }
    }

    /// Sets how long the peer may be silent after a ping was sent: each byte is a sign of life, not only those of the pong,
    /// and so are bytes that leave after the stream took none. Default 20 s, as in Python's `websockets`. Without pings it
    /// means nothing; with pings and `None`, pings go on for ever.
    ///
    /// A ping counts as sent when the stream took it, and may then lie in buffers of the operating system after megabytes of
    /// payload. So the timeout has to be longer than the slowest peer needs to read those: 4 MiB at 512 KiB/s are 8 s.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::KeepaliveConfig;
    ///
    /// let config = KeepaliveConfig::new().with_pong_timeout(Some(Duration::from_secs(60)));
    /// assert_eq!(config.pong_timeout(), Some(Duration::from_secs(60)));
    /// ```
    #[must_use]
    pub const fn with_pong_timeout(self, timeout: Option<Duration>) -> Self {
        Self { pong_timeout: timeout, ..self }
    }

    /// Sets how long a connection may carry no message, however lively its pings. Default `None`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};
    ///
    /// let config = KeepaliveConfig::new().with_idle_timeout(Some(Duration::from_secs(600)));
    /// assert_eq!(config.idle_timeout(), Some(Duration::from_secs(600)));
    /// let mut keepalive = Keepalive::new(config, Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// assert_eq!(keepalive.poll(Duration::from_secs(601)), Some(Due::IdleTimeout));
    /// ```
    #[must_use]
    pub const fn with_idle_timeout(self, timeout: Option<Duration>) -> Self {
        Self { idle_timeout: timeout, ..self }
    }

    /// Sets how long the stream may take no byte at all while bytes wait to be written. Default 30 s; nginx has 60 s between
    /// two writes (`send_timeout`).
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};
    ///
    /// let config = KeepaliveConfig::new().with_write_timeout(Some(Duration::from_secs(5)));
    /// assert_eq!(config.write_timeout(), Some(Duration::from_secs(5)));
    /// let mut keepalive = Keepalive::new(config, Duration::ZERO);
    /// keepalive.established(Duration::from_secs(1));
    /// keepalive.write_blocked(Duration::from_secs(2));
    /// assert_eq!(keepalive.poll(Duration::from_secs(7)), Some(Due::WriteTimeout));
    /// ```
    #[must_use]
    pub const fn with_write_timeout(self, timeout: Option<Duration>) -> Self {
        Self { write_timeout: timeout, ..self }
    }

    /// Sets how long the opening handshake may take in all, however its bytes trickle in. Default 10 s, as in Python's
    /// `websockets`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let config = KeepaliveConfig::new().with_handshake_timeout(Some(Duration::from_secs(3)));
    /// assert_eq!(config.handshake_timeout(), Some(Duration::from_secs(3)));
    /// let keepalive = Keepalive::new(config, Duration::ZERO);
    /// assert_eq!(keepalive.next_deadline(), Some(Duration::from_secs(3)));
    /// ```
    #[must_use]
    pub const fn with_handshake_timeout(self, timeout: Option<Duration>) -> Self {
        Self { handshake_timeout: timeout, ..self }
    }

    /// Sets how long the closing handshake and the end of the transport may take in all, from the first Close on. Default
    /// 10 s, as in Python's `websockets`.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let config = KeepaliveConfig::new().with_close_timeout(Some(Duration::from_secs(2)));
    /// assert_eq!(config.close_timeout(), Some(Duration::from_secs(2)));
    /// let mut keepalive = Keepalive::new(config, Duration::ZERO);
    /// keepalive.closing(Duration::from_secs(1));
    /// assert_eq!(keepalive.next_deadline(), Some(Duration::from_secs(3)));
    /// ```
    #[must_use]
    pub const fn with_close_timeout(self, timeout: Option<Duration>) -> Self {
        Self { close_timeout: timeout, ..self }
    }

    /// How long the peer may be silent before it is pinged.
    #[must_use]
    pub const fn ping_interval(&self) -> Option<Duration> {
        self.ping_interval
    }

    /// How long the peer may be silent after a ping was sent.
    #[must_use]
    pub const fn pong_timeout(&self) -> Option<Duration> {
        self.pong_timeout
    }

    /// How long a connection may carry no message.
    #[must_use]
    pub const fn idle_timeout(&self) -> Option<Duration> {
        self.idle_timeout
    }

    /// How long the stream may take no byte while bytes wait to be written.
    #[must_use]
    pub const fn write_timeout(&self) -> Option<Duration> {
        self.write_timeout
    }

    /// How long the opening handshake may take.
    #[must_use]
    pub const fn handshake_timeout(&self) -> Option<Duration> {
        self.handshake_timeout
    }

    /// How long the closing handshake and the end of the transport may take.
    #[must_use]
    pub const fn close_timeout(&self) -> Option<Duration> {
        self.close_timeout
    }
}

impl Default for KeepaliveConfig {
    fn default() -> Self {
        Self::new()
    }
}
