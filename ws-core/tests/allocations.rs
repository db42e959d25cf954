//! What the protocol allocates: nothing. Counted by an allocator that counts.
#![cfg(feature = "handshake")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use ws_core::connection::{Config, Connection, KeySource, Limits, Masking, Transport};
use ws_core::error::{Fault, Limit};
use ws_core::event::{Event, Fragment, MessageType, Payload};
use ws_core::extension::DeflateConfig;
use ws_core::frame::{CloseCode, ControlPayload, Fin, MaskKey};
use ws_core::handshake::{
    ClientHandshake, ClientProgress, OriginPolicy, OutgoingRequest, OutgoingResponse, ServerHandshake,
    ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageSlice};
use ws_core::uri::Uri;

/// How often and how many bytes `work` allocates on this thread.
fn allocated(work: impl FnOnce()) -> (u64, u64) {
    let counts = allocation_counter::measure(work);
    (counts.count_total, counts.bytes_total)
}

#[derive(Debug)]
struct Keys(u32);

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        self.0 = self.0.wrapping_mul(0x9E37_79B9).wrapping_add(1);
        Some(MaskKey::new(self.0.to_be_bytes()))
    }
}

/// One end of a conversation, with all the memory it needs.
struct End<K> {
    connection: Connection<K>,
    buffer: ReadBuffer<[u8; 512]>,
    inbox: Inbox,
}

/// What has arrived.
struct Inbox {
    message: MessageSlice<[u8; 1024]>,
    texts: usize,
    binaries: usize,
    pongs: usize,
    echoes: bool,
}

impl<K: Masking> End<K> {
    fn new(connection: Connection<K>, buffer: ReadBuffer<[u8; 512]>, echoes: bool) -> Self {
        let message = MessageSlice::new([0; 1024]);
        Self { connection, buffer, inbox: Inbox { message, texts: 0, binaries: 0, pongs: 0, echoes } }
    }

    /// Takes in `wire`, a little at a time; writes what there is to say into `out` and says how much that is.
    fn receive(&mut self, mut wire: &[u8], out: &mut [u8]) -> usize {
        let mut written = 0;
        while !wire.is_empty() {
            let spare = self.buffer.spare();
            let len = spare.len().min(wire.len()).min(50);
            spare[..len].copy_from_slice(&wire[..len]);
            wire = &wire[len..];
            self.buffer.filled(len);
            let mut input = self.buffer.input();
            while let Some(event) = self.connection.next_event(&mut input) {
                self.inbox.pongs += usize::from(event == Event::Pong);
                if let Event::Data(fragment) = event {
                    written += self.inbox.take(fragment, &mut self.connection, &mut out[written..]);
                }
                written += self.connection.poll_transmit(&mut out[written..]).unwrap();
            }
        }
        written
    }
}

impl Inbox {
    /// Takes in a fragment, and echoes the message that it completes.
    fn take<K: Masking>(
        &mut self,
        fragment: Fragment<'_>,
        connection: &mut Connection<K>,
        out: &mut [u8],
    ) -> usize {
        if self.message.push(fragment, connection) != Ok(Assembly::Complete) {
            return 0;
        }
        let message = self.message.message().expect("it is complete");
        match message.message_type() {
            MessageType::Text => self.texts += 1,
            MessageType::Binary => self.binaries += 1,
        }
        if self.echoes { connection.send(message, out).unwrap() } else { 0 }
    }
}

/// Both handshakes; returns the read buffers as they are behind them.
fn shake_hands() -> (ReadBuffer<[u8; 512]>, ReadBuffer<[u8; 512]>) {
    let request = OutgoingRequest::new(Uri::parse("ws://example.com/chat?room=1").unwrap())
        .with_origin("http://example.com")
        .with_subprotocols(&["chat"])
        .with_deflate(DeflateConfig::new());
    let mut client = ClientHandshake::new([0; 512], *b"the sample nonce");
    let mut server = ServerHandshake::new([0; 1024]);
    let mut wire = [0; 512];
    let (mut server_buffer, mut client_buffer) = (ReadBuffer::new([0; 512]), ReadBuffer::new([0; 512]));

    let len = client.write_request(&request, &mut wire).unwrap();
    server_buffer.spare()[..len].copy_from_slice(&wire[..len]);
    server_buffer.filled(len);
    assert_eq!(server.receive(&mut server_buffer.input()), ServerProgress::Request);
    assert_eq!(server.request().map(|request| request.subprotocols().count()), Some(1));
    let response = OutgoingResponse::new().with_subprotocol("chat").with_deflate(DeflateConfig::new());
    let len = server.accept(OriginPolicy::SameHost, &response, &mut wire).unwrap();
    client_buffer.spare()[..len].copy_from_slice(&wire[..len]);
    client_buffer.filled(len);
    assert_eq!(client.receive(&request, &mut client_buffer.input()), ClientProgress::Accepted);
    assert_eq!(client.response().and_then(|response| response.subprotocol()), Some("chat"));
    assert!(client.deflate().is_some() && server.deflate().is_some());
    (server_buffer, client_buffer)
}

