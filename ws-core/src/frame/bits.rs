// Read first: RFC 6455 §5.2.

/// Whether a frame is the last one of its message: the FIN bit (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: it is one bit")]
pub enum Fin {
    /// Further fragments follow.
    More,
    /// This is the final fragment, or all of the message.
    Final,
}

impl Fin {
    /// Whether the FIN bit is set.
    #[must_use]
    #[inline]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Final)
    }
}

/// The three reserved bits of a frame's first byte, of which extensions may define some (RFC 6455 §5.2).
///
/// ```
/// use ws_core::frame::ReservedBits;
///
/// let negotiated = ReservedBits::RSV1;
/// assert!(negotiated.contains(ReservedBits::RSV1));
/// assert!(!negotiated.contains(ReservedBits::RSV2));
/// assert!(negotiated.contains(ReservedBits::NONE));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ReservedBits(pub(super) u8);

impl ReservedBits {
    /// No bit: what a frame has without extensions.
    pub const NONE: Self = Self(0);
    /// RSV1, which permessage-deflate defines (RFC 7692 §6).
    pub const RSV1: Self = Self(0x40);
    /// RSV2.
    pub const RSV2: Self = Self(0x20);
    /// RSV3.
    pub const RSV3: Self = Self(0x10);

    pub(super) const ALL: u8 = 0x70;

    /// The bits of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every bit of `other` is among these.
    #[must_use]
    #[inline]
    pub const fn contains(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
}

pub(super) const FIN: u8 = 0x80;
pub(super) const OPCODE: u8 = 0x0F;
pub(super) const MASK: u8 = 0x80;
/// The 7-bit length that says: the length is in the next 2 bytes.
pub(super) const LEN_16: u8 = 126;
/// The 7-bit length that says: the length is in the next 8 bytes.
pub(super) const LEN_64: u8 = 127;
