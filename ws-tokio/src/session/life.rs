//! How a connection lives and ends: its deadlines, the errors of its stream, and its outcome.

// Read first: RFC 6455 §7.1.

use alloc::sync::Arc;
use core::task::{Context, Poll};
use core::time::Duration;
use core::{fmt, mem};
use std::io;

#[cfg(feature = "rustls")]
use tokio_rustls::rustls;
use ws_core::connection::{Signal, Transport};
use ws_core::error::SendError;
use ws_core::frame::ControlPayload;
use ws_core::keepalive::{Due, Timeouts};
use ws_core::session::{Ending, Note, Outbound, Relay as _, StreamError, Traffic, is_keepalive};

use crate::counters::Counters;
use crate::error::{Error, Phase, is_gone};
use crate::keys::MaskKeys;
use crate::telemetry::{Id, tell};
use crate::timer::Clock;

/// The sending side, the time, and what happened to the stream.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) outbound: Outbound<MaskKeys>,
    pub(crate) timeouts: Timeouts,
    pub(crate) clock: Clock,
    pub(crate) id: Id,
    is_logged: bool,
    write_failure: Option<Failure>,
    read_failure: Option<Failure>,
    /// What the receiving side had received when it last looked for more.
    pub(crate) received: Traffic,
    /// When the program's timeout for the call that reads is over; `None` before the call has waited.
    patience: Option<Duration>,
    /// The time of the last read.
    seen: Duration,
}

/// An error of the stream, kept so that every later call can report it again.
#[derive(Clone, Debug)]
struct Failure(Arc<io::Error>);

impl Life {
    pub(crate) fn new(outbound: Outbound<MaskKeys>, timeouts: Timeouts, clock: Clock) -> Self {
        Self {
            outbound,
            timeouts,
            clock,
            id: Id::next(),
            is_logged: false,
            write_failure: None,
            read_failure: None,
            received: Traffic::default(),
            patience: None,
            seen: Duration::ZERO,
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Begins a call that reads: the program's timeout for it begins when it waits.
    #[inline]
    pub(crate) const fn begin_read(&mut self) {
        self.patience = None;
    }

    /// Passes on what the receiving side has found. Each ping is answered, unless much waits.
    #[inline]
    pub(crate) fn relay(&mut self, note: Note) {
        let is_pong = matches!(note, Note::Signal(Signal::Pong(_)));
        self.outbound.relay(note);
        if is_pong {
            self.queue_controls();
        }
    }

    /// Encodes a ping or a pong at once, unless much waits: then it stays where the next one replaces it.
    // RFC 6455 §5.5.3: where the peer does not read, the pong to its latest ping is enough.
    pub(crate) fn queue_controls(&mut self) {
        if self.outbound.queued_len() < CONTROLS_LEN_MAX {
            self.outbound.queue_controls();
        }
    }

    /// Notes that a write has failed, and returns the error to report.
    #[cold]
    pub(crate) fn write_failed(&mut self, error: io::Error) -> Error {
        if let Some(earlier) = self.failure() {
            return earlier;
        }
        let failure = Failure(Arc::new(error));
        self.outbound.write_failed(failure.meaning(), self.now());
        self.write_failure.get_or_insert(failure).to_write_error()
    }

    /// Notes that a read has failed: nothing more arrives.
    #[cold]
    pub(crate) fn read_failed(&mut self, error: io::Error) {
        let failure = Failure(Arc::new(error));
        self.outbound.read_failed(failure.meaning());
        self.read_failure.get_or_insert(failure);
    }

    /// The error that ended the connection for callers that write, if one has.
    #[inline]
    pub(crate) fn failure(&self) -> Option<Error> {
        if let Some(failure) = &self.write_failure {
            return Some(failure.to_write_error());
        }
        match self.outbound.timed_out() {
            Some(Due::IdleTimeout) | None => {}
            Some(due) => return Some(Error::Timeout(phase(due))),
        }
        let failure =
            self.read_failure.as_ref().filter(|failure| failure.meaning() == StreamError::Failed)?;
        Some(failure.to_error())
    }

    /// Called when the stream takes nothing: notes it, and waits for the deadline of writes. Ready when that has passed, which ends the
    /// connection.
    #[cold]
    pub(super) fn poll_blocked(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let mut now = self.now();
        if self.outbound.queued_len() > 0 {
            self.outbound.transmitted(0, now);
        } else {
            self.outbound.held_back(false, now);
        }
        loop {
            if let Some(due) = self.outbound.poll_write(now) {
                self.log_end();
                return Poll::Ready(self.failure().unwrap_or(Error::Timeout(phase(due))));
            }
            let Some(deadline) = self.outbound.next_write_deadline() else { return Poll::Pending };
            if self.clock.poll_write_until(cx, deadline).is_pending() {
                return Poll::Pending;
            }
            now = self.now().max(deadline);
        }
    }

    /// Called when a read found nothing: waits for the next deadline, and does what is due then. Pending while nothing is.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let (Some(timeout), None) = (self.timeouts.read(), self.patience) {
            self.patience = self.now().checked_add(timeout);
        }
        let until = self.outbound.next_read_deadline();
        let Some(first) = [until, self.patience].into_iter().flatten().min() else { return Poll::Pending };
        if self.clock.poll_read_until(cx, first).is_pending() {
            return Poll::Pending;
        }
        let now = self.now().max(first);
        if until.is_none_or(|until| until > now) {
            self.patience = None;
            return Poll::Ready(Err(Error::ReadTimeout));
        }
        let wanted = self.outbound.wants_transmit();
        match self.outbound.poll(now) {
            Some(Due::IdleTimeout) => {}
            Some(_) => self.log_end(),
            None if !wanted && self.outbound.wants_transmit() => tell!(trace, "{} pings", self.id),
            None => {}
        }
        Poll::Ready(Ok(()))
    }

