//! RFC 6455 §4.1: what a client asks with, and what it may not.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use ws_core::extension::{DeflateConfig, ExtensionError};
use ws_core::handshake::{
    ClientHandshake, ClientProgress, ConnectTarget, ExtendedConnect, HandshakeFault, HandshakeMisuse,
    HandshakeViolation, Header, OutgoingRequest, WriteError,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::{Scheme, Uri};

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
        .origin("http://example.com")
        .subprotocols(&["chat", "superchat"]);
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
    let request =
        request("ws://h/").extensions("permessage-deflate; client_max_window_bits").headers(&headers);
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
        (valid.origin(""), Origin),
        (valid.origin("https://a\r\nX: y"), Origin),
        (valid.origin("https://a b"), Origin),
        (valid.origin("https://\u{e9}"), Origin),
        (valid.subprotocols(&["a", ""]), Subprotocol),
        (valid.subprotocols(&["a,b"]), Subprotocol),
        (valid.subprotocols(&["a\r\n"]), Subprotocol),
        (valid.subprotocols(&["a b"]), Subprotocol),
        (valid.subprotocols(&["a", "b", "a"]), RepeatedSubprotocol),
        (valid.extensions(""), Extensions(ExtensionError::Empty)),
        (valid.extensions("a\r\nX: y"), Extensions(ExtensionError::Separator)),
        (valid.headers(&[Header { name: "a\0", value: b"" }]), HeaderName),
        (valid.headers(&[Header { name: "a", value: b"b\rc" }]), HeaderValue),
        (valid.headers(&[Header { name: "a", value: b"b\nc" }]), HeaderValue),
        (valid.headers(&[Header { name: "a", value: b"b\0c" }]), HeaderValue),
        (valid.headers(&[Header { name: "HOST", value: b"x" }]), ReservedHeader),
        (valid.headers(&[Header { name: "origin", value: b"x" }]), ReservedHeader),
        (valid.headers(&[Header { name: "Sec-WebSocket-Key", value: b"x" }]), ReservedHeader),
        (valid.headers(&[Header { name: "sec-websocket-", value: b"x" }]), ReservedHeader),
    ];
    for (request, misuse) in &lines {
        assert_eq!(written(request), Err(WriteError::Misuse(*misuse)), "{request:?}");
    }
}

#[test]
fn an_output_that_is_too_small_is_told_its_size() {
    let request = request("ws://h/").subprotocols(&["a", "b"]);
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
    for request in [request("ws://h/"), request("ws://h/").deflate(DeflateConfig::new())] {
        let mut client = ClientHandshake::new([0; 512], *b"the sample nonce");
        let mut buffer = ReadBuffer::with_filled(answer.to_vec(), answer.len()).unwrap();
        let fault = HandshakeFault::Violation(HandshakeViolation::ExtensionNotOffered);
        let progress = client.receive(&request, &mut buffer.input());
        assert_eq!(progress, ClientProgress::Failed(fault));
        assert_eq!(client.response().map(|response| response.status()), Some(101), "for logs");
    }
}

/// The request of RFC 8441 §5.1.
const CONNECT: ExtendedConnect<'static> = ExtendedConnect::new("CONNECT")
    .with_protocol(Some("websocket"))
    .with_scheme(Some("https"))
    .with_authority(Some("server.example.com"))
    .with_path(Some("/chat"));
const VERSION: Header<'static> = Header { name: "sec-websocket-version", value: b"13" };

fn connected<'a>(
    connect: &ExtendedConnect<'a>,
    headers: &[Header<'a>],
) -> Result<ConnectTarget<'a>, HandshakeFault> {
    connect.check(headers.iter().copied())
}

#[test]
fn rfc8441_s5_1_the_request_of_the_rfc() {
    let headers = [
        Header::new("sec-websocket-protocol", "chat, superchat"),
        Header::new("sec-websocket-extensions", "permessage-deflate"),
        VERSION,
        Header::new("origin", "http://www.example.com"),
    ];
    let target = connected(&CONNECT, &headers).unwrap();
    assert_eq!(target.authority().host(), "server.example.com");
    assert_eq!(target.resource_name().path(), "/chat");
    assert_eq!(target.origin(), Some(b"http://www.example.com".as_slice()));
}

#[test]
fn rfc8441_s5_the_scheme_is_https_or_http() {
    let version_and_host = [VERSION, Header::new("host", "server.example.com:80")];
    let plain = CONNECT.with_scheme(Some("http"));
    assert_eq!(connected(&plain, &version_and_host).unwrap().scheme(), Scheme::Ws);
    assert_eq!(connected(&CONNECT, &[VERSION]).unwrap().scheme(), Scheme::Wss);
    assert!(connected(&CONNECT, &version_and_host).is_err(), "port 80 is not that of https");
}

#[test]
fn rfc8441_s5_what_is_not_such_a_request_is_refused() {
    use HandshakeViolation as V;
    let without = ExtendedConnect::new("CONNECT");
    let lines: &[(ExtendedConnect<'_>, &[Header<'_>], V, u16)] = &[
        (ExtendedConnect::new("GET"), &[VERSION], V::Method, 405),
        (without, &[VERSION], V::ConnectProtocol, 501),
        (CONNECT.with_protocol(Some("connect-udp")), &[VERSION], V::ConnectProtocol, 501),
        (CONNECT.with_scheme(None), &[VERSION], V::ConnectScheme, 400),
        (CONNECT.with_scheme(Some("wss")), &[VERSION], V::ConnectScheme, 400),
        (CONNECT.with_authority(None), &[VERSION], V::HostMissing, 400),
        (CONNECT.with_authority(Some("a b")), &[VERSION], V::Host, 400),
        (CONNECT.with_path(None), &[VERSION], V::Target, 400),
        (CONNECT.with_path(Some("chat")), &[VERSION], V::Target, 400),
        (CONNECT.with_path(Some("/a#b")), &[VERSION], V::Target, 400),
        (CONNECT, &[], V::Version, 426),
        (CONNECT, &[VERSION, VERSION], V::RepeatedHeader, 400),
        (CONNECT, &[Header::new("sec-websocket-version", "8")], V::Version, 426),
        (CONNECT, &[VERSION, Header::new("connection", "Upgrade")], V::ConnectHeader, 400),
        (CONNECT, &[VERSION, Header::new("upgrade", "websocket")], V::ConnectHeader, 400),
        (CONNECT, &[VERSION, Header::new("Origin", "null")], V::ConnectHeader, 400),
        (CONNECT, &[VERSION, Header::new("host", "other.example.com")], V::Host, 400),
        (CONNECT, &[VERSION, Header::new("sec-websocket-protocol", "a b")], V::Subprotocols, 400),
        (
            CONNECT,
            &[VERSION, Header::new("sec-websocket-extensions", "")],
            V::Extensions(ExtensionError::Empty),
            400,
        ),
    ];
    for (connect, headers, violation, status) in lines {
        let fault = HandshakeFault::Violation(*violation);
        assert_eq!(connected(connect, headers), Err(fault), "{connect:?} {headers:?}");
        assert_eq!(fault.status(), *status);
    }
}
