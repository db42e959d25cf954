//! Connections whose halves are on two threads and more.

use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ws_std::{Duplex, Error, ReadHalf, Server, Timeouts, WebSocket, WriteHalf};

use super::tcp::{connected_by_hand, serve};

pub(crate) const SHORT: Duration = Duration::from_millis(300);

/// Enough that no test meets it, and little enough that a test that does is noticed.
pub(crate) const LONG: Duration = Duration::from_secs(8);

/// More than the buffers of a connection on this machine take, in bytes.
pub(crate) const TOO_MUCH: usize = 32 << 20;

/// The messages that were read, and how that ended.
pub(crate) type Outcome = (Vec<Vec<u8>>, Result<(), Error>);

pub(crate) type Halves = (ReadHalf<TcpStream>, WriteHalf<TcpStream>);

/// A server's connection, and its client by hand.
pub(crate) fn connection(timeouts: Timeouts) -> (WebSocket<TcpStream>, TcpStream) {
    let (url, server) = serve(move |stream| Server::new().with_timeouts(timeouts).accept(stream).unwrap());
    let peer = connected_by_hand(&url);
    (server.join().unwrap(), peer)
}

pub(crate) fn halves(timeouts: Timeouts) -> (Halves, TcpStream) {
    let (socket, peer) = connection(timeouts);
    (socket.split().unwrap(), peer)
}

/// Writes more than the peer takes, and gives what came of it. Comes back when that is under way.
pub(crate) fn block(writer: &WriteHalf<TcpStream>, peer: &TcpStream) -> JoinHandle<Result<(), Error>> {
    let writer = writer.clone();
    let writing = thread::spawn(move || writer.send(&vec![7; TOO_MUCH]));
    peer.peek(&mut [0]).unwrap();
    // Until the buffers of the system are full, which nothing shows.
    thread::sleep(SHORT / 6);
    assert!(!writing.is_finished(), "the connection takes {TOO_MUCH} bytes");
    writing
}

/// Reads to the end; gives the messages and the end.
pub(crate) fn reading(mut reader: ReadHalf<impl Duplex>) -> JoinHandle<Outcome> {
    thread::spawn(move || {
        let mut messages = Vec::new();
        loop {
            match reader.read() {
                Ok(Some(message)) => messages.push(message.as_bytes().to_vec()),
                Ok(None) => return (messages, Ok(())),
                Err(error) => return (messages, Err(error)),
            }
        }
    })
}
