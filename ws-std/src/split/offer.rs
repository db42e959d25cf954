use std::io;

use ws_core::connection::EncodedMessage;
use ws_core::frame::{CloseCode, CloseFrame};

use super::Duplex;
use super::outbox::Outbox;
use super::shared::Shared;
use crate::wire::Wire;
use crate::{Error, Message};

/// Sending without waiting for the peer.
impl<S: Duplex> Shared<S> {
    /// Commits what `act` sends, where there is room for it, and writes what the peer takes at once.
    pub(super) fn offer(
        &self,
        act: impl FnOnce(&mut Wire<Outbox>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut state = self.lock();
        if let Some(error) = state.wire.failure() {
            return Err(error);
        }
        if !state.has_room_for_message() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        match act(&mut state.wire) {
            Ok(()) => {
                self.write_at_once(state);
                Ok(())
            }
            Err(Error::Closed) => Err(state.wire.why_closed()),
            Err(error) => Err(error),
        }
    }

    /// Begins to close, and writes what the peer takes at once.
    pub(super) fn offer_close(&self, close: CloseFrame) {
        let mut state = self.lock();
        state.wire.start_close(close);
        self.notify(&state);
        self.write_at_once(state);
    }

    /// Writes all that is committed. An error means that it never will be.
    pub(super) fn flush(&self) -> Result<(), Error> {
        self.drive_all(self.lock())
    }
}

/// What a [`Hub`](crate::Hub) does with a connection, whatever stream it has.
pub(crate) trait Channel: Send + Sync {
    /// As [`WriteHalf::try_send`](super::WriteHalf::try_send).
    fn hear(&self, message: Message<'_>) -> Result<(), Error>;

    /// As [`WriteHalf::try_send_encoded`](super::WriteHalf::try_send_encoded).
    fn hear_encoded(&self, message: &EncodedMessage<&[u8]>) -> Result<(), Error>;

    /// As [`WriteHalf::try_start_close`](super::WriteHalf::try_start_close).
    fn dismiss(&self, code: CloseCode, reason: &str);

    /// Whether something waits that nobody is about to write. Who gets `true` has to call
    /// [`flush_claimed`](Self::flush_claimed) or [`unclaim`](Self::unclaim); until then nobody else gets it.
    fn claim_flush(&self) -> bool;

    /// Writes until nothing is left that nobody else is about to write, or all is over.
    fn flush_claimed(&self);

    /// Leaves it to somebody else.
    fn unclaim(&self);
}

impl<S: Duplex + Send> Channel for Shared<S> {
    fn hear(&self, message: Message<'_>) -> Result<(), Error> {
        self.offer(|wire| wire.send(message))
    }

    fn hear_encoded(&self, message: &EncodedMessage<&[u8]>) -> Result<(), Error> {
        self.offer(|wire| wire.send_encoded(message))
    }

    fn dismiss(&self, code: CloseCode, reason: &str) {
        self.offer_close(CloseFrame::truncated(code, reason));
    }

    fn claim_flush(&self) -> bool {
        let mut state = self.lock();
        let is_claimed = state.is_stuck() && !state.is_flushed && state.wire.failure().is_none();
        state.is_flushed |= is_claimed;
        is_claimed
    }

    fn flush_claimed(&self) {
        loop {
            let result = self.flush();
            let mut state = self.lock();
            // Judged and told under one lock, so that what is committed behind it is somebody else's to claim.
            if result.is_err() || !state.is_stuck() {
                state.is_flushed = false;
                return;
            }
        }
    }

    fn unclaim(&self) {
        self.lock().is_flushed = false;
    }
}
