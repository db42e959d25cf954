// Read first: RFC 6455 §5.4, §5.5, §6.2.

use core::mem;

use ws_core::connection::{Next, ReceiveHalf};
use ws_core::event::{Event, Piece};
use ws_core::frame::ControlPayload;
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageBuffer};

use super::Inlet;
use super::inbound::Inbound;
use crate::counters::Traffic;
use crate::{Error, Message};

/// What reading needs of the other direction, and of the stream.
pub(crate) trait Outlet {
    /// Passes on what the receiving half found, and commits the answers, without writing them yet.
    fn answer(&mut self, receiver: &mut ReceiveHalf);

    /// Writes what waits; an error that ends the connection is remembered, any other means later.
    fn transmit_if_possible(&mut self);

    /// Reads once, in time; so much was received before. `false` where nothing more will come.
    fn fill(&mut self, inlet: &mut Inlet<'_>, received: &Traffic) -> Result<bool, Error>;

    /// Takes a pong that has come, where it answers a ping that the program knows nothing of.
    fn is_own_pong(&mut self, payload: &ControlPayload) -> bool;

    /// Brings the stream to its end, once nothing more is received, and so much was. `Ok` is an end by a closing handshake.
    fn end(&mut self, received: &Traffic) -> Result<(), Error>;
}

/// All that reading keeps from one call to the next.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) receiver: ReceiveHalf,
    pub(crate) inbound: Inbound,
    pub(super) message: MessageBuffer,
    pub(super) is_assembling: bool,
    /// The message in progress was begun to be taken in pieces.
    pub(super) is_in_pieces: bool,
    /// Something was put into the message buffer since it was cleared.
    pub(super) is_message_used: bool,
    /// What has come.
    pub(crate) received: Traffic,
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
    pub(super) fn new(receiver: ReceiveHalf, buffer: ReadBuffer<Vec<u8>>) -> Self {
        let mut traffic = Traffic::default();
        traffic.add_len(buffer.unread().len());
        Self {
            receiver,
            inbound: Inbound::new(buffer),
            message: MessageBuffer::new().with_kept_len_max(MESSAGE_KEPT_LEN_MAX),
            is_assembling: false,
            is_in_pieces: false,
            is_message_used: false,
            received: traffic,
        }
    }

    /// Assembles no message in more memory than one of so many bytes takes. Nothing has been assembled yet.
    #[cfg(feature = "deflate")]
    pub(super) fn limit_message(&mut self, len_max: u64) {
        let len_max = usize::try_from(len_max).unwrap_or(usize::MAX);
        self.message = MessageBuffer::new().with_kept_len_max(MESSAGE_KEPT_LEN_MAX).with_len_max(len_max);
    }

