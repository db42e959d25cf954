#[cfg(feature = "proxy")]
use core::mem;
use core::time::Duration;
use std::io::{self, IoSlice};

use ws_core::input::ReadBuffer;

use crate::deadline::Deadline;
use crate::error::{Error, Phase};
use crate::session::READ_BUFFER_LEN_MIN;
use crate::stream::Stream;
use crate::stream::limited::{Limit, until};
use crate::stream::linger::linger;
use crate::stream::queue::Queue;

/// A stream during a handshake: reads and writes until one deadline.
#[derive(Debug)]
pub(crate) struct HandshakeStream<S> {
    pub(crate) stream: S,
    pub(crate) buffer: ReadBuffer<Vec<u8>>,
    /// Some bytes have arrived.
    pub(crate) has_received: bool,
    /// The bytes that are committed and not yet written.
    pub(crate) unwritten: Queue,
    wants_flush: bool,
    read_limit: Limit,
    write_limit: Limit,
    deadline: Deadline,
    phase: Phase,
}

impl<S: Stream> HandshakeStream<S> {
    /// A stream on which a WebSocket is opened. The deadline may have begun with the handshake of TLS.
    pub(crate) fn new(stream: S, deadline: Deadline) -> Result<Self, Error> {
        stream.disable_delay()?;
        Ok(Self::with_buffer(stream, READ_BUFFER_LEN_MIN, deadline, Phase::Handshake))
    }

    /// A stream to a proxy. Its buffer holds one byte, so that none is read of what the server sends after the proxy's answer.
    #[cfg(feature = "proxy")]
    pub(crate) fn to_proxy(stream: S, deadline: Deadline) -> Self {
        Self::with_buffer(stream, 1, deadline, Phase::Connect)
    }

    fn with_buffer(stream: S, buffer_len: usize, deadline: Deadline, phase: Phase) -> Self {
        Self {
            stream,
            buffer: ReadBuffer::new(vec![0; buffer_len]),
            has_received: false,
            unwritten: Queue::default(),
            wants_flush: false,
            read_limit: Limit::unknown(),
            write_limit: Limit::unknown(),
            deadline,
            phase,
        }
    }

    /// Moves the deadline to `time` from now, unless it is earlier already.
    pub(crate) fn shorten(&mut self, time: Duration) {
        self.deadline = self.deadline.at_most(time);
    }

    /// Reads once into the buffer; `false` at the end of the stream, and where the buffer is full.
    pub(crate) fn fill(&mut self) -> Result<bool, Error> {
        let Self { stream, buffer, read_limit, .. } = self;
        let spare = buffer.spare();
        if spare.is_empty() {
            return Ok(false);
        }
        let len = until(&self.deadline, self.phase, |within| read_limit.read(stream, spare, within))?;
        buffer.filled(len);
        self.has_received |= len > 0;
        Ok(len > 0)
    }

    /// Whether nothing comes for the time of [`SILENCE`], not even the end of the stream.
    #[cfg(feature = "proxy")]
    pub(crate) fn is_silent(&mut self) -> bool {
        let earlier = self.deadline.at_most(SILENCE);
        let deadline = mem::replace(&mut self.deadline, earlier);
        let filled = self.fill();
        self.deadline = deadline;
        matches!(filled, Err(Error::Timeout(_)))
    }

    /// Whether something waits to be written.
    pub(crate) fn wants_write(&self) -> bool {
        !self.unwritten.is_empty() || self.wants_flush()
    }

    fn wants_flush(&self) -> bool {
        self.wants_flush || self.stream.wants_write()
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
        let Self { stream, unwritten, write_limit, deadline, phase, .. } = self;
        while !unwritten.is_empty() {
            let slices = [IoSlice::new(unwritten.bytes())];
            let len = until(deadline, *phase, |within| write_limit.write(stream, &slices, within))?;
            unwritten.advance(len);
        }
        if self.wants_flush() {
            let Self { stream, write_limit, deadline, phase, .. } = self;
            while !until(deadline, *phase, |within| write_limit.flush(stream, within))? {}
            self.wants_flush = false;
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

    /// Ends a stream on which no WebSocket was opened, so that the peer can read what was written: waits for its end for `time`.
    pub(crate) fn finish(&mut self, time: Option<Duration>) {
        let _gone = self.stream.shutdown_write();
        let deadline = Deadline::after(time, self.stream.clock());
        linger(&mut self.stream, &deadline);
    }
}

/// Storage for a head. A length that the program has set, and for which there is no memory, is an error, and no panic.
pub(crate) fn head_storage(len: usize) -> io::Result<Vec<u8>> {
    let mut storage = Vec::new();
    storage.try_reserve_exact(len).map_err(|_full| io::ErrorKind::OutOfMemory)?;
    storage.resize(len, 0);
    Ok(storage)
}

/// How long a peer that has said all is listened to.
#[cfg(feature = "proxy")]
const SILENCE: Duration = Duration::from_millis(5);

/// How long the last write may take.
const LAST_WRITE: Duration = Duration::from_millis(100);
