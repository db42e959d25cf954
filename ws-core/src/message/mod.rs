//! Whole messages from fragments: in storage of the caller's, or in a buffer that grows.
//!
//! [`next_message`](crate::connection::Connection::next_message) uses them only for messages that do not lie whole in
//! the read buffer, and lends the others from there.

mod slice;
mod storage;

#[cfg(feature = "alloc")]
mod buffer;
#[cfg(feature = "alloc")]
mod bytes;
#[cfg(feature = "deflate")]
mod inflating;

#[cfg(feature = "alloc")]
pub use buffer::MessageBuffer;
pub use slice::MessageSlice;
pub(crate) use storage::Part;

/// What messages are assembled in: [`MessageSlice`] and, with `alloc`, `MessageBuffer`. No other types are.
pub trait Assemble: storage::Storage {}

impl<T: storage::Storage> Assemble for T {}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed: a message is whole, or it is not")]
pub enum Assembly {
    /// More fragments follow.
    Incomplete,
    /// The message is whole, and can be taken until the next fragment is pushed.
    Complete,
}

impl Assembly {
    /// Behind a part of a message.
    const fn behind(is_last: bool) -> Self {
        if is_last { Self::Complete } else { Self::Incomplete }
    }
}
