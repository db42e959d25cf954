//! What can be chosen about compression, each as a type whose every value is legal.

use zlib_rs::{Deflate, DeflateConfig};

use super::WindowBits;
use crate::extension::DeflateDirection;

#[cfg(doc)]
use super::Deflater;

/// What a [`Deflater`] is made with: the parameters that bind our direction, and how much time and memory to spend.
///
/// For a connection, start from what was agreed on, [`Agreed::outgoing`](crate::extension::Agreed::outgoing).
///
/// ```
/// use ws_core::deflate::{CompressionLevel, DeflateSettings, Deflater, MemLevel};
/// use ws_core::extension::{Agreed, DeflateParams};
///
/// let agreed = Agreed::server(DeflateParams::default()); // what the handshake returns
/// let mem_level = MemLevel::new(5).ok_or("1 to 9")?;
/// let settings =
///     DeflateSettings::from(agreed.outgoing()).with_level(CompressionLevel::FASTEST).with_mem_level(mem_level);
/// assert_eq!(settings.memory_len_max(), 274 * 1024);
/// let deflater = Deflater::new(settings);
/// # let _ = deflater;
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeflateSettings {
    window_bits: WindowBits,
    context_takeover: ContextTakeover,
    level: CompressionLevel,
    mem_level: MemLevel,
}

impl DeflateSettings {
    /// The largest window and context takeover, which hold where nothing else was agreed on (RFC 7692 §7.1), and the
    /// level and memory level of zlib, 6 and 8.
    ///
    /// ```
    /// use ws_core::deflate::{CompressionLevel, DeflateSettings, WindowBits};
    ///
    /// let settings = DeflateSettings::new();
    /// assert_eq!(settings.window_bits(), WindowBits::MAX);
    /// assert!(settings.context_takeover().is_allowed());
    /// assert_eq!((settings.level().get(), settings.mem_level().get()), (6, 8));
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            window_bits: WindowBits::MAX,
            context_takeover: ContextTakeover::Allowed,
            level: CompressionLevel::DEFAULT,
            mem_level: MemLevel::DEFAULT,
        }
    }

    /// Sets how far back a message may refer, at most. Default 15, a window of 32 KiB.
    ///
    /// Both the deflater's memory and what the peer needs depend on it; see [`memory_len_max`](Self::memory_len_max).
    /// Smaller windows compress less.
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, WindowBits};
    ///
    /// let settings = DeflateSettings::new().with_window_bits(WindowBits::MIN);
    /// assert_eq!(settings.window_bits().window_len(), 256);
    /// ```
    #[must_use]
    pub const fn with_window_bits(self, window_bits: WindowBits) -> Self {
        Self { window_bits, ..self }
    }

    /// Sets whether a message may refer to the messages before it. Default: it may.
    ///
    /// ```
    /// use ws_core::deflate::{ContextTakeover, DeflateSettings};
    ///
    /// let settings = DeflateSettings::new().with_context_takeover(ContextTakeover::Forbidden);
    /// assert!(!settings.context_takeover().is_allowed());
    /// ```
    #[must_use]
    pub const fn with_context_takeover(self, context_takeover: ContextTakeover) -> Self {
        Self { context_takeover, ..self }
    }

    /// Sets how much time to spend. Default 6, as in zlib.
    ///
    /// ```
    /// use ws_core::deflate::{CompressionLevel, DeflateSettings};
    ///
    /// let settings = DeflateSettings::new().with_level(CompressionLevel::BEST);
    /// assert_eq!(settings.level().get(), 9);
    /// ```
    #[must_use]
    pub const fn with_level(self, level: CompressionLevel) -> Self {
        Self { level, ..self }
    }

    /// Sets how much memory to spend in addition to the window. Default 8, as in zlib.
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, MemLevel};
    ///
    /// let settings = DeflateSettings::new().with_mem_level(MemLevel::MIN);
    /// assert!(settings.memory_len_max() < DeflateSettings::new().memory_len_max());
    /// ```
    #[must_use]
    pub const fn with_mem_level(self, mem_level: MemLevel) -> Self {
        Self { mem_level, ..self }
    }

    /// How far back a message may refer, at most.
    #[must_use]
    pub const fn window_bits(self) -> WindowBits {
        self.window_bits
    }

    /// Whether a message may refer to the messages before it.
    #[must_use]
    pub const fn context_takeover(self) -> ContextTakeover {
        self.context_takeover
    }

    /// How much time is spent.
    #[must_use]
    pub const fn level(self) -> CompressionLevel {
        self.level
    }

    /// How much memory is spent in addition to the window.
    #[must_use]
    pub const fn mem_level(self) -> MemLevel {
        self.mem_level
    }

    /// The most that a deflater with these settings allocates, in bytes. A test compares it with what is allocated.
    ///
    /// In KiB, rounded up, by window bits and [`MemLevel`]:
    ///
    /// | window bits ＼ memory level | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
    /// |---|---|---|---|---|---|---|---|---|---|
    /// | 8, 9 | 135 | 136 | 138 | 141 | 148 | 162 | 190 | 246 | 358 |
    /// | 10 | 137 | 138 | 140 | 143 | 150 | 164 | 192 | 248 | 360 |
    /// | 11 | 141 | 142 | 144 | 147 | 154 | 168 | 196 | 252 | 364 |
    /// | 12 | 149 | 150 | 152 | 155 | 162 | 176 | 204 | 260 | 372 |
    /// | 13 | 165 | 166 | 168 | 171 | 178 | 192 | 220 | 276 | 388 |
    /// | 14 | 197 | 198 | 200 | 203 | 210 | 224 | 252 | 308 | 420 |
    /// | 15 | 261 | 262 | 264 | 267 | 274 | 288 | 316 | 372 | 484 |
    ///
    /// 128 KiB of each are a table whose size cannot be chosen.
    ///
    /// ```
    /// use ws_core::deflate::DeflateSettings;
    ///
    /// assert_eq!(DeflateSettings::new().memory_len_max(), 372 * 1024);
    /// ```
    #[must_use]
    pub fn memory_len_max(self) -> usize {
        // Two windows and a link of two bytes for each place of one; eight bytes less one for each symbol of a block.
        let window_len = self.raw_window_bits().window_len().saturating_mul(4);
        let block_len = (64_usize << self.mem_level.get()).saturating_mul(7);
        ZLIB_LEN_MAX.saturating_add(window_len).saturating_add(block_len)
    }

    /// The window that zlib is asked to use.
    ///
    /// zlib does not compress with one of 256 bytes. With one of 512 it keeps clear of the last 262 bytes, the longest
    /// match and what it looks ahead, so that no distance is longer than 250.
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

