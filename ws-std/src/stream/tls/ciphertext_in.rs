use core::mem;
use core::time::Duration;
use std::io;

use crate::clock::Clock;
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

    /// Reads once. All reads of one call have the time that the first of them has; otherwise a peer that sends its record byte by
    /// byte could hold the reader without a limit.
    pub(super) fn fill<S: Stream>(&mut self, stream: &mut S, wait: &mut Wait) -> io::Result<()> {
        let Some(remaining) = wait.for_read()? else { return self.fill_once(stream) };
        stream.limit_read(Some(remaining))?;
        let filled = self.fill_once(stream);
        stream.limit_read(self.limit)?;
        filled
    }

    fn fill_once<S: Stream>(&mut self, stream: &mut S) -> io::Result<()> {
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
}

/// How long a call that reads may wait, by all that it does.
#[derive(Debug)]
pub(super) struct Wait {
    limit: Option<Duration>,
    pub(super) deadline: Deadline,
    /// Nothing has waited yet.
    is_fresh: bool,
}

impl Wait {
    /// The wait of a call that begins now, on a stream whose reads have this limit.
    pub(super) fn new(limit: Option<Duration>, clock: Clock) -> Self {
        Self { limit, deadline: Deadline::after(limit, clock), is_fresh: true }
    }

    /// The limit to set for a read; `None` where that of the stream holds.
    fn for_read(&mut self) -> io::Result<Option<Duration>> {
        if mem::take(&mut self.is_fresh) { Ok(None) } else { self.remaining() }
    }

    /// The limit to set for a write; `None` where that of the stream holds.
    pub(super) fn for_write(&mut self) -> io::Result<Option<Duration>> {
        if mem::take(&mut self.is_fresh) { Ok(self.limit) } else { self.remaining() }
    }

    fn remaining(&self) -> io::Result<Option<Duration>> {
        self.deadline.remaining().map_err(|_passed| io::ErrorKind::WouldBlock.into())
    }
}

/// The least that is read at once, in bytes.
const ROOM_LEN_MIN: usize = 4 * 1024;

/// The header of a record, in bytes, whose last two are the length of what follows (RFC 8446 §5.1).
const RECORD_HEADER_LEN: usize = 5;

/// The longest record, in bytes (RFC 8446 §5.2): 2^14 + 256 of ciphertext after the header.
const RECORD_LEN_MAX: usize = RECORD_HEADER_LEN + (1 << 14) + 256;
