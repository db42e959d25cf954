use super::{ReceiveHalf, State};
use crate::error::Fault;
use crate::event::Fragment;
use crate::input::Input;
use crate::message::Assemble;

/// What a session needs beyond events: what was found, before it is taken.
impl ReceiveHalf {
    /// Whether the message in progress is compressed.
    #[inline]
    pub(crate) fn is_compressed(&self) -> bool {
        self.message.is_some_and(|message| message.is_compressed)
    }

    /// Takes the payload that [`advance`](Self::advance) has found; `None` where that is only a part of a code point.
    pub(crate) fn take_found<'b>(&mut self, input: &mut Input<'b>) -> Result<Option<Fragment<'b>>, Fault> {
        self.take_fragment(input).map_err(|violation| self.failed(violation.into()))
    }

    /// Drops the payload that [`advance`](Self::advance) has found. Whether the message ends with it.
    pub(crate) fn drop_found(&mut self, input: &mut Input<'_>) -> Result<bool, Fault> {
        let piece = self.take_piece(input, usize::MAX).map_err(|violation| self.failed(violation.into()))?;
        Ok(piece.is_some_and(|piece| piece.is_last))
    }

    /// Whether nothing comes any more: the peer closed, broke the rules, or is gone.
    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Whether some of the message in progress was taken, and not all of that is in `message`.
    #[inline]
    pub(crate) fn is_taken_elsewhere(&self, message: &impl Assemble) -> bool {
        let is_begun = self.message.is_some_and(|begun| begun.is_reported);
        is_begun && self.position().is_some_and(|position| !message.holds(position))
    }
}