impl Default for DeflateSettings {
    fn default() -> Self {
        Self::new()
    }
}

impl From<DeflateDirection> for DeflateSettings {
    /// Takes the window and the context takeover that were agreed on, and the default level and memory level.
    fn from(outgoing: DeflateDirection) -> Self {
        Self::new().with_window_bits(outgoing.max_window_bits()).with_context_takeover(outgoing.into())
    }
}

/// How much time is spent on making messages shorter: 0, which only stores them, to 9.
///
/// ```
/// use ws_core::deflate::CompressionLevel;
///
/// assert_eq!(CompressionLevel::new(1), Some(CompressionLevel::FASTEST));
/// assert_eq!(CompressionLevel::new(10), None);
/// assert_eq!(CompressionLevel::default().get(), 6);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CompressionLevel(u8);

impl CompressionLevel {
    /// Stores without compressing: adds 5 bytes to every 64 KiB or less.
    ///
    /// ```
    /// use ws_core::deflate::{CompressionLevel, DeflateSettings, Deflater, Flush};
    ///
    /// let mut stored = Deflater::new(DeflateSettings::new().with_level(CompressionLevel::NONE));
    /// let len = stored.deflate(&[7; 1000], Flush::Message, &mut [0; 2000]).written;
    /// assert!((1005..1020).contains(&len), "{len}");
    /// ```
    pub const NONE: Self = Self(0);
    /// The fastest level that compresses.
    ///
    /// ```
    /// use ws_core::deflate::CompressionLevel;
    ///
    /// assert_eq!(CompressionLevel::FASTEST.get(), 1);
    /// ```
    pub const FASTEST: Self = Self(1);
    /// The level with the shortest result.
    ///
    /// ```
    /// use ws_core::deflate::CompressionLevel;
    ///
    /// assert_eq!(CompressionLevel::BEST.get(), 9);
    /// ```
    pub const BEST: Self = Self(9);
    /// The default of zlib.
    ///
    /// ```
    /// use ws_core::deflate::CompressionLevel;
    ///
    /// assert_eq!(CompressionLevel::DEFAULT.get(), 6);
    /// ```
    pub const DEFAULT: Self = Self(6);

