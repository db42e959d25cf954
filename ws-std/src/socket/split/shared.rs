use core::time::Duration;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use ws_core::connection::Transport;
use ws_core::session::{Outbound, Traffic};

use super::turn::Turn;
use crate::counters::Counters;
use crate::error::Error;
use crate::keys::MaskKeys;
use crate::session::{GATHERED_TIME_MAX, Life, Written};
use crate::stream::Stream;
use crate::stream::duplex::{Duplex, SharedStream};

/// The state that both halves share, under a combining lock.
///
/// The lock is held to queue bytes, never during I/O, so a thread that only queues does not wait for the peer. The thread that
/// finds the turn to write free takes it, and writes what the others queue meanwhile, until nothing is left, or its own bytes have
/// left and another thread waits that can go on. Bytes are queued, and the turn is given back, only under the lock: so there are never
/// bytes that no thread will write.
#[derive(Debug)]
pub(super) struct Shared<S> {
    pub(super) stream: SharedStream<S>,
    state: Mutex<State<S>>,
    /// Bytes were written, the turn became free, or the connection is closing or has ended.
    changed: Condvar,
}

#[derive(Debug)]
pub(super) struct State<S> {
    pub(super) outbound: Outbound<MaskKeys>,
    pub(super) life: Life,
    /// `None` while a thread is writing.
    turn: Option<Turn<S>>,
    /// How many bytes were written.
    written_len: u64,
    /// How many threads wait for a change.
    waiting_count: usize,
    /// A thread was started to write what a call that does not wait has left.
    pub(super) is_flushed: bool,
    /// The thread that sends a message in parts; the messages of others wait for its end.
    pub(super) message_owner: Option<ThreadId>,
    /// The thread that reads, while it has another message already, and since when: what it sends leaves with the answer to
    /// that.
    pub(super) gathering: Option<(ThreadId, Duration)>,
    /// The reading half was dropped, so that no read writes what waits.
    pub(super) is_reader_gone: bool,
    /// The bytes and messages that were received, as the reader last reported them.
    pub(super) received: Traffic,
}

pub(super) type Guard<'a, S> = MutexGuard<'a, State<S>>;

impl<S: Duplex> State<S> {
    /// The error that ended the connection for threads that write, if one has.
    pub(super) fn failure(&self) -> Option<Error> {
        self.life.failure(&self.outbound)
    }

    /// Whether something may be queued, or nothing will be any more.
    pub(super) fn has_room(&self) -> bool {
        self.outbound.queued_len() < BACKLOG_LEN_MAX || self.outbound.is_closing()
    }

    /// Whether a message may be queued, and not only control frames between the parts of one.
    pub(super) fn has_room_for_message(&self) -> bool {
        self.has_room() && (self.message_owner.is_none() || self.outbound.is_closing())
    }

    /// Whether this thread sends a message in parts, for whose end it would wait in vain.
    pub(super) fn is_in_own_message(&self) -> bool {
        self.message_owner.is_some_and(|owner| owner == thread::current().id())
    }

    /// Whether something waits.
    fn wants_write(&self) -> bool {
        self.outbound.queued_len() > 0 || self.outbound.wants_transmit()
    }

    /// Whether there is something to do for a thread that would write.
    pub(super) fn is_to_be_written(&self) -> bool {
        self.turn.is_some() && self.wants_write()
    }

    /// Whether this thread answers messages that came together, and not for long yet.
    pub(super) fn is_gathering_here(&self, stream: &SharedStream<S>) -> bool {
        self.gathering.is_some_and(|(reader, since)| {
            reader == thread::current().id()
                && self.life.now(stream).saturating_sub(since) < GATHERED_TIME_MAX
        })
    }

    /// Whether a thread is writing.
    pub(super) const fn is_being_written(&self) -> bool {
        self.turn.is_none()
    }

    /// The counters of the connection, with `received` from the reader.
    pub(super) fn counters(&self, received: Traffic) -> Counters {
        self.life.counters(&self.outbound, received)
    }

    pub(super) fn into_outbound(self) -> (Outbound<MaskKeys>, Life) {
        let Self { mut outbound, life, turn, .. } = self;
        if let Some(turn) = turn {
            outbound.return_batch(turn.batch);
        }
        (outbound, life)
    }
}

