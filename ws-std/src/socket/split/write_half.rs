use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use ws_core::connection::{Closure, EncodedMessage, Role};
use ws_core::event::MessageType;
use ws_core::frame::{CloseFrame, ControlPayload, Fin};
use ws_core::keepalive::Timeouts;
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::Compress;

#[cfg(feature = "hub")]
use super::Channel;
use super::shared::Shared;
use crate::counters::Counters;
use crate::error::{Error, Unsent};
use crate::session::{Outgoing, send_owned};
use crate::socket::MessageWriter;
use crate::socket::message_writer::PartSink;
use crate::stream::duplex::Duplex;

/// The half of a [`WebSocket`](crate::WebSocket) that writes, from [`split`](crate::WebSocket::split).
///
/// Several threads may use it at once, by reference or as clones: messages stay whole, and leave in the order in which they
/// were sent. Each call returns when the stream has taken what it sent, unless it answers a message after which another has
/// come already ([when bytes leave](crate#when-bytes-leave)). While one thread writes, the others queue their messages for the
/// next write; where 64 KiB or more are queued, they wait first.
///
/// Unlike a [`Writer`](crate::Writer) it copies each message, except by [`send_owned`](Self::send_owned). After all clones are dropped
/// the connection stays open, and [`ReadHalf`](super::ReadHalf) still answers.
pub struct WriteHalf<S: Duplex> {
    shared: Arc<Shared<S>>,
}

impl<S: Duplex> WriteHalf<S> {
    pub(super) const fn new(shared: Arc<Shared<S>>) -> Self {
        Self { shared }
    }

