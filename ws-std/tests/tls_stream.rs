//! TLS over streams in memory: cut anyhow, bounded, and ended by both sides or by an attacker.
#![cfg(feature = "rustls-ring")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    reason = "tests"
)]

mod common;

use std::io::{ErrorKind, IoSlice, Read as _, Write as _};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::tls::{Authority, Pipe, pipe, tls_pipe, wss_pipe};
use ws_std::rustls::ClientConnection;
use ws_std::rustls::pki_types::ServerName;
use ws_std::{Client, CloseCode, Config, Error, Message, Role, Server, Stream, TlsStream, WebSocket, rustls};

type Socket = WebSocket<TlsStream<Pipe>>;

/// The lengths of the records of application data in these bytes, as RFC 8446 §5.1 puts them.
fn records(mut bytes: &[u8]) -> Vec<usize> {
    let mut lens = Vec::new();
    while let [0x17, 3, 3, high, low, rest @ ..] = bytes {
        let len = usize::from(*high) << 8 | usize::from(*low);
        lens.push(len);
        bytes = &rest[len..];
    }
    assert!(bytes.is_empty(), "{bytes:?}");
    lens
}

/// What a record adds to the plaintext: its type, and the tag of the cipher.
const SEALING_LEN: usize = 1 + 16;

#[test]
fn a_message_with_its_header_is_one_record() {
    let (mut client, mut server) = wss_pipe(&Client::new(), Server::new());
    let (sent_by_client, sent_by_server) = (client.get_ref().get_ref(), server.get_ref().get_ref());
    drop((sent_by_client.take_written(), sent_by_server.take_written()));
    for len in [10, 1000, 4096, 5000, 16_000] {
        let bytes = vec![7; len];
        let header_len = if len < 126 { 2 } else { 4 };
        client.send(&bytes).unwrap();
        server.send(&bytes).unwrap();
        assert_eq!(records(&client.get_ref().get_ref().take_written()), [len + header_len + 4 + SEALING_LEN]);
        assert_eq!(records(&server.get_ref().get_ref().take_written()), [len + header_len + SEALING_LEN]);
    }
}

