//! A stream that counts the bytes which pass, to tell what compression saved.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ws_std::Stream;

/// The bytes that a stream has read and written; clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts(Arc<[AtomicU64; 2]>);

impl Counts {
    /// How many bytes were read, and how many written.
    pub(crate) fn get(&self) -> (u64, u64) {
        let [read, written] = &*self.0;
        (read.load(Ordering::Relaxed), written.load(Ordering::Relaxed))
    }

    fn add_read(&self, len: usize) -> usize {
        let [read, _] = &*self.0;
        read.fetch_add(u64::try_from(len).unwrap_or(u64::MAX), Ordering::Relaxed);
        len
    }

    fn add_written(&self, len: usize) -> usize {
        let [_, written] = &*self.0;
        written.fetch_add(u64::try_from(len).unwrap_or(u64::MAX), Ordering::Relaxed);
        len
    }
}

/// A stream whose bytes are counted.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    pub(crate) stream: S,
    pub(crate) counts: Counts,
}

impl<S> Counted<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, counts: Counts::default() }
    }
}

impl<S: Read> Read for Counted<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.read(bytes).map(|len| self.counts.add_read(len))
    }
}

impl<S: Write> Write for Counted<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes).map(|len| self.counts.add_written(len))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_vectored(slices).map(|len| self.counts.add_written(len))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl<S: Stream> Stream for Counted<S> {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream.shutdown_write()
    }

    fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
        // A peer that says nothing must not hold up the run.
        self.stream.limit_read(Some(timeout.unwrap_or(SILENCE_LIMIT)))
    }

    fn limit_write(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.limit_write(timeout)
    }

    fn disable_delay(&self) -> io::Result<()> {
        self.stream.disable_delay()
    }

    fn is_vectored(&self) -> bool {
        self.stream.is_vectored()
    }
}

/// After this a peer that says nothing is given up.
pub(crate) const SILENCE_LIMIT: Duration = Duration::from_secs(30);
