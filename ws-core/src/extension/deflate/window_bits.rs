// Read first: RFC 7692 §7.1.2.

use core::fmt;

use super::DeflateError;
use crate::extension::ParamValue;

/// The size of an LZ77 sliding window, as its base-2 logarithm: 8 to 15 (RFC 7692 §7.1.2).
///
/// ```
/// use ws_core::extension::WindowBits;
///
/// assert_eq!(WindowBits::new(10).map(WindowBits::window_len), Some(1024));
/// assert_eq!(WindowBits::new(7), None);
/// assert_eq!(WindowBits::default(), WindowBits::MAX);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 8: a window of 256 bytes. RFC 7692 §7.3 recommends 1,024 or more for a useful ratio.
    ///
    /// ```
    /// use ws_core::extension::WindowBits;
    ///
    /// assert_eq!((WindowBits::MIN.bits(), WindowBits::new(7)), (8, None));
    /// ```
    pub const MIN: Self = Self(8);
    /// 15: a window of 32,768 bytes, which is what DEFLATE has and what holds where nothing else was agreed on.
    ///
    /// ```
    /// use ws_core::extension::{DeflateDirection, WindowBits};
    ///
    /// assert_eq!((WindowBits::MAX.bits(), WindowBits::new(16)), (15, None));
    /// assert_eq!(DeflateDirection::new().max_window_bits(), WindowBits::MAX);
    /// ```
    pub const MAX: Self = Self(15);

    /// `None` where `bits` is not 8 to 15.
    ///
    /// ```
    /// use ws_core::extension::WindowBits;
    ///
    /// const SMALL: Option<WindowBits> = WindowBits::new(9);
    /// assert_eq!(SMALL.map(WindowBits::bits), Some(9));
    /// assert_eq!(WindowBits::new(16), None);
    /// ```
    #[must_use]
    pub const fn new(bits: u8) -> Option<Self> {
        match bits {
            8..=15 => Some(Self(bits)),
            _ => None,
        }
    }

    /// The number of bits, 8 to 15.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The size of the window in bytes: 256 to 32,768.
    ///
    /// ```
    /// use ws_core::extension::WindowBits;
    ///
    /// assert_eq!((WindowBits::MIN.window_len(), WindowBits::MAX.window_len()), (256, 32_768));
    /// ```
    #[must_use]
    pub const fn window_len(self) -> usize {
        match self.0 {
            8 => 256,
            9 => 512,
            10 => 1024,
            11 => 2048,
            12 => 4096,
            13 => 8192,
            14 => 16_384,
            _ => 32_768,
        }
    }

    pub(super) fn parse(value: ParamValue<'_>) -> Result<Self, DeflateError> {
        // RFC 7692 §7.1.2.1: a decimal integer without leading zeroes, from 8 to 15.
        (Self::MIN.0..=Self::MAX.0).map(Self).find(|bits| value == *bits.text()).ok_or(DeflateError::Value)
    }

    const fn text(self) -> &'static str {
        match self.0 {
            8 => "8",
            9 => "9",
            10 => "10",
            11 => "11",
            12 => "12",
            13 => "13",
            14 => "14",
            _ => "15",
        }
    }
}

impl TryFrom<u8> for WindowBits {
    type Error = DeflateError;

    fn try_from(bits: u8) -> Result<Self, DeflateError> {
        Self::new(bits).ok_or(DeflateError::Value)
    }
}

impl From<WindowBits> for u8 {
    fn from(bits: WindowBits) -> Self {
        bits.0
    }
}

impl Default for WindowBits {
    fn default() -> Self {
        Self::MAX
    }
}

impl fmt::Display for WindowBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
