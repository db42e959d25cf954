use core::mem;
use core::time::Duration;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::outbox::Outbox;
use super::turn::{Turn, Unwritten};
use super::{Duplex, WRITE_AT_ONCE};
use crate::Error;
use crate::counters::{Counters, Traffic};
use crate::websocket::Outlet as _;
use crate::wire::{StreamEnd, Wire};

/// What both halves share.
///
/// The lock is held to commit bytes, never to move them, so nobody waits for the peer who only wants it. Who finds the
/// turn to write free takes it and writes what everybody commits meanwhile, until nothing is left or somebody waits who
/// can go on. As nothing is committed without the lock, and the turn is given back under it only then, nothing stays
/// behind unnoticed.
#[derive(Debug)]
pub(super) struct Shared<S> {
    state: Mutex<State<S>>,
    /// Bytes were written, the turn became free, or the connection is closing or has ended.
    changed: Condvar,
}

#[derive(Debug)]
pub(super) struct State<S> {
    pub(super) wire: Wire<Outbox>,
    /// `None` while somebody is writing.
    turn: Option<Turn<S>>,
    /// How many bytes of the outbox were written.
    written_len: u64,
    /// How many threads wait for a change.
    waiting_count: usize,
    /// A thread has been found to write what [`Shared::offer`] left.
    pub(super) is_flushed: bool,
    /// Somebody sends a message in parts, and the messages of others wait for its end.
    pub(super) is_message_open: bool,
}

pub(super) type Guard<'a, S> = MutexGuard<'a, State<S>>;

/// How long to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    /// As long as the timeouts allow.
    Full,
    /// As long as the stream takes it at once.
    None,
}

impl<S: Duplex> State<S> {
    /// How much is committed and not written, in bytes.
    fn backlog_len(&self) -> u64 {
        self.wire.stream.committed_len.saturating_sub(self.written_len)
    }

    /// Whether something may be committed.
    pub(super) fn has_room(&self) -> bool {
        self.backlog_len() < BACKLOG_LEN_MAX || self.wire.is_closing()
    }

    /// Whether a message may be committed, and not only what goes between the parts of one.
    pub(super) fn has_room_for_message(&self) -> bool {
        self.has_room() && !self.is_message_open
    }

    /// Whether there is something to do for who would write.
    fn is_to_be_written(&self) -> bool {
        self.turn.is_some() && (self.backlog_len() > 0 || self.wire.wants_write())
    }

    /// The wire over the stream itself, once nobody else has the halves: what nobody has written goes first.
    pub(super) fn into_wire(self, stream: S, end: StreamEnd) -> Wire<S> {
        let backlog_len = self.backlog_len();
        let mut unwritten = self.turn.map(|turn| turn.batch).unwrap_or_default();
        let (outbox, mut wire) = self.wire.replace_stream(stream);
        // It is counted when the stream takes it.
        wire.sent.wire_len = wire.sent.wire_len.saturating_sub(backlog_len);
        // Where there is no memory for it, it fails as it would have when it was committed.
        let joined = unwritten.push(outbox.queue.bytes());
        wire.resume(unwritten, joined, end)
    }

    /// Whether something waits that the peer did not take when it was tried, and that nobody is writing.
    pub(super) fn is_stuck(&self) -> bool {
        self.turn.is_some() && self.backlog_len() > 0
    }

    /// What was carried, with what was received.
    pub(super) fn counters(&self, received: Traffic) -> Counters {
        let mut counters = self.wire.counters(received);
        counters.sent.wire_len = counters.sent.wire_len.saturating_sub(self.backlog_len());
        counters
    }

    /// Judges a write that moved nothing. `false` where it is not to be tried again now.
    fn judge(&mut self, unwritten: Unwritten, turn: &mut Turn<S>, patience: Patience) -> bool {
        if self.wire.failure().is_some() {
            return false;
        }
        match self.wire.judge_write_error(unwritten.error, turn.blocked_since) {
            Ok(()) => true,
            Err(_) if self.wire.failure().is_some() || patience == Patience::None => false,
            Err(_) if turn.haste.judge(unwritten.has_waited) => true,
            Err(_) => {
                // It was made non-blocking, and trying again would only keep the processor busy.
                self.wire.give_up(io::ErrorKind::Unsupported);
                false
            }
        }
    }
}

impl<S: Duplex> Shared<S> {
    pub(super) fn new(wire: Wire<Outbox>, stream: S) -> io::Result<Self> {
        let turn = Some(Turn::new(stream)?);
        let (written_len, waiting_count, is_flushed, is_message_open) = (0, 0, false, false);
        let state = State { wire, turn, written_len, waiting_count, is_flushed, is_message_open };
        Ok(Self { state: Mutex::new(state), changed: Condvar::new() })
    }

    /// Whoever panicked with the lock has left a state that is whole: at worst a message is not sent.
    pub(super) fn lock(&self) -> Guard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets all who wait look again.
    pub(super) fn notify(&self, state: &State<S>) {
        if state.waiting_count > 0 {
            self.changed.notify_all();
        }
    }

