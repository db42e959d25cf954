//! How a session says that its connection ended, and until when it wants to read.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use core::time::Duration;
use support::session::{Keys, at, feed, frame_to, open, server, take_all, written};
use ws_core::connection::{Role, Transport};
use ws_core::error::{Fault, Violation};
use ws_core::frame::CloseCode;
use ws_core::keepalive::{Due, KeepaliveConfig};
use ws_core::session::{Config, Ending, Session, StreamError};

const CLOSE: &[u8] = b"\x03\xe8";

/// A session that has taken a frame of the peer's.
fn after(first: u8, payload: &[u8]) -> Session<Keys> {
    let mut session = server();
    take(&mut session, first, payload);
    session
}

fn take(session: &mut Session<Keys>, first: u8, payload: &[u8]) {
    feed(session, &frame_to(Role::Server, first, payload), at(1));
    let _events = take_all(session);
}

/// A session that sends no pings, and closes once no message came for a second.
fn limited() -> Session<Keys> {
    let keepalive = KeepaliveConfig::new().with_idle_timeout(Some(at(1000)));
    open(Role::Server, Config::new().with_keepalive(keepalive))
}

#[test]
fn a_connection_that_goes_on_or_is_closing_has_no_ending() {
    let mut session = server();
    assert_eq!(session.outbound.ending(), None);
    session.outbound.close(CloseCode::NORMAL.into());
    let _close = written(&mut session.outbound, at(1));
    assert_eq!(session.outbound.ending(), None);
    let mut session = limited();
    assert_eq!(session.outbound.poll(at(1000)), Some(Due::IdleTimeout));
    assert_eq!(session.outbound.ending(), None, "the Close is still to be written");
}

#[test]
fn s7_1_5_the_peers_close_is_the_ending_even_where_the_stream_breaks_after_it() {
    for error in [None, Some(StreamError::PeerGone), Some(StreamError::Failed)] {
        let mut session = after(0x88, CLOSE);
        let _answer = written(&mut session.outbound, at(2));
        if let Some(error) = error {
            session.outbound.read_failed(error);
        }
        assert_eq!(session.outbound.ending(), Some(Ending::Closed), "{error:?}");
    }
    let mut session = after(0x88, CLOSE);
    session.outbound.write_failed(StreamError::PeerGone, at(2));
    assert_eq!(
        session.outbound.ending(),
        Some(Ending::Closed),
        "the code is known, though our Close has not left"
    );
    let mut session = after(0x88, CLOSE);
    session.outbound.write_failed(StreamError::Failed, at(2));
    assert_eq!(session.outbound.ending(), Some(Ending::Failed), "nothing is clean, and this says more");
}

#[test]
fn s7_1_7_a_fault_of_the_peer_comes_before_all_else() {
    let mut session = after(0x83, b"");
    session.outbound.write_failed(StreamError::Failed, at(2));
    session.outbound.read_failed(StreamError::Failed);
    let fault = Fault::Violation(Violation::ReservedOpcode);
    assert_eq!(session.outbound.ending(), Some(Ending::Fault(fault)));
}

#[test]
fn no_message_for_too_long_is_the_ending_even_of_a_clean_closing_handshake() {
    let mut session = limited();
    assert_eq!(session.outbound.poll(at(1000)), Some(Due::IdleTimeout));
    let _close = written(&mut session.outbound, at(1000));
    take(&mut session, 0x88, CLOSE);
    assert!(session.outbound.closure().is_some_and(|closure| closure.is_clean));
    assert_eq!(session.outbound.ending(), Some(Ending::TimedOut(Due::IdleTimeout)));
}

#[test]
fn another_deadline_is_the_ending_only_where_nothing_is_clean() {
    let mut session = server();
    session.outbound.close(CloseCode::NORMAL.into());
    let _close = written(&mut session.outbound, at(1));
    assert_eq!(session.outbound.poll(at(20_000)), Some(Due::CloseTimeout));
    session.outbound.read_failed(StreamError::Failed);
    assert_eq!(session.outbound.ending(), Some(Ending::TimedOut(Due::CloseTimeout)));
    let mut session = after(0x88, CLOSE);
    let _answer = written(&mut session.outbound, at(1));
    assert_eq!(session.outbound.poll(at(20_000)), Some(Due::CloseTimeout));
    assert_eq!(session.outbound.ending(), Some(Ending::Closed), "the peer only does not end the stream");
}

#[test]
fn an_end_without_a_close_is_a_disconnection_unless_an_error_says_more() {
    let mut session = server();
    session.inbound.eof();
    let _events = take_all(&mut session);
    assert_eq!(session.outbound.transport(), Transport::Closed);
    assert_eq!(session.outbound.ending(), Some(Ending::Disconnected));
    let mut session = server();
    session.outbound.write_failed(StreamError::PeerGone, at(1));
    assert_eq!(session.outbound.ending(), Some(Ending::Disconnected));
    session.outbound.read_failed(StreamError::Failed);
    assert_eq!(session.outbound.ending(), Some(Ending::Failed));
}

#[test]
fn what_a_peer_sent_before_it_was_gone_is_read_for_as_long_as_it_may_take_to_close() {
    let mut session = server();
    session.outbound.write_failed(StreamError::PeerGone, at(5000));
    assert_eq!(session.outbound.next_read_deadline(), Some(at(15_000)));
    assert!(session.outbound.wants_read(at(14_999)) && !session.outbound.wants_read(at(15_000)));
    session.outbound.read_ended();
    assert!(session.outbound.is_read_over() && !session.outbound.wants_read(Duration::ZERO));
    let mut session = server();
    session.outbound.write_failed(StreamError::Failed, at(5000));
    assert!(!session.outbound.wants_read(at(5000)), "it says nothing of the peer");
}
