use core::fmt;
use std::io;

/// Bytes that wait to be written, or to be taken by the session of TLS. They leave in their order, each once.
#[derive(Default)]
pub(crate) struct Queue {
    /// Initialised once and never cleared; the queued bytes are `start..end`.
    storage: Vec<u8>,
    start: usize,
    end: usize,
}

/// The storage that is kept while nothing is queued: a record of TLS fits.
const KEPT_LEN_MAX: usize = 17 * 1024;

impl Queue {
    pub(crate) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(crate) const fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.storage.get(self.start..self.end).unwrap_or_default()
    }

    /// Drops the first `len` bytes, which have left.
    pub(crate) fn advance(&mut self, len: usize) {
        self.start = self.start.saturating_add(len).min(self.end);
        if self.is_empty() {
            self.start = 0;
            self.end = 0;
            if self.storage.len() > KEPT_LEN_MAX {
                self.storage = Vec::new();
            }
        }
    }

    /// Room for at least `len` more bytes; [`filled`](Self::filled) says how many were put there.
    pub(crate) fn room(&mut self, len: usize) -> io::Result<&mut [u8]> {
        if self.storage.len().saturating_sub(self.end) < len {
            self.grow(len)?;
        }
        Ok(self.storage.get_mut(self.end..).unwrap_or_default())
    }

    pub(crate) fn filled(&mut self, len: usize) {
        self.end = self.end.saturating_add(len).min(self.storage.len());
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let room = self.room(bytes.len())?.get_mut(..bytes.len()).unwrap_or_default();
        room.copy_from_slice(bytes);
        self.filled(bytes.len());
        Ok(())
    }

    fn grow(&mut self, len: usize) -> io::Result<()> {
        self.storage.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        let required = self.end.saturating_add(len);
        if required > self.storage.len() {
            let doubled = self.storage.len().saturating_mul(2);
            // Not beyond what is kept, lest the storage be given back and made again for each message.
            let target = if required <= KEPT_LEN_MAX { doubled.min(KEPT_LEN_MAX) } else { doubled };
            let target = target.max(required);
            let added = target.saturating_sub(self.storage.len());
            self.storage.try_reserve_exact(added).map_err(|_full| io::ErrorKind::OutOfMemory)?;
            self.storage.resize(target, 0);
        }
        Ok(())
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT_LEN_MAX, Queue};

    #[test]
    fn bytes_leave_in_order_however_they_come_and_go() {
        let (mut queue, mut model) = (Queue::default(), Vec::new());
        for step in 0..2000_usize {
            let pushed: Vec<u8> = (0..=255).cycle().skip(step).take(step * 7 % 300).collect();
            queue.push(&pushed).unwrap();
            model.extend(pushed);
            let left = (step * 5 % 290).min(model.len());
            queue.advance(left);
            model.drain(..left);
            assert_eq!(queue.bytes(), model);
        }
    }

    #[test]
    fn large_storage_is_given_back_once_it_is_empty() {
        let mut queue = Queue::default();
        queue.push(&vec![0; 1 << 20]).unwrap();
        queue.advance(1 << 20);
        assert!(queue.is_empty() && queue.storage.len() <= KEPT_LEN_MAX);
    }
}
