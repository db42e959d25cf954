use core::time::Duration;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use ws_core::connection::Transport;

use super::turn::Turn;
use crate::error::Error;
use crate::session::{GATHERED_TIME_MAX, Life, Outgoing};
use crate::stream::duplex::Duplex;
use crate::stream::limited::Stopped;
use crate::stream::shared::SharedStream;

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
    pub(super) life: Life,
    /// `None` while a thread is writing.
    turn: Option<Turn<S>>,
    /// How many bytes were written.
    written_len: u64,
    /// Since when the peer has taken nothing of what is written without waiting.
    blocked_since: Option<Duration>,
    /// How many threads wait for a change.
    waiting_count: usize,
    /// A thread writes what a call that does not wait has left.
    pub(super) is_flushed: bool,
    /// The thread that sends a message in parts; the messages of others wait for its end.
    pub(super) message_owner: Option<ThreadId>,
    /// The thread that reads, while it has another message already, and since when: what it sends leaves with the answer to
    /// that.
    pub(super) gathering: Option<(ThreadId, Duration)>,
    /// The reading half was dropped, so that no read writes what waits.
    pub(super) is_reader_gone: bool,
}

pub(super) type Guard<'a, S> = MutexGuard<'a, State<S>>;

impl<S: Duplex> State<S> {
    /// Whether this may be queued, or nothing will be any more.
    pub(super) fn has_room_for(&self, outgoing: &Outgoing<'_>) -> bool {
        let has_turn = self.message_owner.is_none() || !outgoing.begins_message();
        (self.life.outbound.queued_len() < BACKLOG_LEN_MAX && has_turn) || self.life.outbound.is_closing()
    }

    /// Whether this thread sends a message in parts, for whose end it would wait in vain.
    pub(super) fn is_in_own_message(&self) -> bool {
        self.message_owner.is_some_and(|owner| owner == thread::current().id())
    }

    /// Whether something waits, for this thread or for the one that writes.
    pub(super) fn wants_write(&self) -> bool {
        self.life.outbound.queued_len() > 0 || self.life.outbound.wants_transmit()
    }

    /// What [`written_len`](Self::written_len) will be when all that is queued now is written.
    fn written_len_of_all(&self) -> u64 {
        let queued_len = u64::try_from(self.life.outbound.queued_len()).unwrap_or(u64::MAX);
        self.written_len.saturating_add(queued_len)
    }

    /// Whether there is something to do for a thread that would write.
    pub(super) fn is_to_be_written(&self) -> bool {
        self.turn.as_ref().is_some_and(Turn::is_held_back) || self.turn.is_some() && self.wants_write()
    }

    /// Whether something waits on a connection that has not failed, for this thread or for another that is writing.
    #[cfg(feature = "hub")]
    pub(super) fn has_left_some(&self) -> bool {
        (self.is_to_be_written() || self.wants_write()) && self.life.failure().is_none()
    }

    /// Whether this thread answers messages that came together, and not for long yet.
    pub(super) fn is_gathering_here(&self) -> bool {
        self.gathering.is_some_and(|(reader, since)| {
            reader == thread::current().id() && self.life.now().saturating_sub(since) < GATHERED_TIME_MAX
        })
    }

    /// Whether a thread is writing.
    pub(super) const fn is_being_written(&self) -> bool {
        self.turn.is_none()
    }
}

impl<S: Duplex> Shared<S> {
    /// Creates the state of a connection whose stream has taken `held_back_len` bytes and holds them back.
    pub(super) fn new(stream: SharedStream<S>, life: Life, held_back_len: usize) -> Self {
        let state = State {
            life,
            turn: Some(Turn::new(stream.clone(), held_back_len)),
            written_len: 0,
            blocked_since: None,
            waiting_count: 0,
            is_flushed: false,
            message_owner: None,
            gathering: None,
            is_reader_gone: false,
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

    /// What is left of it: the last owner of the stream, where the caller has dropped its own, and all that waits to be written.
    pub(super) fn into_parts(self) -> (SharedStream<S>, Life, usize) {
        let State { mut life, turn, .. } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some(turn) = turn else { return (self.stream, life, 0) };
        let (batch, taken_len, held_back_len) = turn.into_parts();
        life.outbound.return_batch(batch);
        if taken_len > 0 {
            // From now on what the stream has taken counts as sent, as it does before a split.
            life.outbound.transmitted(taken_len, life.record.now());
        }
        (self.stream, life, held_back_len)
    }

    /// Returns when everything that is queued now is written.
    pub(super) fn drive_all(&self, mut state: Guard<'_, S>) -> Result<(), Error> {
        // Control frames are encoded when they are asked for.
        let _first = state.life.outbound.transmit();
        self.notify(&state);
        let target = state.written_len_of_all();
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
            if let Some(error) = state.life.failure() {
                return Err(error);
            }
            let is_to_be_written = state.is_to_be_written();
            state = match state.turn.take_if(|_turn| is_to_be_written) {
                Some(turn) => self.write(state, turn, Pace::Patient, &is_done).0,
                None => self.wait(state),
            };
        }
    }

    /// Writes what the peer takes without waiting, unless a thread is writing already, which then writes this too. Returns what is
    /// left that no thread is about to write.
    pub(super) fn write_now<'a>(&'a self, mut state: Guard<'a, S>) -> (Guard<'a, S>, Left) {
        match state.turn.take() {
            Some(turn) => {
                // What others queue meanwhile is written by those that wait for it.
                let target = state.written_len_of_all();
                self.write(state, turn, Pace::Now, &|state| state.written_len >= target)
            }
            None => (state, Left::Nothing),
        }
    }

