//! The ways to read: whole messages lent or owned, with control frames or without, parts; and in any mixture.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::time::Duration;

use common::said::Said;
use common::sim::{Sim, ms};
use common::{Script, frame, frames};
use ws_std::ws_core::error::{Limit, Violation};
use ws_std::{
    CloseCode, Config, Error, Event, Fault, Limits, Message, OwnedMessage, Phase, ReadHalf, Role, Timeouts,
    WebSocket,
};

const PING: u8 = 0x89;
const PONG: u8 = 0x8A;
const CLOSE: u8 = 0x88;

fn said(first: u8, payload: &[u8]) -> Vec<u8> {
    frame(Role::Client, first, payload)
}

fn close() -> Vec<u8> {
    said(CLOSE, &[0x03, 0xE8])
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Read,
    Receive,
    Event,
    Part,
}

const WAYS: [Way; 4] = [Way::Read, Way::Receive, Way::Event, Way::Part];

/// What can be read from, with all that it lends made owned.
trait Reader {
    fn read(&mut self) -> Result<Option<OwnedMessage>, Error>;
    fn receive(&mut self) -> Result<Option<OwnedMessage>, Error>;
    fn read_event(&mut self) -> Result<Option<Event<OwnedMessage>>, Error>;
    /// A part, and whether it is the last.
    fn read_part(&mut self) -> Result<Option<Event<(OwnedMessage, bool)>>, Error>;
    fn messages(&mut self) -> impl Iterator<Item = Result<OwnedMessage, Error>>;
    fn control(&self) -> Vec<u8>;
}

fn owned<D, O>(event: Event<D>, own: impl FnOnce(D) -> O) -> Event<O> {
    match event {
        Event::Data(data) => Event::Data(own(data)),
        Event::Ping => Event::Ping,
        Event::Pong => Event::Pong,
        Event::Close => Event::Close,
        Event::Failed(_) | _ => panic!("a fault is an error"),
    }
}

/// `$lent` picks what is lent from what a call returns.
macro_rules! reader {
    ($type:ty, $lent:expr) => {
        impl Reader for $type {
            fn read(&mut self) -> Result<Option<OwnedMessage>, Error> {
                Ok(self.read()?.map($lent).map(Message::into_owned))
            }

            fn receive(&mut self) -> Result<Option<OwnedMessage>, Error> {
                self.receive()
            }

            fn read_event(&mut self) -> Result<Option<Event<OwnedMessage>>, Error> {
                Ok(self.read_event()?.map($lent).map(|event| owned(event, Message::into_owned)))
            }

            fn read_part(&mut self) -> Result<Option<Event<(OwnedMessage, bool)>>, Error> {
                Ok(self.read_part()?.map($lent).map(|event| {
                    owned(event, |part| (Message::try_from(part.payload).unwrap().into_owned(), part.is_last))
                }))
            }

            fn messages(&mut self) -> impl Iterator<Item = Result<OwnedMessage, Error>> {
                self.messages()
            }

            fn control(&self) -> Vec<u8> {
                self.control().as_bytes().to_vec()
            }
        }
    };
}

reader!(WebSocket<Sim>, |(lent, _writer)| lent);
reader!(ReadHalf<Sim>, |lent| lent);

/// The next message by one of the ways, and into `controls` the control frames that this reports.
fn next(reader: &mut impl Reader, way: Way, controls: &mut Vec<(u8, Vec<u8>)>) -> Option<OwnedMessage> {
    let mut parts: Option<OwnedMessage> = None;
    loop {
        let event = match way {
            Way::Read => return reader.read().unwrap(),
            Way::Receive => return reader.receive().unwrap(),
            Way::Event => owned(reader.read_event().unwrap()?, |message| (message, true)),
            Way::Part => reader.read_part().unwrap()?,
        };
        let opcode = match event {
            Event::Data((part, is_last)) => {
                let message = match (parts.take(), part) {
                    (None, part) => part,
                    (Some(OwnedMessage::Text(begun)), OwnedMessage::Text(part)) => (begun + &part).into(),
                    (Some(begun), part) => [begun.into_bytes(), part.into_bytes()].concat().into(),
                };
                if is_last {
                    return Some(message);
                }
                parts = Some(message);
                continue;
            }
            Event::Ping => PING,
            Event::Pong => PONG,
            Event::Close | Event::Failed(_) | _ => CLOSE,
        };
        controls.push((opcode, reader.control()));
    }
}

