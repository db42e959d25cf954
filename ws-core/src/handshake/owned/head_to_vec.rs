use alloc::vec;
use alloc::vec::Vec;

use super::super::AcceptError;

/// Writes a head into as much memory as it requires: calls `write` with room for it, and again with the room that it asks
/// for.
///
/// # Errors
///
/// That of `write`, where it is another than too little room.
///
/// ```
/// use ws_core::handshake::{ClientHandshake, OutgoingRequest, head_to_vec};
/// use ws_core::uri::Uri;
///
/// let request = OutgoingRequest::new(Uri::parse("ws://example.com/chat")?);
/// let handshake = ClientHandshake::new([0; 4096], *b"16 random bytes!");
/// let head = head_to_vec(|out| handshake.write_request(&request, out))?;
/// assert!(head.starts_with(b"GET /chat HTTP/1.1\r\n") && head.ends_with(b"\r\n\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn head_to_vec<E>(mut write: impl FnMut(&mut [u8]) -> Result<usize, E>) -> Result<Vec<u8>, E>
where
    E: Copy + Into<AcceptError>,
{
    let mut head = vec![0; 512];
    loop {
        match write(&mut head) {
            Ok(len) => {
                head.truncate(len);
                return Ok(head);
            }
            Err(error) => match error.into() {
                AcceptError::BufferTooSmall { required } if required > head.len() => head.resize(required, 0),
                AcceptError::BufferTooSmall { .. } | AcceptError::Failed(_) | AcceptError::Misuse(_) => {
                    return Err(error);
                }
            },
        }
    }
}
