//! Both sides of the opening handshake.

use ws_core::handshake::{
    ClientHandshake, ClientProgress, ClientRequest, OriginPolicy, Response, ServerHandshake, ServerProgress,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

/// A request is judged the same however it is cut, what is behind it is left, and every verdict can be answered.
pub fn handshake_server(bytes: &[u8]) {
    let run = |piece_len: usize| {
        let mut handshake = ServerHandshake::<_, 16>::with_header_count_max([0; 1024]);
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
            let len =
                handshake.accept(OriginPolicy::AnyOrigin, &Response::new(), &mut out).expect("it is valid");
            assert!(out[..len].ends_with(b"\r\n\r\n"));
        }
        ServerProgress::NotWebSocket | ServerProgress::Failed(_) => {
            let len = handshake.refuse(&mut out).expect("there is room");
            assert!(out[..len].starts_with(b"HTTP/1.1 4") || out[..len].starts_with(b"HTTP/1.1 5"));
        }
    }
}

/// A response is judged the same however it is cut, and what is behind it is left.
pub fn handshake_client(bytes: &[u8]) {
    let request = ClientRequest::new(Uri::parse("ws://example.com/").expect("it is valid"))
        .subprotocols(&["chat", "superchat"])
        .extensions("permessage-deflate; client_max_window_bits");
    let run = |piece_len: usize| {
        // RFC 6455 §1.3: this nonce has the key "dGhlIHNhbXBsZSBub25jZQ==".
        let mut handshake = ClientHandshake::<_, 16>::with_header_count_max([0; 1024], *b"the sample nonce");
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
