use core::time::Duration;
use std::io::{self, IoSlice};

use ws_core::session::Batch;

use crate::session::{Link, Written};
use crate::stream::duplex::{Duplex, SharedStream};

/// The right to write, with the stream to write to. A connection has one; the thread that holds it writes for all.
#[derive(Debug)]
pub(super) struct Turn<S> {
    pub(super) link: Link<SharedStream<S>>,
    /// The bytes that were taken out of the queue and not written yet.
    pub(super) batch: Batch,
    /// How many bytes the stream took and may still hold back, as TLS does.
    unflushed_len: usize,
    /// How many writes in a row returned at once, though they might wait.
    pub(super) early_count: u8,
}

impl<S: Duplex> Turn<S> {
    pub(super) fn new(stream: SharedStream<S>) -> Self {
        Self { link: Link::new(stream), batch: Batch::new(), unflushed_len: 0, early_count: 0 }
    }

    /// Whether all that was taken out of the queue has left.
    pub(super) const fn is_done(&self) -> bool {
        self.batch.is_empty() && self.unflushed_len == 0
    }

    /// Writes once at the time `begun`, and waits no longer than until `until`, by `clock`. Returns how many bytes have left.
    pub(super) fn write(
        &mut self,
        (begun, until): (Duration, Option<Duration>),
        clock: impl Fn(&SharedStream<S>) -> Duration,
    ) -> Written {
        if self.unflushed_len == 0 {
            let mut slices = [&[][..]; SLICE_COUNT_MAX];
            let count = self.batch.slices(&mut slices);
            let slices = slices.map(IoSlice::new);
            match self.link.write(slices.get(..count).unwrap_or_default(), (begun, until), &clock) {
                Written::Bytes(len) => self.took(len),
                stopped @ (Written::WouldBlock | Written::TimeUp | Written::Failed(_)) => return stopped,
            }
        }
        match self.link.flush((begun, until), clock) {
            Written::Bytes(_) => Written::Bytes(core::mem::take(&mut self.unflushed_len)),
            stopped @ (Written::WouldBlock | Written::TimeUp | Written::Failed(_)) => stopped,
        }
    }

    /// Writes once what the stream takes without waiting. Returns how many bytes have left, and whether it took less than offered.
    pub(super) fn write_now(&mut self) -> io::Result<(usize, bool)> {
        let stream = self.link.stream.get_ref();
        let mut is_short = false;
        if self.unflushed_len == 0 {
            let mut slices = [&[][..]; SLICE_COUNT_MAX];
            let count = self.batch.slices(&mut slices);
            let slices = slices.map(IoSlice::new);
            let slices = slices.get(..count).unwrap_or_default();
            let offered_len = slices.iter().fold(0_usize, |len, slice| len.saturating_add(slice.len()));
            let len = stream.write_now(slices)?;
            is_short = len < offered_len;
            self.batch.advance(len);
            self.unflushed_len = len.min(offered_len);
        }
        // Without slices it pushes what the stream has taken and holds back.
        let _nothing = self.link.stream.get_ref().write_now(&[])?;
        Ok((core::mem::take(&mut self.unflushed_len), is_short))
    }

    fn took(&mut self, len: usize) {
        self.unflushed_len = len.min(self.batch.len());
        self.batch.advance(len);
    }
}

/// How many slices are written at once.
const SLICE_COUNT_MAX: usize = 16;
