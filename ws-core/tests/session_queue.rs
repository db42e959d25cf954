//! What waits to be written: how much it is at most, and how it is given out.
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

use std::sync::Arc;

use support::session::{at, client, deliver, feed, frame_to, held, open, server, take_all, written};
use ws_core::connection::{EncodedMessage, Role};
use ws_core::error::SendError;
use ws_core::event::Event;
use ws_core::session::{Batch, Config};

#[test]
fn a_message_is_taken_while_less_than_the_bound_waits() {
    for bound in [0_usize, 1, 10, 100, 16 * 1024] {
        let mut session = open(Role::Server, Config::new().with_queue_len_max(bound));
        let mut queued_len = 0;
        while queued_len < bound.max(1) {
            assert!(session.outbound.is_ready());
            assert_eq!(session.outbound.send("twelve bytes"), Ok(()));
            queued_len += 14;
            assert_eq!(session.outbound.queued_len(), queued_len);
        }
        assert!(!session.outbound.is_ready());
        assert_eq!(session.outbound.send("a"), Err(SendError::Full));
        let _taken = session.outbound.transmit();
        session.outbound.transmitted(queued_len + 1 - bound.max(1), at(1));
        assert!(session.outbound.is_ready(), "{bound}");
        // However long it is.
        assert_eq!(session.outbound.send(&vec![7; 100_000]), Ok(()));
    }
}

#[test]
fn an_adapter_that_stops_where_it_is_full_and_goes_on_after_a_write_loses_nothing() {
    let messages: Vec<Vec<u8>> = (0..60).map(|len| vec![7; len * 97 % 3000]).collect();
    let wire: Vec<u8> = messages.iter().flat_map(|message| frame_to(Role::Server, 0x82, message)).collect();
    let mut session = open(Role::Server, Config::new().with_queue_len_max(1500));
    let (mut rest, mut answer, mut heard_count) = (&wire[..], Vec::new(), 0);
    while heard_count < messages.len() {
        while session.outbound.is_ready() {
            match session.inbound.next(&mut session.outbound) {
                Some(Event::Data(message)) => {
                    assert_eq!(message.as_bytes(), messages[heard_count]);
                    assert_eq!(session.outbound.send(message), Ok(()));
                    heard_count += 1;
                }
                Some(other) => panic!("{other:?}"),
                None => {
                    let len = support::session::feed_some(&mut session, rest, at(1));
                    rest = &rest[len..];
                    break;
                }
            }
        }
        answer.extend(written(&mut session.outbound, at(1)));
    }
    let expected: Vec<u8> =
        messages.iter().flat_map(|message| frame_to(Role::Client, 0x82, message)).collect();
    assert_eq!(answer, expected);
}

#[test]
fn whatever_is_reported_as_transmitted_counts_as_what_was_lent() {
    let mut session = server();
    session.outbound.transmitted(usize::MAX, at(1));
    assert_eq!(session.outbound.send("Hello"), Ok(()));
    session.outbound.transmitted(usize::MAX, at(1));
    assert_eq!((session.outbound.queued_len(), session.outbound.traffic().wire_len), (7, 0), "not lent yet");
    assert_eq!(session.outbound.transmit().len(), 7);
    assert_eq!(session.outbound.send("World"), Ok(()));
    session.outbound.transmitted(3, at(1));
    session.outbound.transmitted(usize::MAX, at(1));
    assert_eq!((session.outbound.queued_len(), session.outbound.traffic().wire_len), (7, 7));
    assert_eq!(session.outbound.transmit(), b"\x81\x05World");
    session.outbound.transmitted(7, at(1));
    // Of what lies in several places, one is lent.
    assert_eq!(session.outbound.send_owned(vec![7; 5000].into()), Ok(()));
    assert_eq!(session.outbound.transmit(), b"\x82\x7e\x13\x88");
    session.outbound.transmitted(usize::MAX, at(1));
    assert_eq!(session.outbound.queued_len(), 5000);
    assert_eq!(session.outbound.transmit(), [7; 5000]);
    session.outbound.transmitted(usize::MAX, at(1));
    let mut batch = Batch::new();
    assert_eq!(session.outbound.send("Hello"), Ok(()));
    session.outbound.take_batch(&mut batch);
    assert_eq!(session.outbound.send("World"), Ok(()));
    session.outbound.transmitted(usize::MAX, at(1));
    assert_eq!(session.outbound.transmit(), b"\x81\x05World", "what was not taken is not written");
    batch.advance(usize::MAX);
    assert!(batch.is_empty() && batch.as_slice().is_empty());
}

