// Read first: RFC 6455 §7.1.

use core::time::Duration;
use std::io;

use ws_core::connection::Transport;

use super::in_time::ReadLimit;
use super::{Fatal, Wire};
use crate::Stream;
use crate::clock::Call;
use crate::error::{Error, Phase};
use crate::stream::queue::Queue;
use crate::timeouts::{Deadline, Passed};

/// What two threads need of it that share it, and do the reading and the writing themselves.
impl<S> Wire<S> {
    /// The same with another stream, and the stream.
    pub(crate) fn replace_stream<T>(self, stream: T) -> (S, Wire<T>) {
        let wire = Wire {
            stream,
            sender: self.sender,
            queue: self.queue,
            timeouts: self.timeouts,
            wants_flush: self.wants_flush,
            is_message_unfinished: self.is_message_unfinished,
            clock: self.clock,
            sent: self.sent,
            received: self.received,
            id: self.id,
            call: Call::Patient,
            read_limit: ReadLimit::Unknown,
            discarded_len: self.discarded_len,
            is_shut_down: self.is_shut_down,
            ending: self.ending,
            #[cfg(feature = "deflate")]
            deflation: self.deflation,
        };
        (self.stream, wire)
    }

    /// How long a write may move nothing before somebody looks again: until the deadline of the closing handshake, where
    /// that is sooner.
    pub(crate) fn write_limit(&self) -> Result<Option<Duration>, Passed> {
        // Another thread may begin to close while this waits: a deadline that begins then is not passed before.
        let closing = self.closing_remaining()?.or(self.timeouts.close());
        Ok([closing, self.timeouts.write()].into_iter().flatten().min())
    }

    /// How much is left for the closing handshake, where it has begun.
    pub(crate) fn closing_remaining(&self) -> Result<Option<Duration>, Passed> {
        self.clock.closing().map_or(Ok(None), Deadline::remaining)
    }

    /// What ended the writing direction, if anything did.
    pub(crate) fn failure(&self) -> Option<Error> {
        match (self.ending.fatal, self.ending.write) {
            (Some(fatal), _) => Some(fatal.to_error()),
            (None, Some(kind)) => Some(Error::Disconnected(Some(kind))),
            (None, None) => None,
        }
    }
}

/// How far a stream was brought to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamEnd {
    pub(crate) is_shut_down: bool,
    /// How much was discarded behind the closing handshake, in bytes.
    pub(crate) discarded_len: u64,
}

impl<S: Stream> Wire<S> {
    /// Goes on by itself, behind those who shared it and have left `unwritten` unless there was no memory for that.
    pub(crate) fn resume(mut self, mut unwritten: Queue, joined: io::Result<()>, end: StreamEnd) -> Self {
        self.is_shut_down = end.is_shut_down;
        self.discarded_len = end.discarded_len;
        match joined.and_then(|()| unwritten.push(self.queue.bytes())) {
            Ok(()) => self.queue = unwritten,
            Err(full) => self.give_up(full.kind()),
        }
        // Where the stream cannot be limited, the deadlines are judged when it comes back.
        let _unlimited = self.stream.limit_write(self.write_limit().unwrap_or(self.timeouts.write()));
        self.wants_flush = true;
        self
    }

    /// Nothing is to be read or written any more: the closing handshake took too long.
    pub(crate) fn give_up_closing(&mut self) {
        self.die(Fatal::Timeout(Phase::Close));
    }

    /// Nothing is to be read or written any more.
    pub(crate) fn give_up(&mut self, kind: io::ErrorKind) {
        self.die(Fatal::Io(kind));
    }

    /// What is to be done with the stream, once all is written: until when it is to be lingered on, and whether its
    /// sending half is shut down before.
    pub(crate) fn lingering(&mut self) -> Option<(Deadline, bool)> {
        match self.sender.transport() {
            Transport::Linger { shutdown_write } if self.failure().is_none() => {
                self.begin_closing();
                self.clock.closing().map(|deadline| (deadline, shutdown_write))
            }
            Transport::Open | Transport::Linger { .. } | Transport::Closed => None,
        }
    }

    /// The stream is at its end. Says how the connection ended, as every later call does.
    pub(crate) fn ended(&mut self) -> Result<(), Error> {
        self.sender.transport_failed();
        self.end_with_outcome()
    }

    /// Why nothing more can be sent, where the reason is that the connection is closed or closing.
    pub(crate) fn why_closed(&self) -> Error {
        match self.sender.closure() {
            Some(_) => self.outcome().to_result().err().unwrap_or(Error::Closed),
            None => Error::Closed,
        }
    }
}
