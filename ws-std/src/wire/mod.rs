//! Everything that moves bytes but the handshakes: what is sent, and how a connection ends.

#[cfg(feature = "deflate")]
mod deflate;
mod end;
mod frame;
mod in_time;
mod outcome;
mod shared;

#[cfg(feature = "deflate")]
pub(crate) use deflate::Deflation;
pub(crate) use shared::StreamEnd;

use core::time::Duration;
use std::io::{self, IoSlice};
use std::time::Instant;

use ws_core::connection::{EncodedMessage, ReceiveHalf, Signal, Transport};
use ws_core::frame::ControlPayload;

use crate::clock::{Call, Clock};
use crate::counters::Traffic;
use crate::error::{Error, Phase, is_gone, is_wait};
use crate::stream::queue::Queue;
use crate::telemetry::Id;
use crate::websocket::{Inlet, Outlet};
use crate::{Message, RoleSender, Stream, Timeouts};
use in_time::ReadLimit;

/// The stream, and all that is written to it. The receiving half and its buffer lie beside it, so that one can send
/// while a received message is lent.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    pub(crate) stream: S,
    pub(crate) sender: RoleSender,
    /// Committed bytes that the stream has not taken yet.
    pub(crate) queue: Queue,
    pub(crate) timeouts: Timeouts,
    /// The stream took bytes that it may still hold back.
    wants_flush: bool,
    /// A message was begun in parts and has no final frame yet.
    pub(crate) is_message_unfinished: bool,
    pub(crate) clock: Clock,
    /// What the stream took, and what was committed to it.
    pub(crate) sent: Traffic,
    /// What came in, as far as it was told here: the receiving half counts it.
    pub(crate) received: Traffic,
    pub(crate) id: Id,
    call: Call,
    read_limit: ReadLimit,
    /// How much was discarded behind the closing handshake, in bytes.
    discarded_len: u64,
    /// The sending half of the stream was shut down.
    is_shut_down: bool,
    ending: Ending,
    #[cfg(feature = "deflate")]
    pub(crate) deflation: Option<Box<Deflation>>,
}

/// How the stream ended, as far as it has.
#[derive(Clone, Copy, Debug, Default)]
struct Ending {
    /// We closed since no message came for too long.
    is_idle: bool,
    /// The log was told.
    is_told: bool,
    /// The peer is gone by what a write said; what it sent before can still be read.
    write: Option<io::ErrorKind>,
    /// The peer is gone by what a read said.
    read: Option<io::ErrorKind>,
    /// Nothing is to be read or written any more.
    fatal: Option<Fatal>,
}

#[derive(Clone, Copy, Debug)]
enum Fatal {
    Io(io::ErrorKind),
    Timeout(Phase),
}

impl Fatal {
    fn to_error(self) -> Error {
        match self {
            Self::Io(kind) => Error::Io(kind.into()),
            Self::Timeout(phase) => Error::Timeout(phase),
        }
    }
}

impl<S> Wire<S> {
    pub(crate) fn new(
        stream: S,
        sender: RoleSender,
        queue: Queue,
        timeouts: Timeouts,
        opened_at: Instant,
    ) -> Self {
        Self {
            clock: Clock::new(&timeouts, opened_at),
            sent: Traffic::default(),
            received: Traffic::default(),
            id: Id::next(),
            call: Call::Patient,
            read_limit: ReadLimit::Unknown,
            stream,
            sender,
            queue,
            timeouts,
            wants_flush: true,
            is_message_unfinished: false,
            discarded_len: 0,
            is_shut_down: false,
            ending: Ending::default(),
            #[cfg(feature = "deflate")]
            deflation: None,
        }
    }

    /// Whether nothing is to be read or written any more.
    pub(crate) const fn is_dead(&self) -> bool {
        self.ending.fatal.is_some()
    }

    /// Whether either side has begun to close.
    pub(crate) const fn is_closing(&self) -> bool {
        self.clock.is_closing()
    }

    /// Whether something may still come from the stream.
    pub(crate) fn wants_read(&self) -> bool {
        !self.is_dead() && self.sender.transport() != Transport::Closed
    }

    /// Whether something waits to be written.
    #[inline]
    pub(crate) fn wants_write(&self) -> bool {
        self.wants_flush || !self.queue.is_empty() || self.sender.wants_transmit()
    }
}

impl<S: Stream> Wire<S> {
    /// Takes in what the receiving half found.
    pub(crate) fn take_in(&mut self, signal: Signal) {
        let is_end = !matches!(signal, Signal::Pong(_));
        self.sender.signal(signal);
        if is_end {
            self.begin_closing();
        }
    }

    /// Takes in a signal and those behind it, and gathers the answers.
    #[inline(never)]
    fn answer_to(&mut self, mut signal: Option<Signal>, receiver: &mut ReceiveHalf) {
        while let Some(found) = signal {
            self.take_in(found);
            signal = receiver.take_signal();
        }
        if self.has_many_answers() {
            self.transmit_if_possible();
        }
        self.gather_answers();
    }

