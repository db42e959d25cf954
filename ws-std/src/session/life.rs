// Read first: RFC 6455 §7.1.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::io;

use ws_core::connection::Transport;
use ws_core::error::SendError;
use ws_core::frame::ControlPayload;
use ws_core::keepalive::Due;
use ws_core::keepalive::Timeouts;
use ws_core::session::{Ending, Outbound, StreamError, Traffic, is_keepalive};

use crate::clock::{Clock, Elapsed};
use crate::counters::{Counters, Outcome};
use crate::error::{Error, Phase, is_gone};
use crate::keys::MaskKeys;
use crate::telemetry::{self, Id};

/// The sending side of a connection, its timeouts, its clock, and how it ended, as far as it has. Does no I/O.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) outbound: Outbound<MaskKeys>,
    pub(crate) timeouts: Timeouts,
    pub(crate) record: Record,
}

/// When a connection was opened, and what has failed since.
#[derive(Debug)]
pub(crate) struct Record {
    /// The time since the opening handshake was done.
    pub(crate) elapsed: Elapsed,
    pub(crate) id: Id,
    /// The end was reported to the log.
    is_logged: bool,
    /// The error that a write failed with. Where it means that the peer is gone, what the peer sent before can still be read.
    write_failure: Option<Failure>,
    read_failure: Option<Failure>,
    /// What was received, as the receiving side last reported it.
    pub(crate) received: Traffic,
    /// The time of the last look at the clock for reading.
    seen: Duration,
}

impl Record {
    /// Of a connection that is opened now.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            elapsed: Elapsed::new(clock),
            id: Id::next(),
            is_logged: false,
            write_failure: None,
            read_failure: None,
            received: Traffic::default(),
            seen: Duration::ZERO,
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> Duration {
        self.elapsed.now()
    }
}

/// An error of the stream, kept so that every later call can report it again.
#[derive(Clone, Debug)]
struct Failure(Arc<io::Error>);

impl Failure {
    /// Makes the error again, with its code or kind, and its text.
    fn to_error(&self) -> Error {
        match (self.0.raw_os_error(), self.0.get_ref()) {
            (Some(code), _) => Error::Io(io::Error::from_raw_os_error(code)),
            (None, None) => Error::Io(self.0.kind().into()),
            (None, Some(inner)) => {
                #[cfg(feature = "rustls")]
                if let Some(fault) = inner.downcast_ref::<crate::error::TlsFault>() {
                    return fault.0.clone().into();
                }
                #[cfg(not(feature = "rustls"))]
                let _ = inner;
                Error::Io(io::Error::new(self.0.kind(), self.clone()))
            }
        }
    }

    /// The error for callers that write.
    fn to_write_error(&self) -> Error {
        if is_gone(self.0.kind()) { Error::Disconnected(Some(self.0.kind())) } else { self.to_error() }
    }

    fn meaning(&self) -> StreamError {
        if is_gone(self.0.kind()) { StreamError::PeerGone } else { StreamError::Failed }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for Failure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.0.source()
    }
}

impl Life {
    #[inline]
    pub(crate) fn now(&self) -> Duration {
        self.record.now()
    }

    /// The time for reading, which is looked at only where something `is_timed`.
    #[inline]
    pub(crate) fn look(&mut self, is_timed: bool) -> Duration {
        if is_timed {
            self.record.seen = self.now();
        }
        self.record.seen
    }

    /// Notes that a read gave this many bytes, and returns the time.
    #[inline]
    pub(super) fn has_read(&mut self, len: usize, is_timed: bool) -> Duration {
        if len == 0 {
            self.outbound.read_ended();
        }
        self.look(is_timed)
    }

    /// Until when a write may move nothing that is first tried at the time `now`.
    pub(crate) fn write_until(&self, now: Duration) -> Option<Duration> {
        let first = self.timeouts.write().and_then(|timeout| now.checked_add(timeout));
        [self.outbound.next_write_deadline(), first].into_iter().flatten().min()
    }

    /// Notes that a write has failed, and returns the error to report.
    #[cold]
    pub(crate) fn write_failed(&mut self, error: io::Error) -> Error {
        // What ended the connection also ends the writes that wait, by an abort: the first cause is kept.
        if let Some(earlier) = self.failure() {
            return earlier;
        }
        let failure = Failure(Arc::new(error));
        self.outbound.write_failed(failure.meaning(), self.record.now());
        self.record.write_failure.get_or_insert(failure).to_write_error()
    }

    /// Notes that a read has failed: nothing more arrives.
    #[cold]
    pub(crate) fn read_failed(&mut self, error: io::Error) {
        let failure = Failure(Arc::new(error));
        self.outbound.read_failed(failure.meaning());
        self.record.read_failure.get_or_insert(failure);
    }

    /// The error that ended the connection for callers that write, if one has.
    pub(crate) fn failure(&self) -> Option<Error> {
        if let Some(failure) = &self.record.write_failure {
            return Some(failure.to_write_error());
        }
        match self.outbound.timed_out() {
            Some(Due::IdleTimeout) | None => {}
            Some(due) => return Some(Error::Timeout(phase(due))),
        }
        let failure =
            self.record.read_failure.as_ref().filter(|failure| failure.meaning() == StreamError::Failed)?;
        Some(failure.to_error())
    }

