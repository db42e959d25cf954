//! What a session does with messages: what goes out, what comes in, what is refused.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use core::time::Duration;
use std::sync::Arc;

use support::reference::{DEFAULT_LIMITS, Outcome, Role as WireRole, decode};
use support::session::{at, client, deliver, feed, frame_to, open, opened, server, take_all, written};
use ws_core::connection::{EncodedMessage, KeySource, Pongs, Role, RoleKeys, Transport};
use ws_core::error::{Fault, Misuse, SendError, Violation};
use ws_core::event::Event;
use ws_core::frame::{CloseCode, ControlPayload, Fin, MaskKey};
use ws_core::input::ReadBuffer;
use ws_core::message::OwnedMessage;
use ws_core::session::{Config, Note, Opened, Session};

/// Answers each message with itself, for as long as there are messages and room.
fn echo<K: KeySource>(session: &mut Session<K>) -> Result<(), SendError> {
    while let Some(event) = session.inbound.next(&mut session.outbound) {
        if let Event::Data(message) = event {
            session.outbound.send(message)?;
        }
    }
    Ok(())
}

#[test]
fn an_echo_takes_each_message_while_it_is_lent() {
    let mut session = server();
    let mut wire = frame_to(Role::Server, 0x81, "Grüße".as_bytes());
    wire.extend(frame_to(Role::Server, 0x82, &[7; 300]));
    feed(&mut session, &wire, at(1));
    assert_eq!(echo(&mut session), Ok(()));
    let answer = written(&mut session.outbound, at(1));
    let expected = [Outcome::Text("Grüße".to_owned()), Outcome::Binary(vec![7; 300])];
    assert_eq!(decode(WireRole::Client, &DEFAULT_LIMITS, &answer), expected);
}

#[test]
fn sixteen_pipelined_messages_are_answered_in_one_write() {
    let mut session = server();
    let wire = frame_to(Role::Server, 0x82, &[7; 64]).repeat(16);
    feed(&mut session, &wire, at(1));
    assert_eq!(echo(&mut session), Ok(()));
    let answer = frame_to(Role::Client, 0x82, &[7; 64]).repeat(16);
    assert_eq!(session.outbound.transmit(), answer);
    session.outbound.transmitted(answer.len(), at(1));
    assert!(!session.outbound.wants_transmit());
}

#[test]
fn an_echo_of_any_cut_is_the_same() {
    let mut wire = frame_to(Role::Server, 0x01, "a€".as_bytes());
    wire.extend(frame_to(Role::Server, 0x89, b"ping"));
    wire.extend(frame_to(Role::Server, 0x80, "😀b".as_bytes()));
    wire.extend(frame_to(Role::Server, 0x82, &[3; 130]));
    wire.extend(frame_to(Role::Server, 0x88, &[3, 232]));
    for chunk_len in 1..wire.len() {
        let mut session = server();
        let mut answer = Vec::new();
        for chunk in wire.chunks(chunk_len) {
            feed(&mut session, chunk, at(1));
            assert_eq!(echo(&mut session), Ok(()));
            answer.extend(written(&mut session.outbound, at(1)));
        }
        let mut outcomes = decode(WireRole::Client, &DEFAULT_LIMITS, &answer);
        // Whether the pong leaves before the text, or after it, is when it was written.
        outcomes.retain(|outcome| !matches!(outcome, Outcome::Pong(_)));
        let expected =
            [Outcome::Text("a€😀b".to_owned()), Outcome::Binary(vec![3; 130]), Outcome::Close(vec![3, 232])];
        assert_eq!(outcomes, expected, "{chunk_len}");
        assert!(session.outbound.closure().is_some_and(|closure| closure.is_clean));
    }
}

