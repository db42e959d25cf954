// Read first: RFC 7692 §6.2, §7.2.2.

use core::mem;

use ws_core::connection::{Config, Limits, Next, ReceiveHalf, Role};
use ws_core::deflate::{InflateStatus, Inflater};
use ws_core::error::{Fail as _, Fault};
use ws_core::event::{Event, MessageType, Piece};
use ws_core::extension::Agreed;
use ws_core::frame::{Fin, FrameHeader, Opcode};
use ws_core::input::ReadBuffer;

use super::{READ_BUFFER_LEN, READ_BUFFER_LEN_MIN};

/// Inflates what arrives, between the read buffer and whoever takes messages.
///
/// What was inflated is laid into a buffer of its own as frames of a connection without compression, and a receiver takes
/// it from there. So it is checked, cut and lent as everything is that comes from a stream, and a message of any length
/// passes through. Messages that were not compressed take the same way, and are copied on it.
#[derive(Debug)]
pub(super) struct Inflation {
    agreed: Agreed,
    inflater: Inflater,
    /// Takes what is in the buffer. It judges no lengths: that was done before.
    pub(super) receiver: ReceiveHalf,
    pub(super) buffer: ReadBuffer<Vec<u8>>,
    /// What the buffer had no room for.
    rest: Option<Rest>,
}

/// Payload that was taken from the read buffer and is not inflated yet.
#[derive(Debug)]
struct Rest {
    bytes: Vec<u8>,
    start: usize,
    origin: Origin,
}

/// Where payload comes from.
#[derive(Clone, Copy, Debug)]
struct Origin {
    message_type: MessageType,
    is_compressed: bool,
    fin: Fin,
}

impl Inflation {
    pub(super) fn new(agreed: Agreed, message_len_max: u64) -> Self {
        Self {
            agreed,
            inflater: agreed.inflater(message_len_max),
            receiver: ReceiveHalf::new(Role::Client, Config::new().with_limits(Limits::unlimited())),
            buffer: ReadBuffer::new(Vec::new()),
            rest: None,
        }
    }

    pub(super) const fn agreed(&self) -> Agreed {
        self.agreed
    }

    /// As [`ReceiveHalf::advance`] of `outer`, whose input is in `buffer`; but payload is to be taken from here, inflated.
    pub(super) fn advance(&mut self, outer: &mut ReceiveHalf, buffer: &mut ReadBuffer<Vec<u8>>) -> Next {
        loop {
            let next = self.receiver.advance(&mut self.buffer.input());
            if next.is_payload() {
                return next;
            }
            let result = if let Some(rest) = self.rest.take() {
                self.inflate_rest(rest)
            } else {
                let mut input = buffer.input();
                let next = outer.advance(&mut input);
                if !next.is_payload() {
                    return next;
                }
                match outer.next_piece(&mut input) {
                    Some(Event::Data(piece)) => self.push(&piece),
                    // A fault, which the next round finds to have ended it.
                    _ => Ok(()),
                }
            };
            if let Err(fault) = result {
                outer.fail(fault);
            }
        }
    }

    /// Frees the buffer, unless there is something in it. The inflater is freed as soon as it may be.
    pub(super) fn release(&mut self) {
        if self.rest.is_none() && self.buffer.unread().is_empty() {
            self.buffer = ReadBuffer::new(Vec::new());
        }
    }

    fn push(&mut self, piece: &Piece<'_>) -> Result<(), Fault> {
        let fin = if piece.is_last { Fin::Final } else { Fin::More };
        let origin = Origin { message_type: piece.message_type, is_compressed: piece.is_compressed, fin };
        self.make_room(piece.payload.len().saturating_mul(4));
        let inflated = self.inflate(piece.payload, origin)?;
        if inflated.status == InflateStatus::NeedsOutput {
            let bytes = piece.payload.get(inflated.taken..).unwrap_or_default().to_vec();
            self.rest = Some(Rest { bytes, start: 0, origin });
        }
        Ok(())
    }

