//! The bytes that were read and not yet understood.

use core::fmt;

use crate::bytes::copy;

/// Owns the bytes between the socket and the protocol, and remembers how far they were understood.
///
/// The storage is the caller's: an array, a slice of a static, a `Vec` or a box. It never grows and is never
/// cleared. 16 KiB is a good size (it stays in the first-level cache); a few dozen bytes work.
///
/// ```
/// use ws_core::input::ReadBuffer;
///
/// let mut buffer = ReadBuffer::new([0; 64]);
/// let spare = buffer.spare();          // read from the socket into this,
/// spare[..2].copy_from_slice(b"GE");
/// buffer.filled(2);                    // and say how much came.
/// assert_eq!(buffer.unread(), b"GE");
/// ```
#[derive(Clone)]
pub struct ReadBuffer<S> {
    storage: S,
    /// The unread bytes are `start..end`, and `start <= end <= capacity`.
    start: usize,
    end: usize,
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> ReadBuffer<S> {
    /// A buffer with nothing in it. Storage of at least 4 bytes always makes progress.
    #[must_use]
    pub fn new(storage: S) -> Self {
        Self { storage, start: 0, end: 0 }
    }

    /// A buffer whose first `filled` bytes are to be read: for bytes that somebody else has read already.
    ///
    /// `None` where the storage is shorter than that.
    #[must_use]
    pub fn with_filled(storage: S, filled: usize) -> Option<Self> {
        (filled <= storage.as_ref().len()).then_some(Self { storage, start: 0, end: filled })
    }

    /// The room to read into; call [`filled`](Self::filled) afterwards.
    ///
    /// Unread bytes are moved to the front where that makes more room than it costs. Empty only where the whole
    /// storage holds unread bytes; a receiver that has asked for more input leaves at most 3 bytes unread.
    #[inline]
    pub fn spare(&mut self) -> &mut [u8] {
        let storage = self.storage.as_mut();
        let unread_len = self.end.saturating_sub(self.start);
        // Moving costs what is unread and gains what was consumed, so that it never costs more than was gained.
        if unread_len <= self.start || self.end >= storage.len() {
            if unread_len > 0 && self.start > 0 && self.end <= storage.len() {
                storage.copy_within(self.start..self.end, 0);
            }
            self.start = 0;
            self.end = unread_len;
        }
        storage.get_mut(self.end..).unwrap_or_default()
    }

    /// Says that `len` bytes were read into [`spare`](Self::spare). More than it has room for counts as its room.
    #[inline]
    pub fn filled(&mut self, len: usize) {
        let capacity = self.storage.as_ref().len();
        debug_assert!(len <= capacity.saturating_sub(self.end), "more was filled than there was room for");
        self.end = self.end.saturating_add(len).min(capacity);
    }

    /// The cursor over the unread bytes; what it passes is read.
    #[inline]
    pub fn input(&mut self) -> Input<'_> {
        let bytes = self.storage.as_mut().get_mut(self.start..self.end).unwrap_or_default();
        Input { bytes, start: &mut self.start }
    }

    /// The bytes that nobody has read yet, such as what came behind a handshake or behind the last message.
    #[must_use]
    #[inline]
    pub fn unread(&self) -> &[u8] {
        self.storage.as_ref().get(self.start..self.end).unwrap_or_default()
    }

    /// How many bytes the storage holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.storage.as_ref().len()
    }

    /// Moves the unread bytes to other storage, larger or smaller.
    ///
    /// # Errors
    ///
    /// Gives both back unchanged where the unread bytes do not fit.
    pub fn move_to<T: AsRef<[u8]> + AsMut<[u8]>>(self, mut storage: T) -> Result<ReadBuffer<T>, (Self, T)> {
        let unread = self.unread();
        match storage.as_mut().get_mut(..unread.len()) {
            Some(target) => copy(unread, target),
            None => return Err((self, storage)),
        }
        let end = unread.len();
        Ok(ReadBuffer { storage, start: 0, end })
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> fmt::Debug for ReadBuffer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadBuffer")
            .field("unread_len", &self.unread().len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}

/// A cursor over the unread bytes of a [`ReadBuffer`], forward only. Handshakes and connections take what they
/// understand; the rest stays in the buffer for whoever comes next.
///
/// What is taken is lent for as long as the buffer is borrowed, mutably, so that payload is unmasked where it lies.
#[derive(Debug)]
pub struct Input<'b> {
    bytes: &'b mut [u8],
    /// Where the unread bytes start in the buffer's storage.
    start: &'b mut usize,
}

impl<'b> Input<'b> {
    /// The unread bytes.
    #[must_use]
    #[inline]
    pub fn unread(&self) -> &[u8] {
        self.bytes
    }

