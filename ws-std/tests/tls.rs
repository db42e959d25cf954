//! `wss:` over TCP: who is trusted, and what is said of who is not.
#![cfg(feature = "rustls-ring")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    reason = "tests"
)]

mod common;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::tcp::{patient, serve};
use common::tls::{Authority, Identity};
use ws_std::rustls::crypto::ring;
use ws_std::rustls::pki_types::pem::PemObject as _;
use ws_std::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use ws_std::rustls::{
    AlertDescription, CertificateError, ClientConfig, Connection, Error as TlsError, ProtocolVersion,
    RootCertStore, ServerConfig, SupportedProtocolVersion, version,
};
use ws_std::{
    Client, ClientTls, CloseCode, Error, Message, NetStream, Phase, Server, ServerTls, Timeouts, TlsStream,
    WebSocket,
};

const SHORT: Duration = Duration::from_millis(300);

/// Enough that no test meets it, and little enough that a test that does is noticed.
const LONG: Duration = Duration::from_secs(5);

type IsExpected = fn(&CertificateError) -> bool;

type Served = Result<WebSocket<TlsStream>, Error>;

/// Echoes over one connection with TLS; gives the URL and what came of it.
fn serve_tls(config: impl Into<Arc<ServerConfig>>) -> (String, JoinHandle<Served>) {
    serve_tls_with(Server::new(), config)
}

fn serve_tls_with(server: Server, config: impl Into<Arc<ServerConfig>>) -> (String, JoinHandle<Served>) {
    let config = config.into();
    let (url, server) = serve(move |stream| {
        let mut socket = server.accept_tls(stream, &config)?;
        while let Some((message, mut writer)) = socket.read()? {
            writer.send(message)?;
        }
        Ok(socket)
    });
    (url.replace("ws://127.0.0.1", "wss://localhost"), server)
}

/// Connects, sends a message, gets it back, and closes cleanly.
fn converse(client: &Client, url: &str) -> WebSocket<NetStream> {
    let mut socket = client.connect(url).unwrap();
    socket.send("Hello").unwrap();
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
    socket.close(CloseCode::NORMAL.with_reason("done")).unwrap();
    assert!(socket.closure().unwrap().is_clean);
    socket
}

fn tls_error(result: Result<WebSocket<NetStream>, Error>) -> (TlsError, String) {
    let error = result.unwrap_err();
    let text = error.to_string();
    let Error::Tls(error) = error else { panic!("{error:?}") };
    (*error, text)
}

#[test]
fn the_right_name_of_a_trusted_authority_is_accepted() {
    let authority = Authority::new("CA");
    let (url, server) = serve_tls(authority.issue("localhost").server_tls());
    let socket = converse(&authority.client(), &url);
    let spoken = socket.get_ref().with_tls_connection(|tls| tls.protocol_version());
    assert_eq!(spoken, Some(Some(ProtocolVersion::TLSv1_3)));
    assert!(socket.get_ref().tcp().nodelay().unwrap());
    let server = server.join().unwrap().unwrap();
    assert!(server.closure().unwrap().is_clean);
    server.get_ref().with_connection(|tls| {
        let Connection::Server(tls) = tls else { panic!("a server's") };
        // RFC 6455 §4.1: the client says by SNI whom it wants.
        assert_eq!(tls.server_name(), Some("localhost"));
        assert_eq!(tls.alpn_protocol(), Some(&b"http/1.1"[..]));
    });
}

#[test]
fn s4_1_any_other_certificate_is_refused_and_the_error_says_why() {
    let (authority, other) = (Authority::new("CA"), Authority::new("another CA"));
    let cases: [(Identity, IsExpected, &str); 5] = [
        (
            authority.issue("example.com"),
            |error| matches!(error, CertificateError::NotValidForNameContext { .. }),
            "not valid for name \"localhost\"",
        ),
        (
            authority.issue_between("localhost", (2020, 2021)),
            |error| matches!(error, CertificateError::ExpiredContext { .. }),
            "certificate expired",
        ),
        (
            authority.issue_between("localhost", (3000, 3001)),
            |error| matches!(error, CertificateError::NotValidYetContext { .. }),
            "not valid yet",
        ),
        (
            Identity::self_signed("localhost"),
            |error| *error == CertificateError::UnknownIssuer,
            "UnknownIssuer",
        ),
        (other.issue("localhost"), |error| *error == CertificateError::UnknownIssuer, "UnknownIssuer"),
    ];
    for (identity, is_expected, words) in cases {
        let (url, server) = serve_tls(identity.server_tls());
        let (error, text) = tls_error(authority.client().connect(&url));
        let TlsError::InvalidCertificate(error) = error else { panic!("{words}: {error:?}") };
        assert!(is_expected(&error), "{words}: {error:?}");
        assert!(text.starts_with("TLS failed: invalid peer certificate: ") && text.contains(words), "{text}");
        assert!(server.join().unwrap().is_err(), "{words}");
    }
}

