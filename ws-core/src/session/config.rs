use crate::connection::{self, Limits, Pongs};
#[cfg(feature = "deflate")]
use crate::deflate::{CompressionLevel, MemLevel};
#[cfg(feature = "deflate")]
use crate::extension::DeflateConfig;
use crate::keepalive::KeepaliveConfig;

/// How a session behaves: what the peer may send, what is waited for, how much is kept. What was negotiated in the opening
/// handshake is not part of it; that is in [`Opened`](super::Opened).
///
/// ```
/// use core::time::Duration;
/// use ws_core::connection::Limits;
/// use ws_core::keepalive::KeepaliveConfig;
/// use ws_core::session::Config;
///
/// let config = Config::new()
///     .with_limits(Limits::new().with_message_len_max(64 * 1024))
///     .with_keepalive(KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(30))));
/// assert_eq!(config.queue_len_max(), 16 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    connection: connection::Config,
    keepalive: KeepaliveConfig,
    queue_len_max: usize,
    linger_len_max: u64,
    read_buffer_len: usize,
    #[cfg(feature = "deflate")]
    deflate: Deflate,
}

impl Config {
    /// The defaults, each of which is documented where it is set.
    ///
    /// ```
    /// use ws_core::connection::{Limits, Pongs};
    /// use ws_core::keepalive::KeepaliveConfig;
    /// use ws_core::session::Config;
    ///
    /// let config = Config::new();
    /// assert_eq!((config.connection().limits(), config.connection().pongs()), (Limits::new(), Pongs::Automatic));
    /// assert_eq!(config.keepalive(), KeepaliveConfig::new());
    /// assert_eq!((config.queue_len_max(), config.read_buffer_len()), (16 * 1024, 16 * 1024));
    /// assert_eq!(config.linger_len_max(), 1024 * 1024);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            connection: connection::Config::new(),
            keepalive: KeepaliveConfig::new(),
            queue_len_max: 16 * 1024,
            linger_len_max: 1 << 20,
            read_buffer_len: 16 * 1024,
            #[cfg(feature = "deflate")]
            deflate: Deflate::new(),
        }
    }

    /// Sets what the peer may send at most. Default: [`Limits::new`]. The limit for messages holds for what a compressed
    /// one inflates to, too.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::connection::{Limits, RoleKeys};
    /// use ws_core::error::Limit;
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::session::{Config, NoKeys, Opened, Session};
    ///
    /// let config = Config::new().with_limits(Limits::new().with_message_len_max(4));
    /// assert_eq!(config.connection().limits().message_len_max(), 4);
    /// // The header of "Hello" is enough.
    /// let buffer = ReadBuffer::with_filled(b"\x81\x85\0\0\0\0".to_vec(), 6).ok_or("too short")?;
    /// let mut session = Session::new(Opened::<NoKeys>::new(RoleKeys::Server), config, buffer, Duration::ZERO);
    /// let event = session.inbound.next(&mut session.outbound);
    /// assert_eq!(event, Some(Event::Failed(Limit::MessageLen.into())));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn with_limits(self, limits: Limits) -> Self {
        Self { connection: self.connection.with_limits(limits), ..self }
    }

    /// Sets who answers pings. Default: [`Pongs::Automatic`].
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::connection::{Pongs, RoleKeys};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::session::{Config, NoKeys, Opened, Session};
    ///
    /// let config = Config::new().with_pongs(Pongs::Manual);
    /// assert_eq!(config.connection().pongs(), Pongs::Manual);
    /// let buffer = ReadBuffer::with_filled(b"\x89\x80\0\0\0\0".to_vec(), 6).ok_or("too short")?;
    /// let mut session = Session::new(Opened::<NoKeys>::new(RoleKeys::Server), config, buffer, Duration::ZERO);
    /// assert_eq!(session.inbound.next(&mut session.outbound), Some(Event::Ping));
    /// assert!(!session.outbound.wants_transmit(), "the program answers, by Outbound::pong");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn with_pongs(self, pongs: Pongs) -> Self {
        Self { connection: self.connection.with_pongs(pongs), ..self }
    }

    /// Sets when to ping, and when to stop waiting. Default: [`KeepaliveConfig::new`]. The timeout of the opening
    /// handshake is not used: a session begins after it.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::KeepaliveConfig;
    /// use ws_core::session::Config;
    ///
    /// let keepalive = KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(30)));
    /// assert_eq!(Config::new().with_keepalive(keepalive).keepalive(), keepalive);
    /// ```
    #[must_use]
    pub const fn with_keepalive(self, keepalive: KeepaliveConfig) -> Self {
        Self { keepalive, ..self }
    }

    /// Sets how many bytes may wait to be written before [`Outbound`](super::Outbound) takes no more: it takes a message,
    /// however long, while less waits. Default: 16 KiB. At least 1.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::connection::RoleKeys;
    /// use ws_core::error::SendError;
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::session::{Config, NoKeys, Opened, Session};
    ///
    /// let config = Config::new().with_queue_len_max(100);
    /// assert_eq!(config.queue_len_max(), 100);
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// let mut session = Session::new(opened, config, ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// session.outbound.send(&[7; 5000])?; // nothing waits, so it is taken
    /// assert_eq!(session.outbound.send("Hello"), Err(SendError::Full));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub const fn with_queue_len_max(self, len: usize) -> Self {
        Self { queue_len_max: if len == 0 { 1 } else { len }, ..self }
    }

    /// Sets how many bytes may come after the peer's Close, or after a fault, before the transport is given up. Until the peer
    /// closes it, they are read and discarded ([`Transport::Linger`](connection::Transport::Linger)). Default: 1 MiB.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::connection::{RoleKeys, Transport};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::session::{Config, NoKeys, Opened, Session};
    ///
    /// let config = Config::new().with_linger_len_max(4);
    /// assert_eq!(config.linger_len_max(), 4);
    /// // A Close, and 5 bytes that do not belong to anything.
    /// let buffer = ReadBuffer::with_filled(b"\x88\x80\0\0\0\0abcde".to_vec(), 11).ok_or("too short")?;
    /// let mut session = Session::new(Opened::<NoKeys>::new(RoleKeys::Server), config, buffer, Duration::ZERO);
    /// while session.inbound.next(&mut session.outbound).is_some() {}
    /// let len = session.outbound.transmit().len();
    /// session.outbound.transmitted(len, Duration::ZERO);
    /// assert_eq!(session.outbound.transport(), Transport::Closed, "there is no waiting for the peer");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn with_linger_len_max(self, len: u64) -> Self {
        Self { linger_len_max: len, ..self }
    }

    /// Sets how long the read buffer is, in bytes, when it is made again after
    /// [`Inbound::release`](super::Inbound::release). Default: 16 KiB. At least 16.
    ///
    /// ```
    /// use ws_core::session::Config;
    ///
    /// assert_eq!(Config::new().with_read_buffer_len(2048).read_buffer_len(), 2048);
    /// assert_eq!(Config::new().with_read_buffer_len(0).read_buffer_len(), 16, "the least that makes progress");
    /// ```
    #[must_use]
    pub const fn with_read_buffer_len(self, len: usize) -> Self {
        Self { read_buffer_len: if len < READ_BUFFER_LEN_MIN { READ_BUFFER_LEN_MIN } else { len }, ..self }
    }

    /// Sets how messages are compressed where the opening handshake agreed on it. Default: [`Deflate::new`].
    ///
    /// ```
    /// use ws_core::session::{Deflate, Config};
    ///
    /// let deflate = Deflate::new().with_threshold(256);
    /// assert_eq!(Config::new().with_deflate(deflate).deflate(), deflate);
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn with_deflate(self, deflate: Deflate) -> Self {
        Self { deflate, ..self }
    }

    /// What the peer may send at most, and who answers pings.
    #[must_use]
    pub const fn connection(&self) -> connection::Config {
        self.connection
    }

    /// When to ping, and when to stop waiting.
    #[must_use]
    pub const fn keepalive(&self) -> KeepaliveConfig {
        self.keepalive
    }

    /// How many bytes may wait to be written before no more are taken.
    #[must_use]
    pub const fn queue_len_max(&self) -> usize {
        self.queue_len_max
    }

    /// How many bytes may come after the closing handshake.
    #[must_use]
    pub const fn linger_len_max(&self) -> u64 {
        self.linger_len_max
    }

    /// How long the read buffer is when it is made again, in bytes.
    #[must_use]
    pub const fn read_buffer_len(&self) -> usize {
        self.read_buffer_len
    }

    /// How messages are compressed.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn deflate(&self) -> Deflate {
        self.deflate
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// The shortest read buffer, in bytes: one of less than 4 makes no progress, since a code point may have as many.
pub(super) const READ_BUFFER_LEN_MIN: usize = 16;

