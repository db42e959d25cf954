//! A long message that the peer reads steadily, while it is pinged: it is not given up, until it falls silent.
#![expect(
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    clippy::panic_in_result_fn,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    reason = "tests"
)]

mod common;

use std::net::TcpStream;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use common::tcp::serve;
use ws_std::ws_core::event::Event;
use ws_std::{Client, Config, Error, Limits, Message, Phase, Server, Stream, Timeouts, WebSocket};

const MESSAGE_LEN: usize = 24 << 20;

fn timeouts() -> Timeouts {
    Timeouts::new()
        .with_ping_interval(Some(Duration::from_millis(500)))
        .with_pong(Some(Duration::from_secs(2)))
}

/// Hears the message at 3 MiB/s, answers every ping, says so, and falls silent until the other side has ended.
fn hear<S: Stream>(mut peer: WebSocket<S>, ended: &Receiver<()>) {
    let begun = Instant::now();
    let mut len = 0_usize;
    while len < MESSAGE_LEN {
        let (event, _) = peer.read_event().unwrap().unwrap();
        let Event::Data(piece) = event else { continue };
        len += piece.payload.as_bytes().len();
        let due = Duration::from_micros(u64::try_from(len / 3).unwrap());
        thread::sleep(due.saturating_sub(begun.elapsed()));
    }
    peer.send_text("done").unwrap();
    ended.recv().unwrap();
}

fn client() -> Client {
    Client::new().with_config(Config::new().with_limits(Limits::unlimited()))
}

/// Has `act` send the message to such a peer, and wait for what it says then: for ever, if nobody looked after it.
fn check(act: impl FnOnce(WebSocket<TcpStream>) -> Result<(), Error> + Send + 'static) {
    let (end, ended) = mpsc::channel();
    let (url, server) = serve(move |stream| {
        let result = act(Server::new().with_timeouts(timeouts()).accept(stream)?);
        end.send(()).unwrap();
        result
    });
    hear(client().connect(&url).unwrap(), &ended);
    server.join().unwrap().unwrap();
}

/// That a peer which is silent from now on is given up in time.
fn check_given_up(mut read: impl FnMut() -> Result<bool, Error>) {
    let begun = Instant::now();
    let error = loop {
        match read() {
            Ok(_) => {}
            Err(error) if error.is_would_block() => thread::sleep(Duration::from_millis(2)),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Timeout(Phase::Pong)), "{error:?}");
    let time = begun.elapsed();
    assert!(time > Duration::from_secs(2) && time < Duration::from_secs(6), "{time:?}");
}

fn blocking<S: Stream>(mut socket: WebSocket<S>) -> Result<(), Error> {
    socket.send_binary(&vec![7; MESSAGE_LEN])?;
    assert_eq!(socket.read()?.unwrap().0, Message::Text("done"));
    check_given_up(|| socket.read().map(|message| message.is_some()));
    Ok(())
}

fn split(socket: WebSocket<TcpStream>) -> Result<(), Error> {
    let (mut reader, writer) = socket.split()?;
    let writing = thread::spawn(move || writer.send_binary(&vec![7; MESSAGE_LEN]));
    assert_eq!(reader.read()?, Some(Message::Text("done")));
    writing.join().unwrap()?;
    check_given_up(|| reader.read().map(|message| message.is_some()));
    Ok(())
}

fn non_blocking(mut socket: WebSocket<TcpStream>) -> Result<(), Error> {
    socket.get_ref().set_nonblocking(true)?;
    socket.send_binary(&vec![7; MESSAGE_LEN])?;
    loop {
        let _waits = socket.flush();
        match socket.read() {
            Ok(message) => break assert_eq!(message.unwrap().0, Message::Text("done")),
            Err(error) if error.is_would_block() => thread::sleep(Duration::from_millis(2)),
            Err(error) => return Err(error),
        }
    }
    check_given_up(|| socket.read().map(|message| message.is_some()));
    Ok(())
}

#[cfg(feature = "rustls-ring")]
fn check_tls() {
    let authority = common::tls::Authority::new("CA");
    let config = authority.issue("localhost").server_tls().build();
    let (end, ended) = mpsc::channel();
    let (url, server) = serve(move |stream| {
        let result = blocking(Server::new().with_timeouts(timeouts()).accept_tls(stream, &config)?);
        end.send(()).unwrap();
        result
    });
    let url = url.replace("ws://127.0.0.1", "wss://localhost");
    hear(client().with_tls(authority.client_tls()).connect(&url).unwrap(), &ended);
    server.join().unwrap().unwrap();
}

#[cfg(not(feature = "rustls-ring"))]
fn check_tls() {}

#[test]
fn s5_5_2_a_peer_that_reads_steadily_and_answers_pings_is_not_given_up_and_one_that_falls_silent_is() {
    let checks = [|| check(blocking), || check(split), || check(non_blocking), check_tls]
        .map(|act: fn()| thread::spawn(act));
    for check in checks {
        check.join().unwrap();
    }
}
