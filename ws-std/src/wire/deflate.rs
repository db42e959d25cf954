// Read first: RFC 7692 §6.1, §7.2.1.

use std::io;

use ws_core::connection::Sent;
use ws_core::deflate::Deflater;
use ws_core::event::MessageType;
use ws_core::extension::Agreed;
use ws_core::frame::Fin;

use super::frame::PIECE_LEN;
use super::{HEADER_LEN_MAX, Wire};
use crate::{Deflate, Error, Message, Stream};

/// Compresses what is sent.
#[derive(Debug)]
pub(crate) struct Deflation {
    deflater: Deflater,
    /// Shorter messages are sent as they are.
    threshold: usize,
    /// A compressed message was begun and has no final frame yet.
    is_in_message: bool,
}

impl Deflation {
    pub(crate) fn new(deflate: &Deflate, agreed: Agreed) -> Self {
        let deflater = Deflater::new(deflate.settings(agreed));
        Self { deflater, threshold: deflate.threshold(), is_in_message: false }
    }

    /// Frees the memory, unless a message is in progress. The next message begins with an empty window.
    pub(crate) fn release(&mut self) {
        if !self.is_in_message {
            self.deflater.release();
        }
    }
}

impl<S: Stream> Wire<S> {
    /// As [`send`](Self::send), but compressed however short it is.
    pub(crate) fn send_compressed(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.make_ready()?;
        if self.deflation.is_none() { self.send_plain(message) } else { self.deflate(message) }
    }

    /// As [`send`](Self::send), but not compressed however long it is.
    pub(crate) fn send_uncompressed(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.make_ready()?;
        self.send_plain(message)
    }

    /// Whether a message is to be compressed, by its length.
    #[inline]
    pub(super) fn is_to_be_deflated(&self, message: Message<'_>) -> bool {
        self.deflation.as_ref().is_some_and(|deflation| message.len() >= deflation.threshold)
    }

    /// Compresses a message and sends it.
    pub(super) fn deflate(&mut self, message: Message<'_>) -> Result<(), Error> {
        if self.is_message_unfinished {
            return Err(Error::MessageUnfinished);
        }
        self.send_deflated(message.message_type(), Fin::Final, message.as_bytes())
    }

    /// Whether a part of a message is to be compressed: as its beginning was, and otherwise by its length, where it is
    /// all of the message.
    pub(super) fn is_part_to_be_deflated(&self, fin: Fin, payload: &[u8]) -> bool {
        match &self.deflation {
            Some(deflation) if self.is_message_unfinished => deflation.is_in_message,
            Some(deflation) => !fin.is_final() || payload.len() >= deflation.threshold,
            None => false,
        }
    }

    /// Compresses a part of a message and sends it: in one frame where it is not long. Once it is begun all of it is
    /// committed, and what a stream that would block does not take waits in memory, compressed. What was committed
    /// before has to be written.
    pub(super) fn send_deflated(
        &mut self,
        message_type: MessageType,
        fin: Fin,
        mut payload: &[u8],
    ) -> Result<(), Error> {
        let frame_len_max = match payload.len() {
            len if fin.is_final() && len <= ONE_FRAME_LEN_MAX => deflated_len_max(len),
            _ => PIECE_LEN,
        };
        let frame_len_max = frame_len_max.saturating_add(HEADER_LEN_MAX);
        let (mut is_begun, mut is_blocked) = (false, false);
        loop {
            let sent = match self.commit_deflated(message_type, fin, payload, frame_len_max) {
                Ok(sent) => sent,
                Err(error) if is_begun => return Err(self.fail(io::ErrorKind::OutOfMemory, error)),
                Err(error) => return Err(error),
            };
            is_begun = true;
            payload = payload.get(sent.taken..).unwrap_or_default();
            if !is_blocked {
                self.write_committed(&[])?;
                is_blocked = !self.queue.is_empty();
            }
            if sent.is_complete {
                return Ok(());
            }
        }
    }

    /// Compresses as much as fits into a frame, and queues that. An error means that nothing was taken.
    fn commit_deflated(
        &mut self,
        message_type: MessageType,
        fin: Fin,
        payload: &[u8],
        frame_len_max: usize,
    ) -> Result<Sent, Error> {
        let Some(deflation) = &mut self.deflation else { return Err(Error::Closed) };
        let room = self.queue.room(frame_len_max)?.get_mut(..frame_len_max).unwrap_or_default();
        let sent = self.sender.send_deflated(message_type, payload, fin, &mut deflation.deflater, room)?;
        self.queue.filled(sent.written);
        deflation.is_in_message = !(sent.is_complete && fin.is_final());
        self.is_message_unfinished = deflation.is_in_message;
        let is_last = !deflation.is_in_message;
        // RFC 7692 §7.1.1: without context takeover nothing has to be kept from one message to the next.
        if !deflation.deflater.settings().context_takeover().is_allowed() {
            deflation.release();
        }
        self.count_sent(is_last);
        Ok(sent)
    }
}

/// The most that so many bytes are compressed to, in bytes: what does not compress grows, by an eighth at worst where
/// each byte takes nine bits, and by the headers of its blocks.
const fn deflated_len_max(len: usize) -> usize {
    len.saturating_add(len / 8).saturating_add(1024)
}

/// The longest message that is compressed into one frame, in bytes. Of a longer one each frame is written before the
/// next is compressed, so that a stream that takes them needs no memory for more.
const ONE_FRAME_LEN_MAX: usize = 64 * 1024;
