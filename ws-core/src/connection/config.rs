/// How a connection behaves where the RFC leaves a choice. The default suits a server that faces strangers. What was
/// negotiated in the opening handshake is not part of it.
///
/// ```
/// use ws_core::connection::{Config, Limits};
///
/// let config = Config::new().with_limits(Limits::new().with_message_len_max(64 * 1024));
/// assert_eq!(config.limits().message_len_max(), 64 * 1024);
/// ```
#[doc(alias = "WebSocketConfig")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Config {
    limits: Limits,
    pongs: Pongs,
}

impl Config {
    /// The default: [`Limits::new`], and pings are answered ([`Pongs::Automatic`]).
    ///
    /// ```
    /// use ws_core::connection::{Config, Limits, Pongs};
    ///
    /// let config = Config::new();
    /// assert_eq!((config.limits(), config.pongs()), (Limits::new(), Pongs::Automatic));
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { limits: Limits::new(), pongs: Pongs::Automatic }
    }

    /// Sets what the peer may send at most.
    ///
    /// ```
    /// use ws_core::connection::{Config, Limits};
    ///
    /// let config = Config::new().with_limits(Limits::unlimited());
    /// assert_eq!(config.limits(), Limits::unlimited());
    /// ```
    #[must_use]
    pub const fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Sets who answers pings.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection, Pongs};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A ping, masked with zeros.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x89\x80\0\0\0\0", 6).ok_or("too short")?;
    /// let mut connection = Connection::server(Config::new().with_pongs(Pongs::Manual));
    /// assert_eq!(connection.next_event(&mut buffer.input()), Some(Event::Ping));
    /// assert!(!connection.wants_transmit(), "no pong is queued");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn with_pongs(self, pongs: Pongs) -> Self {
        Self { pongs, ..self }
    }

    /// What the peer may send at most.
    #[must_use]
    #[inline]
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Who answers pings.
    #[must_use]
    #[inline]
    pub const fn pongs(&self) -> Pongs {
        self.pongs
    }
}

/// Who answers pings (RFC 6455 §5.5.2).
///
/// ```
/// use ws_core::connection::{Config, Connection, Pongs};
/// use ws_core::event::Event;
/// use ws_core::input::ReadBuffer;
///
/// let mut buffer = ReadBuffer::with_filled(*b"\x89\x80\0\0\0\0", 6).ok_or("too short")?;
/// let mut connection = Connection::server(Config::new().with_pongs(Pongs::Manual));
/// assert_eq!(connection.next_event(&mut buffer.input()), Some(Event::Ping));
/// assert!(!connection.wants_transmit());
/// let payload = *connection.control();
/// connection.send_half().pong(payload);
/// assert!(connection.wants_transmit());
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pongs {
    /// The connection queues a pong for each ping; while one cannot be written, a later ping replaces it (§5.5.3).
    #[default]
    Automatic,
    /// The caller does, with [`SendHalf::pong`](super::SendHalf::pong).
    Manual,
}

/// What a peer may send at most (RFC 6455 §10.4). Judged on a frame's header, before its payload arrives.
///
/// ```
/// use ws_core::connection::Limits;
///
/// let limits = Limits::new();
/// assert_eq!((limits.frame_len_max(), limits.message_len_max()), (16 << 20, 16 << 20));
/// assert_eq!(limits.fragment_count_max(), 131_072);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    frame_len_max: u64,
    message_len_max: u64,
    fragment_count_max: u32,
}

