//! Pings, and when a peer is given up, by the clock of a simulated stream: every time is exact.
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]

mod common;

use std::time::Duration;

use common::sim::{Client, Sim, ms};
use common::{frame, frames};
use ws_std::ws_core::event::Event;
use ws_std::{CloseCode, Duplex as _, Error, Message, Outcome, Phase, Role, Timeouts};

/// What each keepalive ping begins with.
const PING: &[u8] = b"keep";

/// The payload of the keepalive ping of this number.
fn ping(number: u8) -> Vec<u8> {
    [PING, &[0, 0, 0, number]].concat()
}

/// A client that answers pings and the Close.
fn answering(sim: &Sim) {
    let mut client = Client::default();
    sim.answers(move |bytes| client.hear(bytes));
}

fn is_timeout(result: &Result<(), Error>, phase: Phase) -> bool {
    matches!(result, Err(Error::Timeout(found)) if *found == phase)
}

#[test]
fn s5_5_2_a_silent_peer_is_pinged_and_given_up() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_ping_interval(Some(ms(100))).with_pong(Some(ms(150))));
    for _ in 0..2 {
        assert!(is_timeout(&socket.read().map(drop), Phase::Pong));
        assert_eq!(sim.elapsed(), ms(250));
    }
    assert!(is_timeout(&socket.send("late"), Phase::Pong));
    assert_eq!(sim.sent(), [(100, 0x89, ping(1))]);
    let counters = socket.counters();
    assert_eq!(counters.outcome, Some(Outcome::Timeout(Phase::Pong)));
    assert_eq!((counters.sent.ping_count, counters.latency), (1, None));
    assert_eq!(counters.closure.unwrap().status.get(), 1006);
    assert_eq!(socket.next_deadline(), None, "nothing more is due");
}

#[test]
fn s5_5_3_a_peer_that_answers_stays_and_the_round_trip_is_known() {
    let sim = Sim::new();
    let timeouts =
        Timeouts::new().with_ping_interval(Some(ms(20))).with_pong(Some(ms(3000))).with_read(Some(ms(510)));
    let mut socket = sim.server(timeouts);
    answering(&sim);
    socket.ping(b"the program's own").unwrap();
    let mut reported = Vec::new();
    let error = loop {
        match socket.read_part() {
            Ok(Some((Event::Pong, _))) => reported.push(socket.control().as_bytes().to_vec()),
            Ok(event) => panic!("{:?}", event.map(drop)),
            Err(error) => break error,
        }
        // The next call waits anew.
        assert!(reported.len() < 9);
    };
    assert!(error.is_transient(), "{error}");
    assert_eq!(reported, [b"the program's own"], "and none of the keepalive");
    assert_eq!(sim.elapsed(), ms(510));
    let counters = socket.counters();
    assert_eq!(
        (counters.sent.ping_count, counters.received.pong_count),
        (26, 26),
        "its own, and one in 20 ms"
    );
    assert_eq!(socket.latency(), Some(Duration::ZERO));
    socket.close(CloseCode::NORMAL).unwrap();
}

#[test]
fn each_byte_of_a_message_that_trickles_is_a_sign_of_life() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_ping_interval(Some(ms(400))).with_pong(Some(ms(400))));
    sim.drips(ms(399), &frame(Role::Client, 0x82, &[7; 54]));
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Binary(&[7; 54]));
    assert_eq!(sim.elapsed(), 60 * ms(399));
    assert_eq!(socket.counters().sent.ping_count, 0);
}

#[test]
fn a_peer_that_only_pings_is_idle_and_told_so() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_idle(Some(ms(200))));
    answering(&sim);
    sim.repeats(ms(7), 28, &frame(Role::Client, 0x89, b""));
    for _ in 0..2 {
        assert!(is_timeout(&socket.read().map(drop), Phase::Idle), "and it stays so");
        assert_eq!(sim.elapsed(), ms(200));
    }
    let counters = socket.counters();
    assert_eq!(counters.outcome, Some(Outcome::Timeout(Phase::Idle)));
    assert!(counters.closure.unwrap().is_clean, "the peer has answered");
    assert_eq!((counters.received.ping_count, counters.sent.pong_count), (28, 28));
    assert_eq!(sim.sent().last().unwrap(), &(200, 0x88, b"\x03\xe9".to_vec()));
}

