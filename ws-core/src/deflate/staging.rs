/// A few bytes between zlib's compressor and an output that is too small for it.
#[derive(Clone, Copy)]
pub(super) struct Staging {
    bytes: [u8; Self::LEN],
    start: usize,
    end: usize,
}

impl Staging {
    /// The smallest output that is compressed into directly.
    pub(super) const LEN: usize = 64;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::LEN], start: 0, end: 0 }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// Where to compress into, while it is empty.
    pub(super) const fn room(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Says how many bytes were put into the room.
    pub(super) fn filled(&mut self, len: usize) {
        self.start = 0;
        self.end = len.min(Self::LEN);
    }

    /// Moves as much as fits to the start of `out`.
    pub(super) fn drain(&mut self, out: &mut [u8]) -> usize {
        let bytes = self.bytes.get(self.start..self.end).unwrap_or_default();
        let len = bytes.len().min(out.len());
        if let (Some(place), Some(bytes)) = (out.get_mut(..len), bytes.get(..len)) {
            place.copy_from_slice(bytes);
        }
        self.start = self.start.saturating_add(len);
        len
    }
}
