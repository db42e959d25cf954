//! The closing handshake of a connection, cell by cell: every state, every signal, in both roles, within a frame too.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use ws_core::connection::{
    Closure, ClosureCause, Config, Connection, FrameStart, KeySource, Masking, Transport, Unmasked,
};
use ws_core::error::{Fail, Fault, Limit, SendError, Violation};
use ws_core::event::{Event, MessageType};
use ws_core::frame::{CloseCode, CloseFrame, Fin, MaskKey};
use ws_core::input::ReadBuffer;

/// Masks with zeros, so that payloads can be read.
#[derive(Clone, Debug)]
struct Zeros;

impl KeySource for Zeros {
    fn next_key(&mut self) -> Option<MaskKey> {
        Some(MaskKey::new([0; 4]))
    }
}

const FAULT: Fault = Fault::Limit(Limit::MessageLen);
const GOING_AWAY: [u8; 2] = [0x03, 0xE9];

/// What can happen to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    PeerClose,
    LocalClose,
    Fault,
    Eof,
    /// All that is queued is written.
    Transmit,
}
use Signal::{Eof, Fault as Failure, LocalClose, PeerClose, Transmit};

/// What is left of it in the end.
#[derive(Debug, PartialEq, Eq)]
struct Result {
    /// The codes of the Closes on the wire.
    closes: Vec<u16>,
    transport: Transport,
    /// Cause, status, whether it is clean.
    closure: Option<(ClosureCause, u16, bool)>,
}

fn run<K: Masking>(mut connection: Connection<K>, peer_masks: bool, signals: &[Signal]) -> Result {
    let mut closes = Vec::new();
    for signal in signals {
        match signal {
            PeerClose => {
                let wire: &[u8] = if peer_masks {
                    &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9]
                } else {
                    &[0x88, 0x02, 0x03, 0xE9]
                };
                feed(&mut connection, wire);
            }
            LocalClose => connection.close(CloseCode::NORMAL.into()),
            Failure => connection.fail(FAULT),
            Eof => connection.eof(),
            Transmit => {
                let mut out = [0; 300];
                let len = connection.poll_transmit(&mut out).unwrap();
                if len > 0 {
                    assert_eq!(out[0], 0x88, "nothing but a Close is queued");
                    closes.push(u16::from_be_bytes([out[len - 2], out[len - 1]]));
                }
            }
        }
    }
    let closure =
        connection.closure().map(|Closure { cause, status, is_clean, .. }| (cause, status.get(), is_clean));
    Result { closes, transport: connection.transport(), closure }
}

fn feed<K: Masking>(connection: &mut Connection<K>, wire: &[u8]) -> Vec<u8> {
    let mut buffer = ReadBuffer::with_filled(wire.to_vec(), wire.len()).unwrap();
    let mut input = buffer.input();
    let mut payload = Vec::new();
    while let Some(event) = connection.next_event(&mut input) {
        if let Event::Data(fragment) = event {
            payload.extend_from_slice(fragment.payload.as_bytes());
        }
    }
    payload
}

fn server() -> Connection<Unmasked> {
    Connection::server(Config::new())
}

fn client() -> Connection<Zeros> {
    Connection::client(Zeros, Config::new())
}

/// Both roles, which differ only in who closes the transport first.
fn check(signals: &[Signal], closes: &[u16], end: Option<(ClosureCause, u16, bool)>) {
    for is_server in [true, false] {
        let result = if is_server { run(server(), true, signals) } else { run(client(), false, signals) };
        let transport = match end {
            None => Transport::Open,
            Some(_) if signals.contains(&Eof) => Transport::Closed,
            Some((_, _, is_clean)) => Transport::Linger { shutdown_write: is_server || !is_clean },
        };
        let expected = Result { closes: closes.to_vec(), transport, closure: end };
        assert_eq!(result, expected, "{signals:?}, server: {is_server}");
    }
}

const PEER: ClosureCause = ClosureCause::Peer;
const LOCAL: ClosureCause = ClosureCause::Local;
const FAILED: ClosureCause = ClosureCause::Fault(FAULT);

#[test]
fn s7_1_from_open() {
    check(&[], &[], None);
    check(&[PeerClose], &[], None);
    check(&[LocalClose], &[], None);
    check(&[Failure], &[], None);
    check(&[Eof], &[], Some((ClosureCause::Transport, 1006, false)));
}

