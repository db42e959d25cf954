// Read first: RFC 6455 §5.3, §5.6, §8.1.

use super::{Next, ReceiveHalf, State, len_u64};
use crate::connection::frame_in_progress::FrameInProgress;
use crate::error::Fault;
use crate::event::{Fragment, MessageType, PartNumber, Payload, Piece};
use crate::frame::Violation;
use crate::input::Input;
use crate::message::{Assemble, Assembly};
use crate::utf8;

impl ReceiveHalf {
    /// Whether there is payload to be taken; moves on over frames that hold none.
    #[inline]
    pub(super) fn look_at_data(&mut self, input: &Input<'_>) -> Option<Next> {
        let arrived = len_u64(input.len().saturating_sub(usize::from(self.kept_len)));
        let FrameInProgress { remaining, is_final, .. } = self.frame;
        if remaining > 0 && arrived == 0 {
            return Some(Next::NeedInput);
        }
        if remaining == 0 && !is_final {
            // A frame without payload that ends nothing says nothing.
            self.state = State::Header;
            return None;
        }
        let is_whole = is_final
            && remaining <= arrived
            && self.message.is_some_and(|message| !message.is_reported && message.utf8.is_boundary());
        Some(if is_whole { Next::WholeMessage } else { Next::Fragment })
    }

    /// Unmasks the payload that has arrived, after the bytes that were kept. Returns how many bytes there are with
    /// those, and whether the message ends with them.
    #[inline]
    fn unmask_arrived(&mut self, input: &mut Input<'_>, len_max: usize) -> (usize, bool) {
        let kept_len = usize::from(self.kept_len);
        let arrived = input.len().saturating_sub(kept_len).min(len_max);
        let len = usize::try_from(self.frame.remaining).map_or(arrived, |remaining| remaining.min(arrived));
        let end = kept_len.saturating_add(len);
        if let Some(payload) = input.unread_mut().get_mut(kept_len..end) {
            self.frame.apply_mask(payload);
        }
        self.frame.remaining = self.frame.remaining.saturating_sub(len_u64(len));
        self.kept_len = 0;
        (end, self.frame.remaining == 0 && self.frame.is_final)
    }

