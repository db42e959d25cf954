// Read first: RFC 6455 §5.2.

use super::bits::{LEN_16, LEN_64, MASK, OPCODE, first_byte};
use super::rules::{judge_len_16, judge_len_64_start};
use super::{Decoded, EncodedHeader, Fin, FrameHeader, MaskKey, Opcode, ReservedBits, Violation};

/// The header of a frame of any opcode, reserved ones included (RFC 6455 §5.2): for proxies that pass on what they do not
/// know.
///
/// It is judged only as far as the length of the frame depends on it. [`FrameHeader`] stands for a header that the RFC
/// allows; `FrameHeader::try_from` judges the rest, and every `FrameHeader` is a `RawHeader` by `From`.
///
/// A transparent proxy, which copies every frame as it came and masks its payload with another key:
///
/// ```
/// use ws_core::frame::{Decoded, Mask, MaskKey, RawHeader, Violation};
///
/// /// Takes one frame from the front of `bytes`. Returns its length, or `None` where more bytes are needed.
/// fn relay(bytes: &mut [u8], key: MaskKey, out: &mut Vec<u8>) -> Result<Option<usize>, Violation> {
///     let Decoded::Complete { header, header_len } = RawHeader::decode(bytes)? else { return Ok(None) };
///     let Ok(payload_len) = usize::try_from(header.payload_len()) else { return Ok(None) };
///     let Some(payload) = bytes[header_len..].get_mut(..payload_len) else { return Ok(None) };
///     if let Some(old_key) = header.mask_key() {
///         Mask::new(old_key).apply(payload);
///     }
///     Mask::new(key).apply(payload);
///     out.extend(header.with_mask_key(Some(key)).encode().as_bytes());
///     out.extend(&*payload);
///     Ok(Some(header_len + payload_len))
/// }
///
/// // RSV2 and opcode 3, which RFC 6455 reserves for extensions.
/// let mut frame = [0xa3, 0x82, 0, 0, 0, 0, b'h', b'i'];
/// let mut out = Vec::new();
/// assert_eq!(relay(&mut frame, MaskKey::new([1, 2, 3, 4]), &mut out), Ok(Some(8)));
/// assert_eq!(out, [0xa3, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RawHeader {
    opcode_bits: u8,
    fin: Fin,
    reserved: ReservedBits,
    mask_key: Option<MaskKey>,
    payload_len: u64,
}

impl RawHeader {
    /// A header without reserved bits. `None` for opcodes above 15, which four bits do not hold, and for a payload longer
    /// than [`FrameHeader::PAYLOAD_LEN_MAX`].
    ///
    /// ```
    /// use ws_core::frame::{Fin, RawHeader};
    ///
    /// let header = RawHeader::new(0xb, Fin::Final, 200, None).ok_or("no such header")?;
    /// assert_eq!(header.encode().as_bytes(), [0x8b, 126, 0, 200]);
    /// assert_eq!(RawHeader::new(16, Fin::Final, 0, None), None);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn new(opcode_bits: u8, fin: Fin, payload_len: u64, mask_key: Option<MaskKey>) -> Option<Self> {
        if opcode_bits > OPCODE || payload_len > FrameHeader::PAYLOAD_LEN_MAX {
            return None;
        }
        Some(Self { opcode_bits, fin, reserved: ReservedBits::NONE, mask_key, payload_len })
    }

    /// Sets the reserved bits, any of them.
    ///
    /// ```
    /// use ws_core::frame::{Fin, RawHeader, ReservedBits};
    ///
    /// let header = RawHeader::new(0x3, Fin::More, 0, None).ok_or("no such header")?;
    /// assert_eq!(header.with_reserved(ReservedBits::RSV3).encode().as_bytes(), [0x13, 0]);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn with_reserved(self, reserved: ReservedBits) -> Self {
        Self { reserved, ..self }
    }

    /// Sets the masking key; `None` is a frame that is not masked. The payload has to be masked to match: see
    /// [`Mask`](super::Mask).
    ///
    /// ```
    /// use ws_core::frame::{Fin, MaskKey, RawHeader};
    ///
    /// let header = RawHeader::new(0x3, Fin::Final, 0, None).ok_or("no such header")?;
    /// let masked = header.with_mask_key(Some(MaskKey::new([1, 2, 3, 4])));
    /// assert_eq!(masked.encode().as_bytes(), [0x83, 0x80, 1, 2, 3, 4]);
    /// assert_eq!(masked.with_mask_key(None), header);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn with_mask_key(self, mask_key: Option<MaskKey>) -> Self {
        Self { mask_key, ..self }
    }

    /// Reads the header at the start of `bytes`, whatever follows it. With too few bytes for that,
    /// [`Decoded::Partial`] says how many it takes.
    ///
    /// Any opcode, any reserved bits and any length are read, with a masking key or without one.
    ///
    /// # Errors
    ///
    /// [`Violation::LengthNotMinimal`] and [`Violation::LengthTooLarge`], as soon as the bytes prove them (RFC 6455 §5.2):
    /// two implementations could disagree about where such a frame ends.
    ///
    /// ```
    /// use ws_core::frame::{Decoded, RawHeader, Violation};
    ///
    /// let Decoded::Complete { header, header_len } = RawHeader::decode(&[0x83, 0x02, b'h', b'i'])? else {
    ///     return Err("more bytes are needed".into());
    /// };
    /// assert_eq!((header.opcode_bits(), header.opcode()), (3, None));
    /// assert_eq!((header_len, header.payload_len()), (2, 2));
    ///
    /// assert_eq!(RawHeader::decode(&[0x83]), Ok(Decoded::Partial { needed: 2 }));
    /// assert_eq!(RawHeader::decode(&[0x83, 126, 0, 5]), Err(Violation::LengthNotMinimal));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn decode(bytes: &[u8]) -> Result<Decoded<Self>, Violation> {
        let partial = Decoded::Partial { needed: needed(bytes) };
        let [first, second, rest @ ..] = bytes else { return Ok(partial) };
        let (payload_len, rest) = match second & !MASK {
            LEN_16 => {
                let Some((extended, rest)) = rest.split_first_chunk::<2>() else { return Ok(partial) };
                (judge_len_16(*extended)?, rest)
            }
            LEN_64 => {
                judge_len_64_start(rest)?;
                let Some((extended, rest)) = rest.split_first_chunk::<8>() else { return Ok(partial) };
                (u64::from_be_bytes(*extended), rest)
            }
            short => (u64::from(short), rest),
        };
        let (mask_key, rest) = if second & MASK != 0 {
            let Some((key, rest)) = rest.split_first_chunk::<4>() else { return Ok(partial) };
            (Some(MaskKey::new(*key)), rest)
        } else {
            (None, rest)
        };
        let header = Self {
            opcode_bits: first & OPCODE,
            fin: Fin::of(*first),
            reserved: ReservedBits::of(*first),
            mask_key,
            payload_len,
        };
        Ok(Decoded::Complete { header, header_len: bytes.len().saturating_sub(rest.len()) })
    }

    /// The opcode's four bits, 0 to 15.
    #[must_use]
    #[inline]
    pub const fn opcode_bits(&self) -> u8 {
        self.opcode_bits
    }

    /// The opcode, or `None` for one that RFC 6455 reserves: 3 to 7 and 11 to 15.
    ///
    /// ```
    /// use ws_core::frame::{Fin, Opcode, RawHeader};
    ///
    /// let opcode = |bits| RawHeader::new(bits, Fin::Final, 0, None).and_then(|header| header.opcode());
    /// assert_eq!(opcode(0x9), Some(Opcode::Ping));
    /// assert_eq!(opcode(0xb), None);
    /// ```
    #[must_use]
    #[inline]
    pub const fn opcode(&self) -> Option<Opcode> {
        Opcode::from_bits(self.opcode_bits)
    }

    /// The FIN bit.
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

    /// The header as it goes on the wire. What [`decode`](Self::decode) read is encoded as it was.
    ///
    /// ```
    /// use ws_core::frame::{Decoded, RawHeader};
    ///
    /// let bytes = [0xf7, 0x80, 1, 2, 3, 4];
    /// let Decoded::Complete { header, .. } = RawHeader::decode(&bytes)? else { return Err("too short".into()) };
    /// assert_eq!(header.encode().as_bytes(), bytes);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn encode(&self) -> EncodedHeader {
        let first = first_byte(self.fin, self.reserved, self.opcode_bits);
        EncodedHeader::new(first, self.payload_len, self.mask_key)
    }
}

