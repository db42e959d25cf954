use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;
use std::io;
use std::time::Instant;

use ws_core::connection::{Closure, ReceiveHalf, Role};
use ws_core::event::{Event, Piece};
#[cfg(feature = "deflate")]
use ws_core::extension::Agreed;
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload};

use super::shared::{Guard, Shared};
use super::{Duplex, Haste, RETRY};
use crate::clock::{Call, read_limit};
use crate::counters::{Counters, Traffic};
use crate::error::is_wait;
use crate::stream::linger::linger;
use crate::websocket::{Inlet, Intake, Outlet};
use crate::wire::{StreamEnd, Wire};
use crate::{Error, Message, Timeouts};

/// The half of a [`WebSocket`](crate::WebSocket) that reads, from [`split`](crate::WebSocket::split).
///
/// It answers pings and the peer's Close by itself, without waiting: where the other half is writing, that takes the
/// answers along, and where the peer does not read they stay behind, and are tried again between reads. So it has to be
/// read even where nothing but the end is expected.
///
/// Where it is dropped nothing is answered any more, and what the peer sends stays in the stream.
pub struct ReadHalf<S: Duplex> {
    pub(super) end: ReadEnd<S>,
    pub(super) intake: Intake,
    pub(super) subprotocol: Option<Box<str>>,
}

impl<S: Duplex> ReadHalf<S> {
    pub(super) fn new(
        stream: S,
        shared: Arc<Shared<S>>,
        intake: Intake,
        subprotocol: Option<Box<str>>,
    ) -> io::Result<Self> {
        let (is_watching, timeouts) = {
            let state = shared.lock();
            (state.wire.clock.is_watching(), state.wire.timeouts)
        };
        // The limit that the stream has for its reads is the program's where nothing else made use of it.
        let limit = stream.read_limit()?;
        let patience = if is_watching { timeouts.read() } else { limit };
        let end = ReadEnd {
            stream,
            shared,
            patience,
            limit,
            wants_write: true,
            is_shut_down: false,
            discarded_len: 0,
            call: Call::Patient,
            arrived_at: None,
            is_watching,
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
        self.end.call = Call::Begun;
        self.intake.read(&mut self.end)
    }

    /// The next thing that arrives, as [`WebSocket::read_event`](crate::WebSocket::read_event).
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_event(&mut self) -> Result<Option<Event<Piece<'_>>>, Error> {
        self.end.call = Call::Begun;
        self.intake.read_event(&mut self.end)
    }

