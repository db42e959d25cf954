// Read first: RFC 6455 §5.3, §10.3.

use core::fmt;

/// The masking key of one frame: four bytes that nobody who supplies payload can predict (RFC 6455 §5.3).
///
/// `Debug` does not show the bytes.
///
/// ```
/// use ws_core::frame::MaskKey;
///
/// assert_eq!(MaskKey::new([1, 2, 3, 4]).to_bytes(), [1, 2, 3, 4]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaskKey([u8; 4]);

impl MaskKey {
    /// The key with these bytes, in the order in which they are on the wire.
    ///
    /// To send, they have to come fresh from a strong source of randomness for every frame (RFC 6455 §5.3, §10.3): masking
    /// keeps an attacker who chooses the payload from choosing the bytes on the wire, and so from poisoning the
    /// caches of intermediaries.
    ///
    /// ```
    /// use ws_core::frame::MaskKey;
    ///
    /// # fn random_bytes() -> [u8; 4] { [0x37, 0xfa, 0x21, 0x3d] }
    /// let key = MaskKey::new(random_bytes());
    /// assert_eq!(key.to_bytes(), <[u8; 4]>::from(key));
    /// ```
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

impl From<[u8; 4]> for MaskKey {
    /// The key with these bytes, in the order in which they are on the wire; see [`MaskKey::new`] for where they have to
    /// come from.
    #[inline]
    fn from(bytes: [u8; 4]) -> Self {
        Self::new(bytes)
    }
}

impl From<MaskKey> for [u8; 4] {
    /// The bytes, in the order in which they are on the wire.
    #[inline]
    fn from(key: MaskKey) -> Self {
        key.to_bytes()
    }
}

impl fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskKey").finish_non_exhaustive()
    }
}

/// Masks and unmasks the payload of one frame, in as many pieces as it comes (RFC 6455 §5.3).
///
/// Both are the same XOR. The place within the key is remembered from piece to piece, so that any cutting of a
/// payload gives the same bytes. `Debug` does not show the key.
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
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mask {
    /// The key as a little-endian number, turned so that its lowest byte masks the next byte of payload.
    key: u32,
}

/// Whether one loop does for all lengths: without an operating system, flash is dearer than time.
const SMALL: bool = cfg!(target_os = "none");
/// From this length on a fast loop is worth its preparation.
const LONG_FROM_LEN: usize = 128;
/// From this length on it pays to bring the words that are written to an aligned address first, in bytes.
const ALIGN_FROM_LEN: usize = 768;
const ALIGNMENT: usize = 16;

impl Mask {
    /// Starts at the first byte of the payload that is masked with `key`.
    ///
    /// ```
    /// use ws_core::frame::{Mask, MaskKey};
    ///
    /// let mut payload = *b"abcdef";
    /// Mask::new(MaskKey::new([1, 2, 3, 4])).apply(&mut payload);
    /// assert_eq!(payload, [b'a' ^ 1, b'b' ^ 2, b'c' ^ 3, b'd' ^ 4, b'e' ^ 1, b'f' ^ 2]);
    /// ```
    #[must_use]
    #[inline]
    pub const fn new(key: MaskKey) -> Self {
        Self { key: u32::from_le_bytes(key.to_bytes()) }
    }

    /// Masks or unmasks the next `payload.len()` bytes in place, and moves on by as many.
    ///
    /// ```
    /// use ws_core::frame::{Mask, MaskKey};
    ///
    /// let (key, mut payload) = (MaskKey::new([0x37, 0xfa, 0x21, 0x3d]), *b"Hello");
    /// Mask::new(key).apply(&mut payload);
    /// assert_eq!(payload, [0x7f, 0x9f, 0x4d, 0x51, 0x58]); // RFC 6455 §5.7
    /// Mask::new(key).apply(&mut payload);
    /// assert_eq!(&payload, b"Hello");
    /// ```
    #[inline]
    pub fn apply(&mut self, payload: &mut [u8]) {
        let len = payload.len();
        if SMALL {
            words(self.key, payload);
        } else if len < LONG_FROM_LEN {
            short(self.key, payload);
        } else {
            long(self.key, payload);
        }
        self.turn(len);
    }

