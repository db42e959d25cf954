//! A connection but for its stream and its clock: whole messages in and out, compressed where that was agreed on, a
//! bounded queue, pongs, deadlines, the close. For event loops, for threads and for tasks.
//!
//! A [`Session`] is an [`Inbound`] and an [`Outbound`], which are public, so that one can be used while the other is
//! lent from, and so that they can be moved to two threads or tasks.
//!
//! # The order of calls
//!
//! Every adapter is this loop:
//!
//! 1. Write what [`Outbound::transmit`] gives, and report what the stream took by [`Outbound::transmitted`].
//! 2. While [`Outbound::is_ready`], take events by [`Inbound::next`] until it gives `None`, and answer. Then write again.
//! 3. Obey [`Outbound::transport`]: go on, linger, or close the stream.
//! 4. If the session [`wants_read`](Inbound::wants_read), read into [`Inbound::spare`], and report it by
//!    [`Inbound::filled`] or, at the end of the stream, [`Inbound::eof`]. When the read finds nothing, call
//!    [`Outbound::poll`], and wait for the stream until [`Outbound::next_deadline`].
//!
//! ```
//! use core::time::Duration;
//! use std::io::{Read, Write};
//! use ws_core::connection::{RoleKeys, Transport};
//! use ws_core::event::Event;
//! use ws_core::input::ReadBuffer;
//! use ws_core::session::{Config, NoKeys, Opened, Session};
//!
//! /// Echoes every message. The stream waits for bytes, but not for ever.
//! fn serve(mut stream: impl Read + Write, now: impl Fn() -> Duration) -> std::io::Result<bool> {
//!     let opened = Opened::<NoKeys>::new(RoleKeys::Server); // after the opening handshake
//!     let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 16 * 1024]), now());
//!     loop {
//!         while session.outbound.is_ready() {
//!             let Some(event) = session.inbound.next(&mut session.outbound) else { break };
//!             if let Event::Data(message) = event {
//!                 session.outbound.send(message).map_err(std::io::Error::other)?;
//!             }
//!         }
//!         while session.outbound.wants_transmit() {
//!             let len = stream.write(session.outbound.transmit())?;
//!             session.outbound.transmitted(len, now());
//!         }
//!         if session.outbound.transport() == Transport::Closed {
//!             return Ok(session.outbound.closure().is_some_and(|closure| closure.is_clean));
//!         }
//!         if session.inbound.wants_read() {
//!             match stream.read(session.inbound.spare())? {
//!                 0 => session.inbound.eof(),
//!                 len => session.inbound.filled(len, now()),
//!             }
//!         }
//!     }
//! }
//! # struct Peer { incoming: &'static [u8], outgoing: Vec<u8> }
//! # impl Read for &mut Peer {
//! #     fn read(&mut self, spare: &mut [u8]) -> std::io::Result<usize> { self.incoming.read(spare) }
//! # }
//! # impl Write for &mut Peer {
//! #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> { self.outgoing.write(bytes) }
//! #     fn flush(&mut self) -> std::io::Result<()> { Ok(()) }
//! # }
//! # let mut peer = Peer {
//! #     incoming: b"\x81\x85\0\0\0\0Hello\x82\x83\0\0\0\0123\x88\x82\0\0\0\0\x03\xe8",
//! #     outgoing: Vec::new(),
//! # };
//! # assert!(serve(&mut peer, || Duration::ZERO)?);
//! # assert_eq!(peer.outgoing, b"\x81\x05Hello\x82\x03123\x88\x02\x03\xe8");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Two threads
//!
//! One thread reads and another writes, and any thread can send. The lock is held to report, to send and to take a batch;
//! not while a stream waits, and not while messages are parsed or used.
//!
//! ```
//! use std::io::{self, ErrorKind, Read as _, Write as _};
//! use std::net::{Shutdown, TcpStream};
//! use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
//! use std::thread;
//! use std::time::{Duration, Instant};
//! use ws_core::connection::Transport;
//! use ws_core::event::Event;
//! use ws_core::message::Message;
//! use ws_core::session::{Batch, Inbound, NoKeys, Outbound, Relay as _};
//!
//! struct Connection {
//!     stream: TcpStream,
//!     outbound: Mutex<Outbound<NoKeys>>,
//!     changed: Condvar,
//!     start: Instant,
//! }
//!
//! impl Connection {
//!     fn lock(&self) -> MutexGuard<'_, Outbound<NoKeys>> {
//!         self.outbound.lock().unwrap_or_else(PoisonError::into_inner)
//!     }
//!
//!     /// Sends once there is room: for any thread.
//!     fn send(&self, message: Message<'_>) -> io::Result<()> {
//!         let is_full = |outbound: &mut Outbound<NoKeys>| !outbound.is_ready() && !outbound.is_closing();
//!         let waited = self.changed.wait_while(self.lock(), is_full);
//!         let sent = waited.unwrap_or_else(PoisonError::into_inner).send(message);
//!         self.changed.notify_all();
//!         sent.map_err(io::Error::other)
//!     }
//!
//!     /// Echoes every message.
//!     fn read(&self, mut inbound: Inbound) -> io::Result<()> {
//!         self.stream.set_read_timeout(Some(Duration::from_secs(1)))?; // so late deadlines are seen at most
//!         loop {
//!             while let Some(event) = inbound.next(&mut |note| self.lock().relay(note)) {
//!                 if let Event::Data(message) = event {
//!                     self.send(message)?;
//!                 }
//!             }
//!             self.changed.notify_all();
//!             if self.lock().transport() == Transport::Closed {
//!                 return Ok(());
//!             }
//!             match (&self.stream).read(inbound.spare()) {
//!                 Ok(0) => inbound.eof(),
//!                 Ok(len) => inbound.filled(len, self.start.elapsed()),
//!                 Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
//!                     self.lock().poll(self.start.elapsed());
//!                 }
//!                 Err(error) => return Err(error),
//!             }
//!         }
//!     }
//!
//!     fn write(&self) -> io::Result<()> {
//!         self.stream.set_write_timeout(Some(Duration::from_secs(10)))?;
//!         let mut batch = Batch::new();
//!         loop {
//!             let waiting = [Transport::Open, Transport::Linger { shutdown_write: false }];
//!             let is_idle = |outbound: &mut Outbound<NoKeys>| {
//!                 batch.is_empty() && !outbound.wants_transmit() && waiting.contains(&outbound.transport())
//!             };
//!             let waited = self.changed.wait_while(self.lock(), is_idle);
//!             let mut outbound = waited.unwrap_or_else(PoisonError::into_inner);
//!             outbound.take_batch(&mut batch);
//!             match outbound.transport() {
//!                 Transport::Closed => return Ok(()),
//!                 Transport::Linger { shutdown_write: true } => {
//!                     self.stream.shutdown(Shutdown::Write)?;
//!                     outbound.write_shut_down();
//!                 }
//!                 Transport::Open | Transport::Linger { .. } => {
//!                     drop(outbound); // The others go on while the stream waits.
//!                     let len = (&self.stream).write(batch.as_slice())?;
//!                     batch.advance(len);
//!                     self.lock().transmitted(len, self.start.elapsed());
//!                     self.changed.notify_all();
//!                 }
//!             }
//!         }
//!     }
//!
//!     /// Does both until the connection has ended.
//!     fn run(&self, inbound: Inbound) -> io::Result<()> {
//!         let end = |result: io::Result<()>| {
//!             self.lock().transport_failed(); // If it has ended well, this changes nothing.
//!             self.changed.notify_all();
//!             result
//!         };
//!         thread::scope(|scope| {
//!             let writing = scope.spawn(|| end(self.write()));
//!             let read = end(self.read(inbound));
//!             read.and(writing.join().unwrap_or_else(|_panicked| Err(ErrorKind::Other.into())))
//!         })
//!     }
//! }
//! # use ws_core::connection::RoleKeys;
//! # use ws_core::input::ReadBuffer;
//! # use ws_core::session::{Config, Opened, Session};
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let mut client = TcpStream::connect(listener.local_addr()?)?;
//! # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
//! # let session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 4096]), Duration::ZERO);
//! # let connection = Connection {
//! #     stream: listener.accept()?.0,
//! #     outbound: Mutex::new(session.outbound),
//! #     changed: Condvar::new(),
//! #     start: Instant::now(),
//! # };
//! # let frame = [&b"\x82\xfe\x80\0\0\0\0\0"[..], &[7; 0x8000]].concat();
//! # let echoes = thread::scope(|scope| -> io::Result<Vec<u8>> {
//! #     let running = scope.spawn(|| connection.run(session.inbound));
//! #     let mut reader = client.try_clone()?;
//! #     let reading = scope.spawn(move || {
//! #         let mut echoes = Vec::new();
//! #         reader.read_to_end(&mut echoes).map(|_len| echoes)
//! #     });
//! #     for _ in 0..200 {
//! #         client.write_all(&frame)?;
//! #     }
//! #     client.write_all(b"\x88\x82\0\0\0\0\x03\xe8")?;
//! #     let echoes = reading.join().map_err(|_panicked| ErrorKind::Other)?;
//! #     drop(client);
//! #     running.join().map_err(|_panicked| ErrorKind::Other)??;
//! #     echoes
//! # })?;
//! # let echo = [&b"\x82\x7e\x80\0"[..], &[7; 0x8000]].concat();
//! # assert_eq!(echoes.len(), 200 * echo.len() + 4);
//! # assert!(echoes.chunks(echo.len()).take(200).all(|chunk| chunk == echo));
//! # assert!(echoes.ends_with(b"\x88\x02\x03\xe8"));
//! # assert!(connection.lock().closure().is_some_and(|closure| closure.is_clean));
//! # io::Result::Ok(())
//! ```
//!
//! # What can be relied on
//!
//! - Nothing is lost between the calls, whichever of them are mixed: whole messages and parts, lent and owned.
//! - Everything is bounded: the queue by [`Config::with_queue_len_max`] and one message, a message by
//!   [`Limits`](crate::connection::Limits), inflated or not, what comes after the close by
//!   [`Config::with_linger_len_max`].
//! - A message that is given to a `send` is queued whole, or not at all.
//! - A busy peer cannot be taken for a dead one, if [`Outbound::poll`] is called only after a read that found nothing. A
//!   pong timeout should exceed the time that the slowest peer takes to read what the system buffers for it: a ping waits
//!   behind that.

