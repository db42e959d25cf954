use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use super::Stream;

/// A stream that one thread can read while another writes it, both by a shared reference: TCP, Unix sockets, and
/// `TlsStream` over them.
///
/// TLS streams of other libraries mostly cannot do this: a read may have to write, and one lock is held for all of it, waiting
/// included. `TlsStream` locks its state only while encrypting or decrypting, never during I/O.
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

    /// Turns off the delay that gathers small writes. See [`Stream::disable_delay`]. The default does nothing.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn disable_delay_shared(&self) -> io::Result<()> {
        Ok(())
    }

    /// Sets the time after which a read gives up. See [`Stream::limit_read`]. The default does nothing.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn limit_read_shared(&self, timeout: Option<Duration>) -> io::Result<()> {
        let _ = timeout;
        Ok(())
    }

    /// Sets the time after which a write that moved nothing gives up. See [`Stream::limit_write`]. The default does nothing.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    fn limit_write_shared(&self, timeout: Option<Duration>) -> io::Result<()> {
        let _ = timeout;
        Ok(())
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

macro_rules! impl_for_socket {
    ($socket:ty, |$stream:ident| $disable_delay:expr) => {
        impl Duplex for $socket {
            fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize> {
                (&mut &*self).read(bytes)
            }

            fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
                (&mut &*self).write_vectored(slices)
            }

            #[cfg(unix)]
            fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
                use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
                if slices.is_empty() {
                    return Ok(0);
                }
                // A peer that is gone is an error, not a signal; where the flag is missing std has set the socket so.
                #[cfg(any(target_os = "linux", target_os = "android"))]
                let flags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
                #[cfg(not(any(target_os = "linux", target_os = "android")))]
                let flags = SendFlags::DONTWAIT;
                let slices = slices.get(..slices.len().min(SLICE_COUNT_MAX)).unwrap_or_default();
                Ok(sendmsg(self, slices, &mut SendAncillaryBuffer::default(), flags)?)
            }

            fn flush_shared(&self) -> io::Result<()> {
                Ok(())
            }

            fn shutdown_write_shared(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }

            fn disable_delay_shared(&self) -> io::Result<()> {
                let $stream = self;
                $disable_delay
            }

            fn limit_read_shared(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.set_read_timeout(timeout)
            }

            fn limit_write_shared(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.set_write_timeout(timeout)
            }

            fn read_limit(&self) -> io::Result<Option<Duration>> {
                self.read_timeout()
            }

            fn set_blocking(&self) -> io::Result<()> {
                self.set_nonblocking(false)
            }

            fn abort(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Both)
            }
        }
    };
}

impl_for_socket!(TcpStream, |stream| stream.set_nodelay(true));
#[cfg(unix)]
impl_for_socket!(std::os::unix::net::UnixStream, |_stream| Ok(()));

/// How many slices a system takes in one call at the least (POSIX: `IOV_MAX`).
#[cfg(unix)]
const SLICE_COUNT_MAX: usize = 16;

/// A stream with several owners, on one descriptor.
///
/// `Hub::serve` passes connections to its handlers as this type, and keeps one owner to end them by.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use ws_std::{Duplex as _, SharedStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let stream = SharedStream::new(TcpStream::connect(listener.local_addr()?)?);
/// let other = stream.clone();
/// other.abort()?;
/// assert_eq!(stream.get_ref().peer_addr().is_ok(), other.get_ref().peer_addr().is_ok());
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct SharedStream<S>(Arc<S>);

impl<S> SharedStream<S> {
    /// Makes a stream with one owner; clones are further owners.
    #[must_use]
    pub fn new(stream: S) -> Self {
        Self(Arc::new(stream))
    }

    /// The stream.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.0
    }

    /// Returns the stream, where this is its last owner.
    ///
    /// # Errors
    ///
    /// `self`, where there are other owners.
    pub fn into_inner(self) -> Result<S, Self> {
        Arc::try_unwrap(self.0).map_err(Self)
    }
}

impl<S> Clone for SharedStream<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: fmt::Debug> fmt::Debug for SharedStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedStream").field(&self.0).finish()
    }
}

impl<S: Duplex> Read for SharedStream<S> {
    #[inline]
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read_shared(bytes)
    }
}

impl<S: Duplex> Write for SharedStream<S> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_shared(&[IoSlice::new(bytes)])
    }

    #[inline]
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_shared(slices)
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        self.0.flush_shared()
    }
}

impl<S: Duplex> Duplex for SharedStream<S> {
    fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read_shared(bytes)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_shared(slices)
    }

    fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_now(slices)
    }

    fn flush_shared(&self) -> io::Result<()> {
        self.0.flush_shared()
    }

    fn shutdown_write_shared(&self) -> io::Result<()> {
        self.0.shutdown_write_shared()
    }

    fn disable_delay_shared(&self) -> io::Result<()> {
        self.0.disable_delay_shared()
    }

    fn limit_read_shared(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.limit_read_shared(timeout)
    }

    fn limit_write_shared(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.limit_write_shared(timeout)
    }

    fn read_limit(&self) -> io::Result<Option<Duration>> {
        self.0.read_limit()
    }

    fn set_blocking(&self) -> io::Result<()> {
        self.0.set_blocking()
    }

    fn abort(&self) -> io::Result<()> {
        self.0.abort()
    }
}

impl<S: Duplex> Stream for SharedStream<S> {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.shutdown_write_shared()
    }

    fn limit_read(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.limit_read_shared(timeout)
    }

    fn limit_write(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.limit_write_shared(timeout)
    }

    fn disable_delay(&mut self) -> io::Result<()> {
        self.0.disable_delay_shared()
    }

    fn is_vectored(&self) -> bool {
        self.0.is_vectored()
    }

    fn now(&self) -> Instant {
        self.0.now()
    }
}

/// A stream by reference.
#[cfg(feature = "rustls")]
pub(crate) struct ByRef<'a, S>(pub(crate) &'a S);

/// A stream by reference, whose writes do not wait.
#[cfg(feature = "rustls")]
pub(crate) struct Now<'a, S>(pub(crate) &'a S);

#[cfg(feature = "rustls")]
macro_rules! impl_by_reference {
    ($pointer:ident, |$stream:ident, $slices:ident| $write:expr, |$flushed:ident| $flush:expr) => {
        impl<S: Duplex> Read for $pointer<'_, S> {
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                self.0.read_shared(bytes)
            }
        }

        impl<S: Duplex> Write for $pointer<'_, S> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let ($stream, $slices) = (self.0, &[IoSlice::new(bytes)]);
                $write
            }

            fn flush(&mut self) -> io::Result<()> {
                let $flushed = self.0;
                $flush
            }
        }

        impl<S: Duplex> Stream for $pointer<'_, S> {
            fn shutdown_write(&mut self) -> io::Result<()> {
                self.0.shutdown_write_shared()
            }

            fn limit_read(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                self.0.limit_read_shared(timeout)
            }

            fn limit_write(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                self.0.limit_write_shared(timeout)
            }

            fn now(&self) -> Instant {
                self.0.now()
            }
        }
    };
}

#[cfg(feature = "rustls")]
impl_by_reference!(ByRef, |stream, slices| stream.write_shared(slices), |stream| stream.flush_shared());
#[cfg(feature = "rustls")]
impl_by_reference!(Now, |stream, slices| stream.write_now(slices), |stream| stream.write_now(&[]).map(drop));
