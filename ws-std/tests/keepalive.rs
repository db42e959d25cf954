//! Pings, and who is given up when, with small real times: what is too early is exact, what is late is generous.
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic_in_result_fn, reason = "a test")]

mod common;

use std::cell::Cell;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use common::tcp::{connected_by_hand, read_to_end, serve};
use common::{Script, frame, frames};
use ws_std::ws_core::event::Event;
use ws_std::{
    Client, CloseCode, Config, Error, Message, Outcome, Phase, Role, Server, Stream, Timeouts, WebSocket,
};

/// Enough that no test meets it, and little enough that a test that does is noticed.
const LONG: Duration = Duration::from_secs(5);

const PING: &[u8] = b"keep";

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A server's connection, and its client by hand.
fn connection(timeouts: Timeouts) -> (WebSocket<TcpStream>, TcpStream) {
    let (url, server) = serve(move |stream| Server::new().with_timeouts(timeouts).accept(stream).unwrap());
    let peer = connected_by_hand(&url);
    (server.join().unwrap(), peer)
}

/// A server's connection, and its client, which reads and answers pings until it is closed.
fn answered(timeouts: Timeouts) -> (WebSocket<TcpStream>, JoinHandle<Result<(), Error>>) {
    let (url, server) = serve(move |stream| Server::new().with_timeouts(timeouts).accept(stream).unwrap());
    let client = thread::spawn(move || {
        let mut socket = Client::new().connect(&url)?;
        while let Some((_, mut writer)) = socket.read()? {
            writer.send_text("answer")?;
        }
        Ok(())
    });
    (server.join().unwrap(), client)
}

fn is_timeout(result: &Result<(), Error>, phase: Phase) -> bool {
    matches!(result, Err(Error::Timeout(found)) if *found == phase)
}

#[test]
fn s5_5_2_a_silent_peer_is_pinged_and_given_up() {
    let timeouts = Timeouts::new().with_ping_interval(Some(ms(100))).with_pong(Some(ms(150)));
    let begun = Instant::now();
    let (mut socket, mut peer) = connection(timeouts);
    for _ in 0..2 {
        assert!(is_timeout(&socket.read().map(drop), Phase::Pong));
        assert!((ms(250)..LONG).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    }
    assert!(is_timeout(&socket.send_text("late"), Phase::Pong));
    assert_eq!(frames(&read_to_end(&mut peer)), [(0x89, [PING, &[0, 0, 0, 1]].concat())]);
    let counters = socket.counters();
    assert_eq!(counters.outcome, Some(Outcome::Timeout(Phase::Pong)));
    assert_eq!((counters.sent.ping_count, counters.latency), (1, None));
    assert_eq!(counters.closure.unwrap().status.get(), 1006);
    assert_eq!(socket.next_deadline(), None, "nothing more is due");
}

#[test]
fn s5_5_3_a_peer_that_answers_stays_and_the_round_trip_is_known() {
    let timeouts =
        Timeouts::new().with_ping_interval(Some(ms(20))).with_pong(Some(ms(3000))).with_read(Some(ms(500)));
    let (mut socket, client) = answered(timeouts);
    socket.ping(b"the program's own").unwrap();
    let mut reported = Vec::new();
    let error = loop {
        match socket.read_event() {
            Ok(Some((Event::Pong, _))) => reported.push(socket.control().as_bytes().to_vec()),
            Ok(event) => panic!("{:?}", event.map(drop)),
            Err(error) => break error,
        }
        // The next call waits anew.
        assert!(reported.len() < 9);
    };
    assert!(error.is_would_block(), "{error}");
    assert_eq!(reported, [b"the program's own"], "and none of the keepalive");
    let counters = socket.counters();
    assert!(counters.sent.ping_count > 2, "{counters:?}");
    assert!(counters.received.pong_count > 1, "{counters:?}");
    assert!(socket.latency().is_some_and(|latency| latency < LONG));
    socket.close(CloseCode::NORMAL, "").unwrap();
    client.join().unwrap().unwrap();
}

#[test]
fn each_byte_of_a_message_that_trickles_is_a_sign_of_life() {
    let timeouts = Timeouts::new().with_ping_interval(Some(ms(400))).with_pong(Some(ms(400)));
    let (mut socket, mut peer) = connection(timeouts);
    let writing = thread::spawn(move || {
        for byte in frame(Role::Client, 0x82, &[7; 54]) {
            peer.write_all(&[byte]).unwrap();
            thread::sleep(ms(20));
        }
        peer
    });
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Binary(&[7; 54]));
    assert_eq!(socket.counters().sent.ping_count, 0);
    drop(writing.join().unwrap());
}

