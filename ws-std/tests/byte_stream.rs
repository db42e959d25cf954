//! A stream of bytes over a WebSocket: what becomes of messages, of endings, and of streams that do not block.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod common;

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;

use common::faults::{Direction, Fault, Faulty};
use common::sim::{Sim, ms};
use common::tcp::{connected_by_hand, serve};
use common::valve::{OPEN, Valve};
use common::{Script, frame, frames, peer};
use ws_std::ws_core::event::Event;
use ws_std::{
    AnyStream, ByteStream, CloseStatus, Config, Error, Message, Phase, Role, Stream, Timeouts, WebSocket,
};

/// A generator of small numbers.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    /// Mostly small, at times as long as several buffers.
    fn len(&mut self) -> usize {
        let bound = [2, 10, 200, 20_000, 100_000][self.below(5)];
        self.below(bound)
    }

    fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }
}

/// What of an error is compared: its kind, and what it holds.
fn held(error: &io::Error) -> (ErrorKind, String) {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    (error.kind(), inner.map_or_else(String::new, |inner| format!("{inner:?}")))
}

/// Makes a call again that would block.
fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 0..100_000 {
        match call() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            result => return result,
        }
    }
    panic!("it would block for ever")
}

fn script_stream(script: &Script, role: Role) -> ByteStream<AnyStream<Script>> {
    ByteStream::new(script.socket(role))
}

/// Reads all, and what comes at the end.
fn read_all(stream: &mut impl Read) -> (Vec<u8>, io::Result<usize>) {
    let (mut all, mut bytes) = (Vec::new(), [0; 1000]);
    loop {
        match again(|| stream.read(&mut bytes)) {
            Ok(0) => return (all, Ok(0)),
            Ok(len) => all.extend(&bytes[..len]),
            Err(error) => return (all, Err(error)),
        }
    }
}

/// Cuts bytes into messages, fragments and empty ones of both, with pings between them, and a Close after them.
fn said(numbers: &mut Numbers, role: Role, mut bytes: &[u8]) -> Vec<u8> {
    let (mut said, mut opcode) = (Vec::new(), 0x02);
    loop {
        let (now, later) = bytes.split_at(numbers.len().min(bytes.len()));
        bytes = later;
        let fin = if bytes.is_empty() || numbers.below(3) == 0 { 0x80 } else { 0 };
        said.extend(frame(role, opcode | fin, now));
        opcode = if fin == 0 { 0x00 } else { 0x02 };
        if numbers.below(4) == 0 {
            said.extend(frame(role, 0x89, b"p"));
        }
        if bytes.is_empty() {
            said.extend(frame(role, 0x88, b"\x03\xe8"));
            return said;
        }
    }
}

#[test]
fn bytes_arrive_in_order_however_they_are_cut() {
    for round in 0..60 {
        let numbers = &mut Numbers(round);
        let role = if round % 2 == 0 { Role::Server } else { Role::Client };
        let len = numbers.below(150_000);
        let sent = numbers.bytes(len);
        let mut script = Script::new(&said(numbers, peer(role), &sent));
        script.step = [0, 1, 7, 5000][numbers.below(4)];
        script.between = [None, Some(ErrorKind::WouldBlock)][numbers.below(2)];
        let mut stream = script_stream(&script, role);
        let mut received: Vec<u8> = Vec::new();
        loop {
            let mut bytes = vec![0; numbers.len()];
            let len = again(|| stream.read(&mut bytes)).unwrap();
            received.extend(&bytes[..len]);
            if len == 0 && !bytes.is_empty() {
                break;
            }
        }
        assert!(received == sent, "round {round}: {} of {}", received.len(), sent.len());
        assert_eq!(stream.read(&mut [0; 9]).unwrap(), 0, "the end stays the end");
        let answers = frames(&script.written()).into_iter().filter(|(first, _)| *first == 0x8A).count();
        let ping_count = stream.get_ref().counters().received.ping_count;
        assert_eq!(u64::try_from(answers).unwrap(), ping_count);
    }
}

