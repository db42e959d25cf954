//! Connecting through HTTP proxies.
#![cfg(feature = "proxy")]
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests may, their helpers may")]

mod common;

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use common::frame;
use common::proxy::{address_of, http_proxy, listen};
use common::tcp::{read_head, response_by_hand, serve, serve_echo};
use ws_std::{
    Client, CloseCode, Error, HandshakeMisuse, Message, Phase, Proxy, ProxyError, Refusal, Role, Server,
    Timeouts,
};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(5);

fn through(authority: &str) -> Client {
    Client::new().with_proxy(Proxy::new(authority).unwrap())
}

fn proxy_error(result: Result<impl Sized, Error>) -> ProxyError {
    match result {
        Err(Error::Proxy(error)) => *error,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("connected"),
    }
}

fn refusal(result: Result<impl Sized, Error>) -> Refusal {
    let error = proxy_error(result);
    let ProxyError::Refused(refusal) = error else { panic!("{error}") };
    refusal
}

#[test]
fn s9_3_6_a_tunnel_is_asked_for_by_host_and_port() {
    for (url, target) in [
        ("ws://chat.invalid/room", "chat.invalid:80"),
        ("ws://chat.invalid:8080/", "chat.invalid:8080"),
        ("ws://[2001:db8::1]/", "[2001:db8::1]:80"),
        ("ws://192.0.2.1:81/", "192.0.2.1:81"),
    ] {
        let (upstream, server) = serve_echo(Server::new());
        let (authority, proxy) = http_proxy("HTTP/1.1 200 OK\r\n\r\n", address_of(&upstream));
        let mut socket = through(&authority).connect(url).unwrap();
        socket.send("Hello").unwrap();
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
        socket.close(CloseCode::NORMAL).unwrap();
        drop(socket);
        server.join().unwrap().unwrap();
        let expected = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
        assert_eq!(proxy.join().unwrap(), expected);
    }
}

#[test]
fn s9_3_6_each_2xx_of_http_1_opens_the_tunnel_whatever_lengths_it_tells() {
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(5000));
    for answer in [
        "HTTP/1.0 200 Connection established\r\nProxy-Agent: x\r\n\r\n",
        "HTTP/1.1 204 \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        &long,
    ] {
        let (upstream, server) = serve_echo(Server::new());
        let (authority, proxy) = http_proxy(answer, address_of(&upstream));
        let mut socket = through(&authority).connect("ws://chat.invalid/").unwrap();
        socket.close(CloseCode::NORMAL).unwrap();
        drop(socket);
        server.join().unwrap().unwrap();
        proxy.join().unwrap();
    }
}

#[test]
fn what_comes_behind_the_head_is_the_servers_and_not_lost() {
    // However the head and the frame behind it are cut, byte for byte.
    for is_dripped in [false, true] {
        let (authority, proxy) = listen(move |mut stream| {
            stream.set_nodelay(true).unwrap();
            read_head(&mut stream);
            let head = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
            if is_dripped {
                for byte in head.bytes() {
                    stream.write_all(&[byte]).unwrap();
                    thread::sleep(Duration::from_millis(1));
                }
            } else {
                stream.write_all(head.as_bytes()).unwrap();
            }
            let mut response = response_by_hand(&mut stream, "").into_bytes();
            response.extend(frame(Role::Server, 0x81, b"early"));
            stream.write_all(&response).unwrap();
            stream
        });
        let mut socket = through(&authority).connect("ws://chat.invalid/").unwrap();
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("early"));
        drop(proxy.join().unwrap());
    }
    // A server that speaks first, in the same segment as the proxy's head: its answer cannot be one to our request.
    let (authority, proxy) = listen(|mut stream| {
        read_head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 418 Teapot\r\nContent-Length: 3\r\n\r\ntea")
            .unwrap();
        read_head(&mut stream)
    });
    let Err(Error::Refused(refusal)) = through(&authority).connect("ws://chat.invalid/") else { panic!() };
    assert_eq!((refusal.status(), refusal.body()), (418, &b"tea"[..]), "read from its first byte");
    assert!(proxy.join().unwrap().starts_with("GET / HTTP/1.1\r\n"));
}

