//! A conversation of 50 messages with a fault at every byte of either direction.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

mod common;

use std::io::ErrorKind;
use std::sync::Arc;

use common::faults::{Direction, Fault, Faulty, Halves, Side, Whole};
use common::said::Said;
use common::{frame, peer};
use ws_std::{Config, Error, Role, WebSocket};

const ROLES: [Role; 2] = [Role::Client, Role::Server];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Blocking,
    NonBlocking,
    Split,
}

/// What a stream that blocks may say and mean nothing by.
const INTERRUPTED: Fault = Fault::Passing(&[ErrorKind::Interrupted]);

/// The same for one that does not block, or whose owner has limited it.
const NOT_NOW: Fault = Fault::Passing(&[ErrorKind::Interrupted, ErrorKind::WouldBlock, ErrorKind::TimedOut]);

/// Both sides of a conversation.
struct Conversation {
    role: Role,
    ours: Vec<Said>,
    theirs: Vec<Said>,
    incoming: Arc<[u8]>,
    /// Where each message of theirs ends.
    ends: Vec<usize>,
}

impl Conversation {
    /// Of 50 messages, of which one of ours is this long.
    fn new(role: Role, long_len: usize) -> Self {
        let ours = |number| match number {
            7 => Said::new(number, long_len),
            3 | 11 => Said::new(number, 290),
            number => Said::new(number, number * 5 % 64),
        };
        let theirs = |number| match number {
            5 => Said::new(number, 300),
            6 | 12 => Said::new(number, 90),
            number => Said::new(number, number * 7 % 30),
        };
        let (ours, theirs): (Vec<_>, Vec<_>) = (0..25).map(|number| (ours(number), theirs(number))).unzip();
        let (mut incoming, mut ends) = (Vec::new(), Vec::new());
        let from = peer(role);
        for (number, said) in theirs.iter().enumerate() {
            let message = said.message();
            let bytes = message.as_bytes();
            if number % 6 == 0 {
                let (first, second) = bytes.split_at(bytes.len() / 2);
                incoming.extend(frame(from, said.opcode(), first));
                incoming.extend(frame(from, 0x89, &[u8::try_from(number).unwrap()]));
                incoming.extend(frame(from, 0x80, second));
            } else {
                incoming.extend(frame(from, 0x80 | said.opcode(), bytes));
            }
            ends.push(incoming.len());
        }
        incoming.extend(frame(from, 0x8A, b"ours"));
        incoming.extend(frame(from, 0x88, b"\x03\xe8"));
        Self { role, ours, theirs, incoming: incoming.into(), ends }
    }

    fn side(&self, stream: &Faulty, mode: Mode) -> Box<dyn Side> {
        let socket = WebSocket::after_handshake(stream.clone(), self.role, Config::new(), b"").unwrap();
        match mode {
            Mode::Blocking | Mode::NonBlocking => {
                Box::new(Whole { socket, is_blocking: mode == Mode::Blocking })
            }
            Mode::Split => {
                let (reader, writer) = socket.split().unwrap();
                Box::new(Halves { reader, writer })
            }
        }
    }

    /// Sends and reads in turns, then closes or waits for the peer to do so.
    fn hold(&self, side: &mut dyn Side, closes: bool) -> Held {
        let mut held = Held { sent_count: 0, read: Vec::new(), send_error: None, end: Ok(()) };
        let longest_len = self.ours.iter().map(|said| said.message().as_bytes().len()).max().unwrap();
        for (number, said) in self.ours.iter().enumerate() {
            if held.send_error.is_none() {
                match send(side, number, said) {
                    Ok(()) => held.sent_count += 1,
                    Err(error) => held.send_error = Some(error),
                }
            }
            match side.read() {
                Ok(Some(said)) => held.read.push(said),
                Ok(None) => panic!("the peer has not closed"),
                Err(error) => {
                    held.end = Err(error);
                    return held;
                }
            }
            assert!(side.queued_len() < 16 * 1024 + longest_len + 6000, "{}", side.queued_len());
        }
        held.end = if closes {
            side.close()
        } else {
            side.read().map(|message| assert!(message.is_none(), "nothing is said behind the end"))
        };
        held
    }

    /// What came of the conversation with this fault at this byte.
    fn run(
        &self,
        mode: Mode,
        direction: Direction,
        at: usize,
        fault: Fault,
    ) -> (Held, Box<dyn Side>, Faulty) {
        let stream = Faulty::new(&self.incoming, direction, at, fault);
        let mut side = self.side(&stream, mode);
        let held = self.hold(&mut *side, at % 2 == 0);
        (held, side, stream)
    }

    /// How many bytes are written, and how many calls that takes.
    fn measure(&self, mode: Mode) -> (usize, usize) {
        let (held, side, stream) = self.run(mode, Direction::Write, usize::MAX - 1, INTERRUPTED);
        held.end.unwrap();
        assert!(side.is_clean());
        self.check_written(&stream.written(), 25, true);
        (stream.written().len(), stream.call_count())
    }