/// A conversation: frames, messages, and of each control frame after how many messages it comes.
struct Talk {
    wire: Vec<u8>,
    messages: Vec<OwnedMessage>,
    controls: Vec<(usize, u8, Vec<u8>)>,
}

impl Talk {
    /// Short messages, long ones, fragmented ones, and control frames before them, in them and after them.
    fn new() -> Self {
        let mut talk = Self { wire: Vec::new(), messages: Vec::new(), controls: Vec::new() };
        let (long, text) = (vec![7; 50_000], "Grüße, ".repeat(3000));
        talk.control(PING);
        talk.message(&[b"short"], "short".into());
        talk.control(PONG);
        talk.control(PING);
        talk.message(&[&long], long.clone().into());
        talk.message(&[b"", b"Hel", b"", b"lo"], "Hello".into());
        talk.control(PING);
        talk.message(&[], OwnedMessage::from(""));
        talk.message(&[text.as_bytes()], text.clone().into());
        let (first, second) = long.split_at(20_001);
        talk.message(&[first, second], long.clone().into());
        talk.message(&[b"1"], vec![b'1'].into());
        talk.message(&[b"2"], vec![b'2'].into());
        talk.control(PONG);
        talk.control(CLOSE);
        talk
    }

    fn control(&mut self, opcode: u8) {
        let number = u8::try_from(self.controls.len()).unwrap();
        let payload = if opcode == CLOSE { vec![0x03, 0xE8] } else { vec![number] };
        self.wire.extend(said(opcode, &payload));
        self.controls.push((self.messages.len(), opcode, payload));
    }

    /// A message in these fragments, with a ping between each two.
    fn message(&mut self, fragments: &[&[u8]], message: OwnedMessage) {
        let opcode = if message.is_text() { 1 } else { 2 };
        let Some((last, before)) = fragments.split_last() else {
            self.wire.extend(said(0x80 | opcode, b""));
            return self.messages.push(message);
        };
        for (number, fragment) in before.iter().enumerate() {
            self.wire.extend(said(if number == 0 { opcode } else { 0 }, fragment));
            self.control(PING);
        }
        self.wire.extend(said(0x80 | if before.is_empty() { opcode } else { 0 }, last));
        self.messages.push(message);
    }

    /// Reads all of it, each message by the way whose turn it is.
    fn check(&self, mut reader: impl Reader, ways: &[Way], case: &str) {
        let (mut messages, mut controls) = (Vec::new(), Vec::new());
        let mut turns = ways.iter().cycle();
        while let Some(message) = next(&mut reader, *turns.next().unwrap(), &mut controls) {
            messages.push(message);
        }
        assert!(messages == self.messages, "{case}");
        let is_reported =
            |index: usize| matches!(ways.iter().cycle().nth(index), Some(Way::Event | Way::Part));
        let expected = self.controls.iter().filter(|(before, ..)| is_reported(*before));
        let expected: Vec<_> = expected.map(|(_, opcode, payload)| (*opcode, payload.clone())).collect();
        assert_eq!(controls, expected, "{case}");
        assert!(reader.read().unwrap().is_none() && reader.read_event().unwrap().is_none(), "{case}");
    }

    fn pings(&self) -> Vec<Vec<u8>> {
        let pings = self.controls.iter().filter(|(_, opcode, _)| *opcode == PING);
        pings.map(|(.., payload)| payload.clone()).collect()
    }
}

/// All sequences of three ways.
fn orders() -> impl Iterator<Item = [Way; 3]> {
    WAYS.into_iter().flat_map(|a| WAYS.into_iter().flat_map(move |b| WAYS.map(|c| [a, b, c])))
}

