//! Opening handshakes of servers, cut at every byte.
#![cfg(feature = "net")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::single_match_else,
    clippy::unwrap_used,
    clippy::string_slice,
    reason = "a test"
)]

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use ws_tokio::ws_core::handshake::HandshakeViolation;
use ws_tokio::ws_core::uri::Scheme;
use ws_tokio::{Error, HandshakeFault, Header, Server, WebSocket};

const REQUEST: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// The request with more headers.
fn request(headers: &str) -> String {
    format!("{}{headers}\r\n", &REQUEST[..REQUEST.len() - 2])
}

/// What a server makes of these bytes, and what it answers; the client ends its direction after them.
async fn serve(server: &Server, said: impl AsRef<[u8]>) -> (Result<WebSocket<DuplexStream>, Error>, String) {
    let (mut theirs, ours) = duplex(64 * 1024);
    theirs.write_all(said.as_ref()).await.unwrap();
    theirs.shutdown().await.unwrap();
    let accepted = server.accept(ours).await;
    let mut answer = vec![0; 64 * 1024];
    let len = match &accepted {
        Ok(_) => theirs.read(&mut answer).await.unwrap(),
        Err(_) => {
            answer.clear();
            theirs.read_to_end(&mut answer).await.unwrap()
        }
    };
    answer.truncate(len);
    (accepted, String::from_utf8(answer).unwrap())
}

// Servers.

#[tokio::test]
async fn a_request_is_taken_in_any_cut_between_what_was_read_before_and_the_stream() {
    // A message comes with it.
    let said = [REQUEST.as_bytes(), b"\x81\x85\0\0\0\0Hello"].concat();
    for cut in 0..=said.len() {
        let (mut theirs, ours) = duplex(64 * 1024);
        theirs.write_all(&said[cut..]).await.unwrap();
        let incoming = Server::new().receive_with_unread(ours, &said[..cut]).await.unwrap();
        assert!(incoming.is_websocket());
        assert_eq!((incoming.path(), incoming.query()), ("/chat", Some("room=1")));
        let mut socket = incoming.accept().await.unwrap();
        assert_eq!(socket.receive().await.unwrap(), Some("Hello".into()), "cut at {cut}");
    }
}

#[tokio::test]
async fn a_request_that_drips_is_taken() {
    let said = [REQUEST.as_bytes(), b"\x81\x85\0\0\0\0Hello"].concat();
    let (theirs, ours) = duplex(1);
    let (received, answer) =
        tokio::join!(async { Server::new().accept(ours).await.unwrap().receive().await.unwrap() }, async {
            let (mut read, mut write) = tokio::io::split(theirs);
            let mut answer = String::new();
            tokio::join!(write.write_all(&said), read.read_to_string(&mut answer)).0.unwrap();
            answer
        });
    assert_eq!(received, Some("Hello".into()));
    assert!(
        answer.starts_with("HTTP/1.1 101 ") && answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        "{answer}"
    );
}