    /// Commits the answers to what was taken in, without writing them yet.
    // RFC 6455 §5.5.3: where the peer does not read, the pong to the latest ping is enough; the others stay behind.
    pub(crate) fn gather_answers(&mut self) {
        if !self.has_many_answers() {
            let _retried = self.commit_control();
        }
    }

    /// Whether no more answers are gathered before these are written.
    pub(crate) fn has_many_answers(&self) -> bool {
        self.queue.len() >= ANSWERS_LEN_MAX
    }

    /// Writes all that waits, control frames included.
    pub(crate) fn transmit(&mut self) -> Result<(), Error> {
        self.flush_queue()?;
        while self.sender.wants_transmit() {
            let committed = self.commit_control()?;
            self.flush_queue()?;
            if committed == 0 {
                return Err(Error::Entropy);
            }
        }
        Ok(())
    }

    /// Sends a whole message: all of it is taken, or, with an error, none.
    #[inline]
    pub(crate) fn send(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.make_ready()?;
        #[cfg(feature = "deflate")]
        if self.is_to_be_deflated(message) {
            return self.deflate(message);
        }
        self.send_plain(message)
    }

    /// Sends a whole message as it is. What was committed before has to be written.
    #[inline]
    fn send_plain(&mut self, message: Message<'_>) -> Result<(), Error> {
        let bytes = message.as_bytes();
        if bytes.len() > COPIED_LEN_MAX {
            return self.send_long(message);
        }
        let room = self.queue.room(bytes.len().saturating_add(HEADER_LEN_MAX))?;
        let len = self.sender.send(message, room)?;
        self.queue.filled(len);
        self.count_sent(true);
        self.write_committed(&[])
    }

    /// Sends a message that was encoded for many; all of it is taken, or, with an error, none.
    pub(crate) fn send_encoded<B: AsRef<[u8]>>(&mut self, message: &EncodedMessage<B>) -> Result<(), Error> {
        self.make_ready()?;
        self.sender.send_encoded(message)?;
        self.count_sent(true);
        if message.as_bytes().len() > COPIED_LEN_MAX {
            return self.write_committed(message.as_bytes());
        }
        self.queue.push(message.as_bytes())?;
        self.write_committed(&[])
    }

    /// Writes what was committed before, and fails where the stream does not take it and much waits already: then nothing
    /// new is begun.
    #[inline]
    pub(crate) fn make_ready(&mut self) -> Result<(), Error> {
        if self.wants_write() || self.ending.write.is_some() || self.is_dead() {
            self.make_room()
        } else {
            Ok(())
        }
    }

    /// A part of a message is committed, and perhaps the last one.
    #[inline]
    fn count_sent(&mut self, is_last: bool) {
        if is_last {
            self.sent.add_message();
        }
        self.clock.sent_message();
    }

    #[inline(never)]
    fn make_room(&mut self) -> Result<(), Error> {
        match self.transmit() {
            // What waits in the sending half goes first, and leaves its place to what comes.
            Err(error) if error.is_would_block() && self.queue.len() < QUEUED_LEN_MAX => {
                self.commit_control().map(drop)
            }
            result => result,
        }
    }

    /// Queues what the sending half has to say. Returns how many bytes that was.
    fn commit_control(&mut self) -> Result<usize, Error> {
        if !self.sender.wants_transmit() {
            return Ok(0);
        }
        let room = self.queue.room(CONTROL_LEN_MAX)?;
        // There is room, so all that can be missing is a masking key.
        let len = self.sender.poll_transmit(room).unwrap_or(0);
        self.sent.add_control_frames(room.get(..len).unwrap_or_default());
        self.queue.filled(len);
        Ok(len)
    }

    /// Writes the queue and, behind it, `tail`, which is committed too. What a stream that would block does not take
    /// is queued: that is no error.
    fn write_committed(&mut self, mut tail: &[u8]) -> Result<(), Error> {
        let error = match self.write_out(&mut tail) {
            Ok(()) => return Ok(()),
            Err(error) if !error.is_would_block() => return Err(error),
            Err(error) => error,
        };
        match self.queue.push(tail) {
            Ok(()) => Ok(()),
            Err(_full) => Err(self.fail(io::ErrorKind::OutOfMemory, error)),
        }
    }

    fn flush_queue(&mut self) -> Result<(), Error> {
        self.write_out(&mut &[][..])
    }

