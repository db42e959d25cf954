// Read first: RFC 6455 §5.2, §5.5.

use core::fmt;

use super::bits::{FIN, LEN_16, LEN_64, MASK};
use super::{Fin, HeaderRules, Judged, MaskKey, MaskRule, Opcode, ReservedBits, Sequence, Violation};

/// The header of a frame: all that stands before its payload (RFC 6455 §5.2). Always valid.
///
/// ```
/// use ws_core::frame::{Decoded, Fin, FrameHeader, Opcode, ReservedBits};
///
/// // RFC 6455 §5.7: 256 bytes of binary message in a single unmasked frame.
/// let bytes = [0x82, 0x7e, 0x01, 0x00];
/// let Decoded::Complete { header, header_len } = FrameHeader::decode(&bytes, ReservedBits::NONE)? else {
///     return Err("more bytes are needed".into());
/// };
/// assert_eq!((header.opcode(), header.fin()), (Opcode::Binary, Fin::Final));
/// assert_eq!((header.payload_len(), header_len), (256, 4));
/// assert_eq!(header.encode().as_bytes(), bytes);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    pub(super) opcode: Opcode,
    pub(super) fin: Fin,
    pub(super) reserved: ReservedBits,
    pub(super) mask_key: Option<MaskKey>,
    pub(super) payload_len: u64,
}

/// What [`FrameHeader::decode`] made of the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed: a header is all there, or it is not")]
pub enum Decoded {
    /// Nothing is wrong so far, and more bytes are needed.
    Partial,
    /// The header, and how many bytes it takes: the payload begins behind them.
    Complete {
        /// The header.
        header: FrameHeader,
        /// Its length in bytes, 2–14.
        header_len: usize,
    },
}

impl FrameHeader {
    /// The longest header, in bytes: two, eight of extended length, four of masking key.
    pub const LEN_MAX: usize = 14;

    /// The longest payload that a frame can announce, in bytes (§5.2: the most significant bit must be 0).
    pub const PAYLOAD_LEN_MAX: u64 = u64::MAX >> 1;

    /// A header without reserved bits, or `None` where the RFC knows no such frame: a control frame that is
    /// fragmented or longer than 125 bytes (§5.5), a payload longer than [`PAYLOAD_LEN_MAX`](Self::PAYLOAD_LEN_MAX).
    #[must_use]
    #[inline]
    pub const fn new(opcode: Opcode, fin: Fin, payload_len: u64, mask_key: Option<MaskKey>) -> Option<Self> {
        if payload_len > Self::PAYLOAD_LEN_MAX {
            return None;
        }
        if opcode.is_control() && (payload_len > CONTROL_PAYLOAD_LEN_MAX || !fin.is_final()) {
            return None;
        }
        Some(Self { opcode, fin, reserved: ReservedBits::NONE, mask_key, payload_len })
    }

    /// The same header with these reserved bits, which a negotiated extension has to define.
    #[must_use]
    pub const fn with_reserved(self, reserved: ReservedBits) -> Self {
        Self { reserved, ..self }
    }

    /// What the frame carries.
    #[must_use]
    #[inline]
    pub const fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// Whether it ends its message.
    #[must_use]
    #[inline]
    pub const fn fin(&self) -> Fin {
        self.fin
    }

    /// The reserved bits that are set.
    #[must_use]
    #[inline]
    pub const fn reserved(&self) -> ReservedBits {
        self.reserved
    }

    /// The masking key, where the payload is masked.
    #[must_use]
    #[inline]
    pub const fn mask_key(&self) -> Option<MaskKey> {
        self.mask_key
    }

    /// The length of the payload, in bytes; less than 2^63.
    #[must_use]
    #[inline]
    pub const fn payload_len(&self) -> u64 {
        self.payload_len
    }

    /// Reads the header at the start of `bytes`, whatever follows it.
    ///
    /// Of the reserved bits, those in `allowed` may be set. Whether masking and the order of frames fit the
    /// connection is not judged here: that takes a [`ReceiveHalf`](crate::connection::ReceiveHalf).
    ///
    /// # Errors
    ///
    /// The first [`Violation`] in the order of the bytes, as soon as the bytes prove it: reserved bits or opcode,
    /// a control frame that is fragmented or too long, a length that is not minimal or has 64 bits (§5.2, §5.5).
    #[inline]
    pub fn decode(bytes: &[u8], allowed: ReservedBits) -> Result<Decoded, Violation> {
        let rules = HeaderRules { allowed, mask: MaskRule::Any, sequence: Sequence::Any };
        match rules.judge(bytes)? {
            Judged { header: Some((header, header_len)), .. } => Ok(Decoded::Complete { header, header_len }),
            Judged { header: None, .. } => Ok(Decoded::Partial),
        }
    }

    /// The header as it goes on the wire, in the fewest bytes possible.
    #[must_use]
    #[inline]
    pub fn encode(&self) -> EncodedHeader {
        let mut bytes = [0; Self::LEN_MAX];
        let rest_len = self.write(&mut bytes).map_or(0, |rest| rest.len());
        let len = u8::try_from(Self::LEN_MAX.saturating_sub(rest_len)).unwrap_or(0);
        EncodedHeader { bytes, len }
    }

    /// Writes the header to the front of `out`; returns what is behind it, `None` where there is too little room.
    #[inline]
    pub(crate) fn write<'o>(&self, out: &'o mut [u8]) -> Option<&'o mut [u8]> {
        let fin = if self.fin.is_final() { FIN } else { 0 };
        let mask = if self.mask_key.is_some() { MASK } else { 0 };
        let first = fin | self.reserved.0 | self.opcode.bits();
        // RFC 6455 §5.2: the minimal number of bytes must be used to encode the length.
        let rest = if let Some(short) = u8::try_from(self.payload_len).ok().filter(|&len| len < LEN_16) {
            put(out, [first, mask | short])?
        } else if let Ok(len) = u16::try_from(self.payload_len) {
            put(put(out, [first, mask | LEN_16])?, len.to_be_bytes())?
        } else {
            put(put(out, [first, mask | LEN_64])?, self.payload_len.to_be_bytes())?
        };
        match self.mask_key {
            Some(key) => put(rest, key.to_bytes()),
            None => Some(rest),
        }
    }
}

/// Puts bytes to the front of `out`, and returns what is behind them.
#[inline]
fn put<const N: usize>(out: &mut [u8], bytes: [u8; N]) -> Option<&mut [u8]> {
    let (room, rest) = out.split_first_chunk_mut()?;
    *room = bytes;
    Some(rest)
}

/// The bytes of a frame's header, ready to be sent before the payload.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EncodedHeader {
    bytes: [u8; FrameHeader::LEN_MAX],
    len: u8,
}

impl EncodedHeader {
    /// The bytes, 2–14 of them.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl fmt::Debug for EncodedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodedHeader({:02x?})", self.as_bytes())
    }
}

const CONTROL_PAYLOAD_LEN_MAX: u64 = 125;
