use super::{ReceiveHalf, State, len_u64};
use crate::error::Fault;
use crate::event::{Fragment, MessageType};
use crate::input::Input;
use crate::message::Assemble;
use crate::utf8;

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

    /// Whether what has come of a frame's payload is more than the beginning of a code point, so that
    /// [`take_found`](Self::take_found) gives a fragment or a fault.
    pub(crate) fn has_text_to_lend(&self, input: &Input<'_>) -> bool {
        let Some(message) = self.message.filter(|message| {
            message.message_type == MessageType::Text && !message.is_compressed && message.utf8.is_boundary()
        }) else {
            return true;
        };
        debug_assert!(!message.is_compressed, "what is compressed is no text yet");
        let kept_len = usize::from(self.kept_len);
        let arrived_len = input.len().saturating_sub(kept_len);
        let mut frame = self.frame;
        let len =
            usize::try_from(frame.remaining).map_or(arrived_len, |remaining| remaining.min(arrived_len));
        let total_len = kept_len.saturating_add(len);
        let mut text = [0; CODE_POINT_LEN_MAX];
        let is_end = frame.is_final && len_u64(len) == frame.remaining;
        let (Some(text), Some(arrived), false) =
            (text.get_mut(..total_len), input.unread().get(..total_len), is_end)
        else {
            return true;
        };
        text.copy_from_slice(arrived);
        frame.apply_mask(text.get_mut(kept_len..).unwrap_or_default());
        // Four bytes are a code point, or none.
        total_len == CODE_POINT_LEN_MAX || utf8::incomplete_len(text) != Ok(total_len)
    }
}

/// The longest code point, in bytes (RFC 3629 §3).
const CODE_POINT_LEN_MAX: usize = 4;
