//! What a storage gives is the message that came last by it: not one that was there before another was lent, before one
//! failed, before it was taken out, or before the storage was given to another connection.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use ws_core::connection::{Config, Limits, ReceiveHalf, Role};
use ws_core::error::{Fault, Violation};
use ws_core::event::{Event, Payload};
use ws_core::input::ReadBuffer;
use ws_core::message::{Assemble, MessageSlice};
#[cfg(feature = "alloc")]
use ws_core::message::{MessageBuffer, OwnedMessage};

/// "Hello" in two fragments, so that it has to be assembled.
const HELLO: &[u8] = b"\x01\x03Hel\x80\x02lo";

fn client() -> ReceiveHalf {
    ReceiveHalf::new(Role::Client, Config::new())
}

/// Receives by `advance` and `assemble` all that there is; the last fault, if there is one.
fn assemble(receiver: &mut ReceiveHalf, wire: &[u8], message: &mut impl Assemble) -> Option<Fault> {
    let mut buffer = ReadBuffer::with_filled(wire.to_vec(), wire.len()).unwrap();
    let mut input = buffer.input();
    while receiver.advance(&mut input).is_payload() {
        if let Some(Event::Failed(fault)) = receiver.assemble(&mut input, message) {
            return Some(fault);
        }
    }
    None
}

/// Receives by `next_message` all that there is; the last event, as text.
fn receive(receiver: &mut ReceiveHalf, wire: &[u8], message: &mut impl Assemble) -> String {
    let mut buffer = ReadBuffer::with_filled(wire.to_vec(), wire.len()).unwrap();
    let mut input = buffer.input();
    let mut last = String::new();
    while let Some(event) = receiver.next_message(&mut input, message) {
        last = match event {
            Event::Data(payload) => String::from_utf8_lossy(payload.as_bytes()).into_owned(),
            other => format!("{other:?}"),
        };
    }
    last
}

/// What takes the place of a message that was assembled, and what comes of it.
fn replacements() -> Vec<(Vec<u8>, String)> {
    let long = "b".repeat(150);
    let frame = [b"\x82\x7e\x00\x96".as_slice(), long.as_bytes()].concat();
    let cases: [(&[u8], &str); 9] = [
        // Lent from the read buffer: short, long, empty, and in fragments that lie side by side.
        (b"\x81\x05World", "World"),
        (&frame, &long),
        (b"\x82\x00", ""),
        (b"\x01\x01\xc3\x80\x01\xbc", "\u{fc}"),
        // Not valid: as a whole, and in fragments.
        (b"\x81\x01\xff", "Failed(Violation(InvalidUtf8))"),
        (b"\x01\x01a\x80\x01\xff", "Failed(Violation(InvalidUtf8))"),
        (b"\x01\x01\xff", "Failed(Violation(InvalidUtf8))"),
        // Too long for the limits, as it goes on.
        (b"\x02\x01a\x80\x7e\x01\x00", "Failed(Limit(MessageLen))"),
        // Not whole yet.
        (b"\x02\x01a", ""),
    ];
    cases.map(|(wire, expected)| (wire.to_vec(), expected.to_owned())).to_vec()
}

fn limited() -> ReceiveHalf {
    ReceiveHalf::new(Role::Client, Config::new().with_limits(Limits::new().with_message_len_max(200)))
}

#[test]
fn a_slice_does_not_give_the_message_before_the_one_that_was_lent_or_failed() {
    for (wire, expected) in replacements() {
        let (mut receiver, mut message) = (limited(), MessageSlice::new([0; 300]));
        assert_eq!(receive(&mut receiver, HELLO, &mut message), "Hello");
        assert_eq!(message.message(), Some(Payload::Text("Hello")), "until another takes its place");
        assert_eq!(receive(&mut receiver, &wire, &mut message), expected);
        assert_eq!(message.message(), None, "{expected}");
    }
}

#[cfg(feature = "alloc")]
#[test]
fn a_buffer_does_not_give_the_message_before_the_one_that_was_lent_or_failed() {
    for (wire, expected) in replacements() {
        for take in [
            |message: &mut MessageBuffer| message.take().map(OwnedMessage::into_bytes),
            |message: &mut MessageBuffer| message.take_bytes(),
            |message: &mut MessageBuffer| message.message().map(|message| message.as_bytes().to_vec()),
        ] {
            let (mut receiver, mut message) = (limited(), MessageBuffer::new());
            assert_eq!(receive(&mut receiver, HELLO, &mut message), "Hello");
            assert_eq!(receive(&mut receiver, &wire, &mut message), expected);
            assert_eq!(take(&mut message), None, "{expected}");
        }
    }
}

