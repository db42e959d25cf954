//! Our echo server with commands, for the peers' clients: a text that begins with `!` asks it for something.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use ws_std::rustls::ServerConfig;
use ws_std::ws_core::event::Event;
use ws_std::ws_core::extension::DeflateConfig;
use ws_std::{CloseCode, Deflate, Header, Incoming, Message, MessageType, Server, Stream, WebSocket};

use super::client::close_without_code;
use super::counted::{Counted, Counts};
use crate::process::Result;

/// What the server has listened at since it was started; it runs as long as the program.
#[derive(Debug)]
pub(crate) struct OurServer {
    /// Without compression, with it, and with it but without context takeover.
    pub(crate) ports: [u16; 3],
}

/// What its connections know of each other.
#[derive(Debug)]
struct Shared {
    /// How each connection that was given a name has ended.
    closures: Mutex<HashMap<String, String>>,
    /// The program of the page.
    script: Vec<u8>,
}

impl OurServer {
    /// Starts it, with TLS where that is configured. Pages of its own may connect to the first port, those of `origins` to
    /// the others.
    pub(crate) fn start(script: &Path, origins: &[String], tls: Option<&Arc<ServerConfig>>) -> Result<Self> {
        let script = fs::read(script).map_err(|error| format!("{}: {error}", script.display()))?;
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listeners = [listen(), listen(), listen()];
        let mut ports = [0; 3];
        let shared = Arc::new(Shared { closures: Mutex::default(), script });
        let mut servers = Vec::new();
        for ((listener, deflate), port) in listeners.into_iter().zip(DEFLATES).zip(&mut ports) {
            let listener = listener.map_err(|error| format!("our server: {error}"))?;
            *port = listener.local_addr().map_err(|error| format!("our server: {error}"))?.port();
            servers.push((listener, deflate));
        }
        let scheme = if tls.is_some() { "https" } else { "http" };
        let page_origin = format!("{scheme}://127.0.0.1:{}", ports[0]);
        for (listener, deflate) in servers {
            let server = Server::new().with_subprotocol("two").with_subprotocol("three");
            let server = match deflate() {
                Some(deflate) => origins
                    .iter()
                    .fold(server.with_allowed_origin(&page_origin), |server, origin| {
                        server.with_allowed_origin(origin)
                    })
                    .with_deflate(deflate),
                None => server,
            };
            let (shared, tls) = (Arc::clone(&shared), tls.cloned());
            thread::spawn(move || listen_on(&listener, &server, tls.as_ref(), &shared));
        }
        Ok(Self { ports })
    }
}

/// The compression of each port.
const DEFLATES: [fn() -> Option<Deflate>; 3] = [|| None, || Some(deflate(true)), || Some(deflate(false))];

/// Compression of every message, with or without context takeover in both directions.
pub(crate) fn deflate(is_taking_over: bool) -> Deflate {
    let config = DeflateConfig::new();
    let config = if is_taking_over {
        config
    } else {
        config.with_outgoing_no_context_takeover().with_incoming_no_context_takeover()
    };
    Deflate::new().with_config(config).with_threshold(0)
}

fn listen_on(listener: &TcpListener, server: &Server, tls: Option<&Arc<ServerConfig>>, shared: &Arc<Shared>) {
    for stream in listener.incoming().flatten() {
        let (server, tls, shared) = (server.clone(), tls.cloned(), Arc::clone(shared));
        // Where a conversation goes wrong the client sees it, and reports it.
        thread::spawn(move || {
            receive(&server, stream, tls.as_ref(), &shared).map_err(|error| error.to_string())
        });
    }
}

fn receive(server: &Server, stream: TcpStream, tls: Option<&Arc<ServerConfig>>, shared: &Shared) -> Outcome {
    let stream = Counted::new(stream);
    let counts = stream.counts.clone();
    match tls {
        Some(tls) => welcome(server.receive_tls(stream, tls)?, &counts, shared),
        None => welcome(server.receive(stream)?, &counts, shared),
    }
}

fn welcome<S: Stream>(incoming: Incoming<S>, counts: &Counts, shared: &Shared) -> Outcome {
    if incoming.is_websocket() {
        serve(incoming.accept()?, counts, shared)
    } else {
        serve_page(incoming, shared)
    }
}