    /// A level; `None` unless it is 0 to 9.
    ///
    /// ```
    /// use ws_core::deflate::CompressionLevel;
    ///
    /// const LEVEL: Option<CompressionLevel> = CompressionLevel::new(4);
    /// assert_eq!(LEVEL.map(CompressionLevel::get), Some(4));
    /// assert_eq!(CompressionLevel::new(10), None);
    /// ```
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
    /// 6, as in zlib.
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How much memory a deflater spends in addition to its window: 1 to 9. Less memory compresses less.
///
/// ```
/// use ws_core::deflate::MemLevel;
///
/// assert_eq!(MemLevel::new(9), Some(MemLevel::MAX));
/// assert_eq!(MemLevel::new(0), None);
/// assert_eq!(MemLevel::default().get(), 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemLevel(u8);

impl MemLevel {
    /// The least memory.
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, MemLevel};
    ///
    /// assert_eq!(MemLevel::MIN.get(), 1);
    /// assert!(DeflateSettings::new().with_mem_level(MemLevel::MIN).memory_len_max() < 261 * 1024);
    /// ```
    pub const MIN: Self = Self(1);
    /// The most memory.
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, MemLevel};
    ///
    /// assert_eq!(MemLevel::MAX.get(), 9);
    /// assert_eq!(DeflateSettings::new().with_mem_level(MemLevel::MAX).memory_len_max(), 484 * 1024);
    /// ```
    pub const MAX: Self = Self(9);
    /// The default of zlib.
    ///
    /// ```
    /// use ws_core::deflate::{DeflateSettings, MemLevel};
    ///
    /// assert_eq!(MemLevel::DEFAULT.get(), 8);
    /// assert_eq!(DeflateSettings::new().mem_level(), MemLevel::DEFAULT);
    /// ```
    pub const DEFAULT: Self = Self(8);

    /// A memory level; `None` unless it is 1 to 9.
    ///
    /// ```
    /// use ws_core::deflate::MemLevel;
    ///
    /// const LEVEL: Option<MemLevel> = MemLevel::new(5);
    /// assert_eq!(LEVEL.map(MemLevel::get), Some(5));
    /// assert_eq!((MemLevel::new(0), MemLevel::new(10)), (None, None));
    /// ```
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        match level {
            1..=9 => Some(Self(level)),
            _ => None,
        }
    }

    /// The memory level, 1 to 9.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for MemLevel {
    /// 8, as in zlib.
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Whether a message may refer back to the messages before it (RFC 7692 §7.1.1).
///
/// With it, messages that resemble each other become much shorter; without it, neither side has to keep a window
/// between messages, and no message is compressed by means of another.
///
/// ```
/// use ws_core::deflate::ContextTakeover;
/// use ws_core::extension::{Agreed, DeflateParams};
///
/// let agreed = Agreed::server(DeflateParams::default()); // what the handshake returns
/// assert_eq!(ContextTakeover::from(agreed.incoming()), ContextTakeover::Allowed);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: the parameter is there or it is not")]
pub enum ContextTakeover {
    /// A message may refer to earlier ones. This holds where nothing was agreed on.
    #[default]
    Allowed,
    /// Each message starts with an empty window: `no_context_takeover` was agreed on.
    Forbidden,
}

impl ContextTakeover {
    /// Whether a message may refer to the messages before it.
    ///
    /// ```
    /// use ws_core::deflate::ContextTakeover;
    /// use ws_core::extension::DeflateDirection;
    ///
    /// let direction = DeflateDirection::new().with_no_context_takeover();
    /// assert!(!ContextTakeover::from(direction).is_allowed());
    /// assert!(ContextTakeover::default().is_allowed());
    /// ```
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed)
    }
}

impl From<DeflateDirection> for ContextTakeover {
    /// Takes what was agreed on for a direction.
    fn from(direction: DeflateDirection) -> Self {
        if direction.has_context_takeover() { Self::Allowed } else { Self::Forbidden }
    }
}

/// Nine window bits, the fewest that zlib compresses with.
const NINE: WindowBits = match WindowBits::new(9) {
    Some(bits) => bits,
    None => WindowBits::MAX,
};

/// What zlib-rs allocates to compress, whatever the settings are, rounded up: a table of 128 KiB, and its state.
const ZLIB_LEN_MAX: usize = (128 + 4) * 1024;
