// Read first: RFC 6455 §4.2.2.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::block_api::compress;
use sha1::{Digest as _, Sha1};

use crate::bytes::copy;

/// The `Sec-WebSocket-Accept` that answers a `Sec-WebSocket-Key` (RFC 6455 §4.2.2): 28 characters of base64.
///
/// The key is taken as it was sent, not decoded, and not judged. Both handshakes do this for you; it is for programs whose
/// HTTP library writes the response.
///
/// ```
/// use ws_core::handshake::accept_key;
///
/// // RFC 6455 §1.3.
/// assert_eq!(&accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept_key(key: &[u8]) -> [u8; 28] {
    encode_digest(Sha1::new().chain_update(key).chain_update(GUID).finalize().into())
}

/// Answers a key of 16 bytes in base64, without the code that takes any number of pieces of any length.
///
/// Not inlined into either role's handshake on microcontrollers, since SHA-1 is long.
#[cfg_attr(target_os = "none", inline(never))]
pub(super) fn answer_to(key: &[u8; KEY_LEN]) -> [u8; 28] {
    let mut blocks = PADDED;
    if let Some(start) = blocks.as_flattened_mut().first_chunk_mut() {
        *start = *key;
    }
    let mut state = INITIAL_STATE;
    compress(&mut state, &blocks);
    let mut digest = [0; 20];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        copy(&word.to_be_bytes(), bytes);
    }
    encode_digest(digest)
}

/// 20 bytes in base64.
///
/// Not inlined, so that the compiler sees that the encoder does not panic.
#[inline(never)]
fn encode_digest(digest: [u8; 20]) -> [u8; 28] {
    let mut accept = [0; 28];
    let encoded = STANDARD.encode_slice(digest, &mut accept);
    debug_assert_eq!(encoded, Ok(28), "20 bytes are 28 characters");
    accept
}

/// The `Sec-WebSocket-Key` for a nonce (RFC 6455 §4.1).
pub(super) fn encode_nonce(nonce: [u8; 16]) -> [u8; KEY_LEN] {
    let mut key = [0; KEY_LEN];
    let encoded = STANDARD.encode_slice(nonce, &mut key);
    debug_assert_eq!(encoded, Ok(KEY_LEN), "16 bytes are 24 characters");
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
const GUID: &[u8; 36] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// 16 bytes in base64.
const KEY_LEN: usize = 24;

/// The two blocks that SHA-1 takes of a key and the GUID, padded (FIPS 180-4 §5.1.1), with zeros where the key goes.
const PADDED: [[u8; 64]; 2] = {
    let mut blocks = [[0; 64]; 2];
    let [first, second] = &mut blocks;
    if let Some((_, behind_key)) = first.split_at_mut_checked(KEY_LEN) {
        if let Some((guid, [end, ..])) = behind_key.split_first_chunk_mut() {
            *guid = *GUID;
            *end = 0x80;
        }
    }
    if let Some(bit_count) = second.last_chunk_mut() {
        *bit_count = 480_u64.to_be_bytes();
    }
    blocks
};

/// What SHA-1 begins with (FIPS 180-4 §5.3.1).
const INITIAL_STATE: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

#[cfg(test)]
mod tests {
    use super::{accept_key, answer_to};

    #[test]
    fn a_key_of_the_usual_length_is_answered_as_any_other() {
        for byte in 0..=u8::MAX {
            let key = core::array::from_fn(|at| byte.wrapping_add(u8::try_from(at).unwrap()));
            assert_eq!(answer_to(&key), accept_key(&key), "{key:?}");
        }
    }
}
