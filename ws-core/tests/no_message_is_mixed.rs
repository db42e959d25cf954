//! Whatever ways to take payload are mixed, and whatever storages are used in turns: what a storage gives is the end of one
//! message, without a gap, by its own type, and never one that was given before.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use proptest::prelude::*;
use ws_core::connection::{Config, ReceiveHalf, Role};
use ws_core::event::{Event, MessageType, Payload};
use ws_core::frame::{Mask, MaskKey};
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageBuffer, MessageSlice, OwnedMessage};

/// A message as a storage gives it: its type, whether it is compressed, its bytes.
type Given = (MessageType, bool, Vec<u8>);

fn given(payload: Payload<'_>) -> Given {
    (payload.message_type(), payload.is_compressed(), payload.as_bytes().to_vec())
}

fn given_owned(message: OwnedMessage) -> Given {
    (message.message_type(), false, message.into_bytes())
}

/// With which clients mask.
const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// A message on the wire.
#[derive(Clone, Debug)]
struct Sent {
    message_type: MessageType,
    is_compressed: bool,
    payload: Vec<u8>,
    /// How long its frames are; what they leave is in the last one.
    frame_lens: Vec<usize>,
    has_ping: bool,
}

impl Sent {
    /// Appends its frames, as `role` receives them: masked from a client, or not.
    fn write(&self, role: Role, wire: &mut Vec<u8>) {
        let masked = if role == Role::Server { 0x80 } else { 0 };
        let mut rest = self.payload.as_slice();
        for (index, len) in self.frame_lens.iter().copied().chain([usize::MAX]).enumerate() {
            let (payload, further) = rest.split_at(len.min(rest.len()));
            rest = further;
            let opcode = match (index, self.message_type) {
                (0, MessageType::Text) => 0x01,
                (0, MessageType::Binary) => 0x02,
                _ => 0x00,
            };
            let reserved = if index == 0 && self.is_compressed { 0x40 } else { 0 };
            let fin = if index == self.frame_lens.len() { 0x80 } else { 0 };
            wire.push(fin | reserved | opcode);
            if let Ok(len @ ..126) = u8::try_from(payload.len()) {
                wire.push(masked | len);
            } else {
                wire.push(masked | 0x7E);
                wire.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
            }
            if role == Role::Server {
                wire.extend(KEY);
            }
            let start = wire.len();
            wire.extend(payload);
            if role == Role::Server {
                Mask::new(MaskKey::new(KEY)).apply(&mut wire[start..]);
            }
            if self.has_ping && role == Role::Server {
                wire.extend([0x89, 0x80, 0, 0, 0, 0]);
            } else if self.has_ping {
                wire.extend([0x89, 0]);
            }
        }
    }

    /// What is given of it where all from here on came to one storage.
    fn given(&self, start: usize) -> Given {
        let begins_character = std::str::from_utf8(&self.payload[start..]).is_ok();
        let is_text = self.message_type == MessageType::Text && (self.is_compressed || begins_character);
        let message_type = if is_text { MessageType::Text } else { MessageType::Binary };
        (message_type, self.is_compressed, self.payload[start..].to_vec())
    }
}