/// Settings of permessage-deflate (RFC 7692): what the opening handshake negotiates, which messages are compressed, and how much
/// time and memory that may take.
///
/// A session compresses only where the opening handshake agreed on it. It does not negotiate: [`config`](Self::config) is used by the
/// code that does the opening handshake.
///
/// ```
/// use ws_core::deflate::MemLevel;
/// use ws_core::extension::{DeflateConfig, WindowBits};
/// use ws_core::session::{Config, Deflate};
///
/// // About half of the memory of the default, for messages that are a few percent longer.
/// let bits = WindowBits::new(12).ok_or("8 to 15")?;
/// let config = DeflateConfig::new().with_outgoing_max_window_bits(bits).with_incoming_max_window_bits(bits);
/// let deflate = Deflate::new().with_config(config).with_mem_level(MemLevel::new(5).ok_or("1 to 9")?);
/// assert_eq!(Config::new().with_deflate(deflate).deflate().threshold(), 1024);
/// # Ok::<(), &str>(())
/// ```
///
/// # Before turning it on
///
/// An attacker that sees the lengths of your messages, and can have you send text of its choice together with a secret, recovers
/// the secret by trying which text makes the messages shorter: CRIME and BREACH. TLS does not help, since it does not hide lengths
/// (RFC 7692 §8). Send a message that holds both without compression
/// ([`send_uncompressed`](super::Outbound::send_uncompressed)). Where the secret and the text are in different messages, compress each
/// message on its own, by [`DeflateConfig::with_outgoing_no_context_takeover`].
///
/// # What it costs
///
/// For each connection, up to 372 KiB to compress with the defaults, and up to 79 KiB and a buffer of 17 KiB to inflate. Nothing of
/// it is allocated before the first compressed message of its direction. Where context takeover was not agreed on for a direction,
/// the 372 or 79 KiB are freed after each message; otherwise they are kept, the former until it is released
/// ([`release`](super::Outbound::release)), the latter until the connection is dropped.
/// [`DeflateSettings::memory_len_max`](crate::deflate::DeflateSettings::memory_len_max) has a table of what smaller windows and
/// memory levels cost; inflating costs the same whatever the window.
///
/// What a message inflates to is bounded by [`Limits::message_len_max`], while it is inflated.
#[cfg(feature = "deflate")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deflate {
    config: DeflateConfig,
    level: CompressionLevel,
    mem_level: MemLevel,
    threshold: usize,
    is_inflating: bool,
}

