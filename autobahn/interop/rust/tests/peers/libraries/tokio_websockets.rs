use std::net::SocketAddr;

use bytes::BytesMut;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_websockets::{ClientBuilder, CloseCode, Config, Message, ServerBuilder, WebSocketStream};

use crate::obedient::{Give, Got, Peer, Seen, obey};

pub async fn serve(listener: TcpListener) -> Seen {
    let (stream, _) = listener.accept().await.expect("we connect");
    let builder = ServerBuilder::new().config(config());
    let (_request, socket) = builder.accept(stream).await.expect("our request is right");
    obey(Buffered { socket, text: BytesMut::new() }).await
}

pub async fn connect(address: SocketAddr) -> Seen {
    let builder = ClientBuilder::new().uri(&format!("ws://{address}/")).expect("a URL").config(config());
    let (socket, _response) = builder.connect().await.expect("our answer is right");
    obey(Buffered { socket, text: BytesMut::new() }).await
}

/// A longer message leaves in fragments of this length, wherever that cuts a character: it has no other way to send fragments.
fn config() -> Config {
    Config::default().frame_size(125)
}

/// It has no call for one fragment, so that they are gathered here.
struct Buffered<S> {
    socket: WebSocketStream<S>,
    text: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Peer for Buffered<S> {
    async fn next(&mut self) -> Option<Result<Got, String>> {
        let message = match self.socket.next().await? {
            Ok(message) => message,
            Err(error) => return Some(Err(error.to_string())),
        };
        Some(Ok(if let Some(text) = message.as_text() {
            Got::Text(text.to_owned())
        } else if let Some((code, reason)) = message.as_close() {
            Got::Close(Some((code.into(), reason.to_owned())))
        } else if message.is_ping() {
            Got::Ping
        } else if message.is_pong() {
            Got::Pong(message.into_payload().to_vec())
        } else {
            Got::Binary(message.into_payload().to_vec())
        }))
    }

    async fn send(&mut self, give: Give) -> Result<(), String> {
        let message = match give {
            Give::Text(text) => Message::text(text),
            Give::Binary(bytes) => Message::binary(bytes),
            Give::Ping(payload) => Message::ping(payload),
            Give::Fragment { bytes, is_last, .. } => {
                self.text.extend_from_slice(bytes);
                if !is_last {
                    return Ok(());
                }
                // It does not look whether it is UTF-8.
                Message::text(self.text.split())
            }
            Give::Close(code, reason) => {
                Message::close(Some(CloseCode::try_from(code).expect("a code")), reason)
            }
        };
        self.socket.send(message).await.map_err(|error| error.to_string())
    }
}