mod config;
mod inbound;
mod lookahead;
mod memory;
mod opened;
mod outbound;
mod parts;
mod queue;
mod relay;
mod rest;
mod traffic;

pub use config::Config;
#[cfg(feature = "deflate")]
pub use config::Deflate;
pub use inbound::Inbound;
#[cfg(feature = "handshake")]
pub use opened::OpenError;
pub use opened::{NoKeys, Opened};
pub use outbound::{Compress, Ending, Outbound, StreamError, Taken, is_keepalive};
pub use queue::Batch;
pub use relay::{Note, Relay};
pub use traffic::Traffic;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::connection::KeySource;
use crate::input::ReadBuffer;

/// Both sides of a connection. See the [module](self) for the loop that drives it.
///
/// It takes about 1.3 KiB, and the read buffer. `K` gives the masking keys of clients; a program that is only a server has
/// [`NoKeys`].
///
/// ```
/// use core::time::Duration;
/// use ws_core::connection::RoleKeys;
/// use ws_core::event::Event;
/// use ws_core::input::ReadBuffer;
/// use ws_core::message::Message;
/// use ws_core::session::{Config, NoKeys, Opened, Session};
///
/// // RFC 6455 §5.7: the masked text message "Hello".
/// let bytes = vec![0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let buffer = ReadBuffer::with_filled(bytes, 11).ok_or("too short")?;
/// let mut session = Session::new(Opened::<NoKeys>::new(RoleKeys::Server), Config::new(), buffer, Duration::ZERO);
/// while let Some(event) = session.inbound.next(&mut session.outbound) {
///     if let Event::Data(message) = event {
///         assert_eq!(message, Message::Text("Hello"));
///         session.outbound.send(message)?; // while it is lent
///     }
/// }
/// assert_eq!(session.outbound.transmit(), b"\x81\x05Hello");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[non_exhaustive]
pub struct Session<K> {
    /// The receiving side.
    pub inbound: Inbound,
    /// The sending side.
    pub outbound: Outbound<K>,
    /// The subprotocol that was chosen in the opening handshake.
    pub subprotocol: Option<Box<str>>,
}

