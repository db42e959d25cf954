use core::mem;
use std::io;

use ws_core::connection::ReceiveHalf;
use ws_core::input::ReadBuffer;
use ws_core::message::MessageBuffer;

use super::READ_BUFFER_LEN;
use crate::Stream;

/// Where what is read goes: to the read buffer, or past it to a long message that is assembled.
pub(crate) struct Inlet<'a> {
    pub(super) buffer: &'a mut ReadBuffer<Vec<u8>>,
    pub(super) message: Option<(&'a mut ReceiveHalf, &'a mut MessageBuffer)>,
    /// How much was read, in bytes.
    pub(super) read_len: usize,
}

impl Inlet<'_> {
    /// Reads once. `false` at the end of the stream.
    pub(crate) fn read_once(&mut self, stream: &mut (impl Stream + ?Sized)) -> io::Result<bool> {
        if self.buffer.spare().is_empty() {
            grow(self.buffer);
        }
        loop {
            let spare = self.spare();
            let capacity = spare.len();
            match stream.read(spare) {
                Ok(0) => return Ok(false),
                Ok(len) if len <= capacity => {
                    self.filled(len);
                    return Ok(true);
                }
                Ok(_) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "a read of more than was asked for",
                    ));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn spare(&mut self) -> &mut [u8] {
        match &mut self.message {
            Some((receiver, message)) => receiver.spare(self.buffer, *message),
            None => self.buffer.spare(),
        }
    }

    fn filled(&mut self, len: usize) {
        self.read_len = self.read_len.saturating_add(len);
        match &mut self.message {
            Some((receiver, message)) => receiver.filled(len, self.buffer, *message),
            None => self.buffer.filled(len),
        }
        if self.buffer.unread().len() == self.buffer.capacity() {
            grow(self.buffer);
        }
    }
}

/// Makes a buffer that is full as large as it may be.
fn grow(buffer: &mut ReadBuffer<Vec<u8>>) {
    if buffer.capacity() < READ_BUFFER_LEN {
        let small = mem::replace(buffer, ReadBuffer::new(Vec::new()));
        *buffer = match small.move_to(vec![0; READ_BUFFER_LEN]) {
            Ok(large) => large,
            Err((small, _)) => small,
        };
    }
}
