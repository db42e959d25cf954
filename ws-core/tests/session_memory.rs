//! When a session wants to read, and whose its read buffer is.
#![cfg(feature = "alloc")]
#![expect(clippy::indexing_slicing, reason = "tests may panic")]

use std::time::Duration;

use ws_core::connection::RoleKeys;
use ws_core::event::Event;
use ws_core::input::ReadBuffer;
use ws_core::message::Message;
use ws_core::session::{Config, NoKeys, Opened, Session};

fn session(config: Config) -> Session<NoKeys> {
    let opened = Opened::new(RoleKeys::Server);
    Session::new(opened, config, ReadBuffer::new(Vec::new()), Duration::ZERO)
}

fn read(session: &mut Session<NoKeys>, bytes: &[u8]) {
    session.inbound.spare()[..bytes.len()].copy_from_slice(bytes);
    session.inbound.filled(bytes.len(), Duration::ZERO);
}

/// The next message, copied.
fn next(session: &mut Session<NoKeys>) -> Option<Vec<u8>> {
    let Event::Data(message) = session.inbound.next(&mut session.outbound)? else { return None };
    Some(message.as_bytes().to_vec())
}

#[test]
fn a_session_wants_to_read_once_all_events_are_taken() {
    let mut session = session(Config::new());
    assert!(!session.inbound.wants_read(), "what came after the opening handshake may be there");
    assert_eq!(next(&mut session), None);
    assert!(session.inbound.wants_read());
    read(&mut session, b"\x82\x81\0\0\0\0a\x82\x81\0\0\0\0b\x82\x81\0\0");
    for message in [b"a", b"b"] {
        assert!(!session.inbound.wants_read());
        assert_eq!(next(&mut session).unwrap(), message);
    }
    assert!(!session.inbound.wants_read(), "it has not been asked yet whether there is a third");
    assert_eq!(session.inbound.next_owned(&mut session.outbound), None);
    assert!(session.inbound.wants_read());
    session.inbound.eof();
    assert!(!session.inbound.wants_read(), "the end is to be taken");
    assert_eq!(session.inbound.next_part(&mut session.outbound), None);
    assert!(session.inbound.wants_read());
}

#[test]
fn a_message_that_was_found_is_to_be_taken_before_more_is_read() {
    let mut session = session(Config::new());
    read(&mut session, b"\x81\x82\0\0\0\0hi");
    assert_eq!(session.inbound.advance(&mut session.outbound), Some(Event::Data(())));
    assert!(!session.inbound.wants_read());
    let message = session.inbound.message(&mut session.outbound);
    assert_eq!(message.unwrap().unwrap(), Message::Text("hi"));
    assert_eq!(session.inbound.advance(&mut session.outbound), None);
    assert!(session.inbound.wants_read());
}

#[test]
fn sessions_read_into_one_buffer_in_turn_and_see_only_their_own() {
    let (mut first, mut second) = (session(Config::new()), session(Config::new()));
    let mut shared = ReadBuffer::with_filled(b"\x82\x81\0\0\0\0x--------------".to_vec(), 7).unwrap();
    first.inbound.borrow_buffer(&mut shared);
    assert_eq!((shared.capacity(), first.inbound.unread()), (0, &[][..]), "what was in it is forgotten");
    read(&mut first, b"\x82\x81\0\0\0\0a\x82\x82\0\0\0\0b");
    assert_eq!(next(&mut first).unwrap(), b"a");
    // A message of which only a part came is kept by the half that assembles it, not in the buffer.
    assert_eq!(next(&mut first), None);
    first.inbound.return_buffer(&mut shared);
    assert_eq!(shared.capacity(), 21);
    second.inbound.borrow_buffer(&mut shared);
    read(&mut second, b"\x82\x81\0\0\0\0c");
    assert_eq!(next(&mut second).unwrap(), b"c");
    second.inbound.return_buffer(&mut shared);
    first.inbound.borrow_buffer(&mut shared);
    read(&mut first, b"d");
    assert_eq!(next(&mut first).unwrap(), b"bd");
}

#[test]
fn bytes_that_were_not_taken_keep_their_buffer() {
    let mut session = session(Config::new().with_read_buffer_len(100));
    let mut shared = ReadBuffer::new(vec![0; 64]);
    session.inbound.borrow_buffer(&mut shared);
    read(&mut session, b"\x82\x81\0\0\0\0a\x82\x81\0\0\0\0b");
    assert_eq!(next(&mut session).unwrap(), b"a");
    session.inbound.return_buffer(&mut shared);
    assert_eq!(shared.capacity(), 0, "the second message lies in it");
    // The others have another by now.
    let mut shared = ReadBuffer::new(vec![0; 32]);
    session.inbound.borrow_buffer(&mut shared);
    assert_eq!(shared.capacity(), 32);
    assert_eq!(next(&mut session).unwrap(), b"b");
    session.inbound.return_buffer(&mut shared);
    assert_eq!(shared.capacity(), 32, "its own was freed");
    assert_eq!(session.inbound.spare().len(), 100, "which is made anew without a shared one");
    // What is too short for a session is not taken.
    session.release();
    let mut short = ReadBuffer::new(vec![0; 15]);
    session.inbound.borrow_buffer(&mut short);
    assert_eq!((short.capacity(), session.inbound.spare().len()), (15, 100));
}
