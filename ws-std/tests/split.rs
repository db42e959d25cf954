//! A connection whose halves are on two threads and more.

mod common;

use std::io::{ErrorKind, Read as _, Write};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use common::sim::Sim;
use common::split::{LONG, SHORT, TOO_MUCH, block, halves, reading};
use common::tcp::{read_to_end, serve, serve_echo};
use common::{frame, frames};
use ws_std::ws_core::error::{Fault, Violation};
use ws_std::ws_core::event::Event;
use ws_std::{CloseCode, Error, Message, Phase, Role, Server, Timeouts, WebSocket};

#[test]
fn echoes_are_read_while_another_thread_writes() {
    let (url, server) = serve_echo(Server::new());
    let (mut reader, writer) = ws_std::connect(&url).unwrap().split().unwrap();
    let messages: Vec<Vec<u8>> = (0..600_usize)
        .map(|number| (0..=255).cycle().skip(number % 256).take(number * 4099 % 200_000).collect())
        .collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            for message in &messages {
                writer.send(message).unwrap();
            }
            writer.start_close(CloseCode::NORMAL.with_reason("done")).unwrap();
        });
        for message in &messages {
            assert!(reader.read().unwrap() == Some(Message::Binary(message)));
        }
        assert!(reader.read().unwrap().is_none());
    });
    assert!(reader.closure().unwrap().is_clean && writer.closure().unwrap().is_clean);
    assert!(server.join().unwrap().unwrap().closure().unwrap().is_clean);
    assert!(matches!(writer.send("late"), Err(Error::Closed)));
    assert!(matches!(writer.ping(b"late"), Err(Error::Closed)));
    assert!(reader.read().unwrap().is_none(), "the end is said again");
}

#[test]
fn s5_5_2_reading_goes_on_while_the_writer_is_blocked_and_the_pong_follows_its_message() {
    let ((mut reader, writer), mut peer) = halves(Timeouts::new());
    let writing = block(&writer, &peer);
    for _ in 0..1000 {
        peer.write_all(&frame(Role::Client, 0x89, b"early")).unwrap();
    }
    peer.write_all(&frame(Role::Client, 0x89, b"latest")).unwrap();
    peer.write_all(&frame(Role::Client, 0x81, b"Hello")).unwrap();
    let begun = Instant::now();
    assert_eq!(reader.read().unwrap(), Some(Message::Text("Hello")));
    assert!(begun.elapsed() < SHORT, "{:?}", begun.elapsed());
    assert!(!writing.is_finished());
    let reading = reading(reader);
    let mut written = vec![0; 10 + TOO_MUCH + 2];
    peer.read_exact(&mut written).unwrap();
    assert_eq!(written[10 + TOO_MUCH], 0x8A);
    peer.write_all(&frame(Role::Client, 0x88, b"\x03\xe8")).unwrap();
    written.extend(read_to_end(&mut peer));
    let written = frames(&written);
    drop(peer);
    writing.join().unwrap().unwrap();
    assert!(reading.join().unwrap().1.is_ok());
    assert!(written[0] == (0x82, vec![7; TOO_MUCH]), "{} frames", written.len());
    let (close, pongs) = written[1..].split_last().unwrap();
    assert_eq!(*close, (0x88, b"\x03\xe8".to_vec()));
    assert!(pongs.iter().all(|(first, _)| *first == 0x8A));
    assert!(!pongs.is_empty() && pongs.len() < 1000, "{} pongs were kept", pongs.len());
}

#[test]
fn s5_5_3_what_nobody_is_writing_waits_for_the_peer_while_reading_goes_on() {
    const LEN: usize = 4 << 20;
    let sim = Sim::new();
    sim.hears(0, LEN / 2);
    let mut socket = sim.server(Timeouts::new());
    // What the connection does not take is left to be written.
    sim.set_non_blocking(true);
    socket.send(&vec![7; LEN]).unwrap();
    assert!(socket.wants_write());
    let (mut reader, _writer) = socket.split().unwrap();
    sim.says(Duration::ZERO, &frame(Role::Client, 0x89, b"ping"));
    for number in 1..=3 {
        sim.says(SHORT * number, &frame(Role::Client, 0x81, b"Hello"));
        assert_eq!(reader.read().unwrap(), Some(Message::Text("Hello")));
        assert_eq!(sim.elapsed(), SHORT * number);
    }
    assert!(sim.written().len() == LEN / 2, "the peer takes nothing");
    sim.hears(16 << 20, LEN / 2);
    sim.says(SHORT * 5, b"");
    assert!(matches!(reader.read(), Err(Error::Disconnected(None))));
    let written = frames(&sim.written());
    assert!(written[0] == (0x82, vec![7; LEN]));
    assert_eq!(written[1..], [(0x8A, b"ping".to_vec())]);
}