#[test]
fn s5_3_a_client_masks_everything_each_frame_with_a_key_of_its_own() {
    let mut session = client();
    let long = vec![9; 70_000];
    let outbound = &mut session.outbound;
    assert_eq!(outbound.send("Grüße"), Ok(()));
    assert_eq!(outbound.part("in ", Fin::More), Ok(()));
    assert_eq!(outbound.part("parts", Fin::Final), Ok(()));
    assert_eq!(outbound.send_owned("owned and short".into()), Ok(()));
    assert_eq!(outbound.send_owned(long.clone().into()), Ok(()));
    outbound.ping(ControlPayload::new(b"p").unwrap());
    let wire = written(outbound, at(1));
    assert_eq!(outbound.send_owned("x".repeat(5000).into()), Ok(()));
    outbound.close(CloseCode::NORMAL.into());
    let wire = [wire, written(outbound, at(1))].concat();
    let expected = [
        Outcome::Text("Grüße".to_owned()),
        Outcome::Text("in parts".to_owned()),
        Outcome::Text("owned and short".to_owned()),
        Outcome::Binary(long),
        Outcome::Ping(b"p".to_vec()),
        Outcome::Text("x".repeat(5000)),
        Outcome::Close(vec![3, 232]),
    ];
    // A server refuses what is not masked, so every frame is.
    assert_eq!(decode(WireRole::Server, &DEFAULT_LIMITS, &wire), expected);
    let keys = wire.windows(9).filter(|window| *window == [9; 9]).count();
    assert_eq!(keys, 0, "the payload was masked in place");
}

#[test]
fn a_client_masks_a_message_that_is_given_away_without_a_copy() {
    let mut session = client();
    let bytes = vec![9; 100_000];
    let place = bytes.as_ptr();
    assert_eq!(session.outbound.send_owned(bytes.into()), Ok(()));
    let mut slices = [&[][..]; 4];
    let count = session.outbound.transmit_many(&mut slices);
    assert_eq!((count, slices[0].len(), slices[1].len()), (2, 14, 100_000));
    assert_eq!(slices[1].as_ptr(), place);
}

#[test]
fn the_answer_of_the_handshake_leaves_before_all_else_and_counts_as_no_traffic() {
    let opened = opened(Role::Server).with_unsent(*b"HTTP/1.1 101 ...").with_subprotocol("chat");
    let mut session = Session::new(opened, Config::new(), ReadBuffer::new(Vec::new()), at(0));
    assert_eq!(session.subprotocol.as_deref(), Some("chat"));
    feed(&mut session, &frame_to(Role::Server, 0x89, b"!"), at(1));
    assert_eq!(take_all(&mut session), [Event::Ping]);
    assert_eq!(session.outbound.send("Hi"), Ok(()));
    assert_eq!(session.outbound.queued_len(), 16 + 4);
    assert!(session.outbound.transmit().len() >= 10);
    session.outbound.transmitted(10, at(1));
    assert_eq!(session.outbound.traffic().wire_len, 0);
    let rest = written(&mut session.outbound, at(1));
    assert_eq!(rest, b"01 ...\x81\x02Hi\x8a\x01!");
    assert_eq!(session.outbound.traffic().wire_len, 7);
}

#[test]
fn what_was_read_after_the_head_is_the_first_that_comes() {
    let bytes = frame_to(Role::Server, 0x81, b"early");
    let len = bytes.len();
    let buffer = ReadBuffer::with_filled(bytes, len).unwrap();
    let mut session = Session::new(opened(Role::Server), Config::new(), buffer, at(0));
    assert_eq!(session.inbound.traffic().wire_len, u64::try_from(len).unwrap());
    assert_eq!(take_all(&mut session), [Event::Data("early".into())]);
}

#[test]
fn a_buffer_of_no_length_or_too_little_is_replaced_and_loses_nothing() {
    let text = "😀".repeat(50);
    let wire = frame_to(Role::Server, 0x81, text.as_bytes());
    for len in 0..20 {
        let buffer = ReadBuffer::with_filled(wire[..len].to_vec(), len).unwrap();
        let mut session = Session::new(opened(Role::Server), Config::new(), buffer, at(0));
        let mut events = take_all(&mut session);
        events.extend(deliver(&mut session, &wire[len..], at(1)));
        assert_eq!(events, [Event::Data(text.as_str().into())], "{len}");
    }
}

/// Brings a session to where it refuses messages.
type Ready = fn(&mut Session<support::session::Keys>);

