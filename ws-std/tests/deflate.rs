//! WebSockets over streams in memory with permessage-deflate: what is sent, and what is read.
#![cfg(feature = "deflate")]

mod common;

use std::io::ErrorKind;

use common::deflate::*;
use common::{Script, echo_again_and_again, frame, frames, peer};
use ws_std::ws_core::deflate::CompressionLevel;
use ws_std::ws_core::error::{Fault, Limit, Violation};
use ws_std::ws_core::extension::DeflateParams;
use ws_std::{AnyStream, Config, Deflate, Error, Limits, Message, Role, WebSocket};

const ROLES: [Role; 2] = [Role::Client, Role::Server];
const CLOSE_1000: &[u8] = b"\x03\xe8";

/// The longest fragment of a message that takes more than one: what is left of the room for a header is used.
const FRAGMENT_LEN_MAX: usize = 16 * 1024 + 14;

/// RFC 7692 §7.2.3.1: "Hello".
const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

#[test]
fn any_messages_arrive_by_any_settings_in_any_cutting() {
    let said = conversation();
    for role in ROLES {
        for (takeover, bits) in [(true, 15), (true, 9), (false, 15), (false, 9), (true, 8)] {
            let mut wire = say(peer(role), params(takeover, bits), &said);
            wire.extend(frame(peer(role), 0x88, CLOSE_1000));
            for step in [0, 1, 1460] {
                let script = Script { step, ..Script::new(&wire) };
                let params = params(takeover, bits);
                let mut socket = socket_with(&script, role, params, Limits::new(), Deflate::new());
                assert!(read_all(&mut socket) == said, "{role:?} {takeover} {bits} {step}");
                assert!(socket.closure().unwrap().is_clean);
                let pongs = said.len().div_ceil(3);
                let answers = frames(&script.written());
                assert_eq!(answers.iter().filter(|(first, _)| *first == 0x8A).count(), pongs);
            }
        }
    }
}

#[test]
fn a_stream_that_would_block_at_every_byte_loses_repeats_and_reorders_nothing() {
    let said = vec![
        Said::Text(json(5000)),
        Said::Binary(noise(3000)),
        Said::Text("short".to_owned()),
        Said::Text(json(5000)),
        Said::Binary(vec![7; 200_000]),
        Said::Binary(noise(70_000)),
    ];
    for role in ROLES {
        let mut wire = say(peer(role), DeflateParams::default(), &said);
        wire.extend(frame(peer(role), 0x88, CLOSE_1000));
        for step in [1, 3, 1000] {
            let script = Script { step, between: Some(ErrorKind::WouldBlock), ..Script::new(&wire) };
            let mut socket = socket(&script, role);
            echo_again_and_again(&mut socket);
            let echo = Script::new(&script.written());
            assert!(read_all(&mut self::socket(&echo, peer(role))) == said, "{role:?} {step}");
        }
    }
}

#[test]
fn a_send_that_would_block_takes_all_or_nothing() {
    for (message, role) in [(noise(20_000), Role::Server), (noise(300_000), Role::Client)] {
        let script = Script { write_end: Some((10, Err(ErrorKind::WouldBlock))), ..Script::new(b"") };
        let mut socket = socket(&script, role);
        socket.send(&message).unwrap();
        assert!(socket.wants_write(), "the rest of it waits");
        assert!(socket.send_compressed(Message::Text("more")).unwrap_err().is_transient());
        let mut parts = socket.into_parts();
        parts.stream.0.write_end = None;
        let mut socket = WebSocket::from_parts(parts);
        socket.flush().unwrap();
        socket.send_compressed(Message::Text("more")).unwrap();
        script.push(&script.take_written());
        script.push(&frame(role, 0x88, CLOSE_1000));
        let heard = read_all(&mut self::socket(&script, peer(role)));
        assert!(heard == [Said::Binary(message), Said::Text("more".to_owned())]);
    }
}

#[test]
fn messages_below_the_threshold_are_sent_as_they_are_unless_told_otherwise() {
    for (deflate, threshold) in [(Deflate::new(), 1024), (Deflate::new().with_threshold(5), 5)] {
        let script = Script::new(b"");
        let mut socket = socket_with(&script, Role::Server, DeflateParams::default(), Limits::new(), deflate);
        let text = "x".repeat(threshold);
        socket.send(&"x".repeat(threshold - 1)).unwrap();
        socket.send(&text).unwrap();
        socket.send_uncompressed(Message::Text(&text)).unwrap();
        socket.send_compressed(Message::Text("")).unwrap();
        socket.writer().send_compressed(Message::Binary(b"1")).unwrap();
        let mut writer = socket.writer();
        writer.send_uncompressed(Message::Binary(text.as_bytes())).unwrap();
        let firsts: Vec<u8> = frames(&script.written()).iter().map(|(first, _)| *first).collect();
        assert_eq!(firsts, [0x81, 0xC1, 0x81, 0xC1, 0xC2, 0x82]);
    }
}

