use core::fmt;

use super::{
    Closure, Config, KeySource, Masking, Next, ReceiveHalf, Role, SendHalf, Sent, Transport, Unmasked,
};
use crate::error::{Fail, Fault, SendError};
use crate::event::{Event, Fragment, Payload, Piece};
use crate::extension::Agreed;
use crate::frame::{CloseFrame, ControlPayload, Fin};
use crate::input::{Input, ReadBuffer};
use crate::message::{Assemble, Assembly};

/// Both halves of a connection, with what the receiving half finds passed on to the sending half at once.
///
/// `K` is the role: [`Unmasked`] for a server, a [`KeySource`] for a client, [`RoleKeys`](super::RoleKeys) for either. A server's
/// connection takes at most 512 bytes, and never allocates. See the [module](super) for the loop that
/// drives it.
///
/// ```
/// use ws_core::connection::{Config, Connection};
/// use ws_core::event::{Event, Payload};
/// use ws_core::input::ReadBuffer;
///
/// // RFC 6455 §5.7: the masked text message "Hello".
/// let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let mut buffer = ReadBuffer::with_filled(bytes, bytes.len()).ok_or("too short")?;
/// let mut connection = Connection::server(Config::new());
/// let Some(Event::Data(fragment)) = connection.next_event(&mut buffer.input()) else { return Err("none".into()) };
/// assert_eq!(fragment.as_message(), Some(Payload::Text("Hello")));
///
/// let mut out = [0; 16];
/// let len = connection.send(fragment.payload, &mut out)?; // the connection is free while the payload is held
/// assert_eq!(out[..len], *b"\x81\x05Hello");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Connection<K> {
    receiver: ReceiveHalf,
    sender: SendHalf<K>,
}

impl Connection<Unmasked> {
    /// A server's connection, after its answer was written.
    #[must_use]
    pub const fn server(config: Config) -> Self {
        Self { receiver: ReceiveHalf::new(Role::Server, config), sender: SendHalf::new(Unmasked) }
    }
}

impl<K: KeySource> Connection<K> {
    /// A client's connection, after the server's answer was accepted.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection, KeySource};
    /// use ws_core::frame::MaskKey;
    ///
    /// struct Hardware;
    /// impl KeySource for Hardware {
    ///     fn next_key(&mut self) -> Option<MaskKey> {
    ///         # fn read_entropy() -> [u8; 4] { [1, 2, 3, 4] }
    ///         Some(MaskKey::new(read_entropy()))
    ///     }
    /// }
    /// let (mut connection, mut out) = (Connection::client(Hardware, Config::new()), [0; 16]);
    /// let len = connection.send("Hi", &mut out)?;
    /// assert_eq!(out[..len], [0x81, 0x82, 1, 2, 3, 4, b'H' ^ 1, b'i' ^ 2], "the key, and what it masks");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub const fn client(keys: K, config: Config) -> Self {
        Self { receiver: ReceiveHalf::new(Role::Client, config), sender: SendHalf::new(keys) }
    }
}

impl<K: Masking> Fail for Connection<K> {
    fn fail(&mut self, fault: Fault) {
        self.receiver.fail(fault);
        self.relay_signals();
    }
}

impl<K: Masking> Connection<K> {
    /// A connection of the role that `keys` has, after its opening handshake.
    #[must_use]
    pub fn new(keys: K, config: Config) -> Self {
        Self { receiver: ReceiveHalf::new(keys.role(), config), sender: SendHalf::new(keys) }
    }

    /// Allows messages to be compressed, as it was agreed on in the opening handshake (RFC 7692 §6). They arrive as
    /// [`Payload::Compressed`].
    ///
    /// A compressed message may exceed the limits on the wire by an eighth and 1 KiB, since what does not compress grows;
    /// what it inflates to is limited by the inflater.
    #[must_use]
    pub fn with_deflate(self, agreed: Agreed) -> Self {
        Self { receiver: self.receiver.with_deflate(), sender: self.sender.with_deflate(agreed) }
    }

    /// The role: a client masks what it sends.
    #[must_use]
    pub fn role(&self) -> Role {
        self.sender.role()
    }

