//! One thread, tokio's.

use std::net::TcpListener;

use fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::unconstrained;
use tokio_websockets::ServerBuilder;
use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
use ws_core::input::ReadBuffer;

use super::super::Result;

/// The opening handshake is ws-core's: fastwebsockets' own is hyper's, which leaves a slower stream behind.
pub(crate) async fn fastwebsockets(mut stream: TcpStream) -> Result<()> {
    greet(&mut stream).await?;
    let mut socket = FragmentCollector::new(WebSocket::after_handshake(stream, Role::Server));
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}

pub(crate) async fn tokio_websockets(stream: TcpStream) -> Result<()> {
    let (_request, mut socket) = ServerBuilder::new().accept(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

pub(crate) async fn tokio_tungstenite(stream: TcpStream) -> Result<()> {
    let mut socket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

pub(crate) async fn ws_tokio(stream: TcpStream) -> Result<()> {
    let mut socket = ws_tokio::accept(stream).await?;
    while let Some((message, mut writer)) = socket.read().await? {
        writer.send(message).await?;
    }
    Ok(())
}

/// Without tokio's budget for each task, as the examples of both have it.
pub(crate) fn serve<F>(listener: TcpListener, echo: fn(TcpStream) -> F) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    listener.set_nonblocking(true)?;
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let echo = unconstrained(echo(stream));
            // That a client leaves is the usual end.
            tokio::spawn(async move { echo.await.unwrap_or_default() });
        }
    })
}

async fn greet(stream: &mut TcpStream) -> Result<()> {
    // On the heap, since the task stays as large as it once is.
    let mut buffer = ReadBuffer::new(vec![0; 4096]);
    let mut handshake = Box::new(ServerHandshake::new(vec![0; 4096]));
    while handshake.receive(&mut buffer.input()) == ServerProgress::NeedInput {
        let len = stream.read(buffer.spare()).await?;
        buffer.filled(len);
        if len == 0 {
            return Err("left within the request".into());
        }
    }
    let mut out = vec![0; 1024];
    let len = handshake
        .accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out)
        .map_err(|error| format!("{error:?}"))?;
    stream.write_all(&out[..len]).await?;
    Ok(())
}