#[test]
fn without_an_agreement_nothing_is_compressed() {
    let script = Script::new(b"");
    let stream = AnyStream(script.clone());
    let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
    assert_eq!(socket.deflate(), None);
    socket.send(&json(5000)).unwrap();
    socket.send_compressed(Message::Text("a")).unwrap();
    let firsts: Vec<u8> = frames(&script.take_written()).iter().map(|(first, _)| *first).collect();
    assert_eq!(firsts, [0x81, 0x81]);
    // RFC 6455 §5.2: a reserved bit without an extension that defines it fails the connection.
    script.push(&frame(Role::Client, 0xC1, HELLO));
    assert!(matches!(socket.read(), Err(Error::Fault(Fault::Violation(Violation::ReservedBits)))));
    assert_eq!(frames(&script.written()), [(0x88, b"\x03\xea".to_vec())]);
}

#[test]
fn up_to_64_kib_are_one_frame_and_more_are_frames_of_bounded_length() {
    for level in 0..=9 {
        let deflate = Deflate::new().with_level(CompressionLevel::new(level).unwrap());
        for role in ROLES {
            let script = Script::new(b"");
            let mut socket = socket_with(&script, role, DeflateParams::default(), Limits::new(), deflate);
            for message in
                [noise(1024), noise(65_536), noise(20_000), json(65_536).into_bytes(), vec![0; 65_536]]
            {
                socket.send(&message).unwrap();
                assert_eq!(frames(&script.take_written()).len(), 1, "level {level}, {}", message.len());
            }
            socket.send(&noise(70_000)).unwrap();
            let sent = frames(&script.take_written());
            assert!(sent.len() >= 4 && sent.iter().all(|(_, payload)| payload.len() <= FRAGMENT_LEN_MAX));
            assert_eq!((sent[0].0, sent[1].0, sent.last().unwrap().0), (0x42, 0x00, 0x80));
        }
    }
}

#[test]
fn with_takeover_the_second_of_two_equal_messages_is_shorter() {
    for (takeover, is_shorter) in [(true, true), (false, false)] {
        let script = Script::new(b"");
        let mut socket =
            socket_with(&script, Role::Server, params(takeover, 15), Limits::new(), Deflate::new());
        socket.send(&json(3000)).unwrap();
        socket.send(&json(3000)).unwrap();
        let sent = frames(&script.take_written());
        assert_eq!(sent[1].1.len() < sent[0].1.len() / 4, is_shorter, "{takeover}");
        assert_eq!(sent[1].1 == sent[0].1, !is_shorter);
        socket.release_deflate();
        socket.send(&json(3000)).unwrap();
        assert_eq!(frames(&script.written())[0].1, sent[0].1, "as if it were the first");
    }
}

#[test]
fn rfc_7692_s7_2_3_its_examples_are_read() {
    let said = [
        frame(Role::Client, 0xC1, HELLO),
        [
            frame(Role::Client, 0x41, &HELLO[..3]),
            frame(Role::Client, 0x89, b""),
            frame(Role::Client, 0x80, &HELLO[3..]),
        ]
        .concat(),
        frame(Role::Client, 0xC1, &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        frame(Role::Client, 0xC1, &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
        frame(Role::Client, 0xC1, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        frame(
            Role::Client,
            0xC1,
            &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
        ),
    ];
    for step in [0, 1] {
        let mut wire = said.concat();
        wire.extend(frame(Role::Client, 0x88, CLOSE_1000));
        let script = Script { step, ..Script::new(&wire) };
        assert_eq!(read_all(&mut socket(&script, Role::Server)), vec![Said::Text("Hello".to_owned()); 6]);
    }
}

#[test]
fn a_fault_in_what_was_inflated_is_told_to_the_peer_and_comes_again() {
    let limits = Limits::new().with_message_len_max(1000);
    let exact = frame(Role::Client, 0xC2, &deflated(&[0; 1000]));
    let bomb = deflated(&vec![0; 6 << 20]);
    for (said, code, fault) in [
        (frame(Role::Client, 0xC2, &deflated(&[0; 1001])), 1009_u16, Limit::MessageLen.into()),
        (frame(Role::Client, 0xC2, &bomb[..1000]), 1009, Limit::MessageLen.into()),
        (frame(Role::Client, 0xC1, &deflated(b"\xc3\xa9\xff")), 1007, Violation::InvalidUtf8.into()),
        (frame(Role::Client, 0xC1, &deflated(b"\xe2\x82")), 1007, Violation::InvalidUtf8.into()),
        (frame(Role::Client, 0x81, b"\xff"), 1007, Violation::InvalidUtf8.into()),
        (frame(Role::Client, 0xC1, b"\xff\xff\xff"), 1007, Fault::Violation(Violation::InvalidDeflate)),
        (
            [frame(Role::Client, 0x41, HELLO), frame(Role::Client, 0xC0, HELLO)].concat(),
            1002,
            Violation::ReservedBits.into(),
        ),
    ] {
        for step in [0, 1] {
            let script = Script { step, ..Script::new(&[&exact[..], &said].concat()) };
            let params = DeflateParams::default();
            let mut socket = socket_with(&script, Role::Server, params, limits, Deflate::new());
            assert_eq!(socket.read().unwrap().unwrap().0, Message::Binary(&[0; 1000]), "at the limit");
            for _ in 0..3 {
                assert!(matches!(socket.read(), Err(Error::Fault(found)) if found == fault), "{fault}");
            }
            assert_eq!(frames(&script.written()), [(0x88, code.to_be_bytes().to_vec())], "{fault}");
            let late = socket.send_compressed(Message::Text("more"));
            assert!(matches!(late, Err(Error::Fault(found)) if found == fault), "{late:?}");
        }
    }
}