impl<K> fmt::Debug for Session<K> {
    /// Not the subprotocol, which some clients use for a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("inbound", &self.inbound)
            .field("outbound", &self.outbound)
            .finish_non_exhaustive()
    }
}

impl<K: KeySource> Session<K> {
    /// A session after its opening handshake. `buffer` is the one that the handshake has read from, so that what came
    /// after its head is not lost. `now` is the time since any moment that the caller chose, as in all later calls.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::connection::RoleKeys;
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::Message;
    /// use ws_core::session::{Config, NoKeys, Opened, Session};
    ///
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_subprotocol("chat");
    /// // An empty message, masked with zeros, came together with the request.
    /// let buffer = ReadBuffer::with_filled(b"\x81\x80\0\0\0\0".to_vec(), 6).ok_or("too short")?;
    /// let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// assert_eq!(session.subprotocol.as_deref(), Some("chat"));
    /// assert_eq!(session.inbound.next(&mut session.outbound), Some(Event::Data(Message::Text(""))));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn new(mut opened: Opened<K>, config: Config, buffer: ReadBuffer<Vec<u8>>, now: Duration) -> Self {
        let subprotocol = opened.subprotocol.take();
        let inbound = Inbound::new(&opened, &config, buffer, now);
        Self { inbound, outbound: Outbound::new(opened, &config, now), subprotocol }
    }

    /// Frees the memory that an idle session can do without; it is made again when it is needed. Less than 200 bytes of
    /// heap remain where nothing is half received or waits to be written, and no compression context has to be kept.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// # let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// session.release(); // where the stream finds nothing to read
    /// assert_eq!(session.outbound.transmit(), b"\x81\x05Hello", "nothing is lost");
    /// assert_eq!(session.inbound.spare().len(), 16 * 1024, "a read buffer is made again");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn release(&mut self) {
        self.inbound.release();
        self.outbound.release();
    }
}
