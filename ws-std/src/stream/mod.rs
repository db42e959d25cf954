pub(crate) mod duplex;
pub(crate) mod limited;
pub(crate) mod linger;
mod net;
pub(crate) mod queue;
#[cfg(feature = "rustls")]
pub(crate) mod tls;

pub use duplex::{Duplex, SharedStream};
pub use net::NetStream;
#[cfg(feature = "rustls")]
pub use tls::{ClientTls, ServerTls, TlsStream};

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

/// A stream of bytes that a WebSocket runs on: [`Read`], [`Write`], and what the closing handshake and deadlines need in
/// addition.
///
/// Every method has a harmless default, so that your own stream takes one line; wrap the stream of another crate in
/// [`AnyStream`]. On a stream without timeouts, a deadline is judged only when a read or a write returns.
///
/// ```
/// use std::io::{Read, Result, Write};
/// use ws_std::Stream;
///
/// struct Pipe(std::collections::VecDeque<u8>);
/// # impl Read for Pipe { fn read(&mut self, bytes: &mut [u8]) -> Result<usize> { self.0.read(bytes) } }
/// # impl Write for Pipe {
/// #     fn write(&mut self, bytes: &[u8]) -> Result<usize> { self.0.write(bytes) }
/// #     fn flush(&mut self) -> Result<()> { Ok(()) }
/// # }
/// // impl Read for Pipe, impl Write for Pipe, and
/// impl Stream for Pipe {}
/// ```
pub trait Stream: Read + Write {
    /// Ends the sending direction and leaves the other open, so that the peer reads all that was written, then the
    /// end. The default only flushes.
    ///
    /// # Errors
    ///
    /// Those of the stream. They are ignored, since the connection is at its end.
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.flush()
    }

    /// Sets the time after which a read fails with [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`]; `None` sets no
    /// limit. Less than a millisecond, zero included, counts as a millisecond: sockets refuse zero, or take it for `None`. The
    /// default does nothing. Reads then wait until something arrives, and only then are the [`Timeouts`](crate::Timeouts) of reads,
    /// pings and idleness judged.
    ///
    /// # Errors
    ///
    /// Those of the stream. They end the connection.
    fn limit_read(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let _ = timeout;
        Ok(())
    }

    /// Sets the time after which a write that moved nothing fails with [`io::ErrorKind::WouldBlock`] or
    /// [`io::ErrorKind::TimedOut`]; `None` sets no limit. Less than a millisecond counts as a millisecond. The default does nothing.
    ///
    /// # Errors
    ///
    /// Those of the stream. They end the connection.
    fn limit_write(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let _ = timeout;
        Ok(())
    }

    /// Turns off the delay that gathers small writes (Nagle's algorithm), where the stream has one. Each message is
    /// one write already. The default does nothing.
    ///
    /// # Errors
    ///
    /// Those of the stream. They fail the handshake.
    fn disable_delay(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Whether `write_vectored` writes several slices at once. The default is `false`: then the start of a long
    /// message is copied after its header, so that the two leave in one write.
    fn is_vectored(&self) -> bool {
        false
    }

    /// The time by which the deadlines of a connection over this stream are judged. The default is the time of the system,
    /// [`Instant::now`].
    ///
    /// Override it in a stream of a simulation or a test that has a clock of its own. Where a read would wait, such a stream moves its
    /// clock to the time of what it waits for; or by the whole limit that [`limit_read`](Self::limit_read) has set, and then fails
    /// with [`io::ErrorKind::WouldBlock`]. The same goes for writes. A test of a deadline of a minute then takes no time, and can
    /// assert exactly when it passes. The time must never go back. A stream that wraps another returns the time of that one.
    ///
    /// ```
    /// use std::io::{ErrorKind, Read, Result, Write};
    /// use std::time::{Duration, Instant};
    /// use ws_std::{Config, Error, Phase, Role, Stream, Timeouts, WebSocket};
    ///
    /// /// A peer that never says anything.
    /// struct Silent {
    ///     now: Instant,
    ///     limit: Option<Duration>,
    /// }
    ///
    /// impl Read for Silent {
    ///     fn read(&mut self, _: &mut [u8]) -> Result<usize> {
    ///         self.now += self.limit.expect("some deadline");
    ///         Err(ErrorKind::WouldBlock.into())
    ///     }
    /// }
    /// # impl Write for Silent {
    /// #     fn write(&mut self, bytes: &[u8]) -> Result<usize> { Ok(bytes.len()) }
    /// #     fn flush(&mut self) -> Result<()> { Ok(()) }
    /// # }
    ///
    /// // impl Write for Silent, and
    /// impl Stream for Silent {
    ///     fn limit_read(&mut self, limit: Option<Duration>) -> Result<()> {
    ///         self.limit = limit;
    ///         Ok(())
    ///     }
    ///
    ///     fn now(&self) -> Instant {
    ///         self.now
    ///     }
    /// }
    ///
    /// let begun = Instant::now();
    /// let stream = Silent { now: begun, limit: None };
    /// let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"")?;
    /// socket.set_timeouts(Timeouts::new().with_ping_interval(Some(Duration::from_secs(30))));
    /// assert!(matches!(socket.read(), Err(Error::Timeout(Phase::Pong))));
    /// // It was pinged after 30 s, and had the 20 s of `Timeouts::pong` to answer.
    /// assert_eq!(socket.get_ref().now - begun, Duration::from_secs(50));
    /// # Ok::<(), Error>(())
    /// ```
    fn now(&self) -> Instant {
        Instant::now()
    }
}

