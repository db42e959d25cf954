use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::io;
use std::time::Instant;

use ws_core::connection::{Closure, Receiver, Role};
use ws_core::event::{Event, Piece};
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload};
use ws_core::input::ReadBuffer;

use super::shared::Shared;
use super::{Duplex, RETRY};
use crate::error::is_wait;
use crate::linger::linger;
use crate::websocket::{Intake, Outlet, close_frame};
use crate::wire::read_once;
use crate::{Error, Message};

/// The half of a [`WebSocket`](crate::WebSocket) that reads, from [`split`](crate::WebSocket::split).
///
/// It answers pings and the peer's Close by itself, without waiting: where the other half is writing, that takes the
/// answers along, and where the peer does not read they stay behind, and are tried again between reads. So it has to be
/// read even where nothing but the end is expected.
///
/// Where it is dropped nothing is answered any more, and what the peer sends stays in the stream.
pub struct ReadHalf<S: Duplex> {
    end: ReadEnd<S>,
    intake: Intake,
    subprotocol: Option<Box<str>>,
}

impl<S: Duplex> ReadHalf<S> {
    pub(super) fn new(
        stream: S,
        shared: Arc<Shared<S>>,
        intake: Intake,
        subprotocol: Option<Box<str>>,
    ) -> io::Result<Self> {
        let patience = stream.read_limit()?;
        let end = ReadEnd {
            stream,
            shared,
            patience,
            limit: patience,
            wants_write: true,
            is_shut_down: false,
            discarded_len: 0,
        };
        Ok(Self { end, intake, subprotocol })
    }

    /// The next message, as [`WebSocket::read`](crate::WebSocket::read). It is answered by a
    /// [`WriteHalf`](super::WriteHalf), also while it is held.
    ///
    /// # Errors
    ///
    /// As there; what ended the other half ends this.
    pub fn read(&mut self) -> Result<Option<Message<'_>>, Error> {
        self.intake.read(&mut self.end)
    }

    /// The next thing that arrives, as [`WebSocket::read_event`](crate::WebSocket::read_event).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_event(&mut self) -> Result<Option<Event<Piece<'_>>>, Error> {
        self.intake.read_event(&mut self.end)
    }

    /// Closes and waits for the end, as [`WebSocket::close`](crate::WebSocket::close).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        let mut state = self.end.shared.lock();
        state.wire.start_close(close_frame(code, reason));
        self.end.shared.notify(&state);
        self.end.shared.write_at_once(state);
        self.intake.discard_to_end(&mut self.end)
    }

    /// How the connection ended, once it has: who began it, the peer's code, and whether it was clean.
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.end.shared.lock().wire.sender.closure()
    }

    /// The peer's Close with its reason, once it came and as long as nothing else was read.
    #[must_use]
    pub fn close_frame(&self) -> Option<CloseFrame> {
        self.intake.receiver.close_frame()
    }

    /// The payload of the ping, pong or Close that [`read_event`](Self::read_event) reported last.
    #[must_use]
    pub const fn control(&self) -> &ControlPayload {
        self.intake.receiver.control()
    }

    /// The subprotocol that the opening handshake agreed on (RFC 6455 §1.9).
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Which end of the connection this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.end.shared.lock().wire.sender.role()
    }

    /// Lets a read give up with [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`] after this time, in which
    /// nothing has come; it may be called again. At first as the stream had it. To be set here, not on the stream, whose
    /// limit is made use of.
    pub const fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.end.patience = timeout;
    }

    /// The stream, to ask it; it has to stay blocking.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.end.stream
    }
}

impl<S: Duplex> fmt::Debug for ReadHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf")
            .field("unread_len", &self.intake.inbound.buffer.unread().len())
            .finish_non_exhaustive()
    }
}

/// The stream as the reader has it, and the way to who writes.
struct ReadEnd<S> {
    stream: S,
    shared: Arc<Shared<S>>,
    /// How long the program lets a read wait.
    patience: Option<Duration>,
    /// The limit that the stream has for its reads.
    limit: Option<Duration>,
    /// Something was taken in that is to be answered.
    wants_write: bool,
    is_shut_down: bool,
    /// How much was discarded behind the closing handshake, in bytes.
    discarded_len: u64,
}

