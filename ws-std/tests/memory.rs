//! WebSockets over streams in memory: what is read, and what is written for it.
#![expect(clippy::large_stack_arrays, reason = "a test has the stack for its payload")]

mod common;

use std::io::ErrorKind;

use common::{Script, echo_again_and_again, frame, frames, peer};
use ws_std::ws_core::error::{Fault, Limit, Violation};
use ws_std::ws_core::event::Event;
use ws_std::{AnyStream, CloseCode, ClosureCause, Config, Error, Message, Role, Stream, WebSocket};

const CLOSE_1000: &[u8] = b"\x03\xe8";
const ROLES: [Role; 2] = [Role::Client, Role::Server];

fn echo<S: Stream>(socket: &mut WebSocket<S>) -> Result<(), Error> {
    while let Some((message, mut writer)) = socket.read()? {
        writer.send(message)?;
    }
    Ok(())
}

/// What a peer of this role says, and what an echo answers.
fn conversation(role: Role) -> (Vec<u8>, Vec<(u8, Vec<u8>)>) {
    let mut said = Vec::new();
    for (first, payload) in [
        (0x81, "Hello".as_bytes()),
        (0x82, &[]),
        (0x89, b"ping"),
        (0x01, b"H\xc3"),
        (0x00, b""),
        (0x89, b"within"),
        (0x80, b"\xa4l"),
        (0x82, &[7; 300]),
        (0x82, &[9; 70_000]),
        (0x8A, b"unasked"),
        (0x88, CLOSE_1000),
    ] {
        said.extend(frame(role, first, payload));
    }
    let answered = vec![
        (0x81, b"Hello".to_vec()),
        (0x82, vec![]),
        (0x8A, b"ping".to_vec()),
        (0x8A, b"within".to_vec()),
        (0x81, "H\u{e4}l".into()),
        (0x82, vec![7; 300]),
        (0x82, vec![9; 70_000]),
        (0x88, CLOSE_1000.to_vec()),
    ];
    (said, answered)
}

#[test]
fn an_echo_in_six_lines_answers_everything_however_it_is_cut() {
    for role in ROLES {
        let (said, answered) = conversation(peer(role));
        for step in [0, 1, 2, 7, 1460, 16_384] {
            let script = Script { step, ..Script::new(&said) };
            let mut socket = script.socket(role);
            echo(&mut socket).unwrap();
            assert_eq!(frames(&script.written()), answered, "{step}");
            assert!(socket.closure().unwrap().is_clean);
            assert!(socket.read().unwrap().is_none(), "it stays closed");
        }
    }
}

#[test]
fn a_stream_that_would_block_at_every_byte_loses_repeats_and_reorders_nothing() {
    for role in ROLES {
        let (said, answered) = conversation(peer(role));
        for step in [1, 3, 1000] {
            let between = Some(ErrorKind::WouldBlock);
            let script = Script { step, between, ..Script::new(&said) };
            let mut socket = script.socket(role);
            echo_again_and_again(&mut socket);
            assert_eq!(frames(&script.written()), answered, "{step}");
        }
    }
}

#[test]
fn an_interrupted_call_is_made_again() {
    let (said, answered) = conversation(Role::Client);
    let script = Script { step: 5, between: Some(ErrorKind::Interrupted), ..Script::new(&said) };
    echo(&mut script.socket(Role::Server)).unwrap();
    assert_eq!(frames(&script.written()), answered);
}

#[test]
fn a_send_that_would_block_takes_all_or_nothing() {
    for role in ROLES {
        let end = 10;
        let script = Script { write_end: Some((end, Err(ErrorKind::WouldBlock))), ..Script::new(b"") };
        let mut socket = script.socket(role);
        socket.send(&[1; 100_000]).unwrap();
        assert!(socket.wants_write(), "the rest of it waits");
        assert!(socket.send("more").unwrap_err().is_transient());
        assert!(socket.flush().unwrap_err().is_transient());
        let mut parts = socket.into_parts();
        parts.stream.0.write_end = None;
        let mut socket = WebSocket::from_parts(parts);
        socket.flush().unwrap();
        socket.send("more").unwrap();
        assert!(!socket.wants_write());
        let sent = frames(&script.written());
        assert_eq!(sent, [(0x82, vec![1; 100_000]), (0x81, b"more".to_vec())], "{role:?}");
    }
}

#[test]
fn a_message_is_one_write() {
    for (role, len, count) in [
        (Role::Server, 0, 1),
        (Role::Server, 4096, 1),
        (Role::Server, 16_000, 1),
        (Role::Client, 16_000, 1),
        (Role::Client, 4000, 1),
    ] {
        let script = Script::new(b"");
        script.socket(role).send(&vec![0; len]).unwrap();
        assert_eq!(*script.write_count.lock().unwrap(), count, "{role:?} {len}");
    }
}

