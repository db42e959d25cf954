// Read first: RFC 7692 §6.2.

use alloc::vec::Vec;
use core::mem;

use crate::deflate::{InflateStatus, Inflater};
use crate::error::{Fault, Limit, Violation};
use crate::event::MessageType;
use crate::frame::Fin;
use crate::utf8::Utf8;

/// A compressed message on its way to what it says.
pub(super) struct Inflating {
    pub(super) message_type: MessageType,
    /// What has been inflated is `..len`; the rest is room.
    bytes: Vec<u8>,
    len: usize,
    /// Text that was inflated before the message is whole, so that a fault in it is found as early as it can be. The
    /// whole message is validated once more, when it becomes a `String`.
    utf8: Utf8,
}

impl Inflating {
    /// Begins a message in the allocation of `bytes`, with what is in it as room.
    pub(super) fn new(message_type: MessageType, mut bytes: Vec<u8>) -> Self {
        // A message as long as the one before needs more room than that: a byte to tell that nothing follows, and for the
        // fast loop of zlib as much as the longest match may take.
        let room_len = bytes.len().saturating_add(ROOM_BEYOND).min(bytes.capacity());
        bytes.resize(room_len, 0);
        Self { message_type, bytes, len: 0, utf8: Utf8::new() }
    }

    /// Inflates a fragment. The inflater judges the length, and text is judged as it comes out.
    pub(super) fn push(&mut self, mut input: &[u8], fin: Fin, inflater: &mut Inflater) -> Result<(), Fault> {
        let is_text = self.message_type == MessageType::Text;
        loop {
            let mut utf8 = self.utf8;
            let room = self.room()?;
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

    /// What was inflated; nothing is left.
    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.len = 0;
        mem::take(&mut self.bytes)
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// At least a byte of room; twice what there was, once that is full.
    fn room(&mut self) -> Result<&mut [u8], Fault> {
        if self.len == self.bytes.len() {
            let added = self.bytes.len().max(ROOM_LEN_MIN).saturating_add(ROOM_BEYOND);
            self.bytes.try_reserve(added).map_err(|_full| Limit::MessageLen)?;
            self.bytes.resize(self.bytes.capacity(), 0);
        }
        Ok(self.bytes.get_mut(self.len..).unwrap_or_default())
    }
}

/// The first allocation, in bytes: about what a short message inflates to.
const ROOM_LEN_MIN: usize = 1024;

/// More room than what comes, in bytes; a match is at most 258 bytes long.
const ROOM_BEYOND: usize = 320;
