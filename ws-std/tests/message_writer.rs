//! Messages that are written in parts.

mod common;

use std::io::{ErrorKind, Write};

use common::{Script, frames};
use ws_std::{CloseCode, Error, MessageType, Role};

const ROLES: [Role; 2] = [Role::Client, Role::Server];

#[test]
fn s5_4_small_writes_are_gathered_and_a_flush_is_a_fragment() {
    for role in ROLES {
        let script = Script::new(b"");
        let mut socket = script.socket(role);
        let mut message = socket.message_writer(MessageType::Text).unwrap();
        write!(message, "one {}", 2).unwrap();
        assert_eq!(script.written(), b"", "gathered");
        message.flush().unwrap();
        message.flush().unwrap();
        write!(message, " three").unwrap();
        message.finish().unwrap();
        socket.send("next").unwrap();
        let expected = [(0x01, b"one 2".to_vec()), (0x80, b" three".to_vec()), (0x81, b"next".to_vec())];
        assert_eq!(frames(&script.written()), expected);
    }
}

#[test]
fn any_writes_make_the_same_message() {
    let payload: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for role in ROLES {
        for len in [1, 1000, 16_383, 16_384, 16_385, 50_000, 100_000] {
            let script = Script::new(b"");
            let mut socket = script.socket(role);
            let mut message = socket.message_writer(MessageType::Binary).unwrap();
            for part in payload.chunks(len) {
                message.write_all(part).unwrap();
            }
            message.finish().unwrap();
            let sent = frames(&script.written());
            let firsts: Vec<u8> = sent.iter().map(|(first, _)| *first).collect();
            let (last, others) = firsts.split_last().unwrap();
            assert_eq!((*last & 0x80, others.iter().fold(0, |all, first| all | first)), (0x80, 0x02));
            let joined: Vec<u8> = sent.into_iter().flat_map(|(_, part)| part).collect();
            assert!(joined == payload, "{len}");
        }
    }
}

#[test]
fn a_message_of_nothing_is_one_empty_frame() {
    let script = Script::new(b"");
    script.socket(Role::Server).message_writer(MessageType::Text).unwrap().finish().unwrap();
    assert_eq!(frames(&script.written()), [(0x81, vec![])]);
}

#[test]
fn s8_1_text_may_be_cut_anywhere_but_has_to_be_utf8() {
    let script = Script::new(b"");
    let mut socket = script.socket(Role::Server);
    let mut message = socket.message_writer(MessageType::Text).unwrap();
    message.write_all(b"\xe2\x82").unwrap();
    message.flush().unwrap();
    assert_eq!(message.write(b"\xff").unwrap_err().kind(), ErrorKind::InvalidData);
    message.write_all(b"\xac").unwrap();
    message.finish().unwrap();
    // A character leaves whole.
    assert_eq!(frames(&script.written()), [(0x81, b"\xe2\x82\xac".to_vec())]);

    let mut message = socket.message_writer(MessageType::Text).unwrap();
    message.write_all(b"\xe2\x82").unwrap();
    assert!(matches!(message.finish(), Err(Error::Io(error)) if error.kind() == ErrorKind::InvalidData));
}

#[test]
fn s5_4_an_unfinished_message_allows_only_a_close() {
    let script = Script { then: Some(ErrorKind::WouldBlock), ..Script::new(b"") };
    let mut socket = script.socket(Role::Server);
    let mut message = socket.message_writer(MessageType::Binary).unwrap();
    message.write_all(b"begun").unwrap();
    message.flush().unwrap();
    drop(message);
    assert!(matches!(socket.send("x"), Err(Error::MessageUnfinished)));
    assert!(matches!(socket.send(&[0; 10_000]), Err(Error::MessageUnfinished)));
    assert!(matches!(socket.message_writer(MessageType::Binary), Err(Error::MessageUnfinished)));
    socket.ping(b"").unwrap();
    assert!(socket.close(CloseCode::INTERNAL_ERROR).unwrap_err().is_transient());
    let sent: Vec<u8> = frames(&script.written()).iter().map(|(first, _)| *first).collect();
    assert_eq!(sent, [0x02, 0x89, 0x88]);
    assert!(matches!(socket.message_writer(MessageType::Binary), Err(Error::Closed)));
}

#[test]
fn a_stream_that_would_block_loses_and_repeats_nothing() {
    let payload: Vec<u8> = (0..=255).cycle().take(60_000).collect();
    for role in ROLES {
        let script = Script { step: 777, between: Some(ErrorKind::WouldBlock), ..Script::new(b"") };
        let mut socket = script.socket(role);
        // The first call flushes, and finds that it would block.
        while socket.flush().is_err() {}
        let mut message = socket.message_writer(MessageType::Binary).unwrap();
        for part in payload.chunks(20_000) {
            loop {
                match message.write(part) {
                    Ok(len) => break assert_eq!(len, part.len(), "all or nothing"),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                }
            }
        }
        message.finish().unwrap();
        while let Err(error) = socket.flush() {
            assert!(error.is_transient());
        }
        let joined: Vec<u8> = frames(&script.written()).into_iter().flat_map(|(_, part)| part).collect();
        assert!(joined == payload);
    }
}
