//! What the sender writes: whole or nothing, in order, masked by its role, and right for a strict receiver.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use proptest::prelude::*;
use support::drive::{Way, receive};
use support::reference::{DEFAULT_LIMITS, Outcome, Role};
use ws_core::connection::{FrameStart, KeySource, Masking, SendHalf, Unmasked};
use ws_core::error::{Misuse, SendError};
use ws_core::event::{MessageType, Payload};
use ws_core::extension::{Agreed, DeflateParams};
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload, Fin, MaskKey};

/// Counts its keys, and has only so many.
#[derive(Debug)]
struct Keys {
    left: u32,
}

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        self.left = self.left.checked_sub(1)?;
        Some(MaskKey::new(self.left.wrapping_mul(0x9E37_79B9).to_be_bytes()))
    }
}

fn client() -> SendHalf<Keys> {
    SendHalf::new(Keys { left: 1000 })
}

fn server() -> SendHalf<Unmasked> {
    SendHalf::new(Unmasked)
}

fn control(bytes: &[u8]) -> ControlPayload {
    ControlPayload::new(bytes).unwrap()
}

#[test]
fn s5_2_headers_are_minimal_at_every_length() {
    for (len, header_len) in [(0, 2), (1, 2), (125, 2), (126, 4), (127, 4), (65_535, 4), (65_536, 10)] {
        let payload = vec![7; len];
        let mut out = vec![0xEE; len + 14];
        assert_eq!(server().send(payload.as_slice(), &mut out), Ok(len + header_len), "{len} by a server");
        assert_eq!(
            client().send(payload.as_slice(), &mut out),
            Ok(len + header_len + 4),
            "{len} by a client"
        );
        let outcomes = receive(
            Role::Server,
            &DEFAULT_LIMITS,
            &out[..len + header_len + 4],
            &mut core::iter::empty(),
            1 << 17,
            Way::Events,
        );
        assert_eq!(outcomes, [Outcome::Binary(payload)]);
    }
}

#[test]
fn a_message_is_written_whole_or_not_at_all() {
    fn check<K: Masking>(mut sender: SendHalf<K>, required: usize) {
        for len in 0..required {
            let mut out = vec![0xEE; len];
            assert_eq!(sender.send("Hello", &mut out), Err(SendError::BufferTooSmall { required }));
            assert!(out.iter().all(|&byte| byte == 0xEE), "nothing is written");
        }
        assert_eq!(sender.send("Hello", &mut vec![0; required]), Ok(required));
    }
    check(server(), 7);
    // One key is enough: a message that was not written has used none.
    check(SendHalf::new(Keys { left: 1 }), 11);
}

#[test]
fn s5_3_without_a_key_nothing_is_sent() {
    let mut sender = SendHalf::new(Keys { left: 0 });
    let mut out = [0xEE; 200];
    assert_eq!(sender.send("Hello", &mut out), Err(SendError::NoMaskKey));
    let fragment = sender.send_part(Payload::Text("Hello"), Fin::More, &mut out);
    assert_eq!(fragment, Err(SendError::NoMaskKey));
    let start = FrameStart::new(MessageType::Binary, Fin::Final, 5);
    assert_eq!(sender.begin_frame(start), Err(SendError::NoMaskKey));
    sender.ping(control(b"still there?"));
    assert_eq!(sender.poll_transmit(&mut out), Err(SendError::NoMaskKey));
    assert!(sender.wants_transmit(), "the ping waits for a key");
    assert!(out.iter().all(|&byte| byte == 0xEE), "nothing is written");
}

