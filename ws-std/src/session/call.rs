use core::time::Duration;

/// How long the current call of the program may wait for something to read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Call {
    /// Until a deadline of the connection.
    Patient,
    /// For the program's timeout; it has not waited yet.
    Begun,
    /// Until this time, when the program's timeout is over.
    Until(Duration),
}

impl Call {
    /// How much longer the call may wait at the time `now`, where the program's timeout is `timeout`. `None` sets no limit.
    pub(crate) fn patience(&mut self, timeout: Option<Duration>, now: Duration) -> Option<Duration> {
        let timeout = timeout?;
        match *self {
            Self::Patient => None,
            Self::Begun => {
                *self = Self::Until(now.checked_add(timeout)?);
                // However short the timeout, the call finds what has arrived already.
                Some(timeout.max(WAIT_MIN))
            }
            Self::Until(until) => Some(until.saturating_sub(now)),
        }
    }
}

/// The shortest time for which a call waits.
const WAIT_MIN: Duration = Duration::from_millis(1);