    /// As [`WebSocket::read`](crate::WebSocket::read).
    pub(crate) fn read(&mut self, outlet: &mut impl Outlet) -> Result<Option<Message<'_>>, Error> {
        let place = self.find_message(outlet)?;
        let Self { receiver, inbound, message, received, .. } = self;
        let message = match place {
            Place::ReadBuffer => match inbound.next_event(receiver) {
                Some(Event::Data(fragment)) => {
                    received.add_message();
                    // What was compressed is inflated in `inbound`.
                    Message::try_from(fragment.payload).ok()
                }
                _ => None,
            },
            Place::Assembled => message.message().and_then(|payload| Message::try_from(payload).ok()),
            Place::Nowhere => None,
        };
        if message.is_some() {
            return Ok(message);
        }
        outlet.answer(receiver);
        outlet.end(received).map(|()| None)
    }

    /// As [`WebSocket::read_event`](crate::WebSocket::read_event).
    pub(crate) fn read_event(&mut self, outlet: &mut impl Outlet) -> Result<Option<Event<Piece<'_>>>, Error> {
        let found = self.find_event(outlet)?;
        let Self { receiver, inbound, received, is_in_pieces, .. } = self;
        let event = match found {
            Found::Payload => inbound.next_piece(receiver),
            Found::Control(Event::Ping) => Some(Event::Ping),
            Found::Control(Event::Pong) => Some(Event::Pong),
            Found::Control(_) => Some(Event::Close),
            Found::Nothing => None,
        };
        match event {
            Some(event) if !matches!(event, Event::Failed(_)) => {
                if let Event::Data(piece) = &event {
                    *is_in_pieces = !piece.is_last;
                    if piece.is_last {
                        received.add_message();
                    }
                }
                Ok(Some(event))
            }
            _ => {
                outlet.answer(receiver);
                outlet.end(received).map(|()| None)
            }
        }
    }

    /// Goes on to the next whole message, and lends nothing, so that the caller may.
    fn find_message(&mut self, outlet: &mut impl Outlet) -> Result<Place, Error> {
        if self.is_message_used && !self.is_assembling {
            self.message.clear();
            self.is_message_used = false;
        }
        loop {
            let next = self.inbound.advance(&mut self.receiver);
            if next == Next::WholeMessage {
                self.is_assembling = false;
                outlet.transmit_if_possible();
                return Ok(Place::ReadBuffer);
            }
            if next.is_payload() {
                if self.take_payload() {
                    outlet.transmit_if_possible();
                    return Ok(Place::Assembled);
                }
            } else {
                self.note_control(outlet, next);
            }
            if !self.go_on(outlet, next)? {
                self.is_assembling = false;
                return Ok(Place::Nowhere);
            }
        }
    }

    /// Takes the payload that was found to its message, or drops it, where the message was begun to be taken in pieces.
    /// Whether the message is whole with it.
    fn take_payload(&mut self) -> bool {
        if self.is_in_pieces {
            if let Some(Event::Data(piece)) = self.inbound.next_piece(&mut self.receiver) {
                self.is_in_pieces = !piece.is_last;
                if piece.is_last {
                    self.received.add_message();
                }
            }
            return false;
        }
        match self.inbound.assemble(&mut self.receiver, &mut self.message) {
            Some(Event::Data(assembly)) => {
                self.is_message_used = true;
                self.is_assembling = assembly == Assembly::Incomplete;
                if !self.is_assembling {
                    self.received.add_message();
                }
                !self.is_assembling
            }
            // A fault, which the next round finds to have ended it.
            Some(_) => {
                self.is_assembling = false;
                false
            }
            None => false,
        }
    }

    fn find_event(&mut self, outlet: &mut impl Outlet) -> Result<Found, Error> {
        // What comes of a message that is being assembled is given in pieces from here on.
        self.is_in_pieces |= mem::take(&mut self.is_assembling);
        loop {
            let next = self.inbound.advance(&mut self.receiver);
            if next.is_payload() {
                outlet.transmit_if_possible();
                return Ok(Found::Payload);
            }
            let is_own_pong = self.note_control(outlet, next);
            let event = if next == Next::Ping {
                Event::Ping
            } else if next == Next::Pong && !is_own_pong {
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
                let discarded = self.inbound.next_piece(&mut self.receiver);
                if matches!(discarded, Some(Event::Data(piece)) if piece.is_last) {
                    self.received.add_message();
                }
            }
            self.note_control(outlet, next);
            if !self.go_on(outlet, next)? {
                return outlet.end(&self.received);
            }
        }
    }

    /// Counts a ping or a pong, and passes on a pong. Whether the program knows nothing of it.
    fn note_control(&mut self, outlet: &mut impl Outlet, next: Next) -> bool {
        if next == Next::Ping {
            self.received.add_ping();
        } else if next == Next::Pong {
            self.received.add_pong();
            return outlet.is_own_pong(self.receiver.control());
        }
        false
    }

    fn fill(&mut self, outlet: &mut impl Outlet) -> Result<bool, Error> {
        let message = self.is_assembling.then_some(&mut self.message);
        let mut inlet = self.inbound.inlet(&mut self.receiver, message);
        let result = outlet.fill(&mut inlet, &self.received);
        let read_len = inlet.read_len;
        self.received.add_len(read_len);
        result
    }

    /// Does what is to be done where no payload is to be taken: answers, writes and reads. `false` where nothing more
    /// will come.
    fn go_on(&mut self, outlet: &mut impl Outlet, next: Next) -> Result<bool, Error> {
        if next == Next::Ended {
            return Ok(false);
        }
        if next == Next::NeedInput {
            outlet.transmit_if_possible();
            if !self.fill(outlet)? {
                self.receiver.eof();
            }
        }
        outlet.answer(&mut self.receiver);
        Ok(true)
    }
}

/// The longest allocation that is kept from one assembled message to the next, in bytes.
const MESSAGE_KEPT_LEN_MAX: usize = 4 * 1024;
