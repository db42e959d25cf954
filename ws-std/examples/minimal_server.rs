//! Echoes every message: `minimal_server [ADDR]`, by default on 127.0.0.1:9001.
use std::net::{TcpListener, TcpStream};

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:9001"))?;
    println!("listening on ws://{}/", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept()?;
        std::thread::spawn(|| echo(stream).inspect_err(|error| eprintln!("{error}")));
    }
}

fn echo(stream: TcpStream) -> Result<(), ws_std::Error> {
    let mut socket = ws_std::accept(stream)?;
    while let Some((message, mut writer)) = socket.read()? {
        writer.send(message)?;
    }
    Ok(())
}
