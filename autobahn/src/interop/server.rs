//! Our echo server with commands, for the peers' clients: a text that begins with `!` asks it for something.

use std::collections::HashMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::slice;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ws_std::rustls::ServerConfig;
use ws_std::ws_core::extension::DeflateConfig;
use ws_std::{CloseCode, CloseFrame, Deflate, Message};

use crate::adapter::{Adapter, Origins, Outcome, Page, ServerSettings, Service, Socket};
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
    pub(crate) fn start(
        adapter: Adapter,
        script: &Path,
        origins: &[String],
        tls: Option<&Arc<ServerConfig>>,
    ) -> Result<Self> {
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
            let deflate = deflate();
            let allowed = if deflate.is_some() {
                [slice::from_ref(&page_origin), origins].concat()
            } else {
                Vec::new()
            };
            let settings = ServerSettings {
                origins: Origins::Only(allowed),
                subprotocols: &["two", "three"],
                deflate,
                tls: tls.cloned(),
            };
            adapter.serve(listener, settings, Arc::clone(&shared));
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

impl Service for Shared {
    /// An empty page for a browser, or the program that it runs.
    fn page(&self, path: &str) -> Option<Page<'_>> {
        let (status, content_type, body) = match path {
            "/" => (200, "text/html", b"<!doctype html><link rel=icon href=data:,>".as_slice()),
            "/driver.mjs" => (200, "text/javascript", self.script.as_slice()),
            _ => (404, "text/plain", b"not here".as_slice()),
        };
        Some(Page { status, content_type, body })
    }

    /// Answers until the connection ends, and keeps how it did.
    fn talk(&self, socket: &mut dyn Socket) -> Outcome {
        let mut name = None;
        while let Ok(Some(command)) = socket.echo() {
            let (command, rest) = command.split_once(' ').unwrap_or((&command, ""));
            match command {
                "!id" => {
                    name = Some(rest.to_owned());
                    socket.send(Message::Text("named"))?;
                }
                "!close" => close(socket, rest)?,
                _ => self.answer(socket, command, rest)?,
            }
        }
        if let Some(name) = name {
            let code = socket.closure().map_or(0, |closure| closure.status.get());
            let reason = socket.close_frame().map(|close| close.reason().to_owned()).unwrap_or_default();
            self.closures().insert(name, format!("{code} {reason}").trim_end().to_owned());
        }
        Ok(())
    }
}

/// Begins to close as it is told: with a code and a reason, or with nothing for 1005.
fn close(socket: &mut dyn Socket, told: &str) -> Outcome {
    let (code, reason) = told.split_once(' ').unwrap_or((told, ""));
    if code == "1005" {
        return socket.start_close(CloseFrame::EMPTY);
    }
    let code = CloseCode::new(code.parse()?).ok_or("not a code that may be sent")?;
    socket.start_close(code.with_reason(reason))
}

impl Shared {
    fn answer(&self, socket: &mut dyn Socket, command: &str, rest: &str) -> Outcome {
        let answer = match command {
            "!closure" => self.closures().get(rest).cloned().unwrap_or_else(|| "pending".to_owned()),
            "!ping" => ["pong ", core::str::from_utf8(&socket.ping(rest.as_bytes())?)?].concat(),
            "!fragments" => return socket.send_fragments(rest, 4),
            "!subprotocol" => socket.subprotocol().unwrap_or("none").to_owned(),
            "!wire" => {
                let (read, written) = socket.wire_lens();
                format!("{read} {written}")
            }
            _ => return socket.start_close(CloseCode::POLICY_VIOLATION.with_reason("an unknown command")),
        };
        socket.send(Message::Text(&answer))
    }

    fn closures(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.closures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
