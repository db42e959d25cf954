//! WebSockets over streams in memory: what is read, and what is written for it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests")]

mod common;

use std::io::{self, Write as _};

use common::{Script, frame, frames};
use ws_std::ws_core::error::{Fault, Limit, Violation};
use ws_std::{CloseCode, CloseStatus, Error, Message, MessageType, Role, WebSocket};

const CLOSE_1000: &[u8] = b"\x03\xe8";

fn echo<S: ws_std::Stream>(socket: &mut WebSocket<S>) -> Result<(), Error> {
    while let Some((message, mut writer)) = socket.read()? {
        writer.send(message)?;
    }
    Ok(())
}

/// A conversation of a client, and what an echo says to it.
fn conversation() -> (Vec<u8>, Vec<(u8, Vec<u8>)>) {
    let mut client = Vec::new();
    for (first, payload) in [
        (0x81, "Hello".as_bytes()),
        (0x82, &[]),
        (0x89, b"ping"),
        (0x01, "H\u{e4}".as_bytes()),
        (0x00, b""),
        (0x89, b"within"),
        (0x80, b"l"),
        (0x82, &[7; 300]),
        (0x82, &[9; 70_000]),
        (0x8A, b"unasked"),
        (0x88, CLOSE_1000),
    ] {
        client.extend(frame(Role::Client, first, payload));
    }
    let server = vec![
        (0x81, b"Hello".to_vec()),
        (0x82, vec![]),
        (0x8A, b"ping".to_vec()),
        (0x8A, b"within".to_vec()),
        (0x81, "H\u{e4}l".into()),
        (0x82, vec![7; 300]),
        (0x82, vec![9; 70_000]),
        (0x88, CLOSE_1000.to_vec()),
    ];
    (client, server)
}

#[test]
fn an_echo_in_six_lines_answers_everything() {
    let (client, server) = conversation();
    for step in [0, 1, 2, 7, 1460] {
        let script = Script { step, ..Script::new(&client) };
        let mut socket = script.socket(Role::Server);
        echo(&mut socket).unwrap();
        assert_eq!(frames(&script.written()), server, "{step}");
        assert!(socket.closure().unwrap().is_clean);
        assert!(socket.read().unwrap().is_none(), "it stays closed");
    }
}
