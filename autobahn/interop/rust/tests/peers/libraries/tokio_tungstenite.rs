use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::{WebSocketStream, accept_async, connect_async};

use crate::obedient::{Give, Got, Peer, Seen, obey};

pub async fn serve(listener: TcpListener) -> Seen {
    let (stream, _) = listener.accept().await.expect("we connect");
    obey(accept_async(stream).await.expect("our request is right")).await
}

pub async fn connect(address: SocketAddr) -> Seen {
    let (socket, _response) = connect_async(format!("ws://{address}/")).await.expect("our answer is right");
    obey(socket).await
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Peer for WebSocketStream<S> {
    async fn next(&mut self) -> Option<Result<Got, String>> {
        Some(match StreamExt::next(self).await? {
            Ok(Message::Text(text)) => Ok(Got::Text(text.as_str().to_owned())),
            Ok(Message::Binary(bytes)) => Ok(Got::Binary(bytes.to_vec())),
            Ok(Message::Ping(_)) => Ok(Got::Ping),
            Ok(Message::Pong(payload)) => Ok(Got::Pong(payload.to_vec())),
            Ok(Message::Close(frame)) => {
                Ok(Got::Close(frame.map(|frame| (frame.code.into(), frame.reason.as_str().to_owned()))))
            }
            Ok(Message::Frame(_)) => Err("a frame is not received".to_owned()),
            Err(error) => Err(error.to_string()),
        })
    }

    async fn send(&mut self, give: Give) -> Result<(), String> {
        let message = match give {
            Give::Text(text) => text.into(),
            Give::Binary(bytes) => bytes.into(),
            Give::Ping(payload) => Message::Ping(payload.into()),
            Give::Fragment { bytes, is_first, is_last } => {
                let data = if is_first { Data::Text } else { Data::Continue };
                Message::Frame(Frame::message(bytes, OpCode::Data(data), is_last))
            }
            Give::Close(code, reason) => {
                Message::Close(Some(CloseFrame { code: code.into(), reason: reason.into() }))
            }
        };
        SinkExt::send(self, message).await.map_err(|error| error.to_string())
    }
}
