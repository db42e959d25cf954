//! What the log is told, and what it is never told. One test, since there is one logger for all threads.
#![cfg(feature = "log")]
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::io::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use common::frame;
use common::tcp::{connected_by_hand, dial, read_to_end, request, serve, serve_echo};
use log::{Level, LevelFilter, Log, Metadata, Record};
use ws_std::{Client, CloseCode, Error, Role, Server, Timeouts};

struct Capture(Mutex<Vec<(Level, String)>>);

static CAPTURE: Capture = Capture(Mutex::new(Vec::new()));

impl Log for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "ws_std"
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.lock().unwrap().push((record.level(), record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

/// What was told since this was asked last.
fn told() -> Vec<(Level, String)> {
    std::mem::take(&mut *CAPTURE.0.lock().unwrap())
}

/// Whether one of these lines is of this level and has all of these parts.
fn has(lines: &[(Level, String)], level: Level, parts: &[&str]) -> bool {
    lines.iter().any(|(found, line)| *found == level && parts.iter().all(|part| line.contains(part)))
}

#[test]
fn the_log_tells_how_connections_go_and_no_secret() {
    log::set_logger(&CAPTURE).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let mut all = Vec::new();
    for scene in [
        a_conversation,
        a_request_that_is_refused,
        a_request_that_takes_too_long,
        a_peer_at_fault,
        a_peer_that_does_not_answer,
        a_peer_that_is_lost,
    ] {
        scene();
        all.extend(told());
    }
    for (_, line) in &all {
        for secret in ["SECRET", "Authorization", "Cookie"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
    log::set_max_level(LevelFilter::Off);
    a_conversation_in_silence();
    assert!(told().is_empty());
}

fn lines() -> Vec<(Level, String)> {
    CAPTURE.0.lock().unwrap().clone()
}

fn converse() {
    let (url, server) = serve_echo(Server::new().with_subprotocol("chat"));
    let client = Client::new()
        .with_subprotocol("chat")
        .with_header("Authorization", "Bearer SECRET")
        .with_header("Cookie", "id=SECRET");
    let mut socket = client.connect(&format!("{url}room?token=SECRET")).unwrap();
    socket.send("SECRET").unwrap();
    assert!(socket.read().unwrap().is_some());
    socket.close(CloseCode::NORMAL.with_reason("SECRET")).unwrap();
    socket.close(CloseCode::NORMAL.with_reason("again")).unwrap();
    server.join().unwrap().unwrap();
}

fn a_conversation() {
    converse();
    let lines = lines();
    assert!(has(&lines, Level::Debug, &["connected to 127.0.0.1:", "/room", "chat"]));
    assert!(has(&lines, Level::Debug, &["accepted", "/room", "chat"]));
    let closed =
        lines.iter().filter(|(level, line)| *level == Level::Debug && line.contains("closed with 1000"));
    assert_eq!(closed.count(), 2, "once on each side");
    assert_eq!(lines.len(), 4);
}

fn a_conversation_in_silence() {
    converse();
}

fn a_request_that_is_refused() {
    let (url, server) = serve_echo(Server::new());
    let mut stream = dial(&url);
    stream.write_all(request("/", "Origin: https://SECRET.example\r\n").as_bytes()).unwrap();
    read_to_end(&mut stream);
    drop(stream);
    assert!(matches!(server.join().unwrap(), Err(Error::Handshake(_))));
    assert!(has(&lines(), Level::Info, &["refused", "403"]));

    let (url, server) = serve(|stream| Server::new().receive(stream).unwrap().respond(404, &[], b"SECRET"));
    assert!(matches!(ws_std::connect(&url), Err(Error::Refused(_))));
    server.join().unwrap().unwrap();
    assert!(has(&lines(), Level::Debug, &["rejected", "404"]));
    assert!(has(&lines(), Level::Info, &["refused by 127.0.0.1:", "404"]));
}

fn a_request_that_takes_too_long() {
    let timeouts = Timeouts::new().with_handshake(Some(Duration::from_millis(50)));
    let (url, server) = serve_echo(Server::new().with_timeouts(timeouts));
    let mut stream = dial(&url);
    stream.write_all(b"GET /SECRET HTTP/1.1\r\n").unwrap();
    assert!(matches!(server.join().unwrap(), Err(Error::Timeout(_))));
    assert!(has(&lines(), Level::Info, &["408"]));
}

fn a_peer_at_fault() {
    let (url, server) = serve_echo(Server::new());
    let mut stream = connected_by_hand(&url);
    stream.write_all(&frame(Role::Server, 0x81, b"SECRET")).unwrap();
    read_to_end(&mut stream);
    drop(stream);
    assert!(matches!(server.join().unwrap(), Err(Error::Fault(_))));
    assert!(has(&lines(), Level::Info, &["the peer is at fault"]));
}

fn a_peer_that_does_not_answer() {
    let time = Some(Duration::from_millis(50));
    let timeouts = Timeouts::new().with_ping_interval(time).with_pong(time);
    let (url, server) = serve_echo(Server::new().with_timeouts(timeouts));
    let stream = connected_by_hand(&url);
    assert!(matches!(server.join().unwrap(), Err(Error::Timeout(_))));
    drop(stream);
    assert!(has(&lines(), Level::Trace, &["pings"]));
    assert!(has(&lines(), Level::Info, &["1006", "Pong"]));
}

fn a_peer_that_is_lost() {
    let (url, server) = serve_echo(Server::new());
    drop(connected_by_hand(&url));
    assert!(matches!(server.join().unwrap(), Err(Error::Disconnected(None))));
    assert!(has(&lines(), Level::Info, &["lost with 1006"]));
}