#[test]
fn a_message_that_does_not_end_is_no_message() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_idle(Some(ms(200))));
    answering(&sim);
    sim.says(Duration::ZERO, &frame(Role::Client, 0x02, b"begun"));
    sim.repeats(ms(7), 28, &frame(Role::Client, 0x00, b"and on"));
    assert!(is_timeout(&socket.read().map(drop), Phase::Idle));
    assert_eq!(sim.elapsed(), ms(200));
}

#[test]
fn s7_1_1_an_idle_peer_that_does_not_answer_is_left_after_the_deadline() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_idle(Some(ms(100))).with_close(Some(ms(70))));
    assert!(is_timeout(&socket.read().map(drop), Phase::Idle));
    assert_eq!(sim.elapsed(), ms(170));
    assert_eq!(sim.sent(), [(100, 0x88, b"\x03\xe9".to_vec())]);
}

#[test]
fn messages_of_either_direction_put_the_end_off() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_idle(Some(ms(1500))).with_read(Some(ms(50))));
    answering(&sim);
    for number in 1..=40 {
        socket.send("in use").unwrap();
        assert!(socket.read().unwrap_err().is_transient());
        assert_eq!(sim.elapsed(), ms(50) * number);
    }
    for _ in 0..40 {
        sim.says(sim.elapsed(), &frame(Role::Client, 0x81, b"in use"));
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("in use"));
        sim.sleep(ms(50));
    }
    assert_eq!(socket.counters().outcome, None);
    let result = loop {
        match socket.read().map(drop) {
            Err(error) if error.is_transient() => {}
            result => break result,
        }
    };
    assert!(is_timeout(&result, Phase::Idle), "{result:?}");
    assert_eq!(sim.elapsed(), ms(2000 + 39 * 50 + 1500), "after the last message");
}

#[test]
fn a_read_gives_way_however_its_bytes_drip_and_loses_nothing() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_read(Some(ms(65))));
    sim.drips(ms(10), &frame(Role::Client, 0x82, &[7; 54]));
    for number in 1..=9 {
        assert!(socket.read().unwrap_err().is_transient());
        assert_eq!(sim.elapsed(), ms(65) * number);
    }
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Binary(&[7; 54]));
    assert_eq!(sim.elapsed(), ms(600));
    sim.says(ms(800), &frame(Role::Client, 0x88, b"\x03\xe8"));
    socket.close(CloseCode::NORMAL.with_reason("it waits for the peer")).unwrap();
    assert_eq!(sim.elapsed(), ms(800));
}

#[test]
fn an_event_loop_is_told_when_to_read_and_that_does_what_is_due() {
    let sim = Sim::new();
    sim.set_non_blocking(true);
    let timeouts =
        Timeouts::new().with_ping_interval(Some(ms(80))).with_pong(Some(ms(50))).with_idle(Some(ms(5000)));
    let mut socket = sim.server(timeouts);
    assert!(socket.read().unwrap_err().is_transient());
    assert_eq!(sim.written(), b"", "too early");
    for number in 1..4 {
        assert_eq!(socket.next_deadline(), Some(sim.now() + ms(80)));
        sim.sleep_until(socket.next_deadline());
        assert!(socket.read().unwrap_err().is_transient());
        assert_eq!(sim.sent().last().unwrap(), &(sim.elapsed().as_millis(), 0x89, ping(number)));
        assert_eq!(socket.next_deadline(), Some(sim.now() + ms(50)));
        sim.says(sim.elapsed(), &frame(Role::Client, 0x8A, &ping(number)));
        // The pong has come, however late it is looked for.
        sim.sleep(ms(60));
        assert!(socket.read().unwrap_err().is_transient());
        assert_eq!(socket.latency(), Some(ms(60)));
    }
    sim.sleep_until(socket.next_deadline());
    assert!(socket.read().unwrap_err().is_transient());
    sim.sleep_until(socket.next_deadline());
    assert!(is_timeout(&socket.read().map(drop), Phase::Pong));
    assert_eq!(sim.elapsed(), 3 * ms(80 + 60) + ms(80 + 50));
    assert_eq!(socket.next_deadline(), None);
}

