//! How a session ends: every state of the closing handshake, with everything that can happen in it.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    clippy::match_same_arms,
    reason = "tests may panic, and a table names each of its cells"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use support::reference::{DEFAULT_LIMITS, Outcome, Role as WireRole, decode};
use support::session::{
    Keys, at, client, deliver, feed, feed_some, frame_to, open, server, take_all, written,
};
use ws_core::connection::{ClosureCause, Role, Transport};
use ws_core::error::{Fault, SendError, Violation};
use ws_core::event::Event;
use ws_core::frame::{CloseCode, ControlPayload, Fin};
use ws_core::session::{Batch, Config, Session};

const FAULT: Fault = Fault::Violation(Violation::ReservedOpcode);

/// How far the closing handshake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Our Close waits to be encoded, lies in the queue, has left in part, has left.
    AwaitingEncoding,
    AwaitingQueued,
    AwaitingHalf,
    AwaitingLeft,
    /// The peer's Close has come, ours waits.
    Replying,
    /// The peer was at fault, our Close waits.
    Failing,
    /// Both have gone.
    Done,
    /// A fault was reported.
    Failed,
}

const STATES: [State; 9] = [
    State::Open,
    State::AwaitingEncoding,
    State::AwaitingQueued,
    State::AwaitingHalf,
    State::AwaitingLeft,
    State::Replying,
    State::Failing,
    State::Done,
    State::Failed,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Eof,
    WriteError,
    PeerClose,
    Fault,
    LocalClose,
    Nothing,
}

fn close_to(role: Role, code: u16) -> Vec<u8> {
    frame_to(role, 0x88, &code.to_be_bytes())
}

/// A session in this state, and what it has sent.
fn in_state(role: Role, state: State) -> (Session<Keys>, Vec<u8>) {
    let mut session = open(role, Config::new());
    let mut sent = Vec::new();
    if !matches!(state, State::AwaitingLeft | State::Done | State::Failed) {
        // What waits before the Close.
        session.outbound.send("data").unwrap();
    }
    match state {
        State::Open => {}
        State::AwaitingEncoding => session.outbound.close(CloseCode::GOING_AWAY.into()),
        State::AwaitingQueued => {
            session.outbound.close(CloseCode::GOING_AWAY.into());
            assert!(session.outbound.transmit().len() > 8);
        }
        State::AwaitingHalf => {
            session.outbound.close(CloseCode::GOING_AWAY.into());
            let len = session.outbound.transmit().len() - 1;
            sent.extend(&session.outbound.transmit()[..len]);
            session.outbound.transmitted(len, at(1));
        }
        State::AwaitingLeft => {
            session.outbound.close(CloseCode::GOING_AWAY.into());
            sent = written(&mut session.outbound, at(1));
        }
        State::Replying | State::Done => {
            assert_eq!(deliver(&mut session, &close_to(role, 3000), at(1)), [Event::Close]);
        }
        State::Failing | State::Failed => {
            let events = deliver(&mut session, &frame_to(role, 0x83, b""), at(1));
            assert_eq!(events, [Event::Failed(FAULT)]);
        }
    }
    if matches!(state, State::Done | State::Failed) {
        sent = written(&mut session.outbound, at(1));
    }
    (session, sent)
}

fn happen(session: &mut Session<Keys>, role: Role, cause: Cause) {
    let discarded = session.outbound.is_closing();
    match cause {
        Cause::Eof => {
            session.inbound.eof();
            assert_eq!(take_all(session), []);
        }
        Cause::WriteError => session.outbound.transport_failed(),
        Cause::PeerClose => {
            let events = deliver(session, &close_to(role, 3001), at(2));
            assert!(events == [Event::Close] || discarded && events.is_empty());
        }
        Cause::Fault => {
            let events = deliver(session, &frame_to(role, 0x83, b""), at(2));
            assert!(events == [Event::Failed(FAULT)] || discarded && events.is_empty());
        }
        Cause::LocalClose => session.outbound.close(CloseCode::new(4000).unwrap().into()),
        Cause::Nothing => {}
    }
}

/// The codes of the Closes among what was sent.
fn close_codes(role: Role, wire: &[u8]) -> Vec<u16> {
    let receiver = if role == Role::Server { WireRole::Client } else { WireRole::Server };
    decode(receiver, &DEFAULT_LIMITS, wire)
        .into_iter()
        .filter_map(|outcome| match outcome {
            Outcome::Close(payload) => Some(u16::from_be_bytes([payload[0], payload[1]])),
            Outcome::Fault(fault) => panic!("{fault}"),
            _ => None,
        })
        .collect()
}

/// What it comes to: which Close goes out, whether the transport is over after that, what began it, whether it is clean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    close: Option<u16>,
    /// The transport is still open then, lingers, or is over.
    transport: Phase,
    cause: Option<ClosureCause>,
    is_clean: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    Lingers,
    Closed,
}

