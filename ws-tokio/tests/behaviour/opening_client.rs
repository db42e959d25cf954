//! Opening handshakes of clients, cut at every byte.
#![cfg(feature = "net")]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::TcpListener;
#[cfg(feature = "deflate")]
use ws_tokio::Server;
use ws_tokio::ws_core::handshake::accept_key;
use ws_tokio::{Client, CloseCode, Error, OwnedMessage, WebSocket};

// Clients.

/// Reads a request, and answers it: `answer` makes the answer from the value of Sec-WebSocket-Accept. Returns the request.
async fn answer(mut stream: DuplexStream, answer: impl FnOnce(&str) -> Vec<u8>) -> (String, DuplexStream) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    let request = String::from_utf8(request).unwrap();
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = accept_key(key.as_bytes());
    let accept = std::str::from_utf8(accept.as_ref()).unwrap();
    stream.write_all(&answer(accept)).await.unwrap();
    (request, stream)
}

fn switching(accept: &str, headers: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: {accept}\r\n{headers}\r\n"
    )
}

async fn connect(
    client: &Client,
    reply: impl FnOnce(&str) -> Vec<u8>,
) -> (Result<WebSocket<DuplexStream>, Error>, String) {
    let (ours, theirs) = duplex(64 * 1024);
    let (connected, (request, _theirs)) =
        tokio::join!(client.handshake(ours, "ws://example.com/chat?room=1"), async {
            let (request, theirs) = answer(theirs, reply).await;
            (request, drop(theirs))
        });
    (connected, request)
}

#[tokio::test]
async fn what_comes_with_the_response_is_not_lost_in_any_cut() {
    let first = b"\x81\x05Hello\x82\x03abc".to_vec();
    let len = switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "").len() + first.len();
    for cut in 0..=len {
        let (ours, theirs) = duplex(64 * 1024);
        let client = Client::new();
        let (received, _theirs) = tokio::join!(
            async {
                let mut socket = client.handshake(ours, "ws://example.com/").await.unwrap();
                [socket.receive().await.unwrap().unwrap(), socket.receive().await.unwrap().unwrap()]
            },
            async {
                let mut rest = Vec::new();
                let (_, mut theirs) = answer(theirs, |accept| {
                    let mut all = switching(accept, "").into_bytes();
                    all.extend(&first);
                    rest = all.split_off(cut);
                    all
                })
                .await;
                tokio::task::yield_now().await;
                theirs.write_all(&rest).await.unwrap();
                theirs
            }
        );
        assert_eq!(
            received,
            [OwnedMessage::from("Hello"), OwnedMessage::from(b"abc".to_vec())],
            "cut at {cut}"
        );
    }
}

#[tokio::test]
async fn a_request_has_what_was_set_and_the_response_is_returned() {
    let client = Client::new()
        .with_subprotocol("v2")
        .with_subprotocol("v1")
        .with_header("X-Token", "1234")
        .with_cookie("a", "1")
        .with_cookie("b", "2")
        .with_origin("https://example.com")
        .with_basic_auth("user", "secret")
        .with_user_agent(Some("test/1"));
    let (ours, theirs) = duplex(64 * 1024);
    let (connected, (request, _theirs)) = tokio::join!(
        client.handshake_with_response(ours, "ws://example.com:81/chat?room=1"),
        answer(theirs, |accept| {
            switching(accept, "Sec-WebSocket-Protocol: v1\r\nSet-Cookie: c=3\r\nSet-Cookie: d=4\r\n")
                .into_bytes()
        })
    );
    assert!(request.starts_with("GET /chat?room=1 HTTP/1.1\r\n"), "{request}");
    for line in [
        "Host: example.com:81",
        "X-Token: 1234",
        "Cookie: a=1; b=2",
        "Origin: https://example.com",
        "Authorization: Basic dXNlcjpzZWNyZXQ=",
        "User-Agent: test/1",
        "Sec-WebSocket-Protocol: v2, v1",
    ] {
        assert_eq!(request.matches(line).count(), 1, "{line} in {request}");
    }
    let (socket, response) = connected.unwrap();
    assert_eq!(socket.subprotocol(), Some("v1"));
    assert_eq!(response.header("set-cookie"), Some(&b"c=3"[..]));
    assert_eq!(response.headers().filter(|header| header.name == "Set-Cookie").count(), 2);
}