#[test]
fn a_message_that_waits_is_read_though_the_program_was_away() {
    let sim = Sim::new();
    sim.set_non_blocking(true);
    let mut socket = sim.server(Timeouts::new().with_idle(Some(ms(30))).with_close(Some(ms(300))));
    sim.says(Duration::ZERO, &frame(Role::Client, 0x81, b"Hello"));
    sim.sleep(ms(60));
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
    assert_eq!(socket.next_deadline(), Some(sim.now() + ms(30)));
    sim.sleep_until(socket.next_deadline());
    assert!(socket.read().unwrap_err().is_transient(), "the Close is not answered yet");
    assert_eq!(sim.sent(), [(90, 0x88, b"\x03\xe9".to_vec())]);
    sim.says(ms(300), &frame(Role::Client, 0x88, b"\x03\xe9"));
    sim.sleep(ms(210));
    assert!(is_timeout(&socket.read().map(drop), Phase::Idle));
}

#[test]
fn a_busy_connection_seldom_sets_the_limit_of_its_stream() {
    for (first, payload) in [(0x82, vec![7; 400]), (0x89, vec![7; 100])] {
        let said: Vec<u8> = (0..2000).flat_map(|_| frame(Role::Client, first, &payload)).collect();
        let sim = Sim::new();
        let timeouts = Timeouts::new()
            .with_ping_interval(Some(ms(500)))
            .with_pong(Some(ms(500)))
            .with_idle(Some(ms(60_000)));
        let mut socket = sim.server(timeouts);
        let mut at = Duration::ZERO;
        for packet in said.chunks(150) {
            at += ms(1);
            sim.says(at, packet);
        }
        let mut message_count = 0;
        let error = loop {
            match socket.read() {
                Ok(message) => message_count += u32::from(message.is_some()),
                Err(error) => break error,
            }
            // So that the time which is left is another for each read.
            sim.sleep(ms(1) * (message_count % 3));
        };
        assert!(matches!(error, Error::Timeout(Phase::Pong)), "{error}");
        assert_eq!(sim.elapsed(), at + ms(1000));
        assert_eq!(message_count, if first == 0x82 { 2000 } else { 0 });
        assert!(sim.limit_count() < 20, "{} times for at least 1400 reads", sim.limit_count());
        let pings = frames(&sim.written()).into_iter().filter(|(first, _)| *first == 0x89).count();
        assert_eq!(pings, 1);
    }
}

#[test]
fn a_deadline_that_comes_nearer_seldom_sets_the_limit_of_the_stream() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_idle(Some(ms(5000))).with_close(Some(ms(5000))));
    sim.repeats(ms(3), 3500, &frame(Role::Client, 0x89, b""));
    assert!(is_timeout(&socket.read().map(drop), Phase::Idle));
    // No limit is shorter than a millisecond.
    assert!((ms(10_000)..ms(10_001)).contains(&sim.elapsed()), "{:?}", sim.elapsed());
    assert!(sim.limit_count() < 60, "{} times for 3333 reads", sim.limit_count());
}

#[test]
fn a_ping_of_the_programs_that_waits_stays() {
    let sim = Sim::new();
    sim.set_non_blocking(true);
    sim.hears(0, 0);
    let mut socket = sim.server(Timeouts::new().with_ping_interval(Some(ms(1))).with_pong(None));
    socket.ping(b"own").unwrap();
    for _ in 0..5000 {
        sim.sleep(ms(1));
        assert!(socket.read().unwrap_err().is_transient());
    }
    let mut parts = socket.into_parts();
    let queued = parts.outbound.transmit();
    assert_eq!(frames(queued)[0], (0x89, b"own".to_vec()));
    assert!(queued.len() < 8192, "{}", queued.len());
}

#[test]
fn times_that_are_taken_back_give_the_stream_its_own() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_read(Some(ms(20))).with_ping_interval(Some(ms(50))));
    assert!(socket.read().unwrap_err().is_transient());
    assert_eq!(sim.elapsed(), ms(20));
    assert!(sim.read_limit().unwrap().is_some());
    socket.set_timeouts(Timeouts::new());
    assert_eq!(sim.read_limit().unwrap(), None);
    assert_eq!(socket.next_deadline(), None);
}