#[test]
fn every_way_to_send_refuses_what_cannot_be_sent_and_changes_nothing() {
    let long = vec![1; 9000];
    let encoded = Arc::new(EncodedMessage::new(&long).unwrap());
    let cases: [(SendError, Ready); 5] = [
        (SendError::Full, |session| session.outbound.send(&vec![0; 20_000]).unwrap()),
        (SendError::Busy, |session| session.outbound.part("a", Fin::More).unwrap()),
        (SendError::Closed, |session| session.outbound.close(CloseCode::NORMAL.into())),
        // A connection that is closing says so, whatever else keeps it from sending.
        (SendError::Closed, |session| {
            session.outbound.part(&vec![0; 20_000], Fin::More).unwrap();
            session.outbound.close(CloseCode::NORMAL.into());
        }),
        (SendError::Closed, |session| session.outbound.transport_failed()),
    ];
    for (error, ready) in cases {
        let mut session = server();
        ready(&mut session);
        let outbound = &mut session.outbound;
        let (queued_len, traffic) = (outbound.queued_len(), outbound.traffic());
        assert_eq!(outbound.send(&long), Err(error));
        assert_eq!(outbound.send_uncompressed("short"), Err(error));
        assert_eq!(outbound.send_owned("short".into()), Err((error, "short".into())));
        let owned = OwnedMessage::from(long.clone());
        let place = owned.as_bytes().as_ptr();
        let (refused, given_back) = outbound.send_owned(owned).unwrap_err();
        assert_eq!((refused, given_back.as_bytes().as_ptr()), (error, place), "the same allocation");
        assert_eq!(outbound.send_encoded(&encoded), Err(error));
        assert_eq!(outbound.send_encoded(&Arc::new(EncodedMessage::new("short").unwrap())), Err(error));
        #[cfg(feature = "deflate")]
        assert_eq!(outbound.send_compressed(&long), Err(error));
        if error != SendError::Busy {
            assert_eq!(outbound.part(&long, Fin::More), Err(error));
        }
        assert_eq!((outbound.queued_len(), outbound.traffic()), (queued_len, traffic), "{error}");
        assert_eq!(Arc::strong_count(&encoded), 1, "nothing is held");
    }
}

#[test]
fn a_part_of_another_type_and_an_encoded_message_by_a_client_are_misuse() {
    let mut session = server();
    assert_eq!(session.outbound.part("a", Fin::More), Ok(()));
    assert_eq!(session.outbound.part(b"b", Fin::Final), Err(Misuse::MessageType.into()));
    assert_eq!(session.outbound.part("c", Fin::Final), Ok(()));
    assert_eq!(written(&mut session.outbound, at(1)), b"\x01\x01a\x80\x01c");
    let encoded = Arc::new(EncodedMessage::new("for all").unwrap());
    assert_eq!(client().outbound.send_encoded(&encoded), Err(Misuse::Unmasked.into()));
}

#[test]
fn an_unfinished_message_leaves_only_controls_and_a_close() {
    let mut session = server();
    assert_eq!(session.outbound.part("a", Fin::More), Ok(()));
    assert!(session.outbound.is_message_in_progress());
    session.outbound.ping(ControlPayload::new(b"p").unwrap());
    assert_eq!(written(&mut session.outbound, at(1)), b"\x01\x01a\x89\x01p");
    session.outbound.close(CloseCode::NORMAL.into());
    assert_eq!(written(&mut session.outbound, at(1)), b"\x88\x02\x03\xe8");
    let reply = deliver(&mut session, &frame_to(Role::Server, 0x88, &[3, 232]), at(2));
    assert_eq!(reply, [Event::Close]);
    assert!(session.outbound.closure().unwrap().is_clean);
}

#[test]
fn a_message_in_fragments_with_controls_between_is_one_message() {
    let mut wire = frame_to(Role::Server, 0x02, b"");
    wire.extend(frame_to(Role::Server, 0x00, b"AA"));
    wire.extend(frame_to(Role::Server, 0x89, b"1"));
    wire.extend(frame_to(Role::Server, 0x8a, b"2"));
    wire.extend(frame_to(Role::Server, 0x00, b"BB"));
    wire.extend(frame_to(Role::Server, 0x80, b""));
    let mut session = server();
    let events = deliver(&mut session, &wire, at(1));
    assert_eq!(events, [Event::Ping, Event::Pong, Event::Data(b"AABB".as_slice().into())]);
    assert_eq!(written(&mut session.outbound, at(1)), b"\x8a\x011");
}

