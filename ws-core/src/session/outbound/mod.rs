// Read first: RFC 6455 §5.5, §6.1, §7.1.

#[cfg(feature = "deflate")]
mod deflation;
mod ending;
mod sending;
mod streaming;
mod time;
mod transmitting;

pub use ending::{Ending, StreamError};
pub use streaming::{Compress, Taken};
pub use time::is_keepalive;

use core::fmt;
use core::time::Duration;

use self::time::Pings;
use super::queue::Queue;
use super::{Config, Note, Opened, Relay, Traffic};
use crate::connection::{Closure, KeySource, Role, RoleKeys, SendHalf, Transport};
use crate::error::SendError;
use crate::frame::{CloseFrame, ControlPayload};
use crate::keepalive::{Due, Keepalive};

/// The sending side of a session: a bounded queue of what is committed, the control frames, the deadlines, and how the
/// connection ends.
///
/// Give it messages by [`send`](Self::send) and its kin while it [`is_ready`](Self::is_ready); write what
/// [`transmit`](Self::transmit) gives to the stream, and say how much was written by [`transmitted`](Self::transmitted);
/// then obey [`transport`](Self::transport).
///
/// ```
/// use core::time::Duration;
/// use ws_core::connection::RoleKeys;
/// use ws_core::input::ReadBuffer;
/// use ws_core::session::{Config, NoKeys, Opened, Session};
///
/// let opened = Opened::<NoKeys>::new(RoleKeys::Server);
/// let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
/// let outbound = &mut session.outbound;
/// outbound.send("Hello")?;
/// outbound.send("World")?;
/// assert_eq!(outbound.transmit(), b"\x81\x05Hello\x81\x05World"); // both in one write,
/// outbound.transmitted(10, Duration::from_millis(1)); // of which the stream took 10 bytes
/// assert_eq!(outbound.transmit(), b"orld");
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
pub struct Outbound<K> {
    send: SendHalf<RoleKeys<K>>,
    queue: Queue,
    /// How much of what was taken by [`take_batch`](Self::take_batch) has not left yet.
    in_flight: usize,
    /// How much was lent to be written.
    offered: usize,
    /// How much was queued, and how much of it has left, since the beginning.
    queued_total: u64,
    left_total: u64,
    /// Where the control frames end that were queued last, the last ping and the Close.
    control_end: u64,
    ping_end: Option<u64>,
    close_end: Option<u64>,
    /// Where what was queued last of a message ends.
    message_end: u64,
    /// How long the answer to the opening handshake is.
    unsent_len: u64,
    keepalive: Keepalive,
    /// The time that was given last.
    now: Duration,
    queue_len_max: usize,
    /// All but the bytes, which are counted anyway.
    traffic: Traffic,
    /// The stream took less than there was.
    is_blocked: bool,
    /// There was no key, or no memory, for the control frames that wait. They are tried again when something happens.
    is_starved: bool,
    /// Which deadline has ended the connection.
    timed_out: Option<Due>,
    stream: ending::StreamState,
    pings: Pings,
    #[cfg(feature = "deflate")]
    deflation: Option<deflation::Deflation>,
}

impl<K: KeySource> Outbound<K> {
    pub(super) fn new(opened: Opened<K>, config: &Config, now: Duration) -> Self {
        let Opened { keys, unsent, .. } = opened;
        let mut keepalive = Keepalive::new(config.keepalive(), now);
        keepalive.established(now);
        let mut outbound = Self {
            send: SendHalf::new(keys),
            queue: Queue::default(),
            in_flight: 0,
            offered: 0,
            queued_total: 0,
            left_total: 0,
            control_end: 0,
            ping_end: None,
            close_end: None,
            message_end: 0,
            unsent_len: len_u64(unsent.len()),
            keepalive,
            now,
            queue_len_max: config.queue_len_max(),
            traffic: Traffic::default(),
            is_blocked: false,
            is_starved: false,
            timed_out: None,
            stream: ending::StreamState::default(),
            pings: Pings::default(),
            #[cfg(feature = "deflate")]
            deflation: None,
        };
        if !unsent.is_empty() {
            outbound.queued_total = outbound.unsent_len;
            outbound.queue.push(unsent);
        }
        #[cfg(feature = "deflate")]
        if let Some(agreed) = opened.agreed {
            outbound.send = outbound.send.with_deflate(agreed);
            outbound.deflation = Some(deflation::Deflation::new(agreed, config.deflate()));
        }
        outbound
    }