    /// The next thing that the input holds, or `None` where it holds nothing whole: then write what
    /// [`poll_transmit`](Self::poll_transmit) gives, read more and come again.
    ///
    /// Takes all input but the up to 3 bytes of an incomplete code point, which stay in the buffer. The payload of a
    /// message comes as it arrives, text as `&str` cut between code points. What an event means for sending (a pong, the
    /// answer to a Close, the Close that reports a fault) is queued. After [`Event::Close`] and [`Event::Failed`] it is
    /// always `None`, and discards its input.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A ping, and the first 4 of the 7 bytes of "Grüße", masked with zeros.
    /// let bytes = *b"\x89\x80\0\0\0\0\x81\x87\0\0\0\0Gr\xc3\xbc";
    /// let mut buffer = ReadBuffer::with_filled(bytes, bytes.len() - 1).ok_or("too short")?;
    /// let (mut connection, mut input) = (Connection::server(Config::new()), buffer.input());
    /// assert_eq!(connection.next_event(&mut input), Some(Event::Ping));
    /// assert!(connection.wants_transmit(), "the pong is queued");
    /// let Some(Event::Data(fragment)) = connection.next_event(&mut input) else { return Err("none") };
    /// assert_eq!(fragment.payload, Payload::Text("Gr"));
    /// assert_eq!(connection.next_event(&mut input), None);
    /// assert_eq!(buffer.unread(), b"\xc3", "half of a code point stays");
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn next_event<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<Fragment<'b>>> {
        let event = self.receiver.next_event(input);
        self.relay(event)
    }

    /// The next whole message, or other event, that the input completes: messages that lie whole in the read buffer are
    /// lent from there, others are assembled in `message`. `None` where more input is needed.
    ///
    /// `message` has to be the same until a message is whole. Of a message that was begun to be taken in another way,
    /// only the rest comes. What an event means for sending is queued.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::MessageSlice;
    ///
    /// // "Hel" and "lo", fragments of a text message, masked with zeros.
    /// let bytes = *b"\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0lo";
    /// let mut buffer = ReadBuffer::with_filled(bytes, bytes.len()).ok_or("too short")?;
    /// let (mut connection, mut message) = (Connection::server(Config::new()), MessageSlice::new([0; 64]));
    /// let event = connection.next_message(&mut buffer.input(), &mut message);
    /// assert_eq!(event, Some(Event::Data(Payload::Text("Hello"))));
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn next_message<'m, 'b: 'm, M: Assemble>(
        &mut self,
        input: &mut Input<'b>,
        message: &'m mut M,
    ) -> Option<Event<Payload<'m>>> {
        let event = self.receiver.next_message(input, message);
        self.relay(event)
    }

    /// Where the next bytes are to be read to, for programs that take messages by [`next_message`](Self::next_message):
    /// the read buffer, or past it into `message`, where the rest of a long binary frame belongs. Call
    /// [`filled`](Self::filled) afterwards, with the same `buffer` and `message`.
    #[inline]
    pub fn spare<'s, S, M>(&mut self, buffer: &'s mut ReadBuffer<S>, message: &'s mut M) -> &'s mut [u8]
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        self.receiver.spare(buffer, message)
    }

    /// Says that `len` bytes were read into [`spare`](Self::spare). More than it has room for counts as its room.
    #[inline]
    pub fn filled<S, M>(&mut self, len: usize, buffer: &mut ReadBuffer<S>, message: &mut M)
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        self.receiver.filled(len, buffer, message);
    }

    /// Takes the payload that [`advance`](Self::advance) has found and appends it to `message`, binary payload unmasked
    /// on its way there. `None` where there is none, or only a part of a code point.
    #[inline]
    pub fn assemble(
        &mut self,
        input: &mut Input<'_>,
        message: &mut impl Assemble,
    ) -> Option<Event<Assembly>> {
        let event = self.receiver.assemble(input, message);
        self.relay(event)
    }

    /// The next thing that the input holds, payload as mutable bytes that may be cut within a code point; text is checked
    /// all the same. It always takes all input: for relays, and for memories of a few bytes. What an event means for
    /// sending is queued.
    #[inline]
    pub fn next_piece<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<Piece<'b>>> {
        let event = self.receiver.next_piece(input);
        self.relay(event)
    }

    /// Goes on to the next thing that the input holds, and lends nothing. Payload that it finds is taken by the next call
    /// of [`next_event`](Self::next_event), [`next_piece`](Self::next_piece) or [`assemble`](Self::assemble). What is
    /// found means for sending is queued.
    #[inline]
    pub fn advance(&mut self, input: &mut Input<'_>) -> Next {
        let next = self.receiver.advance(input);
        self.relay_signals();
        next
    }

    /// The payload of the last ping, pong or Close, until the next call that takes input.
    #[must_use]
    #[inline]
    pub const fn control(&self) -> &ControlPayload {
        self.receiver.control()
    }

    /// The peer's Close, after [`Event::Close`].
    #[must_use]
    pub fn close_frame(&self) -> Option<CloseFrame> {
        self.receiver.close_frame()
    }

    /// Says that the peer writes no more: the transport is at its end. Call it once all input was taken.
    ///
    /// A Close that answers the peer's, or reports a fault, is still to be written; otherwise the connection has ended.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection, Transport};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A Close with code 1000, masked with zeros, and then the end of the stream.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x88\x82\0\0\0\0\x03\xe8", 8).ok_or("too short")?;
    /// let mut connection = Connection::server(Config::new());
    /// assert_eq!(connection.next_event(&mut buffer.input()), Some(Event::Close));
    /// connection.eof();
    /// assert_eq!(connection.transport(), Transport::Open, "our Close is still to be written");
    /// assert_eq!(connection.poll_transmit(&mut [0; 16])?, 4);
    /// assert_eq!(connection.transport(), Transport::Closed);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn eof(&mut self) {
        self.receiver.eof();
        self.relay_signals();
    }

    /// Says that the transport failed in reading or writing: the connection has ended.
    pub fn transport_failed(&mut self) {
        self.eof();
        self.sender.transport_failed();
    }

    /// Sends a whole message in one frame: all of it is written to the front of `out`, or nothing is. Returns how many
    /// bytes are to be transmitted, 2–14 more than the message has.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::error::SendError;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 7]);
    /// assert_eq!(connection.send("Hello", &mut out[..6]), Err(SendError::BufferTooSmall { required: 7 }));
    /// assert_eq!(connection.send("Hello", &mut out), Ok(7));
    /// assert_eq!(&out, b"\x81\x05Hello");
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame or a fragmented message is in progress;
    /// [`SendError::NoMaskKey`]; [`SendError::BufferTooSmall`] with the length that is required; a
    /// [`Misuse`](crate::error::Misuse) for compressed payload without an agreement. The connection is as it was before.
    #[inline]
    pub fn send<'p>(&mut self, message: impl Into<Payload<'p>>, out: &mut [u8]) -> Result<usize, SendError> {
        self.sender.send(message, out)
    }

    /// Sends the next part of a message as one fragment: all of it is written to the front of `out`, or nothing is.
    /// Returns how many bytes are to be transmitted, 2–14 more than the part has. With [`Fin::Final`] the message ends.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::error::SendError;
    /// use ws_core::frame::Fin;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 16]);
    /// let len = connection.send_fragment("Hel", Fin::More, &mut out)?;
    /// assert_eq!(out[..len], *b"\x01\x03Hel");
    /// assert_eq!(connection.send("another", &mut out), Err(SendError::Busy));
    /// let len = connection.send_fragment("lo", Fin::Final, &mut out)?;
    /// assert_eq!(out[..len], *b"\x80\x02lo");
    /// # Ok::<(), SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame is in progress; [`SendError::NoMaskKey`];
    /// [`SendError::BufferTooSmall`] with the length that is required; a [`Misuse`](crate::error::Misuse) for a part of
    /// another type than those before it. The connection is as it was before.
    #[inline]
    pub fn send_fragment<'p>(
        &mut self,
        payload: impl Into<Payload<'p>>,
        fin: Fin,
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        self.sender.send_fragment(payload, fin, out)
    }

    /// Sends as much of the next part of a message as fits into `out`, as one fragment; what was not taken is sent by
    /// further calls. With [`Fin::Final`] the message ends once all is taken.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame is in progress; [`SendError::NoMaskKey`];
    /// [`SendError::BufferTooSmall`] where `out` has no room for a header and one byte or code point; a
    /// [`Misuse`](crate::error::Misuse) for a part of another type than those before it. The connection is as it was
    /// before.
    #[inline]
    pub fn send_part<'p>(
        &mut self,
        payload: impl Into<Payload<'p>>,
        fin: Fin,
        out: &mut [u8],
    ) -> Result<Sent, SendError> {
        self.sender.send_part(payload, fin, out)
    }

    /// Queues a Close, after which no data can be sent (RFC 6455 §5.5.1). Messages still arrive until the peer's Close
    /// does. Without effect once the connection is closing.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::error::SendError;
    /// use ws_core::frame::CloseCode;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 16]);
    /// connection.close(CloseCode::NORMAL.into());
    /// assert_eq!(connection.send("Hello", &mut out), Err(SendError::Closed));
    /// let len = connection.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], *b"\x88\x02\x03\xe8");
    /// # Ok::<(), SendError>(())
    /// ```
    pub fn close(&mut self, close: CloseFrame) {
        self.sender.close(close);
    }

    /// Queues a ping (RFC 6455 §5.5.2); it replaces one that was not written yet. Without effect once the connection is
    /// closing.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::frame::ControlPayload;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 16]);
    /// for payload in [b"x", b"y"] {
    ///     connection.ping(ControlPayload::new(payload).ok_or("too long")?);
    /// }
    /// let len = connection.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], *b"\x89\x01y", "the second replaced the first");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn ping(&mut self, payload: ControlPayload) {
        self.sender.ping(payload);
    }

    /// Writes queued control frames to the front of `out`: as many whole ones as fit. Returns how many bytes are to be
    /// transmitted: 0 where none is queued, or where they have to wait for the end of a frame in progress.
    ///
    /// Room for [`TRANSMIT_LEN_MAX`](super::TRANSMIT_LEN_MAX) bytes is always enough.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::error::SendError;
    /// use ws_core::frame::ControlPayload;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 16]);
    /// assert_eq!(connection.poll_transmit(&mut out), Ok(0));
    /// connection.ping(ControlPayload::EMPTY);
    /// assert_eq!(connection.poll_transmit(&mut out[..1]), Err(SendError::BufferTooSmall { required: 2 }));
    /// assert_eq!(connection.poll_transmit(&mut out), Ok(2), "it stayed queued");
    /// assert_eq!(out[..2], *b"\x89\x00");
    /// ```
    ///
    /// # Errors
    ///
    /// Where not even the first of them can be written: [`SendError::BufferTooSmall`] with the length that it needs, or
    /// [`SendError::NoMaskKey`]. It stays queued.
    #[inline]
    pub fn poll_transmit(&mut self, out: &mut [u8]) -> Result<usize, SendError> {
        self.sender.poll_transmit(out)
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something to write.
    #[must_use]
    #[inline]
    pub fn wants_transmit(&self) -> bool {
        self.sender.wants_transmit()
    }

    /// What to do with the transport, once all that was written is transmitted.
    #[must_use]
    #[inline]
    pub fn transport(&self) -> Transport {
        self.sender.transport()
    }

    /// How the connection ended, once it has.
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.sender.closure()
    }

    /// The sending half, with all that it can do: frames whose payload the caller brings, messages encoded for many,
    /// compressed ones, pongs.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection, EncodedMessage};
    ///
    /// let mut out = [0; 16];
    /// let message = EncodedMessage::encode("Hello", &mut out)?;
    /// let mut connection = Connection::server(Config::new());
    /// connection.send_half().send_encoded(&message)?; // and transmit message.as_bytes()
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn send_half(&mut self) -> &mut SendHalf<K> {
        &mut self.sender
    }

    /// The receiving half, to ask it.
    #[must_use]
    #[inline]
    pub const fn receive_half(&self) -> &ReceiveHalf {
        &self.receiver
    }

    /// The halves, for programs that read and write at the same time: they have to pass every
    /// [`ReceiveHalf::take_signal`] to [`SendHalf::signal`].
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    ///
    /// let (receiver, sender) = Connection::server(Config::new()).split();
    /// let connection = Connection::join(receiver, sender);
    /// assert!(!connection.wants_transmit());
    /// ```
    #[must_use]
    pub fn split(self) -> (ReceiveHalf, SendHalf<K>) {
        (self.receiver, self.sender)
    }

    /// Joins two halves again that [`split`](Self::split) has given.
    #[must_use]
    pub fn join(receiver: ReceiveHalf, sender: SendHalf<K>) -> Self {
        let mut joined = Self { receiver, sender };
        joined.relay_signals();
        joined
    }

    /// Passes on what an event means for sending. Payload means nothing to the sender.
    #[inline]
    fn relay<D>(&mut self, event: Option<Event<D>>) -> Option<Event<D>> {
        if !matches!(event, Some(Event::Data(_))) {
            self.relay_signals();
        }
        event
    }

    #[inline]
    fn relay_signals(&mut self) {
        while let Some(signal) = self.receiver.take_signal() {
            self.sender.signal(signal);
        }
    }
}

impl<K> fmt::Debug for Connection<K> {
    /// Nothing of the keys, nor of what is received or queued.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("receiver", &self.receiver).field("sender", &self.sender).finish()
    }
}