impl<S: Duplex> Shared<S> {
    pub(super) fn new(stream: SharedStream<S>, outbound: Outbound<MaskKeys>, life: Life) -> Self {
        let state = State {
            outbound,
            life,
            turn: Some(Turn::new(stream.clone())),
            written_len: 0,
            waiting_count: 0,
            is_flushed: false,
            message_owner: None,
            gathering: None,
            is_reader_gone: false,
            received: Traffic::default(),
        };
        Self { stream, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// A thread that panicked with the lock has left a state that is whole: at worst a message is not sent.
    pub(super) fn lock(&self) -> Guard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets all threads that wait look again.
    pub(super) fn notify(&self, state: &State<S>) {
        if state.waiting_count > 0 {
            self.changed.notify_all();
        }
    }

    pub(super) fn into_parts(self) -> (SharedStream<S>, State<S>) {
        (self.stream, self.state.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns when everything that is queued now is written.
    pub(super) fn drive_all(&self, mut state: Guard<'_, S>) -> Result<(), Error> {
        // Control frames are encoded when they are asked for.
        let _first = state.outbound.transmit();
        self.notify(&state);
        let queued_len = u64::try_from(state.outbound.queued_len()).unwrap_or(u64::MAX);
        let target = state.written_len.saturating_add(queued_len);
        let state = self.drive(state, |state| state.written_len >= target)?;
        // The last thread also writes what no call waits for. A failure in that is not this call's.
        let _theirs =
            self.drive(state, |state| state.waiting_count > 0 || !state.is_to_be_written()).map(drop);
        Ok(())
    }

    /// Writes, or waits for the thread that does, until `is_done`. An error means that it never will be.
    pub(super) fn drive<'a>(
        &'a self,
        mut state: Guard<'a, S>,
        is_done: impl Fn(&State<S>) -> bool,
    ) -> Result<Guard<'a, S>, Error> {
        loop {
            if is_done(&state) {
                return Ok(state);
            }
            if let Some(error) = state.failure() {
                return Err(error);
            }
            let is_to_be_written = state.is_to_be_written();
            state = match state.turn.take_if(|_turn| is_to_be_written) {
                Some(turn) => self.write(state, turn, &is_done),
                None => self.wait(state),
            };
        }
    }

    /// Takes the turn: writes what is queued, and what others queue meanwhile, with the lock open. Gives the turn
    /// back when nothing is left, or when `is_done` and another thread waits that will go on.
    fn write<'a>(
        &'a self,
        mut state: Guard<'a, S>,
        turn: Turn<S>,
        is_done: &impl Fn(&State<S>) -> bool,
    ) -> Guard<'a, S> {
        let mut holder = Holder { shared: self, turn: Some(turn) };
        while let Some(turn) = &mut holder.turn {
            if turn.batch.is_empty() {
                state.outbound.take_batch(&mut turn.batch);
            }
            let is_to_yield = state.waiting_count > 0 && is_done(&state);
            if turn.is_done() || is_to_yield || state.failure().is_some() {
                break;
            }
            let begun = state.life.now(&self.stream);
            let until = state.life.write_until(&state.outbound, begun);
            // Another thread may begin to close while this waits: a deadline that begins then is not passed before.
            let closing = state.life.timeouts.close().and_then(|timeout| begun.checked_add(timeout));
            let until = [until, closing].into_iter().flatten().min();
            let opened_at = state.life.opened_at();
            drop(state);
            let written =
                turn.write((begun, until), |stream| stream.now().saturating_duration_since(opened_at));
            state = self.lock();
            let is_early = matches!(written, Written::WouldBlock);
            turn.early_count = if is_early { turn.early_count.saturating_add(1) } else { 0 };
            let may_be_late = is_early && turn.early_count < EARLY_COUNT_MAX;
            if !may_be_late && !self.note(&mut state, written, begun) {
                break;
            }
        }
        holder.give_back(&mut state);
        self.notify(&state);
        self.shut_down_if_due(state)
    }

    /// Shuts the sending side down where the Close that was written last asks for it. The reader may have looked before it was
    /// noted as written, and wait for the peer to end the stream, which waits for this.
    fn shut_down_if_due<'a>(&'a self, mut state: Guard<'a, S>) -> Guard<'a, S> {
        if state.outbound.transport() != (Transport::Linger { shutdown_write: true }) {
            return state;
        }
        state.outbound.write_shut_down();
        drop(state);
        let _gone = self.stream.get_ref().shutdown_write_shared();
        self.lock()
    }

    /// Notes what came of a write that might wait. `false` where it is not to be tried again.
    fn note(&self, state: &mut State<S>, written: Written, begun: Duration) -> bool {
        let State { outbound, life, written_len, .. } = state;
        let now = life.now(&self.stream);
        match written {
            Written::Bytes(len) => {
                outbound.transmitted(len, now);
                *written_len = written_len.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
                self.notify(state);
                true
            }
            Written::TimeUp => {
                outbound.transmitted(0, begun);
                if outbound.poll_write(now).is_some() {
                    life.log_end(outbound);
                    return false;
                }
                if outbound.transport() == Transport::Closed && life.failure(outbound).is_none() {
                    // The peer has ended its half and takes nothing: no deadline runs any more that would end this.
                    let _reported = life.write_failed(outbound, io::ErrorKind::ConnectionAborted.into(), now);
                    return false;
                }
                true
            }
            Written::WouldBlock => {
                // It was made non-blocking, and trying again would only keep the processor busy.
                let _reported = life.write_failed(outbound, io::ErrorKind::Unsupported.into(), now);
                false
            }
            Written::Failed(error) => {
                let _reported = life.write_failed(outbound, error, now);
                false
            }
        }
    }

