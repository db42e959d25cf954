// Read first: RFC 6455 §5.4.

use core::fmt;
use std::io::{self, Write};

use ws_core::event::MessageType;
use ws_core::frame::Fin;

use super::Duplex;
use super::shared::Shared;
use crate::Error;
use crate::message_writer::{Gathering, PartSink};

/// Writes one message in parts through a [`WriteHalf`](super::WriteHalf), as a [`MessageWriter`](crate::MessageWriter)
/// does through a [`WebSocket`](crate::WebSocket), whose documentation holds for it too. Each fragment is written when the
/// call that sends it comes back.
///
/// ```
/// use std::io::Write;
/// use ws_std::{Duplex, MessageType, WriteHalf};
///
/// fn send_file<S: Duplex>(writer: &mut WriteHalf<S>, path: &str) -> std::io::Result<()> {
///     let mut message = writer.message_writer(MessageType::Binary)?;
///     std::io::copy(&mut std::fs::File::open(path)?, &mut message)?;
///     message.finish()?;
///     Ok(())
/// }
/// ```
pub struct SplitMessageWriter<'a, S: Duplex> {
    gathering: Gathering<Parts<'a, S>>,
}

impl<'a, S: Duplex> SplitMessageWriter<'a, S> {
    pub(super) fn new(shared: &'a Shared<S>, message_type: MessageType) -> Result<Self, Error> {
        shared.begin_message()?;
        Ok(Self { gathering: Gathering::new(Parts { shared }, message_type) })
    }

    /// Ends the message.
    ///
    /// # Errors
    ///
    /// As [`WriteHalf::send`](super::WriteHalf::send); an error of kind [`InvalidData`](io::ErrorKind::InvalidData) where
    /// text ends within a character.
    pub fn finish(self) -> Result<(), Error> {
        self.gathering.finish()
    }
}

impl<S: Duplex> Write for SplitMessageWriter<'_, S> {
    /// Takes all of `bytes`.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathering.write(bytes)
    }

    /// Sends what is gathered as a fragment.
    fn flush(&mut self) -> io::Result<()> {
        self.gathering.flush()
    }
}

impl<S: Duplex> fmt::Debug for SplitMessageWriter<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SplitMessageWriter")
            .field("message_type", &self.gathering.message_type)
            .field("gathered_len", &self.gathering.bytes.len())
            .finish_non_exhaustive()
    }
}

/// The right to send the parts of a message, until it is dropped.
struct Parts<'a, S: Duplex> {
    shared: &'a Shared<S>,
}

impl<S: Duplex> PartSink for Parts<'_, S> {
    /// Nothing: a part is committed when there is room for it, and then written.
    fn make_ready(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn send_part(&mut self, message_type: MessageType, fin: Fin, payload: &[u8]) -> Result<(), Error> {
        self.shared.commit_part(message_type, fin, payload)
    }

    fn transmit(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

impl<S: Duplex> Drop for Parts<'_, S> {
    fn drop(&mut self) {
        self.shared.end_message();
    }
}