#[test]
fn a_whole_conversation_in_both_roles_allocates_nothing() {
    let counts = allocated(|| {
        let (server_buffer, client_buffer) = shake_hands();
        let mut server = End::new(Connection::server(Config::new()), server_buffer, true);
        let mut client = End::new(Connection::client(Keys(1), Config::new()), client_buffer, false);
        let (mut there, mut back) = ([0; 2048], [0; 2048]);

        let mut len = client.connection.send("Grüße", &mut there).unwrap();
        len += client.connection.send(&[7; 700], &mut there[len..]).unwrap();
        for (part, fin) in [("in ", Fin::More), ("parts", Fin::Final)] {
            let sent = client.connection.send_part(Payload::Text(part), fin, &mut there[len..]).unwrap();
            len += sent.written;
            client.connection.ping(ControlPayload::new(b"between").unwrap());
            len += client.connection.poll_transmit(&mut there[len..]).unwrap();
        }
        let answered = server.receive(&there[..len], &mut back);
        assert_eq!(client.receive(&back[..answered], &mut there), 0);
        assert_eq!((client.inbox.texts, client.inbox.binaries, client.inbox.pongs), (2, 1, 2));

        client.connection.close(CloseCode::NORMAL.into());
        let len = client.connection.poll_transmit(&mut there).unwrap();
        let answered = server.receive(&there[..len], &mut back);
        client.receive(&back[..answered], &mut there);
        assert_eq!(server.connection.transport(), Transport::Linger { shutdown_write: true });
        assert_eq!(client.connection.transport(), Transport::Linger { shutdown_write: false });
        assert!(server.connection.closure().is_some_and(|closure| closure.is_clean));
        assert!(client.connection.closure().is_some_and(|closure| closure.is_clean));
    });
    assert_eq!(counts, (0, 0));
}

#[test]
fn what_is_refused_allocates_nothing_either() {
    let counts = allocated(|| {
        for wire in [b"\xFF\xFF".as_slice(), b"\x81\x85\0\0\0\0\xFF", b"\x88\x81", b"\x80\x80"] {
            let mut end = End::new(Connection::server(Config::new()), ReadBuffer::new([0; 512]), true);
            assert_eq!(end.receive(wire, &mut [0; 512]), 4, "a Close with a code");
        }
        let mut handshake = ServerHandshake::new([0; 512]);
        let mut buffer = ReadBuffer::with_filled(*b"GET / HTTP/1.1\r\nHost: x y\r\n\r\n", 29).unwrap();
        assert!(matches!(handshake.receive(&mut buffer.input()), ServerProgress::Failed(_)));
        assert!(handshake.reject_fault(&mut [0; 512]).is_ok());
    });
    assert_eq!(counts, (0, 0));
}

/// A header from a client that announces `len` bytes in a first fragment.
fn announce(len: u64) -> [u8; 14] {
    let mut header = [0; 14];
    header[..2].copy_from_slice(&[0x02, 0xFF]);
    header[2..10].copy_from_slice(&len.to_be_bytes());
    header
}