#[test]
fn what_was_queued_in_any_form_leaves_in_order_by_any_way() {
    let shared = Arc::new(EncodedMessage::new(&vec![3; 2000]).unwrap());
    for way in 0..4 {
        let mut session = open(Role::Server, Config::new().with_queue_len_max(usize::MAX));
        let mut expected = Vec::new();
        let (mut sent, mut batch) = (Vec::new(), Batch::new());
        for round in 0..200_usize {
            let outbound = &mut session.outbound;
            let payload = vec![u8::try_from(round).unwrap(); round * 61 % 7000];
            expected.extend(match round % 3 {
                0 => {
                    outbound.send(&payload).unwrap();
                    frame_to(Role::Client, 0x82, &payload)
                }
                1 => {
                    outbound.send_owned(payload.clone().into()).unwrap();
                    frame_to(Role::Client, 0x82, &payload)
                }
                _ => {
                    outbound.send_encoded(&shared).unwrap();
                    shared.as_bytes().to_vec()
                }
            });
            let some = round * 7919 % 9000;
            match way {
                0 => {
                    let bytes = outbound.transmit();
                    let len = some.min(bytes.len());
                    sent.extend(&bytes[..len]);
                    outbound.transmitted(len, at(1));
                }
                1 => {
                    let mut slices = [&[][..]; 3];
                    let count = outbound.transmit_many(&mut slices);
                    let bytes = slices[..count].concat();
                    let len = some.min(bytes.len());
                    sent.extend(&bytes[..len]);
                    outbound.transmitted(len, at(1));
                }
                _ => {
                    if way == 2 || batch.is_empty() {
                        outbound.take_batch(&mut batch);
                    }
                    let bytes = held(&batch);
                    let len = some.min(bytes.len());
                    sent.extend(&bytes[..len]);
                    batch.advance(len);
                    outbound.transmitted(len, at(1));
                }
            }
            assert_eq!(session.outbound.queued_len(), expected.len() - sent.len());
        }
        sent.extend(held(&batch));
        session.outbound.transmitted(batch.len(), at(1));
        sent.extend(written(&mut session.outbound, at(1)));
        assert_eq!(sent, expected, "{way}");
    }
}

#[test]
fn a_batch_takes_what_waits_after_what_it_holds_already() {
    let (mut one, mut other) = (server(), server());
    let mut batch = Batch::new();
    one.outbound.send("first").unwrap();
    one.outbound.take_batch(&mut batch);
    // A program that uses one batch for all of its connections writes their bytes to one stream, but each of them once.
    other.outbound.send("second").unwrap();
    let _lent = other.outbound.transmit();
    other.outbound.transmitted(3, at(1));
    other.outbound.take_batch(&mut batch);
    assert_eq!(held(&batch), b"\x81\x05firstecond");
}

#[test]
fn nothing_is_lent_while_a_batch_is_in_flight_and_controls_wait_for_their_turn() {
    let mut session = server();
    let mut batch = Batch::new();
    session.outbound.send("data").unwrap();
    assert_eq!(deliver(&mut session, &frame_to(Role::Server, 0x89, b"1"), at(1)), [Event::Ping]);
    session.outbound.take_batch(&mut batch);
    assert_eq!(held(&batch), b"\x81\x04data\x8a\x011");
    assert_eq!(deliver(&mut session, &frame_to(Role::Server, 0x89, b"2"), at(1)), [Event::Ping]);
    session.outbound.send("more").unwrap();
    assert!(session.outbound.transmit().is_empty());
    assert_eq!(session.outbound.transmit_many(&mut [&[][..]; 4]), 0);
    assert!(session.outbound.wants_transmit());
    assert_eq!(session.outbound.queued_len(), 9 + 6);
    session.outbound.transmitted(9, at(2));
    assert_eq!(written(&mut session.outbound, at(2)), b"\x81\x04more\x8a\x012");
}

