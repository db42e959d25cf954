use alloc::sync::{Arc, Weak};
use core::time::Duration;
use std::thread;

use ws_core::frame::CloseFrame;
use ws_core::keepalive::Timeouts;
use ws_core::session::{Note, Relay};

use super::shared::Shared;
use crate::error::Error;
use crate::session::{Driver, Io, Life, Link};
use crate::stream::duplex::Duplex;
use crate::stream::shared::SharedStream;

/// The stream as the reader has it, and its way to the sending side.
pub(super) struct ReadEnd<S: Duplex> {
    /// The first field, so that it is dropped while `shared` keeps the connection.
    gathered: Gathered<S>,
    pub(super) shared: Arc<Shared<S>>,
    pub(super) link: Link<SharedStream<S>>,
    /// Something was relayed that has to be answered, or gathered answers have to leave.
    wants_write: bool,
    /// Another message has come already.
    is_gathering: bool,
}

impl<S: Duplex> ReadEnd<S> {
    /// Of a stream whose reads have this limit.
    pub(super) fn new(shared: Arc<Shared<S>>, limit: Option<Duration>) -> Self {
        let timeouts = shared.lock().life.timeouts;
        let patience = if is_watching(timeouts) { timeouts.read() } else { limit };
        Self {
            link: Link::new(shared.stream.clone(), patience).with_read_limit(limit),
            wants_write: true,
            is_gathering: false,
            gathered: Gathered(Arc::downgrade(&shared)),
            shared,
        }
    }

    pub(super) fn begin_close(&mut self, close: CloseFrame) {
        self.link.call.begin_close();
        self.gather(false);
        drop(self.shared.close(close));
        self.wants_write = true;
    }

    /// Notes whether another message has come: then what this thread sends from now on leaves with the answer to that, and
    /// otherwise at once.
    pub(super) fn gather(&mut self, has_another: bool) {
        if has_another != self.is_gathering {
            self.is_gathering = has_another;
            self.wants_write = true;
            let mut state = self.shared.lock();
            state.gathering = has_another.then(|| (thread::current().id(), state.life.now()));
        }
    }

    /// Puts the connection together again, where there is no other owner of the shared state.
    pub(super) fn into_io(self) -> Result<Io<S>, Box<Self>> {
        let Self { gathered, shared, link, .. } = self;
        match Arc::try_unwrap(shared) {
            Ok(shared) => {
                let patience = link.call.timeout;
                drop((link, gathered));
                let (stream, mut life, held_back_len) = shared.into_parts();
                #[expect(
                    clippy::expect_used,
                    reason = "its other owners, the reader and the turn, are dropped above"
                )]
                let stream = stream.into_inner().ok().expect("the only owner");
                // Where the stream cannot be limited, it returns when it did before.
                let _unlimited = (stream.limit_read(patience), stream.limit_write(None));
                if is_watching(life.timeouts) {
                    // The program may have set another one for the half.
                    life.timeouts = life.timeouts.with_read(patience);
                }
                let mut io = Io::new(stream, life);
                io.link.unflushed_len = held_back_len;
                Ok(io)
            }
            Err(shared) => Err(Box::new(Self { gathered, shared, link, ..self })),
        }
    }
}

impl<S: Duplex> Relay for ReadEnd<S> {
    fn relay(&mut self, note: Note) {
        self.wants_write |= matches!(note, Note::Signal(_));
        self.with_life(|life| life.relay(note));
    }
}

impl<S: Duplex> Driver for ReadEnd<S> {
    type Stream = SharedStream<S>;

    fn link(&mut self) -> &mut Link<SharedStream<S>> {
        &mut self.link
    }

    fn with_life<T>(&mut self, act: impl FnOnce(&mut Life) -> T) -> T {
        let mut state = self.shared.lock();
        let result = act(&mut state.life);
        // Threads that wait for room, or for their turn, wait no longer than the connection is open.
        if state.life.outbound.is_closing() {
            self.shared.notify(&state);
        }
        result
    }

    fn transmit_if_possible(&mut self, is_read_over: bool) -> Result<(), Error> {
        if is_read_over {
            // Nothing is left to be read meanwhile, so this may wait.
            return self.shared.drive_all(self.shared.lock());
        }
        if core::mem::take(&mut self.wants_write) {
            self.shared.write_soon(self.shared.lock());
        }
        Ok(())
    }

    fn read_until(&mut self) -> (Duration, Option<Duration>) {
        let mut state = self.shared.lock();
        // The other half may begin to close while this waits: a deadline that begins then is not passed before this looks again.
        let closing = state.life.timeouts.close();
        let retry = state.is_to_be_written().then_some(RETRY);
        let now = state.life.look(true);
        let again = [closing, retry].into_iter().flatten().min().and_then(|time| now.checked_add(time));
        (now, [state.life.outbound.next_read_deadline(), again].into_iter().flatten().min())
    }

    fn poll(&mut self) {
        self.with_life(Life::poll);
        self.shared.write_soon(self.shared.lock());
    }

    fn shut_down(&mut self) {
        if self.shared.lock().is_being_written() {
            // The thread that writes waits for the peer, and would not notice.
            let _gone = self.shared.stream.get_ref().abort();
        }
        self.link.shut_down_write();
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

/// Whether these make use of the limit that the stream has for its reads. Otherwise it is the program's.
fn is_watching(timeouts: Timeouts) -> bool {
    timeouts.read().or(timeouts.idle()).or(timeouts.ping_interval()).is_some()
}

/// How long a read waits while something is to be written that the peer does not take.
const RETRY: Duration = Duration::from_millis(10);
