//! What errors say: each thing once in a chain, and whether to call again, or to connect again.
#![expect(clippy::unwrap_used, reason = "what the tests may, their helpers may")]
#![expect(clippy::std_instead_of_core, reason = "std is what is tested")]

mod common;

use std::error::Error as _;
use std::io::{self, Read, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use common::Script;
use common::tcp::{read_head, serve};
#[cfg(unix)]
use rustix::io::Errno;
use ws_std::ws_core::connection::CloseStatus;
use ws_std::{AnyStream, ByteStream, Client, CloseCode, Config, Error, Phase, Role, Timeouts, WebSocket};

/// The errors that a client meets most, each made by what causes it.
fn five_errors() -> [Error; 5] {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unmasked = Script::new(b"\x81\x05Hello").socket(Role::Server).read().unwrap_err();
    let failing = Script { then: Some(io::ErrorKind::ConnectionReset), ..Script::new(b"") };
    [
        ws_std::connect(&format!("ws://{nobody}/")).unwrap_err(),
        ws_std::connect("http://example.com/").unwrap_err(),
        answered(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"),
        unmasked,
        failing.socket(Role::Client).read().unwrap_err(),
    ]
}

/// The error of a client that is answered so.
fn answered(answer: &'static [u8]) -> Error {
    let (url, server) = serve(move |mut stream| {
        read_head(&mut stream);
        stream.write_all(answer).unwrap();
    });
    let error = ws_std::connect(&url).unwrap_err();
    server.join().unwrap();
    error
}

/// Fails where one line of a report repeats what another says.
fn assert_says_nothing_twice(report: &str) {
    // Addresses and numbers have colons without a space.
    let parts: Vec<_> = report.split([':', '\n']).map(str::trim).filter(|part| part.len() > 3).collect();
    for part in &parts {
        assert_eq!(parts.iter().filter(|other| *other == part).count(), 1, "{part:?} twice in\n{report}");
    }
}

/// A report without where it was made, which it ends with.
fn chain_of(report: &impl std::fmt::Debug) -> String {
    let report = format!("{report:?}");
    let ends = ["Location:", "Stack backtrace:"];
    ends.iter().fold(report.as_str(), |report, end| report.split(end).next().unwrap()).to_owned()
}

#[test]
fn a_chain_of_causes_says_nothing_twice() {
    for error in five_errors() {
        let text = error.to_string();
        let anyhow = anyhow::Error::from(error).context("connecting");
        assert_eq!(format!("{anyhow:#}"), format!("connecting: {text}"));
        assert_says_nothing_twice(&chain_of(&anyhow));
    }
    for error in five_errors() {
        let text = error.to_string();
        let eyre = eyre::Report::from(error).wrap_err("connecting");
        assert_eq!(format!("{eyre:#}"), format!("connecting: {text}"));
        assert_says_nothing_twice(&chain_of(&eyre));
    }
}

#[test]
fn five_texts() {
    let texts = five_errors().map(|error| error.to_string());
    assert!(texts[0].starts_with("127.0.0.1:") && texts[0].contains("onnection refused"), "{}", texts[0]);
    assert_eq!(
        texts[1..4],
        [
            "the URI does not begin with ws: or wss:",
            "the server answered 401 Unauthorized",
            "the peer is at fault: unmasked frame from a client",
        ]
    );
    assert_eq!(texts[4], "the connection was lost without a closing handshake: connection reset");
}

#[test]
fn an_error_in_an_error_is_the_source_of_none() {
    // What the stream failed with holds another error, which is what the chain goes on with.
    let inner = io::Error::other(io::Error::new(io::ErrorKind::NotFound, "the file is gone"));
    let error = Error::from(io::Error::other(inner));
    assert_eq!(error.to_string(), "the file is gone");
    assert!(error.source().is_none_or(|cause| cause.to_string() != error.to_string()));
    // Through an io::Error and back, too.
    let error = io::Error::from(Error::Disconnected(None));
    assert_eq!(error.to_string(), "the connection ended without a closing handshake");
    assert!(error.source().is_none());
}

#[test]
fn a_read_timeout_is_not_a_stream_that_would_block() {
    let (url, server) = serve(|stream| {
        let mut socket = ws_std::accept(stream).unwrap();
        while let Ok(Some(_)) = socket.read() {}
    });
    let short = Timeouts::new().with_read(Some(Duration::from_millis(20)));
    let mut socket = Client::new().with_timeouts(short).connect(&url).unwrap();
    let error = socket.read().unwrap_err();
    assert!(matches!(error, Error::ReadTimeout) && error.is_transient(), "{error}");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
    socket.get_ref().tcp().set_nonblocking(true).unwrap();
    socket.set_timeouts(Timeouts::new());
    let error = socket.read().unwrap_err();
    assert!(matches!(error, Error::WouldBlock) && error.is_transient(), "{error}");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::WouldBlock);
    socket.get_ref().tcp().set_nonblocking(false).unwrap();
    socket.close(CloseCode::NORMAL).unwrap();
    server.join().unwrap();
}

#[test]
fn s7_2_3_what_may_pass_is_worth_connecting_again() {
    let [refused, uri, unauthorized, fault, reset] = five_errors();
    assert!(refused.should_reconnect() && reset.should_reconnect());
    for error in [uri, unauthorized, fault] {
        assert!(!error.should_reconnect(), "{error}");
    }
    for (answer, expected, after) in [
        (&b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"[..], true, Some(7)),
        (b"HTTP/1.1 429 Slower\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n", true, Some(u64::MAX)),
        (b"HTTP/1.1 502 Bad Gateway\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n", true, None),
        (b"HTTP/1.1 504 Late\r\nRetry-After: -1\r\nContent-Length: 0\r\n\r\n", true, None),
        (b"HTTP/1.1 500 Oh\r\nRetry-After: \r\nContent-Length: 0\r\n\r\n", true, None),
        (b"HTTP/1.1 404 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", false, Some(1)),
        (b"HTTP/1.1 301 There\r\nContent-Length: 0\r\n\r\n", false, None),
    ] {
        let error = answered(answer);
        assert_eq!(error.should_reconnect(), expected, "{error}");
        assert_eq!(error.retry_after(), after.map(Duration::from_secs), "{error}");
        assert_eq!(error.refusal().map(|refusal| refusal.body().len()), Some(0));
    }
}

#[test]
fn s7_4_which_codes_are_worth_connecting_again() {
    let codes = (0..=u16::MAX).filter_map(CloseCode::new).map(CloseStatus::Code);
    let worth = codes.filter(|status| status.should_reconnect()).map(CloseStatus::get);
    assert!(worth.eq([1001, 1011, 1012, 1013, 1014, 3008]));
    assert!(CloseStatus::NoStatus.should_reconnect() && CloseStatus::Abnormal.should_reconnect());
}

#[test]
fn an_error_that_a_stream_of_bytes_returned_is_itself_again() {
    let again = |error: Error| Error::from(io::Error::from(error));
    assert!(matches!(again(Error::Timeout(Phase::Pong)), Error::Timeout(Phase::Pong)), "not transient");
    let refused = again(Error::Incomplete(CloseStatus::Code(CloseCode::POLICY_VIOLATION)));
    assert!(matches!(refused, Error::Incomplete(_)) && !refused.should_reconnect());
    assert!(again(Error::WouldBlock).is_transient() && again(Error::ReadTimeout).is_transient());
}

/// TCP gives up a connection whose peer does not acknowledge: that is no timeout of the program.
#[cfg(unix)]
#[test]
fn a_connection_that_tcp_has_given_up_is_lost() {
    struct Dead(Errno);
    impl Read for Dead {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
    }
    impl io::Write for Dead {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let open = |errno| {
        let stream = AnyStream(Dead(errno));
        WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap()
    };
    for errno in [Errno::TIMEDOUT, Errno::HOSTUNREACH, Errno::NETUNREACH, Errno::NETDOWN] {
        let kind = io::Error::from(errno).kind();
        for timeouts in [Timeouts::new(), Timeouts::new().with_read(Some(Duration::from_secs(1)))] {
            let mut reading = open(errno);
            reading.set_timeouts(timeouts);
            let mut writing = open(errno);
            writing.set_timeouts(timeouts);
            for _ in 0..2 {
                let error = reading.read().unwrap_err();
                assert!(matches!(error, Error::Disconnected(Some(found)) if found == kind), "{error:?}");
                let error = writing.send("Hello").unwrap_err();
                assert!(matches!(error, Error::Disconnected(Some(found)) if found == kind), "{error:?}");
                assert!(error.should_reconnect());
            }
        }
        let error = ByteStream::new(open(errno)).read(&mut [0]).unwrap_err();
        assert!(!matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock), "{error:?}");
        assert!(!Error::from(io::Error::from(errno)).is_transient());
    }
}
