use ws_core::connection::Closure;

use super::{Fatal, Wire};
use crate::counters::{Counters, Outcome, Traffic};
use crate::error::Error;
use crate::telemetry;

impl Fatal {
    const fn to_outcome(self) -> Outcome {
        match self {
            Self::Io(kind) => Outcome::Io(kind),
            Self::Timeout(phase) => Outcome::Timeout(phase),
        }
    }
}

impl<S> Wire<S> {
    /// How the connection ended, once it has. The sending half takes what it has given for written.
    // RFC 6455 §7.1.4: clean is what ended after the closing handshake, and a Close that was not written is not part of one.
    pub(crate) fn closure(&self) -> Option<Closure> {
        let mut closure = self.sender.closure()?;
        closure.is_clean &= self.ending.write.is_none() && self.ending.fatal.is_none();
        Some(closure)
    }

    /// How the connection ended, once the stream is at its end.
    pub(super) fn outcome(&self) -> Outcome {
        let closure = self.sender.closure();
        if let Some(fault) = Outcome::fault(closure) {
            return fault;
        }
        if let Some(fatal) = self.ending.fatal {
            return fatal.to_outcome();
        }
        if self.ending.is_idle {
            return Outcome::Timeout(crate::Phase::Idle);
        }
        match (closure.is_some_and(|closure| closure.is_clean), self.ending.write) {
            (true, None) => Outcome::Closed,
            (_, write) => Outcome::Disconnected(write.or(self.ending.read)),
        }
    }

    /// How the connection ended, if it has.
    pub(super) fn outcome_so_far(&self) -> Option<Outcome> {
        let has_ended = self.is_dead() || self.sender.closure().is_some();
        has_ended.then(|| self.outcome())
    }

    /// What the stream at its end comes to. It is told to the log, once.
    pub(super) fn end_with_outcome(&mut self) -> Result<(), Error> {
        self.tell_end();
        self.outcome().to_result()
    }

    pub(super) fn tell_end(&mut self) {
        if !self.ending.is_told {
            self.ending.is_told = true;
            telemetry::ended(self.id, self.outcome(), self.closure());
        }
    }

    /// What was carried, with what was received.
    pub(crate) fn counters(&self, received: Traffic) -> Counters {
        Counters {
            opened_at: self.clock.start(),
            received,
            sent: self.sent,
            latency: self.clock.latency(),
            outcome: self.outcome_so_far(),
            closure: self.sender.closure(),
        }
    }
}
