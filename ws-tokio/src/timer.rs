//! Time: the clock by which deadlines are judged, and what wakes a task when one is over.

use alloc::sync::Arc;
use core::fmt;
use core::task::{Context, Poll, ready};
use core::time::Duration;
#[cfg(feature = "time")]
use core::{future::Future as _, pin::Pin};
use std::time::Instant;

/// The clock of a connection, and what wakes its task at a deadline. With the feature `time`, that of tokio is the default.
///
/// For another runtime, implement it over that runtime's timer, and pass a function that makes one to
/// [`Client::new_with_timer`](crate::Client::new_with_timer), [`Server::new_with_timer`](crate::Server::new_with_timer) or
/// [`WebSocket::after_handshake_with_timer`](crate::WebSocket::after_handshake_with_timer):
///
/// ```
/// use std::future::Future;
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
/// use std::time::Instant;
///
/// struct SmolTimer(smol::Timer);
///
/// impl ws_tokio::Timer for SmolTimer {
///     fn now(&self) -> Instant {
///         Instant::now()
///     }
///
///     fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
///         self.0.set_at(deadline);
///         Pin::new(&mut self.0).poll(cx).map(|_instant| ())
///     }
/// }
///
/// let server = ws_tokio::Server::new_with_timer(|| SmolTimer(smol::Timer::never()));
/// # let _ = server;
/// ```
pub trait Timer: Send + Sync {
    /// The time. It must not go back.
    fn now(&self) -> Instant;

    /// Ready once `deadline` is reached. If it is not, the task of `cx` is woken when it is. Only the deadline and the task of the last
    /// call matter.
    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()>;
}

/// Makes the timers of connections.
#[derive(Clone)]
pub(crate) struct Timers(Arc<dyn Fn() -> Box<dyn Timer> + Send + Sync>);

impl Timers {
    pub(crate) fn new<T: Timer + 'static>(make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || Box::new(make())))
    }

    #[cfg(feature = "time")]
    pub(crate) fn tokio() -> Self {
        Self::new(TokioTimer::default)
    }

    /// A clock that begins now.
    pub(crate) fn start(&self) -> Clock {
        let read = Alarm { timer: self.0(), armed: None };
        Clock { since: read.timer.now(), read, write: None, timers: self.clone() }
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers").finish_non_exhaustive()
    }
}

/// The time since a connection began, and its alarms.
#[derive(Debug)]
pub(crate) struct Clock {
    pub(crate) since: Instant,
    /// For the task that reads.
    read: Alarm,
    /// For the task that writes; made where a write first waits.
    write: Option<Alarm>,
    timers: Timers,
}

impl Clock {
    /// Begins anew.
    pub(crate) fn restart(&mut self) {
        // An alarm that was set for the opening handshake would stay, and wake the task for nothing.
        *self = self.timers.start();
    }

    #[inline]
    pub(crate) fn now(&self) -> Duration {
        self.read.timer.now().saturating_duration_since(self.since)
    }

    /// Ready once `deadline` of what a task waits for that reads is reached.
    pub(crate) fn poll_read_until(&mut self, cx: &mut Context<'_>, deadline: Duration) -> Poll<()> {
        self.read.poll_until(cx, self.since, deadline)
    }

    /// Ready once `deadline` of what a task waits for that writes is reached.
    pub(crate) fn poll_write_until(&mut self, cx: &mut Context<'_>, deadline: Duration) -> Poll<()> {
        let make = || Alarm { timer: self.timers.0(), armed: None };
        self.write.get_or_insert_with(make).poll_until(cx, self.since, deadline)
    }
}

/// A timer, and what it waits for.
struct Alarm {
    timer: Box<dyn Timer>,
    armed: Option<Duration>,
}

impl Alarm {
    /// Ready once `deadline` is reached.
    ///
    /// Deadlines move on with each message. So the timer is left at an earlier one, and set again when that is over: once in an
    /// interval, not once a message.
    fn poll_until(&mut self, cx: &mut Context<'_>, since: Instant, deadline: Duration) -> Poll<()> {
        loop {
            let armed = self.armed.filter(|&armed| armed <= deadline).unwrap_or(deadline);
            self.armed = Some(armed);
            // What cannot be reached is never over.
            let Some(instant) = since.checked_add(armed) else { return Poll::Pending };
            ready!(self.timer.poll_until(cx, instant));
            self.armed = None;
            if armed == deadline {
                return Poll::Ready(());
            }
        }
    }
}

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("armed", &self.armed).finish_non_exhaustive()
    }
}

/// tokio's timer. It needs a runtime of tokio from the first deadline on.
#[cfg(feature = "time")]
#[derive(Debug, Default)]
struct TokioTimer {
    /// Made for the first deadline, and kept.
    sleep: Option<Pin<Box<tokio::time::Sleep>>>,
}

#[cfg(feature = "time")]
impl Timer for TokioTimer {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let deadline = tokio::time::Instant::from_std(deadline);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}
