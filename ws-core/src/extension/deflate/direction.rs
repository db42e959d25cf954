// Read first: RFC 7692 §7.1.1, §7.1.2.

use super::WindowBits;

/// How messages are compressed in one direction.
///
/// Of the direction in which we send, it is what the compressor has to keep to; of the other one, what the decompressor
/// has to be prepared for. [`Agreed`](super::Agreed) has one of each.
///
/// ```
/// use ws_core::extension::{DeflateDirection, WindowBits};
///
/// let bits = WindowBits::new(10).ok_or("8 to 15")?;
/// let direction = DeflateDirection::new().with_max_window_bits(bits).with_no_context_takeover();
/// assert_eq!(direction.max_window_bits().window_len(), 1024);
/// assert!(!direction.has_context_takeover());
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeflateDirection {
    pub(super) has_context_takeover: bool,
    pub(super) max_window_bits: WindowBits,
}

impl DeflateDirection {
    /// What holds where nothing else was agreed on: context takeover, and windows of up to 32,768 bytes.
    ///
    /// ```
    /// use ws_core::extension::{DeflateDirection, WindowBits};
    ///
    /// let direction = DeflateDirection::new();
    /// assert!(direction.has_context_takeover() && direction.max_window_bits() == WindowBits::MAX);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { has_context_takeover: true, max_window_bits: WindowBits::MAX }
    }

    /// Lets no message refer to those before it.
    ///
    /// ```
    /// use ws_core::extension::DeflateDirection;
    ///
    /// assert!(!DeflateDirection::new().with_no_context_takeover().has_context_takeover());
    /// ```
    #[must_use]
    pub const fn with_no_context_takeover(mut self) -> Self {
        self.has_context_takeover = false;
        self
    }

    /// Sets the largest window that a message may be compressed with.
    ///
    /// ```
    /// use ws_core::extension::{DeflateDirection, WindowBits};
    ///
    /// let direction = DeflateDirection::new().with_max_window_bits(WindowBits::MIN);
    /// assert_eq!(direction.max_window_bits().window_len(), 256);
    /// ```
    #[must_use]
    pub const fn with_max_window_bits(mut self, bits: WindowBits) -> Self {
        self.max_window_bits = bits;
        self
    }

    /// Whether a message may refer to the messages before it, so that the window outlives a message (RFC 7692 §7.1.1).
    #[must_use]
    pub const fn has_context_takeover(self) -> bool {
        self.has_context_takeover
    }

    /// The largest window that a message may be compressed with (RFC 7692 §7.1.2).
    #[must_use]
    pub const fn max_window_bits(self) -> WindowBits {
        self.max_window_bits
    }
}

impl Default for DeflateDirection {
    fn default() -> Self {
        Self::new()
    }
}