    /// Writes what the peer takes without waiting, unless a thread is writing already, which then writes this too. Returns what is
    /// left that no thread is about to write.
    pub(super) fn write_now<'a>(&'a self, mut state: Guard<'a, S>) -> (Guard<'a, S>, Left) {
        let Some(turn) = state.turn.take() else { return (state, Left::Nothing) };
        let mut holder = Holder { shared: self, turn: Some(turn) };
        let mut left = Left::Nothing;
        while let Some(turn) = &mut holder.turn {
            if turn.batch.is_empty() {
                state.outbound.take_batch(&mut turn.batch);
            }
            if turn.is_done() || state.failure().is_some() {
                break;
            }
            drop(state);
            let written = turn.write_now();
            state = self.lock();
            let now = state.life.now(&self.stream);
            match written {
                Ok((len, is_short)) => {
                    let _goes_on = self.note(&mut state, Written::Bytes(len), now);
                    if !is_short {
                        continue;
                    }
                    left = Left::Blocked;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => left = Left::Blocked,
                Err(error) if error.kind() == io::ErrorKind::Unsupported => left = Left::Unsupported,
                Err(error) => {
                    let _goes_on = self.note(&mut state, Written::Failed(error), now);
                }
            }
            if left == Left::Blocked {
                state.outbound.transmitted(0, now);
            }
            break;
        }
        holder.give_back(&mut state);
        self.notify(&state);
        (self.shut_down_if_due(state), left)
    }

    /// Waits for a change, no longer than the closing handshake may take.
    fn wait<'a>(&'a self, mut state: Guard<'a, S>) -> Guard<'a, S> {
        let now = state.life.now(&self.stream);
        let State { outbound, life, .. } = &mut *state;
        if outbound.is_closing() && outbound.poll_write(now).is_some() {
            life.log_end(outbound);
            return state;
        }
        let deadline = if outbound.is_closing() { outbound.next_write_deadline() } else { None };
        let remaining = deadline.map(|deadline| deadline.saturating_sub(now));
        state.waiting_count = state.waiting_count.saturating_add(1);
        let mut state = match remaining {
            Some(time) => {
                self.changed.wait_timeout(state, time.max(WAIT_MIN)).unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
        };
        state.waiting_count = state.waiting_count.saturating_sub(1);
        state
    }
}

/// What a write that does not wait has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing, or bytes that another thread is writing.
    Nothing,
    /// Bytes that the stream does not take now.
    Blocked,
    /// Bytes for a thread that may wait, since the stream has no write that does not.
    Unsupported,
}

/// Holds the turn. Where a panic of the stream drops it, the connection ends; otherwise all threads would wait for the turn.
struct Holder<'a, S: Duplex> {
    shared: &'a Shared<S>,
    turn: Option<Turn<S>>,
}

impl<S: Duplex> Holder<'_, S> {
    fn give_back(mut self, state: &mut State<S>) {
        let Some(mut turn) = self.turn.take() else { return };
        if state.failure().is_some() {
            state.outbound.return_batch(core::mem::take(&mut turn.batch));
            if !state.life.may_read_on(&self.shared.stream) {
                // The other half may be reading, and would not notice.
                let _gone = self.shared.stream.get_ref().abort();
            }
        }
        state.turn = Some(turn);
    }
}

impl<S: Duplex> Drop for Holder<'_, S> {
    fn drop(&mut self) {
        if self.turn.is_some() {
            let _gone = self.shared.stream.get_ref().abort();
            let mut state = self.shared.lock();
            let State { outbound, life, .. } = &mut *state;
            let now = life.now(&self.shared.stream);
            let _reported = life.write_failed(outbound, io::ErrorKind::Other.into(), now);
            self.shared.notify(&state);
        }
    }
}

/// While this many bytes wait, no message is queued.
const BACKLOG_LEN_MAX: usize = 64 * 1024;

/// How many writes in a row may return at once before the stream is taken for one that was made non-blocking.
const EARLY_COUNT_MAX: u8 = 4;

/// The shortest wait.
const WAIT_MIN: Duration = Duration::from_millis(1);