#[test]
fn pongs_are_the_callers_where_they_are_manual() {
    let mut session = open(Role::Server, Config::new().with_pongs(Pongs::Manual));
    let events = deliver(&mut session, &frame_to(Role::Server, 0x89, b"hi"), at(1));
    assert_eq!(events, [Event::Ping]);
    assert!(!session.outbound.wants_transmit());
    let payload = *session.inbound.control();
    session.outbound.pong(payload);
    assert_eq!(written(&mut session.outbound, at(1)), b"\x8a\x02hi");
}

#[test]
fn what_is_found_reaches_a_closure_as_well_in_order() {
    let mut wire = frame_to(Role::Server, 0x8a, b"late");
    wire.extend(frame_to(Role::Server, 0x81, b"\xff"));
    let mut session = server();
    feed(&mut session, &wire, at(7));
    let mut notes = Vec::new();
    while session.inbound.next(&mut |note| notes.push(note)).is_some() {}
    assert_eq!(notes.len(), 3);
    assert!(
        matches!(notes[0], Note::Pong { payload, at: time } if payload.as_bytes() == b"late" && time == at(7))
    );
    assert!(matches!(notes[1], Note::Signal(ws_core::connection::Signal::Failed(_))));
    assert!(matches!(notes[2], Note::Heard { at: time, has_message: false } if time == at(7)));
}

/// Keys that run out.
#[derive(Clone, Debug)]
struct Few(u32);

impl KeySource for Few {
    fn next_key(&mut self) -> Option<MaskKey> {
        self.0 = self.0.checked_sub(1)?;
        Some(MaskKey::new([1, 2, 3, 4]))
    }
}

#[test]
fn s5_3_without_a_key_nothing_is_sent_and_nothing_spins() {
    for count in 0..4 {
        let opened = Opened::new(RoleKeys::Client(Few(count)));
        let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 64]), Duration::ZERO);
        let outbound = &mut session.outbound;
        let results = [
            outbound.send("short"),
            outbound.send_owned(vec![1; 9000].into()).map_err(|(error, message)| {
                assert_eq!(message.as_bytes(), [1; 9000], "unmasked still");
                error
            }),
            outbound.part("part", Fin::Final),
        ];
        for (place, result) in results.into_iter().enumerate() {
            let has_key = place < usize::try_from(count).unwrap();
            assert_eq!(
                result,
                if has_key { Ok(()) } else { Err(SendError::NoMaskKey) },
                "{place} of {count}"
            );
        }
        outbound.close(CloseCode::NORMAL.into());
        let mut turn_count = 0;
        while outbound.wants_transmit() {
            let len = outbound.transmit().len();
            outbound.transmitted(len, at(1));
            turn_count += 1;
            assert!(turn_count < 10, "an adapter's loop ends");
        }
        assert_eq!(outbound.transport(), Transport::Open);
        assert_eq!(outbound.closure(), None, "no Close has left");
        // It is tried again when something happens, and given up in time.
        assert_eq!(outbound.poll(at(1)), None);
        let deadline = outbound.next_deadline().unwrap();
        assert!(outbound.poll(deadline).is_some());
        assert_eq!(outbound.transport(), Transport::Closed);
        assert!(!outbound.closure().unwrap().is_clean);
    }
}

#[test]
fn s5_3_a_key_that_comes_late_is_used() {
    #[derive(Debug)]
    struct Late(u32);
    impl KeySource for Late {
        fn next_key(&mut self) -> Option<MaskKey> {
            self.0 += 1;
            (self.0 > 2).then_some(MaskKey::new([0; 4]))
        }
    }
    let opened = Opened::new(RoleKeys::Client(Late(0)));
    let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 64]), Duration::ZERO);
    session.outbound.ping(ControlPayload::new(b"p").unwrap());
    let mut wire = Vec::new();
    for millis in 0..4 {
        while session.outbound.wants_transmit() {
            let bytes = session.outbound.transmit().to_vec();
            session.outbound.transmitted(bytes.len(), at(millis));
            wire.extend(bytes);
        }
        assert_eq!(session.outbound.poll(at(millis)), None);
    }
    assert_eq!(wire, b"\x89\x81\0\0\0\0p");
}