#[test]
fn no_order_of_the_ways_to_read_loses_or_repeats_anything() {
    let talk = Talk::new();
    for step in [usize::MAX, 16 * 1024, 1460, 61] {
        for (ways, is_split) in orders().flat_map(|ways| [(ways, false), (ways, true)]) {
            let case = format!("{step} {ways:?} {is_split}");
            let sim = Sim::new();
            talk.wire.chunks(step).for_each(|said| sim.says(ms(0), said));
            let socket = sim.server(Timeouts::new());
            if is_split {
                talk.check(socket.split().unwrap().0, &ways, &case);
            } else {
                talk.check(socket, &ways, &case);
            }
            // RFC 6455 §5.5.3: each ping is answered, and so is the Close.
            let answers = frames(&sim.written());
            let (close, pongs) = answers.split_last().unwrap();
            assert_eq!(close, &(CLOSE, vec![0x03, 0xE8]), "{case}");
            assert!(pongs.iter().map(|(opcode, _)| *opcode).all(|opcode| opcode == PONG), "{case}");
            assert_eq!(
                pongs.iter().map(|(_, payload)| payload.clone()).collect::<Vec<_>>(),
                talk.pings(),
                "{case}"
            );
        }
    }
}

#[test]
fn a_message_that_was_begun_in_parts_is_skipped_by_each_way_that_reads_whole_ones() {
    let wire =
        [said(0x01, b"be"), said(0x00, b"gu"), said(PING, b"1"), said(0x80, b"n"), said(0x81, b"next")];
    for way in [Way::Read, Way::Receive, Way::Event] {
        let sim = Sim::new();
        sim.says(ms(0), &wire.concat());
        let mut socket = sim.server(Timeouts::new());
        assert!(socket.read_part().unwrap().is_some());
        let mut controls = Vec::new();
        assert_eq!(next(&mut socket, way, &mut controls), Some("next".into()), "{way:?}");
        assert_eq!(controls.len(), usize::from(way == Way::Event), "{way:?}");
    }
}

#[test]
fn s5_5_an_event_is_reported_after_its_answer_has_left() {
    for is_split in [false, true] {
        let sim = Sim::new();
        sim.says(ms(0), &[said(PING, b"1"), said(0x81, b"one"), close(), said(0x81, b"late")].concat());
        let socket = sim.server(Timeouts::new());
        let check = |reader: &mut dyn FnMut() -> (Option<Event<OwnedMessage>>, Vec<u8>)| {
            assert_eq!(reader(), (Some(Event::Ping), b"1".to_vec()));
            assert_eq!(frames(&sim.written()), [(PONG, b"1".to_vec())]);
            assert_eq!(reader().0, Some(Event::Data("one".into())));
            assert_eq!(reader(), (Some(Event::Close), vec![0x03, 0xE8]));
            assert_eq!(frames(&sim.written())[1..], [(CLOSE, vec![0x03, 0xE8])]);
            assert_eq!((reader().0, reader().0), (None, None), "RFC 6455 §1.4: nothing counts after a Close");
        };
        if is_split {
            let (mut reader, _writer) = socket.split().unwrap();
            check(&mut || (Reader::read_event(&mut reader).unwrap(), Reader::control(&reader)));
            assert!(reader.closure().unwrap().is_clean);
        } else {
            let mut socket = socket;
            check(&mut || (Reader::read_event(&mut socket).unwrap(), Reader::control(&socket)));
            assert!(socket.closure().unwrap().is_clean);
        }
    }
}

#[test]
fn pongs_to_pings_of_the_keepalive_are_no_events_and_others_are() {
    for is_split in [false, true] {
        let sim = Sim::new();
        sim.answers(|heard| frames(heard).into_iter().flat_map(|(_, ping)| said(PONG, &ping)).collect());
        sim.says(ms(2500), &said(PONG, b"mine"));
        let socket = sim.server(Timeouts::new().with_ping_interval(Some(ms(1000))));
        if is_split {
            let (mut reader, _writer) = socket.split().unwrap();
            assert_eq!(reader.read_event().unwrap(), Some(Event::Pong));
            assert_eq!(reader.control().as_bytes(), b"mine");
        } else {
            let mut socket = socket;
            assert_eq!(socket.read_event().unwrap().unwrap().0, Event::Pong);
            assert_eq!(socket.control().as_bytes(), b"mine");
        }
        assert_eq!((sim.elapsed(), sim.sent().len()), (ms(2500), 2));
    }
}

