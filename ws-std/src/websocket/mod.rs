#[cfg(feature = "deflate")]
mod deflate;
mod inbound;
#[cfg(feature = "deflate")]
mod inflation;
mod inlet;
mod intake;
mod parts;
mod read;

pub(crate) use inlet::Inlet;
pub(crate) use intake::{Intake, Outlet};
pub use parts::Parts;

use core::fmt;
use core::time::Duration;
use std::time::Instant;

use ws_core::connection::{Closure, Config, ReceiveHalf, Role, RoleKeys};
use ws_core::event::MessageType;
use ws_core::extension::Agreed;
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload};
use ws_core::input::ReadBuffer;

use crate::sender::halves;
use crate::stream::queue::Queue;
use crate::telemetry::Id;
use crate::wire::Wire;
use crate::{
    Counters, EncodedMessage, Error, MaskKeys, Message, MessageWriter, RoleSender, Stream, Timeouts, Writer,
};
use inbound::Inbound;
#[cfg(feature = "deflate")]
use inflation::Inflation;

/// An open WebSocket over a stream, of either role.
///
/// [`connect`](crate::connect) and [`accept`](crate::accept) make one. Whoever only reads still answers: pongs, and the
/// Close that answers the peer's, are written by [`read`](Self::read).
///
/// ```
/// # use std::net::{TcpListener, TcpStream};
/// # use ws_std::WebSocket;
/// fn echo(mut socket: WebSocket<TcpStream>) -> Result<(), ws_std::Error> {
///     while let Some((message, mut writer)) = socket.read()? {
///         writer.send(message)?;
///     }
///     Ok(())
/// }
/// ```
///
/// # Non-blocking streams
///
/// Where the stream says [`WouldBlock`](std::io::ErrorKind::WouldBlock), so does the call, as [`Error::Io`], and it may
/// be made again when the stream is ready. No byte is lost, repeated or reordered. A `send` takes all of a message, of
/// which the rest then waits in memory, or nothing: it takes nothing while 16 KiB or more wait. [`flush`](Self::flush) goes
/// on writing; [`wants_write`](Self::wants_write) tells whether there is need, and the front page shows a loop.
///
/// # Dropping
///
/// Dropping it drops the stream, at once and without a Close, which the peer sees as 1006. To end a connection properly
/// use [`close`](Self::close).
pub struct WebSocket<S> {
    wire: Wire<S>,
    intake: Intake,
    subprotocol: Option<Box<str>>,
}

impl<S: Stream> WebSocket<S> {
    /// A WebSocket over a stream whose opening handshake somebody else has done, such as an HTTP server; `unread` is
    /// what was read from the stream behind it.
    ///
    /// # Errors
    ///
    /// [`Error::Entropy`] where a client gets no masking keys, [`Error::Io`] where the stream refuses its timeouts.
    pub fn after_handshake(stream: S, role: Role, config: Config, unread: &[u8]) -> Result<Self, Error> {
        Self::after_negotiation(stream, role, config, None, unread)
    }

    /// The WebSocket, where this was agreed on for compression.
    pub(super) fn after_negotiation(
        stream: S,
        role: Role,
        config: Config,
        agreed: Option<Agreed>,
        unread: &[u8],
    ) -> Result<Self, Error> {
        let mut storage = vec![0; unread.len().max(READ_BUFFER_LEN_MIN)];
        storage.get_mut(..unread.len()).unwrap_or_default().copy_from_slice(unread);
        let buffer = ReadBuffer::with_filled(storage, unread.len())
            .unwrap_or_else(|| ReadBuffer::new(vec![0; READ_BUFFER_LEN_MIN]));
        let keys = match role {
            Role::Server => RoleKeys::Server,
            Role::Client => RoleKeys::Client(MaskKeys::from_system()?),
        };
        let (sender, receiver) = halves(keys, config, agreed);
        Self::open(stream, Timeouts::new(), sender, receiver, buffer, None)
    }