#[test]
fn after_a_fault_nothing_comes_by_any_way() {
    let wire = [frame_to(Role::Server, 0x81, b"\xff"), frame_to(Role::Server, 0x81, b"never")].concat();
    for start in 0..4 {
        let mut session = server();
        feed(&mut session, &wire, at(1));
        let Session { inbound, outbound, .. } = &mut session;
        let failed = match start {
            0 => inbound.next(outbound).map(|event| matches!(event, Event::Failed(_))),
            1 => inbound.next_owned(outbound).map(|event| matches!(event, Event::Failed(_))),
            2 => inbound.next_part(outbound).map(|event| matches!(event, Event::Failed(_))),
            _ => {
                assert_eq!(inbound.advance(outbound), Some(Event::Data(())));
                inbound.message(outbound).map(|message| message.is_err())
            }
        };
        assert_eq!(failed, Some(true), "{start}");
        assert_eq!(inbound.advance(outbound), None, "{start}");
        assert_eq!(inbound.message(outbound), None, "{start}");
        assert_eq!(inbound.next_owned(outbound), None, "{start}");
        assert_eq!(inbound.next_part(outbound), None, "{start}");
        assert_eq!(inbound.next(outbound), None, "{start}");
        assert_eq!(inbound.traffic().message_count, 0, "{start}");
        let close = written(outbound, at(1));
        assert_eq!(close, b"\x88\x02\x03\xef", "1007");
        let fault = Fault::Violation(Violation::InvalidUtf8);
        assert_eq!(outbound.closure().unwrap().cause, ws_core::connection::ClosureCause::Fault(fault));
    }
}

#[test]
fn more_than_there_is_room_for_counts_as_the_room_and_nothing_read_says_nothing() {
    let mut session = open(Role::Client, Config::new());
    let room = session.inbound.spare();
    let len = room.len();
    room.fill(0);
    room[..4].copy_from_slice(&[0x82, 0x7e, 0x3f, 0xfc]);
    session.inbound.filled(usize::MAX, at(3));
    assert_eq!(session.inbound.traffic().wire_len, u64::try_from(len).unwrap());
    assert_eq!(take_all(&mut session), [Event::Data(vec![0; len - 4].into())]);

    let mut notes = Vec::new();
    session.inbound.filled(0, at(9));
    assert_eq!(session.inbound.next(&mut |note| notes.push(note)), None);
    assert_eq!(notes, [], "no byte came");
}

#[test]
fn copies_of_a_session_go_on_alike() {
    let mut session = client();
    session.outbound.send("queued").unwrap();
    session.outbound.transmitted(3, at(1));
    feed(&mut session, b"\x02\x03abc\x80", at(1));
    assert_eq!(take_all(&mut session), []);
    let mut copy = session.inbound.try_clone().unwrap();
    let mut copy_out = session.outbound.try_clone().unwrap();
    feed(&mut session, b"\x01d", at(2));
    copy.spare()[..2].copy_from_slice(b"\x01d");
    copy.filled(2, at(2));
    let event = copy.next_owned(&mut copy_out);
    assert_eq!(event, Some(Event::Data(b"abcd".as_slice().into())));
    assert_eq!(session.inbound.next_owned(&mut session.outbound), event);
    assert_eq!(copy_out.transmit(), session.outbound.transmit());
    assert_eq!(format!("{copy_out:?}"), format!("{:?}", session.outbound));
}

#[test]
fn s5_5_1_the_peers_close_and_its_reason_can_be_read() {
    let mut session = server();
    let events = deliver(&mut session, &frame_to(Role::Server, 0x88, b"\x03\xe9bye"), at(1));
    assert_eq!(events, [Event::Close]);
    let close = session.inbound.close_frame().unwrap();
    assert_eq!((close.code(), close.reason()), (Some(CloseCode::GOING_AWAY), "bye"));
    assert_eq!(written(&mut session.outbound, at(1)), b"\x88\x02\x03\xe9");
}

#[test]
fn what_is_shown_of_a_session_is_no_payload() {
    let mut session = server();
    session.outbound.send("secret").unwrap();
    feed(&mut session, &frame_to(Role::Server, 0x01, b"secret"), at(1));
    assert_eq!(take_all(&mut session), []);
    assert!(!format!("{session:?}").contains("secret"));
}
