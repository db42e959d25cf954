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
use ws_std::{
    CloseCode, Config, Error, Message, Outcome, Phase, Role, Stream, Timeouts, TlsStream, WebSocket,
};

type Tls = WebSocket<TlsStream<TcpStream>>;
type Ours = WebSocket<TlsStream<Valve>>;

/// A server over the stream that `wrap` makes of its socket, with what `wrap` gives besides, and its client.
fn pair_over<S: Stream + Send + 'static, T: Send + 'static>(
    wrap: impl FnOnce(TcpStream) -> (S, T) + Send + 'static,
) -> (WebSocket<TlsStream<S>>, T, Tls) {
    let authority = Authority::new("CA");
    let config = authority.issue("localhost").server_tls().build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = thread::spawn(move || {
        let (stream, other) = wrap(listener.accept().unwrap().0);
        (TlsStream::accept(stream, config, None).unwrap(), other)
    });
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsStream::connect(tcp, authority.client_tls().into(), name, None).unwrap();
    let (ours, other) = server.join().unwrap();
    let ours = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"").unwrap();
    (ours, other, WebSocket::after_handshake(stream, Role::Client, Config::new(), b"").unwrap())
}

fn pair() -> (Ours, Arc<Control>, Tls) {
    let (ours, control, mut peer) = pair_over(Valve::new);
    peer.set_timeouts(Timeouts::new().with_read(Some(Duration::from_secs(3))));
    (ours, control, peer)
}

/// Both ends over TCP alone.
fn tcp_pair() -> (Tls, Tls) {
    let (ours, (), peer) = pair_over(|stream| (stream, ()));
    (ours, peer)
}

fn expect(peer: &mut Tls, len: usize) {
    assert_eq!(peer.read().unwrap().unwrap().0.len(), len);
}

/// A connection that was split and put together again, while TLS held back a message of 1000 bytes. Now the stream takes all.
fn reunited() -> (Ours, Tls) {
    let (ours, control, peer) = pair();
    let (reader, writer) = ours.split().unwrap();
    control.set(0);
    writer.try_send(Message::Binary(&[1; 1000])).unwrap();
    let socket = reader.reunite(writer).unwrap();
    control.set(OPEN);
    (socket, peer)
}

#[test]
fn reunite_writes_what_tls_holds() {
    let (mut socket, mut peer) = reunited();
    assert!(socket.wants_write(), "queued {}", socket.queued_len());
    socket.flush().unwrap();
    assert_eq!(socket.queued_len(), 0);
    expect(&mut peer, 1000);
}

#[test]
fn reunite_then_send_goes_on() {
    for len in [2000, 20_000] {
        let (mut socket, mut peer) = reunited();
        socket.send(&vec![2; len]).unwrap();
        expect(&mut peer, 1000);
        expect(&mut peer, len);
    }
}

/// A connection on a stream that does not block, while TLS holds back a message of 1000 bytes.
fn non_blocking() -> (Ours, Arc<Control>, Tls) {
    let (mut ours, control, peer) = pair();
    control.non_blocking.store(true, SeqCst);
    control.set(0);
    ours.send(&[1; 1000]).unwrap();
    assert!(ours.wants_write());
    (ours, control, peer)
}

#[test]
fn split_writes_what_tls_holds() {
    let (ours, control, mut peer) = non_blocking();
    let (_reader, writer) = ours.split().unwrap();
    control.set(OPEN);
    writer.flush().unwrap();
    expect(&mut peer, 1000);
}

#[test]
fn parts_write_what_tls_holds() {
    let (ours, control, mut peer) = non_blocking();
    let mut ours = WebSocket::from_parts(ours.into_parts());
    control.set(OPEN);
    assert!(ours.wants_write());
    ours.flush().unwrap();
    expect(&mut peer, 1000);
}

fn slow() -> Timeouts {
    Timeouts::new().with_write(Some(Duration::from_secs(1)))
}

