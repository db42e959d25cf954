//! What a connection reports: small values that borrow the read buffer and never the connection.
//!
//! [`Event`] is generic over the form in which payload comes: [`Fragment`]s and [`Piece`]s as they arrive, a [`Payload`]
//! of a whole message, or, from a session, a [`Message`](crate::message::Message).

#[cfg(feature = "alloc")]
use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::error::Fault;
use crate::frame::Fin;

/// Something that arrived; `D` is the form in which payload comes. At most 32 bytes; borrows the bytes it arrived in and
/// nothing else, except for messages that were assembled.
///
/// ```
/// use ws_core::connection::{Config, Connection};
/// use ws_core::event::Event;
/// use ws_core::input::ReadBuffer;
///
/// // A masked ping and a masked Close with code 1000.
/// let bytes = *b"\x89\x82\0\0\0\0hi\x88\x82\0\0\0\0\x03\xe8";
/// let mut buffer = ReadBuffer::with_filled(bytes, bytes.len()).ok_or("too short")?;
/// let mut connection = Connection::server(Config::new());
/// let mut input = buffer.input();
/// assert_eq!(connection.next_event(&mut input), Some(Event::Ping));
/// assert_eq!(connection.control().as_bytes(), b"hi");
/// assert_eq!(connection.next_event(&mut input), Some(Event::Close));
/// assert_eq!(connection.next_event(&mut input), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<D> {
    /// The next part of a message, or all of it.
    Data(D),
    /// A ping; its payload is in [`control()`](crate::connection::ReceiveHalf::control) until the next call. The pong
    /// is queued already unless the configuration leaves pongs to the caller.
    Ping,
    /// A pong; its payload is in [`control()`](crate::connection::ReceiveHalf::control) until the next call.
    Pong,
    /// The peer's Close, always valid; [`close_frame()`](crate::connection::ReceiveHalf::close_frame) has its code and
    /// reason. Nothing comes after it.
    Close,
    /// The connection failed. Comes once, and nothing comes after it; the Close that says so is queued already.
    Failed(Fault),
}

#[cfg(feature = "alloc")]
impl<D> Event<D> {
    /// The data, or the event that has none.
    pub(crate) fn into_data<E>(self) -> Result<D, Event<E>> {
        match self {
            Self::Data(data) => Ok(data),
            Self::Ping => Err(Event::Ping),
            Self::Pong => Err(Event::Pong),
            Self::Close => Err(Event::Close),
            Self::Failed(fault) => Err(Event::Failed(fault)),
        }
    }
}

/// A part of a message as it arrived: the bytes of one read at most, never of more than one frame.
///
/// Where a message is cut says nothing (RFC 6455 §5.4): a message is its fragments from the one with `is_first`
/// to the one with `is_last`, joined.
///
/// ```
/// use ws_core::connection::{Config, ReceiveHalf, Role};
/// use ws_core::event::{Event, Payload};
/// use ws_core::input::ReadBuffer;
///
/// // RFC 6455 §5.7: "Hel" and "lo", fragments of an unmasked text message.
/// let mut bytes = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
/// let mut buffer = ReadBuffer::with_filled(&mut bytes[..], 9).ok_or("too short")?;
/// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
/// let mut input = buffer.input();
/// let Some(Event::Data(first)) = receiver.next_event(&mut input) else { return Err("no fragment") };
/// assert_eq!((first.payload, first.is_first, first.is_last), (Payload::Text("Hel"), true, false));
/// let Some(Event::Data(last)) = receiver.next_event(&mut input) else { return Err("no fragment") };
/// assert_eq!((last.payload, last.is_first, last.is_last), (Payload::Text("lo"), false, true));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fragment<'b> {
    /// The bytes, unmasked and, in a text message, checked. Text is cut between code points.
    pub payload: Payload<'b>,
    /// Nothing of this message was reported before.
    pub is_first: bool,
    /// The message ends here.
    pub is_last: bool,
    /// Which part of what arrives it is, so that nothing joins parts of two messages, or leaves one out.
    pub(crate) part: PartNumber,
}