#[test]
fn a_write_is_one_binary_message_of_at_most_64_kib() {
    for round in 0..30 {
        let numbers = &mut Numbers(round);
        let mut script = Script::new(b"");
        script.step = [0, 1, 7, 5000][numbers.below(4)];
        script.between = [None, Some(ErrorKind::WouldBlock)][numbers.below(2)];
        let mut stream = script_stream(&script, if round % 2 == 0 { Role::Server } else { Role::Client });
        let mut expected = Vec::new();
        for _ in 0..20 {
            let len = numbers.len();
            let bytes = numbers.bytes(len);
            let (one, two) = bytes.split_at(numbers.below(len + 1));
            let (two, three) = two.split_at(numbers.below(two.len() + 1));
            let slices = [one, &[], two, three].map(IoSlice::new);
            let taken = if numbers.below(2) == 0 {
                again(|| stream.write(&bytes)).unwrap()
            } else {
                again(|| stream.write_vectored(&slices)).unwrap()
            };
            assert_eq!(taken, len.min(64 * 1024));
            if taken > 0 {
                expected.push((0x82, bytes[..taken].to_vec()));
            }
        }
        again(|| stream.flush()).unwrap();
        assert!(frames(&script.written()) == expected, "round {round}");
    }
}

/// How reading ends.
type End = Result<(), (ErrorKind, &'static str)>;

/// What a client sends, and how reading it ends.
fn endings() -> Vec<(Vec<u8>, End)> {
    let client = |first, payload: &[u8]| frame(Role::Client, first, payload);
    let bytes = client(0x82, b"bytes");
    let close = |code: &[u8]| [bytes.clone(), client(0x88, code)].concat();
    let aborted = |held| Err((ErrorKind::ConnectionAborted, held));
    vec![
        (close(b"\x03\xe8"), Ok(())),
        (close(b""), Ok(())),
        (close(b"\x03\xe8done"), Ok(())),
        (close(b"\x03\xe9"), aborted("Incomplete(Code(CloseCode(1001)))")),
        (close(b"\x03\xf3"), aborted("Incomplete(Code(CloseCode(1011)))")),
        (close(b"\x0f\xa0"), aborted("Incomplete(Code(CloseCode(4000)))")),
        (
            [client(0x02, b"bytes"), client(0x88, b"\x03\xe8")].concat(),
            aborted("Incomplete(Code(CloseCode(1000)))"),
        ),
        ([client(0x02, b"bytes"), client(0x88, b"")].concat(), aborted("Incomplete(NoStatus)")),
        (
            [client(0x02, b"byt"), client(0x80, b"es"), client(0x82, b""), client(0x88, b"\x03\xe8")]
                .concat(),
            Ok(()),
        ),
        (bytes.clone(), Err((ErrorKind::UnexpectedEof, "Disconnected(None)"))),
        (
            [&bytes[..], &[0xC2, 0x80, 0, 0, 0, 0]].concat(),
            Err((ErrorKind::InvalidData, "Fault(Violation(ReservedBits))")),
        ),
        ([bytes.clone(), client(0x81, b"text")].concat(), Err((ErrorKind::InvalidData, "NotBinary"))),
        ([bytes.clone(), client(0x01, b"t")].concat(), Err((ErrorKind::InvalidData, "NotBinary"))),
        ([bytes.clone(), client(0x81, b"")].concat(), Err((ErrorKind::InvalidData, "NotBinary"))),
        // A message of which nothing came.
        ([bytes, client(0x02, b""), client(0x88, b"\x03\xe8")].concat(), Ok(())),
        ([client(0x02, b"bytes"), client(0x80, b""), client(0x88, b"\x03\xe8")].concat(), Ok(())),
    ]
}

#[test]
fn only_a_close_that_says_so_is_the_end() {
    for (said, end) in endings() {
        for between in [None, Some(ErrorKind::WouldBlock)] {
            let script = Script { between, ..Script::new(&said) };
            let mut stream = script_stream(&script, Role::Server);
            for expected in [&b"bytes"[..], b"", b""] {
                let (bytes, result) = read_all(&mut stream);
                assert_eq!(bytes, expected);
                let result = result.map(drop).map_err(|error| held(&error));
                assert_eq!(result, end.map_err(|(kind, held)| (kind, held.to_owned())), "{said:?}");
            }
        }
    }
}

#[test]
fn an_error_of_the_stream_stays_what_it_is() {
    let script = Script { then: Some(ErrorKind::PermissionDenied), ..Script::new(b"") };
    let error = script_stream(&script, Role::Server).read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    let script = Script { then: Some(ErrorKind::ConnectionReset), ..Script::new(b"") };
    let error = script_stream(&script, Role::Server).read(&mut [0]).unwrap_err();
    assert_eq!(held(&error), (ErrorKind::ConnectionReset, "Disconnected(Some(ConnectionReset))".to_owned()));
}

#[test]
fn the_code_can_be_read_from_the_error_and_from_its_text() {
    let script = Script::new(&frame(Role::Client, 0x88, b"\x03\xf3"));
    let error = script_stream(&script, Role::Server).read(&mut [0]).unwrap_err();
    assert!(error.to_string().ends_with("complete: 1011"), "{error}");
    let Ok(Error::Incomplete(CloseStatus::Code(code))) = error.downcast::<Error>() else { panic!("no code") };
    assert_eq!(code.get(), 1011);
}

#[test]
fn s7_4_1_text_is_refused_by_1003() {
    for between in [None, Some(ErrorKind::WouldBlock)] {
        let said = [frame(Role::Client, 0x81, b"text"), frame(Role::Client, 0x82, b"late")].concat();
        let script = Script { between, ..Script::new(&said) };
        let mut stream = script_stream(&script, Role::Server);
        let (bytes, _) = read_all(&mut stream);
        assert_eq!(bytes, b"", "what comes after it is discarded");
        assert_eq!(frames(&script.written()), [(0x88, b"\x03\xeb".to_vec())]);
        let error = stream.write(b"x").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{error}");
    }
}

#[test]
fn shutting_down_sends_1000_and_reading_goes_on_to_the_answer() {
    let said = [frame(Role::Client, 0x82, b"rest"), frame(Role::Client, 0x88, b"\x03\xe8")].concat();
    let script = Script::new(&said);
    let mut stream = script_stream(&script, Role::Server);
    stream.write_all(b"all").unwrap();
    stream.shutdown_write().unwrap();
    stream.shutdown_write().unwrap();
    let error = stream.write(b"more").unwrap_err();
    assert_eq!(held(&error), (ErrorKind::NotConnected, "Closed".to_owned()));
    let (bytes, end) = read_all(&mut stream);
    assert_eq!((bytes.as_slice(), end.unwrap()), (&b"rest"[..], 0));
    assert_eq!(frames(&script.written()), [(0x82, b"all".to_vec()), (0x88, b"\x03\xe8".to_vec())]);
    assert!(stream.get_ref().closure().unwrap().is_clean);
}

#[test]
fn the_end_waits_for_its_answer_to_leave_and_for_nothing_else() {
    let said = [frame(Role::Client, 0x82, b"x"), frame(Role::Client, 0x88, b"\x03\xe8")].concat();
    let sim = Sim::new();
    sim.stays();
    sim.says(ms(1000), &said);
    let mut stream = ByteStream::new(sim.server(Timeouts::new()));
    assert_eq!(stream.read(&mut [0; 9]).unwrap(), 1);
    assert_eq!((stream.read(&mut [0; 9]).unwrap(), sim.elapsed()), (0, ms(1000)));
    assert_eq!(sim.sent(), [(1000, 0x88, b"\x03\xe8".to_vec())]);
    assert_eq!(sim.shut_down_at(), Some(ms(1000)), "s7.1.1: the server ends the stream first");

    let script = Script { write_end: Some((0, Err(ErrorKind::WouldBlock))), ..Script::new(&said) };
    let mut stream = script_stream(&script, Role::Server);
    assert_eq!(stream.read(&mut [0; 9]).unwrap(), 1);
    for _ in 0..3 {
        assert_eq!(stream.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(stream.get_ref().wants_write());
    }
}

#[test]
fn the_answer_to_a_close_by_a_deadline_is_not_the_end() {
    let sim = Sim::new();
    sim.answers(|close| match close.first() {
        Some(0x88) => frame(Role::Client, 0x88, &close[2..]),
        _ => Vec::new(),
    });
    let mut stream = ByteStream::new(sim.server(Timeouts::new().with_idle(Some(ms(1000)))));
    for _ in 0..2 {
        let error = stream.read(&mut [0]).unwrap_err();
        assert_eq!(held(&error), (ErrorKind::ConnectionAborted, "Timeout(Idle)".to_owned()));
    }
}

#[test]
fn dropping_it_sends_no_close() {
    let script = Script::new(b"");
    script_stream(&script, Role::Server).write_all(b"part").unwrap();
    assert_eq!(frames(&script.written()), [(0x82, b"part".to_vec())]);
}

#[test]
fn a_failure_at_any_byte_is_never_taken_for_the_end() {
    let incoming: Arc<[u8]> = [
        frame(Role::Client, 0x82, b"one"),
        frame(Role::Client, 0x02, b"tw"),
        frame(Role::Client, 0x89, b""),
        frame(Role::Client, 0x80, b"o"),
        frame(Role::Client, 0x88, b"\x03\xe8"),
    ]
    .concat()
    .into();
    let faults = [
        Fault::Passing(&[ErrorKind::WouldBlock, ErrorKind::Interrupted, ErrorKind::TimedOut]),
        Fault::Zero,
        Fault::Broken(ErrorKind::ConnectionReset),
        Fault::Broken(ErrorKind::PermissionDenied),
    ];
    for (at, fault) in (0..=incoming.len()).flat_map(|at| faults.map(|fault| (at, fault))) {
        let stream = Faulty::new(&incoming, Direction::Read, at, fault);
        let socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
        let (mut stream, mut all) = (ByteStream::new(socket), Vec::new());
        let end = loop {
            let mut byte = [0];
            match stream.read(&mut byte) {
                Ok(0) => break Ok(()),
                Ok(_) => all.push(byte[0]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => break Err(error),
            }
        };
        assert!(b"onetwo".starts_with(&all), "{at} {fault:?}: {all:?}");
        let is_whole = matches!(fault, Fault::Passing(_)) || at == incoming.len();
        assert_eq!(end.is_ok(), is_whole, "{at} {fault:?}: {end:?}");
        assert!(!is_whole || all == b"onetwo");
    }
}

#[test]
fn a_write_that_would_block_has_taken_nothing() {
    let (url, server) = serve(|stream| {
        let (valve, control) = Valve::new(stream);
        let socket = ws_std::Server::new().accept(valve).unwrap();
        control.set(0);
        control.non_blocking.store(true, std::sync::atomic::Ordering::SeqCst);
        let (mut stream, mut taken, mut refused_count) = (ByteStream::new(socket), Vec::new(), 0);
        let numbers = &mut Numbers(1);
        while taken.len() < 200_000 {
            let len = numbers.below(9000) + 1;
            let bytes = numbers.bytes(len);
            match stream.write(&bytes) {
                Ok(len) => taken.extend(&bytes[..len]),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    assert!(stream.get_ref().wants_write());
                    assert_eq!(stream.flush().unwrap_err().kind(), ErrorKind::WouldBlock);
                    refused_count += 1;
                    control.add([1, 5000, 60_000][numbers.below(3)]);
                }
            }
            assert!(stream.get_ref().queued_len() < 16 * 1024 + 9100);
        }
        control.set(OPEN);
        stream.shutdown_write().unwrap();
        stream.flush().unwrap();
        assert!(refused_count > 5);
        taken
    });
    let mut peer = connected_by_hand(&url);
    let mut written = Vec::new();
    while !written.ends_with(b"\x88\x02\x03\xe8") {
        let mut bytes = [0; 4096];
        let len = peer.read(&mut bytes).unwrap();
        assert!(len > 0);
        written.extend(&bytes[..len]);
    }
    let mut frames = frames(&written);
    assert_eq!(frames.pop().unwrap(), (0x88, b"\x03\xe8".to_vec()));
    let received: Vec<_> = frames.into_iter().flat_map(|(_, bytes)| bytes).collect();
    drop(peer);
    assert!(received == server.join().unwrap());
}

#[test]
fn a_limit_of_reads_passes_while_pings_go_on() {
    let sim = Sim::new();
    let mut stream = ByteStream::new(sim.server(Timeouts::new().with_ping_interval(Some(ms(1000)))));
    sim.answers(|ping| match ping.first() {
        Some(0x89) => frame(Role::Client, 0x8A, &ping[2..]),
        _ => Vec::new(),
    });
    // Neither is a byte of the stream.
    sim.repeats(ms(700), 4, &[frame(Role::Client, 0x82, b""), frame(Role::Client, 0x89, b"")].concat());
    stream.limit_read(Some(ms(2500))).unwrap();
    let error = stream.read(&mut [0]).unwrap_err();
    assert_eq!((error.kind(), sim.elapsed()), (ErrorKind::TimedOut, ms(2500)));
    sim.says(ms(4000), &frame(Role::Client, 0x82, b"x"));
    assert_eq!((stream.read(&mut [0]).unwrap(), sim.elapsed()), (1, ms(4000)));
    stream.limit_read(None).unwrap();
    sim.says(ms(100_000), &frame(Role::Client, 0x82, b"y"));
    assert_eq!((stream.read(&mut [0]).unwrap(), sim.elapsed()), (1, ms(100_000)));
    let pings = sim.sent().into_iter().filter(|(_, first, _)| *first == 0x89).count();
    assert!((90..=100).contains(&pings), "{pings}");
}

#[test]
fn a_read_timeout_of_the_socket_holds_until_another_is_set() {
    let sim = Sim::new();
    let mut stream = ByteStream::new(sim.server(Timeouts::new().with_read(Some(ms(300)))));
    assert!(stream.read(&mut [0]).is_err());
    assert_eq!(sim.elapsed(), ms(300));
    stream.limit_read(Some(ms(50))).unwrap();
    assert!(stream.read(&mut [0]).is_err());
    assert_eq!(sim.elapsed(), ms(350));
    stream.get_mut().set_timeouts(Timeouts::new().with_read(Some(ms(10))));
    assert!(stream.read(&mut [0]).is_err());
    assert_eq!(sim.elapsed(), ms(360));
    stream.limit_read(Some(ms(40))).unwrap();
    let (mut socket, _) = stream.into_socket();
    assert!(socket.read().is_err());
    assert_eq!(sim.elapsed(), ms(400));
}

#[test]
fn a_websocket_over_it_has_its_own_deadlines() {
    let sim = Sim::new();
    let below = ByteStream::new(sim.server(Timeouts::new().with_ping_interval(Some(ms(10_000)))));
    sim.answers(|ping| match ping.first() {
        Some(0x89) => frame(Role::Client, 0x8A, &ping[2..]),
        _ => Vec::new(),
    });
    let mut socket = WebSocket::after_handshake(below, Role::Client, Config::new(), b"").unwrap();
    socket.set_timeouts(Timeouts::new().with_ping_interval(Some(ms(30_000))).with_pong(Some(ms(5000))));
    let error = socket.read().map(drop).unwrap_err();
    assert!(matches!(error, Error::Timeout(Phase::Pong)), "{error}");
    assert_eq!(sim.elapsed(), ms(35_000));
    assert!(socket.get_ref().get_ref().latency().is_some(), "the one below was answered");
}

#[test]
fn a_deadline_below_ends_what_is_above() {
    let sim = Sim::new();
    let below = ByteStream::new(sim.server(Timeouts::new().with_ping_interval(Some(ms(10_000)))));
    let mut socket = WebSocket::after_handshake(below, Role::Client, Config::new(), b"").unwrap();
    for _ in 0..2 {
        let error = socket.read().map(drop).unwrap_err();
        assert!(matches!(error, Error::Disconnected(Some(ErrorKind::ConnectionAborted))), "{error:?}");
    }
    assert_eq!(sim.elapsed(), ms(30_000));
}

#[test]
fn it_gives_back_the_socket_and_what_was_not_read() {
    let said = [
        frame(Role::Client, 0x02, b"Hello"),
        frame(Role::Client, 0x80, b"World"),
        frame(Role::Client, 0x81, b"next"),
    ]
    .concat();
    for len in 0..=10_usize {
        let mut stream = script_stream(&Script::new(&said), Role::Server);
        let mut first = vec![0; len];
        stream.read_exact(&mut first).unwrap();
        let (mut socket, mut rest) = stream.into_socket();
        let mut all = first;
        all.append(&mut rest);
        // Where nothing was read, the message is whole.
        while all.len() < 10 {
            let Some((Event::Data(part), _)) = socket.read_part().unwrap() else { panic!("no part") };
            assert_eq!(part.is_first, all.is_empty());
            all.extend(part.payload.as_bytes());
        }
        assert_eq!(all, b"HelloWorld");
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("next"));
    }
}

#[test]
fn debug_shows_no_payload() {
    let script = Script::new(&frame(Role::Client, 0x82, b"SECRETSECRET"));
    let mut stream = script_stream(&script, Role::Server);
    stream.read_exact(&mut [0; 3]).unwrap();
    let text = format!("{stream:?}");
    assert!(text.contains("rest_len: 9") && !text.contains("SECRET") && !text.contains("82, 69"), "{text}");
}
