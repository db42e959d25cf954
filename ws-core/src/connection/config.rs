use crate::extension::Agreed;
use crate::frame::ReservedBits;

/// How a connection behaves where the RFC leaves a choice. The default suits a server that faces strangers.
///
/// ```
/// use ws_core::connection::{Config, Limits};
///
/// let config = Config::new().with_limits(Limits::new().with_message_len_max(64 * 1024));
/// assert_eq!(config.limits().message_len_max(), 64 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Config {
    limits: Limits,
    pongs: Pongs,
    deflate: Option<Agreed>,
}

impl Config {
    /// The default: [`Limits::new`], pongs by themselves, no extension.
    #[must_use]
    pub const fn new() -> Self {
        Self { limits: Limits::new(), pongs: Pongs::Automatic, deflate: None }
    }

    /// The same with these limits.
    #[must_use]
    pub const fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same with pings answered in this way.
    #[must_use]
    pub const fn with_pongs(self, pongs: Pongs) -> Self {
        Self { pongs, ..self }
    }

    /// The same where permessage-deflate was negotiated: messages may be compressed, and arrive as
    /// [`Payload::Compressed`](crate::event::Payload::Compressed).
    ///
    /// On the wire a compressed message may then exceed the limits by an eighth and 1 KiB, since what does not compress
    /// grows; the limit of what it inflates to is the inflater's.
    #[must_use]
    pub const fn with_deflate(self, agreed: Agreed) -> Self {
        Self { deflate: Some(agreed), ..self }
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

    /// The reserved bits that the negotiated extensions define.
    #[inline]
    pub(crate) const fn reserved(&self) -> ReservedBits {
        if self.deflate.is_some() { ReservedBits::RSV1 } else { ReservedBits::NONE }
    }

    /// What was agreed on for permessage-deflate, where it was.
    #[must_use]
    #[inline]
    pub const fn deflate(&self) -> Option<Agreed> {
        self.deflate
    }
}

/// Who answers pings (RFC 6455 §5.5.2).
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    frame_len_max: u64,
    message_len_max: u64,
    fragment_count_max: u32,
}

impl Limits {
    /// The defaults: 16 MiB for a frame and for a message, 131,072 fragments in a message.
    #[must_use]
    pub const fn new() -> Self {
        Self { frame_len_max: 16 << 20, message_len_max: 16 << 20, fragment_count_max: 131_072 }
    }

    /// No limits at all: for who streams payload through a small buffer and keeps none of it.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { frame_len_max: u64::MAX, message_len_max: u64::MAX, fragment_count_max: u32::MAX }
    }

    /// The longest payload of a frame, in bytes. Default 16 MiB, as in tungstenite; beyond it
    /// [`Limit::FrameLen`](crate::error::Limit::FrameLen).
    #[must_use]
    pub const fn with_frame_len_max(self, len: u64) -> Self {
        Self { frame_len_max: len, ..self }
    }

    /// The longest message, in bytes: the sum of what its frames announce. Default 16 MiB, between the 1 MiB of
    /// Python's `websockets` and the 100 MiB of Node's `ws`; beyond it
    /// [`Limit::MessageLen`](crate::error::Limit::MessageLen).
    #[must_use]
    pub const fn with_message_len_max(self, len: u64) -> Self {
        Self { message_len_max: len, ..self }
    }

    /// The most frames that a message may be cut into, empty ones included. Default 131,072, as in Node's `ws`
    /// 8.21.0; beyond it [`Limit::FragmentCount`](crate::error::Limit::FragmentCount).
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