    /// That these bytes are our messages in their order, at least so many of them, with nothing between but pings, pongs
    /// and the Close, and whole if they have to be.
    fn check_written(&self, bytes: &[u8], sent_count: usize, is_whole: bool) {
        let (frames, is_cut) = frames_so_far(bytes);
        assert!(!(is_whole && is_cut));
        let (mut messages, mut pongs) = (Vec::<(u8, Vec<u8>)>::new(), Vec::new());
        let mut last = 0;
        for (first, payload) in frames {
            assert!(last != 0x88, "nothing comes behind the Close");
            last = first;
            match first {
                0x01 | 0x02 | 0x81 | 0x82 => messages.push((first, payload)),
                0x00 | 0x80 => {
                    let message = messages.last_mut().unwrap();
                    message.0 |= first;
                    message.1.extend(payload);
                }
                0x89 => assert_eq!(payload, b"ours"),
                0x8A => pongs.extend(payload),
                0x88 => assert!(payload.starts_with(b"\x03\xe8")),
                other => panic!("{other:x}"),
            }
        }
        assert!(pongs.is_sorted() && pongs.iter().all(|pong| pong % 6 == 0), "{pongs:?}");
        let done_count = messages.iter().filter(|(first, _)| first & 0x80 != 0).count();
        assert!(done_count >= sent_count, "{done_count} of {sent_count}");
        for ((first, payload), said) in messages.iter().zip(&self.ours) {
            let message = said.message();
            assert_eq!(first & 0x0F, said.opcode());
            assert!(message.as_bytes().starts_with(payload));
            assert!(first & 0x80 == 0 || message.as_bytes() == payload);
        }
        assert!(messages.len() <= self.ours.len());
        if is_whole {
            assert_eq!((done_count, last), (25, 0x88));
            assert!(pongs.last() == Some(&24), "the latest ping was answered: {pongs:?}");
        }
    }
}

/// What came of a conversation.
#[derive(Debug)]
struct Held {
    sent_count: usize,
    read: Vec<Said>,
    send_error: Option<Error>,
    end: Result<(), Error>,
}

fn send(side: &mut dyn Side, number: usize, said: &Said) -> Result<(), Error> {
    if number % 5 == 4 {
        side.ping()?;
    }
    if number % 8 == 3 { side.send_parts(said) } else { side.send(said) }
}

/// The frames of which all is there, and whether another is begun. Payload of one that is not whole is left out.
fn frames_so_far(bytes: &[u8]) -> (Vec<(u8, Vec<u8>)>, bool) {
    let mut end = 0;
    loop {
        let rest = &bytes[end..];
        let mask_len = if rest.get(1).is_some_and(|second| second & 0x80 != 0) { 4 } else { 0 };
        let len = match rest.get(1).map(|second| second & 0x7F) {
            Some(126) if rest.len() >= 4 => 4 + usize::from(u16::from_be_bytes([rest[2], rest[3]])),
            Some(127) if rest.len() >= 10 => {
                10 + usize::try_from(u64::from_be_bytes(rest[2..10].try_into().unwrap())).unwrap()
            }
            Some(len @ 0..=125) => 2 + usize::from(len),
            _ => usize::MAX - 4,
        };
        if rest.len() < len + mask_len {
            return (common::frames(&bytes[..end]), !rest.is_empty());
        }
        end += len + mask_len;
    }
}

/// That every later call says the same, and that the stream is left in peace.
fn check_fused(side: &mut dyn Side, end: &Error, stream: &Faulty, context: &str) {
    let before = stream.call_count();
    let said = format!("{end:?}");
    for _ in 0..3 {
        assert_eq!(format!("{:?}", side.read().unwrap_err()), said, "{context}");
        assert_eq!(format!("{:?}", side.close().unwrap_err()), said, "{context}");
        let late = side.send(&Said::Text("late".into())).unwrap_err();
        assert!(matches!(late, Error::Closed) || format!("{late:?}") == said, "{context}: {late:?}");
    }
    let calls = stream.call_count() - before;
    assert!(calls <= 24, "{context}: {calls} calls of a stream that has ended");
}

fn each(
    modes: &[Mode],
    directions: &[Direction],
    long_len: usize,
    step: usize,
    act: impl Fn(&Conversation, Mode, Direction, usize, usize),
) {
    for role in ROLES {
        let conversation = Conversation::new(role, long_len);
        for mode in modes {
            let (written_len, call_count) = conversation.measure(*mode);
            for direction in directions {
                let len = match direction {
                    Direction::Read => conversation.incoming.len(),
                    Direction::Write => written_len,
                };
                for at in (0..=len).step_by(step) {
                    act(&conversation, *mode, *direction, at, call_count);
                }
            }
        }
    }
}

