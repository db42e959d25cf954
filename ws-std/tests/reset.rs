//! A reset after the peer's Close: the connection ends with the code that came.

mod common;

use std::io::{ErrorKind, Write as _};
use std::thread;

use common::split::{SHORT, connection};
use common::{Script, frame};
use ws_std::{Error, Message, Role, Timeouts};

/// A text and Close 1000.
fn said() -> Vec<u8> {
    [frame(Role::Client, 0x81, b"Hello"), frame(Role::Client, 0x88, &[3, 0xE8])].concat()
}

#[test]
fn s7_1_5_the_peers_code_stays_though_a_reset_follows_and_our_send_has_failed_first() {
    for sends_first in [false, true] {
        let write_end = Some((0, Err(ErrorKind::ConnectionReset)));
        let then = Some(ErrorKind::ConnectionReset);
        let mut socket = Script { then, write_end, ..Script::new(&said()) }.socket(Role::Server);
        if sends_first {
            assert!(matches!(socket.send("late"), Err(Error::Disconnected(_))));
        }
        assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
        for _ in 0..3 {
            assert!(socket.read().unwrap().is_none());
            let closure = socket.closure().unwrap();
            assert_eq!((closure.status.get(), closure.is_clean), (1000, false));
        }
    }
}

#[test]
fn s7_1_5_the_peers_code_stays_in_two_halves_though_a_reset_follows() {
    for sends_first in [false, true] {
        let (mut socket, mut peer) = connection(Timeouts::new());
        // What the peer leaves unread makes its end of the stream a reset.
        socket.send("unread").unwrap();
        peer.write_all(&said()).unwrap();
        peer.peek(&mut [0]).unwrap();
        drop(peer);
        thread::sleep(SHORT);
        let (mut reader, writer) = socket.split().unwrap();
        if sends_first {
            assert!(matches!(writer.send("late"), Err(Error::Disconnected(_))));
        }
        assert_eq!(reader.read().unwrap(), Some(Message::Text("Hello")));
        for _ in 0..3 {
            assert!(reader.read().unwrap().is_none());
            let closure = reader.closure().unwrap();
            assert_eq!((closure.status.get(), closure.is_clean), (1000, false));
        }
    }
}
