//! A long message that the peer reads steadily, while it is pinged: it is not given up.
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
use std::thread;
use std::time::{Duration, Instant};

use common::tcp::serve;
use ws_std::ws_core::event::Event;
use ws_std::{Client, Config, Error, Limits, Message, Server, Timeouts, WebSocket};

const MESSAGE_LEN: usize = 24 << 20;

fn timeouts() -> Timeouts {
    Timeouts::new()
        .with_ping_interval(Some(Duration::from_millis(500)))
        .with_pong(Some(Duration::from_secs(2)))
}

/// Has `act` send the message to a peer that reads 3 MiB/s and answers every ping, then says so.
fn check(act: impl FnOnce(WebSocket<TcpStream>) -> Result<(), Error> + Send + 'static) {
    let (url, server) = serve(move |stream| act(Server::new().with_timeouts(timeouts()).accept(stream)?));
    let config = Config::new().with_limits(Limits::unlimited());
    let mut peer = Client::new().with_config(config).connect(&url).unwrap();
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
    server.join().unwrap().unwrap();
}

fn blocking(mut socket: WebSocket<TcpStream>) -> Result<(), Error> {
    socket.send_binary(&vec![7; MESSAGE_LEN])?;
    assert_eq!(socket.read()?.unwrap().0, Message::Text("done"));
    Ok(())
}

fn split(socket: WebSocket<TcpStream>) -> Result<(), Error> {
    let (mut reader, writer) = socket.split()?;
    let writing = thread::spawn(move || writer.send_binary(&vec![7; MESSAGE_LEN]));
    assert_eq!(reader.read()?, Some(Message::Text("done")));
    writing.join().unwrap()
}

fn non_blocking(mut socket: WebSocket<TcpStream>) -> Result<(), Error> {
    socket.get_ref().set_nonblocking(true)?;
    socket.send_binary(&vec![7; MESSAGE_LEN])?;
    loop {
        let _waits = socket.flush();
        match socket.read() {
            Ok(message) => return message.map(|_| ()).ok_or(Error::Closed),
            Err(error) if error.is_would_block() => thread::sleep(Duration::from_millis(2)),
            Err(error) => return Err(error),
        }
    }
}

#[test]
fn s5_5_2_a_peer_that_reads_a_long_message_steadily_and_answers_pings_is_not_given_up() {
    let checks =
        [|| check(blocking), || check(split), || check(non_blocking)].map(|act: fn()| thread::spawn(act));
    for check in checks {
        check.join().unwrap();
    }
}