#[tokio::test]
async fn what_was_read_before_may_be_more_than_a_head() {
    let long = vec![b'7'; 100_000];
    let said =
        [REQUEST.as_bytes(), &crate::common::frames::frame(ws_tokio::Role::Client, 0x81, &long)].concat();
    let (_theirs, ours) = duplex(1024);
    let mut socket = Server::new().receive_with_unread(ours, &said).await.unwrap().accept().await.unwrap();
    assert_eq!(socket.receive().await.unwrap().map(|message| message.len()), Some(100_000));
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_unless_they_are_allowed() {
    let cases = [
        (Server::new(), "https://example.com", true),
        (Server::new(), "http://example.com", true),
        (Server::new(), "https://evil.example", false),
        (Server::new().with_same_origin(Scheme::Wss), "http://example.com", false),
        (Server::new().with_same_origin(Scheme::Wss), "https://example.com", true),
        (Server::new().with_any_origin(), "https://evil.example", true),
        (Server::new().with_allowed_origin("https://friend.example"), "https://friend.example", true),
        (Server::new().with_allowed_origin("https://friend.example"), "https://example.com", false),
    ];
    for (server, origin, is_allowed) in cases {
        let (accepted, answer) = serve(&server, request(&format!("Origin: {origin}\r\n"))).await;
        assert_eq!(accepted.is_ok(), is_allowed, "{origin}");
        let status = if is_allowed { "HTTP/1.1 101 " } else { "HTTP/1.1 403 " };
        assert!(answer.starts_with(status), "{answer}");
        if !is_allowed {
            assert!(matches!(accepted, Err(Error::Handshake(_))), "{accepted:?}");
        }
    }
}

#[tokio::test]
async fn faults_are_answered_with_their_status() {
    let cases = [
        (REQUEST.replace("Version: 13", "Version: 8"), "426"),
        (REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"), "400"),
        (REQUEST.replace("Host: example.com\r\n", ""), "400"),
        (REQUEST.replace("HTTP/1.1", "HTTP/1.0"), "505"),
        (REQUEST.replace("GET", "POST"), "405"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "426"),
        ("\x16\x03\x01 nonsense\r\n\r\n".to_owned(), "400"),
        (request(&format!("A: {}\r\n", "a".repeat(20_000))), "431"),
        (REQUEST.replace("/chat", &format!("/{}", "a".repeat(20_000))), "414"),
    ];
    for (said, status) in cases {
        let (failed, answer) = serve(&Server::new(), &said).await;
        assert!(matches!(failed, Err(Error::Handshake(_))), "{failed:?}");
        let line = answer.lines().next().unwrap_or_default();
        let is_one = line.starts_with(&format!("HTTP/1.1 {status} "));
        // What the layer below decides is one of the class of 4xx or 5xx.
        assert!(is_one, "{status}: {line} for {}", &said[..said.len().min(60)]);
        assert!(answer.to_ascii_lowercase().contains("connection: close") || status == "426", "{answer}");
    }
}

#[tokio::test]
async fn a_head_may_be_as_long_as_is_set() {
    let said = request(&format!("A: {}\r\n", "a".repeat(20_000)));
    let (accepted, _) = serve(&Server::new().with_head_len_max(32 * 1024), &said).await;
    accepted.unwrap();
    let (refused, answer) = serve(&Server::new().with_head_len_max(100), REQUEST).await;
    assert!(refused.is_err() && answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn an_early_end_is_a_loss() {
    for cut in [0, 1, 10, REQUEST.len() - 1] {
        let (failed, answer) = serve(&Server::new(), &REQUEST[..cut]).await;
        assert!(matches!(failed, Err(Error::Disconnected(None))), "{failed:?}");
        assert_eq!(answer, "");
    }
}

#[tokio::test]
async fn subprotocols_and_headers_are_chosen_by_the_server_or_for_a_request() {
    let said = request("Sec-WebSocket-Protocol: v3, v2, v1\r\n");
    let server = Server::new().with_subprotocol("v1").with_subprotocol("v2");
    let (accepted, answer) = serve(&server, &said).await;
    assert_eq!(accepted.unwrap().subprotocol(), Some("v2"), "the client prefers it");
    assert!(answer.to_ascii_lowercase().contains("sec-websocket-protocol: v2\r\n"), "{answer}");
    let (accepted, answer) = serve(&server, REQUEST).await;
    assert_eq!(accepted.unwrap().subprotocol(), None);
    assert!(!answer.contains("Sec-WebSocket-Protocol"), "{answer}");

    for (chosen, is_offered) in [(Some("v3"), true), (None, true), (Some("v9"), false)] {
        let (mut theirs, ours) = duplex(64 * 1024);
        theirs.write_all(said.as_bytes()).await.unwrap();
        theirs.shutdown().await.unwrap();
        let incoming = server.receive(ours).await.unwrap();
        assert_eq!(incoming.header("sec-websocket-version"), Some(&b"13"[..]));
        let accepted = incoming.with_subprotocol(chosen).with_header("Set-Cookie", "a=1").accept().await;
        let mut answer = vec![0; 4096];
        let len = theirs.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..len]);
        if is_offered {
            assert_eq!(accepted.unwrap().subprotocol(), chosen);
            assert!(answer.contains("Set-Cookie: a=1\r\n"), "{answer}");
        } else {
            assert!(matches!(accepted, Err(Error::HandshakeMisuse(_))), "{accepted:?}");
            assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_header_that_must_not_be_sent_is_a_misuse_and_answered_with_500() {
    for (name, value) in [("Upgrade", "x"), ("A B", "x"), ("A", "x\r\nB: c"), ("Sec-WebSocket-Accept", "x")] {
        let (mut theirs, ours) = duplex(64 * 1024);
        theirs.write_all(REQUEST.as_bytes()).await.unwrap();
        theirs.shutdown().await.unwrap();
        let accepted = Server::new().receive(ours).await.unwrap().with_header(name, value).accept().await;
        assert!(matches!(accepted, Err(Error::HandshakeMisuse(_))), "{accepted:?}");
        let mut answer = String::new();
        theirs.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    }
}

#[tokio::test]
async fn plain_requests_are_answered_and_their_bodies_are_not_taken_for_requests() {
    let cases = [
        ("GET /page HTTP/1.1\r\nHost: a\r\n\r\n", "body"),
        ("GET /page HTTP/1.0\r\n\r\n", "body"),
        ("HEAD /page HTTP/1.1\r\nHost: a\r\n\r\n", ""),
        (
            "POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nGET /other HTTP/1.1\r\nHost: a\r\n\r\n",
            "body",
        ),
    ];
    for (said, body) in cases {
        let (mut theirs, ours) = duplex(64 * 1024);
        theirs.write_all(said.as_bytes()).await.unwrap();
        theirs.shutdown().await.unwrap();
        let incoming = Server::new().receive(ours).await.unwrap();
        assert!(!incoming.is_websocket());
        assert_eq!(incoming.path(), "/page");
        let headers = [Header { name: "Content-Type", value: b"text/plain" }];
        incoming.respond(200, &headers, b"body").await.unwrap();
        let mut answer = String::new();
        theirs.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.contains("Content-Type: text/plain\r\n") && answer.contains("Content-Length: 4\r\n"));
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1);
    }
}

#[tokio::test]
async fn a_plain_request_that_is_accepted_is_refused_with_426() {
    let (failed, answer) = serve(&Server::new(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let expected = HandshakeFault::Violation(HandshakeViolation::Upgrade);
    assert!(matches!(failed, Err(Error::Handshake(fault)) if fault == expected), "{failed:?}");
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
}

#[tokio::test]
async fn dropping_a_request_closes_without_an_answer() {
    let (mut theirs, ours) = duplex(64 * 1024);
    theirs.write_all(REQUEST.as_bytes()).await.unwrap();
    drop(Server::new().receive(ours).await.unwrap());
    let mut answer = Vec::new();
    theirs.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"");
}