#[test]
fn s5_5_2_pings_are_answered_while_one_only_reads() {
    let script = Script { then: Some(ErrorKind::WouldBlock), ..Script::new(b"") };
    let mut socket = script.socket(Role::Server);
    for payload in [b"1", b"2"] {
        script.push(&frame(Role::Client, 0x89, payload));
        assert!(socket.read().unwrap_err().is_transient());
        assert_eq!(frames(&script.take_written()), [(0x8A, payload.to_vec())]);
    }
    let ten: Vec<u8> = (0..10).flat_map(|n| frame(Role::Client, 0x89, &[n])).collect();
    script.push(&ten);
    assert!(socket.read().unwrap_err().is_transient());
    let pongs: Vec<_> = (0..10).map(|n| (0x8A, vec![n])).collect();
    assert_eq!(frames(&script.written()), pongs, "each of them");
}

#[test]
fn s5_5_3_a_flood_of_pings_that_cannot_be_answered_takes_bounded_memory() {
    let mut flood = Vec::new();
    for n in 0..20_000_u32 {
        flood.extend(frame(Role::Client, 0x89, &n.to_be_bytes()));
    }
    let write_end = Some((0, Err(ErrorKind::WouldBlock)));
    let script = Script { write_end, then: Some(ErrorKind::WouldBlock), ..Script::new(&flood) };
    let mut socket = script.socket(Role::Server);
    assert!(socket.read().unwrap_err().is_transient());
    let mut parts = socket.into_parts();
    let queued_len = parts.outbound.queued_len();
    assert!(queued_len < 8192, "{queued_len}");
    parts.stream.0.write_end = None;
    WebSocket::from_parts(parts).flush().unwrap();
    let pongs = frames(&script.written());
    assert_eq!(pongs.last().unwrap().1, 19_999_u32.to_be_bytes(), "the latest is answered");
}

#[test]
fn s5_5_1_the_peers_close_is_answered_with_its_code() {
    for role in ROLES {
        let script = Script::new(&frame(peer(role), 0x88, b"\x0b\xb8bye"));
        let mut socket = script.socket(role);
        assert!(socket.read().unwrap().is_none());
        assert_eq!(frames(&script.written()), [(0x88, b"\x0b\xb8".to_vec())]);
        let closure = socket.closure().unwrap();
        assert_eq!((closure.status.get(), closure.is_clean, closure.cause), (3000, true, ClosureCause::Peer));
        assert_eq!(socket.close_frame().unwrap().reason(), "bye");
        assert!(matches!(socket.send("late"), Err(Error::Closed)));
        assert!(matches!(socket.ping(b""), Err(Error::Closed)));
        socket.close(CloseCode::NORMAL).unwrap();
        assert_eq!(frames(&script.written()).len(), 1, "one Close is enough");
    }
}

#[test]
fn s7_1_2_close_discards_what_comes_before_the_peers_close() {
    for role in ROLES {
        let mut said = frame(peer(role), 0x01, b"unfinished");
        said.extend(frame(peer(role), 0x89, b"ping"));
        said.extend(frame(peer(role), 0x80, b"message"));
        said.extend(frame(peer(role), 0x88, CLOSE_1000));
        let script = Script { step: 3, ..Script::new(&said) };
        let mut socket = script.socket(role);
        socket.close(CloseCode::NORMAL.with_reason("done")).unwrap();
        assert_eq!(frames(&script.written()), [(0x88, b"\x03\xe8done".to_vec())]);
        let closure = socket.closure().unwrap();
        assert_eq!(
            (closure.status.get(), closure.is_clean, closure.cause),
            (1000, true, ClosureCause::Local)
        );
    }
}

#[test]
fn s7_1_2_messages_still_come_while_a_close_is_on_its_way() {
    let mut said = frame(Role::Client, 0x81, b"last words");
    said.extend(frame(Role::Client, 0x88, CLOSE_1000));
    let script = Script::new(&said);
    let mut socket = script.socket(Role::Server);
    socket.start_close(CloseCode::GOING_AWAY).unwrap();
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("last words"));
    assert!(socket.read().unwrap().is_none());
    assert_eq!(frames(&script.written()), [(0x88, b"\x03\xe9".to_vec())]);
}

#[test]
fn s7_1_5_an_end_without_a_close_is_1006_and_says_so_again() {
    let (message, half) = (frame(Role::Client, 0x81, b"Hello"), frame(Role::Client, 0x81, b"Hel"));
    for (said, then, kind) in [
        (&message[..], None, None),
        (&half[..7], None, None),
        (&message, Some(ErrorKind::ConnectionReset), Some(ErrorKind::ConnectionReset)),
        (&message, Some(ErrorKind::UnexpectedEof), Some(ErrorKind::UnexpectedEof)),
    ] {
        let mut socket = Script { then, ..Script::new(said) }.socket(Role::Server);
        if said.len() == message.len() {
            assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"), "what came before is read");
        }
        for _ in 0..3 {
            assert!(matches!(socket.read(), Err(Error::Disconnected(found)) if found == kind));
        }
        assert_eq!(socket.closure().unwrap().status.get(), 1006);
        assert!(matches!(socket.close(CloseCode::NORMAL), Err(Error::Disconnected(_))));
    }
}

