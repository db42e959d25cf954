// Read first: RFC 6455 §5.5.2, §6.1, §7.1.

use core::time::Duration;
use std::io::{self, IoSlice};
use std::time::Instant;

use ws_core::connection::Transport;
use ws_core::error::SendError;
use ws_core::frame::ControlPayload;
use ws_core::message::Message;
use ws_core::session::{Compress, Note, Outbound, Relay, Taken};

use super::{Call, Driver, Life, Link, Written, keepalive_config, outgoing};
use crate::error::Error;
use crate::keys::MaskKeys;
use crate::stream::Stream;
use crate::stream::limited::Stopped;
use crate::timeouts::Timeouts;

/// The stream and the sending side of a connection. The receiving side lies beside it, so that a message can be answered while
/// it is lent.
#[derive(Debug)]
pub(crate) struct Io<S> {
    pub(crate) link: Link<S>,
    pub(crate) outbound: Outbound<MaskKeys>,
    pub(crate) life: Life,
    call: Call,
    /// The time of the last look at the clock.
    seen: Duration,
    /// Since when answers wait for those to the messages that came with theirs.
    gathering_since: Option<Duration>,
}

/// When what is sent leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Before the call returns.
    AtOnce,
    /// With what is sent after it, unless 16 KiB or more wait already.
    Together,
}

impl<S: Stream> Io<S> {
    pub(crate) fn new(stream: S, outbound: Outbound<MaskKeys>, life: Life) -> Self {
        Self {
            link: Link::new(stream),
            outbound,
            life,
            call: Call::Patient,
            seen: Duration::ZERO,
            gathering_since: None,
        }
    }

    #[inline]
    fn now(&self) -> Duration {
        self.life.now(&self.link.stream)
    }

    /// Begins a call that waits for something to read, no longer than the program's timeout.
    #[inline]
    pub(crate) const fn begin_read(&mut self) {
        self.call = Call::Begun;
    }

    /// When the answer to a message leaves, after which another has come already or has not.
    #[inline]
    pub(crate) fn leave_after(&mut self, has_another: bool) -> Leave {
        if !has_another {
            self.gathering_since = None;
            return Leave::AtOnce;
        }
        let now = self.now();
        let since = *self.gathering_since.get_or_insert(now);
        if now.saturating_sub(since) < GATHERED_TIME_MAX { Leave::Together } else { Leave::AtOnce }
    }

    /// Begins a call that waits for the end of the connection.
    pub(crate) const fn begin_close(&mut self) {
        self.call = Call::Patient;
    }

    /// Whether something waits to be written.
    #[inline]
    pub(crate) fn wants_write(&self) -> bool {
        self.outbound.wants_transmit() || self.link.wants_flush
    }

    /// Whether something may still come from the stream.
    pub(crate) fn wants_read(&self) -> bool {
        self.outbound.transport() != Transport::Closed || self.life.may_read_on(&self.link.stream)
    }

    /// Whether there is room for a message, however long.
    #[inline]
    pub(crate) const fn is_ready(&self) -> bool {
        self.outbound.queued_len() < QUEUED_LEN_MAX
    }

    /// Sends a whole message: all of it is taken or, with an error, none.
    #[inline]
    pub(crate) fn send(
        &mut self,
        message: Message<'_>,
        compress: Compress,
        leave: Leave,
    ) -> Result<(), Error> {
        if message.len() > COPIED_LEN_MAX {
            self.make_ready()?;
            self.send_long(message, compress)?;
            return self.leave(leave);
        }
        self.commit(leave, |outbound| match compress {
            #[cfg(feature = "deflate")]
            Compress::Always => outbound.send_compressed(message),
            Compress::Never => outbound.send_uncompressed(message),
            _ => outbound.send(message),
        })
    }

    /// Commits what `act` sends, and lets it leave.
    #[inline]
    pub(crate) fn commit(
        &mut self,
        leave: Leave,
        act: impl FnOnce(&mut Outbound<MaskKeys>) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        self.make_ready()?;
        self.commit_anyway(leave, act)
    }

