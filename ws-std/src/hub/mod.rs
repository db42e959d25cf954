//! The connections of a server, as one.

mod place;
mod serve;

pub use place::Place;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ws_core::connection::EncodedMessage;
use ws_core::error::SendError;
use ws_core::frame::CloseCode;
use ws_core::message::Message;

use crate::error::Error;
use crate::socket::Channel;

/// The connections of a server: bounded in number, spoken to at once, and closed together.
///
/// It is a handle: clones are the same hub. [`serve`](Self::serve) accepts on a thread for each connection;
/// [`enter`](Self::enter) is for an accept loop of one's own.
///
/// A chat room, in which everybody hears everybody:
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
///         hub.broadcast(message)?;
///     }
///     Ok(())
/// }
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let url = format!("ws://{}/", listener.local_addr()?);
/// let hub = Hub::new(1000);
/// let room = hub.clone();
/// let serving = thread::spawn(move || {
///     room.clone().serve(&listener, move |stream, place| drop(visit(&room, &place, stream)))
/// });
///
/// let mut guest = ws_std::connect(&url)?;
/// # while hub.member_count() < 1 { thread::yield_now() }
/// guest.send_text("Hello")?;
/// assert!(guest.read()?.is_some_and(|(message, _)| message == ws_std::Message::Text("Hello")));
///
/// let leaving = thread::spawn(move || guest.read().map(|read| read.is_none()));
/// assert_eq!(hub.shutdown("closing time", Duration::from_secs(5)), 0, "nobody had to be cut off");
/// assert!(leaving.join().is_ok_and(|is_closed| is_closed.is_ok_and(|is_closed| is_closed)));
/// assert!(serving.join().is_ok_and(|served| served.is_ok()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
    stack_len: Option<usize>,
}

/// What the clones share.
struct Inner {
    connection_count_max: usize,
    state: Mutex<State>,
    /// A connection has ended, or the hub is shut down.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    connections: BTreeMap<u64, Connection>,
    next_id: u64,
    /// What members that come now are told, since the hub is shut down.
    farewell: Option<Box<str>>,
    /// Where connections are accepted.
    addresses: Vec<SocketAddr>,
}

/// What the hub knows of a connection.
struct Connection {
    /// Ends the stream, whoever is reading or writing it.
    abort: Option<Box<dyn FnOnce() + Send>>,
    member: Option<Arc<dyn Channel>>,
}

/// How many members a broadcast has reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Members it was sent to: written, or queued until the peer reads.
    pub sent_count: usize,
    /// Members closed with 1013, to come back later, because they did not read what was sent before.
    pub lagging_count: usize,
    /// Members that are closing, or gone, or do not admit a message that was encoded for others.
    pub missed_count: usize,
}

impl Hub {
    /// A hub with no connection yet, and room for so many at the same time.
    #[must_use]
    pub fn new(connection_count_max: usize) -> Self {
        let inner = Inner { connection_count_max, state: Mutex::default(), changed: Condvar::new() };
        Self { inner: Arc::new(inner), stack_len: None }
    }

    /// Sets how long the stack of a handler of [`serve`](Self::serve) is, in bytes. Default as for any thread of std, which
    /// is 2 MiB. Only what is used of it takes memory, so that a smaller one saves addresses, and little else.
    #[must_use]
    pub fn with_stack_len(self, len: usize) -> Self {
        Self { stack_len: Some(len), ..self }
    }

    /// Waits until there is room for another connection. `None` once the hub is shut down.
    ///
    /// The place counts until it is dropped. `abort` is to end the connection whatever it is doing, also in the middle of
    /// its handshakes: it is called where the connection has not ended in time behind a [`shutdown`](Self::shutdown).
    #[must_use]
    pub fn enter(&self, abort: impl FnOnce() + Send + 'static) -> Option<Place> {
        let mut state = self.inner.wait_for_room();
        if state.farewell.is_some() {
            return None;
        }
        let id = state.next_id;
        state.next_id = id.wrapping_add(1);
        state.connections.insert(id, Connection { abort: Some(Box::new(abort)), member: None });
        drop(state);
        Some(Place::new(Arc::clone(&self.inner), id))
    }

