//! Compressed messages that are read and written in parts, over streams in memory.
#![cfg(feature = "deflate")]

mod common;

use std::io::{ErrorKind, Write};

use common::deflate::*;
use common::{Script, frame, frames, peer};
use ws_std::ws_core::event::Event;
use ws_std::ws_core::extension::DeflateParams;
use ws_std::{CloseCode, Error, Message, MessageType, Role, WebSocket};

const ROLES: [Role; 2] = [Role::Client, Role::Server];
const CLOSE_1000: &[u8] = b"\x03\xe8";

/// The longest fragment of a message that takes more than one: what is left of the room for a header is used.
const FRAGMENT_LEN_MAX: usize = 16 * 1024 + 14;

#[test]
fn events_are_inflated_pieces_of_bounded_length() {
    let said = [Said::Text(json(150_000)), Said::Binary(vec![0; 1 << 20]), Said::Text(json(150_000))];
    for role in ROLES {
        let mut wire = say(peer(role), DeflateParams::default(), &said);
        wire.extend(frame(peer(role), 0x88, CLOSE_1000));
        for step in [0, 1, 1460] {
            let script = Script { step, ..Script::new(&wire) };
            let mut socket = socket(&script, role);
            let (mut heard, mut payload, mut count) = (Vec::new(), Vec::new(), 0);
            while let Some((event, _)) = socket.read_part().unwrap() {
                let Event::Data(piece) = event else { continue };
                assert!(piece.payload.as_bytes().len() <= 17 * 1024 && !piece.payload.is_compressed());
                assert_eq!(piece.is_first, payload.is_empty());
                payload.extend_from_slice(piece.payload.as_bytes());
                count += 1;
                if piece.is_last {
                    heard.push(match piece.payload.message_type() {
                        MessageType::Text => {
                            Said::Text(String::from_utf8(std::mem::take(&mut payload)).unwrap())
                        }
                        MessageType::Binary => Said::Binary(std::mem::take(&mut payload)),
                    });
                }
            }
            assert!(heard == said && count > (1 << 20) / (17 * 1024), "{role:?} {step}");
        }
    }
}

#[test]
fn read_passes_over_the_rest_of_a_message_that_was_begun_as_events_and_keeps_the_window() {
    let said = [Said::Text(json(100_000)), Said::Text(json(100_000))];
    let script = Script::new(&say(Role::Client, DeflateParams::default(), &said));
    let mut socket = socket(&script, Role::Server);
    assert!(matches!(socket.read_part().unwrap(), Some((Event::Data(piece), _)) if piece.is_first));
    while !matches!(socket.read_part().unwrap(), Some((Event::Data(_), _))) {}
    assert!(Said::of(socket.read().unwrap().unwrap().0) == said[1]);
}

#[test]
fn a_message_survives_being_taken_apart_in_its_middle() {
    let said = [Said::Binary(vec![0; 1 << 20]), Said::Text(json(20_000))];
    let wire = say(Role::Client, DeflateParams::default(), &said);
    let script = Script { then: Some(ErrorKind::WouldBlock), ..Script::new(b"") };
    let mut socket = socket(&script, Role::Server);
    let mut heard = Vec::new();
    for piece in wire.chunks(100) {
        script.push(piece);
        loop {
            match socket.read() {
                Ok(Some((message, _))) => heard.push(Said::of(message)),
                Ok(None) => panic!("nobody closes"),
                Err(error) => break assert!(error.is_transient(), "{error}"),
            }
        }
        let agreed = socket.deflate();
        socket.release_deflate();
        socket = WebSocket::from_parts(socket.into_parts());
        assert_eq!(socket.deflate(), agreed);
    }
    assert!(heard == said);
}

#[test]
fn a_message_that_is_written_in_parts_is_compressed_as_its_parts_are_sent() {
    let payload = json(300_000);
    for role in ROLES {
        for len in [1, 1000, 16_384, 50_000, 300_000] {
            let script = Script::new(b"");
            let mut socket = socket(&script, role);
            let mut message = socket.message_writer(MessageType::Text).unwrap();
            for part in payload.as_bytes().chunks(len) {
                message.write_all(part).unwrap();
            }
            message.finish().unwrap();
            socket.send(&payload).unwrap();
            let sent = frames(&script.written());
            assert_eq!(sent[0].0, 0x41);
            let sent_len: usize = sent.iter().map(|(_, payload)| payload.len()).sum();
            assert!(sent_len < payload.len(), "{sent_len}");
            assert!(sent.iter().all(|(_, payload)| payload.len() <= FRAGMENT_LEN_MAX));
            let mut wire = script.written();
            wire.extend(frame(role, 0x88, CLOSE_1000));
            let heard = read_all(&mut self::socket(&Script::new(&wire), peer(role)));
            assert!(heard == vec![Said::Text(payload.clone()); 2], "{role:?} {len}");
        }
    }
}

#[test]
fn a_flush_is_a_fragment_that_can_be_inflated_and_a_short_message_is_not_compressed() {
    let script = Script::new(b"");
    let mut socket = socket(&script, Role::Server);
    let mut message = socket.message_writer(MessageType::Text).unwrap();
    message.write_all(b"short").unwrap();
    message.finish().unwrap();
    assert_eq!(frames(&script.take_written()), [(0x81, b"short".to_vec())]);

    let mut message = socket.message_writer(MessageType::Text).unwrap();
    message.write_all(b"one").unwrap();
    message.flush().unwrap();
    let wire = script.take_written();
    let then = Some(ErrorKind::WouldBlock);
    let mut heard = self::socket(&Script { then, ..Script::new(&wire) }, Role::Client);
    let (event, _) = heard.read_part().unwrap().unwrap();
    assert!(matches!(event, Event::Data(piece) if piece.payload.as_bytes() == b"one" && !piece.is_last));
    message.finish().unwrap();
    // RFC 7692 §7.2.3.6: nothing more of the message is a byte of zero.
    assert_eq!(frames(&script.take_written()), [(0x80, vec![0])]);

    let mut message = socket.message_writer(MessageType::Binary).unwrap();
    message.write_all(&vec![1; 20_000]).unwrap();
    drop(message);
    for result in [
        socket.send_compressed(Message::Binary(b"x")),
        socket.send_uncompressed(Message::Binary(b"x")),
        socket.send(&[0; 10_000]),
        socket.send(b"x"),
    ] {
        assert!(matches!(result, Err(Error::MessageUnfinished)));
    }
    socket.release_deflate();
    socket.start_close(CloseCode::INTERNAL_ERROR).unwrap();
    assert_eq!(frames(&script.written()).last().unwrap().0, 0x88);
}

#[test]
fn a_close_waits_for_the_peers_behind_compressed_messages() {
    for role in ROLES {
        let mut wire = say(peer(role), DeflateParams::default(), &conversation());
        wire.extend(frame(peer(role), 0x88, CLOSE_1000));
        let script = Script { step: 1460, ..Script::new(&wire) };
        let mut socket = socket(&script, role);
        socket.close(CloseCode::NORMAL).unwrap();
        assert!(socket.closure().unwrap().is_clean);
    }
}
