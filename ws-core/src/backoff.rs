//! How long to wait before connecting again (RFC 6455 §7.2.3).

// Read first: RFC 6455 §7.2.3.

use core::time::Duration;

/// The waiting times of a client that connects again after its connection was lost, or could not be opened: a random time first,
/// then twice as long at each failure, up to a limit (RFC 6455 §7.2.3: truncated binary exponential backoff).
///
/// By default the first wait is between 0 and 5 seconds, as the RFC proposes, so that the clients of a server that was restarted do
/// not come back at once. The next is between 5 and 10 seconds, then between 10 and 20, and so on; each is at most 60 seconds.
///
/// It has no clock, does not wait, and takes randomness from its caller. Whether to connect again at all is another question:
/// [`CloseStatus::should_reconnect`](crate::connection::CloseStatus::should_reconnect) and
/// `Response::should_reconnect` of the opening handshake answer it; in `ws-std`, `Error::should_reconnect` does.
///
/// ```
/// use core::time::Duration;
/// use ws_core::Backoff;
///
/// let mut backoff = Backoff::new();
/// let random = || 1 << 63; // instead of random bits: half of all numbers are below it
/// assert_eq!(backoff.next_delay(random()), Duration::from_millis(2500));
/// assert_eq!(backoff.next_delay(random()), Duration::from_millis(7500));
/// assert_eq!(backoff.next_delay(random()), Duration::from_secs(15));
///
/// // A connection was opened, and lost after an hour.
/// backoff.opened_for(Duration::from_secs(3600));
/// assert_eq!(backoff.next_delay(random()), Duration::from_millis(2500));
/// ```
#[doc(alias = "reconnect")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Backoff {
    first_max: Duration,
    delay_max: Duration,
    /// The longest that the next delay may be, but for the limit. `None` before the first.
    next_max: Option<Duration>,
}

impl Backoff {
    /// Creates the defaults: a first delay of at most 5 seconds, and none longer than 60 seconds.
    #[must_use]
    pub const fn new() -> Self {
        Self { first_max: Duration::from_secs(5), delay_max: Duration::from_secs(60), next_max: None }
    }

    /// Sets the longest first delay. Default 5 seconds (RFC 6455 §7.2.3). It is chosen at random between zero and this. With zero, a
    /// client connects again at once the first time; the delay after that is between 50 and 100 milliseconds at least.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::Backoff;
    ///
    /// let mut backoff = Backoff::new().with_first_delay_max(Duration::from_millis(100));
    /// assert!(backoff.next_delay(u64::MAX) <= Duration::from_millis(100));
    /// ```
    #[must_use]
    pub const fn with_first_delay_max(self, time: Duration) -> Self {
        Self { first_max: time, ..self }
    }

    /// Sets the longest delay of all. Default 60 seconds. Once the delays have grown to this, each is between half of it and this.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::Backoff;
    ///
    /// let mut backoff = Backoff::new().with_delay_max(Duration::from_secs(600));
    /// let longest = (0..20).map(|_| backoff.next_delay(u64::MAX)).max();
    /// assert!(longest.is_some_and(|longest| longest > Duration::from_secs(599)));
    /// ```
    #[must_use]
    pub const fn with_delay_max(self, time: Duration) -> Self {
        Self { delay_max: time, ..self }
    }

    /// Returns how long to wait before the next attempt. `random` is 64 random bits, new ones for each call; they need not be secret.
    /// With std, `RandomState::new().hash_one(0_u8)` makes them.
    ///
    /// Where the server has named a time itself, as `Retry-After` does, wait for the longer of both.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::Backoff;
    ///
    /// let mut backoff = Backoff::new();
    /// assert_eq!(backoff.next_delay(0), Duration::ZERO);
    /// assert_eq!(backoff.next_delay(0), Duration::from_secs(5), "the second is longer than any first");
    /// ```
    pub fn next_delay(&mut self, random: u64) -> Duration {
        // RFC 6455 §7.2.3: the first delay is random, subsequent ones are increasingly longer.
        let (min, max) = match self.next_max {
            None => (Duration::ZERO, self.first_max.min(self.delay_max)),
            Some(max) => {
                let max = max.min(self.delay_max);
                (max.checked_div(2).unwrap_or_default(), max)
            }
        };
        let next_max = self.next_max.unwrap_or(self.first_max).saturating_mul(2).max(SECOND_DELAY_MAX_MIN);
        self.next_max = Some(next_max.min(self.delay_max));
        let share = u32::try_from(random >> 48).unwrap_or_default();
        let part = max.saturating_sub(min).saturating_mul(share).checked_div(SHARE_COUNT);
        min.saturating_add(part.unwrap_or_default())
    }

    /// Notes that a connection was open for `time` before it was lost. Where that is longer than the longest delay, the next delay is a
    /// first one again. A server that accepts connections and drops them at once is thus not asked more and more often.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::Backoff;
    ///
    /// let mut backoff = Backoff::new();
    /// backoff.next_delay(0);
    /// backoff.opened_for(Duration::from_secs(1));
    /// assert!(backoff.next_delay(0) >= Duration::from_secs(5));
    /// backoff.opened_for(Duration::from_secs(61));
    /// assert_eq!(backoff.next_delay(0), Duration::ZERO);
    /// ```
    pub fn opened_for(&mut self, time: Duration) {
        if time > self.delay_max {
            self.next_max = None;
        }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

/// The parts into which the span of a delay is divided, of which a random number is taken.
const SHARE_COUNT: u32 = 1 << 16;

/// The least that the second delay grows to, so that delays grow from a first of zero too.
const SECOND_DELAY_MAX_MIN: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::Backoff;
    use core::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn s7_2_3_delays_double_up_to_the_limit_and_are_spread() {
        let (mut shortest, mut longest) = (Backoff::new(), Backoff::new());
        for (min, max) in [(0, 5), (5, 10), (10, 20), (20, 40), (30, 60), (30, 60)] {
            assert_eq!(shortest.next_delay(0), SECOND * min);
            let delay = longest.next_delay(u64::MAX);
            assert!((SECOND * max).abs_diff(delay) < SECOND / 100, "{delay:?} is about {max} s");
            assert!(delay <= SECOND * max, "{delay:?}");
        }
    }

    #[test]
    fn s7_2_3_a_random_number_chooses_evenly() {
        for part in 0..64_u32 {
            let delay = Backoff::new().next_delay(u64::from(part) << 58);
            assert!(delay.abs_diff(SECOND * 5 * part / 64) < Duration::from_millis(1), "{part}: {delay:?}");
        }
    }

    #[test]
    fn a_limit_below_the_first_delay_holds_for_that_too() {
        let mut backoff = Backoff::new().with_delay_max(SECOND);
        assert!(
            core::iter::repeat_with(|| backoff.next_delay(u64::MAX)).take(9).all(|delay| delay <= SECOND)
        );
    }

    #[test]
    fn s7_2_3_delays_grow_from_a_first_one_of_zero_too() {
        let mut backoff = Backoff::new().with_first_delay_max(Duration::ZERO);
        assert_eq!(backoff.next_delay(u64::MAX), Duration::ZERO);
        for min in [50, 100, 200, 400].map(Duration::from_millis) {
            assert_eq!(backoff.next_delay(0), min);
        }
    }

    #[test]
    fn extreme_settings_neither_overflow_nor_panic() {
        for time in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            let mut backoff = Backoff::new().with_first_delay_max(time).with_delay_max(time);
            assert!(
                core::iter::repeat_with(|| backoff.next_delay(u64::MAX)).take(9).all(|delay| delay <= time)
            );
        }
    }
}
