//! An open connection as programs use it.

mod bytes;
#[cfg(feature = "deflate")]
mod deflate;
mod held;
mod message_writer;
mod owned;
mod parts;
#[cfg(feature = "split")]
mod split;
mod writer;

pub use bytes::ByteStream;
#[cfg(feature = "split")]
pub use bytes::{ByteReader, ByteWriter};
pub use message_writer::MessageWriter;
pub use parts::Parts;
#[cfg(feature = "hub")]
pub(crate) use split::{Channel, Forms, STACK_LEN};
#[cfg(feature = "split")]
pub use split::{ReadHalf, ReuniteError, WriteHalf};
pub use writer::Writer;

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::time::Instant;

use ws_core::connection::{Closure, Config, EncodedMessage, Role, RoleKeys};
use ws_core::event::{Event, Fragment, MessageType};
use ws_core::frame::{CloseFrame, ControlPayload};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::Timeouts;
use ws_core::message::Message;
use ws_core::session::{self, Compress, Inbound, Opened, Session};

use crate::counters::Counters;
use crate::error::Error;
use crate::keys::MaskKeys;
use crate::session::{
    Io, Leave, Life, READ_BUFFER_LEN_MIN, Record, close, read, read_event, read_part, session_config,
};
use crate::stream::Stream;
use crate::telemetry::Id;
use held::Held;

/// An open WebSocket over a stream, of either role.
///
/// [`connect`](crate::connect) and [`accept`](crate::accept) return one. [`read`](Self::read) writes pongs, and the Close that answers
/// the peer's, so a program that only reads answers too.
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
/// Where the stream would block, so does the call: it returns [`Error::WouldBlock`]. Make the call again
/// when the stream is ready: no byte is lost, repeated or reordered. A `send` takes all of a message, and keeps in memory what the
/// stream does not take; or it takes nothing, while 16 KiB or more wait already ([`is_ready`](Self::is_ready)).
/// [`flush`](Self::flush) writes what waits, and [`wants_write`](Self::wants_write) says whether something does. The
/// [front page](crate#non-blocking) shows a loop.
///
/// # Dropping
///
/// Dropping it writes what still waits for the next message ([when bytes leave](crate#when-bytes-leave)) and drops the
/// stream, without a Close, which the peer sees as 1006. To end a connection properly use [`close`](Self::close).
pub struct WebSocket<S: Stream> {
    io: Held<S>,
    inbound: Inbound,
    subprotocol: Option<Box<str>>,
}

impl<S: Stream> WebSocket<S> {
    /// Makes a WebSocket of a stream whose opening handshake was done elsewhere, such as by an HTTP server. `unread` is what was
    /// read from the stream after the handshake.
    ///
    /// # Errors
    ///
    /// [`Error::Entropy`] where the operating system has no seed for a client's masking keys; [`Error::Io`] where the timeouts of the
    /// stream cannot be set.
    #[doc(alias("from_raw_socket", "from_partially_read"))]
    pub fn after_handshake(stream: S, role: Role, config: Config, unread: &[u8]) -> Result<Self, Error> {
        let timeouts = Timeouts::new();
        let opened = Opened::new(keys(role)?);
        Self::open(stream, opened, session_config(config, &timeouts), timeouts, buffer(unread))
    }

    /// The start of every WebSocket that was not one before.
    // A frame of its own, whose moves are not on the stack of the program that goes on.
    #[inline(never)]
    pub(crate) fn open(
        stream: S,
        opened: Opened<MaskKeys>,
        config: session::Config,
        timeouts: Timeouts,
        buffer: ReadBuffer<Vec<u8>>,
    ) -> Result<Self, Error> {
        stream.limit_read(None)?;
        stream.limit_write(None)?;
        let Session { inbound, outbound, subprotocol, .. } =
            Session::new(opened, config, buffer, Duration::ZERO);
        let life = Life { outbound, timeouts, record: Record::new(stream.clock()) };
        Ok(Self { io: Held::new(Io::new(stream, life)), inbound, subprotocol })
    }

