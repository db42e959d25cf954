//! What members of a hub have not taken at once: one thread of the hub writes it.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::std_instead_of_core, reason = "tests")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod common;

use common::valve::{Control, OPEN, Valve};
use common::wait_for;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread;
use std::time::{Duration, Instant};
use ws_std::{CloseCode, Config, Hub, Message, Place, ReadHalf, Role, Timeouts, WebSocket, WriteHalf};

/// How long a test waits for what has to happen.
const LONG: Duration = Duration::from_secs(5);

type Peer = WebSocket<TcpStream>;

fn member(hub: &Hub, timeouts: Timeouts) -> (Place, ReadHalf<Valve>, WriteHalf<Valve>, Arc<Control>, Peer) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let theirs = listener.accept().unwrap().0;
    let abort = theirs.try_clone().unwrap();
    let (valve, control) = Valve::new(theirs);
    let aborted = Arc::clone(&control);
    let mut ours = WebSocket::after_handshake(valve, Role::Server, Config::new(), b"").unwrap();
    ours.set_timeouts(timeouts);
    let mut peer = WebSocket::after_handshake(tcp, Role::Client, Config::new(), b"").unwrap();
    peer.set_timeouts(Timeouts::new().with_read(Some(Duration::from_secs(3))));
    let place = hub
        .enter(move || {
            aborted.aborted.store(true, SeqCst);
            drop(abort.shutdown(std::net::Shutdown::Both));
        })
        .unwrap();
    let (reader, writer) = ours.split().unwrap();
    place.join(writer.clone());
    (place, reader, writer, control, peer)
}

fn expect(peer: &mut Peer, text: &str) {
    assert_eq!(peer.read().unwrap().unwrap().0, Message::Text(text));
}

#[test]
fn a_stream_that_panics_holds_up_no_other_member() {
    let hub = Hub::new(10);
    let (_p1, _r1, _w1, c1, mut peer1) = member(&hub, Timeouts::new());
    let (_p2, _r2, _w2, c2, _peer2) = member(&hub, Timeouts::new());
    c1.set(0);
    c2.set(0);
    hub.broadcast(Message::Text("Hello")).unwrap();
    c2.panics.store(true, SeqCst);
    thread::sleep(Duration::from_millis(200));
    c1.set(OPEN);
    expect(&mut peer1, "Hello");
}

/// Has a thread call `try_send`, and holds it in its write while `act` acts.
fn while_a_try_send_is_under_way(
    writer: WriteHalf<Valve>,
    control: &Control,
    act: impl FnOnce(),
) -> WriteHalf<Valve> {
    control.gate.lock().unwrap().0 = Some("x".into());
    let sending = thread::Builder::new().name("x".into()).spawn(move || {
        writer.try_send(Message::Text("x")).unwrap();
        writer
    });
    wait_for(LONG, || control.gate.lock().unwrap().1);
    act();
    control.gate.lock().unwrap().0 = None;
    control.gate_changed.notify_all();
    sending.unwrap().join().unwrap()
}

#[test]
fn what_is_left_is_written_though_another_thread_tried_meanwhile() {
    let hub = Hub::new(10);
    let (_place, _reader, writer, control, mut peer) = member(&hub, Timeouts::new());
    control.set(0);
    hub.broadcast(Message::Text("Hello")).unwrap();
    let _writer =
        while_a_try_send_is_under_way(writer, &control, || thread::sleep(Duration::from_millis(150)));
    control.set(OPEN);
    expect(&mut peer, "Hello");
    expect(&mut peer, "x");
}

#[test]
fn the_bytes_of_a_broadcast_are_not_lost_to_a_try_send_that_is_under_way() {
    let hub = Hub::new(10);
    let (_place, _reader, writer, control, mut peer) = member(&hub, Timeouts::new());
    control.set(0);
    let _writer = while_a_try_send_is_under_way(writer, &control, || {
        hub.broadcast(Message::Text("Hello")).unwrap();
    });
    thread::sleep(Duration::from_millis(100));
    control.set(OPEN);
    expect(&mut peer, "x");
    expect(&mut peer, "Hello");
}

#[test]
fn a_stuck_member_is_given_up_and_the_thread_ends() {
    let hub = Hub::new(10);
    let (_p, reader, writer, control, _peer) =
        member(&hub, Timeouts::new().with_write(Some(Duration::from_millis(300))));
    control.set(0);
    drop(reader);
    drop(writer);
    let begun = Instant::now();
    hub.broadcast(Message::Text("Hello")).unwrap();
    wait_for(LONG, || hub.broadcast(Message::Text("more")).unwrap().missed_count == 1);
    assert!(begun.elapsed() > Duration::from_millis(290));
    let write_count = control.now_count.load(SeqCst);
    thread::sleep(Duration::from_millis(200));
    assert_eq!(write_count, control.now_count.load(SeqCst));
}

#[test]
fn a_lagging_member_hears_1013_after_it_reads() {
    let hub = Hub::new(10);
    let (_p, mut reader, _w, control, mut peer) = member(&hub, Timeouts::new());
    let reading = thread::spawn(move || reader.read().map(|message| message.is_some()));
    control.set(0);
    let text = "x".repeat(20_000);
    let mut sent = 0;
    loop {
        let delivery = hub.broadcast(Message::Text(&text)).unwrap();
        if delivery.lagging_count == 1 {
            break;
        }
        assert_eq!(delivery.sent_count, 1);
        sent += 1;
        assert!(sent < 10);
    }
    thread::sleep(Duration::from_millis(300));
    control.set(OPEN);
    for _ in 0..sent {
        expect(&mut peer, &text);
    }
    assert!(peer.read().unwrap().is_none());
    assert_eq!(peer.close_frame().unwrap().code(), Some(CloseCode::TRY_AGAIN_LATER));
    assert!(!reading.join().unwrap().unwrap());
}

#[test]
fn shutdown_with_stuck_members() {
    let hub = Hub::new(10);
    let all: Vec<_> = (0..5).map(|_| member(&hub, Timeouts::new())).collect();
    let mut threads = Vec::new();
    for (place, mut reader, writer, control, peer) in all {
        control.set(0);
        threads.push(thread::spawn(move || {
            let first = reader.read().map(|message| message.is_some());
            assert_eq!(format!("{first:?}"), format!("{:?}", reader.read().map(|message| message.is_some())));
            assert!(writer.send("x").is_err());
            drop((place, peer));
        }));
    }
    let begun = Instant::now();
    assert_eq!(hub.shutdown("bye", Duration::from_millis(300)), 5);
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn a_broadcast_that_panics_at_one_member_holds_up_no_other() {
    let hub = Hub::new(10);
    let (_p1, _r1, _w1, c1, mut peer1) = member(&hub, Timeouts::new());
    let (_p2, _r2, _w2, c2, _peer2) = member(&hub, Timeouts::new());
    c1.set(0);
    c2.panics.store(true, SeqCst);
    let other = hub.clone();
    thread::spawn(move || other.broadcast(Message::Text("Hello"))).join().unwrap().unwrap();
    hub.broadcast(Message::Text("Hello")).unwrap();
    c1.set(OPEN);
    expect(&mut peer1, "Hello");
    expect(&mut peer1, "Hello");
}
