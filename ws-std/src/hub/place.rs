use alloc::sync::Arc;
use core::fmt;

use ws_core::frame::CloseCode;

use super::Inner;
use crate::socket::WriteHalf;
use crate::stream::duplex::Duplex;

/// A connection's place in a [`Hub`](super::Hub), from before its handshake to its end: dropping it makes room for
/// another.
pub struct Place {
    hub: Arc<Inner>,
    id: u64,
}

impl Place {
    pub(super) const fn new(hub: Arc<Inner>, id: u64) -> Self {
        Self { hub, id }
    }

    /// From now on this connection hears what is broadcast, and is closed when the hub is shut down; at once, if it is
    /// already. The writing half may be a clone; another one takes the place of the one before.
    ///
    /// The reading half has to be read to the end, as always.
    pub fn join<S: Duplex>(&self, writer: WriteHalf<S>) {
        let member = writer.into_channel();
        let mut state = self.hub.lock();
        let farewell = state.farewell.clone();
        if let Some(connection) = state.connections.get_mut(&self.id) {
            connection.member = Some(Arc::clone(&member));
        }
        drop(state);
        if let Some(reason) = farewell {
            member.dismiss(CloseCode::GOING_AWAY, &reason);
            member.deliver();
        }
    }

    /// From now on it hears nothing that is broadcast, and is not closed with the hub, but cut off at its end.
    pub fn leave(&self) {
        if let Some(connection) = self.hub.lock().connections.get_mut(&self.id) {
            connection.member = None;
        }
    }

    /// Which of the hub's connections this is: no other has or had this number.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Dropped behind the lock: with the last handle to a stream, it is closed.
        let left = self.hub.lock().connections.remove(&self.id);
        self.hub.changed.notify_all();
        drop(left);
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("id", &self.id).finish_non_exhaustive()
    }
}
