// Read first: RFC 6455 §5.3, §10.3.

use core::fmt;

use chacha20::ChaCha12Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use ws_core::connection::KeySource;
use ws_core::frame::MaskKey;

use crate::Error;

/// A client's masking keys: `ChaCha12`, seeded by the operating system.
///
/// Four fresh bytes for each frame, out of a block of 256 that is computed at once. It cannot be cloned, which would
/// give two connections the same keys, and its `Debug` shows nothing.
///
/// ```
/// use ws_core::connection::KeySource;
/// use ws_std::MaskKeys;
///
/// let mut keys = MaskKeys::from_system()?;
/// assert!(keys.next_key().is_some());
/// # Ok::<(), ws_std::Error>(())
/// ```
pub struct MaskKeys {
    /// Apart, so that a server's connection is not as large as a client's.
    generator: Box<ChaCha12Rng>,
}

impl MaskKeys {
    /// Keys seeded with 32 bytes of the operating system.
    ///
    /// # Errors
    ///
    /// [`Error::Entropy`] where it has none to give: then there is no connection, rather than one with keys that can
    /// be guessed.
    pub fn from_system() -> Result<Self, Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_none| Error::Entropy)?;
        Ok(Self { generator: Box::new(ChaCha12Rng::from_seed(seed)) })
    }

    /// The nonce of an opening handshake (RFC 6455 §4.1).
    pub(crate) fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.generator.fill_bytes(&mut nonce);
        nonce
    }
}

impl KeySource for MaskKeys {
    #[inline]
    fn next_key(&mut self) -> Option<MaskKey> {
        // RFC 6455 §5.3: the key is fresh and unpredictable for every frame.
        Some(MaskKey::new(self.generator.next_u32().to_le_bytes()))
    }
}

impl fmt::Debug for MaskKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskKeys").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::MaskKeys;
    use std::collections::HashSet;
    use ws_core::connection::KeySource as _;

    #[test]
    fn s5_3_each_key_is_fresh() {
        let mut keys = MaskKeys::from_system().unwrap();
        let drawn: HashSet<_> = (0..1000).map(|_| keys.next_key().unwrap().to_bytes()).collect();
        assert!(drawn.len() >= 999, "of 1000 random keys, two are the same once in 8600 runs");
    }

    #[test]
    fn s4_1_each_nonce_is_fresh_and_each_source_its_own() {
        let mut keys = MaskKeys::from_system().unwrap();
        let mut others = MaskKeys::from_system().unwrap();
        let nonces = HashSet::from([keys.nonce(), keys.nonce(), others.nonce(), others.nonce()]);
        assert_eq!(nonces.len(), 4);
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", MaskKeys::from_system().unwrap()), "MaskKeys { .. }");
    }
}
