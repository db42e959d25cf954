use alloc::sync::Arc;
use core::fmt;

use ws_core::connection::EncodedMessage;
use ws_core::event::MessageType;
use ws_core::frame::{CloseFrame, ControlPayload};
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::Compress;

use super::MessageWriter;
use crate::error::{Error, Unsent};
use crate::session::{Io, Leave, Outgoing};
use crate::stream::Stream;

/// The sending side of a [`WebSocket`](crate::WebSocket), lent beside a message that was received.
pub struct Writer<'a, S> {
    io: &'a mut Io<S>,
    leave: Leave,
}

impl<'a, S: Stream> Writer<'a, S> {
    #[inline]
    pub(super) const fn new(io: &'a mut Io<S>, leave: Leave) -> Self {
        Self { io, leave }
    }

    /// Sends a message, in one frame. It leaves before the call returns, unless it answers a message after which another has
    /// come already: then it leaves with the answer to that ([when bytes leave](crate#when-bytes-leave)).
    ///
    /// Where compression was negotiated, a message that is long enough is compressed, and then sent in fragments where it is longer
    /// than 64 KiB.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] where a Close was sent or received; [`Error::MessageUnfinished`]; [`Error::WouldBlock`] where the
    /// stream would block and 16 KiB or more wait to be written. After these nothing of the message was taken. And those that end the
    /// connection: [`Error::Disconnected`], [`Error::Timeout`], [`Error::Io`], [`Error::Fault`].
    #[inline]
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.io.send(message.into(), Compress::ByLength, self.leave)
    }

    /// Queues a message, which leaves with what is sent after it: [when bytes leave](crate#when-bytes-leave).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn feed<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.io.send(message.into(), Compress::ByLength, Leave::Together)
    }

    /// Sends a message without compression, even where it was negotiated: for a message that holds a secret and text that an attacker
    /// may have chosen (see [`Deflate`](crate::Deflate)), and for one that compression does not make shorter.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[cfg(feature = "deflate")]
    pub fn send_uncompressed<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.io.send(message.into(), Compress::Never, self.leave)
    }

    /// Sends a message compressed, however short it is, where compression was negotiated, and as it is otherwise.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    #[cfg(feature = "deflate")]
    pub fn send_compressed<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.io.send(message.into(), Compress::Always, self.leave)
    }

    /// Sends a message that is given away, without a copy; see [`WebSocket::send_owned`](crate::WebSocket::send_owned).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), with the message where nothing of it was taken.
    pub fn send_owned(&mut self, message: impl Into<OwnedMessage>) -> Result<(), Unsent> {
        self.io.send_owned(message.into(), self.leave)
    }

    /// Sends a message that was encoded once, and perhaps compressed, for many connections of a server. Its bytes are shared, not
    /// copied.
    ///
    /// # Errors
    ///
    /// [`Error::NotAdmitted`] where the connection is a client's, or the message is compressed and that was not negotiated; those of
    /// [`send`](Self::send).
    pub fn send_encoded(&mut self, message: &Arc<EncodedMessage<Vec<u8>>>) -> Result<(), Error> {
        self.io.commit(self.leave, Outgoing::Encoded(message))
    }

    /// Sends a ping with up to 125 bytes, at once (RFC 6455 §5.5.2). The pong is an event of
    /// [`WebSocket::read_event`](crate::WebSocket::read_event) and [`WebSocket::read_part`](crate::WebSocket::read_part).
    ///
    /// # Errors
    ///
    /// [`Error::PingLen`] for a longer payload; those of [`send`](Self::send).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        let payload = ControlPayload::new(payload).ok_or(Error::PingLen)?;
        self.io.commit(Leave::AtOnce, Outgoing::Ping(&payload))
    }

    /// Begins a message that is written in parts, of any length in total (RFC 6455 §5.4).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    pub fn message_writer(&mut self, message_type: MessageType) -> Result<MessageWriter<'_>, Error> {
        MessageWriter::over(self.io, message_type)
    }

    /// Writes all that waits to be written.
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`], and the errors that end the connection.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.io.transmit()
    }

    /// Sends a Close and returns. Go on calling [`WebSocket::read`](crate::WebSocket::read): it returns the messages that arrive
    /// before the peer's Close, and then ends the connection.
    ///
    /// # Errors
    ///
    /// Those that end the connection.
    pub fn start_close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), Error> {
        self.io.life.outbound.close(frame.into());
        self.io.leave(Leave::AtOnce)
    }
}

impl<S> fmt::Debug for Writer<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