    pub(super) fn into_state(self) -> State<S> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Comes back when everything that is committed now is written.
    pub(super) fn drive_all(&self, mut state: Guard<'_, S>) -> Result<(), Error> {
        state.wire.transmit_if_possible();
        self.notify(&state);
        let target = state.wire.stream.committed_len;
        self.drive(state, |state| state.written_len >= target).map(drop)
    }

    /// Writes as much as the peer takes at once, unless somebody is writing already, who takes it along.
    pub(super) fn write_at_once(&self, mut state: Guard<'_, S>) {
        if let Some(turn) = state.turn.take() {
            drop(self.write(state, turn, Patience::None, &|_| true));
        }
    }

    /// Writes, or waits for who does, until it is done. An error means that it never will be.
    pub(super) fn drive<'a>(
        &'a self,
        mut state: Guard<'a, S>,
        is_done: impl Fn(&State<S>) -> bool,
    ) -> Result<Guard<'a, S>, Error> {
        loop {
            let failure = state.wire.failure();
            // Whoever comes last takes along what nobody waits for.
            let is_last = failure.is_none() && state.waiting_count == 0 && state.is_stuck();
            if is_done(&state) && !is_last {
                return Ok(state);
            }
            if let Some(error) = failure {
                return Err(error);
            }
            let is_to_be_written = state.is_to_be_written();
            state = match state.turn.take_if(|_turn| is_to_be_written) {
                Some(turn) => self.write(state, turn, Patience::Full, &is_done),
                None => self.wait(state),
            };
        }
    }

    /// Takes the turn: writes what is committed, and what others commit meanwhile, with the lock open. Gives the turn
    /// back when nothing is left, or when it is done here and somebody waits who will go on.
    fn write<'a>(
        &'a self,
        mut state: Guard<'a, S>,
        turn: Turn<S>,
        patience: Patience,
        is_done: &impl Fn(&State<S>) -> bool,
    ) -> Guard<'a, S> {
        let mut holder = Holder { shared: self, turn: Some(turn) };
        while let Some(turn) = &mut holder.turn {
            if turn.batch.is_empty() {
                // Not before: what a peer that takes nothing makes us answer stays where it is bounded.
                state.wire.transmit_if_possible();
                mem::swap(&mut turn.batch, &mut state.wire.stream.queue);
            }
            let is_to_yield = state.waiting_count > 0 && is_done(&state);
            if turn.is_done() || is_to_yield || state.wire.failure().is_some() {
                break;
            }
            let limit = match (patience, state.wire.write_limit()) {
                (_, Err(_passed)) => {
                    state.wire.give_up_closing();
                    break;
                }
                (Patience::Full, Ok(limit)) => limit,
                (Patience::None, Ok(_)) => Some(WRITE_AT_ONCE),
            };
            drop(state);
            let result = turn.write(limit);
            state = self.lock();
            match result {
                Ok(len) => {
                    let len = u64::try_from(len).unwrap_or(u64::MAX);
                    state.written_len = state.written_len.saturating_add(len);
                    self.notify(&state);
                }
                Err(unwritten) => {
                    if !state.judge(unwritten, turn, patience) {
                        break;
                    }
                }
            }
        }
        holder.give_back(&mut state);
        self.notify(&state);
        state
    }

    /// Waits for a change, no longer than the closing handshake may take.
    fn wait<'a>(&'a self, mut state: Guard<'a, S>) -> Guard<'a, S> {
        let Ok(remaining) = state.wire.closing_remaining() else {
            state.wire.give_up_closing();
            return state;
        };
        state.waiting_count = state.waiting_count.saturating_add(1);
        let mut state = self.sleep(state, remaining);
        state.waiting_count = state.waiting_count.saturating_sub(1);
        state
    }

    fn sleep<'a>(&'a self, state: Guard<'a, S>, time: Option<Duration>) -> Guard<'a, S> {
        match time {
            Some(time) => self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0,
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
        }
    }
}

/// Has the turn, and ends the connection where it is lost by a panic of the stream: otherwise all would wait for it.
struct Holder<'a, S: Duplex> {
    shared: &'a Shared<S>,
    turn: Option<Turn<S>>,
}

impl<S: Duplex> Holder<'_, S> {
    fn give_back(mut self, state: &mut State<S>) {
        let Some(mut turn) = self.turn.take() else { return };
        if state.wire.failure().is_some() {
            turn.batch.clear();
            state.wire.stream.queue.clear();
        }
        if state.wire.is_dead() {
            // The other half may be reading, and would not notice.
            let _gone = turn.stream.abort();
        }
        state.turn = Some(turn);
    }
}

impl<S: Duplex> Drop for Holder<'_, S> {
    fn drop(&mut self) {
        if let Some(turn) = &self.turn {
            let _gone = turn.stream.abort();
            let mut state = self.shared.lock();
            state.wire.give_up(io::ErrorKind::Other);
            self.shared.notify(&state);
        }
    }
}

/// No message is committed while more than this waits, in bytes.
const BACKLOG_LEN_MAX: u64 = 64 * 1024;
