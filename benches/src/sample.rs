use crate::Tally;
use ws_core::connection::{KeySource, Sender};
use ws_core::frame::MaskKey;

/// What messages hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Binary,
    Ascii,
    /// Code points of two to four bytes in no order that a branch predictor could learn.
    Mixed,
}

/// Messages of one length, and what they are on the wire from a client.
pub struct Sample {
    pub content: Content,
    pub messages: Vec<Vec<u8>>,
    pub wire: Vec<u8>,
}

/// Keys that differ from frame to frame, and are the same in every run.
pub struct Keys(u32);

impl Keys {
    #[must_use]
    pub fn new() -> Self {
        Self(0x9E37_79B9)
    }

    #[inline]
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

impl KeySource for Keys {
    #[inline]
    fn next_key(&mut self) -> Option<MaskKey> {
        Some(MaskKey::new(self.next().to_ne_bytes()))
    }
}

impl Sample {
    /// Messages of `message_len` bytes, `total_len` bytes or more of them and at least four.
    #[must_use]
    pub fn new(content: Content, message_len: usize, total_len: usize) -> Self {
        let count = (total_len / message_len.max(1)).clamp(4, 4096);
        let mut keys = Keys::new();
        let messages: Vec<Vec<u8>> = (0..count).map(|_| message(content, message_len, &mut keys)).collect();
        let mut sender = Sender::new(Keys::new());
        let mut wire = vec![0; (message_len + 14) * count];
        let mut len = 0;
        for message in &messages {
            len += match content {
                Content::Binary => sender.send_binary(message, &mut wire[len..]),
                Content::Ascii | Content::Mixed => {
                    sender.send_text(std::str::from_utf8(message).expect("made of chars"), &mut wire[len..])
                }
            }
            .expect("there is room");
        }
        wire.truncate(len);
        Self { content, messages, wire }
    }

    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for message in &self.messages {
            tally.count(message);
        }
        tally
    }
}

fn message(content: Content, len: usize, keys: &mut Keys) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 4);
    while bytes.len() < len {
        let random = keys.next();
        match content {
            Content::Binary => bytes.extend_from_slice(&random.to_ne_bytes()),
            Content::Ascii => bytes.push(b' ' + u8::try_from(random % 95).expect("less than 95")),
            Content::Mixed => {
                let first = [0x80, 0x800, 0x1_0000][usize::try_from(random % 3).expect("less than 3")];
                let char = char::from_u32(first + (random >> 8) % 0x700).expect("no surrogate among them");
                bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    if content == Content::Mixed && bytes.len() > len {
        // Whole code points, then ASCII to the exact length.
        let end =
            std::str::from_utf8(&bytes).expect("made of chars").char_indices().last().map_or(0, |(at, _)| at);
        bytes.truncate(end);
        bytes.resize(len, b'.');
    }
    bytes.truncate(len);
    bytes
}
