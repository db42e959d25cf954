//! Where a client's masking keys come from.

// Read first: RFC 6455 §5.3, §10.3.

use ws_core::connection;

use crate::error::Error;

/// A client's masking keys: `ChaCha12`. They are boxed, so that a server's connection is not as large as a client's.
pub(crate) type MaskKeys = Box<connection::MaskKeys>;

/// Masking keys that 32 bytes from the operating system seed; fails closed where there are none.
pub(crate) fn mask_keys() -> Result<MaskKeys, Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|_none| Error::Entropy)?;
    Ok(Box::new(connection::MaskKeys::from_seed(seed)))
}
