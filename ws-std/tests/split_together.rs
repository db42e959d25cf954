//! Messages in parts through a half, and halves that become one again.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test")]

mod common;

use std::io::Write;
use std::thread;

use common::split::{SHORT, block, halves, reading};
use common::tcp::{read_to_end, serve_echo};
use common::{frame, frames};
use ws_std::{CloseCode, Error, Message, MessageType, Role, Server, Timeouts};

#[test]
fn s5_4_pongs_go_between_the_parts_of_a_message_and_other_messages_behind_it() {
    let ((mut reader, mut writer), mut peer) = halves(Timeouts::new());
    let other = writer.clone();
    let mut message = writer.message_writer(MessageType::Text).unwrap();
    write!(message, "one ").unwrap();
    message.flush().unwrap();
    let waiting = thread::spawn(move || other.send("behind"));
    // Until it waits for the lock's condition, which nothing shows.
    thread::sleep(SHORT / 3);
    peer.write_all(&frame(Role::Client, 0x89, b"ping")).unwrap();
    peer.write_all(&frame(Role::Client, 0x81, b"Hello")).unwrap();
    assert_eq!(reader.read().unwrap(), Some(Message::Text("Hello")));
    assert!(!waiting.is_finished(), "a message waits for the end of the one before");
    write!(message, "two").unwrap();
    message.finish().unwrap();
    waiting.join().unwrap().unwrap();
    writer.start_close(CloseCode::NORMAL).unwrap();
    peer.write_all(&frame(Role::Client, 0x88, b"\x03\xe8")).unwrap();
    let reading = reading(reader);
    let expected = [(0x01, "one "), (0x8A, "ping"), (0x80, "two"), (0x81, "behind")];
    let written = frames(&read_to_end(&mut peer));
    let written: Vec<_> = written.iter().map(|(first, payload)| (*first, &payload[..])).collect();
    let expected: Vec<_> = expected.iter().map(|(first, payload)| (*first, payload.as_bytes())).collect();
    assert_eq!(written[..4], expected);
    assert_eq!(written[4..], [(0x88, &b"\x03\xe8"[..])]);
    drop(peer);
    reading.join().unwrap().1.unwrap();
}

#[test]
fn those_who_wait_for_a_message_in_parts_do_not_keep_the_processor_busy() {
    let ((_reader, mut writer), _peer) = halves(Timeouts::new());
    let other = writer.clone();
    let message = writer.message_writer(MessageType::Binary).unwrap();
    let waiting = thread::spawn(move || {
        let before = processor_time();
        other.send("behind").unwrap();
        processor_time() - before
    });
    // What it takes in this time is what the test is about.
    thread::sleep(SHORT * 2);
    drop(message);
    let ticks = waiting.join().unwrap();
    assert!(ticks < 20, "{ticks} ticks of a hundredth of a second");
}

/// How long this thread has run, in hundredths of a second.
fn processor_time() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn a_message_in_parts_that_is_dropped_unfinished_allows_only_a_close() {
    let ((mut reader, mut writer), mut peer) = halves(Timeouts::new());
    drop(writer.message_writer(MessageType::Binary).unwrap());
    writer.send("nothing was begun").unwrap();
    let mut message = writer.message_writer(MessageType::Binary).unwrap();
    message.write_all(&vec![0; 20_000]).unwrap();
    drop(message);
    assert!(matches!(writer.send("no"), Err(Error::MessageUnfinished)));
    assert!(matches!(writer.message_writer(MessageType::Text), Err(Error::MessageUnfinished)));
    writer.ping(b"still").unwrap();
    peer.write_all(&frame(Role::Client, 0x88, b"\x03\xe8")).unwrap();
    let closing = thread::spawn(move || reader.close(CloseCode::NORMAL));
    let firsts: Vec<u8> = frames(&read_to_end(&mut peer)).iter().map(|(first, _)| *first).collect();
    assert_eq!(firsts, [0x81, 0x02, 0x89, 0x88]);
    drop(peer);
    closing.join().unwrap().unwrap();
}

