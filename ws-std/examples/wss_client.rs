//! Sends a text over `wss:` and prints the answer.
//!
//! `wss_client URL [CA.pem]` trusts whom the platform trusts, or this certificate authority and no other.

use core::error::Error;
use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;

use ws_std::{Client, ClientTls, CloseCode};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wss_client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().ok_or("usage: wss_client URL [CA.pem]")?;
    let mut client = Client::new();
    if let Some(path) = arguments.next() {
        client = client.with_tls(ClientTls::from_roots(&fs::read(path)?)?);
    }

    let mut socket = client.connect(&url)?;
    if let Some(version) = socket.get_ref().with_tls_connection(|tls| tls.protocol_version()) {
        eprintln!("wss_client: connected by {version:?}");
    }
    socket.send("Hello over TLS")?;
    if let Some((message, _)) = socket.read()? {
        writeln!(io::stdout(), "{}", String::from_utf8_lossy(message.as_bytes()))?;
    }
    Ok(socket.close(CloseCode::NORMAL)?)
}
