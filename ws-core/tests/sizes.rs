//! How much memory a connection takes: constants, whatever the peer does.

use core::mem::size_of;

use ws_core::connection::{Connection, Next, ReceiveHalf, SendHalf, Signal, Unmasked};
use ws_core::error::{Fault, SendError};
use ws_core::event::{Event, Fragment, Piece};
use ws_core::extension::DeflateText;
use ws_core::frame::{Decoded, FrameHeader, Mask, MaskKey, RawHeader};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::Keepalive;
use ws_core::utf8::Utf8;

#[test]
fn an_event_is_at_most_32_bytes_and_costs_nothing_more_in_an_option() {
    assert!(size_of::<Event<Fragment<'_>>>() <= 32, "{}", size_of::<Event<Fragment<'_>>>());
    assert!(size_of::<Event<Piece<'_>>>() <= 32, "{}", size_of::<Event<Piece<'_>>>());
    assert_eq!(size_of::<Option<Event<Fragment<'_>>>>(), size_of::<Event<Fragment<'_>>>());
    assert_eq!(size_of::<Option<Event<Piece<'_>>>>(), size_of::<Event<Piece<'_>>>());
}

#[test]
fn a_server_connection_is_at_most_512_bytes() {
    let len = size_of::<Connection<Unmasked>>();
    assert!(len <= 512, "{len}");
    assert!(size_of::<ReceiveHalf>() <= 216, "{}", size_of::<ReceiveHalf>());
    assert!(size_of::<SendHalf<Unmasked>>() <= 296, "{}", size_of::<SendHalf<Unmasked>>());
}

#[test]
fn what_lies_beside_a_connection_is_small() {
    assert!(size_of::<Keepalive>() <= 160, "{}", size_of::<Keepalive>());
    let positions = 2 * size_of::<usize>();
    assert_eq!(size_of::<ReadBuffer<[u8; 64]>>(), 64 + positions);
    assert_eq!(size_of::<ReadBuffer<&mut [u8]>>(), size_of::<&[u8]>() + positions);
}

#[test]
fn what_is_returned_by_value_is_small() {
    assert!(size_of::<Next>() <= 8, "{}", size_of::<Next>());
    assert!(size_of::<Fault>() <= 8, "{}", size_of::<Fault>());
    assert!(size_of::<Result<usize, SendError>>() <= 16, "{}", size_of::<Result<usize, SendError>>());
    assert!(size_of::<FrameHeader>() <= 24, "{}", size_of::<FrameHeader>());
    assert!(size_of::<Decoded>() <= 32, "{}", size_of::<Decoded>());
    assert!(size_of::<RawHeader>() <= 24, "{}", size_of::<RawHeader>());
    assert_eq!((size_of::<Mask>(), size_of::<MaskKey>(), size_of::<Utf8>()), (4, 4, 1));
    // The longest offer has 203 bytes.
    assert!(size_of::<DeflateText>() <= 216, "{}", size_of::<DeflateText>());
    assert!(size_of::<Signal>() <= 128, "{}", size_of::<Signal>());
}