    /// Notes that a read gave this many bytes. Returns the time, which is looked at only where something depends on it.
    #[inline]
    pub(super) fn has_read(&mut self, len: usize) -> Duration {
        if len == 0 {
            self.outbound.read_ended();
        }
        if self.outbound.next_read_deadline().is_some() {
            self.seen = self.now();
        }
        self.seen
    }

    /// What is to become of the stream. [`Transport::Closed`] is the end, after which nothing more is read.
    #[inline]
    pub(super) fn transport(&mut self) -> Transport {
        if self.outbound.is_closing() || self.outbound.transport() != Transport::Open {
            return self.closing_transport();
        }
        Transport::Open
    }

    #[cold]
    fn closing_transport(&mut self) -> Transport {
        let now = self.now();
        if self.outbound.is_closing() {
            // A peer that goes on sending does not put off the end of the closing handshake.
            let _remembered = self.outbound.poll_write(now);
        }
        match self.outbound.transport() {
            Transport::Closed if self.outbound.wants_read(now) => Transport::Open,
            Transport::Closed => {
                self.log_end();
                Transport::Closed
            }
            transport @ (Transport::Open | Transport::Linger { .. }) => transport,
        }
    }

    /// Whether a pong answers a ping of the keepalive; reports it to the log.
    pub(super) fn is_own_pong(&self, payload: &ControlPayload) -> bool {
        let is_own = self.timeouts.ping_interval().is_some() && is_keepalive(payload);
        if is_own {
            tell!(trace, "{} is answered after {:?}", self.id, self.outbound.latency().unwrap_or_default());
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

    /// How the connection has ended, as a call that reads returns it.
    pub(crate) fn result(&self) -> Result<(), Error> {
        match self.outbound.ending() {
            None | Some(Ending::Closed) => Ok(()),
            Some(Ending::Fault(fault)) => Err(Error::Fault(fault)),
            Some(Ending::TimedOut(due)) => Err(Error::Timeout(phase(due))),
            Some(Ending::Failed) => {
                let failure = self.failure_that(StreamError::Failed);
                Err(failure.map_or(Error::Disconnected(None), Failure::to_error))
            }
            Some(Ending::Disconnected | _) => {
                let failure = self.failure_that(StreamError::PeerGone);
                Err(Error::Disconnected(failure.map(|failure| failure.0.kind())))
            }
        }
    }

    /// The first failure of this meaning.
    fn failure_that(&self, meaning: StreamError) -> Option<&Failure> {
        let mut failures = self.write_failure.iter().chain(&self.read_failure);
        failures.find(|failure| failure.meaning() == meaning)
    }

    /// Reports the end to the log, once.
    fn log_end(&mut self) {
        if self.outbound.closure().is_none() || mem::replace(&mut self.is_logged, true) {
            return;
        }
        match self.result() {
            Ok(()) => tell!(debug, "{} closed with {}", self.id, self.status()),
            Err(error) => tell!(info, "{} ended with {}: {error}", self.id, self.status()),
        }
    }

    /// The status of the closing handshake, for the log.
    fn status(&self) -> u16 {
        self.outbound.closure().map_or(1006, |closure| closure.status.get())
    }

    /// What the connection has carried; `received` is counted by the receiving side.
    pub(crate) fn counters(&self, received: Traffic) -> Counters {
        Counters {
            opened_at: self.clock.since,
            received,
            sent: self.outbound.traffic(),
            latency: self.outbound.latency(),
            closure: self.outbound.closure(),
        }
    }

    pub(crate) fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.timeouts = timeouts;
        self.patience = None;
        self.outbound.set_keepalive(timeouts.keepalive(), self.clock.now());
    }
}

impl Failure {
    /// Makes the error again, with its code or kind, and its text.
    fn to_error(&self) -> Error {
        match (self.0.raw_os_error(), self.0.get_ref()) {
            (Some(code), _) => Error::Io(io::Error::from_raw_os_error(code)),
            (None, None) => Error::Io(self.0.kind().into()),
            (None, Some(inner)) => {
                #[cfg(feature = "rustls")]
                if let Some(error) = inner.downcast_ref::<rustls::Error>() {
                    return error.clone().into();
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

/// Each ping is answered while less than this waits to be written, in bytes; from there on the latest alone.
const CONTROLS_LEN_MAX: usize = 4096;
