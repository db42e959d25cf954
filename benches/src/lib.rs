//! The same work, done by ws-core, by its peers and by the least code that could do it.
//!
//! Every contestant turns the same bytes into messages, or messages into bytes, and returns a [`Tally`] of what it
//! saw, which the benchmarks check before they time anything.

pub mod decode;
pub mod deflate;
pub mod encode;
mod kernel;
mod sample;

pub use kernel::Kernel;
pub use sample::{Content, Sample};

/// What a contestant saw: enough to notice a message that was lost, cut or not unmasked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub message_count: usize,
    pub payload_len: usize,
    /// The last byte of every message, added up.
    pub last_bytes: u64,
}

impl Tally {
    #[inline]
    pub fn count(&mut self, payload: &[u8]) {
        self.message_count += 1;
        self.payload_len += payload.len();
        self.last_bytes += payload.last().map_or(0, |&byte| u64::from(byte));
    }
}
