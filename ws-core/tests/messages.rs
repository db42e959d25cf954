//! Whole messages, in a caller's slice and in a buffer that grows, and what `Connection` passes on to its halves.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use ws_core::connection::{
    Config, Connection, FrameStart, KeySource, Limits, Pongs, ReceiveHalf, Role, SendHalf,
};
use ws_core::error::{Limit, Misuse, SendError};
use ws_core::event::{Event, Fragment, MessageType, Payload};
use ws_core::frame::{CloseCode, ControlPayload, Fin, Mask, MaskKey};
#[cfg(feature = "alloc")]
use ws_core::frame::{FrameHeader, Opcode};
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageSlice};
#[cfg(feature = "alloc")]
use ws_core::message::{MessageBuffer, OwnedMessage};
use ws_core::uri::Authority;
use ws_core::utf8::Utf8;

fn buffer(bytes: &[u8]) -> ReadBuffer<Vec<u8>> {
    ReadBuffer::with_filled(bytes.to_vec(), bytes.len()).unwrap()
}

/// Gives each fragment of some bytes to a function, with who received it.
fn each(bytes: &[u8], mut push: impl FnMut(Fragment<'_>, &mut ReceiveHalf)) {
    let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    let mut buffer = buffer(bytes);
    let mut input = buffer.input();
    while let Some(event) = receiver.next_event(&mut input) {
        let Event::Data(fragment) = event else { panic!("{event:?}") };
        push(fragment, &mut receiver);
    }
}

#[test]
fn a_fragment_is_a_message_only_where_it_is_the_first_and_the_last() {
    let mut seen = Vec::new();
    each(b"\x01\x01a\x00\x01b\x80\x01c\x81\x01d", |fragment, _| {
        seen.push((fragment.fin(), fragment.as_message() == Some(fragment.payload)));
    });
    assert_eq!(seen, [(Fin::More, false), (Fin::More, false), (Fin::Final, false), (Fin::Final, true)]);
}

#[test]
fn s10_4_a_message_as_long_as_the_slice_is_taken_and_one_byte_more_is_not() {
    for (storage_len, fits) in [(5, true), (4, false)] {
        let mut slice = MessageSlice::new(vec![0; storage_len]);
        let mut verdicts = Vec::new();
        each(b"\x01\x03Hel\x80\x02lo", |fragment, receiver| {
            verdicts.push(slice.push(fragment, receiver));
            if let Some(Err(fault)) = verdicts.last() {
                assert_eq!(fault.close_code(), CloseCode::MESSAGE_TOO_BIG);
                assert!(receiver.take_signal().is_some(), "the connection is failed");
            }
        });
        let last = if fits { Ok(Assembly::Complete) } else { Err(Limit::MessageLen.into()) };
        assert_eq!(verdicts, [Ok(Assembly::Incomplete), last]);
        assert_eq!(slice.message(), fits.then_some(Payload::Text("Hello")));
        assert!(format!("{slice:?}").contains("assembly"));
        assert_eq!(slice.into_storage().len(), storage_len);
    }
}

#[test]
fn a_message_is_there_when_it_is_whole_and_the_next_takes_its_place() {
    let mut slice = MessageSlice::new([0; 8]);
    let mut seen = Vec::new();
    each(b"\x02\x01a\x80\x01b\x81\x01c", |fragment, receiver| {
        slice.push(fragment, receiver).unwrap();
        seen.push(slice.message().map(|message| (message.message_type(), message.as_bytes().to_vec())));
    });
    let binary = (MessageType::Binary, b"ab".to_vec());
    assert_eq!(seen, [None, Some(binary), Some((MessageType::Text, b"c".to_vec()))]);
}

#[cfg(feature = "alloc")]
#[test]
fn what_a_buffer_holds_can_be_taken_once_by_its_type() {
    let mut buffer = MessageBuffer::default().with_kept_len_max(16);
    each(b"\x81\x05Hello\x82\x02ab\x82\x02cd\x01\x01c", |fragment, receiver| {
        let is_text = matches!(fragment.payload, Payload::Text(_));
        let is_whole = buffer.push(fragment, receiver).unwrap() == Assembly::Complete;
        assert_eq!(buffer.message().is_some(), is_whole);
        assert!(format!("{buffer:?}").contains("capacity"));
        match (is_whole, is_text) {
            (true, true) => assert_eq!(buffer.take(), Some(OwnedMessage::from("Hello"))),
            (true, false) if fragment.payload.as_bytes() == b"ab" => {
                assert_eq!(buffer.take(), Some(OwnedMessage::from(vec![b'a', b'b'])));
            }
            (true, false) => assert_eq!(buffer.take_bytes(), Some(vec![b'c', b'd'])),
            (false, _) => {}
        }
        assert_eq!((buffer.take(), buffer.take_bytes(), buffer.message()), (None, None, None));
    });
}

/// A frame from a server.
#[cfg(feature = "alloc")]
fn frame(opcode: Opcode, fin: Fin, payload: &[u8]) -> Vec<u8> {
    let len = u64::try_from(payload.len()).unwrap();
    let header = FrameHeader::new(opcode, fin, len, None).unwrap().encode();
    [header.as_bytes(), payload].concat()
}

#[cfg(feature = "alloc")]
#[test]
fn an_allocation_is_kept_from_message_to_message_unless_it_is_longer_than_that() {
    let in_general = MessageBuffer::new;
    let as_said = || MessageBuffer::new().with_kept_len_max(1000);
    let cases: [(&dyn Fn() -> MessageBuffer, usize); 2] = [(&in_general, 64 * 1024), (&as_said, 1000)];
    for (new, kept_len_max) in cases {
        for (len, is_kept) in [(kept_len_max - 1, true), (kept_len_max, true), (kept_len_max + 1, false)] {
            let mut buffer = new();
            each(&frame(Opcode::Binary, Fin::Final, &vec![7; len]), |fragment, receiver| {
                buffer.push(fragment, receiver).unwrap();
            });
            assert_eq!(buffer.message(), Some(Payload::Binary(&vec![7; len])));
            assert_eq!(buffer.capacity(), len);
            buffer.clear();
            assert_eq!((buffer.message(), buffer.capacity()), (None, if is_kept { len } else { 0 }));
        }
    }
}

#[cfg(feature = "alloc")]
#[test]
fn an_allocation_is_doubled_up_to_the_longest_message_and_is_as_long_as_what_has_arrived_at_least() {
    for (len_max, added_len, expected) in
        [(usize::MAX, 1, 2000), (usize::MAX, 1500, 2500), (1700, 1, 1700), (1700, 900, 1900), (10, 1, 1001)]
    {
        for (first, payload) in [(Opcode::Binary, 7), (Opcode::Text, b'x')] {
            let bytes = [
                frame(first, Fin::More, &[payload; 1000]),
                frame(Opcode::Continuation, Fin::Final, &vec![payload; added_len]),
            ];
            let mut buffer = MessageBuffer::new().with_len_max(len_max);
            let mut capacities = Vec::new();
            each(&bytes.concat(), |fragment, receiver| {
                buffer.push(fragment, receiver).unwrap();
                capacities.push(buffer.capacity());
            });
            assert_eq!(capacities, [1000, expected], "{len_max} {added_len}");
        }
    }
}

/// Keys that mask nothing, so that what is written can be read.
struct ZeroKeys;

impl KeySource for ZeroKeys {
    fn next_key(&mut self) -> Option<MaskKey> {
        Some(MaskKey::new([0; 4]))
    }
}

#[test]
fn s5_5_3_pings_and_pongs_by_hand_are_those_that_the_caller_sends() {
    let mut connection = Connection::client(ZeroKeys, Config::new().with_pongs(Pongs::Manual));
    let mut buffer = buffer(b"\x89\x01a\x88\x02\x03\xe8");
    let mut input = buffer.input();
    assert_eq!(connection.next_piece(&mut input), Some(Event::Ping));
    assert!(!connection.wants_transmit());
    connection.send_half().pong(ControlPayload::new(b"b").unwrap());
    assert!(connection.wants_transmit());
    let mut out = [0; 200];
    let len = connection.poll_transmit(&mut out).unwrap();
    assert_eq!(&out[..len], b"\x8a\x81\0\0\0\0b");
    connection.ping(ControlPayload::new(b"c").unwrap());
    let len = connection.poll_transmit(&mut out).unwrap();
    assert_eq!(&out[..len], b"\x89\x81\0\0\0\0c");
    assert_eq!(connection.close_frame(), None);
    assert!(!connection.receive_half().is_message_in_progress());
    let next = connection.advance(&mut input);
    assert!(!next.is_payload());
    assert_eq!(connection.close_frame().unwrap().code(), Some(CloseCode::NORMAL));
}

#[test]
fn a_frame_that_is_written_by_others_is_passed_and_not_more_of_it() {
    let mut connection = Connection::server(Config::new());
    connection.send_half().begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 5)).unwrap();
    assert_eq!(connection.send_half().payload_written(0), Ok(()));
    assert_eq!(connection.send_half().payload_written(6), Err(Misuse::PayloadLen));
    assert_eq!(connection.send_half().payload_written(2), Ok(()));
    let mut out = [0; 2];
    assert_eq!(connection.send_half().mask_into(b"abc", &mut out), 2, "as much as fits");
    assert_eq!(&out, b"ab");
    assert_eq!(connection.send("x", &mut [0; 9]), Err(SendError::Busy));
    assert_eq!(connection.send_half().mask(&mut [0; 1]), Ok(()));
    assert_eq!(connection.send_half().payload_written(1), Err(Misuse::PayloadLen), "the frame is over");
    assert!(connection.send("x", &mut [0; 9]).is_ok());
}

