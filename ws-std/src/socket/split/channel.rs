use alloc::sync::Arc;
use std::thread;

#[cfg(feature = "hub")]
use ws_core::connection::EncodedMessage;
#[cfg(all(feature = "hub", feature = "deflate"))]
use ws_core::extension::WindowBits;
use ws_core::frame::CloseFrame;
#[cfg(feature = "hub")]
use ws_core::message::Message;
#[cfg(feature = "hub")]
use ws_core::session::Compress;

use super::shared::{Guard, Left, Shared, State};
use crate::error::Error;
use crate::session::{Outgoing, QUEUED_LEN_MAX};
use crate::stream::duplex::Duplex;

/// Sending, and waiting for the peer to take it.
impl<S: Duplex> Shared<S> {
    /// Queues what is sent, once there is room for it, and returns when it is written, or at once where it is a message that answers
    /// one after which another has come already.
    pub(super) fn send(&self, outgoing: Outgoing<'_>) -> Result<(), Error> {
        let begins_message = outgoing.begins_message();
        let state = self.feed(outgoing)?;
        let has_room = state.life.outbound.queued_len() < QUEUED_LEN_MAX;
        let may_wait = begins_message && has_room && state.is_gathering_here();
        if may_wait { Ok(()) } else { self.drive_all(state) }
    }

    /// Queues what is sent, once there is room for it. It leaves with what is sent after it. A thread that would wait for a message of
    /// its own gets an error.
    pub(super) fn feed(&self, outgoing: Outgoing<'_>) -> Result<Guard<'_, S>, Error> {
        let may_be_tried = |state: &State<S>| {
            state.has_room_for(&outgoing) || (outgoing.begins_message() && state.is_in_own_message())
        };
        let mut state = self.drive(self.lock(), may_be_tried)?;
        if !state.has_room_for(&outgoing) {
            return Err(Error::MessageUnfinished);
        }
        state.life.queue(outgoing)?;
        Ok(state)
    }

    /// Begins a message in parts: the messages of others wait until [`end_message`](Self::end_message).
    pub(super) fn begin_message(&self) -> Result<(), Error> {
        self.feed(Outgoing::MessageStart)?.message_owner = Some(thread::current().id());
        Ok(())
    }

    /// Lets other threads send messages again. Where parts were sent and the last was not, that fails.
    pub(super) fn end_message(&self) {
        let mut state = self.lock();
        state.message_owner = None;
        self.notify(&state);
    }
}

/// Sending without waiting for the peer.
impl<S: Duplex> Shared<S> {
    /// Queues what is sent, where there is room for it, and writes nothing yet.
    pub(super) fn offer(&self, outgoing: Outgoing<'_>) -> Result<Guard<'_, S>, Error> {
        let mut state = self.lock();
        if let Some(error) = state.life.failure() {
            return Err(error);
        }
        if !state.has_room_for(&outgoing) {
            return Err(Error::WouldBlock);
        }
        state.life.queue(outgoing)?;
        Ok(state)
    }

    /// Queues a Close, and writes nothing yet.
    pub(super) fn close(&self, close: CloseFrame) -> Guard<'_, S> {
        let mut state = self.lock();
        state.life.outbound.close(close);
        self.notify(&state);
        state
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
        if state.is_flushed || !state.is_to_be_written() || state.life.failure().is_some() {
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

/// A message in the forms in which the connections of a [`Hub`](crate::Hub) take it.
#[cfg(feature = "hub")]
#[derive(Debug)]
pub(crate) struct Forms<'m> {
    /// For connections of a server that agreed on compression with as large a window, where it is worth it.
    pub(crate) compressed: Option<Arc<EncodedMessage<Vec<u8>>>>,
    /// For the other connections of a server.
    pub(crate) encoded: Arc<EncodedMessage<Vec<u8>>>,
    /// For connections of a client.
    pub(crate) message: Message<'m>,
}

/// A connection as a [`Hub`](crate::Hub) uses it, whatever its stream is. None of these calls waits for the peer.
#[cfg(feature = "hub")]
pub(crate) trait Channel: Send + Sync {
    /// Whether the connection takes a message that was compressed with this window for all.
    #[cfg(feature = "deflate")]
    fn takes_compressed(&self, window_bits: WindowBits) -> bool;

    /// Queues a message in the first of its forms that the connection takes, and writes nothing yet.
    fn hear(&self, forms: &Forms<'_>) -> Result<(), Error>;

    /// Queues a Close, and writes nothing yet.
    fn dismiss(&self, close: CloseFrame);

    /// Writes what the peer takes without waiting. Returns whether the caller has to call this again for the rest, with `is_again`.
    /// Meanwhile this returns `false` to other callers.
    fn deliver(self: Arc<Self>, is_again: bool) -> bool;
}

#[cfg(feature = "hub")]
impl<S: Duplex> Channel for Shared<S> {
    #[cfg(feature = "deflate")]
    fn takes_compressed(&self, window_bits: WindowBits) -> bool {
        self.lock().life.outbound.encoded_window_bits().is_some_and(|agreed| window_bits <= agreed)
    }

    fn hear(&self, forms: &Forms<'_>) -> Result<(), Error> {
        let compressed = forms.compressed.iter().map(Outgoing::Encoded);
        // A client masks each message by a key of its own. To compress it for one connection would hold up the others.
        let own = [Outgoing::Encoded(&forms.encoded), Outgoing::Message(forms.message, Compress::Never)];
        compressed
            .chain(own)
            .map(|form| self.offer(form).map(drop))
            .find(|result| !matches!(result, Err(Error::NotAdmitted)))
            .unwrap_or(Err(Error::NotAdmitted))
    }

    fn dismiss(&self, close: CloseFrame) {
        drop(self.close(close));
    }

    fn deliver(self: Arc<Self>, is_again: bool) -> bool {
        let (mut state, left) = self.write_now(self.lock());
        if is_again {
            state.is_flushed = false;
        }
        if left == Left::Unsupported {
            self.start_flush(state);
            return false;
        }
        // Judged and noted under one lock, so that nothing is queued between the two. Where another thread is writing, it may be one
        // that does not wait, and leaves something.
        state.has_left_some() && !core::mem::replace(&mut state.is_flushed, true)
    }
}

/// The stack of a thread that writes, in bytes.
pub(crate) const STACK_LEN: usize = 64 * 1024;
