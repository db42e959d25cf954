use core::time::Duration;
use std::io::{self, IoSlice};
#[cfg(doc)]
use std::io::{Read, Write};

use super::Stream;

/// A stream that one thread can read while another writes it, both by a shared reference: TCP, Unix sockets, and
/// `TlsStream` over them.
///
/// TLS streams of other libraries mostly cannot do this: a read may have to write, and one lock is held for all of it, waiting
/// included. `TlsStream` locks its state only while encrypting or decrypting, never during I/O.
#[diagnostic::on_unimplemented(
    message = "a WebSocket over `{Self}` cannot be split, since `{Self}` does not implement `Duplex`",
    note = "`Duplex` is implemented for TCP and Unix sockets, and for `NetStream`, `SharedStream` and `TlsStream` over them"
)]
pub trait Duplex: Stream + Send + Sync + 'static {
    /// Reads into `bytes`, and returns how many bytes were read: 0 at the end of the stream. See [`Read::read`].
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize>;

    /// Writes from `slices`, in their order, and returns how many bytes were taken. See [`Write::write_vectored`].
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Writes what the stream takes without waiting, though it blocks. Without slices it only writes what the stream has taken and
    /// holds back, as TLS may. The default fails with [`io::ErrorKind::Unsupported`].
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] where the stream takes nothing, or still holds something back;
    /// [`io::ErrorKind::Unsupported`] where the platform or the stream has no such write. Then a thread is started for what
    /// has to be written without waiting.
    fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let _ = slices;
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Writes what the stream has taken and holds back. See [`Write::flush`].
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn flush_shared(&self) -> io::Result<()>;

    /// Ends the sending direction, and leaves the other open. See [`Stream::shutdown_write`]. The default only flushes.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn shutdown_write_shared(&self) -> io::Result<()> {
        self.flush_shared()
    }

    /// The time after which a read gives up, which [`Stream::limit_read`] or the owner of the stream has set last. `None` where
    /// there is none, which is the default.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn read_limit(&self) -> io::Result<Option<Duration>> {
        Ok(None)
    }

    /// Makes the stream blocking, so that reads and writes wait. The default does nothing.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn set_blocking(&self) -> io::Result<()> {
        Ok(())
    }

    /// Ends both directions at once: reads and writes that wait, in any thread, return.
    ///
    /// # Errors
    ///
    /// Those of the stream. They are ignored, since the connection is at its end.
    fn abort(&self) -> io::Result<()>;
}

/// Implements the traits of streams for a type that passes each call on to the [`Duplex`] that its method `duplex` returns.
macro_rules! impl_by_duplex {
    ($stream:ty $(, where $inner:ident: Duplex)?) => {
        impl$(<$inner: Duplex>)? Read for $stream {
            #[inline]
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                self.duplex().read_shared(bytes)
            }
        }

        impl$(<$inner: Duplex>)? Write for $stream {
            #[inline]
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.duplex().write_shared(&[IoSlice::new(bytes)])
            }

            #[inline]
            fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
                self.duplex().write_shared(slices)
            }

            #[inline]
            fn flush(&mut self) -> io::Result<()> {
                self.duplex().flush_shared()
            }
        }

        impl$(<$inner: Duplex>)? Stream for $stream {
            fn shutdown_write(&mut self) -> io::Result<()> {
                self.duplex().shutdown_write_shared()
            }

            fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.duplex().limit_read(timeout)
            }

            fn limit_write(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.duplex().limit_write(timeout)
            }

            fn disable_delay(&self) -> io::Result<()> {
                self.duplex().disable_delay()
            }

            fn wants_write(&self) -> bool {
                self.duplex().wants_write()
            }

            fn clock(&self) -> crate::clock::Clock {
                self.duplex().clock()
            }

            fn is_vectored(&self) -> bool {
                self.duplex().is_vectored()
            }
        }

        impl$(<$inner: Duplex>)? Duplex for $stream {
            fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize> {
                self.duplex().read_shared(bytes)
            }

            fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
                self.duplex().write_shared(slices)
            }

            fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
                self.duplex().write_now(slices)
            }

            fn flush_shared(&self) -> io::Result<()> {
                self.duplex().flush_shared()
            }

            fn shutdown_write_shared(&self) -> io::Result<()> {
                self.duplex().shutdown_write_shared()
            }

            fn read_limit(&self) -> io::Result<Option<Duration>> {
                self.duplex().read_limit()
            }

            fn set_blocking(&self) -> io::Result<()> {
                self.duplex().set_blocking()
            }

            fn abort(&self) -> io::Result<()> {
                self.duplex().abort()
            }
        }
    };
}

pub(super) use impl_by_duplex;
