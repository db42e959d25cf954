// Read first: RFC 7692 §6.2.

use alloc::vec::Vec;
use core::mem;

use crate::deflate::{InflateStatus, Inflater};
use crate::error::{Fault, Limit, Violation};
use crate::event::{MessageType, Payload};
use crate::frame::Fin;
use crate::utf8::{self, Utf8};

/// A compressed message on its way to what it says: as a whole, or a part at a time.
pub(super) struct Inflating {
    pub(super) message_type: MessageType,
    /// What has been inflated is `..len`; the rest is room.
    bytes: Vec<u8>,
    len: usize,
    /// Text that was inflated before the message is whole, so that a fault in it is found as early as it can be. The
    /// whole message is validated once more, when it becomes a `String`.
    utf8: Utf8,
    /// Where the message is given out in parts.
    parts: Option<Parts>,
}

/// How far a message was given out in parts.
struct Parts {
    /// A part was given out.
    is_begun: bool,
    /// How much of the inflated bytes was given out by the last call.
    given_len: usize,
    /// Compressed payload that was taken from the input and is not inflated yet, and whether it ends the message.
    pending: Vec<u8>,
    fin: Fin,
    /// What the inflater said last: it may have more to give without more payload.
    status: InflateStatus,
}

impl Parts {
    const fn new() -> Self {
        Self {
            is_begun: false,
            given_len: 0,
            pending: Vec::new(),
            fin: Fin::More,
            status: InflateStatus::NeedsInput,
        }
    }
}

/// A part of a message that was inflated and can be lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inflated {
    pub(crate) is_first: bool,
    pub(crate) is_last: bool,
}

impl Inflating {
    /// Begins a message in the allocation of `bytes`, with what is in it as room.
    pub(super) fn new(message_type: MessageType, mut bytes: Vec<u8>) -> Self {
        // A message as long as the one before needs more room than that: a byte to tell that nothing follows, and for the
        // fast loop of zlib as much as the longest match may take.
        let room_len = bytes.len().saturating_add(ROOM_BEYOND).min(bytes.capacity());
        bytes.resize(room_len, 0);
        Self { message_type, bytes, len: 0, utf8: Utf8::new(), parts: None }
    }

    /// Inflates a fragment. The inflater judges the length, and text is judged as it comes out.
    pub(super) fn push(&mut self, mut input: &[u8], fin: Fin, inflater: &mut Inflater) -> Result<(), Fault> {
        let is_text = self.message_type == MessageType::Text;
        loop {
            let mut utf8 = self.utf8;
            let room = self.room(usize::MAX, inflater.remaining_len())?;
            let step = inflater.inflate(input, fin, room)?;
            if is_text && step.status != InflateStatus::Done {
                // RFC 7692 §6.2: the payload of a text message is what was inflated.
                utf8.push(room.get(..step.written).unwrap_or_default()).map_err(Violation::from)?;
            }
            self.utf8 = utf8;
            self.len = self.len.saturating_add(step.written);
            input = input.get(step.taken..).unwrap_or_default();
            match step.status {
                InflateStatus::NeedsOutput => {}
                InflateStatus::NeedsInput | InflateStatus::Done => return Ok(()),
            }
        }
    }

    /// Takes the next payload of a message that is given out in parts.
    pub(super) fn push_pending(&mut self, payload: &[u8], fin: Fin) -> Result<(), Fault> {
        let parts = self.parts.get_or_insert_with(Parts::new);
        debug_assert!(parts.pending.is_empty(), "it is asked for once that is used up");
        parts.pending.try_reserve(payload.len()).map_err(|_full| Limit::MessageLen)?;
        parts.pending.extend_from_slice(payload);
        parts.fin = fin;
        parts.status = InflateStatus::NeedsOutput;
        Ok(())
    }

    /// Inflates the next part, and forgets the one before; `None` where more payload is needed.
    pub(super) fn next_part(&mut self, by: &mut Inflater) -> Result<Option<Inflated>, Fault> {
        let mut parts = self.parts.take().unwrap_or_else(Parts::new);
        // What is kept is a part of a code point, or what was assembled before parts were asked for.
        self.bytes.copy_within(parts.given_len..self.len, 0);
        self.len = self.len.saturating_sub(parts.given_len);
        self.inflate_part(&mut parts, by)?;
        let is_last = parts.status == InflateStatus::Done;
        parts.given_len = self.lendable_len(is_last)?;
        let inflated = Inflated { is_first: !parts.is_begun, is_last };
        let has_part = parts.given_len > 0 || is_last;
        parts.is_begun |= has_part;
        self.parts = Some(parts);
        Ok(has_part.then_some(inflated))
    }

