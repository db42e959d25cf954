// Read first: RFC 6455 §5.2.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::fmt;

use super::bits::{LEN_16, LEN_64, MASK};
use super::{FrameHeader, MaskKey};

/// The bytes of a frame's header, to be sent before the payload: [`FrameHeader::encode`] and
/// [`RawHeader::encode`](super::RawHeader::encode) make it.
///
/// `Debug` shows how many bytes there are and none of them, since they hold the masking key.
///
/// ```
/// use ws_core::frame::{Fin, FrameHeader, Opcode};
///
/// let header = FrameHeader::new(Opcode::Binary, Fin::Final, 3, None).ok_or("no such frame")?;
/// let mut frame = header.encode().as_bytes().to_vec();
/// frame.extend([1, 2, 3]);
/// assert_eq!(frame, [0x82, 0x03, 1, 2, 3]);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EncodedHeader {
    bytes: [u8; FrameHeader::LEN_MAX],
    len: u8,
}

impl EncodedHeader {
    #[inline]
    pub(super) fn new(first: u8, payload_len: u64, mask_key: Option<MaskKey>) -> Self {
        let mut bytes = [0; FrameHeader::LEN_MAX];
        let rest_len = write(&mut bytes, first, payload_len, mask_key).map_or(0, |rest| rest.len());
        let len = u8::try_from(FrameHeader::LEN_MAX.saturating_sub(rest_len)).unwrap_or(0);
        Self { bytes, len }
    }

    /// The bytes, 2 to 14 of them.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Appends the bytes. Where there is room for the longest header, that is a copy of a length that the compiler knows.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(crate) fn append_to(&self, out: &mut Vec<u8>) {
        let end = out.len().saturating_add(usize::from(self.len));
        out.extend_from_slice(&self.bytes);
        out.truncate(end);
    }
}

impl AsRef<[u8]> for EncodedHeader {
    /// The bytes, 2 to 14 of them.
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for EncodedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedHeader").field("len", &self.len).finish_non_exhaustive()
    }
}

/// Writes a header to the front of `out`; returns the room after it, `None` where there is too little.
#[inline]
pub(super) fn write(
    out: &mut [u8],
    first: u8,
    payload_len: u64,
    mask_key: Option<MaskKey>,
) -> Option<&mut [u8]> {
    let mask = if mask_key.is_some() { MASK } else { 0 };
    // RFC 6455 §5.2: the minimal number of bytes must be used to encode the length.
    let rest = if let Some(short) = u8::try_from(payload_len).ok().filter(|&len| len < LEN_16) {
        put(out, [first, mask | short])?
    } else if let Ok(len) = u16::try_from(payload_len) {
        put(put(out, [first, mask | LEN_16])?, len.to_be_bytes())?
    } else {
        put(put(out, [first, mask | LEN_64])?, payload_len.to_be_bytes())?
    };
    match mask_key {
        Some(key) => put(rest, key.to_bytes()),
        None => Some(rest),
    }
}

/// Puts bytes to the front of `out`; returns the room after them.
#[inline]
fn put<const N: usize>(out: &mut [u8], bytes: [u8; N]) -> Option<&mut [u8]> {
    let (room, rest) = out.split_first_chunk_mut()?;
    *room = bytes;
    Some(rest)
}
