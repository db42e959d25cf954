use std::io::{self, Read, Write};

/// Stands for the operating system: hands out received bytes by copying them, at most `read_len` at a time, and takes
/// sent bytes without keeping them.
pub struct Kernel<'w> {
    wire: &'w [u8],
    read_len: usize,
    pub sent_len: usize,
}

impl<'w> Kernel<'w> {
    #[must_use]
    pub fn new(wire: &'w [u8], read_len: usize) -> Self {
        Self { wire, read_len, sent_len: 0 }
    }

    #[inline]
    pub fn copy_to(&mut self, space: &mut [u8]) -> usize {
        let len = space.len().min(self.read_len).min(self.wire.len());
        let (now, later) = self.wire.split_at(len);
        space[..len].copy_from_slice(now);
        self.wire = later;
        len
    }
}

impl Read for Kernel<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        Ok(self.copy_to(space))
    }
}

impl Write for Kernel<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent_len += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
