// Read first: RFC 7692 §7.1, §8.

use ws_core::deflate::{CompressionLevel, MemLevel};
use ws_core::extension::DeflateConfig;

/// Whether and how messages are compressed by permessage-deflate (RFC 7692): what is negotiated, and what is spent on it.
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
/// Who sees how long our messages are, and can have us send text of his choice together with a secret, learns the secret
/// by trying which text makes them shorter: CRIME and BREACH. TLS does not help, it keeps lengths (RFC 7692 §8). Where a
/// message holds both, send it with [`Writer::send_uncompressed`](crate::Writer::send_uncompressed); and where such
/// messages follow each other, compress each on its own, by
/// [`DeflateConfig::with_outgoing_no_context_takeover`].
///
/// # What it costs
///
/// For each connection, in KiB: up to 372 to compress with the default, and up to 79 + 17 to inflate. Nothing of it is
/// allocated before the first message of its direction that is compressed. Where context takeover was not agreed on for
/// a direction, the first two are freed behind each message; otherwise they are kept, until
/// [`WebSocket::release_deflate`](crate::WebSocket::release_deflate) or the end. [`DeflateSettings::memory_len_max`](ws_core::deflate::DeflateSettings::memory_len_max) has a
/// table of what smaller windows and memory levels cost; inflating costs the same whatever the window.
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

    /// The same, negotiating by this: windows and context takeover of both directions.
    #[must_use]
    pub const fn with_config(self, config: DeflateConfig) -> Self {
        Self { config, ..self }
    }

    /// The same, spending this much time on what is sent. Default 6.
    #[must_use]
    pub const fn with_level(self, level: CompressionLevel) -> Self {
        Self { level, ..self }
    }

    /// The same, spending this much memory on what is sent, beside the window. Default 8.
    #[must_use]
    pub const fn with_mem_level(self, mem_level: MemLevel) -> Self {
        Self { mem_level, ..self }
    }

    /// The same, but messages of fewer bytes than this are sent as they are. Default 1024, as in Node's `ws`: what is
    /// gained for shorter ones is seldom worth the time.
    #[must_use]
    pub const fn with_threshold(self, len: usize) -> Self {
        Self { threshold: len, ..self }
    }

    /// What is negotiated.
    #[must_use]
    pub const fn config(&self) -> DeflateConfig {
        self.config
    }

    /// How much time is spent on what is sent.
    #[must_use]
    pub const fn level(&self) -> CompressionLevel {
        self.level
    }

    /// How much memory is spent on what is sent.
    #[must_use]
    pub const fn mem_level(&self) -> MemLevel {
        self.mem_level
    }

    /// From which length on messages are compressed, in bytes.
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
