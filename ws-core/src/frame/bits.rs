// Read first: RFC 6455 §5.2.

/// Whether a frame is the last one of its message: the FIN bit (RFC 6455 §5.2).
///
/// ```
/// use ws_core::frame::Fin;
///
/// let parts = ["Hel", "lo"];
/// let fins = parts.iter().enumerate().map(|(at, _)| Fin::from(at + 1 == parts.len()));
/// assert!(fins.eq([Fin::More, Fin::Final]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: it is one bit")]
pub enum Fin {
    /// The bit is 0: further fragments follow.
    More,
    /// The bit is 1: this is the final fragment, or all of the message.
    Final,
}

impl Fin {
    /// Whether the FIN bit is set.
    #[must_use]
    #[inline]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Final)
    }

    /// That of a frame with this first byte.
    #[inline]
    pub(super) const fn of(first_byte: u8) -> Self {
        if first_byte & FIN == 0 { Self::More } else { Self::Final }
    }
}

impl From<bool> for Fin {
    /// `true` is a bit of 1, the final fragment.
    ///
    /// ```
    /// use ws_core::frame::Fin;
    ///
    /// assert_eq!(Fin::from(true), Fin::Final);
    /// assert_eq!(Fin::from(false), Fin::More);
    /// ```
    #[inline]
    fn from(is_final: bool) -> Self {
        if is_final { Self::Final } else { Self::More }
    }
}

/// The three reserved bits of a frame's first byte, of which extensions may define some (RFC 6455 §5.2).
///
/// A value may hold any of the eight combinations.
///
/// ```
/// use ws_core::frame::ReservedBits;
///
/// let negotiated = ReservedBits::RSV1;
/// assert!(negotiated.contains(ReservedBits::RSV1));
/// assert!(!negotiated.contains(ReservedBits::RSV2));
/// assert!(negotiated.contains(ReservedBits::NONE));
/// assert!(ReservedBits::ALL.contains(negotiated));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ReservedBits(u8);

impl ReservedBits {
    /// No bit: what a frame has without extensions.
    pub const NONE: Self = Self(0);
    /// RSV1, which permessage-deflate sets on the first frame of a compressed message (RFC 7692 §6).
    pub const RSV1: Self = Self(0x40);
    /// RSV2, which neither RFC 6455 nor RFC 7692 defines.
    pub const RSV2: Self = Self(0x20);
    /// RSV3, which neither RFC 6455 nor RFC 7692 defines.
    pub const RSV3: Self = Self(0x10);
    /// All three bits: what a proxy allows that passes on extensions it knows nothing of.
    pub const ALL: Self = Self(0x70);

    /// The reserved bits that are set in `bits`, each in its place in a frame's first byte: RSV1 is `0x40`, RSV2 is
    /// `0x20`, RSV3 is `0x10`. `None` where any other bit is set.
    ///
    /// ```
    /// use ws_core::frame::ReservedBits;
    ///
    /// let first_byte = 0xc1; // FIN, RSV1, and the opcode of text
    /// assert_eq!(ReservedBits::from_bits(first_byte & 0x70), Some(ReservedBits::RSV1));
    /// assert_eq!(ReservedBits::from_bits(first_byte), None);
    /// ```
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits & !Self::ALL.0 == 0 { Some(Self(bits)) } else { None }
    }

    /// Those of a frame with this first byte.
    #[inline]
    pub(super) const fn of(first_byte: u8) -> Self {
        Self(first_byte & Self::ALL.0)
    }

    /// The bits, each in its place in a frame's first byte; the inverse of [`from_bits`](Self::from_bits).
    ///
    /// ```
    /// use ws_core::frame::ReservedBits;
    ///
    /// assert_eq!(ReservedBits::RSV1.bits(), 0x40);
    /// assert_eq!(ReservedBits::from_bits(ReservedBits::ALL.bits()), Some(ReservedBits::ALL));
    /// ```
    #[must_use]
    #[inline]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The bits that are set in `self`, in `other` or in both.
    ///
    /// ```
    /// use ws_core::frame::ReservedBits;
    ///
    /// let both = ReservedBits::RSV1.union(ReservedBits::RSV3);
    /// assert_eq!(both.bits(), 0x50);
    /// ```
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every bit of `other` is among these. [`NONE`](Self::NONE) is contained in every value.
    ///
    /// ```
    /// use ws_core::frame::ReservedBits;
    ///
    /// let both = ReservedBits::RSV1.union(ReservedBits::RSV3);
    /// assert!(both.contains(ReservedBits::RSV3));
    /// assert!(!both.contains(ReservedBits::ALL));
    /// ```
    #[must_use]
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

/// A frame's first byte.
#[inline]
pub(super) const fn first_byte(fin: Fin, reserved: ReservedBits, opcode_bits: u8) -> u8 {
    let fin = if fin.is_final() { FIN } else { 0 };
    fin | reserved.0 | opcode_bits
}

const FIN: u8 = 0x80;
/// The place of the opcode in the first byte.
pub(super) const OPCODE: u8 = 0x0F;
/// The bit of the second byte that says: there is a masking key.
pub(super) const MASK: u8 = 0x80;
/// The 7-bit length that says: the length is in the next 2 bytes.
pub(super) const LEN_16: u8 = 126;
/// The 7-bit length that says: the length is in the next 8 bytes.
pub(super) const LEN_64: u8 = 127;

#[cfg(test)]
mod tests {
    use super::{Fin, OPCODE, ReservedBits, first_byte};

    #[test]
    fn s5_2_each_first_byte_is_its_three_parts() {
        for byte in 0..=u8::MAX {
            let (fin, reserved) = (Fin::of(byte), ReservedBits::of(byte));
            assert_eq!(first_byte(fin, reserved, byte & OPCODE), byte);
            assert_eq!(fin, Fin::from(byte >= 0x80));
            assert_eq!(ReservedBits::from_bits(byte & 0x70), Some(reserved));
            assert_eq!(reserved.bits(), byte & 0x70);
        }
    }

    #[test]
    fn s5_2_eight_sets_of_reserved_bits_exist() {
        let sets = (0..=u8::MAX).filter_map(ReservedBits::from_bits).map(ReservedBits::bits);
        assert_eq!(sets.collect::<Vec<_>>(), [0, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70]);
        let all = ReservedBits::RSV1.union(ReservedBits::RSV2).union(ReservedBits::RSV3);
        assert_eq!(all, ReservedBits::ALL);
    }
}
