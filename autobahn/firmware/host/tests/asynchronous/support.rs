//! A stream and a clock for tests, both played by the test.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use embedded_io_async::{ErrorType, Read, Write};
use ws_core::connection::{Connection, KeySource};
use ws_core::event::{Event, MessageType};
use ws_core::frame::MaskKey;
use ws_core::input::ReadBuffer;
use ws_core::keepalive::KeepaliveConfig;
use ws_firmware::asynchronous::{Buffers, Link, OUT_LEN, Stream, Timer};

/// A peer that says what it has to say whatever it is told, and the stream to it.
#[derive(Clone, Debug)]
pub(crate) struct Peer(Rc<RefCell<State>>);

#[derive(Debug)]
pub(crate) struct State {
    /// What it says next.
    pub(crate) says: Vec<u8>,
    /// How many bytes a read or a write moves at most.
    pub(crate) cut: usize,
    pub(crate) then: Then,
    /// How many bytes it still takes; after that a write waits, or, once the peer has ended, takes nothing.
    pub(crate) takes: usize,
    pub(crate) time: Clock,
    /// What was written.
    pub(crate) heard: Vec<u8>,
    pub(crate) is_flushed: bool,
    pub(crate) is_shut: bool,
    pub(crate) is_dropped: bool,
}

/// What comes after the last byte that it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Eof,
    /// The end of the stream, once ours has ended.
    EofAfterOurs,
    Silence,
    /// The same byte so many times, one each millisecond, and then silence.
    Flood(u8, u32),
}

impl Peer {
    /// One that reads all it is sent.
    pub(crate) fn new(says: impl Into<Vec<u8>>, cut: usize, then: Then) -> Self {
        let time = Clock::default();
        Self(Rc::new(RefCell::new(State {
            says: says.into(),
            cut,
            then,
            takes: usize::MAX,
            time,
            heard: Vec::new(),
            is_flushed: true,
            is_shut: false,
            is_dropped: false,
        })))
    }

    pub(crate) fn with(self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.0.borrow_mut());
        self
    }

    pub(crate) fn link(&self, timeouts: KeepaliveConfig) -> Link<Socket, Clock> {
        let clock = self.0.borrow().time.clone();
        Link::new(Socket(self.clone()), clock, timeouts)
    }

    /// How late it is.
    pub(crate) fn waited(&self) -> Duration {
        self.0.borrow().time.now()
    }

    /// What is left of what was heard after the head of a request or a response; the head itself is first.
    pub(crate) fn heard(&self) -> (String, Vec<u8>) {
        let all = self.0.borrow().heard.clone();
        let end = all.windows(4).position(|end| end == b"\r\n\r\n").map_or(all.len(), |at| at + 4);
        let (head, rest) = all.split_at(end);
        (String::from_utf8(head.to_vec()).unwrap(), rest.to_vec())
    }

    pub(crate) fn state<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.0.borrow())
    }
}

/// The stream to a peer.
#[derive(Debug)]
pub(crate) struct Socket(Peer);

impl Drop for Socket {
    fn drop(&mut self) {
        (self.0).0.borrow_mut().is_dropped = true;
    }
}

impl ErrorType for Socket {
    type Error = Infallible;
}

impl Read for Socket {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        let len = {
            let state = &mut *(self.0).0.borrow_mut();
            assert!(state.is_flushed, "the peer is waited for, and was not sent what was said");
            assert!(!buf.is_empty(), "an empty read looks like the end");
            let len = buf.len().min(state.cut).min(state.says.len());
            for (to, from) in buf.iter_mut().zip(state.says.drain(..len)) {
                *to = from;
            }
            match &mut state.then {
                Then::Flood(byte, left @ 1..) if len == 0 => {
                    *left -= 1;
                    state.time.advance(Duration::from_millis(1));
                    buf[0] = *byte;
                    Some(1)
                }
                Then::Silence | Then::Flood(..) if len == 0 => None,
                Then::EofAfterOurs if len == 0 && !state.is_shut => None,
                _ => Some(len),
            }
        };
        match len {
            Some(len) => Ok(len),
            None => pending().await,
        }
    }
}

impl Write for Socket {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        let (len, is_over) = {
            let state = &mut *(self.0).0.borrow_mut();
            assert!(!state.is_shut, "nothing is written after the end");
            let len = buf.len().min(state.cut).min(state.takes);
            state.takes -= len;
            state.heard.extend(&buf[..len]);
            state.is_flushed = false;
            (len, state.then == Then::Eof)
        };
        if len == 0 && !is_over { pending().await } else { Ok(len) }
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        (self.0).0.borrow_mut().is_flushed = true;
        Ok(())
    }
}

impl Stream for Socket {
    async fn shutdown_write(&mut self) -> Result<(), Infallible> {
        let state = &mut *(self.0).0.borrow_mut();
        assert!(state.is_flushed, "the end comes after all that was said");
        state.is_shut = true;
        Ok(())
    }
}

/// A clock that stands still while there is something to do, and then is at once where it is waited for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Rc<Cell<Duration>>);

impl Clock {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.set(self.0.get() + by);
    }
}

impl Timer for Clock {
    fn now(&self) -> Duration {
        self.0.get()
    }

    async fn wait_until(&self, time: Duration) {
        self.0.set(self.0.get().max(time));
    }
}

/// Where memory is lent from.
#[derive(Debug)]
pub(crate) struct Memory {
    input: Vec<u8>,
    head: [u8; 512],
    out: [u8; OUT_LEN],
}

impl Memory {
    pub(crate) fn new(input_len: usize) -> Self {
        Self { input: vec![0; input_len], head: [0; 512], out: [0; OUT_LEN] }
    }

    pub(crate) fn buffers(&mut self) -> Buffers<'_> {
        Buffers { input: &mut self.input, head: &mut self.head, out: &mut self.out }
    }
}

/// Keys that are no secret: as many as it says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys(pub usize);

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        self.0 = self.0.checked_sub(1)?;
        Some(MaskKey::new([1, 2, 3, 4]))
    }
}

/// Polls until it is ready; what waits for nothing that will ever come is a failure.
pub(crate) fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("it does not end");
}

/// Polls once.
pub(crate) async fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

/// The messages, pongs and Closes in what one end said to the other.
pub(crate) fn understood<K: ws_core::connection::Masking>(
    mut reader: Connection<K>,
    said: &[u8],
) -> Vec<(&'static str, Vec<u8>)> {
    let mut buffer = ReadBuffer::with_filled(said.to_vec(), said.len()).unwrap();
    let mut input = buffer.input();
    let (mut all, mut message) = (Vec::new(), Vec::new());
    while let Some(event) = reader.next_piece(&mut input) {
        match event {
            Event::Data(piece) => {
                message.extend_from_slice(piece.payload);
                if piece.is_last {
                    let name = if piece.message_type == MessageType::Text { "text" } else { "binary" };
                    all.push((name, std::mem::take(&mut message)));
                }
            }
            Event::Ping => all.push(("ping", reader.control().as_bytes().to_vec())),
            Event::Pong => all.push(("pong", reader.control().as_bytes().to_vec())),
            Event::Close => all.push(("close", reader.control().as_bytes().to_vec())),
            event => panic!("{event:?}"),
        }
    }
    assert!(input.is_empty() && message.is_empty(), "cut off: {all:?}");
    all
}
