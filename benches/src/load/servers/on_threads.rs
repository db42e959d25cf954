//! A thread for each connection, which waits for its reads and writes.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use super::super::Result;

pub(crate) fn serve(listener: TcpListener, echo: fn(TcpStream) -> Result<()>) {
    for stream in listener.incoming().flatten() {
        // That a client leaves is the usual end.
        thread::spawn(move || echo(stream).unwrap_or_default());
    }
}

/// The least that can be done.
pub(crate) fn tcp(mut stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ_LEN];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            len => stream.write_all(&buffer[..len])?,
        }
    }
}

pub(crate) fn ws_std(stream: TcpStream) -> Result<()> {
    let mut socket = ws_std::accept(stream)?;
    while let Some((message, mut writer)) = socket.read()? {
        writer.send(message)?;
    }
    Ok(())
}

pub(crate) fn tungstenite(stream: TcpStream) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut socket = tungstenite::accept(stream)?;
    loop {
        let message = socket.read()?;
        if message.is_text() || message.is_binary() {
            socket.send(message)?;
        }
    }
}

/// A message of 16 KiB with its header is read at once, as by ws-std.
const READ_LEN: usize = 16 * 1024 + 14;
