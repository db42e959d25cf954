//! An echo server on tokio: the loop to start from in async code.
//!
//! `cargo run --release -p ws-core --example tokio_echo [ADDR]` serves on 127.0.0.1:9003, or on ADDR, until Ctrl-C.
//!
//! A `Session` changes only between the awaits: a read whose future is dropped loses nothing. While a write waits, nothing is
//! read, so that a peer has to read its echoes before it can send more. `tokio_split` reads and writes at the same time.
#![expect(clippy::std_instead_of_core, reason = "a program has std")]

use std::error::Error;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use ws_core::connection::Transport;
use ws_core::event::Event;
use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::KeepaliveConfig;
use ws_core::session::{Config, NoKeys, Opened, Session};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9003".to_owned());
    let listener = TcpListener::bind(address).await?;
    writeln!(io::stdout(), "listening on http://{}/ (Ctrl-C ends)", listener.local_addr()?)?;
    loop {
        match listener.accept().await {
            // Peers that leave, in whatever way, are nothing to report.
            Ok((stream, _)) => drop(tokio::spawn(async { serve(stream).await.unwrap_or_default() })),
            // File descriptors are used up, for example, until some peer leaves.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let (start, mut buffer) = (Instant::now(), ReadBuffer::new(vec![0; 16 * 1024]));
    let keepalive = KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(30)));
    if let Some(opened) = timeout(PATIENCE, open(&mut stream, &mut buffer)).await?? {
        let config = Config::new().with_keepalive(keepalive);
        echo(stream, Session::new(opened, config, buffer, start.elapsed()), start).await?;
    }
    Ok(())
}

/// The opening handshake; `None` where it was refused.
pub(crate) async fn open(
    stream: &mut TcpStream,
    buffer: &mut ReadBuffer<Vec<u8>>,
) -> Result<Option<Opened<NoKeys>>> {
    let (mut handshake, mut head) = (ServerHandshake::new(vec![0; 8 * 1024]), vec![0; 1024]);
    while handshake.receive(&mut buffer.input()) == ServerProgress::NeedInput {
        match stream.read(buffer.spare()).await? {
            0 => return Err("the peer left within its request".into()),
            len => buffer.filled(len),
        }
    }
    if let Ok(len) = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut head) {
        head.truncate(len);
        return Ok(Some(Opened::by_server(&handshake)?.with_unsent(head)));
    }
    let len = handshake.reject_fault(&mut head)?;
    stream.write_all(head.get(..len).unwrap_or_default()).await?;
    // A stream that is closed over unread input resets the peer, perhaps before it has read the answer.
    stream.shutdown().await?;
    tokio::io::copy(&mut stream.take(1 << 20), &mut tokio::io::sink()).await?;
    Ok(None)
}

/// Echoes every message until the connection has ended.
async fn echo(mut stream: TcpStream, mut session: Session<NoKeys>, start: Instant) -> Result<()> {
    loop {
        while session.outbound.is_ready() {
            match session.inbound.next(&mut session.outbound) {
                Some(Event::Data(message)) if !session.outbound.is_closing() => {
                    session.outbound.send(message)?;
                }
                Some(_) => {} // The session answers pings, and closes.
                None => break,
            }
        }
        while session.outbound.wants_transmit() {
            let len = timeout(PATIENCE, stream.write(session.outbound.transmit())).await??;
            session.outbound.transmitted(len, start.elapsed());
        }
        match session.outbound.transport() {
            Transport::Linger { shutdown_write: true } => {
                stream.shutdown().await?;
                session.outbound.write_shut_down();
            }
            Transport::Open | Transport::Linger { .. } => {}
            Transport::Closed => return Ok(()),
        }
        if session.inbound.wants_read() {
            let deadline = session.outbound.next_deadline().unwrap_or(Duration::MAX);
            let wait = deadline.saturating_sub(start.elapsed());
            match timeout(wait, stream.read(session.inbound.spare())).await {
                Ok(Ok(0)) => session.inbound.eof(),
                Ok(len) => session.inbound.filled(len?, start.elapsed()),
                Err(_) => _ = session.outbound.poll(start.elapsed()),
            }
        }
    }
}

/// How long a peer may take to ask for a WebSocket, and to read what waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
