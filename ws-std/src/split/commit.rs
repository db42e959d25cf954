use ws_core::event::MessageType;
use ws_core::frame::Fin;

use super::Duplex;
use super::outbox::Outbox;
use super::shared::{Shared, State};
use crate::Error;
use crate::wire::Wire;

/// Sending, and waiting for the peer to take it.
impl<S: Duplex> Shared<S> {
    /// Commits what `act` sends, a message or all of one, once there is room for it, and comes back when it is written.
    pub(super) fn commit_message(
        &self,
        act: impl FnOnce(&mut Wire<Outbox>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.commit(State::has_room_for_message, |state| act(&mut state.wire))
    }

    /// Commits what `act` sends beside messages, as [`commit_message`](Self::commit_message).
    pub(super) fn commit_control(
        &self,
        act: impl FnOnce(&mut Wire<Outbox>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.commit(State::has_room, |state| act(&mut state.wire))
    }

    /// Begins a message in parts: the messages of others wait until [`end_message`](Self::end_message).
    pub(super) fn begin_message(&self) -> Result<(), Error> {
        self.commit(State::has_room_for_message, |state| {
            state.wire.check_message_start()?;
            state.is_message_open = true;
            Ok(())
        })
    }

    /// Commits a part of the message that was begun, as [`commit_message`](Self::commit_message).
    pub(super) fn commit_part(
        &self,
        message_type: MessageType,
        fin: Fin,
        payload: &[u8],
    ) -> Result<(), Error> {
        self.commit(State::has_room, |state| {
            state.wire.make_ready()?;
            state.wire.send_part(message_type, fin, payload)
        })
    }

    /// Lets others send messages again, which they can unless a part was sent and the last was not.
    pub(super) fn end_message(&self) {
        let mut state = self.lock();
        state.is_message_open = false;
        self.notify(&state);
    }

    /// Lets `act` commit something as soon as it may, and comes back when it is written.
    fn commit(
        &self,
        may_act: impl Fn(&State<S>) -> bool,
        act: impl FnOnce(&mut State<S>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut state = self.drive(self.lock(), |state| may_act(state) || state.wire.is_closing())?;
        match act(&mut state) {
            Ok(()) => self.drive_all(state),
            Err(Error::Closed) => Err(state.wire.why_closed()),
            Err(error) => Err(error),
        }
    }
}
