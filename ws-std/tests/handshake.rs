//! The opening handshake over TCP: what is asked, accepted, refused, and for how long.
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]

mod common;

use std::io::Write;
use std::time::{Duration, Instant};

use common::sim::Sim;
use common::tcp::{dial, read_head, read_to_end, request, response_by_hand, serve, serve_echo};
use common::{frame, frames};
use ws_std::ws_core::handshake::{HandshakeFault, HandshakeLimit, HandshakeMisuse, HandshakeViolation};
use ws_std::ws_core::uri::{Scheme, UriError};
use ws_std::{Client, CloseCode, Error, Header, Message, Phase, Role, Server, Timeouts};

const SHORT: Duration = Duration::from_millis(200);
/// The time that the body of a refusal has.
const BODY_TIME_MAX: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(5);

#[test]
fn both_sides_agree_on_a_subprotocol_and_see_each_others_headers() {
    let (url, server) = serve(|stream| {
        let incoming = Server::new().receive(stream).unwrap();
        assert!(incoming.is_websocket());
        assert_eq!((incoming.path(), incoming.query()), ("/chat", Some("room=%201")));
        assert_eq!(incoming.header("authorization"), Some(&b"Bearer 1"[..]));
        assert_eq!(incoming.request().origin(), None);
        let chosen = incoming.request().subprotocols().choose(["v1", "v2"]);
        let mut socket = incoming.with_subprotocol(chosen).accept().unwrap();
        assert_eq!(socket.subprotocol(), Some("v2"));
        assert!(socket.read().unwrap().is_none());
    });
    let client = Client::new().with_header("Authorization", "Bearer 1");
    let client = client.with_subprotocol("v3").with_subprotocol("v2").with_subprotocol("v1");
    let mut socket = client.connect(&format!("{url}chat?room=%201")).unwrap();
    assert_eq!(socket.subprotocol(), Some("v2"));
    socket.close(CloseCode::NORMAL).unwrap();
    server.join().unwrap();
}

#[test]
fn a_server_speaks_the_subprotocol_that_the_client_likes_best_or_none() {
    for (offered, agreed) in [(&["b", "a"][..], Some("b")), (&["c"], None), (&[], None)] {
        let (url, server) = serve_echo(Server::new().with_subprotocol("a").with_subprotocol("b"));
        let client = offered.iter().fold(Client::new(), |client, name| client.with_subprotocol(name));
        let mut socket = client.connect(&url).unwrap();
        assert_eq!(socket.subprotocol(), agreed);
        socket.close(CloseCode::NORMAL).unwrap();
        server.join().unwrap().unwrap();
    }
}

#[test]
fn bytes_behind_the_handshake_are_not_lost() {
    let (url, server) = serve(|mut stream| {
        let mut response = response_by_hand(&mut stream, "").into_bytes();
        response.extend(frame(Role::Server, 0x81, b"early"));
        stream.write_all(&response).unwrap();
        stream
    });
    let mut socket = ws_std::connect(&url).unwrap();
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("early"));
    drop(server.join().unwrap());

    let (url, server) = serve_echo(Server::new());
    let mut stream = dial(&url);
    let mut bytes = request("/", "").into_bytes();
    bytes.extend(frame(Role::Client, 0x81, b"early"));
    bytes.extend(frame(Role::Client, 0x88, b""));
    stream.write_all(&bytes).unwrap();
    read_head(&mut stream);
    assert_eq!(frames(&read_to_end(&mut stream)), [(0x81, b"early".to_vec()), (0x88, vec![])]);
    drop(stream);
    server.join().unwrap().unwrap();
}

#[test]
fn s4_2_2_a_wrong_request_is_told_what_is_wrong_and_not_reset() {
    let with = |headers: &str| request("/", headers);
    for (asked, status, says) in [
        (with("").replace("GET", "POST"), "405", "Allow: GET"),
        (with("").replace("HTTP/1.1", "HTTP/1.0"), "505", ""),
        (with("").replace("Version: 13", "Version: 8"), "426", "Sec-WebSocket-Version: 13"),
        (with("").replace("Connection: Upgrade\r\n", ""), "400", ""),
        (with("").replace("Host: localhost\r\n", ""), "400", ""),
        (with(&format!("Cookie: {}\r\n", "x".repeat(20_000))), "431", ""),
        (request(&format!("/{}", "x".repeat(20_000)), ""), "414", ""),
        (with(&"a: b\r\n".repeat(200)), "431", ""),
        (with("Origin: https://evil.example\r\n"), "403", ""),
        ("\x16\x03\x01\x02\r\n\r\n".to_owned(), "400", ""),
    ] {
        let (url, server) = serve_echo(Server::new());
        let mut stream = dial(&url);
        stream.write_all(asked.as_bytes()).unwrap();
        // A smuggled request, which has to be discarded.
        let _gone = stream.write_all(with("").as_bytes());
        let answer = String::from_utf8(read_to_end(&mut stream)).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{asked:.80} {answer}");
        assert!(answer.contains("Connection: close") && answer.contains(says), "{answer}");
        assert_eq!(answer.matches("Content-Length").count(), 1, "{answer}");
        drop(stream);
        assert!(matches!(server.join().unwrap(), Err(Error::Handshake(_))));
    }
}

