//! Bytes that are committed and not yet written: they leave in this order, each once.

use alloc::collections::VecDeque;
#[cfg(target_has_atomic = "ptr")]
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::{fmt, mem};

#[cfg(target_has_atomic = "ptr")]
use crate::connection::EncodedMessage;

/// Whole frames, one after the other.
#[derive(Clone)]
enum Chunk {
    Bytes(Vec<u8>),
    /// A frame that other connections send too.
    #[cfg(target_has_atomic = "ptr")]
    Shared(Arc<EncodedMessage<Vec<u8>>>),
}

impl Chunk {
    #[inline]
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            #[cfg(target_has_atomic = "ptr")]
            Self::Shared(message) => message.as_bytes(),
        }
    }
}

/// Chunks of which the first has left in part.
#[derive(Clone, Default)]
pub(super) struct Queue {
    /// Those before the tail.
    chunks: VecDeque<Chunk>,
    /// The last chunk, to which short frames are appended: the only one as long as the stream takes what it is given. Its
    /// allocation is kept while nothing is in it.
    tail: Vec<u8>,
    /// How many bytes of the first chunk have left.
    start: usize,
    /// How many bytes are to leave.
    len: usize,
}

impl Queue {
    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Appends what `write` appends to the bytes that it is given, or nothing where it fails.
    #[inline]
    pub(super) fn append<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<usize, E>,
    ) -> Result<(), E> {
        if self.start > 0 || self.tail.len() >= APPENDED_LEN_MAX || self.tail.capacity() > KEPT_LEN_MAX {
            self.make_room();
        }
        let added = write(&mut self.tail)?;
        self.len = self.len.saturating_add(added);
        Ok(())
    }

    /// Appends bytes that are not copied.
    pub(super) fn push(&mut self, bytes: Vec<u8>) {
        self.len = self.len.saturating_add(bytes.len());
        self.close_tail();
        self.chunks.push_back(Chunk::Bytes(bytes));
    }

    /// Appends a frame that is shared.
    #[cfg(target_has_atomic = "ptr")]
    pub(super) fn push_shared(&mut self, message: Arc<EncodedMessage<Vec<u8>>>) {
        self.len = self.len.saturating_add(message.as_bytes().len());
        self.close_tail();
        self.chunks.push_back(Chunk::Shared(message));
    }

    /// The first bytes that are to leave.
    #[inline]
    pub(super) fn first(&self) -> &[u8] {
        let mut start = self.start;
        for chunk in &self.chunks {
            match chunk.as_slice().get(start..) {
                Some(rest) if !rest.is_empty() => return rest,
                _ => start = 0,
            }
        }
        self.tail.get(start..).unwrap_or_default()
    }

    /// Puts the slices that are to leave into `slices`, the first ones first. Says how many they are.
    pub(super) fn slices<'q>(&'q self, slices: &mut [&'q [u8]]) -> usize {
        let mut count: usize = 0;
        let mut start = self.start;
        let mut places = slices.iter_mut();
        for chunk in self.chunks.iter().map(Chunk::as_slice).chain([&*self.tail]) {
            let rest = chunk.get(mem::take(&mut start)..).unwrap_or_default();
            if rest.is_empty() {
                continue;
            }
            let Some(place) = places.next() else { break };
            *place = rest;
            count = count.saturating_add(1);
        }
        count
    }

    /// The first `len` bytes have left.
    #[inline]
    pub(super) fn advance(&mut self, len: usize) {
        let len = len.min(self.len);
        self.len = self.len.saturating_sub(len);
        self.start = self.start.saturating_add(len);
        if !self.chunks.is_empty() {
            self.drop_left();
        }
        if self.len == 0 {
            self.start = 0;
            empty(&mut self.tail);
        }
    }

    /// Drops the chunks that have left.
    fn drop_left(&mut self) {
        while let Some(first_len) = self.chunks.front().map(|chunk| chunk.as_slice().len()) {
            if self.start < first_len {
                return;
            }
            self.start = self.start.saturating_sub(first_len);
            if let Some(Chunk::Bytes(mut bytes)) = self.chunks.pop_front() {
                empty(&mut bytes);
                if self.tail.is_empty() && bytes.capacity() > self.tail.capacity() {
                    self.tail = bytes;
                }
            }
        }
    }

    /// Moves all of it to the end of `other`.
    pub(super) fn move_to(&mut self, other: &mut Self) {
        if other.is_empty() {
            other.clear();
            other.start = mem::take(&mut self.start);
            mem::swap(&mut self.chunks, &mut other.chunks);
        } else {
            self.cut_first();
            other.close_tail();
            other.chunks.append(&mut self.chunks);
        }
        mem::swap(&mut self.tail, &mut other.tail);
        other.len = other.len.saturating_add(mem::take(&mut self.len));
    }

    /// Drops all of it.
    pub(super) fn clear(&mut self) {
        self.chunks.clear();
        empty(&mut self.tail);
        self.start = 0;
        self.len = 0;
    }

    /// Frees what is not in use.
    pub(super) fn release(&mut self) {
        if self.is_empty() {
            self.chunks = VecDeque::new();
            if self.tail.capacity() > RELEASED_LEN_MAX {
                self.tail = Vec::new();
            }
        }
    }

    /// Moves the bytes of the tail to the front of their allocation where that costs no more than it gains, so that it does
    /// not grow for ever while it is never empty, and begins another where they are many.
    fn make_room(&mut self) {
        let is_first = self.chunks.is_empty();
        if is_first && self.start > 0 && self.start >= self.tail.len().saturating_sub(self.start) {
            self.tail.drain(..self.start);
            self.start = 0;
        }
        // What is longer than what is kept would be copied to grow, and held until all after it has left.
        if self.tail.len() >= APPENDED_LEN_MAX || self.tail.capacity() > KEPT_LEN_MAX {
            self.close_tail();
        }
    }

    /// Makes the tail a chunk to which nothing is appended, if anything is in it.
    fn close_tail(&mut self) {
        if !self.tail.is_empty() {
            self.chunks.push_back(Chunk::Bytes(mem::take(&mut self.tail)));
        }
    }

    /// Frees the bytes of the first chunk that have left.
    #[cold]
    fn cut_first(&mut self) {
        let start = mem::take(&mut self.start);
        if start == 0 {
            return;
        }
        match self.chunks.pop_front() {
            Some(first) => {
                let rest = first.as_slice().get(start..).unwrap_or_default().to_vec();
                self.chunks.push_front(Chunk::Bytes(rest));
            }
            None => drop(self.tail.drain(..start.min(self.tail.len()))),
        }
    }
}

