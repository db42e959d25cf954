//! Times as limits of sockets: every time is one, and the shortest is a millisecond.
#![allow(clippy::unwrap_used, clippy::panic, clippy::std_instead_of_core, reason = "tests")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod common;

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use common::tcp::serve_echo;
use ws_std::{Client, CloseCode, Error, Message, NetStream, Server, SharedStream, Stream, Timeouts};

/// Enough that no test meets it, and little enough that a test that does is noticed.
const LONG: Duration = Duration::from_secs(5);

/// Less than a socket knows: std refuses the first, and an operating system could round the others to it.
const TINY: [Duration; 3] = [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(999)];

/// Reads and writes end in time, and with the error of a limit.
fn assert_limited(mut stream: impl Stream) {
    for time in TINY {
        stream.limit_write(Some(time)).unwrap();
        stream.limit_read(Some(time)).unwrap();
        let begun = Instant::now();
        let error = stream.read(&mut [0]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{time:?}: {error}");
        assert!(begun.elapsed() < LONG, "{time:?}");
    }
    for time in [Some(Duration::MAX), None] {
        stream.limit_read(time).unwrap();
        stream.limit_write(time).unwrap();
    }
}

fn tcp() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (ours, listener.accept().unwrap().0)
}

#[test]
fn every_time_is_a_limit_of_a_tcp_stream() {
    let (ours, _theirs) = tcp();
    assert_limited(ours);
}

#[test]
fn every_time_is_a_limit_of_a_stream_with_several_owners() {
    let (ours, _theirs) = tcp();
    assert_limited(SharedStream::new(NetStream::from(ours)));
}

#[cfg(unix)]
#[test]
fn every_time_is_a_limit_of_a_unix_stream() {
    let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    assert_limited(Box::new(ours));
}

#[cfg(feature = "rustls-ring")]
#[test]
fn every_time_is_a_limit_of_tls() {
    use ws_std::TlsStream;
    use ws_std::rustls::pki_types::ServerName;

    let (ours, theirs) = tcp();
    let authority = common::tls::Authority::new("CA");
    let config = authority.issue("localhost").server_tls().build();
    let server = std::thread::spawn(move || TlsStream::accept(theirs, config, Some(LONG)).unwrap());
    let name = ServerName::try_from("localhost").unwrap();
    let ours = TlsStream::connect(ours, authority.client_tls().into(), name, Some(LONG)).unwrap();
    let _theirs = server.join().unwrap();
    assert_limited(ours);
}

#[test]
fn a_connection_opens_and_works_with_any_timeout_for_writing_and_closing() {
    for time in TINY {
        for timeouts in [Timeouts::new().with_write(Some(time)), Timeouts::new().with_close(Some(time))] {
            let (url, server) = serve_echo(Server::new());
            let mut socket = Client::new().with_timeouts(timeouts).connect(&url).unwrap();
            socket.send("Hello").unwrap();
            assert_eq!(socket.read().unwrap().unwrap().0, Message::Text("Hello"), "{timeouts:?}");
            match socket.close(CloseCode::NORMAL) {
                // It may be too short for an answer.
                Ok(()) | Err(Error::Timeout(_)) => {}
                Err(error) => panic!("{timeouts:?}: {error:?}"),
            }
            drop(socket);
            let _ended = server.join().unwrap();
        }
    }
}