/// Sends as much as it can of these, and reads as much as there is: `Ok` when all was sent and the peer has closed.
fn go_on(socket: &mut Socket, unsent: &mut &[Vec<u8>], received: &mut Vec<Vec<u8>>) -> Result<bool, Error> {
    while let [next, rest @ ..] = *unsent {
        match socket.send(next) {
            Ok(()) => *unsent = rest,
            Err(error) if error.is_transient() => break,
            Err(error) => return Err(error),
        }
    }
    match socket.flush() {
        Err(error) if !error.is_transient() => return Err(error),
        Ok(()) | Err(_) => {}
    }
    loop {
        match socket.read() {
            Ok(Some((message, _))) => received.push(message.as_bytes().to_vec()),
            Ok(None) => return Ok(true),
            Err(error) if error.is_transient() => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

#[test]
fn a_conversation_cut_anyhow_loses_repeats_and_reorders_nothing() {
    for (step, capacity) in
        [(1, usize::MAX), (3, 50), (1000, 5000), (usize::MAX, 17_000), (usize::MAX, 100_000)]
    {
        let (mut client, mut server) = wss_pipe(&Client::new(), Server::new());
        for socket in [&mut client, &mut server] {
            socket.get_ref().get_ref().set_capacity(capacity);
            socket.get_ref().get_ref().break_up(step);
        }
        let messages = |seed: usize| -> Vec<Vec<u8>> {
            let lens = (0..50).map(|index| [0, 5, 125, 200, 1000, 20_000, 70_000][(index * seed) % 7]);
            let lens = lens.map(|len| if step < 10 { len % 3000 } else { len });
            lens.enumerate()
                .map(|(index, len)| (0..=255).cycle().skip(index + seed).take(len).collect())
                .collect()
        };
        let (ours, theirs) = (messages(3), messages(5));
        let (mut from_client, mut from_server) = (Vec::new(), Vec::new());
        let (mut unsent_ours, mut unsent_theirs) = (ours.as_slice(), theirs.as_slice());
        let mut is_closing = false;
        loop {
            let is_client_done = go_on(&mut client, &mut unsent_ours, &mut from_server).unwrap();
            let is_server_done = go_on(&mut server, &mut unsent_theirs, &mut from_client).unwrap();
            if is_client_done && is_server_done {
                break;
            }
            if !is_closing && from_client.len() == 50 && from_server.len() == 50 {
                is_closing = true;
                let closed = client.start_close(CloseCode::NORMAL.with_reason("done"));
                assert!(closed.is_ok() || closed.is_err_and(|error| error.is_transient()));
            }
        }
        assert!(from_client == ours && from_server == theirs, "{step}");
        assert!(client.closure().unwrap().is_clean && server.closure().unwrap().is_clean);
    }
}

#[test]
fn what_waits_is_bounded_and_leaves_in_order() {
    let (mut client, mut server) = tls_pipe();
    client.get_ref().set_capacity(0);
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    let taken = client.write(&bytes).unwrap();
    assert!((1..=64 * 1024).contains(&taken), "{taken}");
    assert_eq!(client.write(&bytes).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(client.flush().unwrap_err().kind(), ErrorKind::WouldBlock);
    client.get_ref().set_capacity(usize::MAX);
    let mut sent = taken;
    while sent < bytes.len() {
        sent += client.write_vectored(&[IoSlice::new(&[]), IoSlice::new(&bytes[sent..])]).unwrap();
    }
    let mut received = vec![0; bytes.len()];
    server.read_exact(&mut received).unwrap();
    assert!(received == bytes);
}

#[test]
fn a_shutdown_says_close_notify_and_then_ends_the_stream() {
    let (mut client, mut server) = tls_pipe();
    client.write_all(b"last").unwrap();
    client.shutdown_write().unwrap();
    assert_eq!(client.write(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
    let mut bytes = Vec::new();
    assert_eq!(server.read_to_end(&mut bytes).unwrap(), 4);
    // The other direction is still open.
    server.write_all(b"answer").unwrap();
    server.shutdown_write().unwrap();
    assert_eq!(client.read_to_end(&mut bytes).unwrap(), 6);
    assert_eq!(bytes, b"lastanswer");
}

#[test]
fn a_shutdown_behind_a_full_stream_follows_what_waits() {
    let (mut client, mut server) = tls_pipe();
    client.get_ref().set_capacity(0);
    assert_eq!(client.write(b"last").unwrap(), 4);
    client.shutdown_write().unwrap();
    assert!(client.get_ref().is_drained(), "nothing was written");
    client.get_ref().set_capacity(usize::MAX);
    server.write_all(b"go on").unwrap();
    // Reading writes what waits.
    assert_eq!(client.read(&mut [0; 9]).unwrap(), 5);
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"last");
}

#[test]
fn a_cut_before_the_closing_handshake_does_not_look_like_an_end() {
    let (mut client, mut server) = wss_pipe(&Client::new(), Server::new());
    client.send("whole").unwrap();
    client.get_ref().get_ref().cut();
    assert_eq!(server.read().unwrap().unwrap().0, Message::Text("whole"));
    for _ in 0..2 {
        let error = server.read().map(drop).unwrap_err();
        assert!(matches!(error, Error::Disconnected(Some(ErrorKind::UnexpectedEof))), "{error:?}");
    }
    assert!(!server.closure().unwrap().is_clean);
}

#[test]
fn an_end_without_close_notify_behind_both_closes_is_clean() {
    let (client, mut server) = tls_pipe();
    let mut client = WebSocket::after_handshake(client, Role::Client, Config::new(), b"").unwrap();
    client.start_close(CloseCode::NORMAL).unwrap();
    server.write_all(b"\x88\x02\x03\xe8").unwrap();
    server.get_ref().cut();
    assert!(client.read().unwrap().is_none());
    assert!(client.closure().unwrap().is_clean);
}

#[test]
fn what_was_forged_is_an_error_of_tls() {
    let (mut client, mut server) = wss_pipe(&Client::new(), Server::new());
    client.send("true").unwrap();
    server.get_ref().get_ref().tamper();
    let error = server.read().map(drop).unwrap_err();
    assert!(matches!(&error, Error::Tls(fault) if **fault == rustls::Error::DecryptError), "{error:?}");
    assert!(server.send("x").is_err());
    // The other side is told by an alert.
    let error = client.read().map(drop).unwrap_err();
    assert!(matches!(error, Error::Tls(fault) if matches!(*fault, rustls::Error::AlertReceived(_))));
}

/// The outcome of a read, or of a write of some bytes, so that outcomes can be compared.
fn told<T>(result: std::io::Result<T>) -> Result<T, String> {
    result.map_err(|error| format!("{:?}: {error}", error.kind()))
}

const FORGED: &str = "InvalidData: cannot decrypt peer's message";

/// How many segments bring a record and then one that does not decrypt: the second comes before or after the first is read.
const CUTS: [usize; 2] = [1, 2];

#[test]
fn data_before_a_forged_record_is_read_first_and_the_fault_is_kept() {
    for segment_count in CUTS {
        let (mut client, mut server) = tls_pipe();
        let mut bytes = [0; 100];
        let mut outcomes = Vec::new();
        server.write_all(b"data").unwrap();
        if segment_count == 2 {
            outcomes.push(told(client.read(&mut bytes)));
        }
        server.write_all(b"forged").unwrap();
        client.get_ref().tamper();
        if segment_count == 1 {
            outcomes.push(told(client.read(&mut bytes)));
        }
        // The fault is not known before its record is reached.
        outcomes.push(told(client.write(b"answer")));
        for _ in 0..2 {
            outcomes.push(told(client.read(&mut bytes)));
            outcomes.push(told(client.write(b"x")));
        }
        client.shutdown_write().unwrap();
        outcomes.push(told(client.read(&mut bytes)));
        outcomes.push(told(client.write(b"x")));
        let mut expected = vec![Ok(4), Ok(6)];
        expected.resize(8, Err(FORGED.to_owned()));
        assert_eq!((outcomes, &bytes[..4]), (expected, &b"data"[..]), "{segment_count}");
        // The peer reads what was written before the fault, then the alert.
        assert_eq!(told(server.read(&mut bytes)), Ok(6));
        assert!(told(server.read(&mut bytes)).unwrap_err().contains("fatal alert: BadRecordMac"));
    }
}

#[test]
fn a_close_before_a_forged_record_ends_the_connection_cleanly() {
    for segment_count in CUTS {
        let (client, mut server) = tls_pipe();
        let mut client = WebSocket::after_handshake(client, Role::Client, Config::new(), b"").unwrap();
        server.write_all(b"\x81\x02hi\x88\x02\x03\xe8").unwrap();
        let forge = |server: &mut TlsStream<Pipe>, client: &Socket| {
            server.write_all(b"forged").unwrap();
            client.get_ref().get_ref().tamper();
        };
        if segment_count == 1 {
            forge(&mut server, &client);
        }
        assert_eq!(client.read().unwrap().unwrap().0, Message::Text("hi"), "{segment_count}");
        if segment_count == 2 {
            forge(&mut server, &client);
        }
        assert!(client.read().unwrap().is_none(), "{segment_count}");
        let closure = client.closure().unwrap();
        assert!(closure.is_clean, "{segment_count}: {closure:?}");
    }
}

#[test]
fn data_that_comes_with_the_end_of_the_handshake_is_read_before_a_fault() {
    let authority = Authority::new("CA");
    let config = authority.issue("example.com").server_tls().build();
    let (mut ours, theirs) = pipe();
    let server = thread::spawn(move || TlsStream::accept(theirs, config, None));
    let name = ServerName::try_from("example.com").unwrap();
    let mut client =
        ClientConnection::new(Arc::<rustls::ClientConfig>::from(authority.client_tls()), name).unwrap();
    client.write_tls(&mut ours).unwrap();
    while client.is_handshaking() {
        client.read_tls(&mut ours).unwrap();
        client.process_new_packets().unwrap();
    }
    let mut segment = Vec::new();
    for data in [&b"data"[..], b"forged"] {
        client.writer().write_all(data).unwrap();
        while client.wants_write() {
            client.write_tls(&mut segment).unwrap();
        }
    }
    *segment.last_mut().unwrap() ^= 1;
    ours.write_all(&segment).unwrap();
    ours.cut();
    let mut server = server.join().unwrap().unwrap();
    let mut bytes = [0; 100];
    assert_eq!(told(server.read(&mut bytes)), Ok(4));
    for _ in 0..2 {
        assert_eq!(told(server.read(&mut bytes)), Err(FORGED.to_owned()));
    }
}

#[test]
fn data_before_a_close_notify_is_read_first_and_the_end_is_kept() {
    let (mut client, mut server) = tls_pipe();
    server.write_all(b"data").unwrap();
    server.shutdown_write().unwrap();
    let mut bytes = [0; 100];
    for expected in [4, 0, 0] {
        assert_eq!(told(client.read(&mut bytes)), Ok(expected));
    }
}

#[test]
fn data_before_a_cut_is_read_first_and_the_cut_is_kept() {
    let (mut client, mut server) = tls_pipe();
    let mut bytes = [0; 100];
    server.write_all(b"data").unwrap();
    server.get_ref().cut();
    assert_eq!(told(client.read(&mut bytes)), Ok(4));
    for _ in 0..2 {
        assert_eq!(client.read(&mut bytes).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}

#[test]
fn a_read_ends_in_time_though_its_record_drips() {
    const LIMIT: Duration = Duration::from_millis(200);
    let (mut client, mut server) = tls_pipe();
    client.write_all(&[7; 1000]).unwrap();
    server.limit_read(Some(LIMIT)).unwrap();
    server.get_ref().drip(LIMIT / 20);
    let begun = Instant::now();
    assert_eq!(server.read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::WouldBlock);
    // All of it would take fifty times as long.
    assert!(begun.elapsed() >= LIMIT / 2 && begun.elapsed() < LIMIT * 10);
    server.get_ref().drip(Duration::ZERO);
    let mut bytes = [0; 1000];
    server.read_exact(&mut bytes).unwrap();
    assert_eq!(bytes, [7; 1000]);
}

#[test]
fn a_client_without_an_end_of_the_handshake_does_not_wait_for_ever() {
    let (_silent, theirs) = pipe();
    theirs.break_up(usize::MAX);
    let config = Authority::new("CA").issue("example.com").server_tls().build();
    let error = TlsStream::accept(theirs, config, Some(Duration::from_millis(100))).map(drop).unwrap_err();
    assert!(error.is_transient(), "a stream that does not block is not waited for: {error:?}");
}
