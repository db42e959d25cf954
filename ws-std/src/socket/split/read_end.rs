use alloc::sync::{Arc, Weak};
use core::time::Duration;
use std::io;
use std::thread;

use ws_core::connection::Transport;
use ws_core::frame::{CloseFrame, ControlPayload};
use ws_core::session::{Inbound, Note, Relay, Traffic};

use super::shared::{Guard, Shared, State};
use crate::error::Error;
use crate::session::{Call, Driver, Io, Link, outgoing};
use crate::stream::duplex::{Duplex, SharedStream};
use crate::stream::limited::Stopped;

/// The stream as the reader has it, and its way to the sending side.
pub(super) struct ReadEnd<S: Duplex> {
    /// The first field, so that it is dropped while `shared` keeps the connection.
    gathered: Gathered<S>,
    shared: Arc<Shared<S>>,
    link: Link<SharedStream<S>>,
    /// How long the program lets a read wait.
    pub(super) patience: Option<Duration>,
    call: Call,
    /// Something was relayed that has to be answered, or gathered answers have to leave.
    wants_write: bool,
    /// Another message has come already.
    is_gathering: bool,
    is_read_over: bool,
    received: Traffic,
}

impl<S: Duplex> ReadEnd<S> {
    /// Of a stream whose reads have this limit.
    pub(super) fn new(shared: Arc<Shared<S>>, limit: Option<Duration>) -> Self {
        let (timeouts, is_read_over) = {
            let state = shared.lock();
            (state.life.timeouts, state.life.is_read_over)
        };
        let is_watching = timeouts.read().or(timeouts.idle()).or(timeouts.ping_interval()).is_some();
        Self {
            link: Link::new(shared.stream.clone()).with_read_limit(limit),
            // The limit that the stream has for its reads is the program's where nothing else made use of it.
            patience: if is_watching { timeouts.read() } else { limit },
            call: Call::Patient,
            wants_write: true,
            is_gathering: false,
            is_read_over,
            received: Traffic::default(),
            gathered: Gathered(Arc::downgrade(&shared)),
            shared,
        }
    }

    pub(super) fn shared(&self) -> Arc<Shared<S>> {
        Arc::clone(&self.shared)
    }

    pub(super) fn stream(&self) -> &S {
        self.shared.stream.get_ref()
    }

    pub(super) fn lock(&self) -> Guard<'_, S> {
        self.shared.lock()
    }

    pub(super) const fn begin_read(&mut self) {
        self.call = Call::Begun;
    }

    pub(super) fn begin_close(&mut self, close: CloseFrame) {
        self.call = Call::Patient;
        self.gather(false);
        let mut state = self.shared.lock();
        state.outbound.close(close);
        self.shared.notify(&state);
        self.wants_write = true;
    }

    /// Notes whether another message has come: then what this thread sends from now on leaves with the answer to that, and
    /// otherwise at once.
    pub(super) fn gather(&mut self, has_another: bool) {
        if has_another != self.is_gathering {
            self.is_gathering = has_another;
            self.wants_write = true;
            let mut state = self.shared.lock();
            state.gathering =
                has_another.then(|| (thread::current().id(), state.life.now(&self.shared.stream)));
        }
    }

    /// Puts the connection together again, where there is no other owner of the shared state.
    pub(super) fn into_io(self) -> Result<Io<S>, Box<Self>> {
        let Self { gathered, shared, link, .. } = self;
        match Arc::try_unwrap(shared) {
            Ok(shared) => {
                drop((link, gathered));
                let (stream, state) = shared.into_parts();
                let (outbound, life) = state.into_outbound();
                #[expect(
                    clippy::expect_used,
                    reason = "its other owners, the reader and the turn, are dropped above"
                )]
                let mut stream = stream.into_inner().ok().expect("the only owner");
                // Where the stream cannot be limited, it returns when it did before.
                let _unlimited = (stream.limit_read(self.patience), stream.limit_write(None));
                Ok(Io::new(stream, outbound, life))
            }
            Err(shared) => Err(Box::new(Self { gathered, shared, link, ..self })),
        }
    }
}

impl<S: Duplex> Relay for ReadEnd<S> {
    fn relay(&mut self, note: Note) {
        let mut state = self.shared.lock();
        outgoing::relay(&mut state.outbound, note);
        self.wants_write |= matches!(note, Note::Signal(_));
        if state.outbound.is_closing() {
            self.shared.notify(&state);
        }
    }
}

