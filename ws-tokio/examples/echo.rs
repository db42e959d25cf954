//! An echo server.
//!
//! `cargo run --release -p ws-tokio --example async_echo [ADDR]` serves on 127.0.0.1:9001, or on ADDR, until Ctrl-C, which closes all
//! connections with 1001. `async_client` is a client for it. With `--features deflate` it compresses messages.

use std::time::Duration;
use std::{env, io};

use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::signal::ctrl_c;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use ws_tokio::{CloseCode, Error, Server};

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/ (Ctrl-C ends)", listener.local_addr()?);

    let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
    select! {
        // An interrupt is waited for before the first client can be.
        biased;
        interrupted = ctrl_c() => interrupted?,
        () = serve(&listener, &tasks, &closing) => {}
    }
    closing.cancel();
    tasks.close();
    if timeout(PATIENCE, tasks.wait()).await.is_err() {
        eprintln!("echo: {} clients did not close", tasks.len());
    }
    Ok(())
}

async fn serve(listener: &TcpListener, tasks: &TaskTracker, closing: &CancellationToken) {
    let server = Server::new();
    #[cfg(feature = "deflate")]
    let server = server.with_deflate(ws_tokio::Deflate::new());
    while !closing.is_cancelled() {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // File descriptors are used up, for example, until a client leaves.
                eprintln!("echo: {error}");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (server, closing) = (server.clone(), closing.clone());
        tasks.spawn(async move {
            match echo(&server, stream, &closing).await {
                // That clients come and go is nothing to report.
                Ok(()) | Err(Error::Disconnected(_) | Error::Timeout(_)) => {}
                Err(error) => eprintln!("echo: {peer}: {error}"),
            }
        });
    }
}

async fn echo(server: &Server, stream: TcpStream, closing: &CancellationToken) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut socket = server.accept(stream).await?;
    loop {
        select! {
            read = socket.read() => match read? {
                Some((message, mut writer)) => writer.send(message).await?,
                None => return Ok(()),
            },
            () = closing.cancelled() => {
                return socket.close(CloseCode::GOING_AWAY.with_reason("the server ends")).await;
            }
        }
    }
}

/// How long the server waits for its clients to close.
const PATIENCE: Duration = Duration::from_secs(2);
