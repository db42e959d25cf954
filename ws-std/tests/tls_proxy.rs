//! Proxies that are reached over TLS.
#![cfg(all(feature = "proxy", feature = "split", feature = "rustls-ring"))]
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]
#![expect(clippy::unwrap_used, reason = "what the tests may, their helpers may")]

mod common;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::proxy::{address_of, listen};
use common::tcp::{serve, serve_echo};
use common::tls::Authority;
use ws_std::rustls::{CertificateError, Error as TlsError, ServerConfig};
use ws_std::{
    Client, CloseCode, Error, Message, NetStream, Phase, Proxy, ProxyError, Server, ServerTls, SharedStream,
    Stream as _, Timeouts, TlsStream, WebSocket,
};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(5);

/// What a proxy has seen: whether the client has sent a certificate, the protocol by ALPN, and the head of the request.
struct Seen {
    is_certified: bool,
    alpn: Option<Vec<u8>>,
    head: String,
}

/// A proxy over TLS, which passes bytes on to the target that it is asked for.
fn tls_proxy(tls: ServerTls) -> (String, JoinHandle<Result<Seen, Error>>) {
    let config: Arc<ServerConfig> = tls.build();
    let (authority, proxy) = listen(move |stream| {
        let mut stream = TlsStream::accept(stream, config, Some(LONG))?;
        stream.limit_read(Some(LONG))?;
        let (is_certified, alpn) = stream.with_connection(|tls| {
            (tls.peer_certificates().is_some(), tls.alpn_protocol().map(<[u8]>::to_vec))
        });
        let head = read_head(&mut stream);
        let target = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap();
        let target = TcpStream::connect(target).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
        relay(stream, target);
        Ok(Seen { is_certified, alpn, head })
    });
    (authority.replace("127.0.0.1", "https://localhost"), proxy)
}

fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

fn relay(left: TlsStream, right: TcpStream) {
    let left = SharedStream::new(left);
    let (mut left_too, mut right_too) = (left.clone(), right.try_clone().unwrap());
    let back = thread::spawn(move || {
        let _gone = io::copy(&mut right_too, &mut left_too);
        let _gone = left_too.shutdown_write();
    });
    let (mut from, mut to) = (left, right);
    let _gone = io::copy(&mut from, &mut to);
    let _gone = to.shutdown(std::net::Shutdown::Write);
    back.join().unwrap();
}

/// Echoes through the proxy of this URL.
fn converse(client: &Client, url: &str, proxy_url: &str) -> WebSocket<NetStream> {
    let mut socket = client.connect(url).unwrap();
    let port = socket.get_ref().tcp().peer_addr().unwrap().port();
    assert!(proxy_url.ends_with(&format!(":{port}")), "{port} is not that of {proxy_url}");
    for len in [5, 100_000] {
        let text = "x".repeat(len);
        socket.send(&text).unwrap();
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text(&text));
    }
    socket.close(CloseCode::NORMAL).unwrap();
    assert!(socket.closure().unwrap().is_clean);
    socket
}

type Served = JoinHandle<Result<WebSocket<TlsStream>, Error>>;

/// Echoes over TLS, and asks for a certificate where there is an authority for that.
fn serve_tls(tls: ServerTls) -> (String, Served) {
    let config = tls.build();
    let (url, server) = serve(move |stream| {
        let mut socket = Server::new().accept_tls(stream, &config)?;
        while let Some((message, mut writer)) = socket.read()? {
            writer.send(message)?;
        }
        Ok(socket)
    });
    (url.replace("ws://127.0.0.1", "wss://localhost"), server)
}

#[test]
fn ws_and_wss_pass_through_a_proxy_over_tls() {
    let (authority, of_proxy) = (Authority::new("CA"), Authority::new("CA of the proxy"));
    let shown = authority.issue("somebody");
    // Both ask for a certificate, and the client has one for the server.
    let asks = |tls: ServerTls| tls.with_client_roots(authority.pem().as_bytes()).unwrap();
    let server_tls =
        authority.client_tls().with_certificate(shown.chain.as_bytes(), shown.key.as_bytes()).unwrap();
    let client = |proxy: &str| {
        let proxy = Proxy::new(&proxy.replace("https://", "https://user:secret@")).unwrap();
        Client::new().with_tls(server_tls.clone()).with_proxy(proxy.with_tls(of_proxy.client_tls()))
    };

    let (url, server) = serve_echo(Server::new());
    let (proxy_url, proxy) = tls_proxy(of_proxy.issue("localhost").server_tls());
    let socket = converse(&client(&proxy_url), &url, &proxy_url);
    assert_eq!(
        socket.get_ref().with_tls_connection(|_tls| ()),
        None,
        "TLS with the proxy is not the server's"
    );
    drop(socket);
    server.join().unwrap().unwrap();
    let seen = proxy.join().unwrap().unwrap();
    assert_eq!(seen.alpn.as_deref(), Some(&b"http/1.1"[..]));
    let target = address_of(&url);
    let expected = format!(
        "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n"
    );
    assert_eq!(seen.head, expected);

    let (url, server) = serve_tls(asks(authority.issue("localhost").server_tls()));
    let (proxy_url, proxy) = tls_proxy(of_proxy.issue("localhost").server_tls());
    let socket = converse(&client(&proxy_url), &url, &proxy_url);
    let issued_by_ours = socket.get_ref().with_tls_connection(|tls| tls.peer_certificates().map(<[_]>::len));
    assert_eq!(issued_by_ours, Some(Some(1)));
    let server = server.join().unwrap().unwrap();
    assert!(server.get_ref().with_connection(|tls| tls.peer_certificates().is_some()), "the client's own");
    drop((socket, server));
    assert!(!proxy.join().unwrap().unwrap().is_certified);

    // A proxy that asks for a certificate is not shown the one for the server.
    let (proxy_url, proxy) = tls_proxy(asks(of_proxy.issue("localhost").server_tls()));
    let Err(Error::Proxy(error)) = client(&proxy_url).connect("ws://127.0.0.1:1/") else { panic!() };
    assert!(matches!(*error, ProxyError::Tls(TlsError::AlertReceived(_))), "{error}");
    assert!(matches!(proxy.join().unwrap(), Err(Error::Tls(it)) if *it == TlsError::NoCertificatesPresented));
}

