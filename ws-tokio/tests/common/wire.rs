//! A stream in memory that is as awkward as `AsyncRead` and `AsyncWrite` allow.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Random;

/// Two ends of a wire: each moves a random number of bytes at once, and is pending at random. An end wakes only the task that it was
/// given last for a direction, when [`Wire::tick`] is called.
#[derive(Clone)]
pub(crate) struct Wire(Rc<RefCell<State>>);

/// One end of a [`Wire`].
pub(crate) struct End {
    wire: Wire,
    /// Which direction it writes to; it reads from the other.
    index: usize,
}

struct State {
    random: Random,
    directions: [Direction; 2],
    config: WireConfig,
}

/// How a [`Wire`] behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WireConfig {
    /// How many bytes a direction holds.
    pub(crate) capacity: usize,
    /// How many bytes a call moves at most.
    pub(crate) step: usize,
    /// Every how many calls are pending though they need not be; 0 for none.
    pub(crate) pending: usize,
    /// It holds written bytes back until it is flushed, or full.
    pub(crate) is_buffered: bool,
    pub(crate) is_vectored: bool,
}

#[derive(Default)]
struct Direction {
    /// Written, and not flushed.
    held: VecDeque<u8>,
    bytes: VecDeque<u8>,
    is_shut: bool,
    /// The end that reads from it was dropped.
    is_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Wire {
    pub(crate) fn new(random: &Random, config: WireConfig) -> (Self, End, End) {
        let state = State { random: random.clone(), directions: Default::default(), config };
        let wire = Self(Rc::new(RefCell::new(state)));
        (wire.clone(), End { wire: wire.clone(), index: 0 }, End { wire: wire.clone(), index: 1 })
    }

    /// Wakes one of the tasks that can go on. `false` where there is none.
    pub(crate) fn tick(&self) -> bool {
        let mut state = self.0.borrow_mut();
        let State { random, directions, config } = &mut *state;
        let mut due = Vec::new();
        for (index, direction) in directions.iter().enumerate() {
            let can_read = !direction.bytes.is_empty() || direction.is_shut;
            let has_room = direction.bytes.len() < config.capacity;
            let can_write = has_room || direction.is_gone;
            if direction.reader.is_some() && can_read {
                due.push((index, true));
            }
            if direction.writer.is_some() && can_write {
                due.push((index, false));
            }
        }
        if due.is_empty() {
            return false;
        }
        let (index, is_reader) = due[random.below(due.len())];
        let direction = &mut directions[index];
        let waker = if is_reader { direction.reader.take() } else { direction.writer.take() };
        drop(state);
        waker.unwrap().wake();
        true
    }
}

impl State {
    fn is_pending(&self) -> bool {
        self.config.pending > 0 && self.random.once_in(self.config.pending)
    }
}

impl Direction {
    /// Moves what was held back, as far as there is room.
    fn drain(&mut self, capacity: usize) {
        let room = capacity.saturating_sub(self.bytes.len()).min(self.held.len());
        self.bytes.extend(self.held.drain(..room));
    }
}

impl AsyncRead for End {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.wire.0.borrow_mut();
        let is_pending = state.is_pending();
        let len = 1 + state.random.below(state.config.step);
        let direction = &mut state.directions[1 - self.index];
        let is_empty = direction.bytes.is_empty() && !direction.is_shut;
        if is_pending || is_empty {
            direction.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let len = len.min(buffer.remaining()).min(direction.bytes.len());
        let (front, back) = direction.bytes.as_slices();
        let front = &front[..len.min(front.len())];
        buffer.put_slice(front);
        buffer.put_slice(&back[..len - front.len()]);
        direction.bytes.drain(..len);
        Poll::Ready(Ok(()))
    }
}

impl End {
    fn poll_some(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.wire.0.borrow_mut();
        let is_pending = state.is_pending();
        let len = 1 + state.random.below(state.config.step);
        let WireConfig { capacity, is_buffered, .. } = state.config;
        let direction = &mut state.directions[self.index];
        assert!(!direction.is_shut, "a write after the shutdown");
        if direction.is_gone {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let place = if is_buffered { &mut direction.held } else { &mut direction.bytes };
        let room = capacity - place.len();
        if is_buffered && room == 0 {
            direction.drain(capacity);
        }
        let place = if is_buffered { &mut direction.held } else { &mut direction.bytes };
        let room = capacity - place.len();
        if is_pending || room == 0 {
            direction.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let len = len.min(room).min(bytes.len());
        place.extend(&bytes[..len]);
        Poll::Ready(Ok(len))
    }

    fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.wire.0.borrow_mut();
        let is_pending = state.is_pending();
        let capacity = state.config.capacity;
        let direction = &mut state.directions[self.index];
        direction.drain(capacity);
        if direction.is_gone {
            direction.held.clear();
        }
        if is_pending || !direction.held.is_empty() {
            direction.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

impl AsyncWrite for End {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_some(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
        self.poll_some(cx, &all)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.0.borrow().config.is_vectored
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_drain(cx).map(Ok)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_drain(cx));
        self.wire.0.borrow_mut().directions[self.index].is_shut = true;
        Poll::Ready(Ok(()))
    }
}

impl Drop for End {
    /// The peer reads the end, and cannot write.
    fn drop(&mut self) {
        let mut state = self.wire.0.borrow_mut();
        let direction = &mut state.directions[self.index];
        direction.held.clear();
        direction.is_shut = true;
        state.directions[1 - self.index].is_gone = true;
    }
}
