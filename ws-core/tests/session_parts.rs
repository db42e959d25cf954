//! Messages that are taken in parts, and whole ones between them.
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

use support::session::{Keys, at, client, deliver, feed, frame_to, server, take_all};
use ws_core::connection::Role;
use ws_core::error::{Fail, Fault};
use ws_core::event::{Event, Payload};
use ws_core::message::{Assembly, MessageBuffer, OwnedMessage};
use ws_core::session::Session;

/// A part: its bytes, whether it is text, the first and the last.
type Part = (Vec<u8>, bool, bool, bool);

fn part(bytes: impl AsRef<[u8]>, is_text: bool, is_first: bool, is_last: bool) -> Part {
    (bytes.as_ref().to_vec(), is_text, is_first, is_last)
}

fn next_part(session: &mut Session<Keys>) -> Option<Event<Part>> {
    Some(match session.inbound.next_part(&mut session.outbound)? {
        Event::Data(part) => Event::Data((
            part.payload.as_bytes().to_vec(),
            matches!(part.payload, Payload::Text(_)),
            part.is_first,
            part.is_last,
        )),
        Event::Ping => Event::Ping,
        Event::Pong => Event::Pong,
        Event::Close => Event::Close,
        Event::Failed(fault) => Event::Failed(fault),
        other => panic!("no such event: {other:?}"),
    })
}

fn parts(session: &mut Session<Keys>) -> Vec<Event<Part>> {
    core::iter::from_fn(|| next_part(session)).collect()
}

fn whole(message: impl Into<OwnedMessage>) -> Event<OwnedMessage> {
    Event::Data(message.into())
}

#[test]
fn s5_4_controls_come_between_the_parts_and_an_empty_last_fragment_ends_a_message() {
    let mut session = client();
    feed(&mut session, b"\x01\x02ab\x89\x01!\x00\x00\x00\x01c\x8a\x00\x80\x00\x81\x00", at(1));
    let expected = [
        Event::Data(part("ab", true, true, false)),
        Event::Ping,
        Event::Data(part("c", true, false, false)),
        Event::Pong,
        Event::Data(part("", true, false, true)),
        Event::Data(part("", true, true, true)),
    ];
    assert_eq!(parts(&mut session), expected);
    assert_eq!(session.inbound.traffic().message_count, 2);
}

#[test]
fn what_was_assembled_is_the_first_part_where_parts_are_asked_for_then() {
    for (opcode, is_text) in [(0x01, true), (0x02, false)] {
        let mut session = client();
        // The text is cut within a code point, which stays in the read buffer.
        let bytes = "aü€".as_bytes();
        feed(&mut session, &[opcode, 6, bytes[0], bytes[1]], at(1));
        assert_eq!(take_all(&mut session), []);
        feed(&mut session, &[bytes[2], bytes[3]], at(1));
        assert_eq!(take_all(&mut session), []);
        feed(&mut session, &bytes[4..], at(1));
        let held = if is_text { "aü" } else { "aü\u{20}" };
        let assembled = if is_text { held.as_bytes() } else { &bytes[..4] };
        let rest = &bytes[assembled.len()..];
        assert_eq!(next_part(&mut session), Some(Event::Data(part(assembled, is_text, true, false))));
        assert_eq!(next_part(&mut session), Some(Event::Data(part(rest, is_text, false, false))));
        assert_eq!(next_part(&mut session), None);
        feed(&mut session, b"\x80\x00\x81\x01z", at(1));
        assert_eq!(next_part(&mut session), Some(Event::Data(part("", is_text, false, true))));
        assert_eq!(take_all(&mut session), [whole("z")]);
    }
}