/// Says this every 10 ms, and answers the Close that comes; gives what was written to it.
fn repeating(mut peer: TcpStream, said: Vec<u8>) -> JoinHandle<Vec<u8>> {
    let mut reader = peer.try_clone().unwrap();
    let reading = thread::spawn(move || {
        let mut written = Vec::new();
        let mut bytes = [0; 1024];
        while written.windows(2).all(|two| two != b"\x03\xe9") {
            let len = reader.read(&mut bytes).unwrap();
            assert!(len > 0, "the end before a Close");
            written.extend_from_slice(&bytes[..len]);
        }
        written
    });
    thread::spawn(move || {
        while !reading.is_finished() {
            peer.write_all(&said).unwrap();
            thread::sleep(ms(10));
        }
        peer.write_all(&frame(Role::Client, 0x88, b"\x03\xe9")).unwrap();
        reading.join().unwrap()
    })
}

#[test]
fn a_peer_that_only_pings_is_idle_and_told_so() {
    let begun = Instant::now();
    let (mut socket, peer) = connection(Timeouts::new().with_idle(Some(ms(200))));
    let peer = repeating(peer, frame(Role::Client, 0x89, b""));
    assert!(is_timeout(&socket.read().map(drop), Phase::Idle));
    assert!((ms(200)..LONG).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    assert!(is_timeout(&socket.read().map(drop), Phase::Idle), "and it stays so");
    let counters = socket.counters();
    assert_eq!(counters.outcome, Some(Outcome::Timeout(Phase::Idle)));
    assert!(counters.closure.unwrap().is_clean, "the peer has answered");
    assert!(counters.received.ping_count > 1 && counters.sent.pong_count > 1);
    let written = frames(&peer.join().unwrap());
    assert_eq!(written.last().unwrap(), &(0x88, b"\x03\xe9".to_vec()));
}

#[test]
fn a_message_that_does_not_end_is_no_message() {
    let (mut socket, mut peer) = connection(Timeouts::new().with_idle(Some(ms(200))));
    peer.write_all(&frame(Role::Client, 0x02, b"begun")).unwrap();
    let peer = repeating(peer, frame(Role::Client, 0x00, b"and on"));
    assert!(is_timeout(&socket.read().map(drop), Phase::Idle));
    peer.join().unwrap();
}

#[test]
fn s7_1_1_an_idle_peer_that_does_not_answer_is_left_after_the_deadline() {
    let begun = Instant::now();
    let (mut socket, peer) = connection(Timeouts::new().with_idle(Some(ms(100))).with_close(Some(ms(100))));
    assert!(is_timeout(&socket.read().map(drop), Phase::Idle));
    assert!((ms(195)..LONG).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    drop(peer);
}

#[test]
fn messages_of_either_direction_put_the_end_off() {
    let timeouts = Timeouts::new().with_idle(Some(ms(1500))).with_read(Some(ms(50)));
    let (mut socket, mut peer) = connection(timeouts);
    let begun = Instant::now();
    while begun.elapsed() < ms(2000) {
        socket.send_text("in use").unwrap();
        assert!(socket.read().unwrap_err().is_would_block());
    }
    let begun = Instant::now();
    while begun.elapsed() < ms(2000) {
        peer.write_all(&frame(Role::Client, 0x81, b"in use")).unwrap();
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("in use"));
        thread::sleep(ms(50));
    }
    assert_eq!(socket.counters().outcome, None);
}

#[test]
fn a_read_gives_way_however_its_bytes_drip_and_loses_nothing() {
    let (mut socket, mut peer) = connection(Timeouts::new().with_read(Some(ms(60))));
    let writing = thread::spawn(move || {
        for byte in frame(Role::Client, 0x82, &[7; 54]) {
            peer.write_all(&[byte]).unwrap();
            thread::sleep(ms(10));
        }
        peer
    });
    let mut gave_way = 0;
    loop {
        let begun = Instant::now();
        match socket.read() {
            Ok(message) => break assert_eq!(message.unwrap().0, Message::Binary(&[7; 54])),
            Err(error) => assert!(error.is_would_block(), "{error}"),
        }
        assert!(begun.elapsed() >= ms(60), "{:?}", begun.elapsed());
        gave_way += 1;
    }
    assert!(gave_way >= 3, "{gave_way}");
    let mut peer = writing.join().unwrap();
    let answering = thread::spawn(move || {
        thread::sleep(ms(200));
        peer.write_all(&frame(Role::Client, 0x88, b"\x03\xe8")).unwrap();
        read_to_end(&mut peer)
    });
    socket.close(CloseCode::NORMAL, "it waits for the peer").unwrap();
    answering.join().unwrap();
}

/// A stream in memory that never waits, of a server.
fn non_blocking(timeouts: Timeouts) -> (Script, WebSocket<ws_std::AnyStream<Script>>) {
    let script = Script { then: Some(ErrorKind::WouldBlock), ..Script::new(b"") };
    let mut socket = script.socket(Role::Server);
    socket.set_timeouts(timeouts);
    (script, socket)
}

/// Waits as an event loop does.
fn wait(socket: &WebSocket<ws_std::AnyStream<Script>>) {
    let due = socket.next_deadline().unwrap();
    thread::sleep(due.saturating_duration_since(Instant::now()));
}

#[test]
fn an_event_loop_is_told_when_to_read_and_that_does_what_is_due() {
    let timeouts =
        Timeouts::new().with_ping_interval(Some(ms(80))).with_pong(Some(ms(50))).with_idle(Some(ms(5000)));
    let (script, mut socket) = non_blocking(timeouts);
    let begun = Instant::now();
    assert!(socket.read().unwrap_err().is_would_block());
    assert!(begun.elapsed() >= ms(80) || script.written().is_empty(), "too early");
    for number in 1..4 {
        wait(&socket);
        assert!(socket.read().unwrap_err().is_would_block());
        let ping = [PING, &[0, 0, 0, number]].concat();
        assert_eq!(frames(&script.take_written()), [(0x89, ping.clone())]);
        assert!(socket.next_deadline().is_some_and(|due| due <= Instant::now() + ms(50)));
        script.push(&frame(Role::Client, 0x8A, &ping));
        // The pong has come, however late it is looked for.
        thread::sleep(ms(60));
        assert!(socket.read().unwrap_err().is_would_block());
        assert!(socket.latency().is_some_and(|latency| latency >= ms(60)));
    }
    wait(&socket);
    assert!(socket.read().unwrap_err().is_would_block());
    wait(&socket);
    assert!(is_timeout(&socket.read().map(drop), Phase::Pong));
    assert_eq!(socket.next_deadline(), None);
}

#[test]
fn a_message_that_waits_is_read_though_the_program_was_away() {
    let (script, mut socket) =
        non_blocking(Timeouts::new().with_idle(Some(ms(30))).with_close(Some(ms(300))));
    script.push(&frame(Role::Client, 0x81, b"Hello"));
    thread::sleep(ms(60));
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
    assert!(socket.next_deadline().is_some_and(|due| due + ms(30) > Instant::now()));
    wait(&socket);
    assert!(socket.read().unwrap_err().is_would_block(), "the Close is not answered yet");
    assert_eq!(frames(&script.written()), [(0x88, b"\x03\xe9".to_vec())]);
    script.push(&frame(Role::Client, 0x88, b"\x03\xe9"));
    let result = loop {
        match socket.read().map(drop) {
            Err(error) if error.is_would_block() => thread::sleep(ms(1)),
            result => break result,
        }
        assert!(Instant::now() < socket.counters().opened_at + LONG);
    };
    assert!(is_timeout(&result, Phase::Idle), "{result:?}");
}

/// A stream in memory that waits where there is nothing to read, for as long as it was told.
struct Waiting {
    script: Script,
    limit: Cell<Option<Duration>>,
    set_count: Arc<AtomicUsize>,
}

impl Read for Waiting {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let result = self.script.read(bytes);
        if result.is_err() {
            thread::sleep(self.limit.get().unwrap());
        }
        result
    }
}

