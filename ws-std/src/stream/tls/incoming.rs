use core::time::Duration;
use std::io;
use std::time::Instant;

use crate::stream::Stream;
use crate::stream::queue::Queue;

/// What was read from the stream under TLS and not yet taken by the session.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    queue: Queue,
    /// The stream under TLS has ended.
    pub(super) is_ended: bool,
    /// A read filled all the room it had, so that the next one is given room for a whole record.
    is_busy: bool,
    /// How long one read of plaintext may wait.
    pub(super) limit: Option<Duration>,
}

impl Incoming {
    pub(super) fn bytes(&self) -> &[u8] {
        self.queue.bytes()
    }

    pub(super) fn advance(&mut self, len: usize) {
        self.queue.advance(len);
    }

    /// Reads once.
    pub(super) fn fill<S: Stream>(&mut self, stream: &mut S) -> io::Result<()> {
        let room_len = if self.is_busy { RECORD_LEN_MAX } else { ROOM_LEN_MIN };
        let room = self.queue.room(room_len)?;
        let capacity = room.len();
        let len = stream.read(room)?;
        if len > capacity {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.queue.filled(len);
        self.is_busy = len == capacity;
        self.is_ended = len == 0;
        Ok(())
    }

    /// Reads once more, in what is left of the time for one read of plaintext: otherwise a peer whose record comes byte by
    /// byte could hold the reader as long as it likes.
    pub(super) fn fill_more<S: Stream>(&mut self, stream: &mut S, begun: Option<Instant>) -> io::Result<()> {
        let (Some(limit), Some(begun)) = (self.limit, begun) else { return self.fill(stream) };
        let remaining = limit.saturating_sub(begun.elapsed());
        if remaining < GRANULARITY {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        stream.limit_read(Some(remaining))?;
        let filled = self.fill(stream);
        stream.limit_read(Some(limit))?;
        filled
    }
}

/// The least that is read at once, in bytes.
const ROOM_LEN_MIN: usize = 4 * 1024;

/// The longest record, in bytes (RFC 8446 §5.2): 2^14 + 256 of ciphertext behind a header of 5.
const RECORD_LEN_MAX: usize = 5 + (1 << 14) + 256;

/// Less is not waited for: operating systems count timeouts in ticks, and take a timeout of zero for none.
const GRANULARITY: Duration = Duration::from_millis(2);
