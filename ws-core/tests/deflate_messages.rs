//! Whole connections with permessage-deflate: any messages, any settings, any cutting, back and forth.
#![cfg(feature = "deflate")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use proptest::prelude::*;
use ws_core::connection::{
    Config, Connection, EncodedMessage, FrameStart, KeySource, Masking, SendHalf, Transport, Unmasked,
};
use ws_core::deflate::{CompressionLevel, ContextTakeover, DeflateSettings, Deflater, Flush};
use ws_core::error::{Fault, Limit, Misuse, SendError, Violation};
use ws_core::event::{Event, MessageType, Payload};
use ws_core::extension::{Agreed, DeflateParams, WindowBits};
use ws_core::frame::{CloseCode, ControlPayload, Fin, MaskKey};
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageBuffer};

#[derive(Clone, Copy, Debug)]
struct Keys;

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        Some(MaskKey::new([0x37, 0xFA, 0x21, 0x3D]))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
}

/// One end, which compresses by its own deflater and inflates into its own buffer.
struct End<K> {
    connection: Connection<K>,
    buffer: ReadBuffer<Vec<u8>>,
    message: MessageBuffer,
    deflater: Deflater,
    heard: Vec<Said>,
    fault: Option<Fault>,
}

impl<K: Masking> End<K> {
    fn new(connection: Connection<K>, agreed: Agreed, limit: u64) -> Self {
        Self {
            connection,
            buffer: ReadBuffer::new(vec![0; 256]),
            message: MessageBuffer::new().with_inflater(agreed.inflater(limit)),
            deflater: agreed.deflater(),
            heard: Vec::new(),
            fault: None,
        }
    }

    /// Compresses a message in fragments of at most `room` bytes.
    fn say_compressed(&mut self, message: &Said, room: usize, between: bool) -> Vec<u8> {
        let (mut wire, mut out) = (Vec::new(), vec![0; room]);
        let (message_type, mut rest) = match message {
            Said::Text(text) => (MessageType::Text, text.as_bytes()),
            Said::Binary(bytes) | Said::Ping(bytes) => (MessageType::Binary, bytes.as_slice()),
        };
        loop {
            let deflater = &mut self.deflater;
            let sent = self
                .connection
                .send_half()
                .send_deflated(message_type, rest, Fin::Final, deflater, &mut out)
                .unwrap();
            wire.extend_from_slice(&out[..sent.written]);
            rest = &rest[sent.taken..];
            if sent.is_complete {
                return wire;
            }
            if between {
                self.connection.ping(ControlPayload::new(b"between").unwrap());
                let mut out = [0; 200];
                let len = self.connection.poll_transmit(&mut out).unwrap();
                wire.extend_from_slice(&out[..len]);
            }
        }
    }

    fn say_plain(&mut self, message: &Said) -> Vec<u8> {
        let mut out = vec![0; 70_000];
        let len = match message {
            Said::Text(text) => self.connection.send(text, &mut out),
            Said::Binary(bytes) | Said::Ping(bytes) => self.connection.send(bytes, &mut out),
        };
        out.truncate(len.unwrap());
        out
    }

    fn hear(&mut self, mut wire: &[u8], lens: &mut dyn Iterator<Item = usize>) {
        while !wire.is_empty() {
            let spare = self.buffer.spare();
            let len = lens.next().unwrap_or(usize::MAX).clamp(1, spare.len()).min(wire.len());
            spare[..len].copy_from_slice(&wire[..len]);
            wire = &wire[len..];
            self.buffer.filled(len);
            let mut input = self.buffer.input();
            while let Some(event) = self.connection.next_event(&mut input) {
                match event {
                    Event::Data(fragment) => match self.message.push(fragment, &mut self.connection) {
                        Ok(Assembly::Complete) => self.heard.push(match self.message.message() {
                            Some(Payload::Text(text)) => Said::Text(text.to_owned()),
                            Some(Payload::Binary(bytes)) => Said::Binary(bytes.to_vec()),
                            other => panic!("not inflated: {other:?}"),
                        }),
                        Ok(Assembly::Incomplete) => {}
                        Err(fault) => self.fault = Some(fault),
                    },
                    Event::Ping => {
                        self.heard.push(Said::Ping(self.connection.control().as_bytes().to_vec()));
                    }
                    Event::Failed(fault) => self.fault = Some(fault),
                    Event::Pong => {}
                    Event::Close | _ => panic!("the peer does not close"),
                }
            }
        }
    }
}