#[test]
fn s5_5_1_replying_echoes_the_code_and_is_clean_once_written() {
    check(&[PeerClose, Transmit], &[1001], Some((PEER, 1001, true)));
    check(&[PeerClose, PeerClose, Transmit], &[1001], Some((PEER, 1001, true)));
    check(&[PeerClose, LocalClose, Transmit], &[1001], Some((PEER, 1001, true)));
    check(&[PeerClose, Failure, Transmit], &[1001], Some((PEER, 1001, true)));
    check(&[PeerClose, Eof], &[], None);
    check(&[PeerClose, Eof, Transmit], &[1001], Some((PEER, 1001, true)));
}

#[test]
fn s7_1_2_awaiting_the_reply() {
    check(&[LocalClose, Transmit], &[1000], None);
    check(&[LocalClose, Transmit, LocalClose, Transmit], &[1000], None);
    check(&[LocalClose, Transmit, PeerClose, Transmit], &[1000], Some((LOCAL, 1001, true)));
    check(&[LocalClose, Transmit, Failure, Transmit], &[1000], Some((FAILED, 1006, false)));
    check(&[LocalClose, Transmit, Eof], &[1000], Some((LOCAL, 1006, false)));
}

#[test]
fn s7_1_2_closes_that_cross_each_other_are_a_clean_end() {
    check(&[LocalClose, PeerClose], &[], None);
    check(&[LocalClose, PeerClose, Transmit], &[1000], Some((LOCAL, 1001, true)));
    check(&[LocalClose, PeerClose, Eof], &[], None);
    check(&[LocalClose, PeerClose, Eof, Transmit], &[1000], Some((LOCAL, 1001, true)));
    check(&[LocalClose, Failure, Transmit], &[1009], Some((FAILED, 1006, false)));
}

#[test]
fn s7_1_7_failing_tells_the_peer_and_is_never_clean() {
    check(&[Failure, Transmit], &[1009], Some((FAILED, 1006, false)));
    check(&[Failure, PeerClose, Transmit], &[1009], Some((FAILED, 1006, false)));
    check(&[Failure, LocalClose, Transmit], &[1009], Some((FAILED, 1006, false)));
    check(&[Failure, Failure, Transmit], &[1009], Some((FAILED, 1006, false)));
    check(&[Failure, Eof], &[], None);
    check(&[Failure, Eof, Transmit], &[1009], Some((FAILED, 1006, false)));
}

#[test]
fn s7_1_4_after_the_end_nothing_changes() {
    for late in [PeerClose, LocalClose, Failure, Transmit, Eof] {
        check(&[PeerClose, Transmit, late], &[1001], Some((PEER, 1001, true)));
        check(&[LocalClose, Transmit, PeerClose, late], &[1000], Some((LOCAL, 1001, true)));
        check(&[Failure, Transmit, late], &[1009], Some((FAILED, 1006, false)));
    }
}

#[test]
fn s5_5_1_data_still_arrives_while_the_reply_is_awaited() {
    let mut connection = client();
    connection.close(CloseCode::NORMAL.into());
    assert_eq!(connection.poll_transmit(&mut [0; 131]), Ok(8));
    assert_eq!(feed(&mut connection, b"\x81\x05Hello"), b"Hello");
    assert_eq!(connection.transport(), Transport::Open);
    assert_eq!(feed(&mut connection, b"\x88\x00\x81\x04late"), b"", "and nothing after it");
    assert_eq!(connection.closure().map(|closure| closure.status.get()), Some(1005));
}

#[test]
fn s5_5_2_a_ping_is_not_answered_once_a_close_was_received() {
    let mut connection = client();
    feed(&mut connection, b"\x89\x01p\x88\x00");
    let mut out = [0; 131];
    let len = connection.poll_transmit(&mut out).unwrap();
    assert_eq!(out[..len], [0x88, 0x80, 0, 0, 0, 0], "an empty Close echoes an empty one");
}

fn streaming() -> Connection<Unmasked> {
    let mut connection = server();
    connection.send_half().begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 10)).unwrap();
    connection.send_half().mask(&mut [0; 4]).unwrap();
    connection
}