    /// Closes and waits for the end, as [`WebSocket::close`](crate::WebSocket::close).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.end.call = Call::Patient;
        let mut state = self.end.shared.lock();
        state.wire.start_close(CloseFrame::truncated(code, reason));
        self.end.shared.notify(&state);
        self.end.shared.write_at_once(state);
        self.intake.discard_to_end(&mut self.end)
    }

    /// How the connection ended, once it has: who began it, the peer's code, and whether it was clean.
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.end.shared.lock().wire.closure()
    }

    /// What was carried in both directions, as [`WebSocket::counters`](crate::WebSocket::counters).
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.end.shared.lock().counters(self.intake.received)
    }

    /// The round trip of the last ping of the keepalive, as [`WebSocket::latency`](crate::WebSocket::latency).
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.end.shared.lock().wire.clock.latency()
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

    /// Lets a call of [`read`](Self::read) give way after this time, as
    /// [`Timeouts::with_read`](crate::Timeouts::with_read), which it is at first, or what the stream had. To be set here,
    /// not on the stream, whose limit is made use of.
    pub const fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.end.patience = timeout;
    }

    /// See [`set_read_timeout`](Self::set_read_timeout).
    #[must_use]
    pub const fn read_timeout(&self) -> Option<Duration> {
        self.end.patience
    }

    /// The timeouts for writing and closing.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.end.shared.lock().wire.timeouts
    }

    /// As [`WebSocket::deflate`](crate::WebSocket::deflate).
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(&self) -> Option<Agreed> {
        self.intake.inbound.deflate()
    }

    /// Frees the buffer of the inflater, as [`WebSocket::release_deflate`](crate::WebSocket::release_deflate).
    #[cfg(feature = "deflate")]
    pub fn release_deflate(&mut self) {
        self.intake.inbound.release_deflate();
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
pub(super) struct ReadEnd<S> {
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
    call: Call,
    /// When something was read last, where that is not told yet.
    arrived_at: Option<Instant>,
    /// Something may become due, besides the end of the closing handshake.
    is_watching: bool,
}

impl<S: Duplex> ReadEnd<S> {
    pub(super) fn shared(&self) -> Arc<Shared<S>> {
        Arc::clone(&self.shared)
    }

    /// The whole again, where nobody else has a part of it.
    pub(super) fn into_wire(self) -> Result<Wire<S>, Box<Self>> {
        match Arc::try_unwrap(self.shared) {
            Ok(shared) => {
                let mut stream = self.stream;
                // Where the stream cannot be limited, it comes back when it did before.
                let _unlimited = stream.limit_read(self.patience);
                let end = StreamEnd { is_shut_down: self.is_shut_down, discarded_len: self.discarded_len };
                Ok(shared.into_state().into_wire(stream, end))
            }
            Err(shared) => Err(Box::new(Self { shared, ..self })),
        }
    }

    /// How long the next read may wait, where the program lets it wait for so long; an error where nothing is to be read any
    /// more. What is due is done before.
    fn next_limit(&self, patience: Option<Duration>, received: &Traffic) -> Result<Option<Duration>, Over> {
        let mut state = self.told(received);
        if state.wire.do_what_is_due() {
            self.shared.notify(&state);
            self.shared.write_at_once(state);
            state = self.shared.lock();
        }
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
        let due = if remaining.is_some() { None } else { state.wire.clock.remaining() };
        let retry = state.is_stuck().then_some(RETRY);
        let limit = [closing, due, retry, patience].into_iter().flatten().min();
        Ok(read_limit(self.limit, limit))
    }

    /// The shared state, with what this half has seen.
    fn told(&self, received: &Traffic) -> Guard<'_, S> {
        let mut state = self.shared.lock();
        state.wire.received = *received;
        if let Some(arrived_at) = self.arrived_at {
            state.wire.clock.received(arrived_at);
        }
        state.wire.clock.received_messages(received.message_count);
        state
    }

    fn read_within(&mut self, limit: Option<Duration>, inlet: &mut Inlet<'_>) -> io::Result<bool> {
        if self.limit != limit {
            self.stream.limit_read(limit)?;
            self.limit = limit;
        }
        inlet.read_once(&mut self.stream)
    }

    fn shut_down(&mut self) {
        if !self.is_shut_down {
            self.is_shut_down = true;
            let _gone = self.stream.shutdown_write();
        }
    }
}

impl<S: Duplex> Outlet for ReadEnd<S> {
    fn answer(&mut self, receiver: &mut ReceiveHalf) {
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
        // Where the peer takes nothing, once between two reads is enough.
        if state.wire.has_many_answers() && !state.is_stuck() {
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

    fn fill(&mut self, inlet: &mut Inlet<'_>, received: &Traffic) -> Result<bool, Error> {
        let (mut begun, mut haste) = (Instant::now(), Haste::default());
        loop {
            let patience = self.call.patience(self.patience, || begun);
            if patience == Some(Duration::ZERO) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let Ok(limit) = self.next_limit(patience, received) else { return Ok(false) };
            self.arrived_at = None;
            let error = match self.read_within(limit, inlet) {
                Ok(is_more) => {
                    self.arrived_at = self.is_watching.then(Instant::now);
                    return Ok(is_more);
                }
                Err(error) => error,
            };
            let is_wait = is_wait(error.kind());
            let mut state = self.shared.lock();
            match state.wire.judge_read_error(error) {
                Err(error) if is_wait => {
                    let now = Instant::now();
                    state.wire.clock.look(now);
                    let waited = now.saturating_duration_since(begun);
                    let has_waited = limit.map(|limit| waited.saturating_mul(2) >= limit);
                    if !has_waited.is_some_and(|has_waited| haste.judge(has_waited)) {
                        return Err(error);
                    }
                    if state.is_stuck() {
                        self.shared.write_at_once(state);
                    }
                    begun = now;
                }
                result => {
                    self.shared.notify(&state);
                    return result;
                }
            }
        }
    }

    fn is_own_pong(&mut self, payload: &ControlPayload) -> bool {
        if !self.is_watching {
            return false;
        }
        let mut state = self.shared.lock();
        if let Some(arrived_at) = self.arrived_at {
            state.wire.clock.look(arrived_at);
        }
        state.wire.take_pong(payload)
    }

    fn end(&mut self, received: &Traffic) -> Result<(), Error> {
        drop(self.told(received));
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
