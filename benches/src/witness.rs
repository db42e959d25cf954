/// Sees what a contestant does. Every contestant runs with each of the two: with [`Transcript`] to be checked, with
/// [`Tally`] to be timed.
pub trait Witness: Default + Unpin {
    /// A whole message was received.
    fn message(&mut self, payload: &[u8]);

    /// Bytes were handed to the operating system.
    fn sent(&mut self, bytes: &[u8]);

    /// Adds what was sent as another one saw it.
    #[must_use]
    fn with_sent(self, other: Self) -> Self;
}

/// Keeps next to nothing, and costs next to nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub message_count: usize,
    pub payload_len: usize,
    /// The last byte of every message, added up.
    pub last_bytes: u64,
    pub sent_len: usize,
}

impl Witness for Tally {
    #[inline]
    fn message(&mut self, payload: &[u8]) {
        self.message_count += 1;
        self.payload_len += payload.len();
        self.last_bytes += payload.last().map_or(0, |&byte| u64::from(byte));
    }

    #[inline]
    fn sent(&mut self, bytes: &[u8]) {
        self.sent_len += std::hint::black_box(bytes).len();
    }

    fn with_sent(mut self, other: Self) -> Self {
        self.sent_len += other.sent_len;
        self
    }
}

/// Keeps every byte.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    pub messages: Vec<Vec<u8>>,
    pub sent: Vec<u8>,
}

impl Witness for Transcript {
    fn message(&mut self, payload: &[u8]) {
        self.messages.push(payload.to_vec());
    }

    fn sent(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
    }

    fn with_sent(mut self, other: Self) -> Self {
        self.sent.extend_from_slice(&other.sent);
        self
    }
}

impl Transcript {
    /// What a [`Tally`] of the same work has to be.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for message in &self.messages {
            tally.message(message);
        }
        tally.sent_len = self.sent.len();
        tally
    }
}
