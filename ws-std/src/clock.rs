use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::time::Instant;

/// The clock by which the deadlines of a connection are judged: the system's, unless the [`Stream`](crate::Stream) has one of its own,
/// such as the stream of a simulated network.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::{Duration, Instant};
/// use ws_std::Clock;
///
/// let time = Arc::new(Mutex::new(Instant::now()));
/// let clock = Clock::new({
///     let time = Arc::clone(&time);
///     move || *time.lock().unwrap()
/// });
/// let begun = clock.now();
/// *time.lock().unwrap() += Duration::from_secs(60);
/// assert_eq!(clock.now() - begun, Duration::from_secs(60));
/// ```
#[derive(Clone)]
pub struct Clock(Option<Arc<dyn Fn() -> Instant + Send + Sync>>);

impl Clock {
    /// The clock of the system: [`Instant::now`].
    pub const SYSTEM: Self = Self(None);

    /// Makes a clock of a function that returns the time, which must not go back.
    #[must_use]
    pub fn new(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(now)))
    }

    /// The time.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Instant {
        self.0.as_ref().map_or_else(Instant::now, |now| now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("is_system", &self.0.is_none()).finish()
    }
}

/// The time since a moment, by a clock.
#[derive(Clone, Debug)]
pub(crate) struct Elapsed {
    clock: Clock,
    pub(crate) since: Instant,
}

impl Elapsed {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { since: clock.now(), clock }
    }

    #[inline]
    pub(crate) fn now(&self) -> Duration {
        self.clock.now().saturating_duration_since(self.since)
    }
}