    fn inflate_part(&mut self, parts: &mut Parts, inflater: &mut Inflater) -> Result<(), Fault> {
        while parts.status == InflateStatus::NeedsOutput && self.len < PART_LEN_MAX {
            let room = self.room(PART_LEN_MAX, inflater.remaining_len())?;
            let step = match inflater.inflate(&parts.pending, parts.fin, room) {
                Ok(step) => step,
                Err(fault) => {
                    // A fault in the text before it comes first, as it does in a message that is inflated as a whole.
                    let _text = self.checked(self.lendable_len(false)?)?;
                    return Err(fault);
                }
            };
            self.len = self.len.saturating_add(step.written);
            parts.pending.drain(..step.taken.min(parts.pending.len()));
            parts.status = step.status;
        }
        Ok(())
    }

    /// How many of the inflated bytes can be lent: of text no part of a code point.
    fn lendable_len(&self, is_done: bool) -> Result<usize, Violation> {
        if self.message_type == MessageType::Binary {
            return Ok(self.len);
        }
        let incomplete_len = utf8::incomplete_len(self.bytes.get(..self.len).unwrap_or_default())?;
        // RFC 6455 §8.1: a text message that is not UTF-8 as a whole fails the connection.
        if is_done && incomplete_len > 0 {
            return Err(Violation::InvalidUtf8);
        }
        Ok(self.len.saturating_sub(incomplete_len))
    }

    /// The part that was inflated last.
    pub(super) fn part(&self) -> Result<Payload<'_>, Violation> {
        self.checked(self.parts.as_ref().map_or(0, |parts| parts.given_len))
    }

    /// The first `len` bytes that were inflated, which do not end within a code point of text.
    fn checked(&self, len: usize) -> Result<Payload<'_>, Violation> {
        let bytes = self.bytes.get(..len).unwrap_or_default();
        Ok(match self.message_type {
            MessageType::Text => Payload::Text(utf8::from_utf8(bytes)?),
            MessageType::Binary => Payload::Binary(bytes),
        })
    }

    /// Says that the message is wanted as a whole. Whether parts of it were given out, and others would follow.
    pub(super) fn ask_whole(&mut self) -> bool {
        match &self.parts {
            None => false,
            Some(parts) if parts.is_begun => parts.status != InflateStatus::Done,
            Some(parts) => {
                debug_assert!(
                    parts.pending.is_empty() && parts.status != InflateStatus::NeedsOutput,
                    "it is inflated as it comes"
                );
                self.parts = None;
                // Of text there is a part of a code point at most.
                let mut utf8 = Utf8::new();
                let _incomplete = utf8.push(self.bytes.get(..self.len).unwrap_or_default());
                self.utf8 = utf8;
                false
            }
        }
    }

    /// Whether a part can be inflated without more payload.
    pub(super) fn has_pending(&self) -> bool {
        self.parts.as_ref().is_some_and(|parts| parts.status == InflateStatus::NeedsOutput)
    }

    /// What was inflated; nothing is left.
    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.len = 0;
        mem::take(&mut self.bytes)
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// At least a byte of room, and not more than `len_max` bytes in all; twice what there was, once that is full.
    fn room(&mut self, len_max: usize, remaining_len: u64) -> Result<&mut [u8], Fault> {
        if self.len == self.bytes.len() {
            // No more than the message may still become.
            let remaining_len = usize::try_from(remaining_len).unwrap_or(usize::MAX);
            let added = self.bytes.len().max(ROOM_LEN_MIN).min(remaining_len).saturating_add(ROOM_BEYOND);
            self.bytes.try_reserve_exact(added).map_err(|_full| Limit::MessageLen)?;
            self.bytes.resize(self.bytes.capacity(), 0);
        }
        let end = self.bytes.len().min(len_max);
        Ok(self.bytes.get_mut(self.len..end).unwrap_or_default())
    }
}

/// The first allocation, in bytes: about what a short message inflates to.
const ROOM_LEN_MIN: usize = 1024;

/// More room than what comes, in bytes; a match is at most 258 bytes long.
const ROOM_BEYOND: usize = 320;

/// The longest part that is inflated at once, in bytes.
const PART_LEN_MAX: usize = 16 * 1024;
