// Read first: RFC 6455 §5.4, §5.5, §6.2.

use ws_core::connection::{Next, Receiver};
use ws_core::event::{Event, Fragment, Piece};
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageBuffer};

use super::inbound::Inbound;
use crate::{Error, Message};

/// What reading needs of the other direction, and of the stream.
pub(crate) trait Outlet {
    /// Passes on what the receiving half found, and commits the answers, without writing them yet.
    fn answer(&mut self, receiver: &mut Receiver);

    /// Writes what waits; an error that ends the connection is remembered, any other means later.
    fn transmit_if_possible(&mut self);

    /// Reads once into the buffer, in time. `false` where nothing more will come.
    fn fill(&mut self, buffer: &mut ReadBuffer<Vec<u8>>) -> Result<bool, Error>;

    /// Brings the stream to its end, once nothing more is received. `Ok` is an end by a closing handshake.
    fn end(&mut self) -> Result<(), Error>;
}

/// All that reading keeps from one call to the next.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) receiver: Receiver,
    pub(crate) inbound: Inbound,
    pub(super) message: MessageBuffer,
    pub(super) is_assembling: bool,
}

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

impl Intake {
    /// As [`WebSocket::read`](crate::WebSocket::read).
    pub(crate) fn read(&mut self, outlet: &mut impl Outlet) -> Result<Option<Message<'_>>, Error> {
        let place = self.find_message(outlet)?;
        let Self { receiver, inbound, message, .. } = self;
        let message = match place {
            Place::ReadBuffer => match inbound.next_event(receiver) {
                Some(Event::Data(fragment)) => Some(fragment.payload),
                _ => None,
            },
            Place::Assembled => message.message(),
            Place::Nowhere => None,
        };
        if message.is_some() {
            return Ok(message);
        }
        outlet.answer(receiver);
        outlet.end().map(|()| None)
    }

    /// As [`WebSocket::read_event`](crate::WebSocket::read_event).
    pub(crate) fn read_event(&mut self, outlet: &mut impl Outlet) -> Result<Option<Event<Piece<'_>>>, Error> {
        let found = self.find_event(outlet)?;
        let Self { receiver, inbound, .. } = self;
        let event = match found {
            Found::Payload => inbound.next_piece(receiver),
            Found::Control(Event::Ping) => Some(Event::Ping),
            Found::Control(Event::Pong) => Some(Event::Pong),
            Found::Control(_) => Some(Event::Close),
            Found::Nothing => None,
        };
        match event {
            Some(event) if !matches!(event, Event::Failed(_)) => Ok(Some(event)),
            _ => {
                outlet.answer(receiver);
                outlet.end().map(|()| None)
            }
        }
    }

    /// Goes on to the next whole message, and lends nothing, so that the caller may.
    fn find_message(&mut self, outlet: &mut impl Outlet) -> Result<Place, Error> {
        if !self.is_assembling {
            self.message.clear();
        }
        loop {
            let next = self.inbound.advance(&mut self.receiver);
            if next == Next::WholeMessage {
                self.is_assembling = false;
                outlet.transmit_if_possible();
                return Ok(Place::ReadBuffer);
            }
            let event = if next.is_payload() { self.inbound.next_event(&mut self.receiver) } else { None };
            if let Some(Event::Data(fragment)) = event {
                if self.is_assembling || fragment.is_first {
                    if assemble(&mut self.message, fragment, &mut self.receiver) == Some(Assembly::Complete) {
                        self.is_assembling = false;
                        outlet.transmit_if_possible();
                        return Ok(Place::Assembled);
                    }
                    self.is_assembling = true;
                }
            }
            if !self.go_on(outlet, next)? {
                self.is_assembling = false;
                return Ok(Place::Nowhere);
            }
        }
    }

    fn find_event(&mut self, outlet: &mut impl Outlet) -> Result<Found, Error> {
        loop {
            let next = self.inbound.advance(&mut self.receiver);
            if next.is_payload() {
                outlet.transmit_if_possible();
                return Ok(Found::Payload);
            }
            let event = if next == Next::Ping {
                Event::Ping
            } else if next == Next::Pong {
                Event::Pong
            } else if next == Next::Close {
                Event::Close
            } else if self.go_on(outlet, next)? {
                continue;
            } else {
                return Ok(Found::Nothing);
            };
            outlet.answer(&mut self.receiver);
            outlet.transmit_if_possible();
            return Ok(Found::Control(event));
        }
    }

    /// Passes over everything that still comes.
    pub(crate) fn discard_to_end(&mut self, outlet: &mut impl Outlet) -> Result<(), Error> {
        self.message.clear();
        self.is_assembling = false;
        loop {
            let next = self.inbound.advance(&mut self.receiver);
            if next.is_payload() {
                let _discarded = self.inbound.next_piece(&mut self.receiver);
            }
            if !self.go_on(outlet, next)? {
                return outlet.end();
            }
        }
    }

    /// Does what is to be done where no payload is to be taken: answers, writes and reads. `false` where nothing more
    /// will come.
    fn go_on(&mut self, outlet: &mut impl Outlet, next: Next) -> Result<bool, Error> {
        if next == Next::Ended {
            return Ok(false);
        }
        if next == Next::NeedInput {
            outlet.transmit_if_possible();
            if !outlet.fill(&mut self.inbound.buffer)? {
                self.receiver.eof();
            }
        }
        outlet.answer(&mut self.receiver);
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
