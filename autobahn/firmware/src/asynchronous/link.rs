//! The stream of a connection, and until when to wait for it.

use core::time::Duration;

use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use embedded_io_async::{Read, Write};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};

use super::Error;

/// What a connection needs of its stream.
///
/// `flush` is called before the peer is waited for. embassy's `TcpSocket` sends without it, and its `flush` waits until the peer
/// has acknowledged everything: an implementation for it saves that time by a `flush` that does nothing.
#[expect(async_fn_in_trait, reason = "executors of firmware run tasks on the thread that made them")]
pub trait Stream: Read + Write {
    /// Says that nothing more will be written (TCP's FIN), and lets reading go on. A stream that knows no such thing flushes.
    async fn shutdown_write(&mut self) -> Result<(), Self::Error>;
}

impl<S: Stream + ?Sized> Stream for &mut S {
    async fn shutdown_write(&mut self) -> Result<(), Self::Error> {
        (**self).shutdown_write().await
    }
}

/// A clock that can be waited for.
#[expect(async_fn_in_trait, reason = "executors of firmware run tasks on the thread that made them")]
pub trait Timer {
    /// The time since any moment, always the same one. It does not go back.
    fn now(&self) -> Duration;

    /// Completes when [`now`](Self::now) has reached `time`. To drop it before that does no harm.
    async fn wait_until(&self, time: Duration);
}

/// A stream, a clock, and the deadlines.
#[derive(Debug)]
pub struct Link<S, T> {
    stream: S,
    timer: T,
    keepalive: Keepalive,
    /// The opening handshake is over.
    is_established: bool,
    /// Nothing was written since the last `flush`.
    is_flushed: bool,
}

/// Why a read has ended.
pub(super) enum Woken {
    /// So many bytes have come, or none at the end of the stream.
    Read(usize),
    /// It is time for this.
    Due(Due),
}

impl<S, T: Timer> Link<S, T> {
    /// Joins them. The time for the opening handshake begins now.
    #[must_use]
    pub fn new(stream: S, timer: T, timeouts: KeepaliveConfig) -> Self {
        let keepalive = Keepalive::new(timeouts, timer.now());
        Self { stream, timer, keepalive, is_established: false, is_flushed: true }
    }

    pub(super) fn established(&mut self) {
        self.is_established = true;
        self.keepalive.established(self.timer.now());
    }

    pub(super) fn message_received(&mut self) {
        self.keepalive.message(self.timer.now());
    }

    pub(super) fn ping_sent(&mut self) {
        self.keepalive.ping_sent(self.timer.now());
    }

    /// The time to close begins, where it has not begun.
    pub(super) fn closing(&mut self) {
        self.keepalive.closing(self.timer.now());
    }

    /// Whether a handshake goes on, the opening or the closing one, that has one deadline for all of it.
    fn is_shaking_hands(&self) -> bool {
        !self.is_established || self.keepalive.is_closing()
    }

    fn write_deadline(&self) -> Option<Duration> {
        let write_timeout = self.keepalive.config().write_timeout();
        let write = write_timeout.map(|timeout| self.timer.now().saturating_add(timeout));
        let handshake = if self.is_shaking_hands() { self.keepalive.next_deadline() } else { None };
        [write, handshake].into_iter().flatten().min()
    }

    /// Which of the two passed.
    fn write_due(&mut self) -> Due {
        let handshake = if self.is_shaking_hands() { self.keepalive.poll(self.timer.now()) } else { None };
        handshake.unwrap_or(Due::WriteTimeout)
    }
}

impl<S: Stream, T: Timer> Link<S, T> {
    /// Reads, or says what is due. `spare` is not empty.
    pub(super) async fn read(&mut self, spare: &mut [u8]) -> Result<Woken, Error<S::Error>> {
        loop {
            // A peer that sends without a pause does not outlive a handshake. What else is due is judged only where there
            // is nothing to be read, since that might be the pong.
            if self.is_shaking_hands() {
                if let Some(due) = self.keepalive.poll(self.timer.now()) {
                    return Ok(Woken::Due(due));
                }
            }
            let deadline = self.keepalive.next_deadline();
            if let Some(read) = until(&self.timer, deadline, self.stream.read(spare)).await {
                let len = read?;
                self.keepalive.received(self.timer.now());
                return Ok(Woken::Read(len));
            }
            if let Some(due) = self.keepalive.poll(self.timer.now()) {
                return Ok(Woken::Due(due));
            }
        }
    }

    /// Reads a part of a head.
    pub(super) async fn fill(&mut self, input: &mut ReadBuffer<&mut [u8]>) -> Result<(), Error<S::Error>> {
        match self.read(input.spare()).await? {
            Woken::Read(0) => Err(Error::Eof),
            Woken::Read(len) => {
                input.filled(len);
                Ok(())
            }
            Woken::Due(due) => Err(Error::TimedOut(due)),
        }
    }

    /// Writes all of it.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error<S::Error>> {
        while !bytes.is_empty() {
            self.is_flushed = false;
            let deadline = self.write_deadline();
            match until(&self.timer, deadline, self.stream.write(bytes)).await {
                Some(Ok(0)) => return Err(Error::Eof),
                Some(written) => bytes = bytes.get(written?..).unwrap_or_default(),
                None => return Err(Error::TimedOut(self.write_due())),
            }
        }
        Ok(())
    }

    /// Lets what was written leave, before the peer is waited for.
    pub(super) async fn flush(&mut self) -> Result<(), Error<S::Error>> {
        if self.is_flushed {
            return Ok(());
        }
        let deadline = self.write_deadline();
        match until(&self.timer, deadline, self.stream.flush()).await {
            Some(flushed) => flushed?,
            None => return Err(Error::TimedOut(self.write_due())),
        }
        self.is_flushed = true;
        Ok(())
    }

    /// Ends the stream after the last byte was written, so that the peer reads it: a stream that is closed over unread input is
    /// reset, and what the peer has not read yet may be lost. What comes is discarded, until the peer ends its side or the time
    /// to close is over.
    pub(super) async fn linger(&mut self, storage: &mut [u8], shutdown_write: bool) {
        self.closing();
        if shutdown_write {
            let deadline = self.write_deadline();
            let Some(Ok(())) = until(&self.timer, deadline, self.stream.shutdown_write()).await else {
                return;
            };
        }
        while let Ok(Woken::Read(1..)) = self.read(storage).await {
            yield_now().await;
        }
    }
}

/// What `work` returns, or `None` where the deadline comes first.
async fn until<T: Timer, R>(
    timer: &T,
    deadline: Option<Duration>,
    work: impl Future<Output = R>,
) -> Option<R> {
    let Some(deadline) = deadline else { return Some(work.await) };
    match select(work, timer.wait_until(deadline)).await {
        Either::First(result) => Some(result),
        Either::Second(()) => None,
    }
}
