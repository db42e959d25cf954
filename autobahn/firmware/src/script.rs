//! What the client says: messages of each kind, made up as they are sent, so that none needs memory.

use ws_core::connection::{Connection, FrameStart, KeySource};
use ws_core::event::{Event, MessageType, Piece};
use ws_core::frame::{ControlPayload, Fin};

/// The messages that are still to be sent, and those that are still to come back.
#[derive(Debug)]
pub struct Script {
    sending: Place,
    expected: Place,
    /// How many bytes the frame in progress still lacks.
    frame_remaining: u32,
    pong_count: u32,
    byte_count: u32,
}

/// How far the messages are in one direction.
#[derive(Clone, Copy, Debug)]
struct Place {
    message: usize,
    /// How many bytes of it are done.
    offset: u32,
}

/// A message: its type, its length, and how many bytes a frame of it has.
type Message = (MessageType, u32, u32);

impl Script {
    /// How many bytes a step sends at most.
    pub const ROOM: usize = PIECE_LEN + 14 + 131;

    /// Nothing is sent yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "there is nothing usual about it")]
    pub const fn new() -> Self {
        let start = Place { message: 0, offset: 0 };
        Self { sending: start, expected: start, frame_remaining: 0, pong_count: 0, byte_count: 0 }
    }

    /// Sends the next bytes; says whether there were any.
    ///
    /// # Errors
    ///
    /// Says why nothing can be sent.
    pub fn send_next<K: KeySource>(
        &mut self,
        connection: &mut Connection<K>,
        mut send: impl FnMut(&[u8]),
    ) -> Result<bool, &'static str> {
        let Some(&(message_type, len, frame_len)) = MESSAGES.get(self.sending.message) else {
            return Ok(false);
        };
        let left = len.saturating_sub(self.sending.offset);
        if self.frame_remaining == 0 {
            if self.sending.offset == 0 {
                connection.ping(ControlPayload::new(b"firmware").unwrap_or_default());
                let mut out = [0; 131];
                let len = connection.poll_transmit(&mut out).map_err(|_| "a ping cannot be written")?;
                send(out.get(..len).unwrap_or_default());
            }
            let frame_len = left.min(frame_len);
            let fin = if frame_len == left { Fin::Final } else { Fin::More };
            let start = FrameStart::new(message_type, fin, frame_len.into());
            let header = connection.send_half().begin_frame(start).map_err(|_| "a frame cannot be begun")?;
            send(header.as_bytes());
            self.frame_remaining = frame_len;
        }
        let mut piece = [0; PIECE_LEN];
        let len = self.frame_remaining.min(u32::try_from(PIECE_LEN).unwrap_or_default());
        let piece = piece.get_mut(..usize::try_from(len).unwrap_or_default()).unwrap_or_default();
        for (place, offset) in piece.iter_mut().zip(self.sending.offset..) {
            *place = byte_at(self.sending.message, offset);
        }
        connection.send_half().mask(piece).map_err(|_| "the payload cannot be masked")?;
        send(piece);
        self.frame_remaining = self.frame_remaining.saturating_sub(len);
        self.sending.advance(len);
        Ok(true)
    }

    /// Compares what has come back.
    ///
    /// # Errors
    ///
    /// Says what is not as it was sent.
    pub fn check<K: KeySource>(
        &mut self,
        connection: &Connection<K>,
        event: Event<Piece<'_>>,
    ) -> Result<(), &'static str> {
        match event {
            Event::Data(piece) => self.check_piece(&piece),
            Event::Pong if connection.control().as_bytes() == b"firmware" => {
                self.pong_count = self.pong_count.saturating_add(1);
                Ok(())
            }
            Event::Pong => Err("a pong with another payload than the ping's"),
            Event::Failed(_) => Err("the server breaks the protocol"),
            Event::Close if !self.is_done() => Err("the server closes too early"),
            _ => Ok(()),
        }
    }

    fn check_piece(&mut self, piece: &Piece<'_>) -> Result<(), &'static str> {
        let Some(&(message_type, len, _)) = MESSAGES.get(self.expected.message) else {
            return Err("a message too many");
        };
        if piece.message_type != message_type {
            return Err("text came back as binary, or binary as text");
        }
        let is_same = piece
            .payload
            .iter()
            .zip(self.expected.offset..)
            .all(|(byte, offset)| *byte == byte_at(self.expected.message, offset));
        if !is_same {
            return Err("other bytes came back");
        }
        let arrived = u32::try_from(piece.payload.len()).unwrap_or(u32::MAX);
        let end = self.expected.offset.saturating_add(arrived);
        if end > len || piece.is_last != (end == len) {
            return Err("a message of another length came back");
        }
        self.byte_count = self.byte_count.saturating_add(arrived);
        self.expected.advance(arrived);
        Ok(())
    }

    /// Whether all has come back.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.expected.message == MESSAGES.len()
    }

    /// How many messages and bytes came back.
    ///
    /// # Errors
    ///
    /// Says what is missing.
    pub fn outcome(&self) -> Result<(u32, u32), &'static str> {
        if self.pong_count == 0 {
            return Err("no ping was answered");
        }
        Ok((u32::try_from(self.expected.message).unwrap_or_default(), self.byte_count))
    }
}

impl Place {
    fn advance(&mut self, len: u32) {
        self.offset = self.offset.saturating_add(len);
        let is_whole = MESSAGES.get(self.message).is_some_and(|&(_, len, _)| self.offset >= len);
        if is_whole {
            self.message = self.message.saturating_add(1);
            self.offset = 0;
        }
    }
}

/// The bytes of the messages: of a text, letters of one, two, three and four bytes.
fn byte_at(message: usize, offset: u32) -> u8 {
    let text = "aé€𝄞".as_bytes();
    if let Some((MessageType::Text, ..)) = MESSAGES.get(message) {
        usize::try_from(offset % 10).ok().and_then(|at| text.get(at)).copied().unwrap_or_default()
    } else {
        let [low, high, ..] = offset.to_le_bytes();
        low ^ high.wrapping_mul(3)
    }
}

/// Empty ones, short ones, each form of the length, fragments, and one that is longer than the memory. Lengths of text
/// are whole groups of the four letters.
const MESSAGES: [Message; 10] = [
    (MessageType::Text, 0, 1),
    (MessageType::Text, 10, 125),
    (MessageType::Binary, 125, 125),
    (MessageType::Binary, 126, 126),
    (MessageType::Text, 1000, 1000),
    (MessageType::Text, 1000, 7),
    (MessageType::Binary, 5000, 999),
    (MessageType::Binary, 65_535, 65_535),
    (MessageType::Binary, 65_536, 65_536),
    (MessageType::Binary, 1 << 20, 1 << 20),
];

const PIECE_LEN: usize = 512;
