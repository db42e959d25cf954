//! Handshakes of TLS on streams that do not block, with the opening handshake after them: cut into any pieces, in time, and
//! ended by a fault of either side.
#![cfg(feature = "rustls-ring")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    reason = "tests"
)]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use common::sim::{Sim, ms};
use common::tcp::{read_to_end, serve};
use common::tls::{ALERT, Authority, Pipe, VERSIONS, client_config, pipe, server_config};
use ws_std::rustls::pki_types::ServerName;
use ws_std::rustls::{
    AlertDescription, ClientConnection, Connection, Error as TlsError, ServerConfig, ServerConnection,
};
use ws_std::{
    Client, Config, Connecting, Error, Incoming, Message, Phase, Receiving, Role, Server, Stream, Timeouts,
    TlsStream, WebSocket,
};

const URL: &str = "wss://example.com/chat";

/// What an event loop does again and again until it has a result that is not "would block".
fn done<T>(result: Result<T, Error>) -> Option<Result<T, Error>> {
    match result {
        Err(error) if error.is_transient() => None,
        result => Some(result),
    }
}

/// More turns than any of these conversations takes.
const TURN_COUNT_MAX: usize = 1_000_000;

/// What a side does in its turns once it has a result.
trait Turn {
    fn go_on(&mut self) {}
}

impl Turn for () {}
impl Turn for bool {}
impl Turn for Incoming<TlsStream<Pipe>> {}

impl Turn for WebSocket<TlsStream<Pipe>> {
    fn go_on(&mut self) {
        let _blocked = self.flush();
    }
}

type Opened<A, B> = (Result<A, Error>, Result<B, Error>);

/// Gives both sides a turn each, until both have a result.
fn take_turns<A: Turn, B: Turn>(
    mut ours: impl FnMut() -> Result<A, Error>,
    mut theirs: impl FnMut() -> Result<B, Error>,
) -> Opened<A, B> {
    let (mut one, mut two) = (None::<Result<A, Error>>, None::<Result<B, Error>>);
    for _ in 0..TURN_COUNT_MAX {
        match &mut one {
            Some(Ok(opened)) => opened.go_on(),
            Some(Err(_)) => {}
            None => one = done(ours()),
        }
        match &mut two {
            Some(Ok(opened)) => opened.go_on(),
            Some(Err(_)) => {}
            None => two = done(theirs()),
        }
        if one.is_some() && two.is_some() {
            break;
        }
    }
    let (Some(one), Some(two)) = (one, two) else { panic!("neither side goes on") };
    (one, two)
}

/// Both sides over a pipe that holds `capacity`. Where `step` is not 0, operations move at most so many bytes, and half of them would
/// block.
fn start(
    client: &Client,
    server: &Server,
    config: &Arc<ServerConfig>,
    (step, capacity): (usize, usize),
) -> (Connecting<TlsStream<Pipe>>, Receiving<TlsStream<Pipe>>) {
    let (ours, theirs) = pipe();
    for end in [&ours, &theirs] {
        end.set_capacity(capacity);
        end.break_up(step);
        end.set_non_blocking();
    }
    (client.start_handshake_tls(ours, URL).unwrap(), server.start_receive_tls(theirs, config).unwrap())
}

fn accept(incoming: Incoming<TlsStream<Pipe>>) -> Result<WebSocket<TlsStream<Pipe>>, Error> {
    assert_eq!(incoming.path(), "/chat");
    let mut socket = incoming.accept()?;
    socket.send("welcome")?;
    Ok(socket)
}

fn text(socket: &mut WebSocket<TlsStream<Pipe>>) -> String {
    match socket.read().unwrap().unwrap().0 {
        Message::Text(text) => text.to_owned(),
        Message::Binary(_) => panic!("binary"),
    }
}

