//! The connections of a server, as one.

mod delivery;
mod place;
mod rest;
mod serve;

pub use delivery::Delivery;
pub use place::{MemberId, Place};

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ws_core::frame::{CloseCode, CloseFrame};
#[cfg(feature = "deflate")]
use ws_core::session::Deflate;

use crate::socket::Channel;
use rest::Rest;

/// The connections of a server: a cap on their number, messages to all members, some or one, and an orderly shutdown.
///
/// It is a handle: clones are the same hub. [`serve`](Self::serve) accepts connections, each on a thread of its own;
/// [`enter`](Self::enter) is for your own accept loop. A connection becomes a member when it [joins](Place::join).
///
/// A chat room, in which a message goes to all but its sender:
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use std::thread;
/// use std::time::Duration;
/// use ws_std::{Error, Hub, Place, Server, SharedStream};
///
/// fn visit(hub: &Hub, place: &Place, stream: SharedStream<TcpStream>) -> Result<(), Error> {
///     let (mut reader, writer) = Server::new().accept(stream)?.split()?;
///     place.join(writer);
///     while let Some(message) = reader.read()? {
///         hub.broadcast_except(place.id(), message)?;
///     }
///     Ok(())
/// }
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/", listener.local_addr()?);
/// let hub = Hub::new(1000);
/// let room = hub.clone();
/// let serving = thread::spawn(move || {
///     room.clone().serve(&listener, move |stream, place| {
///         if let Err(error) = visit(&room, &place, stream) {
///             eprintln!("guest {}: {error}", place.id());
///         }
///     })
/// });
///
/// let (mut ada, mut bob) = (ws_std::connect(&url)?, ws_std::connect(&url)?);
/// # while hub.member_count() < 2 { thread::yield_now() }
/// ada.send("Hello, Bob")?;
/// assert!(bob.read()?.is_some_and(|(message, _)| message == "Hello, Bob".into()));
/// bob.send("Hello, Ada")?;
/// assert!(ada.read()?.is_some_and(|(message, _)| message == "Hello, Ada".into()));
///
/// let leaving = [ada, bob].map(|mut guest| thread::spawn(move || guest.read().map(|read| read.is_none())));
/// assert_eq!(hub.shutdown("closing time", Duration::from_secs(5)), 0, "nobody had to be cut off");
/// for guest in leaving {
///     assert!(guest.join().is_ok_and(|is_closed| is_closed.is_ok_and(|is_closed| is_closed)));
/// }
/// assert!(serving.join().is_ok_and(|served| served.is_ok()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # To whom
///
/// | to | by |
/// |---|---|
/// | all members | [`broadcast`](Self::broadcast) |
/// | all but one, such as the sender | [`broadcast_except`](Self::broadcast_except) |
/// | some: the members of a room, those that a predicate picks | [`broadcast_to`](Self::broadcast_to) |
/// | one | [`send_to`](Self::send_to) |
///
/// None of them waits for a peer. Each returns a [`Delivery`], which tells how many members were reached. Members receive messages in
/// the order in which the hub took them, from whichever threads they come. A message is encoded once, and with `with_deflate` (feature
/// `deflate`) compressed once; the members share the bytes.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
    stack_len: Option<usize>,
    #[cfg(feature = "deflate")]
    deflate: Option<Deflate>,
}

/// What the clones share.
struct Inner {
    connection_count_max: usize,
    state: Mutex<State>,
    rest: Arc<Rest>,
    /// A connection has ended, or the hub is shut down.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    connections: BTreeMap<MemberId, Connection>,
    /// What members are sent that join now, since the hub is shut down.
    farewell: Option<CloseFrame>,
    /// The addresses on which [`Hub::serve`] accepts connections.
    addresses: Vec<SocketAddr>,
}

/// A connection, as the hub has it.
struct Connection {
    /// Ends the stream, also while other threads read or write it.
    abort: Option<Box<dyn FnOnce() + Send>>,
    member: Option<Arc<dyn Channel>>,
}

