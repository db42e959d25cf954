//! Streams that do not block: many connections on one thread, full buffers in both directions, opening handshakes that
//! come byte by byte.
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::large_enum_variant,
    reason = "a test"
)]

mod common;

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::said::Said;
use common::sim::{Sim, ms};
use common::tcp::{request, response_to};
use common::{Script, frame, frames};
use ws_std::ws_core::handshake::HandshakeMisuse;
use ws_std::{
    AnyStream, Client, CloseCode, Error, Message, MessageType, NetStream, Phase, Receiving, Role, Server,
    Timeouts, WebSocket,
};

#[test]
fn a_misuse_of_the_program_is_returned_though_its_answer_would_block() {
    let mut script = Script::new(request("/", "").as_bytes());
    script.write_end = Some((0, Err(ErrorKind::WouldBlock)));
    let incoming = Server::new().receive(AnyStream(script)).unwrap();
    let error = incoming.with_subprotocol(Some("not-offered")).accept().unwrap_err();
    let misuse = HandshakeMisuse::SubprotocolNotOffered;
    assert!(matches!(error, Error::HandshakeMisuse(found) if found == misuse), "{error}");
}

/// What a loop does with a connection.
enum Connection {
    Opening(Receiving<TcpStream>),
    Open(WebSocket<TcpStream>),
    Ended(Result<bool, Error>),
}

impl Connection {
    /// Goes on until the stream would block.
    fn advance(&mut self) -> Result<(), Error> {
        loop {
            match self {
                Self::Opening(receiving) => *self = Self::Open(receiving.advance()?.accept()?),
                Self::Open(socket) => {
                    // Nothing is read while an answer waits, and then there is always room for the next.
                    socket.flush()?;
                    assert!(socket.wants_read() && !socket.wants_write());
                    let Some((message, mut writer)) = socket.read()? else {
                        assert!(!socket.wants_read() && !socket.wants_write());
                        *self = Self::Ended(Ok(socket.closure().unwrap().is_clean));
                        continue;
                    };
                    assert!(writer.send(message).is_ok(), "there is room");
                }
                Self::Ended(_) => return Ok(()),
            }
        }
    }
}

/// Serves echoes on this thread until it is told to stop and all have ended; gives how each did.
fn serve_all(listener: &TcpListener, server: &Server, is_over: &AtomicBool) -> Vec<Result<bool, Error>> {
    listener.set_nonblocking(true).unwrap();
    let mut connections = Vec::new();
    loop {
        while let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true).unwrap();
            connections.push(Connection::Opening(server.start_receive(stream).unwrap()));
        }
        for connection in &mut connections {
            match connection.advance() {
                Err(error) if !error.is_transient() => *connection = Connection::Ended(Err(error)),
                Ok(()) | Err(_) => {}
            }
        }
        let have_ended = connections.iter().all(|connection| matches!(connection, Connection::Ended(_)));
        if is_over.load(Ordering::SeqCst) && have_ended {
            return connections
                .into_iter()
                .filter_map(
                    |connection| if let Connection::Ended(end) = connection { Some(end) } else { None },
                )
                .collect();
        }
        // A loop without a poll: it looks at every socket again.
        thread::sleep(Duration::from_micros(200));
    }
}

/// Sends all of this, and reads what comes back only when nothing more can be sent: so both directions fill up.
/// Gives how often that had to wait.
fn push_through(mut socket: WebSocket<NetStream>, said: &[Said]) -> usize {
    socket.get_ref().tcp().set_nonblocking(true).unwrap();
    let (mut sent_count, mut read_count, mut blocked_count) = (0, 0, 0);
    let until = Instant::now() + Duration::from_secs(60);
    while read_count < said.len() {
        assert!(Instant::now() < until, "{sent_count} sent, {read_count} read of {}", said.len());
        match said.get(sent_count).map(|said| socket.send(said.message())) {
            Some(Ok(())) => {
                sent_count += 1;
                continue;
            }
            Some(Err(error)) => {
                assert!(error.is_transient(), "{error}");
                blocked_count += 1;
            }
            None => {}
        }
        match socket.read() {
            Ok(Some((message, _))) => {
                assert!(Said::of(message) == said[read_count], "message {read_count}");
                read_count += 1;
            }
            Ok(None) => panic!("closed"),
            Err(error) => {
                assert!(error.is_transient(), "{error}");
                // A loop without a poll: it looks at the socket again.
                thread::sleep(Duration::from_micros(200));
            }
        }
    }
    socket.get_ref().tcp().set_nonblocking(false).unwrap();
    socket.close(CloseCode::NORMAL).unwrap();
    blocked_count
}

