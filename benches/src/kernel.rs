use crate::Witness;
use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Stands for the operating system: hands out received bytes by copying them, at most `read_len` at a time, and takes
/// sent bytes without keeping them. It is always ready.
pub struct Kernel<'w, W> {
    wire: &'w [u8],
    read_len: usize,
    pub witness: W,
}

impl<'w, W: Witness> Kernel<'w, W> {
    #[must_use]
    pub fn new(wire: &'w [u8], read_len: usize) -> Self {
        Self { wire, read_len, witness: W::default() }
    }

    #[inline]
    pub fn copy_to(&mut self, space: &mut [u8]) -> usize {
        let len = space.len().min(self.read_len).min(self.wire.len());
        let (now, later) = self.wire.split_at(len);
        space[..len].copy_from_slice(now);
        self.wire = later;
        len
    }

    #[inline]
    fn take_all(&mut self, slices: &[IoSlice<'_>]) -> usize {
        let mut len = 0;
        for slice in slices {
            self.witness.sent(slice);
            len += slice.len();
        }
        len
    }
}

impl<W: Witness> Read for Kernel<'_, W> {
    #[inline]
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        Ok(self.copy_to(space))
    }
}

impl<W: Witness> Write for Kernel<'_, W> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.witness.sent(bytes);
        Ok(bytes.len())
    }

    #[inline]
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(self.take_all(slices))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Witness> AsyncRead for Kernel<'_, W> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let len = space.remaining().min(self.read_len).min(self.wire.len());
        let (now, later) = self.wire.split_at(len);
        space.put_slice(now);
        self.wire = later;
        Poll::Ready(Ok(()))
    }
}

impl<W: Witness> AsyncWrite for Kernel<'_, W> {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(bytes))
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.take_all(slices)))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Runs a future that has no reason to wait, without a runtime.
///
/// # Panics
///
/// Where it waits nevertheless.
#[inline]
pub fn ready<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here ever makes anybody wait"),
    }
}