impl Hub {
    /// Creates a hub without connections, with room for `connection_count_max` of them at the same time.
    #[must_use]
    pub fn new(connection_count_max: usize) -> Self {
        let inner = Inner {
            connection_count_max,
            state: Mutex::default(),
            rest: Arc::default(),
            changed: Condvar::new(),
        };
        Self {
            inner: Arc::new(inner),
            stack_len: None,
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }

    /// Sets the length of the stack of each handler of [`serve`](Self::serve), in bytes. Default: that of any thread of std, 2 MiB.
    /// Only the part of a stack that is used takes memory, so a smaller one saves addresses and little else.
    #[must_use]
    pub fn with_stack_len(self, len: usize) -> Self {
        Self { stack_len: Some(len), ..self }
    }

    /// Waits until there is room for another connection, and returns its place. Returns `None` once the hub is shut down.
    ///
    /// The place counts until it is dropped. [`shutdown`](Self::shutdown) calls `abort` where the connection has not ended in time:
    /// it has to end the connection whatever that is doing, also in the middle of its handshakes.
    #[must_use]
    pub fn enter(&self, abort: impl FnOnce() + Send + 'static) -> Option<Place> {
        let mut state = self.inner.wait_for_room();
        if state.farewell.is_some() {
            return None;
        }
        let id = MemberId::next();
        state.connections.insert(id, Connection { abort: Some(Box::new(abort)), member: None });
        drop(state);
        Some(Place::new(Arc::clone(&self.inner), id))
    }

    /// Shuts the hub down: [`serve`](Self::serve) returns, and members, those that join later included, are closed with 1001
    /// ([`CloseCode::GOING_AWAY`]) and `reason`. Then waits up to `patience` for all connections to end, and cuts off those that
    /// have not. Returns how many were cut off.
    ///
    /// Of `reason`, the first 123 bytes are sent.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn shutdown(&self, reason: &str, patience: Duration) -> usize {
        let close = CloseCode::GOING_AWAY.with_reason(reason);
        let mut state = self.inner.lock();
        state.farewell.get_or_insert(close);
        let members: Vec<_> = state.members().map(|(_, member)| Arc::clone(member)).collect();
        let addresses = state.addresses.clone();
        drop(state);
        for member in &members {
            member.dismiss(close);
        }
        self.inner.rest.deliver(members);
        self.inner.changed.notify_all();
        for address in addresses {
            // The thread that accepts there waits for a connection. Where none can be made, one waits to be accepted.
            drop(TcpStream::connect_timeout(&reachable(address), WAKE_TIME));
        }
        let mut state = self.inner.wait_for_end(patience);
        let aborts: Vec<_> =
            state.connections.values_mut().filter_map(|connection| connection.abort.take()).collect();
        drop(state);
        let aborted_count = aborts.len();
        for abort in aborts {
            abort();
        }
        if aborted_count > 0 {
            drop(self.inner.wait_for_end(ABORT_TIME));
        }
        aborted_count
    }

    /// Whether [`shutdown`](Self::shutdown) was called.
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        self.inner.lock().farewell.is_some()
    }

    /// The number of connections, members or not.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.inner.lock().connections.len()
    }

    /// The members: connections that have [joined](Place::join) and not left, in the order in which they entered.
    #[must_use]
    pub fn members(&self) -> Vec<MemberId> {
        self.inner.lock().members().map(|(id, _)| id).collect()
    }

    /// The number of [members](Self::members).
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.inner.lock().members().count()
    }
}

impl Inner {
    /// A thread that panicked with the lock has left a state that is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for another connection, or the hub is shut down.
    fn wait_for_room(&self) -> MutexGuard<'_, State> {
        let is_full = |state: &mut State| {
            state.farewell.is_none() && state.connections.len() >= self.connection_count_max
        };
        self.changed.wait_while(self.lock(), is_full).unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for_end(&self, patience: Duration) -> MutexGuard<'_, State> {
        let begun = Instant::now();
        let mut state = self.lock();
        while !state.connections.is_empty() {
            let remaining = patience.saturating_sub(begun.elapsed());
            if remaining.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(state, remaining);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }
}

impl State {
    /// The members, in the order in which their connections entered.
    fn members(&self) -> impl Iterator<Item = (MemberId, &Arc<dyn Channel>)> {
        self.connections.iter().filter_map(|(id, connection)| Some((*id, connection.member.as_ref()?)))
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.inner.lock();
        f.debug_struct("Hub")
            .field("connection_count", &state.connections.len())
            .field("connection_count_max", &self.inner.connection_count_max)
            .field("is_shut_down", &state.farewell.is_some())
            .finish_non_exhaustive()
    }
}

/// The address by which this machine reaches a listener on `address`.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// How long it may take to connect to this machine.
const WAKE_TIME: Duration = Duration::from_secs(1);

/// How long connections that were cut off may take to notice.
const ABORT_TIME: Duration = Duration::from_secs(1);
