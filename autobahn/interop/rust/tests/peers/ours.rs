//! ws-tokio's side: by its own handshakes, and over a stream whose handshake hyper has done.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{
    CONNECTION, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use ws_tokio::ws_core::handshake::accept_key;
use ws_tokio::{Client, Config, Role, Server, Timeouts, WebSocket};

/// Which library does our opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ours {
    Alone,
    OverHyper,
}

/// A stream of either kind.
pub type Stream = Box<dyn Duplex>;

pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

pub async fn connect(ours: Ours, address: SocketAddr, timeouts: Timeouts) -> WebSocket<Stream> {
    let stream = TcpStream::connect(address).await.expect("the peer listens");
    stream.set_nodelay(true).expect("a TCP stream");
    match ours {
        Ours::Alone => {
            let client = Client::new().with_timeouts(timeouts);
            client
                .handshake(Box::new(stream) as Stream, &format!("ws://{address}/"))
                .await
                .expect("it accepts")
        }
        Ours::OverHyper => {
            let mut socket = upgraded(connect_by_hyper(stream, address).await, Role::Client);
            socket.set_timeouts(timeouts);
            socket
        }
    }
}

/// The first connection.
pub async fn accept(ours: Ours, listener: TcpListener, timeouts: Timeouts) -> WebSocket<Stream> {
    let (stream, _) = listener.accept().await.expect("the peer connects");
    stream.set_nodelay(true).expect("a TCP stream");
    match ours {
        Ours::Alone => {
            let server = Server::new().with_timeouts(timeouts);
            server.accept(Box::new(stream) as Stream).await.expect("it asks for a WebSocket")
        }
        Ours::OverHyper => {
            let mut socket = upgraded(accept_by_hyper(stream).await, Role::Server);
            socket.set_timeouts(timeouts);
            socket
        }
    }
}

/// What came after the handshake is given out by the stream itself.
fn upgraded(stream: hyper::upgrade::Upgraded, role: Role) -> WebSocket<Stream> {
    let stream: Stream = Box::new(TokioIo::new(stream));
    WebSocket::after_handshake(stream, role, Config::new(), b"").expect("the system has randomness")
}

async fn connect_by_hyper(stream: TcpStream, address: SocketAddr) -> hyper::upgrade::Upgraded {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("nothing is sent yet");
    tokio::spawn(connection.with_upgrades());
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    let request = Request::get("/")
        .header(HOST, address.to_string())
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, key)
        .body(Empty::<Bytes>::new())
        .expect("a request");
    let response = sender.send_request(request).await.expect("it answers");
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(response.headers()[SEC_WEBSOCKET_ACCEPT].as_bytes(), accept_key(key.as_bytes()));
    hyper::upgrade::on(response).await.expect("it switches")
}

async fn accept_by_hyper(stream: TcpStream) -> hyper::upgrade::Upgraded {
    let (opened, mut next_opened) = mpsc::channel(1);
    let service = service_fn(move |mut request: Request<hyper::body::Incoming>| {
        let opened = opened.clone();
        async move {
            let accept = accept_key(request.headers()[SEC_WEBSOCKET_KEY].as_bytes());
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move { opened.send(upgrade.await.expect("it switches")).await });
            let response = Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header(CONNECTION, "Upgrade")
                .header(UPGRADE, "websocket")
                .header(SEC_WEBSOCKET_ACCEPT, &accept[..])
                .body(Empty::<Bytes>::new())
                .expect("a response");
            Ok::<_, Infallible>(response)
        }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::spawn(connection.with_upgrades());
    next_opened.recv().await.expect("it asks for a WebSocket")
}