    /// Waits for the next message, and lends it with a [`Writer`] to answer it while you hold it. Returns `None` once the
    /// connection was closed by a closing handshake, or by a Close of the peer's after which the stream broke.
    ///
    /// A message that came whole in one read is lent from the read buffer; others are assembled first. Pings and the peer's Close are
    /// answered. After a Close the end of the stream is waited for, within [`Timeouts::close`]. While it waits, this call
    /// sends pings and ends connections to peers that are gone, as [`Timeouts`] set.
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] where the peer broke the rules (it was sent a Close with the code), [`Error::Disconnected`] where the
    /// stream ended without a closing handshake, [`Error::Timeout`], [`Error::Io`]. The connection has then ended, and each later
    /// call returns the error again. But where the stream would block, or [`Timeouts::read`] is over, it goes on: call again.
    #[inline]
    pub fn read(&mut self) -> Result<Option<(Message<'_>, Writer<'_, S>)>, Error> {
        let (io, inbound) = (&mut *self.io, &mut self.inbound);
        io.link.call.begin_read();
        let Some((message, has_another)) = read(inbound, io)? else { return Ok(None) };
        let leave = io.leave_after(has_another);
        Ok(Some((message, Writer::new(io, leave))))
    }

    /// Waits for the next event, and lends it with a [`Writer`] to answer it: a whole message, as [`read`](Self::read) lends it, or a
    /// ping, a pong or the peer's Close, whose payload is in [`control`](Self::control). Returns `None` once the connection was
    /// closed by a closing handshake.
    ///
    /// Pings and the peer's Close are answered already; pongs to pings of the keepalive are not reported. After the Close, the next
    /// call waits for the end of the stream, and returns `None`.
    ///
    /// ```
    /// use ws_std::{Error, Event, Message, Stream, WebSocket};
    ///
    /// fn log<S: Stream>(socket: &mut WebSocket<S>) -> Result<Vec<String>, Error> {
    ///     let mut log = Vec::new();
    ///     while let Some((event, _writer)) = socket.read_event()? {
    ///         log.push(match event {
    ///             Event::Data(Message::Text(text)) => text.to_owned(),
    ///             Event::Ping => format!("ping of {} bytes", socket.control().as_bytes().len()),
    ///             Event::Close => format!("{:?}", socket.close_frame()),
    ///             other => format!("{other:?}"),
    ///         });
    ///     }
    ///     Ok(log)
    /// }
    /// # let said = b"\x89\x82\0\0\0\0hi\x81\x83\0\0\0\0one\x82\x81\0\0\0\0\x02\x88\x80\0\0\0\0";
    /// # let stream = ws_std::AnyStream(std::io::Cursor::new(said.to_vec()));
    /// # let mut socket = WebSocket::after_handshake(stream, ws_std::Role::Server, ws_std::Config::new(), b"")?;
    /// # assert_eq!(log(&mut socket)?[..3], ["ping of 2 bytes", "one", "Data(Binary(1 bytes))"]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    #[expect(clippy::type_complexity, reason = "it is that of read, with another event")]
    pub fn read_event(&mut self) -> Result<Option<(Event<Message<'_>>, Writer<'_, S>)>, Error> {
        let (io, inbound) = (&mut *self.io, &mut self.inbound);
        io.link.call.begin_read();
        let Some((event, has_another)) = read_event(inbound, io)? else { return Ok(None) };
        let leave = io.leave_after(has_another);
        Ok(Some((event, Writer::new(io, leave))))
    }

    /// Waits for the next event, and lends it with a [`Writer`] to answer it. Payload is lent as it arrives, so that a message of any
    /// length passes through the read buffer; the payload of control frames is in [`control`](Self::control). Returns `None`
    /// once the connection was closed by a closing handshake.
    ///
    /// Text is cut between code points. Pings and the peer's Close are answered already; pongs to pings of the keepalive are
    /// not reported. Read a message that you began here to its end here: [`read`](Self::read) skips the rest of it.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    #[expect(clippy::type_complexity, reason = "it is that of read, with another event")]
    pub fn read_part(&mut self) -> Result<Option<(Event<Fragment<'_>>, Writer<'_, S>)>, Error> {
        let (inbound, io) = self.begin_parts();
        Ok(read_part(inbound, io)?.map(|event| (event, Writer::new(io, Leave::AtOnce))))
    }

    /// Begins a call that reads parts of messages, and returns what it reads by.
    fn begin_parts(&mut self) -> (&mut Inbound, &mut Io<S>) {
        self.io.link.call.begin_read();
        (&mut self.inbound, &mut self.io)
    }

    /// Sends a message, in one frame, before the call returns; see [`Writer::send`] for compression. A stream that would block may
    /// leave a part of it queued.
    ///
    /// # Errors
    ///
    /// Those of [`Writer::send`].
    #[doc(alias("write_message", "send_text", "send_binary", "send_message"))]
    #[inline]
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.io.send(message.into(), Compress::ByLength, Leave::AtOnce)
    }

    /// Queues a message, which leaves with what is sent after it: [when bytes leave](crate#when-bytes-leave).
    ///
    /// ```
    /// use ws_std::{AnyStream, Config, Message, Role, WebSocket};
    ///
    /// # let stream = std::io::Cursor::new(Vec::new());
    /// let mut socket = WebSocket::after_handshake(AnyStream(stream), Role::Server, Config::new(), b"")?;
    /// socket.feed(Message::Text("one"))?;
    /// socket.feed(Message::Text("two"))?;
    /// assert_eq!(socket.queued_len(), 10);
    /// socket.flush()?; // one write
    /// assert_eq!(socket.get_ref().0.get_ref(), b"\x81\x03one\x81\x03two");
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Writer::send`].
    pub fn feed<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.io.send(message.into(), Compress::ByLength, Leave::Together)
    }

    /// Sends a message that was encoded once, and perhaps compressed, for many connections of a server: a broadcast. The
    /// connections share its bytes; they are not copied.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use ws_std::{AnyStream, Config, EncodedMessage, Message, Role, WebSocket};
    ///
    /// # let stream = || std::io::Cursor::new(Vec::new());
    /// # let open = || WebSocket::after_handshake(AnyStream(stream()), Role::Server, Config::new(), b"");
    /// let mut sockets = [open()?, open()?, open()?];
    /// let message = Arc::new(EncodedMessage::new(Message::Text("Hello, all"))?);
    /// for socket in &mut sockets {
    ///     socket.send_encoded(&message)?;
    ///     assert_eq!(socket.get_ref().0.get_ref(), b"\x81\x0aHello, all");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotAdmitted`] where the connection is a client's, or the message is compressed and that was not negotiated; those of
    /// [`Writer::send`].
    pub fn send_encoded(&mut self, message: &Arc<EncodedMessage<Vec<u8>>>) -> Result<(), Error> {
        self.writer().send_encoded(message)
    }

    /// Sends a ping with up to 125 bytes (RFC 6455 §5.5.2). The pong comes as an event of [`read_event`](Self::read_event) and
    /// [`read_part`](Self::read_part); [`read`](Self::read) passes over it.
    ///
    /// # Errors
    ///
    /// [`Error::PingLen`] for a longer payload; those of [`Writer::send`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.writer().ping(payload)
    }

    /// Begins a message that is written in parts, of any length in total (RFC 6455 §5.4).
    ///
    /// # Errors
    ///
    /// Those of [`Writer::send`].
    pub fn message_writer(&mut self, message_type: MessageType) -> Result<MessageWriter<'_>, Error> {
        MessageWriter::over(&mut self.io, message_type)
    }

    /// The sending side alone, as [`read`](Self::read) returns it with each message. What it sends leaves at once.
    pub fn writer(&mut self) -> Writer<'_, S> {
        Writer::new(&mut self.io, Leave::AtOnce)
    }

    /// Writes all that waits to be written. You may call it at any time.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`], and the errors that end the connection.
    #[doc(alias = "write_pending")]
    pub fn flush(&mut self) -> Result<(), Error> {
        self.io.transmit()
    }

    /// Whether a message can be sent, since less than 16 KiB wait to be written. On a stream that blocks, `send` makes room itself.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.io.is_ready()
    }

    /// Whether something waits to be written: a message that leaves with the next, or bytes that a non-blocking stream did not take.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.io.wants_write()
    }

    /// Whether something may still arrive, which is so until the connection has ended. Keep read interest registered while this is
    /// true, so that pings and Closes are answered; a loop that applies back-pressure may drop it.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        self.io.life.wants_read()
    }

    /// The number of bytes that wait to be written. It is bounded: less than 16 KiB, one message after them, and 4.5 KiB of pongs and
    /// the Close.
    #[must_use]
    pub fn queued_len(&self) -> usize {
        self.io.life.outbound.queued_len()
    }

    /// Closes the connection: sends a Close, discards messages until the peer's Close, and waits for the end of the stream,
    /// all within [`Timeouts::close`] (RFC 6455 §7.1.2). Where the connection has ended already, returns how.
    ///
    /// `frame` is a [`CloseCode`](crate::CloseCode), one [with a reason](crate::CloseCode::with_reason), or [`CloseFrame::EMPTY`], which
    /// has no code (RFC 6455 §5.5.1): the peer then sees 1005.
    ///
    /// ```
    /// # use ws_std::{AnyStream, Config, Role, WebSocket};
    /// use ws_std::{CloseCode, CloseFrame};
    ///
    /// # let open = || {
    /// #     let stream = AnyStream(Peer(b"\x88\x80\0\0\0\0", Vec::new()));
    /// #     WebSocket::after_handshake(stream, Role::Server, Config::new(), b"")
    /// # };
    /// # struct Peer(&'static [u8], Vec<u8>);
    /// # impl std::io::Read for Peer {
    /// #     fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> { self.0.read(bytes) }
    /// # }
    /// # impl std::io::Write for Peer {
    /// #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> { self.1.write(bytes) }
    /// #     fn flush(&mut self) -> std::io::Result<()> { Ok(()) }
    /// # }
    /// # let (mut first, mut second, mut third) = (open()?, open()?, open()?);
    /// first.close(CloseCode::NORMAL)?;
    /// second.close(CloseCode::INTERNAL_ERROR.with_reason("out of disk"))?;
    /// third.close(CloseFrame::EMPTY)?;
    /// # assert_eq!(first.get_ref().0.1, b"\x88\x02\x03\xe8");
    /// # assert_eq!(second.get_ref().0.1, b"\x88\x0d\x03\xf3out of disk");
    /// # assert_eq!(third.get_ref().0.1, b"\x88\x00");
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Timeout`] where the peer does not answer, [`Error::Disconnected`] where it ends the stream instead,
    /// [`Error::Fault`] where it breaks the rules, [`Error::Io`]. The connection has then ended. With
    /// [`Error::WouldBlock`] it has not: call again.
    pub fn close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), Error> {
        self.io.link.call.begin_close();
        self.io.life.outbound.close(frame.into());
        close(&mut self.inbound, &mut *self.io)
    }

    /// Sends a Close and returns. Go on calling [`read`](Self::read): it returns the messages that arrive before the peer's Close,
    /// and then ends the connection.
    ///
    /// # Errors
    ///
    /// Those that end the connection.
    pub fn start_close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), Error> {
        self.writer().start_close(frame)
    }

    /// How the connection ended, once it has: which side began to close, the peer's code, and whether both sent a Close.
    #[doc(alias = "close_code")]
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.io.life.outbound.closure()
    }

    /// The peer's Close with its reason, once it has arrived.
    #[doc(alias = "close_reason")]
    #[must_use]
    pub fn close_frame(&self) -> Option<CloseFrame> {
        self.inbound.close_frame()
    }

    /// The payload of the ping, pong or Close that [`read_event`](Self::read_event) or [`read_part`](Self::read_part) reported last.
    #[must_use]
    pub const fn control(&self) -> &ControlPayload {
        self.inbound.control()
    }

    /// The subprotocol that the opening handshake agreed on (RFC 6455 §1.9).
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Whether this is the server or the client.
    #[must_use]
    pub fn role(&self) -> Role {
        self.io.life.outbound.role()
    }

    /// What the connection has carried, and why it ended, once it has.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.io.life.counters(self.inbound.traffic())
    }

    /// The round trip of the last keepalive ping that was answered, from when the ping had left until its pong was read. `None`
    /// before the first pong, and without [`Timeouts::with_ping_interval`].
    #[doc(alias("rtt", "round_trip"))]
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.io.life.outbound.latency()
    }

    /// When to call [`read`](Self::read) at the latest, even where the stream is not ready: that call does what is due, such as
    /// sending a ping or ending the connection. For event loops over non-blocking streams; on a stream that blocks, `read` sees to
    /// it while it waits. `None` while nothing is due. Ask again after every call.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ws_std::{AnyStream, Config, Role, Timeouts, WebSocket};
    ///
    /// # let stream = std::io::Cursor::new(Vec::new());
    /// let mut socket = WebSocket::after_handshake(AnyStream(stream), Role::Server, Config::new(), b"")?;
    /// assert_eq!(socket.next_deadline(), None);
    /// socket.set_timeouts(Timeouts::new().with_ping_interval(Some(Duration::from_secs(30))));
    /// let wait = socket.next_deadline().map(|due| due.saturating_duration_since(std::time::Instant::now()));
    /// assert!(wait.is_some_and(|wait| wait <= Duration::from_secs(30)));
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.io.next_deadline()
    }

    /// The timeouts of the open connection.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.io.life.timeouts
    }

    /// Sets the timeouts of the open connection. Each wait that is going on begins anew, except that a closing handshake that has
    /// begun keeps its deadline.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.io.set_timeouts(timeouts);
    }

    /// The number of the connection in the log.
    pub(crate) fn id(&self) -> Id {
        self.io.life.record.id
    }

    /// The stream, to query it and to change its settings. Reading from it or writing to it breaks the connection.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.io.link.stream
    }

    /// The stream, mutably, to change its settings. Reading from it or writing to it breaks the connection.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.io.link.stream
    }
}

impl<S: Stream> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("role", &self.role())
            .field("unread_len", &self.inbound.unread().len())
            .field("queued_len", &self.queued_len())
            .field("closure", &self.closure())
            .finish_non_exhaustive()
    }
}

/// The keys for a role: new ones for a client, none for a server.
fn keys(role: Role) -> Result<RoleKeys<MaskKeys>, Error> {
    Ok(match role {
        Role::Server => RoleKeys::Server,
        Role::Client => RoleKeys::Client(MaskKeys::from_system()?),
    })
}

/// A read buffer that holds what was read already.
fn buffer(unread: &[u8]) -> ReadBuffer<Vec<u8>> {
    let mut storage = vec![0; unread.len().max(READ_BUFFER_LEN_MIN)];
    storage.get_mut(..unread.len()).unwrap_or_default().copy_from_slice(unread);
    ReadBuffer::with_filled(storage, unread.len()).unwrap_or_default()
}
