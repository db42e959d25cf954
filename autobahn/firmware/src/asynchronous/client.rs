use ws_core::connection::{Config, Connection, KeySource};
use ws_core::error::SendError;
use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
use ws_core::input::ReadBuffer;

use super::{Buffers, Error, HEADER_COUNT_MAX, Link, Stream, Timer, WebSocket};

/// The opening handshake of a client, over a stream that is connected: sends the request, and reads the response.
///
/// `keys` is the source of the nonce and of every masking key. Where it has none, nothing is sent.
///
/// # Errors
///
/// [`Error::Request`] and [`Error::Send`] before anything is sent; [`Error::Rejected`] and [`Error::Response`] for what the
/// server answers; [`Error::TimedOut`], [`Error::Eof`] and [`Error::Stream`]. The stream is of no use any more.
pub async fn connect<'b, S: Stream, T: Timer, K: KeySource>(
    mut link: Link<S, T>,
    buffers: Buffers<'b>,
    request: &OutgoingRequest<'_>,
    mut keys: K,
) -> Result<WebSocket<'b, S, T, K>, Error<S::Error>> {
    let Buffers { input: storage, head, out } = buffers;
    let nonce = nonce(&mut keys).ok_or(Error::Send(SendError::NoMaskKey))?;
    let mut handshake = ClientHandshake::with_headers::<HEADER_COUNT_MAX>(head, nonce);
    let len = handshake.write_request(request, storage).map_err(Error::Request)?;
    link.write(storage.get(..len).unwrap_or_default()).await?;
    link.flush().await?;
    let mut input = ReadBuffer::new(storage);
    loop {
        match handshake.receive(request, &mut input.input()) {
            ClientProgress::NeedInput => link.fill(&mut input).await?,
            ClientProgress::Accepted => {
                link.established();
                return Ok(WebSocket::new(link, Connection::client(keys, Config::new()), input, out));
            }
            ClientProgress::Rejected => {
                let status = handshake.response().map_or(0, |response| response.status());
                return Err(Error::Rejected(status));
            }
            ClientProgress::Failed(fault) => return Err(Error::Response(fault)),
        }
    }
}

// RFC 6455 §4.1: the nonce is 16 bytes, selected randomly for each connection.
fn nonce(keys: &mut impl KeySource) -> Option<[u8; 16]> {
    let mut nonce = [0; 16];
    for bytes in nonce.chunks_exact_mut(4) {
        bytes.copy_from_slice(&keys.next_key()?.to_bytes());
    }
    Some(nonce)
}