#[test]
fn a_key_source_may_be_lent() {
    let mut keys = ZeroKeys;
    let mut sender = SendHalf::new(&mut keys);
    let mut out = [0; 16];
    assert_eq!(sender.send(b"a", &mut out), Ok(7));
    assert_eq!(&out[..7], b"\x82\x81\0\0\0\0a");
}

#[test]
fn states_show_what_they_are_and_not_their_storage() {
    let storage = [0xab; 4];
    let shown = [format!("{:?}", ReadBuffer::new(storage)), format!("{:?}", MessageSlice::new(storage))];
    for text in shown {
        assert!(text.len() > 12 && !text.contains("171") && !text.contains("ab,"), "{text}");
    }
    let key = MaskKey::new([1, 2, 3, 4]);
    assert_eq!(format!("{:?}", Mask::from(key)), format!("{:?}", Mask::new(key)));
    assert_eq!(Authority::parse("h:7").unwrap().port(), Some(7));
    assert_eq!(Limits::default(), Limits::new());
    assert!(Utf8::default().is_boundary());
}

#[cfg(feature = "deflate")]
#[test]
fn s7692_a_compressed_message_is_kept_as_it_is_where_nothing_inflates_it() {
    use ws_core::connection::EncodedMessage;
    use ws_core::deflate::{ContextTakeover, DeflateSettings, Deflater, Inflater};
    use ws_core::extension::DeflateConfig;

    assert_eq!(DeflateConfig::default(), DeflateConfig::new());
    let mut receiver = ReceiveHalf::new(Role::Client, Config::new()).with_deflate();
    let (mut slice, mut buffer_of_bytes) = (MessageSlice::new([0; 16]), MessageBuffer::new());
    // RFC 7692 §7.2.3.1: "Hello" in one frame.
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let mut buffer = buffer(&[[0xc1, 7].as_slice(), &hello].concat());
    let mut input = buffer.input();
    while let Some(Event::Data(fragment)) = receiver.next_event(&mut input) {
        slice.push(fragment, &mut receiver).unwrap();
        buffer_of_bytes.push(fragment, &mut receiver).unwrap();
    }
    let expected = Payload::Compressed { message_type: MessageType::Text, bytes: &hello };
    assert_eq!((slice.message(), buffer_of_bytes.message()), (Some(expected), Some(expected)));

    let deflater = Deflater::new(DeflateSettings::default());
    let inflater = Inflater::new(1000, ContextTakeover::Allowed);
    let encoded = EncodedMessage::new("secret").unwrap();
    assert_eq!(encoded.as_borrowed().as_bytes(), encoded.as_bytes());
    for text in [format!("{deflater:?}"), format!("{inflater:?}"), format!("{encoded:?}")] {
        assert!(text.ends_with(".. }") && !text.contains("secret"), "{text}");
    }
}
