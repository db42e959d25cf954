// Read first: RFC 6455 §5.3, §10.3.

use core::fmt;

use ws_core::connection::{self, KeySource};
use ws_core::frame::MaskKey;

use crate::error::Error;

/// A client's masking keys: `ChaCha12`, seeded by the operating system.
///
/// They cannot be cloned, which would give two connections the same keys, and their `Debug` shows nothing.
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
    /// Boxed, so that a server's connection is not as large as a client's.
    keys: Box<connection::MaskKeys>,
}

impl MaskKeys {
    /// Seeds a generator of keys with 32 bytes from the operating system.
    ///
    /// # Errors
    ///
    /// [`Error::Entropy`] where the operating system returns no random bytes. A client then fails to connect, rather than mask
    /// with keys that can be guessed.
    pub fn from_system() -> Result<Self, Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_none| Error::Entropy)?;
        Ok(Self { keys: Box::new(connection::MaskKeys::from_seed(seed)) })
    }

    /// The nonce of an opening handshake (RFC 6455 §4.1).
    pub(crate) fn nonce(&mut self) -> [u8; 16] {
        self.keys.nonce()
    }
}

impl KeySource for MaskKeys {
    #[inline]
    fn next_key(&mut self) -> Option<MaskKey> {
        self.keys.next_key()
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

    #[test]
    fn s4_1_each_source_has_its_own_seed() {
        let mut sources = [MaskKeys::from_system().unwrap(), MaskKeys::from_system().unwrap()];
        let nonces: HashSet<_> = sources.iter_mut().flat_map(|keys| [keys.nonce(), keys.nonce()]).collect();
        assert_eq!(nonces.len(), 4);
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", MaskKeys::from_system().unwrap()), "MaskKeys { .. }");
    }
}
