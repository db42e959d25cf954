// Read first: RFC 7692 §7.1.1, §7.2.2.

use super::MessageBuffer;
use super::content::Content;
use super::inflating::Inflated;
use super::storage::{Position, Storage as _};
use crate::deflate::Inflater;
use crate::error::{Fault, Limit};
use crate::event::{PartNumber, Payload};
use crate::frame::Fin;

/// An inflater, and what its window holds.
pub(super) struct Inflation {
    pub(super) inflater: Inflater,
    /// The last part of the last message that was inflated to its end.
    pub(super) last: PartNumber,
    /// A message was begun and not inflated to its end.
    pub(super) is_unfinished: bool,
}

impl Inflation {
    /// Whether a compressed message can be inflated: all of it is to come here, and what it may refer to was inflated here.
    pub(super) fn begin(&mut self, position: Position) -> bool {
        if !position.is_first {
            return false;
        }
        let is_first = position.part == PartNumber::FIRST;
        // RFC 7692 §7.1.1: the first message, and without context takeover each, begins with an empty window.
        let needs_window = !is_first && self.inflater.keeps_window();
        if needs_window && (self.is_unfinished || position.part != self.last.next()) {
            return false;
        }
        if self.is_unfinished || is_first && self.last != PartNumber::NONE {
            self.inflater.release();
        }
        self.is_unfinished = true;
        true
    }

    pub(super) fn end(&mut self, last: PartNumber) {
        self.last = last;
        self.is_unfinished = false;
        // RFC 7692 §7.1.1: without context takeover nothing has to be kept from one message to the next.
        if !self.inflater.keeps_window() {
            self.inflater.release();
        }
    }
}

/// Compressed messages a part at a time.
impl MessageBuffer {
    /// Whether another part can be inflated without more payload.
    pub(crate) fn has_pending_part(&self) -> bool {
        matches!(&self.content, Content::Inflating(inflating) if inflating.has_pending())
    }

    /// Takes the next payload of a compressed message that is given out in parts.
    pub(crate) fn push_part(&mut self, payload: &[u8], fin: Fin, position: Position) -> Result<(), Fault> {
        self.begin(position);
        // Otherwise it was begun where it could not be inflated.
        let Content::Inflating(inflating) = &mut self.content else { return Err(Limit::Compressed.into()) };
        inflating.push_pending(payload, fin)
    }

    /// Inflates the next part, which is lent by [`part`](Self::part); `None` where more payload is needed.
    pub(crate) fn inflate_part(&mut self) -> Result<Option<Inflated>, Fault> {
        let (Content::Inflating(inflating), Some(inflation)) = (&mut self.content, &mut self.inflation)
        else {
            return Ok(None);
        };
        let inflated = inflating.next_part(&mut inflation.inflater)?;
        if inflated.is_some_and(|inflated| inflated.is_last) {
            inflation.end(self.part);
            // Nothing is appended to it any more.
            self.assembly = None;
        }
        Ok(inflated)
    }

    /// The part that was inflated last.
    pub(crate) fn part(&self) -> Result<Payload<'_>, Fault> {
        let Content::Inflating(inflating) = &self.content else { return Ok(Payload::Binary(&[])) };
        Ok(inflating.part()?)
    }
}
