use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use std::future::IntoFuture as _;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::obedient::{Give, Got, Peer, Seen, obey};

pub async fn serve(listener: TcpListener) -> Seen {
    let (seen, mut all_seen) = mpsc::channel(1);
    let router = Router::new().route(
        "/",
        any(|upgrade: WebSocketUpgrade| async move {
            upgrade.on_upgrade(
                |socket| async move { seen.send(obey(socket).await).await.expect("it is awaited") },
            )
        }),
    );
    let server = tokio::spawn(axum::serve(listener, router).into_future());
    let first = all_seen.recv().await.expect("it has run");
    server.abort();
    first
}

impl Peer for WebSocket {
    async fn next(&mut self) -> Option<Result<Got, String>> {
        Some(match self.recv().await? {
            Ok(Message::Text(text)) => Ok(Got::Text(text.as_str().to_owned())),
            Ok(Message::Binary(bytes)) => Ok(Got::Binary(bytes.to_vec())),
            Ok(Message::Ping(_)) => Ok(Got::Ping),
            Ok(Message::Pong(payload)) => Ok(Got::Pong(payload.to_vec())),
            Ok(Message::Close(frame)) => {
                Ok(Got::Close(frame.map(|frame| (frame.code, frame.reason.as_str().to_owned()))))
            }
            Err(error) => Err(error.to_string()),
        })
    }

    async fn send(&mut self, give: Give) -> Result<(), String> {
        let message = match give {
            Give::Text(text) => Message::text(text),
            Give::Binary(bytes) => Message::binary(bytes),
            Give::Ping(payload) => Message::Ping(payload.into()),
            Give::Fragment { .. } => return Err(NO_FRAGMENTS.to_owned()),
            Give::Close(code, reason) => Message::Close(Some(CloseFrame { code, reason: reason.into() })),
        };
        self.send(message).await.map_err(|error| error.to_string())
    }
}

/// Its messages are whole, and its texts are UTF-8.
pub const NO_FRAGMENTS: &str = "axum sends no fragments";
