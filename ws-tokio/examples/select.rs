//! A server that sends ticks, and is told how often: both halves of a connection in one task, by `select!`.
//!
//! `cargo run --release -p ws-tokio --example async_select [ADDR]` serves on 127.0.0.1:9003, or on ADDR, until Ctrl-C. A client is sent
//! `tick 1`, `tick 2` and so on, every second, or every N milliseconds once it has sent the number N.
//!
//! `select!` drops the futures that are not ready, and makes them anew: so it needs futures that lose nothing when they are dropped, as
//! those of `ws_tokio` do. Here a message that has arrived in part when a tick is due is received whole later.

use std::time::Duration;
use std::{env, io};

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, sleep};
use tokio::{select, spawn};
use ws_tokio::Error;

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9003".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on ws://{}/ (Ctrl-C ends)", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                spawn(async move {
                    if let Err(error) = tick(stream).await {
                        eprintln!("select: {peer}: {error}");
                    }
                });
            }
            Err(error) => {
                // File descriptors are used up, for example, until a client leaves.
                eprintln!("select: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn tick(stream: TcpStream) -> Result<(), Error> {
    let (mut reader, mut writer) = ws_tokio::accept(stream).await?.split();
    let mut ticks = interval(Duration::from_secs(1));
    let (mut count, mut is_flushed) = (0_u64, true);
    loop {
        let text = select! {
            received = reader.receive() => {
                let Some(message) = received? else { return Ok(()) };
                match message.as_text().and_then(|text| text.parse().ok()) {
                    Some(millis @ 1..) => {
                        ticks = interval(Duration::from_millis(millis));
                        format!("every {millis} ms")
                    }
                    _ => "every how many milliseconds?".to_owned(),
                }
            }
            // A client that reads too slowly misses ticks, and can still say how often it wants them.
            _ = ticks.tick(), if is_flushed => {
                count = count.saturating_add(1);
                format!("tick {count}")
            }
            flushed = writer.flush(), if !is_flushed => {
                flushed?;
                is_flushed = true;
                continue;
            }
        };
        match writer.feed(&text).await {
            // After a Close, what is left is to read to the end.
            Ok(()) | Err(Error::Closed) => is_flushed = false,
            Err(error) => return Err(error),
        }
    }
}