#[test]
fn answers_to_the_events_of_one_read_are_one_write() {
    let script = Script::new(&[said(0x81, b"1"), said(0x82, b"2"), said(0x81, b"3")].concat());
    let mut socket = script.socket(Role::Server);
    for _ in 0..3 {
        let (Event::Data(message), mut writer) = socket.read_event().unwrap().unwrap() else { panic!() };
        writer.send(message).unwrap();
    }
    assert_eq!(*script.write_count.lock().unwrap(), 1);
    assert_eq!(frames(&script.written()).len(), 3);
}

#[test]
fn what_answers_a_ping_leaves_at_once() {
    let script = Script::new(&[said(PING, b""), said(0x81, b"1"), said(0x81, b"2")].concat());
    let mut socket = script.socket(Role::Server);
    let (event, mut writer) = socket.read_event().unwrap().unwrap();
    assert_eq!(event, Event::Ping);
    writer.send("pinged").unwrap();
    assert_eq!(frames(&script.written()), [(PONG, vec![]), (0x81, b"pinged".to_vec())]);
}

#[test]
fn each_way_gives_up_in_the_time_of_a_read() {
    fn check(sim: &Sim, reader: &mut impl Reader) {
        let mut expected = Duration::ZERO;
        for way in [WAYS, WAYS].concat() {
            let error = match way {
                Way::Read => reader.read().map(drop),
                Way::Receive => reader.receive().map(drop),
                Way::Event => reader.read_event().map(drop),
                Way::Part => reader.read_part().map(drop),
            };
            expected += ms(1000);
            assert!(error.unwrap_err().is_transient() && sim.elapsed() == expected, "{way:?}");
        }
    }
    let timeouts = Timeouts::new().with_read(Some(ms(1000)));
    let (sim, other) = (Sim::new(), Sim::new());
    check(&sim, &mut sim.server(timeouts));
    check(&other, &mut other.server(timeouts).split().unwrap().0);
}

#[test]
fn what_the_thread_that_receives_sends_by_the_other_half_leaves_together() {
    for way in [Way::Receive, Way::Event] {
        let sim = Sim::new();
        sim.says(ms(0), &[said(0x81, b"1"), said(0x82, b"2"), said(0x81, b"3")].concat());
        let (mut reader, writer) = sim.server(Timeouts::new()).split().unwrap();
        for count in 1..=3 {
            let message = next(&mut reader, way, &mut Vec::new()).unwrap();
            writer.send_owned(message).unwrap();
            assert_eq!(frames(&sim.written()).len(), if count < 3 { 0 } else { 3 }, "{way:?}");
        }
    }
}

/// A message that is too long, after one that is not.
fn too_long() -> (Vec<u8>, Fault) {
    let said = [said(0x81, b"fits"), said(0x81, b"does not fit"), said(0x81, b"late")].concat();
    (said, Limit::FrameLen.into())
}

fn limited(said: &[u8]) -> WebSocket<Sim> {
    let sim = Sim::new();
    sim.says(ms(0), said);
    let config = Config::new().with_limits(Limits::new().with_frame_len_max(5));
    WebSocket::after_handshake(sim, Role::Server, config, b"").unwrap()
}

#[test]
fn a_fault_is_the_error_of_each_way_and_of_each_later_call() {
    let (said, fault) = too_long();
    for way in WAYS {
        let mut socket = limited(&said);
        assert_eq!(next(&mut socket, way, &mut Vec::new()), Some("fits".into()));
        for _ in 0..2 {
            let error = match way {
                Way::Read => Reader::read(&mut socket).unwrap_err(),
                Way::Receive => socket.receive().unwrap_err(),
                Way::Event => Reader::read_event(&mut socket).unwrap_err(),
                Way::Part => Reader::read_part(&mut socket).unwrap_err(),
            };
            assert!(matches!(error, Error::Fault(found) if found == fault), "{way:?} {error}");
        }
        assert_eq!(socket.counters().received.message_count, 1);
    }
}

