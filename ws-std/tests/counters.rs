//! What a connection has carried, as plain numbers.
#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::large_stack_arrays, reason = "a test has the stack for its payload")]

mod common;

use std::io::{ErrorKind, Write};
use std::time::Instant;

use common::{Script, frame, peer};
use ws_std::ws_core::error::{Fault, Violation};
use ws_std::{
    AnyStream, CloseCode, Config, EncodedMessage, Error, Message, MessageType, Outcome, Role, Traffic,
    WebSocket,
};

fn numbers(traffic: Traffic) -> [u64; 4] {
    [traffic.wire_len, traffic.message_count, traffic.ping_count, traffic.pong_count]
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap()
}

/// What a peer of this role says: six messages, two pings and a pong, and its Close.
fn said(role: Role) -> Vec<u8> {
    let mut said = Vec::new();
    for (first, payload) in [
        (0x81, &b"Hello"[..]),
        (0x82, b""),
        (0x89, b"ping"),
        (0x01, b"Hel"),
        (0x89, b"within"),
        (0x00, b""),
        (0x80, b"lo"),
        (0x82, &[7; 300]),
        (0x82, &[9; 70_000]),
        (0x8A, b"unasked"),
        (0x81, b"last"),
        (0x88, b"\x03\xe8"),
    ] {
        said.extend(frame(role, first, payload));
    }
    said
}

#[test]
fn what_comes_is_counted_however_it_is_cut_and_taken() {
    for role in [Role::Client, Role::Server] {
        let said = said(peer(role));
        let expected = [len(&said), 6, 2, 1];
        for step in [0, 1, 7, 1460] {
            let script = Script { step, ..Script::new(&said) };
            let mut socket = script.socket(role);
            while socket.read().unwrap().is_some() {}
            assert_eq!(numbers(socket.counters().received), expected, "read, {step}");
            assert_eq!(numbers(socket.counters().sent), [len(&script.written()), 0, 0, 2]);
            assert_eq!(socket.counters().outcome, Some(Outcome::Closed));

            let mut socket = Script { step, ..Script::new(&said) }.socket(role);
            while socket.read_part().unwrap().is_some() {}
            assert_eq!(numbers(socket.counters().received), expected, "read_part, {step}");

            let mut socket = Script { step, ..Script::new(&said) }.socket(role);
            socket.close(CloseCode::NORMAL).unwrap();
            assert_eq!(numbers(socket.counters().received), expected, "close, {step}");
        }
    }
}

#[test]
fn what_is_sent_is_counted_however_it_is_sent() {
    for role in [Role::Client, Role::Server] {
        let script = Script::new(b"");
        let mut socket = script.socket(role);
        socket.send("Hello").unwrap();
        socket.send(&[7; 100_000]).unwrap();
        socket.send(Message::Binary(b"")).unwrap();
        socket.ping(b"there?").unwrap();
        let mut message = socket.message_writer(MessageType::Text).unwrap();
        for _ in 0..3 {
            message.write_all(&[b'x'; 20_000]).unwrap();
        }
        message.finish().unwrap();
        let mut message_count = 4;
        if role == Role::Server {
            socket.send_encoded(&EncodedMessage::new(Message::Text("to all")).unwrap().into()).unwrap();
            message_count += 1;
        }
        assert_eq!(numbers(socket.counters().sent), [len(&script.written()), message_count, 1, 0]);
    }
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_messages_are_counted_as_messages() {
    use common::deflate::{json, params, socket_with};
    use ws_std::{Deflate, Limits};

    let script = Script::new(b"");
    let mut socket = socket_with(&script, Role::Server, params(true, 15), Limits::new(), Deflate::new());
    socket.send(&json(200_000)).unwrap();
    socket.send("short").unwrap();
    let mut message = socket.message_writer(MessageType::Text).unwrap();
    message.write_all(json(50_000).as_bytes()).unwrap();
    message.finish().unwrap();
    let sent = script.written();
    assert_eq!(numbers(socket.counters().sent), [len(&sent), 3, 0, 0]);

    // What a server has sent a client takes, and counts the same.
    let mut socket =
        socket_with(&Script::new(&sent), Role::Client, params(true, 15), Limits::new(), Deflate::new());
    while let Ok(Some(_)) = socket.read() {}
    assert_eq!(numbers(socket.counters().received), [len(&sent), 3, 0, 0]);
}

#[test]
fn what_is_not_written_yet_is_not_counted_as_written() {
    let script = Script { write_end: Some((10, Err(ErrorKind::WouldBlock))), ..Script::new(b"") };
    let mut socket = script.socket(Role::Server);
    socket.send(&[1; 100_000]).unwrap();
    assert_eq!(numbers(socket.counters().sent), [10, 1, 0, 0]);
    let opened_at = socket.counters().opened_at;
    let mut socket = WebSocket::from_parts(socket.into_parts());
    assert_eq!(numbers(socket.counters().sent), [10, 1, 0, 0], "taken apart and put together");
    assert!(socket.counters().opened_at == opened_at && opened_at <= Instant::now());
    socket.read().map(drop).unwrap_err();
}

#[test]
fn the_end_is_told_as_plain_data() {
    let fault = Fault::Violation(Violation::Unmasked);
    for (said, then, outcome, code) in [
        (frame(Role::Client, 0x88, b"\x0b\xb8"), None, Outcome::Closed, 3000),
        (frame(Role::Server, 0x81, b"unmasked"), None, Outcome::Fault(fault), 1006),
        (Vec::new(), None, Outcome::Disconnected(None), 1006),
        (
            Vec::new(),
            Some(ErrorKind::ConnectionReset),
            Outcome::Disconnected(Some(ErrorKind::ConnectionReset)),
            1006,
        ),
        (Vec::new(), Some(ErrorKind::PermissionDenied), Outcome::Io(ErrorKind::PermissionDenied), 1006),
    ] {
        let mut socket = Script { then, ..Script::new(&said) }.socket(Role::Server);
        assert_eq!((socket.counters().outcome, socket.counters().closure), (None, None));
        let _told = socket.read().map(drop);
        let counters = socket.counters();
        assert_eq!(counters.outcome, Some(outcome));
        assert_eq!((counters.closure.unwrap().status.get(), counters.closure), (code, socket.closure()));
    }
}

#[test]
fn bytes_that_somebody_else_has_read_count() {
    let unread = frame(Role::Client, 0x81, b"Hello");
    let stream = AnyStream(Script::new(b""));
    let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), &unread).unwrap();
    assert!(socket.read().unwrap().is_some());
    assert!(matches!(socket.read(), Err(Error::Disconnected(None))));
    assert_eq!(numbers(socket.counters().received), [len(&unread), 1, 0, 0]);
}
