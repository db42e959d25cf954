use core::time::Duration;
use std::io::{self, IoSlice};

use crate::stream::Stream;
use crate::stream::limited::{Limit, Stopped};

/// A stream, and how long its reads and writes wait. Does only I/O.
#[derive(Debug)]
pub(crate) struct Link<S> {
    pub(crate) stream: S,
    read_limit: Limit,
    write_limit: Limit,
    /// The stream took bytes that it may still hold back.
    pub(crate) wants_flush: bool,
    /// The sending side of the stream was shut down.
    is_shut_down: bool,
}

/// The result of a write.
#[derive(Debug)]
pub(crate) enum Written {
    /// The stream took this many bytes.
    Bytes(usize),
    /// The stream does not block, and takes nothing now.
    WouldBlock,
    /// The stream took nothing until the deadline.
    TimeUp,
    Failed(io::Error),
}

impl<S: Stream> Link<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            read_limit: Limit::default(),
            write_limit: Limit::default(),
            wants_flush: false,
            is_shut_down: false,
        }
    }

    /// Notes that the reads of the stream have this limit already.
    pub(crate) fn with_read_limit(self, limit: Option<Duration>) -> Self {
        Self { read_limit: Limit::known(limit), ..self }
    }

    /// Reads once, and waits no longer than `within`.
    #[inline]
    pub(crate) fn read(&mut self, bytes: &mut [u8], within: Option<Duration>) -> Result<usize, Stopped> {
        self.read_limit.read(&mut self.stream, bytes, within)
    }

    /// Removes the limit of reads, if it was set here.
    pub(crate) fn unlimit_reads(&mut self) {
        self.read_limit.lift(|| self.stream.limit_read(None));
    }

    /// Writes once at the time `begun`, and waits no longer than until `until`, by `clock`.
    #[inline]
    pub(crate) fn write(
        &mut self,
        slices: &[IoSlice<'_>],
        (begun, until): (Duration, Option<Duration>),
        clock: impl Fn(&S) -> Duration,
    ) -> Written {
        let Self { stream, write_limit, wants_flush, .. } = self;
        wait_for(stream, begun, until, clock, |stream, within| {
            let len = write_limit.write(stream, slices, within)?;
            *wants_flush = true;
            Ok(len)
        })
    }

    /// Flushes at the time `begun`, and waits no longer than until `until`, by `clock`.
    #[inline]
    pub(crate) fn flush(
        &mut self,
        (begun, until): (Duration, Option<Duration>),
        clock: impl Fn(&S) -> Duration,
    ) -> Written {
        let Self { stream, write_limit, wants_flush, .. } = self;
        wait_for(stream, begun, until, clock, |stream, within| {
            write_limit.flush(stream, within)?;
            *wants_flush = false;
            Ok(0)
        })
    }

    /// Shuts down the sending side of the stream, once.
    pub(crate) fn shut_down_write(&mut self) {
        if !self.is_shut_down {
            self.is_shut_down = true;
            let _gone = self.stream.shutdown_write();
        }
    }
}

/// Makes a call that may wait until `until`.
#[inline]
fn wait_for<S>(
    stream: &mut S,
    begun: Duration,
    until: Option<Duration>,
    clock: impl Fn(&S) -> Duration,
    mut call: impl FnMut(&mut S, Option<Duration>) -> Result<usize, Stopped>,
) -> Written {
    let Some(until) = until else {
        return match call(stream, None) {
            Ok(len) => Written::Bytes(len),
            Err(Stopped::Failed(error)) => Written::Failed(error),
            Err(Stopped::TimeUp | Stopped::WouldBlock) => Written::WouldBlock,
        };
    };
    // A call that takes a part of what it was given waits to its limit for the rest, and does not say since when: with a
    // quarter of the time the peer is given up after at most five quarters. How much a write that timed out has sent, Windows
    // does not say: nothing may follow it, so that there is one step.
    let step = until.saturating_sub(begun).mul_f32(if cfg!(windows) { 1.0 } else { 0.25 });
    let step = step.max(STEP_MIN);
    let mut within = step;
    loop {
        match call(stream, Some(within)) {
            Ok(len) => return Written::Bytes(len),
            Err(Stopped::Failed(error)) => return Written::Failed(error),
            Err(Stopped::WouldBlock) => return Written::WouldBlock,
            Err(Stopped::TimeUp) => {
                let left = until.saturating_sub(clock(stream));
                if cfg!(windows) || left.is_zero() {
                    return Written::TimeUp;
                }
                within = left.min(step);
            }
        }
    }
}

/// The shortest step of a wait.
const STEP_MIN: Duration = Duration::from_millis(1);
