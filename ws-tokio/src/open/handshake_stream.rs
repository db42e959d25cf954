//! A stream while an opening handshake is done over it, and the time for that.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Poll, ready};
use core::time::Duration;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::input::ReadBuffer;

use crate::error::{Error, Phase};
use crate::session::{poll_read, poll_write};
use crate::socket::buffer;
use crate::timer::Clock;

#[derive(Debug)]
pub(super) struct HandshakeStream<S> {
    pub(super) stream: S,
    /// What was read and not taken yet.
    pub(super) buffer: ReadBuffer<Vec<u8>>,
    pub(super) has_received: bool,
}

impl<S> HandshakeStream<S> {
    /// `unread` is what was read from the stream already.
    pub(super) fn new(stream: S, unread: &[u8]) -> Result<Self, Error> {
        Ok(Self { stream, buffer: buffer(unread)?, has_received: !unread.is_empty() })
    }
}

impl<S: AsyncRead + Unpin> HandshakeStream<S> {
    /// Reads once. `false` at the end of the stream, and where the buffer is full.
    pub(super) async fn fill(&mut self) -> Result<bool, Error> {
        let Self { stream, buffer, has_received } = self;
        let spare = buffer.spare();
        if spare.is_empty() {
            return Ok(false);
        }
        let len = poll_fn(|cx| poll_read(stream, cx, spare)).await?;
        buffer.filled(len);
        *has_received |= len > 0;
        Ok(len > 0)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> HandshakeStream<S> {
    /// Writes all of `bytes`, and flushes the stream.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        let written = poll_fn(|cx| {
            while !bytes.is_empty() {
                let len = ready!(poll_write(&mut self.stream, cx, &[bytes]))?;
                bytes = bytes.get(len..).unwrap_or_default();
            }
            Pin::new(&mut self.stream).poll_flush(cx)
        });
        Ok(written.await?)
    }

    /// Ends a connection on which all is said: shuts down the sending side, and discards what the peer still sends, so that it can read
    /// the answer.
    pub(super) async fn finish(&mut self) -> Result<(), Error> {
        poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx)).await?;
        let mut discarded_len = 0_usize;
        let discarded = poll_fn(|cx| {
            // Not held across an await: the task of a connection would be as much larger.
            let mut discarded = [0; 1024];
            while discarded_len < DISCARDED_LEN_MAX {
                match ready!(poll_read(&mut self.stream, cx, &mut discarded))? {
                    0 => break,
                    len => discarded_len = discarded_len.saturating_add(len),
                }
            }
            Poll::Ready(Ok(()))
        });
        discarded.await
    }
}

/// Runs a part of a handshake, until `deadline` at most.
pub(crate) async fn within<T, E: Into<Error>>(
    clock: &mut Clock,
    deadline: Option<Duration>,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, Error> {
    let mut future = pin!(future);
    poll_fn(|cx| match (future.as_mut().poll(cx), deadline) {
        (Poll::Ready(result), _) => Poll::Ready(result.map_err(Into::into)),
        (Poll::Pending, None) => Poll::Pending,
        (Poll::Pending, Some(deadline)) => {
            clock.poll_read_until(cx, deadline).map(|()| Err(Error::Timeout(Phase::Handshake)))
        }
    })
    .await
}

/// Storage for a head, of `len` bytes.
pub(super) fn head_storage(len: usize) -> io::Result<Vec<u8>> {
    let mut storage = Vec::new();
    storage.try_reserve_exact(len).map_err(|_full| io::ErrorKind::OutOfMemory)?;
    storage.resize(len, 0);
    Ok(storage)
}

/// How much of what a peer sends after its answer is discarded, in bytes.
const DISCARDED_LEN_MAX: usize = 16 * 1024 * 1024;
