// Read first: RFC 7692 §7.1, §8.

use ws_core::deflate::{CompressionLevel, MemLevel};
use ws_core::extension::DeflateConfig;

/// Settings of permessage-deflate (RFC 7692): what is negotiated, and how much time and memory compression may take.
///
/// Nothing is compressed unless [`Client::with_deflate`](crate::Client::with_deflate) or
/// [`Server::with_deflate`](crate::Server::with_deflate) was given one of these, and the peer agrees.
///
/// ```
/// use ws_std::ws_core::deflate::MemLevel;
/// use ws_std::ws_core::extension::{DeflateConfig, WindowBits};
/// use ws_std::{Deflate, Server};
///
/// // About half of the memory of the default, for messages that are a few percent longer.
/// let bits = WindowBits::new(12).ok_or("8 to 15")?;
/// let config = DeflateConfig::new().with_outgoing_max_window_bits(bits).with_incoming_max_window_bits(bits);
/// let deflate = Deflate::new().with_config(config).with_mem_level(MemLevel::new(5).ok_or("1 to 9")?);
/// let server = Server::new().with_deflate(deflate);
/// assert_eq!(deflate.threshold(), 1024);
/// # let _ = server;
/// # Ok::<(), &str>(())
/// ```
///
/// # Before turning it on
///
/// An attacker that sees the lengths of your messages, and can have you send text of its choice together with a secret, recovers
/// the secret by trying which text makes the messages shorter: CRIME and BREACH. TLS does not help, since it does not hide lengths
/// (RFC 7692 §8). Send a message that holds both with [`Writer::send_uncompressed`](crate::Writer::send_uncompressed). Where the
/// secret and the text are in different messages, compress each message on its own, by
/// [`DeflateConfig::with_outgoing_no_context_takeover`].
///
/// # What it costs
///
/// For each connection, up to 372 KiB to compress with the defaults, and up to 79 KiB and a buffer of 17 KiB to inflate. Nothing of
/// it is allocated before the first compressed message of its direction. Where context takeover was not agreed on for a direction,
/// the 372 or 79 KiB are freed after each message; otherwise they are kept, the former until
/// [`WebSocket::release_deflate`](crate::WebSocket::release_deflate), the latter until the connection is dropped.
/// [`DeflateSettings::memory_len_max`](ws_core::deflate::DeflateSettings::memory_len_max) has a table of what smaller windows and
/// memory levels cost; inflating costs the same whatever the window.
///
/// What a message inflates to is bounded by [`Limits::message_len_max`](crate::Limits::message_len_max), while it is
/// inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deflate {
    config: DeflateConfig,
    level: CompressionLevel,
    mem_level: MemLevel,
    threshold: usize,
}

impl Deflate {
    /// Context takeover and the largest windows in both directions, compression level 6 and memory level 8 as zlib has
    /// them, and a threshold of 1024 bytes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            config: DeflateConfig::new(),
            level: CompressionLevel::default(),
            mem_level: MemLevel::default(),
            threshold: 1024,
        }
    }

    /// Sets what is negotiated: the windows and the context takeover of both directions.
    #[must_use]
    pub const fn with_config(self, config: DeflateConfig) -> Self {
        Self { config, ..self }
    }

    /// Sets how much time is spent on compressing messages that are sent. Default 6.
    #[must_use]
    pub const fn with_level(self, level: CompressionLevel) -> Self {
        Self { level, ..self }
    }

    /// Sets how much memory is spent on compressing messages that are sent, in addition to the window. Default 8.
    #[must_use]
    pub const fn with_mem_level(self, mem_level: MemLevel) -> Self {
        Self { mem_level, ..self }
    }

    /// Sets the shortest message that is compressed, in bytes; shorter ones are sent as they are. Default 1024, as in Node's
    /// `ws`: what a shorter message gains is seldom worth the time.
    #[must_use]
    pub const fn with_threshold(self, len: usize) -> Self {
        Self { threshold: len, ..self }
    }

    /// What is negotiated; see [`with_config`](Self::with_config).
    #[must_use]
    pub const fn config(&self) -> DeflateConfig {
        self.config
    }

    /// How much time is spent on compressing; see [`with_level`](Self::with_level).
    #[must_use]
    pub const fn level(&self) -> CompressionLevel {
        self.level
    }

    /// How much memory is spent on compressing; see [`with_mem_level`](Self::with_mem_level).
    #[must_use]
    pub const fn mem_level(&self) -> MemLevel {
        self.mem_level
    }

    /// The shortest message that is compressed, in bytes; see [`with_threshold`](Self::with_threshold).
    #[must_use]
    pub const fn threshold(&self) -> usize {
        self.threshold
    }
}

impl Default for Deflate {
    fn default() -> Self {
        Self::new()
    }
}
