//! Forwards TCP connections through WebSockets, such as past a firewall that lets only HTTP through.
//!
//! `cargo run --release -p ws-tokio --example async_forward serve WS_ADDR TCP_ADDR` accepts WebSockets, and connects each to the TCP
//! address. `async_forward listen TCP_ADDR URL` accepts TCP connections, and forwards each through a WebSocket of its own to the URL of
//! the other program. Neither asks for a password: all who can connect to one of them reach the TCP address, except for web pages of
//! other hosts.
//!
//! Where a TCP peer ends its direction, a Close is sent, and the other program ends its direction to its own TCP peer. A WebSocket
//! cannot be closed in one direction: what that peer sends from then on is not forwarded, and is reported as an error. A connection
//! that fails at one end is reset at the other.

use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader, copy, copy_buf, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio::{select, spawn};
use ws_tokio::{ByteStream, Client, CloseCode, Config, Limits, Server, Timeouts, WebSocket};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (scheme, address, end) = match *arguments {
        ["serve", address, target] => ("ws", address, End::Server(server(), target.to_owned())),
        ["listen", address, url] => ("tcp", address, End::Client(client(), url.to_owned())),
        _ => {
            eprintln!(
                "usage: async_forward serve WS_ADDR TCP_ADDR\n       async_forward listen TCP_ADDR URL"
            );
            return ExitCode::from(2);
        }
    };
    match run(scheme, address, Arc::new(end)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("forward: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::infinite_loop, reason = "Ctrl-C ends the program")]
async fn run(scheme: &str, address: &str, end: Arc<End>) -> io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on {scheme}://{}/ (Ctrl-C ends)", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let end = Arc::clone(&end);
                spawn(async move {
                    if let Err(error) = end.attend(stream).await {
                        eprintln!("forward: {peer}: {error}");
                    }
                });
            }
            Err(error) => {
                // File descriptors are used up, for example, until a connection ends.
                eprintln!("forward: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// One end of the tunnel, and where it connects to.
enum End {
    Server(Server, String),
    Client(Client, String),
}

impl End {
    /// All of a connection that was accepted.
    async fn attend(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        match self {
            Self::Server(server, target) => {
                let mut socket = server.accept(stream).await?;
                match TcpStream::connect(target).await {
                    Ok(tcp) => forward(tcp, socket).await,
                    Err(error) => {
                        socket.close(CloseCode::BAD_GATEWAY).await?;
                        Err(error)
                    }
                }
            }
            Self::Client(client, url) => forward(stream, client.connect(url).await?).await,
        }
    }
}

/// Carries bytes in both directions until both have ended.
async fn forward<S>(mut tcp: TcpStream, socket: WebSocket<S>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tcp.set_nodelay(true)?;
    let mut stream = ByteStream::new(socket);
    let carried = carry(&mut tcp, &mut stream).await;
    if let Err(error) = &carried {
        // Neither peer may take what it has received for all. Where these fail, the connection has ended already.
        if !is_too_late(error) {
            let _ended = tcp.set_zero_linger();
        }
        drop(tcp);
        let _ended = stream.get_mut().close(CloseCode::INTERNAL_ERROR).await;
    }
    carried
}

/// `copy_bidirectional` would lose what it still holds for the TCP peer when that sends too late.
async fn carry<S>(tcp: &mut TcpStream, stream: &mut ByteStream<S>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (from_tcp, mut to_tcp) = tcp.split();
    let (mut from_socket, mut to_socket) = split(stream);
    let sending = async {
        copy_buf(&mut BufReader::with_capacity(BUFFER_LEN, from_tcp), &mut to_socket).await?;
        to_socket.shutdown().await
    };
    let receiving = async {
        copy(&mut from_socket, &mut to_tcp).await?;
        to_tcp.shutdown().await
    };
    let (mut sending, mut receiving) = (pin!(sending), pin!(receiving));
    select! {
        received = &mut receiving => {
            received?;
            sending.await
        }
        sent = &mut sending => {
            if sent.as_ref().err().is_none_or(is_too_late) {
                receiving.await?;
            }
            sent
        }
    }
}

/// Whether bytes could not be sent since the peer had sent its Close, and all that comes before it.
fn is_too_late(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotConnected
}

fn server() -> Server {
    Server::new().with_config(config()).with_timeouts(timeouts())
}

fn client() -> Client {
    Client::new().with_config(config()).with_timeouts(timeouts())
}

/// Bytes pass through, so messages may have any length.
fn config() -> Config {
    Config::new().with_limits(Limits::unlimited())
}

/// Peers that are gone are noticed, and those are waited for whose TCP peers read slowly: meanwhile they answer no pings, and no
/// Close.
fn timeouts() -> Timeouts {
    let timeouts = Timeouts::new().with_ping_interval(Some(PING_INTERVAL)).with_pong(Some(PATIENCE));
    timeouts.with_write(Some(PATIENCE)).with_close(Some(PATIENCE))
}

const PING_INTERVAL: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(600);

/// How long a message becomes, in bytes.
const BUFFER_LEN: usize = 64 * 1024;
