use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use ws_core::connection::{Closure, EncodedMessage, Role};
use ws_core::error::SendError;
use ws_core::event::MessageType;
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload, Fin};
use ws_core::message::Message;

#[cfg(feature = "hub")]
use super::Channel;
use super::shared::Shared;
use crate::counters::Counters;
use crate::error::Error;
use crate::session::queue_controls;
use crate::socket::MessageWriter;
use crate::socket::message_writer::PartSink;
use crate::stream::duplex::Duplex;
use crate::timeouts::Timeouts;

/// The half of a [`WebSocket`](crate::WebSocket) that writes, from [`split`](crate::WebSocket::split).
///
/// It may be used by several threads at once, by reference or as a clone: messages stay whole, and leave in the order in
/// which they were sent. Each call returns when the stream has taken what it sent, unless it answers a message after which
/// another has come already ([when bytes leave](crate#when-bytes-leave)). While one thread writes, the others queue their
/// messages for the next write, one each, and no more than 64 KiB before the last of them; then they wait.
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
        self.shared.commit_message(|outbound| outbound.send(message))
    }

    /// Queues a message, to leave with what is sent after it: [when bytes leave](crate#when-bytes-leave).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn feed(&self, message: Message<'_>) -> Result<(), Error> {
        self.shared.feed(|outbound| outbound.send(message))
    }

    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn send_text(&self, text: &str) -> Result<(), Error> {
        self.send(Message::Text(text))
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn send_binary(&self, bytes: &[u8]) -> Result<(), Error> {
        self.send(Message::Binary(bytes))
    }

    /// Sends a message as it is, whatever was agreed on, as [`Writer::send_uncompressed`](crate::Writer::send_uncompressed) does.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[cfg(feature = "deflate")]
    pub fn send_uncompressed(&self, message: Message<'_>) -> Result<(), Error> {
        self.shared.commit_message(|outbound| outbound.send_uncompressed(message))
    }

    /// Sends a message compressed however short it is, where compression was agreed on, as
    /// [`Writer::send_compressed`](crate::Writer::send_compressed) does.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[cfg(feature = "deflate")]
    pub fn send_compressed(&self, message: Message<'_>) -> Result<(), Error> {
        self.shared.commit_message(|outbound| outbound.send_compressed(message))
    }

    /// Sends a message that was encoded once for many connections, as [`WebSocket::send_encoded`](crate::WebSocket::send_encoded)
    /// does.
    ///
    /// # Errors
    ///
    /// [`Error::NotAdmitted`]; as [`send`](Self::send) otherwise.
    pub fn send_encoded(&self, message: &Arc<EncodedMessage<Vec<u8>>>) -> Result<(), Error> {
        self.shared.commit_message(|outbound| outbound.send_encoded(message))
    }

    /// Sends a message without waiting for the peer: what it does not take at once stays queued, and is written with the next
    /// message that is sent, by [`flush`](Self::flush), or by the reading half between two reads.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] with [`io::ErrorKind::WouldBlock`](std::io::ErrorKind::WouldBlock) where 64 KiB or more wait already: nothing was
    /// taken. As [`send`](Self::send) otherwise.
    pub fn try_send(&self, message: Message<'_>) -> Result<(), Error> {
        self.shared.write_soon(self.shared.offer(|outbound| outbound.send(message))?);
        Ok(())
    }

    /// Sends a message that was encoded for many without waiting for the peer, as [`try_send`](Self::try_send) does.
    ///
    /// # Errors
    ///
    /// [`Error::NotAdmitted`]; those of [`try_send`](Self::try_send).
    pub fn try_send_encoded(&self, message: &Arc<EncodedMessage<Vec<u8>>>) -> Result<(), Error> {
        self.shared.write_soon(self.shared.offer(|outbound| outbound.send_encoded(message))?);
        Ok(())
    }

    /// Begins to close as [`start_close`](Self::start_close) does, without waiting for the peer to take what was sent before, nor
    /// the Close.
    pub fn try_start_close(&self, code: CloseCode, reason: &str) {
        let mut state = self.shared.lock();
        state.outbound.close(CloseFrame::truncated(code, reason));
        self.shared.notify(&state);
        self.shared.write_soon(state);
    }

    /// Writes what [`try_send`](Self::try_send) and [`feed`](Self::feed) have left, and waits for it.
    ///
    /// # Errors
    ///
    /// What ends the connection.
    pub fn flush(&self) -> Result<(), Error> {
        self.shared.drive_all(self.shared.lock())
    }

    /// Hides which stream it writes to.
    #[cfg(feature = "hub")]
    pub(crate) fn into_channel(self) -> Arc<dyn Channel> {
        Arc::<Shared<S>>::clone(&self.shared)
    }

    /// Sends a ping with up to 125 bytes (RFC 6455 §5.5.2). The pong comes as an event of
    /// [`ReadHalf::read_event`](super::ReadHalf::read_event).
    ///
    /// # Errors
    ///
    /// [`Error::PingLen`] for a longer payload; as [`send`](Self::send) otherwise.
    pub fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        let payload = ControlPayload::new(payload).ok_or(Error::PingLen)?;
        self.shared.commit_control(|outbound| {
            if outbound.is_closing() {
                return Err(SendError::Closed);
            }
            outbound.ping(payload);
            queue_controls(outbound);
            Ok(())
        })
    }

    /// Begins a message whose parts are written one by one, however long it becomes (RFC 6455 §5.4). Pings, pongs and the
    /// Close go out between its parts; the messages of other threads wait for its end, without a limit in time. This thread
    /// would wait for itself: until the writer is finished or dropped, what it sends by a clone is refused with
    /// [`Error::MessageUnfinished`].
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn message_writer(&mut self, message_type: MessageType) -> Result<MessageWriter<'_>, Error> {
        self.shared.begin_message()?;
        Ok(MessageWriter::new(Box::new(Parts { shared: &self.shared }), message_type))
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
        state.outbound.close(CloseFrame::truncated(code, reason));
        self.shared.drive_all(state)
    }

    /// How the connection ended, once it has: who began it, the peer's code, and whether it was clean.
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.shared.lock().outbound.closure()
    }

    /// What was carried in both directions, as [`WebSocket::counters`](crate::WebSocket::counters). What was received is as it
    /// was when the other half waited for more, or came to its end.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let state = self.shared.lock();
        state.counters(state.received)
    }

    /// The round trip of the last ping of the keepalive, as [`WebSocket::latency`](crate::WebSocket::latency).
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.shared.lock().outbound.latency()
    }

    /// Which end of the connection this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.shared.lock().outbound.role()
    }

    /// The timeouts of the open connection.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.shared.lock().life.timeouts
    }

    /// Frees the memory of the compressor, as [`WebSocket::release_deflate`](crate::WebSocket::release_deflate).
    #[cfg(feature = "deflate")]
    pub fn release_deflate(&self) {
        self.shared.lock().outbound.release();
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

impl<S: Duplex> Drop for WriteHalf<S> {
    /// Writes what was fed, as far as the stream takes it, where no reading half is left to do that.
    fn drop(&mut self) {
        let state = self.shared.lock();
        if state.is_reader_gone && state.is_to_be_written() {
            self.shared.write_soon(state);
        }
    }
}

impl<S: Duplex> fmt::Debug for WriteHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}

/// The right to send the parts of a message, until it is dropped.
struct Parts<'a, S: Duplex> {
    shared: &'a Shared<S>,
}

impl<S: Duplex> PartSink for Parts<'_, S> {
    fn send_part(&mut self, part: Message<'_>, fin: Fin) -> Result<(), Error> {
        self.shared.commit_part(part, fin)
    }

    /// Nothing: a part is written when it is sent.
    fn transmit(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

impl<S: Duplex> Drop for Parts<'_, S> {
    fn drop(&mut self) {
        self.shared.end_message();
    }
}