#[cfg(feature = "deflate")]
impl Deflate {
    /// Context takeover and the largest windows in both directions, level 6 and memory level 8 as zlib has them, for messages of at
    /// least 1024 bytes; what comes is inflated.
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    /// use ws_core::session::Deflate;
    ///
    /// let deflate = Deflate::new();
    /// assert_eq!((deflate.level().get(), deflate.mem_level().get()), (6, 8));
    /// assert_eq!((deflate.threshold(), deflate.is_inflating()), (1024, true));
    /// assert_eq!(deflate.config(), DeflateConfig::new());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            config: DeflateConfig::new(),
            level: CompressionLevel::DEFAULT,
            mem_level: MemLevel::DEFAULT,
            threshold: 1024,
            is_inflating: true,
        }
    }

    /// Sets what is negotiated: the windows and the context takeover of both directions.
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    /// use ws_core::session::Deflate;
    ///
    /// let config = DeflateConfig::new().with_outgoing_no_context_takeover();
    /// assert_eq!(Deflate::new().with_config(config).config(), config);
    /// ```
    #[must_use]
    pub const fn with_config(self, config: DeflateConfig) -> Self {
        Self { config, ..self }
    }

    /// Sets how much time is spent on a message that is sent. Default: 6.
    ///
    /// ```
    /// use ws_core::deflate::CompressionLevel;
    /// use ws_core::session::Deflate;
    ///
    /// let deflate = Deflate::new().with_level(CompressionLevel::FASTEST);
    /// assert_eq!(deflate.level(), CompressionLevel::FASTEST);
    /// ```
    #[must_use]
    pub const fn with_level(self, level: CompressionLevel) -> Self {
        Self { level, ..self }
    }

    /// Sets how much memory is spent on what is sent, beside the window. Default: 8.
    ///
    /// ```
    /// use ws_core::deflate::MemLevel;
    /// use ws_core::session::Deflate;
    ///
    /// let deflate = Deflate::new().with_mem_level(MemLevel::MIN);
    /// assert_eq!(deflate.mem_level(), MemLevel::MIN);
    /// ```
    #[must_use]
    pub const fn with_mem_level(self, mem_level: MemLevel) -> Self {
        Self { mem_level, ..self }
    }

    /// Sets the shortest message that is compressed, in bytes. Default: 1024, as in Node's `ws`: what a shorter one gains is
    /// seldom worth the time.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::connection::RoleKeys;
    /// use ws_core::extension::{Agreed, DeflateParams};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::session::{Deflate, Config, NoKeys, Opened, Session};
    ///
    /// let deflate = Deflate::new().with_threshold(6);
    /// assert_eq!(deflate.threshold(), 6);
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_deflate(Agreed::server(DeflateParams::new()));
    /// let config = Config::new().with_deflate(deflate);
    /// let mut session = Session::new(opened, config, ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// assert_eq!(session.outbound.transmit(), b"\x81\x05Hello", "too short to be compressed");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub const fn with_threshold(self, len: usize) -> Self {
        Self { threshold: len, ..self }
    }

    /// Leaves compressed messages as they are: for a proxy that passes them on. They come as
    /// [`Payload::Compressed`](crate::event::Payload::Compressed), by [`Inbound::next_part`](super::Inbound::next_part)
    /// alone. Where a whole message is asked for and a compressed one comes, the connection fails with
    /// [`Limit::Compressed`](crate::error::Limit::Compressed).
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// use ws_core::event::Event;
    /// use ws_core::extension::{Agreed, DeflateParams};
    /// # use ws_core::input::ReadBuffer;
    /// use ws_core::session::{Deflate, Config, NoKeys, Opened, Session};
    ///
    /// let deflate = Deflate::new().without_inflating();
    /// assert!(!deflate.is_inflating());
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_deflate(Agreed::server(DeflateParams::new()));
    /// let arrived = b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\0"; // "Hello"
    /// let buffer = ReadBuffer::with_filled(arrived.to_vec(), arrived.len()).ok_or("too short")?;
    /// let mut session = Session::new(opened, Config::new().with_deflate(deflate), buffer, Duration::ZERO);
    /// let Some(Event::Data(part)) = session.inbound.next_part(&mut session.outbound) else { return Err("no part") };
    /// assert!(part.payload.is_compressed());
    /// assert_eq!(part.payload.as_bytes(), &arrived[6..]);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn without_inflating(self) -> Self {
        Self { is_inflating: false, ..self }
    }

    /// What is negotiated.
    #[must_use]
    pub const fn config(&self) -> DeflateConfig {
        self.config
    }

    /// How much time is spent on a message that is sent.
    #[must_use]
    pub const fn level(&self) -> CompressionLevel {
        self.level
    }

    /// How much memory is spent on what is sent.
    #[must_use]
    pub const fn mem_level(&self) -> MemLevel {
        self.mem_level
    }

    /// The shortest message that is compressed, in bytes.
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }

    /// Whether compressed messages that come are inflated.
    #[must_use]
    pub const fn is_inflating(&self) -> bool {
        self.is_inflating
    }
}

#[cfg(feature = "deflate")]
impl Default for Deflate {
    fn default() -> Self {
        Self::new()
    }
}