#[cfg(feature = "alloc")]
#[test]
fn a_message_can_be_taken_once() {
    let (mut receiver, mut message) = (client(), MessageBuffer::new());
    assert_eq!(receive(&mut receiver, HELLO, &mut message), "Hello");
    assert_eq!(message.take(), Some(OwnedMessage::from("Hello")));
    assert_eq!((message.take(), message.take_bytes(), message.message()), (None, None, None));
    // A control frame takes nobody's place.
    assert_eq!(receive(&mut receiver, HELLO, &mut message), "Hello");
    assert_eq!(receive(&mut receiver, b"\x89\x00", &mut message), "Ping");
    assert_eq!(message.take_bytes(), Some(b"Hello".to_vec()));
    assert_eq!((message.take(), message.take_bytes(), message.message()), (None, None, None));
}

#[cfg(feature = "alloc")]
#[test]
fn a_buffer_gives_nothing_of_one_connection_to_another() {
    for (wire, expected) in replacements() {
        let mut message = MessageBuffer::new();
        assert_eq!(receive(&mut client(), HELLO, &mut message), "Hello");
        assert_eq!(receive(&mut limited(), &wire, &mut message), expected);
        assert_eq!(message.take(), None, "{expected}");
    }
    // What was there is dropped by `clear`, and nothing else has to be.
    let mut message = MessageBuffer::new();
    assert_eq!(receive(&mut client(), HELLO, &mut message), "Hello");
    message.clear();
    assert_eq!(message.take(), None);
    // What was begun there is not gone on with here.
    for begun in [b"\x01\x04Hell".as_slice(), b"\x02\x04Hell", b"\x02\x7e\x01\x00Hell"] {
        assert_eq!(receive(&mut client(), begun, &mut message), "");
        assert_eq!(receive(&mut client(), b"\x02\x01a\x80\x01b", &mut message), "ab");
        assert_eq!(message.take_bytes(), Some(b"ab".to_vec()));
    }
}

fn check_assemble(message: &mut impl Assemble) {
    assert_eq!(receive(&mut client(), HELLO, message), "Hello");
    let fault = assemble(&mut client(), b"\x01\x01\xff", message);
    assert_eq!(fault, Some(Fault::Violation(Violation::InvalidUtf8)));
}

#[test]
fn what_fails_as_it_is_assembled_takes_the_place_of_the_message_before() {
    let mut message = MessageSlice::new([0; 300]);
    check_assemble(&mut message);
    assert_eq!(message.message(), None);
    #[cfg(feature = "alloc")]
    {
        let mut message = MessageBuffer::new();
        check_assemble(&mut message);
        assert_eq!(message.message(), None);
    }
}

/// Receives by `next_event` all that there is, in reads of these lengths; how many fragments it was.
fn take_by_events(receiver: &mut ReceiveHalf, wire: &[u8], lens: &[usize]) -> usize {
    let (mut count, mut rest) = (0, wire);
    for len in lens {
        let (now, later) = rest.split_at(*len);
        rest = later;
        let mut buffer = ReadBuffer::with_filled(now.to_vec(), now.len()).unwrap();
        let mut input = buffer.input();
        while let Some(event) = receiver.next_event(&mut input) {
            assert!(matches!(event, Event::Data(_)));
            count += 1;
        }
    }
    count
}

/// One connection leaves a message that has begun in the storage; another's first message is taken in as many parts without
/// it, and what comes then by it is that alone.
fn check_begun_elsewhere(message: &mut impl Assemble) {
    assert_eq!(receive(&mut client(), b"\x02\x04Hell", message), "");
    let mut other = client();
    assert_eq!(take_by_events(&mut other, b"\x82\x05other", &[2, 5]), 1);
    assert_eq!(receive(&mut other, b"\x02\x01a\x80\x01b", message), "ab");
}

#[test]
fn what_one_connection_has_begun_another_does_not_go_on_with() {
    check_begun_elsewhere(&mut MessageSlice::new([0; 300]));
    #[cfg(feature = "alloc")]
    check_begun_elsewhere(&mut MessageBuffer::new());
}

#[test]
fn what_did_not_fit_for_one_connection_another_does_not_go_on_with() {
    let mut message = MessageSlice::new([0; 3]);
    assert_eq!(receive(&mut client(), b"\x02\x03Hel\x80\x02lo", &mut message), "Failed(Limit(MessageLen))");
    let mut other = client();
    assert_eq!(take_by_events(&mut other, b"\x02\x01a\x00\x01b", &[3, 3]), 2);
    assert_eq!(receive(&mut other, b"\x80\x01c", &mut message), "c");
}