    /// Writes the queue and `tail`, both of which keep what was not written, and flushes.
    fn write_out(&mut self, tail: &mut &[u8]) -> Result<(), Error> {
        if let Some(kind) = self.ending.write {
            return Err(Error::Disconnected(Some(kind)));
        }
        if let Some(fatal) = self.ending.fatal {
            return Err(fatal.to_error());
        }
        let mut begun = None;
        while !(self.queue.is_empty() && tail.is_empty()) {
            begun = self.timeouts.write().map(|_| Instant::now());
            let written = match (self.queue.bytes(), *tail) {
                (queued, []) => self.stream.write(queued),
                ([], tail) => self.stream.write(tail),
                (queued, tail) => self.stream.write_vectored(&[IoSlice::new(queued), IoSlice::new(tail)]),
            };
            match written {
                Ok(0) => return Err(self.fail(io::ErrorKind::WriteZero, io::ErrorKind::WriteZero)),
                Ok(len) => {
                    self.wants_flush = true;
                    self.sent.add_len(len);
                    let queued = len.min(self.queue.len());
                    self.queue.advance(queued);
                    *tail = tail.get(len.saturating_sub(queued)..).unwrap_or_default();
                }
                Err(error) => self.judge_write_error(error, begun)?,
            }
        }
        self.flush_stream(begun)
    }

    /// Flushes the stream, behind a write that has begun then, if there was one. Its time counts, which saves a look at the
    /// clock: a stream that waits for a write waits for a flush too.
    fn flush_stream(&mut self, begun: Option<Instant>) -> Result<(), Error> {
        while self.wants_flush {
            let begun = begun.or_else(|| self.timeouts.write().map(|_| Instant::now()));
            match self.stream.flush() {
                Ok(()) => self.wants_flush = false,
                Err(error) => self.judge_write_error(error, begun)?,
            }
        }
        Ok(())
    }

    /// What an error in writing means: that the same is tried again, that the stream would block, or an end.
    #[cold]
    pub(crate) fn judge_write_error(
        &mut self,
        error: io::Error,
        begun: Option<Instant>,
    ) -> Result<(), Error> {
        let kind = error.kind();
        if kind == io::ErrorKind::Interrupted {
            return Ok(());
        }
        if is_gone(kind) {
            self.ending.write = Some(kind);
            self.queue.clear();
            return Err(Error::Disconnected(Some(kind)));
        }
        if !is_wait(kind) {
            return Err(self.fail(kind, error));
        }
        if self.clock.closing().is_some_and(|deadline| deadline.remaining().is_err()) {
            return Err(self.time_out(Phase::Close));
        }
        if has_waited(begun, self.timeouts.write()) {
            return Err(self.time_out(Phase::Write));
        }
        Err(Error::Io(error))
    }

    #[cold]
    pub(crate) fn fail(&mut self, kind: io::ErrorKind, error: impl Into<Error>) -> Error {
        self.die(Fatal::Io(kind));
        error.into()
    }

    #[cold]
    pub(crate) fn time_out(&mut self, phase: Phase) -> Error {
        self.die(Fatal::Timeout(phase));
        Error::Timeout(phase)
    }

    fn die(&mut self, fatal: Fatal) {
        // What began the end is what it is called.
        let fatal = if self.ending.is_idle { Fatal::Timeout(Phase::Idle) } else { fatal };
        self.ending.fatal.get_or_insert(fatal);
        self.queue.clear();
        self.sender.transport_failed();
        self.tell_end();
    }
}

impl<S: Stream> Outlet for Wire<S> {
    #[inline]
    fn answer(&mut self, receiver: &mut ReceiveHalf) {
        let signal = receiver.take_signal();
        if signal.is_some() || self.wants_write() {
            self.answer_to(signal, receiver);
        }
    }

    #[inline]
    fn transmit_if_possible(&mut self) {
        if self.wants_write() {
            let _remembered = self.transmit();
        }
    }

    fn fill(&mut self, inlet: &mut Inlet<'_>, received: &Traffic) -> Result<bool, Error> {
        self.received = *received;
        self.read_in(inlet)
    }

    fn is_own_pong(&mut self, payload: &ControlPayload) -> bool {
        self.take_pong(payload)
    }

    fn end(&mut self, received: &Traffic) -> Result<(), Error> {
        self.received = *received;
        self.end_stream()
    }
}

/// Whether a write that would block had the time to find that out by waiting: a stream that is non-blocking, or that
/// its owner has limited further, says so earlier.
fn has_waited(begun: Option<Instant>, timeout: Option<Duration>) -> bool {
    match (begun, timeout) {
        (Some(begun), Some(timeout)) => begun.elapsed() >= timeout.mul_f32(0.9),
        _ => false,
    }
}

/// The longest payload that is copied behind its header, in bytes; a longer one costs less in a write of its own slice.
const COPIED_LEN_MAX: usize = 4096;

/// The longest header, in bytes (RFC 6455 §5.2).
const HEADER_LEN_MAX: usize = 14;

/// Room for two control frames at once, in bytes.
const CONTROL_LEN_MAX: usize = 2 * (2 + 4 + 125);

/// No message is taken while so much waits, in bytes: more than all answers that are gathered, so that who has written all
/// that waited, and then reads a message, can send one.
const QUEUED_LEN_MAX: usize = 16 * 1024;

/// How much of answers to pings is gathered for one write, in bytes.
const ANSWERS_LEN_MAX: usize = 4096;
