use core::mem;
use core::time::Duration;
use std::io;
use std::time::Instant;

use super::{Duplex, Haste};
use crate::stream::queue::Queue;

/// The right to write, and what it takes. There is one for a connection: who has it writes for all.
#[derive(Debug)]
pub(super) struct Turn<S> {
    pub(super) stream: S,
    /// What was taken out of the outbox, as far as it is not written.
    pub(super) batch: Queue,
    /// How many bytes the stream took and may still hold back, as TLS does.
    unflushed_len: usize,
    /// Since when the stream has taken nothing, where it would not take more.
    pub(super) blocked_since: Option<Instant>,
    /// Whether it is non-blocking.
    pub(super) haste: Haste,
    /// The limit that the stream has for its writes.
    limit: Option<Duration>,
}

/// A write that moved nothing.
#[derive(Debug)]
pub(super) struct Unwritten {
    pub(super) error: io::Error,
    /// It took the time it was given.
    pub(super) has_waited: bool,
}

impl<S: Duplex> Turn<S> {
    pub(super) fn new(mut stream: S) -> io::Result<Self> {
        stream.limit_write(None)?;
        Ok(Self {
            stream,
            batch: Queue::default(),
            unflushed_len: 0,
            blocked_since: None,
            haste: Haste::default(),
            limit: None,
        })
    }

    /// Whether nothing is left of what was taken out of the outbox.
    pub(super) fn is_done(&self) -> bool {
        self.batch.is_empty() && self.unflushed_len == 0
    }

    /// Writes once, in no more than this time. Returns how many bytes have left, at least one.
    pub(super) fn write(&mut self, limit: Option<Duration>) -> Result<usize, Unwritten> {
        let begun = Instant::now();
        match self.try_write(limit) {
            Ok(len) => {
                self.blocked_since = None;
                self.haste = Haste::default();
                Ok(len)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                // Some of it may have left.
                self.blocked_since = None;
                Err(Unwritten { error, has_waited: false })
            }
            Err(error) => {
                self.blocked_since.get_or_insert(begun);
                let has_waited = limit.is_some_and(|limit| begun.elapsed().saturating_mul(2) >= limit);
                Err(Unwritten { error, has_waited })
            }
        }
    }

    fn try_write(&mut self, limit: Option<Duration>) -> io::Result<usize> {
        if self.limit != limit {
            self.stream.limit_write(limit)?;
            self.limit = limit;
        }
        if self.unflushed_len == 0 {
            let len = self.stream.write(self.batch.bytes())?.min(self.batch.len());
            if len == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.batch.advance(len);
            self.unflushed_len = len;
        }
        self.stream.flush()?;
        Ok(mem::take(&mut self.unflushed_len))
    }
}
