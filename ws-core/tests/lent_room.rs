//! Reads past the read buffer, where the room that was lent is not there any more, or other room is, once it is filled: what
//! was read is where it was read to, or it is lost, and no byte of a message is taken for another.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use std::cell::Cell;
use std::rc::Rc;

use ws_core::connection::{Config, Connection, KeySource};
use ws_core::event::Event;
use ws_core::frame::MaskKey;
use ws_core::input::ReadBuffer;
use ws_core::message::{Assemble, MessageSlice};

struct NoKeys;

impl KeySource for NoKeys {
    fn next_key(&mut self) -> Option<MaskKey> {
        None
    }
}

/// Storage whose length somebody else changes.
struct Changing {
    bytes: Vec<u8>,
    len: Rc<Cell<usize>>,
}

impl AsRef<[u8]> for Changing {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len.get()]
    }
}

impl AsMut<[u8]> for Changing {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len.get()]
    }
}

/// How long the message is, and how much of it is there at first.
const LEN: u16 = 1000;
const BEGUN_LEN: usize = 50;

fn payload() -> Vec<u8> {
    (0..=250).cycle().take(usize::from(LEN)).collect()
}

/// A client's connection that has received the beginning of the message; the rest of it; and a message after it.
fn begun(message: &mut impl Assemble) -> (Connection<NoKeys>, ReadBuffer<[u8; 64]>, Vec<u8>) {
    let [high, low] = LEN.to_be_bytes();
    let wire = [[0x82, 126, high, low].as_slice(), &payload(), b"\x81\x05after"].concat();
    let (first, rest) = wire.split_at(4 + BEGUN_LEN);
    let mut buffer = ReadBuffer::new([0; 64]);
    buffer.spare()[..first.len()].copy_from_slice(first);
    buffer.filled(first.len());
    let mut connection = Connection::client(NoKeys, Config::new());
    assert_eq!(connection.next_message(&mut buffer.input(), message), None);
    (connection, buffer, rest.to_vec())
}

/// Reads the rest, at most `len_max` bytes by the first read. Between `spare` and `filled` of that, `change` is called with
/// `true`, and after it with `false`. Returns how long that read was, and the messages that came.
fn go_on<M: Assemble>(
    (mut connection, mut buffer, wire): (Connection<NoKeys>, ReadBuffer<[u8; 64]>, Vec<u8>),
    message: &mut M,
    len_max: usize,
    change: impl Fn(&mut M, bool),
) -> (usize, Vec<Vec<u8>>) {
    let (mut rest, mut first_len, mut messages) = (wire.as_slice(), None, Vec::new());
    while !rest.is_empty() {
        let is_first = first_len.is_none();
        let spare = connection.spare(&mut buffer, message);
        let len = spare.len().min(rest.len()).min(if is_first { len_max } else { usize::MAX });
        spare[..len].copy_from_slice(&rest[..len]);
        rest = &rest[len..];
        if is_first {
            first_len = Some(len);
            change(message, true);
        }
        connection.filled(len, &mut buffer, message);
        if is_first {
            change(message, false);
        }
        let mut input = buffer.input();
        while let Some(event) = connection.next_message(&mut input, message) {
            let Event::Data(payload) = event else { panic!("{event:?}") };
            messages.push(payload.as_bytes().to_vec());
        }
    }
    (first_len.unwrap(), messages)
}

fn changing(len: usize) -> (MessageSlice<Changing>, Rc<Cell<usize>>) {
    let shared = Rc::new(Cell::new(len));
    (MessageSlice::new(Changing { bytes: vec![0xEE; 2000], len: Rc::clone(&shared) }), shared)
}

#[test]
fn room_that_is_too_short_when_it_is_filled_loses_what_was_read_into_it_and_nothing_else() {
    for (read_len, shorter_len) in [(1, BEGUN_LEN), (100, 100), (100, 0), (949, 998), (950, 999), (950, 0)] {
        let (mut message, len) = changing(2000);
        let begun = begun(&mut message);
        let (lost_len, messages) = go_on(begun, &mut message, read_len, |_, is_before| {
            len.set(if is_before { shorter_len } else { 2000 });
        });
        assert_eq!(lost_len, read_len, "so much was lent");
        let rest = payload()[BEGUN_LEN + lost_len..].to_vec();
        assert_eq!(messages, [rest, b"after".to_vec()], "{read_len} {shorter_len}");
    }
}

#[test]
fn room_that_is_there_only_when_it_is_filled_takes_nothing_that_was_read_elsewhere() {
    for read_len in [1, 10, 64] {
        // It is full, so that the read buffer is lent.
        let (mut message, len) = changing(BEGUN_LEN);
        let begun = begun(&mut message);
        let (read_len, messages) = go_on(begun, &mut message, read_len, |_, _| len.set(2000));
        assert!(read_len <= 64);
        assert_eq!(messages, [payload(), b"after".to_vec()], "{read_len}");
    }
}

