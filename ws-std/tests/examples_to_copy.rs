//! The examples that people copy, as programs.
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::programs::{Served, example, text};
use ws_std::{Client, CloseCode, Error, Server};

#[test]
fn the_minimal_ones_talk_and_are_short() {
    let server = Served::start("minimal_server", &[]);
    let output = example("minimal_client").arg(&server.url).output().unwrap();
    assert_eq!((text(&output.stdout), output.status.code()), ("Hello\n", Some(0)));
    for name in ["minimal_server", "minimal_client"] {
        let source =
            fs::read_to_string(format!("{}/examples/{name}.rs", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(source.lines().count() < 20, "{name}");
    }
    drop(server);
    let output = example("minimal_client").arg("ws://127.0.0.1:1/").output().unwrap();
    assert_ne!(output.status.code(), Some(0));
}

#[test]
fn the_login_is_refused_without_the_token_and_lets_in_with_it() {
    let output = example("login").output().unwrap();
    let expected = "the server answered 401 Unauthorized: no token, or a wrong one\n\
        speaks Some(\"news.v1\")\n\
        next visit: last=news; HttpOnly; SameSite=Strict\n\
        Welcome, session 31d4d96e\n";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn s7_2_3_the_reconnecting_client_comes_back_and_ends_when_that_is_no_use() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        // The first connection breaks, at the second the server restarts, the third ends well.
        for number in 1..=3 {
            let incoming = Server::new().receive(listener.accept().unwrap().0).unwrap();
            assert_eq!(incoming.header("Authorization"), Some(&b"Bearer s3cret"[..]));
            let mut socket = incoming.accept().unwrap();
            socket.send(&format!("message {number}")).unwrap();
            match number {
                1 => {}
                2 => socket.close(CloseCode::SERVICE_RESTART).unwrap(),
                _ => socket.close(CloseCode::NORMAL).unwrap(),
            }
        }
        Server::new().receive(listener.accept().unwrap().0).unwrap().respond(401, &[], b"").unwrap();
    });
    let output = example("reconnect").args([&url, "s3cret"]).output().unwrap();
    assert_eq!(text(&output.stdout), "message 1\nmessage 2\nmessage 3\n");
    let reports: Vec<_> = text(&output.stderr).lines().collect();
    assert_eq!(reports.len(), 2, "{reports:?}");
    assert!(
        reports[0].starts_with("the connection ") && reports[1].starts_with("closed with 1012; "),
        "{reports:?}"
    );
    assert_eq!(output.status.code(), Some(0));

    let output = example("reconnect").arg(&url).output().unwrap();
    assert!(output.stdout.is_empty() && text(&output.stderr).contains("401"), "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
    server.join().unwrap();
}

#[test]
fn the_ported_server_ticks_and_hands_on_what_it_hears() {
    let mut program = example("ticker");
    let mut child = program.arg("127.0.0.1:0").stdout(Stdio::piped()).spawn().unwrap();
    let (sender, lines) = mpsc::channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || stdout.lines().try_for_each(|line| sender.send(line.unwrap())));
    let line = || lines.recv_timeout(Duration::from_secs(20)).unwrap();
    let url = format!("ws://{}/", line().split('/').nth(2).unwrap());

    let refused = ws_std::connect(&url).map(drop).unwrap_err();
    assert!(matches!(&refused, Error::Refused(refusal) if refusal.body() == b"log in first\n"), "{refused}");

    let alice = Client::new().with_cookie("user", "alice").with_subprotocol("ticker.v1");
    let mut socket = alice.connect(&url).unwrap();
    assert_eq!(socket.subprotocol(), Some("ticker.v1"));
    assert_eq!(socket.receive().unwrap().unwrap().as_text(), Some("tick 1"));
    socket.send("Hello").unwrap();
    assert_eq!(line(), "alice: Hello");
    socket.ping(b"12345").unwrap();
    assert_eq!(line(), "alice: a ping of 5 bytes, answered");
    assert_eq!(socket.receive().unwrap().unwrap().as_text(), Some("tick 2"));
    socket.close(CloseCode::NORMAL.with_reason("good night")).unwrap();
    assert_eq!(line(), "alice: goes: good night");
    child.kill().unwrap();
    child.wait().unwrap();
}
