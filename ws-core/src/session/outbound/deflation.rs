// Read first: RFC 7692 §6.1, §7.2.1.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::connection::{Masking, SendHalf, Sent};
use crate::deflate::{CompressionLevel, DeflateSettings, Deflater, MemLevel};
use crate::error::SendError;
use crate::event::MessageType;
use crate::extension::Agreed;
use crate::frame::{Fin, FrameHeader};
use crate::message::Message;
use crate::session::Deflate;

/// Compresses what is sent.
// It keeps of the settings what a session needs: a session is counted in bytes.
pub(super) struct Deflation {
    agreed: Agreed,
    level: CompressionLevel,
    mem_level: MemLevel,
    threshold: usize,
    /// Made for the first message.
    deflater: Option<Box<Deflater>>,
    /// A compressed message was begun and has no final frame yet.
    is_in_message: bool,
}

impl Deflation {
    pub(super) const fn new(agreed: Agreed, settings: Deflate) -> Self {
        Self {
            agreed,
            level: settings.level(),
            mem_level: settings.mem_level(),
            threshold: settings.threshold(),
            deflater: None,
            is_in_message: false,
        }
    }

    pub(super) const fn agreed(&self) -> Agreed {
        self.agreed
    }

    pub(super) const fn threshold(&self) -> usize {
        self.threshold
    }

    pub(super) const fn is_in_message(&self) -> bool {
        self.is_in_message
    }

    /// Compresses a message, or a part of one, and appends it to `tail` in one frame. Returns how many bytes were appended:
    /// those of all of it, or with an error none.
    pub(super) fn send<K: Masking>(
        &mut self,
        send: &mut SendHalf<K>,
        message: Message<'_>,
        fin: Fin,
        tail: &mut Vec<u8>,
    ) -> Result<usize, SendError> {
        let start = tail.len();
        let len_max = deflated_len_max(message.len());
        let mut rest = message.as_bytes();
        loop {
            // There is room for all of it, so that once is enough.
            let done = self.send_frame(send, (message.message_type(), rest), fin, len_max, tail);
            debug_assert!(done.is_ok() || tail.len() == start, "the first frame holds all of it");
            let done = done?;
            rest = rest.get(done.taken..).unwrap_or_default();
            if done.is_complete {
                return Ok(tail.len().saturating_sub(start));
            }
        }
    }

    /// Compresses what fits into a frame of `len_max` bytes, and appends that to `tail`; with an error nothing.
    pub(super) fn send_frame<K: Masking>(
        &mut self,
        send: &mut SendHalf<K>,
        (message_type, payload): (MessageType, &[u8]),
        fin: Fin,
        len_max: usize,
        tail: &mut Vec<u8>,
    ) -> Result<Sent, SendError> {
        let start = tail.len();
        tail.try_reserve(len_max).map_err(|_full| SendError::OutOfMemory)?;
        tail.resize(start.saturating_add(len_max), 0);
        let deflater = self.deflater.get_or_insert_with(|| {
            let settings = DeflateSettings::from(self.agreed.outgoing());
            Box::new(Deflater::new(settings.with_level(self.level).with_mem_level(self.mem_level)))
        });
        let room = tail.get_mut(start..).unwrap_or_default();
        let done = send.send_deflated(message_type, payload, fin, deflater, room);
        tail.truncate(start.saturating_add(done.as_ref().map_or(0, |done| done.written)));
        let done = done?;
        self.is_in_message = !(done.is_complete && fin.is_final());
        // RFC 7692 §7.1.1: without context takeover nothing has to be kept from one message to the next.
        if !self.is_in_message && !self.agreed.outgoing().has_context_takeover() {
            self.deflater = None;
        }
        Ok(done)
    }

    /// Frees the memory, unless a message is in progress. The next message begins with an empty window.
    pub(super) fn release(&mut self) {
        if !self.is_in_message {
            self.deflater = None;
        }
    }

    /// A copy, where there is no context, which cannot be copied.
    pub(super) const fn try_clone(&self) -> Option<Self> {
        match self.deflater {
            None => Some(Self {
                agreed: self.agreed,
                level: self.level,
                mem_level: self.mem_level,
                threshold: self.threshold,
                deflater: None,
                is_in_message: self.is_in_message,
            }),
            Some(_) => None,
        }
    }
}

/// The most that so many bytes are compressed to in one frame, in bytes: what does not compress grows, by an eighth at
/// worst where each byte takes nine bits, and by the headers of its blocks and the frame's own.
pub(super) const fn deflated_len_max(len: usize) -> usize {
    len.saturating_add(len / 8).saturating_add(1024).saturating_add(FrameHeader::LEN_MAX)
}
