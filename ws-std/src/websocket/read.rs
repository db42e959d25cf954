// Read first: RFC 6455 §5.4, §5.5, §6.2.

use ws_core::event::{Event, Piece};

use super::WebSocket;
use crate::{Error, Message, Stream, Writer};

impl<S: Stream> WebSocket<S> {
    /// The next message, with a [`Writer`] to answer it while it is held. `None` once the connection has been closed
    /// by a closing handshake.
    ///
    /// A message that came whole in one read is lent from where it was read; another is assembled first. Pings are
    /// answered, and so is the peer's Close, after which the end of the stream is waited for within
    /// [`Timeouts::close`](crate::Timeouts::close). While it waits it pings, and gives up a peer that is gone, as
    /// [`Timeouts`](crate::Timeouts) say.
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] where the peer broke the rules (it was told by a Close), [`Error::Disconnected`] where the
    /// stream ended without a closing handshake, [`Error::Timeout`], [`Error::Io`]. The connection has ended then, and
    /// each later call says the same, but for a stream that would block, and for
    /// [`Timeouts::read`](crate::Timeouts::read): then call again.
    pub fn read(&mut self) -> Result<Option<(Message<'_>, Writer<'_, S>)>, Error> {
        let Self { wire, intake, .. } = self;
        wire.begin_read();
        Ok(intake.read(wire)?.map(|message| (message, Writer::new(wire))))
    }

    /// The next thing that arrives, with a [`Writer`] to answer it: payload as it comes, so that a message of any
    /// length passes through the read buffer, and control frames, whose payload is in [`control`](Self::control).
    /// `None` once the connection has been closed by a closing handshake.
    ///
    /// The bytes of text are checked, but may begin and end within a character. Pings and the peer's Close are
    /// answered already; pongs to pings of the keepalive are not reported. A message that was begun here is to be ended here: [`read`](Self::read) passes over its rest.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    #[expect(clippy::type_complexity, reason = "it is that of read, with another event")]
    pub fn read_event(&mut self) -> Result<Option<(Event<Piece<'_>>, Writer<'_, S>)>, Error> {
        let Self { wire, intake, .. } = self;
        wire.begin_read();
        Ok(intake.read_event(wire)?.map(|event| (event, Writer::new(wire))))
    }
}