    /// Whether the queue has room for a message, however long it is: less than [`Config::queue_len_max`] bytes wait to be
    /// written. Otherwise write first, and stop taking messages from [`Inbound`](super::Inbound) that are to be answered:
    /// then the peer has to wait, and nothing grows. It says nothing of the state: a connection that
    /// [is closing](Self::is_closing), or has a message in parts in progress, refuses messages all the same.
    ///
    /// ```
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// session.outbound.send(&[7; 16 * 1024 - 5])?;
    /// assert!(session.outbound.is_ready(), "a byte less than the 16 KiB of the default waits");
    /// session.outbound.send(&[7; 100_000])?;
    /// assert!(!session.outbound.is_ready());
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_ready(&self) -> bool {
        self.queued_len() < self.queue_len_max
    }

    /// How many bytes wait to be written; those of a batch count until they were reported as
    /// [`transmitted`](Self::transmitted), even once the connection has ended.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Batch, Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// let mut batch = Batch::new();
    /// session.outbound.take_batch(&mut batch);
    /// assert_eq!(session.outbound.queued_len(), 7, "the batch is not written yet");
    /// session.outbound.transmitted(7, Duration::ZERO);
    /// assert_eq!(session.outbound.queued_len(), 0);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn queued_len(&self) -> usize {
        self.queue.len().saturating_add(self.in_flight)
    }

    /// Queues a ping (RFC 6455 §5.5.2); it replaces one that [`transmit`](Self::transmit) or a batch has not given out yet.
    /// Without effect once the connection is closing.
    ///
    /// ```
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// use ws_core::frame::ControlPayload;
    /// session.outbound.ping(ControlPayload::new(b"one").ok_or("too long")?);
    /// session.outbound.ping(ControlPayload::new(b"two").ok_or("too long")?);
    /// assert_eq!(session.outbound.transmit(), b"\x89\x03two", "the last one alone");
    /// # Ok::<(), &str>(())
    /// ```
    pub fn ping(&mut self, payload: ControlPayload) {
        self.is_starved = false;
        self.pings.is_waiting = false;
        self.send.ping(payload);
    }

    /// Queues a pong (RFC 6455 §5.5.3), for programs that answer pings themselves; it replaces one that
    /// [`transmit`](Self::transmit) or a batch has not given out yet. Without effect once the connection is closing.
    ///
    /// ```
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// use ws_core::{frame::CloseCode, frame::ControlPayload};
    /// session.outbound.pong(ControlPayload::new(b"hi").ok_or("too long")?);
    /// assert_eq!(session.outbound.transmit(), b"\x8a\x02hi");
    /// session.outbound.close(CloseCode::NORMAL.into());
    /// session.outbound.pong(ControlPayload::EMPTY); // too late
    /// assert_eq!(session.outbound.transmit(), b"\x8a\x02hi");
    /// # Ok::<(), &str>(())
    /// ```
    pub fn pong(&mut self, payload: ControlPayload) {
        self.is_starved = false;
        self.send.pong(payload);
    }

    /// Queues a Close, after which no data can be sent (RFC 6455 §5.5.1). Messages that were queued before leave first, and so
    /// does a pong; a ping that [`transmit`](Self::transmit) or a batch has not given out yet is dropped. Messages still
    /// arrive until the peer's Close does. Without effect once the connection is closing.
    ///
    /// ```
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// use ws_core::{error::SendError, frame::CloseCode};
    /// session.outbound.send("Hello")?;
    /// session.outbound.close(CloseCode::NORMAL.into());
    /// assert_eq!(session.outbound.send("World"), Err(SendError::Closed));
    /// assert_eq!(session.outbound.transmit(), b"\x81\x05Hello\x88\x02\x03\xe8");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn close(&mut self, close: CloseFrame) {
        self.is_starved = false;
        self.send.close(close);
    }

    /// What to do with the transport: judged by what has left, so that a Close which still waits keeps it open.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::connection::Transport;
    /// session.inbound.spare()[..8].copy_from_slice(b"\x88\x82\0\0\0\0\x03\xe8"); // the client's Close
    /// session.inbound.filled(8, Duration::ZERO);
    /// let _close = session.inbound.next(&mut session.outbound);
    /// let len = session.outbound.transmit().len();
    /// assert_eq!(session.outbound.transport(), Transport::Open, "the answer is still to be written");
    /// session.outbound.transmitted(len, Duration::ZERO);
    /// assert_eq!(session.outbound.transport(), Transport::Linger { shutdown_write: true });
    /// ```
    #[must_use]
    #[inline]
    pub fn transport(&self) -> Transport {
        self.send.transport()
    }

    /// How the connection ended, once it has. It is clean only where our Close has left.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::connection::ClosureCause;
    /// session.inbound.spare()[..8].copy_from_slice(b"\x88\x82\0\0\0\0\x03\xe8"); // the client's Close
    /// session.inbound.filled(8, Duration::ZERO);
    /// let _close = session.inbound.next(&mut session.outbound);
    /// assert_eq!(session.outbound.closure(), None, "ours has not left");
    /// let len = session.outbound.transmit().len();
    /// session.outbound.transmitted(len, Duration::ZERO);
    /// let closure = session.outbound.closure().ok_or("open")?;
    /// assert_eq!((closure.cause, closure.is_clean), (ClosureCause::Peer, true));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.send.closure()
    }

    /// Which deadline ended the connection, if one did.
    #[must_use]
    pub const fn timed_out(&self) -> Option<Due> {
        self.timed_out
    }

    /// Whether either side has begun to close, or the transport has ended: no data can be sent any more.
    ///
    /// ```
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// use ws_core::frame::CloseCode;
    /// assert!(!session.outbound.is_closing());
    /// session.outbound.close(CloseCode::NORMAL.into());
    /// assert!(session.outbound.is_closing() && session.outbound.closure().is_none());
    /// ```
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.send.is_closing()
    }

    /// Whether the next message can be begun: the connection is not closing, and no message in parts is in progress. For
    /// adapters that let a program begin a message in parts before it has the first of them.
    ///
    /// ```
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// use ws_core::{error::SendError, frame::CloseCode, frame::Fin};
    /// assert_eq!(session.outbound.check_between_messages(), Ok(()));
    /// session.outbound.part("Hel", Fin::More)?;
    /// assert_eq!(session.outbound.check_between_messages(), Err(SendError::Busy));
    /// session.outbound.close(CloseCode::NORMAL.into());
    /// assert_eq!(session.outbound.check_between_messages(), Err(SendError::Closed));
    /// # Ok::<(), SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] once the connection is closing; [`SendError::Busy`] while a message is sent in parts.
    pub fn check_between_messages(&self) -> Result<(), SendError> {
        if self.send.is_closing() {
            return Err(SendError::Closed);
        }
        if self.send.is_message_in_progress() { Err(SendError::Busy) } else { Ok(()) }
    }

    /// Which end of the connection this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.send.role()
    }

    /// The round trip of the last ping of the keepalive that was answered: from when its last byte was written to when its
    /// pong was read.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # use ws_core::keepalive::KeepaliveConfig;
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// let keepalive = KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(30)));
    /// let mut session = Session::new(opened, Config::new().with_keepalive(keepalive), buffer, Duration::ZERO);
    /// assert_eq!(session.outbound.poll(Duration::from_secs(30)), None);
    /// let ping = session.outbound.transmit().to_vec();
    /// session.outbound.transmitted(ping.len(), Duration::from_secs(30));
    /// let pong = [b"\x8a\x88\0\0\0\0", &ping[2..]].concat(); // the same payload, masked with zeros
    /// session.inbound.spare()[..pong.len()].copy_from_slice(&pong);
    /// session.inbound.filled(pong.len(), Duration::from_millis(30_070));
    /// let _pong = session.inbound.next(&mut session.outbound);
    /// assert_eq!(session.outbound.latency(), Some(Duration::from_millis(70)));
    /// ```
    #[must_use]
    pub const fn latency(&self) -> Option<Duration> {
        self.pings.latency
    }

    /// What was sent.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// assert_eq!(session.outbound.traffic().message_count, 1);
    /// let len = session.outbound.transmit().len();
    /// assert_eq!(session.outbound.traffic().wire_len, 0, "bytes count once they have left");
    /// session.outbound.transmitted(len, Duration::ZERO);
    /// assert_eq!(session.outbound.traffic().wire_len, 7);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub const fn traffic(&self) -> Traffic {
        Traffic { wire_len: self.left_total.saturating_sub(self.unsent_len), ..self.traffic }
    }

    /// Frees the memory that an idle connection can do without. Where messages are compressed, the next one begins with an
    /// empty window, and is longer.
    ///
    /// ```
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// session.outbound.send("Hello")?;
    /// session.outbound.release();
    /// assert_eq!(session.outbound.transmit(), b"\x81\x05Hello", "what waits is kept");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn release(&mut self) {
        self.queue.release();
        #[cfg(feature = "deflate")]
        self.release_deflation();
    }

    /// A copy in the same state, for model checkers and tests; `None` where messages have been compressed here, since a
    /// compression context cannot be copied.
    ///
    /// ```
    /// # use ws_core::{connection::{KeySource, RoleKeys}, frame::MaskKey, input::ReadBuffer};
    /// # use ws_core::session::{Config, Opened, Session};
    /// #[derive(Clone)]
    /// struct Keys; // of a test
    /// impl KeySource for Keys {
    ///     fn next_key(&mut self) -> Option<MaskKey> {
    ///         Some(MaskKey::new([0; 4]))
    ///     }
    /// }
    ///
    /// # let (opened, buffer) = (Opened::new(RoleKeys::Client(Keys)), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// let mut copy = session.outbound.try_clone().ok_or("a compression context")?;
    /// copy.send("Hello")?;
    /// assert_eq!((copy.queued_len(), session.outbound.queued_len()), (11, 0));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn try_clone(&self) -> Option<Self>
    where
        K: Clone,
    {
        Some(Self {
            send: self.send.clone(),
            queue: self.queue.clone(),
            keepalive: self.keepalive,
            #[cfg(feature = "deflate")]
            deflation: match &self.deflation {
                Some(deflation) => Some(deflation.try_clone()?),
                None => None,
            },
            ..*self
        })
    }

    #[inline]
    fn check_ready(&self) -> Result<(), SendError> {
        if self.is_ready() { Ok(()) } else { Err(self.why_not_ready()) }
    }

    /// No room will be made for messages of a connection that is closing.
    #[cold]
    fn why_not_ready(&self) -> SendError {
        if self.send.is_closing() { SendError::Closed } else { SendError::Full }
    }

    #[inline]
    fn queued(&mut self, len: usize) {
        self.queued_total = self.queued_total.saturating_add(len_u64(len));
    }
}

impl<K: KeySource> Relay for Outbound<K> {
    fn relay(&mut self, note: Note) {
        match note {
            Note::Signal(signal) => {
                self.is_starved = false;
                self.send.signal(signal);
                self.drop_if_closed();
            }
            Note::Heard { at, has_message } => {
                self.now = at;
                self.keepalive.received(at);
                if has_message {
                    self.keepalive.message(at);
                }
            }
            Note::Pong { payload, at } => {
                if payload == self.pings.payload() {
                    let left_at = self.pings.left_at.take();
                    self.pings.latency =
                        left_at.map(|left_at| at.saturating_sub(left_at)).or(self.pings.latency);
                }
            }
        }
    }
}

impl<K> fmt::Debug for Outbound<K> {
    /// Nothing of the keys, nor of what is queued.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound")
            .field("send", &self.send)
            .field("queue", &self.queue)
            .field("in_flight", &self.in_flight)
            .field("keepalive", &self.keepalive)
            .field("timed_out", &self.timed_out)
            .field("traffic", &self.traffic)
            .finish_non_exhaustive()
    }
}

fn len_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
