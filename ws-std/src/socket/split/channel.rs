use alloc::sync::Arc;
use std::io;
use std::thread;

#[cfg(feature = "hub")]
use ws_core::connection::EncodedMessage;
use ws_core::error::SendError;
use ws_core::frame::Fin;
#[cfg(feature = "hub")]
use ws_core::frame::{CloseCode, CloseFrame};
use ws_core::message::Message;
use ws_core::session::Outbound;

use super::shared::{Guard, Left, Shared, State};
use crate::error::Error;
use crate::keys::MaskKeys;
use crate::session::{QUEUED_LEN_MAX, outgoing};
use crate::stream::duplex::Duplex;

/// Sending, and waiting for the peer to take it.
impl<S: Duplex> Shared<S> {
    /// Queues the message that `act` sends, once there is room for it, and returns when it is written, or at once where it answers a
    /// message after which another has come already.
    pub(super) fn commit_message(
        &self,
        act: impl FnOnce(&mut Outbound<MaskKeys>) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        let state = self.commit_next(act)?;
        let has_room = state.outbound.queued_len() < QUEUED_LEN_MAX;
        if has_room && state.is_gathering_here(&self.stream) { Ok(()) } else { self.drive_all(state) }
    }

    /// Queues the message that `act` sends, once there is room for it. It leaves with what is sent after it.
    pub(super) fn feed(
        &self,
        act: impl FnOnce(&mut Outbound<MaskKeys>) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        self.commit_next(act).map(drop)
    }

    /// Queues the control frame, or the part of a message in progress, that `act` sends, and returns when it is written.
    pub(super) fn commit_control(
        &self,
        act: impl FnOnce(&mut Outbound<MaskKeys>) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        let state = self.drive(self.lock(), State::has_room)?;
        self.drive_all(queue(state, act)?)
    }

    /// Begins a message in parts: the messages of others wait until [`end_message`](Self::end_message).
    pub(super) fn begin_message(&self) -> Result<(), Error> {
        let mut state = self.commit_next(|outbound| outgoing::check_message_start(outbound))?;
        state.message_owner = Some(thread::current().id());
        Ok(())
    }

    /// Queues a part of the message that was begun, and returns when it is written.
    pub(super) fn commit_part(&self, part: Message<'_>, fin: Fin) -> Result<(), Error> {
        self.commit_control(|outbound| outbound.part(part, fin))
    }

    /// Lets other threads send messages again. Where parts were sent and the last was not, that fails.
    pub(super) fn end_message(&self) {
        let mut state = self.lock();
        state.message_owner = None;
        self.notify(&state);
    }

    /// Lets `act` begin the next message. A thread that would wait for a message of its own gets an error.
    fn commit_next(
        &self,
        act: impl FnOnce(&mut Outbound<MaskKeys>) -> Result<(), SendError>,
    ) -> Result<Guard<'_, S>, Error> {
        let may_be_tried = |state: &State<S>| state.has_room_for_message() || state.is_in_own_message();
        let state = self.drive(self.lock(), may_be_tried)?;
        if !state.has_room_for_message() {
            return Err(Error::MessageUnfinished);
        }
        queue(state, act)
    }
}

/// Sending without waiting for the peer.
impl<S: Duplex> Shared<S> {
    /// Queues what `act` sends, where there is room for it, and writes nothing yet.
    pub(super) fn offer(
        &self,
        act: impl FnOnce(&mut Outbound<MaskKeys>) -> Result<(), SendError>,
    ) -> Result<Guard<'_, S>, Error> {
        let state = self.lock();
        if let Some(error) = state.failure() {
            return Err(error);
        }
        if !state.has_room_for_message() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        queue(state, act)
    }

    /// Writes what the peer takes without waiting; where the stream has no such write, a thread is started for it.
    pub(super) fn write_soon(self: &Arc<Self>, state: Guard<'_, S>) {
        let (state, left) = self.write_now(state);
        if left == Left::Unsupported {
            self.start_flush(state);
        }
    }

    /// Starts a thread that writes what no other thread is about to write.
    fn start_flush(self: &Arc<Self>, mut state: Guard<'_, S>) {
        if state.is_flushed || !state.is_to_be_written() || state.failure().is_some() {
            return;
        }
        state.is_flushed = true;
        drop(state);
        let shared = Arc::clone(self);
        let thread = thread::Builder::new().name("ws-flush".into()).stack_size(STACK_LEN);
        if thread.spawn(move || shared.flush_claimed()).is_err() {
            // The next message tries again, until too much waits.
            self.lock().is_flushed = false;
        }
    }

    /// Writes until nothing is left that no other thread is about to write, or the connection has ended.
    fn flush_claimed(&self) {
        loop {
            let result = self.drive_all(self.lock());
            let mut state = self.lock();
            // Judged and noted under one lock, so that what is queued later finds no thread and starts one.
            if result.is_err() || !state.is_to_be_written() {
                state.is_flushed = false;
                return;
            }
        }
    }
}

/// Lets `act` queue something.
fn queue<S>(
    mut state: Guard<'_, S>,
    act: impl FnOnce(&mut Outbound<MaskKeys>) -> Result<(), SendError>,
) -> Result<Guard<'_, S>, Error> {
    let State { outbound, life, .. } = &mut *state;
    match act(outbound) {
        Ok(()) => Ok(state),
        Err(error) => Err(life.send_error(outbound, error)),
    }
}

/// A connection as a [`Hub`](crate::Hub) uses it, whatever its stream is. None of these calls waits for the peer.
#[cfg(feature = "hub")]
pub(crate) trait Channel: Send + Sync {
    /// Queues a message, and writes nothing yet. Where the connection cannot take `encoded`, queues `plain`.
    fn hear(&self, encoded: &Arc<EncodedMessage<Vec<u8>>>, plain: Option<Message<'_>>) -> Result<(), Error>;

    /// Queues a Close, and writes nothing yet.
    fn dismiss(&self, code: CloseCode, reason: &str);

    /// Writes what the peer takes without waiting, and starts a thread for the rest.
    fn deliver(self: Arc<Self>);
}

#[cfg(feature = "hub")]
impl<S: Duplex> Channel for Shared<S> {
    fn hear(&self, encoded: &Arc<EncodedMessage<Vec<u8>>>, plain: Option<Message<'_>>) -> Result<(), Error> {
        match (self.offer(|outbound| outbound.send_encoded(encoded)), plain) {
            // A client masks each message by a key of its own.
            (Err(Error::NotAdmitted), Some(plain)) => self.offer(|outbound| outbound.send(plain)).map(drop),
            (result, _) => result.map(drop),
        }
    }

    fn dismiss(&self, code: CloseCode, reason: &str) {
        let mut state = self.lock();
        state.outbound.close(CloseFrame::truncated(code, reason));
        self.notify(&state);
    }

    fn deliver(self: Arc<Self>) {
        let (state, left) = self.write_now(self.lock());
        if left != Left::Nothing {
            self.start_flush(state);
        }
    }
}

/// The stack of a thread that writes, in bytes.
const STACK_LEN: usize = 64 * 1024;
