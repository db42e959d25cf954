use core::time::Duration;

/// How long the program's call that is going on may wait for something to read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    /// As long as the deadlines let it.
    Patient,
    /// As long as the program lets it, which has not waited yet.
    Begun,
    /// As long as the program lets it, which is until then.
    Until(Duration),
}

impl Call {
    /// How much longer it may wait at the time `now`, where the program lets it wait for `timeout` in all; `None` for ever.
    pub(crate) fn patience(&mut self, timeout: Option<Duration>, now: Duration) -> Option<Duration> {
        let timeout = timeout?;
        match *self {
            Self::Patient => None,
            Self::Begun => {
                *self = Self::Until(now.checked_add(timeout)?);
                // It is to find what is there already, however short it may wait.
                Some(timeout.max(WAIT_MIN))
            }
            Self::Until(until) => Some(until.saturating_sub(now)),
        }
    }
}

/// The least time for which a call waits.
const WAIT_MIN: Duration = Duration::from_millis(1);