#[test]
fn what_was_read_past_the_buffer_is_in_the_first_part() {
    let payload: Vec<u8> = (0..=255).cycle().take(60_000).collect();
    let mut frame = frame_to(Role::Server, 0x82, &payload);
    frame.extend(frame_to(Role::Server, 0x81, b"after"));
    for direct_count in 0..4 {
        let mut session = server();
        let mut bytes = &frame[..];
        for _ in 0..=direct_count {
            let len = support::session::feed_some(&mut session, &bytes[..10_000], at(1));
            bytes = &bytes[len..];
            assert_eq!(take_all(&mut session), []);
        }
        // There is room that was lent and not filled, too.
        assert!(session.inbound.spare().len() > 1000);
        let (mut heard, mut count) = (Vec::new(), 0);
        loop {
            match next_part(&mut session) {
                Some(Event::Data((bytes, _, is_first, is_last))) => {
                    assert_eq!(is_first, count == 0);
                    heard.extend(bytes);
                    count += 1;
                    if is_last {
                        break;
                    }
                }
                None => {
                    let len = support::session::feed_some(&mut session, bytes, at(1));
                    bytes = &bytes[len..];
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(heard, payload, "{direct_count}");
        assert_eq!(deliver(&mut session, bytes, at(1)).len() + take_all(&mut session).len(), 1);
    }
}

#[test]
fn the_rest_of_a_message_is_dropped_once_a_whole_one_was_asked_for_and_of_no_other() {
    for opcode in [0x01, 0x02] {
        let mut session = client();
        feed(&mut session, &[opcode, 2, b'a', b'b'], at(1));
        assert!(matches!(next_part(&mut session), Some(Event::Data(_))));
        // It is dropped whether or not more of it has come by now,
        assert_eq!(take_all(&mut session), []);
        feed(&mut session, b"\x00\x02cd\x00\x02\xC3", at(1));
        // and is not taken up again in the middle, not even within a code point.
        if opcode == 0x01 {
            assert_eq!(parts(&mut session), []);
            assert_eq!(take_all(&mut session), []);
            feed(&mut session, b"\xBC\x80\x01e", at(1));
        } else {
            feed(&mut session, b"\xBC\x80\x01e", at(1));
            assert_eq!(parts(&mut session), []);
        }
        feed(&mut session, b"\x01\x01f", at(1));
        assert_eq!(take_all(&mut session), []);
        feed(&mut session, b"\x80\x01g", at(1));
        assert_eq!(take_all(&mut session), [whole("fg")]);
        assert_eq!(session.inbound.traffic().message_count, 2);
    }
}

#[test]
fn s8_1_text_that_is_dropped_is_checked_all_the_same() {
    let mut session = client();
    feed(&mut session, b"\x01\x01a\x80\x01\xff", at(1));
    assert!(matches!(next_part(&mut session), Some(Event::Data(_))));
    assert!(matches!(take_all(&mut session)[..], [Event::Failed(_)]));
}

#[test]
fn a_message_that_was_found_comes_as_one_part() {
    let mut session = client();
    feed(&mut session, b"\x81\x03one\x01\x01t\x80\x02wo\x81\x05three", at(1));
    let Session { inbound, outbound, .. } = &mut session;
    for expected in ["one", "two", "three"] {
        assert_eq!(inbound.advance(outbound), Some(Event::Data(())));
        assert_eq!(inbound.advance(outbound), Some(Event::Data(())));
        match inbound.next_part(outbound) {
            Some(Event::Data(fragment)) => assert_eq!(fragment.as_message(), Some(Payload::Text(expected))),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(inbound.traffic().message_count, 3);
}

#[test]
fn parts_can_be_joined_by_a_buffer_of_the_callers() {
    struct Never;
    impl Fail for Never {
        fn fail(&mut self, fault: Fault) {
            panic!("{fault}");
        }
    }
    let mut session = client();
    let mut message = MessageBuffer::new();
    let mut joined = Vec::new();
    feed(&mut session, b"\x01\x03a\xC3", at(1));
    assert_eq!(take_all(&mut session), []);
    feed(&mut session, b"\xBC\x00\x01b\x80\x01c\x82\x01d\x01\x01e", at(1));
    loop {
        let part = match session.inbound.next_part(&mut session.outbound) {
            Some(Event::Data(part)) => part,
            None => break,
            other => panic!("{other:?}"),
        };
        if message.push(part, &mut Never) == Ok(Assembly::Complete) {
            joined.extend(message.take());
        }
    }
    assert_eq!(joined, [OwnedMessage::from("aübc"), OwnedMessage::from(b"d".as_slice())]);
}

#[test]
fn memory_can_be_released_at_any_moment() {
    let mut wire = frame_to(Role::Server, 0x01, "aü".as_bytes());
    wire.extend(frame_to(Role::Server, 0x89, b"p"));
    wire.extend(frame_to(Role::Server, 0x80, "€b".as_bytes()));
    wire.extend(frame_to(Role::Server, 0x82, b"binary"));
    // Parts are asked for from the first, second .. byte on; up to there whole messages are.
    for switch in 0..=wire.len() {
        let mut session = server();
        let (mut heard, mut is_in_parts) = (Vec::new(), false);
        for (place, byte) in wire.iter().enumerate() {
            feed(&mut session, &[*byte], at(1));
            session.release();
            loop {
                let event = if place < switch {
                    session.inbound.next_owned(&mut session.outbound).map(|event| match event {
                        Event::Data(message) => Event::Data((message.into_bytes(), true)),
                        _ => Event::Ping,
                    })
                } else {
                    next_part(&mut session).map(|event| match event {
                        Event::Data((bytes, .., is_last)) => Event::Data((bytes, is_last)),
                        _ => Event::Ping,
                    })
                };
                session.release();
                match event {
                    Some(Event::Data((bytes, is_last))) => {
                        if !is_in_parts {
                            heard.push(Vec::new());
                        }
                        heard.last_mut().unwrap().extend(bytes);
                        is_in_parts = !is_last;
                    }
                    Some(_) => {}
                    None => break,
                }
            }
        }
        assert_eq!(heard, ["aü€b".as_bytes(), b"binary"], "{switch}");
    }
}

#[cfg(feature = "deflate")]
#[path = "session_parts/deflated.rs"]
mod deflated;
