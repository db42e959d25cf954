//! TLS takes bytes and holds them back where the stream under it takes none: they are not lost, and the write timeout runs.
#![cfg(feature = "rustls-ring")]
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::std_instead_of_core, reason = "tests")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod common;

use common::tls::Authority;
use common::valve::{Control, OPEN, Valve};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use ws_std::rustls::pki_types::ServerName;
use ws_std::{CloseCode, Config, Error, Message, Outcome, Phase, Role, Timeouts, TlsStream, WebSocket};

type Ours = WebSocket<TlsStream<Valve>>;
type Peer = WebSocket<TlsStream<TcpStream>>;

fn pair() -> (Ours, Arc<Control>, Peer) {
    let authority = Authority::new("CA");
    let config = authority.issue("localhost").server_tls().build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = thread::spawn(move || {
        let (valve, control) = Valve::new(listener.accept().unwrap().0);
        (TlsStream::accept(valve, config, None).unwrap(), control)
    });
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsStream::connect(tcp, authority.client_tls().into(), name, None).unwrap();
    let (ours, control) = server.join().unwrap();
    let ours = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"").unwrap();
    let mut peer = WebSocket::after_handshake(stream, Role::Client, Config::new(), b"").unwrap();
    peer.set_timeouts(Timeouts::new().with_read(Some(Duration::from_secs(3))));
    (ours, control, peer)
}

fn expect(peer: &mut Peer, len: usize) {
    assert_eq!(peer.read().unwrap().unwrap().0.len(), len);
}

#[test]
fn reunite_writes_what_tls_holds() {
    let (ours, control, mut peer) = pair();
    let (reader, writer) = ours.split().unwrap();
    control.set(0);
    writer.try_send(Message::Binary(&[1; 1000])).unwrap();
    let mut socket = reader.reunite(writer).unwrap();
    control.set(OPEN);
    assert!(socket.wants_write(), "queued {}", socket.queued_len());
    socket.flush().unwrap();
    assert_eq!(socket.queued_len(), 0);
    expect(&mut peer, 1000);
}

#[test]
fn reunite_then_send_goes_on() {
    let (ours, control, mut peer) = pair();
    let (reader, writer) = ours.split().unwrap();
    control.set(0);
    writer.try_send(Message::Binary(&[1; 1000])).unwrap();
    let mut socket = reader.reunite(writer).unwrap();
    control.set(OPEN);
    socket.send_binary(&[2; 2000]).unwrap();
    expect(&mut peer, 1000);
    expect(&mut peer, 2000);
}

#[test]
fn reunite_then_send_long_goes_on() {
    let (ours, control, mut peer) = pair();
    let (reader, writer) = ours.split().unwrap();
    control.set(0);
    writer.try_send(Message::Binary(&[1; 1000])).unwrap();
    let mut socket = reader.reunite(writer).unwrap();
    control.set(OPEN);
    socket.send_binary(&vec![2; 20_000]).unwrap();
    expect(&mut peer, 1000);
    expect(&mut peer, 20_000);
}

#[test]
fn split_writes_what_tls_holds() {
    let (mut ours, control, mut peer) = pair();
    control.non_blocking.store(true, SeqCst);
    control.set(0);
    ours.send_binary(&[1; 1000]).unwrap();
    assert!(ours.wants_write());
    let (_reader, writer) = ours.split().unwrap();
    control.set(OPEN);
    writer.flush().unwrap();
    expect(&mut peer, 1000);
}

#[test]
fn parts_write_what_tls_holds() {
    let (mut ours, control, mut peer) = pair();
    control.non_blocking.store(true, SeqCst);
    control.set(0);
    ours.send_binary(&[1; 1000]).unwrap();
    assert!(ours.wants_write());
    let mut ours = WebSocket::from_parts(ours.into_parts());
    control.set(OPEN);
    assert!(ours.wants_write());
    ours.flush().unwrap();
    expect(&mut peer, 1000);
}

fn trickle(control: &Arc<Control>, pause: u64) {
    let control = Arc::clone(control);
    control.set(0);
    thread::spawn(move || {
        for _ in 0..2400 / pause {
            thread::sleep(Duration::from_millis(pause));
            control.add(100);
        }
        control.set(OPEN);
    });
}