#[test]
fn s11_7_2_credentials_are_for_the_proxy_alone() {
    let (upstream, server) = serve(|mut stream| {
        let head = read_head(&mut stream.try_clone().unwrap());
        stream.write_all(b"HTTP/1.1 403 \r\nContent-Length: 0\r\n\r\n").unwrap();
        head
    });
    let (authority, proxy) = http_proxy("HTTP/1.1 200 OK\r\n\r\n", address_of(&upstream));
    let proxy_with = Proxy::new(&authority).unwrap().with_credentials("Aladdin", "open sesame");
    assert!(!format!("{proxy_with:?}").contains("sesame"));
    let client =
        Client::new().with_proxy(proxy_with).with_header("Authorization", "Bearer 1").with_cookie("a", "b");
    assert!(matches!(client.connect("ws://chat.invalid/"), Err(Error::Refused(it)) if it.status() == 403));
    let (asked_server, asked_proxy) = (server.join().unwrap(), proxy.join().unwrap());
    assert!(asked_proxy.contains("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
    assert!(!asked_proxy.contains("Bearer") && !asked_proxy.contains("Cookie"), "{asked_proxy}");
    assert!(
        !asked_server.contains("Proxy-Authorization") && asked_server.contains("Bearer"),
        "{asked_server}"
    );

    assert_misused(|proxy| proxy.with_credentials("a", "b\r\nX: y"), HandshakeMisuse::Credentials);
    assert_misused(|proxy| proxy.with_credentials("a:b", "c"), HandshakeMisuse::Credentials);
}

/// What the program has set must not be sent, and nothing is.
#[track_caller]
fn assert_misused(set: impl FnOnce(Proxy) -> Proxy, expected: HandshakeMisuse) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let proxy = set(Proxy::new(&listener.local_addr().unwrap().to_string()).unwrap());
    let result = Client::new().with_proxy(proxy).connect("ws://chat.invalid/");
    assert!(matches!(result, Err(Error::HandshakeMisuse(misuse)) if misuse == expected), "{expected:?}");
    assert!(listener.accept().is_err(), "no proxy is asked");
}

#[test]
fn s9_3_6_headers_of_the_program_are_for_the_proxy_alone() {
    let (upstream, server) = serve(|mut stream| {
        let head = read_head(&mut stream.try_clone().unwrap());
        stream.write_all(b"HTTP/1.1 403 \r\nContent-Length: 0\r\n\r\n").unwrap();
        head
    });
    let (authority, proxy) = http_proxy("HTTP/1.1 200 OK\r\n\r\n", address_of(&upstream));
    let with_headers = Proxy::new(&authority)
        .unwrap()
        .with_header("User-Agent", "sensor/1.0")
        .with_header("Proxy-Authorization", "Bearer 31d4");
    let shown = format!("{with_headers:?}");
    assert!(!shown.contains("31d4") && !shown.contains("sensor") && shown.contains("127.0.0.1"), "{shown}");
    let client = Client::new().with_proxy(with_headers).with_header("User-Agent", "other/2.0");
    assert!(matches!(client.connect("ws://chat.invalid/"), Err(Error::Refused(it)) if it.status() == 403));
    let expected = "CONNECT chat.invalid:80 HTTP/1.1\r\nHost: chat.invalid:80\r\n\
        User-Agent: sensor/1.0\r\nProxy-Authorization: Bearer 31d4\r\n\r\n";
    assert_eq!(proxy.join().unwrap(), expected);
    let asked_server = server.join().unwrap();
    assert!(
        asked_server.contains("User-Agent: other/2.0") && !asked_server.contains("31d4"),
        "{asked_server}"
    );

    for (name, value, misuse) in [
        ("X Y", "", HandshakeMisuse::HeaderName),
        ("X", "a\r\nY: b", HandshakeMisuse::HeaderValue),
        ("host", "other", HandshakeMisuse::ReservedHeader),
        ("Content-Length", "5", HandshakeMisuse::ReservedHeader),
    ] {
        assert_misused(|proxy| proxy.with_header(name, value), misuse);
    }
    let twice = |proxy: Proxy| proxy.with_credentials("a", "b").with_header("proxy-authorization", "x");
    assert_misused(twice, HandshakeMisuse::RepeatedHeader);
}

#[test]
fn s11_7_1_a_proxy_that_refuses_is_told_apart_from_a_server() {
    for (answer, status) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n", 407),
        (
            "HTTP/1.0 502 Bad Gateway\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 9\r\n\r\n",
            502,
        ),
        ("HTTP/1.1 302 Found\r\nLocation: /\r\nproxy-authenticate: Basic realm=\"x\"\r\n\r\n", 302),
        ("HTTP/1.1 101 Switching\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n", 101),
    ] {
        let (authority, proxy) = listen(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(answer.as_bytes()).unwrap();
            stream
        });
        // A proxy's redirect is not followed: it is not the server's.
        let refusal = refusal(through(&authority).with_redirects(5).connect("ws://chat.invalid/"));
        assert_eq!(refusal.status(), status);
        assert_eq!(refusal.header("Proxy-Authenticate"), Some(&b"Basic realm=\"x\""[..]));
        assert!(refusal.headers().count() >= 1);
        assert!(refusal.to_string().starts_with(&format!("the proxy answered {status}")));
        drop(proxy.join().unwrap());
    }
}