impl<'b> Fragment<'b> {
    /// How to send this fragment on: as the final one of its message, or as one of more.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::Event;
    /// use ws_core::frame::Fin;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // The first fragment of a text message, masked with zeros, is sent back as it came.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x01\x82\0\0\0\0Hi", 8).ok_or("too short")?;
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 16]);
    /// let Some(Event::Data(fragment)) = connection.next_event(&mut buffer.input()) else { return Err("none".into()) };
    /// assert_eq!(fragment.fin(), Fin::More);
    /// let len = connection.send_fragment(fragment.payload, fragment.fin(), &mut out)?;
    /// assert_eq!(out[..len], *b"\x01\x02Hi");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn fin(&self) -> Fin {
        if self.is_last { Fin::Final } else { Fin::More }
    }

    /// The whole message, if this fragment is all of it.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A message in one frame, and the first fragment of another.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x81\x02Hi\x01\x02He", 8).ok_or("too short")?;
    /// let (mut receiver, mut input) = (ReceiveHalf::new(Role::Client, Config::new()), buffer.input());
    /// let Some(Event::Data(whole)) = receiver.next_event(&mut input) else { return Err("no fragment") };
    /// assert_eq!(whole.as_message(), Some(Payload::Text("Hi")));
    /// let Some(Event::Data(first)) = receiver.next_event(&mut input) else { return Err("no fragment") };
    /// assert_eq!(first.as_message(), None);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn as_message(&self) -> Option<Payload<'b>> {
        (self.is_first && self.is_last).then_some(self.payload)
    }
}

/// The number of a part of a message among those that were taken of a connection, in whatever way; parts of compressed
/// messages are counted apart.
///
/// The part after another that is not the first of its message belongs to the same message, and nothing is between them.
/// The compressed part after the last one of a message begins the next compressed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PartNumber(u32);

impl PartNumber {
    /// No part: what comes before the first, and messages that came whole.
    pub(crate) const NONE: Self = Self(0);

    /// The first part.
    #[cfg(feature = "deflate")]
    pub(crate) const FIRST: Self = Self(1);

    /// The number of the part after this one. A connection has one first part, so the count skips it when it starts over.
    #[must_use]
    #[inline]
    pub(crate) const fn next(self) -> Self {
        match self.0.checked_add(1) {
            Some(number) => Self(number),
            None => Self(2),
        }
    }
}

/// Text or binary payload, of a fragment or of a whole message (RFC 6455 §5.6).
///
/// ```
/// use ws_core::event::{MessageType, Payload};
///
/// let payload = Payload::from("Hello");
/// assert_eq!((payload.as_bytes(), payload.message_type()), (b"Hello".as_slice(), MessageType::Text));
/// assert_eq!(Payload::from(&[1, 2, 3]), Payload::Binary(&[1, 2, 3]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "closed: the types of RFC 6455 §5.6, and what RFC 7692 makes of them"
)]
pub enum Payload<'b> {
    /// Of a text message: UTF-8, by type.
    Text(&'b str),
    /// Of a binary message.
    Binary(&'b [u8]),
    /// Of a message that permessage-deflate compressed (RFC 7692 §6), as it was on the wire. Comes only where the
    /// extension was negotiated, and has to be inflated, by [`MessageBuffer`](crate::message::MessageBuffer) or by
    /// the caller, before it means anything: its text is not checked yet.
    Compressed {
        /// What it is once inflated.
        message_type: MessageType,
        /// Raw deflate data.
        bytes: &'b [u8],
    },
}

impl<'b> Payload<'b> {
    /// The bytes; those of a compressed payload as they are on the wire.
    ///
    /// ```
    /// use ws_core::event::Payload;
    ///
    /// assert_eq!(Payload::Text("ü").as_bytes(), [0xc3, 0xbc]);
    /// assert_eq!(Payload::Binary(&[1, 2]).as_bytes(), [1, 2]);
    /// ```
    #[must_use]
    #[inline]
    pub const fn as_bytes(&self) -> &'b [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) | Self::Compressed { bytes, .. } => bytes,
        }
    }

    /// The type of the message; of a compressed one, the type that it has once inflated.
    ///
    /// ```
    /// use ws_core::event::{MessageType, Payload};
    ///
    /// // RFC 7692 §7.2.3.1: "Hello", compressed.
    /// let bytes = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    /// let payload = Payload::Compressed { message_type: MessageType::Text, bytes };
    /// assert_eq!(payload.message_type(), Payload::from("Hello").message_type());
    /// ```
    #[must_use]
    #[inline]
    pub const fn message_type(&self) -> MessageType {
        match self {
            Self::Text(_) => MessageType::Text,
            Self::Binary(_) => MessageType::Binary,
            Self::Compressed { message_type, .. } => *message_type,
        }
    }

    /// The first `len` bytes and the rest, each of the same type: what was not sent of a payload is sent next.
    ///
    /// All of it is the first part where there are no more than `len` bytes. Text is cut at the last character boundary
    /// up to `len`.
    ///
    /// ```
    /// use ws_core::event::Payload;
    ///
    /// assert_eq!(Payload::from("Grüße").split_at(3), ("Gr".into(), "üße".into()));
    /// assert_eq!(Payload::from(&[1, 2]).split_at(9), ((&[1, 2]).into(), (&[]).into()));
    /// ```
    #[must_use]
    pub fn split_at(&self, len: usize) -> (Self, Self) {
        match *self {
            Self::Text(text) => {
                let mut end = len.min(text.len());
                while !text.is_char_boundary(end) {
                    end = end.saturating_sub(1);
                }
                let (first, rest) = text.split_at_checked(end).unwrap_or((text, ""));
                (Self::Text(first), Self::Text(rest))
            }
            Self::Binary(bytes) => {
                let (first, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
                (Self::Binary(first), Self::Binary(rest))
            }
            Self::Compressed { message_type, bytes } => {
                let (first, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
                let part = |bytes| Self::Compressed { message_type, bytes };
                (part(first), part(rest))
            }
        }
    }

    /// Whether the bytes are compressed by permessage-deflate.
    ///
    /// ```
    /// use ws_core::event::{MessageType, Payload};
    ///
    /// assert!(!Payload::from("Hello").is_compressed());
    /// assert!(Payload::Compressed { message_type: MessageType::Text, bytes: &[0x00] }.is_compressed());
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_compressed(&self) -> bool {
        matches!(self, Self::Compressed { .. })
    }
}

impl<'b> From<&'b str> for Payload<'b> {
    #[inline]
    fn from(text: &'b str) -> Self {
        Self::Text(text)
    }
}