fn expected(state: State, cause: Cause) -> End {
    let open = |close| End { close, transport: Phase::Open, cause: None, is_clean: false };
    let lingers =
        |close, cause, is_clean| End { close, transport: Phase::Lingers, cause: Some(cause), is_clean };
    let closed =
        |close, cause, is_clean| End { close, transport: Phase::Closed, cause: Some(cause), is_clean };
    let (peer, local, failed) = (ClosureCause::Peer, ClosureCause::Local, ClosureCause::Fault(FAULT));
    let ours = Some(1001);
    match (state, cause) {
        (State::Open, Cause::Nothing) => open(None),
        (State::Open, Cause::Eof | Cause::WriteError) => closed(None, ClosureCause::Transport, false),
        (State::Open, Cause::PeerClose) => lingers(Some(3001), peer, true),
        (State::Open, Cause::Fault) => lingers(Some(1002), failed, false),
        (State::Open, Cause::LocalClose) => open(Some(4000)),

        (State::AwaitingLeft, Cause::Nothing | Cause::LocalClose) => open(ours),
        (State::AwaitingLeft, Cause::Eof | Cause::WriteError) => closed(ours, local, false),
        (State::AwaitingLeft, Cause::PeerClose) => lingers(ours, local, true),
        (State::AwaitingLeft, Cause::Fault) => lingers(ours, failed, false),

        (State::AwaitingEncoding | State::AwaitingQueued | State::AwaitingHalf, cause) => match cause {
            Cause::Nothing | Cause::LocalClose => open(ours),
            Cause::Eof | Cause::WriteError => closed(None, local, false),
            Cause::PeerClose => lingers(ours, local, true),
            // The code of a Close that is not encoded yet can still say what the peer did wrong.
            Cause::Fault if state == State::AwaitingEncoding => lingers(Some(1002), failed, false),
            Cause::Fault => lingers(ours, failed, false),
        },

        (State::Replying, Cause::WriteError) => closed(None, peer, false),
        (State::Replying, Cause::Eof) => closed(Some(3000), peer, true),
        (State::Replying, _) => lingers(Some(3000), peer, true),

        (State::Failing, Cause::WriteError) => closed(None, failed, false),
        (State::Failing, Cause::Eof) => closed(Some(1002), failed, false),
        (State::Failing, _) => lingers(Some(1002), failed, false),

        (State::Done, Cause::Eof | Cause::WriteError) => closed(Some(3000), peer, true),
        (State::Done, _) => lingers(Some(3000), peer, true),
        (State::Failed, Cause::Eof | Cause::WriteError) => closed(Some(1002), failed, false),
        (State::Failed, _) => lingers(Some(1002), failed, false),
    }
}

#[test]
fn s7_1_every_cell_of_the_closing_table() {
    for role in [Role::Server, Role::Client] {
        for state in STATES {
            for cause in [
                Cause::Nothing,
                Cause::Eof,
                Cause::WriteError,
                Cause::PeerClose,
                Cause::Fault,
                Cause::LocalClose,
            ] {
                let (mut session, mut sent) = in_state(role, state);
                happen(&mut session, role, cause);
                sent.extend(written(&mut session.outbound, at(3)));
                let closure = session.outbound.closure();
                let codes = close_codes(role, &sent);
                assert!(codes.len() <= 1, "{role:?} {state:?} {cause:?}: {codes:?}");
                let transport = match session.outbound.transport() {
                    Transport::Open => Phase::Open,
                    Transport::Linger { .. } => Phase::Lingers,
                    Transport::Closed => Phase::Closed,
                };
                let end = End {
                    close: codes.first().copied(),
                    transport,
                    cause: closure.map(|closure| closure.cause),
                    is_clean: closure.is_some_and(|closure| closure.is_clean),
                };
                assert_eq!(end, expected(state, cause), "{role:?} {state:?} {cause:?}");
                if end.close.is_some() || transport == Phase::Closed {
                    assert_eq!(session.outbound.send("late"), Err(SendError::Closed));
                }
                // Whatever comes then, no second Close.
                for cause in
                    [Cause::LocalClose, Cause::PeerClose, Cause::Fault, Cause::Eof, Cause::WriteError]
                {
                    happen(&mut session, role, cause);
                    sent.extend(written(&mut session.outbound, at(4)));
                }
                assert!(close_codes(role, &sent).len() <= 1);
                assert_eq!(session.outbound.transport(), Transport::Closed);
            }
        }
    }
}