#[test]
fn a_close_ends_the_wait_for_a_message_in_parts() {
    let ((reader, mut writer), mut peer) = halves(Timeouts::new());
    let others = [writer.clone(), writer.clone()];
    let mut message = writer.message_writer(MessageType::Binary).unwrap();
    message.write_all(&vec![0; 20_000]).unwrap();
    let [waiting, closing] = others;
    let waiting = thread::spawn(move || waiting.send("never"));
    // Until it waits for the lock's condition, which nothing shows.
    thread::sleep(SHORT / 3);
    closing.start_close(CloseCode::NORMAL).unwrap();
    assert!(matches!(waiting.join().unwrap(), Err(Error::Closed)));
    let error = Error::from(message.write_all(&vec![0; 20_000]).unwrap_err());
    assert!(error.to_string().contains("closed"), "{error}");
    drop(message);
    drop((writer, closing, reader));
    let firsts: Vec<u8> = frames(&read_to_end(&mut peer)).iter().map(|(first, _)| *first).collect();
    assert_eq!(firsts, [0x02, 0x88]);
}

#[test]
fn messages_in_parts_of_several_threads_stay_apart() {
    let (url, server) = serve_echo(Server::new());
    let (mut reader, writer) = ws_std::connect(&url).unwrap().split().unwrap();
    let threads: Vec<_> = (0..3_u8)
        .map(|name| {
            let mut writer = writer.clone();
            thread::spawn(move || {
                for number in 0..30_usize {
                    let mut message = writer.message_writer(MessageType::Binary).unwrap();
                    for part in vec![name; 1 + number * 3011].chunks(7000) {
                        message.write_all(part).unwrap();
                        message.flush().unwrap();
                    }
                    message.finish().unwrap();
                    writer.send(&[name]).unwrap();
                }
            })
        })
        .collect();
    for _ in 0..180 {
        let message = reader.read().unwrap().unwrap();
        let bytes = message.as_bytes();
        assert!(bytes.iter().all(|byte| *byte == bytes[0]));
    }
    for thread in threads {
        thread.join().unwrap();
    }
    reader.close(CloseCode::NORMAL).unwrap();
    server.join().unwrap().unwrap();
}

#[test]
fn halves_become_one_again_and_nothing_is_lost() {
    let ((mut reader, writer), mut peer) = halves(Timeouts::new());
    // The second message is in the read buffer by then.
    let said = [frame(Role::Client, 0x81, b"first"), frame(Role::Client, 0x81, b"second")].concat();
    peer.write_all(&said).unwrap();
    while reader.get_ref().peek(&mut [0; 64]).unwrap() < said.len() {}
    assert_eq!(reader.read().unwrap(), Some(Message::Text("first")));
    let (another, _peer) = halves(Timeouts::new());
    let error = reader.reunite(another.1).unwrap_err();
    assert_eq!(error.to_string(), "the halves are of two connections");
    let (reader, _) = error.into_halves();
    let clone = writer.clone();
    let error = reader.reunite(writer).unwrap_err();
    assert_eq!(error.to_string(), "the writing half of the connection has other clones");
    let (reader, writer) = error.into_halves();
    drop(clone);
    let mut socket = reader.reunite(writer).unwrap();
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("second"));
    socket.send("answer").unwrap();
    let (mut reader, writer) = socket.split().unwrap();
    peer.write_all(&frame(Role::Client, 0x81, b"third")).unwrap();
    assert_eq!(reader.read().unwrap(), Some(Message::Text("third")));
    let mut socket = reader.reunite(writer).unwrap();
    peer.write_all(&frame(Role::Client, 0x88, b"\x03\xe8")).unwrap();
    let closing = thread::spawn(move || socket.close(CloseCode::NORMAL));
    assert_eq!(frames(&read_to_end(&mut peer)).len(), 2);
    drop(peer);
    closing.join().unwrap().unwrap();
}

#[test]
fn halves_that_have_ended_become_a_connection_that_has() {
    let ((reader, writer), peer) = halves(Timeouts::new().with_write(Some(SHORT)));
    let writing = block(&writer, &peer);
    assert!(matches!(writing.join().unwrap(), Err(Error::Timeout(_))));
    let mut socket = reader.reunite(writer).unwrap();
    assert!(!socket.wants_read() && socket.queued_len() == 0);
    assert!(matches!(socket.read(), Err(Error::Timeout(_))));
    assert!(matches!(socket.send("late"), Err(Error::Timeout(_))));
}
