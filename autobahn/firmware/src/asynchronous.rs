//! The same core driven from async firmware: any stream with the traits of `embedded-io-async`, which embassy's
//! `TcpSocket` has, and TLS over it.
//!
//! What was written by `ws-core` is committed, so that it must not be lost when a future is dropped: the output is the
//! caller's, and a task that is cancelled within `write_all` closes its stream.

use embedded_io_async::{Read, Write};
use ws_core::connection::{Config, Connection, Transport, Unmasked};
use ws_core::error::SendError;
use ws_core::event::{Event, Payload};
use ws_core::frame::Fin;
use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
use ws_core::input::ReadBuffer;

/// Why a connection ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed: the peer, the stream, or what we send")]
pub enum Error<E> {
    /// The request was refused, or broken off.
    Handshake,
    /// The stream failed.
    Stream(E),
    /// Something could not be sent, such as where `out` is too short.
    Send(SendError),
}

impl<E> From<E> for Error<E> {
    fn from(error: E) -> Self {
        Self::Stream(error)
    }
}

/// Serves one connection: accepts it, and sends each message back as it comes. `out` has to have at least 256 bytes.
///
/// # Errors
///
/// [`Error::Handshake`] where no WebSocket came of it, [`Error::Stream`] with what the stream says, [`Error::Send`] where
/// `out` is too short.
pub async fn serve<S: Read + Write>(
    stream: &mut S,
    storage: &mut [u8],
    out: &mut [u8],
) -> Result<(), Error<S::Error>> {
    let mut buffer = ReadBuffer::new(storage);
    let mut connection = accept(stream, &mut buffer, out).await?;
    loop {
        {
            let mut input = buffer.input();
            while let Some(event) = connection.next_event(&mut input) {
                if let Event::Data(fragment) = event {
                    echo(stream, &mut connection, fragment.payload, fragment.fin(), out).await?;
                }
                let len = connection.poll_transmit(out).map_err(Error::Send)?;
                write(stream, out, len).await?;
            }
        }
        // Behind a Close the stream is read until the peer ends it; who waits should do so with a deadline.
        if connection.transport() == Transport::Closed {
            return Ok(());
        }
        match stream.read(buffer.spare()).await? {
            0 => connection.eof(),
            len => buffer.filled(len),
        }
    }
}

async fn accept<S: Read + Write>(
    stream: &mut S,
    buffer: &mut ReadBuffer<&mut [u8]>,
    out: &mut [u8],
) -> Result<Connection<Unmasked>, Error<S::Error>> {
    let mut handshake = ServerHandshake::with_headers::<32>([0; 1024]);
    loop {
        let len = stream.read(buffer.spare()).await?;
        if len == 0 {
            return Err(Error::Handshake);
        }
        buffer.filled(len);
        match handshake.receive(&mut buffer.input()) {
            ServerProgress::NeedInput => continue,
            ServerProgress::Request => {
                if let Ok(len) = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), out) {
                    write(stream, out, len).await?;
                    return Ok(Connection::server(Config::new()));
                }
            }
            ServerProgress::NotWebSocket | ServerProgress::Failed(_) => {}
        }
        let len = handshake.reject_fault(out).unwrap_or_default();
        write(stream, out, len).await?;
        return Err(Error::Handshake);
    }
}

/// Sends a fragment back, in as many as `out` takes.
async fn echo<S: Read + Write>(
    stream: &mut S,
    connection: &mut Connection<Unmasked>,
    mut payload: Payload<'_>,
    fin: Fin,
    out: &mut [u8],
) -> Result<(), Error<S::Error>> {
    loop {
        let sent = connection.send_part(payload, fin, out).map_err(Error::Send)?;
        write(stream, out, sent.written).await?;
        if sent.is_complete {
            return Ok(());
        }
        payload = payload.split_at(sent.taken).1;
    }
}

async fn write<S: Write>(stream: &mut S, out: &[u8], len: usize) -> Result<(), Error<S::Error>> {
    Ok(stream.write_all(out.get(..len).unwrap_or_default()).await?)
}
