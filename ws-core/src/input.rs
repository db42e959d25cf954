//! The bytes that were read and not yet understood: [`ReadBuffer`] owns them, [`Input`] takes them.
//!
//! A stream is read into the buffer; a handshake or a connection takes from it what it understands, and the rest stays for
//! what comes next. So nothing that arrives is lost where one protocol hands over to the other, or between two reads.

use core::fmt;

use crate::bytes::copy;

/// Owns the bytes between the stream and the protocol, and remembers how far they were understood.
///
/// The storage is the caller's: an array, a slice of a static, a `Vec` or a box. It never grows, and its bytes are never
/// overwritten with zeros. 16 KiB is a good size (it stays in the first-level cache); a few dozen bytes work.
///
/// `Debug` shows how many bytes there are and none of them.
///
/// ```
/// use ws_core::input::ReadBuffer;
///
/// # let mut stream = &b"GET / HTTP/1.1"[..];
/// # fn read(stream: &mut &[u8], spare: &mut [u8]) -> usize {
/// #     let (now, later) = stream.split_at(stream.len().min(5));
/// #     spare[..now.len()].copy_from_slice(now);
/// #     *stream = later;
/// #     now.len()
/// # }
/// let mut buffer = ReadBuffer::new([0; 64]);
/// let len = read(&mut stream, buffer.spare()); // 5 bytes come,
/// buffer.filled(len);                          // and count as read.
/// assert_eq!(buffer.input().take(3), b"GET");
/// assert_eq!(buffer.unread(), b" /", "what was not taken is still there");
/// ```
///
/// It can be a static, since [`new`](Self::new) is `const`:
///
/// ```
/// use std::sync::Mutex;
/// use ws_core::input::ReadBuffer;
///
/// static BUFFER: Mutex<ReadBuffer<[u8; 64]>> = Mutex::new(ReadBuffer::new([0; 64]));
/// assert_eq!(BUFFER.lock().map(|buffer| buffer.capacity()).ok(), Some(64));
/// ```
#[derive(Clone)]
pub struct ReadBuffer<S> {
    storage: S,
    /// The unread bytes are `start..end`, and `start <= end <= capacity`.
    start: usize,
    end: usize,
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> ReadBuffer<S> {
    /// A buffer with nothing in it. With storage of 4 bytes or more, a connection always makes progress.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// const EMPTY: ReadBuffer<[u8; 64]> = ReadBuffer::new([0; 64]);
    /// let growable = ReadBuffer::new(vec![0; 16 * 1024]);
    /// assert_eq!((EMPTY.capacity(), growable.capacity()), (64, 16 * 1024));
    /// ```
    #[must_use]
    pub const fn new(storage: S) -> Self {
        Self { storage, start: 0, end: 0 }
    }

    /// A buffer whose first `filled` bytes are to be read: for bytes that something else has read already, such as what an
    /// HTTP library took from the stream after the head. `None` where the storage is shorter than that.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let rest = b"\x81\x85".to_vec();
    /// let len = rest.len();
    /// let buffer = ReadBuffer::with_filled(rest, len).ok_or("shorter than its length")?;
    /// assert_eq!(buffer.unread(), b"\x81\x85");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn with_filled(storage: S, filled: usize) -> Option<Self> {
        (filled <= storage.as_ref().len()).then_some(Self { storage, start: 0, end: filled })
    }

    /// The room to read into; call [`filled`](Self::filled) afterwards.
    ///
    /// Unread bytes are moved to the front where that makes more room than it costs. Empty only where the whole
    /// storage holds unread bytes; a receiver that has asked for more input leaves at most 3 bytes unread.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::new([0; 8]);
    /// buffer.spare()[..6].copy_from_slice(b"abcdef");
    /// buffer.filled(6);
    /// let _taken = buffer.input().take(4);
    /// assert_eq!(buffer.spare().len(), 6, "two bytes moved to the front");
    /// assert_eq!(buffer.unread(), b"ef");
    /// ```
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

    /// Says that `len` bytes were read into [`spare`](Self::spare). More than that has room for counts as its room: a stream
    /// that reports more than it was asked for does no harm.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::new(*b"abcd");
    /// buffer.filled(1);
    /// assert_eq!(buffer.unread(), b"a");
    /// buffer.filled(usize::MAX);
    /// assert_eq!(buffer.unread(), b"abcd");
    /// ```
    #[inline]
    pub fn filled(&mut self, len: usize) {
        let capacity = self.storage.as_ref().len();
        self.end = self.end.saturating_add(len).min(capacity);
    }

