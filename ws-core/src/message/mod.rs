//! Whole messages: the types that hold one, and how they are assembled from fragments.
//!
//! [`Message`] borrows a whole message, [`OwnedMessage`] owns one.
//! [`MessageSlice`] assembles messages in storage of the caller's, [`MessageBuffer`] in a buffer that grows.
//! [`next_message`](crate::connection::Connection::next_message) uses them only for messages that do not lie whole in
//! the read buffer, and lends the others from there.

mod slice;
mod storage;
mod value;

#[cfg(feature = "alloc")]
mod buffer;
#[cfg(feature = "alloc")]
mod bytes;
#[cfg(feature = "alloc")]
mod content;
#[cfg(feature = "deflate")]
mod inflating;
#[cfg(feature = "deflate")]
mod inflation;

#[cfg(feature = "alloc")]
pub use buffer::MessageBuffer;
#[cfg(feature = "deflate")]
pub(crate) use inflating::Inflated;
pub use slice::MessageSlice;
pub(crate) use storage::Position;
pub use value::Message;
#[cfg(feature = "alloc")]
pub use value::OwnedMessage;

use crate::event::Fragment;
#[cfg(feature = "alloc")]
use crate::event::{PartNumber, Payload};

/// What messages are assembled in: [`MessageSlice`] and, with the feature `alloc`, [`MessageBuffer`]. No other types
/// implement it.
///
/// ```
/// use ws_core::connection::{Config, Connection};
/// use ws_core::event::{Event, Payload};
/// use ws_core::input::ReadBuffer;
/// use ws_core::message::{Assemble, MessageSlice};
///
/// fn first_len(bytes: &mut [u8], storage: &mut impl Assemble) -> Option<usize> {
///     let len = bytes.len();
///     let mut buffer = ReadBuffer::with_filled(bytes, len)?;
///     match Connection::server(Config::new()).next_message(&mut buffer.input(), storage)? {
///         Event::Data(message) => Some(message.as_bytes().len()),
///         _ => None,
///     }
/// }
/// let mut fragments = *b"\x01\x82\0\0\0\0He\x80\x83\0\0\0\0llo";
/// assert_eq!(first_len(&mut fragments, &mut MessageSlice::new([0; 16])), Some(5));
/// ```
pub trait Assemble: storage::Storage {}

impl<T: storage::Storage> Assemble for T {}

/// How far a message is assembled.
///
/// ```
/// use ws_core::connection::{Config, ReceiveHalf, Role};
/// use ws_core::event::Event;
/// use ws_core::input::ReadBuffer;
/// use ws_core::message::{Assembly, MessageSlice};
///
/// let mut bytes = *b"\x01\x01a";
/// let mut buffer = ReadBuffer::with_filled(&mut bytes[..], 3).ok_or("too short")?;
/// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
/// let mut message = MessageSlice::new([0; 16]);
/// let Some(Event::Data(fragment)) = receiver.next_event(&mut buffer.input()) else { return Err("no fragment") };
/// assert_eq!(message.push(fragment, &mut receiver), Ok(Assembly::Incomplete));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed: a message is whole, or it is not")]
pub enum Assembly {
    /// More fragments follow.
    Incomplete,
    /// The message is whole, and can be taken until the next one takes its place.
    Complete,
}

#[cfg(feature = "alloc")]
impl<'b> Fragment<'b> {
    /// A whole message.
    pub(crate) const fn whole(payload: Payload<'b>) -> Self {
        Self { payload, is_first: true, is_last: true, part: PartNumber::NONE }
    }
}

impl Fragment<'_> {
    /// How far its message is once this fragment is appended.
    const fn assembly(&self) -> Assembly {
        if self.is_last { Assembly::Complete } else { Assembly::Incomplete }
    }

    /// Where it is among the parts of messages.
    fn position(&self) -> Position {
        Position {
            part: self.part,
            message_type: self.payload.message_type(),
            is_compressed: self.payload.is_compressed(),
            is_first: self.is_first,
        }
    }
}
