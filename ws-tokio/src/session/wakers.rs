//! Which tasks wait for a connection.
//!
//! A stream keeps the last waker that it was given for each direction, but two tasks may wait for it: one that reads, and writes pongs
//! while it does, and one that sends. So while both wait, the stream is given a waker that wakes both.

use alloc::sync::Arc;
use core::task::Waker;
use std::task::Wake;

/// The side of a connection that a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Read,
    Write,
}

/// The tasks whose last poll of their side was pending.
#[derive(Debug, Default)]
pub(super) struct Wakers {
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// The one for both, kept since making it allocates.
    pair: Option<(Waker, Arc<Pair>)>,
}

#[derive(Debug)]
struct Pair {
    reader: Waker,
    writer: Waker,
}

impl Wakers {
    /// The waker to give to the stream in a poll of `side` by the task of `own`, where another task waits too.
    #[inline]
    pub(super) fn shared(&mut self, side: Side, own: &Waker) -> Option<Waker> {
        let other = match side {
            Side::Read => self.writer.as_ref(),
            Side::Write => self.reader.as_ref(),
        };
        let other = other.filter(|other| !other.will_wake(own))?;
        let (reader, writer) = match side {
            Side::Read => (own, other),
            Side::Write => (other, own),
        };
        if let Some((both, pair)) = &self.pair {
            if pair.reader.will_wake(reader) && pair.writer.will_wake(writer) {
                return Some(both.clone());
            }
        }
        let pair = Arc::new(Pair { reader: reader.clone(), writer: writer.clone() });
        let both = Waker::from(Arc::clone(&pair));
        self.pair = Some((both.clone(), pair));
        Some(both)
    }

    /// Notes whether the task of `own` waits for `side`.
    #[inline]
    pub(super) fn set(&mut self, side: Side, own: Option<&Waker>) {
        let place = match side {
            Side::Read => &mut self.reader,
            Side::Write => &mut self.writer,
        };
        match (place, own) {
            (Some(kept), Some(own)) => kept.clone_from(own),
            (place, own) => *place = own.cloned(),
        }
    }

    /// Whether a task waits for the side that is not `side`.
    #[inline]
    pub(super) const fn is_other_waiting(&self, side: Side) -> bool {
        match side {
            Side::Read => self.writer.is_some(),
            Side::Write => self.reader.is_some(),
        }
    }

    /// Wakes the task that waits for the side that is not `side`.
    pub(super) fn wake_other(&mut self, side: Side) {
        let other = match side {
            Side::Read => &mut self.writer,
            Side::Write => &mut self.reader,
        };
        if let Some(other) = other.take() {
            other.wake();
        }
    }
}

impl Wake for Pair {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.reader.wake_by_ref();
        self.writer.wake_by_ref();
    }
}
