//! Forwards TCP connections through WebSockets, such as past a firewall that lets only HTTP through.
//!
//! `forward serve WS_ADDR TCP_ADDR` accepts WebSockets, and connects each to the TCP address. `forward listen TCP_ADDR URL` accepts
//! TCP connections, and forwards each through a WebSocket of its own to the URL of the other program. Neither asks for a password:
//! all who can connect to one of them reach the TCP address, except for web pages of other hosts.
//!
//! Where a TCP peer ends its direction, a Close is sent, and the other program ends its direction to its own TCP peer. A WebSocket
//! cannot be closed in one direction: what that peer sends from then on is not forwarded, and is reported as an error.
#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program has std")]

use std::io::{self, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, thread};

use ws_std::{
    ByteReader, ByteStream, ByteWriter, Client, CloseCode, Config, Duplex, Limits, Server, Timeouts,
    WebSocket,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match *arguments {
        ["serve", address, target] => serve(address, target),
        ["listen", address, url] => listen(address, url),
        _ => {
            eprintln!("usage: forward serve WS_ADDR TCP_ADDR\n       forward listen TCP_ADDR URL");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("forward: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str, target: &str) -> io::Result<()> {
    let (server, target) = (Server::new().with_config(config()).with_timeouts(timeouts()), target.to_owned());
    accept("ws", address, move |stream| {
        let mut socket = server.accept(stream)?;
        match TcpStream::connect(&target) {
            Ok(tcp) => forward(tcp, socket),
            Err(error) => {
                socket.close(CloseCode::BAD_GATEWAY)?;
                Err(error)
            }
        }
    })
}

fn listen(address: &str, url: &str) -> io::Result<()> {
    let (client, url) = (Client::new().with_config(config()).with_timeouts(timeouts()), url.to_owned());
    accept("tcp", address, move |tcp| forward(tcp, client.connect(&url)?))
}

/// Attends to each connection on a thread of its own, and reports what went wrong.
fn accept(
    scheme: &str,
    address: &str,
    attend: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<()> {
    let listener = TcpListener::bind(address)?;
    writeln!(io::stdout(), "listening on {scheme}://{}/ (Ctrl-C ends)", listener.local_addr()?)?;
    let attend = Arc::new(attend);
    for stream in listener.incoming() {
        let (stream, attend) = (stream?, Arc::clone(&attend));
        let peer = stream.peer_addr()?;
        thread::Builder::new().spawn(move || {
            if let Err(error) = attend(stream) {
                eprintln!("forward: {peer}: {error}");
            }
        })?;
    }
    Ok(())
}

/// Carries bytes in both directions until both have ended.
fn forward<S: Duplex>(tcp: TcpStream, socket: WebSocket<S>) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let tcp = Arc::new(tcp);
    let (reader, writer) = ByteStream::new(socket).split()?;
    let sender = Arc::clone(&tcp);
    let sending = thread::Builder::new().spawn(move || send(&sender, writer))?;
    let received = receive(reader, &tcp);
    // Where both have failed, either may be the cause.
    match (sending.join().map_err(|_panic| io::Error::other("a thread panicked"))?, received) {
        (Err(sent), Err(received)) => {
            Err(io::Error::other(format!("sending: {sent}; receiving: {received}")))
        }
        (Err(error), Ok(())) | (Ok(()), Err(error)) => Err(error),
        (Ok(()), Ok(())) => Ok(()),
    }
}

/// From TCP to the WebSocket. A stream that is not complete ends by a code that says so.
fn send<S: Duplex>(tcp: &TcpStream, mut writer: ByteWriter<S>) -> io::Result<()> {
    match io::copy(&mut BufReader::with_capacity(BUFFER_LEN, tcp), &mut writer) {
        Ok(_) => writer.shutdown_write(),
        Err(error) => {
            // Where this fails, the WebSocket has ended, which is the error already.
            let _ended = writer.get_ref().start_close(CloseCode::INTERNAL_ERROR);
            Err(error)
        }
    }
}

/// From the WebSocket to TCP. After a stream that is not complete, both directions of TCP end, and with them `send`.
fn receive<S: Duplex>(mut reader: ByteReader<S>, mut tcp: &TcpStream) -> io::Result<()> {
    let copied = io::copy(&mut reader, &mut tcp);
    match copied {
        Ok(_) => tcp.shutdown(Shutdown::Write),
        Err(error) => {
            // Where TCP has failed, the peer is to know. These fail where it is over already.
            let _ended = (tcp.shutdown(Shutdown::Both), reader.get_mut().close(CloseCode::INTERNAL_ERROR));
            Err(error)
        }
    }
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
