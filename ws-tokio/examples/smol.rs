//! An echo server on smol: another runtime than tokio brings its streams, by `tokio_util::compat`, and a `Timer`.
//!
//! `cargo run --release -p ws-tokio --example async_smol [ADDR]` serves on 127.0.0.1:9004, or on ADDR, until Ctrl-C. Streams of `futures-io`,
//! as smol's are, become those of tokio by `compat`. Your own program needs of this crate `default-features = false` only, and no
//! feature of tokio.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::{env, io};

use smol::net::{TcpListener, TcpStream};
use tokio_util::compat::FuturesAsyncReadCompatExt as _;
use ws_tokio::{Error, Server};

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9004".to_owned());
    smol::block_on(async {
        let listener = TcpListener::bind(address).await?;
        println!("listening on ws://{}/ (Ctrl-C ends)", listener.local_addr()?);
        let server = Server::new_with_timer(|| Timer(smol::Timer::never()));
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let server = server.clone();
                    let echoing = smol::spawn(async move {
                        if let Err(error) = echo(&server, stream).await {
                            eprintln!("smol: {peer}: {error}");
                        }
                    });
                    echoing.detach();
                }
                Err(error) => {
                    // File descriptors are used up, for example, until a client leaves.
                    eprintln!("smol: {error}");
                    smol::Timer::after(Duration::from_millis(100)).await;
                }
            }
        }
    })
}

async fn echo(server: &Server, stream: TcpStream) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut socket = server.accept(stream.compat()).await?;
    while let Some((message, mut writer)) = socket.read().await? {
        writer.send(message).await?;
    }
    Ok(())
}

/// Wakes tasks at the deadlines of their connections.
struct Timer(smol::Timer);

impl ws_tokio::Timer for Timer {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        self.0.set_at(deadline);
        Pin::new(&mut self.0).poll(cx).map(|_instant| ())
    }
}
