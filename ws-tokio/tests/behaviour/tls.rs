//! `wss:`, with certificates of a private authority.
#![cfg(all(feature = "rustls", feature = "net"))]
#![expect(clippy::unwrap_used, clippy::std_instead_of_alloc, clippy::std_instead_of_core, reason = "a test")]

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::common::raw::{seconds, takes};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::time::sleep;
use ws_tokio::rustls::pki_types::PrivateKeyDer;
use ws_tokio::rustls::{ClientConfig, RootCertStore, ServerConfig, crypto};
use ws_tokio::tokio_rustls::{self, TlsAcceptor, TlsConnector};
use ws_tokio::{Client, CloseCode, Config, Error, Phase, Role, Server, Timeouts, WebSocket};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A server that proves to be this host.
    fn server(&self, name: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(
            builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap(),
        )
    }

    /// The settings of a client that trusts this authority alone.
    fn trusted(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        builder.with_root_certificates(roots).with_no_client_auth()
    }

    fn client(&self) -> Client {
        Client::new().with_tls(self.trusted())
    }
}

#[tokio::test]
async fn a_wss_url_is_connected_to_over_tcp() {
    let authority = Authority::new();
    let config = authority.server("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = authority.client().with_address(listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut socket = Server::new().accept_tls(listener.accept().await.unwrap().0, &config).await.unwrap();
        while let Some((message, mut writer)) = socket.read().await.unwrap() {
            writer.send(message).await.unwrap();
        }
        socket.closure().unwrap().is_clean
    });
    let mut socket = client.connect("wss://localhost/").await.unwrap();
    assert!(socket.get_ref().tls().is_some());
    for len in [0, 1, 5000, 300_000] {
        let message = vec![7; len];
        socket.send(&message).await.unwrap();
        assert!(socket.receive().await.unwrap() == Some(message.into()), "{len}");
    }
    socket.close(CloseCode::NORMAL).await.unwrap();
    assert!(server.await.unwrap());
}

#[tokio::test]
async fn it_runs_over_any_stream_that_takes_little_in_both_directions_at_once() {
    let authority = Authority::new();
    let config = authority.server("localhost");
    // The tickets of a server of TLS and the request of its client have room at once.
    for len in [2000, 5000, 20_000] {
        let (ours, theirs) = duplex(len);
        let (client, server) = (authority.client(), Server::new());
        let (client, server) = tokio::try_join!(
            client.handshake_tls(ours, "wss://localhost/"),
            server.accept_tls(theirs, &config)
        )
        .unwrap();
        tokio::time::timeout(Duration::from_secs(60), async {
            tokio::join!(exchange(client), exchange(server))
        })
        .await
        .expect("nothing stalls");
    }
}

/// Sends and receives messages at once, and closes.
async fn exchange<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(socket: WebSocket<S>) {
    const LENS: [usize; 5] = [10, 0, 20_000, 1, 40_000];
    let (mut reader, mut writer) = socket.split();
    let writing = tokio::spawn(async move {
        for len in LENS {
            writer.send(&vec![7; len]).await.unwrap();
        }
        writer
    });
    for len in LENS {
        assert_eq!(reader.receive().await.unwrap().map(|message| message.len()), Some(len));
    }
    let mut socket = reader.reunite(writing.await.unwrap()).unwrap();
    socket.close(CloseCode::NORMAL).await.unwrap();
    assert!(socket.closure().unwrap().is_clean);
}

#[tokio::test]
async fn a_server_that_is_not_proven_is_an_error_of_tls_on_both_sides() {
    let (authority, other) = (Authority::new(), Authority::new());
    for config in [authority.server("example.com"), other.server("localhost")] {
        let (ours, theirs) = duplex(64 * 1024);
        let (client, server) = (authority.client(), Server::new());
        let (failed, failed_too) = tokio::join!(client.handshake_tls(ours, "wss://localhost/"), async {
            server.accept_tls(theirs, &config).await
        });
        assert!(matches!(failed, Err(Error::Tls(_))), "{failed:?}");
        assert!(matches!(failed_too, Err(Error::Tls(_))), "{failed_too:?}");
        assert!(!failed.unwrap_err().should_reconnect());
    }
}

