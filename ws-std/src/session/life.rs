// Read first: RFC 6455 §7.1.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::io;
use std::time::Instant;

use ws_core::connection::{CloseStatus, ClosureCause, Transport};
use ws_core::error::SendError;
use ws_core::frame::ControlPayload;
use ws_core::keepalive::Due;
use ws_core::session::{Outbound, Traffic, is_keepalive};

use crate::counters::{Counters, Outcome};
use crate::error::{Error, Phase, is_gone};
use crate::keys::MaskKeys;
use crate::telemetry::{self, Id};
use crate::timeouts::Timeouts;

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
    /// When the opening handshake was done: the zero of all times of the connection.
    pub(crate) opened_at: Instant,
    pub(crate) id: Id,
    /// The end was reported to the log.
    is_logged: bool,
    /// The error that a write failed with. Where it means that the peer is gone, what the peer sent before can still be read.
    write_failure: Option<Failure>,
    /// Until when to read on after a write has failed.
    read_until: Option<Duration>,
    read_failure: Option<Failure>,
    /// Nothing more arrives: the stream has ended, or a read has failed.
    pub(crate) is_read_over: bool,
    /// What was received, as the receiving side last reported it.
    pub(crate) received: Traffic,
    /// The time of the last look at the clock for reading.
    seen: Duration,
}

impl Record {
    /// Of a connection that is opened now.
    pub(crate) fn new() -> Self {
        Self {
            opened_at: Instant::now(),
            id: Id::next(),
            is_logged: false,
            write_failure: None,
            read_until: None,
            read_failure: None,
            is_read_over: false,
            received: Traffic::default(),
            seen: Duration::ZERO,
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> Duration {
        self.opened_at.elapsed()
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
        if self.is_gone() { Error::Disconnected(Some(self.0.kind())) } else { self.to_error() }
    }

    fn is_gone(&self) -> bool {
        is_gone(self.0.kind())
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
        let reported = failure.to_write_error();
        self.record.is_read_over |= !failure.is_gone();
        self.record.read_until = self.timeouts.close().and_then(|timeout| self.now().checked_add(timeout));
        self.record.write_failure.get_or_insert(failure);
        self.outbound.transport_failed();
        reported
    }

    /// Notes that a read has failed: nothing more arrives.
    #[cold]
    pub(crate) fn read_failed(&mut self, error: io::Error) {
        self.record.read_failure.get_or_insert(Failure(Arc::new(error)));
        self.record.is_read_over = true;
        self.outbound.transport_failed();
    }

    /// Until when a read may wait: the next deadline, or the end of reading on after a write has failed.
    pub(crate) fn read_until(&self) -> Option<Duration> {
        [self.outbound.next_deadline(), self.record.read_until].into_iter().flatten().min()
    }

    /// Whether to read on though a write has failed, since the peer may have sent something before it was gone.
    pub(crate) fn may_read_on(&self) -> bool {
        self.record.write_failure.is_some()
            && !self.record.is_read_over
            && self.record.read_until.is_none_or(|until| self.now() < until)
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
        let failure = self.record.read_failure.as_ref().filter(|failure| !failure.is_gone())?;
        Some(failure.to_error())
    }

    /// Notes that the stream has taken nothing since `since`, and ends the connection where that is too long. Returns whether it did.
    #[cold]
    pub(crate) fn blocked(&mut self, since: Duration) -> bool {
        self.outbound.transmitted(0, since);
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
            Transport::Closed if self.may_read_on() => Transport::Open,
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
        self.outbound.transport() != Transport::Closed || self.may_read_on()
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
    fn outcome(&self) -> Outcome {
        let closure = self.outbound.closure();
        let cause = closure.map(|closure| closure.cause);
        if let Some(ClosureCause::Fault(fault)) = cause {
            return Outcome::Fault(fault);
        }
        let is_clean = closure.is_some_and(|closure| closure.is_clean);
        match self.outbound.timed_out() {
            Some(Due::IdleTimeout) => return Outcome::Timeout(Phase::Idle),
            Some(due) if !is_clean => return Outcome::Timeout(phase(due)),
            Some(_) | None => {}
        }
        if let Some(failure) = self.fatal_failure().filter(|_| !is_clean) {
            return Outcome::Io(failure.0.kind());
        }
        // A Close that the peer sent is how it ended, though a reset came after it: the code is known.
        if closure.is_some_and(|closure| closure.status != CloseStatus::Abnormal) {
            return Outcome::Closed;
        }
        Outcome::Disconnected(self.failures().next().map(|failure| failure.0.kind()))
    }

    fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.record.write_failure.iter().chain(&self.record.read_failure)
    }

    /// The failure that says more than that the peer is gone, if one does.
    fn fatal_failure(&self) -> Option<&Failure> {
        self.failures().find(|failure| !failure.is_gone())
    }

    /// How the connection ended, as a call of `read` returns it.
    pub(crate) fn result(&self) -> Result<(), Error> {
        Err(match self.outcome() {
            Outcome::Closed => return Ok(()),
            Outcome::Fault(fault) => Error::Fault(fault),
            Outcome::Timeout(phase) => Error::Timeout(phase),
            Outcome::Disconnected(kind) => Error::Disconnected(kind),
            Outcome::Io(kind) => self.fatal_failure().map_or(kind.into(), Failure::to_error),
        })
    }

    /// Reports the end to the log, once.
    pub(crate) fn log_end(&mut self) {
        if !self.record.is_logged {
            self.record.is_logged = true;
            telemetry::ended(self.record.id, self.outcome(), self.outbound.closure());
        }
    }

    /// What the connection has carried; `received` is counted by the receiving side.
    pub(crate) fn counters(&self, received: Traffic) -> Counters {
        let closure = self.outbound.closure();
        let has_ended = closure.is_some() || self.failure().is_some();
        Counters {
            opened_at: self.record.opened_at,
            received,
            sent: self.outbound.traffic(),
            latency: self.outbound.latency(),
            outcome: has_ended.then(|| self.outcome()),
            closure,
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
