//! Whole messages by one call, however they come, and reads past the read buffer.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]
#![allow(clippy::arithmetic_side_effects, reason = "small numbers")]
#![allow(clippy::wildcard_enum_match_arm, reason = "whatever else comes is wrong")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use ws_core::connection::{Config, Connection, ReceiveHalf, Role};
use ws_core::error::{Fault, Limit};
use ws_core::event::{Event, MessageType, Payload};
use ws_core::frame::{Mask, MaskKey};
use ws_core::input::ReadBuffer;
use ws_core::message::{Assemble, Assembly, MessageSlice};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame from a client.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(len @ ..126), _) => frame.push(0x80 + len),
        (_, Ok(len)) => {
            frame.push(0xFE);
            frame.extend(len.to_be_bytes());
        }
        _ => {
            frame.push(0xFF);
            frame.extend(u64::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend(KEY);
    let start = frame.len();
    frame.extend(payload);
    Mask::new(MaskKey::new(KEY)).apply(&mut frame[start..]);
    frame
}

fn sample(len: usize) -> Vec<u8> {
    (0..=250).cycle().take(len).collect()
}

/// What is seen of a stream.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Message(MessageType, Vec<u8>),
    Ping,
    Failed(Fault),
}

fn text(text: &str) -> Seen {
    Seen::Message(MessageType::Text, text.as_bytes().to_vec())
}

fn binary(bytes: &[u8]) -> Seen {
    Seen::Message(MessageType::Binary, bytes.to_vec())
}

fn saw(event: Event<Payload<'_>>) -> Seen {
    match event {
        Event::Data(message) => Seen::Message(message.message_type(), message.as_bytes().to_vec()),
        Event::Ping => Seen::Ping,
        Event::Failed(fault) => Seen::Failed(fault),
        other => panic!("{other:?}"),
    }
}

/// Reads at most `read_len` bytes at a time; also whether any of them went past the buffer.
fn receive(wire: &[u8], capacity: usize, read_len: usize, message: &mut impl Assemble) -> (Vec<Seen>, bool) {
    let mut receiver = ReceiveHalf::new(Role::Server, Config::new());
    let mut buffer = ReadBuffer::new(vec![0; capacity]);
    let (mut seen, mut is_direct, mut rest) = (Vec::new(), false, wire);
    while !rest.is_empty() {
        let spare = receiver.spare(&mut buffer, message);
        let len = spare.len().min(read_len).min(rest.len());
        spare[..len].copy_from_slice(&rest[..len]);
        let before = buffer.unread().len();
        receiver.filled(len, &mut buffer, message);
        is_direct |= buffer.unread().len() != before + len;
        rest = &rest[len..];
        let mut input = buffer.input();
        while let Some(event) = receiver.next_message(&mut input, message) {
            seen.push(saw(event));
        }
    }
    (seen, is_direct)
}

/// Text and binary, whole and in fragments with a ping between them, empty ones too.
fn conversation() -> (Vec<u8>, Vec<Seen>) {
    let long = sample(900);
    let frames = [
        frame(0x81, "gr\u{fc}n".as_bytes()),
        frame(0x82, b""),
        frame(0x02, &long[..400]),
        frame(0x89, b"?"),
        frame(0x00, b""),
        frame(0x00, &long[400..401]),
        frame(0x80, &long[401..]),
        frame(0x01, b"\xe2\x82"),
        frame(0x89, b""),
        frame(0x80, b"\xac"),
        frame(0x82, &long),
        frame(0x02, b""),
        frame(0x80, b"x"),
        frame(0x82, b"end"),
    ];
    let seen = [
        text("gr\u{fc}n"),
        binary(b""),
        Seen::Ping,
        binary(&long),
        Seen::Ping,
        text("\u{20ac}"),
        binary(&long),
        binary(b"x"),
        binary(b"end"),
    ];
    (frames.concat(), seen.to_vec())
}

#[test]
fn s5_4_messages_are_whole_however_they_are_cut_and_read() {
    let (wire, expected) = conversation();
    for capacity in [4, 5, 16, 64, 500, 4096] {
        for read_len in [1, 2, 3, 7, 50, 333, 1000, usize::MAX] {
            let (seen, is_direct) = receive(&wire, capacity, read_len, &mut MessageSlice::new([0; 1000]));
            assert_eq!(seen, expected, "{read_len} of {capacity}");
            assert_eq!(is_direct, capacity < 900, "what would fill the buffer is read past it");
            #[cfg(feature = "alloc")]
            {
                let mut message = ws_core::message::MessageBuffer::new().with_kept_len_max(600);
                let (seen, is_direct) = receive(&wire, capacity, read_len, &mut message);
                assert_eq!(seen, expected, "{read_len} of {capacity}, in a buffer that grows");
                assert_eq!(is_direct, capacity < 900);
            }
        }
    }
}

