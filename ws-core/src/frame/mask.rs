// Read first: RFC 6455 §5.3, §10.3.

use core::fmt;

/// The masking key of one frame: four bytes that the peer cannot predict (RFC 6455 §5.3).
///
/// ```
/// use ws_core::frame::MaskKey;
///
/// assert_eq!(MaskKey::new([1, 2, 3, 4]).to_bytes(), [1, 2, 3, 4]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MaskKey([u8; 4]);

impl MaskKey {
    /// The key with these bytes, in the order in which they are on the wire.
    ///
    /// To send, they have to come fresh from a strong source of randomness for every frame (§5.3, §10.3): masking
    /// keeps an attacker who chooses the payload from choosing the bytes on the wire, and so from poisoning the
    /// caches of intermediaries.
    #[must_use]
    #[inline]
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The bytes, in the order in which they are on the wire.
    #[must_use]
    #[inline]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }
}

impl fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MaskKey({:02x?})", self.0)
    }
}

/// Masks and unmasks the payload of one frame, in as many pieces as it comes (RFC 6455 §5.3).
///
/// Both are the same XOR. The place within the key is remembered from piece to piece, so that any cutting of a
/// payload gives the same bytes.
///
/// ```
/// use ws_core::frame::{Mask, MaskKey};
///
/// // RFC 6455 §5.7: the masked text message "Hello".
/// let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let mut mask = Mask::new(MaskKey::new([0x37, 0xfa, 0x21, 0x3d]));
/// let (start, end) = payload.split_at_mut(3);
/// mask.apply(start);
/// mask.apply(end);
/// assert_eq!(&payload, b"Hello");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mask {
    /// The key as a little-endian number, turned so that its lowest byte masks the next byte of payload.
    key: u32,
}

/// From this length on it pays to bring the words to an aligned address first.
const ALIGN_FROM_LEN: usize = 4096;
const ALIGNMENT: usize = 16;

impl Mask {
    /// Starts at the first byte of a payload.
    #[must_use]
    #[inline]
    pub const fn new(key: MaskKey) -> Self {
        Self { key: u32::from_le_bytes(key.to_bytes()) }
    }

    /// Masks or unmasks the next `payload.len()` bytes in place.
    #[inline]
    pub fn apply(&mut self, payload: &mut [u8]) {
        if payload.len() < ALIGN_FROM_LEN {
            self.words(payload);
        } else {
            self.aligned(payload);
        }
    }

    /// Masks or unmasks as much of `payload` as fits into `out` while copying it there; returns how many bytes.
    #[inline]
    pub fn apply_into(&mut self, payload: &[u8], out: &mut [u8]) -> usize {
        let len = payload.len().min(out.len());
        let (Some(source), Some(target)) = (payload.get(..len), out.get_mut(..len)) else { return 0 };
        let wide = wide(self.key);
        let mut from = source.chunks_exact(8);
        let mut to = target.chunks_exact_mut(8);
        for (from, to) in from.by_ref().zip(to.by_ref()) {
            to.copy_from_slice(&(word(from) ^ wide).to_le_bytes());
        }
        let mut key = self.key;
        for (&from, to) in from.remainder().iter().zip(to.into_remainder()) {
            *to = from ^ next_byte(&mut key);
        }
        self.turn(len);
        len
    }

    #[inline]
    fn words(&mut self, payload: &mut [u8]) {
        let len = payload.len();
        let wide = wide(self.key);
        let mut words = payload.chunks_exact_mut(8);
        for bytes in words.by_ref() {
            let masked = word(bytes) ^ wide;
            bytes.copy_from_slice(&masked.to_le_bytes());
        }
        let mut key = self.key;
        for byte in words.into_remainder() {
            *byte ^= next_byte(&mut key);
        }
        self.turn(len);
    }

    #[inline(never)]
    fn aligned(&mut self, payload: &mut [u8]) {
        let unaligned = payload.as_ptr().align_offset(ALIGNMENT).min(payload.len());
        let (start, rest) = payload.split_at_mut(unaligned);
        self.words(start);
        self.words(rest);
    }

    /// Moves on by `len` bytes of payload: only the place within the four bytes counts.
    #[inline]
    fn turn(&mut self, len: usize) {
        // The two low bits of `len` are all that matters, so the low byte is enough.
        let [low, ..] = len.to_le_bytes();
        self.key = self.key.rotate_right(u32::from(low & 3).wrapping_mul(8));
    }
}

impl From<MaskKey> for Mask {
    fn from(key: MaskKey) -> Self {
        Self::new(key)
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mask").field(&self.key.to_le_bytes()).finish()
    }
}

#[inline]
fn wide(key: u32) -> u64 {
    let key = u64::from(key);
    key << 32 | key
}

/// Eight bytes as a little-endian number; `bytes` always has eight.
#[inline]
fn word(bytes: &[u8]) -> u64 {
    debug_assert_eq!(bytes.len(), 8, "chunks_exact(8) gives eight bytes");
    u64::from_le_bytes(bytes.try_into().unwrap_or_default())
}

#[inline]
fn next_byte(key: &mut u32) -> u8 {
    let [byte, ..] = key.to_le_bytes();
    *key = key.rotate_right(8);
    byte
}

#[cfg(test)]
mod tests {
    use super::{Mask, MaskKey};

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn naive(payload: &[u8]) -> Vec<u8> {
        payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
    }

    fn sample(len: usize) -> Vec<u8> {
        (0..=255).cycle().take(len).collect()
    }

    #[test]
    fn s5_3_every_length_and_alignment_equals_byte_by_byte() {
        for len in (0..70).chain([4095, 4096, 4097, 4111, 5000]) {
            for offset in 0..17 {
                let mut space = sample(offset + len);
                let expected = naive(&space[offset..]);
                let mut out = vec![0; len];
                assert_eq!(Mask::new(MaskKey::new(KEY)).apply_into(&space[offset..], &mut out), len);
                Mask::new(MaskKey::new(KEY)).apply(&mut space[offset..]);
                assert_eq!(space[offset..], expected, "in place, {len} at {offset}");
                assert_eq!(out, expected, "copied, {len} at {offset}");
            }
        }
    }

    #[test]
    fn s5_3_every_cut_gives_the_same_bytes() {
        for len in [1, 7, 8, 9, 31, 64] {
            let expected = naive(&sample(len));
            for first in 0..=len {
                for second in first..=len {
                    let mut payload = sample(len);
                    let mut mask = Mask::new(MaskKey::new(KEY));
                    mask.apply(&mut payload[..first]);
                    let piece = payload[first..second].to_vec();
                    assert_eq!(mask.apply_into(&piece, &mut payload[first..second]), second - first);
                    mask.apply(&mut payload[second..]);
                    assert_eq!(payload, expected, "{len} cut at {first} and {second}");
                }
            }
        }
    }

    #[test]
    fn a_short_output_takes_what_fits_and_goes_on_from_there() {
        let payload = sample(10);
        let mut mask = Mask::new(MaskKey::new(KEY));
        let mut out = [0; 10];
        assert_eq!(mask.apply_into(&payload, &mut out[..3]), 3);
        assert_eq!(mask.apply_into(&payload[3..], &mut out[3..]), 7);
        assert_eq!(out.as_slice(), naive(&payload));
    }
}
