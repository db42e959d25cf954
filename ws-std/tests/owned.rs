//! Messages that are given away: what the peer gets, and what comes back with an error.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::error::Error as _;
use std::io::{ErrorKind, Write as _};
use std::sync::Arc;

use common::faults::{Direction, Fault, Faulty};
use common::said::Said;
use common::sim::{Sim, ms};
use common::{Script, frame, frames};
use ws_std::{
    CloseCode, Config, Duplex, Error, MessageType, OwnedMessage, Phase, ReadHalf, Role, Timeouts, Unsent,
    WebSocket, WriteHalf,
};

/// One of the three that send.
enum Sender<S: Duplex> {
    Socket(WebSocket<S>),
    Writer(WebSocket<S>),
    Half(WriteHalf<S>, ReadHalf<S>),
}

impl<S: Duplex> Sender<S> {
    fn all(open: impl Fn() -> WebSocket<S>) -> [Self; 3] {
        let (reader, writer) = open().split().unwrap();
        [Self::Socket(open()), Self::Writer(open()), Self::Half(writer, reader)]
    }

    fn send_owned(&mut self, message: impl Into<OwnedMessage>) -> Result<(), Unsent> {
        match self {
            Self::Socket(socket) => socket.send_owned(message),
            Self::Writer(socket) => socket.writer().send_owned(message),
            Self::Half(writer, _) => writer.send_owned(message),
        }
    }

    fn start_close(&mut self) {
        match self {
            Self::Socket(socket) | Self::Writer(socket) => socket.start_close(CloseCode::NORMAL),
            Self::Half(writer, _) => writer.start_close(CloseCode::NORMAL),
        }
        .unwrap();
    }

    /// Reads what is left, up to the end by a closing handshake.
    fn read_to_end(&mut self) {
        match self {
            Self::Socket(socket) | Self::Writer(socket) => assert!(socket.read().unwrap().is_none()),
            Self::Half(_, reader) => assert!(reader.read().unwrap().is_none()),
        }
    }

    /// Begins a message, and does not end it.
    fn begin_message(&mut self) {
        let mut writer = match self {
            Self::Socket(socket) | Self::Writer(socket) => socket.message_writer(MessageType::Binary),
            Self::Half(writer, _) => writer.message_writer(MessageType::Binary),
        }
        .unwrap();
        writer.write_all(b"begun").unwrap();
        writer.flush().unwrap();
    }
}

fn open(sim: &Sim, role: Role) -> WebSocket<Sim> {
    WebSocket::after_handshake(sim.clone(), role, Config::new(), b"").unwrap()
}

/// Sends a message, and checks that all of it comes back as it was, in the same memory.
fn assert_given_back(message: OwnedMessage, send: impl FnOnce(OwnedMessage) -> Result<(), Unsent>) -> Error {
    let (expected, place) = (message.clone(), message.as_bytes().as_ptr());
    let Unsent { error, message } = send(message).unwrap_err();
    let message = message.unwrap();
    assert!(message == expected && message.as_bytes().as_ptr() == place);
    error
}

fn long() -> OwnedMessage {
    vec![7; 100_000].into()
}

#[test]
fn what_is_given_away_arrives_whole_in_one_frame() {
    for role in [Role::Server, Role::Client] {
        for room_len in [usize::MAX, 5000, 61] {
            let sim = Sim::new();
            sim.hears(100_000_000, room_len);
            for mut sender in Sender::all(|| open(&sim, role)) {
                let mut expected = frames(&sim.written());
                for (number, len) in [0, 1, 126, 4096, 4097, 20_000, 65_536, 100_001].into_iter().enumerate()
                {
                    let said = Said::new(number, len);
                    sender.send_owned(said.message()).unwrap();
                    expected.push((0x80 | said.opcode(), said.message().as_bytes().to_vec()));
                }
                assert!(frames(&sim.written()) == expected, "{role:?} {room_len}");
            }
        }
    }
}

#[test]
fn what_a_stream_that_would_block_does_not_take_waits_in_order() {
    for step in [1, 3, 1000] {
        let script = Script { step, between: Some(ErrorKind::WouldBlock), ..Script::new(b"") };
        let mut socket = script.socket(Role::Client);
        let said: Vec<_> = (0..4).map(|number| Said::new(number, 9000)).collect();
        for said in &said {
            let mut message = said.message().into_owned();
            while let Err(unsent) = socket.send_owned(message) {
                assert!(unsent.error.is_transient(), "{unsent}");
                message = unsent.message.unwrap();
            }
        }
        while socket.flush().is_err() {}
        let expected = said.iter().map(|said| (0x80 | said.opcode(), said.message().as_bytes().to_vec()));
        assert!(frames(&script.written()) == expected.collect::<Vec<_>>(), "{step}");
    }
}

