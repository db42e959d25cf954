use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Measures what this thread takes of the processor: what other programs take in between is not in it.
pub struct Clock {
    start: Duration,
}

impl Clock {
    #[must_use]
    pub fn start() -> Self {
        Self { start: now() }
    }

    #[must_use]
    pub fn elapsed(&self) -> Duration {
        now().saturating_sub(self.start)
    }
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).expect("it counts from 0");
    Duration::new(seconds, u32::try_from(time.tv_nsec).expect("less than a second"))
}