#[test]
fn s5_4_fragments_fill_whatever_room_there_is_and_cut_no_code_point() {
    let text = "añ€𝄞".repeat(40);
    for room in 0..300 {
        let (mut sender, mut wire, mut rest) = (server(), Vec::new(), text.as_str());
        while !rest.is_empty() {
            let mut out = vec![0; room];
            match sender.send_part(Payload::Text(rest), Fin::Final, &mut out) {
                Ok(sent) => {
                    assert!(sent.taken > 0, "there is progress");
                    wire.extend_from_slice(&out[..sent.written]);
                    rest = &rest[sent.taken..];
                }
                Err(SendError::BufferTooSmall { required }) => {
                    assert!(required > room && room < 6, "{room} is not too small");
                    break;
                }
                Err(other) => panic!("{other}"),
            }
        }
        let outcomes =
            receive(Role::Client, &DEFAULT_LIMITS, &wire, &mut core::iter::empty(), 4096, Way::Events);
        let expected = if rest.is_empty() { vec![Outcome::Text(text.clone())] } else { vec![] };
        assert_eq!(outcomes, expected, "in {room} bytes at a time");
        assert_eq!(rest.is_empty(), room >= 6, "a header and the longest code point are enough");
    }
}

#[test]
fn s5_4_an_empty_message_and_an_empty_fragment_are_frames() {
    let (mut sender, mut out) = (server(), [0; 2]);
    assert_eq!(sender.send("", &mut out), Ok(2));
    assert_eq!(out, [0x81, 0]);
    let sent = sender.send_part(Payload::Binary(b""), Fin::More, &mut out).unwrap();
    assert_eq!((sent.taken, sent.written, out), (0, 2, [0x02, 0]));
    let sent = sender.send_part(Payload::Binary(b""), Fin::Final, &mut out).unwrap();
    assert_eq!((sent.taken, sent.written, out), (0, 2, [0x80, 0]));
    let error = sender.send_part(Payload::Binary(b""), Fin::Final, &mut out[..1]);
    assert_eq!(error, Err(SendError::BufferTooSmall { required: 2 }));
}

#[test]
fn s5_4_messages_do_not_interleave() {
    let (mut sender, mut out) = (server(), [0; 64]);
    sender.send_fragment(Payload::Text("a"), Fin::More, &mut out).unwrap();
    assert_eq!(sender.send("b", &mut out), Err(SendError::Busy));
    let other = sender.send_part(Payload::Binary(b"b"), Fin::Final, &mut out);
    assert_eq!(other, Err(SendError::Misuse(Misuse::MessageType)));
    let other = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 1));
    assert_eq!(other, Err(SendError::Misuse(Misuse::MessageType)));
    // RFC 6455 §5.4: control frames may be between the fragments.
    sender.ping(control(b"p"));
    assert_eq!(sender.poll_transmit(&mut [0; 131]), Ok(3));
    sender.send_fragment(Payload::Text("b"), Fin::Final, &mut out).unwrap();
    assert_eq!(out[..3], [0x80, 1, b'b']);
    assert_eq!(sender.send("c", &mut out), Ok(3));
}

#[test]
fn a_frame_in_progress_takes_exactly_what_it_announced() {
    let mut sender = client();
    sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 10)).unwrap();
    assert_eq!(sender.send("no", &mut [0; 64]), Err(SendError::Busy));
    let again = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 1));
    assert_eq!(again, Err(SendError::Busy));
    sender.ping(control(b""));
    assert_eq!(sender.poll_transmit(&mut [0; 200]), Ok(0), "nothing goes between header and payload");
    assert!(!sender.wants_transmit());
    let mut too_much = [9; 11];
    assert_eq!(sender.mask(&mut too_much), Err(Misuse::PayloadLen));
    assert_eq!(too_much, [9; 11], "unchanged");
    sender.mask(&mut [1; 4]).unwrap();
    assert_eq!(sender.frame_remaining(), 6);
    let mut out = [0; 100];
    assert_eq!(sender.mask_into(&[1; 100], &mut out), 6, "no more than the frame lacks");
    assert_eq!(sender.frame_remaining(), 0);
    assert_eq!(sender.mask(&mut [1]), Err(Misuse::PayloadLen));
    assert_eq!(sender.mask_into(&[1], &mut out), 0);
    assert_eq!(sender.poll_transmit(&mut [0; 200]), Ok(6), "the ping, now");
}

