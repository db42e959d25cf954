//! A WebSocket echo on every path, and a page to try it with for every browser.
//!
//! `cargo run --release -p ws-std --example echo [ADDR]` serves on 127.0.0.1:9001, or on ADDR, until Ctrl-C, which
//! closes all connections with 1001. With `--features deflate` and the argument `--deflate` it compresses messages.
#![expect(clippy::std_instead_of_core, reason = "a program has std")]

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;
use std::{env, io, thread};

use ws_std::{Error, Header, Hub, Place, Server, SharedStream};

const USAGE: &str = "usage: echo [ADDR] [--deflate]    (default 127.0.0.1:9001)";

fn main() -> ExitCode {
    let (options, addresses): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|word| word.starts_with('-'));
    let server = match options.as_slice() {
        [] => Some(Server::new()),
        [option] if option == "--deflate" => compressing(),
        _ => None,
    };
    let (Some(server), [] | [_]) = (server, addresses.as_slice()) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let address = addresses.first().map_or("127.0.0.1:9001", String::as_str);
    match run(address, server) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A server that compresses messages, where this was built with the feature for it.
#[cfg(feature = "deflate")]
#[expect(clippy::unnecessary_wraps, reason = "a build without the feature has none")]
fn compressing() -> Option<Server> {
    Some(Server::new().with_deflate(ws_std::Deflate::new()))
}

#[cfg(not(feature = "deflate"))]
fn compressing() -> Option<Server> {
    eprintln!("echo: --deflate needs a build with --features deflate");
    None
}

fn run(address: &str, server: Server) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    // An interrupt, or the end of serving, with what came of it.
    let (ended, wait_for_end) = mpsc::channel();
    let interrupted = ended.clone();
    ctrlc::set_handler(move || {
        let _ended = interrupted.send(Ok(()));
    })
    .map_err(io::Error::other)?;
    say(&format!("listening on http://{}/ (Ctrl-C ends)", listener.local_addr()?));

    let hub = Hub::new(CONNECTION_COUNT_MAX);
    let room = hub.clone();
    thread::spawn(move || {
        let result = room.serve(&listener, move |stream, place| serve(stream, &server, &place));
        let _ended = ended.send(result);
    });
    let end = wait_for_end.recv().map_err(io::Error::other)?;
    say("closing");
    hub.shutdown("the server ends", PATIENCE);
    end
}

/// Tells whoever still listens: that nobody does is no reason to end.
fn say(words: &str) {
    let _closed = writeln!(io::stdout(), "{words}");
}

fn serve(stream: SharedStream<TcpStream>, server: &Server, place: &Place) {
    match echo(stream, server, place) {
        // That peers come and go is nothing to report.
        Ok(()) | Err(Error::Disconnected(_) | Error::Timeout(_)) => {}
        Err(error) => eprintln!("echo: {error}"),
    }
}

fn echo(stream: SharedStream<TcpStream>, server: &Server, place: &Place) -> Result<(), Error> {
    let incoming = server.receive(stream)?;
    if !incoming.is_websocket() {
        return incoming.respond(200, &PAGE_HEADERS, PAGE.as_bytes());
    }
    let (mut reader, writer) = incoming.accept()?.split()?;
    // So that it is closed when the server ends.
    place.join(writer.clone());
    while let Some(message) = reader.read()? {
        writer.send(message)?;
    }
    Ok(())
}

/// How many connections are served at the same time.
const CONNECTION_COUNT_MAX: usize = 4096;

/// How long the server waits for its peers to close.
const PATIENCE: Duration = Duration::from_secs(2);

const PAGE: &str = include_str!("echo.html");

const PAGE_HEADERS: [Header<'_>; 4] = [
    Header { name: "Content-Type", value: b"text/html; charset=utf-8" },
    Header { name: "Cache-Control", value: b"no-store" },
    Header { name: "X-Content-Type-Options", value: b"nosniff" },
    Header {
        name: "Content-Security-Policy",
        value: b"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; \
            connect-src 'self' ws: wss:",
    },
];
