use alloc::vec::Vec;

/// The last bytes that were inflated, at most a window of them.
///
/// zlib keeps them too, but forgets them at the end of a final block, after which the message may continue.
#[derive(Default)]
pub(super) struct History {
    /// Up to a window. Full, it is a ring.
    bytes: Vec<u8>,
    /// Where the oldest byte of the full ring is.
    oldest: usize,
}

impl History {
    /// An empty one, without an allocation.
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new(), oldest: 0 }
    }

    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.oldest = 0;
    }

    /// Appends, keeping the last `window_len` bytes.
    pub(super) fn push(&mut self, bytes: &[u8], window_len: usize) {
        if bytes.is_empty() {
            return;
        }
        let bytes = last(bytes, window_len);
        if bytes.len() == window_len {
            self.clear();
        }
        let free = window_len.saturating_sub(self.bytes.len());
        if free == 0 {
            return self.overwrite(bytes);
        }
        let (appended, rest) = bytes.split_at(free.min(bytes.len()));
        self.bytes.reserve_exact(free);
        self.bytes.extend_from_slice(appended);
        self.overwrite(rest);
    }

    /// Puts `bytes`, which are no more than there are, in the place of the oldest.
    fn overwrite(&mut self, bytes: &[u8]) {
        let (lower, upper) = self.bytes.split_at_mut_checked(self.oldest).unwrap_or_default();
        let (now, rest) = bytes.split_at(upper.len().min(bytes.len()));
        copy_to_start(now, upper);
        copy_to_start(rest, lower);
        self.oldest = self.oldest.saturating_add(now.len());
        if self.oldest >= self.bytes.len() {
            self.oldest = rest.len();
        }
    }

    /// The last `len` bytes or all there are, the older ones first.
    pub(super) fn last(&self, len: usize) -> (&[u8], &[u8]) {
        let (newer, older) = self.bytes.split_at_checked(self.oldest).unwrap_or_default();
        (last(older, len.saturating_sub(newer.len())), last(newer, len))
    }
}

fn copy_to_start(bytes: &[u8], place: &mut [u8]) {
    if let Some(place) = place.get_mut(..bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// The last `len` bytes or all there are.
pub(super) fn last(bytes: &[u8], len: usize) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(len)..).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_window_however_it_was_pushed() {
        let all: Vec<u8> = (0..=255).cycle().take(2000).collect();
        for window_len in [256, 512] {
            for step in [1, 7, 255, 256, 257, 700] {
                let mut history = History::new();
                let mut pushed = 0;
                for piece in all.chunks(step) {
                    history.push(piece, window_len);
                    pushed += piece.len();
                    for len in [0, 1, 100, 256, 512, 4000] {
                        let (older, newer) = history.last(len);
                        let expected = last(last(&all[..pushed], window_len), len);
                        assert_eq!([older, newer].concat(), expected, "{window_len} {step} {pushed} {len}");
                    }
                }
                assert_eq!(history.bytes.capacity(), window_len);
            }
        }
    }
}
