//! What a server's program sees of a request, and answers: WebSockets with what it sets, and plain HTTP of any kind.
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]

mod common;

use std::io::{ErrorKind, Write};
use std::time::Duration;

use common::sim::Sim;
use common::tcp::{dial, read_head, read_to_end, request, serve, serve_echo};
use ws_std::ws_core::handshake::{HandshakeFault, HandshakeMisuse, HandshakeViolation};
use ws_std::{Client, Error, Header, Server, Timeouts};

#[test]
fn a_request_without_its_cookie_or_token_is_answered_401() {
    let (url, server) = serve(|stream| {
        let incoming = Server::new().receive(stream)?;
        let has_cookie = incoming.header("Cookie") == Some(b"session=31d4");
        if !has_cookie && incoming.query() != Some("token=8a3c") {
            return incoming.respond(401, &[Header::new("WWW-Authenticate", "Bearer")], b"who are you?");
        }
        incoming.accept().map(drop)
    });
    let Err(Error::Refused(refusal)) = ws_std::connect(&url) else { panic!("not refused") };
    assert_eq!((refusal.status(), refusal.body()), (401, &b"who are you?"[..]));
    server.join().unwrap().unwrap();
}

#[test]
fn headers_are_added_and_the_servers_subprotocol_is_kept() {
    let (url, server) = serve(|stream| {
        let incoming = Server::new().with_subprotocol("chat").receive(stream)?;
        assert_eq!(incoming.request().subprotocols().count(), 2);
        let incoming = incoming.with_header("Set-Cookie", "a=1").with_header("Set-Cookie", b"b=2");
        incoming.accept().map(|socket| socket.subprotocol().map(str::to_owned))
    });
    let client = Client::new().with_subprotocol("other").with_subprotocol("chat");
    let (socket, response) = client.connect_with_response(&url).unwrap();
    let cookies: Vec<_> = response.headers().filter(|header| header.is("set-cookie")).collect();
    assert_eq!(cookies, [Header::new("Set-Cookie", "a=1"), Header::new("Set-Cookie", "b=2")]);
    assert_eq!(socket.subprotocol(), Some("chat"));
    drop(socket);
    assert_eq!(server.join().unwrap().unwrap().as_deref(), Some("chat"));
}

#[test]
fn a_program_chooses_another_subprotocol_than_the_server_or_none() {
    for (chosen, agreed) in [(Some("b"), Some("b")), (None, None)] {
        let (url, server) = serve(move |stream| {
            let incoming = Server::new().with_subprotocol("a").receive(stream)?;
            incoming.with_subprotocol(chosen).accept().map(drop)
        });
        let socket = Client::new().with_subprotocol("a").with_subprotocol("b").connect(&url).unwrap();
        assert_eq!(socket.subprotocol(), agreed);
        drop(socket);
        server.join().unwrap().unwrap();
    }
}

#[cfg(feature = "deflate")]
#[test]
fn a_program_compresses_at_one_path_only() {
    use ws_std::Deflate;
    for server in [Server::new(), Server::new().with_deflate(Deflate::new())] {
        for (path, is_compressed) in [("log", true), ("chat", false)] {
            let server = server.clone();
            let (url, server) = serve(move |stream| {
                let incoming = server.receive(stream)?;
                let deflate = (incoming.path() == "/log").then(Deflate::new);
                let mut socket = incoming.with_deflate(deflate).accept()?;
                socket.send(&"x".repeat(10_000))?;
                assert!(socket.read()?.is_none());
                Ok::<_, Error>(socket.deflate().is_some())
            });
            let client = Client::new().with_deflate(Deflate::new());
            let mut socket = client.connect(&format!("{url}{path}")).unwrap();
            assert_eq!(socket.read().unwrap().unwrap().0.as_bytes().len(), 10_000);
            assert_eq!(socket.deflate().is_some(), is_compressed);
            socket.close(ws_std::CloseCode::NORMAL).unwrap();
            assert_eq!(server.join().unwrap().unwrap(), is_compressed);
        }
    }
}

#[test]
fn a_misuse_of_the_answer_is_reported_when_it_is_accepted() {
    for (name, value, misuse) in [
        ("Upgrade", "x", HandshakeMisuse::ReservedHeader),
        ("Sec-WebSocket-Protocol", "chat", HandshakeMisuse::ReservedHeader),
        ("X", "a\r\nSet-Cookie: b", HandshakeMisuse::HeaderValue),
        ("X Y", "a", HandshakeMisuse::HeaderName),
    ] {
        let (url, server) = serve(move |stream| {
            Server::new().receive(stream).unwrap().with_header(name, value).accept().map(drop)
        });
        assert!(matches!(ws_std::connect(&url), Err(Error::Refused(refusal)) if refusal.status() == 500));
        assert!(matches!(server.join().unwrap(), Err(Error::HandshakeMisuse(found)) if found == misuse));
    }
}

#[test]
fn the_stream_is_there_before_a_request_is_accepted() {
    let (url, server) = serve(|stream| {
        let peer = stream.peer_addr().unwrap();
        let incoming = Server::new().receive(stream).unwrap();
        assert_eq!(incoming.get_ref().peer_addr().unwrap(), peer);
        incoming.accept().map(drop)
    });
    drop(ws_std::connect(&url).unwrap());
    server.join().unwrap().unwrap();
}

