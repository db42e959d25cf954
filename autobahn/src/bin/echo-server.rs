//! `echo-server ADDR [--deflate]`: sends every message back, on every path, until it is ended.

use std::env;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;

use ws_std::{Config, Deflate, Error, Limits, Server};

/// The suite sends messages of 16 MiB; there is room for more.
const MESSAGE_LEN_MAX: u64 = 64 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (addr, deflate) = match arguments.as_slice() {
        [addr] => (addr, None),
        // Every message, so that the suite's short ones are compressed too.
        [addr, option] | [option, addr] if option == "--deflate" => {
            (addr, Some(Deflate::new().with_threshold(0)))
        }
        _ => {
            eprintln!("usage: echo-server ADDR [--deflate], such as 127.0.0.1:9001");
            return ExitCode::from(2);
        }
    };
    match serve(addr, deflate) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo-server: {addr}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(addr: &str, deflate: Option<Deflate>) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    writeln!(io::stdout(), "listening on {}", listener.local_addr()?)?;
    let limits = Limits::new().with_frame_len_max(MESSAGE_LEN_MAX).with_message_len_max(MESSAGE_LEN_MAX);
    // A page of any origin may connect: there is nothing here that a visitor's browser could be used to get at.
    let server = Server::new().with_any_origin().with_config(Config::new().with_limits(limits));
    let server = match deflate {
        Some(deflate) => server.with_deflate(deflate),
        None => server,
    };
    for stream in listener.incoming() {
        let (server, stream) = (server.clone(), stream?);
        thread::spawn(move || {
            // Many of the suite's connections end in an error, as they should; it judges how.
            if let Err(error) = echo(&server, stream) {
                let _logged = writeln!(io::stdout(), "{error}");
            }
        });
    }
    Ok(())
}

fn echo(server: &Server, stream: TcpStream) -> Result<(), Error> {
    let mut socket = server.accept(stream)?;
    while let Some((message, mut writer)) = socket.read()? {
        writer.send(message)?;
    }
    Ok(())
}
