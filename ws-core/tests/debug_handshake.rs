//! What `Debug` shows of the handshakes, of URIs and of extensions: names and lengths, and no value that may be a secret.
#![cfg(feature = "handshake")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;
use std::{fs, str};

use ws_core::extension::{
    Agreed, DeflateConfig, DeflateDirection, DeflateError, DeflateParams, ExtensionError, ExtensionList,
    WindowBits,
};
use ws_core::handshake::{
    AcceptError, ClientHandshake, ClientProgress, ExtendedConnect, HandshakeFault, HandshakeLimit,
    HandshakeMisuse, HandshakeViolation, Header, OriginPolicy, OutgoingRequest, OutgoingResponse,
    ServerHandshake, ServerProgress, WriteError,
};
use ws_core::input::ReadBuffer;
use ws_core::uri::{Authority, Scheme, Uri, UriError};

/// Stands in each value, query, credential, key and nonce.
const SECRET: &str = "s3cr3t";

/// A nonce with the secret in it, and the key that it is sent as.
const NONCE: [u8; 16] = *b"s3cr3t, 16 bytes";
const KEY: &str = "czNjcjN0LCAxNiBieXRlcw==";

const REQUEST: &str = "GET /chat?token=s3cr3t HTTP/1.1\r\nHost: s3cr3t.example\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: czNjcjN0LCAxNiBieXRlcw==\r\nSec-WebSocket-Version: 13\r\n\
    Origin: https://s3cr3t.example\r\nCookie: session=s3cr3t\r\nSec-WebSocket-Protocol: s3cr3t, chat\r\n\
    Sec-WebSocket-Extensions: x-sign; key=s3cr3t; quoted=\"s3cr3t\", x-trace\r\n\r\n";

#[test]
fn names_and_lengths_are_shown_and_no_secrets() {
    let mut shown = Vec::new();
    show_received(&mut shown);
    show_sent(&mut shown);
    show_parts(&mut shown);
    show_settings(&mut shown);
    #[cfg(feature = "alloc")]
    show_owned(&mut shown);
    for (name, text, words) in &shown {
        assert!(!text.to_ascii_lowercase().contains(SECRET), "{name}: {text}");
        assert!(!text.contains(KEY), "{name}: {text}");
        // As bytes, too.
        assert!(!text.contains("115, 51, 99, 114"), "{name}: {text}");
        for word in *words {
            assert!(text.contains(word), "{name} without {word}: {text}");
        }
        assert!(!text.is_empty(), "{name}");
    }
    let shown: BTreeSet<_> = shown.iter().map(|(name, _, _)| *name).collect();
    let missing: Vec<_> = public_types().into_iter().filter(|name| !shown.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "types that are not in the table: {missing:?}");
}

