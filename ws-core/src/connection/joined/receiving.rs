use super::Connection;
use crate::connection::{Masking, Next};
use crate::event::{Event, Fragment, Payload, Piece};
use crate::frame::{CloseFrame, ControlPayload};
use crate::input::{Input, ReadBuffer};
use crate::message::{Assemble, Assembly};

impl<K: Masking> Connection<K> {
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
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::MessageSlice;
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let (mut buffer, mut message) = (ReadBuffer::new([0; 64]), MessageSlice::new([0; 4096]));
    /// // The first of 1,000 bytes of a binary message, masked with zeros.
    /// connection.spare(&mut buffer, &mut message)[..9].copy_from_slice(b"\x82\xfe\x03\xe8\0\0\0\0a");
    /// connection.filled(9, &mut buffer, &mut message);
    /// assert_eq!(connection.next_message(&mut buffer.input(), &mut message), None);
    /// assert_eq!(connection.spare(&mut buffer, &mut message).len(), 999, "the rest is read into the message");
    /// ```
    #[inline]
    pub fn spare<'s, S, M>(&mut self, buffer: &'s mut ReadBuffer<S>, message: &'s mut M) -> &'s mut [u8]
    where
        S: AsRef<[u8]> + AsMut<[u8]>,
        M: Assemble,
    {
        self.receiver.spare(buffer, message)
    }

    /// Says that `len` bytes were read into [`spare`](Self::spare). More than it has room for counts as its room.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::MessageSlice;
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let (mut buffer, mut message) = (ReadBuffer::new([0; 16]), MessageSlice::new([0; 64]));
    /// connection.spare(&mut buffer, &mut message)[..8].copy_from_slice(b"\x81\x82\0\0\0\0Hi"); // what is read
    /// connection.filled(8, &mut buffer, &mut message);
    /// let event = connection.next_message(&mut buffer.input(), &mut message);
    /// assert_eq!(event, Some(Event::Data(Payload::Text("Hi"))));
    /// ```
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
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::{Assembly, MessageSlice};
    ///
    /// // "He" and "y", fragments of a text message, masked with zeros.
    /// let bytes = *b"\x01\x82\0\0\0\0He\x80\x81\0\0\0\0y";
    /// let mut buffer = ReadBuffer::with_filled(bytes, bytes.len()).ok_or("too short")?;
    /// let (mut connection, mut message) = (Connection::server(Config::new()), MessageSlice::new([0; 64]));
    /// let mut input = buffer.input();
    /// for assembly in [Assembly::Incomplete, Assembly::Complete] {
    ///     assert!(connection.advance(&mut input).is_payload());
    ///     assert_eq!(connection.assemble(&mut input, &mut message), Some(Event::Data(assembly)));
    /// }
    /// assert_eq!(message.message(), Some(Payload::Text("Hey")));
    /// # Ok::<(), &str>(())
    /// ```
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
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // The first two of the three bytes of "€", masked with zeros.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x81\x83\0\0\0\0\xe2\x82", 8).ok_or("too short")?;
    /// let mut connection = Connection::server(Config::new());
    /// let Some(Event::Data(piece)) = connection.next_piece(&mut buffer.input()) else { return Err("no piece") };
    /// assert_eq!((&*piece.payload, piece.is_last), (&b"\xe2\x82"[..], false));
    /// assert_eq!(buffer.unread(), b"");
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn next_piece<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<Piece<'b>>> {
        let event = self.receiver.next_piece(input);
        self.relay(event)
    }

    /// Goes on to the next thing that the input holds, and lends nothing. Payload that it finds is taken by the next call
    /// of [`next_event`](Self::next_event), [`next_piece`](Self::next_piece) or [`assemble`](Self::assemble). What is
    /// found means for sending is queued.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection, Next};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A ping and the text message "Hi", masked with zeros.
    /// let bytes = *b"\x89\x80\0\0\0\0\x81\x82\0\0\0\0Hi";
    /// let mut buffer = ReadBuffer::with_filled(bytes, bytes.len()).ok_or("too short")?;
    /// let (mut connection, mut input) = (Connection::server(Config::new()), buffer.input());
    /// assert_eq!(connection.advance(&mut input), Next::Ping);
    /// assert!(connection.wants_transmit(), "the pong is queued");
    /// assert_eq!(connection.advance(&mut input), Next::WholeMessage);
    /// let Some(Event::Data(fragment)) = connection.next_event(&mut input) else { return Err("no message") };
    /// assert_eq!(fragment.as_message(), Some(Payload::Text("Hi")));
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn advance(&mut self, input: &mut Input<'_>) -> Next {
        let next = self.receiver.advance(input);
        self.relay_signals();
        next
    }

    /// The payload of the last ping, pong or Close, until the next call that takes input.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A pong, masked with zeros.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x8a\x82\0\0\0\0hi", 8).ok_or("too short")?;
    /// let mut connection = Connection::server(Config::new());
    /// assert_eq!(connection.next_event(&mut buffer.input()), Some(Event::Pong));
    /// assert_eq!(connection.control().as_bytes(), b"hi");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn control(&self) -> &ControlPayload {
        self.receiver.control()
    }

    /// The peer's Close, after [`Event::Close`].
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::Event;
    /// use ws_core::frame::{CloseCode, CloseFrame};
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A Close with code 1000 and a reason, masked with zeros.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x88\x85\0\0\0\0\x03\xe8bye", 11).ok_or("too short")?;
    /// let mut connection = Connection::server(Config::new());
    /// assert_eq!(connection.close_frame(), None);
    /// assert_eq!(connection.next_event(&mut buffer.input()), Some(Event::Close));
    /// assert_eq!(connection.close_frame(), CloseFrame::new(CloseCode::NORMAL, "bye"));
    /// # Ok::<(), &str>(())
    /// ```
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
}