#[test]
fn s5_2_a_frame_of_2_to_the_63_is_misuse() {
    let start = |payload_len| FrameStart::new(MessageType::Binary, Fin::Final, payload_len);
    assert_eq!(server().begin_frame(start(1 << 63)), Err(SendError::Misuse(Misuse::FrameLen)));
    let header = server().begin_frame(start((1 << 63) - 1)).unwrap();
    assert_eq!(header.as_bytes(), [0x82, 127, 0x7F, 255, 255, 255, 255, 255, 255, 255]);
    // A client's key is not used up by a frame that cannot be.
    let mut sender = SendHalf::new(Keys { left: 1 });
    assert_eq!(sender.begin_frame(start(1 << 63)), Err(SendError::Misuse(Misuse::FrameLen)));
    assert!(sender.begin_frame(start(1)).is_ok());
}

#[test]
fn s5_5_control_frames_wait_until_they_can_be_written_whole() {
    let mut sender = client();
    sender.ping(control(&[1; 125]));
    sender.pong(control(b"old"));
    sender.pong(control(&[2; 125]));
    let too_small = SendError::BufferTooSmall { required: 131 };
    assert_eq!(sender.poll_transmit(&mut [0; 130]), Err(too_small));
    let mut out = [0; 131];
    assert_eq!(sender.poll_transmit(&mut out), Ok(131));
    assert_eq!(out[..2], [0x8A, 0x80 | 0x7D], "the later pong replaced the earlier one, and goes first");
    assert_eq!(sender.poll_transmit(&mut out), Ok(131));
    assert_eq!(out[..2], [0x89, 0x80 | 0x7D]);
    assert_eq!(sender.poll_transmit(&mut out), Ok(0));
    sender.ping(control(b"1"));
    sender.pong(control(b"2"));
    assert_eq!(sender.poll_transmit(&mut [0; 300]), Ok(14), "both at once where there is room");
}

#[test]
fn s5_5_1_after_close_nothing_is_sent() {
    let (mut sender, mut out) = (server(), [0; 200]);
    sender.ping(control(b"lost"));
    sender.close(CloseFrame::new(CloseCode::NORMAL, "bye").unwrap());
    sender.close(CloseCode::GOING_AWAY.into());
    sender.ping(control(b"late"));
    sender.pong(control(b"late"));
    assert_eq!(sender.send("late", &mut out), Err(SendError::Closed));
    let fragment = sender.send_part(Payload::Text("late"), Fin::Final, &mut out);
    assert_eq!(fragment, Err(SendError::Closed));
    let frame = sender.begin_frame(FrameStart::new(MessageType::Text, Fin::Final, 0));
    assert_eq!(frame, Err(SendError::Closed));
    let len = sender.poll_transmit(&mut out).unwrap();
    assert_eq!(out[..len], [0x88, 5, 0x03, 0xE8, b'b', b'y', b'e'], "the first Close, and nothing before it");
    assert_eq!(sender.poll_transmit(&mut out), Ok(0), "once");
}

const fn compressed(bytes: &[u8]) -> Payload<'_> {
    Payload::Compressed { message_type: MessageType::Text, bytes }
}

#[test]
fn rfc_7692_s6_1_rsv1_is_on_the_first_frame_of_a_compressed_message_only() {
    let mut sender = SendHalf::new(Unmasked).with_deflate(Agreed::server(DeflateParams::default()));
    let mut out = [0; 64];
    let len = sender.send(compressed(b"\0"), &mut out).unwrap();
    assert_eq!(out[..len], [0xC1, 1, 0]);
    sender.send_fragment(compressed(b"\xf2"), Fin::More, &mut out).unwrap();
    assert_eq!(out[..3], [0x41, 1, 0xF2]);
    let plain = sender.send_part(Payload::Text("a"), Fin::Final, &mut out);
    assert_eq!(plain, Err(SendError::Misuse(Misuse::MessageType)));
    sender.send_fragment(compressed(b"\0"), Fin::Final, &mut out).unwrap();
    assert_eq!(out[..3], [0x80, 1, 0]);
    let start = FrameStart::new(MessageType::Binary, Fin::Final, 5).with_compressed_payload();
    assert_eq!(sender.begin_frame(start).unwrap().as_bytes(), [0xC2, 5]);
}