#[test]
fn a_message_that_was_not_taken_comes_back() {
    for role in [Role::Server, Role::Client] {
        for message in [OwnedMessage::from("short"), long()] {
            for mut sender in Sender::all(|| open(&Sim::new(), role)) {
                sender.begin_message();
                let error = assert_given_back(message.clone(), |message| sender.send_owned(message));
                assert!(matches!(error, Error::MessageUnfinished), "{error}");
                sender.start_close();
                let error = assert_given_back(message.clone(), |message| sender.send_owned(message));
                assert!(matches!(error, Error::Closed), "{error}");
            }
        }
    }
}

#[test]
fn a_message_comes_back_where_those_before_it_still_wait() {
    let sim = Sim::new();
    sim.hears(0, 1);
    sim.set_non_blocking(true);
    let mut socket = sim.server(Timeouts::new());
    socket.send_owned(long()).unwrap();
    let error = assert_given_back(long(), |message| socket.send_owned(message));
    assert!(error.is_transient(), "{error}");
    // The connection ends while it waits for room: the message has not been touched.
    sim.set_non_blocking(false);
    socket.set_timeouts(Timeouts::new().with_write(Some(ms(1000))));
    for _ in 0..2 {
        let error = assert_given_back(long(), |message| socket.send_owned(message));
        assert!(matches!(error, Error::Timeout(Phase::Write)), "{error}");
    }
}

#[test]
fn a_half_that_does_not_wait_gives_a_message_back_where_too_much_waits() {
    let sim = Sim::new();
    let (_reader, writer) = sim.server(Timeouts::new()).split().unwrap();
    writer.try_send_owned("Hello").unwrap();
    assert_eq!(frames(&sim.written()), [(0x81, b"Hello".to_vec())]);
    sim.hears(0, 1);
    writer.try_send_owned(long()).unwrap();
    let error = assert_given_back(long(), |message| writer.try_send_owned(message));
    assert!(error.is_transient(), "{error}");
    writer.try_start_close(CloseCode::NORMAL);
    let error = assert_given_back(long(), |message| writer.try_send_owned(message));
    assert!(matches!(error, Error::Closed), "{error}");
}

#[test]
fn a_message_that_may_have_left_in_part_does_not_come_back() {
    for role in [Role::Server, Role::Client] {
        for (at, len) in [(0, 100), (3, 100), (0, 100_000), (5000, 100_000), (100_000, 100_000)] {
            let fault = Fault::Broken(ErrorKind::ConnectionReset);
            let open = || {
                let stream = Faulty::new(&Arc::from([]), Direction::Write, at, fault);
                WebSocket::after_handshake(stream, role, Config::new(), b"").unwrap()
            };
            for mut sender in Sender::all(open) {
                let Unsent { error, message } = sender.send_owned(vec![7; len]).unwrap_err();
                assert!(matches!(error, Error::Disconnected(Some(ErrorKind::ConnectionReset))), "{error}");
                assert_eq!(message, None, "{role:?} {at} {len}");
                let error = assert_given_back(long(), |message| sender.send_owned(message));
                assert!(matches!(error, Error::Disconnected(_)), "{error}");
            }
        }
    }
}

#[test]
fn the_error_reads_as_its_cause_and_shows_nothing_of_the_message() {
    fn convert(sent: Result<(), Unsent>) -> Result<(), Error> {
        sent?;
        Ok(())
    }
    let cause = || Error::Io(ErrorKind::OutOfMemory.into());
    let unsent = Unsent { error: cause(), message: Some("secret".into()) };
    assert_eq!(unsent.to_string(), cause().to_string());
    assert_eq!(unsent.source().map(ToString::to_string), cause().source().map(ToString::to_string));
    assert_eq!(
        format!("{unsent:?}"),
        "Unsent { error: Io(Kind(OutOfMemory)), message: Some(Text(6 bytes)) }"
    );
    assert!(matches!(convert(Err(unsent)), Err(Error::Io(error)) if error.kind() == ErrorKind::OutOfMemory));
}

#[test]
fn owned_answers_to_messages_of_one_read_are_one_write() {
    let script = Script::new(&[frame(Role::Client, 0x81, b"1"), frame(Role::Client, 0x82, b"2")].concat());
    let mut socket = script.socket(Role::Server);
    for count in 0..2 {
        let (message, mut writer) = socket.read().unwrap().unwrap();
        writer.send_owned(message.into_owned()).unwrap();
        assert_eq!(*script.write_count.lock().unwrap(), count);
    }
    assert_eq!(frames(&script.written()).len(), 2);
}

