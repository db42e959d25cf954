//! Both sides of the opening handshake.

use ws_core::handshake::{
    ClientHandshake, ClientProgress, OriginPolicy, OutgoingRequest, OutgoingResponse, ServerHandshake,
    ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

/// A request is judged the same however it is cut, what is behind it is left, and every verdict can be answered.
pub fn handshake_server(bytes: &[u8]) {
    let run = |piece_len: usize| {
        let mut handshake = ServerHandshake::with_headers::<16>([0; 1024]);
        let mut progress = ServerProgress::NeedInput;
        let mut taken = 0;
        for piece in bytes.chunks(piece_len) {
            let mut buffer = ReadBuffer::with_filled(piece.to_vec(), piece.len()).unwrap();
            progress = handshake.receive(&mut buffer.input());
            taken += piece.len() - buffer.unread().len();
            if progress != ServerProgress::NeedInput {
                break;
            }
        }
        (progress, taken, handshake)
    };
    let (progress, taken, mut handshake) = run(bytes.len().max(1));
    for piece_len in [1, 7] {
        let (other, other_taken, _) = run(piece_len);
        assert_eq!((other, other_taken), (progress, taken), "in pieces of {piece_len}");
    }
    let mut out = [0; 512];
    match progress {
        ServerProgress::NeedInput => assert_eq!(taken, bytes.len()),
        ServerProgress::Request => {
            let request = handshake.request().expect("it is there");
            assert!(request.headers().count() >= 5, "five are required");
            let _all = (request.path(), request.subprotocols().count(), request.extensions().count());
            let len = handshake
                .accept(OriginPolicy::AnyOrigin, &OutgoingResponse::new(), &mut out)
                .expect("it is valid");
            assert!(out[..len].ends_with(b"\r\n\r\n"));
        }
        ServerProgress::NotWebSocket | ServerProgress::Failed(_) => {
            let len = handshake.reject_fault(&mut out).expect("there is room");
            assert!(out[..len].starts_with(b"HTTP/1.1 4") || out[..len].starts_with(b"HTTP/1.1 5"));
        }
    }
}

/// A response is judged the same however it is cut, and what is behind it is left.
pub fn handshake_client(bytes: &[u8]) {
    let request = OutgoingRequest::new(Uri::parse("ws://example.com/").expect("it is valid"))
        .with_subprotocols(&["chat", "superchat"])
        .with_extensions("permessage-deflate; client_max_window_bits");
    let run = |piece_len: usize| {
        // RFC 6455 §1.3: this nonce has the key "dGhlIHNhbXBsZSBub25jZQ==".
        let mut handshake = ClientHandshake::with_headers::<16>([0; 1024], *b"the sample nonce");
        let mut progress = ClientProgress::NeedInput;
        let mut taken = 0;
        for piece in bytes.chunks(piece_len) {
            let mut buffer = ReadBuffer::with_filled(piece.to_vec(), piece.len()).unwrap();
            progress = handshake.receive(&request, &mut buffer.input());
            taken += piece.len() - buffer.unread().len();
            if progress != ClientProgress::NeedInput {
                break;
            }
        }
        let headers = handshake.response().map(|response| response.headers().count());
        (progress, taken, headers)
    };
    let whole = run(bytes.len().max(1));
    for piece_len in [1, 7] {
        assert_eq!(run(piece_len), whole, "in pieces of {piece_len}");
    }
}

/// What our client asks for, our server grants, and our client takes: for each valid URI, Origin and list of
/// subprotocols. A line each.
pub fn handshake_round_trip(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let mut lines = text.split('\n');
    let Some(uri) = lines.next().and_then(|line| Uri::parse(line).ok()) else { return };
    let origin = lines.next().filter(|line| !line.is_empty());
    let subprotocols: Vec<&str> =
        lines.next().unwrap_or_default().split(',').filter(|name| !name.is_empty()).collect();
    let mut request = OutgoingRequest::new(uri).with_subprotocols(&subprotocols);
    if let Some(origin) = origin {
        request = request.with_origin(origin);
    }
    let client = ClientHandshake::with_headers::<16>([0; 0], *b"the sample nonce");
    let mut out = vec![0; text.len() * 2 + 512];
    let Ok(len) = client.write_request(&request, &mut out) else { return };

    let mut server = ServerHandshake::with_headers::<16>(vec![0; len]);
    let mut buffer = ReadBuffer::with_filled(out, len).expect("it is filled");
    assert_eq!(server.receive(&mut buffer.input()), ServerProgress::Request, "{request:?}");
    let received = server.request().expect("it is there");
    assert_eq!(received.target(), uri.resource_name().to_string());
    assert_eq!(received.host(), uri.host_header().to_string());
    assert_eq!(received.origin(), origin.map(str::as_bytes));
    assert!(received.subprotocols().eq(subprotocols.iter().copied()));
    let chosen = subprotocols.last().copied();
    let response =
        chosen.map_or(OutgoingResponse::new(), |chosen| OutgoingResponse::new().with_subprotocol(chosen));
    let mut out = vec![0; text.len() + 512];
    let len = server.accept(OriginPolicy::AnyOrigin, &response, &mut out).expect("it was offered");

    let mut client = ClientHandshake::with_headers::<16>(vec![0; len], *b"the sample nonce");
    let mut buffer = ReadBuffer::with_filled(out, len).expect("it is filled");
    assert_eq!(client.receive(&request, &mut buffer.input()), ClientProgress::Accepted);
    assert_eq!(client.response().and_then(|response| response.subprotocol()), chosen);
}