    /// Commits what `act` sends, however much waits, and lets it leave.
    #[inline]
    pub(crate) fn commit_anyway(
        &mut self,
        leave: Leave,
        act: impl FnOnce(&mut Outbound<MaskKeys>) -> Result<(), SendError>,
    ) -> Result<(), Error> {
        match act(&mut self.outbound) {
            Ok(()) => self.leave(leave),
            Err(error) => Err(self.life.send_error(&self.outbound, error)),
        }
    }

    /// Writes what was committed before, where there is no room for more, and fails where the stream does not take it.
    #[inline]
    pub(crate) fn make_ready(&mut self) -> Result<(), Error> {
        if !self.is_ready() {
            self.transmit()?;
        }
        match self.life.failure(&self.outbound) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Lets what is queued leave. What a stream that would block does not take stays queued: that is no error.
    #[inline]
    pub(crate) fn leave(&mut self, leave: Leave) -> Result<(), Error> {
        if leave == Leave::Together && self.is_ready() {
            return Ok(());
        }
        match self.transmit() {
            Err(error) if error.is_would_block() => Ok(()),
            result => result,
        }
    }

    /// Sends a message from where it lies.
    #[inline(never)]
    fn send_long(&mut self, message: Message<'_>, compress: Compress) -> Result<(), Error> {
        let Self { link, outbound, life, .. } = self;
        let joined_len = if link.stream.is_vectored() { 0 } else { JOINED_LEN };
        let mut failed = None;
        let result = outbound.send_through(message, compress, joined_len, |slices| {
            let (given, count) = io_slices(slices, link.stream.is_vectored());
            let clock = |stream: &S| life.now(stream);
            let begun = clock(&link.stream);
            let until = life.timeouts.write().and_then(|timeout| begun.checked_add(timeout));
            match link.write(given.get(..count).unwrap_or_default(), (begun, until), clock) {
                Written::Bytes(len) => Taken::Bytes(len, clock(&link.stream)),
                Written::WouldBlock | Written::TimeUp => Taken::Blocked(begun),
                Written::Failed(error) => {
                    failed = Some(error);
                    Taken::Failed
                }
            }
        });
        match (failed, result) {
            (Some(error), _) => Err(life.write_failed(outbound, error, life.now(&link.stream))),
            (None, Err(error)) => Err(life.send_error(outbound, error)),
            (None, Ok(())) => Ok(()),
        }
    }

    /// Writes all that waits, control frames included.
    pub(crate) fn transmit(&mut self) -> Result<(), Error> {
        loop {
            if let Some(error) = self.life.failure(&self.outbound) {
                return Err(error);
            }
            let now = self.now();
            let until = self.life.write_until(&self.outbound, now);
            let Self { link, outbound, life, .. } = self;
            let mut slices = [&[][..]; SLICE_COUNT_MAX];
            let count = outbound.transmit_many(&mut slices);
            let written = if count > 0 {
                let slices = slices.get(..count).unwrap_or_default();
                let (given, count) = io_slices(slices, link.stream.is_vectored());
                link.write(given.get(..count).unwrap_or_default(), (now, until), |stream| life.now(stream))
            } else if link.wants_flush {
                link.flush((now, until), |stream| life.now(stream))
            } else {
                return Ok(());
            };
            match written {
                Written::Bytes(0) => {}
                Written::Bytes(len) => outbound.transmitted(len, life.now(&link.stream)),
                Written::Failed(error) => {
                    return Err(life.write_failed(outbound, error, life.now(&link.stream)));
                }
                Written::TimeUp => self.blocked(now),
                Written::WouldBlock => {
                    self.blocked(now);
                    return Err(self
                        .life
                        .failure(&self.outbound)
                        .unwrap_or(io::ErrorKind::WouldBlock.into()));
                }
            }
        }
    }

    /// The stream has taken nothing since `since`.
    #[cold]
    fn blocked(&mut self, since: Duration) {
        self.outbound.transmitted(0, since);
        if self.outbound.poll_write(self.now()).is_some() {
            self.life.log_end(&self.outbound);
        }
    }

    /// Sets the timeouts. Each wait begins anew.
    pub(crate) fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.life.timeouts = timeouts;
        self.seen = self.now();
        self.outbound.set_keepalive(keepalive_config(&timeouts), self.seen);
        if self.outbound.next_deadline().or(timeouts.read()).is_none() {
            self.link.unlimit_reads();
        }
    }

