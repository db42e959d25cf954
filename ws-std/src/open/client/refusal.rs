// Read first: RFC 9112 §6.3.

use core::time::Duration;

use ws_core::handshake::{ClientHandshake, Refusal, ResponseBody};

use crate::open::handshake_stream::HandshakeStream;
use crate::stream::Stream;

/// Reads the beginning of a refusal's body, as far as it arrives in a short time. The status is known already, and does not wait
/// for a body that does not end.
pub(super) fn read<S: Stream>(
    handshake: ClientHandshake<Vec<u8>>,
    mut stream: HandshakeStream<S>,
) -> Refusal {
    stream.shorten(BODY_TIME_MAX);
    let Some(mut body) = handshake.response().map(|response| ResponseBody::of(&response)) else {
        return Refusal::new(handshake, Vec::new());
    };
    loop {
        let mut input = stream.buffer.input();
        body.decode(input.take(input.len()));
        if body.is_over() || !matches!(stream.fill(), Ok(true)) {
            return Refusal::new(handshake, body.into_content());
        }
    }
}

/// How long a body may take, if the time for the handshake is not over before.
const BODY_TIME_MAX: Duration = Duration::from_secs(1);