#[test]
fn s4_1_both_handshakes_go_on_wherever_the_stream_would_block() {
    let authority = Authority::new("CA");
    let shown = authority.issue("somebody");
    for (step, capacity) in [(1, 7), (3, usize::MAX), (700, 300), (usize::MAX, usize::MAX)] {
        for version in VERSIONS {
            for asks in [false, true] {
                let identity = asks.then_some(&shown);
                let client = Client::new().with_tls(Arc::new(client_config(&authority, version, identity)));
                let config = server_config(&authority, asks);
                let (mut connecting, mut receiving) =
                    start(&client, &Server::new(), &config, (step, capacity));
                assert!(connecting.wants_write() && !receiving.wants_write());
                let (client, server) = take_turns(
                    || {
                        // The stream can be asked in every phase, that of TLS included.
                        let stream = connecting.get_ref().unwrap();
                        stream.with_connection(|tls| assert!(tls.alpn_protocol().is_none()));
                        connecting.advance()
                    },
                    || {
                        assert!(receiving.get_ref().is_some());
                        receiving.advance().and_then(accept)
                    },
                );
                let (mut client, mut server) = (client.unwrap(), server.unwrap());
                assert!(connecting.get_ref().is_none() && !connecting.wants_write());
                assert!(receiving.get_ref().is_none() && !receiving.wants_write());
                let tls = |socket: &WebSocket<TlsStream<Pipe>>| {
                    let tls = socket.get_ref();
                    tls.with_connection(|tls| (tls.protocol_version(), tls.peer_certificates().is_some()))
                };
                assert_eq!(tls(&client), (Some(version.version), true));
                assert_eq!(tls(&server), (Some(version.version), asks));

                // No byte was lost or repeated, and none of what was sent with the handshakes.
                for socket in [&mut client, &mut server] {
                    socket.get_ref().get_ref().set_capacity(usize::MAX);
                    socket.get_ref().get_ref().break_up(0);
                    socket.flush().unwrap();
                }
                client.send("Hello").unwrap();
                assert_eq!(text(&mut client), "welcome");
                assert_eq!(text(&mut server), "Hello");
                for socket in [&client, &server] {
                    assert!(!socket.wants_write() && socket.get_ref().get_ref().is_drained());
                }
            }
        }
    }
}

