//! A connection on two threads and more.

mod commit;
mod message_writer;
mod offer;
mod outbox;
mod read_half;
mod reunite;
mod shared;
mod turn;
mod write_half;

pub use message_writer::SplitMessageWriter;
pub(crate) use offer::Channel;
pub use read_half::ReadHalf;
pub use reunite::ReuniteError;
pub use write_half::WriteHalf;

use alloc::sync::Arc;
use core::time::Duration;
use std::io;
use std::net::{Shutdown, TcpStream};

use crate::{Error, Stream, WebSocket};
use outbox::Outbox;
use shared::Shared;

/// A stream that one thread can read while another writes it: TCP, Unix sockets, and `TlsStream` over them.
///
/// TLS of other libraries mostly is not: what reads there may have to write, and one lock is held over all of it, over waiting
/// too. `TlsStream` locks its state only to encrypt and to decrypt, and never over a read or a write.
pub trait Duplex: Stream + Sized {
    /// A second handle to the same stream, for another thread. Both block, also where this one did not before.
    ///
    /// # Errors
    ///
    /// As the stream's.
    fn share(&self) -> io::Result<Self>;

    /// The time after which a read gives up: what [`limit_read`](Stream::limit_read) was told last, or its owner has set.
    ///
    /// # Errors
    ///
    /// As the stream's.
    fn read_limit(&self) -> io::Result<Option<Duration>>;

    /// Ends both directions at once: reads and writes that wait, in any thread, come back.
    ///
    /// # Errors
    ///
    /// As the stream's; they are ignored, since the connection is at its end.
    fn abort(&self) -> io::Result<()>;
}

macro_rules! impl_for_socket {
    ($socket:ty) => {
        impl Duplex for $socket {
            fn share(&self) -> io::Result<Self> {
                self.set_nonblocking(false)?;
                self.try_clone()
            }

            fn read_limit(&self) -> io::Result<Option<Duration>> {
                self.read_timeout()
            }

            fn abort(&self) -> io::Result<()> {
                self.shutdown(Shutdown::Both)
            }
        }
    };
}

impl_for_socket!(TcpStream);
#[cfg(unix)]
impl_for_socket!(std::os::unix::net::UnixStream);

impl<S: Duplex> WebSocket<S> {
    /// The two directions apart, so that one thread can read while others write.
    ///
    /// Neither waits for the other, but where both directions want to write. A peer that does not read stops those who
    /// send, within [`Timeouts::write`](crate::Timeouts::write), and not who reads. [`ReadHalf::reunite`] puts them
    /// together again.
    ///
    /// It relies on writes that give up in time and can be made again, as POSIX has them. Windows does not promise that of
    /// its sockets: there, where a peer does not take the pongs to its own pings for longer than a moment, what it reads
    /// afterwards may be incomplete.
    ///
    /// ```
    /// use std::thread;
    /// use ws_std::{CloseCode, Message};
    ///
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # thread::spawn(move || -> Result<(), ws_std::Error> {
    /// #     let mut socket = ws_std::accept(listener.accept()?.0)?;
    /// #     while let Some((message, mut writer)) = socket.read()? { writer.send(message)? }
    /// #     Ok(())
    /// # });
    /// let (mut reader, writer) = ws_std::connect(&url)?.split()?;
    /// let reading = thread::spawn(move || -> Result<usize, ws_std::Error> {
    ///     let mut count = 0;
    ///     while let Some(message) = reader.read()? {
    ///         assert_eq!(message, Message::Text("Hello"));
    ///         count += 1;
    ///     }
    ///     Ok(count)
    /// });
    /// for _ in 0..100 {
    ///     writer.send_text("Hello")?;
    /// }
    /// writer.start_close(CloseCode::NORMAL, "done")?;
    /// assert!(reading.join().is_ok_and(|count| count.is_ok_and(|count| count == 100)));
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the stream cannot be shared.
    pub fn split(self) -> Result<(ReadHalf<S>, WriteHalf<S>), Error> {
        let (wire, intake, subprotocol) = self.into_directions();
        let (stream, wire) = wire.replace_stream(Outbox::default());
        let shared = Arc::new(Shared::new(wire, stream.share()?)?);
        let reader = ReadHalf::new(stream, Arc::clone(&shared), intake, subprotocol)?;
        Ok((reader, WriteHalf::new(shared)))
    }
}

/// Tells a stream that is non-blocking, and says so at once, from one that waited less than it was told to, as operating
/// systems do that count time in ticks.
#[derive(Clone, Copy, Debug, Default)]
struct Haste {
    /// How many calls in a row came back too soon.
    early_count: u8,
}

impl Haste {
    /// Whether the stream waits, by whether a call that came to nothing has.
    fn judge(&mut self, has_waited: bool) -> bool {
        self.early_count = if has_waited { 0 } else { self.early_count.saturating_add(1) };
        self.early_count < EARLY_COUNT_MAX
    }
}

/// How many calls in a row may come back too soon: behind one that ended with a tick the next takes at least a tick.
const EARLY_COUNT_MAX: u8 = 4;

/// How long a write waits that is not to wait: the least that operating systems know.
const WRITE_AT_ONCE: Duration = Duration::from_millis(1);

/// How long a read waits while something is to be written that the peer does not take.
const RETRY: Duration = Duration::from_millis(10);
