//! The defaults of the module `limits`, each reached and exceeded by one; limits that are set are in `vectors/limits.txt`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use ws_core::connection::{Config, Connection, KeySource, Limits};
use ws_core::error::{Fault, Limit};
use ws_core::event::Event;
use ws_core::frame::{
    CloseCode, CloseFrame, ControlPayload, Decoded, Fin, FrameHeader, MaskKey, Opcode, ReservedBits,
    Violation,
};
use ws_core::input::ReadBuffer;

const LIMIT: u64 = 16 << 20;

/// A client that only receives.
struct NoKeys;

impl KeySource for NoKeys {
    fn next_key(&mut self) -> Option<MaskKey> {
        None
    }
}

fn client(config: Config) -> Connection<NoKeys> {
    Connection::client(NoKeys, config)
}

/// Feeds bytes to a connection; the fault that they come to.
fn fault(connection: &mut Connection<NoKeys>, bytes: &[u8]) -> Option<Fault> {
    let mut fault = None;
    let mut buffer = ReadBuffer::with_filled(bytes.to_vec(), bytes.len()).unwrap();
    let mut input = buffer.input();
    while let Some(event) = connection.next_event(&mut input) {
        if let Event::Failed(failed) = event {
            assert!(fault.is_none(), "a fault is told once");
            fault = Some(failed);
        }
    }
    fault
}

/// A header without its payload.
fn header(opcode: Opcode, fin: Fin, payload_len: u64) -> Vec<u8> {
    FrameHeader::new(opcode, fin, payload_len, None).unwrap().encode().as_bytes().to_vec()
}

#[test]
fn s10_4_a_frame_of_16_mib_is_let_in_and_one_byte_more_is_not() {
    let at_limit = header(Opcode::Binary, Fin::Final, LIMIT);
    assert_eq!(fault(&mut client(Config::new()), &at_limit), None);
    let beyond = header(Opcode::Binary, Fin::Final, LIMIT + 1);
    assert_eq!(fault(&mut client(Config::new()), &beyond), Some(Limit::FrameLen.into()));
}

#[test]
fn s10_4_a_message_of_16_mib_is_let_in_and_one_byte_more_is_not() {
    let first = [header(Opcode::Binary, Fin::More, 1), vec![0]].concat();
    for (len, expected) in [(LIMIT - 1, None), (LIMIT, Some(Fault::Limit(Limit::MessageLen)))] {
        let bytes = [first.clone(), header(Opcode::Continuation, Fin::Final, len)].concat();
        assert_eq!(fault(&mut client(Config::new()), &bytes), expected, "{len}");
    }
}

#[test]
fn s10_4_a_message_of_131072_frames_is_let_in_and_one_more_is_not() {
    let mut connection = client(Config::new());
    assert_eq!(fault(&mut connection, &header(Opcode::Text, Fin::More, 0)), None);
    let middle = header(Opcode::Continuation, Fin::More, 0).repeat(131_070);
    assert_eq!(fault(&mut connection, &middle), None);
    let last = header(Opcode::Continuation, Fin::Final, 0);
    let mut second = client(Config::new());
    assert_eq!(fault(&mut second, &header(Opcode::Text, Fin::More, 0)), None);
    assert_eq!(fault(&mut second, &middle), None);
    assert_eq!(fault(&mut connection, &last), None);
    assert_eq!(fault(&mut second, &header(Opcode::Continuation, Fin::More, 0)), None);
    let exceeded = fault(&mut second, &last);
    assert_eq!(exceeded, Some(Limit::FragmentCount.into()));
    assert_eq!(exceeded.unwrap().close_code(), CloseCode::POLICY_VIOLATION);
}

#[test]
fn s10_4_without_limits_the_longest_frame_that_there_is_is_let_in() {
    let config = Config::new().with_limits(Limits::unlimited());
    let longest = header(Opcode::Binary, Fin::Final, FrameHeader::PAYLOAD_LEN_MAX);
    assert_eq!(fault(&mut client(config), &longest), None);
    assert_eq!(FrameHeader::new(Opcode::Binary, Fin::Final, FrameHeader::PAYLOAD_LEN_MAX + 1, None), None);
    let beyond = [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(fault(&mut client(config), &beyond), Some(Violation::LengthTooLarge.into()));
}

#[test]
fn s5_5_a_control_frame_has_125_bytes_and_a_reason_123() {
    assert!(ControlPayload::new(&[0; 125]).is_some());
    assert_eq!(ControlPayload::new(&[0; 126]), None);
    assert!(CloseFrame::new(CloseCode::NORMAL, &"x".repeat(123)).is_some());
    assert!(CloseFrame::new(CloseCode::NORMAL, &"x".repeat(124)).is_none());
    assert!(matches!(
        FrameHeader::decode(&[0x89, 125], ReservedBits::NONE),
        Ok(Decoded::Complete { header, .. }) if header.payload_len() == 125
    ));
    assert_eq!(fault(&mut client(Config::new()), &[0x89, 126]), Some(Violation::ControlTooLong.into()));
}

#[test]
fn s5_5_3_one_pong_waits_and_the_later_takes_its_place() {
    let mut connection = Connection::server(Config::new());
    let mut bytes = Vec::new();
    for payload in 0..200_u8 {
        // The key is 0, which masks nothing.
        bytes.extend([0x89, 0x81, 0, 0, 0, 0, payload]);
    }
    let mut buffer = ReadBuffer::with_filled(bytes.clone(), bytes.len()).unwrap();
    let mut input = buffer.input();
    let mut pings = 0;
    while let Some(event) = connection.next_event(&mut input) {
        assert_eq!(event, Event::Ping);
        pings += 1;
    }
    let mut out = [0; 1024];
    let len = connection.poll_transmit(&mut out).unwrap();
    assert_eq!((pings, &out[..len]), (200, [0x8a, 1, 199].as_slice()));
    assert_eq!(connection.poll_transmit(&mut out), Ok(0));
}