#[test]
fn a_stream_of_tls_alone_does_its_handshake_so_too_and_keeps_what_is_written_before() {
    let authority = Authority::new("CA");
    let config = server_config(&authority, false);
    // More than waits once the handshake is done.
    let early: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    for version in VERSIONS {
        let (ours, theirs) = pipe();
        ours.break_up(1000);
        theirs.break_up(1000);
        let name = ServerName::try_from("example.com").unwrap();
        let tls = Arc::new(client_config(&authority, version, None));
        let mut client = TlsStream::start_connect(ours, tls, name).unwrap();
        let mut server = TlsStream::start_accept(theirs, Arc::clone(&config)).unwrap();
        assert!(client.wants_write() && !server.wants_write());
        let mut unsent = early.as_slice();
        while !unsent.is_empty() {
            match client.write(unsent) {
                Ok(len) => unsent = &unsent[len..],
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        let mut received = Vec::<u8>::new();
        let (opened, accepted) = take_turns(|| client.advance(), || server.advance());
        assert!(opened.is_ok() && accepted.is_ok());
        let (flushed, read) = take_turns(
            || Ok(client.flush()?),
            || {
                let mut bytes = [0; 5000];
                while received.len() < early.len() {
                    let len = server.read(&mut bytes)?;
                    received.extend(&bytes[..len]);
                }
                Ok(())
            },
        );
        assert!(flushed.is_ok() && read.is_ok() && received == early);
        assert!(!client.wants_write());
    }
}

#[test]
fn whoever_is_refused_is_told_by_an_alert() {
    let (authority, other) = (Authority::new("CA"), Authority::new("another CA"));
    let alert = |result: Result<(), Error>| {
        let Err(Error::Tls(error)) = result else { panic!("{result:?}") };
        let TlsError::AlertReceived(alert) = *error else { panic!("{error:?}") };
        alert
    };
    for version in VERSIONS {
        for pieces in [(0, usize::MAX), (0, 300)] {
            let attempt = |trusted: &Authority, asks: bool| {
                let config = server_config(&authority, asks);
                let client = Client::new().with_tls(Arc::new(client_config(trusted, version, None)));
                let (mut connecting, mut receiving) = start(&client, &Server::new(), &config, pieces);
                let opened = take_turns(
                    || connecting.advance().map(drop),
                    || receiving.advance().and_then(accept).map(drop),
                );
                assert!(connecting.get_ref().is_none() && receiving.get_ref().is_none());
                let again = connecting.advance().map(drop).unwrap_err();
                assert!(matches!(again, Error::Io(error) if error.kind() == ErrorKind::NotConnected));
                opened
            };
            let (client, server) = attempt(&other, false);
            assert!(
                matches!(&client, Err(Error::Tls(error)) if matches!(**error, TlsError::InvalidCertificate(_))),
                "{client:?}"
            );
            assert_eq!(alert(server), AlertDescription::UnknownCA);

            let (client, server) = attempt(&authority, true);
            assert!(
                matches!(&server, Err(Error::Tls(error)) if **error == TlsError::NoCertificatesPresented),
                "{server:?}"
            );
            assert_eq!(alert(client), AlertDescription::CertificateRequired);
        }
    }
}

/// What a server says to a client that does not speak TLS.

#[test]
fn a_client_that_does_not_speak_tls_can_read_the_alert_though_it_sends_more() {
    let config = server_config(&Authority::new("CA"), false);
    let (url, server) = serve(move |stream| Server::new().accept_tls(stream, &config).map(drop));
    let mut tcp = common::tcp::dial(&url);
    // More than the server reads before it knows.
    tcp.write_all(&vec![b'G'; 300_000]).unwrap();
    tcp.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(read_to_end(&mut tcp)[..5], ALERT);
    assert!(matches!(server.join().unwrap(), Err(Error::Tls(_))));

    let config = server_config(&Authority::new("CA"), false);
    let (mut ours, theirs) = pipe();
    theirs.set_non_blocking();
    let mut receiving = Server::new().start_receive_tls(theirs, &config).unwrap();
    ours.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let failed = receiving.advance();
    assert!(matches!(failed, Err(Error::Tls(error)) if matches!(*error, TlsError::InvalidMessage(_))));
    let mut said = [0; 5];
    ours.read_exact(&mut said).unwrap();
    assert_eq!(said, ALERT);
}

#[test]
fn a_peer_that_ends_the_stream_at_any_byte_of_the_handshake_is_gone() {
    let authority = Authority::new("CA");
    let config = server_config(&authority, false);
    let client = authority.client();
    // What both sides say where nothing fails.
    let (mut connecting, mut receiving) = start(&client, &Server::new(), &config, (0, usize::MAX));
    let mut hello = Vec::new();
    let mut flight = Vec::new();
    let _opened = take_turns(
        || {
            let result = connecting.advance();
            if let (Some(stream), true) = (connecting.get_ref(), hello.is_empty()) {
                hello = stream.get_ref().take_written();
            }
            result
        },
        || {
            let result = receiving.advance().and_then(accept);
            if let (Some(stream), true) = (receiving.get_ref(), flight.is_empty()) {
                flight = stream.get_ref().take_written();
            }
            result
        },
    );
    assert!(hello.len() > 100 && flight.len() > 500);
    let is_gone = |error: &Error| matches!(error, Error::Disconnected(Some(ErrorKind::UnexpectedEof)));
    for len in (0..hello.len()).step_by(7) {
        let (mut ours, theirs) = pipe();
        let mut receiving = Server::new().start_receive_tls(theirs, &config).unwrap();
        ours.write_all(&hello[..len]).unwrap();
        ours.cut();
        let error = receiving.advance().unwrap_err();
        assert!(is_gone(&error), "{len}: {error:?}");
    }
    for len in [0, 1, 4, 5, 6, 100] {
        let (ours, mut theirs) = pipe();
        let mut connecting = client.start_handshake_tls(ours, URL).unwrap();
        theirs.write_all(&flight[..len]).unwrap();
        theirs.cut();
        let error = connecting.advance().map(drop).unwrap_err();
        assert!(is_gone(&error), "{len}: {error:?}");
    }
}

#[test]
fn a_url_that_asks_for_no_tls_or_names_no_host_to_verify_is_an_error() {
    let client = Authority::new("CA").client();
    for url in ["ws://example.com/", "wss://exa_mple..com/"] {
        let error = client.handshake_tls(pipe().0, url).map(drop).unwrap_err();
        assert!(matches!(error, Error::Tls(_)), "{error:?}");
    }
    assert!(matches!(client.start_handshake_tls(pipe().0, "https://example.com/"), Err(Error::Uri(_))));
}

/// The other side, by rustls alone: takes what it hears, and gives what it says to that.
fn hear(connection: &mut Connection, mut bytes: &[u8]) -> Vec<u8> {
    let mut said = Vec::new();
    while !bytes.is_empty() {
        connection.read_tls(&mut bytes).unwrap();
        connection.process_new_packets().unwrap();
    }
    while connection.wants_write() {
        connection.write_tls(&mut said).unwrap();
    }
    said
}

fn client_by_rustls(authority: &Authority) -> Connection {
    let name = ServerName::try_from("example.com").unwrap();
    ClientConnection::new(authority.client_tls().into(), name).unwrap().into()
}

const LIMIT: Duration = ms(1000);

/// When the deadline has not passed yet.
const ALMOST: Duration = ms(997);

#[test]
fn one_deadline_is_for_both_handshakes_whatever_the_peer_does_slowly() {
    let authority = Authority::new("CA");
    let config = server_config(&authority, false);
    let timeouts = Timeouts::new().with_handshake(Some(LIMIT));
    let (client, server) =
        (authority.client().with_timeouts(timeouts), Server::new().with_timeouts(timeouts));
    let check = |sim: &Sim, error: Error| {
        assert!(matches!(error, Error::Timeout(Phase::Handshake)), "{error:?}");
        let elapsed = sim.elapsed();
        assert!(elapsed >= ALMOST && elapsed <= LIMIT, "{elapsed:?}");
    };

    // The hello drips.
    let sim = Sim::new();
    let hello = hear(&mut client_by_rustls(&authority), b"");
    sim.drips(ms(100), &hello);
    check(&sim, server.receive_tls(sim.clone(), &config).map(drop).unwrap_err());

    // The answer to it is heard so slowly that it never ends, and each write of it takes something.
    let sim = Sim::new();
    sim.says(ms(0), &hello);
    sim.hears(20, 100);
    check(&sim, server.receive_tls(sim.clone(), &config).map(drop).unwrap_err());

    // The handshake of TLS takes most of the time, and the request never comes.
    let sim = Sim::new();
    let mut peer = client_by_rustls(&authority);
    sim.says(LIMIT * 3 / 4, &hear(&mut peer, b""));
    sim.answers(move |bytes| hear(&mut peer, bytes));
    // The hello of this peer is not the one that was heard above.
    let mut receiving = server.start_receive_tls(sim.clone(), &config).unwrap();
    check(&sim, receiving.advance().map(drop).unwrap_err());

    // The server hears nothing of the hello, or says nothing to it.
    for pace in [0, 1_000_000] {
        let sim = Sim::new();
        sim.hears(pace, 50);
        check(&sim, client.handshake_tls(sim.clone(), URL).map(drop).unwrap_err());
    }

    // The server does the handshake of TLS, and does not answer the request.
    let sim = Sim::new();
    let mut peer: Connection = ServerConnection::new(Arc::clone(&config)).unwrap().into();
    sim.answers(move |bytes| hear(&mut peer, bytes));
    check(&sim, client.handshake_tls(sim.clone(), URL).map(drop).unwrap_err());

    // And on a stream that does not block, where only the time between two calls passes.
    let sim = Sim::new();
    sim.set_non_blocking(true);
    let mut connecting = client.start_handshake_tls(sim.clone(), URL).unwrap();
    assert!(connecting.advance().unwrap_err().is_transient() && !connecting.wants_write());
    sim.sleep(ALMOST);
    assert!(connecting.advance().unwrap_err().is_transient());
    sim.sleep(ms(3));
    check(&sim, connecting.advance().map(drop).unwrap_err());
}

#[test]
fn a_socket_over_tls_that_has_not_begun_wants_to_write_until_the_stream_has_taken_the_hello() {
    let authority = Authority::new("CA");
    let (ours, theirs) = pipe();
    ours.set_non_blocking();
    theirs.set_non_blocking();
    ours.set_capacity(0);
    let name = ServerName::try_from("example.com").unwrap();
    let client = TlsStream::start_connect(ours, authority.client_tls().into(), name).unwrap();
    let mut client = WebSocket::after_handshake(client, Role::Client, Config::new(), b"").unwrap();
    client.send("Hello").unwrap();
    for capacity in [0, 50] {
        client.get_ref().get_ref().set_capacity(capacity);
        assert!(client.flush().unwrap_err().is_transient() && client.wants_write());
        assert!(client.read().map(drop).unwrap_err().is_transient() && client.wants_write());
    }
    client.get_ref().get_ref().set_capacity(usize::MAX);
    client.flush().unwrap();
    assert!(!client.wants_write(), "the message is not encrypted yet");
    let mut server = TlsStream::start_accept(theirs, server_config(&authority, false)).unwrap();
    let is_open = (0..10).any(|_| {
        assert!(client.read().map(drop).unwrap_err().is_transient());
        server.advance().is_ok()
    });
    assert!(is_open && client.read().map(drop).unwrap_err().is_transient() && !client.wants_write());
    let mut server = WebSocket::after_handshake(server, Role::Server, Config::new(), b"").unwrap();
    assert_eq!(text(&mut server), "Hello");
}
