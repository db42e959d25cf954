// Read first: RFC 6455 §5.4, §5.5, §6.2.

use ws_core::connection::{Next, Receiver};
use ws_core::event::{Event, Fragment, Piece};
use ws_core::message::{Assembly, MessageBuffer};

use super::WebSocket;
use crate::{Error, Message, Stream, Writer};

/// Where the next message is.
enum Place {
    /// Whole in the read buffer, and not taken yet.
    ReadBuffer,
    /// In the message buffer.
    Assembled,
    /// Nowhere: the connection has been closed.
    Nowhere,
}

/// What the next event is.
enum Found {
    /// Payload in the read buffer that is not taken yet.
    Payload,
    Control(Event<()>),
    /// The connection has been closed.
    Nothing,
}

impl<S: Stream> WebSocket<S> {
    /// The next message, with a [`Writer`] to answer it while it is held. `None` once the connection has been closed
    /// by a closing handshake.
    ///
    /// A message that came whole in one read is lent from where it was read; another is assembled first. Pings are
    /// answered, and so is the peer's Close, after which the end of the stream is waited for within
    /// [`Timeouts::close`](crate::Timeouts::close).
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] where the peer broke the rules (it was told by a Close), [`Error::Disconnected`] where the
    /// stream ended without a closing handshake, [`Error::Timeout`], [`Error::Io`]. The connection has ended then, and
    /// each later call says the same, but for a stream that would block: then call again.
    pub fn read(&mut self) -> Result<Option<(Message<'_>, Writer<'_, S>)>, Error> {
        let place = self.find_message()?;
        let Self { wire, receiver, inbound, message, .. } = self;
        let message = match place {
            Place::ReadBuffer => match inbound.next_event(receiver) {
                Some(Event::Data(fragment)) => Some(fragment.payload),
                _ => None,
            },
            Place::Assembled => message.message(),
            Place::Nowhere => None,
        };
        if let Some(message) = message {
            return Ok(Some((message, Writer::new(wire))));
        }
        wire.answer(receiver);
        wire.end().map(|()| None)
    }

    /// The next thing that arrives, with a [`Writer`] to answer it: payload as it comes, so that a message of any
    /// length passes through the read buffer, and control frames, whose payload is in [`control`](Self::control).
    /// `None` once the connection has been closed by a closing handshake.
    ///
    /// The bytes of text are checked, but may begin and end within a character. Pings and the peer's Close are
    /// answered already. A message that was begun here is to be ended here: [`read`](Self::read) passes over its rest.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    #[expect(clippy::type_complexity, reason = "it is that of read, with another event")]
    pub fn read_event(&mut self) -> Result<Option<(Event<Piece<'_>>, Writer<'_, S>)>, Error> {
        let found = self.find_event()?;
        let Self { wire, receiver, inbound, .. } = self;
        let event = match found {
            Found::Payload => inbound.next_piece(receiver),
            Found::Control(Event::Ping) => Some(Event::Ping),
            Found::Control(Event::Pong) => Some(Event::Pong),
            Found::Control(_) => Some(Event::Close),
            Found::Nothing => None,
        };
        match event {
            Some(event) if !matches!(event, Event::Failed(_)) => Ok(Some((event, Writer::new(wire)))),
            _ => {
                wire.answer(receiver);
                wire.end().map(|()| None)
            }
        }
    }

    /// Goes on to the next whole message, and lends nothing, so that the caller may.
    fn find_message(&mut self) -> Result<Place, Error> {
        if !self.is_assembling {
            self.message.clear();
        }
        loop {
            let next = self.inbound.advance(&mut self.receiver);
            if next == Next::WholeMessage {
                self.is_assembling = false;
                self.wire.transmit_if_possible();
                return Ok(Place::ReadBuffer);
            }
            let event = if next.is_payload() { self.inbound.next_event(&mut self.receiver) } else { None };
            if let Some(Event::Data(fragment)) = event {
                if self.is_assembling || fragment.is_first {
                    if assemble(&mut self.message, fragment, &mut self.receiver) == Some(Assembly::Complete) {
                        self.is_assembling = false;
                        self.wire.transmit_if_possible();
                        return Ok(Place::Assembled);
                    }
                    self.is_assembling = true;
                }
            }
            if !self.go_on(next)? {
                self.is_assembling = false;
                return Ok(Place::Nowhere);
            }
        }
    }

    fn find_event(&mut self) -> Result<Found, Error> {
        loop {
            let next = self.inbound.advance(&mut self.receiver);
            if next.is_payload() {
                self.wire.transmit_if_possible();
                return Ok(Found::Payload);
            }
            let event = if next == Next::Ping {
                Event::Ping
            } else if next == Next::Pong {
                Event::Pong
            } else if next == Next::Close {
                Event::Close
            } else if self.go_on(next)? {
                continue;
            } else {
                return Ok(Found::Nothing);
            };
            self.wire.answer(&mut self.receiver);
            self.wire.transmit_if_possible();
            return Ok(Found::Control(event));
        }
    }

    /// Passes over everything that still comes.
    pub(super) fn discard_to_end(&mut self) -> Result<(), Error> {
        self.message.clear();
        self.is_assembling = false;
        loop {
            let next = self.inbound.advance(&mut self.receiver);
            if next.is_payload() {
                let _discarded = self.inbound.next_piece(&mut self.receiver);
            }
            if !self.go_on(next)? {
                return self.wire.end();
            }
        }
    }

    /// Does what is to be done where no payload is to be taken: answers, writes and reads. `false` where nothing more
    /// will come.
    fn go_on(&mut self, next: Next) -> Result<bool, Error> {
        if next == Next::Ended {
            return Ok(false);
        }
        if next == Next::NeedInput {
            self.wire.transmit_if_possible();
            if !self.wire.fill(&mut self.inbound.buffer)? {
                self.receiver.eof();
            }
        }
        self.wire.answer(&mut self.receiver);
        Ok(true)
    }
}

/// Appends to the message; a failure is the connection's too, and comes back as its end.
fn assemble(
    message: &mut MessageBuffer,
    fragment: Fragment<'_>,
    receiver: &mut Receiver,
) -> Option<Assembly> {
    message.push(fragment, receiver).ok()
}
