use ws_core::connection::{Config, Connection, Unmasked};
use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
use ws_core::input::ReadBuffer;

use super::{Buffers, Error, HEADER_COUNT_MAX, Link, Stream, Timer, WebSocket};

/// The opening handshake of a server: reads the request, and answers it.
///
/// A request that is refused, or that does not ask for a WebSocket, is answered by HTTP. Then the stream is ended so that the
/// peer reads the answer, within the time to close.
///
/// # Errors
///
/// [`Error::Refused`], [`Error::TimedOut`], [`Error::Eof`] and [`Error::Stream`]. The stream is of no use any more.
pub async fn accept<'b, S: Stream, T: Timer>(
    mut link: Link<S, T>,
    buffers: Buffers<'b>,
    origins: OriginPolicy<'_>,
) -> Result<WebSocket<'b, S, T, Unmasked>, Error<S::Error>> {
    let Buffers { input: storage, head, out } = buffers;
    let mut input = ReadBuffer::new(storage);
    let mut handshake = ServerHandshake::with_headers::<HEADER_COUNT_MAX>(head);
    while handshake.receive(&mut input.input()) == ServerProgress::NeedInput {
        link.fill(&mut input).await?;
    }
    match handshake.accept(origins, &OutgoingResponse::new(), out) {
        Ok(len) => {
            link.write(out.get(..len).unwrap_or_default()).await?;
            link.established();
            Ok(WebSocket::new(link, Connection::server(Config::new()), input, out))
        }
        Err(reason) => {
            let len = handshake.reject_fault(out).unwrap_or_default();
            let answer = out.get(..len).unwrap_or_default();
            if link.write(answer).await.is_ok() && link.flush().await.is_ok() {
                link.linger(input.into_storage(), true).await;
            }
            Err(Error::Refused(reason))
        }
    }
}
