//! Sends the lines of standard input to a WebSocket server, and prints what comes back.
//!
//! `cargo run --release -p ws-tokio --example async_client URL ['NAME: VALUE']...` adds these headers to its request. It closes after the
//! last line, and prints what still comes until the server closes too. With `--features rustls` it connects to `wss:` URLs, and with
//! `--features deflate` it offers compression.

use std::error::Error;
use std::io::Write as _;
use std::pin::pin;
use std::process::ExitCode;
use std::{env, io, thread};

use tokio::select;
use tokio::sync::mpsc;
use ws_tokio::{Client, CloseCode, ClosureCause, Message};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("client: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().ok_or(USAGE)?;
    let mut client = Client::new();
    for header in arguments {
        let (name, value) = header.split_once(':').ok_or(USAGE)?;
        client = client.with_header(name.trim(), value.trim());
    }
    #[cfg(feature = "deflate")]
    let client = client.with_deflate(ws_tokio::Deflate::new());

    // Two halves, since a server that waits until its answers are read does not read what is sent meanwhile.
    let (mut reader, mut writer) = client.connect(&url).await?.split();
    let mut lines = lines();
    let sending = async {
        while let Some(line) = lines.recv().await {
            writer.send(&line?).await?;
        }
        writer.start_close(CloseCode::NORMAL).await
    };
    let mut printing = pin!(async {
        while let Some(message) = reader.read().await? {
            print(message)?;
        }
        let by_server = reader.closure().filter(|closure| closure.cause == ClosureCause::Peer);
        if let Some(closure) = by_server {
            let close = reader.close_frame();
            let reason = close.as_ref().map_or("", |close| close.reason());
            eprintln!("client: the server closed with {} {reason}", closure.status.get());
        }
        Ok(())
    });
    select! {
        printed = &mut printing => printed,
        sent = sending => match sent {
            // After a Close of the server's, reading says why.
            Ok(()) | Err(ws_tokio::Error::Closed) => printing.await,
            Err(error) => Err(error.into()),
        },
    }
}

/// The lines of standard input, read by a thread that does not hold up the end of the program, as `tokio::io::Stdin` does.
fn lines() -> mpsc::Receiver<io::Result<String>> {
    let (sender, lines) = mpsc::channel(1);
    thread::spawn(move || io::stdin().lines().try_for_each(|line| sender.blocking_send(line)));
    lines
}

fn print(message: Message<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match message {
        Message::Text(text) => writeln!(out, "{text}"),
        Message::Binary(bytes) => writeln!(out, "({} bytes) {}", bytes.len(), bytes.escape_ascii()),
    }
}

const USAGE: &str = "usage: async_client URL ['NAME: VALUE']...";