#[test]
fn a_peer_that_takes_nothing_ends_both_halves_by_the_write_timeout() {
    let ((reader, writer), mut peer) = halves(Timeouts::new().with_write(Some(SHORT)));
    let begun = Instant::now();
    let writing = block(&writer, &peer);
    let reading = reading(reader);
    peer.write_all(&frame(Role::Client, 0x89, b"ping")).unwrap();
    peer.write_all(&frame(Role::Client, 0x81, b"Hello")).unwrap();
    assert!(matches!(writer.send("behind"), Err(Error::Timeout(Phase::Write))));
    assert!(matches!(writing.join().unwrap(), Err(Error::Timeout(Phase::Write))));
    let (messages, end) = reading.join().unwrap();
    assert_eq!(messages, [b"Hello"]);
    assert!(matches!(end, Err(Error::Timeout(Phase::Write))), "{end:?}");
    assert!(matches!(writer.send("late"), Err(Error::Timeout(Phase::Write))));
    assert!(begun.elapsed() < LONG);
}

#[test]
fn a_peer_that_takes_no_pong_ends_the_connection_by_the_write_timeout() {
    let sim = Sim::new();
    sim.hears(0, 1 << 20);
    let mut socket = sim.server(Timeouts::new().with_write(Some(SHORT)));
    sim.set_non_blocking(true);
    socket.send(&vec![7; 2 << 20]).unwrap();
    let (mut reader, writer) = socket.split().unwrap();
    sim.says(SHORT / 2, &frame(Role::Client, 0x89, b"ping"));
    assert!(matches!(reader.read(), Err(Error::Timeout(Phase::Write))));
    assert_eq!(sim.elapsed(), SHORT);
    assert!(matches!(writer.send("late"), Err(Error::Timeout(Phase::Write))));
}

#[test]
fn s7_1_2_the_writer_closes_while_the_reader_waits() {
    let sim = Sim::new();
    let (mut reader, writer) = sim.server(Timeouts::new()).split().unwrap();
    let other = writer.clone();
    sim.act(SHORT, move || {
        other.start_close(CloseCode::GOING_AWAY.with_reason("bye")).unwrap();
        assert!(matches!(other.send("late"), Err(Error::Closed)));
    });
    // RFC 6455 §7.1.6: what the peer sends before its Close still arrives.
    sim.says(2 * SHORT, &frame(Role::Client, 0x81, b"Hello"));
    sim.says(3 * SHORT, &frame(Role::Client, 0x88, b"\x03\xe9"));
    assert_eq!(reader.read().unwrap(), Some(Message::Text("Hello")));
    assert!(reader.read().unwrap().is_none());
    assert_eq!(sim.elapsed(), 3 * SHORT);
    assert_eq!(sim.sent(), [(SHORT.as_millis(), 0x88, b"\x03\xe9bye".to_vec())]);
    assert!(writer.closure().unwrap().is_clean);
}

#[test]
fn a_peer_that_does_not_answer_a_close_ends_by_the_close_timeout_though_the_reader_waits() {
    let sim = Sim::new();
    let (mut reader, writer) = sim.server(Timeouts::new().with_close(Some(SHORT))).split().unwrap();
    let other = writer.clone();
    sim.act(SHORT / 2, move || other.start_close(CloseCode::NORMAL).unwrap());
    assert!(matches!(reader.read(), Err(Error::Timeout(Phase::Close))));
    assert_eq!(sim.elapsed(), SHORT / 2 + SHORT);
    assert!(matches!(writer.send("late"), Err(Error::Timeout(Phase::Close))));
}

