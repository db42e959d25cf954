//! The other implementations, as functions from frames to an account of them.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_core::Stream as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_websockets::proto::ProtocolError;

use super::account::{Account, End, Heard};
use crate::support::reference::Role;

/// Another implementation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// tungstenite 0.30.
    Tungstenite,
    /// tokio-websockets 0.13.
    TokioWebsockets,
}

pub(crate) const PEERS: [Peer; 2] = [Peer::Tungstenite, Peer::TokioWebsockets];

impl Peer {
    /// What it makes of the frames.
    pub(crate) fn receive(self, role: Role, wire: &[u8], len_max: usize) -> Account {
        match self {
            Self::Tungstenite => tungstenite(role, wire, len_max),
            Self::TokioWebsockets => tokio_websockets(role, wire, len_max),
        }
    }
}

/// A transport that gives these bytes, then blocks, and keeps what is written to it.
pub(crate) struct Transport<'w> {
    pub(crate) incoming: &'w [u8],
    pub(crate) outgoing: Vec<u8>,
}

impl<'w> Transport<'w> {
    pub(crate) fn new(incoming: &'w [u8]) -> Self {
        Self { incoming, outgoing: Vec::new() }
    }
}

impl Read for Transport<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.incoming.read(out)
    }
}

impl Write for Transport<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Transport<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.incoming.is_empty() {
            return Poll::Pending;
        }
        let (now, later) = self.incoming.split_at(self.incoming.len().min(out.remaining()));
        out.put_slice(now);
        self.incoming = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.outgoing.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn tungstenite(role: Role, wire: &[u8], len_max: usize) -> Account {
    use tungstenite::protocol::{Message, Role as TheirRole, WebSocket, WebSocketConfig};
    let role = match role {
        Role::Client => TheirRole::Client,
        Role::Server => TheirRole::Server,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(1024)
        .max_frame_size(Some(len_max))
        .max_message_size(Some(len_max));
    let mut socket = WebSocket::from_raw_socket(Transport::new(wire), role, Some(config));
    let mut heard = Vec::new();
    let end = loop {
        heard.push(match socket.read() {
            Ok(Message::Text(text)) => Heard::Text(text.as_bytes().to_vec()),
            Ok(Message::Binary(bytes)) => Heard::Binary(bytes.to_vec()),
            Ok(Message::Ping(bytes)) => Heard::Ping(bytes.to_vec()),
            Ok(Message::Pong(bytes)) => Heard::Pong(bytes.to_vec()),
            Ok(Message::Close(close)) => {
                let mut payload = Vec::new();
                if let Some(close) = close {
                    payload.extend_from_slice(&u16::from(close.code).to_be_bytes());
                    payload.extend_from_slice(close.reason.as_bytes());
                }
                heard.push(Heard::Close(payload));
                break End::Closed;
            }
            Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                break End::Open;
            }
            Err(tungstenite::Error::Protocol(_)) => break End::Failed(1002),
            Err(tungstenite::Error::Utf8(_)) => break End::Failed(1007),
            Err(tungstenite::Error::Capacity(_)) => break End::Failed(1009),
            other => panic!("not from a transport in memory: {other:?}"),
        });
    };
    Account { heard, end }
}

fn tokio_websockets(role: Role, wire: &[u8], len_max: usize) -> Account {
    use tokio_websockets::{ClientBuilder, Error, Limits, ServerBuilder};
    let limits = Limits::default().max_payload_len(Some(len_max));
    let transport = Transport::new(wire);
    let mut stream = match role {
        Role::Client => ClientBuilder::new().limits(limits).take_over(transport),
        Role::Server => ServerBuilder::new().limits(limits).serve(transport),
    };
    let mut context = Context::from_waker(Waker::noop());
    let mut heard = Vec::new();
    let end = loop {
        let message = match Pin::new(&mut stream).poll_next(&mut context) {
            Poll::Ready(Some(Ok(message))) => message,
            Poll::Pending => break End::Open,
            Poll::Ready(Some(Err(Error::Protocol(ProtocolError::InvalidUtf8)))) => break End::Failed(1007),
            Poll::Ready(Some(Err(Error::Protocol(_)))) => break End::Failed(1002),
            Poll::Ready(Some(Err(Error::PayloadTooLong { .. }))) => break End::Failed(1009),
            other => panic!("not from a transport in memory: {other:?}"),
        };
        let payload = message.as_payload().to_vec();
        heard.push(if message.is_text() {
            Heard::Text(payload)
        } else if message.is_binary() {
            Heard::Binary(payload)
        } else if message.is_ping() {
            Heard::Ping(payload)
        } else if message.is_pong() {
            Heard::Pong(payload)
        } else {
            heard.push(Heard::Close(payload));
            break End::Closed;
        });
    };
    Account { heard, end }
}
