use core::time::Duration;
use std::io::{self, Write};

use crate::error::is_wait;
use crate::stream::Stream;
use crate::stream::queue::Queue;

/// The bytes that the session has encrypted and the stream under TLS has not taken yet. The session writes its records into it.
#[derive(Debug, Default)]
pub(super) struct CiphertextOut {
    queue: Queue,
    /// The stream took bytes since it was last flushed.
    wants_flush: bool,
    /// How long one write of ciphertext may wait, as the owner of the stream has set it.
    pub(super) limit: Option<Duration>,
}

impl CiphertextOut {
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether something was not written, or not flushed.
    pub(super) fn wants_write(&self) -> bool {
        self.wants_flush || !self.queue.is_empty()
    }

    pub(super) fn flush_stream<S: Stream>(&mut self, stream: &mut S) -> io::Result<()> {
        stream.flush()?;
        self.wants_flush = false;
        Ok(())
    }

    /// Writes all of it, and keeps what was not taken. Where the stream would block after it took something, the error is
    /// [`io::ErrorKind::Interrupted`], so that callers begin anew to measure how long nothing moves.
    pub(super) fn write_out<S: Stream>(&mut self, stream: &mut S) -> io::Result<()> {
        let mut has_moved = false;
        while !self.queue.is_empty() {
            match self.write_once(stream) {
                Ok(()) => has_moved = true,
                Err(error) if has_moved && is_wait(&error) => {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes once, and keeps what was not taken.
    pub(super) fn write_once<S: Stream>(&mut self, stream: &mut S) -> io::Result<()> {
        match stream.write(self.queue.bytes()) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(len) => {
                self.queue.advance(len);
                self.wants_flush = true;
            }
            // What was encrypted is committed: the caller must not pass it again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Write for CiphertextOut {
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        self.queue.push(record)?;
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
