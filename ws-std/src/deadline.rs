use core::time::Duration;
use std::time::Instant;

use crate::clock::Clock;
use crate::error::{Error, Phase};

/// The moment until which something has to be done; `None` sets no limit.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    until: Option<Instant>,
    clock: Clock,
}

impl Deadline {
    pub(crate) fn after(time: Option<Duration>, clock: Clock) -> Self {
        Self { until: time.and_then(|time| clock.now().checked_add(time)), clock }
    }

    /// The time that is left, which is never zero; `None` without a deadline. Fails where no time is left.
    pub(crate) fn remaining(&self) -> Result<Option<Duration>, Passed> {
        let Some(until) = self.until else { return Ok(None) };
        let remaining = until.saturating_duration_since(self.clock.now());
        if remaining < GRANULARITY { Err(Passed) } else { Ok(Some(remaining)) }
    }

    /// This deadline, or the one in `time`, whichever is earlier.
    pub(crate) fn at_most(&self, time: Duration) -> Self {
        let other = Self::after(Some(time), self.clock.clone());
        Self { until: self.until.into_iter().chain(other.until).min(), ..other }
    }

    /// The time that is left for this phase; `None` without a deadline. Fails with [`Error::Timeout`] where no time is left.
    pub(crate) fn remaining_for(&self, phase: Phase) -> Result<Option<Duration>, Error> {
        self.remaining().map_err(|_passed| Error::Timeout(phase))
    }
}

/// A deadline has passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed;

/// A deadline that is nearer counts as passed: operating systems count timeouts in ticks, and take zero for no timeout.
const GRANULARITY: Duration = Duration::from_millis(2);