impl<S: Duplex> ReadEnd<S> {
    /// How long the next read may wait, after so much was waited; an error where nothing is to be read any more.
    fn next_limit(&self, waited: Duration) -> Result<Option<Duration>, Over> {
        let mut state = self.shared.lock();
        if state.wire.is_dead() {
            return Err(Over);
        }
        let Ok(remaining) = state.wire.closing_remaining() else {
            state.wire.give_up_closing();
            self.shared.notify(&state);
            return Err(Over);
        };
        // The other half may begin to close while this waits: a deadline that begins then is not passed before this looks
        // again.
        let closing = remaining.or(state.wire.timeouts.close());
        let retry = state.is_stuck().then_some(RETRY);
        let patience = self.patience.map(|patience| patience.saturating_sub(waited));
        Ok([closing, retry, patience].into_iter().flatten().min().map(|limit| limit.max(LIMIT_MIN)))
    }

    fn read_within(&mut self, limit: Option<Duration>, buffer: &mut ReadBuffer<Vec<u8>>) -> io::Result<bool> {
        if self.limit != limit {
            self.stream.limit_read(limit)?;
            self.limit = limit;
        }
        read_once(&mut self.stream, buffer)
    }

    /// Whether to read again after a read that came to nothing, and so much time.
    fn has_patience(&self, limit: Option<Duration>, begun: Instant, waited: Duration) -> bool {
        // A stream that does not wait is non-blocking.
        let has_waited = limit.is_some_and(|limit| begun.elapsed().saturating_mul(2) >= limit);
        has_waited && self.patience.is_none_or(|patience| waited.saturating_add(LIMIT_MIN) < patience)
    }

    fn shut_down(&mut self) {
        if !self.is_shut_down {
            self.is_shut_down = true;
            let _gone = self.stream.shutdown_write();
        }
    }
}

impl<S: Duplex> Outlet for ReadEnd<S> {
    fn answer(&mut self, receiver: &mut Receiver) {
        let Some(first) = receiver.take_signal() else { return };
        let mut state = self.shared.lock();
        state.wire.take_in(first);
        while let Some(signal) = receiver.take_signal() {
            state.wire.take_in(signal);
        }
        state.wire.gather_answers();
        self.wants_write = true;
        if state.wire.is_closing() {
            self.shared.notify(&state);
        }
        if state.wire.has_many_answers() {
            self.shared.write_at_once(state);
        }
    }

    #[inline]
    fn transmit_if_possible(&mut self) {
        if self.wants_write {
            self.wants_write = false;
            self.shared.write_at_once(self.shared.lock());
        }
    }

    fn fill(&mut self, buffer: &mut ReadBuffer<Vec<u8>>) -> Result<bool, Error> {
        let call_begun = Instant::now();
        let mut waited = Duration::ZERO;
        while let Ok(limit) = self.next_limit(waited) {
            let begun = Instant::now();
            let error = match self.read_within(limit, buffer) {
                Ok(is_more) => return Ok(is_more),
                Err(error) => error,
            };
            let is_wait = is_wait(error.kind());
            let mut state = self.shared.lock();
            match state.wire.judge_read_error(error) {
                Err(error) if is_wait => {
                    waited = call_begun.elapsed();
                    if !self.has_patience(limit, begun, waited) {
                        return Err(error);
                    }
                    if state.is_stuck() {
                        self.shared.write_at_once(state);
                    }
                }
                result => {
                    self.shared.notify(&state);
                    return result;
                }
            }
        }
        Ok(false)
    }

    fn end(&mut self) -> Result<(), Error> {
        // What ends the connection is remembered.
        let _remembered = self.shared.drive_all(self.shared.lock());
        let mut state = self.shared.lock();
        let is_dead = state.wire.is_dead();
        let lingering = state.wire.lingering();
        drop(state);
        if let Some((deadline, shutdown_write)) = lingering {
            if shutdown_write {
                self.shut_down();
            }
            linger(&mut self.stream, deadline, &mut self.discarded_len)?;
        }
        if is_dead {
            // Who is writing would not notice.
            let _gone = self.stream.abort();
        }
        self.shut_down();
        let mut state = self.shared.lock();
        let outcome = state.wire.ended();
        self.shared.notify(&state);
        outcome
    }
}

/// The connection has ended, or ran out of time.
struct Over;

/// The least time for which a read waits.
const LIMIT_MIN: Duration = Duration::from_millis(2);
