//! Connecting through SOCKS5 proxies.
#![cfg(feature = "proxy")]
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what the tests may, their helpers may")]

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use common::frame;
use common::proxy::{address_of, listen, relay};
use common::tcp::{response_by_hand, serve_echo};
use ws_std::{
    Client, CloseCode, Error, HandshakeMisuse, Message, Phase, Proxy, ProxyError, Role, Server, Timeouts,
};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(5);

fn read(stream: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// Reads the methods on offer and chooses one, checks the credentials where it is theirs, and reads the request.
fn greet(stream: &mut TcpStream, method: u8) -> Vec<u8> {
    let count = read(stream, 2)[1];
    let methods = read(stream, usize::from(count));
    assert!(methods.contains(&method), "{methods:?}");
    stream.write_all(&[5, method]).unwrap();
    if method == 2 {
        assert_eq!(read(stream, 2), [1, 4]);
        assert_eq!(read(stream, 11), b"user\x06secret");
        stream.write_all(&[1, 0]).unwrap();
    }
    let mut request = read(stream, 5);
    let rest_len = match request[3] {
        1 => 3 + 2,
        3 => usize::from(request[4]) + 2,
        _ => 15 + 2,
    };
    request.extend(read(stream, rest_len));
    request
}

/// A proxy for one connection, which goes to `upstream` whatever the target; gives the request.
fn socks_proxy(method: u8, upstream: SocketAddr) -> (String, JoinHandle<Vec<u8>>) {
    listen(move |mut stream| {
        let request = greet(&mut stream, method);
        stream.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 80]).unwrap();
        relay(stream, TcpStream::connect(upstream).unwrap());
        request
    })
}

fn proxy(authority: &str) -> Proxy {
    Proxy::new(&format!("socks5://{authority}")).unwrap()
}

fn through(authority: &str) -> Client {
    Client::new().with_proxy(proxy(authority))
}

#[test]
fn s4_the_proxy_is_asked_for_the_host_as_the_url_names_it() {
    for (url, request) in [
        ("ws://chat.invalid/", b"\x05\x01\x00\x03\x0cchat.invalid\x00\x50".to_vec()),
        ("ws://192.0.2.1:258/", b"\x05\x01\x00\x01\xc0\x00\x02\x01\x01\x02".to_vec()),
        (
            "ws://[2001:db8::1]/",
            b"\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x50".to_vec(),
        ),
    ] {
        for method in [0, 2] {
            let (upstream, server) = serve_echo(Server::new());
            let (authority, proxied_by) = socks_proxy(method, address_of(&upstream));
            let client = match method {
                2 => Client::new().with_proxy(proxy(&authority).with_credentials("user", "secret")),
                _ => through(&authority),
            };
            let mut socket = client.connect(url).unwrap();
            socket.send("Hello").unwrap();
            assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
            socket.close(CloseCode::NORMAL).unwrap();
            drop(socket);
            server.join().unwrap().unwrap();
            assert_eq!(proxied_by.join().unwrap(), request, "{url}");
        }
    }
}

#[test]
fn what_comes_behind_the_reply_is_the_servers_and_not_lost() {
    let (authority, listening) = listen(|mut stream| {
        greet(&mut stream, 0);
        // A reply with a name in it.
        stream.write_all(b"\x05\x00\x00\x03\x03abc\x00\x50").unwrap();
        let mut response = response_by_hand(&mut stream, "").into_bytes();
        response.extend(frame(Role::Server, 0x81, b"early"));
        stream.write_all(&response).unwrap();
        stream
    });
    let mut socket = through(&authority).connect("ws://chat.invalid/").unwrap();
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("early"));
    drop(listening.join().unwrap());

    let (authority, listening) = listen(|mut stream| {
        greet(&mut stream, 0);
        // One with an address of IPv6, and the server's first bytes in the same segment.
        let reply =
            [&[5, 0, 0, 4], &[0; 18][..], &b"HTTP/1.1 418 \r\nContent-Length: 3\r\n\r\ntea"[..]].concat();
        stream.write_all(&reply).unwrap();
        stream
    });
    let Err(Error::Refused(refusal)) = through(&authority).connect("ws://chat.invalid/") else { panic!() };
    assert_eq!((refusal.status(), refusal.body()), (418, &b"tea"[..]));
    drop(listening.join().unwrap());
}