/// The name of a type, what `Debug` shows of a value, and the words that have to be in it.
type Shown = (&'static str, String, &'static [&'static str]);

fn show(shown: &mut Vec<Shown>, name: &'static str, value: &impl Debug, words: &'static [&'static str]) {
    shown.push((name, format!("{value:?}"), words));
    shown.push((name, format!("{value:#?}"), words));
}

fn show_received(shown: &mut Vec<Shown>) {
    let mut server = ServerHandshake::new([0; 1024]);
    let mut buffer = ReadBuffer::with_filled(REQUEST.as_bytes().to_vec(), REQUEST.len()).unwrap();
    assert_eq!(server.receive(&mut buffer.input()), ServerProgress::Request);
    show(shown, "ServerHandshake", &server, &["ServerHandshake", "progress", "Request"]);
    let request = server.request().unwrap();
    assert_eq!(request.query(), Some("token=s3cr3t"));
    let names = &["Cookie", "Origin", "Host", "Sec-WebSocket-Key", "value_len", "24"];
    show(shown, "Headers", &request.headers(), names);
    show(shown, "Request", &request, &["Request", "/chat", "query_len", "Cookie", "Sec-WebSocket-Key"]);
    show(shown, "Subprotocols", &request.subprotocols(), &["2"]);
    show(shown, "Extensions", &request.extensions(), &["x-sign", "x-trace", "key", "quoted", "value_len"]);

    let asked = OutgoingRequest::new(Uri::parse("ws://h/").unwrap()).with_subprotocols(&[SECRET]);
    let mut client = ClientHandshake::new([0; 1024], *b"the sample nonce");
    let head = "HTTP/1.1 101 s3cr3t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: s3cr3t\r\n\
        Set-Cookie: session=s3cr3t\r\n\r\n";
    let mut buffer = ReadBuffer::with_filled(head.as_bytes().to_vec(), head.len()).unwrap();
    assert_eq!(client.receive(&asked, &mut buffer.input()), ClientProgress::Accepted);
    let response = client.response().unwrap();
    assert_eq!(response.reason(), SECRET.as_bytes());
    show(
        shown,
        "Response",
        &response,
        &["Response", "101", "Set-Cookie", "Sec-WebSocket-Accept", "value_len"],
    );
    show(shown, "ClientProgress", &ClientProgress::Accepted, &["Accepted"]);
    show(shown, "ServerProgress", &ServerProgress::NotWebSocket, &["NotWebSocket"]);
}

fn show_sent(shown: &mut Vec<Shown>) {
    let headers = [Header::new("Authorization", "Bearer s3cr3t"), Header { name: "X-Id", value: b"s3cr3t" }];
    let request = OutgoingRequest::new(Uri::parse("wss://example.com/chat?token=s3cr3t").unwrap())
        .with_origin("https://s3cr3t.example")
        .with_subprotocols(&[SECRET, "chat"])
        .with_extensions("x-sign; key=s3cr3t")
        .with_headers(&headers);
    let words =
        &["OutgoingRequest", "example.com", "/chat", "query_len", "Authorization", "X-Id", "value_len"];
    show(shown, "OutgoingRequest", &request, words);
    let client = ClientHandshake::new([0; 16], NONCE);
    let mut out = [0; 512];
    let len = client.write_request(&request, &mut out).unwrap();
    assert!(str::from_utf8(out.get(..len).unwrap()).unwrap().contains(KEY));
    show(shown, "ClientHandshake", &client, &["ClientHandshake", "progress", "NeedInput"]);
    let response = OutgoingResponse::new()
        .with_subprotocol(SECRET)
        .with_extensions("x-sign; key=s3cr3t")
        .with_headers(&headers);
    let words = &["OutgoingResponse", "subprotocol_len", "Authorization", "X-Id", "value_len: 13"];
    shown.push(("OutgoingResponse", format!("{response:?}"), words));
    show(shown, "Header", &headers[0], &["Header", "Authorization", "value_len: 13"]);
}

fn show_parts(shown: &mut Vec<Shown>) {
    let uri = Uri::parse("wss://example.com:8443/chat?token=s3cr3t").unwrap();
    show(shown, "Uri", &uri, &["Wss", "example.com", "8443", "/chat", "query_len"]);
    show(shown, "ResourceName", &uri.resource_name(), &["/chat", "query_len", "12"]);
    show(shown, "Authority", &uri.authority(), &["example.com", "8443"]);
    show(shown, "Scheme", &Scheme::Wss, &["Wss"]);
    let with_user = Uri::parse("wss://user:s3cr3t@example.com/");
    show(shown, "UriError", &with_user.unwrap_err(), &["Userinfo"]);
    show(shown, "UriError", &Authority::parse("user:s3cr3t@example.com").unwrap_err(), &["Port"]);
    assert_eq!(with_user, Err(UriError::Userinfo));

    let connect = ExtendedConnect::new("CONNECT")
        .with_protocol(Some("websocket"))
        .with_scheme(Some("https"))
        .with_authority(Some("user:s3cr3t@example.com"))
        .with_path(Some("/chat?token=s3cr3t"));
    let words = &["CONNECT", "websocket", "https", "authority_len", "23", "/chat", "query_len"];
    show(shown, "ExtendedConnect", &connect, words);
    let headers = [
        Header::new("sec-websocket-version", "13"),
        Header::new("origin", "https://s3cr3t.example"),
        Header::new("cookie", "session=s3cr3t"),
    ];
    let target = connect.with_authority(Some("example.com")).check(headers).unwrap();
    let words = &["Wss", "example.com", "/chat", "query_len", "origin_len"];
    show(shown, "ConnectTarget", &target, words);

    let list = ExtensionList::new(b"x-sign; key=s3cr3t; quoted=\"s3cr3t\"");
    show(shown, "ExtensionList", &list, &["unread_len", "35"]);
    let extension = list.flatten().next().unwrap();
    show(shown, "Extension", &extension, &["x-sign", "key", "quoted", "value_len"]);
    show(shown, "Params", &extension.params(), &["key", "quoted", "value_len"]);
    let param = extension.params().next().unwrap();
    show(shown, "Param", &param, &["key", "value_len", "6"]);
    show(shown, "ParamValue", &param.value().unwrap(), &["len", "6"]);
}

/// What holds no value of a peer's or of a user's.
fn show_settings(shown: &mut Vec<Shown>) {
    let params = DeflateParams::new().with_client_max_window_bits(WindowBits::MIN);
    show(shown, "DeflateParams", &params, &["client_max_window_bits", "8"]);
    show(shown, "DeflateDirection", &DeflateDirection::new(), &["max_window_bits", "15"]);
    show(shown, "DeflateConfig", &DeflateConfig::new(), &["outgoing", "incoming"]);
    show(shown, "DeflateText", &DeflateConfig::new().offer(), &["permessage-deflate"]);
    show(shown, "DeflateError", &DeflateError::Value, &["Value"]);
    show(shown, "WindowBits", &WindowBits::MAX, &["15"]);
    show(shown, "Agreed", &Agreed::server(params), &["params", "outgoing", "incoming"]);
    show(shown, "ExtensionError", &ExtensionError::Empty, &["Empty"]);
    show(shown, "OriginPolicy", &OriginPolicy::AnyOf(&["https://example.com"]), &["https://example.com"]);
    let violation = HandshakeViolation::Key;
    show(shown, "HandshakeViolation", &violation, &["Key"]);
    show(shown, "HandshakeLimit", &HandshakeLimit::HeadLen, &["HeadLen"]);
    show(shown, "HandshakeFault", &HandshakeFault::from(violation), &["Violation", "Key"]);
    show(shown, "HandshakeMisuse", &HandshakeMisuse::Status, &["Status"]);
    show(shown, "AcceptError", &AcceptError::BufferTooSmall { required: 7 }, &["BufferTooSmall", "7"]);
    show(shown, "WriteError", &WriteError::BufferTooSmall { required: 7 }, &["BufferTooSmall", "7"]);
}

/// What owns its parts.
#[cfg(feature = "alloc")]
fn show_owned(shown: &mut Vec<Shown>) {
    use ws_core::handshake::{
        Credentials, OwnedOriginPolicy, OwnedResponse, Refusal, RequestConfig, ResponseBody, ResponseConfig,
    };

    let credentials = Credentials::new(SECRET, SECRET);
    show(shown, "Credentials", &credentials, &["Credentials"]);
    let config = RequestConfig::new()
        .with_header("X-Id", SECRET)
        .with_secret_header("X-Key", SECRET)
        .with_cookie("session", SECRET)
        .with_credentials(credentials)
        .with_subprotocol(SECRET)
        .with_origin("https://s3cr3t.example");
    show(shown, "RequestConfig", &config, &["X-Id", "X-Key", "session", "subprotocol_count: 1", "22"]);
    show(shown, "OwnedOriginPolicy", &OwnedOriginPolicy::SameHost, &["SameHost"]);
    let config = ResponseConfig::new().with_header("X-Id", SECRET).with_subprotocol(SECRET);
    show(shown, "ResponseConfig", &config, &["SameHost", "X-Id"]);

    let uri = Uri::parse("ws://h/").unwrap();
    let mut client = ClientHandshake::new(vec![0; 1024], *b"the sample nonce");
    let head = "HTTP/1.1 302 Found\r\nLocation: /s3cr3t?s3cr3t\r\n\r\ns3cr3t";
    let mut buffer = ReadBuffer::with_filled(head.as_bytes().to_vec(), head.len()).unwrap();
    assert_eq!(client.receive(&OutgoingRequest::new(uri), &mut buffer.input()), ClientProgress::Rejected);
    let response = client.response().unwrap();
    let words = &["Redirect", "uri_len: 20", "is_same_origin: true"];
    show(shown, "Redirect", &response.redirect(&uri).unwrap(), words);
    let mut body = ResponseBody::of(&response);
    body.decode(buffer.unread());
    show(shown, "ResponseBody", &body, &["ResponseBody", "content_len: 6", "is_over: false"]);
    show(shown, "OwnedResponse", &OwnedResponse::new(client.clone()), &["OwnedResponse", "302"]);
    show(shown, "Refusal", &Refusal::new(client, SECRET.into()), &["Refusal", "302", "body_len: 6"]);
}

/// The types that are public in the source of what this is about.
fn public_types() -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut names = Vec::new();
    let with_alloc = cfg!(feature = "alloc").then_some("handshake/owned");
    let folders = ["handshake", "handshake/server", "extension", "extension/deflate", "uri"];
    for folder in folders.into_iter().chain(with_alloc) {
        for entry in fs::read_dir(source.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                names.extend(types_of(&fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(names.len() > 30, "{names:?}");
    names
}

fn types_of(text: &str) -> impl Iterator<Item = String> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum ")));
    lines.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect())
}
