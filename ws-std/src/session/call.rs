use core::time::Duration;

/// How long the current call of the program may wait for something to read.
#[derive(Debug)]
pub(crate) struct Call {
    /// The program's timeout. `None` waits until a deadline of the connection.
    pub(crate) timeout: Option<Duration>,
    wait: Wait,
}

#[derive(Clone, Copy, Debug)]
enum Wait {
    /// Until a deadline of the connection.
    Patient,
    /// For the program's timeout; it has not waited yet.
    Begun,
    /// Until this time, when the program's timeout is over.
    Until(Duration),
}

impl Call {
    pub(crate) const fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, wait: Wait::Patient }
    }

    /// Begins a call that waits for something to read, no longer than the program's timeout.
    #[inline]
    pub(crate) const fn begin_read(&mut self) {
        self.wait = Wait::Begun;
    }

    /// Begins a call that waits for the end of the connection.
    pub(crate) const fn begin_close(&mut self) {
        self.wait = Wait::Patient;
    }

    /// How much longer the call may wait at the time `now`. `None` sets no limit.
    pub(crate) fn patience(&mut self, now: Duration) -> Option<Duration> {
        let timeout = self.timeout?;
        match self.wait {
            Wait::Patient => None,
            Wait::Begun => {
                self.wait = Wait::Until(now.checked_add(timeout)?);
                // However short the timeout, the call finds what has arrived already.
                Some(timeout.max(WAIT_MIN))
            }
            Wait::Until(until) => Some(until.saturating_sub(now)),
        }
    }
}

/// The shortest time for which a call waits.
const WAIT_MIN: Duration = Duration::from_millis(1);