#[tokio::test]
async fn what_is_not_tls_is_an_error_of_tls() {
    let authority = Authority::new();
    let (mut theirs, ours) = duplex(1024);
    theirs.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let failed = Server::new().accept_tls(ours, &authority.server("localhost")).await;
    assert!(matches!(failed, Err(Error::Tls(_))), "{failed:?}");
    let (ours, _theirs) = duplex(1024);
    let failed = authority.client().handshake_tls(ours, "ws://localhost/").await;
    assert!(matches!(failed, Err(Error::Tls(_))), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn the_handshakes_of_tls_and_of_the_websocket_share_10_s() {
    let authority = Authority::new();
    let config = authority.server("localhost");
    let (_theirs, ours) = duplex(1024);
    let failed = takes(Duration::from_secs(10), Server::new().accept_tls(ours, &config)).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
    let (ours, _theirs) = duplex(1024);
    let failed =
        takes(Duration::from_secs(10), authority.client().handshake_tls(ours, "wss://localhost/")).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
    // TLS takes 6 s of them.
    let (ours, theirs) = duplex(64 * 1024);
    let connecting = async {
        sleep(Duration::from_secs(6)).await;
        let name = "localhost".try_into().unwrap();
        TlsConnector::from(Arc::new(authority.trusted())).connect(name, ours).await.unwrap()
    };
    let server = Server::new();
    let accepting = takes(Duration::from_secs(10), server.accept_tls(theirs, &config));
    let (_stream, failed) = tokio::join!(connecting, accepting);
    assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
    let (ours, theirs) = duplex(64 * 1024);
    let accepting = async {
        sleep(Duration::from_secs(6)).await;
        TlsAcceptor::from(Arc::clone(&config)).accept(theirs).await.unwrap()
    };
    let client = authority.client();
    let connecting = takes(Duration::from_secs(10), client.handshake_tls(ours, "wss://localhost/"));
    let (_stream, failed) = tokio::join!(accepting, connecting);
    assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
}

/// A WebSocket of a server over TLS, and the stream of TLS of its client.
async fn secured() -> (WebSocket<Secured>, tokio_rustls::client::TlsStream<DuplexStream>) {
    let authority = Authority::new();
    let config = authority.server("localhost");
    let (ours, theirs) = duplex(64 * 1024);
    let name = "localhost".try_into().unwrap();
    let (server, client) = tokio::try_join!(
        TlsAcceptor::from(config).accept(ours),
        TlsConnector::from(Arc::new(authority.trusted())).connect(name, theirs)
    )
    .unwrap();
    let mut socket = WebSocket::after_handshake(server, Role::Server, Config::new(), b"").unwrap();
    socket.set_timeouts(Timeouts::new().with_close(seconds(60)));
    (socket, client)
}

type Secured = tokio_rustls::server::TlsStream<DuplexStream>;

#[tokio::test]
async fn tls_is_ended_by_close_notify() {
    let (mut socket, mut client) = secured().await;
    client.write_all(b"\x88\x82\0\0\0\0\x03\xe8").await.unwrap();
    client.flush().await.unwrap();
    let peering = async {
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.expect("close_notify, else it would be UnexpectedEof");
        assert_eq!(answer, b"\x88\x02\x03\xe8");
        client.shutdown().await.unwrap();
    };
    let (ended, ()) = tokio::join!(socket.receive(), peering);
    assert_eq!(ended.unwrap(), None);
}

#[tokio::test]
async fn an_end_without_close_notify_is_a_loss_unless_both_closes_came() {
    let (mut socket, client) = secured().await;
    drop(client.into_inner());
    let failed = socket.receive().await;
    assert!(matches!(failed, Err(Error::Disconnected(Some(io::ErrorKind::UnexpectedEof)))), "{failed:?}");

    let (mut socket, mut client) = secured().await;
    client.write_all(b"\x88\x82\0\0\0\0\x03\xe8").await.unwrap();
    client.flush().await.unwrap();
    let (ended, ()) = tokio::join!(socket.receive(), async {
        client.read_u8().await.unwrap();
        drop(client.into_inner());
    });
    assert_eq!(ended.unwrap(), None);
    assert!(socket.closure().unwrap().is_clean);
}

/// What is given TLS leaves: nothing lies in its buffer until the next call.
#[tokio::test]
async fn what_is_sent_is_flushed() {
    let (mut socket, mut client) = secured().await;
    socket.send("Hello").await.unwrap();
    let mut frame = [0; 7];
    client.read_exact(&mut frame).await.unwrap();
    assert_eq!(&frame, b"\x81\x05Hello");
    // A pong, by the call that reads.
    client.write_all(b"\x89\x80\0\0\0\0\x81\x80\0\0\0\0").await.unwrap();
    client.flush().await.unwrap();
    assert_eq!(socket.receive().await.unwrap(), Some("".into()));
    client.read_exact(&mut frame[..2]).await.unwrap();
    assert_eq!(&frame[..2], b"\x8a\0");
}
