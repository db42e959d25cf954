use core::time::Duration;
use std::io;

use crate::error::is_wait;
use crate::stream::Stream;

/// What the session has encrypted and the stream under TLS has not taken yet.
#[derive(Debug, Default)]
pub(super) struct CiphertextOut {
    bytes: Vec<u8>,
    /// The first of them that are written.
    written_len: usize,
    /// How long one write of ciphertext may wait, as the owner of the stream has set it.
    pub(super) limit: Option<Duration>,
}

impl CiphertextOut {
    pub(super) fn is_empty(&self) -> bool {
        self.written_len >= self.bytes.len()
    }

    /// Where the session puts its records.
    pub(super) fn sink(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Writes all of it, and keeps what was not taken. Where the stream would block behind something that it took, that is told
    /// as [`io::ErrorKind::Interrupted`]: whoever counts how long nothing moves begins anew.
    pub(super) fn write_all<S: Stream>(&mut self, stream: &mut S) -> io::Result<()> {
        let mut has_moved = false;
        while !self.is_empty() {
            match self.write_once(stream) {
                Ok(()) => has_moved = true,
                Err(error) if has_moved && is_wait(error.kind()) => {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes once, and keeps what was not taken.
    pub(super) fn write_once<S: Stream>(&mut self, stream: &mut S) -> io::Result<()> {
        let unwritten = self.bytes.get(self.written_len..).unwrap_or_default();
        match stream.write(unwritten) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(len) => self.written_len = self.written_len.saturating_add(len),
            // What was encrypted is committed: the caller must not be led to give it again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if self.is_empty() {
            self.written_len = 0;
            self.bytes.clear();
            if self.bytes.capacity() > KEPT_LEN_MAX {
                self.bytes = Vec::new();
            }
        }
        Ok(())
    }
}

/// The allocation that is kept while nothing waits, in bytes: a whole record fits.
const KEPT_LEN_MAX: usize = 17 * 1024;
