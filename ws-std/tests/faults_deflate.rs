//! A conversation of 50 messages, compressed, with a fault at every byte of either direction.
#![cfg(feature = "deflate")]
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::panic, reason = "a test")]

mod common;

use std::io::ErrorKind;
use std::sync::Arc;

use common::deflate::{agreed, params};
use common::faults::{Direction, Fault, Faulty, Halves, Side, Whole};
use common::said::Said;
use common::{Script, peer};
use ws_std::ws_core::extension::DeflateParams;
use ws_std::{AnyStream, CloseCode, Config, Deflate, Error, Role, Stream, WebSocket};

const ROLES: [Role; 2] = [Role::Client, Role::Server];

/// Small windows that are kept from message to message, so that a byte that is lost is noticed.
fn small() -> DeflateParams {
    params(true, 9)
}

fn socket<S: Stream>(stream: S, role: Role) -> WebSocket<S> {
    let deflate = Deflate::new().with_threshold(8);
    let agreed = agreed(role, small());
    WebSocket::after_handshake_with_deflate(stream, role, Config::new(), agreed, deflate, b"").unwrap()
}

fn messages(seed: usize) -> Vec<Said> {
    (0..25).map(|number| Said::new(number + seed, (number * seed) % 50)).collect()
}

/// What a peer writes.
fn incoming(role: Role) -> Arc<[u8]> {
    let script = Script::new(b"");
    let mut peer = socket(AnyStream(script.clone()), peer(role));
    for (number, said) in messages(7).iter().enumerate() {
        peer.send(said.message()).unwrap();
        if number % 6 == 0 {
            peer.ping(b"theirs").unwrap();
        }
    }
    peer.start_close(CloseCode::NORMAL).unwrap();
    script.written().into()
}

/// The messages that a peer understands, and whether it saw a closing handshake behind them.
fn understood(bytes: &[u8], role: Role) -> (Vec<Said>, bool) {
    let mut peer = socket(AnyStream(Script::new(bytes)), peer(role));
    let mut messages = Vec::new();
    loop {
        match peer.read() {
            Ok(Some((message, _))) => messages.push(Said::of(message)),
            Ok(None) => return (messages, true),
            Err(Error::Disconnected(None)) => return (messages, false),
            Err(error) => panic!("{error}"),
        }
    }
}

/// What was sent, what was read, and the end.
fn hold(side: &mut dyn Side) -> (usize, Vec<Said>, Result<(), Error>) {
    let (mut sent_count, mut read, mut is_lost) = (0, Vec::new(), false);
    for (number, said) in messages(11).iter().enumerate() {
        if !is_lost {
            let sent = if number % 8 == 3 { side.send_parts(said) } else { side.send(said) };
            sent_count += usize::from(sent.is_ok());
            is_lost = sent.is_err();
        }
        match side.read() {
            Ok(message) => read.push(message.unwrap()),
            Err(error) => return (sent_count, read, Err(error)),
        }
    }
    let end = side.close();
    (sent_count, read, end)
}

fn side(stream: &Faulty, role: Role, mode: usize) -> Box<dyn Side> {
    let socket = socket(stream.clone(), role);
    if mode == 2 {
        let (reader, writer) = socket.split().unwrap();
        return Box::new(Halves { reader, writer });
    }
    Box::new(Whole { socket, is_blocking: mode == 0 })
}

#[test]
fn faults_at_every_byte_corrupt_no_context() {
    const INTERRUPTED: Fault = Fault::Passing(&[ErrorKind::Interrupted]);
    const NOT_NOW: Fault = Fault::Passing(&[ErrorKind::WouldBlock, ErrorKind::TimedOut]);
    for role in ROLES {
        let incoming = incoming(role);
        let whole = Faulty::new(&incoming, Direction::Read, usize::MAX, INTERRUPTED);
        hold(&mut *side(&whole, role, 0)).2.unwrap();
        for (direction, len) in [(Direction::Read, incoming.len()), (Direction::Write, whole.written().len())]
        {
            for at in 0..=len {
                let mode = at % 3;
                let passing = if mode == 0 { INTERRUPTED } else { NOT_NOW };
                let stream = Faulty::new(&incoming, direction, at, passing);
                let mut passed = side(&stream, role, mode);
                let (sent_count, read, end) = hold(&mut *passed);
                let context = format!("{role:?} {mode} {direction:?} {at}");
                assert!(end.is_ok() && passed.is_clean() && sent_count == 25, "{context}: {end:?}");
                assert!(read == messages(7), "{context}");
                assert!(understood(&stream.written(), role) == (messages(11), true), "{context}");

                let stream = Faulty::new(&incoming, direction, at, Fault::Broken(ErrorKind::ConnectionReset));
                let mut broken = side(&stream, role, (at + 1) % 3);
                let (sent_count, read, end) = hold(&mut *broken);
                assert!(messages(7).starts_with(&read), "{context}");
                let (heard, _) = understood(&stream.written(), role);
                // What the thread that reads sends while it has another message is queued, and leaves later.
                let is_told = (at + 1) % 3 == 2 || heard.len() >= sent_count;
                assert!(messages(11).starts_with(&heard) && is_told, "{context}");
                // Where the peer's Close was read, that is the end, though nobody could answer it.
                let is_closed = end.is_ok() && (at == len || !broken.is_clean());
                assert!(is_closed || matches!(end, Err(Error::Disconnected(Some(_)))), "{context}: {end:?}");
            }
        }
    }
}