#[test]
fn the_end_is_judged_by_what_has_left_of_a_batch_too() {
    let mut session = server();
    let mut batch = Batch::new();
    session.outbound.send("data").unwrap();
    assert_eq!(deliver(&mut session, &close_to(Role::Server, 1000), at(1)), [Event::Close]);
    session.outbound.take_batch(&mut batch);
    assert_eq!(batch.as_slice(), b"\x81\x04data\x88\x02\x03\xe8");
    assert_eq!((session.outbound.transport(), session.outbound.closure()), (Transport::Open, None));
    session.outbound.transmitted(9, at(2));
    assert_eq!((session.outbound.transport(), session.outbound.closure()), (Transport::Open, None));
    session.outbound.transmitted(1, at(3));
    assert_eq!(session.outbound.transport(), Transport::Linger { shutdown_write: true });
    assert!(session.outbound.closure().unwrap().is_clean);
}

#[test]
fn a_batch_that_can_not_be_written_any_more_does_no_harm() {
    let mut session = server();
    let mut batch = Batch::new();
    session.outbound.send(&vec![7; 20_000]).unwrap();
    session.outbound.take_batch(&mut batch);
    session.outbound.transport_failed();
    assert_eq!(session.outbound.send("late"), Err(SendError::Closed), "it is not full: it is over");
    session.outbound.transmitted(100, at(1));
    session.outbound.take_batch(&mut batch);
    assert_eq!((batch.len(), session.outbound.wants_transmit()), (20_004, false));
    assert_eq!(session.outbound.poll(at(99)), None);
}

#[test]
fn s5_5_1_closes_that_cross_end_cleanly_for_both() {
    let (mut server, mut client) = (server(), client());
    server.outbound.close(CloseCode::NORMAL.into());
    client.outbound.close(CloseCode::GOING_AWAY.into());
    let from_server = written(&mut server.outbound, at(1));
    let from_client = written(&mut client.outbound, at(1));
    assert_eq!(deliver(&mut server, &from_client, at(2)), [Event::Close]);
    assert_eq!(deliver(&mut client, &from_server, at(2)), [Event::Close]);
    for (session, shutdown_write, code) in [(&mut server, true, 1001), (&mut client, false, 1000)] {
        assert!(written(&mut session.outbound, at(3)).is_empty());
        let closure = session.outbound.closure().unwrap();
        assert_eq!(
            (closure.cause, closure.status.get(), closure.is_clean),
            (ClosureCause::Local, code, true)
        );
        // RFC 6455 §7.1.1: the server closes the TCP connection first.
        assert_eq!(session.outbound.transport(), Transport::Linger { shutdown_write });
    }
    server.outbound.write_shut_down();
    assert_eq!(server.outbound.transport(), Transport::Linger { shutdown_write: false });
    client.inbound.eof();
    assert_eq!(take_all(&mut client), []);
    assert_eq!(client.outbound.transport(), Transport::Closed);
}

#[test]
fn what_comes_before_our_close_is_answered_is_delivered() {
    let mut session = server();
    session.outbound.close(CloseCode::NORMAL.into());
    let _close = written(&mut session.outbound, at(1));
    let wire = [
        frame_to(Role::Server, 0x81, b"on its way"),
        frame_to(Role::Server, 0x89, b"ping"),
        close_to(Role::Server, 1000),
        frame_to(Role::Server, 0x81, b"after the end"),
    ]
    .concat();
    let events = deliver(&mut session, &wire, at(2));
    assert_eq!(events, [Event::Data("on its way".into()), Event::Ping, Event::Close]);
    assert!(written(&mut session.outbound, at(2)).is_empty(), "nothing follows our Close");
    assert!(session.outbound.closure().unwrap().is_clean);
}

#[test]
fn the_end_of_the_stream_takes_effect_after_what_came_before_it() {
    let wire = [
        frame_to(Role::Server, 0x81, b"one"),
        frame_to(Role::Server, 0x01, b"two"),
        frame_to(Role::Server, 0x80, b"!"),
        frame_to(Role::Server, 0x81, b"not all of it")[..9].to_vec(),
    ]
    .concat();
    let mut session = server();
    feed(&mut session, &wire, at(1));
    session.inbound.eof();
    let Session { inbound, outbound, .. } = &mut session;
    assert_eq!(inbound.next_owned(outbound), Some(Event::Data("one".into())));
    assert_eq!(inbound.advance(outbound), Some(Event::Data(())));
    assert_eq!(outbound.transport(), Transport::Open);
    assert_eq!(inbound.next_owned(outbound), Some(Event::Data("two!".into())));
    assert_eq!(outbound.transport(), Transport::Open);
    assert_eq!(inbound.next_owned(outbound), None);
    assert_eq!(outbound.transport(), Transport::Closed);
    assert!(!outbound.closure().unwrap().is_clean);
}