#[test]
fn a_proxy_that_is_not_proven_to_be_the_one_is_refused() {
    let (authority, other) = (Authority::new("CA"), Authority::new("another CA"));
    for (name, trusted) in [("localhost", &other), ("proxy.example", &authority)] {
        let (proxy_url, proxy) = tls_proxy(authority.issue(name).server_tls());
        let with_tls = Proxy::new(&proxy_url).unwrap().with_tls(trusted.client_tls());
        let result = authority.client().with_proxy(with_tls).connect("ws://chat.invalid/");
        let Err(Error::Proxy(error)) = result else { panic!() };
        assert!(
            error.to_string().starts_with("TLS with the proxy failed: invalid peer certificate"),
            "{error}"
        );
        let ProxyError::Tls(TlsError::InvalidCertificate(error)) = *error else { panic!("{error}") };
        assert_eq!(matches!(error, CertificateError::UnknownIssuer), name == "localhost", "{error:?}");
        assert!(proxy.join().unwrap().is_err());
    }
    // One without TLS.
    let (proxy_authority, proxy) = listen(|mut stream| {
        let _reset = stream.write_all(b"HTTP/1.1 400 \r\n\r\n");
        let _reset = io::copy(&mut stream, &mut io::sink());
    });
    let proxy_url = format!("https://{proxy_authority}");
    let with_tls = Proxy::new(&proxy_url).unwrap().with_tls(authority.client_tls());
    let result = Client::new().with_proxy(with_tls).connect("ws://chat.invalid/");
    assert!(matches!(result, Err(Error::Proxy(error)) if matches!(*error, ProxyError::Tls(_))));
    proxy.join().unwrap();
}

#[test]
fn a_proxy_that_does_not_go_on_with_tls_meets_the_deadline_of_connecting() {
    let (proxy_authority, proxy) = listen(|mut stream| {
        let _reset = io::copy(&mut stream, &mut io::sink());
    });
    let with_tls = Proxy::new(&format!("https://{proxy_authority}"))
        .unwrap()
        .with_tls(Authority::new("CA").client_tls());
    let client = Client::new().with_proxy(with_tls).with_timeouts(Timeouts::new().with_connect(Some(SHORT)));
    let begun = Instant::now();
    assert!(matches!(client.connect("ws://chat.invalid/"), Err(Error::Timeout(Phase::Connect))));
    assert!(begun.elapsed() < LONG);
    proxy.join().unwrap();
}

#[test]
fn s9_3_6_what_comes_after_the_head_in_one_record_is_the_servers() {
    let authority = Authority::new("CA");
    let config = authority.issue("localhost").server_tls().build();
    let (proxy_authority, proxy) = listen(move |stream| {
        let mut stream = TlsStream::accept(stream, config, Some(LONG)).unwrap();
        read_head(&mut stream);
        // A server that speaks first: its answer cannot be one to our request.
        let answer = b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 418 \r\nContent-Length: 3\r\n\r\ntea";
        stream.write_all(answer).unwrap();
        read_head(&mut stream)
    });
    let proxy_url = proxy_authority.replace("127.0.0.1", "https://localhost");
    let with_tls = Proxy::new(&proxy_url).unwrap().with_tls(authority.client_tls());
    let result = Client::new().with_proxy(with_tls).connect("ws://chat.invalid/");
    let Err(Error::Refused(refusal)) = result else { panic!() };
    assert_eq!((refusal.status(), refusal.body()), (418, &b"tea"[..]));
    assert!(proxy.join().unwrap().starts_with("GET / HTTP/1.1\r\n"));
}

#[test]
fn halves_within_two_tls_are_read_and_written_at_the_same_time() {
    let authority = Authority::new("CA");
    let (url, server) = serve_tls(authority.issue("localhost").server_tls());
    let (proxy_url, proxy) = tls_proxy(authority.issue("localhost").server_tls());
    let with_tls = Proxy::new(&proxy_url).unwrap().with_tls(authority.client_tls());
    let socket = authority.client().with_proxy(with_tls).connect(&url).unwrap();
    let (mut reader, writer) = socket.split().unwrap();
    let message = vec![7; 100_000];
    let sent = message.clone();
    let writing = thread::spawn(move || {
        for _ in 0..50 {
            writer.send(&sent[..]).unwrap();
        }
        writer
    });
    for _ in 0..50 {
        assert_eq!(reader.read().unwrap(), Some(Message::Binary(&message)));
    }
    let writer = writing.join().unwrap();
    writer.start_close(CloseCode::NORMAL).unwrap();
    assert_eq!(reader.read().unwrap(), None);
    drop((reader, writer));
    server.join().unwrap().unwrap();
    proxy.join().unwrap().unwrap();
}
