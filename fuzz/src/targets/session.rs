//! Sessions: two back to back that do anything, and one that hears bytes which need not be frames.

use core::time::Duration;

use ws_core::connection::{Limits as CoreLimits, Role as CoreRole};
use ws_core::event::{Event, Payload};
use ws_core::frame::ControlPayload;
use ws_core::input::ReadBuffer;
use ws_core::keepalive::KeepaliveConfig;
use ws_core::message::Message;
use ws_core::session::{Batch, Config, Session};

use crate::support::conversation::Conversation;
use crate::support::listener::{Listener, Said, WAYS, Way, take};
use crate::support::reference::{DEFAULT_LIMITS, Limits, Outcome, Role, decode};
use crate::support::session::{Keys, opened};

/// Two sessions of both roles over streams that cut, that take nothing, that end; the input says what they do, and when.
/// Each hears what the other said, once and in order, or the end is reported; nothing grows beyond its bound.
pub fn session(bytes: &[u8]) {
    let mut bytes = bytes.iter().copied().map(usize::from);
    Conversation::run(&mut |count| {
        let low = bytes.next()?;
        let high = if count > 256 { bytes.next()? } else { 0 };
        Some((high << 8 | low) % count)
    });
}

/// One session hears any bytes. By whole messages it comes to the same in two cuttings, and, without compression, to
/// what the naive decoder finds; by all ways mixed to the same messages, whole, in parts or given up, and the same end.
pub fn session_bytes(bytes: &[u8]) {
    let Some((choices, wire)) = bytes.split_first_chunk::<8>() else { return };
    let setup = Setup::new(*choices);
    let [.., cut, other_cut, ways, capacities] = *choices;
    let found = setup.whole(wire, cut, capacities);
    let other = setup.whole(wire, other_cut, capacities / 16);
    assert_eq!(found, other, "however it is cut");
    let decoded = decode(setup.role, &setup.limits, wire);
    match setup.deflate {
        Deflate::None => {
            assert_eq!(found, decoded);
            setup.mixed(wire, cut ^ other_cut, ways, capacities, &found);
        }
        Deflate::Inflated => setup.mixed(wire, cut ^ other_cut, ways, capacities, &found),
        Deflate::AsItIs => assert_eq!(setup.parts(wire, cut, capacities), decoded),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Deflate {
    None,
    Inflated,
    AsItIs,
}

struct Setup {
    role: Role,
    limits: Limits,
    deflate: Deflate,
    config: Config,
}

impl Setup {
    fn new([kind, limit, choice, queue, ..]: [u8; 8]) -> Self {
        let role = if kind % 2 == 0 { Role::Server } else { Role::Client };
        let deflate = match kind / 2 % 4 {
            0 | 1 => Deflate::None,
            _ if !cfg!(feature = "deflate") => Deflate::None,
            2 => Deflate::Inflated,
            _ => Deflate::AsItIs,
        };
        let has_deflate = deflate != Deflate::None;
        let limits = match limit {
            0..=127 => Limits { has_deflate, ..DEFAULT_LIMITS },
            _ => Limits {
                frame_len: u64::from(limit % 16) * 10,
                message_len: u64::from(choice) * 20,
                fragment_count: u32::from(limit % 4),
                has_deflate,
            },
        };
        let config = Config::new()
            .with_limits(
                CoreLimits::new()
                    .with_frame_len_max(limits.frame_len)
                    .with_message_len_max(limits.message_len)
                    .with_fragment_count_max(limits.fragment_count),
            )
            .with_queue_len_max(usize::from(queue))
            .with_read_buffer_len(16 + usize::from(choice % 64))
            .with_keepalive(KeepaliveConfig::new().with_ping_interval(Some(Duration::from_millis(20))));
        #[cfg(feature = "deflate")]
        let config = match deflate {
            Deflate::None | Deflate::Inflated => config,
            Deflate::AsItIs => config.with_deflate(ws_core::session::Deflate::new().without_inflating()),
        };
        Self { role, limits, deflate, config }
    }

    fn open(&self, capacity: u8) -> Drive {
        let role = match self.role {
            Role::Client => CoreRole::Client,
            Role::Server => CoreRole::Server,
        };
        let opened = opened(role);
        #[cfg(feature = "deflate")]
        let opened = if self.deflate == Deflate::None {
            opened
        } else {
            use ws_core::extension::{Agreed, DeflateParams};
            opened.with_deflate(match role {
                CoreRole::Client => Agreed::client(DeflateParams::new()),
                CoreRole::Server => Agreed::server(DeflateParams::new()),
            })
        };
        let buffer = ReadBuffer::new(vec![0xEE; 16 + usize::from(capacity % 16) * 24]);
        let session = Session::new(opened, self.config, buffer, Duration::ZERO);
        Drive { session, batch: Batch::new(), sent: Vec::new(), now: Duration::ZERO, turn: 0 }
    }

    /// What comes by `next` alone.
    fn whole(&self, wire: &[u8], cut: u8, capacity: u8) -> Vec<Outcome> {
        let mut drive = self.open(capacity);
        let mut outcomes = Vec::new();
        drive.hear(wire, cut, &mut |Session { inbound, outbound, .. }, _| {
            let outcome = match inbound.next(outbound)? {
                Event::Data(Message::Text(text)) => Ok(Outcome::Text(text.to_owned())),
                Event::Data(Message::Binary(bytes)) => Ok(Outcome::Binary(bytes.to_vec())),
                other => Err(without_data(other)),
            };
            outcomes.push(outcome.unwrap_or_else(|event| control(event, inbound.control())));
            outcomes.last().cloned()
        });
        self.check_answers(drive, outcomes.last());
        outcomes
    }

    /// What comes by `next_part` alone, joined.
    fn parts(&self, wire: &[u8], cut: u8, capacity: u8) -> Vec<Outcome> {
        let mut drive = self.open(capacity);
        let (mut outcomes, mut begun) = (Vec::new(), Vec::new());
        drive.hear(wire, cut, &mut |Session { inbound, outbound, .. }, _| {
            let outcome = match inbound.next_part(outbound)? {
                Event::Data(part) => {
                    assert_eq!(part.is_first, begun.is_empty());
                    begun.push(part.payload.as_bytes().to_vec());
                    if !part.is_last {
                        return Some(Outcome::Pong(Vec::new()));
                    }
                    let bytes = core::mem::take(&mut begun).concat();
                    match part.payload {
                        Payload::Text(_) => Outcome::Text(String::from_utf8(bytes).expect("it was checked")),
                        Payload::Binary(_) => Outcome::Binary(bytes),
                        Payload::Compressed { message_type: ws_core::event::MessageType::Text, .. } => {
                            Outcome::CompressedText(bytes)
                        }
                        Payload::Compressed { .. } => Outcome::CompressedBinary(bytes),
                    }
                }
                other => control(without_data(other), inbound.control()),
            };
            outcomes.push(outcome);
            outcomes.last().cloned()
        });
        self.check_answers(drive, outcomes.last());
        outcomes
    }

    /// By all ways in turn: the messages of `found`, the same control frames, the same end.
    fn mixed(&self, wire: &[u8], cut: u8, ways: u8, capacity: u8, found: &[Outcome]) {
        let said: Vec<Said> = found
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Text(text) => Some(Said::whole(text.as_str().into())),
                Outcome::Binary(bytes) => Some(Said::whole(bytes.as_slice().into())),
                _ => None,
            })
            .collect();
        let mut listener = Listener::default();
        let mut controls = Vec::new();
        let mut drive = self.open(capacity);
        let way = |turn: usize| WAYS[usize::from(ways.rotate_left(u32::try_from(turn % 8).unwrap_or(0)) % 5)];
        drive.hear(wire, cut, &mut |session, turn| {
            // What only looks has to be followed by what takes.
            let way = if turn % 3 == 2 && way(turn) == Way::Advance { Way::Next } else { way(turn) };
            let event = take(session, way, &mut listener, &said);
            let is_data = event == Some(Event::Data(()));
            let outcome = event.map(|event| {
                if is_data { Outcome::Pong(Vec::new()) } else { control(event, session.inbound.control()) }
            });
            controls.extend(outcome.clone().filter(|_| !is_data));
            if turn % 16 == usize::from(ways % 16) {
                session.release();
            }
            outcome
        });
        let expected: Vec<&Outcome> = found
            .iter()
            .filter(|outcome| !matches!(outcome, Outcome::Text(_) | Outcome::Binary(_)))
            .collect();
        assert_eq!(controls.iter().collect::<Vec<_>>(), expected, "what is no message");
        assert!(listener.count_at_end() >= said.len(), "{} of {}", listener.count_at_end(), said.len());
        self.check_answers(drive, found.last());
    }

    /// What was sent is right for a peer, and reports the end, if there was one, by the right Close.
    fn check_answers(&self, mut drive: Drive, last: Option<&Outcome>) {
        drive.write_all();
        let peer = if self.role == Role::Server { Role::Client } else { Role::Server };
        let sent = decode(peer, &DEFAULT_LIMITS, &drive.sent);
        let close = match last {
            Some(Outcome::Close(payload)) => Some(payload.iter().take(2).copied().collect()),
            Some(Outcome::Fault(fault)) => Some(fault.close_code().get().to_be_bytes().to_vec()),
            _ => None,
        };
        assert!(!sent.iter().any(|outcome| matches!(outcome, Outcome::Fault(_))), "{sent:?}");
        let closes: Vec<&Outcome> =
            sent.iter().filter(|outcome| matches!(outcome, Outcome::Close(_))).collect();
        assert_eq!(closes, close.map(Outcome::Close).iter().collect::<Vec<_>>());
        assert!(close_is_last(&sent));
        let closure = drive.session.outbound.closure();
        assert!(closure.is_some_and(|closure| closure.is_clean == matches!(last, Some(Outcome::Close(_)))));
    }
}

