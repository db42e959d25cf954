use super::Assembly;
use crate::error::Fault;
use crate::event::{Fragment, Payload};

/// A part of a binary message that is not where it belongs yet.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// In bytes.
    pub(crate) len: usize,
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
}

/// How a receiver puts a message together. A fault leaves nothing of it.
pub trait Storage {
    /// Appends a fragment. The first one of a message takes the place of the message before.
    fn append(&mut self, fragment: Fragment<'_>) -> Result<Assembly, Fault>;

    /// The same with a part of a binary message, which `write` writes to its place, so that it can be unmasked on its way.
    fn append_part(&mut self, part: Part, write: impl FnOnce(&mut [u8])) -> Result<Assembly, Fault>;

    /// At most `len_max` bytes of room behind a binary message in progress, to read into; `None` where there is no such
    /// message, or no room.
    fn spare(&mut self, len_max: usize) -> Option<&mut [u8]>;

    /// Appends the first `len` bytes of [`spare`](Self::spare), as a part that is not the last.
    fn filled(&mut self, len: usize);

    /// The message, once it is complete.
    fn assembled(&self) -> Option<Payload<'_>>;
}
