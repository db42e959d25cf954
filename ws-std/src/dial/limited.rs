use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use super::addresses;
use crate::error::{Error, ProxyError, is_gone, is_wait};
use crate::timeouts::Deadline;

/// The stream to a proxy, used until a deadline: a call that takes longer fails with [`io::ErrorKind::TimedOut`].
pub(super) struct Limited<'s> {
    stream: &'s TcpStream,
    deadline: Deadline,
}

impl<'s> Limited<'s> {
    pub(super) const fn new(stream: &'s TcpStream, deadline: Deadline) -> Self {
        Self { stream, deadline }
    }

    /// Reads without taking the bytes out of the stream; 0 at its end.
    pub(super) fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.read_with(|stream| stream.peek(bytes))
    }

    fn read_with(&self, mut read: impl FnMut(&TcpStream) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            self.stream
                .set_read_timeout(self.deadline.remaining(Instant::now()).map_err(|_passed| TIMED_OUT)?)?;
            match read(self.stream) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if is_wait(error.kind()) => return Err(TIMED_OUT.into()),
                other => return other,
            }
        }
    }
}

impl Read for Limited<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.read_with(|mut stream| stream.read(bytes))
    }
}

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream
            .set_write_timeout(self.deadline.remaining(Instant::now()).map_err(|_passed| TIMED_OUT)?)?;
        self.stream.write(bytes).map_err(|error| if is_wait(error.kind()) { TIMED_OUT.into() } else { error })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What an error of the stream to a proxy means.
pub(super) fn map_io_error(error: io::Error) -> Error {
    match error.kind() {
        kind if is_wait(kind) => addresses::TIMEOUT,
        kind if is_gone(kind) => ProxyError::Ended.into(),
        _ => error.into(),
    }
}

const TIMED_OUT: io::ErrorKind = io::ErrorKind::TimedOut;
