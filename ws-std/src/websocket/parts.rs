use std::time::Instant;

use ws_core::connection::ReceiveHalf;
use ws_core::input::ReadBuffer;
use ws_core::message::MessageBuffer;

#[cfg(feature = "deflate")]
use super::Inflation;
use super::{Inbound, Intake, WebSocket};
use crate::counters::Traffic;
use crate::stream::queue::Queue;
#[cfg(feature = "deflate")]
use crate::wire::Deflation;
use crate::wire::Wire;
use crate::{Error, RoleSender, Stream, Timeouts};

/// What a [`WebSocket`] consists of, to be driven in another way, or put together again. Where messages are compressed, what
/// does it is kept inside: these can only be put together again.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts<S> {
    /// The stream.
    pub stream: S,
    /// The receiving half of the connection.
    pub receiver: ReceiveHalf,
    /// The sending half.
    pub sender: RoleSender,
    /// What was read from the stream and not yet understood comes first.
    pub buffer: ReadBuffer<Vec<u8>>,
    /// The message that is being assembled, where one is.
    pub message: MessageBuffer,
    /// What is still to be written to the stream, before anything else. Empty on a stream that blocks.
    pub queued: Vec<u8>,
    /// The timeouts of the open connection.
    pub timeouts: Timeouts,
    /// What the opening handshake agreed on.
    pub subprotocol: Option<Box<str>>,
    opened_at: Instant,
    received: Traffic,
    sent: Traffic,
    is_assembling: bool,
    is_in_pieces: bool,
    is_message_unfinished: bool,
    /// With what was inflated and is not taken yet.
    #[cfg(feature = "deflate")]
    inflation: Option<Box<Inflation>>,
    #[cfg(feature = "deflate")]
    deflation: Option<Box<Deflation>>,
}

impl<S: Stream> WebSocket<S> {
    /// Takes it apart. Nothing is closed, and no byte is lost.
    #[must_use]
    pub fn into_parts(self) -> Parts<S> {
        Parts {
            queued: self.wire.queue.bytes().to_vec(),
            is_message_unfinished: self.wire.is_message_unfinished,
            stream: self.wire.stream,
            sender: self.wire.sender,
            timeouts: self.wire.timeouts,
            receiver: self.intake.receiver,
            buffer: self.intake.inbound.buffer,
            message: self.intake.message,
            subprotocol: self.subprotocol,
            opened_at: self.wire.clock.start(),
            received: self.intake.received,
            sent: self.wire.sent,
            is_assembling: self.intake.is_assembling,
            is_in_pieces: self.intake.is_in_pieces,
            #[cfg(feature = "deflate")]
            inflation: self.intake.inbound.inflation,
            #[cfg(feature = "deflate")]
            deflation: self.wire.deflation,
        }
    }

    /// Puts it together again. What was waited for begins anew, a deadline of the closing handshake too.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the stream refuses its timeouts.
    pub fn from_parts(parts: Parts<S>) -> Result<Self, Error> {
        let mut stream = parts.stream;
        stream.limit_write(parts.timeouts.write())?;
        let mut wire =
            Wire::new(stream, parts.sender, Queue::from_bytes(parts.queued), parts.timeouts, parts.opened_at);
        wire.sent = parts.sent;
        wire.is_message_unfinished = parts.is_message_unfinished;
        let inbound = Inbound::new(parts.buffer);
        #[cfg(feature = "deflate")]
        let inbound = Inbound { inflation: parts.inflation, ..inbound };
        #[cfg(feature = "deflate")]
        {
            wire.deflation = parts.deflation;
        }
        Ok(Self {
            wire,
            intake: Intake {
                receiver: parts.receiver,
                inbound,
                message: parts.message,
                is_assembling: parts.is_assembling,
                is_in_pieces: parts.is_in_pieces,
                is_message_used: true,
                received: parts.received,
            },
            subprotocol: parts.subprotocol,
        })
    }
}