#[test]
fn within_a_frame_a_reply_waits_for_the_frames_end() {
    let mut connection = streaming();
    feed(&mut connection, &[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE9]);
    let mut out = [0; 131];
    assert_eq!(connection.poll_transmit(&mut out), Ok(0));
    assert_eq!(connection.transport(), Transport::Open);
    connection.send_half().mask(&mut [0; 6]).unwrap();
    let len = connection.poll_transmit(&mut out).unwrap();
    assert_eq!(out[..len], [0x88, 2, GOING_AWAY[0], GOING_AWAY[1]]);
    assert!(connection.closure().unwrap().is_clean);
    let more = connection.send_half().begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 1));
    assert_eq!(more, Err(SendError::Closed));
}

#[test]
fn within_a_frame_our_own_close_waits_for_the_frames_end() {
    let mut connection = streaming();
    connection.close(CloseFrame::EMPTY);
    assert_eq!(connection.poll_transmit(&mut [0; 131]), Ok(0));
    connection.send_half().mask(&mut [0; 6]).unwrap();
    assert_eq!(connection.poll_transmit(&mut [0; 131]), Ok(2));
}

#[test]
fn within_a_frame_failing_gives_up_the_close_and_the_transport() {
    let mut connection = streaming();
    feed(&mut connection, &[0xF1]);
    assert_eq!(connection.transport(), Transport::Closed);
    assert_eq!(connection.poll_transmit(&mut [0; 131]), Ok(0));
    let closure = connection.closure().unwrap();
    assert_eq!(closure.cause, ClosureCause::Fault(Fault::Violation(Violation::ReservedBits)));
    assert!(!closure.is_clean);
}

#[test]
fn an_abandoned_frame_ends_the_transport_and_an_abandoned_message_allows_a_close() {
    let mut connection = streaming();
    connection.send_half().abandon_frame();
    assert_eq!(connection.transport(), Transport::Closed);
    assert_eq!(connection.poll_transmit(&mut [0; 131]), Ok(0));

    let mut connection = server();
    connection.send_half().begin_frame(FrameStart::new(MessageType::Binary, Fin::More, 0)).unwrap();
    connection.send_half().abandon_frame();
    assert_eq!(connection.transport(), Transport::Open, "no frame is in progress");
    assert_eq!(connection.send("no", &mut [0; 9]), Err(SendError::Busy));
    connection.close(CloseFrame::EMPTY);
    assert_eq!(connection.poll_transmit(&mut [0; 131]), Ok(2));
}

#[test]
fn halves_joined_by_signals_behave_as_one() {
    let (mut receiver, mut sender) = server().split();
    let wire = b"\x89\x81\0\0\0\0p\x88\x82\0\0\0\0\x03\xe9";
    let mut buffer = ReadBuffer::with_filled(wire.to_vec(), wire.len()).unwrap();
    let mut out = [0; 131];
    let mut sent = Vec::new();
    let mut input = buffer.input();
    while receiver.next_event(&mut input).is_some() {
        while let Some(signal) = receiver.take_signal() {
            sender.signal(signal);
        }
        let len = sender.poll_transmit(&mut out).unwrap();
        sent.extend_from_slice(&out[..len]);
    }
    assert_eq!(sent, b"\x8a\x01p\x88\x02\x03\xe9");
    receiver.eof();
    sender.signal(receiver.take_signal().unwrap());
    assert_eq!(receiver.take_signal(), None, "each is told once");
    assert_eq!(Connection::join(receiver, sender).transport(), Transport::Closed);
}

#[test]
fn a_pong_that_nobody_took_is_superseded_and_never_corrupted() {
    let (mut receiver, _) = server().split();
    let wire = b"\x89\x81\0\0\0\0a\x89\x82\0\0\0\0bc";
    let mut buffer = ReadBuffer::with_filled(wire.to_vec(), wire.len()).unwrap();
    let mut input = buffer.input();
    assert_eq!(receiver.next_event(&mut input), Some(Event::Ping));
    assert_eq!(receiver.next_event(&mut input), Some(Event::Ping));
    let Some(ws_core::connection::Signal::Pong(payload)) = receiver.take_signal() else { panic!("no pong") };
    assert_eq!(payload.as_bytes(), b"bc");
    assert_eq!(receiver.take_signal(), None);
}
