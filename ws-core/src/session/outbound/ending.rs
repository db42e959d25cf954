// Read first: RFC 6455 §7.1.

use core::time::Duration;

use super::Outbound;
use crate::connection::{CloseStatus, ClosureCause, KeySource, Transport};
use crate::error::Fault;
use crate::keepalive::Due;

/// How a connection ended, from [`Outbound::ending`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// By the peer's Close, whose code is in [`Closure::status`](crate::connection::Closure::status).
    Closed,
    /// The peer broke the rules or exceeded a limit.
    Fault(Fault),
    /// This deadline passed.
    TimedOut(Due),
    /// The stream failed ([`StreamError::Failed`]).
    Failed,
    /// The stream ended, or the peer was gone, without a Close.
    Disconnected,
}

/// What an error of the stream means: that the peer is gone, or anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "an error means that the peer is gone, or it does not")]
pub enum StreamError {
    /// The peer, or the way to it, is gone: a reset, or a pipe that is broken.
    PeerGone,
    /// Any other failure.
    Failed,
}

/// What is known of the stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StreamState {
    write_error: Option<StreamError>,
    read_error: Option<StreamError>,
    /// Until when to read on after a write has failed.
    read_until: Option<Duration>,
    is_read_over: bool,
}

impl<K: KeySource> Outbound<K> {
    /// Says that a write failed at the time `now`. The connection has ended. Where the peer is gone, it may have sent a message
    /// or its Close before, so [`wants_read`](Self::wants_read) is true until the stream has ended, or as long as a closing
    /// handshake may take.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::connection::Transport;
    /// use ws_core::session::{Ending, StreamError};
    ///
    /// session.outbound.write_failed(StreamError::PeerGone, Duration::from_secs(1));
    /// assert_eq!(session.outbound.transport(), Transport::Closed);
    /// assert!(session.outbound.wants_read(Duration::from_secs(2)));
    /// assert!(!session.outbound.wants_read(Duration::from_secs(11)), "10 s by default");
    /// session.inbound.spare()[..8].copy_from_slice(b"\x88\x82\0\0\0\0\x03\xe8"); // the client's Close, sent before
    /// session.inbound.filled(8, Duration::from_secs(3));
    /// let _close = session.inbound.next(&mut session.outbound);
    /// assert_eq!(session.outbound.ending(), Some(Ending::Closed));
    /// ```
    pub fn write_failed(&mut self, error: StreamError, now: Duration) {
        self.stream.write_error.get_or_insert(error);
        self.stream.is_read_over |= error == StreamError::Failed;
        self.stream.read_until =
            self.keepalive.config().close_timeout().and_then(|time| now.checked_add(time));
        self.transport_failed();
    }

    /// Says that a read failed. The connection has ended, and nothing more arrives.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::session::{Ending, StreamError};
    ///
    /// session.outbound.read_failed(StreamError::Failed);
    /// assert!(!session.outbound.wants_read(Duration::ZERO));
    /// assert_eq!(session.outbound.ending(), Some(Ending::Failed));
    /// ```
    pub fn read_failed(&mut self, error: StreamError) {
        self.stream.read_error.get_or_insert(error);
        self.stream.is_read_over = true;
        self.transport_failed();
    }

    /// Says that the stream has ended: nothing more arrives. [`Inbound::eof`](super::super::Inbound::eof) has to be called too.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.inbound.eof();
    /// session.outbound.read_ended();
    /// assert!(session.outbound.is_read_over());
    /// ```
    pub const fn read_ended(&mut self) {
        self.stream.is_read_over = true;
    }

    /// Whether nothing more arrives, since the stream has ended or has failed.
    #[must_use]
    pub const fn is_read_over(&self) -> bool {
        self.stream.is_read_over
    }

    /// Whether something that counts may still arrive at the time `now`: the transport is open, or lingers, or a write has failed
    /// and the peer may have sent something before.
    #[must_use]
    pub fn wants_read(&self, now: Duration) -> bool {
        let is_after_failure = self.stream.write_error.is_some() && !self.stream.is_read_over;
        self.transport() != Transport::Closed
            || is_after_failure && self.stream.read_until.is_none_or(|until| now < until)
    }

    /// Until when a read may wait: the [next deadline](Self::next_deadline), or the end of reading after a write has failed.
    #[must_use]
    pub fn next_read_deadline(&self) -> Option<Duration> {
        [self.next_deadline(), self.stream.read_until].into_iter().flatten().min()
    }

    /// How the connection ended, once it has. The first that applies:
    ///
    /// 1. The peer was at fault.
    /// 2. No message came for too long, even where the closing handshake that followed was clean.
    /// 3. Another deadline passed, and the closing handshake was not clean.
    /// 4. The stream failed by an error that does not just mean that the peer is gone, and the closing handshake was not clean.
    /// 5. The peer's Close came, even where a reset came after it, since the code is known.
    /// 6. The stream ended or was reset without one.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::keepalive::Due;
    /// use ws_core::session::Ending;
    ///
    /// assert_eq!(session.outbound.ending(), None);
    /// session.outbound.send("Hello")?;
    /// assert_eq!(session.outbound.transmit().len(), 7);
    /// session.outbound.transmitted(0, Duration::ZERO); // the stream takes nothing, for 30 s
    /// let _due = session.outbound.poll_write(Duration::from_secs(30));
    /// assert_eq!(session.outbound.ending(), Some(Ending::TimedOut(Due::WriteTimeout)));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        let closure = self.closure()?;
        if let ClosureCause::Fault(fault) = closure.cause {
            return Some(Ending::Fault(fault));
        }
        if let Some(due) = self.timed_out.filter(|&due| due == Due::IdleTimeout || !closure.is_clean) {
            return Some(Ending::TimedOut(due));
        }
        let errors = [self.stream.write_error, self.stream.read_error];
        if errors.contains(&Some(StreamError::Failed)) && !closure.is_clean {
            return Some(Ending::Failed);
        }
        Some(if closure.status == CloseStatus::Abnormal { Ending::Disconnected } else { Ending::Closed })
    }
}
