use alloc::sync::Arc;
use core::{fmt, mem};
use std::sync::{Mutex, PoisonError};

use ws_core::frame::CloseFrame;

use super::Inner;
use crate::socket::{Channel, WriteHalf};
use crate::stream::duplex::Duplex;

/// The place of a connection in a [`Hub`](super::Hub), from before its handshake to its end. Dropping it makes room for
/// another connection.
pub struct Place {
    hub: Arc<Inner>,
    id: MemberId,
}

/// Which connection of a [`Hub`](super::Hub) it is: no other connection has this id, or had it, in this hub or another one of the program.
/// Ids grow in the order in which connections entered.
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
    /// An id that is greater than all before it.
    // Not an atomic number: some targets have none of 64 bits.
    pub(super) fn next() -> Self {
        static NEXT: Mutex<u64> = Mutex::new(0);
        let mut next = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
        let id = *next;
        *next = id.wrapping_add(1);
        Self(id)
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
        let farewell = self.replace(Some(Arc::clone(&member)));
        if let Some(close) = farewell {
            member.dismiss(close);
            self.hub.rest.deliver(vec![member]);
        }
    }

    /// Ends the membership: the connection receives no more of what the hub sends. A [`shutdown`](super::Hub::shutdown) sends it no Close, and
    /// cuts it off where it has not ended in time.
    pub fn leave(&self) {
        self.replace(None);
    }

    /// Sets what receives, and returns what members are sent that join now, once the hub is shut down.
    fn replace(&self, member: Option<Arc<dyn Channel>>) -> Option<CloseFrame> {
        let mut state = self.hub.lock();
        let earlier =
            state.connections.get_mut(&self.id).and_then(|place| mem::replace(&mut place.member, member));
        let farewell = state.farewell;
        // Dropped after the lock is released: the last handle to a stream closes it.
        drop(state);
        drop(earlier);
        farewell
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

#[cfg(test)]
mod tests {
    use super::Channel;
    use crate::error::Error;
    use crate::hub::Hub;
    use crate::socket::Forms;
    use alloc::sync::Arc;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use ws_core::frame::CloseFrame;

    /// A member whose stream uses the hub when it is dropped.
    struct Visitor {
        hub: Hub,
        drop_count: Arc<AtomicUsize>,
    }

    impl Channel for Visitor {
        #[cfg(feature = "deflate")]
        fn takes_compressed(&self, _: ws_core::extension::WindowBits) -> bool {
            false
        }

        fn hear(&self, _: &Forms<'_>) -> Result<(), Error> {
            Ok(())
        }

        fn dismiss(&self, _: CloseFrame) {}

        fn deliver(self: Arc<Self>, _: bool) -> bool {
            false
        }
    }

    impl Drop for Visitor {
        fn drop(&mut self) {
            assert!(self.hub.inner.state.try_lock().is_ok(), "this would wait for itself");
            self.drop_count.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_member_is_dropped_without_the_lock_of_the_hub() {
        let (hub, drop_count) = (Hub::new(1), Arc::new(AtomicUsize::new(0)));
        let visitor = || Arc::new(Visitor { hub: hub.clone(), drop_count: Arc::clone(&drop_count) });
        let place = hub.enter(|| {}).unwrap();
        place.replace(Some(visitor()));
        place.replace(Some(visitor()));
        assert_eq!(drop_count.load(Ordering::Relaxed), 1, "the later one takes its place");
        place.leave();
        assert_eq!(drop_count.load(Ordering::Relaxed), 2);
        place.replace(Some(visitor()));
        drop(place);
        assert_eq!(drop_count.load(Ordering::Relaxed), 3);
    }
}
