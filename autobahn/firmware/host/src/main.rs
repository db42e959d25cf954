//! `ws-firmware-host server ADDR` and `ws-firmware-host client URL [--agent NAME]`: the server and the client for async
//! firmware as the Autobahn suite wants them, an echo each. The memory of the connections is static; the executor, smol's,
//! and the streams are the host's, and allocate.

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_io::{Async, block_on};
use embassy_futures::join::join_array;
use ws_core::connection::MaskKeys;
use ws_core::event::Piece;
use ws_core::handshake::{OriginPolicy, OutgoingRequest};
use ws_core::keepalive::KeepaliveConfig;
use ws_core::uri::Uri;
use ws_firmware::asynchronous::{self, Link, Sender, accept, connect, echo};
use ws_firmware_host::{Clock, Memory, Socket, mask_keys};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["server", addr] => serve(addr),
        ["client", url] => try_cases(url, "firmware-host"),
        ["client", url, "--agent", agent] => try_cases(url, agent),
        _ => Err("usage: ws-firmware-host server ADDR | client URL [--agent NAME]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ws-firmware-host: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A server of [`CONNECTION_COUNT`] connections at a time, until it is ended.
fn serve(addr: &str) -> Result<(), Box<dyn Error>> {
    static MEMORY: Mutex<[Memory; CONNECTION_COUNT]> =
        Mutex::new([const { Memory::new() }; CONNECTION_COUNT]);
    let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let listener = Async::new(TcpListener::bind(addr)?)?;
    let clock = Clock::new();
    say(format_args!("listening on {addr}"));
    let places = memory.each_mut().map(|memory| serve_in_turn(&listener, clock, memory));
    block_on(join_array(places));
    Ok(())
}

/// One connection after the other.
async fn serve_in_turn(listener: &Async<TcpListener>, clock: Clock, memory: &mut Memory) {
    loop {
        // Many of the suite's connections end in an error, as they should; it judges how.
        if let Err(error) = serve_next(listener, clock, memory).await {
            say(format_args!("{error}"));
        }
    }
}

async fn serve_next(
    listener: &Async<TcpListener>,
    clock: Clock,
    memory: &mut Memory,
) -> Result<(), Box<dyn Error>> {
    let (stream, _) = listener.accept().await?;
    let link = Link::new(Socket::new(stream)?, clock, TIMEOUTS);
    let web_socket = accept(link, memory.buffers(), OriginPolicy::SameHost).await.map_err(told)?;
    web_socket.run(echo).await.map_err(told)?;
    Ok(())
}

/// A client of the suite's fuzzing server: connects once for each of its cases.
fn try_cases(url: &str, agent: &str) -> Result<(), Box<dyn Error>> {
    static MEMORY: Mutex<Memory> = Mutex::new(Memory::new());
    let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    let addr = url.strip_prefix("ws://").ok_or("a URL begins with ws://")?.parse()?;
    let mut client = Client { addr, clock: Clock::new(), memory: &mut memory, keys: mask_keys()? };
    block_on(async {
        for case in 1..=client.case_count().await? {
            if let Err(error) = client.call(&format!("/runCase?case={case}&agent={agent}"), echo).await {
                say(format_args!("case {case}: {error}"));
            }
        }
        client.call(&format!("/updateReports?agent={agent}"), echo).await
    })
}

struct Client<'m> {
    addr: SocketAddr,
    clock: Clock,
    memory: &'m mut Memory,
    keys: MaskKeys,
}

impl Client<'_> {
    async fn case_count(&mut self) -> Result<u32, Box<dyn Error>> {
        let mut text = String::new();
        let read = async |piece: Piece<'_>, _: &mut Answer<'_, '_>| {
            text.extend(piece.payload.iter().copied().map(char::from));
            Ok(())
        };
        self.call("/getCaseCount", read).await?;
        Ok(text.parse()?)
    }

    /// Connects, and gives what comes to `receive`, until the connection has ended.
    async fn call<'k>(
        &'k mut self,
        target: &str,
        receive: impl AsyncFnMut(Piece<'_>, &mut Answer<'_, 'k>) -> Result<(), asynchronous::Error<io::Error>>,
    ) -> Result<(), Box<dyn Error>> {
        let uri = format!("ws://{}{target}", self.addr);
        let request = OutgoingRequest::new(Uri::parse(&uri)?);
        let link = Link::new(Socket::connect(self.addr).await?, self.clock, TIMEOUTS);
        let web_socket =
            connect(link, self.memory.buffers(), &request, &mut self.keys).await.map_err(told)?;
        web_socket.run(receive).await.map_err(told)?;
        Ok(())
    }
}

type Answer<'a, 'k> = Sender<'a, Socket, Clock, &'k mut MaskKeys>;

#[expect(clippy::needless_pass_by_value, reason = "what map_err gives")]
fn told(error: asynchronous::Error<io::Error>) -> Box<dyn Error> {
    format!("{error:?}").into()
}

/// Nobody reads that any more where it cannot be printed.
fn say(words: std::fmt::Arguments<'_>) {
    let _printed = writeln!(io::stdout(), "{words}");
}

/// Autobahn has one connection at a time; a place that lingers must not keep it waiting.
const CONNECTION_COUNT: usize = 4;

/// A peer that is gone is noticed after a minute, so that its place is free again.
const TIMEOUTS: KeepaliveConfig = KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(60)));