#[test]
fn the_reader_closes_and_waits() {
    let (url, server) = serve_echo(Server::new());
    let (mut reader, writer) = ws_std::connect(&url).unwrap().split().unwrap();
    writer.send("Hello").unwrap();
    reader.close(CloseCode::NORMAL).unwrap();
    assert!(writer.closure().unwrap().is_clean);
    assert!(matches!(writer.send("late"), Err(Error::Closed)));
    server.join().unwrap().unwrap();
}

#[test]
fn s5_5_1_the_peers_close_is_answered_behind_the_message_in_progress() {
    let ((reader, writer), mut peer) = halves(Timeouts::new());
    let writing = block(&writer, &peer);
    let reading = reading(reader);
    peer.write_all(&frame(Role::Client, 0x88, b"\x03\xe8")).unwrap();
    let written = frames(&read_to_end(&mut peer));
    drop(peer);
    let lens: Vec<_> = written.iter().map(|(first, payload)| (*first, payload.len())).collect();
    assert_eq!(lens, [(0x82, TOO_MUCH), (0x88, 2)]);
    assert!(written == [(0x82, vec![7; TOO_MUCH]), (0x88, b"\x03\xe8".to_vec())]);
    writing.join().unwrap().unwrap();
    assert!(reading.join().unwrap().1.is_ok());
    assert!(matches!(writer.send("late"), Err(Error::Closed)));
}

#[test]
fn a_fault_of_the_peer_is_an_error_of_both_halves() {
    let ((reader, writer), mut peer) = halves(Timeouts::new());
    let reading = reading(reader);
    peer.write_all(&frame(Role::Server, 0x81, b"unmasked")).unwrap();
    assert_eq!(frames(&read_to_end(&mut peer)), [(0x88, b"\x03\xea".to_vec())]);
    assert!(matches!(writer.send("late"), Err(Error::Fault(Fault::Violation(Violation::Unmasked)))));
    drop(peer);
    let end = reading.join().unwrap().1;
    assert!(matches!(end, Err(Error::Fault(Fault::Violation(Violation::Unmasked)))), "{end:?}");
}

#[test]
fn a_peer_at_fault_that_reads_nothing_ends_both_halves_by_the_close_timeout() {
    let ((reader, writer), mut peer) = halves(Timeouts::new().with_close(Some(SHORT)));
    let writing = block(&writer, &peer);
    let begun = Instant::now();
    peer.write_all(&frame(Role::Server, 0x81, b"unmasked")).unwrap();
    assert!(matches!(reading(reader).join().unwrap().1, Err(Error::Fault(_) | Error::Timeout(Phase::Close))));
    assert!(writing.join().unwrap().is_err());
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
    assert!(writer.send("late").is_err());
}

#[test]
fn a_reset_is_an_error_of_both_halves() {
    let ((reader, writer), peer) = halves(Timeouts::new());
    writer.send("unread, so that what follows is a reset").unwrap();
    peer.peek(&mut [0]).unwrap();
    drop(peer);
    let end = reading(reader).join().unwrap().1;
    assert!(matches!(end, Err(Error::Disconnected(Some(ErrorKind::ConnectionReset)))), "{end:?}");
    assert!(matches!(writer.send("late"), Err(Error::Disconnected(Some(_)))));

    let ((reader, writer), peer) = halves(Timeouts::new());
    let writing = block(&writer, &peer);
    let reading = reading(reader);
    drop(peer);
    let end = writing.join().unwrap();
    assert!(matches!(end, Err(Error::Disconnected(Some(_)))), "{end:?}");
    let end = reading.join().unwrap().1;
    assert!(matches!(end, Err(Error::Disconnected(_))), "{end:?}");
}