#[tokio::test]
async fn by_default_a_request_names_this_crate() {
    let (_, request) = connect(&Client::new(), |accept| switching(accept, "").into_bytes()).await;
    let agent = concat!("User-Agent: ws-tokio/", env!("CARGO_PKG_VERSION"), "\r\n");
    assert!(request.contains(agent), "{request}");
    let client = Client::new().with_user_agent(None);
    let (_, request) = connect(&client, |accept| switching(accept, "").into_bytes()).await;
    assert!(!request.contains("User-Agent"), "{request}");
}

#[tokio::test]
async fn a_refusal_has_its_status_headers_and_body() {
    let bodies: [(&str, &str); 3] = [
        ("Content-Length: 9\r\n", "not today"),
        ("Transfer-Encoding: chunked\r\n", "4\r\nnot \r\n5\r\ntoday\r\n0\r\n\r\n"),
        ("", "not today"),
    ];
    for (headers, body) in bodies {
        let reply = format!("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n{headers}\r\n{body}");
        let (refused, _) = connect(&Client::new(), |_| reply.into_bytes()).await;
        let Err(error @ Error::Refused(_)) = refused else { panic!("{refused:?}") };
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.status(), refusal.body()), (503, &b"not today"[..]));
        assert_eq!(refusal.header("retry-after"), Some(&b"7"[..]));
        assert_eq!(error.retry_after().unwrap().as_secs(), 7);
        assert!(error.should_reconnect());
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_of_a_refusal_is_waited_for_for_a_second() {
    let (ours, theirs) = duplex(64 * 1024);
    let client = Client::new();
    let (refused, _theirs) = tokio::join!(
        crate::common::raw::takes(std::time::Duration::from_secs(1), client.handshake(ours, "ws://a/")),
        answer(theirs, |_| b"HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\nonly this".to_vec())
    );
    let Err(Error::Refused(refusal)) = refused else { panic!("{refused:?}") };
    assert_eq!((refusal.status(), refusal.body()), (401, &b"only this"[..]));
}