#[test]
fn s10_2_a_page_of_another_host_may_connect_only_where_the_server_says_so() {
    let accepts = |server: Server, origin: &str| {
        let (url, server) = serve_echo(server);
        let origin = if origin == "same" { url.replace("ws:", "http:") } else { origin.to_owned() };
        match Client::new().with_origin(origin.trim_end_matches('/')).connect(&url) {
            Ok(mut socket) => {
                socket.close(CloseCode::NORMAL).unwrap();
                server.join().unwrap().unwrap();
                true
            }
            Err(Error::Refused(refusal)) => {
                assert_eq!(refusal.status(), 403);
                let fault = HandshakeFault::Limit(HandshakeLimit::Origin);
                assert!(matches!(server.join().unwrap(), Err(Error::Handshake(found)) if found == fault));
                false
            }
            Err(error) => panic!("{error}"),
        }
    };
    let other = "https://other.example";
    assert!(accepts(Server::new(), "same"));
    assert!(!accepts(Server::new(), other));
    assert!(accepts(
        Server::new().with_allowed_origin("https://a.example").with_allowed_origin(other),
        other
    ));
    assert!(!accepts(Server::new().with_allowed_origin("https://a.example"), other));
    assert!(accepts(Server::new().with_any_origin(), other));
    assert!(!accepts(Server::new().with_same_origin(Scheme::Wss), "same"));
}

#[test]
fn a_plain_get_is_answered_with_a_page() {
    let (url, server) = serve(|stream| {
        let incoming = Server::new().receive(stream).unwrap();
        assert!(!incoming.is_websocket());
        incoming.respond(200, &[Header::new("Content-Type", "text/plain")], b"Hello").unwrap();
    });
    let mut stream = dial(&url);
    stream.write_all(b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let head = read_head(&mut stream);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("Content-Length: 5\r\n"), "{head}");
    assert_eq!(read_to_end(&mut stream), b"Hello");
    drop(stream);
    server.join().unwrap();
}

#[test]
fn a_plain_get_that_is_to_be_a_websocket_is_told_so() {
    let (url, server) = serve_echo(Server::new());
    let mut stream = dial(&url);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(read_to_end(&mut stream).starts_with(b"HTTP/1.1 426 "));
    drop(stream);
    let fault = HandshakeFault::Violation(HandshakeViolation::Upgrade);
    assert!(matches!(server.join().unwrap(), Err(Error::Handshake(found)) if found == fault));
}

#[test]
fn s4_1_another_answer_than_101_comes_with_headers_and_body() {
    let (url, server) = serve(|stream| {
        let incoming = Server::new().receive(stream).unwrap();
        let headers = [Header::new("WWW-Authenticate", "Bearer")];
        incoming.respond(401, &headers, b"who are you?").unwrap();
    });
    let Err(Error::Refused(refusal)) = ws_std::connect(&url) else { panic!("not refused") };
    assert_eq!((refusal.status(), refusal.body()), (401, &b"who are you?"[..]));
    assert_eq!(refusal.header("www-authenticate"), Some(&b"Bearer"[..]));
    assert!(refusal.headers().any(|header| header.is("connection")));
    assert_eq!(Error::Refused(refusal).to_string(), "the server answered 401 Unauthorized");
    server.join().unwrap();
}

