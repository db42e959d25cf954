//! A WebSocket echo on every path, and a page to try it with for every browser.
//!
//! `cargo run --release -p ws-std --example echo [ADDR]` serves on 127.0.0.1:9001, or on ADDR, until Ctrl-C, which
//! closes all connections with 1001. With `--features deflate` and the argument `--deflate` it compresses messages.
#![expect(clippy::print_stderr, reason = "a program that talks to whoever started it")]
#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program has std")]

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use std::{env, io, thread};

use ws_std::{CloseCode, Error, Header, Server, Timeouts};

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
    let (interrupted, wait_for_interrupt) = mpsc::channel();
    ctrlc::set_handler(move || {
        let _ended = interrupted.send(());
    })
    .map_err(io::Error::other)?;
    say(&format!("listening on http://{}/ (Ctrl-C ends)", listener.local_addr()?));

    let connections = Arc::new(Connections::default());
    let accepted = Arc::clone(&connections);
    thread::spawn(move || accept_all(&listener, &server, &accepted));
    let _hung_up = wait_for_interrupt.recv();
    say("closing");
    connections.close_all();
    Ok(())
}

/// Tells whoever still listens: that nobody does is no reason to end.
fn say(words: &str) {
    let _closed = writeln!(io::stdout(), "{words}");
}

fn accept_all(listener: &TcpListener, server: &Server, connections: &Arc<Connections>) {
    for stream in listener.incoming() {
        let (place, server) = (Place::take(connections), server.clone());
        let started = stream.and_then(|stream| {
            thread::Builder::new().stack_size(STACK_LEN).spawn(move || serve(stream, &server, &place))
        });
        if let Err(error) = started {
            // Most of all: too many open files. Others will be closed.
            eprintln!("echo: {error}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn serve(stream: TcpStream, server: &Server, place: &Place) {
    match echo(stream, server, &place.connections) {
        // That peers come and go is nothing to report.
        Ok(()) | Err(Error::Disconnected(_) | Error::Timeout(_)) => {}
        Err(error) => eprintln!("echo: {error}"),
    }
}

fn echo(stream: TcpStream, server: &Server, connections: &Connections) -> Result<(), Error> {
    let incoming = server.receive(stream)?;
    if !incoming.is_websocket() {
        return incoming.reject(200, &PAGE_HEADERS, PAGE.as_bytes());
    }
    let mut socket = incoming.accept()?;
    // So that a connection on which nothing happens notices the end, too.
    socket.get_ref().set_read_timeout(Some(ATTENTION))?;
    while !connections.is_closing() {
        match socket.read() {
            Ok(Some((message, mut writer))) => writer.send(message)?,
            Ok(None) => return Ok(()),
            Err(error) if error.is_would_block() => {}
            Err(error) => return Err(error),
        }
    }
    socket.set_timeouts(Timeouts::new().with_close(Some(PATIENCE)))?;
    socket.close(CloseCode::GOING_AWAY, "the server ends")
}

/// The connections that are served, which have a bound, and an end in common.
#[derive(Default)]
struct Connections {
    count: Mutex<usize>,
    changed: Condvar,
    is_closing: AtomicBool,
}

impl Connections {
    fn count(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closing(&self) -> bool {
        self.is_closing.load(Ordering::Relaxed)
    }

    /// Lets every connection close, and waits for it.
    fn close_all(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        let patience = PATIENCE.saturating_add(ATTENTION).saturating_add(ATTENTION);
        let _ended = self.changed.wait_timeout_while(self.count(), patience, |count| *count > 0);
    }
}

/// One of the connections; to drop it makes room for another.
struct Place {
    connections: Arc<Connections>,
}

impl Place {
    /// Waits until there is one: further clients wait in the operating system's queue.
    fn take(connections: &Arc<Connections>) -> Self {
        let full = |count: &mut usize| *count >= CONNECTION_COUNT_MAX;
        let count = connections.changed.wait_while(connections.count(), full);
        let mut count = count.unwrap_or_else(PoisonError::into_inner);
        *count = count.saturating_add(1);
        Self { connections: Arc::clone(connections) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut count = self.connections.count();
        *count = count.saturating_sub(1);
        self.connections.changed.notify_all();
    }
}

/// How many connections are served at the same time.
const CONNECTION_COUNT_MAX: usize = 4096;

/// How soon an idle connection notices that the server ends.
const ATTENTION: Duration = Duration::from_millis(500);

/// How long the server waits for its peers to close.
const PATIENCE: Duration = Duration::from_secs(2);

/// The stack of a connection, in bytes: a handshake takes some 10 KiB of it.
const STACK_LEN: usize = 128 * 1024;

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