#[test]
fn by_default_the_platform_says_whom_to_trust_and_not_us() {
    let (url, server) = serve_tls(Authority::new("CA").issue("localhost").server_tls());
    let (error, _) = tls_error(ws_std::connect(&url));
    // A machine without any roots trusts nobody, and does not connect.
    let has_roots = ClientTls::platform().is_ok();
    assert_eq!(has_roots, matches!(error, TlsError::InvalidCertificate(_)), "{error:?}");
    assert_eq!(!has_roots, matches!(error, TlsError::General(_)), "{error:?}");
    if !has_roots {
        drop(TcpStream::connect(url.trim_start_matches("wss://").trim_end_matches('/')));
    }
    assert!(server.join().unwrap().is_err());
}

#[test]
fn the_configuration_is_the_same_for_clones_and_many_connections() {
    let authority = Authority::new("CA");
    let client = authority.client();
    for client in [client.clone(), client] {
        let (url, server) = serve_tls(authority.issue("localhost").server_tls());
        converse(&client, &url);
        assert!(server.join().unwrap().is_ok());
    }
}

#[test]
fn an_address_as_host_is_verified_and_has_no_sni() {
    let authority = Authority::new("CA");
    for (name, is_right) in [("127.0.0.1", true), ("127.0.0.2", false), ("localhost", false)] {
        let (url, server) = serve_tls(authority.issue(name).server_tls());
        let url = url.replace("localhost", "127.0.0.1");
        if is_right {
            converse(&authority.client(), &url);
            server.join().unwrap().unwrap().get_ref().with_connection(|tls| {
                let Connection::Server(tls) = tls else { panic!("a server's") };
                assert_eq!(tls.server_name(), None);
            });
        } else {
            let (error, text) = tls_error(authority.client().connect(&url));
            assert!(matches!(error, TlsError::InvalidCertificate(_)), "{text}");
            assert!(server.join().unwrap().is_err());
        }
    }
}

