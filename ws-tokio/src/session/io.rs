//! The stream of a connection: what is polled when, and which task is woken.

// Read first: RFC 6455 §5.5.2, §6.1, §7.1.

use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io::{self, IoSlice};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_core::connection::Transport;
use ws_core::error::SendError;
use ws_core::message::Message;
use ws_core::session::{Compress, Taken};

use super::Life;
use super::wakers::{Side, Wakers};
use crate::error::Error;

/// A stream, and all of a connection but its receiving side.
#[derive(Debug)]
pub(crate) struct Io<S> {
    pub(crate) stream: S,
    pub(crate) life: Life,
    wakers: Wakers,
    /// The stream took bytes and may still hold them back, as TLS does.
    wants_flush: bool,
    /// The sending side of the stream was shut down.
    is_shut_down: bool,
    /// Since when answers wait for the answers to the messages that came with theirs.
    gathering_since: Option<Duration>,
    /// How far the connection had come to its end when the other task was last told; a Close and the end of the stream are found between
    /// the polls of a side.
    closing: (Transport, bool),
}

/// A stream that can be written to.
pub(crate) trait Write: AsyncWrite + Unpin {}

impl<S: AsyncWrite + Unpin> Write for S {}

/// A stream in both directions.
pub(crate) trait Duplex: AsyncRead + Write {}

impl<S: AsyncRead + Write> Duplex for S {}

/// Lends an [`Io`]: itself, or from under a lock that is held for as long as `act` runs.
pub(crate) trait Access {
    type Stream;

    fn with<T>(&mut self, act: impl FnOnce(&mut Io<Self::Stream>) -> T) -> T;
}

impl<S> Access for Io<S> {
    type Stream = S;

    #[inline]
    fn with<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        act(self)
    }
}

/// When bytes leave that were queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    AtOnce,
    /// With what is sent or read next.
    Together,
}

/// What became of a read.
pub(super) enum ReadOn {
    /// So many bytes came, at this time.
    Filled(usize, Duration),
    Eof,
    /// The connection was closed.
    Closed,
}

impl<S> Io<S> {
    pub(crate) fn new(stream: S, life: Life) -> Self {
        Self {
            stream,
            life,
            wakers: Wakers::default(),
            wants_flush: false,
            is_shut_down: false,
            gathering_since: None,
            closing: (Transport::Open, false),
        }
    }

    /// When the answer to a message leaves after which another one has come already, or has not.
    #[inline]
    pub(crate) fn leave_after(&mut self, has_another: bool) -> Leave {
        if !has_another {
            self.gathering_since = None;
            return Leave::AtOnce;
        }
        let now = self.life.now();
        let since = *self.gathering_since.get_or_insert(now);
        if now.saturating_sub(since) < GATHERED_TIME_MAX { Leave::Together } else { Leave::AtOnce }
    }

    #[inline]
    fn wants_write(&self) -> bool {
        self.life.outbound.wants_transmit() || self.wants_flush
    }

    /// Polls one side in the task of `cx`, and wakes the task of the other side where that has something to do then.
    #[inline]
    pub(super) fn poll_side<T>(
        &mut self,
        side: Side,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Self, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if !self.wakers.is_other_waiting(side) {
            let polled = poll(self, cx);
            self.wakers.set(side, polled.is_pending().then_some(cx.waker()));
            return polled;
        }
        let both = self.wakers.shared(side, cx.waker());
        let (stand, deadline) = self.stand();
        let polled = poll(self, &mut Context::from_waker(both.as_ref().unwrap_or(cx.waker())));
        self.wakers.set(side, polled.is_pending().then_some(cx.waker()));
        let (new_stand, new_deadline) = self.stand();
        let closing = (self.life.outbound.transport(), self.life.outbound.is_closing());
        let is_known = mem::replace(&mut self.closing, closing) == closing;
        if !is_known || new_stand != stand || new_deadline < deadline {
            self.wakers.wake_other(side);
        }
        polled
    }