/// What is done next.
#[derive(Clone, Debug)]
enum Step {
    /// Reads so many bytes at most into the read buffer.
    Read(usize),
    /// Reads so many at most, past the read buffer where the storage has room for them.
    ReadPast(usize, usize),
    /// The same, but says of another storage that they were read into it, as no program should: then they are lost.
    ReadAstray(usize, usize, usize),
    /// Has room lent by a storage, and reads nothing into it.
    Spare(usize),
    /// Takes the next thing, and drops what it holds.
    Event,
    Piece,
    /// Takes the next thing by `next_event`, and pushes it to a storage.
    Push(usize),
    /// The same, and to another storage too.
    PushTwice(usize, usize),
    /// Goes on to the next thing, and then takes it to a storage.
    Assemble(usize),
    /// Takes the next message by a storage.
    Message(usize),
    /// Takes out what a buffer holds.
    Take(usize),
    TakeBytes(usize),
    Clear(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let storage = || 0..STORAGE_COUNT;
    let buffer = || SLICE_COUNT..STORAGE_COUNT;
    prop_oneof![
        3 => (1usize..200).prop_map(Step::Read),
        3 => (1usize..300, storage()).prop_map(|(len, storage)| Step::ReadPast(len, storage)),
        1 => (1usize..300, storage(), storage()).prop_map(|(len, from, to)| Step::ReadAstray(len, from, to)),
        1 => storage().prop_map(Step::Spare),
        1 => Just(Step::Event),
        1 => Just(Step::Piece),
        3 => storage().prop_map(Step::Push),
        2 => (storage(), storage()).prop_map(|(one, other)| Step::PushTwice(one, other)),
        2 => storage().prop_map(Step::Assemble),
        4 => storage().prop_map(Step::Message),
        1 => buffer().prop_map(Step::Take),
        1 => buffer().prop_map(Step::TakeBytes),
        1 => buffer().prop_map(Step::Clear),
    ]
}

fn sent() -> impl Strategy<Value = Sent> {
    let payload = prop_oneof![
        3 => "[a-zA-Z0-9é€𝄞ñü]{0,60}".prop_map(|text| (MessageType::Text, text.into_bytes())),
        3 => prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| (MessageType::Binary, bytes)),
        2 => prop::collection::vec(any::<u8>(), 100..400).prop_map(|bytes| (MessageType::Binary, bytes)),
    ];
    let frame_lens = prop::collection::vec(0usize..150, 0..4);
    (payload, prop::bool::weighted(0.2), frame_lens, any::<bool>()).prop_map(
        |((message_type, payload), is_compressed, frame_lens, has_ping)| Sent {
            message_type,
            is_compressed,
            payload,
            frame_lens,
            has_ping,
        },
    )
}

const SLICE_COUNT: usize = 2;
const STORAGE_COUNT: usize = 4;

/// What a storage is to hold: the bytes of a message from `start` to `end`.
#[derive(Clone, Copy, Debug)]
struct Held {
    message: usize,
    start: usize,
    end: usize,
    is_complete: bool,
}

/// What comes next of a message.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// All of it, in the read buffer.
    Whole,
    /// Its length, and whether it is the last.
    Fragment(usize, bool),
}

/// A receiver, its storages, and what they are to hold.
struct Run<'w> {
    messages: &'w [Sent],
    wire: &'w [u8],
    receiver: ReceiveHalf,
    buffer: ReadBuffer<Vec<u8>>,
    slices: [MessageSlice<Vec<u8>>; SLICE_COUNT],
    buffers: [MessageBuffer; STORAGE_COUNT - SLICE_COUNT],
    held: [Option<Held>; STORAGE_COUNT],
    /// How many messages have ended, and how much of the next one was taken.
    ended: usize,
    taken: usize,
}

/// Does the same with a slice or a buffer.
macro_rules! with_storage {
    ($run:ident, $index:ident, $storage:ident => $done:expr) => {
        if $index < SLICE_COUNT {
            let $storage = &mut $run.slices[$index];
            $done
        } else {
            let $storage = &mut $run.buffers[$index - SLICE_COUNT];
            $done
        }
    };
}