    /// The start of every WebSocket that was not one before.
    pub(crate) fn open(
        mut stream: S,
        timeouts: Timeouts,
        sender: RoleSender,
        receiver: ReceiveHalf,
        buffer: ReadBuffer<Vec<u8>>,
        subprotocol: Option<Box<str>>,
    ) -> Result<Self, Error> {
        stream.limit_read(None)?;
        stream.limit_write(timeouts.write())?;
        Ok(Self {
            wire: Wire::new(stream, sender, Queue::default(), timeouts, Instant::now()),
            intake: Intake::new(receiver, buffer),
            subprotocol,
        })
    }

    /// Sends a message, as [`Writer::send`].
    ///
    /// # Errors
    ///
    /// As [`Writer::send`].
    #[inline]
    pub fn send(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.wire.send(message)
    }

    /// Sends a message that was encoded once, and perhaps compressed, for many connections of a server: a broadcast.
    ///
    /// ```
    /// use ws_std::{AnyStream, Config, EncodedMessage, Message, Role, WebSocket};
    ///
    /// # let stream = || std::io::Cursor::new(Vec::new());
    /// # let open = || WebSocket::after_handshake(AnyStream(stream()), Role::Server, Config::new(), b"");
    /// let mut sockets = [open()?, open()?, open()?];
    /// let message = EncodedMessage::new(Message::Text("Hello, all"))?;
    /// for socket in &mut sockets {
    ///     socket.send_encoded(&message)?;
    ///     assert_eq!(socket.get_ref().0.get_ref(), b"\x81\x0aHello, all");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotAdmitted`] where the connection is a client's, and where the message is compressed and the handshake did
    /// not agree to that; those of [`Writer::send`].
    pub fn send_encoded<B: AsRef<[u8]>>(&mut self, message: &EncodedMessage<B>) -> Result<(), Error> {
        self.wire.send_encoded(message)
    }

    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// As [`Writer::send`].
    #[inline]
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.wire.send(Message::Text(text))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As [`Writer::send`].
    #[inline]
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.wire.send(Message::Binary(bytes))
    }

    /// Sends a ping with up to 125 bytes (RFC 6455 §5.5.2). The pong comes as an event of
    /// [`read_event`](Self::read_event); [`read`](Self::read) passes over it.
    ///
    /// # Errors
    ///
    /// [`Error::PingLen`] for a longer payload; as [`Writer::send`] otherwise.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.writer().ping(payload)
    }

    /// Begins a message whose parts are written one by one, however long it becomes (RFC 6455 §5.4).
    ///
    /// # Errors
    ///
    /// As [`Writer::send`].
    pub fn message_writer(&mut self, message_type: MessageType) -> Result<MessageWriter<'_, S>, Error> {
        MessageWriter::new(&mut self.wire, message_type)
    }

    /// The sending side alone, as [`read`](Self::read) gives it with each message.
    pub fn writer(&mut self) -> Writer<'_, S> {
        Writer::new(&mut self.wire)
    }

    /// Writes what waits to be written: on a stream that blocks there is never anything. May be called again at any
    /// time.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the stream would block; what ends the connection.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.wire.transmit()
    }

    /// Whether something waits to be written, since a stream that does not block did not take it.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.wire.wants_write()
    }

    /// Whether something may still come from the stream: until the connection has ended. An event loop waits for the
    /// stream to be readable as long, since pings and the peer's Close want answers whatever the program is doing; one
    /// that leaves messages where they are, so that their sender has to wait, may look away meanwhile.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        self.wire.wants_read()
    }

    /// How much waits to be written, in bytes: less than 16 KiB, what one call has sent behind that, and 4.5 KiB of pongs
    /// and the Close.
    #[must_use]
    pub const fn queued_len(&self) -> usize {
        self.wire.queue.len()
    }

    /// Closes: sends a Close, discards what still comes until the peer's Close, and waits for the end of the stream,
    /// all within [`Timeouts::close`] (RFC 6455 §7.1.2). Where the connection was closed already, says how it went.
    ///
    /// `reason` is for people who read logs; what goes beyond 123 bytes is left out.
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] where the peer does not answer, [`Error::Disconnected`] where it ends the stream instead,
    /// [`Error::Fault`] where it breaks the rules, [`Error::Io`]. The connection has ended in each case, but for a
    /// stream that would block: then call again.
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.wire.begin_close();
        self.wire.start_close(CloseFrame::truncated(code, reason));
        self.intake.discard_to_end(&mut self.wire)
    }

    /// Sends a Close and returns: messages still come out of [`read`](Self::read) until the peer's Close does.
    ///
    /// # Errors
    ///
    /// What ends the connection.
    pub fn start_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.writer().start_close(code, reason)
    }

    /// How the connection ended, once it has: who began it, the peer's code, and whether it was clean.
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.wire.closure()
    }

    /// The peer's Close with its reason, once it came and as long as nothing else was read.
    #[must_use]
    pub fn close_frame(&self) -> Option<CloseFrame> {
        self.intake.receiver.close_frame()
    }

    /// The payload of the ping, pong or Close that [`read_event`](Self::read_event) reported last.
    #[must_use]
    pub const fn control(&self) -> &ControlPayload {
        self.intake.receiver.control()
    }

    /// The subprotocol that the opening handshake agreed on (RFC 6455 §1.9).
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Which end of the connection this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.wire.sender.role()
    }

    /// What it has carried, and why it ended, once it has.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.wire.counters(self.intake.received)
    }

    /// How long the last ping of the keepalive and its pong took, from before the one was written until the other was
    /// read. `None` before the first pong, and without
    /// [`Timeouts::with_ping_interval`].
    #[must_use]
    pub const fn latency(&self) -> Option<Duration> {
        self.wire.clock.latency()
    }

    /// When to call [`read`](Self::read) at the latest, though nothing has come: it does then what is due, be it a ping or
    /// the end of the connection. For event loops, which wait for a stream that is non-blocking; a call that waits looks
    /// after it itself. `None` while nothing is ever due. It changes with every call.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ws_std::{AnyStream, Config, Role, Timeouts, WebSocket};
    ///
    /// # let stream = std::io::Cursor::new(Vec::new());
    /// let mut socket = WebSocket::after_handshake(AnyStream(stream), Role::Server, Config::new(), b"")?;
    /// assert_eq!(socket.next_deadline(), None);
    /// socket.set_timeouts(Timeouts::new().with_ping_interval(Some(Duration::from_secs(30))))?;
    /// let wait = socket.next_deadline().map(|due| due.saturating_duration_since(std::time::Instant::now()));
    /// assert!(wait.is_some_and(|wait| wait <= Duration::from_secs(30)));
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.wire.next_deadline(&self.intake.received)
    }

    /// The timeouts of the open connection.
    #[must_use]
    pub const fn timeouts(&self) -> Timeouts {
        self.wire.timeouts
    }

    /// Sets the timeouts of the open connection: what is waited for begins anew, but a closing handshake that has begun
    /// keeps its deadline.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the stream refuses them.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) -> Result<(), Error> {
        self.wire.set_timeouts(timeouts)
    }
}

