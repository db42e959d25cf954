// Read first: RFC 6455 §4.2.2.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455 §4.2.2): 28 characters of base64.
///
/// The key is taken as it was sent, not decoded.
///
/// ```
/// use ws_core::handshake::accept_key;
///
/// // RFC 6455 §1.3.
/// assert_eq!(&accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept_key(key: &[u8]) -> [u8; 28] {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut accept = [0; 28];
    let encoded = STANDARD.encode_slice(digest, &mut accept);
    debug_assert_eq!(encoded, Ok(28), "20 bytes are 28 characters");
    accept
}

/// The `Sec-WebSocket-Key` for a nonce (RFC 6455 §4.1).
pub(super) fn encode_nonce(nonce: [u8; 16]) -> [u8; 24] {
    let mut key = [0; 24];
    let encoded = STANDARD.encode_slice(nonce, &mut key);
    debug_assert_eq!(encoded, Ok(24), "16 bytes are 24 characters");
    key
}

/// Whether this is 16 bytes in base64.
pub(super) fn is_key(key: &[u8]) -> bool {
    // RFC 6455 §4.2.1: a base64-encoded value that is 16 bytes when decoded: 22 characters and the padding. The unused
    // bits of the last character are not judged; the RFC's own example in §4.1 has them set.
    let Some(characters) = key.strip_suffix(b"==") else { return false };
    match (characters.first_chunk::<16>(), characters.last_chunk::<16>()) {
        // Ten of the characters are in both.
        (Some(first), Some(last)) => characters.len() == 22 && is_base64(first) && is_base64(last),
        _ => false,
    }
}

/// Whether all of them are characters of base64. Sixteen, and all of them looked at, so that the compiler makes vectors
/// of them.
fn is_base64(characters: &[u8; 16]) -> bool {
    let is_base64 =
        |byte: u8| u8::from(byte.is_ascii_alphanumeric()) | u8::from(byte == b'+') | u8::from(byte == b'/');
    characters.iter().fold(1, |all, byte| all & is_base64(*byte)) == 1
}

/// RFC 6455 §1.3: the Globally Unique Identifier of the protocol.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