#[test]
fn roots_and_certificates_are_read_in_pem_and_in_der() {
    let (authority, other) = (Authority::new("CA"), Authority::new("another CA"));
    let identity = authority.issue("localhost");
    let chain = CertificateDer::from_pem_slice(identity.chain.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    let two = format!("Two of them.\n{}\n{}", other.pem(), authority.pem());
    for roots in [authority.der(), two.as_bytes()] {
        let (url, server) = serve_tls(ServerTls::new(&chain, key.secret_der()).unwrap());
        converse(&Client::new().with_tls(ClientTls::from_roots(roots).unwrap()), &url);
        assert!(server.join().unwrap().is_ok());
    }
}

#[test]
fn what_is_no_certificate_or_no_key_is_refused_at_once() {
    let authority = Authority::new("CA");
    let (identity, other) = (authority.issue("localhost"), authority.issue("localhost"));
    let (chain, key) = (identity.chain.as_bytes(), identity.key.as_bytes());
    let results = [
        ClientTls::from_roots(b"").err(),
        ClientTls::from_roots(b"garbage").err(),
        ClientTls::from_roots(key).err(),
        ClientTls::from_roots(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----").err(),
        authority.client_tls().with_certificate(chain, other.key.as_bytes()).err(),
        authority.client_tls().with_certificate(chain, chain).err(),
        ServerTls::new(chain, other.key.as_bytes()).err(),
        ServerTls::new(chain, b"garbage").err(),
        ServerTls::new(b"garbage", key).err(),
        identity.server_tls().with_client_roots(b"").err(),
    ];
    for (index, error) in results.into_iter().enumerate() {
        assert!(matches!(error, Some(Error::Tls(_))), "{index}: {error:?}");
    }
}

#[test]
fn a_client_shows_its_certificate_where_the_server_asks_for_one() {
    let (authority, other) = (Authority::new("CA"), Authority::new("another CA"));
    let identity = authority.issue("localhost");
    let server_tls = || identity.server_tls().with_client_roots(authority.pem().as_bytes()).unwrap();
    let client = |identity: &Identity| {
        let (chain, key) = (identity.chain.as_bytes(), identity.key.as_bytes());
        Client::new().with_tls(authority.client_tls().with_certificate(chain, key).unwrap())
    };

    let (url, server) = serve_tls(server_tls());
    let shown = authority.issue("somebody");
    converse(&client(&shown), &url);
    let server = server.join().unwrap().unwrap();
    let seen = server.get_ref().with_connection(|tls| tls.peer_certificates().unwrap()[0].clone());
    assert_eq!(seen, CertificateDer::from_pem_slice(shown.chain.as_bytes()).unwrap());

    let (url, server) = serve_tls(server_tls());
    let (error, text) = tls_error(authority.client().connect(&url));
    assert_eq!(error, TlsError::AlertReceived(AlertDescription::CertificateRequired), "{text}");
    let error = server.join().unwrap().unwrap_err();
    assert!(matches!(error, Error::Tls(error) if *error == TlsError::NoCertificatesPresented));

    let (url, server) = serve_tls(server_tls());
    let (error, text) = tls_error(client(&other.issue("somebody")).connect(&url));
    assert_eq!(error, TlsError::AlertReceived(AlertDescription::UnknownCA), "{text}");
    assert!(matches!(server.join().unwrap(), Err(Error::Tls(_))));
}

#[cfg(feature = "proxy")]
#[test]
fn a_client_shows_no_certificate_to_another_server_that_a_redirect_names() {
    let authority = Authority::new("CA");
    let (identity, shown) = (authority.issue("localhost"), authority.issue("somebody"));
    let server_tls = || identity.server_tls().with_client_roots(authority.pem().as_bytes()).unwrap();
    let (other_url, other) = serve_tls(server_tls());
    let redirecting: Arc<ServerConfig> = server_tls().build();
    let (url, first) = serve(move |stream| {
        let incoming = Server::new().receive_tls(stream, &redirecting).unwrap();
        let location = ws_std::Header { name: "Location", value: other_url.as_bytes() };
        incoming.respond(307, &[location], b"")
    });
    let (chain, key) = (shown.chain.as_bytes(), shown.key.as_bytes());
    let client = Client::new()
        .with_tls(authority.client_tls().with_certificate(chain, key).unwrap())
        .with_redirects(1);
    let (error, text) = tls_error(client.connect(&url.replace("ws://127.0.0.1", "wss://localhost")));
    assert_eq!(error, TlsError::AlertReceived(AlertDescription::CertificateRequired), "{text}");
    first.join().unwrap().unwrap();
    let error = other.join().unwrap().unwrap_err();
    assert!(matches!(error, Error::Tls(error) if *error == TlsError::NoCertificatesPresented));
}

/// A configuration made without our help.
fn own_config(
    authority: &Authority,
    versions: &[&'static SupportedProtocolVersion],
    alpn: &[&str],
) -> ServerConfig {
    let identity = authority.issue("localhost");
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(identity.chain.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    config
}

#[test]
fn tls_1_2_and_1_3_are_spoken() {
    let authority = Authority::new("CA");
    for version in [&version::TLS12, &version::TLS13] {
        let (url, server) = serve_tls(own_config(&authority, &[version], &[]));
        let socket = converse(&authority.client(), &url);
        let spoken = socket.get_ref().with_tls_connection(|tls| tls.protocol_version());
        assert_eq!(spoken, Some(Some(version.version)));
        assert!(server.join().unwrap().is_ok());
    }
}

#[test]
fn alpn_offers_http_1_1_and_never_h2() {
    let authority = Authority::new("CA");
    for (protocols, chosen) in
        [(&["h2", "http/1.1"][..], Some("http/1.1")), (&["http/1.1"], Some("http/1.1")), (&[], None)]
    {
        let (url, server) = serve_tls(own_config(&authority, &[&version::TLS13], protocols));
        let socket = converse(&authority.client(), &url);
        let spoken = socket.get_ref().with_tls_connection(|tls| tls.alpn_protocol().map(<[u8]>::to_vec));
        assert_eq!(spoken, Some(chosen.map(|chosen| chosen.as_bytes().to_vec())), "{protocols:?}");
        assert!(server.join().unwrap().is_ok());
    }
    let (url, server) = serve_tls(own_config(&authority, &[&version::TLS13], &["h2"]));
    let (error, text) = tls_error(authority.client().connect(&url));
    assert_eq!(error, TlsError::AlertReceived(AlertDescription::NoApplicationProtocol), "{text}");
    assert!(server.join().unwrap().is_err());
}

#[test]
fn a_configuration_of_the_users_own_is_taken_as_it_is() {
    let authority = Authority::new("CA");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(authority.der().to_vec())).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"own/1".to_vec()];
    let (url, server) = serve_tls(own_config(&authority, &[&version::TLS12], &["own/1"]));
    converse(&Client::new().with_tls(Arc::new(config)), &url);
    let server = server.join().unwrap().unwrap();
    server.get_ref().with_connection(|tls| {
        assert_eq!(tls.alpn_protocol(), Some(&b"own/1"[..]));
        assert_eq!(tls.protocol_version(), Some(ProtocolVersion::TLSv1_2));
    });
}

#[test]
fn messages_of_every_length_come_back() {
    let authority = Authority::new("CA");
    let (url, server) = serve_tls(authority.issue("localhost").server_tls());
    let mut socket = authority.client().connect(&url).unwrap();
    for len in [0, 1, 125, 126, 4096, 16_370, 16_384, 65_535, 65_536, 1 << 20, 8 << 20] {
        let bytes: Vec<u8> = (0..=255).cycle().take(len).collect();
        socket.send(&bytes).unwrap();
        let (message, _) = socket.read().unwrap().unwrap();
        assert!(message == Message::Binary(&bytes), "{len}");
    }
    socket.close(CloseCode::NORMAL).unwrap();
    assert!(server.join().unwrap().unwrap().closure().unwrap().is_clean);
}

#[cfg(feature = "deflate")]
#[test]
fn messages_are_compressed_below_tls() {
    let authority = Authority::new("CA");
    let deflate = ws_std::Deflate::new();
    let server = Server::new().with_deflate(deflate);
    let (url, server) = serve_tls_with(server, authority.issue("localhost").server_tls());
    let mut socket = authority.client().with_deflate(deflate).connect(&url).unwrap();
    assert!(socket.deflate().is_some());
    for len in [10, 10_000, 1 << 20] {
        let text = "compressible ".repeat(len / 13);
        socket.send(&text).unwrap();
        assert!(socket.read().unwrap().unwrap().0 == Message::Text(&text), "{len}");
    }
    socket.close(CloseCode::NORMAL).unwrap();
    assert!(server.join().unwrap().is_ok());
}

#[test]
fn one_type_serves_with_tls_and_without() {
    let authority = Authority::new("CA");
    let config = authority.issue("localhost").server_tls().build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        for is_tls in [true, false] {
            let tcp = listener.accept().unwrap().0;
            let stream: NetStream = if is_tls {
                TlsStream::accept(tcp, Arc::clone(&config), Some(LONG)).unwrap().into()
            } else {
                tcp.into()
            };
            let mut socket = Server::new().accept(stream).unwrap();
            assert_eq!(socket.get_ref().with_tls_connection(|_tls| ()).is_some(), is_tls);
            while let Some((message, mut writer)) = socket.read().unwrap() {
                writer.send(message).unwrap();
            }
        }
    });
    for scheme in ["wss", "ws"] {
        converse(&authority.client(), &format!("{scheme}://localhost:{port}/"));
    }
    server.join().unwrap();
}