fn close_is_last(sent: &[Outcome]) -> bool {
    sent.iter().rev().skip(1).all(|outcome| !matches!(outcome, Outcome::Close(_)))
}

/// A session, its clock, and what it has sent.
struct Drive {
    session: Session<Keys>,
    batch: Batch,
    sent: Vec<u8>,
    now: Duration,
    turn: usize,
}

impl Drive {
    /// Hears all of `wire`, cut, and the end of the stream. `take` takes one thing, and says what that was.
    fn hear(
        &mut self,
        wire: &[u8],
        cut: u8,
        take: &mut dyn FnMut(&mut Session<Keys>, usize) -> Option<Outcome>,
    ) {
        let mut lens = [usize::from(cut) + 1, usize::from(cut % 16) + 1].into_iter().cycle();
        let (mut rest, mut has_ended) = (wire, false);
        let turn_count_max = 2 * wire.len() + 1000;
        loop {
            while !self.session.inbound.wants_read() {
                let outcome = take(&mut self.session, self.turn);
                self.turn += 1;
                assert!(self.turn <= turn_count_max * 4, "no progress");
                assert!(outcome.is_none() || !has_ended, "nothing follows the end: {outcome:?}");
                has_ended = matches!(outcome, Some(Outcome::Close(_) | Outcome::Fault(_))) || has_ended;
                self.answer();
            }
            if rest.is_empty() {
                break;
            }
            let spare = self.session.inbound.spare();
            let len = lens.next().unwrap_or(1).min(spare.len()).min(rest.len());
            assert!(len > 0, "there is room once it wants to read");
            let (now, later) = rest.split_at(len);
            spare[..len].copy_from_slice(now);
            self.session.inbound.filled(len, self.now);
            rest = later;
        }
        self.session.inbound.eof();
        while let Some(outcome) = take(&mut self.session, self.turn) {
            self.turn += 1;
            assert!(!has_ended, "nothing follows the end: {outcome:?}");
        }
        // What only looks may have been the last.
        assert!(take(&mut self.session, 0).is_none() || !has_ended);
    }