    /// What the task of the other side may wait for.
    fn stand(&self) -> (impl PartialEq + use<S>, Duration) {
        let outbound = &self.life.outbound;
        let stand = (outbound.is_ready(), self.wants_write());
        (stand, outbound.next_read_deadline().unwrap_or(Duration::MAX))
    }
}

impl<S: Write> Io<S> {
    /// Writes all that waits, and flushes the stream.
    pub(crate) fn poll_transmit(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let Some(error) = self.life.failure() {
            return Poll::Ready(Err(error));
        }
        let Self { stream, life, wants_flush, .. } = self;
        while life.outbound.wants_transmit() {
            let mut slices = [&[][..]; SLICE_COUNT_MAX];
            let count = life.outbound.transmit_many(&mut slices);
            if count == 0 {
                // There is no key to mask a control frame with.
                break;
            }
            match poll_write(stream, cx, slices.get(..count).unwrap_or_default()) {
                Poll::Ready(Ok(len)) => {
                    *wants_flush = true;
                    life.outbound.transmitted(len, life.clock.now());
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(life.write_failed(error))),
                Poll::Pending => return life.poll_blocked(cx).map(Err),
            }
        }
        if *wants_flush {
            match Pin::new(stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => *wants_flush = false,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(life.write_failed(error))),
                Poll::Pending => return life.poll_blocked(cx).map(Err),
            }
            // The timeout of writes had begun.
            if life.outbound.next_write_deadline().is_some() {
                life.outbound.transmitted(0, life.clock.now());
            }
        }
        // What waited was dropped where the connection has ended.
        Poll::Ready(if life.outbound.transport() == Transport::Closed { life.result() } else { Ok(()) })
    }

    /// Waits until a message can be queued, as the task that sends.
    pub(crate) fn poll_writable(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_side(Side::Write, cx, Self::poll_ready)
    }

    /// Waits until a message can be queued.
    #[inline]
    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.life.outbound.is_ready() {
            if self.life.outbound.is_closing() {
                // There may be room only once the peer reads, and then nothing may be sent.
                return Poll::Ready(Err(self.life.send_error(SendError::Closed)));
            }
            let transmitted = self.poll_transmit(cx);
            if transmitted.is_pending() && self.life.outbound.is_ready() {
                break;
            }
            ready!(transmitted)?;
        }
        Poll::Ready(self.life.failure().map_or(Ok(()), Err))
    }

    /// Writes what waits. Where it is to leave together with more, only if much waits, and then as far as the stream takes it at once.
    #[inline]
    pub(super) fn poll_leave(&mut self, cx: &mut Context<'_>, leave: Leave) -> Poll<Result<(), Error>> {
        if leave == Leave::Together && self.life.outbound.is_ready() {
            return Poll::Ready(Ok(()));
        }
        match self.poll_transmit(cx) {
            Poll::Pending if leave == Leave::Together => Poll::Ready(Ok(())),
            polled @ (Poll::Pending | Poll::Ready(_)) => polled,
        }
    }

    /// Sends a message that the stream takes from where it lies; what it does not take now is queued.
    #[inline(never)]
    pub(super) fn send_long(
        &mut self,
        cx: &mut Context<'_>,
        message: Message<'_>,
        compress: Compress,
    ) -> Result<(), Error> {
        let Self { stream, life, wants_flush, .. } = self;
        let joined_len = if stream.is_write_vectored() { 0 } else { JOINED_LEN };
        let (clock, mut failed) = (&life.clock, None);
        let result = life.outbound.send_through(message, compress, joined_len, |slices| {
            match poll_write(stream, cx, slices) {
                Poll::Ready(Ok(len)) => {
                    *wants_flush = true;
                    Taken::Bytes(len, clock.now())
                }
                Poll::Ready(Err(error)) => {
                    failed = Some(error);
                    Taken::Failed
                }
                Poll::Pending => Taken::Blocked(clock.now()),
            }
        });
        match failed {
            Some(error) => Err(life.write_failed(error)),
            None => result.map_err(|error| life.send_error(error)),
        }
    }

    /// Shuts down the sending side of the stream, once.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_shut_down {
            // That the peer is gone does not matter any more.
            let _gone = ready!(Pin::new(&mut self.stream).poll_shutdown(cx));
            self.is_shut_down = true;
        }
        Poll::Ready(())
    }
}

