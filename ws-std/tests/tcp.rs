//! Open connections over TCP: messages, deadlines, ends.
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]

mod common;

use std::io::{ErrorKind, Write};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use common::sim::{Sim, ms};
use common::tcp::{connected_by_hand, read_to_end, serve, serve_echo};
use common::{frame, frames};
use ws_std::ws_core::error::{Fault, Violation};
use ws_std::{
    Client, CloseCode, Config, Error, Message, Phase, Role, Server, Stream as _, Timeouts, WebSocket,
};

const SHORT: Duration = Duration::from_millis(200);

/// Enough that no test meets it, and little enough that a test that does is noticed.
const LONG: Duration = Duration::from_secs(5);

#[test]
fn messages_of_every_length_come_back() {
    let (url, server) = serve_echo(Server::new());
    let mut socket = ws_std::connect(&url).unwrap();
    assert!(socket.get_ref().tcp().nodelay().unwrap());
    for len in [0, 1, 125, 126, 4096, 4097, 16_384, 65_535, 65_536, 1 << 20] {
        let bytes: Vec<u8> = (0..=255).cycle().take(len).collect();
        socket.send(&bytes).unwrap();
        let (message, _) = socket.read().unwrap().unwrap();
        assert!(message == Message::Binary(&bytes), "{len}");
    }
    let begun = Instant::now();
    socket.close(CloseCode::NORMAL.with_reason("done")).unwrap();
    let server = server.join().unwrap().unwrap();
    assert!(server.closure().unwrap().is_clean && socket.closure().unwrap().is_clean);
    assert!(begun.elapsed() < LONG, "neither waits for the other's deadline");
    assert!(server.get_ref().nodelay().unwrap());
}

#[test]
fn either_side_closes_and_both_at_once() {
    for (client_closes, server_closes) in [(true, false), (false, true), (true, true)] {
        let (url, server) = serve(move |stream| {
            let mut socket = ws_std::accept(stream).unwrap();
            if server_closes {
                socket.close(CloseCode::GOING_AWAY).unwrap();
            } else {
                assert!(socket.read().unwrap().is_none());
            }
            socket.closure().unwrap()
        });
        let begun = Instant::now();
        let mut socket = ws_std::connect(&url).unwrap();
        if client_closes {
            socket.close(CloseCode::NORMAL).unwrap();
        } else {
            assert!(socket.read().unwrap().is_none());
        }
        let (ours, theirs) = (socket.closure().unwrap(), server.join().unwrap());
        assert!(ours.is_clean && theirs.is_clean);
        if client_closes != server_closes {
            let code = if client_closes { 1000 } else { 1001 };
            assert_eq!((ours.status.get(), theirs.status.get()), (code, code));
        }
        assert!(begun.elapsed() < LONG);
    }
}

#[test]
fn s7_1_1_a_peer_at_fault_reads_the_close_and_the_end_though_it_still_writes() {
    let (url, server) = serve_echo(Server::new());
    let mut stream = connected_by_hand(&url);
    stream.write_all(&frame(Role::Server, 0x81, b"unmasked")).unwrap();
    // What would reset the connection if the server closed over it.
    stream.write_all(&vec![0; 1 << 20]).unwrap();
    assert_eq!(frames(&read_to_end(&mut stream)), [(0x88, b"\x03\xea".to_vec())]);
    drop(stream);
    let error = server.join().unwrap().unwrap_err();
    assert!(matches!(error, Error::Fault(Fault::Violation(Violation::Unmasked))));
}

#[test]
fn s7_1_1_the_server_ends_the_stream_first() {
    let (url, server) = serve_echo(Server::new());
    let mut stream = connected_by_hand(&url);
    stream.write_all(&frame(Role::Client, 0x88, b"\x03\xe8")).unwrap();
    assert_eq!(frames(&read_to_end(&mut stream)), [(0x88, b"\x03\xe8".to_vec())]);
    drop(stream);
    assert!(server.join().unwrap().unwrap().closure().unwrap().is_clean);

    let sim = Sim::new();
    let mut client = WebSocket::after_handshake(sim.clone(), Role::Client, Config::new(), b"").unwrap();
    sim.says(Duration::ZERO, &frame(Role::Server, 0x88, b"\x03\xe8"));
    sim.says(9 * SHORT, b"");
    assert!(client.read().unwrap().is_none());
    assert_eq!(frames(&sim.written()), [(0x88, b"\x03\xe8".to_vec())]);
    assert_eq!((sim.elapsed(), sim.shut_down_at()), (9 * SHORT, Some(9 * SHORT)), "the client waits");
}

#[test]
fn a_lost_connection_is_1006() {
    let (url, server) = serve_echo(Server::new());
    drop(connected_by_hand(&url));
    assert!(matches!(server.join().unwrap(), Err(Error::Disconnected(None))));

    let (url, server) = serve_echo(Server::new());
    let mut stream = connected_by_hand(&url);
    stream.write_all(&frame(Role::Client, 0x81, b"Hello")).unwrap();
    stream.peek(&mut [0]).unwrap();
    // The echo has come and is not read, so that this is a reset.
    drop(stream);
    assert!(matches!(server.join().unwrap(), Err(Error::Disconnected(Some(ErrorKind::ConnectionReset)))));
}

