//! A WebSocket echo without a socket: bytes in, bytes out, and what is to become of the transport.

use core::time::Duration;

use ws_core::connection::{Config, Connection, FrameStart, Masking, TRANSMIT_LEN_MAX, Transport, Unmasked};
use ws_core::event::{Event, Piece};
use ws_core::frame::{ControlPayload, Fin};
use ws_core::handshake::{Header, OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
use ws_core::input::{Input, ReadBuffer};
use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};

/// A server's side of one connection, from the first byte of the request to the end.
///
/// It keeps no payload: what arrives is unmasked where it lies and sent back at once, so that messages of any length
/// pass through the few bytes that the transport holds.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    keepalive: Keepalive,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no heap to put the larger one on")]
enum Phase {
    Opening(Handshake),
    Open(Connection<Unmasked>),
    /// The request was answered with something else than a WebSocket.
    Rejected,
}

/// The head of a request has to fit into this, and its lines into the count.
type Handshake = ServerHandshake<[u8; HEAD_LEN_MAX], HEADER_COUNT_MAX>;

impl Session {
    /// Waits for a request.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self {
            phase: Phase::Opening(ServerHandshake::with_headers([0; HEAD_LEN_MAX])),
            keepalive: Keepalive::new(TIMEOUTS, now),
        }
    }

    /// How many bytes may be sent in answer to `len` bytes at most: room for so many has to be there beforehand.
    #[must_use]
    pub fn answer_len_max(&self, len: usize) -> usize {
        match self.phase {
            Phase::Opening(_) => len.saturating_add(ANSWER_LEN_MAX),
            // Each byte comes back, with at most the header of the fragment whose own header came earlier; and behind
            // it the answer to a control frame, most of which came earlier too.
            Phase::Open(_) => len.saturating_add(FRAGMENT_HEADER_LEN_MAX).saturating_add(TRANSMIT_LEN_MAX),
            Phase::Rejected => 0,
        }
    }

    /// Takes what has arrived, all of it, and sends what there is to say to it. `page` is what a plain GET gets.
    pub fn receive(&mut self, bytes: &mut [u8], now: Duration, page: &[u8], mut send: impl FnMut(&[u8])) {
        self.keepalive.received(now);
        let len = bytes.len();
        let Some(mut buffer) = ReadBuffer::with_filled(bytes, len) else { return };
        let mut input = buffer.input();
        if let Phase::Opening(handshake) = &mut self.phase {
            match answer(handshake, &mut input, page, &mut send) {
                Some(phase) => self.phase = phase,
                None => return,
            }
            self.keepalive.established(now);
        }
        if let Phase::Open(connection) = &mut self.phase {
            echo(connection, &mut input, &mut send);
        }
    }

    /// Says that no more bytes will come.
    pub fn eof(&mut self) {
        match &mut self.phase {
            Phase::Open(connection) => connection.eof(),
            Phase::Opening(_) | Phase::Rejected => self.phase = Phase::Rejected,
        }
    }

    /// Does what is due by the clock; there has to be room for a control frame. Says whether the transport is to be
    /// dropped.
    pub fn poll(&mut self, now: Duration, mut send: impl FnMut(&[u8])) -> bool {
        if !matches!(self.transport(), Transport::Open) {
            self.keepalive.closing(now);
        }
        match (self.keepalive.poll(now), &mut self.phase) {
            (None, _) => false,
            (Some(Due::SendPing), Phase::Open(connection)) => {
                connection.ping(ControlPayload::EMPTY);
                transmit(connection, &mut send);
                self.keepalive.ping_sent(now);
                false
            }
            (Some(_), _) => true,
        }
    }

    /// What is to become of the transport.
    #[must_use]
    pub fn transport(&self) -> Transport {
        match &self.phase {
            Phase::Opening(_) => Transport::Open,
            Phase::Open(connection) => connection.transport(),
            Phase::Rejected => Transport::Linger { shutdown_write: true },
        }
    }
}

/// Answers the request, once it is there.
fn answer(
    handshake: &mut Handshake,
    input: &mut Input<'_>,
    page: &[u8],
    send: &mut impl FnMut(&[u8]),
) -> Option<Phase> {
    let mut out = [0; ANSWER_LEN_MAX];
    let (len, phase) = match handshake.receive(input) {
        ServerProgress::NeedInput => return None,
        ServerProgress::Request => {
            match handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out) {
                Ok(len) => (len, Phase::Open(Connection::server(Config::new()))),
                Err(_) => (handshake.reject_fault(&mut out).unwrap_or_default(), Phase::Rejected),
            }
        }
        ServerProgress::NotWebSocket => {
            let headers = [Header::new("Content-Type", "text/plain")];
            (handshake.respond(200, &headers, page, &mut out).unwrap_or_default(), Phase::Rejected)
        }
        ServerProgress::Failed(_) => (handshake.reject_fault(&mut out).unwrap_or_default(), Phase::Rejected),
    };
    send(out.get(..len).unwrap_or_default());
    Some(phase)
}

/// Sends back each piece of a message as a fragment, as it arrives, and whatever else there is to say.
pub fn echo<K: Masking>(connection: &mut Connection<K>, input: &mut Input<'_>, send: &mut impl FnMut(&[u8])) {
    while let Some(event) = connection.next_piece(input) {
        if let Event::Data(mut piece) = event {
            echo_piece(connection, &mut piece, send);
        }
        transmit(connection, send);
    }
}

fn echo_piece<K: Masking>(
    connection: &mut Connection<K>,
    piece: &mut Piece<'_>,
    send: &mut impl FnMut(&[u8]),
) {
    let fin = if piece.is_last { Fin::Final } else { Fin::More };
    let Ok(len) = u64::try_from(piece.payload.len()) else { return };
    // An error says that we are closing: then there is nobody to echo to.
    let Ok(header) = connection.send_half().begin_frame(FrameStart::new(piece.message_type, fin, len)) else {
        return;
    };
    send(header.as_bytes());
    if connection.send_half().mask(piece.payload).is_ok() {
        send(piece.payload);
    }
}

/// Sends pongs and the Close.
fn transmit<K: Masking>(connection: &mut Connection<K>, send: &mut impl FnMut(&[u8])) {
    if !connection.wants_transmit() {
        return;
    }
    let mut out = [0; TRANSMIT_LEN_MAX];
    while let Ok(len @ 1..) = connection.poll_transmit(&mut out) {
        send(out.get(..len).unwrap_or_default());
    }
}

/// The limit of a request's head, in bytes: that of a browser on a local network, without cookies, has about 500.
pub const HEAD_LEN_MAX: usize = 1024;
/// The limit of its lines.
pub const HEADER_COUNT_MAX: usize = 32;

/// The longest answer to a request: a refusal, the 101, or the page.
const ANSWER_LEN_MAX: usize = 384;
/// A piece is at most one receive buffer long, so that its length fits into two bytes; a client adds the masking key.
const FRAGMENT_HEADER_LEN_MAX: usize = 8;

/// A peer that is gone is noticed after a minute, so that its place is free again.
const TIMEOUTS: KeepaliveConfig = KeepaliveConfig::new()
    .with_ping_interval(Some(Duration::from_secs(60)))
    .with_pong_timeout(Some(Duration::from_secs(20)));
