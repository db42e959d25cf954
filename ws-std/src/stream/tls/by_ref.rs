use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};

use crate::clock::Clock;
use crate::stream::{Duplex, Stream};

/// The stream under TLS by reference.
pub(super) struct ByRef<'a, S> {
    stream: &'a S,
    write: fn(&S, &[IoSlice<'_>]) -> io::Result<usize>,
    flush: fn(&S) -> io::Result<()>,
}

impl<'a, S: Duplex> ByRef<'a, S> {
    pub(super) fn new(stream: &'a S) -> Self {
        Self { stream, write: S::write_shared, flush: S::flush_shared }
    }

    /// Its writes do not wait.
    pub(super) fn now(stream: &'a S) -> Self {
        Self { stream, write: S::write_now, flush: |stream| stream.write_now(&[]).map(drop) }
    }
}

impl<S: Duplex> Read for ByRef<'_, S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.read_shared(bytes)
    }
}

impl<S: Duplex> Write for ByRef<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.write)(self.stream, &[IoSlice::new(bytes)])
    }

    fn flush(&mut self) -> io::Result<()> {
        (self.flush)(self.stream)
    }
}

impl<S: Duplex> Stream for ByRef<'_, S> {
    fn clock(&self) -> Clock {
        self.stream.clock()
    }

    fn wants_write(&self) -> bool {
        self.stream.wants_write()
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream.shutdown_write_shared()
    }

    fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.limit_read(timeout)
    }

    fn limit_write(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.limit_write(timeout)
    }
}
