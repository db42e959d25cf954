use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use ws_core::connection::{Closure, Role};
use ws_core::event::MessageType;
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload};

use super::shared::Shared;
use super::{Channel, Duplex, SplitMessageWriter};
use crate::{Counters, EncodedMessage, Error, Message, Timeouts};

/// The half of a [`WebSocket`](crate::WebSocket) that writes, from [`split`](crate::WebSocket::split).
///
/// It may be used by several threads at once, by reference or as a clone: messages stay whole, and leave in the order in
/// which they were sent. Each call comes back when the stream has taken what it sent. While one thread writes, the others
/// lay their messages beside it for the next write, one each, and no more than 64 KiB before the last of them; then they
/// wait.
///
/// Unlike a [`Writer`](crate::Writer) it copies each message. Where all clones are dropped the connection stays open, and
/// [`ReadHalf`](super::ReadHalf) still answers.
pub struct WriteHalf<S: Duplex> {
    shared: Arc<Shared<S>>,
}

impl<S: Duplex> WriteHalf<S> {
    pub(super) const fn new(shared: Arc<Shared<S>>) -> Self {
        Self { shared }
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once either side has begun to close, [`Error::Fault`] where that was for what the peer did,
    /// [`Error::MessageUnfinished`] where a message was begun in parts before the split; what ends the connection:
    /// [`Error::Disconnected`], [`Error::Timeout`], [`Error::Io`]. Then the message may have been sent in part.
    pub fn send(&self, message: Message<'_>) -> Result<(), Error> {
        self.shared.commit_message(|wire| wire.send(message))
    }

    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        self.send(Message::Text(text))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_binary(&self, bytes: &[u8]) -> Result<(), Error> {
        self.send(Message::Binary(bytes))
    }

    /// As [`Writer::send_uncompressed`](crate::Writer::send_uncompressed).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    #[cfg(feature = "deflate")]
    pub fn send_uncompressed(&self, message: Message<'_>) -> Result<(), Error> {
        self.shared.commit_message(|wire| wire.send_uncompressed(message))
    }

    /// As [`Writer::send_compressed`](crate::Writer::send_compressed).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    #[cfg(feature = "deflate")]
    pub fn send_compressed(&self, message: Message<'_>) -> Result<(), Error> {
        self.shared.commit_message(|wire| wire.send_compressed(message))
    }

    /// As [`WebSocket::send_encoded`](crate::WebSocket::send_encoded).
    ///
    /// # Errors
    ///
    /// [`Error::NotAdmitted`]; as [`send`](Self::send) otherwise.
    pub fn send_encoded<B: AsRef<[u8]>>(&self, message: &EncodedMessage<B>) -> Result<(), Error> {
        self.shared.commit_message(|wire| wire.send_encoded(message))
    }

    /// Sends a message without waiting for the peer: what it does not take at once stays behind, and is written by the next
    /// who sends, by [`flush`](Self::flush), or by the reading half between two reads.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with [`io::ErrorKind::WouldBlock`](std::io::ErrorKind::WouldBlock) where 64 KiB or more stayed behind
    /// already: nothing was taken. As [`send`](Self::send) otherwise.
    pub fn try_send(&self, message: Message<'_>) -> Result<(), Error> {
        self.shared.offer(|wire| wire.send(message))
    }

    /// As [`try_send`](Self::try_send), with a message that was encoded for many.
    ///
    /// # Errors
    ///
    /// [`Error::NotAdmitted`]; as there otherwise.
    pub fn try_send_encoded<B: AsRef<[u8]>>(&self, message: &EncodedMessage<B>) -> Result<(), Error> {
        self.shared.offer(|wire| wire.send_encoded(message))
    }

    /// As [`start_close`](Self::start_close), without waiting for the peer to take what was sent before, nor the Close.
    pub fn try_start_close(&self, code: CloseCode, reason: &str) {
        self.shared.offer_close(CloseFrame::truncated(code, reason));
    }

    /// Writes what [`try_send`](Self::try_send) left behind, and waits for it.
    ///
    /// # Errors
    ///
    /// What ends the connection.
    pub fn flush(&self) -> Result<(), Error> {
        self.shared.flush()
    }

    /// The same for who does not know the stream.
    pub(crate) fn into_channel(self) -> Arc<dyn Channel>
    where
        S: Send + 'static,
    {
        self.shared
    }

    /// Sends a ping with up to 125 bytes (RFC 6455 §5.5.2). The pong comes as an event of
    /// [`ReadHalf::read_event`](super::ReadHalf::read_event).
    ///
    /// # Errors
    ///
    /// [`Error::PingLen`] for a longer payload; as [`send`](Self::send) otherwise.
    pub fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        let payload = ControlPayload::new(payload).ok_or(Error::PingLen)?;
        self.shared.commit_control(|wire| {
            if wire.is_closing() {
                return Err(Error::Closed);
            }
            wire.sender.ping(payload);
            Ok(())
        })
    }

    /// Begins a message whose parts are written one by one, however long it becomes (RFC 6455 §5.4). Pings, pongs and the
    /// Close go out between its parts; the messages of other clones wait for its end, without a limit in time. A thread
    /// that sends by a clone while it has this writer waits for itself.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn message_writer(&mut self, message_type: MessageType) -> Result<SplitMessageWriter<'_, S>, Error> {
        SplitMessageWriter::new(&self.shared, message_type)
    }

    /// Sends a Close and returns: the reading half still gives messages until the peer's Close comes, and has to be read
    /// for the connection to end, which it does within [`Timeouts::close`]. Where the connection is closing already,
    /// nothing changes.
    ///
    /// # Errors
    ///
    /// What ends the connection.
    pub fn start_close(&self, code: CloseCode, reason: &str) -> Result<(), Error> {
        let mut state = self.shared.lock();
        state.wire.start_close(CloseFrame::truncated(code, reason));
        self.shared.drive_all(state)
    }

    /// How the connection ended, once it has: who began it, the peer's code, and whether it was clean.
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.shared.lock().wire.closure()
    }

    /// What was carried in both directions, as [`WebSocket::counters`](crate::WebSocket::counters). What was received is as it
    /// was when the other half waited for more, or came to its end.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let state = self.shared.lock();
        state.counters(state.wire.received)
    }

    /// The round trip of the last ping of the keepalive, as [`WebSocket::latency`](crate::WebSocket::latency).
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.shared.lock().wire.clock.latency()
    }

    /// Which end of the connection this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.shared.lock().wire.sender.role()
    }

    /// The timeouts of the open connection.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.shared.lock().wire.timeouts
    }

    /// Frees the memory of the compressor, as [`WebSocket::release_deflate`](crate::WebSocket::release_deflate).
    #[cfg(feature = "deflate")]
    pub fn release_deflate(&self) {
        if let Some(deflation) = &mut self.shared.lock().wire.deflation {
            deflation.release();
        }
    }

    pub(super) fn is_of(&self, shared: &Arc<Shared<S>>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }
}

impl<S: Duplex> Clone for WriteHalf<S> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<S: Duplex> fmt::Debug for WriteHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}