    fn inflate_rest(&mut self, mut rest: Rest) -> Result<(), Fault> {
        self.make_room(BUFFER_LEN_MAX);
        let bytes = rest.bytes.get(rest.start..).unwrap_or_default();
        let inflated = self.inflate(bytes, rest.origin)?;
        if inflated.status == InflateStatus::NeedsOutput {
            rest.start = rest.start.saturating_add(inflated.taken);
            self.rest = Some(rest);
        }
        Ok(())
    }

    /// Lays a frame into the buffer, with as much as there is room for.
    fn inflate(&mut self, bytes: &[u8], origin: Origin) -> Result<Step, Fault> {
        let spare = self.buffer.spare();
        let body = spare.get_mut(HEADER_LEN_MAX..).unwrap_or_default();
        let inflated = if origin.is_compressed {
            let inflated = self.inflater.inflate(bytes, origin.fin, body)?;
            Step { taken: inflated.taken, written: inflated.written, status: inflated.status }
        } else {
            copy(bytes, origin.fin, body)
        };
        let is_last = inflated.status == InflateStatus::Done;
        if inflated.written > 0 || is_last {
            let opcode = match origin.message_type {
                _ if self.receiver.is_message_in_progress() => Opcode::Continuation,
                MessageType::Text => Opcode::Text,
                MessageType::Binary => Opcode::Binary,
            };
            let fin = if is_last { Fin::Final } else { Fin::More };
            let frame_len = place_header(opcode, fin, inflated.written, spare);
            self.buffer.filled(frame_len);
        }
        if is_last && origin.is_compressed && !self.agreed.incoming().has_context_takeover() {
            // RFC 7692 §7.1.1: nothing has to be kept from one message to the next.
            self.inflater.release();
        }
        Ok(inflated)
    }

    /// Makes the buffer at least as large as wanted, within its bounds.
    fn make_room(&mut self, wanted: usize) {
        let wanted = wanted.clamp(READ_BUFFER_LEN_MIN, BUFFER_LEN_MAX);
        if self.buffer.capacity() < wanted {
            let small = mem::replace(&mut self.buffer, ReadBuffer::new(Vec::new()));
            self.buffer = match small.move_to(vec![0; wanted]) {
                Ok(large) => large,
                Err((small, _)) => small,
            };
        }
    }
}

/// What was done with payload, inflated or copied.
struct Step {
    taken: usize,
    written: usize,
    status: InflateStatus,
}

/// What [`Inflater::inflate`] does, for payload that is not compressed.
fn copy(bytes: &[u8], fin: Fin, out: &mut [u8]) -> Step {
    let len = bytes.len().min(out.len());
    let (taken, rest) = bytes.split_at(len);
    out.get_mut(..len).unwrap_or_default().copy_from_slice(taken);
    let status = match (rest.is_empty(), fin) {
        (false, _) => InflateStatus::NeedsOutput,
        (true, Fin::More) => InflateStatus::NeedsInput,
        (true, Fin::Final) => InflateStatus::Done,
    };
    Step { taken: len, written: len, status }
}

/// Puts the header of a frame to the front of `frame`, and its payload, which lies at `HEADER_LEN_MAX`, behind it. Returns
/// how long the frame is.
fn place_header(opcode: Opcode, fin: Fin, payload_len: usize, frame: &mut [u8]) -> usize {
    let len = u64::try_from(payload_len).unwrap_or(u64::MAX);
    let Some(header) = FrameHeader::new(opcode, fin, len, None) else { return 0 };
    let header = header.encode();
    let header = header.as_bytes();
    let end = HEADER_LEN_MAX.saturating_add(payload_len);
    if header.len() < HEADER_LEN_MAX && end <= frame.len() {
        frame.copy_within(HEADER_LEN_MAX..end, header.len());
    }
    frame.get_mut(..header.len()).unwrap_or_default().copy_from_slice(header);
    header.len().saturating_add(payload_len)
}

/// The header of a frame of less than 64 KiB that is not masked, in bytes (RFC 6455 §5.2).
const HEADER_LEN_MAX: usize = 4;

/// The largest buffer, in bytes: all that the read buffer can hold of a message fits, behind a header and the three bytes
/// of a character that is not whole.
const BUFFER_LEN_MAX: usize = READ_BUFFER_LEN + HEADER_LEN_MAX + 3;
