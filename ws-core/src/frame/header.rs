// Read first: RFC 6455 §5.2, §5.5.

use core::fmt;

use super::{MaskKey, Opcode, Violation};

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
pub struct ReservedBits(u8);

impl ReservedBits {
    /// No bit: what a frame has without extensions.
    pub const NONE: Self = Self(0);
    /// RSV1, which permessage-deflate defines (RFC 7692 §6).
    pub const RSV1: Self = Self(0x40);
    /// RSV2.
    pub const RSV2: Self = Self(0x20);
    /// RSV3.
    pub const RSV3: Self = Self(0x10);

    const ALL: u8 = 0x70;

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
    opcode: Opcode,
    fin: Fin,
    reserved: ReservedBits,
    mask_key: Option<MaskKey>,
    payload_len: u64,
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

/// What a receiver demands of the next frame's header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderRules {
    pub(crate) allowed: ReservedBits,
    pub(crate) mask: MaskRule,
    pub(crate) sequence: Sequence,
}

/// Whether frames have to be masked (§5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MaskRule {
    Any,
    /// The peer is a client.
    Required,
    /// The peer is a server.
    Forbidden,
}

/// Which data frames may come next (§5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequence {
    Any,
    /// No message is in progress, so no continuation may come.
    BetweenMessages,
    /// A message is in progress, so none may begin.
    InMessage,
}

/// What the bytes so far tell; without a violation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judged {
    /// What the first byte says, once it is there.
    pub(crate) first: Option<(Opcode, ReservedBits)>,
    /// The payload's length, once it is complete; that is before the masking key is.
    pub(crate) payload_len: Option<u64>,
    /// The header and its length, once it is complete.
    pub(crate) header: Option<(FrameHeader, usize)>,
}

impl HeaderRules {
    /// Judges as many bytes of a header as there are, in their order, so that the verdict is the same however
    /// they were cut, and comes with the first byte that proves it.
    pub(crate) fn judge(self, bytes: &[u8]) -> Result<Judged, Violation> {
        let mut judged = Judged { first: None, payload_len: None, header: None };
        let [first, rest @ ..] = bytes else { return Ok(judged) };
        let (opcode, fin, reserved) = self.judge_first(*first)?;
        judged.first = Some((opcode, reserved));
        let [second, rest @ ..] = rest else { return Ok(judged) };
        let masked = second & MASK != 0;
        self.judge_second(opcode, *second)?;
        let (payload_len, rest) = match second & !MASK {
            LEN_16 => {
                let Some((extended, rest)) = rest.split_first_chunk::<2>() else { return Ok(judged) };
                (judge_len_16(*extended)?, rest)
            }
            LEN_64 => {
                judge_len_64_start(rest)?;
                let Some((extended, rest)) = rest.split_first_chunk::<8>() else { return Ok(judged) };
                (u64::from_be_bytes(*extended), rest)
            }
            short => (u64::from(short), rest),
        };
        judged.payload_len = Some(payload_len);
        let (mask_key, rest) = if masked {
            let Some((key, rest)) = rest.split_first_chunk::<4>() else { return Ok(judged) };
            (Some(MaskKey::new(*key)), rest)
        } else {
            (None, rest)
        };
        let header = FrameHeader { opcode, fin, reserved, mask_key, payload_len };
        judged.header = Some((header, bytes.len().saturating_sub(rest.len())));
        Ok(judged)
    }

    fn judge_first(self, byte: u8) -> Result<(Opcode, Fin, ReservedBits), Violation> {
        // RFC 6455 §5.2: reserved bits are 0 unless a negotiated extension defines them.
        let reserved = ReservedBits(byte & ReservedBits::ALL);
        if !self.allowed.contains(reserved) {
            return Err(Violation::ReservedBits);
        }
        // RFC 6455 §5.2: an unknown opcode fails the connection.
        let opcode = Opcode::from_bits(byte & OPCODE).ok_or(Violation::ReservedOpcode)?;
        let fin = if byte & FIN == 0 { Fin::More } else { Fin::Final };
        // RFC 7692 §6: RSV1 is set on the first frame of a message only, and never on a control frame.
        let begins_message = !opcode.is_control() && opcode != Opcode::Continuation;
        if reserved != ReservedBits::NONE && !begins_message && self.sequence != Sequence::Any {
            return Err(Violation::ReservedBits);
        }
        if opcode.is_control() {
            // RFC 6455 §5.5: control frames must not be fragmented.
            return if fin.is_final() {
                Ok((opcode, fin, reserved))
            } else {
                Err(Violation::ControlFragmented)
            };
        }
        // RFC 6455 §5.4: a message is one text or binary frame, then continuations up to the one with FIN.
        match (self.sequence, opcode == Opcode::Continuation) {
            (Sequence::BetweenMessages, true) => Err(Violation::UnexpectedContinuation),
            (Sequence::InMessage, false) => Err(Violation::MessageInterrupted),
            (Sequence::Any, _) | (Sequence::BetweenMessages, false) | (Sequence::InMessage, true) => {
                Ok((opcode, fin, reserved))
            }
        }
    }

    fn judge_second(self, opcode: Opcode, byte: u8) -> Result<(), Violation> {
        // RFC 6455 §5.1: a client masks every frame, a server none.
        match (self.mask, byte & MASK != 0) {
            (MaskRule::Required, false) => return Err(Violation::Unmasked),
            (MaskRule::Forbidden, true) => return Err(Violation::Masked),
            (MaskRule::Any, _) | (MaskRule::Required, true) | (MaskRule::Forbidden, false) => {}
        }
        // RFC 6455 §5.5: control frames have a payload of 125 bytes or less.
        if opcode.is_control() && byte & !MASK >= LEN_16 {
            return Err(Violation::ControlTooLong);
        }
        Ok(())
    }
}

fn judge_len_16(extended: [u8; 2]) -> Result<u64, Violation> {
    let len = u16::from_be_bytes(extended);
    // RFC 6455 §5.2: the minimal number of bytes must be used to encode the length.
    if len < u16::from(LEN_16) { Err(Violation::LengthNotMinimal) } else { Ok(u64::from(len)) }
}

/// Judges as many of the eight bytes of length as there are at the start of `bytes`.
fn judge_len_64_start(bytes: &[u8]) -> Result<(), Violation> {
    // RFC 6455 §5.2: the most significant bit must be 0.
    if bytes.first().is_some_and(|&byte| byte & 0x80 != 0) {
        return Err(Violation::LengthTooLarge);
    }
    // RFC 6455 §5.2: what fits into 16 bits is encoded in them, so the upper 48 are not all zero.
    if bytes.first_chunk::<6>().is_some_and(|upper| *upper == [0; 6]) {
        return Err(Violation::LengthNotMinimal);
    }
    Ok(())
}

const FIN: u8 = 0x80;
const OPCODE: u8 = 0x0F;
const MASK: u8 = 0x80;
/// The 7-bit length that says: the length is in the next 2 bytes.
const LEN_16: u8 = 126;
/// The 7-bit length that says: the length is in the next 8 bytes.
const LEN_64: u8 = 127;
const CONTROL_PAYLOAD_LEN_MAX: u64 = 125;