    /// Sends a message to all members, encoded once, and waits for none of them.
    ///
    /// All members get all messages in one order. Who does not read, so that 64 KiB of messages wait, is closed with 1013
    /// ([`CloseCode::TRY_AGAIN_LATER`]): then it knows that it has missed something. Where a peer does not take a message
    /// at once, a thread is started to write what waits, and ends when that is done or
    /// [`Timeouts::write`](crate::Timeouts::write) has passed.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where there is no memory for the message.
    pub fn broadcast(&self, message: Message<'_>) -> Result<Delivery, Error> {
        let encoded = EncodedMessage::new(message).map_err(|error: SendError| Error::from(error))?;
        Ok(self.inner.deliver(&Arc::new(encoded), Some(message)))
    }

    /// Sends a message that is encoded already, and may be compressed, as [`broadcast`](Self::broadcast) does: a member that
    /// has not agreed on compression with as large a window does not admit it, and misses it.
    #[expect(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn broadcast_encoded(&self, message: &Arc<EncodedMessage<Vec<u8>>>) -> Delivery {
        self.inner.deliver(message, None)
    }

    /// Ends it all: [`serve`](Self::serve) returns, members are closed with 1001 ([`CloseCode::GOING_AWAY`]) and this
    /// reason, and so are those who join later; then the connections are waited for. Those that have not ended in time are
    /// cut off. Returns how many that were.
    ///
    /// Of a reason, the first 123 bytes are sent.
    pub fn shutdown(&self, reason: &str, patience: Duration) -> usize {
        let mut state = self.inner.lock();
        state.farewell.get_or_insert_with(|| reason.into());
        let members: Vec<_> = state.members().map(Arc::clone).collect();
        let addresses = state.addresses.clone();
        drop(state);
        for member in members {
            member.dismiss(CloseCode::GOING_AWAY, reason);
            member.deliver();
        }
        self.inner.changed.notify_all();
        for address in addresses {
            // Who accepts there is waiting for a connection. Where none can be made, one is waiting to be accepted.
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

    /// How many connections there are, members or not.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.inner.lock().connections.len()
    }

    /// How many have joined.
    #[must_use]
    pub fn member_count(&self) -> usize {
        self.inner.lock().members().count()
    }
}

impl Inner {
    /// Whoever panicked with the lock has left a state that is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock is held to queue the message for all of them, so that all get the messages of several threads in one order;
    /// it is not held to write.
    fn deliver(&self, encoded: &Arc<EncodedMessage<Vec<u8>>>, plain: Option<Message<'_>>) -> Delivery {
        let mut delivery = Delivery::default();
        let state = self.lock();
        let members: Vec<_> = state.members().map(Arc::clone).collect();
        for member in &members {
            let count = match member.hear(encoded, plain) {
                Ok(()) => &mut delivery.sent_count,
                Err(error) if error.is_would_block() => {
                    member.dismiss(CloseCode::TRY_AGAIN_LATER, LAGGING);
                    &mut delivery.lagging_count
                }
                Err(_gone) => &mut delivery.missed_count,
            };
            *count = count.saturating_add(1);
        }
        drop(state);
        for member in members {
            member.deliver();
        }
        delivery
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
    fn members(&self) -> impl Iterator<Item = &Arc<dyn Channel>> {
        self.connections.values().filter_map(|connection| connection.member.as_ref())
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

/// Where this machine reaches what listens there.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Why a member that lags is closed.
const LAGGING: &str = "too slow for the messages of others";

/// How long it may take to connect to this machine.
const WAKE_TIME: Duration = Duration::from_secs(1);

/// How long connections that were cut off may take to notice.
const ABORT_TIME: Duration = Duration::from_secs(1);
