//! Long messages that are written from where they lie, whatever the stream takes, and what a reader can see ahead.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use support::session::{Keys, Random, at, client, deliver, feed, frame_to, open, server, written};
use ws_core::connection::{Role, Transport};
use ws_core::event::Event;
use ws_core::frame::CloseCode;
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::{Batch, Compress, Config, Session, Taken};

/// A stream that takes a number of bytes in all, a few at a time.
struct Stream {
    wire: Vec<u8>,
    room_len: usize,
    step: usize,
    call_count: usize,
}

impl Stream {
    fn new(room_len: usize, step: usize) -> Self {
        Self { wire: Vec::new(), room_len, step, call_count: 0 }
    }

    fn write(&mut self, slices: &[&[u8]]) -> Taken {
        self.call_count += 1;
        let offered = slices.concat();
        assert!(!offered.is_empty(), "nothing is written in vain");
        let len = offered.len().min(self.step).min(self.room_len - self.wire.len());
        self.wire.extend(&offered[..len]);
        if len == 0 { Taken::Blocked(at(1)) } else { Taken::Bytes(len, at(1)) }
    }
}

/// Sends a message so, and what the other end hears of all that was written.
fn heard(
    sender: &mut Session<Keys>,
    receiver: &mut Session<Keys>,
    message: Message<'_>,
    mut stream: Stream,
    joined_len: usize,
) -> Vec<Event<OwnedMessage>> {
    sender.outbound.send("before").unwrap();
    sender
        .outbound
        .send_through(message, Compress::ByLength, joined_len, |slices| stream.write(slices))
        .unwrap();
    sender.outbound.send("after").unwrap();
    let traffic = sender.outbound.traffic();
    assert_eq!((traffic.message_count, traffic.wire_len), (3, len_u64(&stream.wire)));
    let mut wire = stream.wire;
    wire.extend(written(&mut sender.outbound, at(2)));
    assert_eq!(sender.outbound.traffic().wire_len, len_u64(&wire));
    deliver(receiver, &wire, at(3))
}

fn len_u64(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap()
}

fn text(len: usize) -> String {
    "Hällo, world. ".chars().cycle().take(len).collect()
}

#[test]
fn a_message_leaves_whole_and_in_order_wherever_the_stream_blocks() {
    let mut random = Random::new(7);
    for role in [Role::Server, Role::Client] {
        for round in 0..400 {
            let text = text(random.below(60_000));
            let message =
                if round % 2 == 0 { Message::Text(&text) } else { Message::Binary(text.as_bytes()) };
            let config = Config::new().with_queue_len_max(1 << 20);
            let other = if role == Role::Server { Role::Client } else { Role::Server };
            let (mut sender, mut receiver) = (open(role, config), open(other, config));
            let room_len = if round % 5 == 0 { usize::MAX } else { random.below(70_000) };
            let stream = Stream::new(room_len, 1 + random.below(20_000));
            let joined_len = if round % 3 == 0 { random.below(20_000) } else { 0 };
            let heard = heard(&mut sender, &mut receiver, message, stream, joined_len);
            let expected = [Message::Text("before"), message, Message::Text("after")];
            assert_eq!(heard, expected.map(|message| Event::Data(message.into_owned())), "{role:?} {round}");
        }
    }
}

#[test]
fn nothing_is_copied_that_the_stream_takes_and_nothing_is_left_of_a_message_whose_stream_fails() {
    for role in [Role::Server, Role::Client] {
        let mut session = if role == Role::Server { server() } else { client() };
        let message = vec![7; 1 << 20];
        let mut stream = Stream::new(usize::MAX, usize::MAX);
        let (mut longest, mut len) = (0, 0);
        session
            .outbound
            .send_through(&message[..], Compress::Never, 0, |slices| {
                // What a client has masked is in the first slice, of the queue.
                longest = longest.max(slices[0].len());
                stream.write(slices)
            })
            .unwrap();
        len += stream.wire.len();
        assert!(len > 1 << 20 && longest <= 16 * 1024 + 14, "{role:?} {longest}");
        assert_eq!(session.outbound.queued_len(), 0);

        let result = session.outbound.send_through(&message[..], Compress::Never, 0, |_slices| Taken::Failed);
        assert_eq!(result, Ok(()));
        assert_eq!((session.outbound.transport(), session.outbound.queued_len()), (Transport::Closed, 0));
    }
}

