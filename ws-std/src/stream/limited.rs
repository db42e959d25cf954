//! The one notion of waiting: whether a call that moved nothing has waited for all of its time, or the stream does not
//! block.

use core::time::Duration;
use std::io::{self, IoSlice};

use super::{LIMIT_MIN, Stream};
use crate::clock::Elapsed;
use crate::deadline::Deadline;
use crate::error::{Error, Phase, is_gone, is_wait};

/// Why a call moved nothing.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// It waited for all of its time.
    TimeUp,
    /// The stream does not block, or its owner's limit was shorter.
    WouldBlock,
    /// The stream failed.
    Failed(io::Error),
}

/// The limit that a stream has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Setting {
    /// The limit of its owner, which was not changed.
    #[default]
    Owners,
    /// One that was set elsewhere.
    Unknown,
    Ours(Option<Duration>),
}

/// How long the reads of a stream may wait, or its writes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limit {
    current: Setting,
    /// The stream was found to return at once.
    is_non_blocking: bool,
}

impl Limit {
    /// The limit of a stream that has `current` already.
    #[cfg(feature = "split")]
    pub(crate) const fn known(current: Option<Duration>) -> Self {
        Self { current: Setting::Ours(current), is_non_blocking: false }
    }

    /// The limit of a stream that has one which is not known, and is to be replaced.
    pub(crate) const fn unknown() -> Self {
        Self { current: Setting::Unknown, is_non_blocking: false }
    }

    /// Removes the limit that was set here, if one was. Where that fails, the next call tries again.
    pub(crate) fn lift(&mut self, set: impl FnOnce() -> io::Result<()>) {
        if matches!(self.current, Setting::Ours(Some(_))) && set().is_ok() {
            self.current = Setting::Ours(None);
        }
    }

    /// Reads once, and waits no longer than `within`; `None` waits as long as the stream does.
    #[inline]
    pub(crate) fn read<S: Stream>(
        &mut self,
        stream: &mut S,
        bytes: &mut [u8],
        within: Option<Duration>,
    ) -> Result<usize, Stopped> {
        let capacity = bytes.len();
        let len = self.run(stream, within, S::limit_read, |stream| stream.read(bytes))?;
        if len > capacity {
            return Err(Stopped::Failed(io::ErrorKind::InvalidData.into()));
        }
        Ok(len)
    }

    /// Writes once, at least one byte, and waits no longer than `within`; `None` waits as long as the stream does.
    #[inline]
    pub(crate) fn write<S: Stream>(
        &mut self,
        stream: &mut S,
        slices: &[IoSlice<'_>],
        within: Option<Duration>,
    ) -> Result<usize, Stopped> {
        let write = |stream: &mut S| match slices {
            [slice] => stream.write(slice),
            slices => stream.write_vectored(slices),
        };
        match self.run(stream, within, S::limit_write, write)? {
            0 => Err(Stopped::Failed(io::ErrorKind::WriteZero.into())),
            len => Ok(len),
        }
    }

    /// Flushes, and waits no longer than `within`; `None` waits as long as the stream does. Returns `false` where some of what was held
    /// back has left, and not all.
    #[inline]
    pub(crate) fn flush<S: Stream>(
        &mut self,
        stream: &mut S,
        within: Option<Duration>,
    ) -> Result<bool, Stopped> {
        self.run(stream, within, S::limit_write, |stream| match stream.flush() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            result => result.map(|()| true),
        })
    }

    /// Makes a call that waits no longer than `within`, for which `set` sets the limit; `None` waits as long as the stream does.
    #[inline]
    pub(crate) fn run<S: Stream, T>(
        &mut self,
        stream: &mut S,
        within: Option<Duration>,
        set: impl Fn(&S, Option<Duration>) -> io::Result<()>,
        mut call: impl FnMut(&mut S) -> io::Result<T>,
    ) -> Result<T, Stopped> {
        let mut early_count = 0_u8;
        loop {
            let current = if let Setting::Ours(current) = self.current { current } else { None };
            let limit = step(current, within);
            // The limit is its owner's as long as nothing is asked for here.
            let is_owners = self.current == Setting::Owners && within.is_none();
            if !is_owners && self.current != Setting::Ours(limit) {
                set(stream, limit).map_err(Stopped::Failed)?;
                self.current = Setting::Ours(limit);
            }
            let begun = limit.map(|limit| (Elapsed::new(stream.clock()), limit));
            let error = match call(stream) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if error.kind() == io::ErrorKind::Interrupted {
                continue;
            }
            if !is_wait(&error) {
                return Err(Stopped::Failed(error));
            }
            let Some((begun, limit)) = begun else { return Err(Stopped::WouldBlock) };
            if begun.now().saturating_mul(2) >= limit {
                self.is_non_blocking = false;
                return Err(Stopped::TimeUp);
            }
            early_count = early_count.saturating_add(1);
            // A system that counts in ticks may return early from a short wait, but not often in a row.
            if self.is_non_blocking || limit >= TICKS || early_count >= EARLY_COUNT_MAX {
                self.is_non_blocking = true;
                return Err(Stopped::WouldBlock);
            }
        }
    }
}

