//! The cutting of the bytes never changes the outcome of a handshake, whatever the bytes are.
#![cfg(feature = "handshake")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use proptest::prelude::*;
use ws_core::extension::Extension;
use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest, ServerHandshake, ServerProgress};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: foo; x=\"1\"\r\n\r\n\x01\x02\x03";
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: a\r\n\r\n\x01\x02\x03";

/// What means something in a head.
const PIECES: &[&str] = &[
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    ",",
    "\"",
    "\\",
    "\0",
    "#",
    "HTTP/1.1",
    "GET ",
    "Host: a\r\n",
    "Sec-WebSocket-Extensions: b; c=",
    "Content-Length: 1\r\n",
];

#[derive(Clone, Debug)]
struct Change {
    at: prop::sample::Index,
    removed_len: usize,
    inserted: Vec<u8>,
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let inserted = prop_oneof![
        prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    let change = (any::<prop::sample::Index>(), 0..8_usize, inserted)
        .prop_map(|(at, removed_len, inserted)| Change { at, removed_len, inserted });
    prop::collection::vec(change, 0..4)
}

/// With what came behind the head, or without.
fn changed(head: &str, changes: &[Change], has_rest: bool) -> Vec<u8> {
    let mut bytes = head.as_bytes().to_vec();
    if !has_rest {
        bytes.truncate(bytes.len().saturating_sub(3));
    }
    for change in changes {
        let start = change.at.index(bytes.len().max(1)).min(bytes.len());
        let end = start.saturating_add(change.removed_len).min(bytes.len());
        bytes.splice(start..end, change.inserted.iter().copied());
    }
    bytes
}

/// Gives the bytes in pieces of these lengths, over and over; then what was made of them, and what is left.
fn fed<P>(
    bytes: &[u8],
    lens: &[usize],
    mut receive: impl FnMut(&mut ReadBuffer<Vec<u8>>) -> P,
) -> (P, Vec<u8>) {
    let mut buffer = ReadBuffer::new(vec![0; bytes.len().max(1)]);
    let mut progress = receive(&mut buffer);
    let mut rest = bytes;
    for len in lens.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, others) = rest.split_at(rest.len().min(*len));
        buffer.spare().get_mut(..piece.len()).unwrap().copy_from_slice(piece);
        buffer.filled(piece.len());
        progress = receive(&mut buffer);
        rest = others;
    }
    (progress, buffer.unread().to_vec())
}

fn serve(bytes: &[u8], lens: &[usize]) -> (ServerProgress, Vec<u8>, String) {
    let mut server = ServerHandshake::new([0; 512]);
    let (progress, left) = fed(bytes, lens, |buffer| server.receive(&mut buffer.input()));
    let seen = server.request().map(|request| {
        let subprotocols: Vec<_> = request.subprotocols().collect();
        let extensions: Vec<_> = request.extensions().map(|extension| show(&extension)).collect();
        let headers: Vec<_> = request.headers().map(|header| (header.name, header.value)).collect();
        format!("{} {} {subprotocols:?} {extensions:?} {headers:?}", request.target(), request.host())
    });
    (progress, left, seen.unwrap_or_default())
}

fn show(extension: &Extension<'_>) -> String {
    let params = extension.params().map(|param| match param.value() {
        Some(value) => format!(";{}={value}", param.name()),
        None => format!(";{}", param.name()),
    });
    extension.name().to_owned() + &params.collect::<String>()
}

fn ask(bytes: &[u8], lens: &[usize]) -> (ClientProgress, Vec<u8>, String) {
    let request =
        OutgoingRequest::new(Uri::parse("ws://example.com").unwrap()).with_subprotocols(&["a", "b"]);
    let mut client = ClientHandshake::new([0; 512], *b"the sample nonce");
    let (progress, left) = fed(bytes, lens, |buffer| client.receive(&request, &mut buffer.input()));
    let seen = client.response().map(|response| {
        let headers: Vec<_> = response.headers().map(|header| (header.name, header.value)).collect();
        format!("{} {:?} {:?} {headers:?}", response.status(), response.reason(), response.subprotocol())
    });
    (progress, left, seen.unwrap_or_default())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_is_the_same_however_it_is_cut(
        start in prop::sample::select(&["", "", "\r", "\n", "\r\n", "\r\r\n", "\r\n\n", "\r\n\r\n"][..]),
        changes in changes(),
        has_rest: bool,
        lens in prop::collection::vec(1..100_usize, 1..8),
    ) {
        let bytes = [start.as_bytes(), &changed(REQUEST, &changes, has_rest)].concat();
        prop_assert_eq!(serve(&bytes, &lens), serve(&bytes, &[usize::MAX]));
    }

    #[test]
    fn a_response_is_the_same_however_it_is_cut(
        changes in changes(),
        has_rest: bool,
        lens in prop::collection::vec(1..100_usize, 1..8),
    ) {
        let bytes = changed(RESPONSE, &changes, has_rest);
        prop_assert_eq!(ask(&bytes, &lens), ask(&bytes, &[usize::MAX]));
    }

    #[test]
    fn each_header_is_seen_that_the_parser_has_seen(changes in changes(), has_rest: bool) {
        let bytes = changed(REQUEST, &changes, has_rest);
        let mut server = ServerHandshake::new([0; 512]);
        let _ = server.receive(&mut ReadBuffer::with_filled(bytes.clone(), bytes.len()).unwrap().input());
        if let Some(request) = server.request() {
            let mut slots = [httparse::EMPTY_HEADER; 128];
            let mut parsed = httparse::Request::new(&mut slots);
            let _ = parsed.parse(&bytes).unwrap();
            let ours: Vec<_> = request.headers().map(|header| (header.name, header.value)).collect();
            let theirs: Vec<_> = parsed.headers.iter().map(|header| (header.name, header.value)).collect();
            prop_assert_eq!(ours, theirs);
        }
    }
}