#[test]
fn the_body_of_a_refusal_ends_where_it_says_and_with_what_fits() {
    let long = "x".repeat(100_000);
    for (answer, body) in [
        ("HTTP/1.1 404 \r\nContent-Length: 3\r\n\r\nabcdef", "abc"),
        ("HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "abc"),
        ("HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n0;last\r\n", "abc"),
        (
            "HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n03\r\nabc\r\nA\r\n0123456789\r\n0\r\nA: b\r\n\r\n",
            "abc0123456789",
        ),
        (
            "HTTP/1.1 500 \r\nContent-Length: 1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "abc",
        ),
        ("HTTP/1.1 304 \r\n\r\n", ""),
        (&format!("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n{long}"), long.get(..4096).unwrap()),
    ] {
        let sim = Sim::new();
        sim.says(Duration::ZERO, answer.as_bytes());
        let result = Client::new().handshake(sim.clone(), "ws://localhost/");
        let Err(Error::Refused(refusal)) = result else { panic!("not refused") };
        assert!(refusal.body() == body.as_bytes(), "{body:.80}");
        assert_eq!(sim.elapsed(), Duration::ZERO, "though the server keeps the stream open");
    }
}

#[test]
fn s9112_6_3_a_refusal_is_told_soon_though_its_body_does_not_end() {
    let quick = Timeouts::new().with_handshake(Some(SHORT));
    for (answer, body, timeouts, time) in [
        ("HTTP/1.1 401 \r\n\r\nwho are", "who are", Timeouts::new(), BODY_TIME_MAX),
        ("HTTP/1.1 503 \r\n\r\n", "", Timeouts::new(), BODY_TIME_MAX),
        ("HTTP/1.1 503 \r\nContent-Length: 9\r\n\r\nlater", "later", Timeouts::new(), BODY_TIME_MAX),
        (
            "HTTP/1.1 503 \r\nTransfer-Encoding: chunked\r\n\r\n9\r\nlater",
            "later",
            Timeouts::new(),
            BODY_TIME_MAX,
        ),
        // Never beyond the time for the handshake, after which it is still the refusal that is told.
        ("HTTP/1.1 503 \r\n\r\nlater", "later", quick, SHORT),
    ] {
        let sim = Sim::new();
        sim.says(Duration::ZERO, answer.as_bytes());
        let result = Client::new().with_timeouts(timeouts).handshake(sim.clone(), "ws://localhost/");
        let Err(Error::Refused(refusal)) = result else { panic!("not refused") };
        assert_eq!(refusal.body(), body.as_bytes(), "{answer}");
        assert_eq!(sim.elapsed(), time, "{answer}");
    }
}

#[test]
fn s4_1_an_answer_that_is_not_one_fails_the_connection() {
    let (url, server) = serve(|mut stream| {
        let response = response_by_hand(&mut stream, "").replace("Accept: ", "Accept: A");
        stream.write_all(response.as_bytes()).unwrap();
    });
    let fault = HandshakeFault::Violation(HandshakeViolation::Accept);
    assert!(matches!(ws_std::connect(&url), Err(Error::Handshake(found)) if found == fault));
    server.join().unwrap();

    let (url, server) = serve(drop);
    assert!(matches!(ws_std::connect(&url), Err(Error::Disconnected(_))));
    server.join().unwrap();
}

#[test]
fn s9112_3_a_peer_that_speaks_no_http_is_refused_at_once_in_both_roles() {
    for sent in [&b"\x16\x03\x01"[..], b"SSH-2.0-OpenSSH_9.6\r", b"EHLO localhost\r", b"*1\r", b"\0"] {
        let sim = Sim::new();
        sim.says(Duration::ZERO, sent);
        let fault = HandshakeFault::Violation(HandshakeViolation::RequestLine);
        let result = Server::new().receive(sim.clone()).map(drop);
        assert!(matches!(result, Err(Error::Handshake(found)) if found == fault));
        assert!(sim.written().starts_with(b"HTTP/1.1 400 "), "{}", sent.escape_ascii());
        assert_eq!(sim.elapsed(), Duration::ZERO, "though it waits for more");
    }
    for sent in [&b"SSH-2.0-OpenSSH_9.6\r\n"[..], b"220 localhost ESMTP\r\n", b"\x15\x03\x03\0\x02\x02\x28"] {
        let sim = Sim::new();
        sim.says(Duration::ZERO, sent);
        sim.stays();
        let fault = HandshakeFault::Violation(HandshakeViolation::StatusLine);
        let result = Client::new().handshake(sim.clone(), "ws://localhost/");
        assert!(matches!(result, Err(Error::Handshake(found)) if found == fault));
        assert_eq!(sim.elapsed(), Duration::ZERO, "though it waits for more");
    }
}

#[test]
fn a_handshake_that_drips_meets_the_deadline_in_both_roles() {
    let timeouts = Timeouts::new().with_handshake(Some(SHORT));
    let sim = Sim::new();
    sim.drips(SHORT * 3 / 20, &[b'G'; 20]);
    let result = Server::new().with_timeouts(timeouts).accept(sim.clone());
    assert!(matches!(result, Err(Error::Timeout(Phase::Handshake))));
    assert_eq!(sim.elapsed(), SHORT);

    let sim = Sim::new();
    sim.says(Duration::ZERO, b"HTTP/1.1 101 ");
    sim.drips(SHORT * 3 / 20, &[b'G'; 20]);
    let result = Client::new().with_timeouts(timeouts).handshake(sim.clone(), "ws://localhost/");
    assert!(matches!(result, Err(Error::Timeout(Phase::Handshake))));
    assert_eq!(sim.elapsed(), SHORT);
}

#[test]
fn a_silent_peer_meets_the_deadline_too_and_is_told_408_where_a_request_was_begun() {
    let timeouts = Timeouts::new().with_handshake(Some(SHORT));
    for (said, answer) in
        [("", ""), ("GET /chat HTTP/1.1\r\nHost: a\r\n", "HTTP/1.1 408 Request Timeout\r\n")]
    {
        let sim = Sim::new();
        if !said.is_empty() {
            sim.says(Duration::ZERO, said.as_bytes());
        }
        let result = Server::new().with_timeouts(timeouts).accept(sim.clone());
        assert!(matches!(result, Err(Error::Timeout(Phase::Handshake))));
        assert_eq!(sim.elapsed(), SHORT);
        let answered = String::from_utf8(sim.written()).unwrap();
        assert!(answered.starts_with(answer) && answered.is_empty() == said.is_empty(), "{answered}");
    }
}

#[test]
fn a_time_of_zero_is_over_at_once() {
    let zero = Some(Duration::ZERO);
    let begun = Instant::now();
    let (connect, handshake) = (Timeouts::new().with_connect(zero), Timeouts::new().with_handshake(zero));
    let (url, server) = serve(|stream| stream);
    for (url, phase, timeouts) in [
        (url.as_str(), Phase::Connect, connect),
        (&url.replace("127.0.0.1", "localhost"), Phase::Connect, connect),
        (&url, Phase::Handshake, handshake),
    ] {
        let result = Client::new().with_timeouts(timeouts).connect(url);
        assert!(matches!(result, Err(Error::Timeout(found)) if found == phase));
    }
    let stream = server.join().unwrap();
    let mut receiving = Server::new().with_timeouts(handshake).start_receive(stream).unwrap();
    assert!(matches!(receiving.advance(), Err(Error::Timeout(Phase::Handshake))));
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
}

#[test]
fn what_cannot_be_written_is_not_sent() {
    let (url, server) = serve(|stream| stream);
    let bad = Client::new().with_header("X-A", "b\r\nX-C: d");
    assert!(matches!(bad.connect(&url), Err(Error::HandshakeMisuse(HandshakeMisuse::HeaderValue))));
    assert_eq!(read_to_end(&mut server.join().unwrap()), b"", "nothing at all");

    let (url, server) =
        serve(|stream| Server::new().receive(stream).unwrap().with_subprotocol(Some("not-offered")).accept());
    assert!(matches!(ws_std::connect(&url), Err(Error::Refused(refusal)) if refusal.status() == 500));
    let misuse = HandshakeMisuse::SubprotocolNotOffered;
    assert!(matches!(server.join().unwrap(), Err(Error::HandshakeMisuse(found)) if found == misuse));
}

#[test]
fn each_address_of_a_host_is_tried() {
    // Where localhost is ::1 first, nobody listens there.
    let (url, server) = serve_echo(Server::new());
    let mut socket = ws_std::connect(&url.replace("127.0.0.1", "localhost")).unwrap();
    socket.close(CloseCode::NORMAL).unwrap();
    server.join().unwrap().unwrap();
}

#[test]
fn urls_that_lead_nowhere_are_told_apart() {
    assert!(matches!(ws_std::connect("http://localhost/"), Err(Error::Uri(UriError::Scheme))));
    assert!(matches!(ws_std::connect("ws://localhost/#top"), Err(Error::Uri(UriError::Fragment))));
    // Nobody listens at a port that was just given back.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = ws_std::connect(&format!("ws://{address}/")).unwrap_err();
    assert!(matches!(error, Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused));
}

#[cfg(not(feature = "rustls"))]
#[test]
fn without_the_feature_a_wss_url_is_an_error_that_names_it() {
    let error = ws_std::connect("wss://localhost/").unwrap_err();
    assert!(matches!(error, Error::TlsUnsupported) && error.to_string().contains("feature `rustls-ring`"));
}