    /// Takes the turn: writes what is queued, and what others queue meanwhile, with the lock open. Gives the turn back when nothing
    /// is left that the stream takes at this pace, or when `is_done` and another thread waits that will go on.
    fn write<'a>(
        &'a self,
        mut state: Guard<'a, S>,
        turn: Turn<S>,
        pace: Pace,
        is_done: &impl Fn(&State<S>) -> bool,
    ) -> (Guard<'a, S>, Left) {
        let mut holder = Holder { shared: self, turn: Some(turn) };
        let mut left = Left::Nothing;
        while let Some(turn) = &mut holder.turn {
            if turn.batch.is_empty() {
                state.life.outbound.take_batch(&mut turn.batch);
            }
            let is_to_yield = state.waiting_count > 0 && is_done(&state);
            let has_ended = state.life.failure().is_some();
            if turn.is_done() || is_to_yield || has_ended || left != Left::Nothing {
                break;
            }
            let begun = state.life.now();
            // Another thread may begin to close while this waits: a deadline that begins then is not passed before.
            let closing = state.life.timeouts.close().and_then(|timeout| begun.checked_add(timeout));
            let until = [state.life.write_until(begun), closing].into_iter().flatten().min();
            let elapsed = state.life.record.elapsed.clone();
            drop(state);
            let written = match pace {
                Pace::Patient => turn.write((begun, until), || elapsed.now()),
                Pace::Now => turn.write_now(),
            };
            state = self.lock();
            left = self.note(&mut state, written, pace, begun);
        }
        holder.give_back(&mut state);
        self.notify(&state);
        (self.shut_down_if_due(state), left)
    }

    /// Shuts the sending side down where the Close that was written last asks for it. The reader may have looked before it was
    /// noted as written, and wait for the peer to end the stream, which waits for this.
    fn shut_down_if_due<'a>(&'a self, mut state: Guard<'a, S>) -> Guard<'a, S> {
        if state.life.outbound.transport() != (Transport::Linger { shutdown_write: true }) {
            return state;
        }
        state.life.outbound.write_shut_down();
        drop(state);
        let _gone = self.stream.get_ref().shutdown_write_shared();
        self.lock()
    }

    /// Notes what came of a write that began at the time `begun`. Returns what a thread that does not wait leaves.
    fn note(
        &self,
        state: &mut State<S>,
        written: Result<usize, Stopped>,
        pace: Pace,
        begun: Duration,
    ) -> Left {
        let State { life, written_len, blocked_since, .. } = state;
        match written {
            // Some of what the stream holds back has left.
            Ok(0) => {
                *blocked_since = None;
                let now = life.record.now();
                if life.outbound.queued_len() > 0 {
                    life.outbound.held_back(true, now);
                } else {
                    life.outbound.transmitted(0, now);
                }
            }
            Ok(len) => {
                let len = len.min(life.outbound.queued_len());
                life.outbound.transmitted(len, life.record.now());
                *blocked_since = None;
                *written_len = written_len.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
                self.notify(state);
            }
            Err(Stopped::WouldBlock) if pace == Pace::Now => {
                let now = life.record.now();
                let since = *blocked_since.get_or_insert(now);
                if life.write_until(since).is_some_and(|until| until <= now) {
                    return self.note(state, Err(Stopped::TimeUp), Pace::Patient, since);
                }
                life.stalled(now);
                return Left::Blocked;
            }
            // It returned too early, and is tried again.
            Err(Stopped::WouldBlock) => {}
            Err(Stopped::TimeUp) => {
                let has_ended = !life.blocked(begun) && life.outbound.transport() == Transport::Closed;
                if has_ended && life.failure().is_none() {
                    // The peer has ended its half and takes nothing: no deadline runs any more that would end this.
                    life.write_failed(io::ErrorKind::ConnectionAborted.into());
                }
            }
            Err(Stopped::Failed(error))
                if pace == Pace::Now && error.kind() == io::ErrorKind::Unsupported =>
            {
                return Left::Unsupported;
            }
            Err(Stopped::Failed(error)) => {
                life.write_failed(error);
            }
        }
        Left::Nothing
    }

    /// Waits for a change, no longer than the closing handshake may take.
    fn wait<'a>(&'a self, mut state: Guard<'a, S>) -> Guard<'a, S> {
        let life = &mut state.life;
        let is_closing = life.outbound.is_closing();
        if is_closing && life.poll_write() {
            return state;
        }
        let deadline = life.outbound.next_write_deadline().filter(|_| is_closing);
        let time = deadline.map_or(WAIT_MAX, |deadline| deadline.saturating_sub(life.now()).max(WAIT_MIN));
        state.waiting_count = state.waiting_count.saturating_add(1);
        let (mut state, _) = self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner);
        state.waiting_count = state.waiting_count.saturating_sub(1);
        state
    }
}

/// How a thread writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// It waits for the peer.
    Patient,
    /// It writes what the peer takes without waiting.
    Now,
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
        if state.life.failure().is_some() {
            state.life.outbound.return_batch(core::mem::take(&mut turn.batch));
            if !state.life.wants_read() {
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
            state.life.write_failed(io::ErrorKind::Other.into());
            self.shared.notify(&state);
        }
    }
}

/// While this many bytes wait, no message is queued.
const BACKLOG_LEN_MAX: usize = 64 * 1024;

/// The shortest wait.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// The longest wait for a change. A thread that finds none waits again.
const WAIT_MAX: Duration = Duration::from_secs(3600);