fn pair(params: DeflateParams, limit: u64) -> (End<Keys>, End<Unmasked>) {
    let (client, server) = (Agreed::client(params), Agreed::server(params));
    let client_end = Connection::client(Keys, Config::new()).with_deflate(client);
    let server_end = Connection::server(Config::new()).with_deflate(server);
    (End::new(client_end, client, limit), End::new(server_end, server, limit))
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        3 => "[a-e]{0,300}".prop_map(Said::Text),
        1 => "[aé€𝄞]{0,100}".prop_map(Said::Text),
        2 => prop::collection::vec(0u8..4, 0..400).prop_map(Said::Binary),
        1 => prop::collection::vec(any::<u8>(), 0..400).prop_map(Said::Binary),
        1 => (any::<u8>(), 0usize..60_000).prop_map(|(byte, len)| Said::Binary(vec![byte; len])),
    ]
}

fn params() -> impl Strategy<Value = DeflateParams> {
    let bits = || prop::option::of((8u8..=15).prop_map(|bits| WindowBits::new(bits).unwrap()));
    (any::<bool>(), any::<bool>(), bits(), bits()).prop_map(
        |(server_takeover, client_takeover, server_bits, client_bits)| {
            let mut params = DeflateParams::new();
            if !server_takeover {
                params = params.with_server_no_context_takeover();
            }
            if !client_takeover {
                params = params.with_client_no_context_takeover();
            }
            if let Some(bits) = server_bits {
                params = params.with_server_max_window_bits(bits);
            }
            match client_bits {
                Some(bits) => params.with_client_max_window_bits(bits),
                None => params,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_messages_by_any_settings_in_any_cutting_arrive(
        params in params(),
        messages in prop::collection::vec((said(), any::<bool>(), prop::bool::weighted(0.8), 16usize..400, any::<bool>()), 1..10),
        lens in prop::collection::vec(1usize..300, 1..10),
    ) {
        let (mut client, mut server) = pair(params, 1 << 20);
        let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
        for (message, from_client, is_compressed, room, between) in &messages {
            let mut lens = lens.iter().copied().cycle();
            let (expected, wire) = if *from_client {
                let wire = if *is_compressed { client.say_compressed(message, *room, *between) } else { client.say_plain(message) };
                server.hear(&wire, &mut lens);
                (&mut to_server, wire)
            } else {
                let wire = if *is_compressed { server.say_compressed(message, *room, *between) } else { server.say_plain(message) };
                client.hear(&wire, &mut lens);
                (&mut to_client, wire)
            };
            prop_assert!(!wire.is_empty());
            expected.push(message.clone());
        }
        let messages = |heard: &[Said]| heard.iter().filter(|said| !matches!(said, Said::Ping(_))).cloned().collect::<Vec<_>>();
        prop_assert_eq!((server.fault, client.fault), (None, None));
        prop_assert_eq!(messages(&server.heard), to_server);
        prop_assert_eq!(messages(&client.heard), to_client);
    }
}

#[test]
fn the_second_of_two_equal_messages_is_shorter_by_takeover() {
    let hello = Said::Text("Hello, hello, is anybody there? Hello!".to_owned());
    let (mut client, mut server) = pair(DeflateParams::default(), 1000);
    let first = client.say_compressed(&hello, 1000, false);
    let second = client.say_compressed(&hello, 1000, false);
    assert!(second.len() < first.len() / 2, "{} and {}", first.len(), second.len());
    server.hear(&[first.as_slice(), &second].concat(), &mut core::iter::empty());
    assert_eq!(server.heard, [hello.clone(), hello]);
}

#[test]
fn the_inflated_length_is_judged_while_inflating() {
    for (len, fault) in [(1000, None), (1001, Some(Fault::Limit(Limit::MessageLen)))] {
        let (mut client, mut server) = pair(DeflateParams::default(), 1000);
        let zeros = Said::Binary(vec![0; len]);
        let wire = client.say_compressed(&zeros, 100, false);
        assert!(wire.len() < 40);
        server.hear(&wire, &mut core::iter::repeat(1));
        assert_eq!(server.fault, fault, "{len}");
        assert_eq!(server.heard.len(), usize::from(fault.is_none()));
        if fault.is_some() {
            let mut out = [0; 131];
            let len = server.connection.poll_transmit(&mut out).unwrap();
            assert_eq!(out[..len], [0x88, 2, 0x03, 0xF1], "1009");
            assert_eq!(server.connection.transport(), Transport::Linger { shutdown_write: true });
        }
    }
}

/// `payload` as a compressed text message from a client, in one frame.
fn raw(payload: &[u8]) -> Vec<u8> {
    let mut wire = vec![0xC1, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
    wire.extend_from_slice(payload);
    wire
}

#[test]
fn rfc_7692_s6_2_text_is_checked_once_it_is_inflated() {
    for (payload, fault) in [
        // Stored blocks: "é" whole, cut, and a byte that begins nothing.
        (b"\x00\x02\x00\xfd\xff\xc3\xa9\x00".as_slice(), None),
        (b"\x00\x01\x00\xfe\xff\xc3\x00", Some(Violation::InvalidUtf8)),
        (b"\x00\x02\x00\xfd\xff\xff\xa9\x00", Some(Violation::InvalidUtf8)),
        (b"\xff\xff", Some(Violation::InvalidDeflate)),
    ] {
        let (_, mut server) = pair(DeflateParams::default(), 1000);
        server.hear(&raw(payload), &mut core::iter::repeat(1));
        assert_eq!(server.fault, fault.map(Fault::Violation), "{payload:02x?}");
        if fault.is_some() {
            let mut out = [0; 131];
            let len = server.connection.poll_transmit(&mut out).unwrap();
            assert_eq!(out[..len], [0x88, 2, 0x03, 0xEF], "1007");
        }
    }
}

#[test]
fn invalid_text_is_refused_before_its_message_has_ended() {
    let (_, mut server) = pair(DeflateParams::default(), 1000);
    // A first fragment that inflates to FF already.
    server.hear(b"\x41\x86\0\0\0\0\x00\x01\x00\xfe\xff\xff", &mut core::iter::empty());
    assert_eq!(server.fault, Some(Fault::Violation(Violation::InvalidUtf8)));
}

#[test]
fn the_first_fault_in_a_compressed_text_is_the_fault_however_it_is_cut() {
    let stored = |len: u8| [0x00, len, 0x00, !len, 0xFF];
    let text = |bytes: &[u8]| [&stored(u8::try_from(bytes.len()).unwrap()), bytes].concat();
    for (payload, fault) in [
        // Behind a byte that begins nothing: no block, the end within a block, more than is allowed.
        ([text(b"a\xff"), vec![0xFF]].concat(), Fault::Violation(Violation::InvalidUtf8)),
        ([text(b"a\xff"), vec![0x00]].concat(), Fault::Violation(Violation::InvalidUtf8)),
        (text(b"a\xff--------"), Fault::Violation(Violation::InvalidUtf8)),
        // Before it.
        ([text(b"a"), vec![0xFF]].concat(), Fault::Violation(Violation::InvalidDeflate)),
        (text(b"--------\xff"), Fault::Limit(Limit::MessageLen)),
        // A character that is cut off by the limit is not wrong yet.
        (text("-------\u{e9}".as_bytes()), Fault::Limit(Limit::MessageLen)),
    ] {
        for len in [1, 2, 3, 5, 8, 100] {
            let (_, mut server) = pair(DeflateParams::default(), 8);
            server.hear(&raw(&payload), &mut core::iter::repeat(len));
            assert_eq!(server.fault, Some(fault), "{payload:02x?} in pieces of {len}");
        }
    }
}

#[test]
fn a_deflater_beyond_what_was_agreed_on_is_misuse() {
    let bits = WindowBits::new(10).unwrap();
    let params = DeflateParams::new().with_server_no_context_takeover().with_server_max_window_bits(bits);
    let agreed = Agreed::server(params);
    let mut sender = SendHalf::new(Unmasked).with_deflate(agreed);
    let fitting = DeflateSettings::from(agreed.outgoing()).with_level(CompressionLevel::BEST);
    let window = fitting.with_window_bits(WindowBits::MAX);
    let takeover = fitting.with_context_takeover(ContextTakeover::Allowed);
    let mut out = [0; 64];
    for (settings, expected) in [(fitting, true), (window, false), (takeover, false)] {
        let sent =
            sender.send_deflated(MessageType::Text, b"a", Fin::Final, &mut Deflater::new(settings), &mut out);
        assert_eq!(sent.is_ok(), expected, "{settings:?}");
        if let Err(error) = sent {
            assert_eq!(error, SendError::Misuse(Misuse::NotNegotiated));
        }
    }
    let plain = SendHalf::new(Unmasked).send_deflated(
        MessageType::Text,
        b"a",
        Fin::Final,
        &mut Deflater::new(fitting),
        &mut out,
    );
    assert_eq!(plain, Err(SendError::Misuse(Misuse::NotNegotiated)));
}

/// RFC 7692 §7.2.3.1, compressed without a context by whoever shares it among connections.
const SHARED: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
const SHARED_MESSAGE: Payload<'_> = Payload::Compressed { message_type: MessageType::Text, bytes: SHARED };

/// A way to send what is compressed already; returns how many bytes were written.
type Way = fn(&mut Connection<Unmasked>, &mut [u8]) -> usize;

fn by_frame(server: &mut Connection<Unmasked>, out: &mut [u8]) -> usize {
    let header = server
        .send_half()
        .begin_frame(FrameStart::new(MessageType::Text, Fin::Final, 7).with_compressed_payload())
        .unwrap();
    server.send_half().payload_written(7).unwrap();
    let sent = [header.as_bytes(), SHARED].concat();
    out[..sent.len()].copy_from_slice(&sent);
    sent.len()
}

#[test]
fn what_somebody_else_compressed_in_between_corrupts_nothing() {
    let hello = Said::Text("Hello, hello, hello, hello".to_owned());
    let ways: [Way; 3] = [
        |server, out| server.send(SHARED_MESSAGE, out).unwrap(),
        |server, out| server.send_part(SHARED_MESSAGE, Fin::Final, out).unwrap().written,
        by_frame,
    ];
    for send in ways {
        let (mut client, mut server) = pair(DeflateParams::default(), 1000);
        let mut wire = server.say_compressed(&hello, 1000, false);
        let mut out = [0; 64];
        let len = send(&mut server.connection, &mut out);
        wire.extend_from_slice(&out[..len]);
        wire.extend(server.say_compressed(&hello, 1000, false));
        client.hear(&wire, &mut core::iter::empty());
        assert_eq!(client.heard, [hello.clone(), Said::Text("Hello".to_owned()), hello.clone()]);
        assert_eq!(client.fault, None);
    }
}

#[test]
fn an_allocation_into_which_a_message_is_inflated_is_told_before_it_is_whole() {
    let (mut client, mut server) = pair(DeflateParams::default(), 10_000);
    let wire = server.say_compressed(&Said::Text("Hello".repeat(1000)), 1000, false);
    client.hear(&wire[..wire.len() - 1], &mut core::iter::empty());
    assert!(client.message.message().is_none());
    assert!(client.message.capacity() >= 5000, "{}", client.message.capacity());
}

#[test]
fn a_compression_that_could_not_be_sent_corrupts_nothing() {
    let hello = Said::Text("Hello, hello, hello, hello".to_owned());
    let (mut client, mut server) = pair(DeflateParams::default(), 1000);
    let mut wire = server.say_compressed(&hello, 1000, false);
    let too_small = server.connection.send_half().send_deflated(
        MessageType::Text,
        b"Hello, hello",
        Fin::Final,
        &mut server.deflater,
        &mut [0; 2],
    );
    assert_eq!(too_small, Err(SendError::BufferTooSmall { required: 3 }));
    wire.extend(server.say_compressed(&hello, 1000, false));
    client.hear(&wire, &mut core::iter::empty());
    assert_eq!(client.heard, [hello.clone(), hello]);
}

#[test]
fn a_message_compressed_once_for_many_corrupts_no_context() {
    let hello = Said::Text("Hello, hello, hello, hello".to_owned());
    let narrow = DeflateParams::new().with_server_max_window_bits(WindowBits::new(9).unwrap());
    let mut shared = Deflater::new(DeflateSettings::default());
    // Whatever the deflater was used for before.
    shared.deflate(b"Hello, hello", Flush::Message, &mut [0; 64]);
    shared.commit();
    let compressed = EncodedMessage::compressed("Hello, all", &mut shared).unwrap();
    let plain = EncodedMessage::new("Hello, all").unwrap();
    assert_eq!(compressed.as_bytes()[0], 0xC1);
    for (params, fits) in [(DeflateParams::default(), true), (narrow, false)] {
        let (mut client, mut server) = pair(params, 1000);
        let mut wire = server.say_compressed(&hello, 1000, false);
        for _ in 0..2 {
            let admitted = server.connection.send_half().send_encoded(&compressed);
            assert_eq!(admitted, if fits { Ok(()) } else { Err(SendError::Misuse(Misuse::NotNegotiated)) });
            wire.extend_from_slice(if fits { compressed.as_bytes() } else { plain.as_bytes() });
            wire.extend(server.say_compressed(&hello, 1000, false));
            assert_eq!(server.connection.send_half().send_encoded(&plain), Ok(()));
        }
        client.hear(&wire, &mut core::iter::empty());
        let all = Said::Text("Hello, all".to_owned());
        assert_eq!(client.heard, [hello.clone(), all.clone(), hello.clone(), all, hello.clone()]);
        assert_eq!(client.fault, None);
    }
}

#[test]
fn a_shared_message_waits_its_turn() {
    let message = EncodedMessage::new(&vec![7; 70_000]).unwrap();
    assert_eq!(message.as_bytes().len(), 70_010);
    let mut sender = SendHalf::new(Unmasked);
    sender.send_fragment(Payload::Text("a"), Fin::More, &mut [0; 9]).unwrap();
    assert_eq!(sender.send_encoded(&message), Err(SendError::Busy));
    sender.close(CloseCode::NORMAL.into());
    assert_eq!(sender.send_encoded(&message), Err(SendError::Closed));
}
