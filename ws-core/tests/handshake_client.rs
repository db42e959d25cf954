//! RFC 6455 §4.1: what a client asks with, and what it may not.
#![cfg(feature = "handshake")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use ws_core::extension::{DeflateConfig, ExtensionError};
use ws_core::handshake::{
    ClientHandshake, ClientProgress, HandshakeFault, HandshakeMisuse, HandshakeViolation, Header,
    OutgoingRequest, WriteError,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::Uri;

fn written(request: &OutgoingRequest<'_>) -> Result<String, WriteError> {
    let client = ClientHandshake::new([0; 16], *b"the sample nonce");
    let mut out = [0; 1024];
    let len = client.write_request(request, &mut out)?;
    Ok(String::from_utf8(out[..len].to_vec()).unwrap())
}

fn request(uri: &str) -> OutgoingRequest<'_> {
    OutgoingRequest::new(Uri::parse(uri).unwrap())
}

#[test]
fn s1_3_the_request_is_that_of_the_rfc() {
    let request = request("ws://server.example.com/chat")
        .with_origin("http://example.com")
        .with_subprotocols(&["chat", "superchat"]);
    let expected = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://example.com\r\n\
        Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Version: 13\r\n\r\n";
    assert_eq!(written(&request), Ok(expected.into()));
}

#[test]
fn s4_1_target_and_host_come_from_the_uri() {
    for (uri, target, host) in [
        ("ws://example.com", "/", "example.com"),
        ("ws://example.com:80/a?b", "/a?b", "example.com"),
        ("wss://example.com:80?b", "/?b", "example.com:80"),
        ("wss://[::1]:443/%20", "/%20", "[::1]"),
    ] {
        let text = written(&request(uri)).unwrap();
        assert!(text.starts_with(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n")), "{text}");
    }
}

#[test]
fn s4_1_extensions_and_headers_follow() {
    let headers = [Header::new("Authorization", "Basic eDp5"), Header { name: "X", value: b"\xc3\xa9" }];
    let request = request("ws://h/")
        .with_extensions("permessage-deflate; client_max_window_bits")
        .with_headers(&headers);
    let expected = "Sec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
        Authorization: Basic eDp5\r\nX: \u{e9}\r\n\r\n";
    assert!(written(&request).unwrap().ends_with(expected));
}

#[test]
fn s4_1_what_must_not_be_in_a_request_is_refused() {
    use HandshakeMisuse::{
        Extensions, HeaderName, HeaderValue, Origin, RepeatedSubprotocol, ReservedHeader, Subprotocol,
    };
    let valid = request("ws://h/");
    let lines = [
        (valid.with_origin(""), Origin),
        (valid.with_origin("https://a\r\nX: y"), Origin),
        (valid.with_origin("https://a b"), Origin),
        (valid.with_origin("https://\u{e9}"), Origin),
        (valid.with_subprotocols(&["a", ""]), Subprotocol),
        (valid.with_subprotocols(&["a,b"]), Subprotocol),
        (valid.with_subprotocols(&["a\r\n"]), Subprotocol),
        (valid.with_subprotocols(&["a b"]), Subprotocol),
        (valid.with_subprotocols(&["a", "b", "a"]), RepeatedSubprotocol),
        (valid.with_extensions(""), Extensions(ExtensionError::Empty)),
        (valid.with_extensions("a\r\nX: y"), Extensions(ExtensionError::Separator)),
        (valid.with_headers(&[Header { name: "a\0", value: b"" }]), HeaderName),
        (valid.with_headers(&[Header { name: "a", value: b"b\rc" }]), HeaderValue),
        (valid.with_headers(&[Header { name: "a", value: b"b\nc" }]), HeaderValue),
        (valid.with_headers(&[Header { name: "a", value: b"b\0c" }]), HeaderValue),
        (valid.with_headers(&[Header { name: "HOST", value: b"x" }]), ReservedHeader),
        (valid.with_headers(&[Header { name: "origin", value: b"x" }]), ReservedHeader),
        (valid.with_headers(&[Header { name: "Sec-WebSocket-Key", value: b"x" }]), ReservedHeader),
        (valid.with_headers(&[Header { name: "sec-websocket-", value: b"x" }]), ReservedHeader),
    ];
    for (request, misuse) in &lines {
        assert_eq!(written(request), Err(WriteError::Misuse(*misuse)), "{request:?}");
    }
}

#[test]
fn an_output_that_is_too_small_is_told_its_size() {
    let request = request("ws://h/").with_subprotocols(&["a", "b"]);
    let required = written(&request).unwrap().len();
    let client = ClientHandshake::new([0; 16], [0; 16]);
    for len in 0..required {
        let result = client.write_request(&request, &mut vec![0; len]);
        assert_eq!(result, Err(WriteError::BufferTooSmall { required }));
    }
    assert_eq!(client.write_request(&request, &mut vec![0; required]), Ok(required));
}

#[test]
fn s4_1_an_extension_is_not_accepted_where_none_or_another_was_offered() {
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: foo\r\n\r\n";
    for request in [request("ws://h/"), request("ws://h/").with_deflate(DeflateConfig::new())] {
        let mut client = ClientHandshake::new([0; 512], *b"the sample nonce");
        let mut buffer = ReadBuffer::with_filled(answer.to_vec(), answer.len()).unwrap();
        let fault = HandshakeFault::Violation(HandshakeViolation::ExtensionNotOffered);
        let progress = client.receive(&request, &mut buffer.input());
        assert_eq!(progress, ClientProgress::Failed(fault));
        assert_eq!(client.response().map(|response| response.status()), Some(101), "for logs");
    }
}