#[test]
fn messages_of_several_threads_stay_whole_and_in_order() {
    let (sink, received) = mpsc::channel();
    let (url, server) = serve(move |stream| {
        let mut socket = ws_std::accept(stream).unwrap();
        while let Some((message, _)) = socket.read().unwrap() {
            sink.send(message.as_bytes().to_vec()).unwrap();
        }
    });
    let (reader, writer) = ws_std::connect(&url).unwrap().split().unwrap();
    let reading = reading(reader);
    let threads: Vec<_> = (0..4_u8)
        .map(|name| {
            let writer = writer.clone();
            thread::spawn(move || {
                for number in 0..500_usize {
                    let mut message = vec![name; 3 + number * 997 % 30_000];
                    message[1..3].copy_from_slice(&u16::try_from(number).unwrap().to_be_bytes());
                    writer.send(&message).unwrap();
                    writer.ping(&message[..3]).unwrap();
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    writer.start_close(CloseCode::NORMAL).unwrap();
    assert!(reading.join().unwrap().1.is_ok());
    server.join().unwrap();
    let mut next = [0_usize; 4];
    for message in received {
        let name = usize::from(message[0]);
        let number = usize::from(u16::from_be_bytes([message[1], message[2]]));
        assert_eq!(number, next[name]);
        assert_eq!(message.len(), 3 + number * 997 % 30_000);
        assert!(message[3..].iter().all(|byte| *byte == message[0]));
        next[name] += 1;
    }
    assert_eq!(next, [500; 4]);
}

#[test]
fn a_read_gives_up_in_the_time_it_was_given_and_may_be_called_again() {
    let sim = Sim::new();
    let (mut reader, _writer) = sim.server(Timeouts::new()).split().unwrap();
    reader.set_read_timeout(Some(SHORT));
    assert!(reader.read().unwrap_err().is_transient());
    assert_eq!(sim.elapsed(), SHORT);
    sim.says(SHORT * 3 / 2, &frame(Role::Client, 0x81, b"Hello"));
    assert_eq!(reader.read().unwrap(), Some(Message::Text("Hello")));
    assert_eq!(sim.elapsed(), SHORT * 3 / 2);
}

#[test]
fn s5_5_3_pongs_are_events_of_the_reader() {
    let (url, server) = serve_echo(Server::new());
    let (mut reader, writer) = ws_std::connect(&url).unwrap().split().unwrap();
    writer.ping(b"1").unwrap();
    assert!(matches!(reader.read_part().unwrap(), Some(Event::Pong)));
    assert_eq!(reader.control().as_bytes(), b"1");
    assert!(matches!(writer.ping(&[0; 126]), Err(Error::PingLen)));
    reader.close(CloseCode::NORMAL).unwrap();
    server.join().unwrap().unwrap();
}

#[cfg(unix)]
#[test]
fn a_unix_socket_can_be_split() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let open = |stream, role| WebSocket::after_handshake(stream, role, ws_std::Config::new(), b"").unwrap();
    let (mut reader, writer) = open(ours, Role::Client).split().unwrap();
    let echo = thread::spawn(move || {
        let (mut reader, writer) = open(theirs, Role::Server).split().unwrap();
        while let Some(message) = reader.read().unwrap() {
            writer.send(message).unwrap();
        }
    });
    writer.send("Hello").unwrap();
    assert_eq!(reader.read().unwrap(), Some(Message::Text("Hello")));
    reader.close(CloseCode::NORMAL).unwrap();
    echo.join().unwrap();
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_messages_pass_between_halves() {
    let (url, server) = serve(|stream| {
        let server = Server::new().with_deflate(ws_std::Deflate::new());
        let (mut reader, writer) = server.accept(stream).unwrap().split().unwrap();
        while let Some(message) = reader.read().unwrap() {
            writer.send_compressed(message).unwrap();
        }
    });
    let client = ws_std::Client::new().with_deflate(ws_std::Deflate::new());
    let socket = client.connect(&url).unwrap();
    assert!(socket.deflate().is_some());
    let (mut reader, writer) = socket.split().unwrap();
    let text = "many words, all of them the same; ".repeat(10_000);
    for len in [0, 1, 1000, 100_000, text.len(), 50] {
        let text = text.get(..len).unwrap();
        writer.send(text).unwrap();
        assert!(reader.read().unwrap() == Some(Message::Text(text)), "{len}");
    }
    writer.send_uncompressed(Message::Text(&text)).unwrap();
    assert!(reader.read().unwrap() == Some(Message::Text(&text)));
    reader.close(CloseCode::NORMAL).unwrap();
    server.join().unwrap();
}
