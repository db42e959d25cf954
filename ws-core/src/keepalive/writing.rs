use core::time::Duration;

use super::{Due, Keepalive, Phase, Write, earlier};

/// What a writer can judge.
impl Keepalive {
    /// What is due now of what a program that only writes can judge: [`Due::WriteTimeout`] and [`Due::CloseTimeout`]. The
    /// others are for the program that reads, since only a read that found nothing shows that no sign of life waits.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};
    ///
    /// let at = Duration::from_secs;
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new().with_idle_timeout(Some(at(5))), at(0));
    /// keepalive.established(at(0));
    /// keepalive.write_blocked(at(1));
    /// assert_eq!(keepalive.poll_write(at(30)), None);
    /// assert_eq!(keepalive.poll_write(at(31)), Some(Due::WriteTimeout));
    /// assert_eq!(keepalive.poll(at(31)), Some(Due::IdleTimeout));
    /// ```
    pub fn poll_write(&mut self, now: Duration) -> Option<Due> {
        let is_over = |deadline: Option<Duration>| deadline.is_some_and(|deadline| deadline <= now);
        match (&mut self.phase, &mut self.write) {
            (Phase::Closed | Phase::Handshake { .. }, _) => None,
            (Phase::Closing { timeout }, _) if is_over(*timeout) => {
                *timeout = None;
                Some(Due::CloseTimeout)
            }
            (_, Write::Blocked(deadline)) if is_over(*deadline) => {
                *deadline = None;
                Some(Due::WriteTimeout)
            }
            _ => None,
        }
    }

    /// When to call [`poll_write`](Self::poll_write) at the latest, or `None` for never unless something happens.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::keepalive::{Keepalive, KeepaliveConfig};
    ///
    /// let mut keepalive = Keepalive::new(KeepaliveConfig::new(), Duration::ZERO);
    /// keepalive.established(Duration::ZERO);
    /// assert_eq!(keepalive.next_write_deadline(), None);
    /// keepalive.write_blocked(Duration::from_secs(1));
    /// assert_eq!(keepalive.next_write_deadline(), Some(Duration::from_secs(31)));
    /// ```
    #[must_use]
    pub fn next_write_deadline(&self) -> Option<Duration> {
        let closing = match self.phase {
            Phase::Closing { timeout } => timeout,
            Phase::Open { .. } => None,
            Phase::Handshake { .. } | Phase::Closed => return None,
        };
        let write = match self.write {
            Write::Idle => None,
            Write::Blocked(deadline) => deadline,
        };
        earlier((closing, Due::CloseTimeout), (write, Due::WriteTimeout)).0
    }
}