#[test]
fn s10_4_an_oversized_frame_or_message_is_refused_on_its_header_with_1009() {
    let counts = allocated(|| {
        let limits = Limits::new();
        for (limits, len, limit) in [
            (limits, 1 << 62, Limit::FrameLen),
            (limits, (16 << 20) + 1, Limit::FrameLen),
            (limits.with_frame_len_max(u64::MAX), (16 << 20) + 1, Limit::MessageLen),
        ] {
            let config = Config::new().with_limits(limits);
            let mut connection = Connection::server(config);
            let mut buffer = ReadBuffer::with_filled(announce(len), 10).unwrap();
            let event = connection.next_event(&mut buffer.input());
            assert_eq!(event, Some(Event::Failed(Fault::Limit(limit))), "before the masking key");
            let mut out = [0; 131];
            let len = connection.poll_transmit(&mut out).unwrap();
            assert_eq!(out[..len], [0x88, 2, 0x03, 0xF1], "1009");
        }
    });
    assert_eq!(counts, (0, 0));
}

#[cfg(feature = "alloc")]
mod growing {
    use super::{Config, Connection, Event, ReadBuffer, allocated, announce};
    use ws_core::connection::Limits;
    use ws_core::message::MessageBuffer;

    #[test]
    fn what_is_announced_allocates_nothing_and_what_arrives_about_its_length() {
        for len in [15 << 20, 1 << 62] {
            let counts = allocated(|| {
                let limits = Limits::unlimited();
                let mut connection = Connection::server(Config::new().with_limits(limits));
                let mut buffer = ReadBuffer::with_filled(announce(len), 14).unwrap();
                assert_eq!(connection.next_event(&mut buffer.input()), None, "{len} bytes are awaited");
            });
            assert_eq!(counts, (0, 0));
        }
        let mut connection = Connection::server(Config::new());
        let mut buffer = ReadBuffer::new(vec![0; 1000]);
        let mut message = MessageBuffer::new();
        let counts = allocated(|| {
            buffer.spare()[..14].copy_from_slice(&announce(15 << 20));
            buffer.filled(14);
            for _ in 0..100 {
                let len = buffer.spare().len();
                buffer.filled(len);
                let mut input = buffer.input();
                while let Some(Event::Data(fragment)) = connection.next_event(&mut input) {
                    message.push(fragment, &mut connection).expect("there is memory");
                }
            }
        });
        assert!(message.capacity() < 250_000, "about 100,000 bytes have come: {}", message.capacity());
        assert!(counts.0 < 30 && counts.1 < 500_000, "{counts:?}");
    }

    #[test]
    fn a_million_fragments_of_one_byte_take_the_memory_of_one_message() {
        let limits = Limits::new().with_fragment_count_max(u32::MAX);
        let mut connection = Connection::server(Config::new().with_limits(limits));
        let mut message = MessageBuffer::new();
        let mut buffer = ReadBuffer::new(vec![0; 7 * 1000]);
        let counts = allocated(|| {
            for round in 0..1000 {
                for (frame, at) in buffer.spare().chunks_exact_mut(7).zip(0..) {
                    let first = if (round, at) == (0, 0) { 0x02 } else { 0x00 };
                    frame.copy_from_slice(&[first, 0x81, 0, 0, 0, 0, 7]);
                }
                buffer.filled(7000);
                let mut input = buffer.input();
                while let Some(Event::Data(fragment)) = connection.next_event(&mut input) {
                    message.push(fragment, &mut connection).expect("there is memory");
                }
            }
        });
        assert!(message.capacity() >= 1_000_000 && message.capacity() <= 2_500_000, "{}", message.capacity());
        assert!(counts.0 < 40 && counts.1 < 5_000_000, "{counts:?}");
    }

    #[test]
    fn an_allocation_is_not_made_longer_than_the_longest_message_in_advance() {
        let mut connection = Connection::server(Config::new());
        let mut message = MessageBuffer::new().with_len_max(100_000);
        let mut buffer = ReadBuffer::new(vec![0; 1000]);
        buffer.spare()[..14].copy_from_slice(&announce(100_000));
        buffer.filled(14);
        let (mut capacities, mut left) = (Vec::new(), 100_000);
        while left > 0 {
            let len = buffer.spare().len().min(left);
            buffer.filled(len);
            left -= len;
            let mut input = buffer.input();
            while let Some(Event::Data(fragment)) = connection.next_event(&mut input) {
                message.push(fragment, &mut connection).expect("there is memory");
            }
            capacities.push(message.capacity());
        }
        capacities.dedup();
        assert!(capacities.len() <= 9, "in few steps: {capacities:?}");
        assert_eq!(capacities.last(), Some(&100_000), "and exactly: {capacities:?}");
    }
}
