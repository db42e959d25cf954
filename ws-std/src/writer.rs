use core::fmt;

use ws_core::event::MessageType;
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload};

use crate::wire::Wire;
use crate::{EncodedMessage, Error, Message, MessageWriter, Stream};

/// The sending side of a [`WebSocket`](crate::WebSocket), lent beside a message that was received.
pub struct Writer<'a, S> {
    wire: &'a mut Wire<S>,
}

impl<'a, S: Stream> Writer<'a, S> {
    pub(crate) fn new(wire: &'a mut Wire<S>) -> Self {
        Self { wire }
    }

    /// Sends a message, in one frame and, where the stream takes it, in one write.
    ///
    /// Where compression was agreed on, a message that is long enough is compressed, and one of more than 64 KiB goes out
    /// in fragments.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] where a Close was sent or received, [`Error::MessageUnfinished`], [`Error::Io`] where the
    /// stream would block and 16 KiB wait of what was sent before, and what ends the connection: [`Error::Disconnected`],
    /// [`Error::Timeout`], [`Error::Io`]. But for those that end the connection, nothing was taken of the message.
    #[inline]
    pub fn send(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.wire.send(message)
    }

    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    #[inline]
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.wire.send(Message::Text(text))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    #[inline]
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.wire.send(Message::Binary(bytes))
    }

    /// Sends a message as it is, whatever was agreed on: where it holds a secret beside text of somebody else's choice
    /// (see [`Deflate`](crate::Deflate)), and where it is known not to become shorter.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    #[cfg(feature = "deflate")]
    pub fn send_uncompressed(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.wire.send_uncompressed(message)
    }

    /// Sends a message compressed however short it is, where compression was agreed on; as it is otherwise.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    #[cfg(feature = "deflate")]
    pub fn send_compressed(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.wire.send_compressed(message)
    }

    /// As [`WebSocket::send_encoded`](crate::WebSocket::send_encoded).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_encoded<B: AsRef<[u8]>>(&mut self, message: &EncodedMessage<B>) -> Result<(), Error> {
        self.wire.send_encoded(message)
    }

    /// As [`WebSocket::ping`](crate::WebSocket::ping).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        let payload = ControlPayload::new(payload).ok_or(Error::PingLen)?;
        self.wire.make_ready()?;
        if self.wire.is_closing() {
            return Err(Error::Closed);
        }
        self.wire.sender.ping(payload);
        self.transmit()
    }

    /// As [`WebSocket::message_writer`](crate::WebSocket::message_writer).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn message_writer(&mut self, message_type: MessageType) -> Result<MessageWriter<'_, S>, Error> {
        MessageWriter::new(self.wire, message_type)
    }

    /// As [`WebSocket::start_close`](crate::WebSocket::start_close).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn start_close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.wire.start_close(CloseFrame::truncated(code, reason));
        self.transmit()
    }

    /// Writes what waits; a stream that would block takes it later.
    fn transmit(&mut self) -> Result<(), Error> {
        match self.wire.transmit() {
            Err(error) if error.is_would_block() => Ok(()),
            result => result,
        }
    }
}

impl<S> fmt::Debug for Writer<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