mod halves {
    use super::*;
    use common::split;
    use std::thread;
    use std::time::Instant;

    #[test]
    fn a_silent_peer_is_given_up_by_the_reader_and_the_writer_is_told() {
        let sim = Sim::new();
        let timeouts = Timeouts::new().with_ping_interval(Some(ms(100))).with_pong(Some(ms(150)));
        let (mut reader, writer) = sim.server(timeouts).split().unwrap();
        assert!(is_timeout(&reader.read().map(drop), Phase::Pong));
        assert_eq!(sim.elapsed(), ms(250));
        assert!(is_timeout(&writer.send("late"), Phase::Pong));
        assert_eq!(writer.counters().outcome, Some(Outcome::Timeout(Phase::Pong)));
        assert_eq!(sim.sent(), [(100, 0x89, ping(1))]);
    }

    /// On a socket, since two threads wait for the stream.
    #[test]
    fn a_peer_that_reads_nothing_is_given_up_by_the_write_timeout_though_it_is_pinged() {
        // The ping is queued after the message, so that its deadline has not begun: nothing pings before the first read.
        let message = vec![7; split::TOO_MUCH];
        let timeouts = Timeouts::new()
            .with_ping_interval(Some(ms(100)))
            .with_pong(Some(ms(100)))
            .with_write(Some(ms(600)));
        let begun = Instant::now();
        let ((mut reader, writer), peer) = split::halves(timeouts);
        let writing = thread::spawn(move || writer.send(&message));
        assert_eq!(peer.peek(&mut [0]).unwrap(), 1);
        assert!(is_timeout(&reader.read().map(drop), Phase::Write));
        assert!(is_timeout(&writing.join().unwrap(), Phase::Write));
        assert!((ms(600)..ms(1500)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        drop(peer);
    }

    #[test]
    fn a_peer_that_answers_stays_and_both_halves_know() {
        let sim = Sim::new();
        let timeouts = Timeouts::new()
            .with_ping_interval(Some(ms(20)))
            .with_pong(Some(ms(3000)))
            .with_read(Some(ms(310)));
        let mut client = Client::default();
        sim.answers(move |bytes| {
            let heard_len = client.heard_len;
            let mut said = client.hear(bytes);
            if client.heard_len > heard_len {
                said.extend(frame(Role::Client, 0x81, b"answer"));
            }
            said
        });
        let (mut reader, writer) = sim.server(timeouts).split().unwrap();
        writer.ping(b"own").unwrap();
        assert!(matches!(reader.read_part().unwrap(), Some(Event::Pong)));
        assert_eq!(reader.control().as_bytes(), b"own");
        assert!(reader.read_part().unwrap_err().is_transient(), "pongs of the keepalive are not reported");
        assert_eq!(sim.elapsed(), ms(310));
        assert!(reader.latency() == Some(Duration::ZERO) && writer.latency() == reader.latency());
        writer.send("one").unwrap();
        assert_eq!(reader.read().unwrap(), Some(Message::Text("answer")));
        let counters = reader.counters();
        assert_eq!((counters.sent.ping_count, counters.received.pong_count), (16, 16));
        assert_eq!((counters.sent.message_count, counters.received.message_count), (1, 1));
        reader.close(CloseCode::NORMAL).unwrap();
        let (ours, theirs) = (reader.counters(), writer.counters());
        assert_eq!((ours, ours.outcome), (theirs, Some(Outcome::Closed)));
    }

    #[test]
    fn a_peer_that_only_pings_is_idle_and_what_is_written_puts_it_off() {
        let sim = Sim::new();
        let (mut reader, writer) = sim.server(Timeouts::new().with_idle(Some(ms(400)))).split().unwrap();
        answering(&sim);
        sim.repeats(ms(7), 85, &frame(Role::Client, 0x89, b""));
        let other = writer.clone();
        sim.act(ms(200), move || other.send("in use").unwrap());
        assert!(is_timeout(&reader.read().map(drop), Phase::Idle));
        assert_eq!(sim.elapsed(), ms(600));
        assert!(is_timeout(&writer.send("late"), Phase::Idle));
        assert_eq!(sim.sent().last().unwrap(), &(600, 0x88, b"\x03\xe9".to_vec()));
    }
}
