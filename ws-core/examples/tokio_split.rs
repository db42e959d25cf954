//! An echo server on tokio whose connections read and write at the same time, each in a task; other tasks can send, too.
//!
//! `cargo run --release -p ws-core --example tokio_split [ADDR]` serves on 127.0.0.1:9006, or on ADDR, until Ctrl-C.
//!
//! No lock is held over an await. Each task waits for a `Notify` of its own, which keeps a notification that comes before the
//! task waits, so that none is lost.
#![expect(clippy::std_instead_of_core, reason = "a program has std")]

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_echo::{Result, open};
use ws_core::connection::Transport;
use ws_core::event::Event;
use ws_core::input::ReadBuffer;
use ws_core::keepalive::KeepaliveConfig;
use ws_core::session::{Batch, Config, Inbound, NoKeys, Outbound, Relay as _, Session};

#[path = "tokio_echo.rs"]
#[expect(dead_code, reason = "only its opening handshake is needed here")]
mod tokio_echo;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9006".to_owned());
    let listener = TcpListener::bind(address).await?;
    writeln!(io::stdout(), "listening on http://{}/ (Ctrl-C ends)", listener.local_addr()?)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(async { serve(stream).await.unwrap_or_default() })),
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
        let Session { inbound, outbound, .. } = Session::new(opened, config, buffer, start.elapsed());
        let shared =
            Shared { outbound: Mutex::new(outbound), start, reader: Notify::new(), writer: Notify::new() };
        let (shared, (read_half, write_half)) = (Arc::new(shared), stream.into_split());
        let writer = Arc::clone(&shared);
        let writing = tokio::spawn(async move { writer.end(write(write_half, &writer).await) });
        shared.end(read(read_half, inbound, &shared).await)?;
        writing.await??;
    }
    Ok(())
}

struct Shared {
    outbound: Mutex<Outbound<NoKeys>>,
    start: Instant,
    /// For the task that reads: there may be room for answers, an earlier deadline, or the end.
    reader: Notify,
    /// For the task that writes: there may be bytes, or the end. A task that sends notifies both.
    writer: Notify,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Outbound<NoKeys>> {
        self.outbound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One task has ended, so that the other has to.
    fn end(&self, result: Result<()>) -> Result<()> {
        self.lock().transport_failed();
        self.reader.notify_one();
        self.writer.notify_one();
        result
    }
}

async fn read(mut stream: OwnedReadHalf, mut inbound: Inbound, shared: &Shared) -> Result<()> {
    let mut is_open = true;
    loop {
        while shared.lock().is_ready() {
            match inbound.next(&mut |note| shared.lock().relay(note)) {
                Some(Event::Data(message)) if !shared.lock().is_closing() => shared.lock().send(message)?,
                Some(_) => {}
                None => break,
            }
        }
        shared.writer.notify_one();
        let (transport, deadline) = {
            let outbound = shared.lock();
            (outbound.transport(), outbound.next_deadline().unwrap_or(Duration::MAX))
        };
        if transport == Transport::Closed {
            return Ok(());
        }
        tokio::select! {
            biased;
            read = stream.read(inbound.spare()), if is_open && inbound.wants_read() => match read? {
                0 => {
                    inbound.eof();
                    is_open = false;
                }
                len => inbound.filled(len, shared.start.elapsed()),
            },
            () = shared.reader.notified() => {}
            () = sleep(deadline.saturating_sub(shared.start.elapsed())) => {
                // What came is reported first, even where it has to wait for room.
                inbound.advance(&mut |note| shared.lock().relay(note));
                shared.lock().poll(shared.start.elapsed());
            }
        }
    }
}

async fn write(mut stream: OwnedWriteHalf, shared: &Shared) -> Result<()> {
    let mut batch = Batch::new();
    loop {
        let transport = {
            let mut outbound = shared.lock();
            outbound.take_batch(&mut batch);
            outbound.transport()
        };
        match transport {
            Transport::Closed => return Ok(()),
            _ if !batch.is_empty() => {
                let len = timeout(PATIENCE, stream.write(batch.as_slice())).await??;
                batch.advance(len);
                shared.lock().transmitted(len, shared.start.elapsed());
                shared.reader.notify_one();
            }
            Transport::Linger { shutdown_write: true } => {
                stream.shutdown().await?;
                shared.lock().write_shut_down();
            }
            Transport::Open | Transport::Linger { .. } => shared.writer.notified().await,
        }
    }
}

/// How long a peer may take to ask for a WebSocket, and to read what waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