    /// Notes that the stream takes nothing at the time `now`, or holds back all that waits.
    #[cold]
    pub(crate) fn stalled(&mut self, now: Duration) {
        if self.outbound.queued_len() > 0 {
            self.outbound.transmitted(0, now);
        } else {
            self.outbound.held_back(false, now);
        }
    }

    /// Notes that nothing has moved since `since`, and ends the connection where that is too long. Returns whether it did.
    #[cold]
    pub(crate) fn blocked(&mut self, since: Duration) -> bool {
        self.stalled(since);
        self.poll_write()
    }

    /// Ends the connection where the peer has taken nothing, or has not closed, for too long. Returns whether it did.
    pub(crate) fn poll_write(&mut self) -> bool {
        let has_ended = self.outbound.poll_write(self.now()).is_some();
        if has_ended {
            self.log_end();
        }
        has_ended
    }

    /// What is to become of the stream. [`Transport::Closed`] is the end, after which nothing more is read.
    pub(super) fn transport(&mut self) -> Transport {
        if self.outbound.is_closing() {
            // A peer that goes on sending does not put off the end of the closing handshake.
            let _remembered = self.outbound.poll_write(self.now());
        }
        match self.outbound.transport() {
            Transport::Closed if self.wants_read() => Transport::Open,
            Transport::Closed => {
                self.log_end();
                Transport::Closed
            }
            transport @ Transport::Linger { shutdown_write: true } => {
                self.outbound.write_shut_down();
                transport
            }
            transport @ (Transport::Open | Transport::Linger { .. }) => transport,
        }
    }

    /// Whether something may still come from the stream.
    pub(crate) fn wants_read(&self) -> bool {
        self.outbound.wants_read(self.now())
    }

    /// Does what is due, after a read that found nothing.
    #[cold]
    pub(crate) fn poll(&mut self) {
        let now = self.look(true);
        let wanted = self.outbound.wants_transmit();
        match self.outbound.poll(now) {
            Some(Due::IdleTimeout) => {}
            Some(_) => self.log_end(),
            None if !wanted && self.outbound.wants_transmit() => telemetry::pinged(self.record.id),
            None => {}
        }
    }

    /// Whether a pong answers a ping of the keepalive; reports it to the log.
    pub(crate) fn is_own_pong(&self, payload: &ControlPayload) -> bool {
        let is_own = self.timeouts.ping_interval().is_some() && is_keepalive(payload);
        if is_own {
            telemetry::ponged(self.record.id, self.outbound.latency());
        }
        is_own
    }

    /// Why something was not sent.
    #[cold]
    pub(super) fn send_error(&self, error: SendError) -> Error {
        if error == SendError::Closed && self.outbound.closure().is_some() {
            return self.result().err().unwrap_or(Error::Closed);
        }
        error.into()
    }

    /// How the connection ended, once it has.
    fn outcome(&self) -> Option<Outcome> {
        Some(match self.outbound.ending()? {
            Ending::Closed => Outcome::Closed,
            Ending::Fault(fault) => Outcome::Fault(fault),
            Ending::TimedOut(due) => Outcome::Timeout(phase(due)),
            Ending::Failed => Outcome::Io(self.failure_that(StreamError::Failed)?.0.kind()),
            Ending::Disconnected | _ => Outcome::Disconnected(
                self.failure_that(StreamError::PeerGone).map(|failure| failure.0.kind()),
            ),
        })
    }

    /// The first failure of this meaning.
    fn failure_that(&self, meaning: StreamError) -> Option<&Failure> {
        let mut failures = self.record.write_failure.iter().chain(&self.record.read_failure);
        failures.find(|failure| failure.meaning() == meaning)
    }

    /// How the connection has ended, as a call of `read` returns it.
    pub(crate) fn result(&self) -> Result<(), Error> {
        Err(match self.outcome() {
            Some(Outcome::Closed) | None => return Ok(()),
            Some(Outcome::Fault(fault)) => Error::Fault(fault),
            Some(Outcome::Timeout(phase)) => Error::Timeout(phase),
            Some(Outcome::Disconnected(kind)) => Error::Disconnected(kind),
            Some(Outcome::Io(kind)) => {
                self.failure_that(StreamError::Failed).map_or(kind.into(), Failure::to_error)
            }
        })
    }

    /// Reports the end to the log, once.
    pub(crate) fn log_end(&mut self) {
        if let Some(outcome) = self.outcome().filter(|_| !self.record.is_logged) {
            self.record.is_logged = true;
            telemetry::ended(self.record.id, outcome, self.outbound.closure());
        }
    }

    /// What the connection has carried; `received` is counted by the receiving side.
    pub(crate) fn counters(&self, received: Traffic) -> Counters {
        Counters {
            opened_at: self.record.elapsed.since,
            received,
            sent: self.outbound.traffic(),
            latency: self.outbound.latency(),
            outcome: self.outcome(),
            closure: self.outbound.closure(),
        }
    }
}

/// The phase whose deadline passed.
fn phase(due: Due) -> Phase {
    match due {
        Due::WriteTimeout => Phase::Write,
        Due::IdleTimeout => Phase::Idle,
        Due::CloseTimeout => Phase::Close,
        Due::HandshakeTimeout => Phase::Handshake,
        Due::PongTimeout | Due::SendPing | _ => Phase::Pong,
    }
}
