// Read first: RFC 6455 §7.1.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::io;
use std::time::Instant;

use ws_core::connection::{CloseStatus, ClosureCause, KeySource};
use ws_core::error::SendError;
use ws_core::frame::ControlPayload;
use ws_core::keepalive::Due;
use ws_core::session::{Outbound, Traffic, is_keepalive};

use crate::counters::{Counters, Outcome};
use crate::error::{Error, Phase, is_gone};
use crate::stream::Stream;
use crate::telemetry::{self, Id};
use crate::timeouts::Timeouts;

/// The beginning of a connection's time, its timeouts, and how it ended, as far as it has. Does no I/O.
#[derive(Debug)]
pub(crate) struct Life {
    /// When the opening handshake was done: the zero of all times here.
    opened_at: Instant,
    pub(crate) timeouts: Timeouts,
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
    /// Begins the life of a connection that was opened at `opened_at`.
    pub(crate) fn new(timeouts: Timeouts, opened_at: Instant) -> Self {
        Self {
            opened_at,
            timeouts,
            id: Id::next(),
            is_logged: false,
            write_failure: None,
            read_until: None,
            read_failure: None,
            is_read_over: false,
        }
    }

    /// The time since the connection was opened, by the clock of its stream.
    #[inline]
    pub(crate) fn now(&self, stream: &impl Stream) -> Duration {
        stream.now().saturating_duration_since(self.opened_at)
    }

    pub(crate) const fn opened_at(&self) -> Instant {
        self.opened_at
    }

    /// Until when a write may move nothing that is first tried at the time `now`.
    pub(crate) fn write_until<K: KeySource>(
        &self,
        outbound: &Outbound<K>,
        now: Duration,
    ) -> Option<Duration> {
        let first = self.timeouts.write().and_then(|timeout| now.checked_add(timeout));
        [outbound.next_write_deadline(), first].into_iter().flatten().min()
    }

    /// Notes that a write has failed at the time `now`, and returns the error to report.
    #[cold]
    pub(crate) fn write_failed<K: KeySource>(
        &mut self,
        outbound: &mut Outbound<K>,
        error: io::Error,
        now: Duration,
    ) -> Error {
        // What ended the connection also ends the writes that wait, by an abort: the first cause is kept.
        if let Some(earlier) = self.failure(outbound) {
            return earlier;
        }
        let failure = Failure(Arc::new(error));
        let reported = failure.to_write_error();
        self.is_read_over |= !failure.is_gone();
        self.read_until = self.timeouts.close().and_then(|timeout| now.checked_add(timeout));
        self.write_failure.get_or_insert(failure);
        outbound.transport_failed();
        reported
    }

    /// Notes that a read has failed: nothing more arrives.
    #[cold]
    pub(crate) fn read_failed<K: KeySource>(&mut self, outbound: &mut Outbound<K>, error: io::Error) {
        self.read_failure.get_or_insert(Failure(Arc::new(error)));
        self.is_read_over = true;
        outbound.transport_failed();
    }

    /// Ends the connection for an error that is not the stream's, and returns it.
    #[cold]
    pub(crate) fn give_up<K: KeySource>(&mut self, outbound: &mut Outbound<K>, kind: io::ErrorKind) -> Error {
        self.read_failed(outbound, kind.into());
        kind.into()
    }

    /// Until when a read may wait: the next deadline, or the end of reading on after a write has failed.
    pub(crate) fn read_until<K: KeySource>(&self, outbound: &Outbound<K>) -> Option<Duration> {
        [outbound.next_deadline(), self.read_until].into_iter().flatten().min()
    }

    /// Whether to read on though a write has failed, since the peer may have sent something before it was gone.
    pub(crate) fn may_read_on(&self, stream: &impl Stream) -> bool {
        self.write_failure.is_some()
            && !self.is_read_over
            && self.read_until.is_none_or(|until| self.now(stream) < until)
    }

    /// The error that ended the connection for callers that write, if one has.
    pub(crate) fn failure<K: KeySource>(&self, outbound: &Outbound<K>) -> Option<Error> {
        if let Some(failure) = &self.write_failure {
            return Some(failure.to_write_error());
        }
        match outbound.timed_out() {
            Some(Due::IdleTimeout) | None => {}
            Some(due) => return Some(Error::Timeout(phase(due))),
        }
        let failure = self.read_failure.as_ref().filter(|failure| !failure.is_gone())?;
        Some(failure.to_error())
    }

    /// Does what is due at the time `now`, after a read that found nothing.
    #[cold]
    pub(crate) fn poll<K: KeySource>(&mut self, outbound: &mut Outbound<K>, now: Duration) {
        let wanted = outbound.wants_transmit();
        match outbound.poll(now) {
            Some(Due::IdleTimeout) => {}
            Some(_) => self.log_end(outbound),
            None if !wanted && outbound.wants_transmit() => telemetry::pinged(self.id),
            None => {}
        }
    }

    /// Whether a pong answers a ping of the keepalive; reports it to the log.
    pub(crate) fn is_own_pong<K: KeySource>(&self, outbound: &Outbound<K>, payload: &ControlPayload) -> bool {
        let is_own = self.timeouts.ping_interval().is_some() && is_keepalive(payload);
        if is_own {
            telemetry::ponged(self.id, outbound.latency());
        }
        is_own
    }

    /// Why something was not sent.
    pub(crate) fn send_error<K: KeySource>(&self, outbound: &Outbound<K>, error: SendError) -> Error {
        if error == SendError::Closed && outbound.closure().is_some() {
            return self.result(outbound).err().unwrap_or(Error::Closed);
        }
        error.into()
    }

    /// How the connection ended, once it has.
    fn outcome<K: KeySource>(&self, outbound: &Outbound<K>) -> Outcome {
        let closure = outbound.closure();
        let cause = closure.map(|closure| closure.cause);
        if let Some(ClosureCause::Fault(fault)) = cause {
            return Outcome::Fault(fault);
        }
        let is_clean = closure.is_some_and(|closure| closure.is_clean);
        match outbound.timed_out() {
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
        self.write_failure.iter().chain(&self.read_failure)
    }

    /// The failure that says more than that the peer is gone, if one does.
    fn fatal_failure(&self) -> Option<&Failure> {
        self.failures().find(|failure| !failure.is_gone())
    }

    /// How the connection ended, as a call of `read` returns it.
    pub(crate) fn result<K: KeySource>(&self, outbound: &Outbound<K>) -> Result<(), Error> {
        Err(match self.outcome(outbound) {
            Outcome::Closed => return Ok(()),
            Outcome::Fault(fault) => Error::Fault(fault),
            Outcome::Timeout(phase) => Error::Timeout(phase),
            Outcome::Disconnected(kind) => Error::Disconnected(kind),
            Outcome::Io(kind) => self.fatal_failure().map_or(kind.into(), Failure::to_error),
        })
    }

    /// Reports the end to the log, once.
    pub(crate) fn log_end<K: KeySource>(&mut self, outbound: &Outbound<K>) {
        if !self.is_logged {
            self.is_logged = true;
            telemetry::ended(self.id, self.outcome(outbound), outbound.closure());
        }
    }

    /// What the connection has carried; `received` is counted by the receiving side.
    pub(crate) fn counters<K: KeySource>(&self, outbound: &Outbound<K>, received: Traffic) -> Counters {
        let closure = outbound.closure();
        let has_ended = closure.is_some() || self.failure(outbound).is_some();
        Counters {
            opened_at: self.opened_at,
            received,
            sent: outbound.traffic(),
            latency: outbound.latency(),
            outcome: has_ended.then(|| self.outcome(outbound)),
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