#[test]
fn what_follows_the_end_is_discarded_up_to_a_bound() {
    for len_max in [0, 1, 5000, 100_000] {
        let mut session = open(Role::Server, Config::new().with_linger_len_max(len_max));
        assert_eq!(deliver(&mut session, &close_to(Role::Server, 1000), at(1)), [Event::Close]);
        let _close = written(&mut session.outbound, at(1));
        let mut rest = usize::try_from(len_max).unwrap();
        while rest > 0 {
            let len = rest.min(1000);
            rest -= feed_some(&mut session, &vec![0x81; len], at(2));
            assert_eq!(take_all(&mut session), []);
            assert_eq!(session.outbound.transport(), Transport::Linger { shutdown_write: true }, "{len_max}");
        }
        assert_eq!(feed_some(&mut session, &[0], at(3)), 1);
        assert_eq!(take_all(&mut session), []);
        assert_eq!(session.outbound.transport(), Transport::Closed, "{len_max}");
        assert!(session.outbound.closure().unwrap().is_clean, "as it was");
    }
}

#[test]
fn what_follows_the_peers_close_does_not_keep_ours_from_being_written() {
    let mut session = open(Role::Server, Config::new().with_linger_len_max(10));
    let wire = [close_to(Role::Server, 1000), vec![0; 100]].concat();
    assert_eq!(deliver(&mut session, &wire, at(1)), [Event::Close]);
    assert_eq!(session.outbound.transport(), Transport::Open);
    assert_eq!(written(&mut session.outbound, at(1)), b"\x88\x02\x03\xe8");
    assert_eq!(session.outbound.transport(), Transport::Closed);
    assert!(session.outbound.closure().unwrap().is_clean);
}

#[test]
fn s5_5_2_a_close_that_came_drops_the_pong_that_waits() {
    let mut session = server();
    let wire = [frame_to(Role::Server, 0x89, b"ping"), close_to(Role::Server, 1000)].concat();
    assert_eq!(deliver(&mut session, &wire, at(1)), [Event::Ping, Event::Close]);
    assert_eq!(written(&mut session.outbound, at(1)), b"\x88\x02\x03\xe8");
    // Ours does not: the ping came before a Close did.
    let mut session = server();
    assert_eq!(deliver(&mut session, &frame_to(Role::Server, 0x89, b"ping"), at(1)), [Event::Ping]);
    session.outbound.close(CloseCode::NORMAL.into());
    assert_eq!(written(&mut session.outbound, at(1)), b"\x8a\x04ping\x88\x02\x03\xe8");
}

#[test]
fn s5_5_3_a_flood_of_pings_costs_one_generation_of_controls() {
    let mut session = server();
    session.outbound.send("data").unwrap();
    let long = [b'p'; 125];
    for count in 0..1000_u32 {
        let payload = [&long[..121], &count.to_be_bytes()].concat();
        assert_eq!(deliver(&mut session, &frame_to(Role::Server, 0x89, &payload), at(1)), [Event::Ping]);
        // The stream takes nothing.
        let _first = session.outbound.transmit().len();
        session.outbound.transmitted(0, at(1));
        assert_eq!(session.outbound.queued_len(), 6 + 127);
    }
    session.outbound.ping(ControlPayload::new(&long).unwrap());
    session.outbound.close(CloseCode::NORMAL.into());
    assert_eq!(session.outbound.transmit().len(), 6 + 127, "they wait for the pong to leave");
    let wire = written(&mut session.outbound, at(2));
    let outcomes = decode(WireRole::Client, &DEFAULT_LIMITS, &wire);
    let pong = |count: u32| Outcome::Pong([&long[..121], &count.to_be_bytes()].concat());
    let expected = [Outcome::Text("data".to_owned()), pong(0), pong(999), Outcome::Close(vec![3, 232])];
    assert_eq!(outcomes, expected, "the latest ping is answered, and the Close takes the place of ours");
    assert_eq!(session.outbound.traffic().pong_count, 2);
}

#[test]
fn a_fault_within_a_message_in_parts_leaves_the_close_that_says_so() {
    let mut session = server();
    session.outbound.part("begun", Fin::More).unwrap();
    assert_eq!(deliver(&mut session, &frame_to(Role::Server, 0x83, b""), at(1)), [Event::Failed(FAULT)]);
    assert_eq!(session.outbound.part("more", Fin::Final), Err(SendError::Closed));
    assert_eq!(written(&mut session.outbound, at(1)), b"\x01\x05begun\x88\x02\x03\xea");
    assert_eq!(session.outbound.transport(), Transport::Linger { shutdown_write: true });
}

#[test]
fn a_client_fails_closed_and_shuts_down_its_side() {
    let mut session = client();
    assert_eq!(deliver(&mut session, &[0x83, 0], at(1)), [Event::Failed(FAULT)]);
    assert_eq!(close_codes(Role::Client, &written(&mut session.outbound, at(1))), [1002]);
    // RFC 6455 §7.1.7: the side that fails the connection begins to close it.
    assert_eq!(session.outbound.transport(), Transport::Linger { shutdown_write: true });
}
