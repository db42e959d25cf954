use core::time::Duration;
use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use super::{Duplex, LIMIT_MIN, Stream};

macro_rules! impl_for_socket {
    ($socket:ty, |$stream:ident| $disable_delay:expr) => {
        impl Stream for $socket {
            fn shutdown_write(&mut self) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }

            fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.set_read_timeout(socket_limit(timeout))
            }

            fn limit_write(&self, timeout: Option<Duration>) -> io::Result<()> {
                self.set_write_timeout(socket_limit(timeout))
            }

            fn disable_delay(&self) -> io::Result<()> {
                let $stream = self;
                $disable_delay
            }

            fn is_vectored(&self) -> bool {
                true
            }
        }

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

/// A time as the limit of a socket, never shorter than [`LIMIT_MIN`].
fn socket_limit(time: Option<Duration>) -> Option<Duration> {
    time.map(|time| time.max(LIMIT_MIN))
}

/// How many slices a system takes in one call at the least (POSIX: `IOV_MAX`).
#[cfg(unix)]
const SLICE_COUNT_MAX: usize = 16;