    /// The cursor over the unread bytes; what is taken by it is read.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"abcd", 4).ok_or("too short")?;
    /// let mut input = buffer.input();
    /// assert_eq!(input.take(3), b"abc");
    /// assert_eq!(buffer.unread(), b"d");
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn input(&mut self) -> Input<'_> {
        let bytes = self.storage.as_mut().get_mut(self.start..self.end).unwrap_or_default();
        Input { bytes, start: &mut self.start }
    }

    /// The bytes that were not taken yet, such as what came after a handshake or after the last message.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// // The end of a handshake's head, and a ping that came with it.
    /// let mut buffer = ReadBuffer::with_filled(*b"\r\n\r\n\x89\x00", 6).ok_or("too short")?;
    /// let _head_end = buffer.input().take(4);
    /// assert_eq!(buffer.unread(), b"\x89\x00");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn unread(&self) -> &[u8] {
        self.storage.as_ref().get(self.start..self.end).unwrap_or_default()
    }

    /// Forgets the unread bytes, so that all of the storage is room again. The bytes stay in the storage until others take
    /// their place.
    ///
    /// For an event loop whose connections use one buffer in turn.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"abcd", 3).ok_or("too short")?;
    /// buffer.clear();
    /// assert_eq!(buffer.unread(), b"");
    /// assert_eq!(buffer.spare().len(), 4);
    /// # Ok::<(), &str>(())
    /// ```
    pub const fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }

    /// The storage, for another use. Unread bytes are in it, at no place that is promised: take them before.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let storage = ReadBuffer::new(vec![0; 64]).into_storage();
    /// assert_eq!(storage.len(), 64);
    /// ```
    #[must_use]
    pub fn into_storage(self) -> S {
        self.storage
    }

    /// How many bytes the storage has, read and unread ones and room.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.storage.as_ref().len()
    }

    /// Moves the unread bytes to the front of other storage, larger or smaller.
    ///
    /// # Errors
    ///
    /// Gives the buffer and the storage back, both unchanged, where the unread bytes do not fit.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let small = ReadBuffer::with_filled([b'a', b'b', 0, 0], 2).ok_or("too short")?;
    /// let large = small.move_to(vec![0; 4096]).map_err(|_| "too small")?;
    /// assert_eq!((large.unread(), large.capacity()), (&b"ab"[..], 4096));
    /// # Ok::<(), &str>(())
    /// ```
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

/// An empty buffer in default storage: of no bytes for a `Vec`, so that [`core::mem::take`] takes a buffer out of its place.
impl<S: AsRef<[u8]> + AsMut<[u8]> + Default> Default for ReadBuffer<S> {
    fn default() -> Self {
        Self::new(S::default())
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
/// understand; the rest stays in the buffer for what comes next.
///
/// What is taken is lent for as long as the buffer is borrowed, mutably, so that payload is unmasked where it lies.
/// `Debug` shows how many bytes are unread and none of them.
///
/// ```
/// use ws_core::input::ReadBuffer;
///
/// let mut buffer = ReadBuffer::with_filled(*b"abcdef", 6).ok_or("too short")?;
/// let mut input = buffer.input();
/// let (first, second) = (input.take(2), input.take(2));
/// assert_eq!((&*first, &*second, input.unread()), (&b"ab"[..], &b"cd"[..], &b"ef"[..]));
/// # Ok::<(), &str>(())
/// ```
pub struct Input<'b> {
    bytes: &'b mut [u8],
    /// Where the unread bytes start in the buffer's storage.
    start: &'b mut usize,
}

impl<'b> Input<'b> {
    /// The unread bytes.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"abc", 3).ok_or("too short")?;
    /// let mut input = buffer.input();
    /// assert_eq!(input.unread(), b"abc", "looking takes nothing");
    /// let _taken = input.take(1);
    /// assert_eq!(input.unread(), b"bc");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn unread(&self) -> &[u8] {
        self.bytes
    }

    /// How many bytes are unread.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled([0; 8], 3).ok_or("too short")?;
    /// assert_eq!(buffer.input().len(), 3, "room does not count");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether all bytes are read.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled([0; 8], 3).ok_or("too short")?;
    /// let mut input = buffer.input();
    /// assert!(!input.is_empty());
    /// let _taken = input.take(3);
    /// assert!(input.is_empty());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Takes the next `len` bytes, or as many as there are.
    ///
    /// ```
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"abc", 3).ok_or("too short")?;
    /// let mut input = buffer.input();
    /// assert_eq!(input.take(2), b"ab");
    /// assert_eq!(input.take(100), b"c");
    /// assert!(input.is_empty());
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn take(&mut self, len: usize) -> &'b mut [u8] {
        let bytes = core::mem::take(&mut self.bytes);
        let (taken, rest) = bytes.split_at_mut(len.min(bytes.len()));
        self.bytes = rest;
        // The place is one within the storage.
        *self.start = self.start.wrapping_add(taken.len());
        taken
    }

    /// Drops the next `dropped` bytes and takes the `len` bytes after them; does nothing where there are fewer.
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

    /// Drops the `len` bytes after the first `kept` ones, at most 3, which move up to the bytes that follow.
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

impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("unread_len", &self.len()).finish_non_exhaustive()
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
    fn more_than_there_is_room_for_counts_as_the_room() {
        let mut buffer = ReadBuffer::new(*b"abcdefgh");
        buffer.filled(6);
        let _ = buffer.input().take(1);
        for (len, unread) in [(3, &b"bcdefgh"[..]), (usize::MAX, b"bcdefgh"), (0, b"bcdefgh")] {
            buffer.filled(len);
            assert_eq!(buffer.unread(), unread);
        }
        let mut none = ReadBuffer::new([]);
        none.filled(1);
        assert!(none.unread().is_empty() && none.spare().is_empty());
    }

    #[test]
    fn a_cleared_buffer_is_all_room() {
        let mut buffer = ReadBuffer::new([0; 8]);
        fill(&mut buffer, b"abcdef");
        let _ = buffer.input().take(2);
        buffer.clear();
        assert!(buffer.unread().is_empty() && buffer.input().is_empty());
        assert_eq!(buffer.spare().len(), 8);
        fill(&mut buffer, b"xy");
        assert_eq!(buffer.unread(), b"xy");
        assert_eq!(buffer.into_storage(), *b"xycdef\0\0");
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
