//! Whole messages from fragments: in storage of the caller's, or in a buffer that grows.
//!
//! Neither is needed for a message that lies whole in the read buffer: [`Fragment::as_message`] lends it from there.

mod slice;

#[cfg(feature = "alloc")]
mod buffer;
#[cfg(feature = "deflate")]
mod inflating;

#[cfg(feature = "alloc")]
pub use buffer::MessageBuffer;
pub use slice::MessageSlice;

#[cfg(doc)]
use crate::event::Fragment;

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed: a message is whole, or it is not")]
pub enum Assembly {
    /// More fragments follow.
    Incomplete,
    /// The message is whole, and can be taken until the next fragment is pushed.
    Complete,
}
