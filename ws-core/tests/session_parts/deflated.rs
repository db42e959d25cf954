//! Compressed messages in parts.

use core::time::Duration;

use super::{Part, feed, next_part, part, parts, take_all, whole};
use crate::support::reference::{DEFAULT_LIMITS, Outcome, Role as WireRole, decode};
use crate::support::session::{Keys, at, opened, written};
use ws_core::connection::{EncodedMessage, Role};
use ws_core::deflate::{DeflateSettings, Deflater};
use ws_core::error::{Fault, Limit, Violation};
use ws_core::event::{Event, Payload};
use ws_core::extension::{Agreed, DeflateParams};
use ws_core::frame::Fin;
use ws_core::input::ReadBuffer;
use ws_core::session::{Config, Deflate, Session};

fn open(role: Role, config: Config) -> Session<Keys> {
    let agreed = match role {
        Role::Server => Agreed::server(DeflateParams::new()),
        Role::Client => Agreed::client(DeflateParams::new()),
    };
    let opened = opened(role).with_deflate(agreed);
    Session::new(opened, config, ReadBuffer::new(vec![0; 256 * 1024]), Duration::ZERO)
}

fn client() -> Session<Keys> {
    open(Role::Client, Config::new())
}

/// What a server sends.
fn said(say: impl FnOnce(&mut ws_core::session::Outbound<Keys>)) -> Vec<u8> {
    let mut session = open(Role::Server, Config::new().with_queue_len_max(usize::MAX));
    say(&mut session.outbound);
    written(&mut session.outbound, at(1))
}

/// A message that is compressed as it is, text or not.
fn compressed(first: u8, bytes: &[u8]) -> Vec<u8> {
    let mut deflater = Deflater::new(DeflateSettings::default());
    let mut frame = EncodedMessage::compressed(bytes, &mut deflater).unwrap().as_bytes().to_vec();
    frame[0] = first;
    frame
}