#[test]
fn an_end_after_both_closes_is_clean_whatever_it_is() {
    for role in ROLES {
        for then in
            [None, Some(ErrorKind::ConnectionReset), Some(ErrorKind::BrokenPipe), Some(ErrorKind::Other)]
        {
            let script = Script { then, ..Script::new(&frame(peer(role), 0x88, CLOSE_1000)) };
            let mut socket = script.socket(role);
            assert!(socket.read().unwrap().is_none(), "{then:?}");
            assert!(socket.closure().unwrap().is_clean);
        }
    }
}

#[test]
fn another_error_of_the_stream_ends_the_connection_and_comes_again() {
    let mut socket =
        Script { then: Some(ErrorKind::PermissionDenied), ..Script::new(b"") }.socket(Role::Server);
    for _ in 0..3 {
        assert!(
            matches!(socket.read(), Err(Error::Io(error)) if error.kind() == ErrorKind::PermissionDenied)
        );
    }
    assert!(matches!(socket.send("x"), Err(Error::Io(_))));
}

#[test]
fn a_fault_is_told_to_the_peer_and_comes_again() {
    let limits = ws_std::Limits::new().with_message_len_max(1000);
    let mut long = frame(Role::Client, 0x02, &[0; 800]);
    long.extend(frame(Role::Client, 0x80, &[0; 201]));
    let huge = [0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4];
    for (said, code, fault) in [
        (frame(Role::Server, 0x81, b"unmasked"), 1002_u16, Fault::Violation(Violation::Unmasked)),
        (frame(Role::Client, 0x81, b"\xff"), 1007, Violation::InvalidUtf8.into()),
        (
            [frame(Role::Client, 0x01, b"a"), frame(Role::Client, 0x80, b"\xff")].concat(),
            1007,
            Violation::InvalidUtf8.into(),
        ),
        (long, 1009, Limit::MessageLen.into()),
        (huge.to_vec(), 1009, Limit::FrameLen.into()),
    ] {
        for step in [0, 1] {
            let first = frame(Role::Client, 0x81, b"first");
            let script = Script { step, ..Script::new(&[first, said.clone()].concat()) };
            let config = Config::new().with_limits(limits);
            let mut socket =
                WebSocket::after_handshake(AnyStream(script.clone()), Role::Server, config, b"").unwrap();
            assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("first"));
            for _ in 0..3 {
                assert!(matches!(socket.read(), Err(Error::Fault(found)) if found == fault), "{fault}");
            }
            assert_eq!(frames(&script.written()), [(0x88, code.to_be_bytes().to_vec())], "{fault}");
            let late = socket.send("more");
            assert!(matches!(late, Err(Error::Fault(found)) if found == fault), "{late:?}");
        }
    }
}

#[test]
fn a_stream_that_takes_nothing_is_an_error_and_ends_the_connection() {
    for role in ROLES {
        let script = Script { write_end: Some((3, Ok(()))), ..Script::new(b"") };
        let mut socket = script.socket(role);
        for _ in 0..2 {
            assert!(matches!(socket.send("Hello"), Err(Error::Io(e)) if e.kind() == ErrorKind::WriteZero));
        }
        assert!(matches!(socket.read(), Err(Error::Io(error)) if error.kind() == ErrorKind::WriteZero));
    }
}

#[test]
fn what_came_before_a_broken_pipe_is_still_read() {
    let said = [frame(Role::Client, 0x89, b""), frame(Role::Client, 0x81, b"Hello")].concat();
    let script = Script { write_end: Some((0, Err(ErrorKind::BrokenPipe))), ..Script::new(&said) };
    let mut socket = script.socket(Role::Server);
    let broken = |error| matches!(error, Error::Disconnected(Some(ErrorKind::BrokenPipe)));
    assert!(broken(socket.send("Hello").unwrap_err()));
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
    assert!(broken(socket.read().unwrap_err()));
}

#[test]
fn s5_3_every_frame_of_a_client_has_a_key_of_its_own() {
    let script = Script::new(b"");
    let mut socket = script.socket(Role::Client);
    for _ in 0..3 {
        socket.send("").unwrap();
    }
    let written = script.written();
    let keys: Vec<&[u8]> = written.chunks(6).map(|frame| &frame[2..]).collect();
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
}

