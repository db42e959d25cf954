use super::Assembly;
use crate::error::Fault;
use crate::event::{Fragment, MessageType, PartNumber, Payload};

/// Which part of a message comes next.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    pub(crate) part: PartNumber,
    pub(crate) message_type: MessageType,
    pub(crate) is_compressed: bool,
    /// Nothing of the message was taken before, in whatever way.
    pub(crate) is_first: bool,
}

/// How a receiver puts a message together. A fault leaves nothing of it.
pub trait Storage {
    /// Whether what comes just before this part is here, and nothing but that and what comes before it.
    fn holds(&self, position: Position) -> bool;

    /// Gets ready for this part, which is appended next. What does not belong before it is dropped.
    fn begin(&mut self, position: Position);

    /// Appends a fragment of the message that is there.
    fn append(&mut self, fragment: Fragment<'_>) -> Result<Assembly, Fault>;

    /// Appends `len` bytes of a binary message, which `write` writes to their place, so that they can be unmasked on the
    /// way there.
    fn append_with(
        &mut self,
        len: usize,
        assembly: Assembly,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Assembly, Fault>;

    /// At most `len_max` bytes of room after a binary message in progress, to read into; `None` where there is no such
    /// message, or no room. Room that is lent is a part, so that no other storage holds what comes before the next one.
    /// It is lent until the next part begins.
    fn spare(&mut self, len_max: usize) -> Option<&mut [u8]>;

    /// Appends the first `len` bytes of [`spare`](Self::spare), which do not end their message, and lends them to be
    /// unmasked. Lends nothing, and appends nothing, where that room is not there any more.
    fn filled(&mut self, len: usize) -> &mut [u8];

    /// The message, once it is complete.
    fn assembled(&self) -> Option<Payload<'_>>;

    /// Another message was given out elsewhere: what is here is the last one no more.
    fn forget(&mut self);
}
