use ws_core::keepalive::Timeouts;
use ws_core::session::{Inbound, Outbound};

use super::WebSocket;
use super::held::Held;
use crate::keys::MaskKeys;
use crate::session::{Io, Life, Record};
use crate::stream::Stream;

/// The parts of a [`WebSocket`], to drive them in another way, or to put them together again.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parts<S> {
    /// The stream.
    pub stream: S,
    /// The receiving side of the session, with what was read from the stream and not yet taken.
    pub inbound: Inbound,
    /// The sending side of the session, with what is still to be written to the stream.
    pub outbound: Outbound<MaskKeys>,
    /// The timeouts of the open connection.
    pub timeouts: Timeouts,
    /// The subprotocol that the opening handshake agreed on.
    pub subprotocol: Option<Box<str>>,
    record: Record,
    /// How many bytes the stream has taken and holds back.
    held_back_len: usize,
}

impl<S: Stream> WebSocket<S> {
    /// Takes the WebSocket apart. Nothing is written or closed, and no byte is lost.
    #[doc(alias = "into_inner")]
    #[must_use]
    pub fn into_parts(self) -> Parts<S> {
        let Self { io, inbound, subprotocol } = self;
        let Io { link, life: Life { outbound, timeouts, record }, .. } = io.into_io();
        let (stream, held_back_len) = link.into_stream();
        Parts { stream, inbound, outbound, timeouts, subprotocol, record, held_back_len }
    }

    /// Puts a WebSocket together again. Each wait begins anew, except that a closing handshake that has begun keeps its deadline.
    #[must_use]
    pub fn from_parts(parts: Parts<S>) -> Self {
        let Parts { stream, inbound, outbound, timeouts, subprotocol, record, held_back_len } = parts;
        let mut io = Io::new(stream, Life { outbound, timeouts, record });
        io.link.unflushed_len = held_back_len;
        io.set_timeouts(timeouts);
        Self { io: Held::new(io), inbound, subprotocol }
    }
}