#[test]
fn a_longer_head_is_taken_where_the_program_says_so() {
    let cookies = format!("Cookie: {}\r\n", "x".repeat(17 * 1024));
    for (server, status) in [
        (Server::new(), "431"),
        (Server::new().with_head_len_max(32 * 1024), "101"),
        (Server::new().with_head_len_max(100), "431"),
        (Server::new().with_head_len_max(0), "414"),
    ] {
        let (url, server) = serve_echo(server);
        let mut stream = dial(&url);
        stream.write_all(request("/", &cookies).as_bytes()).unwrap();
        let head = read_head(&mut stream);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        drop(stream);
        let _ended = server.join().unwrap();
    }
}

#[test]
fn s9110_9_plain_requests_of_any_method_and_of_http_1_0_are_the_programs() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\n";
    for (asked, body) in [
        ("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", "healthy\n"),
        ("GET / HTTP/1.0\r\n\r\n", "healthy\n"),
        ("OPTIONS / HTTP/1.0\r\n\r\n", "healthy\n"),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", "healthy\n"),
        ("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", ""),
        ("HEAD / HTTP/1.0\r\n\r\n", ""),
        ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi", "healthy\n"),
        ("DELETE /x HTTP/1.1\r\nHost: localhost\r\n\r\n", "healthy\n"),
    ] {
        let sim = Sim::new();
        sim.says(Duration::ZERO, asked.as_bytes());
        let incoming = Server::new().receive(sim.clone()).unwrap();
        assert!(!incoming.is_websocket(), "{asked}");
        incoming.respond(200, &[], b"healthy\n").unwrap();
        assert_eq!(String::from_utf8(sim.written()).unwrap(), format!("{HEAD}{body}"), "{asked}");
    }
}

#[test]
fn s9112_9_6_what_follows_a_head_is_never_taken_for_a_second_request() {
    let second = request("/second", "");
    for announced in [
        format!("Content-Length: {}", second.len()),
        "Content-Length: 0".to_owned(),
        "Transfer-Encoding: chunked".to_owned(),
        "X: y".to_owned(),
    ] {
        let (url, server) = serve(|stream| {
            let incoming = Server::new().receive(stream)?;
            assert_eq!((incoming.request().method(), incoming.path()), ("POST", "/first"));
            incoming.respond(200, &[], b"once")
        });
        let mut stream = dial(&url);
        let first = format!("POST /first HTTP/1.1\r\nHost: localhost\r\n{announced}\r\n\r\n");
        stream.write_all([first.as_str(), &second, &second].concat().as_bytes()).unwrap();
        let answer = String::from_utf8(read_to_end(&mut stream)).unwrap();
        assert_eq!(answer, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nonce");
        drop(stream);
        server.join().unwrap().unwrap();
    }
}

#[test]
fn s9112_9_6_a_client_reads_the_answer_though_it_sends_a_long_body() {
    let (url, server) = serve(|stream| Server::new().receive(stream)?.respond(413, &[], b"too long"));
    let mut stream = dial(&url);
    let body = vec![b'x'; 4 << 20];
    let head = format!("PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    assert!(read_to_end(&mut stream).ends_with(b"\r\n\r\ntoo long"));
    drop(stream);
    server.join().unwrap().unwrap();
}

#[test]
fn s9110_9_3_2_a_head_that_is_refused_gets_no_body() {
    for (asked, status) in [
        ("HEAD / HTTP/1.1\r\n\r\n", "400"),
        ("HEAD / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", "400"),
        (&request("/", "").replace("GET", "HEAD"), "405"),
    ] {
        let sim = Sim::new();
        sim.says(Duration::ZERO, asked.as_bytes());
        assert!(matches!(Server::new().receive(sim.clone()), Err(Error::Handshake(_))));
        let answer = String::from_utf8(sim.written()).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")) && answer.ends_with("\r\n\r\n"),
            "{answer}"
        );
    }
}

#[test]
fn a_plain_request_that_is_accepted_is_told_what_is_required() {
    for method in ["GET", "HEAD", "POST"] {
        let sim = Sim::new();
        sim.says(Duration::ZERO, format!("{method} / HTTP/1.0\r\n\r\n").as_bytes());
        let fault = HandshakeFault::Violation(HandshakeViolation::Upgrade);
        let server = Server::new().with_timeouts(Timeouts::new().with_close(Some(Duration::ZERO)));
        assert!(matches!(server.accept(sim.clone()), Err(Error::Handshake(found)) if found == fault));
        let answer = String::from_utf8(sim.written()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 426 ") && answer.contains("Upgrade: websocket"), "{answer}");
        assert_eq!(answer.ends_with("\r\n\r\n"), method == "HEAD", "{answer}");
    }
}

#[test]
fn a_limit_of_heads_for_which_there_is_no_memory_is_an_error() {
    let (url, server) = serve(|stream| {
        let result = Server::new().with_head_len_max(usize::MAX).receive(stream);
        assert!(matches!(result, Err(Error::Io(error)) if error.kind() == ErrorKind::OutOfMemory));
    });
    let result = Client::new().with_head_len_max(usize::MAX).connect(&url);
    assert!(matches!(result, Err(Error::Io(error)) if error.kind() == ErrorKind::OutOfMemory));
    server.join().unwrap();
}