/// Lets the server end, also where a client has failed.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn one_thread_serves_many_connections_whose_buffers_are_full_in_both_directions() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let is_over = AtomicBool::new(false);
    let ends = thread::scope(|scope| {
        let serving = scope.spawn(|| serve_all(&listener, &Server::new(), &is_over));
        let over = Over(&is_over);
        let clients: Vec<_> = (0..16)
            .map(|name| {
                let socket = ws_std::connect(&url).unwrap();
                scope.spawn(move || {
                    // Of two of them it is more than the buffers of both ends of a connection take, in both directions.
                    let len_max = if name < 2 { 1_800_000 } else { 30_000 };
                    let lens = (0..40).map(|number| (number * 367 + name) % 977 * len_max / 977);
                    let said: Vec<_> = lens.enumerate().map(|(number, len)| Said::new(number, len)).collect();
                    let blocked_count = push_through(socket, &said);
                    assert!(name >= 2 || blocked_count > 0, "the buffers were full");
                })
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
        drop(over);
        serving.join().unwrap()
    });
    assert_eq!(ends.len(), 16);
    assert!(ends.iter().all(|end| matches!(end, Ok(true))), "{ends:?}");
}

#[test]
fn what_waits_is_bounded_and_a_send_beyond_it_takes_nothing() {
    for role in [Role::Client, Role::Server] {
        let script = Script { write_end: Some((0, Err(ErrorKind::WouldBlock))), ..Script::new(b"") };
        let mut socket = script.socket(role);
        let mut sent_count = 0_u16;
        let refused = loop {
            match socket.send(&[&sent_count.to_be_bytes()[..], &[0; 998]].concat()) {
                Ok(()) => sent_count += 1,
                Err(error) => break error,
            }
        };
        assert!(refused.is_transient());
        // At the limit and above it nothing is taken, and below it there is room.
        assert!(socket.queued_len() >= 16 * 1024 && socket.queued_len() < 16 * 1024 + 1008);
        let queued_len = socket.queued_len();
        assert!(socket.ping(b"").unwrap_err().is_transient());
        assert!(socket.message_writer(MessageType::Text).unwrap_err().is_transient());
        assert!(socket.send(&[0; 10_000]).unwrap_err().is_transient());
        assert_eq!(socket.queued_len(), queued_len);
        let mut parts = socket.into_parts();
        parts.stream.0.write_end = None;
        let mut socket = WebSocket::from_parts(parts);
        socket.send("behind").unwrap();
        let written = frames(&script.written());
        assert_eq!(written.len(), usize::from(sent_count) + 1);
        for (number, (_, payload)) in (0..sent_count).zip(&written) {
            assert_eq!(payload[..2], number.to_be_bytes());
        }
    }
}

#[test]
fn s5_5_2_pings_that_were_taken_while_the_stream_was_full_are_all_sent() {
    let script = Script { write_end: Some((0, Err(ErrorKind::WouldBlock))), ..Script::new(b"") };
    let mut socket = script.socket(Role::Server);
    for number in 0..5 {
        socket.ping(&[number]).unwrap();
    }
    let mut parts = socket.into_parts();
    parts.stream.0.write_end = None;
    WebSocket::from_parts(parts).flush().unwrap();
    let pings: Vec<_> = (0..5).map(|number| (0x89, vec![number])).collect();
    assert_eq!(frames(&script.written()), pings);
}

#[test]
fn s4_2_1_a_request_may_come_byte_by_byte_and_the_response_leave_so() {
    let said = [request("/chat", "").into_bytes(), frame(Role::Client, 0x81, b"Hello")].concat();
    for step in [1, 7, 0] {
        let script = Script { step, between: Some(ErrorKind::WouldBlock), ..Script::new(&said) };
        let mut receiving = Server::new().start_receive(AnyStream(script.clone())).unwrap();
        let mut count = 0;
        let incoming = loop {
            match receiving.advance() {
                Ok(incoming) => break incoming,
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
            count += 1;
            assert!(count < said.len() * 2 + 4);
        };
        assert!(receiving.get_ref().is_none());
        assert!(
            matches!(receiving.advance(), Err(Error::Io(error)) if error.kind() == ErrorKind::NotConnected)
        );
        assert_eq!(incoming.path(), "/chat");
        let mut socket = incoming.accept().unwrap();
        socket.send("first").unwrap();
        while let Err(error) = socket.flush() {
            assert!(error.is_transient() && socket.wants_write(), "{error}");
        }
        let hello = loop {
            match socket.read() {
                Ok(message) => break message.unwrap().0,
                Err(error) => assert!(error.is_transient(), "{error}"),
            }
        };
        assert_eq!(hello, Message::Text("Hello"));
        let written = script.written();
        let end = written.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        assert!(written.starts_with(b"HTTP/1.1 101 "));
        assert_eq!(frames(&written[end..]), [(0x81, b"first".to_vec())]);
    }
}

#[test]
fn s4_1_a_client_goes_on_with_its_handshake_when_the_stream_is_ready() {
    let sim = Sim::new();
    sim.set_non_blocking(true);
    let mut connecting = Client::new().start_handshake(sim.clone(), "ws://localhost/").unwrap();
    assert!(connecting.wants_write() && connecting.get_ref().is_some());
    assert!(connecting.advance().unwrap_err().is_transient());
    assert!(!connecting.wants_write(), "the request fits");
    let response = response_to(std::str::from_utf8(&sim.written()).unwrap(), "");
    let said = [response.as_bytes(), &frame(Role::Server, 0x81, b"Hello")].concat();
    for (number, packet) in (1..).zip(said.chunks(20)) {
        sim.says(ms(2) * number, packet);
    }
    let mut socket = loop {
        sim.sleep(ms(1));
        match connecting.advance() {
            Ok(socket) => break socket,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    };
    assert!(connecting.get_ref().is_none() && !connecting.wants_write());
    assert!(connecting.advance().is_err());
    let message = loop {
        match socket.read() {
            Ok(message) => break message.unwrap().0,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
        sim.sleep(ms(1));
    };
    assert_eq!(message, Message::Text("Hello"));
}

#[test]
fn a_request_that_may_leave_byte_by_byte_is_whole() {
    let sim = Sim::new();
    sim.set_non_blocking(true);
    sim.hears(1000, 1);
    let mut connecting = Client::new().start_handshake(sim.clone(), "ws://localhost/chat").unwrap();
    while connecting.wants_write() {
        assert!(connecting.advance().unwrap_err().is_transient());
        sim.sleep(ms(1));
    }
    let written = String::from_utf8(sim.written()).unwrap();
    assert!(written.starts_with("GET /chat HTTP/1.1\r\n") && written.ends_with("\r\n\r\n"), "{written}");
}

#[test]
fn an_answer_to_a_request_that_has_not_left_is_read() {
    let sim = Sim::new();
    sim.set_non_blocking(true);
    sim.hears(0, 20);
    let mut connecting = Client::new().start_handshake(sim.clone(), "ws://localhost/chat").unwrap();
    assert!(connecting.advance().unwrap_err().is_transient() && connecting.wants_write());
    sim.says(ms(0), b"HTTP/1.1 431 \r\nContent-Length: 0\r\n\r\n");
    let error = connecting.advance().unwrap_err();
    assert!(matches!(&error, Error::Refused(refusal) if refusal.status() == 431), "{error:?}");
}

#[test]
fn a_handshake_that_does_not_go_on_ends_in_time_and_says_so_once() {
    let timeouts = Timeouts::new().with_handshake(Some(Duration::from_millis(100)));
    let (asking, asked) = (Sim::new(), Sim::new());
    asked.says(Duration::ZERO, b"GET");
    let mut receiving = Server::new().with_timeouts(timeouts).start_receive(asked.clone()).unwrap();
    let mut connecting =
        Client::new().with_timeouts(timeouts).start_handshake(asking.clone(), "ws://localhost/").unwrap();
    for sim in [&asking, &asked] {
        sim.set_non_blocking(true);
    }
    for time in [ms(0), ms(97)] {
        asking.sleep(time);
        asked.sleep(time);
        assert!(receiving.advance().unwrap_err().is_transient());
        assert!(connecting.advance().unwrap_err().is_transient());
    }
    asking.sleep(ms(3));
    asked.sleep(ms(3));
    assert!(matches!(receiving.advance(), Err(Error::Timeout(Phase::Handshake))));
    assert!(matches!(connecting.advance(), Err(Error::Timeout(Phase::Handshake))));
    assert!(receiving.get_ref().is_none() && connecting.get_ref().is_none());
}

#[test]
fn a_read_says_that_it_would_block_though_a_write_has_failed() {
    let mut script = Script::new(b"");
    script.then = Some(ErrorKind::WouldBlock);
    script.write_end = Some((0, Err(ErrorKind::BrokenPipe)));
    let mut socket = script.socket(Role::Server);
    let sent = socket.send("Hello");
    assert!(matches!(sent, Err(Error::Disconnected(Some(ErrorKind::BrokenPipe)))), "{sent:?}");
    let begun = Instant::now();
    for _ in 0..3 {
        let read = socket.read().map(|found| found.map(|(message, _)| message.len()));
        assert!(read.as_ref().is_err_and(Error::is_transient), "{read:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "it may go on for 10 s");
    assert!(socket.wants_read());
    script.push(&frame(Role::Client, 0x81, b"sent before"));
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("sent before"));
}