impl Stream for TcpStream {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown(std::net::Shutdown::Write)
    }

    fn limit_read(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(socket_limit(timeout))
    }

    fn limit_write(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_write_timeout(socket_limit(timeout))
    }

    fn disable_delay(&mut self) -> io::Result<()> {
        self.set_nodelay(true)
    }

    fn is_vectored(&self) -> bool {
        true
    }
}

#[cfg(unix)]
impl Stream for std::os::unix::net::UnixStream {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown(std::net::Shutdown::Write)
    }

    fn limit_read(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(socket_limit(timeout))
    }

    fn limit_write(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_write_timeout(socket_limit(timeout))
    }

    fn is_vectored(&self) -> bool {
        true
    }
}

/// A time as the limit of a socket, never shorter than [`LIMIT_MIN`].
fn socket_limit(time: Option<Duration>) -> Option<Duration> {
    time.map(|time| time.max(LIMIT_MIN))
}

/// The shortest limit: operating systems count in milliseconds, or in longer ticks, and take zero for no limit.
pub(crate) const LIMIT_MIN: Duration = Duration::from_millis(1);

macro_rules! impl_for_pointer {
    ($pointer:ty) => {
        impl<S: Stream + ?Sized> Stream for $pointer {
            fn shutdown_write(&mut self) -> io::Result<()> {
                (**self).shutdown_write()
            }

            fn limit_read(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                (**self).limit_read(timeout)
            }

            fn limit_write(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                (**self).limit_write(timeout)
            }

            fn disable_delay(&mut self) -> io::Result<()> {
                (**self).disable_delay()
            }

            fn is_vectored(&self) -> bool {
                (**self).is_vectored()
            }

            fn now(&self) -> Instant {
                (**self).now()
            }
        }
    };
}

impl_for_pointer!(&mut S);
impl_for_pointer!(Box<S>);

/// Any `Read + Write` as a [`Stream`]: shutting down only flushes, and there are no timeouts.
///
/// ```
/// use ws_std::{AnyStream, Server};
///
/// # fn serve(pipe: impl std::io::Read + std::io::Write) -> Result<(), ws_std::Error> {
/// let mut socket = Server::new().accept(AnyStream(pipe))?;
/// # socket.send_text("Hello")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_structs, reason = "closed: it is its stream and nothing else")]
pub struct AnyStream<S>(pub S);

impl<S: Read> Read for AnyStream<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl<S: Write> Write for AnyStream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<S: Read + Write> Stream for AnyStream<S> {}
