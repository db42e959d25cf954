//! A chat room, and the page to chat in it: everybody who has the page open hears everybody else.
//!
//! `cargo run --release -p ws-std --example chat [ADDR]` serves on 127.0.0.1:9002, or on ADDR, until Ctrl-C, which closes
//! all connections with 1001. The page connects again by itself, later and later, when the connection is lost.
//!
//! The first message of a client is its name. Each further one is heard by all others as `say`, the name and the text, in a line
//! each. All hear by `come` and `go` who does; its own `come` tells a client that it is in the room. The subprotocol `chat.v1`
//! stands for that.
#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program has std")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;
use std::{env, io, thread};

use ws_std::ws_core::connection::Limits;
use ws_std::{CloseCode, Config, Error, Header, Hub, Message, Place, Server, SharedStream};

fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9002".to_owned());
    match run(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chat: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(address: &str) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    // An interrupt, or the end of serving, with what came of it.
    let (ended, wait_for_end) = mpsc::channel();
    let interrupted = ended.clone();
    ctrlc::set_handler(move || {
        let _ended = interrupted.send(Ok(()));
    })
    .map_err(io::Error::other)?;
    writeln!(io::stdout(), "listening on http://{}/ (Ctrl-C ends)", listener.local_addr()?)?;

    let room = Arc::new(Room { hub: Hub::new(GUEST_COUNT_MAX), names: Mutex::default(), server: server() });
    let served = Arc::clone(&room);
    thread::spawn(move || {
        let hub = served.hub.clone();
        let result = hub.serve(&listener, move |stream, place| match served.visit(stream, &place) {
            // That guests come and go is nothing to report.
            Ok(()) | Err(Error::Disconnected(_) | Error::Timeout(_)) => {}
            Err(error) => eprintln!("chat: {error}"),
        });
        let _ended = ended.send(result);
    });
    let end = wait_for_end.recv().map_err(io::Error::other)?;
    room.hub.shutdown("the server ends", Duration::from_secs(2));
    end
}

fn server() -> Server {
    let limits = Limits::new().with_message_len_max(TEXT_LEN_MAX).with_frame_len_max(TEXT_LEN_MAX);
    Server::new().with_subprotocol("chat.v1").with_config(Config::new().with_limits(limits))
}

struct Room {
    hub: Hub,
    names: Mutex<BTreeSet<String>>,
    server: Server,
}

impl Room {
    /// All of a connection, from the request to the end.
    fn visit(&self, stream: SharedStream<TcpStream>, place: &Place) -> Result<(), Error> {
        let incoming = self.server.receive(stream)?;
        if !incoming.is_websocket() {
            return match incoming.path() {
                "/" => incoming.respond(200, &PAGE_HEADERS, PAGE.as_bytes()),
                _ => incoming.respond(404, &[], b"no such page\n"),
            };
        }
        let (mut reader, writer) = incoming.accept()?.split()?;
        let Some(Message::Text(name)) = reader.read()? else {
            return writer.start_close(CloseCode::POLICY_VIOLATION.with_reason("say your name first"));
        };
        let Some(guest) = self.welcome(name) else {
            writer.start_close(CloseCode::POLICY_VIOLATION.with_reason("this name is taken, or none"))?;
            while reader.read()?.is_some() {}
            return Ok(());
        };
        place.join(writer);
        self.hub.broadcast(&format!("come\n{}\n", guest.name))?;
        while let Some(message) = reader.read()? {
            if let Message::Text(text) = message {
                self.hub.broadcast_except(place.id(), &format!("say\n{}\n{text}", guest.name))?;
            }
        }
        Ok(())
    }

    /// Enters a name that nobody has.
    fn welcome(&self, name: &str) -> Option<Guest<'_>> {
        let name = name.trim();
        let is_name = (1..=NAME_LEN_MAX).contains(&name.len()) && !name.contains(char::is_control);
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        (is_name && names.insert(name.to_owned())).then(|| Guest { room: self, name: name.to_owned() })
    }
}

/// Somebody in the room, who leaves it when this is dropped, however the connection ended.
struct Guest<'r> {
    room: &'r Room,
    name: String,
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.room.names.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
        if let Err(error) = self.room.hub.broadcast(&format!("go\n{}\n", self.name)) {
            eprintln!("chat: {error}");
        }
    }
}

/// How many connections are served at the same time.
const GUEST_COUNT_MAX: usize = 1000;

/// The longest message, in bytes.
const TEXT_LEN_MAX: u64 = 4096;

/// The longest name, in bytes.
const NAME_LEN_MAX: usize = 40;

const PAGE: &str = include_str!("chat.html");

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
