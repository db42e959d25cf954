// Read first: RFC 6455 §5.2, §5.5.

use super::bits::first_byte;
use super::encode::write;
use super::raw::needed;
use super::rules::{HeaderRules, Judged, MaskRule, Sequence};
use super::{EncodedHeader, Fin, MaskKey, Opcode, ReservedBits, Violation};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameHeader {
    pub(super) opcode: Opcode,
    pub(super) fin: Fin,
    pub(super) reserved: ReservedBits,
    pub(super) mask_key: Option<MaskKey>,
    pub(super) payload_len: u64,
}

/// What [`FrameHeader::decode`] or [`RawHeader::decode`](super::RawHeader::decode) made of the bytes it was given.
///
/// A reader that takes a header in two reads, and no byte of the payload:
///
/// ```
/// use std::io::{self, Read};
/// use ws_core::frame::{Decoded, FrameHeader, ReservedBits};
///
/// fn read_header(stream: &mut impl Read) -> io::Result<FrameHeader> {
///     let (mut bytes, mut len) = ([0; FrameHeader::LEN_MAX], 0);
///     loop {
///         match FrameHeader::decode(&bytes[..len], ReservedBits::NONE).map_err(io::Error::other)? {
///             Decoded::Complete { header, .. } => return Ok(header),
///             Decoded::Partial { needed } => {
///                 stream.read_exact(&mut bytes[len..needed])?;
///                 len = needed;
///             }
///         }
///     }
/// }
///
/// let mut stream = &b"\x81\x85\0\0\0\0Hello"[..];
/// assert_eq!(read_header(&mut stream)?.payload_len(), 5);
/// assert_eq!(stream, b"Hello");
/// # Ok::<(), io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed: a header is all there, or it is not")]
pub enum Decoded<H = FrameHeader> {
    /// Nothing is wrong so far, and more bytes are needed.
    Partial {
        /// How many bytes it takes at least, those that were given included, so always more than were given. From two
        /// bytes on it is the length of the header; before, it is 2.
        needed: usize,
    },
    /// The header, and how many bytes it takes: the payload begins after them.
    Complete {
        /// The header.
        header: H,
        /// Its length in bytes, 2 to 14.
        header_len: usize,
    },
}

impl FrameHeader {
    /// The longest header, in bytes: two, eight of extended length, four of masking key.
    ///
    /// ```
    /// use ws_core::frame::{Fin, FrameHeader, MaskKey, Opcode};
    ///
    /// let key = MaskKey::new([1, 2, 3, 4]);
    /// let longest = FrameHeader::new(Opcode::Binary, Fin::Final, 1 << 40, Some(key)).ok_or("no such frame")?;
    /// assert_eq!(longest.encode().as_bytes().len(), FrameHeader::LEN_MAX);
    /// # Ok::<(), &str>(())
    /// ```
    pub const LEN_MAX: usize = 14;

    /// The longest payload that a frame can announce, in bytes (RFC 6455 §5.2: the most significant bit must be 0).
    ///
    /// ```
    /// use ws_core::frame::{Fin, FrameHeader, Opcode};
    ///
    /// let header = |payload_len| FrameHeader::new(Opcode::Binary, Fin::Final, payload_len, None);
    /// assert!(header(FrameHeader::PAYLOAD_LEN_MAX).is_some());
    /// assert_eq!(header(FrameHeader::PAYLOAD_LEN_MAX + 1), None);
    /// ```
    pub const PAYLOAD_LEN_MAX: u64 = u64::MAX >> 1;

    /// A header without reserved bits. `None` where the RFC knows no such frame: a control frame that is fragmented or
    /// longer than 125 bytes (RFC 6455 §5.5), a payload longer than [`PAYLOAD_LEN_MAX`](Self::PAYLOAD_LEN_MAX).
    ///
    /// ```
    /// use ws_core::frame::{Fin, FrameHeader, Opcode};
    ///
    /// let header = FrameHeader::new(Opcode::Ping, Fin::Final, 4, None).ok_or("no such frame")?;
    /// assert_eq!(header.encode().as_bytes(), [0x89, 4]);
    /// assert_eq!(FrameHeader::new(Opcode::Ping, Fin::More, 4, None), None);
    /// # Ok::<(), &str>(())
    /// ```
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

