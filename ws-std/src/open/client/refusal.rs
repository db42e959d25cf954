use ws_core::handshake::{ClientHandshake, Response};

use crate::error::Refusal;
use crate::open::handshake_stream::HandshakeStream;
use crate::stream::Stream;

/// Reads the beginning of the body, as far as it comes in time.
pub(super) fn read<S: Stream>(
    handshake: ClientHandshake<Vec<u8>>,
    mut stream: HandshakeStream<S>,
) -> Refusal {
    let body_len = handshake.response().map_or(Some(0), body_len);
    let is_done = |body: &[u8]| match body_len {
        Some(len) => body.len() >= len,
        // The last chunk of a chunked body, or else the end of the stream.
        None => body.ends_with(b"\r\n0\r\n\r\n") || body == b"0\r\n\r\n",
    };
    while !is_done(stream.buffer.unread()) && matches!(stream.fill(), Ok(true)) {}
    let body = stream.buffer.unread();
    let body = body.get(..body_len.unwrap_or(usize::MAX)).unwrap_or(body).to_vec();
    Refusal::new(handshake, body)
}

/// How long the body is, where the head says so.
fn body_len(response: Response<'_>) -> Option<usize> {
    if matches!(response.status(), 100..=199 | 204 | 304) {
        return Some(0);
    }
    core::str::from_utf8(response.header("Content-Length")?).ok()?.parse().ok()
}
