//! What can be chosen about compression, each as a type whose every value is legal.

use zlib_rs::{Deflate, DeflateConfig};

use super::WindowBits;
use crate::extension::DeflateDirection;

#[cfg(doc)]
use super::Deflater;

/// What a [`Deflater`] is made with: the parameters agreed on for our direction, and how much time and memory to spend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_structs,
    reason = "every value of every field is legal; Default fills in the rest"
)]
pub struct DeflateSettings {
    /// How far back a message may refer. The peer's memory depends on it, and ours.
    pub window_bits: WindowBits,
    /// Whether a message may refer to those before it.
    pub takeover: ContextTakeover,
    /// How much time to spend.
    pub level: CompressionLevel,
    /// How much memory to spend beside the window.
    pub mem_level: MemLevel,
}

impl From<DeflateDirection> for DeflateSettings {
    /// What was agreed on for our direction, with the default level and memory.
    fn from(outgoing: DeflateDirection) -> Self {
        Self { window_bits: outgoing.max_window_bits(), takeover: outgoing.into(), ..Self::default() }
    }
}

impl DeflateSettings {
    /// The most that a deflater of these settings allocates, in bytes. A test compares it with what is allocated.
    ///
    /// In KiB, by window bits and [`MemLevel`]:
    ///
    /// | window bits ＼ memory level | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
    /// |---|---|---|---|---|---|---|---|---|---|
    /// | 8, 9 | 134 | 135 | 137 | 141 | 148 | 162 | 190 | 246 | 358 |
    /// | 10 | 136 | 137 | 139 | 143 | 150 | 164 | 192 | 248 | 360 |
    /// | 11 | 140 | 141 | 143 | 147 | 154 | 168 | 196 | 252 | 364 |
    /// | 12 | 148 | 149 | 151 | 155 | 162 | 176 | 204 | 260 | 372 |
    /// | 13 | 164 | 165 | 167 | 171 | 178 | 192 | 220 | 276 | 388 |
    /// | 14 | 196 | 197 | 199 | 203 | 210 | 224 | 252 | 308 | 420 |
    /// | 15 | 260 | 261 | 263 | 267 | 274 | 288 | 316 | 372 | 484 |
    ///
    /// 128 KiB of each are a table whose size cannot be chosen.
    #[must_use]
    pub fn memory_len_max(self) -> usize {
        // Two windows and a link of two bytes for each place of one; eight bytes less one for each symbol of a block.
        let window_len = self.raw_window_bits().window_len().saturating_mul(4);
        let block_len = (64_usize << self.mem_level.get()).saturating_mul(7);
        ZLIB_LEN_MAX.saturating_add(window_len).saturating_add(block_len)
    }

    /// The window that zlib is told to use.
    ///
    /// It knows none of 256 bytes. With one of 512 it keeps clear of the last 262 bytes of it, the longest match and
    /// what it looks ahead, so that no distance is longer than 250.
    fn raw_window_bits(self) -> WindowBits {
        self.window_bits.max(NINE)
    }

    pub(super) fn new_stream(self) -> Deflate {
        Deflate::new_with_config(DeflateConfig {
            level: self.level.get().into(),
            window_bits: i32::from(self.raw_window_bits().bits()).saturating_neg(),
            mem_level: self.mem_level.get().into(),
            ..DeflateConfig::default()
        })
    }
}

/// How much time is spent on making messages shorter: 0, which only stores, to 9.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompressionLevel(u8);

impl CompressionLevel {
    /// Stores without compressing: 5 bytes longer for every 64 KiB or less.
    pub const NONE: Self = Self(0);
    /// The fastest that compresses.
    pub const FASTEST: Self = Self(1);
    /// The shortest result.
    pub const BEST: Self = Self(9);

    /// `None` unless it is 0 to 9.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        match level {
            0..=9 => Some(Self(level)),
            _ => None,
        }
    }

    /// The level, 0 to 9.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for CompressionLevel {
    /// 6, zlib's.
    fn default() -> Self {
        Self(6)
    }
}

/// How much memory a compressor spends beside its window: 1 to 9. Less compresses less well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemLevel(u8);

impl MemLevel {
    /// The least memory.
    pub const MIN: Self = Self(1);
    /// The most memory.
    pub const MAX: Self = Self(9);

    /// `None` unless it is 1 to 9.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        match level {
            1..=9 => Some(Self(level)),
            _ => None,
        }
    }

    /// The level, 1 to 9.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for MemLevel {
    /// 8, zlib's.
    fn default() -> Self {
        Self(8)
    }
}

/// Whether a message may refer back to the messages before it (RFC 7692 §7.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: the parameter is there or it is not")]
pub enum ContextTakeover {
    /// It may: what holds where nothing was agreed on.
    #[default]
    Allowed,
    /// Each message starts with an empty window: `no_context_takeover` was agreed on.
    Forbidden,
}

/// Nine window bits, the fewest that zlib compresses with.
const NINE: WindowBits = match WindowBits::new(9) {
    Some(bits) => bits,
    None => WindowBits::MAX,
};

/// What zlib-rs allocates to compress, whatever the settings are, rounded up: a table of 128 KiB, and its state.
const ZLIB_LEN_MAX: usize = (128 + 4) * 1024;

impl ContextTakeover {
    /// Whether a message may refer to those before it.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed)
    }
}

impl From<DeflateDirection> for ContextTakeover {
    /// What was agreed on for a direction.
    fn from(direction: DeflateDirection) -> Self {
        if direction.has_context_takeover() { Self::Allowed } else { Self::Forbidden }
    }
}