fn joined(parts: Vec<Event<Part>>) -> Vec<u8> {
    parts
        .into_iter()
        .flat_map(|event| match event {
            Event::Data((bytes, ..)) => bytes,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn after_a_message_in_parts_the_next_ones_come_whole() {
    let wire = said(|outbound| {
        outbound.send_compressed("first").unwrap();
        outbound.send_uncompressed("second").unwrap();
        outbound.send_compressed("third, third").unwrap();
        outbound.part("fou", Fin::More).unwrap();
        outbound.part("rth", Fin::Final).unwrap();
        outbound.send_compressed("fifth, fifth").unwrap();
    });
    // The second one in fragments, so that it has to be assembled.
    let place = wire.windows(8).position(|window| window == b"\x81\x06second").unwrap();
    let wire = [&wire[..place], b"\x01\x03sec\x80\x03ond", &wire[place + 8..]].concat();
    let mut session = client();
    feed(&mut session, &wire, at(1));
    assert_eq!(next_part(&mut session), Some(Event::Data(part("first", true, true, true))));
    assert_eq!(session.inbound.next_owned(&mut session.outbound), Some(whole("second")));
    assert_eq!(next_part(&mut session), Some(Event::Data(part("third, third", true, true, true))));
    assert_eq!(take_all(&mut session), [whole("fourth"), whole("fifth, fifth")]);
    assert_eq!(session.inbound.traffic().message_count, 5);
}

#[test]
fn after_a_message_that_was_dropped_the_next_ones_come_whole() {
    let wire = said(|outbound| {
        outbound.part("fir", Fin::More).unwrap();
        outbound.part("st", Fin::Final).unwrap();
        outbound.part("sec", Fin::More).unwrap();
        outbound.part("ond", Fin::Final).unwrap();
        outbound.send_compressed("third").unwrap();
    });
    let mut session = client();
    feed(&mut session, &wire, at(1));
    assert_eq!(next_part(&mut session), Some(Event::Data(part("fir", true, true, false))));
    assert_eq!(take_all(&mut session), [whole("second"), whole("third")]);
    assert_eq!(session.inbound.traffic().message_count, 3);
}

#[test]
fn what_waits_to_be_inflated_is_not_overtaken_by_the_message_after_it() {
    let long = "long, ".repeat(20_000);
    let wire = said(|outbound| {
        outbound.send_compressed(&long).unwrap();
        outbound.send_uncompressed("whole").unwrap();
        outbound.send_compressed("compressed").unwrap();
    });
    for way in 0..4 {
        let mut session = client();
        feed(&mut session, &wire, at(1));
        assert!(matches!(next_part(&mut session), Some(Event::Data((_, true, true, false)))));
        let Session { inbound, outbound, .. } = &mut session;
        match way {
            0 => assert!(
                matches!(inbound.next(outbound), Some(Event::Data(message)) if message == "whole".into())
            ),
            1 => assert_eq!(inbound.next_owned(outbound), Some(whole("whole"))),
            2 => {
                assert_eq!(inbound.message(outbound), None, "none was found");
                assert_eq!(inbound.advance(outbound), Some(Event::Data(())));
                assert_eq!(inbound.message(outbound), Some(Ok("whole".into())));
            }
            _ => {
                session.release();
                let rest = parts(&mut session);
                let count = rest.len();
                assert_eq!(rest[count - 2], Event::Data(part("whole", true, true, true)));
                continue;
            }
        }
        assert_eq!(parts(&mut session), [Event::Data(part("compressed", true, true, true))], "{way}");
    }
}

#[test]
fn a_message_of_which_no_part_came_out_is_not_dropped() {
    for bytes in ["€uro, €uro".as_bytes(), "plain, plain, plain".as_bytes()] {
        for first in [0xC1, 0xC2] {
            let wire = compressed(first, bytes);
            for place in 2..wire.len() {
                let mut session = client();
                feed(&mut session, &wire[..place], at(1));
                let heard = parts(&mut session);
                let has_begun = !heard.is_empty();
                let whole = take_all(&mut session);
                assert_eq!(whole, []);
                feed(&mut session, &wire[place..], at(1));
                let events = take_all(&mut session);
                let expected = if has_begun { vec![] } else { vec![bytes.to_vec()] };
                let events: Vec<Vec<u8>> = events
                    .into_iter()
                    .map(|event| match event {
                        Event::Data(message) => message.into_bytes(),
                        other => panic!("{other:?}"),
                    })
                    .collect();
                assert_eq!(events, expected, "{place}");
            }
        }
    }
}

#[test]
fn what_was_assembled_is_the_first_part() {
    let text = "€uro ".repeat(9000);
    let wire = compressed(0xC1, text.as_bytes());
    for place in 0..wire.len() {
        let mut session = client();
        feed(&mut session, &wire[..place], at(1));
        assert_eq!(take_all(&mut session), []);
        feed(&mut session, &wire[place..], at(1));
        assert_eq!(joined(parts(&mut session)), text.as_bytes(), "{place}");
    }
}

#[test]
fn s8_1_nothing_follows_a_fault_within_text_that_is_inflated_in_parts() {
    let mut bytes = vec![b'a'; 100_000];
    bytes[20_000] = 0xff;
    let mut session = client();
    feed(&mut session, &compressed(0xC1, &bytes), at(1));
    let events = parts(&mut session);
    assert_eq!(events.len(), 2, "a part, and the fault");
    assert_eq!(events[1], Event::Failed(Fault::Violation(Violation::InvalidUtf8)));
    assert_eq!(take_all(&mut session), []);
}

#[test]
fn s8_1_text_that_is_inflated_to_be_dropped_is_checked_all_the_same() {
    let mut bytes = vec![b'a'; 100_000];
    bytes[50_000] = 0xff;
    let mut session = client();
    feed(&mut session, &compressed(0xC1, &bytes), at(1));
    assert!(matches!(next_part(&mut session), Some(Event::Data(_))));
    assert_eq!(take_all(&mut session), [Event::Failed(Fault::Violation(Violation::InvalidUtf8))]);
    assert_eq!(parts(&mut session), []);
}

#[test]
fn of_two_faults_the_first_is_told_however_the_message_is_taken_and_cut() {
    // Text that is none, then what is not DEFLATE.
    let mut wire = compressed(0xC1, &[&[b'a'; 40][..], b"\xff", &[b'b'; 40]].concat());
    let end = wire.len();
    wire[end - 1] = 0xff;
    let expected = Event::Failed(Fault::Violation(Violation::InvalidUtf8));
    for place in 0..end {
        let mut whole = client();
        feed(&mut whole, &wire[..place], at(1));
        let mut events = take_all(&mut whole);
        feed(&mut whole, &wire[place..], at(1));
        events.extend(take_all(&mut whole));
        assert_eq!(events.pop().map(|_| ()), Some(()), "{place}");

        let mut in_parts = client();
        feed(&mut in_parts, &wire[..place], at(1));
        let mut events = parts(&mut in_parts);
        feed(&mut in_parts, &wire[place..], at(1));
        events.extend(parts(&mut in_parts));
        assert_eq!(events.pop(), Some(expected.clone()), "{place}");
    }
}

#[test]
fn a_relay_takes_what_is_compressed_as_it_is_and_fails_where_it_asks_for_a_whole_message() {
    let config = Config::new().with_deflate(Deflate::new().without_inflating());
    let wire = said(|outbound| {
        outbound.send_compressed("Hello").unwrap();
        outbound.send_uncompressed("World").unwrap();
        outbound.send_compressed("Hello").unwrap();
    });
    let mut session = open(Role::Client, config);
    feed(&mut session, &wire, at(1));
    let event = session.inbound.next_part(&mut session.outbound);
    assert!(matches!(
        event,
        Some(Event::Data(fragment)) if matches!(fragment.as_message(), Some(Payload::Compressed { .. }))
    ));
    assert_eq!(take_all(&mut session), [whole("World"), Event::Failed(Fault::Limit(Limit::Compressed))]);
    let close = written(&mut session.outbound, at(1));
    let outcomes = decode(WireRole::Server, &DEFAULT_LIMITS, &close);
    assert_eq!(outcomes, [Outcome::Close(vec![0x03, 0xeb])], "1003");
    assert_eq!(parts(&mut session), []);
}

#[test]
fn memory_can_be_released_between_the_parts() {
    let text: String = (0..20_000).map(|number| number.to_string()).collect();
    let wire = said(|outbound| {
        outbound.send_compressed(&text).unwrap();
        outbound.send_compressed(&text).unwrap();
        outbound.send_compressed("short").unwrap();
    });
    for chunk_len in [1000, 3000, 100_000] {
        let mut session = client();
        let mut heard = Vec::new();
        for chunk in wire.chunks(chunk_len) {
            feed(&mut session, chunk, at(1));
            loop {
                session.release();
                let Some(event) = next_part(&mut session) else { break };
                heard.push(event);
            }
        }
        assert_eq!(joined(heard), [text.as_bytes(), text.as_bytes(), b"short"].concat());
    }
}