#[test]
fn rfc_7692_s6_without_negotiation_nothing_compressed_is_sent() {
    let (mut sender, mut out) = (server(), [0; 64]);
    let refused = SendError::Misuse(Misuse::NotNegotiated);
    assert_eq!(sender.send(compressed(b"\0"), &mut out), Err(refused));
    assert_eq!(sender.send_part(compressed(b"\0"), Fin::Final, &mut out), Err(refused));
    let start = FrameStart::new(MessageType::Binary, Fin::Final, 5).with_compressed_payload();
    assert_eq!(sender.begin_frame(start), Err(refused));
}

/// What a program may ask of a sender.
#[derive(Clone, Debug)]
enum Order {
    Text(String),
    Binary(Vec<u8>),
    Fragmented(Vec<u8>, usize),
    Streamed(Vec<u8>, usize),
    Ping(Vec<u8>),
}

fn order() -> impl Strategy<Value = Order> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..300);
    prop_oneof![
        "[a-zé€𝄞]{0,100}".prop_map(Order::Text),
        bytes().prop_map(Order::Binary),
        (bytes(), 11usize..60).prop_map(|(bytes, room)| Order::Fragmented(bytes, room)),
        (bytes(), 1usize..60).prop_map(|(bytes, piece)| Order::Streamed(bytes, piece)),
        prop::collection::vec(any::<u8>(), 0..126).prop_map(Order::Ping),
    ]
}

fn obey<K: Masking>(sender: &mut SendHalf<K>, order: &Order, wire: &mut Vec<u8>) -> Outcome {
    let mut out = vec![0; 1000];
    match order {
        Order::Text(text) => {
            let len = sender.send(text.as_str(), &mut out).unwrap();
            wire.extend_from_slice(&out[..len]);
            Outcome::Text(text.clone())
        }
        Order::Binary(bytes) => {
            let len = sender.send(bytes.as_slice(), &mut out).unwrap();
            wire.extend_from_slice(&out[..len]);
            Outcome::Binary(bytes.clone())
        }
        Order::Fragmented(bytes, room) => {
            let mut rest = bytes.as_slice();
            loop {
                let sent = sender.send_part(Payload::Binary(rest), Fin::Final, &mut out[..*room]).unwrap();
                wire.extend_from_slice(&out[..sent.written]);
                rest = &rest[sent.taken..];
                if rest.is_empty() {
                    return Outcome::Binary(bytes.clone());
                }
            }
        }
        Order::Streamed(bytes, piece) => {
            let len = u64::try_from(bytes.len()).unwrap();
            let header = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, len)).unwrap();
            wire.extend_from_slice(header.as_bytes());
            for piece in bytes.chunks(*piece) {
                let mut piece = piece.to_vec();
                sender.mask(&mut piece).unwrap();
                wire.extend_from_slice(&piece);
            }
            Outcome::Binary(bytes.clone())
        }
        Order::Ping(payload) => {
            sender.ping(control(payload));
            let len = sender.poll_transmit(&mut out).unwrap();
            wire.extend_from_slice(&out[..len]);
            Outcome::Ping(payload.clone())
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_sent_is_what_the_peer_receives(
        orders in prop::collection::vec(order(), 0..12),
        is_client in any::<bool>(),
        lens in prop::collection::vec(1usize..100, 1..10),
    ) {
        let (mut wire, mut expected) = (Vec::new(), Vec::new());
        let (mut client, mut server) = (client(), server());
        for order in &orders {
            expected.push(if is_client {
                obey(&mut client, order, &mut wire)
            } else {
                obey(&mut server, order, &mut wire)
            });
        }
        let peer = if is_client { Role::Server } else { Role::Client };
        let outcomes = receive(peer, &DEFAULT_LIMITS, &wire, &mut lens.iter().copied().cycle(), 64, Way::Events);
        prop_assert_eq!(outcomes, expected);
    }
}