    /// How many bytes are unread.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether all bytes are read.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes the next `len` bytes, or as many as there are.
    #[inline]
    pub fn take(&mut self, len: usize) -> &'b mut [u8] {
        let bytes = core::mem::take(&mut self.bytes);
        let (taken, rest) = bytes.split_at_mut(len.min(bytes.len()));
        self.bytes = rest;
        // The place is one within the storage.
        *self.start = self.start.wrapping_add(taken.len());
        taken
    }

    /// Takes `len` bytes that stand behind the next `dropped` ones, and drops those; nothing where there are not so many.
    #[inline]
    pub(crate) fn take_behind(&mut self, dropped: usize, len: usize) -> Option<&'b mut [u8]> {
        let end = dropped.checked_add(len)?;
        if self.bytes.len() < end {
            return None;
        }
        self.take(end).get_mut(dropped..)
    }

    /// The unread bytes, to be unmasked before they are taken.
    #[inline]
    pub(crate) fn unread_mut(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// Drops `len` bytes that stand behind the first `kept` ones, which move up to the bytes that follow; at most 3.
    #[inline]
    pub(crate) fn skip_behind(&mut self, kept: usize, len: usize) {
        if kept > 0 {
            self.move_up(kept, len);
        }
        let _skipped = self.take(len);
    }

    #[inline]
    fn move_up(&mut self, kept: usize, len: usize) {
        let mut held = [0; KEPT_LEN_MAX];
        debug_assert!(kept <= held.len(), "what is kept is a part of a code point");
        for (held, byte) in held.iter_mut().zip(self.bytes.get(..kept).unwrap_or_default()) {
            *held = *byte;
        }
        let (held, _) = held.split_at(kept.min(held.len()));
        for (byte, held) in self.bytes.get_mut(len..).unwrap_or_default().iter_mut().zip(held) {
            *byte = *held;
        }
    }
}

/// A code point has up to 4 bytes, and what is kept of it lacks one.
const KEPT_LEN_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::ReadBuffer;

    fn fill(buffer: &mut ReadBuffer<[u8; 8]>, bytes: &[u8]) {
        buffer.spare()[..bytes.len()].copy_from_slice(bytes);
        buffer.filled(bytes.len());
    }

    #[test]
    fn what_was_not_taken_comes_again() {
        let mut buffer = ReadBuffer::new([0; 8]);
        fill(&mut buffer, b"abcdef");
        assert_eq!(buffer.input().take(2), b"ab");
        assert_eq!(buffer.input().take(1), b"c");
        assert_eq!(buffer.unread(), b"def");
        fill(&mut buffer, b"gh");
        assert_eq!(buffer.unread(), b"defgh");
    }

    #[test]
    fn a_full_buffer_makes_room_at_the_end_only_by_moving() {
        let mut buffer = ReadBuffer::new([0; 8]);
        fill(&mut buffer, b"abcdefgh");
        assert!(buffer.spare().is_empty(), "all of it is unread");
        let _ = buffer.input().take(1);
        assert_eq!(buffer.spare().len(), 1);
        assert_eq!(buffer.unread(), b"bcdefgh");
    }

    #[test]
    fn unread_bytes_move_only_once_that_costs_no_more_than_it_gains() {
        let mut buffer = ReadBuffer::new([0; 8]);
        fill(&mut buffer, b"abcdef");
        let _ = buffer.input().take(2);
        assert_eq!(buffer.spare().len(), 2, "4 bytes would move for the room of 2");
        let mut input = buffer.input();
        assert!(!input.is_empty());
        let _ = input.take(1);
        assert_eq!(buffer.spare().len(), 5, "3 bytes move for the room of 3");
        assert_eq!(buffer.unread(), b"def");
    }

    #[test]
    fn skipping_behind_kept_bytes_joins_them_to_what_follows() {
        let mut buffer = ReadBuffer::new([0; 8]);
        fill(&mut buffer, b"xyz--AB");
        buffer.input().skip_behind(3, 2);
        assert_eq!(buffer.unread(), b"xyzAB");
        let mut input = buffer.input();
        input.skip_behind(0, 3);
        assert_eq!(input.take(9), b"AB", "a cursor gives at most what there is");
        assert!(input.is_empty());
    }

    #[test]
    fn unread_bytes_move_to_other_storage() {
        let mut buffer = ReadBuffer::new([0; 8]);
        fill(&mut buffer, b"abcdef");
        let _ = buffer.input().take(2);
        let small = buffer.move_to([0; 3]).unwrap_err().0;
        let large = small.move_to(vec![0; 100]).unwrap();
        assert_eq!((large.unread(), large.capacity()), (b"cdef".as_slice(), 100));
    }
}