#[test]
fn s6_replies_that_refuse_are_told_apart() {
    for reply in 1..=8 {
        let (authority, listening) = listen(move |mut stream| {
            greet(&mut stream, 0);
            stream.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
            stream
        });
        let Err(Error::Proxy(error)) = through(&authority).connect("ws://chat.invalid/") else { panic!() };
        assert!(matches!(*error, ProxyError::Reply(found) if found == reply), "{error}");
        drop(listening.join().unwrap());
    }
    for (answer, expected) in [
        (&b"\x05\xff"[..], ProxyError::Unauthorized),
        (b"\x05\x02", ProxyError::Unauthorized),
        (b"\x05\x01", ProxyError::Answer),
        (b"HTTP/1.1 400 \r\n\r\n", ProxyError::Answer),
        (b"\x05", ProxyError::Ended),
        (b"", ProxyError::Ended),
        (b"\x05\x00\x05\x09\x00\x01\0\0\0\0\0\0", ProxyError::Answer),
        (b"\x05\x00\x04\x00\x00\x01\0\0\0\0\0\0", ProxyError::Answer),
        (b"\x05\x00\x05\x00\x00\x07\0\0\0\0\0\0", ProxyError::Answer),
        (b"\x05\x00\x05\x00\x01\x01\0\0\0\0\0\0", ProxyError::Answer),
        (b"\x05\x00\x05\x00\x00\x01\0\0\0\0\0", ProxyError::Ended),
    ] {
        let (authority, listening) = listen(move |mut stream| {
            stream.write_all(answer).unwrap();
            // The client may have judged the answer, and have reset the stream, by now.
            let _reset = stream.shutdown(std::net::Shutdown::Write);
            let _reset = std::io::copy(&mut stream, &mut std::io::sink());
        });
        let Err(Error::Proxy(error)) = through(&authority).connect("ws://chat.invalid/") else { panic!() };
        assert_eq!(error.to_string(), expected.to_string(), "{}", answer.escape_ascii());
        listening.join().unwrap();
    }
}

#[test]
fn rfc_1929_credentials_have_1_to_255_bytes() {
    let long = "x".repeat(256);
    for (user, password) in [("", "p"), ("u", ""), (&long, "p"), ("u", &long)] {
        let (authority, listening) = listen(|mut stream| common::tcp::read_to_end(&mut stream));
        let proxied = proxy(&authority).with_credentials(user, password);
        let result = Client::new().with_proxy(proxied).connect("ws://chat.invalid/");
        assert!(matches!(result, Err(Error::HandshakeMisuse(HandshakeMisuse::Credentials))));
        assert_eq!(listening.join().unwrap(), b"");
    }
    let (authority, listening) = listen(|mut stream| common::tcp::read_to_end(&mut stream));
    let Err(Error::Proxy(error)) = through(&authority).connect(&format!("ws://{long}/")) else { panic!() };
    assert!(matches!(*error, ProxyError::HostLen));
    assert_eq!(listening.join().unwrap(), b"");
    // Wrong ones.
    let (authority, listening) = listen(|mut stream| {
        let count = read(&mut stream, 2)[1];
        read(&mut stream, usize::from(count));
        stream.write_all(b"\x05\x02\x01\x01").unwrap();
        let _reset = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let wrong = Proxy::new(&format!("socks5h://user:wrong@{authority}")).unwrap();
    let Err(Error::Proxy(error)) = Client::new().with_proxy(wrong).connect("ws://a/") else { panic!() };
    assert!(matches!(*error, ProxyError::Unauthorized));
    listening.join().unwrap();
}

#[test]
fn a_proxy_that_says_nothing_meets_the_deadline() {
    let (authority, listening) = listen(|mut stream| {
        stream.write_all(b"\x05").unwrap();
        let _reset = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let client = through(&authority).with_timeouts(Timeouts::new().with_connect(Some(SHORT)));
    let begun = Instant::now();
    assert!(matches!(client.connect("ws://chat.invalid/"), Err(Error::Timeout(Phase::Connect))));
    assert!(begun.elapsed() < LONG);
    listening.join().unwrap();
}