#[test]
fn a_reset_behind_both_closes_is_clean() {
    let (url, server) = serve_echo(Server::new());
    let mut stream = connected_by_hand(&url);
    stream.write_all(&frame(Role::Client, 0x88, b"\x03\xe8")).unwrap();
    stream.peek(&mut [0]).unwrap();
    // The server's Close has come and is not read, so that this is a reset.
    drop(stream);
    assert!(server.join().unwrap().unwrap().closure().unwrap().is_clean);
}

#[test]
fn a_close_that_is_not_answered_has_a_deadline() {
    let sim = Sim::new();
    let mut socket = sim.server(Timeouts::new().with_close(Some(SHORT)));
    // So that each read succeeds in time.
    sim.repeats(SHORT * 3 / 20, 20, &frame(Role::Client, 0x89, b""));
    assert!(matches!(socket.close(CloseCode::NORMAL), Err(Error::Timeout(Phase::Close))));
    assert!(matches!(socket.read(), Err(Error::Timeout(Phase::Close))), "and it stays so");
    assert_eq!(sim.elapsed(), SHORT);
    assert_eq!(socket.closure().unwrap().status.get(), 1006);
}

#[test]
fn a_peer_that_does_not_end_the_stream_is_left_after_the_deadline() {
    let sim = Sim::new();
    sim.stays();
    let mut socket = sim.server(Timeouts::new().with_close(Some(SHORT)));
    sim.says(SHORT, &frame(Role::Client, 0x88, b"\x03\xe8"));
    assert!(socket.read().unwrap().is_none());
    assert!(socket.closure().unwrap().is_clean);
    assert_eq!((sim.shut_down_at(), sim.elapsed()), (Some(SHORT), 2 * SHORT));
}

#[test]
fn a_write_to_a_peer_that_does_not_read_has_a_deadline() {
    let sim = Sim::new();
    sim.hears(0, 1 << 20);
    let mut socket = sim.server(Timeouts::new().with_write(Some(SHORT)));
    let error = socket.send(&vec![0; 2 << 20]).unwrap_err();
    assert!(matches!(error, Error::Timeout(Phase::Write)), "{error}");
    // The write that took a part has waited for the rest, for a quarter of the time.
    let due = if cfg!(windows) { 2 * SHORT } else { SHORT * 5 / 4 };
    assert!((due..due + ms(2)).contains(&sim.elapsed()), "{:?}", sim.elapsed());
    assert!(matches!(socket.send("x"), Err(Error::Timeout(Phase::Write))));
    assert!(matches!(socket.read(), Err(Error::Timeout(Phase::Write))));
}

#[test]
fn a_read_that_its_owner_limits_comes_back_and_loses_nothing() {
    let sim = Sim::new();
    let mut socket = WebSocket::after_handshake(sim.clone(), Role::Server, Config::new(), b"").unwrap();
    sim.limit_read(Some(Duration::from_millis(20))).unwrap();
    let said = [frame(Role::Client, 0x81, b"slowly"), frame(Role::Client, 0x88, b"")].concat();
    sim.drips(Duration::from_millis(30), &said);
    let mut waited_count = 0;
    loop {
        match socket.read() {
            Ok(Some((message, _))) => assert_eq!(message, Message::Text("slowly")),
            Ok(None) => break,
            Err(error) if error.is_transient() => waited_count += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(frames(&sim.written()), [(0x88, vec![])]);
    assert_eq!(waited_count, said.len(), "once for each byte");
}

#[test]
fn a_non_blocking_stream_carries_a_conversation() {
    let (url, server) = serve_echo(Server::new());
    let mut socket = ws_std::connect(&url).unwrap();
    socket.get_ref().tcp().set_nonblocking(true).unwrap();
    let message = vec![5; 8 << 20];
    socket.send(&message).unwrap();
    let mut is_echoed = false;
    loop {
        match socket.read() {
            Ok(Some((echo, mut writer))) => {
                assert!(echo == Message::Binary(&message));
                is_echoed = true;
                writer.start_close(CloseCode::NORMAL).unwrap();
            }
            Ok(None) => break,
            // A loop without a poll: it looks at the socket again.
            Err(error) if error.is_transient() => thread::sleep(Duration::from_millis(1)),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(is_echoed && socket.closure().unwrap().is_clean);
    drop(socket);
    server.join().unwrap().unwrap();
}

#[cfg(unix)]
#[test]
fn a_unix_socket_carries_a_conversation() {
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let server = thread::spawn(move || {
        let mut socket = Server::new().accept(theirs).unwrap();
        while let Some((message, mut writer)) = socket.read().unwrap() {
            writer.send(message).unwrap();
        }
    });
    let mut socket = Client::new().handshake(ours, "ws://unix.invalid/").unwrap();
    socket.send("Hello").unwrap();
    assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"));
    socket.close(CloseCode::NORMAL).unwrap();
    server.join().unwrap();
}

#[test]
fn s7_1_5_the_end_of_the_peers_half_is_the_end() {
    let (url, server) = serve_echo(Server::new());
    let stream = connected_by_hand(&url);
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(matches!(server.join().unwrap(), Err(Error::Disconnected(None))));
}