/// Forgets what an allocation holds, and frees it where it is longer than what is kept.
#[inline]
fn empty(bytes: &mut Vec<u8>) {
    bytes.clear();
    if bytes.capacity() > KEPT_LEN_MAX {
        *bytes = Vec::new();
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("len", &self.len).finish_non_exhaustive()
    }
}

/// The longest allocation that is kept while nothing is queued, in bytes: what is queued before more is refused fits.
const KEPT_LEN_MAX: usize = 32 * 1024;

/// The longest allocation that is kept by a queue that is released, in bytes: what is gained is less than what a short
/// message would cost then.
const RELEASED_LEN_MAX: usize = 64;

/// How many bytes lie together before others are appended to an allocation of their own. Less than what is kept, so that a
/// queue which is never empty uses the same allocations again.
const APPENDED_LEN_MAX: usize = 16 * 1024;

/// Committed bytes that were taken from an [`Outbound`](super::Outbound) to be written without holding it, for example
/// outside a lock. They have to reach the stream, in order; what was written is reported by
/// [`Outbound::transmitted`](super::Outbound::transmitted).
///
/// Keep it: its memory is used again by the next [`Outbound::take_batch`](super::Outbound::take_batch).
///
/// ```
/// use core::time::Duration;
/// use ws_core::connection::RoleKeys;
/// use ws_core::input::ReadBuffer;
/// use ws_core::session::{Batch, Config, NoKeys, Opened, Session};
///
/// let opened = Opened::<NoKeys>::new(RoleKeys::Server);
/// let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
/// session.outbound.send("Hello")?;
///
/// let mut batch = Batch::new();
/// session.outbound.take_batch(&mut batch);
/// assert_eq!(batch.as_slice(), b"\x81\x05Hello"); // write it, perhaps in part
/// batch.advance(3);
/// session.outbound.transmitted(3, Duration::from_millis(1));
/// assert_eq!((batch.as_slice(), session.outbound.queued_len()), (&b"ello"[..], 4));
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
#[derive(Clone, Default)]
pub struct Batch {
    pub(super) queue: Queue,
}

