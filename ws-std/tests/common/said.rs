//! Messages as values, to be compared with what the other side says it got.

use ws_std::Message;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Text(String),
    Binary(Vec<u8>),
}

impl Said {
    /// A text or a binary message of about this length, one unlike the next.
    pub(crate) fn new(number: usize, len: usize) -> Self {
        let letters = ["a", "b", "ä", "€", "c"].iter().cycle().skip(number);
        let text: String = letters.take(len / 2).copied().collect();
        if number % 2 == 0 { Self::Text(text) } else { Self::Binary(text.into_bytes()) }
    }

    pub(crate) fn of(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.to_owned()),
            Message::Binary(bytes) => Self::Binary(bytes.to_vec()),
        }
    }

    pub(crate) fn message(&self) -> Message<'_> {
        match self {
            Self::Text(text) => Message::Text(text),
            Self::Binary(bytes) => Message::Binary(bytes),
        }
    }

    pub(crate) fn opcode(&self) -> u8 {
        if matches!(self, Self::Text(_)) { 1 } else { 2 }
    }
}