#[test]
fn what_lies_whole_in_the_read_buffer_is_lent_from_there() {
    let mut bytes = [frame(0x81, b"Hello"), frame(0x82, &sample(70_000))].concat();
    let len = bytes.len();
    let place = bytes.as_ptr_range();
    let mut buffer = ReadBuffer::with_filled(bytes.as_mut_slice(), len).unwrap();
    let mut connection = Connection::server(Config::new());
    let mut message = MessageSlice::new([0; 0]);
    let mut input = buffer.input();
    for expected in [b"Hello".to_vec(), sample(70_000)] {
        let Some(Event::Data(lent)) = connection.next_message(&mut input, &mut message) else { panic!() };
        assert_eq!(lent.as_bytes(), expected);
        assert!(place.contains(&lent.as_bytes().as_ptr()), "nothing was copied");
    }
    assert_eq!(connection.next_message(&mut input, &mut message), None);
}

#[test]
fn s10_4_a_message_that_does_not_fit_fails_the_connection_once() {
    for (payload_len, capacity) in [(101, 16), (101, 70), (300, 16)] {
        for fragments in [1, 3] {
            let payload = sample(payload_len);
            let pieces: Vec<&[u8]> = payload.chunks(payload_len.div_ceil(fragments)).collect();
            let mut wire = Vec::new();
            for (index, piece) in pieces.iter().enumerate() {
                let opcode = if index == 0 { 0x02 } else { 0x00 };
                let fin = if index + 1 == pieces.len() { 0x80 } else { 0x00 };
                wire.extend(frame(opcode | fin, piece));
            }
            wire.extend(frame(0x82, b"never"));
            let (seen, _) = receive(&wire, capacity, usize::MAX, &mut MessageSlice::new([0; 100]));
            assert_eq!(seen, [Seen::Failed(Limit::MessageLen.into())], "{payload_len} by {capacity}");
            let (seen, _) = receive(&wire, capacity, usize::MAX, &mut MessageSlice::new([0; 300]));
            assert_eq!(seen, [binary(&payload), binary(b"never")]);
        }
    }
}

#[test]
fn a_fault_found_in_assembling_is_answered_with_a_close() {
    let mut connection = Connection::server(Config::new());
    let bytes = frame(0x02, b"abcd");
    let mut buffer = ReadBuffer::with_filled(bytes.clone(), bytes.len()).unwrap();
    let mut input = buffer.input();
    let mut message = MessageSlice::new([0; 3]);
    let event = connection.next_message(&mut input, &mut message);
    assert_eq!(event, Some(Event::Failed(Limit::MessageLen.into())));
    let mut out = [0; 200];
    let len = connection.poll_transmit(&mut out).unwrap();
    let expected = 1009_u16.to_be_bytes();
    assert!(len >= 4 && out[0] == 0x88 && out[2..4] == expected, "{:?}", &out[..len]);
}

#[test]
fn assembling_takes_what_was_found_and_nothing_where_nothing_was() {
    let bytes = [frame(0x02, b"ab"), frame(0x89, b""), frame(0x80, b"c"), frame(0x01, b"\xc3")].concat();
    let mut buffer = ReadBuffer::with_filled(bytes.clone(), bytes.len()).unwrap();
    let mut input = buffer.input();
    let mut connection = Connection::server(Config::new());
    let mut message = MessageSlice::new([0; 8]);
    assert_eq!(connection.assemble(&mut input, &mut message), None, "no header was read");
    assert!(connection.advance(&mut input).is_payload());
    assert_eq!(connection.assemble(&mut input, &mut message), Some(Event::Data(Assembly::Incomplete)));
    assert_eq!(message.message(), None);
    assert!(!connection.advance(&mut input).is_payload(), "a ping");
    assert_eq!(connection.assemble(&mut input, &mut message), None);
    assert!(connection.advance(&mut input).is_payload());
    assert_eq!(connection.assemble(&mut input, &mut message), Some(Event::Data(Assembly::Complete)));
    assert_eq!(message.message(), Some(Payload::Binary(b"abc")));
    assert!(connection.advance(&mut input).is_payload());
    assert_eq!(connection.assemble(&mut input, &mut message), None, "a part of a code point");
}

/// What of a long frame is there is in the message; how much room there is for the next bytes, behind those in the buffer.
fn room_behind(first: u8, arrived: usize, unread: usize, message: &mut impl Assemble) -> usize {
    let mut receiver = ReceiveHalf::new(Role::Server, Config::new());
    let mut buffer = ReadBuffer::new([0; 64]);
    let mut bytes = frame(first, &sample(1000).iter().map(|byte| byte & 0x7F).collect::<Vec<u8>>());
    bytes.truncate(8 + arrived);
    buffer.spare()[..bytes.len()].copy_from_slice(&bytes);
    buffer.filled(bytes.len());
    assert_eq!(receiver.next_message(&mut buffer.input(), message), None);
    buffer.filled(unread);
    receiver.spare(&mut buffer, message).len()
}