impl<S: Duplex> Io<S> {
    /// Called after the peer's Close: writes the answer, ends our direction where that is for us to do first, and does not wait for the
    /// peer to end its own.
    pub(crate) fn poll_answered(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_side(Side::Read, cx, |io, cx| {
            // That the peer is gone does not matter any more.
            while io.poll_transmit(cx).is_pending() {
                ready!(io.life.poll_due(cx))?;
            }
            if io.life.transport() == (Transport::Linger { shutdown_write: true }) {
                ready!(io.poll_shutdown(cx));
                io.life.outbound.write_shut_down();
            }
            Poll::Ready(io.life.result())
        })
    }

    /// Called when all that was read is taken: writes what waits, does with the stream what the closing handshake asks for, and reads.
    /// Does what is due while nothing comes.
    pub(super) fn poll_read_on(
        &mut self,
        cx: &mut Context<'_>,
        spare: &mut [u8],
    ) -> Poll<Result<ReadOn, Error>> {
        loop {
            let is_read_over = self.life.outbound.is_read_over();
            let transmitted = if self.wants_write() { self.poll_transmit(cx) } else { Poll::Ready(Ok(())) };
            match self.life.transport() {
                Transport::Open | Transport::Linger { shutdown_write: false } => {}
                Transport::Linger { shutdown_write: true } => {
                    if self.poll_shutdown(cx).is_ready() {
                        self.life.outbound.write_shut_down();
                        continue;
                    }
                }
                Transport::Closed => {
                    // It is not waited for: when the stream is dropped, that ends it too.
                    let _closed = self.poll_shutdown(cx);
                    return Poll::Ready(self.life.result().map(|()| ReadOn::Closed));
                }
            }
            if is_read_over {
                // The last bytes are written, though the peer sends nothing more.
                if transmitted.is_pending() {
                    ready!(self.life.poll_due(cx))?;
                } else {
                    self.life.read_failed(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            if spare.is_empty() {
                self.life.read_failed(io::ErrorKind::OutOfMemory.into());
                continue;
            }
            match poll_read(&mut self.stream, cx, spare) {
                Poll::Ready(Ok(0)) => {
                    self.life.has_read(0);
                    return Poll::Ready(Ok(ReadOn::Eof));
                }
                Poll::Ready(Ok(len)) => return Poll::Ready(Ok(ReadOn::Filled(len, self.life.has_read(len)))),
                Poll::Ready(Err(error)) => self.life.read_failed(error),
                Poll::Pending => ready!(self.life.poll_due(cx))?,
            }
        }
    }
}

/// Writes once: as many of the slices as the stream takes at once. Never returns 0.
pub(crate) fn poll_write<S: Write>(
    stream: &mut S,
    cx: &mut Context<'_>,
    slices: &[&[u8]],
) -> Poll<io::Result<usize>> {
    let stream = Pin::new(stream);
    let written = if let [slice] = slices {
        // For a socket `send` costs less than `writev`.
        stream.poll_write(cx, slice)
    } else {
        let mut given = [IoSlice::new(&[]); SLICE_COUNT_MAX];
        for (place, slice) in given.iter_mut().zip(slices) {
            *place = IoSlice::new(slice);
        }
        stream.poll_write_vectored(cx, given.get(..slices.len()).unwrap_or(&given))
    };
    let len = ready!(written)?;
    Poll::Ready(if len == 0 { Err(io::ErrorKind::WriteZero.into()) } else { Ok(len) })
}

/// Reads once. Returns 0 only at the end of the stream.
pub(crate) fn poll_read<S: AsyncRead + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    spare: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(spare);
    Pin::new(stream).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
}

/// How many bytes of a long payload are written with its header, where the stream takes one slice at a time.
const JOINED_LEN: usize = 16 * 1024;

/// How many slices are written at once.
const SLICE_COUNT_MAX: usize = 16;

/// For how long the answers to messages that came together are gathered for one write.
const GATHERED_TIME_MAX: Duration = Duration::from_millis(50);