    /// Takes the payload that has arrived, in the state `Data`; `None` where that is only a part of a code point.
    #[inline]
    pub(super) fn take_fragment<'b>(
        &mut self,
        input: &mut Input<'b>,
    ) -> Result<Option<Fragment<'b>>, Violation> {
        let Some(message) = self.message else { return Ok(None) };
        let payload = match message.message_type {
            message_type if message.is_compressed => {
                let (len, _) = self.unmask_arrived(input, usize::MAX);
                Payload::Compressed { message_type, bytes: input.take(len) }
            }
            MessageType::Binary => {
                let (len, _) = self.unmask_arrived(input, usize::MAX);
                Payload::Binary(input.take(len))
            }
            MessageType::Text if message.utf8.is_boundary() => {
                let (len, is_last) = self.unmask_arrived(input, usize::MAX);
                let arrived = input.unread().get(..len).unwrap_or_default();
                let incomplete = utf8::incomplete_len(arrived)?;
                // RFC 6455 §8.1: a text message that is not UTF-8 as a whole fails the connection.
                if is_last && incomplete > 0 {
                    return Err(Violation::InvalidUtf8);
                }
                self.kept_len = u8::try_from(incomplete).unwrap_or(0);
                Payload::Text(utf8::from_utf8(input.take(len.saturating_sub(incomplete)))?)
            }
            MessageType::Text => return self.take_rest_of_code_point(input),
        };
        let taken_len = payload.as_bytes().len();
        Ok(self.report(taken_len).map(|Report { is_first, is_last, part }| Fragment {
            payload,
            is_first,
            is_last,
            part,
        }))
    }

    /// Takes the payload that has arrived, in the state `Data`, to where its message is assembled. Binary payload is
    /// unmasked on its way there.
    #[inline]
    pub(super) fn take_into<M: Assemble>(
        &mut self,
        input: &mut Input<'_>,
        storage: &mut M,
    ) -> Result<Option<Assembly>, Fault> {
        let Some(message) = self.message else { return Ok(None) };
        if message.is_compressed || message.message_type == MessageType::Text {
            let Some(position) = self.position() else { return Ok(None) };
            let Some(fragment) = self.take_fragment(input)? else { return Ok(None) };
            storage.begin(position);
            return storage.append(fragment).map(Some);
        }
        let Some(position) = self.position() else { return Ok(None) };
        let FrameInProgress { remaining, is_final, .. } = self.frame;
        let arrived = usize::try_from(remaining).map_or(input.len(), |remaining| remaining.min(input.len()));
        let payload = input.take(arrived);
        self.frame.remaining = remaining.saturating_sub(len_u64(arrived));
        let is_last = is_final && self.frame.remaining == 0;
        if self.report(arrived).is_none() {
            return Ok(None);
        }
        storage.begin(position);
        let assembly = if is_last { Assembly::Complete } else { Assembly::Incomplete };
        let assembled = storage.append_with(arrived, assembly, |room| {
            let copied = self.frame.apply_mask_into(payload, room);
            debug_assert_eq!(copied, arrived, "the room is as long as the payload");
        });
        assembled.map(Some)
    }

    /// The bytes of a code point whose first ones were given out as a piece.
    #[cold]
    fn take_rest_of_code_point<'b>(
        &mut self,
        input: &mut Input<'b>,
    ) -> Result<Option<Fragment<'b>>, Violation> {
        let piece = self.take_piece(input, 1)?;
        Ok(piece.map(|piece| Fragment {
            payload: Payload::Binary(piece.payload),
            is_first: piece.is_first,
            is_last: piece.is_last,
            part: self.part,
        }))
    }

    /// Takes at most `len_max` bytes of the payload that has arrived, in the state `Data`.
    #[inline]
    pub(super) fn take_piece<'b>(
        &mut self,
        input: &mut Input<'b>,
        len_max: usize,
    ) -> Result<Option<Piece<'b>>, Violation> {
        let Some(message) = self.message else { return Ok(None) };
        let (len, is_last) = self.unmask_arrived(input, len_max);
        let payload = input.take(len);
        // RFC 7692 §6.2: what is checked is what was inflated.
        if message.message_type == MessageType::Text && !message.is_compressed {
            let mut utf8 = message.utf8;
            utf8.push(payload)?;
            if is_last && !utf8.is_boundary() {
                return Err(Violation::InvalidUtf8);
            }
            if let Some(message) = &mut self.message {
                message.utf8 = utf8;
            }
        }
        let (message_type, is_compressed) = (message.message_type, message.is_compressed);
        let taken_len = payload.len();
        Ok(self.report(taken_len).map(|Report { is_first, is_last, .. }| Piece {
            payload,
            message_type,
            is_compressed,
            is_first,
            is_last,
        }))
    }

    /// Notes that payload was taken, and goes on after the frame where it was the last. `None` where it is not worth a
    /// report.
    #[inline]
    fn report(&mut self, taken_len: usize) -> Option<Report> {
        let is_frame_end = self.frame.remaining == 0;
        let is_last = is_frame_end && self.frame.is_final;
        let message = self.message.as_mut()?;
        let is_first = !message.is_reported;
        // Payload of no bytes that ends nothing says nothing.
        let is_worth_it = taken_len > 0 || is_last;
        message.is_reported |= is_worth_it;
        let is_compressed = message.is_compressed;
        if is_frame_end {
            self.state = State::Header;
        }
        if is_last {
            self.message = None;
        }
        is_worth_it.then(|| Report { is_first, is_last, part: self.next_part(is_compressed) })
    }
}

/// Where in its message the payload is that was taken.
struct Report {
    is_first: bool,
    is_last: bool,
    part: PartNumber,
}