    /// Sends a message, and returns when the stream has taken it, unless it answers a message after which another has come already
    /// ([when bytes leave](crate#when-bytes-leave)).
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once either side has begun to close, or [`Error::Fault`] where the peer broke the rules;
    /// [`Error::MessageUnfinished`] where a message was begun in parts and not finished. After these nothing was sent. And those
    /// that end the connection, after which the message may have been sent in part: [`Error::Disconnected`], [`Error::Timeout`],
    /// [`Error::Io`].
    pub fn send<'m>(&self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.shared.send(Outgoing::Message(message.into(), Compress::ByLength))
    }

    /// Queues a message, which leaves with what is sent after it: [when bytes leave](crate#when-bytes-leave).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn feed<'m>(&self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.shared.feed(Outgoing::Message(message.into(), Compress::ByLength)).map(drop)
    }

    /// Sends a message without compression, even where it was negotiated; see
    /// [`Writer::send_uncompressed`](crate::Writer::send_uncompressed).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[cfg(feature = "deflate")]
    pub fn send_uncompressed<'m>(&self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.shared.send(Outgoing::Message(message.into(), Compress::Never))
    }

    /// Sends a message compressed, however short it is, where compression was negotiated, and as it is otherwise.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[cfg(feature = "deflate")]
    pub fn send_compressed<'m>(&self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.shared.send(Outgoing::Message(message.into(), Compress::Always))
    }

    /// Sends a message that is given away. It is not copied, and a client masks it where it lies; but up to 4 KiB are copied, and what
    /// is to be compressed is, as by [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), with the message where nothing of it was taken.
    pub fn send_owned(&self, message: impl Into<OwnedMessage>) -> Result<(), Unsent> {
        send_owned(message.into(), |outgoing| self.shared.send(outgoing))
    }

    /// Sends a message that was encoded once, and perhaps compressed, for many connections of a server. Its bytes are shared, not
    /// copied.
    ///
    /// # Errors
    ///
    /// [`Error::NotAdmitted`] where the connection is a client's, or the message is compressed and that was not negotiated; those of
    /// [`send`](Self::send).
    pub fn send_encoded(&self, message: &Arc<EncodedMessage<Vec<u8>>>) -> Result<(), Error> {
        self.shared.send(Outgoing::Encoded(message))
    }

    /// Sends a message without waiting for the peer. What the peer does not take at once stays queued. It is written with the next
    /// message that is sent, by [`flush`](Self::flush), or by the reading half between two reads.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`] where 64 KiB or more wait already, or another
    /// thread sends a message in parts: nothing was taken. Those of [`send`](Self::send).
    pub fn try_send<'m>(&self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.shared.write_soon(self.shared.offer(Outgoing::Message(message.into(), Compress::ByLength))?);
        Ok(())
    }

    /// Sends a message that is given away, without waiting for the peer. What the peer does not take at once stays queued, without a
    /// copy; see [`try_send`](Self::try_send).
    ///
    /// # Errors
    ///
    /// Those of [`try_send`](Self::try_send), with the message.
    pub fn try_send_owned(&self, message: impl Into<OwnedMessage>) -> Result<(), Unsent> {
        send_owned(message.into(), |outgoing| {
            self.shared.write_soon(self.shared.offer(outgoing)?);
            Ok(())
        })
    }

    /// Sends a message that was encoded once for many connections, without waiting for the peer. What the peer does not take at once
    /// stays queued; see [`try_send`](Self::try_send).
    ///
    /// # Errors
    ///
    /// [`Error::NotAdmitted`] where the connection is a client's, or the message is compressed and that was not negotiated; those of
    /// [`try_send`](Self::try_send).
    pub fn try_send_encoded(&self, message: &Arc<EncodedMessage<Vec<u8>>>) -> Result<(), Error> {
        self.shared.write_soon(self.shared.offer(Outgoing::Encoded(message))?);
        Ok(())
    }

    /// Sends a Close without waiting for the peer to take it, or what was sent before it. Where the connection is closing already,
    /// nothing changes. The reading half has to be read for the connection to end; see [`start_close`](Self::start_close).
    pub fn try_start_close(&self, frame: impl Into<CloseFrame>) {
        self.shared.write_soon(self.shared.close(frame.into()));
    }

    /// Writes all that is queued, such as by [`try_send`](Self::try_send) and [`feed`](Self::feed), and waits until it has left.
    ///
    /// # Errors
    ///
    /// Those that end the connection.
    pub fn flush(&self) -> Result<(), Error> {
        self.shared.drive_all(self.shared.lock())
    }

    /// Hides the type of the stream.
    #[cfg(feature = "hub")]
    pub(crate) fn into_channel(self) -> Arc<dyn Channel> {
        Arc::<Shared<S>>::clone(&self.shared)
    }

    /// Sends a ping with up to 125 bytes (RFC 6455 §5.5.2). The pong comes as an event of
    /// [`ReadHalf::read_event`](super::ReadHalf::read_event) and [`ReadHalf::read_part`](super::ReadHalf::read_part).
    ///
    /// # Errors
    ///
    /// [`Error::PingLen`] for a longer payload; those of [`send`](Self::send).
    pub fn ping(&self, payload: &[u8]) -> Result<(), Error> {
        let payload = ControlPayload::new(payload).ok_or(Error::PingLen)?;
        self.shared.send(Outgoing::Ping(&payload))
    }

    /// Begins a message that is written in parts, of any length in total (RFC 6455 §5.4). Pings, pongs and the Close go out
    /// between its parts. The messages of other threads wait for its end, without a limit in time. A message that this thread sends
    /// by a clone, before the writer is finished or dropped, would wait for itself: it fails with [`Error::MessageUnfinished`].
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn message_writer(&mut self, message_type: MessageType) -> Result<MessageWriter<'_>, Error> {
        self.shared.begin_message()?;
        Ok(MessageWriter::new(Box::new(Parts { shared: &self.shared }), message_type))
    }

    /// Sends a Close, and returns when it has left. Go on reading from the reading half: it returns the messages that arrive before
    /// the peer's Close, and ends the connection within [`Timeouts::close`]. Where the connection is closing already, nothing
    /// changes.
    ///
    /// # Errors
    ///
    /// Those that end the connection.
    pub fn start_close(&self, frame: impl Into<CloseFrame>) -> Result<(), Error> {
        self.shared.drive_all(self.shared.close(frame.into()))
    }

    /// How the connection ended, once it has: which side began to close, the peer's code, and whether both sent a Close.
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.shared.lock().life.outbound.closure()
    }

    /// What the connection has carried in both directions, and why it ended, once it has. What was received is counted up to when
    /// the other half last waited for more, or came to its end.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let state = self.shared.lock();
        state.life.counters(state.life.record.received)
    }

    /// The round trip of the last keepalive ping that was answered. `None` before the first pong, and without
    /// [`Timeouts::with_ping_interval`].
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.shared.lock().life.outbound.latency()
    }

    /// Whether this is the server or the client.
    #[must_use]
    pub fn role(&self) -> Role {
        self.shared.lock().life.outbound.role()
    }

    /// The timeouts of the open connection.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.shared.lock().life.timeouts
    }

    /// Frees the compressor of an idle connection, so that the next message begins with an empty window and is longer.
    /// [`ReadHalf::release_deflate`](super::ReadHalf::release_deflate) frees the buffers of messages.
    #[cfg(feature = "deflate")]
    pub fn release_deflate(&self) {
        self.shared.lock().life.outbound.release();
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
        self.shared.send(Outgoing::Part(part, fin))
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