#[test]
fn more_room_than_was_lent_is_not_filled() {
    let (mut message, len) = changing(BEGUN_LEN + 10);
    let (mut connection, mut buffer, wire) = begun(&mut message);
    let spare = connection.spare(&mut buffer, &mut message);
    assert_eq!(spare.len(), 10);
    spare.copy_from_slice(&wire[..10]);
    len.set(2000);
    connection.filled(usize::MAX, &mut buffer, &mut message);
    let (_, messages) = go_on((connection, buffer, wire[10..].to_vec()), &mut message, 1000, |_, _| {});
    assert_eq!(messages, [payload(), b"after".to_vec()]);
}

#[test]
fn room_that_was_lent_and_not_used_is_not_filled_later() {
    let (mut one, mut other) = (MessageSlice::new([0xEE; 2000]), MessageSlice::new([0xEE; 2000]));
    let (mut connection, mut buffer, wire) = begun(&mut one);
    assert!(connection.spare(&mut buffer, &mut one).len() > 64, "lent, and not used");
    for read in wire.chunks(64) {
        buffer.spare()[..read.len()].copy_from_slice(read);
        buffer.filled(read.len());
        if connection.next_message(&mut buffer.input(), &mut one).is_some() {
            break;
        }
    }
    let whole = |message: &MessageSlice<_>| message.message().map(|message| message.as_bytes().to_vec());
    assert_eq!(whole(&one), Some(payload()));
    // Now the other is read into, by a caller that takes the one for the other.
    let (mut connection, mut buffer, wire) = begun(&mut other);
    let (first, rest) = wire.split_at(100);
    connection.spare(&mut buffer, &mut other)[..100].copy_from_slice(first);
    connection.filled(100, &mut buffer, &mut one);
    assert_eq!(whole(&one), Some(payload()), "as it was");
    let (_, messages) = go_on((connection, buffer, rest.to_vec()), &mut other, 1000, |_, _| {});
    assert_eq!(messages, [payload()[BEGUN_LEN + 100..].to_vec(), b"after".to_vec()]);
}

/// Assembles a message, whose bytes stay in the storage after those of the next message.
fn leave_an_old_message(message: &mut impl Assemble) {
    let begun = begun(message);
    go_on(begun, message, 1000, |_, _| {});
}

/// The room is lent; then what comes is read into the read buffer after all, and pushed; then the room is said to be filled.
fn check_overtaken<M: Assemble>(message: &mut M) {
    leave_an_old_message(message);
    let (mut connection, mut buffer, wire) = begun(message);
    let (first, rest) = wire.split_at(64);
    assert!(connection.spare(&mut buffer, message).len() > 64, "lent");
    buffer.spare()[..64].copy_from_slice(first);
    buffer.filled(64);
    assert_eq!(connection.next_message(&mut buffer.input(), message), None);
    let (_, rest) = rest.split_at(100);
    connection.filled(100, &mut buffer, message);
    let (_, messages) = go_on((connection, buffer, rest.to_vec()), message, 1000, |_, _| {});
    assert_eq!(messages, [payload()[BEGUN_LEN + 164..].to_vec(), b"after".to_vec()]);
}

#[test]
fn room_that_was_lent_before_another_part_came_is_not_filled_after_it() {
    check_overtaken(&mut MessageSlice::new([0xEE; 2000]));
    #[cfg(feature = "alloc")]
    check_overtaken(&mut ws_core::message::MessageBuffer::new());
}

/// Both hold the beginning; the room of the one is lent, and the other is said to be filled.
fn check_twins<A: Assemble, B: Assemble>(one: &mut A, other: &mut B) {
    leave_an_old_message(other);
    // Each connection's storage holds the beginning, as if the same fragment had been pushed to both.
    let (mut connection, mut buffer, wire) = begun(one);
    let _the_same_again = begun(other);
    let (first, rest) = wire.split_at(100);
    connection.spare(&mut buffer, one)[..100].copy_from_slice(first);
    connection.filled(100, &mut buffer, other);
    let (_, messages) = go_on((connection, buffer, rest.to_vec()), other, 1000, |_, _| {});
    assert_eq!(messages, [payload()[BEGUN_LEN + 100..].to_vec(), b"after".to_vec()]);
}

#[test]
fn room_of_one_of_two_that_hold_the_same_is_not_filled_in_the_other() {
    let slice = || MessageSlice::new([0xEE; 2000]);
    check_twins(&mut slice(), &mut slice());
    #[cfg(feature = "alloc")]
    {
        use ws_core::message::MessageBuffer;

        check_twins(&mut slice(), &mut MessageBuffer::new());
        check_twins(&mut MessageBuffer::new(), &mut slice());
        check_twins(&mut MessageBuffer::new(), &mut MessageBuffer::new());
    }
}

#[cfg(feature = "alloc")]
mod growing {
    use super::{BEGUN_LEN, begun, go_on, payload};
    use ws_core::message::MessageBuffer;

    #[test]
    fn a_message_that_is_cleared_between_loses_what_was_read_into_it_and_nothing_else() {
        for read_len in [1, 100, 950] {
            let mut message = MessageBuffer::new();
            let begun = begun(&mut message);
            let (lost_len, messages) = go_on(begun, &mut message, read_len, |message, is_before| {
                if is_before {
                    message.clear();
                }
            });
            let rest = payload()[BEGUN_LEN + lost_len..].to_vec();
            assert_eq!(messages, [rest, b"after".to_vec()], "{read_len}");
        }
    }
}
