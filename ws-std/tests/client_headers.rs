//! What a client asks for beside the handshake itself: cookies, credentials, another address; and what it gets back.
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests may, their helpers may")]

mod common;

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use common::proxy::address_of;
use common::tcp::{read_head, read_to_end, serve};
use ws_std::ws_core::handshake::{HandshakeFault, HandshakeLimit};
use ws_std::ws_core::uri::UriError;
use ws_std::{Client, Error, HandshakeMisuse, Header, Server};

/// The head of the request that this client sends.
fn head_of(client: &Client) -> String {
    let (url, server) = serve(|mut stream| read_head(&mut stream));
    assert!(matches!(client.connect(&url), Err(Error::Disconnected(_))));
    server.join().unwrap()
}

/// What this client may not send, which is nothing at all then.
fn misuse_of(client: &Client) -> HandshakeMisuse {
    let (url, server) = serve(|mut stream| read_to_end(&mut stream));
    let Err(Error::HandshakeMisuse(misuse)) = client.connect(&url) else { panic!("no misuse") };
    assert_eq!(server.join().unwrap(), b"");
    misuse
}

#[test]
fn s5_4_cookies_are_one_header() {
    let client = Client::new().with_cookie("a", "1").with_header("X-A", "b").with_cookie("b", "\"2=3/&\"");
    let head = head_of(&client);
    assert!(head.contains("\r\nCookie: a=1; b=\"2=3/&\"\r\n"), "{head}");
    assert_eq!(head.matches("Cookie").count(), 1);
    assert!(!head_of(&Client::new()).contains("Cookie"));
}

#[test]
fn s10_1_5_a_client_says_what_it_is_once() {
    let default = concat!("\r\nUser-Agent: ws-std/", env!("CARGO_PKG_VERSION"), "\r\n");
    assert!(head_of(&Client::new()).contains(default));
    let named = Client::new().with_user_agent(Some("sensor/1.0"));
    assert!(head_of(&named).contains("\r\nUser-Agent: sensor/1.0\r\n"));
    for by_header in [Client::new(), named].map(|client| client.with_header("user-agent", "probe/2")) {
        let head = head_of(&by_header);
        assert!(head.contains("\r\nuser-agent: probe/2\r\n"), "{head}");
        assert_eq!(head.to_lowercase().matches("user-agent").count(), 1, "{head}");
    }
    assert!(!head_of(&Client::new().with_user_agent(None)).contains("User-Agent"));
}

#[test]
fn s4_1_1_what_a_cookie_may_not_have_is_not_sent() {
    for name in ["", "a b", "a=b", "a;b", "\u{e9}", "a\r\nX: y"] {
        assert_eq!(misuse_of(&Client::new().with_cookie(name, "1")), HandshakeMisuse::CookieName, "{name}");
    }
    for value in ["a b", "a,b", "a;b", "a\\b", "a\"b", "\"", "\"a", "\u{e9}", "a\r\nX: y", "\0", "\x7f"] {
        assert_eq!(
            misuse_of(&Client::new().with_cookie("a", value)),
            HandshakeMisuse::CookieValue,
            "{value}"
        );
    }
    let twice = Client::new().with_cookie("a", "1").with_header("cookie", "b=2");
    assert_eq!(misuse_of(&twice), HandshakeMisuse::RepeatedHeader);
}

#[test]
fn s2_basic_credentials_are_encoded() {
    // The example of RFC 7617 §2, and that of §2.1.
    let head = head_of(&Client::new().with_basic_auth("Aladdin", "open sesame"));
    assert!(head.contains("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"), "{head}");
    let head = head_of(&Client::new().with_basic_auth("test", "123\u{a3}"));
    assert!(head.contains("\r\nAuthorization: Basic dGVzdDoxMjPCow==\r\n"), "{head}");
    for (user, password) in [("a:b", "c"), ("a\n", "b"), ("a", "b\u{7f}"), ("a", "\u{85}")] {
        assert_eq!(misuse_of(&Client::new().with_basic_auth(user, password)), HandshakeMisuse::Credentials);
    }
    let twice = Client::new().with_basic_auth("a", "b").with_header("Authorization", "Bearer c");
    assert_eq!(misuse_of(&twice), HandshakeMisuse::RepeatedHeader);
    assert!(matches!(Client::new().connect("ws://u:p@a/"), Err(Error::Uri(UriError::Userinfo))));
}

#[test]
fn secrets_are_not_printed() {
    let client = Client::new()
        .with_cookie("session", "hush")
        .with_basic_auth("user", "hush")
        .with_header("Authorization", "hush")
        .with_secret_header("X-Key", "hush");
    let printed = format!("{client:?}");
    assert!(!printed.contains("hush") && printed.contains("session"), "{printed}");
}

#[test]
fn the_response_tells_which_cookies_are_set() {
    let (url, server) = serve(|stream| {
        let incoming = Server::new().receive(stream).unwrap();
        incoming.with_header("Set-Cookie", "a=1; Path=/").with_header("Set-Cookie", "b=2").accept().map(drop)
    });
    let (socket, response) = Client::new().connect_with_response(&url).unwrap();
    let cookies: Vec<_> = response.headers().filter(|header| header.is("set-cookie")).collect();
    assert_eq!(cookies, [Header::new("Set-Cookie", "a=1; Path=/"), Header::new("Set-Cookie", "b=2")]);
    assert_eq!((response.url(), response.header("UPGRADE")), (url.as_str(), Some(&b"websocket"[..])));
    assert!(!format!("{response:?}").contains("a=1"));
    drop(socket);
    server.join().unwrap().unwrap();
}

#[test]
fn how_long_a_head_may_be_is_for_the_program_to_say() {
    for (len_max, is_enough) in [(20_000, false), (40_000, true)] {
        let (url, server) = serve(|stream| {
            let long = "x".repeat(30_000);
            Server::new().receive(stream).unwrap().with_header("X-Long", &long).accept().map(drop)
        });
        match Client::new().with_head_len_max(len_max).connect(&url) {
            Ok(_) => assert!(is_enough),
            Err(Error::Handshake(HandshakeFault::Limit(HandshakeLimit::HeadLen))) => assert!(!is_enough),
            Err(error) => panic!("{error}"),
        }
        let _reset = server.join().unwrap();
    }
}

#[test]
fn other_addresses_than_the_hosts_are_tried_in_order_and_the_host_stays() {
    // Nobody listens at a port that was just given back.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (url, server) = serve(|stream| {
        let incoming = Server::new().receive(stream).unwrap();
        assert_eq!(incoming.header("host"), Some(&b"chat.invalid:8080"[..]));
        incoming.accept().map(drop)
    });
    let client = Client::new().with_address(gone).with_address(address_of(&url));
    let (socket, response) = client.connect_with_response("ws://chat.invalid:8080/").unwrap();
    assert_eq!(socket.get_ref().tcp().peer_addr().unwrap(), address_of(&url));
    assert_eq!(response.url(), "ws://chat.invalid:8080/");
    server.join().unwrap().unwrap();
}

#[test]
fn an_error_names_each_address_that_was_tried() {
    let gone: Vec<SocketAddr> = (0..2)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .map(|it| it.local_addr().unwrap())
        .collect();
    let client = Client::new().with_address(gone[0]).with_address(gone[1]);
    let begun = Instant::now();
    let error = client.connect("ws://chat.invalid/").unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5));
    let Error::Io(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    let text = error.to_string();
    assert!(gone.iter().all(|address| text.contains(&address.to_string())), "{text}");
}