#[tokio::test]
async fn wrong_responses_are_faults() {
    let cases: [fn(&str) -> String; 6] = [
        |_| switching("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", ""),
        |accept| switching(accept, "").replace("Upgrade: websocket\r\n", ""),
        |accept| switching(accept, "").replace("Connection: Upgrade\r\n", ""),
        |accept| switching(accept, "Sec-WebSocket-Protocol: nobody-asked\r\n"),
        |accept| switching(accept, "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
        |_| "SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned(),
    ];
    for (number, case) in cases.into_iter().enumerate() {
        let (failed, _) = connect(&Client::new(), |accept| case(accept).into_bytes()).await;
        assert!(matches!(failed, Err(Error::Handshake(_))), "{number}: {failed:?}");
        assert!(!failed.unwrap_err().should_reconnect());
    }
    let long = format!("A: {}\r\n", "a".repeat(20_000));
    let (failed, _) = connect(&Client::new(), |accept| switching(accept, &long).into_bytes()).await;
    assert!(matches!(failed, Err(Error::Handshake(_))), "{failed:?}");
    let client = Client::new().with_head_len_max(32 * 1024);
    connect(&client, |accept| switching(accept, &long).into_bytes()).await.0.unwrap();
}

#[tokio::test]
async fn an_early_end_of_a_response_is_a_loss() {
    for len in [0, 1, 50] {
        let (failed, _) =
            connect(&Client::new(), |accept| switching(accept, "").into_bytes()[..len].to_vec()).await;
        assert!(matches!(failed, Err(Error::Disconnected(None))), "{failed:?}");
    }
}

#[tokio::test]
async fn what_must_not_be_sent_is_not_sent() {
    let clients = [
        Client::new().with_header("Host", "x"),
        Client::new().with_header("A", "b\r\nC: d"),
        Client::new().with_subprotocol("a b"),
        Client::new().with_cookie("a", "b;c"),
        Client::new().with_basic_auth("a:b", "c"),
    ];
    for client in clients {
        let (ours, mut theirs) = duplex(64 * 1024);
        let failed = client.handshake(ours, "ws://a/").await;
        assert!(matches!(failed, Err(Error::HandshakeMisuse(_))), "{failed:?}");
        let mut said = Vec::new();
        theirs.read_to_end(&mut said).await.unwrap();
        assert_eq!(said, b"");
    }
    for url in ["http://a/", "ws://a/#fragment", "ws://user@a/", "a", ""] {
        let (ours, _theirs) = duplex(1024);
        let failed = Client::new().handshake(ours, url).await;
        assert!(matches!(failed, Err(Error::Uri(_))), "{url}: {failed:?}");
    }
}

// Both together, over TCP.

#[tokio::test]
async fn an_address_that_refuses_does_not_matter_where_another_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing = unused.local_addr().unwrap();
    drop(unused);
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut count = 0;
        for _ in 0..2 {
            let mut socket = ws_tokio::accept(listener.accept().await.unwrap().0).await.unwrap();
            while let Some((message, mut writer)) = socket.read().await.unwrap() {
                writer.send(message).await.unwrap();
                count += 1;
            }
        }
        count
    });
    for addresses in [[refusing, address], [address, refusing]] {
        let client = Client::new().with_address(addresses[0]).with_address(addresses[1]);
        let mut socket = client.connect("ws://no-such-host.invalid:1/").await.unwrap();
        assert_eq!(socket.get_ref().tcp().peer_addr().unwrap(), address);
        assert!(socket.get_ref().tcp().nodelay().unwrap());
        socket.send("Hello").await.unwrap();
        assert_eq!(socket.receive().await.unwrap(), Some("Hello".into()));
        socket.close(CloseCode::NORMAL).await.unwrap();
    }
    assert_eq!(server.await.unwrap(), 2);
    let failed = Client::new().with_address(refusing).connect("ws://no-such-host.invalid/").await;
    let Err(Error::Io(error)) = failed else { panic!("{failed:?}") };
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains(&refusing.to_string()), "{error}");
    let failed = ws_tokio::connect("ws://no-such-host.invalid/").await;
    assert!(matches!(failed, Err(Error::Io(_))), "{failed:?}");
    let failed = Client::new().with_address(refusing).connect("http://a/").await;
    assert!(matches!(failed, Err(Error::Uri(_))), "{failed:?}");
}

#[cfg(not(feature = "rustls"))]
#[tokio::test]
async fn without_tls_a_wss_url_is_unsupported() {
    let failed = ws_tokio::connect("wss://localhost/").await;
    assert!(matches!(failed, Err(Error::TlsUnsupported)), "{failed:?}");
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn compression_is_negotiated_where_both_want_it_and_used() {
    use ws_tokio::Deflate;
    for (offers, agrees) in [(true, true), (true, false), (false, true)] {
        let (ours, theirs) = duplex(64 * 1024);
        let client = if offers { Client::new().with_deflate(Deflate::new()) } else { Client::new() };
        let server = if agrees { Server::new().with_deflate(Deflate::new()) } else { Server::new() };
        let (mut client, mut server) =
            tokio::try_join!(client.handshake(ours, "ws://a/"), server.accept(theirs)).unwrap();
        let is_negotiated = offers && agrees;
        assert_eq!(client.deflate().is_some(), is_negotiated);
        assert_eq!(server.deflate().is_some(), is_negotiated);
        let text = "the same again and again. ".repeat(400);
        for _ in 0..3 {
            client.send(&text).await.unwrap();
            assert!(server.receive().await.unwrap() == Some(text.as_str().into()));
        }
        assert_eq!(client.counters().sent.wire_len < 1000, is_negotiated);
        client.release_deflate();
        client.send(&text).await.unwrap();
        assert!(server.receive().await.unwrap() == Some(text.as_str().into()));
    }
}