    /// Time passes, and some of what waits is written, by any way.
    fn answer(&mut self) {
        self.now += Duration::from_millis(u64::try_from(self.turn % 3).unwrap_or(0));
        let outbound = &mut self.session.outbound;
        let bound = 3 * 131;
        assert!(outbound.queued_len() <= bound, "{} bytes of controls", outbound.queued_len());
        if self.turn % 5 == 0 && !outbound.is_closing() {
            assert_eq!(outbound.poll(self.now), None);
            assert!(outbound.next_deadline().is_none_or(|deadline| deadline > self.now));
        }
        let (way, some) = (self.turn % 7, self.turn * 13 % 200);
        let batch = &mut self.batch;
        let len = match way {
            0 => {
                outbound.take_batch(batch);
                0
            }
            1..=3 if !batch.is_empty() => {
                let len = some.min(batch.as_slice().len());
                self.sent.extend(&batch.as_slice()[..len]);
                batch.advance(len);
                len
            }
            4 => {
                let bytes = outbound.transmit();
                let len = some.min(bytes.len());
                self.sent.extend(&bytes[..len]);
                len
            }
            _ => return,
        };
        outbound.transmitted(len, self.now);
    }

    fn write_all(&mut self) {
        let outbound = &mut self.session.outbound;
        while !self.batch.is_empty() || outbound.wants_transmit() {
            let bytes = if self.batch.is_empty() { outbound.transmit() } else { self.batch.as_slice() };
            let len = bytes.len();
            assert!(len > 0, "it wants to transmit something");
            self.sent.extend(bytes);
            self.batch.advance(len);
            outbound.transmitted(len, self.now);
        }
    }
}

fn without_data<D: core::fmt::Debug>(event: Event<D>) -> Event<()> {
    match event {
        Event::Ping => Event::Ping,
        Event::Pong => Event::Pong,
        Event::Close => Event::Close,
        Event::Failed(fault) => Event::Failed(fault),
        other => panic!("it has data, or is no event: {other:?}"),
    }
}

fn control(event: Event<()>, control: &ControlPayload) -> Outcome {
    let control = control.as_bytes().to_vec();
    match event {
        Event::Ping => Outcome::Ping(control),
        Event::Pong => Outcome::Pong(control),
        Event::Close => Outcome::Close(control),
        Event::Failed(fault) => Outcome::Fault(fault),
        other => panic!("it has data: {other:?}"),
    }
}
