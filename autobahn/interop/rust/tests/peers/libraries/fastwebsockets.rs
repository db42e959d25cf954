use std::future::Future;
use std::net::SocketAddr;

use bytes::Bytes;
use fastwebsockets::{FragmentCollector, Frame, OpCode, handshake, upgrade};
use http_body_util::Empty;
use hyper::Request;
use hyper::header::{CONNECTION, HOST, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::obedient::{Give, Got, Peer, Seen, obey};

pub async fn serve(listener: TcpListener) -> Seen {
    let (stream, _) = listener.accept().await.expect("we connect");
    stream.set_nodelay(true).expect("a TCP stream");
    let (seen, mut all_seen) = mpsc::channel(1);
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let seen = seen.clone();
        async move {
            let (response, socket) = upgrade::upgrade(request)?;
            tokio::spawn(async move {
                let socket = socket.await.expect("our request is right");
                seen.send(obey(Socket::new(socket)).await).await
            });
            Ok::<_, fastwebsockets::WebSocketError>(response)
        }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::spawn(connection.with_upgrades());
    all_seen.recv().await.expect("it has run")
}

pub async fn connect(address: SocketAddr) -> Seen {
    let stream = TcpStream::connect(address).await.expect("we listen");
    stream.set_nodelay(true).expect("a TCP stream");
    let request = Request::get("/")
        .header(HOST, address.to_string())
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "upgrade")
        .header(SEC_WEBSOCKET_KEY, handshake::generate_key())
        .header(SEC_WEBSOCKET_VERSION, "13")
        .body(Empty::<Bytes>::new())
        .expect("a request");
    let connected = handshake::client(&TokioExecutor::new(), request, stream).await;
    let (socket, _response) = connected.expect("our answer is right");
    obey(Socket::new(socket)).await
}

struct Socket {
    socket: FragmentCollector<TokioIo<Upgraded>>,
    is_over: bool,
}

impl Socket {
    fn new(socket: fastwebsockets::WebSocket<TokioIo<Upgraded>>) -> Self {
        Self { socket: FragmentCollector::new(socket), is_over: false }
    }
}

impl Peer for Socket {
    async fn next(&mut self) -> Option<Result<Got, String>> {
        // After a Close it reads on if it is asked to, and fails.
        if self.is_over {
            return None;
        }
        let frame = match self.socket.read_frame().await {
            Ok(frame) => frame,
            Err(error) => return Some(Err(error.to_string())),
        };
        let payload = frame.payload.to_vec();
        Some(Ok(match frame.opcode {
            OpCode::Text => Got::Text(String::from_utf8(payload).expect("it checks that")),
            OpCode::Ping => Got::Ping,
            OpCode::Pong => Got::Pong(payload),
            OpCode::Close => {
                self.is_over = true;
                Got::Close(payload.split_first_chunk().map(|(code, reason)| {
                    (u16::from_be_bytes(*code), String::from_utf8_lossy(reason).into_owned())
                }))
            }
            OpCode::Binary | OpCode::Continuation => Got::Binary(payload),
        }))
    }

    fn send(&mut self, give: Give) -> impl Future<Output = Result<(), String>> + Send {
        let frame = match give {
            Give::Text(text) => Frame::text(text.into_bytes().into()),
            Give::Binary(bytes) => Frame::binary(bytes.into()),
            Give::Ping(payload) => Frame::new(true, OpCode::Ping, None, payload.into()),
            Give::Fragment { bytes, is_first, is_last } => {
                let opcode = if is_first { OpCode::Text } else { OpCode::Continuation };
                Frame::new(is_last, opcode, None, bytes.into())
            }
            Give::Close(code, reason) => Frame::close(code, reason.as_bytes()),
        };
        async { self.socket.write_frame(frame).await.map_err(|error| error.to_string()) }
    }
}