impl<'b> From<&'b [u8]> for Payload<'b> {
    #[inline]
    fn from(bytes: &'b [u8]) -> Self {
        Self::Binary(bytes)
    }
}

impl<'b, const N: usize> From<&'b [u8; N]> for Payload<'b> {
    #[inline]
    fn from(bytes: &'b [u8; N]) -> Self {
        Self::Binary(bytes)
    }
}

#[cfg(feature = "alloc")]
impl<'b> From<&'b String> for Payload<'b> {
    #[inline]
    fn from(text: &'b String) -> Self {
        Self::Text(text)
    }
}

#[cfg(feature = "alloc")]
impl<'b> From<&'b Vec<u8>> for Payload<'b> {
    #[inline]
    fn from(bytes: &'b Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

impl fmt::Debug for Payload<'_> {
    /// The variant and the length, and nothing of what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Text(_) => "Text",
            Self::Binary(_) => "Binary",
            Self::Compressed { message_type: MessageType::Text, .. } => "CompressedText",
            Self::Compressed { message_type: MessageType::Binary, .. } => "CompressedBinary",
        };
        write!(f, "{name}({} bytes)", self.as_bytes().len())
    }
}

/// The two types of messages (RFC 6455 §5.6).
///
/// ```
/// use ws_core::event::MessageType;
/// use ws_core::message::Message;
///
/// assert_eq!(Message::from("Hello").message_type(), MessageType::Text);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: the other data opcodes are reserved")]
pub enum MessageType {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}

/// A part of a message as bytes, mutable, so that a relay can mask it again in place.
///
/// Unlike [`Fragment`] it may begin or end within a code point of a text message; the bytes are checked all the same.
///
/// ```
/// use ws_core::connection::{Config, ReceiveHalf, Role};
/// use ws_core::event::{Event, MessageType};
/// use ws_core::input::ReadBuffer;
///
/// // The first two of the three bytes of "€".
/// let mut bytes = [0x81, 0x03, 0xe2, 0x82];
/// let mut buffer = ReadBuffer::with_filled(&mut bytes[..], 4).ok_or("too short")?;
/// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
/// let Some(Event::Data(piece)) = receiver.next_piece(&mut buffer.input()) else { return Err("no piece") };
/// assert_eq!((piece.message_type, piece.payload.len()), (MessageType::Text, 2));
/// assert!(piece.is_first && !piece.is_last);
/// # Ok::<(), &str>(())
/// ```
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub struct Piece<'b> {
    /// The unmasked bytes.
    pub payload: &'b mut [u8],
    /// The type of the message.
    pub message_type: MessageType,
    /// The bytes are compressed by permessage-deflate, and text is not checked yet; see [`Payload::Compressed`].
    pub is_compressed: bool,
    /// Nothing of this message was reported before.
    pub is_first: bool,
    /// The message ends here.
    pub is_last: bool,
}

impl fmt::Debug for Piece<'_> {
    /// The length of the payload, and nothing of what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("payload_len", &self.payload.len())
            .field("message_type", &self.message_type)
            .field("is_compressed", &self.is_compressed)
            .field("is_first", &self.is_first)
            .field("is_last", &self.is_last)
            .finish()
    }
}
