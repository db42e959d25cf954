//! Echoes, and answers health checks of any kind, which come as plain HTTP: `OPTIONS / HTTP/1.0` for example.
//!
//! `health_check ADDR` serves.
#![expect(clippy::std_instead_of_core, reason = "a program has std")]

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use ws_std::Server;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(env::args().nth(1).ok_or("usage: health_check ADDR")?)?;
    writeln!(io::stdout(), "listening on http://{}/ (Ctrl-C ends)", listener.local_addr()?)?;
    for stream in listener.incoming() {
        let stream = stream?;
        thread::spawn(move || serve(stream).inspect_err(|error| eprintln!("health_check: {error}")));
    }
    Ok(())
}

fn serve(stream: TcpStream) -> Result<(), ws_std::Error> {
    let incoming = Server::new().receive(stream)?;
    if !incoming.is_websocket() {
        return incoming.respond(200, &[], b"healthy\n");
    }
    let mut socket = incoming.accept()?;
    while let Some((message, mut writer)) = socket.read()? {
        writer.send(message)?;
    }
    Ok(())
}
