//! The two sides of a session apart, one of them behind a lock: by threads, and by every interleaving that chance finds.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use support::reference::{DEFAULT_LIMITS, Outcome, Role as WireRole, decode};
use support::session::{Keys, Random, at, client, deliver, frame_to, held, server, written};
use ws_core::connection::{Role, Transport};
use ws_core::error::SendError;
use ws_core::event::Event;
use ws_core::frame::CloseCode;
use ws_core::message::Message;
use ws_core::session::{Batch, Inbound, Note, Outbound, Relay as _, Session};

type Shared = Arc<Mutex<Outbound<Keys>>>;

/// Writes what waits, if nobody else does: takes a batch, unlocks, writes, locks again to say so.
struct Turn {
    is_taken: Mutex<bool>,
}

impl Turn {
    fn write(&self, outbound: &Shared, stream: &Sender<Vec<u8>>) {
        let mut batch = Batch::new();
        loop {
            if core::mem::replace(&mut *self.is_taken.lock().unwrap(), true) {
                return; // whoever has the turn looks again before it gives it back
            }
            loop {
                outbound.lock().unwrap().take_batch(&mut batch);
                if batch.is_empty() {
                    break;
                }
                let len = batch.len();
                while !batch.is_empty() {
                    let slice = batch.as_slice();
                    let some = slice.len().min(700);
                    let _peer_is_gone = stream.send(slice[..some].to_vec());
                    batch.advance(some);
                }
                outbound.lock().unwrap().transmitted(len, at(1));
            }
            *self.is_taken.lock().unwrap() = false;
            if !outbound.lock().unwrap().wants_transmit() {
                return;
            }
        }
    }
}

fn read_all(
    mut inbound: Inbound,
    outbound: &Shared,
    turn: &Turn,
    from: &Receiver<Vec<u8>>,
    to: &Sender<Vec<u8>>,
) -> Vec<Vec<u8>> {
    let mut heard = Vec::new();
    let mut relay = |note: Note| outbound.lock().unwrap().relay(note);
    while let Ok(bytes) = from.recv() {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let spare = inbound.spare();
            let len = spare.len().min(rest.len());
            spare[..len].copy_from_slice(&rest[..len]);
            inbound.filled(len, at(1));
            rest = &rest[len..];
            while let Some(event) = inbound.next(&mut relay) {
                match event {
                    Event::Data(message) => heard.push(message.as_bytes().to_vec()),
                    event => assert!(!matches!(event, Event::Failed(_)), "{event:?}"),
                }
            }
        }
        turn.write(outbound, to);
        if outbound.lock().unwrap().transport() != Transport::Open {
            break;
        }
    }
    heard
}

fn send_all(outbound: &Shared, turn: &Turn, to: &Sender<Vec<u8>>, thread: u8) {
    for number in 0..300_u32 {
        let payload = [
            &[thread][..],
            &number.to_be_bytes(),
            &vec![thread; usize::try_from(number * 37 % 5000).unwrap()],
        ]
        .concat();
        loop {
            let result = outbound.lock().unwrap().send(&payload);
            turn.write(outbound, to);
            match result {
                Ok(()) => break,
                Err(SendError::Full) => thread::yield_now(),
                Err(other) => panic!("{other}"),
            }
        }
        if number % 16 == 0 {
            outbound.lock().unwrap().ping(ws_core::frame::ControlPayload::EMPTY);
        }
    }
}

#[test]
fn threads_that_share_the_sending_side_lose_nothing() {
    let (to_client, from_server) = channel();
    let (to_server, from_client) = channel();
    let mut threads = Vec::new();
    let mut senders = Vec::new();
    for (session, from, to, names) in
        [(server(), from_client, to_client, [1, 2]), (client(), from_server, to_server, [3, 4])]
    {
        let Session { inbound, outbound, .. } = session;
        let outbound: Shared = Arc::new(Mutex::new(outbound));
        let turn = Arc::new(Turn { is_taken: Mutex::new(false) });
        for name in names {
            let (outbound, turn, to) = (Arc::clone(&outbound), Arc::clone(&turn), to.clone());
            senders.push(thread::spawn(move || send_all(&outbound, &turn, &to, name)));
        }
        let reader = (Arc::clone(&outbound), Arc::clone(&turn), to.clone());
        threads.push((
            thread::spawn(move || read_all(inbound, &reader.0, &reader.1, &from, &reader.2)),
            (outbound, turn, to),
        ));
    }
    for sender in senders {
        sender.join().unwrap();
    }
    let (outbound, turn, to) = &threads[0].1;
    outbound.lock().unwrap().close(CloseCode::NORMAL.into());
    turn.write(outbound, to);
    for (reader, (outbound, ..)) in threads {
        let heard = reader.join().unwrap();
        assert_eq!(heard.len(), 600);
        for name in 1..=4_u8 {
            let numbers: Vec<u32> = heard
                .iter()
                .filter(|message| message[0] == name)
                .map(|message| u32::from_be_bytes(*message[1..].first_chunk().unwrap()))
                .collect();
            assert!(numbers.is_empty() || numbers.iter().copied().eq(0..300), "{name}: once and in order");
        }
        assert!(outbound.lock().unwrap().closure().unwrap().is_clean);
    }
}