#[test]
fn only_the_rest_of_a_binary_message_in_progress_is_read_past_the_buffer_and_in_order() {
    assert_eq!(room_behind(0x82, 10, 0, &mut MessageSlice::new([0; 2000])), 990, "all of it, and no more");
    assert_eq!(room_behind(0x82, 10, 0, &mut MessageSlice::new([0; 100])), 90, "as far as there is room");
    assert_eq!(
        room_behind(0x82, 10, 0, &mut MessageSlice::new([0; 10])),
        64,
        "or to where it is found not to fit"
    );
    for (first, arrived, unread) in [(0x81, 10, 0), (0x82, 0, 0), (0x82, 10, 1)] {
        let room = room_behind(first, arrived, unread, &mut MessageSlice::new([0; 2000]));
        assert!(room <= 64, "text, nothing taken yet, something unread: {room}");
    }
}

/// Of a long message, the beginning is taken by `next_event`; then there is this much room, and this is what comes of it.
fn rest_of_begun(first: u8, before: &[u8], message: &mut impl Assemble) -> (usize, Vec<Seen>) {
    let mut receiver = ReceiveHalf::new(Role::Server, Config::new());
    let wire = [before, &frame(first, &[b'x'; 1000])].concat();
    let mut buffer = ReadBuffer::new([0; 64]);
    let (begun, mut rest) = wire.split_at(before.len() + 8 + 30);
    buffer.spare()[..begun.len()].copy_from_slice(begun);
    buffer.filled(begun.len());
    let mut seen = Vec::new();
    let mut input = buffer.input();
    if !before.is_empty() {
        seen.extend(receiver.next_message(&mut input, message).map(saw));
    }
    assert!(matches!(receiver.next_event(&mut input), Some(Event::Data(fragment)) if fragment.is_first));
    let first_room = receiver.spare(&mut buffer, message).len();
    while !rest.is_empty() {
        let spare = receiver.spare(&mut buffer, message);
        let (arrived, further) = rest.split_at(spare.len().min(rest.len()));
        spare[..arrived.len()].copy_from_slice(arrived);
        rest = further;
        receiver.filled(arrived.len(), &mut buffer, message);
        seen.extend(receiver.next_message(&mut buffer.input(), message).map(saw));
    }
    (first_room, seen)
}

#[test]
fn of_a_message_that_was_begun_in_another_way_only_the_rest_comes() {
    let bytes = [frame(0x02, b"a"), frame(0x80, b"b")].concat();
    let characters = [frame(0x01, b"a"), frame(0x80, b"b")].concat();
    for (before, seen) in [(vec![], vec![]), (bytes, vec![binary(b"ab")]), (characters, vec![text("ab")])] {
        for (first, rest) in [(0x81, text(&"x".repeat(970))), (0x82, binary(&[b'x'; 970]))] {
            // It is not read past the buffer as long as none of it is in the message.
            let expected = (64, [seen.clone(), vec![rest]].concat());
            assert_eq!(rest_of_begun(first, &before, &mut MessageSlice::new([0; 2000])), expected);
            #[cfg(feature = "alloc")]
            assert_eq!(rest_of_begun(first, &before, &mut ws_core::message::MessageBuffer::new()), expected);
        }
    }
}

#[cfg(feature = "alloc")]
#[test]
fn room_for_a_long_message_grows_with_what_has_come() {
    use ws_core::message::MessageBuffer;

    let mut receiver =
        ReceiveHalf::new(Role::Server, Config::new().with_limits(ws_core::connection::Limits::unlimited()));
    let mut buffer = ReadBuffer::new([0; 64]);
    let mut message = MessageBuffer::new();
    let header = [[0x82, 0xff, 0, 1].as_slice(), &[0; 6], &KEY, &[7; 50]].concat();
    buffer.spare()[..64].copy_from_slice(&header);
    buffer.filled(64);
    assert_eq!(receiver.next_message(&mut buffer.input(), &mut message), None);
    let (mut arrived, mut rooms) = (50, Vec::new());
    while arrived < 1 << 20 {
        let room = receiver.spare(&mut buffer, &mut message).len();
        assert!(room <= arrived.clamp(1024, 1 << 16), "{room} behind {arrived}");
        assert!(message.capacity() <= 4 * arrived.max(1024), "{} for {arrived}", message.capacity());
        rooms.push(room);
        receiver.filled(room, &mut buffer, &mut message);
        assert_eq!(receiver.next_message(&mut buffer.input(), &mut message), None);
        arrived += room;
    }
    assert!(rooms.len() < 40, "in few reads: {rooms:?}");
}

#[test]
fn more_than_the_room_counts_as_the_room() {
    let bytes = frame(0x82, &sample(300));
    let mut connection = Connection::server(Config::new());
    let mut buffer = ReadBuffer::with_filled(bytes[..20].to_vec(), 20).unwrap();
    let mut message = MessageSlice::new([0; 300]);
    assert_eq!(connection.next_message(&mut buffer.input(), &mut message), None);
    let spare = connection.spare(&mut buffer, &mut message);
    assert_eq!(spare.len(), 288);
    spare.copy_from_slice(&bytes[20..]);
    connection.filled(usize::MAX, &mut buffer, &mut message);
    let whole = connection.next_message(&mut buffer.input(), &mut message);
    assert_eq!(whole, Some(Event::Data(Payload::Binary(&sample(300)))));
}