/// How many bytes are allocated at most at a time, beyond what is at the beginning.
fn peak(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).bytes_max
}

#[test]
fn a_queue_that_is_never_empty_for_a_gigabyte_stays_within_its_bound() {
    for len in [100_usize, 5000, 20_000, 200_000] {
        for way in 0..3 {
            let mut session = server();
            let mut batch = Batch::new();
            let shared = Arc::new(EncodedMessage::new(&vec![7; len]).unwrap());
            let mut total = 0_usize;
            let peak = peak(|| {
                while total < 1 << 30 {
                    let outbound = &mut session.outbound;
                    while outbound.is_ready() {
                        let result = match way {
                            0 => outbound.send(&shared.as_bytes()[..len]),
                            1 => outbound
                                .send_owned(shared.as_bytes()[..len].to_vec().into())
                                .map_err(|(error, _)| error),
                            _ => outbound.send_encoded(&shared),
                        };
                        assert_eq!(result, Ok(()));
                    }
                    // A ping now and then, so that something is appended to what is long.
                    if total % 5 == 0 {
                        outbound.ping(ws_core::frame::ControlPayload::EMPTY);
                    }
                    let wanted = outbound.queued_len() - 1;
                    if way == 1 && batch.is_empty() {
                        outbound.take_batch(&mut batch);
                    }
                    let left =
                        if batch.is_empty() { outbound.transmit().len() } else { batch.as_slice().len() };
                    let left = left.min(wanted);
                    batch.advance(left);
                    outbound.transmitted(left, at(1));
                    assert!(outbound.queued_len() > 0, "never empty");
                    total += left;
                }
            });
            // What may wait, twice for growth by doubling and for the part that has left; and one allocation to spare.
            let bound = 2 * (16 * 1024 + len + 300) + 32 * 1024 + 8192 + len;
            assert!(peak <= u64::try_from(bound).unwrap(), "{len} by {way}: {peak} of {bound}");
        }
    }
}

#[test]
fn a_pong_after_a_long_message_does_not_move_the_message() {
    for way in 0..2 {
        let mut session = server();
        let message = vec![7; 8 << 20];
        if way == 0 {
            assert!(session.outbound.send_owned(message.into()).is_ok());
        } else {
            assert_eq!(session.outbound.send(&message), Ok(()));
            drop(message);
        }
        feed(&mut session, &frame_to(Role::Server, 0x89, b"p"), at(1));
        assert_eq!(take_all(&mut session), [Event::Ping]);
        let peak = peak(|| {
            let _first = session.outbound.transmit().len();
            session.outbound.transmitted(0, at(1));
        });
        assert!(peak < 1000, "{peak}");
    }
}

#[test]
fn a_broadcast_of_60_kib_to_200_sessions_is_one_copy() {
    let mut sessions: Vec<_> = (0..200).map(|_| server()).collect();
    let payload = vec![7; 60 * 1024];
    let mut shared = None;
    let counts = allocation_counter::measure(|| {
        let message = Arc::new(EncodedMessage::new(&payload).unwrap());
        for session in &mut sessions {
            assert_eq!(session.outbound.send_encoded(&message), Ok(()));
        }
        shared = Some(message);
    });
    assert!(counts.bytes_max < 60 * 1024 + 200 * 256, "{}", counts.bytes_max);
    let message = shared.unwrap();
    assert_eq!(Arc::strong_count(&message), 201);
    let place = message.as_bytes().as_ptr();
    for session in &mut sessions {
        assert_eq!(session.outbound.transmit().as_ptr(), place, "from where it lies");
        session.outbound.transmitted(30_000, at(1));
        assert_eq!(written(&mut session.outbound, at(1)), &message.as_bytes()[30_000..]);
    }
    assert_eq!(Arc::strong_count(&message), 1, "it is let go once it has left");
}

#[test]
fn short_encoded_messages_are_copied_and_join_what_waits() {
    let mut session = server();
    let message = Arc::new(EncodedMessage::new("short").unwrap());
    session.outbound.send("a").unwrap();
    session.outbound.send_encoded(&message).unwrap();
    assert_eq!(Arc::strong_count(&message), 1);
    assert_eq!(session.outbound.transmit(), b"\x81\x01a\x81\x05short");
    assert!(client().outbound.send_encoded(&message).is_err());
}
