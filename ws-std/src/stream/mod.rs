pub(crate) mod duplex;
pub(crate) mod limited;
pub(crate) mod linger;
mod net;
pub(crate) mod queue;
#[cfg(feature = "split")]
pub(crate) mod shared;
mod sockets;
#[cfg(feature = "rustls")]
pub(crate) mod tls;

pub use duplex::Duplex;
pub(crate) use net::Carrier;
pub use net::NetStream;
#[cfg(feature = "split")]
pub use shared::SharedStream;
#[cfg(feature = "rustls")]
pub use tls::{ClientTls, ServerTls, TlsStream};

use core::time::Duration;
use std::io::{self, Read, Write};

use crate::clock::Clock;

/// A stream of bytes that a WebSocket runs on: [`Read`], [`Write`], and what the closing handshake and deadlines need in
/// addition.
///
/// Every method has a harmless default, so that your own stream takes one line; wrap the stream of another crate in
/// [`AnyStream`]. On a stream without timeouts, a deadline is judged only when a read or a write returns.
///
/// Settings are made by a shared reference, as those of sockets are.
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
#[diagnostic::on_unimplemented(
    message = "a WebSocket cannot run on `{Self}`, which does not implement `Stream`",
    note = "wrap a stream of another crate in `ws_std::AnyStream`, as `AnyStream(stream)`",
    note = "for a type of your own, write `impl ws_std::Stream for ..`: every method has a default"
)]
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
    fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
        let _ = timeout;
        Ok(())
    }

    /// Sets the time after which a write that moved nothing fails with [`io::ErrorKind::WouldBlock`] or
    /// [`io::ErrorKind::TimedOut`]; `None` sets no limit. Less than a millisecond counts as a millisecond. The default does nothing.
    ///
    /// # Errors
    ///
    /// Those of the stream. They end the connection.
    fn limit_write(&self, timeout: Option<Duration>) -> io::Result<()> {
        let _ = timeout;
        Ok(())
    }

    /// Turns off the delay that gathers small writes (Nagle's algorithm), where the stream has one. Each message is
    /// one write already. The default does nothing.
    ///
    /// # Errors
    ///
    /// Those of the stream. They fail the handshake.
    fn disable_delay(&self) -> io::Result<()> {
        Ok(())
    }

    /// The clock by which the deadlines of a connection over this stream are judged ([`Timeouts`](crate::Timeouts)). The default is
    /// [`Clock::SYSTEM`].
    ///
    /// A stream of a simulation has a clock of its own, and moves it where a read or a write would wait, at most by the limit that was
    /// set for it. So deadlines pass without waiting, at exact times.
    ///
    /// ```
    /// use std::io::{ErrorKind, Read, Result, Write};
    /// use std::sync::{Arc, Mutex};
    /// use std::time::{Duration, Instant};
    /// use ws_std::{Clock, Config, Error, Phase, Role, Stream, Timeouts, WebSocket};
    ///
    /// /// A peer that never says anything.
    /// struct Silent {
    ///     time: Arc<Mutex<Instant>>,
    ///     limit: Mutex<Option<Duration>>,
    /// }
    ///
    /// impl Read for Silent {
    ///     fn read(&mut self, _: &mut [u8]) -> Result<usize> {
    ///         *self.time.lock().unwrap() += self.limit.lock().unwrap().expect("some deadline");
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
    ///     fn limit_read(&self, limit: Option<Duration>) -> Result<()> {
    ///         *self.limit.lock().unwrap() = limit;
    ///         Ok(())
    ///     }
    ///
    ///     fn clock(&self) -> Clock {
    ///         let time = Arc::clone(&self.time);
    ///         Clock::new(move || *time.lock().unwrap())
    ///     }
    /// }
    ///
    /// let stream = Silent { time: Arc::new(Mutex::new(Instant::now())), limit: Mutex::new(None) };
    /// let clock = stream.clock();
    /// let begun = clock.now();
    /// let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"")?;
    /// socket.set_timeouts(Timeouts::new().with_ping_interval(Some(Duration::from_secs(30))));
    /// assert!(matches!(socket.read(), Err(Error::Timeout(Phase::Pong))));
    /// // It was pinged after 30 s, and had the 20 s of `Timeouts::pong` to answer.
    /// assert_eq!(clock.now() - begun, Duration::from_secs(50));
    /// # Ok::<(), Error>(())
    /// ```
    fn clock(&self) -> Clock {
        Clock::SYSTEM
    }

    /// Whether the stream holds bytes that it could not write yet, so that an event loop has to wait until it is writable. `false`
    /// after a [`flush`](Write::flush) that succeeded. For streams that write by themselves, as those of TLS do in their
    /// handshake; the default is `false`, since what a stream took from a write is counted by its caller.
    fn wants_write(&self) -> bool {
        false
    }

    /// Whether `write_vectored` writes several slices at once. The default is `false`: then the start of a long
    /// message is copied after its header, so that the two leave in one write.
    fn is_vectored(&self) -> bool {
        false
    }
}

/// The shortest limit: operating systems count in milliseconds, or in longer ticks, and take zero for no limit.
pub(crate) const LIMIT_MIN: Duration = Duration::from_millis(1);

macro_rules! impl_for_pointer {
    ($pointer:ty) => {
        impl<S: Stream + ?Sized> Stream for $pointer {
            fn shutdown_write(&mut self) -> io::Result<()> {
                (**self).shutdown_write()
            }

            fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
                (**self).limit_read(timeout)
            }

            fn limit_write(&self, timeout: Option<Duration>) -> io::Result<()> {
                (**self).limit_write(timeout)
            }

            fn disable_delay(&self) -> io::Result<()> {
                (**self).disable_delay()
            }

            fn wants_write(&self) -> bool {
                (**self).wants_write()
            }

            fn clock(&self) -> Clock {
                (**self).clock()
            }

            fn is_vectored(&self) -> bool {
                (**self).is_vectored()
            }
        }
    };
}

impl_for_pointer!(&mut S);
impl_for_pointer!(Box<S>);

/// Any `Read + Write` as a [`Stream`]: shutting down only flushes, and there are no timeouts.
///
/// It does not turn off the delay of small writes either: for TCP, such as `mio::net::TcpStream`, call `set_nodelay(true)` first.
///
/// ```
/// use ws_std::{AnyStream, Server};
///
/// # fn serve(pipe: impl std::io::Read + std::io::Write) -> Result<(), ws_std::Error> {
/// let mut socket = Server::new().accept(AnyStream(pipe))?;
/// # socket.send("Hello")?;
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
