//! Who compresses, by what the opening handshake agrees on, over TCP.
#![cfg(feature = "deflate")]

mod common;

use std::io::Write;

use common::deflate::json;
use common::tcp::{connected_by_hand, dial, read_head, request, response_by_hand, serve, serve_echo};
use common::{frame, frames};
use ws_std::ws_core::deflate::{CompressionLevel, MemLevel};
use ws_std::ws_core::error::{Fault, Violation};
use ws_std::ws_core::extension::{DeflateConfig, WindowBits};
use ws_std::ws_core::handshake::{HandshakeFault, HandshakeViolation};
use ws_std::{Client, CloseCode, Deflate, Error, Role, Server};

fn limited(bits: u8) -> Deflate {
    let bits = WindowBits::new(bits).unwrap_or_default();
    let config = DeflateConfig::new()
        .with_outgoing_max_window_bits(bits)
        .with_incoming_max_window_bits(bits)
        .with_outgoing_no_context_takeover()
        .with_incoming_no_context_takeover();
    Deflate::new().with_config(config)
}

#[test]
fn both_sides_compress_by_what_both_can_do() {
    let settings = [None, Some(Deflate::new()), Some(limited(8)), Some(limited(9)), Some(limited(12))];
    for ours in settings {
        for theirs in settings {
            let server = theirs.map_or(Server::new(), |deflate| Server::new().with_deflate(deflate));
            let client = ours.map_or(Client::new(), |deflate| Client::new().with_deflate(deflate));
            let (url, echo) = serve_echo(server);
            let mut socket = client.connect(&url).unwrap();
            for len in [10, 10_000, 10_000, 100_000] {
                socket.send(&json(len)).unwrap();
                let (message, _) = socket.read().unwrap().unwrap();
                assert_eq!(message.as_bytes(), json(len).as_bytes());
            }
            socket.close(CloseCode::NORMAL).unwrap();
            let (client, server) = (socket.deflate(), echo.join().unwrap().unwrap().deflate());
            let outgoing = client.map(|agreed| agreed.outgoing());
            assert_eq!(outgoing, server.map(|agreed| agreed.incoming()));
            assert_eq!(client.is_some(), ours.is_some() && theirs.is_some(), "{ours:?} {theirs:?}");
            let bits = |deflate: Deflate| {
                [Deflate::new(), limited(12), limited(9), limited(8)]
                    .iter()
                    .position(|other| *other == deflate)
            };
            if let (Some(outgoing), Some(ours), Some(theirs)) = (outgoing, ours, theirs) {
                let least = bits(ours).max(bits(theirs));
                let expected = [15, 12, 9, 8][least.unwrap()];
                assert_eq!(outgoing.max_window_bits().bits(), expected, "{ours:?} {theirs:?}");
            }
        }
    }
}

#[test]
fn rfc_7692_s5_a_server_compresses_for_who_has_offered_it_only() {
    let deflate = Deflate::new().with_threshold(0);
    let (url, echo) = serve_echo(Server::new().with_deflate(deflate));
    let mut stream = connected_by_hand(&url);
    // RFC 6455 §5.2: a reserved bit fails the connection where nothing defines it.
    stream.write_all(&frame(Role::Client, 0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00")).unwrap();
    let sent = frames(&common::tcp::read_to_end(&mut stream));
    assert_eq!(sent, [(0x88, b"\x03\xea".to_vec())]);
    drop(stream);
    let fault = Fault::Violation(Violation::ReservedBits);
    assert!(matches!(echo.join().unwrap(), Err(Error::Fault(found)) if found == fault));

    let (url, echo) = serve_echo(Server::new().with_deflate(deflate));
    let mut stream = dial(&url);
    let offer =
        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=7, permessage-deflate\r\n";
    stream.write_all(request("/", offer).as_bytes()).unwrap();
    let head = read_head(&mut stream);
    assert!(
        head.contains("Sec-WebSocket-Extensions: permessage-deflate\r\n"),
        "the second of the two: {head}"
    );
    stream.write_all(&frame(Role::Client, 0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00")).unwrap();
    stream.write_all(&frame(Role::Client, 0x88, b"\x03\xe8")).unwrap();
    let sent = frames(&common::tcp::read_to_end(&mut stream));
    assert_eq!(sent[0], (0xC1, b"\xf2\x48\xcd\xc9\xc9\x07\x00".to_vec()));
    drop(stream);
    assert!(echo.join().unwrap().is_ok());
}

#[test]
fn rfc_7692_s5_a_client_fails_on_an_answer_that_it_did_not_ask_for() {
    let unasked = |client: Client, answer: &'static str| {
        let (url, server) = serve(move |mut stream| {
            let response = response_by_hand(&mut stream, &format!("Sec-WebSocket-Extensions: {answer}\r\n"));
            stream.write_all(response.as_bytes()).unwrap();
        });
        let result = client.connect(&url).map(|socket| socket.deflate());
        server.join().unwrap();
        result
    };
    let deflate = Client::new().with_deflate(Deflate::new());
    assert!(unasked(deflate.clone(), "permessage-deflate; client_max_window_bits=10").unwrap().is_some());
    let invalid = unasked(deflate, "permessage-deflate; client_max_window_bits=7");
    let is_deflate = |fault| matches!(fault, HandshakeFault::Violation(HandshakeViolation::Deflate(_)));
    assert!(matches!(invalid, Err(Error::Handshake(fault)) if is_deflate(fault)));
    assert!(matches!(unasked(Client::new(), "permessage-deflate"), Err(Error::Handshake(_))));
}

#[test]
fn the_settings_are_those_that_were_given() {
    let (level, mem_level) = (CompressionLevel::FASTEST, MemLevel::MIN);
    let deflate = limited(10).with_level(level).with_mem_level(mem_level).with_threshold(7);
    assert_eq!((deflate.level(), deflate.mem_level(), deflate.threshold()), (level, mem_level, 7));
    assert_eq!(deflate.config(), limited(10).config());
    assert_eq!(Deflate::default(), Deflate::new());
}