/// Makes a call that waits no longer than until the deadline.
pub(crate) fn until<T>(
    deadline: &Deadline,
    phase: Phase,
    mut call: impl FnMut(Option<Duration>) -> Result<T, Stopped>,
) -> Result<T, Error> {
    loop {
        match call(deadline.remaining_for(phase)?) {
            Ok(done) => return Ok(done),
            // The limit of the stream may be shorter than the time that is left.
            Err(Stopped::TimeUp) => {}
            Err(Stopped::WouldBlock) => return Err(Error::WouldBlock),
            Err(Stopped::Failed(error)) if is_gone(error.kind()) => {
                return Err(Error::Disconnected(Some(error.kind())));
            }
            Err(Stopped::Failed(error)) => return Err(error.into()),
        }
    }
}

/// The limit to set on a stream that has `current`, so that a call waits no longer than `wanted`.
///
/// Setting a limit is a system call. So a limit that is shorter than `wanted`, but not by more than half, stays; and where `wanted`
/// shrinks from call to call, the limit is set to less than it at once.
fn step(current: Option<Duration>, wanted: Option<Duration>) -> Option<Duration> {
    let wanted = wanted?.max(LIMIT_MIN);
    Some(match current {
        Some(current) if current <= wanted && current.saturating_mul(2) >= wanted => current,
        Some(current) if current > wanted && current < wanted.saturating_mul(2) => {
            wanted.mul_f32(0.75).max(LIMIT_MIN)
        }
        Some(_) | None => wanted,
    })
}

/// Two ticks of the slowest clock in use: a wait that is no shorter takes at least half its time.
const TICKS: Duration = Duration::from_millis(32);

/// How many calls in a row may return too early: after one that ended with a tick, the next takes at least a tick.
const EARLY_COUNT_MAX: u8 = 4;

#[cfg(test)]
mod tests {
    use super::{EARLY_COUNT_MAX, Limit, Stopped, step};
    use crate::stream::Stream;
    use core::cell::Cell;
    use core::time::Duration;
    use std::io::{self, Read, Write};
    use std::thread;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Returns too early a number of times, then waits.
    #[derive(Default)]
    struct Hasty {
        early_count: u8,
        call_count: u8,
        limit: Cell<Option<Duration>>,
    }

    impl Read for Hasty {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            self.call_count = self.call_count.saturating_add(1);
            if self.call_count > self.early_count {
                thread::sleep(self.limit.get().unwrap());
            }
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    impl Write for Hasty {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Ok(0)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Stream for Hasty {
        fn limit_read(&self, limit: Option<Duration>) -> io::Result<()> {
            self.limit.set(limit);
            Ok(())
        }
    }

    #[test]
    fn a_limit_is_never_too_long_and_seldom_set() {
        assert_eq!(step(Some(ms(5)), None), None);
        assert_eq!(step(None, Some(ms(0))), Some(ms(1)), "zero would be for ever");
        let (mut current, mut set_count) = (None, 0);
        for wanted in (1..=10_000).rev() {
            let limit = step(current, Some(ms(wanted)));
            assert!(limit.is_some_and(|limit| limit <= ms(wanted) && limit >= ms(wanted) / 2), "{limit:?}");
            set_count += u32::from(limit != current);
            current = limit;
        }
        assert!(set_count < 40, "{set_count}");
    }

    #[test]
    fn a_tick_that_ends_early_is_not_taken_for_a_stream_that_does_not_block() {
        for early_count in 0..EARLY_COUNT_MAX {
            let mut stream = Hasty { early_count, ..Hasty::default() };
            let stopped = Limit::default().read(&mut stream, &mut [0; 4], Some(ms(4)));
            assert!(matches!(stopped, Err(Stopped::TimeUp)), "{stopped:?}");
        }
    }

    #[test]
    fn a_stream_that_does_not_block_is_asked_once_when_it_is_known() {
        let mut stream = Hasty { early_count: u8::MAX, ..Hasty::default() };
        let mut limit = Limit::default();
        for expected_count in [EARLY_COUNT_MAX, EARLY_COUNT_MAX + 1] {
            let stopped = limit.read(&mut stream, &mut [0; 4], Some(ms(4)));
            assert!(matches!(stopped, Err(Stopped::WouldBlock)), "{stopped:?}");
            assert_eq!(stream.call_count, expected_count);
        }
        let stopped = limit.read(&mut stream, &mut [0; 4], Some(ms(4000)));
        assert!(matches!(stopped, Err(Stopped::WouldBlock)), "{stopped:?}");
        assert_eq!(stream.call_count, EARLY_COUNT_MAX + 2);
    }
}
