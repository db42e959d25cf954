//! A relay between many clients and several servers: what a server sends is heard by all clients, and what a client sends
//! goes to all servers.
//!
//! `cargo run --release -p ws-std --example relay ADDR URL...` listens on ADDR and connects to each URL, and again when a
//! connection is lost, until Ctrl-C. Everybody who joins late, or who reads too slowly, misses messages.
//!
//! Two hubs are all of it: one for each side.
#![expect(clippy::std_instead_of_core, reason = "a program has std")]

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;
use std::{env, io, thread};

use ws_std::{Client, Error, Hub, NetStream, Place, Server, SharedStream};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [address, urls @ ..] = arguments.as_slice() else {
        eprintln!("usage: relay ADDR URL...");
        return ExitCode::from(2);
    };
    match run(address, urls) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("relay: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(address: &str, urls: &[String]) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    // An interrupt, or the end of serving, with what came of it.
    let (ended, wait_for_end) = mpsc::channel();
    let interrupted = ended.clone();
    ctrlc::set_handler(move || {
        let _ended = interrupted.send(Ok(()));
    })
    .map_err(io::Error::other)?;
    writeln!(io::stdout(), "listening on http://{}/ (Ctrl-C ends)", listener.local_addr()?)?;

    let relay = Relay { clients: Hub::new(CLIENT_COUNT_MAX), servers: Hub::new(urls.len()) };
    for url in urls {
        let (relay, url) = (relay.clone(), url.clone());
        thread::spawn(move || relay.keep_connected(&url));
    }
    let serving = relay.clone();
    thread::spawn(move || {
        let clients = serving.clients.clone();
        let served = clients.serve(&listener, move |stream, place| tell(serving.attend(stream, &place)));
        let _ended = ended.send(served);
    });
    let end = wait_for_end.recv().map_err(io::Error::other)?;
    for hub in [&relay.clients, &relay.servers] {
        hub.shutdown("the relay ends", Duration::from_secs(2));
    }
    end
}

/// That peers come and go is nothing to report.
fn tell(result: Result<(), Error>) {
    match result {
        Ok(()) | Err(Error::Disconnected(_) | Error::Timeout(_)) => {}
        Err(error) => eprintln!("relay: {error}"),
    }
}

#[derive(Clone)]
struct Relay {
    clients: Hub,
    servers: Hub,
}

impl Relay {
    /// All of a client's connection.
    fn attend(&self, stream: SharedStream<TcpStream>, place: &Place) -> Result<(), Error> {
        let (mut reader, writer) = Server::new().accept(stream)?.split()?;
        place.join(writer);
        while let Some(message) = reader.read()? {
            self.servers.broadcast(message)?;
        }
        Ok(())
    }

    /// Connects to a server until the end, later and later while that fails (RFC 6455 §7.2.3).
    fn keep_connected(&self, url: &str) {
        let mut pause = PAUSE_MIN;
        while !self.servers.is_shut_down() {
            match Client::new().connect(url) {
                Ok(socket) => {
                    pause = PAUSE_MIN;
                    tell(self.follow(socket));
                }
                Err(error) => eprintln!("relay: {url}: {error}"),
            }
            thread::sleep(pause);
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
        }
    }

    /// All of a connection to a server.
    fn follow(&self, socket: ws_std::WebSocket<NetStream>) -> Result<(), Error> {
        let tcp = socket.get_ref().tcp().try_clone()?;
        let Some(place) = self.servers.enter(move || drop(tcp.shutdown(std::net::Shutdown::Both))) else {
            return Ok(());
        };
        let (mut reader, writer) = socket.split()?;
        place.join(writer);
        while let Some(message) = reader.read()? {
            self.clients.broadcast(message)?;
        }
        Ok(())
    }
}

/// How many clients are served at the same time.
const CLIENT_COUNT_MAX: usize = 1000;

/// How long to wait before connecting again: at first, and at most.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(30);