fn slow() -> Timeouts {
    Timeouts::new().with_write(Some(Duration::from_secs(1)))
}

#[test]
fn write_that_moves_is_not_given_up() {
    let (mut ours, control, mut peer) = pair();
    ours.set_timeouts(slow());
    trickle(&control, 250);
    let reading = thread::spawn(move || {
        peer.set_timeouts(Timeouts::new().with_read(Some(Duration::from_secs(10))));
        expect(&mut peer, 60_000);
    });
    ours.send_binary(&vec![1; 60_000]).unwrap();
    reading.join().unwrap();
}

#[test]
fn split_write_that_moves_is_not_given_up() {
    let (mut ours, control, mut peer) = pair();
    ours.set_timeouts(slow());
    let (_reader, writer) = ours.split().unwrap();
    trickle(&control, 250);
    let reading = thread::spawn(move || {
        peer.set_timeouts(Timeouts::new().with_read(Some(Duration::from_secs(10))));
        expect(&mut peer, 60_000);
    });
    writer.send_binary(&vec![1; 60_000]).unwrap();
    reading.join().unwrap();
}

#[test]
fn split_try_send_that_moves_is_not_given_up() {
    let (mut ours, control, mut peer) = pair();
    ours.set_timeouts(slow());
    let (mut reader, writer) = ours.split().unwrap();
    trickle(&control, 250);
    let reading = thread::spawn(move || {
        peer.set_timeouts(Timeouts::new().with_read(Some(Duration::from_secs(10))));
        expect(&mut peer, 60_000);
    });
    thread::spawn(move || reader.read().map(drop));
    writer.try_send(Message::Binary(&vec![1; 60_000])).unwrap();
    reading.join().unwrap();
    assert_ne!(writer.counters().outcome, Some(Outcome::Timeout(Phase::Write)));
}

#[test]
fn write_that_moves_each_600_ms_is_not_given_up_after_1_s() {
    let (mut ours, control, mut peer) = pair();
    ours.set_timeouts(slow());
    trickle(&control, 600);
    let reading = thread::spawn(move || {
        peer.set_timeouts(Timeouts::new().with_read(Some(Duration::from_secs(20))));
        expect(&mut peer, 60_000);
    });
    ours.send_binary(&vec![1; 60_000]).unwrap();
    reading.join().unwrap();
}

#[test]
fn a_peer_that_takes_nothing_is_given_up() {
    for len in [1000, 60_000, 600_000] {
        let (mut ours, control, _peer) = pair();
        ours.set_timeouts(slow());
        control.set(0);
        let (done, is_done) = channel();
        thread::spawn(move || done.send(ours.send_binary(&vec![1; len])));
        let result = is_done.recv_timeout(Duration::from_secs(4));
        assert!(matches!(result, Ok(Err(Error::Timeout(Phase::Write)))), "{len} {result:?}");
    }
}

#[test]
fn a_peer_that_takes_nothing_is_given_up_by_halves() {
    for len in [1000, 60_000, 600_000] {
        let (mut ours, control, _peer) = pair();
        ours.set_timeouts(slow());
        let (_reader, writer) = ours.split().unwrap();
        control.set(0);
        let (done, is_done) = channel();
        thread::spawn(move || done.send(writer.send_binary(&vec![1; len])));
        let result = is_done.recv_timeout(Duration::from_secs(4));
        assert!(matches!(result, Ok(Err(Error::Timeout(Phase::Write)))), "{len} {result:?}");
    }
}

#[test]
fn close_to_a_peer_that_takes_nothing_is_given_up() {
    let (mut ours, control, _peer) = pair();
    ours.set_timeouts(slow().with_close(Some(Duration::from_millis(1500))));
    control.set(0);
    let (done, is_done) = channel();
    thread::spawn(move || done.send(ours.close(CloseCode::NORMAL, "")));
    let result = is_done.recv_timeout(Duration::from_secs(4));
    assert!(matches!(result, Ok(Err(Error::Timeout(_)))), "{result:?}");
}