impl<S: Duplex> Driver for ReadEnd<S> {
    fn transmit_if_possible(&mut self) -> Result<(), Error> {
        if self.is_read_over {
            // Nothing is left to be read meanwhile, so this may wait.
            return self.shared.drive_all(self.shared.lock());
        }
        if core::mem::take(&mut self.wants_write) {
            self.shared.write_soon(self.shared.lock());
        }
        Ok(())
    }

    fn read_in_time(&mut self, bytes: &mut [u8]) -> Result<Option<(usize, Duration)>, Error> {
        loop {
            let mut state = self.shared.lock();
            state.received = self.received;
            let now = state.life.now(&self.shared.stream);
            let patience = self.call.patience(self.patience, now);
            if patience == Some(Duration::ZERO) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let due = state.life.read_until(&state.outbound).map(|until| until.saturating_sub(now));
            // The other half may begin to close while this waits: a deadline that begins then is not passed before this looks
            // again.
            let closing = state.life.timeouts.close();
            let retry = state.is_to_be_written().then_some(RETRY);
            drop(state);
            let within = [due, closing, retry, patience].into_iter().flatten().min();
            let read = self.link.read(bytes, within);
            let mut state = self.shared.lock();
            match read {
                Ok(len) => {
                    self.is_read_over |= len == 0;
                    state.life.is_read_over |= len == 0;
                    return Ok(Some((len, state.life.now(&self.shared.stream))));
                }
                Err(Stopped::Failed(error)) => {
                    let State { outbound, life, .. } = &mut *state;
                    life.read_failed(outbound, error);
                    self.is_read_over = true;
                    self.shared.notify(&state);
                    return Ok(None);
                }
                Err(stopped) => {
                    let State { outbound, life, .. } = &mut *state;
                    life.poll(outbound, life.now(&self.shared.stream));
                    self.shared.notify(&state);
                    if state.outbound.transport() == Transport::Closed {
                        return Ok(None);
                    }
                    if state.is_to_be_written() {
                        self.shared.write_soon(state);
                    }
                    if matches!(stopped, Stopped::WouldBlock) {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                }
            }
        }
    }

    fn ended(&mut self) -> Option<Result<(), Error>> {
        let mut state = self.shared.lock();
        state.received = self.received;
        let State { outbound, life, .. } = &mut *state;
        if outbound.is_closing() {
            // A peer that goes on sending does not put off the end of the closing handshake.
            let _remembered = outbound.poll_write(life.now(&self.shared.stream));
        }
        match outbound.transport() {
            Transport::Linger { shutdown_write: true } => {
                outbound.write_shut_down();
                drop(state);
                self.link.shut_down_write();
                None
            }
            Transport::Open | Transport::Linger { .. } => None,
            Transport::Closed if life.may_read_on(&self.shared.stream) => None,
            Transport::Closed => {
                life.log_end(outbound);
                let end = life.result(outbound);
                let is_being_written = state.is_being_written();
                self.shared.notify(&state);
                drop(state);
                if is_being_written {
                    // The thread that writes waits for the peer, and would not notice.
                    let _gone = self.stream().abort();
                }
                self.link.shut_down_write();
                Some(end)
            }
        }
    }

    fn is_read_over(&self) -> bool {
        self.is_read_over
    }

    fn give_up(&mut self, kind: io::ErrorKind) {
        let mut state = self.shared.lock();
        let State { outbound, life, .. } = &mut *state;
        let _reported = life.give_up(outbound, kind);
        self.is_read_over = true;
        self.shared.notify(&state);
    }

    fn is_own_pong(&mut self, payload: &ControlPayload) -> bool {
        let state = self.shared.lock();
        state.life.is_own_pong(&state.outbound, payload)
    }

    fn note_received(&mut self, inbound: &Inbound) {
        self.received = inbound.traffic();
    }
}

/// On drop, writes what waits for an answer that does not come: no later read does.
struct Gathered<S: Duplex>(Weak<Shared<S>>);

impl<S: Duplex> Drop for Gathered<S> {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            let mut state = shared.lock();
            state.gathering = None;
            state.is_reader_gone = true;
            if state.is_to_be_written() {
                shared.write_soon(state);
            }
        }
    }
}

/// How long a read waits while something is to be written that the peer does not take.
const RETRY: Duration = Duration::from_millis(10);
