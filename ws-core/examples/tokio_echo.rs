//! An echo server on tokio: what it takes to drive `ws-core` from async code.
//!
//! `cargo run --release -p ws-core --example tokio_echo [ADDR]` serves on 127.0.0.1:9003, or on ADDR, until Ctrl-C.
//!
//! A read whose future is dropped loses nothing, since the connection and its buffer change only between the awaits: timeouts
//! and `select!` around reads are safe. What was encoded has to be written to the end, or the connection given up.
#![expect(clippy::std_instead_of_core, reason = "a program has std")]

use std::io::Write as _;
use std::time::Duration;
use std::{env, io};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use ws_core::connection::{Config, Connection, Transport};
use ws_core::event::Event;
use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
use ws_core::input::ReadBuffer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9003".to_owned());
    let listener = TcpListener::bind(address).await?;
    writeln!(io::stdout(), "listening on http://{}/ (Ctrl-C ends)", listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        // That peers come and go is nothing to report.
        tokio::spawn(async move { serve(stream).await.unwrap_or_default() });
    }
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = ReadBuffer::new(vec![0; 16 * 1024]);
    if timeout(PATIENCE, greet(&mut stream, &mut buffer)).await?? {
        echo(stream, buffer).await?;
    }
    Ok(())
}

/// The opening handshake. `false` where no WebSocket was asked for, which was answered.
async fn greet(stream: &mut TcpStream, buffer: &mut ReadBuffer<Vec<u8>>) -> io::Result<bool> {
    let (mut handshake, mut out) = (ServerHandshake::new(vec![0; 8 * 1024]), [0; 1024]);
    while handshake.receive(&mut buffer.input()) == ServerProgress::NeedInput {
        match stream.read(buffer.spare()).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            len => buffer.filled(len),
        }
    }
    let accepted = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out);
    let len = match accepted {
        Ok(len) => len,
        Err(_) => handshake.reject_fault(&mut out).map_err(io::Error::other)?,
    };
    write(stream, out.get(..len)).await?;
    Ok(accepted.is_ok())
}

async fn echo(mut stream: TcpStream, mut buffer: ReadBuffer<Vec<u8>>) -> io::Result<()> {
    let (mut connection, mut out) = (Connection::server(Config::new()), vec![0; 17 * 1024]);
    loop {
        // First what came behind the request.
        let mut input = buffer.input();
        while let Some(event) = connection.next_event(&mut input) {
            if let Event::Data(fragment) = event {
                let fin = fragment.fin();
                // Refused only where a Close was sent; a fragment always fits into out.
                if let Ok(sent) = connection.send_fragment(fragment.payload, fin, &mut out) {
                    write(&mut stream, out.get(..sent.written)).await?;
                }
            }
            let len = connection.poll_transmit(&mut out);
            write(&mut stream, out.get(..len)).await?;
        }
        match connection.transport() {
            Transport::Open => {}
            Transport::Linger { .. } => {
                // So that the peer reads the Close before it hears that what it still sends is not wanted.
                stream.shutdown().await?;
                timeout(PATIENCE, tokio::io::copy(&mut stream, &mut tokio::io::sink())).await??;
                return Ok(());
            }
            Transport::Closed => return Ok(()),
        }
        match timeout(IDLE, stream.read(buffer.spare())).await?? {
            0 => connection.eof(),
            len => buffer.filled(len),
        }
    }
}

/// Writes all of it, unless the peer does not read.
async fn write(stream: &mut TcpStream, bytes: Option<&[u8]>) -> io::Result<()> {
    timeout(PATIENCE, stream.write_all(bytes.unwrap_or_default())).await?
}

/// How long a peer may take to say what it wants, to read, and to close.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a peer may be silent.
const IDLE: Duration = Duration::from_secs(300);
