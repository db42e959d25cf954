use std::io::{self, IoSlice, Read, Write};

use crate::Stream;
use crate::stream::queue::Queue;

/// Stands for the stream while the lock is held: takes everything, in memory, for whoever writes it next.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) queue: Queue,
    /// How many bytes it has ever taken.
    pub(super) committed_len: u64,
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.queue.push(bytes)?;
        self.committed_len =
            self.committed_len.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut len: usize = 0;
        for slice in slices {
            len = len.saturating_add(self.write(slice)?);
        }
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Outbox {
    /// Nothing: the reader has the stream itself.
    fn read(&mut self, _bytes: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl Stream for Outbox {
    fn is_vectored(&self) -> bool {
        true
    }
}
