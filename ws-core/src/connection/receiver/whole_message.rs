// Read first: RFC 6455 §5.2.

use super::{Receiver, State};
use crate::event::{Event, Fragment, MessageType, Payload};
use crate::frame::{Mask, MaskKey, MaskRule, ReservedBits, Violation};
use crate::input::Input;
use crate::utf8;

impl Receiver {
    /// The common case at the least cost: a whole message of less than 64 KiB in one frame, all of it in the input.
    ///
    /// Whatever is not that, or is not allowed, is left as it is for the state machine, which judges it byte by byte.
    #[inline]
    pub(super) fn whole_message<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<Fragment<'b>>> {
        if self.state != State::Header || self.message.is_some() || self.header_len != 0 {
            return None;
        }
        let (first, header_len, payload_len, key) = match self.mask_rule {
            MaskRule::Required => masked_header(input.unread()),
            MaskRule::Forbidden => unmasked_header(input.unread()),
            MaskRule::Any => None,
        }?;
        let limits = self.config.limits();
        let announced = u64::from(payload_len);
        let is_within_limits = announced <= limits.frame_len_max()
            && announced <= limits.message_len_max()
            && limits.fragment_count_max() > 0;
        let payload_len = usize::from(payload_len);
        if !is_within_limits || input.len().saturating_sub(header_len) < payload_len {
            return None;
        }
        if first >= COMPRESSED_TEXT && self.config.reserved() == ReservedBits::NONE {
            return None;
        }
        let frame = input.take(header_len.saturating_add(payload_len));
        let payload = frame.get_mut(header_len..)?;
        if let Some(key) = key {
            Mask::new(key).apply(payload);
        }
        let payload = match first {
            FINAL_BINARY => Payload::Binary(payload),
            COMPRESSED_TEXT => Payload::Compressed { message_type: MessageType::Text, bytes: payload },
            COMPRESSED_BINARY => Payload::Compressed { message_type: MessageType::Binary, bytes: payload },
            _ => match utf8::from_utf8(payload) {
                Ok(text) => Payload::Text(text),
                Err(invalid) => return Some(Event::Failed(self.failed(Violation::from(invalid).into()))),
            },
        };
        Some(Event::Data(Fragment { payload, is_first: true, is_last: true }))
    }
}

/// First byte, length of the header, length of the payload, masking key.
type Header = (u8, usize, u16, Option<MaskKey>);

#[inline]
fn masked_header(bytes: &[u8]) -> Option<Header> {
    match *bytes {
        [
            first @ (FINAL_TEXT | FINAL_BINARY | COMPRESSED_TEXT | COMPRESSED_BINARY),
            second @ 0x80..=0xFD,
            a,
            b,
            c,
            d,
            ..,
        ] => Some((first, 6, u16::from(second & 0x7F), Some(MaskKey::new([a, b, c, d])))),
        [
            first @ (FINAL_TEXT | FINAL_BINARY | COMPRESSED_TEXT | COMPRESSED_BINARY),
            0xFE,
            high,
            low,
            a,
            b,
            c,
            d,
            ..,
        ] => Some((first, 8, len_16(high, low)?, Some(MaskKey::new([a, b, c, d])))),
        _ => None,
    }
}

#[inline]
fn unmasked_header(bytes: &[u8]) -> Option<Header> {
    match *bytes {
        [first @ (FINAL_TEXT | FINAL_BINARY | COMPRESSED_TEXT | COMPRESSED_BINARY), second @ ..=0x7D, ..] => {
            Some((first, 2, u16::from(second), None))
        }
        [first @ (FINAL_TEXT | FINAL_BINARY | COMPRESSED_TEXT | COMPRESSED_BINARY), 0x7E, high, low, ..] => {
            Some((first, 4, len_16(high, low)?, None))
        }
        _ => None,
    }
}

/// A length of 16 bits, where it needs them.
#[inline]
fn len_16(high: u8, low: u8) -> Option<u16> {
    // RFC 6455 §5.2: the minimal number of bytes must be used to encode the length.
    Some(u16::from_be_bytes([high, low])).filter(|&len| len > 125)
}

/// FIN, no reserved bit, text.
const FINAL_TEXT: u8 = 0x81;
/// FIN, no reserved bit, binary.
const FINAL_BINARY: u8 = 0x82;
/// FIN, RSV1, text (RFC 7692 §6).
const COMPRESSED_TEXT: u8 = 0xC1;
/// FIN, RSV1, binary.
const COMPRESSED_BINARY: u8 = 0xC2;
