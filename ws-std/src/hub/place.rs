use alloc::sync::Arc;
use core::fmt;

use ws_core::frame::CloseCode;

use super::Inner;
use crate::socket::WriteHalf;
use crate::stream::duplex::Duplex;

/// The place of a connection in a [`Hub`](super::Hub), from before its handshake to its end. Dropping it makes room for
/// another connection.
pub struct Place {
    hub: Arc<Inner>,
    id: u64,
}

impl Place {
    pub(super) const fn new(hub: Arc<Inner>, id: u64) -> Self {
        Self { hub, id }
    }

    /// Makes this connection a member: it receives what is broadcast from now on, and is closed when the hub is shut down, or at
    /// once where the hub is shut down already. `writer` may be a clone. A later call replaces it.
    ///
    /// Go on reading from the reading half until its end, so that pings and Closes are answered.
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
            self.hub.rest.deliver(vec![member]);
        }
    }

    /// Ends the membership: the connection receives no more broadcasts. A [`shutdown`](super::Hub::shutdown) sends it no Close, and
    /// cuts it off where it has not ended in time.
    pub fn leave(&self) {
        if let Some(connection) = self.hub.lock().connections.get_mut(&self.id) {
            connection.member = None;
        }
    }

    /// The number of this connection, which no other connection of the hub has or had.
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Dropped after the lock is released: the last handle to a stream closes it.
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