#[cfg(feature = "deflate")]
mod deflate {
    use ws_std::ws_core::extension::DeflateParams;
    use ws_std::{Deflate, Message};

    use super::common::deflate::{agreed, json, noise};
    use super::common::peer;
    use super::*;

    fn open(stream: Faulty, role: Role) -> WebSocket<Faulty> {
        let agreed = agreed(role, DeflateParams::default());
        WebSocket::after_handshake_with_deflate(stream, role, Config::new(), agreed, Deflate::new(), b"")
            .unwrap()
    }

    #[test]
    fn what_is_given_away_is_compressed_as_what_is_lent() {
        let whole = || Faulty::new(&Arc::from([]), Direction::Write, usize::MAX, Fault::Zero);
        for role in [Role::Server, Role::Client] {
            let (lent_to, lent_half) = (whole(), whole());
            let given_to: Vec<_> = (0..3).map(|_| whole()).collect();
            let mut lent = open(lent_to.clone(), role);
            let (_reader, lent_writer) = open(lent_half.clone(), role).split().unwrap();
            let mut opened = given_to.iter().cloned().map(|stream| open(stream, role));
            let (mut socket, mut writer) = (opened.next().unwrap(), opened.next().unwrap());
            let (_reader, half) = opened.next().unwrap().split().unwrap();
            for len in [10, 1023, 1024, 5000, 65_536, 65_537, 150_000] {
                let (text, noise) = (json(len), noise(len));
                for message in [Message::Text(&text), Message::Binary(&noise)] {
                    lent.send(message).unwrap();
                    lent_writer.send(message).unwrap();
                    socket.send_owned(message).unwrap();
                    writer.writer().send_owned(message).unwrap();
                    half.send_owned(message).unwrap();
                }
            }
            let [lent, lent_half] = [lent_to, lent_half].map(|stream| frames(&stream.written()));
            let given: Vec<_> = given_to.iter().map(|stream| frames(&stream.written())).collect();
            assert!(lent.iter().any(|(first, _)| first & 0x40 != 0), "RFC 7692 §6.1: RSV1");
            assert!(given[..2] == [lent.clone(), lent] && given[2] == lent_half, "{role:?}");
        }
    }

    #[test]
    fn a_compressed_message_comes_back_unless_it_may_have_left_in_part() {
        let reset = Fault::Broken(ErrorKind::ConnectionReset);
        for role in [Role::Server, Role::Client] {
            for (at, len) in [(0, 2000), (3, 2000), (0, 500_000), (20_000, 500_000)] {
                let open = || open(Faulty::new(&Arc::from([]), Direction::Write, at, reset), role);
                for mut sender in Sender::all(open) {
                    let Unsent { error, message } = sender.send_owned(json(len)).unwrap_err();
                    assert!(matches!(error, Error::Disconnected(_)), "{error}");
                    assert_eq!(message, None, "{role:?} {at} {len}");
                    let again = assert_given_back(json(len).into(), |message| sender.send_owned(message));
                    assert!(matches!(again, Error::Disconnected(_)), "{again}");
                }
            }
            let open = || open(Faulty::new(&Arc::from([]), Direction::Write, usize::MAX, reset), role);
            for mut sender in Sender::all(open) {
                sender.begin_message();
                let error = assert_given_back(json(5000).into(), |message| sender.send_owned(message));
                assert!(matches!(error, Error::MessageUnfinished), "{error}");
            }
            let close = Arc::from(frame(peer(role), 0x88, &[0x03, 0xE8]));
            let closed = || self::open(Faulty::new(&close, Direction::Write, usize::MAX, reset), role);
            for mut sender in Sender::all(closed) {
                sender.read_to_end();
                let error = assert_given_back(json(5000).into(), |message| sender.send_owned(message));
                assert!(matches!(error, Error::Closed), "{error}");
            }
        }
    }

    #[test]
    fn a_compressed_message_comes_back_where_the_connection_ends_before_it() {
        let sim = Sim::new();
        sim.hears(0, 1);
        sim.set_non_blocking(true);
        let agreed = agreed(Role::Server, DeflateParams::default());
        let mut socket = WebSocket::after_handshake_with_deflate(
            sim.clone(),
            Role::Server,
            Config::new(),
            agreed,
            Deflate::new(),
            b"",
        )
        .unwrap();
        socket.send(&noise(100_000)).unwrap();
        sim.set_non_blocking(false);
        socket.set_timeouts(Timeouts::new().with_write(Some(ms(1000))));
        let error = assert_given_back(json(5000).into(), |message| socket.send_owned(message));
        assert!(matches!(error, Error::Timeout(Phase::Write)), "{error}");
    }
}
