//! Where nonces and masking keys come from: a `ChaCha` generator over the entropy of [`Parameters`].
//!
//! See there for what real hardware has to bring.

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use ws_core::connection::KeySource;
use ws_core::frame::MaskKey;

use crate::board::parameters::Parameters;

/// A generator whose output nobody can foresee who does not know its seed.
#[derive(Debug)]
pub struct Entropy(ChaCha12Rng);

impl Entropy {
    /// Expands the entropy of the parameters. It is to be made once: made again, it would repeat itself.
    #[must_use]
    pub fn new(parameters: &Parameters) -> Self {
        Self(ChaCha12Rng::from_seed(parameters.entropy))
    }

    /// The nonce of a handshake (RFC 6455 §4.1).
    pub fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.0.fill_bytes(&mut nonce);
        nonce
    }

    /// For ports and sequence numbers.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }
}

impl KeySource for Entropy {
    fn next_key(&mut self) -> Option<MaskKey> {
        Some(MaskKey::new(self.0.next_u32().to_le_bytes()))
    }
}
