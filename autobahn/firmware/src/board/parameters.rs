//! What the board is told before it starts: 64 bytes at the end of RAM.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `ws-1`, else there are no parameters |
//! | 4..8 | the port that the client connects to |
//! | 8..12 | how many bytes of entropy follow, 32 |
//! | 12..44 | entropy |
//!
//! The runner has QEMU write them there. The LM3S6965 has no generator of random numbers, and the emulated board has
//! nothing at all that could serve as one, so that the entropy is the host's.
//!
//! **On real hardware the entropy must come from real hardware**: from the microcontroller's generator of random numbers
//! where it has one, from a secure element, or, at the least, from a seed that was written in production, is different
//! in each device, and is replaced at each start by what it was expanded to. A seed that is the same at two starts gives
//! the same nonces and the same masking keys, and keys that can be foreseen are what masking is to prevent (RFC 6455
//! §10.3).

use super::registers::parameter_word;

/// The parameters, where there are any.
#[derive(Clone)]
pub struct Parameters {
    /// The port of the server on the host.
    pub port: u16,
    /// Unpredictable, and other at each start.
    pub entropy: [u8; 32],
}

impl Parameters {
    /// Reads what the runner has written, or `None` where it was not there.
    #[must_use]
    pub fn read() -> Option<Self> {
        if parameter_word(0)?.to_le_bytes() != *b"ws-1" || parameter_word(2)? != 32 {
            return None;
        }
        let port = u16::try_from(parameter_word(1)?).ok()?;
        let mut entropy = [0; 32];
        for (bytes, index) in entropy.chunks_exact_mut(4).zip(3..) {
            bytes.copy_from_slice(&parameter_word(index)?.to_le_bytes());
        }
        Some(Self { port, entropy })
    }
}
