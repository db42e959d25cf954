//! What a connection in two halves needs in addition.

use core::time::Duration;
use std::io;

use super::link::{Link, io_slices};
use super::outgoing::Outgoing;
use crate::error::is_wait;
use crate::stream::Duplex;
use crate::stream::limited::{Limit, Stopped};

impl Outgoing<'_> {
    /// Whether it has to wait for the end of a message in parts.
    pub(crate) const fn begins_message(&self) -> bool {
        matches!(self, Self::Message(..) | Self::Owned(_) | Self::Encoded(_) | Self::MessageStart)
    }
}

impl<S: Duplex> Link<S> {
    /// Notes that the reads of the stream have this limit already.
    pub(crate) fn with_read_limit(mut self, limit: Option<Duration>) -> Self {
        self.read_limit = Limit::known(limit);
        self
    }

    /// Writes once what the stream takes without waiting.
    pub(crate) fn write_now(&mut self, slices: &[&[u8]]) -> Result<usize, Stopped> {
        let (given, count) = io_slices(slices);
        loop {
            return match self.stream.write_now(given.get(..count).unwrap_or_default()) {
                Ok(0) if count > 0 => Err(Stopped::WouldBlock),
                Ok(len) => {
                    self.unflushed_len = self.unflushed_len.saturating_add(len);
                    Ok(len)
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(stopped(error)),
            };
        }
    }

    /// Flushes without waiting. Returns how many bytes were held back and have left: none where that is not all of them.
    pub(crate) fn flush_now(&mut self) -> Result<usize, Stopped> {
        match self.stream.write_now(&[]) {
            Ok(_) => Ok(core::mem::take(&mut self.unflushed_len)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(error) => Err(stopped(error)),
        }
    }
}

/// What the error of a call means that does not wait.
fn stopped(error: io::Error) -> Stopped {
    if is_wait(&error) { Stopped::WouldBlock } else { Stopped::Failed(error) }
}