const BOTH: [Direction; 2] = [Direction::Read, Direction::Write];
const ALL: [Mode; 3] = [Mode::Blocking, Mode::NonBlocking, Mode::Split];

/// More than is copied behind a header.
const VECTORED_LEN: usize = 4500;

/// A fault that passes changes nothing but costs at most a few calls.
fn check_passing(
    conversation: &Conversation,
    mode: Mode,
    direction: Direction,
    at: usize,
    call_count: usize,
) {
    let fault = if mode == Mode::Blocking { INTERRUPTED } else { NOT_NOW };
    let context = format!("{:?} {mode:?} {direction:?} {at}", conversation.role);
    let (held, side, stream) = conversation.run(mode, direction, at, fault);
    assert!(held.end.is_ok() && held.send_error.is_none(), "{context}: {held:?}");
    assert!(side.is_clean(), "{context}");
    assert!(held.read == conversation.theirs, "{context}: {:?}", held.read);
    conversation.check_written(&stream.written(), 25, true);
    let calls = stream.call_count();
    assert!(calls <= call_count + 24, "{context}: {calls} calls instead of {call_count}");
}

#[test]
fn faults_that_pass_at_every_byte_lose_repeat_and_reorder_nothing() {
    each(&ALL, &BOTH, VECTORED_LEN, 1, check_passing);
}

#[test]
fn faults_that_pass_within_a_long_message_lose_repeat_and_reorder_nothing() {
    each(&ALL, &BOTH, 150_000, 1499, check_passing);
}

#[test]
fn s7_1_5_an_end_or_reset_at_every_byte_that_is_read_is_told_unless_it_follows_the_close() {
    for fault in [Fault::Zero, Fault::Broken(ErrorKind::ConnectionReset)] {
        each(&ALL, &[Direction::Read], 200, 1, |conversation, mode, direction, at, _| {
            let context = format!("{:?} {mode:?} {fault:?} at {at}", conversation.role);
            let (held, mut side, stream) = conversation.run(mode, direction, at, fault);
            let expected = conversation.ends.iter().filter(|end| **end <= at).count();
            assert!(held.read == conversation.theirs[..expected], "{context}: {held:?}");
            conversation.check_written(&stream.written(), held.sent_count, false);
            if at == conversation.incoming.len() {
                assert!(held.end.is_ok() && side.is_clean(), "{context}: {held:?}");
                return;
            }
            let end = held.end.unwrap_err();
            let is_told = match fault {
                Fault::Broken(kind) => matches!(end, Error::Disconnected(Some(found)) if found == kind),
                Fault::Zero | Fault::Passing(_) => matches!(end, Error::Disconnected(None)),
            };
            assert!(is_told && !side.is_clean(), "{context}: {end:?}");
            check_fused(&mut *side, &end, &stream, &context);
        });
    }
}

#[test]
fn a_fault_at_every_byte_that_is_written_is_told_and_nothing_is_written_behind_it() {
    let gone = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset];
    for fault in
        [Fault::Zero, Fault::Broken(gone[0]), Fault::Broken(gone[1]), Fault::Broken(ErrorKind::Other)]
    {
        each(&ALL, &[Direction::Write], 600, 1, |conversation, mode, direction, at, _| {
            let context = format!("{:?} {mode:?} {fault:?} at {at}", conversation.role);
            let (held, mut side, stream) = conversation.run(mode, direction, at, fault);
            assert!(conversation.theirs.starts_with(&held.read), "{context}: {held:?}");
            let written = stream.written();
            assert!(written.len() <= at, "{context}: {} bytes are written", written.len());
            // What the thread that reads sends while it has another message is queued, and leaves later.
            let sent_count = if mode == Mode::Split { 0 } else { held.sent_count };
            conversation.check_written(&written, sent_count, false);
            let Err(end) = held.end else {
                // Our Close has two bytes or six of a body; after it nothing more is to be written. Where it cannot be
                // written, the peer's has come all the same.
                if side.is_clean() {
                    conversation.check_written(&written, 25, true);
                } else {
                    assert!(matches!(fault, Fault::Broken(kind) if gone.contains(&kind)), "{context}");
                }
                return;
            };
            assert!(!side.is_clean(), "{context}");
            let is_told = match (fault, &end) {
                (Fault::Zero, Error::Io(error)) => error.kind() == ErrorKind::WriteZero,
                (Fault::Broken(ErrorKind::Other), Error::Io(error)) => error.kind() == ErrorKind::Other,
                (Fault::Broken(kind), Error::Disconnected(Some(found))) => *found == kind,
                _ => false,
            };
            assert!(is_told, "{context}: {end:?}");
            check_fused(&mut *side, &end, &stream, &context);
        });
    }
}
