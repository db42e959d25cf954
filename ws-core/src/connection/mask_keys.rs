// Read first: RFC 6455 §5.3, §10.3.

use core::fmt;

use chacha20::ChaCha12Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};

use super::KeySource;
use crate::frame::MaskKey;

/// A client's masking keys from a seed, by `ChaCha12`: four fresh bytes for each frame, out of a block of 256 that is
/// computed at once.
///
/// The seed has to be fresh for each connection and unpredictable, from the operating system or a hardware generator
/// (RFC 6455 §10.3). A program that gets none must not connect. The keys cannot be cloned, which would give two
/// connections the same ones. About 350 bytes: box them where a connection is to be small.
///
/// ```
/// use ws_core::connection::{Config, Connection, MaskKeys};
///
/// # fn read_entropy() -> [u8; 32] { [7; 32] }
/// let mut keys = MaskKeys::from_seed(read_entropy());
/// let nonce: [u8; 16] = keys.nonce(); // of the opening handshake
/// let mut connection = Connection::client(keys, Config::new());
/// let mut out = [0; 16];
/// assert_eq!(connection.send("Hello", &mut out), Ok(11));
/// # let _ = nonce;
/// ```
pub struct MaskKeys {
    generator: ChaCha12Rng,
}

impl MaskKeys {
    /// Keys from 32 bytes that nobody else knows, and that are used for nothing else.
    ///
    /// ```
    /// use ws_core::connection::{KeySource as _, MaskKeys};
    ///
    /// # fn read_entropy() -> [u8; 32] { [7; 32] }
    /// let mut keys = MaskKeys::from_seed(read_entropy());
    /// let (first, second) = (keys.next_key(), keys.next_key());
    /// assert!(first.is_some());
    /// assert_ne!(first, second, "each frame has a key of its own");
    /// ```
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self { generator: ChaCha12Rng::from_seed(seed) }
    }

    /// The nonce of an opening handshake (RFC 6455 §4.1): 16 fresh bytes.
    ///
    /// ```
    /// use ws_core::connection::MaskKeys;
    ///
    /// # fn read_entropy() -> [u8; 32] { [7; 32] }
    /// let mut keys = MaskKeys::from_seed(read_entropy());
    /// assert_ne!(keys.nonce(), keys.nonce(), "each handshake has a nonce of its own");
    /// ```
    #[must_use]
    pub fn nonce(&mut self) -> [u8; 16] {
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
    /// Nothing of the generator.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskKeys").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{KeySource as _, MaskKeys};

    #[test]
    fn s5_3_each_key_is_fresh_and_each_seed_has_its_own() {
        let keys = |seed| {
            let mut keys = MaskKeys::from_seed([seed; 32]);
            (0..1000).map(|_| keys.next_key().unwrap().to_bytes()).collect::<HashSet<_>>()
        };
        assert!(keys(1).len() >= 999 && keys(1) == keys(1));
        assert!(keys(1).intersection(&keys(2)).count() <= 2);
    }

    #[test]
    fn s4_1_each_nonce_is_fresh() {
        let mut keys = MaskKeys::from_seed([1; 32]);
        assert_ne!(keys.nonce(), keys.nonce());
    }
}
