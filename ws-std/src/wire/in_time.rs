// Read first: RFC 6455 §5.5.2, §7.4.1.

use core::time::Duration;
use std::io;
use std::time::Instant;

use ws_core::connection::Transport;
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload};
use ws_core::keepalive::Due;

use super::{Fatal, Wire};
use crate::clock::{Call, read_limit};
use crate::counters::Traffic;
use crate::error::{Error, Phase, is_wait};
use crate::telemetry;
use crate::websocket::{Inlet, Outlet as _};
use crate::{Stream, Timeouts};

/// What a stream was told for its reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadLimit {
    /// Nothing, or that was somebody else's affair.
    Unknown,
    Known(Option<Duration>),
}

impl<S: Stream> Wire<S> {
    /// The program waits for something to read: no longer than its timeout.
    #[inline]
    pub(crate) const fn begin_read(&mut self) {
        self.call = Call::Begun;
    }

    /// The program waits for the end.
    pub(crate) const fn begin_close(&mut self) {
        self.call = Call::Patient;
    }

    /// Reads once, in time. `false` where nothing more will come.
    #[inline]
    pub(super) fn read_in(&mut self, inlet: &mut Inlet<'_>) -> Result<bool, Error> {
        if self.clock.is_watching() || self.clock.is_closing() {
            return self.read_in_time(inlet);
        }
        if self.is_dead() {
            return Ok(false);
        }
        inlet.read_once(&mut self.stream).or_else(|error| self.judge_read_error(error))
    }

    /// As [`read_in`](Self::read_in), where something may become due meanwhile.
    #[inline(never)]
    fn read_in_time(&mut self, inlet: &mut Inlet<'_>) -> Result<bool, Error> {
        self.clock.received_messages(self.received.message_count);
        let mut begun = None;
        loop {
            self.do_and_write_what_is_due();
            if !self.limit_read()? {
                return Ok(false);
            }
            let error = match inlet.read_once(&mut self.stream) {
                Ok(is_more) => {
                    if self.clock.is_watching() {
                        self.clock.received(Instant::now());
                    }
                    return Ok(is_more);
                }
                Err(error) => error,
            };
            let is_wait = is_wait(error.kind());
            match self.judge_read_error(error) {
                Err(error) if is_wait => {
                    let since = begun.unwrap_or_else(|| self.clock.seen());
                    self.clock.look(Instant::now());
                    begun = Some(self.clock.seen());
                    if !self.has_waited(since) {
                        self.do_and_write_what_is_due();
                        return Err(error);
                    }
                }
                result => return result,
            }
        }
    }

    /// Whether a read that came to nothing has waited for about as long as it might: a stream that is non-blocking, or
    /// that its owner has limited further, does not.
    fn has_waited(&self, since: Instant) -> bool {
        let waited = self.clock.seen().saturating_duration_since(since);
        self.known_read_limit().is_some_and(|limit| waited.saturating_mul(2) >= limit)
    }

    /// Lets the next read come back in time. `false` where nothing is to be read any more, an error where the program is to
    /// have its turn.
    fn limit_read(&mut self) -> Result<bool, Error> {
        if self.is_dead() {
            return Ok(false);
        }
        let Ok(closing) = self.closing_remaining() else {
            self.die(Fatal::Timeout(Phase::Close));
            return Ok(false);
        };
        let due = if self.clock.is_closing() { closing } else { self.clock.remaining() };
        let is_begun = matches!(self.call, Call::Begun);
        let clock = &mut self.clock;
        let patience = self.call.patience(self.timeouts.read(), || {
            if is_begun {
                clock.look(Instant::now());
            }
            clock.seen()
        });
        if patience == Some(Duration::ZERO) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let wanted = [due, patience].into_iter().flatten().min();
        let limit = read_limit(self.known_read_limit(), wanted);
        if self.read_limit != ReadLimit::Known(limit) {
            if let Err(error) = self.stream.limit_read(limit) {
                self.die(Fatal::Io(error.kind()));
                return Ok(false);
            }
            self.read_limit = ReadLimit::Known(limit);
        }
        Ok(true)
    }

    const fn known_read_limit(&self) -> Option<Duration> {
        match self.read_limit {
            ReadLimit::Known(limit) => limit,
            ReadLimit::Unknown => None,
        }
    }

    /// From now on these times hold.
    pub(crate) fn set_timeouts(&mut self, timeouts: Timeouts) -> Result<(), Error> {
        self.stream.limit_write(timeouts.write())?;
        self.timeouts = timeouts;
        self.clock.set_timeouts(&timeouts);
        if self.read_limit != ReadLimit::Unknown && !self.clock.is_watching() {
            self.stream.limit_read(None)?;
            self.read_limit = ReadLimit::Unknown;
        }
        Ok(())
    }

    fn do_and_write_what_is_due(&mut self) {
        if self.do_what_is_due() {
            self.transmit_if_possible();
        }
    }

    /// Does what was due at the last look, and writes nothing yet. Whether there was anything.
    pub(crate) fn do_what_is_due(&mut self) -> bool {
        let mut was_anything = false;
        while let Some(due) = self.clock.poll() {
            was_anything = true;
            match due {
                Due::SendPing => {
                    self.ping();
                    self.clock.ping_sent();
                }
                Due::IdleTimeout => {
                    self.ending.is_idle = true;
                    // RFC 6455 §7.4.1: 1001 says that an endpoint goes away, which is not the peer's fault.
                    let close = CloseFrame::new(CloseCode::GOING_AWAY, "idle");
                    self.start_close(close.unwrap_or(CloseFrame::EMPTY));
                }
                // Nobody is there to read a Close.
                Due::PongTimeout => self.die(Fatal::Timeout(Phase::Pong)),
                Due::HandshakeTimeout | Due::CloseTimeout | _ => {}
            }
        }
        was_anything
    }

    /// Pings, unless too much waits that the peer does not take. A ping of the program's that waits stays.
    fn ping(&mut self) {
        self.gather_answers();
        if !self.has_many_answers() && !self.sender.wants_transmit() {
            let payload = self.clock.ping();
            self.sender.ping(payload);
            self.gather_answers();
            telemetry::pinged(self.id);
        }
    }
}

impl<S> Wire<S> {
    /// Takes a pong that has come, where it answers a ping from here.
    pub(crate) fn take_pong(&mut self, payload: &ControlPayload) -> bool {
        let is_own = self.clock.pong(payload);
        if is_own {
            telemetry::ponged(self.id, self.clock.latency());
        }
        is_own
    }

    /// Until when something has to be done, where it has, and so much was received.
    pub(crate) fn next_deadline(&self, received: &Traffic) -> Option<Instant> {
        match self.sender.transport() {
            Transport::Closed => None,
            Transport::Open | Transport::Linger { .. } => self.clock.next_deadline(received.message_count),
        }
    }
}
