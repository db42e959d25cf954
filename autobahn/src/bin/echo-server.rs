//! `echo-server ADDR [--deflate] [--tokio]`: sends every message back, on every path, until it is ended.

use std::env;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use ws_std::{Config, Deflate, Limits, Timeouts};

/// The suite sends messages of 16 MiB; there is room for more.
const MESSAGE_LEN_MAX: u64 = 64 << 20;

/// What the suite itself gives a case. Where it is slow, the response of its handshake comes with 65,536 frames that follow it.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(100));

fn main() -> ExitCode {
    let (options, addrs): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|word| word.starts_with("--"));
    let is_known = |option: &String| matches!(option.as_str(), "--deflate" | "--tokio");
    let ([addr], true) = (addrs.as_slice(), options.iter().all(is_known)) else {
        eprintln!("usage: echo-server ADDR [--deflate] [--tokio], such as 127.0.0.1:9001");
        return ExitCode::from(2);
    };
    let has = |option: &str| options.iter().any(|given| given == option);
    match serve(addr, has("--deflate"), has("--tokio")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo-server: {addr}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A server of either crate, whose settings have the same names.
macro_rules! server {
    ($server:expr, $is_deflating:expr) => {{
        let timeouts = Timeouts::new().with_handshake(PATIENCE).with_close(PATIENCE);
        let limits = Limits::new().with_frame_len_max(MESSAGE_LEN_MAX).with_message_len_max(MESSAGE_LEN_MAX);
        // A page of any origin may connect: there is nothing here that a visitor's browser could be used to get at.
        let server = $server.with_any_origin().with_timeouts(timeouts);
        let server = server.with_config(Config::new().with_limits(limits));
        // Every message, so that the suite's short ones are compressed too.
        if $is_deflating { server.with_deflate(Deflate::new().with_threshold(0)) } else { server }
    }};
}

fn serve(addr: &str, is_deflating: bool, is_tokio: bool) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    writeln!(io::stdout(), "listening on {}", listener.local_addr()?)?;
    if is_tokio {
        let server = server!(ws_tokio::Server::new(), is_deflating);
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(serve_tasks(listener, server))
    } else {
        serve_threads(&listener, &server!(ws_std::Server::new(), is_deflating))
    }
}

fn serve_threads(listener: &TcpListener, server: &ws_std::Server) -> io::Result<()> {
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

fn echo(server: &ws_std::Server, stream: TcpStream) -> Result<(), ws_std::Error> {
    let mut socket = server.accept(stream)?;
    while let Some((message, mut writer)) = socket.read()? {
        writer.send(message)?;
    }
    Ok(())
}

async fn serve_tasks(listener: TcpListener, server: ws_tokio::Server) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (server, (stream, _addr)) = (server.clone(), listener.accept().await?);
        tokio::spawn(async move {
            if let Err(error) = echo_async(&server, stream).await {
                let _logged = writeln!(io::stdout(), "{error}");
            }
        });
    }
}

async fn echo_async(server: &ws_tokio::Server, stream: tokio::net::TcpStream) -> Result<(), ws_tokio::Error> {
    stream.set_nodelay(true)?;
    let mut socket = server.accept(stream).await?;
    while let Some((message, mut writer)) = socket.read().await? {
        writer.send(message).await?;
    }
    Ok(())
}