impl Batch {
    /// An empty batch, without an allocation.
    ///
    /// ```
    /// use ws_core::session::Batch;
    ///
    /// let batch = Batch::new();
    /// assert!(batch.is_empty() && batch.as_slice().is_empty());
    /// assert_eq!(batch.len(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The first bytes that are to be written, as far as they lie together; empty where there are none.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Batch, Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.outbound.send_owned(vec![7; 5000].into()).map_err(|(error, _message)| error)?;
    /// let mut batch = Batch::new();
    /// session.outbound.take_batch(&mut batch);
    /// assert_eq!(batch.as_slice(), b"\x82\x7e\x13\x88"); // the header, since a long payload is not copied
    /// batch.advance(4);
    /// assert_eq!(batch.as_slice(), [7; 5000]);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.queue.first()
    }

    /// Puts the slices that are to be written into `slices`, as many as fit, for a vectored write. Returns how many they
    /// are.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Batch, Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.outbound.send_owned(vec![7; 5000].into()).map_err(|(error, _message)| error)?;
    /// let mut batch = Batch::new();
    /// session.outbound.take_batch(&mut batch);
    /// let mut slices = [&[][..]; 8];
    /// assert_eq!(batch.slices(&mut slices), 2);
    /// assert_eq!([slices[0].len(), slices[1].len()], [4, 5000], "header and payload, in one write");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn slices<'b>(&'b self, slices: &mut [&'b [u8]]) -> usize {
        self.queue.slices(slices)
    }

    /// Says that the first `len` bytes were written.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Batch, Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// let mut batch = Batch::new();
    /// session.outbound.take_batch(&mut batch);
    /// batch.advance(6);
    /// assert_eq!((batch.as_slice(), batch.len()), (&b"o"[..], 1));
    /// batch.advance(1);
    /// assert!(batch.is_empty());
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn advance(&mut self, len: usize) {
        self.queue.advance(len);
    }

    /// How many bytes are to be written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether nothing is to be written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Queue;

    fn append(queue: &mut Queue, bytes: &[u8]) {
        let result: Result<(), ()> = queue.append(|tail| {
            tail.extend_from_slice(bytes);
            Ok(bytes.len())
        });
        assert_eq!(result, Ok(()));
    }

    fn waiting(queue: &Queue) -> Vec<u8> {
        let mut slices = [&[][..]; 64];
        let count = queue.slices(&mut slices);
        let all = slices[..count].concat();
        assert_eq!((queue.len(), queue.first()), (all.len(), slices[0]));
        all
    }

    #[test]
    fn bytes_leave_in_order_however_they_come_and_go() {
        let (mut queue, mut batch, mut model) = (Queue::default(), Queue::default(), Vec::new());
        for step in 0..4000_usize {
            let pushed: Vec<u8> = (0..=255).cycle().skip(step).take(step * 7 % 300).collect();
            match step % 5 {
                0 => queue.push(pushed.clone()),
                1 => assert_eq!(queue.append(|_| Err(())), Err(())),
                _ => append(&mut queue, &pushed),
            }
            if step % 5 != 1 {
                model.extend(pushed);
            }
            if step % 11 == 0 {
                queue.move_to(&mut batch);
            }
            let left = step * 5 % 290;
            if batch.is_empty() {
                let left = left.min(queue.len());
                queue.advance(left);
                model.drain(..left);
            } else {
                let left = left.min(batch.len());
                batch.advance(left);
                model.drain(..left);
            }
            assert_eq!([waiting(&batch), waiting(&queue)].concat(), model, "{step}");
        }
    }

    #[test]
    fn what_has_left_in_part_can_follow_other_bytes() {
        for is_pushed in [false, true] {
            let (mut queue, mut batch) = (Queue::default(), Queue::default());
            append(&mut batch, b"before ");
            if is_pushed {
                queue.push(b"--chunk".to_vec());
            } else {
                append(&mut queue, b"--tail");
            }
            queue.advance(2);
            queue.move_to(&mut batch);
            append(&mut queue, b"after");
            let expected: &[u8] = if is_pushed { b"before chunk" } else { b"before tail" };
            assert_eq!((&*waiting(&batch), &*waiting(&queue)), (expected, &b"after"[..]));
        }
    }

    #[test]
    fn a_queue_that_is_never_empty_does_not_grow() {
        let mut queue = Queue::default();
        append(&mut queue, &[0; 1000]);
        for _ in 0..100_000 {
            append(&mut queue, &[0; 1000]);
            queue.advance(1000);
        }
        assert!(queue.chunks.is_empty());
        assert!(queue.tail.len() <= 4000, "{}", queue.tail.len());
    }

    #[test]
    fn a_long_allocation_is_freed_once_it_has_left_and_a_short_one_is_used_again() {
        let mut queue = Queue::default();
        append(&mut queue, &vec![0; 1 << 20]);
        queue.advance(1 << 20);
        assert_eq!(queue.tail.capacity(), 0);
        append(&mut queue, &[0; 100]);
        queue.advance(100);
        assert!(queue.tail.capacity() >= 100 && queue.is_empty());
        queue.push(vec![0; 5000]);
        queue.advance(5000);
        assert_eq!(queue.tail.capacity(), 5000);
        queue.release();
        assert_eq!((queue.tail.capacity(), queue.chunks.capacity()), (0, 0));
        append(&mut queue, &[0; 10]);
        queue.advance(10);
        queue.release();
        assert!((10..=64).contains(&queue.tail.capacity()), "{}", queue.tail.capacity());
    }
}