    /// Sets the reserved bits, which a negotiated extension has to define.
    ///
    /// ```
    /// use ws_core::frame::{Fin, FrameHeader, Opcode, ReservedBits};
    ///
    /// let header = FrameHeader::new(Opcode::Text, Fin::Final, 7, None).ok_or("no such frame")?;
    /// let compressed = header.with_reserved(ReservedBits::RSV1);
    /// assert_eq!(compressed.encode().as_bytes(), [0xc1, 7]);
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
    /// use ws_core::frame::{Fin, FrameHeader, MaskKey, Opcode};
    ///
    /// let header = FrameHeader::new(Opcode::Text, Fin::Final, 5, None).ok_or("no such frame")?;
    /// let masked = header.with_mask_key(Some(MaskKey::new([1, 2, 3, 4])));
    /// assert_eq!(masked.encode().as_bytes(), [0x81, 0x85, 1, 2, 3, 4]);
    /// assert_eq!(masked.with_mask_key(None), header);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn with_mask_key(self, mask_key: Option<MaskKey>) -> Self {
        Self { mask_key, ..self }
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

    /// Reads the header at the start of `bytes`, whatever follows it. With too few bytes for that,
    /// [`Decoded::Partial`] says how many it takes.
    ///
    /// Of the reserved bits, those in `allowed` may be set. Whether masking and the order of frames fit the
    /// connection is not judged here: that takes a [`ReceiveHalf`](crate::connection::ReceiveHalf). A frame whose opcode
    /// the RFC reserves is refused; [`RawHeader::decode`](super::RawHeader::decode) reads it.
    ///
    /// # Errors
    ///
    /// The first [`Violation`] in the order of the bytes, as soon as the bytes prove it: reserved bits or opcode,
    /// a control frame that is fragmented or too long, a length that is not minimal or has 64 bits (RFC 6455 §5.2, §5.5).
    ///
    /// ```
    /// use ws_core::frame::{Decoded, FrameHeader, ReservedBits, Violation};
    ///
    /// let decode = |bytes| FrameHeader::decode(bytes, ReservedBits::NONE);
    /// assert!(matches!(decode(b"\x81\x05Hello"), Ok(Decoded::Complete { header_len: 2, .. })));
    /// assert_eq!(decode(b"\x81\xfe"), Ok(Decoded::Partial { needed: 8 }), "two of length, four of masking key");
    /// assert_eq!(decode(b"\xc1"), Err(Violation::ReservedBits));
    /// ```
    #[inline]
    pub fn decode(bytes: &[u8], allowed: ReservedBits) -> Result<Decoded, Violation> {
        let rules = HeaderRules { allowed, mask: MaskRule::Any, sequence: Sequence::Any };
        match rules.judge(bytes)? {
            Judged { header: Some((header, header_len)), .. } => Ok(Decoded::Complete { header, header_len }),
            Judged { header: None, .. } => Ok(Decoded::Partial { needed: needed(bytes) }),
        }
    }

    /// The header as it goes on the wire, in the fewest bytes possible.
    ///
    /// ```
    /// use ws_core::frame::{Fin, FrameHeader, MaskKey, Opcode};
    ///
    /// let key = MaskKey::new([1, 2, 3, 4]);
    /// let header = FrameHeader::new(Opcode::Text, Fin::Final, 5, Some(key)).ok_or("no such frame")?;
    /// assert_eq!(header.encode().as_bytes(), [0x81, 0x85, 1, 2, 3, 4]);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn encode(&self) -> EncodedHeader {
        EncodedHeader::new(self.first_byte(), self.payload_len, self.mask_key)
    }

    /// Writes the header to the front of `out`; returns the room after it, `None` where there is too little.
    #[inline]
    pub(crate) fn write<'o>(&self, out: &'o mut [u8]) -> Option<&'o mut [u8]> {
        write(out, self.first_byte(), self.payload_len, self.mask_key)
    }

    #[inline]
    const fn first_byte(&self) -> u8 {
        first_byte(self.fin, self.reserved, self.opcode.bits())
    }
}

const CONTROL_PAYLOAD_LEN_MAX: u64 = 125;