    /// The next deadline, if nothing happens before it.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.life.opened_at().checked_add(self.outbound.next_deadline()?)
    }
}

impl<S> Relay for Io<S> {
    #[inline]
    fn relay(&mut self, note: Note) {
        outgoing::relay(&mut self.outbound, note);
    }
}

impl<S: Stream> Driver for Io<S> {
    #[inline]
    fn transmit_if_possible(&mut self) -> Result<(), Error> {
        if self.wants_write() { self.transmit() } else { Ok(()) }
    }

    fn read_in_time(&mut self, bytes: &mut [u8]) -> Result<Option<(usize, Duration)>, Error> {
        loop {
            let patience = self.life.timeouts.read();
            let deadline = self.life.read_until(&self.outbound);
            let is_timed = deadline.or(patience).is_some();
            if is_timed {
                self.seen = self.now();
            }
            let patience = self.call.patience(patience, self.seen);
            if patience == Some(Duration::ZERO) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let due = deadline.map(|deadline| deadline.saturating_sub(self.seen));
            let within = [due, patience].into_iter().flatten().min();
            match self.link.read(bytes, within) {
                Ok(len) => {
                    if is_timed {
                        self.seen = self.now();
                    }
                    self.life.is_read_over |= len == 0;
                    return Ok(Some((len, self.seen)));
                }
                Err(Stopped::Failed(error)) => {
                    self.life.read_failed(&mut self.outbound, error);
                    return Ok(None);
                }
                Err(stopped) => {
                    self.seen = self.now();
                    self.life.poll(&mut self.outbound, self.seen);
                    let _remembered = self.transmit();
                    if self.outbound.transport() == Transport::Closed {
                        return Ok(None);
                    }
                    if matches!(stopped, Stopped::WouldBlock) {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                }
            }
        }
    }

    fn ended(&mut self) -> Option<Result<(), Error>> {
        if self.outbound.is_closing() {
            // A peer that goes on sending does not put off the end of the closing handshake.
            let _remembered = self.outbound.poll_write(self.now());
        }
        match self.outbound.transport() {
            Transport::Linger { shutdown_write: true } => {
                self.link.shut_down_write();
                self.outbound.write_shut_down();
                None
            }
            Transport::Open | Transport::Linger { .. } => None,
            Transport::Closed if self.life.may_read_on(&self.link.stream) => None,
            Transport::Closed => {
                // The peer may be waiting for our end of the stream, whenever the caller drops it.
                self.link.shut_down_write();
                self.life.log_end(&self.outbound);
                Some(self.life.result(&self.outbound))
            }
        }
    }

    fn is_read_over(&self) -> bool {
        self.life.is_read_over
    }

    fn give_up(&mut self, kind: io::ErrorKind) {
        let _reported = self.life.give_up(&mut self.outbound, kind);
    }

    fn is_own_pong(&mut self, payload: &ControlPayload) -> bool {
        self.life.is_own_pong(&self.outbound, payload)
    }
}

/// Slices for a write, and how many they are: only the first where the stream takes one at a time.
fn io_slices<'a>(slices: &[&'a [u8]], is_vectored: bool) -> ([IoSlice<'a>; SLICE_COUNT_MAX], usize) {
    let mut given = [IoSlice::new(&[]); SLICE_COUNT_MAX];
    for (place, slice) in given.iter_mut().zip(slices) {
        *place = IoSlice::new(slice);
    }
    (given, slices.len().min(if is_vectored { SLICE_COUNT_MAX } else { 1 }))
}

/// The longest payload that is copied after its header, in bytes; a longer one costs less in a write of its own slice.
const COPIED_LEN_MAX: usize = 4096;

/// How much of a long payload is copied after its header, in bytes, where the stream takes one slice at a time.
const JOINED_LEN: usize = 16 * 1024;

/// While this many bytes wait to be written, no message is taken. It is more than all pongs that are gathered, so that a program
/// that has written all that waited, and then reads a message, can send one.
pub(crate) const QUEUED_LEN_MAX: usize = 16 * 1024;

/// How long answers wait for others, but for the time that the program takes for one message.
pub(crate) const GATHERED_TIME_MAX: Duration = Duration::from_millis(50);

/// How many slices are written at once.
const SLICE_COUNT_MAX: usize = 8;