// A read with a pong to write: nothing else is judged meanwhile.
#[test]
fn ping_of_a_peer_that_takes_nothing() {
    let (mut ours, control, mut peer) = pair();
    ours.set_timeouts(slow().with_read(Some(Duration::from_millis(300))));
    control.set(0);
    peer.ping(b"x").unwrap();
    let (done, is_done) = channel();
    thread::spawn(move || done.send(ours.read().map(|read| read.is_some())));
    let result = is_done.recv_timeout(Duration::from_secs(4));
    assert!(matches!(result, Ok(Err(_))), "{result:?}");
}

#[test]
fn split_write_that_moves_each_600_ms_is_not_given_up_after_1_s() {
    let (mut ours, control, mut peer) = pair();
    ours.set_timeouts(slow());
    let (_reader, writer) = ours.split().unwrap();
    trickle(&control, 600);
    let reading = thread::spawn(move || {
        peer.set_timeouts(Timeouts::new().with_read(Some(Duration::from_secs(20))));
        expect(&mut peer, 60_000);
    });
    writer.send_binary(&vec![1; 60_000]).unwrap();
    reading.join().unwrap();
}

type Tls = WebSocket<TlsStream<TcpStream>>;

/// Both ends over TCP alone.
fn tcp_pair() -> (Tls, Tls) {
    let authority = Authority::new("CA");
    let config = authority.issue("localhost").server_tls().build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server =
        thread::spawn(move || TlsStream::accept(listener.accept().unwrap().0, config, None).unwrap());
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsStream::connect(tcp, authority.client_tls().into(), name, None).unwrap();
    let ours = WebSocket::after_handshake(server.join().unwrap(), Role::Server, Config::new(), b"").unwrap();
    (ours, WebSocket::after_handshake(stream, Role::Client, Config::new(), b"").unwrap())
}

fn stuck(len: usize, count: usize) -> String {
    let (mut ours, peer) = tcp_pair();
    ours.set_timeouts(Timeouts::new().with_write(Some(Duration::from_millis(500))));
    let (done, is_done) = channel();
    thread::spawn(move || {
        for _ in 0..count {
            if let Err(error) = ours.send_binary(&vec![1; len]) {
                drop(done.send(error));
                return;
            }
        }
    });
    // Buffers of the system take some megabytes; then nothing moves.
    let result = is_done.recv_timeout(Duration::from_secs(8));
    drop(peer);
    format!("{result:?}")
}

#[test]
fn over_tcp_a_peer_that_reads_nothing_is_given_up() {
    for (len, count) in [(1000, 100_000), (30_000, 10_000), (32 << 20, 3)] {
        assert_eq!(stuck(len, count), "Ok(Timeout(Write))", "{len}");
    }
}

#[test]
fn a_read_that_pings_a_stuck_peer_ends() {
    let (mut ours, mut peer) = tcp_pair();
    ours.set_timeouts(
        Timeouts::new()
            .with_write(Some(Duration::from_millis(500)))
            .with_ping_interval(Some(Duration::from_millis(200)))
            .with_pong(Some(Duration::from_secs(1))),
    );
    let (done, is_done) = channel();
    thread::spawn(move || {
        // Echo of what comes.
        let result = loop {
            match ours.read() {
                Ok(Some((message, mut writer))) => {
                    if let Err(error) = writer.send(message) {
                        break format!("send {error:?}");
                    }
                }
                other => break format!("read {:?}", other.map(|read| read.is_some())),
            }
        };
        drop(done.send(result));
    });
    peer.set_timeouts(Timeouts::new().with_write(Some(Duration::from_secs(1))));
    // It writes and never reads, until it is stuck itself.
    let feeding = thread::spawn(move || {
        for _ in 0..100_000 {
            if peer.send_binary(&[1; 1000]).is_err() {
                break;
            }
        }
        thread::sleep(Duration::from_secs(12));
    });
    let result = is_done.recv_timeout(Duration::from_secs(10));
    assert!(result.is_ok(), "{result:?}");
    drop(feeding);
}
