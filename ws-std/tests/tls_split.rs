//! A connection over TLS whose directions are on threads of their own. The peer is rustls by itself.
#![cfg(feature = "rustls-ring")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    reason = "tests"
)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use common::tcp::patient;
use common::tls::Authority;
use ws_std::rustls::pki_types::ServerName;
use ws_std::rustls::{ServerConnection, StreamOwned};
use ws_std::{
    Config, Error, Message, NetStream, Phase, ReadHalf, Role, Timeouts, TlsStream, WebSocket, WriteHalf,
};

type Halves = (ReadHalf<NetStream>, WriteHalf<NetStream>);
type Peer = StreamOwned<ServerConnection, TcpStream>;

/// More than sockets hold.
const MUCH: usize = 16 << 20;

/// What a client's header takes before so much payload.
const HEADER_LEN: usize = 14;

fn halves(timeouts: Timeouts) -> (Halves, Peer) {
    let authority = Authority::new("CA");
    let config = authority.issue("localhost").server_tls().build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let peer = thread::spawn(move || {
        let stream = listener.accept().unwrap().0;
        patient(&stream);
        let mut peer = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
        peer.flush().unwrap();
        peer
    });
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsStream::connect(tcp, authority.client_tls().into(), name, None).unwrap();
    let mut socket =
        WebSocket::after_handshake(NetStream::from(stream), Role::Client, Config::new(), b"").unwrap();
    socket.set_timeouts(timeouts);
    (socket.split().unwrap(), peer.join().unwrap())
}

#[test]
fn reading_goes_on_while_the_writer_is_blocked() {
    let ((mut reader, writer), mut peer) = halves(Timeouts::new());
    let writing = thread::spawn(move || writer.send(&vec![7; MUCH]).map(|()| writer));
    // Until the sockets are full.
    thread::sleep(Duration::from_millis(300));
    for _ in 0..100 {
        peer.write_all(b"\x81\x05Hello\x89\x01!").unwrap();
        assert_eq!(reader.read().unwrap().unwrap(), Message::Text("Hello"));
    }
    assert!(!writing.is_finished());
    let mut bytes = vec![0; MUCH + HEADER_LEN];
    peer.read_exact(&mut bytes).unwrap();
    let writer = writing.join().unwrap().unwrap();
    writer.send("next").unwrap();
    drop(reader);
}

// RFC 8446 §4.6.3: who is asked to change its keys does so before its next record.
#[test]
fn s4_6_3_new_keys_are_taken_and_answered_in_either_direction() {
    let ((mut reader, writer), mut peer) = halves(Timeouts::new());
    for _ in 0..10 {
        peer.conn.refresh_traffic_keys().unwrap();
        peer.write_all(b"\x81\x05Hello").unwrap();
        assert_eq!(reader.read().unwrap().unwrap(), Message::Text("Hello"));
        writer.send("Hello").unwrap();
        let mut bytes = [0; 11];
        peer.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes[..2], [0x81, 0x85]);
    }
}

#[test]
fn a_peer_that_takes_nothing_ends_both_halves_by_the_write_timeout() {
    let limit = Duration::from_millis(300);
    let ((mut reader, writer), peer) = halves(Timeouts::new().with_write(Some(limit)));
    let reading = thread::spawn(move || reader.read().map(drop));
    let begun = Instant::now();
    let error = writer.send(&vec![7; MUCH]).unwrap_err();
    assert!(matches!(error, Error::Timeout(Phase::Write)), "{error:?}");
    assert!(reading.join().unwrap().is_err());
    assert!(begun.elapsed() < Duration::from_secs(10));
    drop(peer);
}

#[test]
fn a_cut_connection_is_an_error_of_both_halves() {
    let ((mut reader, writer), peer) = halves(Timeouts::new());
    let reading = thread::spawn(move || reader.read().map(drop));
    drop(peer);
    assert!(matches!(reading.join().unwrap(), Err(Error::Disconnected(_))));
    let begun = Instant::now();
    while writer.send("x").is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
