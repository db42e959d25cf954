// Read first: RFC 6455 §5.5.2, §6.1, §7.1.

use core::time::Duration;
use std::time::Instant;

use ws_core::keepalive::Timeouts;
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::{Compress, Note, Relay, Taken};

use super::{Driver, Life, Link, Outgoing, SLICE_COUNT_MAX, send_owned};
use crate::error::{Error, Unsent};
use crate::stream::Stream;
use crate::stream::limited::Stopped;

/// The stream and the sending side of a connection. The receiving side lies beside it, so that a message can be answered while
/// it is lent.
#[derive(Debug)]
pub(crate) struct Io<S> {
    pub(crate) link: Link<S>,
    pub(crate) life: Life,
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
    pub(crate) fn new(stream: S, life: Life) -> Self {
        Self { link: Link::new(stream, life.timeouts.read()), life, gathering_since: None }
    }

    /// When the answer to a message leaves, after which another has come already or has not.
    #[inline]
    pub(crate) fn leave_after(&mut self, has_another: bool) -> Leave {
        if !has_another {
            self.gathering_since = None;
            return Leave::AtOnce;
        }
        let now = self.life.now();
        let since = *self.gathering_since.get_or_insert(now);
        if now.saturating_sub(since) < GATHERED_TIME_MAX { Leave::Together } else { Leave::AtOnce }
    }

    /// Whether something waits to be written.
    #[inline]
    pub(crate) fn wants_write(&self) -> bool {
        self.life.outbound.wants_transmit() || self.link.wants_flush()
    }

    /// Whether there is room for a message, however long.
    #[inline]
    pub(crate) const fn is_ready(&self) -> bool {
        self.life.outbound.queued_len() < QUEUED_LEN_MAX
    }

    /// Sends a whole message: all of it is taken or, with an error, none.
    #[inline]
    pub(crate) fn send(
        &mut self,
        message: Message<'_>,
        compress: Compress,
        leave: Leave,
    ) -> Result<(), Error> {
        if message.len() <= COPIED_LEN_MAX {
            return self.commit(leave, Outgoing::Message(message, compress));
        }
        self.make_ready()?;
        self.send_long(message, compress)?;
        self.leave(leave)
    }

    /// Sends a whole message that is given away: it is queued without a copy.
    pub(crate) fn send_owned(&mut self, message: OwnedMessage, leave: Leave) -> Result<(), Unsent> {
        #[cfg(feature = "deflate")]
        if self.life.outbound.is_to_be_compressed(message.as_message()) {
            // In pieces, for which no room is needed in the queue.
            let ready = self.make_ready();
            let is_open = self.life.outbound.closure().is_none();
            let sent = ready.and_then(|()| self.send(message.as_message(), Compress::ByLength, leave));
            return sent.map_err(|error| {
                let is_taken = is_open && self.life.outbound.closure().is_some();
                Unsent { error, message: (!is_taken).then_some(message) }
            });
        }
        send_owned(message, |outgoing| self.commit(leave, outgoing))
    }

    /// Queues what is sent, once there is room for it, and lets it leave.
    #[inline]
    pub(crate) fn commit(&mut self, leave: Leave, outgoing: Outgoing<'_>) -> Result<(), Error> {
        self.make_ready()?;
        self.life.queue(outgoing)?;
        self.leave(leave)
    }

    /// Writes what was committed before, where there is no room for more, and fails where the stream does not take it.
    #[inline]
    pub(crate) fn make_ready(&mut self) -> Result<(), Error> {
        if !self.is_ready() {
            self.transmit()?;
        }
        match self.life.failure() {
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
            Err(error) if error.is_transient() => Ok(()),
            result => result,
        }
    }

