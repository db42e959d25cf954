//! What the log is told, and what it is never told. One test, since there is one logger for all threads.
#![cfg(feature = "log")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::sync::Mutex;
use std::time::Duration;

use log::{Level, LevelFilter, Log, Metadata, Record};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use ws_tokio::{Client, CloseCode, Config, Error, Role, Server, Timeouts, WebSocket};

struct Capture(Mutex<Vec<(Level, String)>>);

static CAPTURE: Capture = Capture(Mutex::new(Vec::new()));

impl Log for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "ws_tokio"
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.lock().unwrap().push((record.level(), record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

/// Asserts that one of the lines since the last call is of this level and has all of these parts, and that none tells a secret.
fn assert_told(expected: &[(Level, &[&str])]) -> usize {
    let lines = std::mem::take(&mut *CAPTURE.0.lock().unwrap());
    for (level, parts) in expected {
        let is_told =
            |(found, line): &&(Level, String)| found == level && parts.iter().all(|part| line.contains(part));
        assert!(lines.iter().any(|line| is_told(&line)), "{level} {parts:?}: {lines:?}");
    }
    for (_, line) in &lines {
        for secret in ["SECRET", "Authorization", "Cookie"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
    lines.len()
}

#[tokio::test(start_paused = true)]
async fn the_log_tells_how_connections_go_and_no_secret() {
    log::set_logger(&CAPTURE).unwrap();
    log::set_max_level(LevelFilter::Trace);

    converse().await;
    let accepted: &[&str] = &["accepted", "/room", "chat"];
    let closed: &[&str] = &["closed with 1000"];
    let told = [
        (Level::Debug, &["connected to example.com", "/room", "chat"][..]),
        (Level::Debug, accepted),
        (Level::Debug, closed),
    ];
    assert_eq!(assert_told(&told), 4, "the end is told once on each side");

    requests_that_are_refused().await;
    assert_told(&[
        (Level::Info, &["refused a request with 403"]),
        (Level::Info, &["refused by example.com", "404"]),
        (Level::Debug, &["answered a request", "404"]),
        (Level::Info, &["408"]),
    ]);

    peers_that_fail().await;
    assert_told(&[
        (Level::Info, &["the peer is at fault"]),
        (Level::Trace, &["pings"]),
        (Level::Info, &["1006", "does not answer pings"]),
        (Level::Info, &["1006", "without a closing handshake"]),
    ]);

    log::set_max_level(LevelFilter::Off);
    converse().await;
    assert_eq!(assert_told(&[]), 0);
}

async fn converse() {
    let (ours, theirs) = duplex(4096);
    let server = tokio::spawn(async move {
        let mut socket = Server::new().with_subprotocol("chat").accept(theirs).await?;
        while let Some((message, mut writer)) = socket.read().await? {
            writer.send(message).await?;
        }
        Ok::<(), Error>(())
    });
    let client = Client::new()
        .with_subprotocol("chat")
        .with_header("Authorization", "Bearer SECRET")
        .with_header("Cookie", "id=SECRET");
    let mut socket = client.handshake(ours, "ws://example.com/room?token=SECRET").await.unwrap();
    socket.send("SECRET").await.unwrap();
    assert!(socket.receive().await.unwrap().is_some());
    socket.close(CloseCode::NORMAL.with_reason("SECRET")).await.unwrap();
    socket.close(CloseCode::NORMAL.with_reason("again")).await.unwrap();
    server.await.unwrap().unwrap();
}

async fn requests_that_are_refused() {
    let (mut client, server) = duplex(4096);
    let request = "GET /?SECRET HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: https://SECRET.example\r\n\r\n";
    client.write_all(request.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    assert!(matches!(Server::new().accept(server).await, Err(Error::Handshake(_))));

    let (ours, theirs) = duplex(4096);
    let client =
        tokio::spawn(async move { Client::new().handshake(ours, "ws://example.com/").await.is_err() });
    Server::new().receive(theirs).await.unwrap().respond(404, &[], b"SECRET").await.unwrap();
    assert!(client.await.unwrap());

    let (mut client, server) = duplex(4096);
    client.write_all(b"GET /SECRET HTTP/1.1\r\n").await.unwrap();
    assert!(matches!(Server::new().accept(server).await, Err(Error::Timeout(_))));
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

async fn peers_that_fail() {
    let open = |unread: &[u8]| -> (WebSocket<DuplexStream>, DuplexStream) {
        let (stream, peer) = duplex(4096);
        (WebSocket::after_handshake(stream, Role::Server, Config::new(), unread).unwrap(), peer)
    };
    let (mut socket, peer) = open(b"\x81\x06SECRET"); // not masked
    drop(peer);
    assert!(matches!(socket.receive().await, Err(Error::Fault(_))));

    let (mut socket, _silent) = open(b"");
    let time = Some(Duration::from_secs(1));
    socket.set_timeouts(Timeouts::new().with_ping_interval(time).with_pong(time));
    assert!(matches!(socket.receive().await, Err(Error::Timeout(_))));

    let (mut socket, peer) = open(b"");
    drop(peer);
    assert!(matches!(socket.receive().await, Err(Error::Disconnected(None))));
}
