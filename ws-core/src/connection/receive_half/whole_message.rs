// Read first: RFC 6455 §5.2.

use super::{ReceiveHalf, State};
use crate::event::{Event, Payload};
use crate::frame::{Mask, MaskKey, MaskRule, Violation};
use crate::input::Input;
use crate::utf8;

impl ReceiveHalf {
    /// The common case at the least cost: a message of less than 64 KiB in one frame, all of it in the input.
    ///
    /// Whatever is not that, or is not allowed, is left as it is for the state machine, which judges it byte by byte.
    #[cfg_attr(not(target_os = "none"), inline(always))]
    #[expect(
        clippy::inline_always,
        reason = "the call and its event in memory are a quarter of the instructions"
    )]
    pub(crate) fn whole_message<'b, D>(
        &mut self,
        input: &mut Input<'b>,
        as_data: impl FnOnce(Payload<'b>) -> D,
    ) -> Option<Event<D>> {
        let WholeFrame { first, header_len, payload_len, key } = self.whole_frame(input.unread())?;
        let payload = input.take_behind(header_len, payload_len)?;
        if let Some(key) = key {
            Mask::new(key).apply(payload);
        }
        Some(self.whole(first, payload, as_data))
    }

    /// Whether [`whole_message`](Self::whole_message) would find one.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(crate) fn has_whole_message(&self, bytes: &[u8]) -> bool {
        self.whole_frame(bytes).is_some_and(|WholeFrame { header_len, payload_len, .. }| {
            header_len.checked_add(payload_len).is_some_and(|end| end <= bytes.len())
        })
    }

    /// The header of a frame that is a message of less than 64 KiB.
    #[cfg_attr(not(target_os = "none"), inline(always))]
    #[expect(clippy::inline_always, reason = "a part of whole_message")]
    fn whole_frame(&self, bytes: &[u8]) -> Option<WholeFrame> {
        if !self.is_between_messages() {
            return None;
        }
        let [first @ (FINAL_TEXT | FINAL_BINARY), second, ref rest @ ..] = *bytes else {
            return None;
        };
        let len_7 = match self.mask_rule {
            MaskRule::Required => second.checked_sub(MASKED)?,
            MaskRule::Forbidden => second,
            MaskRule::Any => return None,
        };
        let (header_len, payload_len, rest) = if len_7 < self.short_len_end {
            (2, usize::from(len_7), rest)
        } else if len_7 == LEN_16 {
            let (len_16, rest) = rest.split_first_chunk()?;
            (4, self.allowed_len_16(*len_16)?, rest)
        } else {
            return None;
        };
        if self.mask_rule == MaskRule::Forbidden {
            return Some(WholeFrame { first, header_len, payload_len, key: None });
        }
        let key = Some(MaskKey::new(*rest.first_chunk()?));
        let header_len: usize = header_len;
        Some(WholeFrame { first, header_len: header_len.saturating_add(KEY_LEN), payload_len, key })
    }

    /// A length of 16 bits, where it needs them and is within the limits.
    #[inline]
    fn allowed_len_16(&self, len_16: [u8; 2]) -> Option<usize> {
        let len_16 = u16::from_be_bytes(len_16);
        let (announced, limits) = (u64::from(len_16), self.config.limits());
        // RFC 6455 §5.2: the minimal number of bytes must be used to encode the length.
        let is_allowed = announced > 125
            && announced <= limits.frame_len_max()
            && announced <= limits.message_len_max()
            && limits.fragment_count_max() > 0;
        is_allowed.then_some(usize::from(len_16))
    }

    /// Whether the next byte begins a message.
    #[inline]
    pub(crate) fn is_between_messages(&self) -> bool {
        self.state == State::Header && self.message.is_none() && self.header_len == 0
    }

    /// The message of a frame that has this first byte.
    #[cfg_attr(not(target_os = "none"), inline(always))]
    #[expect(clippy::inline_always, reason = "a part of whole_message")]
    fn whole<'b, D>(
        &mut self,
        first: u8,
        payload: &'b mut [u8],
        as_data: impl FnOnce(Payload<'b>) -> D,
    ) -> Event<D> {
        if first == FINAL_BINARY {
            return Event::Data(as_data(Payload::Binary(payload)));
        }
        match utf8::from_utf8(payload) {
            Ok(text) => Event::Data(as_data(Payload::Text(text))),
            Err(invalid) => Event::Failed(self.failed(Violation::from(invalid).into())),
        }
    }
}

/// The header of a frame that is a message.
struct WholeFrame {
    first: u8,
    /// With the key.
    header_len: usize,
    payload_len: usize,
    key: Option<MaskKey>,
}

/// FIN, no reserved bit, text.
const FINAL_TEXT: u8 = 0x81;
/// FIN, no reserved bit, binary.
const FINAL_BINARY: u8 = 0x82;
/// How many bytes a masking key has.
const KEY_LEN: usize = 4;
/// The bit of the second byte that says that a key follows.
const MASKED: u8 = 0x80;
/// The length of seven bits that says that it is in the next two bytes.
const LEN_16: u8 = 126;