#[test]
fn answers_that_are_none_are_told_apart() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(129));
    let long = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(20_000));
    for (answer, expected) in [
        ("SSH-2.0-OpenSSH_9.2\r\n", "not of its protocol"),
        ("HTTP/1.1 200 OK\nA: b\n\n", "not of its protocol"),
        ("HTTP/2 200\r\n\r\n", "not of its protocol"),
        ("HTTP/1.1 099 \r\n\r\n", "not of its protocol"),
        ("HTTP/1.1 200 OK\r\nA", "ended the connection"),
        ("", "ended the connection"),
        (&many, "too long"),
        (&long, "too long"),
    ] {
        let answer = answer.to_owned();
        let (authority, proxy) = listen(move |mut stream| {
            read_head(&mut stream);
            let _gone = stream.write_all(answer.as_bytes());
        });
        let text = proxy_error(through(&authority).connect("ws://chat.invalid/")).to_string();
        assert!(text.contains(expected), "{text}, not {expected}");
        proxy.join().unwrap();
    }
}

#[test]
fn a_proxy_that_drips_or_says_nothing_meets_the_deadline() {
    for is_dripping in [false, true] {
        let (authority, proxy) = listen(move |mut stream| {
            read_head(&mut stream);
            while is_dripping && stream.write_all(b"HTTP/1.1 100 \r\n\r\n").is_ok() {
                thread::sleep(SHORT / 20);
            }
            // Until the client leaves.
            let _reset = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let client = through(&authority).with_timeouts(Timeouts::new().with_connect(Some(SHORT)));
        let begun = Instant::now();
        let result = client.connect("ws://chat.invalid/");
        assert!(matches!(result, Err(Error::Timeout(Phase::Connect))));
        assert!(begun.elapsed() < LONG);
        proxy.join().unwrap();
    }
}

#[test]
fn s9112_4_line_feeds_before_a_proxys_answer_are_refused_at_the_first() {
    const LINE_FEED_COUNT: usize = 64 * 1024;
    let (authority, proxy) = listen(|mut stream| {
        stream.set_nodelay(true).unwrap();
        read_head(&mut stream);
        let written_count = (0..LINE_FEED_COUNT).take_while(|_| stream.write_all(b"\n").is_ok()).count();
        let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        written_count
    });
    let client = through(&authority).with_head_len_max(2 * LINE_FEED_COUNT);
    let error = proxy_error(client.connect("ws://chat.invalid/"));
    assert!(matches!(error, ProxyError::Answer), "{error}");
    let written_count = proxy.join().unwrap();
    assert!(written_count < LINE_FEED_COUNT, "{written_count} were waited for");
}

#[test]
fn s9112_4_reading_a_head_that_drips_is_linear() {
    let time_of = |len: usize| {
        let (authority, proxy) = listen(move |mut stream| {
            stream.set_nodelay(true).unwrap();
            read_head(&mut stream);
            // Each piece ends a line, and the last of them a head that has too many.
            let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "abcde:\r\n".repeat(len / 8));
            for piece in head.as_bytes().chunks(8) {
                stream.write_all(piece).unwrap();
            }
        });
        let begun = Instant::now();
        let client = through(&authority).with_head_len_max(2 * len);
        let error = proxy_error(client.connect("ws://chat.invalid/"));
        assert!(matches!(error, ProxyError::HeadLen), "{error}");
        proxy.join().unwrap();
        begun.elapsed()
    };
    let short = (0..3).map(|_| time_of(16 * 1024)).min().unwrap();
    let long = (0..3).map(|_| time_of(64 * 1024)).min().unwrap();
    // Four times as long where it is linear, sixteen times where it is not.
    assert!(long < 10 * short.max(Duration::from_millis(10)), "{short:?}, and then {long:?}");
}

#[test]
fn s3_2_1_a_url_has_the_credentials_percent_encoded() {
    for (scheme, userinfo, basic) in [
        ("http://", "Aladdin:open%20sesame@", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("HTTP://", "user@", "dXNlcjo="),
        ("", "user@", "dXNlcjo="),
    ] {
        let (authority, proxy) = listen(|mut stream| {
            let head = read_head(&mut stream);
            stream.write_all(b"HTTP/1.1 403 \r\n\r\n").unwrap();
            head
        });
        let client = through(&format!("{scheme}{userinfo}{authority}"));
        assert_eq!(refusal(client.connect("ws://chat.invalid/")).status(), 403);
        let asked = proxy.join().unwrap();
        assert!(asked.contains(&format!("\r\nProxy-Authorization: Basic {basic}\r\n")), "{asked}");
    }
}

#[test]
fn what_is_no_url_of_a_proxy_becomes_an_error_that_names_the_cure() {
    let connect = |url: &str| -> Result<(), Error> {
        Client::new().with_proxy(Proxy::new(url)?).connect("ws://chat.invalid/").map(drop)
    };
    for (url, cure) in [
        ("socks4://localhost:1080", "begins with http://, https:// or socks5://"),
        ("http://user:secr@t@localhost", "write @ as %40"),
        ("http://localhost/proxy", "ends with host and port"),
        ("http://user:secret@localhost:port", "the port of the URI is not a number"),
    ] {
        let error = connect(url).unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(error, Error::ProxyUrl(_)) && text.contains(cure) && !text.contains("secr"),
            "{text}"
        );
    }
    if !cfg!(feature = "rustls") {
        assert!(connect("https://localhost").unwrap_err().to_string().contains("`rustls-ring`"));
    }
    let proxy = Proxy::new("http://user:secret@localhost").unwrap();
    assert!(!format!("{proxy:?} {:?}", Client::new().with_proxy(proxy.clone())).contains("secret"));
}

#[test]
fn an_address_of_the_programs_is_what_the_proxy_is_asked_for() {
    let (upstream, server) = serve(|mut stream| {
        let head = read_head(&mut stream.try_clone().unwrap());
        stream.write_all(b"HTTP/1.1 403 \r\nContent-Length: 0\r\n\r\n").unwrap();
        head
    });
    let (authority, proxy) = http_proxy("HTTP/1.1 200 OK\r\n\r\n", address_of(&upstream));
    let client = through(&authority).with_address("[2001:db8::7]:99".parse().unwrap());
    assert!(matches!(client.connect("ws://chat.invalid/"), Err(Error::Refused(_))));
    assert!(proxy.join().unwrap().starts_with("CONNECT [2001:db8::7]:99 HTTP/1.1\r\n"));
    assert!(server.join().unwrap().contains("\r\nHost: chat.invalid\r\n"));
}