/// Lets `send` send 60 kB to a peer that takes 100 bytes each `pause`, in milliseconds, and after 2.4 s all. They arrive. Returns what
/// `send` does.
fn trickled<T>(pause: u64, send: impl FnOnce(Ours) -> T) -> T {
    let (mut ours, control, mut peer) = pair();
    ours.set_timeouts(slow());
    control.set(0);
    thread::spawn(move || {
        for _ in 0..2400 / pause {
            thread::sleep(Duration::from_millis(pause));
            control.add(100);
        }
        control.set(OPEN);
    });
    let reading = thread::spawn(move || {
        peer.set_timeouts(Timeouts::new().with_read(Some(Duration::from_secs(10))));
        expect(&mut peer, 60_000);
    });
    let result = send(ours);
    reading.join().unwrap();
    result
}

#[test]
fn write_that_moves_is_not_given_up() {
    for pause in [250, 600] {
        let _ours = trickled(pause, |mut ours| {
            ours.send(&vec![1; 60_000]).unwrap();
            ours
        });
    }
}

#[test]
fn split_write_that_moves_is_not_given_up() {
    for pause in [250, 600] {
        let _halves = trickled(pause, |ours| {
            let (reader, writer) = ours.split().unwrap();
            writer.send(&vec![1; 60_000]).unwrap();
            (reader, writer)
        });
    }
}

#[test]
fn split_try_send_that_moves_is_not_given_up() {
    let writer = trickled(250, |ours| {
        let (mut reader, writer) = ours.split().unwrap();
        thread::spawn(move || reader.read().map(drop));
        writer.try_send(Message::Binary(&vec![1; 60_000])).unwrap();
        writer
    });
    assert_ne!(writer.counters().outcome, Some(Outcome::Timeout(Phase::Write)));
}

/// What comes within 4 s of `act` on a connection to a peer that takes nothing.
fn unheard<T: Send + 'static>(
    timeouts: Timeouts,
    act: impl FnOnce(Ours, &mut Tls) -> Result<T, Error> + Send + 'static,
) -> Option<Result<T, Error>> {
    let (mut ours, control, mut peer) = pair();
    ours.set_timeouts(timeouts);
    control.set(0);
    let (done, is_done) = channel();
    thread::spawn(move || done.send(act(ours, &mut peer)));
    is_done.recv_timeout(Duration::from_secs(4)).ok()
}

#[test]
fn a_peer_that_takes_nothing_is_given_up() {
    for len in [1000, 60_000, 600_000] {
        let result = unheard(slow(), move |mut ours, _peer| ours.send(&vec![1; len]));
        assert!(matches!(result, Some(Err(Error::Timeout(Phase::Write)))), "{len} {result:?}");
    }
}

#[test]
fn a_peer_that_takes_nothing_is_given_up_by_halves() {
    for len in [1000, 60_000, 600_000] {
        let result = unheard(slow(), move |ours, _peer| {
            let (_reader, writer) = ours.split()?;
            writer.send(&vec![1; len])
        });
        assert!(matches!(result, Some(Err(Error::Timeout(Phase::Write)))), "{len} {result:?}");
    }
}

#[test]
fn close_to_a_peer_that_takes_nothing_is_given_up() {
    let timeouts = slow().with_close(Some(Duration::from_millis(1500)));
    let result = unheard(timeouts, |mut ours, _peer| ours.close(CloseCode::NORMAL));
    assert!(matches!(result, Some(Err(Error::Timeout(_)))), "{result:?}");
}

/// A read has a pong to write, and nothing else is judged meanwhile.
#[test]
fn ping_of_a_peer_that_takes_nothing() {
    let timeouts = slow().with_read(Some(Duration::from_millis(300)));
    let result = unheard(timeouts, |mut ours, peer| {
        peer.ping(b"x")?;
        ours.read().map(|read| read.is_some())
    });
    assert!(matches!(result, Some(Err(_))), "{result:?}");
}

fn stuck(len: usize, count: usize) -> String {
    let (mut ours, peer) = tcp_pair();
    ours.set_timeouts(Timeouts::new().with_write(Some(Duration::from_millis(500))));
    let (done, is_done) = channel();
    thread::spawn(move || {
        for _ in 0..count {
            if let Err(error) = ours.send(&vec![1; len]) {
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
            if peer.send(&[1; 1000]).is_err() {
                break;
            }
        }
        thread::sleep(Duration::from_secs(12));
    });
    let result = is_done.recv_timeout(Duration::from_secs(10));
    assert!(result.is_ok(), "{result:?}");
    drop(feeding);
}
