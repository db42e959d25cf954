use alloc::sync::Arc;
use core::fmt;

use super::Inner;
use crate::socket::WriteHalf;
use crate::stream::duplex::Duplex;

/// The place of a connection in a [`Hub`](super::Hub), from before its handshake to its end. Dropping it makes room for
/// another connection.
pub struct Place {
    hub: Arc<Inner>,
    id: MemberId,
}

/// Which connection of a [`Hub`](super::Hub) it is: no other connection of that hub has this id, or had it. Ids grow in the order in
/// which connections entered.
///
/// ```
/// use ws_std::Hub;
///
/// let hub = Hub::new(2);
/// let (ada, bob) = (hub.enter(|| {}).ok_or("shut down")?, hub.enter(|| {}).ok_or("shut down")?);
/// assert!(ada.id() < bob.id());
/// drop(ada);
/// assert!(hub.enter(|| {}).is_some_and(|eve| eve.id() > bob.id()));
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(u64);

impl MemberId {
    pub(super) const fn new(number: u64) -> Self {
        Self(number)
    }
}

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Place {
    pub(super) const fn new(hub: Arc<Inner>, id: MemberId) -> Self {
        Self { hub, id }
    }

    /// Makes this connection a member: it receives what the hub sends to it from now on, and is closed when the hub is shut down, or at
    /// once where the hub is shut down already. `writer` may be a clone. A later call replaces it.
    ///
    /// Go on reading from the reading half until its end, so that pings and Closes are answered.
    pub fn join<S: Duplex>(&self, writer: WriteHalf<S>) {
        let member = writer.into_channel();
        let mut state = self.hub.lock();
        let farewell = state.farewell;
        if let Some(connection) = state.connections.get_mut(&self.id) {
            connection.member = Some(Arc::clone(&member));
        }
        drop(state);
        if let Some(close) = farewell {
            member.dismiss(close);
            self.hub.rest.deliver(vec![member]);
        }
    }

    /// Ends the membership: the connection receives no more of what the hub sends. A [`shutdown`](super::Hub::shutdown) sends it no Close, and
    /// cuts it off where it has not ended in time.
    pub fn leave(&self) {
        if let Some(connection) = self.hub.lock().connections.get_mut(&self.id) {
            connection.member = None;
        }
    }

    /// The id of this connection, by which the hub sends to it once it has joined.
    #[must_use]
    pub const fn id(&self) -> MemberId {
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
        f.debug_struct("Place").field("id", &self.id.0).finish_non_exhaustive()
    }
}
