use core::time::Duration;
use std::io::IoSlice;

use super::Call;
use crate::stream::Stream;
use crate::stream::limited::{Limit, Stopped};

/// A stream, and how long its reads and writes wait. Does only I/O.
#[derive(Debug)]
pub(crate) struct Link<S> {
    pub(crate) stream: S,
    /// The call of the program that reads.
    pub(crate) call: Call,
    pub(super) read_limit: Limit,
    write_limit: Limit,
    /// How many bytes the stream took and may still hold back, as TLS does.
    pub(crate) unflushed_len: usize,
    /// The sending side of the stream was shut down.
    is_shut_down: bool,
}

impl<S: Stream> Link<S> {
    /// Calls that read wait for `patience`, where the program has set a timeout for them.
    pub(crate) fn new(stream: S, patience: Option<Duration>) -> Self {
        Self {
            stream,
            call: Call::new(patience),
            read_limit: Limit::default(),
            write_limit: Limit::default(),
            unflushed_len: 0,
            is_shut_down: false,
        }
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

    /// Removes the limits that were set here, and gives the stream away with the number of bytes that it has taken and may hold back.
    pub(crate) fn into_stream(mut self) -> (S, usize) {
        self.unlimit_reads();
        self.write_limit.lift(|| self.stream.limit_write(None));
        (self.stream, self.unflushed_len)
    }

    /// Those of `slices` that the stream takes in one write.
    pub(crate) fn writable<'a, 'b>(&self, slices: &'a [&'b [u8]]) -> &'a [&'b [u8]] {
        if self.stream.is_vectored() { slices } else { slices.get(..1).unwrap_or_default() }
    }

    /// Writes once at the time `begun`, and waits no longer than until `until`, by `clock`.
    #[inline]
    pub(crate) fn write(
        &mut self,
        slices: &[&[u8]],
        (begun, until): (Duration, Option<Duration>),
        clock: impl Fn() -> Duration,
    ) -> Result<usize, Stopped> {
        let Self { stream, write_limit, unflushed_len, .. } = self;
        let (given, count) = io_slices(slices);
        wait_for(begun, until, clock, |within| {
            let len = write_limit.write(stream, given.get(..count).unwrap_or_default(), within)?;
            *unflushed_len = unflushed_len.saturating_add(len);
            Ok(len)
        })
    }

    /// Whether the stream holds back what it took, or, as TLS does, something of its own.
    #[inline]
    pub(crate) fn wants_flush(&self) -> bool {
        self.unflushed_len > 0 || self.stream.wants_write()
    }

    /// Flushes at the time `begun`, and waits no longer than until `until`, by `clock`. Returns how many bytes were held back and have
    /// left: none where that is not all of them.
    #[inline]
    pub(crate) fn flush(
        &mut self,
        (begun, until): (Duration, Option<Duration>),
        clock: impl Fn() -> Duration,
    ) -> Result<usize, Stopped> {
        let Self { stream, write_limit, unflushed_len, .. } = self;
        wait_for(begun, until, clock, |within| {
            Ok(if write_limit.flush(stream, within)? { core::mem::take(unflushed_len) } else { 0 })
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

/// Slices for a write, and how many they are.
pub(super) fn io_slices<'a>(slices: &[&'a [u8]]) -> ([IoSlice<'a>; SLICE_COUNT_MAX], usize) {
    let mut given = [IoSlice::new(&[]); SLICE_COUNT_MAX];
    for (place, slice) in given.iter_mut().zip(slices) {
        *place = IoSlice::new(slice);
    }
    (given, slices.len().min(SLICE_COUNT_MAX))
}

/// Makes a call that may wait until `until`.
#[inline]
fn wait_for(
    begun: Duration,
    until: Option<Duration>,
    clock: impl Fn() -> Duration,
    mut call: impl FnMut(Option<Duration>) -> Result<usize, Stopped>,
) -> Result<usize, Stopped> {
    let Some(until) = until else { return call(None) };
    // A call that takes a part of what it was given waits to its limit for the rest, and does not say since when: with a
    // quarter of the time the peer is given up after at most five quarters. How much a write that timed out has sent, Windows
    // does not say: nothing may follow it, so that there is one step.
    let step = until.saturating_sub(begun).mul_f32(if cfg!(windows) { 1.0 } else { 0.25 });
    let step = step.max(STEP_MIN);
    let mut within = step;
    loop {
        match call(Some(within)) {
            Err(Stopped::TimeUp) if !cfg!(windows) => {
                let left = until.saturating_sub(clock());
                if left.is_zero() {
                    return Err(Stopped::TimeUp);
                }
                within = left.min(step);
            }
            result => return result,
        }
    }
}

/// The shortest step of a wait.
const STEP_MIN: Duration = Duration::from_millis(1);

/// How many slices are written at once.
pub(crate) const SLICE_COUNT_MAX: usize = 16;