    /// Masks or unmasks as much of `payload` as fits into `out` while copying it there; returns how many bytes, and moves on
    /// by as many.
    ///
    /// ```
    /// use ws_core::frame::{Mask, MaskKey};
    ///
    /// let mut mask = Mask::new(MaskKey::new([1, 2, 3, 4]));
    /// let mut out = [0; 4];
    /// assert_eq!(mask.apply_into(b"abcdef", &mut out), 4);
    /// assert_eq!(out, [b'a' ^ 1, b'b' ^ 2, b'c' ^ 3, b'd' ^ 4]);
    /// assert_eq!(mask.apply_into(b"ef", &mut out), 2);
    /// assert_eq!(out[..2], [b'e' ^ 1, b'f' ^ 2]);
    /// ```
    #[inline]
    pub fn apply_into(&mut self, payload: &[u8], out: &mut [u8]) -> usize {
        let len = payload.len().min(out.len());
        let (Some(source), Some(target)) = (payload.get(..len), out.get_mut(..len)) else { return 0 };
        if SMALL || len < ALIGN_FROM_LEN {
            copy(self.key, source, target);
        } else {
            copy_long(self.key, source, target);
        }
        self.turn(len);
        len
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
    /// Starts at the first byte of the payload that is masked with `key`.
    fn from(key: MaskKey) -> Self {
        Self::new(key)
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask").finish_non_exhaustive()
    }
}

/// Few bytes, with few instructions: no more than three of them one by one.
#[inline]
fn short(key: u32, payload: &mut [u8]) {
    let wide = wide(key);
    let mut blocks = payload.chunks_exact_mut(16);
    for block in blocks.by_ref() {
        let (first, second) = split_first(block);
        xor_8(wide, first);
        xor_8(wide, split_first(second).0);
    }
    let (first, rest) = split_first(blocks.into_remainder());
    xor_8(wide, first);
    let (first, rest) = split_first::<4>(rest);
    if let Some(bytes) = first {
        *bytes = (u32::from_le_bytes(*bytes) ^ key).to_le_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.to_le_bytes()) {
        *byte ^= key;
    }
}

/// Out of line, so that only the loop for few bytes is where frames are read.
#[inline(never)]
fn long(key: u32, payload: &mut [u8]) {
    if payload.len() < ALIGN_FROM_LEN {
        return words(key, payload);
    }
    let unaligned = payload.as_ptr().align_offset(ALIGNMENT).min(payload.len());
    let (start, rest) = payload.split_at_mut(unaligned);
    words(key, start);
    let mut mask = Mask { key };
    mask.turn(unaligned);
    words(mask.key, rest);
}

/// Masks many bytes of `source` while copying them to `target`, which is as long.
#[inline(never)]
fn copy_long(key: u32, source: &[u8], target: &mut [u8]) {
    let unaligned = target.as_ptr().align_offset(ALIGNMENT).min(target.len()).min(source.len());
    let (from_start, from) = source.split_at(unaligned);
    let (to_start, to) = target.split_at_mut(unaligned);
    copy(key, from_start, to_start);
    let mut mask = Mask { key };
    mask.turn(unaligned);
    copy(mask.key, from, to);
}

#[inline]
fn words(key: u32, payload: &mut [u8]) {
    let wide = wide(key);
    let mut words = payload.chunks_exact_mut(8);
    for word in words.by_ref() {
        xor_8(wide, word.first_chunk_mut());
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(wide.to_le_bytes()) {
        *byte ^= key;
    }
}

/// Masks `source` while copying it to `target`, which is as long.
#[inline]
fn copy(key: u32, source: &[u8], target: &mut [u8]) {
    let wide = wide(key);
    let mut from = source.chunks_exact(8);
    let mut to = target.chunks_exact_mut(8);
    for (from, to) in from.by_ref().zip(to.by_ref()) {
        if let (Some(from), Some(to)) = (from.first_chunk(), to.first_chunk_mut()) {
            *to = (u64::from_le_bytes(*from) ^ wide).to_le_bytes();
        }
    }
    let (first_to, to) = split_first(to.into_remainder());
    let from = match (from.remainder().split_first_chunk(), first_to) {
        (Some((first, rest)), Some(to)) => {
            *to = (u32::from_le_bytes(*first) ^ key).to_le_bytes();
            rest
        }
        _ => from.remainder(),
    };
    for ((from, to), key) in from.iter().zip(to).zip(key.to_le_bytes()) {
        *to = from ^ key;
    }
}

#[inline]
fn xor_8(wide: u64, bytes: Option<&mut [u8; 8]>) {
    if let Some(bytes) = bytes {
        *bytes = (u64::from_le_bytes(*bytes) ^ wide).to_le_bytes();
    }
}

/// The first `N` bytes and the others; `None` and all of them where there are fewer.
#[inline]
fn split_first<const N: usize>(bytes: &mut [u8]) -> (Option<&mut [u8; N]>, &mut [u8]) {
    if bytes.len() < N {
        return (None, bytes);
    }
    let (first, rest) = bytes.split_at_mut(N);
    (first.first_chunk_mut(), rest)
}

#[inline]
fn wide(key: u32) -> u64 {
    let key = u64::from(key);
    key << 32 | key
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
        for len in (0..150).chain([767, 768, 769, 783, 5000]) {
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
