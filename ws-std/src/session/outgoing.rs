//! What a whole connection and one in two halves do alike with the sending side of their session.

// Read first: RFC 6455 §5.4, §5.5.

use ws_core::connection::Signal;
use ws_core::error::SendError;
use ws_core::frame::ControlPayload;
use ws_core::session::{Note, Outbound, Relay as _};

use crate::keys::MaskKeys;

/// Passes on what the receiving side has found. Each ping is answered, unless much waits.
#[inline]
pub(crate) fn relay(outbound: &mut Outbound<MaskKeys>, note: Note) {
    let is_pong = matches!(note, Note::Signal(Signal::Pong(_)));
    outbound.relay(note);
    if is_pong {
        queue_controls(outbound);
    }
}

/// Queues a ping of the program's.
pub(crate) fn ping(outbound: &mut Outbound<MaskKeys>, payload: ControlPayload) -> Result<(), SendError> {
    if outbound.is_closing() {
        return Err(SendError::Closed);
    }
    outbound.ping(payload);
    queue_controls(outbound);
    Ok(())
}

/// Whether a message can be begun, though no part of it is sent yet.
pub(crate) fn check_message_start(outbound: &Outbound<MaskKeys>) -> Result<(), SendError> {
    if outbound.is_closing() {
        return Err(SendError::Closed);
    }
    if outbound.is_message_in_progress() { Err(SendError::Busy) } else { Ok(()) }
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