impl Write for Waiting {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.script.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.script.flush()
    }
}

impl Stream for Waiting {
    fn limit_read(&self, timeout: Option<Duration>) -> std::io::Result<()> {
        assert_ne!(timeout, Some(Duration::ZERO), "zero means for ever to an operating system");
        self.limit.set(timeout);
        self.set_count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

#[test]
fn a_busy_connection_seldom_sets_the_limit_of_its_stream() {
    for (first, payload) in [(0x82, vec![7; 400]), (0x89, vec![7; 100])] {
        let said: Vec<u8> = (0..2000).flat_map(|_| frame(Role::Client, first, &payload)).collect();
        let script = Script { then: Some(ErrorKind::WouldBlock), step: 150, ..Script::new(&said) };
        let set_count = Arc::new(AtomicUsize::new(0));
        let stream =
            Waiting { script: script.clone(), limit: Cell::new(None), set_count: Arc::clone(&set_count) };
        let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
        let timeouts = Timeouts::new()
            .with_ping_interval(Some(ms(500)))
            .with_pong(Some(ms(500)))
            .with_idle(Some(ms(60_000)));
        socket.set_timeouts(timeouts);
        let mut message_count = 0;
        let error = loop {
            match socket.read() {
                Ok(message) => message_count += u32::from(message.is_some()),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Timeout(Phase::Pong)), "{error}");
        assert_eq!(message_count, if first == 0x82 { 2000 } else { 0 });
        assert!(set_count.load(Ordering::Relaxed) < 20, "{set_count:?} times for at least 1400 reads");
        let pings = frames(&script.written()).into_iter().filter(|(first, _)| *first == 0x89).count();
        assert_eq!(pings, 1);
    }
}

#[test]
fn a_ping_of_the_programs_that_waits_stays() {
    let script = Script {
        write_end: Some((0, Err(ErrorKind::WouldBlock))),
        then: Some(ErrorKind::WouldBlock),
        ..Script::new(b"")
    };
    let mut socket = script.socket(Role::Server);
    socket.set_timeouts(Timeouts::new().with_ping_interval(Some(ms(1))).with_pong(None));
    socket.ping(b"own").unwrap();
    let begun = Instant::now();
    while begun.elapsed() < ms(500) {
        assert!(socket.read().unwrap_err().is_would_block());
    }
    let mut parts = socket.into_parts();
    let queued = parts.outbound.transmit();
    assert_eq!(frames(queued)[0], (0x89, b"own".to_vec()));
    assert!(queued.len() < 8192, "{}", queued.len());
}

#[test]
fn times_that_are_taken_back_give_the_stream_its_own() {
    let (mut socket, _peer) =
        connection(Timeouts::new().with_read(Some(ms(20))).with_ping_interval(Some(ms(50))));
    assert!(socket.read().unwrap_err().is_would_block());
    assert!(socket.get_ref().read_timeout().unwrap().is_some());
    socket.set_timeouts(Timeouts::new());
    assert_eq!(socket.get_ref().read_timeout().unwrap(), None);
    assert_eq!(socket.next_deadline(), None);
}

mod halves {
    use super::*;

    #[test]
    fn a_silent_peer_is_given_up_by_the_reader_and_the_writer_is_told() {
        let timeouts = Timeouts::new().with_ping_interval(Some(ms(100))).with_pong(Some(ms(150)));
        let begun = Instant::now();
        let (socket, mut peer) = connection(timeouts);
        let (mut reader, writer) = socket.split().unwrap();
        assert!(is_timeout(&reader.read().map(drop), Phase::Pong));
        assert!((ms(250)..LONG).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        assert!(is_timeout(&writer.send_text("late"), Phase::Pong));
        assert_eq!(writer.counters().outcome, Some(Outcome::Timeout(Phase::Pong)));
        assert_eq!(frames(&read_to_end(&mut peer)), [(0x89, [PING, &[0, 0, 0, 1]].concat())]);
    }

    #[test]
    fn a_peer_that_reads_nothing_is_given_up_by_the_write_timeout_though_it_is_pinged() {
        // The ping is queued after the message, so that its deadline has not begun: nothing pings before the first read.
        let message = vec![7; 32 << 20];
        let timeouts = Timeouts::new()
            .with_ping_interval(Some(ms(100)))
            .with_pong(Some(ms(100)))
            .with_write(Some(ms(600)));
        let begun = Instant::now();
        let (socket, peer) = connection(timeouts);
        let (mut reader, writer) = socket.split().unwrap();
        let writing = thread::spawn(move || writer.send_binary(&message));
        assert_eq!(peer.peek(&mut [0]).unwrap(), 1);
        assert!(is_timeout(&reader.read().map(drop), Phase::Write));
        assert!(is_timeout(&writing.join().unwrap(), Phase::Write));
        assert!((ms(600)..ms(1500)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        drop(peer);
    }

    #[test]
    fn a_peer_that_answers_stays_and_both_halves_know() {
        let timeouts = Timeouts::new()
            .with_ping_interval(Some(ms(20)))
            .with_pong(Some(ms(3000)))
            .with_read(Some(ms(300)));
        let (socket, client) = answered(timeouts);
        let (mut reader, writer) = socket.split().unwrap();
        writer.ping(b"own").unwrap();
        assert!(matches!(reader.read_event().unwrap(), Some(Event::Pong)));
        assert_eq!(reader.control().as_bytes(), b"own");
        let begun = Instant::now();
        assert!(reader.read_event().unwrap_err().is_would_block(), "pongs of the keepalive are not reported");
        assert!(begun.elapsed() >= ms(300));
        assert!(reader.latency().is_some() && writer.latency() == reader.latency());
        writer.send_text("one").unwrap();
        assert_eq!(reader.read().unwrap(), Some(Message::Text("answer")));
        let counters = reader.counters();
        assert!(counters.sent.ping_count > 2 && counters.received.pong_count > 1, "{counters:?}");
        assert_eq!((counters.sent.message_count, counters.received.message_count), (1, 1));
        reader.close(CloseCode::NORMAL, "").unwrap();
        client.join().unwrap().unwrap();
        let (ours, theirs) = (reader.counters(), writer.counters());
        assert_eq!((ours, ours.outcome), (theirs, Some(Outcome::Closed)));
    }

    #[test]
    fn a_peer_that_only_pings_is_idle_and_what_is_written_puts_it_off() {
        let (socket, peer) = connection(Timeouts::new().with_idle(Some(ms(400))));
        let (mut reader, writer) = socket.split().unwrap();
        let begun = Instant::now();
        let peer = repeating(peer, frame(Role::Client, 0x89, b""));
        let writing = thread::spawn(move || {
            thread::sleep(ms(200));
            writer.send_text("in use").unwrap();
            writer
        });
        assert!(is_timeout(&reader.read().map(drop), Phase::Idle));
        assert!((ms(600)..LONG).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        assert!(is_timeout(&writing.join().unwrap().send_text("late"), Phase::Idle));
        assert_eq!(frames(&peer.join().unwrap()).last().unwrap().1, b"\x03\xe9");
    }
}
