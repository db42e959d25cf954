//! A gigabyte through four kilobytes, both ways, with nothing allocated.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use ws_core::connection::{
    Config, Connection, FrameStart, KeySource, Limits, ReceiveHalf, Role, SendHalf, Unmasked,
};
use ws_core::event::{Event, MessageType, Payload};
use ws_core::frame::{Fin, MaskKey};
use ws_core::input::ReadBuffer;

const PIECE_LEN: usize = 4096;
const GIBIBYTE: u64 = 1 << 30;

struct Keys;

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        Some(MaskKey::new([0x37, 0xFA, 0x21, 0x3D]))
    }
}

fn unlimited() -> Config {
    Config::new().with_limits(Limits::unlimited())
}

/// Counts what arrives, and checks that it is what was sent: one byte over and over.
struct Sink {
    receiver: ReceiveHalf,
    buffer: ReadBuffer<[u8; PIECE_LEN]>,
    payload_len: u64,
    message_count: u32,
}

impl Sink {
    fn new(role: Role) -> Self {
        let buffer = ReadBuffer::new([0; PIECE_LEN]);
        Self { receiver: ReceiveHalf::new(role, unlimited()), buffer, payload_len: 0, message_count: 0 }
    }

    fn take(&mut self, mut wire: &[u8]) {
        while !wire.is_empty() {
            let spare = self.buffer.spare();
            let len = spare.len().min(wire.len());
            spare[..len].copy_from_slice(&wire[..len]);
            wire = &wire[len..];
            self.buffer.filled(len);
            let mut input = self.buffer.input();
            while let Some(event) = self.receiver.next_piece(&mut input) {
                let Event::Data(piece) = event else { panic!("{event:?}") };
                assert!(piece.payload.iter().all(|&byte| byte == b'x'));
                self.payload_len += u64::try_from(piece.payload.len()).unwrap();
                self.message_count += u32::from(piece.is_last);
            }
        }
    }
}

#[test]
fn a_gibibyte_in_one_frame_from_a_client() {
    let counts = allocation_counter::measure(|| {
        let mut sender = SendHalf::new(Keys);
        let mut sink = Sink::new(Role::Server);
        let start = FrameStart::new(MessageType::Text, Fin::Final, GIBIBYTE);
        sink.take(sender.begin_frame(start).unwrap().as_bytes());
        let mut piece = [0; PIECE_LEN];
        while sender.frame_remaining() > 0 {
            piece.fill(b'x');
            sender.mask(&mut piece).unwrap();
            sink.take(&piece);
        }
        assert_eq!((sink.payload_len, sink.message_count), (GIBIBYTE, 1));
    });
    assert_eq!(counts.count_total, 0);
}

#[test]
fn a_gibibyte_in_fragments_from_a_server() {
    let counts = allocation_counter::measure(|| {
        let mut sender = SendHalf::new(Unmasked);
        let mut sink = Sink::new(Role::Client);
        let piece = [b'x'; PIECE_LEN];
        let mut out = [0; PIECE_LEN];
        let mut left = GIBIBYTE;
        while left > 0 {
            let len = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let sent = sender.send_part(Payload::Binary(&piece[..len]), Fin::More, &mut out).unwrap();
            assert_eq!(sent.written, sent.taken + 4, "a header of four bytes");
            sink.take(&out[..sent.written]);
            left -= u64::try_from(sent.taken).unwrap();
        }
        let sent = sender.send_part(Payload::Binary(b""), Fin::Final, &mut out).unwrap();
        sink.take(&out[..sent.written]);
        assert_eq!((sink.payload_len, sink.message_count), (GIBIBYTE, 1));
    });
    assert_eq!(counts.count_total, 0);
}

#[test]
fn payload_is_delivered_as_it_arrives() {
    let mut connection = Connection::server(unlimited());
    let mut buffer = ReadBuffer::new([0; 64]);
    let header = [0x82, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4];
    buffer.spare()[..14].copy_from_slice(&header);
    buffer.spare()[14] = b'x' ^ 1;
    buffer.filled(15);
    let mut input = buffer.input();
    let Some(Event::Data(fragment)) = connection.next_event(&mut input) else { panic!("nothing came") };
    assert_eq!(fragment.payload, Payload::Binary(b"x"), "one byte of four gibibytes");
    assert!(fragment.is_first && !fragment.is_last);
}
