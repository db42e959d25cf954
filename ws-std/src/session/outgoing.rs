// Read first: RFC 6455 §5.4, §5.5.

use alloc::sync::Arc;

use ws_core::connection::{EncodedMessage, Signal};
use ws_core::error::SendError;
use ws_core::frame::{ControlPayload, Fin};
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::{Compress, Note, Outbound, Relay as _};

use super::Life;
use crate::error::{Error, Unsent};
use crate::keys::MaskKeys;

/// What a program sends, but for a Close.
#[derive(Debug)]
pub(crate) enum Outgoing<'m> {
    Message(Message<'m>, Compress),
    /// A message that is taken out of its place once it is queued.
    Owned(&'m mut Option<OwnedMessage>),
    Encoded(&'m Arc<EncodedMessage<Vec<u8>>>),
    /// The beginning of a message in parts, of which nothing is sent yet.
    MessageStart,
    Part(Message<'m>, Fin),
    Ping(&'m ControlPayload),
}

/// Has `send` send a message that is given away. An error gives it back where it was not taken.
pub(crate) fn send_owned(
    message: OwnedMessage,
    send: impl FnOnce(Outgoing<'_>) -> Result<(), Error>,
) -> Result<(), Unsent> {
    let mut message = Some(message);
    send(Outgoing::Owned(&mut message)).map_err(|error| Unsent { error, message })
}

impl Life {
    /// Queues all of what is sent or, with an error, nothing.
    #[inline]
    pub(crate) fn queue(&mut self, outgoing: Outgoing<'_>) -> Result<(), Error> {
        let outbound = &mut self.outbound;
        let queued = match outgoing {
            #[cfg(feature = "deflate")]
            Outgoing::Message(message, Compress::Always) => outbound.send_compressed(message),
            Outgoing::Message(message, Compress::Never) => outbound.send_uncompressed(message),
            Outgoing::Message(message, _) => outbound.send(message),
            Outgoing::Owned(place) => place.take().map_or(Ok(()), |message| {
                outbound.send_owned(message).map_err(|(error, message)| {
                    *place = Some(message);
                    error
                })
            }),
            Outgoing::Encoded(message) => outbound.send_encoded(message),
            Outgoing::MessageStart => outbound.check_between_messages(),
            Outgoing::Part(part, fin) => outbound.part(part, fin),
            Outgoing::Ping(_) if outbound.is_closing() => Err(SendError::Closed),
            Outgoing::Ping(payload) => {
                outbound.ping(*payload);
                queue_controls(outbound);
                Ok(())
            }
        };
        queued.map_err(|error| self.send_error(error))
    }

    /// Passes on what the receiving side has found. Each ping is answered, unless much waits.
    #[inline]
    pub(crate) fn relay(&mut self, note: Note) {
        let is_pong = matches!(note, Note::Signal(Signal::Pong(_)));
        self.outbound.relay(note);
        if is_pong {
            queue_controls(&mut self.outbound);
        }
    }
}

/// Encodes a ping or a pong at once, unless much waits: then it stays where the next one replaces it.
// RFC 6455 §5.5.3: where the peer does not read, the pong to its latest ping is enough.
fn queue_controls(outbound: &mut Outbound<MaskKeys>) {
    if outbound.queued_len() < CONTROLS_LEN_MAX {
        outbound.queue_controls();
    }
}

/// Each ping is answered while less than this waits to be written, in bytes; from there on the latest alone.
const CONTROLS_LEN_MAX: usize = 4096;