#[test]
fn s8_1_text_that_is_not_utf_8_is_a_fault_of_each_way_that_finds_it_where_it_lies() {
    let fault = Fault::from(Violation::InvalidUtf8);
    for way in [Way::Read, Way::Receive, Way::Event] {
        let sim = Sim::new();
        sim.says(ms(0), &said(0x81, b"\xff"));
        let mut socket = sim.server(Timeouts::new());
        let error = match way {
            Way::Receive => socket.receive().unwrap_err(),
            Way::Event => Reader::read_event(&mut socket).unwrap_err(),
            Way::Read | Way::Part => Reader::read(&mut socket).unwrap_err(),
        };
        assert!(matches!(error, Error::Fault(found) if found == fault), "{way:?} {error}");
        assert_eq!(frames(&sim.written()), [(CLOSE, vec![0x03, 0xEF])]);
    }
}

#[test]
fn the_iterator_ends_after_the_closing_handshake_and_stays_at_its_end() {
    fn check(mut reader: impl Reader) {
        let mut messages = reader.messages();
        assert_eq!(messages.next().unwrap().unwrap(), Message::Text("one"));
        assert_eq!(messages.next().unwrap().unwrap(), Message::Binary(&[2]));
        assert!(messages.next().is_none() && messages.next().is_none());
    }
    let open = || {
        let sim = Sim::new();
        sim.says(ms(0), &[said(0x81, b"one"), said(PING, b""), said(0x82, &[2]), close()].concat());
        sim.server(Timeouts::new())
    };
    check(open());
    check(open().split().unwrap().0);
}

#[test]
fn the_iterator_yields_an_error_that_ended_the_connection_once() {
    fn check(mut reader: impl Reader, fault: Fault) {
        let mut messages = reader.messages();
        assert_eq!(messages.next().unwrap().unwrap(), Message::Text("fits"));
        let error = messages.next().unwrap().unwrap_err();
        assert!(matches!(error, Error::Fault(found) if found == fault), "{error}");
        assert!(messages.next().is_none() && messages.next().is_none());
        drop(messages);
        assert!(matches!(reader.receive(), Err(Error::Fault(_))), "a call returns it again");
    }
    let (said, fault) = too_long();
    check(limited(&said), fault);
    check(limited(&said).split().unwrap().0, fault);
}

#[test]
fn the_iterator_goes_on_after_an_error_that_passes() {
    fn check(sim: &Sim, mut reader: impl Reader) {
        let mut messages = reader.messages();
        for at in [1000, 2000] {
            assert!(messages.next().unwrap().unwrap_err().is_transient());
            assert_eq!(sim.elapsed(), ms(at));
        }
        assert_eq!(messages.next().unwrap().unwrap(), Message::Text("late"));
        let error = messages.next().unwrap().unwrap_err();
        assert!(error.is_transient(), "{error}");
        drop(messages);
        // Another iterator goes on where this one stopped.
        let errors: Vec<_> = reader.messages().take(9).map(Result::unwrap_err).collect();
        assert!(matches!(errors.last(), Some(Error::Timeout(Phase::Idle))), "{errors:?}");
        assert!(errors.iter().rev().skip(1).all(Error::is_transient) && errors.len() < 9, "{errors:?}");
    }
    let timeouts = Timeouts::new().with_read(Some(ms(1000))).with_idle(Some(Duration::from_secs(5)));
    for is_split in [false, true] {
        let sim = Sim::new();
        sim.says(ms(2500), &said(0x81, b"late"));
        sim.answers(|heard| frames(heard).into_iter().flat_map(|(first, code)| said(first, &code)).collect());
        let socket = sim.server(timeouts);
        if is_split {
            check(&sim, socket.split().unwrap().0);
        } else {
            check(&sim, socket);
        }
    }
}

#[test]
fn what_is_received_is_the_programs() {
    let sim = Sim::new();
    let long = Said::Binary(vec![7; 100_000]);
    sim.says(ms(0), &[said(0x82, long.message().as_bytes()), said(0x81, b"short"), close()].concat());
    let mut socket = sim.server(Timeouts::new());
    let received: Vec<_> = socket.messages().map(Result::unwrap).collect();
    socket.close(CloseCode::NORMAL).unwrap();
    drop(socket);
    assert_eq!(received, [long.message().into_owned(), "short".into()]);
}
