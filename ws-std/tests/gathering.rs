//! When bytes leave: answers to messages of one read are one write, and nothing that was held is lost.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::io::{self, ErrorKind, IoSlice, Read, Write};

use common::{Script, frame, frames};
use ws_std::{AnyStream, Config, Duplex, Error, Message, Role, Stream, WebSocket};

/// A script that one thread reads while another writes it.
struct Shared(Script);

impl Read for Shared {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Shared {}

impl Duplex for Shared {
    fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.clone().read(bytes)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.clone().write_vectored(slices)
    }

    fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if slices.is_empty() { Ok(0) } else { self.write_shared(slices) }
    }

    fn flush_shared(&self) -> io::Result<()> {
        Ok(())
    }

    fn abort(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Messages that come in one read.
fn said(count: usize) -> Vec<u8> {
    (0..count).flat_map(|_| frame(Role::Client, 0x81, b"Hello")).collect()
}

fn write_count(script: &Script) -> usize {
    *script.write_count.lock().unwrap()
}

/// What was written, which has to be this many echoes.
fn assert_echoed(script: &Script, count: usize) {
    assert_eq!(frames(&script.written()), vec![(0x81, b"Hello".to_vec()); count]);
}

fn split(script: &Script) -> (ws_std::ReadHalf<Shared>, ws_std::WriteHalf<Shared>) {
    let socket = WebSocket::after_handshake(Shared(script.clone()), Role::Server, Config::new(), b"");
    socket.unwrap().split().unwrap()
}

#[test]
fn sixteen_echoes_of_one_read_are_one_write() {
    let script = Script::new(&said(16));
    let mut socket = script.socket(Role::Server);
    for _ in 0..16 {
        let (message, mut writer) = socket.read().unwrap().unwrap();
        writer.send(message).unwrap();
    }
    assert_eq!(write_count(&script), 1, "and it has left before the next read");
    assert_echoed(&script, 16);
}

/// The loop of the front page.
fn echo(socket: &mut WebSocket<AnyStream<Script>>) -> Result<(), Error> {
    while socket.is_ready() || socket.flush().is_ok() {
        let Some((message, mut writer)) = socket.read()? else { return Ok(()) };
        writer.send(message)?;
    }
    socket.flush()
}

#[test]
fn sixteen_echoes_of_one_read_are_one_write_on_a_stream_that_does_not_block() {
    let script = Script { then: Some(ErrorKind::WouldBlock), ..Script::new(&said(16)) };
    let mut socket = script.socket(Role::Server);
    assert!(echo(&mut socket).unwrap_err().is_transient());
    assert_eq!(write_count(&script), 1);
    assert_echoed(&script, 16);
}

#[test]
fn sixteen_echoes_of_one_read_are_one_write_of_the_writing_half() {
    let script = Script::new(&said(16));
    let (mut reader, writer) = split(&script);
    for _ in 0..16 {
        let message = reader.read().unwrap().unwrap();
        writer.send(message).unwrap();
    }
    assert_eq!(write_count(&script), 1, "and it has left before the next read");
    assert_echoed(&script, 16);
}

#[test]
fn what_the_socket_itself_sends_leaves_at_once() {
    let script = Script::new(&said(2));
    let mut socket = script.socket(Role::Server);
    assert!(socket.read().unwrap().is_some());
    for count in 1..=3 {
        socket.send("Hello").unwrap();
        assert_eq!(write_count(&script), count);
        assert_echoed(&script, count);
    }
}

#[test]
fn what_another_thread_sends_leaves_at_once_though_answers_are_gathered() {
    let script = Script::new(&said(2));
    let (mut reader, writer) = split(&script);
    let message = reader.read().unwrap().unwrap();
    writer.send(message).unwrap();
    assert_eq!(write_count(&script), 0, "another message has come already");
    std::thread::scope(|scope| drop(scope.spawn(|| writer.send("Hello").unwrap())));
    assert_echoed(&script, 2);
}

#[test]
fn what_is_fed_leaves_with_the_flush_in_one_write() {
    let script = Script::new(b"");
    let mut socket = script.socket(Role::Server);
    let shared = Script::new(b"");
    let (_reader, writer) = split(&shared);
    for _ in 0..5 {
        socket.feed(Message::Text("Hello")).unwrap();
        writer.feed(Message::Text("Hello")).unwrap();
    }
    assert_eq!((write_count(&script), write_count(&shared)), (0, 0));
    socket.flush().unwrap();
    writer.flush().unwrap();
    assert_eq!((write_count(&script), write_count(&shared)), (1, 1));
    assert_echoed(&script, 5);
    assert_echoed(&shared, 5);
}

#[test]
fn what_was_held_is_written_when_the_socket_is_dropped() {
    let script = Script::new(&said(2));
    let mut socket = script.socket(Role::Server);
    let (message, mut writer) = socket.read().unwrap().unwrap();
    writer.send(message).unwrap();
    assert_eq!(write_count(&script), 0, "another message has come already");
    drop(socket);
    assert_echoed(&script, 1);
}

#[test]
fn what_was_held_is_written_when_the_halves_are_dropped_in_either_order() {
    for is_writer_first in [false, true] {
        let script = Script::new(&said(2));
        let (mut reader, writer) = split(&script);
        let message = reader.read().unwrap().unwrap();
        writer.send(message).unwrap();
        assert_eq!(write_count(&script), 0, "another message has come already");
        if is_writer_first {
            drop(writer);
            drop(reader);
        } else {
            drop(reader);
            assert_echoed(&script, 1);
            drop(writer);
        }
        assert_echoed(&script, 1);
    }
}

#[test]
fn what_was_fed_is_written_when_the_halves_are_dropped_in_either_order() {
    for is_writer_first in [false, true] {
        let script = Script::new(b"");
        let (reader, writer) = split(&script);
        writer.feed(Message::Text("Hello")).unwrap();
        if is_writer_first {
            drop(writer);
            drop(reader);
        } else {
            drop(reader);
            drop(writer);
        }
        assert_echoed(&script, 1);
    }
}
