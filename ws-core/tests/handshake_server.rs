//! RFC 6455 §4.2: what a server answers with, and what it may not.
#![cfg(feature = "handshake")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use ws_core::extension::ExtensionError;
use ws_core::handshake::{
    AcceptError, HandshakeFault, HandshakeLimit, HandshakeMisuse, HandshakeViolation, Header, OriginPolicy,
    OutgoingResponse, REJECT_FAULT_LEN_MAX, ServerHandshake, ServerProgress, WriteError,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::{Authority, Scheme};

type Server = ServerHandshake<[u8; 1024]>;

/// The answer of RFC 6455 §1.3 to its key.
const ACCEPTED: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

fn received(head: &str) -> (Server, ServerProgress) {
    let mut server = ServerHandshake::new([0; 1024]);
    let mut buffer = ReadBuffer::with_filled(head.as_bytes().to_vec(), head.len()).unwrap();
    let progress = server.receive(&mut buffer.input());
    (server, progress)
}

/// A server with a valid request that has these headers, too.
fn asked(headers: &str) -> Server {
    let (server, progress) = received(&format!(
        "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
    ));
    assert_eq!(progress, ServerProgress::Request, "{headers}");
    server
}

fn accept(server: &mut Server, response: &OutgoingResponse<'_>) -> Result<String, AcceptError> {
    let mut out = [0; 512];
    let len = server.accept(OriginPolicy::SameHost, response, &mut out)?;
    Ok(String::from_utf8(out[..len].to_vec()).unwrap())
}

fn respond(
    server: &mut Server,
    status: u16,
    headers: &[Header<'_>],
    body: &[u8],
) -> Result<String, WriteError> {
    let mut out = [0; 512];
    let len = server.respond(status, headers, body, &mut out)?;
    Ok(String::from_utf8(out[..len].to_vec()).unwrap())
}

#[test]
fn s1_3_the_key_is_answered_in_the_case_that_the_rfc_writes() {
    assert_eq!(accept(&mut asked(""), &OutgoingResponse::new()), Ok(format!("{ACCEPTED}\r\n")));
}

#[test]
fn s4_2_1_a_key_has_each_character_of_base64_at_each_place_and_no_other() {
    for place in 0..22 {
        for character in (b'!'..=b'~').map(char::from) {
            let mut key = "dGhlIHNhbXBsZSBub25jZQ==".to_owned();
            key.replace_range(place..=place, character.encode_utf8(&mut [0; 4]));
            let (_, progress) = received(&format!(
                "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ));
            let expected = if character.is_ascii_alphanumeric() || matches!(character, '+' | '/') {
                ServerProgress::Request
            } else {
                ServerProgress::Failed(HandshakeViolation::Key.into())
            };
            assert_eq!(progress, expected, "{key}");
        }
    }
}

#[test]
fn s4_2_2_subprotocol_extensions_and_headers_follow() {
    let mut server = asked("Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: foo; x=1, bar\r\n");
    let headers = [Header::new("Set-Cookie", "a=b"), Header { name: "X", value: b"caf\xc3\xa9\t" }];
    let response = OutgoingResponse::new()
        .with_subprotocol("b")
        .with_extensions("bar; y=\"2\", foo")
        .with_headers(&headers);
    let expected = format!(
        "{ACCEPTED}Sec-WebSocket-Protocol: b\r\nSec-WebSocket-Extensions: bar; y=\"2\", foo\r\n\
         Set-Cookie: a=b\r\nX: caf\u{e9}\t\r\n\r\n"
    );
    assert_eq!(accept(&mut server, &response), Ok(expected));
}

#[test]
fn s4_2_2_only_what_was_offered_is_chosen() {
    use HandshakeMisuse::{
        ExtensionNotOffered, Extensions, HeaderName, HeaderValue, ReservedHeader, Subprotocol,
        SubprotocolNotOffered,
    };
    let lines = [
        (OutgoingResponse::new().with_subprotocol("c"), SubprotocolNotOffered),
        (OutgoingResponse::new().with_subprotocol("A"), SubprotocolNotOffered),
        (OutgoingResponse::new().with_subprotocol(""), Subprotocol),
        (OutgoingResponse::new().with_subprotocol("a\r\nX: y"), Subprotocol),
        (OutgoingResponse::new().with_extensions("baz"), ExtensionNotOffered),
        (OutgoingResponse::new().with_extensions("foo, baz"), ExtensionNotOffered),
        (OutgoingResponse::new().with_extensions(""), Extensions(ExtensionError::Empty)),
        (OutgoingResponse::new().with_extensions("foo\r\n"), Extensions(ExtensionError::Separator)),
        (OutgoingResponse::new().with_headers(&[Header { name: "", value: b"" }]), HeaderName),
        (OutgoingResponse::new().with_headers(&[Header { name: "a b", value: b"" }]), HeaderName),
        (OutgoingResponse::new().with_headers(&[Header { name: "a:", value: b"" }]), HeaderName),
        (OutgoingResponse::new().with_headers(&[Header { name: "a\r\nb", value: b"" }]), HeaderName),
        (OutgoingResponse::new().with_headers(&[Header { name: "a", value: b"b\r\nc: d" }]), HeaderValue),
        (OutgoingResponse::new().with_headers(&[Header { name: "a", value: b"b\n" }]), HeaderValue),
        (OutgoingResponse::new().with_headers(&[Header { name: "a", value: b"\0" }]), HeaderValue),
        (OutgoingResponse::new().with_headers(&[Header { name: "a", value: b"\x7f" }]), HeaderValue),
        (OutgoingResponse::new().with_headers(&[Header { name: "upgrade", value: b"x" }]), ReservedHeader),
        (OutgoingResponse::new().with_headers(&[Header { name: "CONNECTION", value: b"x" }]), ReservedHeader),
        (
            OutgoingResponse::new().with_headers(&[Header { name: "Content-Length", value: b"0" }]),
            ReservedHeader,
        ),
        (
            OutgoingResponse::new().with_headers(&[Header { name: "Transfer-Encoding", value: b"x" }]),
            ReservedHeader,
        ),
        (
            OutgoingResponse::new().with_headers(&[Header { name: "sec-websocket-accept", value: b"x" }]),
            ReservedHeader,
        ),
        (
            OutgoingResponse::new().with_headers(&[Header { name: "Sec-WebSocket-Future", value: b"x" }]),
            ReservedHeader,
        ),
    ];
    let mut server = asked("Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Extensions: foo\r\n");
    for (response, misuse) in &lines {
        assert_eq!(accept(&mut server, response), Err(AcceptError::Misuse(*misuse)), "{response:?}");
        assert!(!misuse.to_string().is_empty());
    }
    assert!(accept(&mut server, &OutgoingResponse::new()).is_ok(), "a misuse leaves the request as it was");
}

#[test]
fn lists_that_a_failed_request_breaks_end_for_good() {
    let head =
        b"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Protocol: a, \xff, b\r\nSec-WebSocket-Protocol: c\r\n\
        Sec-WebSocket-Extensions: a, b c, d\r\nSec-WebSocket-Extensions: e\r\n\r\n";
    let mut server: Server = ServerHandshake::new([0; 1024]);
    let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).unwrap();
    let fault = HandshakeFault::Violation(HandshakeViolation::Subprotocols);
    assert_eq!(server.receive(&mut buffer.input()), ServerProgress::Failed(fault));
    let request = server.request().unwrap();
    let mut subprotocols = request.subprotocols();
    assert_eq!([(); 4].map(|()| subprotocols.next()), [Some("a"), None, None, None]);
    let mut extensions = request.extensions();
    let names = [(); 4].map(|()| extensions.next().map(|extension| extension.name().to_owned()));
    assert_eq!(names, [Some("a".to_owned()), None, None, None]);
}

/// Whether a request is accepted that has this Host and Origin, and a target of this scheme.
fn is_accepted(policy: OriginPolicy<'_>, host: &str, scheme: Option<Scheme>, origin: &str) -> bool {
    let target = match scheme {
        Some(Scheme::Ws) => format!("http://{host}/"),
        Some(Scheme::Wss) => format!("https://{host}/"),
        None => "/".to_owned(),
    };
    let (mut server, _) = received(&format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: {origin}\r\n\r\n"
    ));
    let accepted = server.accept(policy, &OutgoingResponse::new(), &mut [0; 512]);
    let refused = Err(AcceptError::Failed(HandshakeFault::Limit(HandshakeLimit::Origin)));
    assert!(accepted.is_ok() || accepted == refused, "{accepted:?}");
    accepted.is_ok()
}

#[test]
fn s10_2_each_policy_allows_what_it_says() {
    let ws = Some(Scheme::Ws);
    // Policy, Host, scheme of the target, Origin; whether it is allowed.
    let table: &[(OriginPolicy<'_>, &str, Option<Scheme>, &str, bool)] = &[
        (OriginPolicy::SameHost, "example.com", None, "http://example.com", true),
        (OriginPolicy::SameHost, "example.com", None, "https://example.com", true),
        (OriginPolicy::SameHost, "example.com", None, "HTTPS://EXAMPLE.com", true),
        (OriginPolicy::SameHost, "example.com", None, "https://example.com:443", true),
        (OriginPolicy::SameHost, "example.com:443", None, "https://example.com", true),
        (OriginPolicy::SameHost, "example.com:8080", None, "http://example.com:8080", true),
        (OriginPolicy::SameHost, "[::1]:9001", None, "http://[::1]:9001", true),
        (OriginPolicy::SameHost, "127.0.0.1:9001", None, "http://127.0.0.1:9002", false),
        (OriginPolicy::SameHost, "127.0.0.1", None, "http://192.168.0.1", false),
        (OriginPolicy::SameHost, "example.com:8080", None, "http://example.com", false),
        (OriginPolicy::SameHost, "example.com", None, "http://example.com:8080", false),
        (OriginPolicy::SameHost, "example.com", None, "https://example.com:80", false),
        (OriginPolicy::SameHost, "example.com", None, "https://www.example.com", false),
        (OriginPolicy::SameHost, "example.com", None, "https://example.com.evil.test", false),
        (OriginPolicy::SameHost, "example.com", None, "https://evil.test/example.com", false),
        (OriginPolicy::SameHost, "example.com", None, "https://example.com/", false),
        (OriginPolicy::SameHost, "example.com", None, "https://user@example.com", false),
        (OriginPolicy::SameHost, "example.com", None, "https://example.com https://evil.test", false),
        (OriginPolicy::SameHost, "example.com", None, "example.com", false),
        (OriginPolicy::SameHost, "example.com", None, "ftp://example.com", false),
        (OriginPolicy::SameHost, "example.com", None, "null", false),
        (OriginPolicy::SameHost, "example.com", None, "", false),
        (OriginPolicy::SameHost, "example.com", None, "http://", false),
        (OriginPolicy::SameHost, "example.com", ws, "http://example.com", true),
        (OriginPolicy::SameHost, "example.com", ws, "https://example.com", false),
        (OriginPolicy::SameOrigin(Scheme::Ws), "example.com", None, "http://example.com", true),
        (OriginPolicy::SameOrigin(Scheme::Ws), "example.com", None, "https://example.com", false),
        (OriginPolicy::SameOrigin(Scheme::Wss), "example.com", None, "https://example.com", true),
        (OriginPolicy::SameOrigin(Scheme::Wss), "example.com", ws, "http://example.com", false),
        (OriginPolicy::AnyOf(&["https://a.test"]), "example.com", None, "https://A.test", true),
        (OriginPolicy::AnyOf(&["https://a.test"]), "example.com", None, "http://a.test", false),
        (OriginPolicy::AnyOf(&["https://a.test"]), "example.com", None, "https://a.test.evil.test", false),
        (OriginPolicy::AnyOf(&["https://a.test"]), "example.com", None, "https://example.com", false),
        (OriginPolicy::AnyOf(&["x", "null"]), "example.com", None, "null", true),
        (OriginPolicy::AnyOf(&[]), "example.com", None, "https://example.com", false),
        (OriginPolicy::AnyOrigin, "example.com", None, "anything at all", true),
    ];
    for (policy, host, scheme, origin, is_allowed) in table {
        let authority = Authority::parse(host).unwrap();
        let allows = policy.allows(Some(origin.as_bytes()), &authority, *scheme);
        assert_eq!(allows, *is_allowed, "{policy:?} {host} {scheme:?} {origin}");
        assert!(policy.allows(None, &authority, *scheme), "{policy:?}: who has no Origin is no browser");
        assert_eq!(is_accepted(*policy, host, *scheme, origin), *is_allowed, "{policy:?} {host} {origin}");
    }
    let host = Authority::parse("example.com").unwrap();
    assert!(!OriginPolicy::SameHost.allows(Some(b"https://\xff"), &host, None));
}

#[test]
fn s10_2_a_bad_origin_is_refused_with_403_whatever_is_tried_then() {
    let mut server = asked("Origin: https://evil.test\r\n");
    let refused = Err(AcceptError::Failed(HandshakeFault::Limit(HandshakeLimit::Origin)));
    assert_eq!(accept(&mut server, &OutgoingResponse::new()), refused);
    let mut out = [0; 512];
    assert_eq!(
        server.accept(OriginPolicy::AnyOrigin, &OutgoingResponse::new(), &mut out),
        Err(AcceptError::Failed(HandshakeFault::Limit(HandshakeLimit::Origin)))
    );
    assert_eq!(server.request().unwrap().origin(), Some(b"https://evil.test".as_slice()), "for logs");
    let len = server.reject_fault(&mut out).unwrap();
    let expected = "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain\r\n\
        Content-Length: 26\r\n\r\nthe Origin is not allowed\n";
    assert_eq!(core::str::from_utf8(&out[..len]), Ok(expected));
}

#[test]
fn a_page_is_served_to_whoever_does_not_ask_for_a_websocket() {
    let get = "GET /style.css?v=1 HTTP/1.1\r\nHost: example.com\r\n\r\n";
    let (mut server, progress) = received(get);
    assert_eq!(progress, ServerProgress::NotWebSocket);
    assert_eq!(server.request().unwrap().target(), "/style.css?v=1");
    assert_eq!(
        accept(&mut server, &OutgoingResponse::new()),
        Err(AcceptError::Misuse(HandshakeMisuse::NotWebSocket))
    );
    let page = respond(&mut server, 200, &[Header::new("Content-Type", "text/css")], b"* {}");
    let expected =
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/css\r\nContent-Length: 4\r\n\r\n* {}";
    assert_eq!(page, Ok(expected.into()));

    let (mut server, _) = received(get);
    let mut out = [0; 128];
    let len = server.respond_head(200, &[], 1 << 20, &mut out).unwrap();
    assert_eq!(&out[..len], b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1048576\r\n\r\n");
}

#[test]
fn rfc_9110_s9_3_2_head_is_answered_with_the_length_alone() {
    let head = "HEAD /style.css HTTP/1.0\r\n\r\n";
    let (mut server, progress) = received(head);
    assert_eq!(progress, ServerProgress::NotWebSocket);
    let request = server.request().unwrap();
    assert_eq!((request.method(), request.minor_version(), request.host()), ("HEAD", 0, ""));
    let expected = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\n";
    assert_eq!(respond(&mut server, 200, &[], b"* {}"), Ok(expected.into()));

    let (mut server, _) = received(head);
    let without_length = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    assert_eq!(respond(&mut server, 204, &[], b""), Ok(without_length.into()));
    let (mut server, _) = received(head);
    let refused = Err(WriteError::Misuse(HandshakeMisuse::Body));
    assert_eq!(respond(&mut server, 304, &[], b"x"), refused, "as to GET");
}

#[test]
fn s4_2_1_who_sends_a_key_or_a_version_does_not_ask_for_a_page() {
    for header in ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"] {
        let (_, progress) = received(&format!("GET / HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n"));
        assert_eq!(progress, ServerProgress::Failed(HandshakeViolation::Upgrade.into()), "{header}");
    }
}

#[test]
fn rfc_9112_s2_2_two_bare_line_feeds_are_refused_at_any_places_and_distance() {
    for start_len in 0..32 {
        for distance in 4..40 {
            let value = "x".repeat(distance - 4);
            let head = format!(
                "GET / HTTP/1.1\r\nHost: a\r\nX: {}\nY: {value}\nZ: a long line behind them\r\n\r\n",
                "x".repeat(start_len)
            );
            let (_, progress) = received(&head);
            let refused = ServerProgress::Failed(HandshakeViolation::LineEnding.into());
            assert_eq!(progress, refused, "{start_len} {distance}");
        }
    }
}

#[test]
fn s4_4_another_version_is_refused_with_426_and_its_words() {
    let (mut server, progress) = received(
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n\r\n",
    );
    assert_eq!(progress, ServerProgress::Failed(HandshakeViolation::Version.into()));
    let mut out = [0; REJECT_FAULT_LEN_MAX];
    let len = server.reject_fault(&mut out).unwrap();
    assert!(out[..len].starts_with(b"HTTP/1.1 426 Upgrade Required\r\n"));
}

#[test]
fn rfc_9112_s3_2_2_an_absolute_target_names_the_scheme() {
    for (target, scheme) in
        [("/", None), ("http://example.com/", Some(Scheme::Ws)), ("https://example.com/", Some(Scheme::Wss))]
    {
        let (server, progress) = received(&format!("GET {target} HTTP/1.1\r\nHost: example.com\r\n\r\n"));
        assert_eq!(progress, ServerProgress::NotWebSocket, "{target}");
        assert_eq!(server.request().unwrap().scheme(), scheme, "{target}");
    }
}

#[test]
fn s4_2_2_a_request_is_rejected_with_any_status_that_rejects() {
    let location = [Header::new("Location", "https://example.com/login")];
    let rejected = respond(&mut asked(""), 302, &location, b"");
    let expected = "HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: https://example.com/login\r\n\
        Content-Length: 0\r\n\r\n";
    assert_eq!(rejected, Ok(expected.into()));
    let without_length = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    assert_eq!(respond(&mut asked(""), 204, &[], b""), Ok(without_length.into()));
    let without_words = "HTTP/1.1 418 \r\nConnection: close\r\nContent-Length: 1\r\n\r\n.";
    assert_eq!(respond(&mut asked(""), 418, &[], b"."), Ok(without_words.into()));

    let mut server = asked("");
    for status in [0, 100, 101, 199, 600, 1000, u16::MAX] {
        let refused = Err(WriteError::Misuse(HandshakeMisuse::Status));
        assert_eq!(respond(&mut server, status, &[], b""), refused, "{status}");
    }
    for status in [204, 205, 304] {
        let refused = Err(WriteError::Misuse(HandshakeMisuse::Body));
        assert_eq!(respond(&mut server, status, &[], b"x"), refused, "{status}");
    }
    let connection = [Header::new("Connection", "keep-alive")];
    let refused = Err(WriteError::Misuse(HandshakeMisuse::ReservedHeader));
    assert_eq!(respond(&mut server, 403, &connection, b""), refused);
    let split = [Header::new("X", "a\r\n\r\nHTTP/1.1 200 OK")];
    assert_eq!(respond(&mut server, 403, &split, b""), Err(WriteError::Misuse(HandshakeMisuse::HeaderValue)));
    assert!(accept(&mut server, &OutgoingResponse::new()).is_ok(), "a misuse leaves the request as it was");
}

#[test]
fn each_usual_status_has_its_words() {
    for (status, words) in [
        (200, "OK"),
        (204, "No Content"),
        (301, "Moved Permanently"),
        (302, "Found"),
        (303, "See Other"),
        (304, "Not Modified"),
        (307, "Temporary Redirect"),
        (308, "Permanent Redirect"),
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (403, "Forbidden"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (408, "Request Timeout"),
        (410, "Gone"),
        (414, "URI Too Long"),
        (429, "Too Many Requests"),
        (431, "Request Header Fields Too Large"),
        (500, "Internal Server Error"),
        (501, "Not Implemented"),
        (502, "Bad Gateway"),
        (503, "Service Unavailable"),
        (505, "HTTP Version Not Supported"),
        (599, ""),
    ] {
        let rejected = respond(&mut asked(""), status, &[], b"").unwrap();
        assert!(rejected.starts_with(&format!("HTTP/1.1 {status} {words}\r\n")), "{rejected}");
    }
}

#[test]
fn a_request_is_answered_once_and_only_when_it_is_there() {
    let mut server = asked("");
    assert!(accept(&mut server, &OutgoingResponse::new()).is_ok());
    assert_eq!(
        accept(&mut server, &OutgoingResponse::new()),
        Err(AcceptError::Misuse(HandshakeMisuse::AlreadyAnswered))
    );
    assert_eq!(
        respond(&mut server, 403, &[], b""),
        Err(WriteError::Misuse(HandshakeMisuse::AlreadyAnswered))
    );
    let mut server = asked("");
    let mut out = [0; 512];
    assert_eq!(server.reject_fault(&mut out), Err(WriteError::Misuse(HandshakeMisuse::NoFault)));
    assert!(respond(&mut server, 404, &[], b"").is_ok());
    assert_eq!(
        accept(&mut server, &OutgoingResponse::new()),
        Err(AcceptError::Misuse(HandshakeMisuse::AlreadyAnswered))
    );

    let (mut server, progress) = received("GET / HT");
    assert_eq!(progress, ServerProgress::NeedInput);
    assert!(server.request().is_none());
    assert_eq!(
        accept(&mut server, &OutgoingResponse::new()),
        Err(AcceptError::Misuse(HandshakeMisuse::NoRequest))
    );
    assert_eq!(respond(&mut server, 403, &[], b""), Err(WriteError::Misuse(HandshakeMisuse::NoRequest)));
    assert_eq!(server.reject_fault(&mut out), Err(WriteError::Misuse(HandshakeMisuse::NoRequest)));

    let (mut server, progress) = received("CONNECT a:80 HTTP/1.1\r\n\r\n");
    let fault = HandshakeFault::Violation(HandshakeViolation::Method);
    assert_eq!(progress, ServerProgress::Failed(fault));
    assert_eq!(accept(&mut server, &OutgoingResponse::new()), Err(AcceptError::Failed(fault)));
    let own_words = respond(&mut server, 405, &[Header::new("Allow", "GET")], b"GET, please");
    assert!(own_words.is_ok_and(|text| text.ends_with("GET, please")));
}

#[test]
fn an_output_that_is_too_small_is_told_its_size_and_changes_nothing() {
    let mut server = asked("");
    let required = ACCEPTED.len() + 2;
    let mut out = vec![0; required];
    for len in 0..required {
        let result = server.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out[..len]);
        assert_eq!(result, Err(AcceptError::BufferTooSmall { required }));
    }
    assert_eq!(server.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out), Ok(required));

    let (mut server, _) = received("\r\n\r\n");
    let result = server.reject_fault(&mut []);
    assert!(matches!(result, Err(WriteError::BufferTooSmall { required: 1..=REJECT_FAULT_LEN_MAX })));
    assert!(server.reject_fault(&mut [0; REJECT_FAULT_LEN_MAX]).is_ok());
}

#[test]
fn the_number_of_headers_is_the_callers() {
    let mut server = ServerHandshake::with_headers::<2>([0; 256]);
    let head = *b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nX: y\r\n\r\n";
    let mut buffer = ReadBuffer::with_filled(head, head.len()).unwrap();
    let fault = HandshakeFault::Limit(HandshakeLimit::HeaderCount);
    assert_eq!(server.receive(&mut buffer.input()), ServerProgress::Failed(fault));
    let mut server = ServerHandshake::with_headers::<3>(server.into_storage());
    let mut buffer = ReadBuffer::with_filled(head, head.len()).unwrap();
    assert_eq!(server.receive(&mut buffer.input()), ServerProgress::NotWebSocket);
    let names: Vec<_> = server.request().unwrap().headers().map(|header| header.name.to_owned()).collect();
    assert_eq!(names, ["Host", "X", "X"]);
}

#[test]
fn a_handshake_is_its_storage_and_little_more() {
    assert!(size_of::<ServerHandshake<[u8; 0]>>() <= 192, "{}", size_of::<ServerHandshake<[u8; 0]>>());
    assert!(size_of::<HandshakeFault>() <= 4);
}