/// A session whose writer works outside the lock: between taking a batch and reporting it anything may happen.
struct Apart {
    inbound: Inbound,
    outbound: Outbound<Keys>,
    /// What the writer has taken.
    batch: Batch,
    wire: Vec<u8>,
    said: Vec<Vec<u8>>,
    ping_count: u32,
}

impl Apart {
    fn say(&mut self, payload: Vec<u8>) {
        match self.outbound.send(&payload) {
            Ok(()) => self.said.push(payload),
            Err(error) => assert_eq!(error, SendError::Full),
        }
    }

    fn hear_ping(&mut self) {
        let ping = frame_to(Role::Server, 0x89, &self.ping_count.to_be_bytes());
        self.ping_count += 1;
        self.inbound.spare()[..ping.len()].copy_from_slice(&ping);
        self.inbound.filled(ping.len(), at(1));
        while self.inbound.next(&mut |note| self.outbound.relay(note)).is_some() {}
    }

    /// Writes some of the batch in several writes, or takes what waits.
    fn write(&mut self, random: &mut Random) {
        if self.batch.is_empty() || random.below(4) == 0 {
            self.outbound.take_batch(&mut self.batch);
            return;
        }
        let mut written = 0;
        for _ in 0..random.below(4) {
            let len = random.below(self.batch.as_slice().len() + 1);
            self.wire.extend(&self.batch.as_slice()[..len]);
            self.batch.advance(len);
            written += len;
        }
        self.outbound.transmitted(written, at(1));
    }

    fn write_all(&mut self) {
        self.wire.extend(held(&self.batch));
        self.outbound.transmitted(self.batch.len(), at(1));
        self.wire.extend(written(&mut self.outbound, at(1)));
    }
}

#[test]
fn whatever_happens_between_a_batch_and_its_report_the_wire_is_right() {
    for seed in 1..300 {
        let mut random = Random::new(seed);
        let Session { inbound, outbound, .. } = server();
        let mut apart = Apart {
            inbound,
            outbound,
            batch: Batch::new(),
            wire: Vec::new(),
            said: Vec::new(),
            ping_count: 0,
        };
        for step in 0..400_u32 {
            match random.below(6) {
                0 | 1 => apart.say([&step.to_be_bytes()[..], &vec![7; random.below(3000)]].concat()),
                2 => apart.hear_ping(),
                _ => apart.write(&mut random),
            }
        }
        apart.outbound.close(CloseCode::NORMAL.into());
        apart.write_all();
        let (mut heard, mut pongs, mut closes) = (Vec::new(), Vec::new(), Vec::new());
        for outcome in decode(WireRole::Client, &DEFAULT_LIMITS, &apart.wire) {
            assert!(closes.is_empty(), "nothing follows a Close");
            match outcome {
                Outcome::Binary(bytes) => heard.push(bytes),
                Outcome::Pong(payload) => pongs.push(u32::from_be_bytes(*payload.first_chunk().unwrap())),
                Outcome::Close(payload) => closes.push(payload),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(heard, apart.said, "{seed}");
        assert!(pongs.windows(2).all(|pair| pair[0] < pair[1]), "the answers are to ever later pings");
        assert_eq!(pongs.last().copied(), apart.ping_count.checked_sub(1));
        assert_eq!(closes, [[3, 232]]);
    }
}

#[test]
fn a_message_is_used_while_the_lock_is_free() {
    let mut session = server();
    let events = deliver(&mut session, b"", at(1));
    assert!(events.is_empty());
    let Session { mut inbound, outbound, .. } = session;
    let outbound = Mutex::new(outbound);
    let wire = frame_to(Role::Server, 0x81, b"Hello");
    inbound.spare()[..wire.len()].copy_from_slice(&wire);
    inbound.filled(wire.len(), at(1));
    let mut relay = |note: Note| outbound.lock().unwrap().relay(note);
    while let Some(event) = inbound.next(&mut relay) {
        if let Event::Data(message) = event {
            assert_eq!(message, Message::Text("Hello"));
            assert_eq!(outbound.try_lock().unwrap().send(message), Ok(()));
        }
    }
    assert_eq!(outbound.into_inner().unwrap().transmit(), b"\x81\x05Hello");
}
