use core::time::Duration;
use std::io;

use ws_core::session::Batch;

use crate::session::{Link, SLICE_COUNT_MAX};
use crate::stream::duplex::Duplex;
use crate::stream::limited::Stopped;
use crate::stream::shared::SharedStream;

/// The right to write, with the stream to write to. A connection has one; the thread that holds it writes for all.
#[derive(Debug)]
pub(super) struct Turn<S> {
    link: Link<SharedStream<S>>,
    /// The bytes that were taken out of the queue and not written yet.
    pub(super) batch: Batch,
    /// How many writes in a row returned at once, though they might wait.
    early_count: u8,
    /// How much of what the stream holds back was no part of a batch: it was taken before the split.
    earlier_len: usize,
}

impl<S: Duplex> Turn<S> {
    /// Creates the turn of a stream that has taken `earlier_len` bytes and holds them back.
    pub(super) fn new(stream: SharedStream<S>, earlier_len: usize) -> Self {
        let mut link = Link::new(stream, None);
        link.unflushed_len = earlier_len;
        Self { link, batch: Batch::new(), early_count: 0, earlier_len }
    }

    /// Whether the stream holds something back.
    pub(super) const fn is_held_back(&self) -> bool {
        self.link.unflushed_len > 0
    }

    /// Gives back what was not written, and how much the stream holds back: of batches, and in all.
    pub(super) fn into_parts(self) -> (Batch, usize, usize) {
        let unflushed_len = self.link.unflushed_len;
        (self.batch, unflushed_len.saturating_sub(self.earlier_len), unflushed_len)
    }

    /// Whether all that was taken out of the queue has left.
    pub(super) const fn is_done(&self) -> bool {
        self.batch.is_empty() && self.link.unflushed_len == 0
    }

    /// Writes once at the time `begun`, and waits no longer than until `until`, by `clock`. Returns how many bytes have left.
    pub(super) fn write(
        &mut self,
        (begun, until): (Duration, Option<Duration>),
        clock: impl Fn() -> Duration,
    ) -> Result<usize, Stopped> {
        let written = self.write_by(
            |link, slices| link.write(slices, (begun, until), &clock),
            |link| link.flush((begun, until), &clock),
        );
        let is_early = matches!(written, Err(Stopped::WouldBlock));
        self.early_count = if is_early { self.early_count.saturating_add(1) } else { 0 };
        if self.early_count >= EARLY_COUNT_MAX {
            // It was made non-blocking, and trying again would only keep the processor busy.
            return Err(Stopped::Failed(io::ErrorKind::Unsupported.into()));
        }
        written
    }

    /// Writes once what the stream takes without waiting. Returns how many bytes have left.
    pub(super) fn write_now(&mut self) -> Result<usize, Stopped> {
        self.write_by(Link::write_now, Link::flush_now)
    }

    fn write_by(
        &mut self,
        write: impl FnOnce(&mut Link<SharedStream<S>>, &[&[u8]]) -> Result<usize, Stopped>,
        flush: impl FnOnce(&mut Link<SharedStream<S>>) -> Result<usize, Stopped>,
    ) -> Result<usize, Stopped> {
        if self.link.unflushed_len == 0 {
            let mut slices = [&[][..]; SLICE_COUNT_MAX];
            let count = self.batch.slices(&mut slices);
            let len = write(&mut self.link, slices.get(..count).unwrap_or_default())?;
            self.batch.advance(len);
        }
        let len = flush(&mut self.link)?;
        Ok(if self.is_held_back() { 0 } else { len.saturating_sub(core::mem::take(&mut self.earlier_len)) })
    }
}

/// How many writes in a row may return at once before the stream is taken for one that was made non-blocking.
const EARLY_COUNT_MAX: u8 = 4;