impl<S> WebSocket<S> {
    /// What the log calls it.
    pub(crate) const fn id(&self) -> Id {
        self.wire.id
    }

    /// The sending direction with the stream, the receiving one, and the subprotocol.
    pub(crate) fn into_directions(self) -> (Wire<S>, Intake, Option<Box<str>>) {
        (self.wire, self.intake, self.subprotocol)
    }

    /// The same, with what has to leave before anything else.
    pub(crate) fn with_unwritten(mut self, unwritten: Queue) -> Self {
        self.wire.queue = unwritten;
        self
    }

    /// Puts together what [`into_directions`](Self::into_directions) gave.
    pub(crate) const fn from_directions(
        wire: Wire<S>,
        intake: Intake,
        subprotocol: Option<Box<str>>,
    ) -> Self {
        Self { wire, intake, subprotocol }
    }

    /// The stream.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.wire.stream
    }

    /// The stream, to change its settings: what is read from it or written to it is missing in the connection.
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.wire.stream
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("role", &self.wire.sender.role())
            .field("unread_len", &self.intake.inbound.buffer.unread().len())
            .field("queued_len", &self.wire.queue.len())
            .field("closure", &self.wire.closure())
            .finish_non_exhaustive()
    }
}

/// The read buffer of a connection that has not read much yet, in bytes.
pub(crate) const READ_BUFFER_LEN_MIN: usize = 4 * 1024;

/// The read buffer of one that has, in bytes: it stays in the first-level cache, and a message of 16 KiB fits with its
/// header.
pub(crate) const READ_BUFFER_LEN: usize = 16 * 1024 + 14;