impl<'w> Run<'w> {
    fn new(role: Role, messages: &'w [Sent], wire: &'w [u8], capacity: usize) -> Self {
        let slice = || MessageSlice::new(vec![0xEE; 1000]);
        Self {
            messages,
            wire,
            receiver: ReceiveHalf::new(role, Config::new()).with_deflate(),
            buffer: ReadBuffer::new(vec![0xEE; capacity]),
            slices: [slice(), slice()],
            buffers: [MessageBuffer::new(), MessageBuffer::new().with_kept_len_max(10)],
            held: [None; STORAGE_COUNT],
            ended: 0,
            taken: 0,
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Read(len) => {
                let len = copy(&mut self.wire, self.buffer.spare(), len);
                self.buffer.filled(len);
            }
            Step::ReadPast(len, storage) => self.read_past(len, storage, storage),
            Step::ReadAstray(len, from, to) => self.read_past(len, from, to),
            Step::Spare(storage) => self.spare(storage),
            Step::Event => {
                if let Some(Event::Data(fragment)) = self.receiver.next_event(&mut self.buffer.input()) {
                    let (len, is_last) = (fragment.payload.as_bytes().len(), fragment.is_last);
                    self.moved(len, is_last);
                }
            }
            Step::Piece => {
                if let Some(Event::Data(piece)) = self.receiver.next_piece(&mut self.buffer.input()) {
                    let (len, is_last) = (piece.payload.len(), piece.is_last);
                    self.moved(len, is_last);
                }
            }
            Step::Push(storage) => self.push(&[storage]),
            Step::PushTwice(one, other) if one == other => self.push(&[one]),
            Step::PushTwice(one, other) => self.push(&[one, other]),
            Step::Assemble(storage) => self.assemble(storage),
            Step::Message(storage) => self.message(storage),
            Step::Take(storage) => {
                let taken = self.buffers[storage - SLICE_COUNT].take();
                let is_compressed = self.complete(storage).is_some_and(|(_, is_compressed, _)| is_compressed);
                if !is_compressed {
                    assert_eq!(taken.map(given_owned), self.complete(storage), "taken");
                    self.taken_out(storage);
                }
            }
            Step::TakeBytes(storage) => {
                let bytes = self.buffers[storage - SLICE_COUNT].take_bytes();
                assert_eq!(bytes, self.complete(storage).map(|(_, _, bytes)| bytes), "bytes taken");
                self.taken_out(storage);
            }
            Step::Clear(storage) => {
                self.buffers[storage - SLICE_COUNT].clear();
                self.held[storage] = None;
            }
        }
        for storage in 0..STORAGE_COUNT {
            let message = if storage < SLICE_COUNT {
                self.slices[storage].message()
            } else {
                self.buffers[storage - SLICE_COUNT].message()
            };
            assert_eq!(message.map(given), self.complete(storage), "in storage {storage} after {step:?}");
        }
    }

    fn read_past(&mut self, len: usize, from: usize, to: usize) {
        let before = self.buffer.unread().len();
        let (receiver, buffer) = (&mut self.receiver, &mut self.buffer);
        let len = with_storage!(self, from, message => {
            copy(&mut self.wire, receiver.spare(buffer, message), len)
        });
        with_storage!(self, to, message => receiver.filled(len, buffer, message));
        if self.buffer.unread().len() == before && len > 0 {
            if from == to {
                self.appended(to, len, false);
            }
            self.taken += len;
        }
    }

    /// What is lent is the place of the next bytes, so no other storage goes on with the message.
    fn spare(&mut self, storage: usize) {
        let own = self.buffer.spare().as_ptr_range();
        let (receiver, buffer) = (&mut self.receiver, &mut self.buffer);
        let lent = with_storage!(self, storage, message => receiver.spare(buffer, message).as_ptr_range());
        if lent == own {
            return;
        }
        for (index, held) in self.held.iter_mut().enumerate() {
            if index != storage && held.is_some_and(|held| !held.is_complete) {
                *held = None;
            }
        }
    }

    fn push(&mut self, storages: &[usize]) {
        let mut input = self.buffer.input();
        let Some(Event::Data(fragment)) = self.receiver.next_event(&mut input) else { return };
        let (len, is_last) = (fragment.payload.as_bytes().len(), fragment.is_last);
        let receiver = &mut self.receiver;
        for &storage in storages {
            let assembly = with_storage!(self, storage, message => message.push(fragment, receiver));
            assert_eq!(assembly, Ok(if is_last { Assembly::Complete } else { Assembly::Incomplete }));
        }
        for &storage in storages {
            self.appended(storage, len, is_last);
        }
        self.moved(len, is_last);
    }

    fn assemble(&mut self, storage: usize) {
        if !self.receiver.advance(&mut self.buffer.input()).is_payload() {
            return;
        }
        let part = self.parts_of_a_message().first().copied();
        let whole_len = self.messages[self.ended].payload.len();
        let (receiver, mut input) = (&mut self.receiver, self.buffer.input());
        let assembled = with_storage!(self, storage, message => receiver.assemble(&mut input, message));
        let (len, is_last) = match (assembled, part) {
            // A part of a code point, which `next_event` would have gone on from.
            (None, _) => return,
            (Some(_), Some(Part::Whole)) => (whole_len, true),
            (Some(_), Some(Part::Fragment(len, is_last))) => (len, is_last),
            (Some(other), None) => panic!("{other:?}"),
        };
        let assembly = if is_last { Assembly::Complete } else { Assembly::Incomplete };
        assert_eq!(assembled, Some(Event::Data(assembly)));
        self.appended(storage, len, is_last);
        self.moved(len, is_last);
    }