impl Limits {
    /// The defaults: 16 MiB for a frame and for a message, 131,072 fragments in a message.
    ///
    /// ```
    /// use ws_core::connection::Limits;
    ///
    /// assert_eq!(Limits::new().message_len_max(), 16 * 1024 * 1024);
    /// assert_eq!(Limits::new(), Limits::default());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { frame_len_max: 16 << 20, message_len_max: 16 << 20, fragment_count_max: 131_072 }
    }

    /// No limits at all: for programs that stream payload through a small buffer and keep none of it.
    ///
    /// ```
    /// use ws_core::connection::{Config, Limits, ReceiveHalf, Role};
    /// use ws_core::input::ReadBuffer;
    ///
    /// // The header of a frame of 2^40 bytes.
    /// let mut buffer = ReadBuffer::with_filled([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0], 10).ok_or("too short")?;
    /// let config = Config::new().with_limits(Limits::unlimited());
    /// let mut receiver = ReceiveHalf::new(Role::Client, config);
    /// assert_eq!(receiver.next_event(&mut buffer.input()), None, "it is accepted, and its payload awaited");
    /// assert!(receiver.is_message_in_progress());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { frame_len_max: u64::MAX, message_len_max: u64::MAX, fragment_count_max: u32::MAX }
    }

    /// The longest payload of a frame, in bytes. Default 16 MiB, as in tungstenite; beyond it
    /// [`Limit::FrameLen`](crate::error::Limit::FrameLen).
    ///
    /// ```
    /// use ws_core::connection::{Config, Limits, ReceiveHalf, Role};
    /// use ws_core::error::Limit;
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // The header of a frame of 5 bytes.
    /// let mut buffer = ReadBuffer::with_filled([0x81, 5], 2).ok_or("too short")?;
    /// let config = Config::new().with_limits(Limits::new().with_frame_len_max(4));
    /// let event = ReceiveHalf::new(Role::Client, config).next_event(&mut buffer.input());
    /// assert_eq!(event, Some(Event::Failed(Limit::FrameLen.into())));
    /// # Ok::<(), &str>(())
    /// ```
    #[doc(alias = "max_frame_size")]
    #[must_use]
    pub const fn with_frame_len_max(self, len: u64) -> Self {
        Self { frame_len_max: len, ..self }
    }

    /// The longest message, in bytes: the sum of what its frames announce. Default 16 MiB, between the 1 MiB of
    /// Python's `websockets` and the 100 MiB of Node's `ws`; beyond it
    /// [`Limit::MessageLen`](crate::error::Limit::MessageLen).
    ///
    /// ```
    /// use ws_core::connection::{Config, Limits, ReceiveHalf, Role};
    /// use ws_core::error::Limit;
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A fragment of 3 bytes, and the header of another one of 2.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x01\x03Hel\x80\x02", 7).ok_or("too short")?;
    /// let config = Config::new().with_limits(Limits::new().with_message_len_max(4));
    /// let (mut receiver, mut input) = (ReceiveHalf::new(Role::Client, config), buffer.input());
    /// assert!(matches!(receiver.next_event(&mut input), Some(Event::Data(_))));
    /// assert_eq!(receiver.next_event(&mut input), Some(Event::Failed(Limit::MessageLen.into())));
    /// # Ok::<(), &str>(())
    /// ```
    #[doc(alias("max_message_size", "max_size", "max_payload"))]
    #[must_use]
    pub const fn with_message_len_max(self, len: u64) -> Self {
        Self { message_len_max: len, ..self }
    }

    /// The most frames that a message may be cut into, empty ones included. Default 131,072, as in Node's `ws`
    /// 8.21.0; beyond it [`Limit::FragmentCount`](crate::error::Limit::FragmentCount).
    ///
    /// ```
    /// use ws_core::connection::{Config, Limits, ReceiveHalf, Role};
    /// use ws_core::error::Limit;
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // Three fragments without payload.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x01\x00\x00\x00\x80\x00", 6).ok_or("too short")?;
    /// let config = Config::new().with_limits(Limits::new().with_fragment_count_max(2));
    /// let event = ReceiveHalf::new(Role::Client, config).next_event(&mut buffer.input());
    /// assert_eq!(event, Some(Event::Failed(Limit::FragmentCount.into())));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn with_fragment_count_max(self, count: u32) -> Self {
        Self { fragment_count_max: count, ..self }
    }

    /// The longest payload of a frame, in bytes.
    #[must_use]
    #[inline]
    pub const fn frame_len_max(&self) -> u64 {
        self.frame_len_max
    }

    /// The longest message, in bytes.
    #[must_use]
    #[inline]
    pub const fn message_len_max(&self) -> u64 {
        self.message_len_max
    }

    /// The most frames that a message may be cut into.
    #[must_use]
    #[inline]
    pub const fn fragment_count_max(&self) -> u32 {
        self.fragment_count_max
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
