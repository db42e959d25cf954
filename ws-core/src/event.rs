//! What a connection reports: small values that borrow the read buffer and never the connection.

use crate::error::Fault;
use crate::frame::Fin;

/// Something that arrived; `D` is a [`Fragment`], a [`Piece`], or the [`Payload`] of a whole message. At most 32 bytes;
/// borrows the bytes it arrived in and nothing else, but for messages that were assembled.
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

/// A part of a message as it arrived: the bytes of one read at most, never of more than one frame.
///
/// Where a message is cut says nothing (RFC 6455 §5.4): a message is its fragments from the one with `is_first`
/// to the one with `is_last`, joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fragment<'b> {
    /// The bytes, unmasked and, in a text message, checked. Text is cut between code points.
    pub payload: Payload<'b>,
    /// Nothing of this message was reported before.
    pub is_first: bool,
    /// The message ends here.
    pub is_last: bool,
}

impl<'b> Fragment<'b> {
    /// How to send the same again: as the final fragment, or as one of more.
    #[must_use]
    #[inline]
    pub const fn fin(&self) -> Fin {
        if self.is_last { Fin::Final } else { Fin::More }
    }

    /// The message, where this fragment is all of it.
    #[must_use]
    #[inline]
    pub fn as_message(&self) -> Option<Payload<'b>> {
        (self.is_first && self.is_last).then_some(self.payload)
    }
}

/// Text or binary payload, of a fragment or of a whole message (RFC 6455 §5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Payload<'b> {
    /// Of a text message: UTF-8, by type.
    Text(&'b str),
    /// Of a binary message.
    Binary(&'b [u8]),
    /// Of a message that permessage-deflate compressed (RFC 7692 §6), as it was on the wire. Comes only where the
    /// extension was negotiated, and is to be inflated, by [`MessageBuffer`](crate::message::MessageBuffer) or by
    /// the caller, before it means anything: text is not checked yet.
    Compressed {
        /// What it is once inflated.
        message_type: MessageType,
        /// Raw deflate data.
        bytes: &'b [u8],
    },
}

impl<'b> Payload<'b> {
    /// The bytes, compressed ones as they are.
    #[must_use]
    #[inline]
    pub const fn as_bytes(&self) -> &'b [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) | Self::Compressed { bytes, .. } => bytes,
        }
    }

    /// The type of the message.
    #[must_use]
    #[inline]
    pub const fn message_type(&self) -> MessageType {
        match self {
            Self::Text(_) => MessageType::Text,
            Self::Binary(_) => MessageType::Binary,
            Self::Compressed { message_type, .. } => *message_type,
        }
    }
}

/// The two types of messages (RFC 6455 §5.6).
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
#[derive(Debug, PartialEq, Eq)]
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
