//! What a receiver says of itself between events, to the sending half and to its caller.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

use ws_core::connection::{Config, ReceiveHalf, Role, Signal};
use ws_core::frame::{CloseFrame, ControlPayload};
use ws_core::input::ReadBuffer;

/// A client's receiver that has taken all these bytes, in reads of `read_len`.
fn receiver(bytes: &[u8], read_len: usize) -> ReceiveHalf {
    let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    let mut buffer = ReadBuffer::new([0; 64]);
    for read in bytes.chunks(read_len) {
        buffer.spare().get_mut(..read.len()).unwrap().copy_from_slice(read);
        buffer.filled(read.len());
        let mut input = buffer.input();
        while receiver.next_event(&mut input).is_some() {}
    }
    receiver
}

fn signals(bytes: &[u8]) -> Vec<Signal> {
    let [whole, dripped] = [bytes.len(), 1].map(|read_len| {
        let mut receiver = receiver(bytes, read_len);
        std::iter::from_fn(|| receiver.take_signal()).collect::<Vec<_>>()
    });
    assert_eq!(whole, dripped);
    whole
}

fn pong(payload: &[u8]) -> Signal {
    Signal::Pong(ControlPayload::new(payload).unwrap())
}

#[test]
fn s5_5_3_only_the_latest_ping_is_answered_and_none_that_another_control_frame_followed() {
    assert_eq!(signals(b"\x89\x01a"), [pong(b"a")]);
    assert_eq!(signals(b"\x89\x01a\x89\x01b"), [pong(b"b")]);
    assert_eq!(signals(b"\x89\x01a\x8a\x01b"), []);
    let close = CloseFrame::decode(&ControlPayload::new(b"\x03\xe8").unwrap()).unwrap();
    assert_eq!(signals(b"\x89\x01a\x88\x02\x03\xe8"), [Signal::PeerClosed(close)]);
}

#[test]
fn s5_5_1_a_payload_that_could_be_a_closes_is_none_but_in_a_close() {
    assert_eq!(receiver(b"\x89\x02\x03\xe8", 9).close_frame(), None);
    assert_eq!(receiver(b"\x8a\x02\x03\xe8", 9).close_frame(), None);
    assert!(receiver(b"\x88\x02\x03\xe8", 9).close_frame().is_some());
}

#[test]
fn s5_4_a_message_is_in_progress_from_its_first_fragment_to_its_last() {
    for (bytes, is_in_progress) in [
        (b"".as_slice(), false),
        (b"\x81\x01a", false),
        (b"\x01\x01a", true),
        (b"\x01\x01a\x89\x00", true),
        (b"\x01\x01a\x00\x00", true),
        (b"\x01\x01a\x80\x00", false),
        (b"\x01\x01a\x81", false),
    ] {
        assert_eq!(receiver(bytes, 9).is_message_in_progress(), is_in_progress, "{bytes:02x?}");
    }
}