    fn message(&mut self, storage: usize) {
        let parts = self.parts_of_a_message();
        let (receiver, mut input) = (&mut self.receiver, self.buffer.input());
        let event = with_storage!(self, storage, message => {
            receiver.next_message(&mut input, message).map(|event| match event {
                Event::Data(payload) => Some(given(payload)),
                Event::Ping => None,
                other => panic!("{other:?}"),
            })
        });
        for part in parts {
            match part {
                // Lent from the read buffer: nothing is left in the storage.
                Part::Whole => {
                    self.held[storage] = None;
                    assert_eq!(event, Some(Some(self.messages[self.ended].given(0))));
                    self.moved(0, true);
                    return;
                }
                Part::Fragment(len, is_last) => {
                    self.appended(storage, len, is_last);
                    self.moved(len, is_last);
                    if is_last {
                        assert_eq!(event, Some(self.complete(storage)));
                        return;
                    }
                }
            }
        }
        assert!(!matches!(event, Some(Some(_))), "no message has ended");
    }

    /// What `next_event` would give until a message ends or something else comes, where each is asked for by itself.
    fn parts_of_a_message(&self) -> Vec<Part> {
        let (mut receiver, mut buffer) = (self.receiver.clone(), self.buffer.clone());
        let (mut input, mut parts) = (buffer.input(), Vec::new());
        loop {
            let fragment = match receiver.next_event(&mut input) {
                Some(Event::Data(fragment)) => fragment,
                None | Some(Event::Ping) => return parts,
                other => panic!("{other:?}"),
            };
            let is_whole = fragment.as_message().is_some_and(|message| !message.is_compressed());
            let part = Part::Fragment(fragment.payload.as_bytes().len(), fragment.is_last);
            parts.push(if is_whole { Part::Whole } else { part });
            if fragment.is_last {
                return parts;
            }
        }
    }

    /// So much of the message in progress came to a storage.
    fn appended(&mut self, storage: usize, len: usize, is_complete: bool) {
        let (message, at) = (self.ended, self.taken);
        let start = match self.held[storage] {
            Some(held) if held.message == message && held.end == at && at > 0 && !held.is_complete => {
                held.start
            }
            _ => at,
        };
        self.held[storage] = Some(Held { message, start, end: at + len, is_complete });
    }

    /// So much of the message in progress was taken.
    fn moved(&mut self, len: usize, is_last: bool) {
        self.taken += len;
        if is_last {
            (self.ended, self.taken) = (self.ended + 1, 0);
        }
    }

    fn taken_out(&mut self, storage: usize) {
        if self.held[storage].is_some_and(|held| held.is_complete) {
            self.held[storage] = None;
        }
    }

    /// The message that a storage is to give.
    fn complete(&self, storage: usize) -> Option<Given> {
        let held = self.held[storage].filter(|held| held.is_complete)?;
        Some(self.messages[held.message].given(held.start))
    }
}

fn copy(wire: &mut &[u8], spare: &mut [u8], len: usize) -> usize {
    let (now, later) = wire.split_at(len.min(spare.len()).min(wire.len()));
    spare[..now.len()].copy_from_slice(now);
    *wire = later;
    now.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_storage_gives_is_the_end_of_one_message_without_a_gap(
        messages in prop::collection::vec(sent(), 1..8),
        steps in prop::collection::vec(step(), 1..150),
        capacity in 14usize..100,
        is_masked in any::<bool>(),
    ) {
        let mut wire = Vec::new();
        let role = if is_masked { Role::Server } else { Role::Client };
        for message in &messages {
            message.write(role, &mut wire);
        }
        let mut run = Run::new(role, &messages, &wire, capacity);
        // Once all is read and taken there is nothing to be done.
        for step in &steps {
            if run.ended < messages.len() {
                run.step(step);
            }
        }
    }
}