impl From<FrameHeader> for RawHeader {
    /// Every header that the RFC allows is one of these.
    fn from(header: FrameHeader) -> Self {
        Self {
            opcode_bits: header.opcode().bits(),
            fin: header.fin(),
            reserved: header.reserved(),
            mask_key: header.mask_key(),
            payload_len: header.payload_len(),
        }
    }
}

impl TryFrom<RawHeader> for FrameHeader {
    type Error = Violation;

    /// Judges what [`RawHeader::decode`] left open. The reserved bits are kept, whichever are set.
    ///
    /// # Errors
    ///
    /// [`Violation::ReservedOpcode`] (RFC 6455 §5.2); [`Violation::ControlFragmented`] and
    /// [`Violation::ControlTooLong`] (RFC 6455 §5.5).
    ///
    /// ```
    /// use ws_core::frame::{Fin, FrameHeader, Opcode, RawHeader, Violation};
    ///
    /// let raw = |opcode_bits| RawHeader::new(opcode_bits, Fin::More, 5, None).ok_or("no such header");
    /// assert_eq!(FrameHeader::try_from(raw(0x1)?).map(|header| header.opcode()), Ok(Opcode::Text));
    /// assert_eq!(FrameHeader::try_from(raw(0x3)?), Err(Violation::ReservedOpcode));
    /// assert_eq!(FrameHeader::try_from(raw(0x9)?), Err(Violation::ControlFragmented));
    /// # Ok::<(), &str>(())
    /// ```
    fn try_from(raw: RawHeader) -> Result<Self, Violation> {
        let RawHeader { opcode_bits, fin, reserved, mask_key, payload_len } = raw;
        // RFC 6455 §5.2: an unknown opcode fails the connection.
        let opcode = Opcode::from_bits(opcode_bits).ok_or(Violation::ReservedOpcode)?;
        // RFC 6455 §5.5: control frames must not be fragmented, and have a payload of 125 bytes or less.
        if opcode.is_control() && !fin.is_final() {
            return Err(Violation::ControlFragmented);
        }
        let header = Self::new(opcode, fin, payload_len, mask_key).ok_or(Violation::ControlTooLong)?;
        Ok(header.with_reserved(reserved))
    }
}

/// How many bytes the header at the start of `bytes` has, as far as they tell: all that it has once its second byte is
/// there, which says what follows.
#[inline]
pub(super) fn needed(bytes: &[u8]) -> usize {
    let [_, second, ..] = bytes else { return HEADER_LEN_MIN };
    let len: usize = match second & !MASK {
        LEN_16 => 2,
        LEN_64 => 8,
        _ => 0,
    };
    let mask_key_len = if second & MASK == 0 { 0 } else { 4 };
    HEADER_LEN_MIN.saturating_add(len).saturating_add(mask_key_len)
}

/// The first two bytes are always there.
const HEADER_LEN_MIN: usize = 2;
