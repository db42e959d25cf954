// Read first: RFC 6455 §5.2, §5.3.

use ws_core::connection::{FrameStart, Role};
use ws_core::event::MessageType;
use ws_core::frame::Fin;

use super::{HEADER_LEN_MAX, Wire};
use crate::error::Error;
use crate::{Message, Stream};

impl<S: Stream> Wire<S> {
    /// Sends a long message in one frame.
    #[inline(never)]
    pub(super) fn send_long(&mut self, message: Message<'_>) -> Result<(), Error> {
        if self.is_message_unfinished {
            return Err(Error::MessageUnfinished);
        }
        let start = FrameStart::new(message.message_type(), Fin::Final, len_u64(message.as_bytes()));
        self.send_frame(start, Fin::Final, message.as_bytes())
    }

    /// Whether a message may begin now that is sent in parts.
    pub(crate) fn check_message_start(&self) -> Result<(), Error> {
        if self.is_closing() {
            return Err(Error::Closed);
        }
        if self.is_message_unfinished {
            return Err(Error::MessageUnfinished);
        }
        Ok(())
    }

    /// Sends a part of a message that is sent in parts. What was committed before has to be written.
    pub(crate) fn send_part(
        &mut self,
        message_type: MessageType,
        fin: Fin,
        payload: &[u8],
    ) -> Result<(), Error> {
        #[cfg(feature = "deflate")]
        if self.is_part_to_be_deflated(fin, payload) {
            return self.send_deflated(message_type, fin, payload);
        }
        self.send_frame(FrameStart::new(message_type, fin, len_u64(payload)), fin, payload)
    }

    /// Sends a frame with this payload, which is written from where it lies by a server, and masked piece by piece by
    /// a client. Once the frame is begun it is committed to its end. What was committed before has to be written.
    fn send_frame(&mut self, start: FrameStart, fin: Fin, payload: &[u8]) -> Result<(), Error> {
        let room = self.queue.room(HEADER_LEN_MAX)?;
        let header = self.sender.begin_frame(start)?;
        let header = header.as_bytes();
        room.get_mut(..header.len()).unwrap_or_default().copy_from_slice(header);
        self.queue.filled(header.len());
        self.is_message_unfinished = !fin.is_final();
        self.count_sent(fin.is_final());
        match self.sender.role() {
            Role::Server => {
                let passed = self.sender.payload_written(len_u64(payload));
                debug_assert_eq!(passed, Ok(()), "the frame was begun for this payload");
                self.write_unmasked(payload)
            }
            Role::Client => self.write_masked(payload),
        }
    }

    fn write_unmasked(&mut self, payload: &[u8]) -> Result<(), Error> {
        if self.stream.is_vectored() {
            return self.write_committed(payload);
        }
        let (start, rest) = payload.split_at(payload.len().min(PIECE_LEN));
        if let Err(full) = self.queue.push(start) {
            return Err(self.fail(full.kind(), full));
        }
        self.write_committed(rest)
    }

    fn write_masked(&mut self, mut payload: &[u8]) -> Result<(), Error> {
        let mut is_blocked = false;
        loop {
            let len = if is_blocked { payload.len() } else { payload.len().min(PIECE_LEN) };
            let room = match self.queue.room(len) {
                Ok(room) => room.get_mut(..len).unwrap_or_default(),
                Err(full) => return Err(self.fail(full.kind(), full)),
            };
            let taken = self.sender.mask_into(payload, room);
            debug_assert_eq!(taken, len, "the frame was begun for this payload");
            self.queue.filled(taken);
            payload = payload.get(len..).unwrap_or_default();
            if !is_blocked {
                self.write_committed(&[])?;
                is_blocked = !self.queue.is_empty();
            }
            if payload.is_empty() {
                return Ok(());
            }
        }
    }
}

fn len_u64(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// How much payload is masked, or copied behind its header, before it is written, in bytes: it stays in the
/// first-level cache.
pub(super) const PIECE_LEN: usize = 16 * 1024;
