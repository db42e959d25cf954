use core::time::Duration;
use std::io;

use crate::deadline::Deadline;
use crate::stream::Stream;
use crate::stream::queue::Queue;

/// The bytes that were read from the stream under TLS and not yet taken by the session.
#[derive(Debug, Default)]
pub(super) struct CiphertextIn {
    queue: Queue,
    /// How many bytes of the next record the session has not taken yet, header included; 0 before its header was looked at.
    record_len: usize,
    /// The stream under TLS has ended.
    pub(super) is_ended: bool,
    /// A read filled all the room it had, so that the next one is given room for a whole record.
    is_busy: bool,
    /// How long one read of plaintext may wait.
    pub(super) limit: Option<Duration>,
}

impl CiphertextIn {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The bytes of the next record that were read, and none of the record after it. Empty until its header is whole, unless the
    /// stream has ended.
    ///
    /// A session that is given one record at a time decrypts no record before the plaintext of the one before is read. So a
    /// record that is forged takes effect after the data before it, however both are cut into segments.
    pub(super) fn record(&mut self) -> &[u8] {
        let bytes = self.queue.bytes();
        if self.record_len == 0 {
            self.record_len = match bytes {
                [_, _, _, high, low, ..] => {
                    RECORD_HEADER_LEN.saturating_add(u16::from_be_bytes([*high, *low]).into())
                }
                rest if self.is_ended => rest.len(),
                _ => 0,
            };
        }
        bytes.get(..self.record_len).unwrap_or(bytes)
    }

    /// The session has taken the first `len` bytes of the record.
    pub(super) fn advance(&mut self, len: usize) {
        self.queue.advance(len);
        self.record_len = self.record_len.saturating_sub(len);
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

    /// Reads once more, within the time that is left for one read of plaintext. Otherwise a peer that sends its record byte by byte
    /// could hold the reader without a limit.
    pub(super) fn fill_more<S: Stream>(&mut self, stream: &mut S, deadline: &Deadline) -> io::Result<()> {
        let remaining = deadline.remaining().map_err(|_passed| io::ErrorKind::WouldBlock)?;
        if remaining.is_none() {
            return self.fill(stream);
        }
        stream.limit_read(remaining)?;
        let filled = self.fill(stream);
        stream.limit_read(self.limit)?;
        filled
    }
}

/// The least that is read at once, in bytes.
const ROOM_LEN_MIN: usize = 4 * 1024;

/// The header of a record, in bytes, whose last two are the length of what follows (RFC 8446 §5.1).
const RECORD_HEADER_LEN: usize = 5;

/// The longest record, in bytes (RFC 8446 §5.2): 2^14 + 256 of ciphertext after the header.
const RECORD_LEN_MAX: usize = RECORD_HEADER_LEN + (1 << 14) + 256;