    /// Sends a message from where it lies.
    #[inline(never)]
    fn send_long(&mut self, message: Message<'_>, compress: Compress) -> Result<(), Error> {
        let Self { link, life: Life { outbound, timeouts, record }, .. } = self;
        let joined_len = if link.stream.is_vectored() { 0 } else { JOINED_LEN };
        let mut failed = None;
        let result = outbound.send_through(message, compress, joined_len, |slices| {
            let begun = record.now();
            let until = timeouts.write().and_then(|timeout| begun.checked_add(timeout));
            match link.write(link.writable(slices), (begun, until), || record.now()) {
                Ok(len) => Taken::Bytes(len, record.now()),
                Err(Stopped::WouldBlock | Stopped::TimeUp) => Taken::Blocked(begun),
                Err(Stopped::Failed(error)) => {
                    failed = Some(error);
                    Taken::Failed
                }
            }
        });
        match failed {
            Some(error) => Err(self.life.write_failed(error)),
            None => result.map_err(|error| self.life.send_error(error)),
        }
    }

    /// Writes all that waits, control frames included.
    pub(crate) fn transmit(&mut self) -> Result<(), Error> {
        loop {
            if let Some(error) = self.life.failure() {
                return Err(error);
            }
            let now = self.life.now();
            let until = self.life.write_until(now);
            let Self { link, life: Life { outbound, record, .. }, .. } = self;
            let mut slices = [&[][..]; SLICE_COUNT_MAX];
            let count = outbound.transmit_many(&mut slices);
            let written = if count > 0 {
                let slices = link.writable(slices.get(..count).unwrap_or_default());
                link.write(slices, (now, until), || record.now())
            } else if link.wants_flush() {
                link.flush((now, until), || record.now())
            } else {
                return Ok(());
            };
            match written {
                // Less is held back than before.
                Ok(_) if count == 0 && link.unflushed_len > 0 => outbound.held_back(true, record.now()),
                // Flushed, perhaps after the timeout of writes had begun.
                Ok(_) if count == 0 => {
                    if outbound.next_write_deadline().is_some() {
                        outbound.transmitted(0, record.now());
                    }
                }
                Ok(len) => outbound.transmitted(len, record.now()),
                Err(Stopped::Failed(error)) => return Err(self.life.write_failed(error)),
                Err(Stopped::TimeUp) => {
                    self.life.blocked(now);
                }
                Err(Stopped::WouldBlock) => {
                    self.life.blocked(now);
                    return Err(self.life.failure().unwrap_or(Error::WouldBlock));
                }
            }
        }
    }

    /// Sets the timeouts. Each wait begins anew.
    pub(crate) fn set_timeouts(&mut self, timeouts: Timeouts) {
        let Self { link, life, .. } = self;
        life.timeouts = timeouts;
        link.call.timeout = timeouts.read();
        let now = life.look(true);
        life.outbound.set_keepalive(timeouts.keepalive(), now);
        if life.outbound.next_deadline().or(timeouts.read()).is_none() {
            link.unlimit_reads();
        }
    }

    /// The next deadline, if nothing happens before it.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.life.record.elapsed.since.checked_add(self.life.outbound.next_deadline()?)
    }
}

impl<S> Relay for Io<S> {
    #[inline]
    fn relay(&mut self, note: Note) {
        self.life.relay(note);
    }
}

impl<S: Stream> Driver for Io<S> {
    type Stream = S;

    #[inline]
    fn link(&mut self) -> &mut Link<S> {
        &mut self.link
    }

    #[inline]
    fn with_life<T>(&mut self, act: impl FnOnce(&mut Life) -> T) -> T {
        act(&mut self.life)
    }

    #[inline]
    fn transmit_if_possible(&mut self, _is_read_over: bool) -> Result<(), Error> {
        if self.wants_write() { self.transmit() } else { Ok(()) }
    }

    fn read_until(&mut self) -> (Duration, Option<Duration>) {
        let until = self.life.outbound.next_read_deadline();
        (self.life.look(until.or(self.link.call.timeout).is_some()), until)
    }

    fn poll(&mut self) {
        self.life.poll();
        let _remembered = self.transmit();
    }

    /// The peer may be waiting for our end of the stream, whenever the caller drops it.
    fn shut_down(&mut self) {
        self.link.shut_down_write();
    }
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