#[test]
fn a_stream_that_blocks_is_given_up_from_when_it_began_to() {
    let mut session = server();
    let message = vec![7; 100_000];
    let result = session.outbound.send_through(&message[..], Compress::Never, 0, |_| Taken::Blocked(at(500)));
    assert_eq!(result, Ok(()));
    assert_eq!(session.outbound.next_write_deadline(), Some(at(30_500)));
    assert_eq!(session.outbound.queued_len(), 100_010);
}

#[cfg(feature = "deflate")]
#[test]
fn a_compressed_message_is_one_frame_up_to_64_kib_and_pieces_beyond() {
    use support::session::agreed;
    use ws_core::connection::RoleKeys;
    use ws_core::input::ReadBuffer;
    use ws_core::session::{NoKeys, Opened};

    for len in [1024, 65_000, 300_000] {
        for room_len in [0, 700, 40_000, usize::MAX] {
            let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_deflate(agreed(Role::Server, 0));
            let buffer = ReadBuffer::new(vec![0; 16 * 1024]);
            let mut sender = Session::new(opened, Config::new(), buffer, at(0));
            let opened = support::session::opened(Role::Client).with_deflate(agreed(Role::Client, 0));
            let buffer = ReadBuffer::new(vec![0; 16 * 1024]);
            let mut receiver = Session::new(opened, Config::new(), buffer, at(0));
            let mut random = Random::new(3);
            let bytes: Vec<u8> = (0..len).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
            let mut stream = Stream::new(room_len, 5000);
            sender
                .outbound
                .send_through(&bytes[..], Compress::ByLength, 0, |slices| stream.write(slices))
                .unwrap();
            let mut wire = stream.wire;
            while sender.outbound.wants_transmit() {
                let queued = sender.outbound.transmit().to_vec();
                sender.outbound.transmitted(queued.len(), at(2));
                wire.extend(queued);
            }
            assert_eq!(wire[0] & 0x80 != 0, len <= 64 * 1024, "{len}");
            let heard = deliver(&mut receiver, &wire, at(3));
            assert!(heard == [Event::Data(OwnedMessage::Binary(bytes))], "{len} {room_len}");
        }
    }
}

#[test]
fn another_message_is_seen_only_where_it_is_whole_and_no_close_comes_before_it() {
    let hello = frame_to(Role::Server, 0x81, b"Hello");
    let ping = frame_to(Role::Server, 0x89, b"ping");
    let close = frame_to(Role::Server, 0x88, b"\x03\xe8");
    let part = frame_to(Role::Server, 0x01, b"He");
    let rest = frame_to(Role::Server, 0x80, b"llo");
    for (after, expected) in [
        (vec![], false),
        (hello.clone(), true),
        (hello[..hello.len() - 1].to_vec(), false),
        ([&ping[..], &hello].concat(), true),
        ([&close[..], &hello].concat(), false),
        ([&part[..], &rest].concat(), true),
        (part.clone(), false),
    ] {
        let mut session = server();
        feed(&mut session, &[&hello[..], &after].concat(), at(0));
        assert_eq!(session.inbound.advance(&mut session.outbound), Some(Event::Data(())));
        assert_eq!(session.inbound.has_another(), expected, "{after:x?}");
        assert!(session.inbound.message(&mut session.outbound).is_some_and(|message| message.is_ok()));
    }
}

#[test]
fn a_batch_that_is_given_back_leaves_first_and_only_what_is_left_of_it() {
    let mut session = server();
    session.outbound.send("one").unwrap();
    session.outbound.send(&vec![7; 3000]).unwrap();
    let mut batch = Batch::new();
    session.outbound.take_batch(&mut batch);
    batch.advance(2);
    session.outbound.transmitted(2, at(1));
    session.outbound.send("two").unwrap();
    session.outbound.close(CloseCode::NORMAL.into());
    session.outbound.return_batch(batch);
    let wire = written(&mut session.outbound, at(2));
    let expected = [b"one\x82\x7e\x0b\xb8", &[7; 3000][..], b"\x81\x03two\x88\x02\x03\xe8"].concat();
    assert!(wire == expected, "{} bytes", wire.len());
}