#[test]
fn a_peer_that_does_not_speak_tls_is_told_apart() {
    let authority = Authority::new("CA");
    let (url, server) = serve(|stream| Server::new().accept(stream).map(drop));
    let (error, text) =
        tls_error(authority.client().connect(&url.replace("ws://127.0.0.1", "wss://localhost")));
    assert!(matches!(error, TlsError::InvalidMessage(_)), "{text}");
    assert!(server.join().unwrap().is_err());

    let (url, server) = serve_tls(authority.issue("localhost").server_tls());
    let error = ws_std::connect(&url.replace("wss:", "ws:")).unwrap_err();
    assert!(matches!(error, Error::Handshake(_) | Error::Disconnected(_)), "{error:?}");
    assert!(matches!(server.join().unwrap(), Err(Error::Tls(_))));
}

#[test]
fn both_handshakes_share_their_time_however_bytes_drip() {
    let authority = Authority::new("CA");
    let timeouts = Timeouts::new().with_handshake(Some(SHORT));
    // A record of 16 KiB begins, and goes on byte by byte.
    let drip = |mut stream: TcpStream| {
        patient(&stream);
        let mut sent = stream.write_all(&[0x16, 3, 3, 0x3f, 0xff]);
        while sent.is_ok() {
            thread::sleep(SHORT / 10);
            sent = stream.write_all(&[1]);
        }
    };
    let (url, server) = serve(drip);
    let begun = Instant::now();
    let client = authority.client().with_timeouts(timeouts);
    let error = client.connect(&url.replace("ws://127.0.0.1", "wss://localhost")).unwrap_err();
    assert!(matches!(error, Error::Timeout(Phase::Handshake)), "{error:?}");
    assert!(begun.elapsed() < LONG);
    server.join().unwrap();

    let config = authority.issue("localhost").server_tls().build();
    let (url, server) = serve(move |stream| {
        let begun = Instant::now();
        let result = Server::new().with_timeouts(timeouts).accept_tls(stream, &config);
        (result.map(drop), begun.elapsed())
    });
    drip(common::tcp::dial(&url));
    let (result, elapsed) = server.join().unwrap();
    assert!(matches!(result, Err(Error::Timeout(Phase::Handshake))), "{result:?}");
    assert!(elapsed < LONG);

    // TLS is there in time, and then nothing comes.
    let config = authority.issue("localhost").server_tls().build();
    let (url, server) =
        serve(move |stream| Server::new().with_timeouts(timeouts).accept_tls(stream, &config).map(drop));
    let name = ServerName::try_from("localhost").unwrap();
    let tcp = common::tcp::dial(&url);
    let mut tls = TlsStream::connect(tcp, authority.client_tls().into(), name, Some(LONG)).unwrap();
    assert_eq!(tls.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert!(matches!(server.join().unwrap(), Err(Error::Timeout(Phase::Handshake))));
}

#[test]
fn the_name_of_the_url_is_verified_wherever_the_address_comes_from() {
    let authority = Authority::new("CA");
    for (name, is_right) in [("chat.example.com", true), ("localhost", false)] {
        let (url, server) = serve_tls(authority.issue(name).server_tls());
        let port = url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
        let client = authority.client().with_address((Ipv4Addr::LOCALHOST, port).into());
        if is_right {
            converse(&client, "wss://chat.example.com/");
            server.join().unwrap().unwrap();
        } else {
            let (error, text) = tls_error(client.connect("wss://chat.example.com/"));
            assert!(matches!(error, TlsError::InvalidCertificate(_)), "{text}");
            assert!(server.join().unwrap().is_err());
        }
    }
}

#[cfg(feature = "proxy")]
#[test]
fn tls_passes_through_a_proxy_to_the_server_behind_it() {
    let authority = Authority::new("CA");
    let (url, server) = serve_tls(authority.issue("localhost").server_tls());
    let (proxy_url, proxy) = serve(|mut client| {
        patient(&client);
        let head = common::tcp::read_head(&mut client);
        let target = head.strip_prefix("CONNECT ").unwrap().split(' ').next().unwrap();
        let mut server = TcpStream::connect(target).unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || {
            drop(std::io::copy(&mut down, &mut up));
            drop(up.shutdown(std::net::Shutdown::Write));
        });
        drop(std::io::copy(&mut client, &mut server));
        drop(server.shutdown(std::net::Shutdown::Write));
        target.to_owned()
    });
    let address = proxy_url.trim_start_matches("ws://").trim_end_matches('/');
    let client = authority.client().with_proxy(ws_std::Proxy::new(address).unwrap());
    converse(&client, &url);
    assert_eq!(format!("wss://{}/", proxy.join().unwrap()), url);
    server.join().unwrap().unwrap();
}
