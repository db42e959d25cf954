//! Echoes over `wss:`.
//!
//! `wss_server ADDR CHAIN.pem KEY.pem` serves with this certificate chain and its private key.
#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program has std")]

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;

use ws_std::rustls::ServerConfig;
use ws_std::{Hub, Server, ServerTls, SharedStream};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wss_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(address), Some(chain), Some(key)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: wss_server ADDR CHAIN.pem KEY.pem".into());
    };
    let tls = ServerTls::new(&fs::read(chain)?, &fs::read(key)?)?.build();
    let listener = TcpListener::bind(&address)?;
    writeln!(io::stdout(), "listening on wss://{}/ (Ctrl-C ends)", listener.local_addr()?)?;

    // A thread for each connection.
    Hub::new(CONNECTION_COUNT_MAX).serve(&listener, move |stream, _place| {
        if let Err(error) = echo(stream, &tls) {
            eprintln!("wss_server: {error}");
        }
    })?;
    Ok(())
}

fn echo(stream: SharedStream<TcpStream>, tls: &Arc<ServerConfig>) -> Result<(), ws_std::Error> {
    let mut socket = Server::new().accept_tls(stream, tls)?;
    while let Some((message, mut writer)) = socket.read()? {
        writer.send(message)?;
    }
    Ok(())
}

const CONNECTION_COUNT_MAX: usize = 1000;
