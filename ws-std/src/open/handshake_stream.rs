use core::time::Duration;
use std::io;

use ws_core::handshake::WriteError;
use ws_core::input::ReadBuffer;

use crate::error::{Error, Phase};
use crate::session::READ_BUFFER_LEN_MIN;
use crate::stream::Stream;
use crate::stream::linger::linger;
use crate::stream::queue::Queue;
use crate::timeouts::{Deadline, Timeouts};

/// A stream during its opening handshake: reads and writes until one deadline.
#[derive(Debug)]
pub(crate) struct HandshakeStream<S> {
    pub(crate) stream: S,
    pub(crate) buffer: ReadBuffer<Vec<u8>>,
    pub(crate) timeouts: Timeouts,
    /// Some bytes have arrived.
    pub(crate) has_received: bool,
    /// The bytes that are committed and not yet written.
    pub(crate) unwritten: Queue,
    wants_flush: bool,
    deadline: Deadline,
}

impl<S: Stream> HandshakeStream<S> {
    /// The deadline is that of [`Timeouts::handshake`], which may have begun with the handshake of TLS.
    pub(crate) fn new(stream: S, timeouts: Timeouts, deadline: Deadline) -> Self {
        Self {
            stream,
            buffer: ReadBuffer::new(vec![0; READ_BUFFER_LEN_MIN]),
            timeouts,
            has_received: false,
            unwritten: Queue::default(),
            wants_flush: false,
            deadline,
        }
    }

    /// Moves the deadline to `time` from now, unless it is earlier already.
    pub(crate) fn shorten(&mut self, time: Duration) {
        self.deadline = self.deadline.at_most(time, self.stream.now());
    }

    /// Reads once into the buffer; `false` at the end of the stream, and where the buffer is full.
    pub(crate) fn fill(&mut self) -> Result<bool, Error> {
        loop {
            let remaining = self.deadline.remaining_for(Phase::Handshake, self.stream.now())?;
            self.stream.limit_read(remaining)?;
            let spare = self.buffer.spare();
            let capacity = spare.len();
            if capacity == 0 {
                return Ok(false);
            }
            match self.stream.read(spare) {
                Ok(len) if len <= capacity => {
                    self.buffer.filled(len);
                    self.has_received = true;
                    return Ok(len > 0);
                }
                Ok(_) => return Err(io::ErrorKind::InvalidData.into()),
                Err(error) => self.deadline.map_io_error(error, Phase::Handshake, self.stream.now())?,
            }
        }
    }

    /// Whether something waits to be written.
    pub(crate) const fn wants_write(&self) -> bool {
        self.wants_flush || !self.unwritten.is_empty()
    }

    /// Writes all of `bytes`. What a stream that would block does not take is kept for [`write_out`](Self::write_out).
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.queue(bytes)?;
        self.write_out()
    }

    /// Commits `bytes`, which [`write_out`](Self::write_out) writes.
    pub(crate) fn queue(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.unwritten.push(bytes)?;
        self.wants_flush = true;
        Ok(())
    }

    /// Writes what waits to be written.
    pub(crate) fn write_out(&mut self) -> Result<(), Error> {
        while !self.unwritten.is_empty() {
            self.limit_write()?;
            match self.stream.write(self.unwritten.bytes()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => self.unwritten.advance(len),
                Err(error) => self.deadline.map_io_error(error, Phase::Handshake, self.stream.now())?,
            }
        }
        while self.wants_flush {
            self.limit_write()?;
            match self.stream.flush() {
                Ok(()) => self.wants_flush = false,
                Err(error) => self.deadline.map_io_error(error, Phase::Handshake, self.stream.now())?,
            }
        }
        Ok(())
    }

    /// Writes what the stream takes within [`LAST_WRITE`], though the deadline has passed, and ends it without waiting for the peer.
    pub(crate) fn write_and_leave(&mut self, bytes: &[u8]) {
        if self.stream.limit_write(Some(LAST_WRITE)).is_ok() && self.stream.write_all(bytes).is_ok() {
            let _gone = self.stream.flush();
        }
        let _gone = self.stream.shutdown_write();
    }

    /// Ends a stream on which no WebSocket was opened, so that the peer can read what was written.
    pub(crate) fn finish(&mut self) {
        let _gone = self.stream.shutdown_write();
        let deadline = Deadline::after(self.timeouts.close(), || self.stream.now());
        let _would_block = linger(&mut self.stream, deadline, &mut 0);
    }

    fn limit_write(&mut self) -> Result<(), Error> {
        let remaining = self.deadline.remaining_for(Phase::Handshake, self.stream.now())?;
        Ok(self.stream.limit_write(remaining)?)
    }
}

/// How long the last write may take.
const LAST_WRITE: Duration = Duration::from_millis(100);

/// Writes a head into as much room as it requires.
pub(crate) fn write_head<E>(
    mut write: impl FnMut(&mut [u8]) -> Result<usize, E>,
    required: impl Fn(&E) -> Option<usize>,
) -> Result<Vec<u8>, E> {
    let mut head = vec![0; 512];
    loop {
        match write(&mut head) {
            Ok(len) => {
                head.truncate(len);
                return Ok(head);
            }
            Err(error) => match required(&error) {
                Some(required) if required > head.len() => head.resize(required, 0),
                Some(_) | None => return Err(error),
            },
        }
    }
}

/// The room that a head requires, where too little was what failed.
pub(crate) fn required(error: &WriteError) -> Option<usize> {
    if let WriteError::BufferTooSmall { required } = error { Some(*required) } else { None }
}