/// Answers a browser with an empty page, or with the program that it runs.
fn serve_page<S: Stream>(incoming: Incoming<S>, shared: &Shared) -> Outcome {
    let (status, content_type, body) = match incoming.path() {
        "/" => (200, "text/html", b"<!doctype html><link rel=icon href=data:,>".as_slice()),
        "/driver.mjs" => (200, "text/javascript", shared.script.as_slice()),
        _ => (404, "text/plain", b"not here".as_slice()),
    };
    let headers = [Header { name: "Content-Type", value: content_type.as_bytes() }];
    Ok(incoming.respond(status, &headers, body)?)
}

/// Answers until the connection ends, and keeps how it did.
fn serve<S: Stream>(mut socket: WebSocket<S>, counts: &Counts, shared: &Shared) -> Outcome {
    let mut name = None;
    loop {
        let command = match socket.read() {
            Ok(Some((Message::Text(text), _))) if text.starts_with('!') => text.to_owned(),
            Ok(Some((message, mut writer))) => {
                writer.send(message)?;
                continue;
            }
            Ok(None) | Err(_) => break,
        };
        let (command, rest) = command.split_once(' ').unwrap_or((&command, ""));
        match command {
            "!id" => {
                name = Some(rest.to_owned());
                socket.send("named")?;
            }
            "!close" => socket = close(socket, rest)?,
            _ => answer(&mut socket, command, rest, counts, shared)?,
        }
    }
    if let Some(name) = name {
        let code = socket.closure().map_or(0, |closure| closure.status.get());
        let reason = socket.close_frame().map(|close| close.reason().to_owned()).unwrap_or_default();
        shared.closures().insert(name, format!("{code} {reason}").trim_end().to_owned());
    }
    Ok(())
}

fn answer<S: Stream>(
    socket: &mut WebSocket<S>,
    command: &str,
    rest: &str,
    counts: &Counts,
    shared: &Shared,
) -> Outcome {
    match command {
        "!closure" => {
            let told = shared.closures().get(rest).cloned();
            socket.send(told.as_deref().unwrap_or("pending"))?;
        }
        "!ping" => ping(socket, rest)?,
        "!fragments" => send_fragments(socket, rest)?,
        "!subprotocol" => {
            let subprotocol = socket.subprotocol().unwrap_or("none").to_owned();
            socket.send(&subprotocol)?;
        }
        "!wire" => {
            let (read, written) = counts.get();
            socket.send(&format!("{read} {written}"))?;
        }
        _ => socket.start_close(CloseCode::POLICY_VIOLATION.with_reason("an unknown command"))?,
    }
    Ok(())
}

/// Begins to close as it is told: with a code and a reason, or with nothing for 1005.
fn close<S: Stream>(
    mut socket: WebSocket<S>,
    told: &str,
) -> std::result::Result<WebSocket<S>, Box<dyn Error>> {
    let (code, reason) = told.split_once(' ').unwrap_or((told, ""));
    if code == "1005" {
        return Ok(close_without_code(socket)?);
    }
    let code = CloseCode::new(code.parse()?).ok_or("not a code that may be sent")?;
    socket.start_close(code.with_reason(reason))?;
    Ok(socket)
}

fn ping<S: Stream>(socket: &mut WebSocket<S>, payload: &str) -> Outcome {
    socket.ping(payload.as_bytes())?;
    while let Some((event, _)) = socket.read_part()? {
        if event == Event::Pong {
            let answer = ["pong ", core::str::from_utf8(socket.control().as_bytes())?].concat();
            return Ok(socket.send(&answer)?);
        }
    }
    Err("closed before the pong".into())
}

/// In fragments that are cut within characters.
fn send_fragments<S: Stream>(socket: &mut WebSocket<S>, text: &str) -> Outcome {
    let mut message = socket.message_writer(MessageType::Text)?;
    for piece in text.as_bytes().chunks(4) {
        message.write_all(piece)?;
        message.flush()?;
    }
    Ok(message.finish()?)
}

impl Shared {
    fn closures(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.closures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came of a conversation.
type Outcome = std::result::Result<(), Box<dyn Error>>;
