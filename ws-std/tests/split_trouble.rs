//! What may go wrong between the halves of a connection: peers that take nothing, streams that panic, halves that are
//! dropped.
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]
#![expect(clippy::panic_in_result_fn, reason = "a stream that panics")]

mod common;

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::split::{LONG, SHORT, TOO_MUCH, block, connection, halves, reading};
use common::tcp::read_to_end;
use common::{frame, frames};
use ws_std::{CloseCode, Config, Duplex, Error, Message, Phase, Role, Stream, Timeouts, WebSocket};

#[test]
fn s5_5_3_a_flood_of_pings_from_a_peer_that_takes_no_pong_takes_bounded_memory() {
    let (mut socket, mut peer) = connection(Timeouts::new());
    socket.get_ref().set_nonblocking(true).unwrap();
    socket.send(&vec![7; TOO_MUCH]).unwrap();
    let queued_len = socket.queued_len();
    let (mut reader, writer) = socket.split().unwrap();
    let flood = frame(Role::Client, 0x89, &[0; 125]).repeat(20_000);
    peer.write_all(&flood).unwrap();
    peer.write_all(&frame(Role::Client, 0x89, b"latest")).unwrap();
    peer.write_all(&frame(Role::Client, 0x81, b"Hello")).unwrap();
    assert_eq!(reader.read().unwrap(), Some(Message::Text("Hello")));
    let mut socket = reader.reunite(writer).unwrap();
    let more = socket.queued_len() - queued_len.min(socket.queued_len());
    assert!(more < 10_000, "{more} bytes of pongs wait");
    // All that is committed is whole, and the latest ping is answered.
    let closing = thread::spawn(move || socket.close(CloseCode::NORMAL));
    let mut written = Vec::new();
    while !written.ends_with(b"\x88\x02\x03\xe8") {
        let mut part = vec![0; 1 << 16];
        let len = peer.read(&mut part).unwrap();
        assert!(len > 0);
        written.extend_from_slice(&part[..len]);
    }
    peer.write_all(&frame(Role::Client, 0x88, b"\x03\xe8")).unwrap();
    drop(peer);
    closing.join().unwrap().unwrap();
    let written = frames(&written);
    assert_eq!(written[0].1.len(), TOO_MUCH);
    assert_eq!(written[written.len() - 2], (0x8A, b"latest".to_vec()));
}

#[test]
fn a_blocked_writer_comes_back_by_the_close_timeout_though_nobody_reads_and_writes_have_no_limit() {
    let ((reader, writer), peer) = halves(Timeouts::new().with_write(None).with_close(Some(SHORT)));
    let writing = block(&writer, &peer);
    let begun = Instant::now();
    assert!(matches!(writer.start_close(CloseCode::NORMAL), Err(Error::Timeout(Phase::Close))));
    assert!(matches!(writing.join().unwrap(), Err(Error::Timeout(Phase::Close))));
    assert!(begun.elapsed() >= SHORT / 2 && begun.elapsed() < LONG, "{:?}", begun.elapsed());
    drop(reader);
}

#[test]
fn a_blocked_writer_comes_back_where_the_reader_closes_and_writes_have_no_limit() {
    let ((mut reader, writer), peer) = halves(Timeouts::new().with_write(None).with_close(Some(SHORT)));
    let writing = block(&writer, &peer);
    let begun = Instant::now();
    assert!(matches!(reader.close(CloseCode::NORMAL), Err(Error::Timeout(Phase::Close))));
    assert!(matches!(writing.join().unwrap(), Err(Error::Timeout(Phase::Close))));
    assert!(begun.elapsed() < LONG);
}

#[test]
fn the_reading_half_may_be_dropped_while_the_other_is_blocked() {
    let ((reader, writer), mut peer) = halves(Timeouts::new());
    let writing = block(&writer, &peer);
    drop(reader);
    drop(writer);
    assert_eq!(frames(&read_to_end(&mut peer)), [(0x82, vec![7; TOO_MUCH])]);
    writing.join().unwrap().unwrap();
}

#[test]
fn a_stream_that_was_made_non_blocking_ends_with_an_error_that_does_not_ask_for_patience() {
    let ((reader, writer), peer) = halves(Timeouts::new());
    // The handle of the reader is of the same socket.
    reader.get_ref().set_nonblocking(true).unwrap();
    let begun = Instant::now();
    let unsupported = |error: Error| {
        assert!(!error.is_transient());
        matches!(error, Error::Io(error) if error.kind() == ErrorKind::Unsupported)
    };
    assert!(unsupported(writer.send(&vec![7; TOO_MUCH]).unwrap_err()));
    assert!(begun.elapsed() < LONG);
    assert!(unsupported(writer.send("late").unwrap_err()));
    assert!(unsupported(reading(reader).join().unwrap().1.unwrap_err()));
    drop(peer);
}

#[test]
fn another_handle_of_the_programs_own_disturbs_nothing() {
    let ((mut reader, writer), mut peer) = halves(Timeouts::new());
    let handle = reader.get_ref().try_clone().unwrap();
    writer.send("Hello").unwrap();
    peer.write_all(&frame(Role::Client, 0x81, b"Hello")).unwrap();
    assert_eq!(reader.read().unwrap(), Some(Message::Text("Hello")));
    drop((reader, writer));
    // The connection lives as long as its last handle.
    handle.shutdown(std::net::Shutdown::Both).unwrap();
    assert_eq!(frames(&read_to_end(&mut peer)), [(0x81, b"Hello".to_vec())]);
}

/// TCP that panics in its next write once it is told to.
struct Panicking(TcpStream, Arc<AtomicBool>);

impl Read for Panicking {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Panicking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!self.1.load(Ordering::SeqCst), "as it was told to");
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Stream for Panicking {
    fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.limit_read(timeout)
    }
}

impl Duplex for Panicking {
    fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read_shared(bytes)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        assert!(!self.1.load(Ordering::SeqCst), "as it was told to");
        self.0.write_shared(slices)
    }

    fn flush_shared(&self) -> io::Result<()> {
        self.0.flush_shared()
    }

    fn read_limit(&self) -> io::Result<Option<Duration>> {
        self.0.read_limit()
    }

    fn abort(&self) -> io::Result<()> {
        self.0.abort()
    }
}

#[test]
fn a_panic_of_the_stream_ends_the_connection_of_all_others() {
    let (socket, peer) = connection(Timeouts::new());
    let panics = Arc::new(AtomicBool::new(false));
    let stream = Panicking(socket.into_parts().stream, Arc::clone(&panics));
    let socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
    let (reader, writer) = socket.split().unwrap();
    let reading = reading(reader);
    writer.send("Hello").unwrap();
    panics.store(true, Ordering::SeqCst);
    let another = writer.clone();
    assert!(thread::spawn(move || another.send("panics")).join().is_err());
    let ended = |error: Error| matches!(error, Error::Io(error) if error.kind() == ErrorKind::Other);
    assert!(ended(writer.send("late").unwrap_err()));
    assert!(ended(reading.join().unwrap().1.unwrap_err()), "the reader comes back");
    drop(peer);
}