#[test]
fn events_come_one_by_one_and_are_answered() {
    let script = Script::new(&conversation(Role::Client).0);
    let mut socket = script.socket(Role::Server);
    let (mut payload, mut controls, mut pieces) = (Vec::new(), Vec::new(), 0);
    loop {
        match socket.read_part().unwrap() {
            Some((Event::Data(piece), _)) => {
                payload.extend_from_slice(piece.payload.as_bytes());
                pieces += 1;
            }
            Some((Event::Ping | Event::Pong | Event::Close, _)) => {
                controls.push(socket.control().as_bytes().to_vec());
            }
            Some(_) | None => break,
        }
    }
    assert_eq!(controls, [&b"ping"[..], b"within", b"unasked", CLOSE_1000]);
    assert_eq!(payload.len(), "HelloHäl".len() + 300 + 70_000);
    assert!(pieces >= 5 + 70_000 / 16_384);
    let answers: Vec<u8> = frames(&script.written()).iter().map(|(first, _)| *first).collect();
    assert_eq!(answers, [0x8A, 0x8A, 0x88]);
}

#[test]
fn read_passes_over_the_rest_of_a_message_that_was_begun_as_events() {
    let said =
        [frame(Role::Client, 0x01, b"a"), frame(Role::Client, 0x80, b"b"), frame(Role::Client, 0x81, b"c")];
    let mut socket = Script::new(&said.concat()).socket(Role::Server);
    assert!(
        matches!(socket.read_part().unwrap(), Some((Event::Data(piece), _)) if piece.payload.as_bytes() == b"a")
    );
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("c"));
}

/// Of a long binary message: what `read` has begun to assemble, and what comes after it.
#[test]
fn events_give_what_read_has_assembled_and_go_on_and_read_begins_with_the_next_message() {
    for role in ROLES {
        let long: Vec<u8> = (0..=250).cycle().take(100_000).collect();
        let said = [frame(peer(role), 0x82, &long), frame(peer(role), 0x81, b"next")].concat();
        let script = Script { then: Some(ErrorKind::WouldBlock), ..Script::new(&said[..20_000]) };
        let mut socket = script.socket(role);
        assert!(socket.read().unwrap_err().is_transient());
        script.push(&said[20_000..50_000]);
        assert!(socket.read().unwrap_err().is_transient());
        script.push(&said[50_000..70_000]);
        let mut pieces = Vec::new();
        loop {
            match socket.read_part() {
                Ok(Some((Event::Data(piece), _))) => pieces.extend_from_slice(piece.payload.as_bytes()),
                Err(error) if error.is_transient() => break,
                other => panic!("{other:?}"),
            }
        }
        let header_len = said.len() - long.len() - frame(peer(role), 0x81, b"next").len();
        assert!(pieces == long[..70_000 - header_len], "{} bytes", pieces.len());
        script.push(&said[70_000..]);
        let next = socket.read().unwrap().map(|(message, _)| message == Message::Text("next"));
        assert_eq!(next, Some(true), "the rest of what was begun as events is passed over");
    }
}

#[test]
fn a_long_message_takes_few_reads() {
    for role in ROLES {
        let script = Script::new(&frame(peer(role), 0x82, &vec![7; 1 << 20]));
        let mut socket = script.socket(role);
        let (message, _) = socket.read().unwrap().unwrap();
        assert_eq!(message.as_bytes().len(), 1 << 20);
        let count = socket.into_parts().stream.0.turn_count;
        assert!(count < 40, "{count} reads of a MiB");
    }
}

#[test]
fn a_message_survives_being_taken_apart_in_its_middle() {
    let first = frame(Role::Client, 0x01, b"Hel");
    let script = Script { then: Some(ErrorKind::WouldBlock), ..Script::new(&first) };
    let mut socket = script.socket(Role::Server);
    assert!(socket.read().unwrap_err().is_transient());
    let mut socket = WebSocket::from_parts(socket.into_parts());
    script.push(&frame(Role::Client, 0x80, b"lo"));
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
}

#[test]
fn bytes_that_somebody_else_has_read_come_first() {
    let script = Script::new(&frame(Role::Client, 0x81, b"second"));
    let unread = frame(Role::Client, 0x82, &[1; 20_000]);
    let mut socket =
        WebSocket::after_handshake(AnyStream(script), Role::Server, Config::new(), &unread).unwrap();
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Binary(&[1; 20_000]));
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("second"));
}

#[test]
fn s5_5_a_ping_has_at_most_125_bytes() {
    let script = Script::new(b"");
    let mut socket = script.socket(Role::Server);
    assert!(matches!(socket.ping(&[0; 126]), Err(Error::PingLen)));
    socket.ping(&[0; 125]).unwrap();
    assert_eq!(frames(&script.written()), [(0x89, vec![0; 125])]);
}
