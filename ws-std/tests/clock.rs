//! The clock of a stream: deadlines are judged by it, whatever the stream is wrapped in.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::std_instead_of_core, reason = "tests")]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod common;

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use common::sim::Sim;
use ws_std::{Config, Error, NetStream, Phase, Role, SharedStream, Stream, Timeouts, WebSocket};

const fn s(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A silent peer is given up by the clock of `sim`, over which `stream` is.
fn check(sim: &Sim, stream: impl Stream) {
    let begun = sim.elapsed();
    let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
    let opened_at = sim.now();
    assert_eq!(socket.counters().opened_at, opened_at);
    socket.set_timeouts(Timeouts::new().with_ping_interval(Some(s(30))).with_pong(Some(s(20))));
    assert_eq!(socket.next_deadline(), Some(opened_at + s(30)));
    let error = socket.read().map(drop).unwrap_err();
    assert!(matches!(error, Error::Timeout(Phase::Pong)), "{error}");
    assert_eq!(sim.elapsed(), begun + s(50));
}

#[test]
fn a_wrapper_has_the_clock_of_its_stream() {
    let sim = Sim::new();
    check(&sim, sim.clone());
    let sim = Sim::new();
    check(&sim, &mut sim.clone());
    let sim = Sim::new();
    let boxed: Box<dyn Stream> = Box::new(sim.clone());
    check(&sim, boxed);
    let sim = Sim::new();
    check(&sim, SharedStream::new(sim.clone()));
}

#[test]
fn sockets_have_the_clock_of_the_system() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let before = Instant::now();
    let of_tcp = stream.clock().now();
    let of_net = NetStream::from(stream).clock().now();
    assert!(before <= of_tcp && of_tcp <= of_net && of_net <= Instant::now());
}

#[cfg(feature = "rustls-ring")]
mod tls {
    use super::{check, s};
    use crate::common::sim::Sim;
    use crate::common::tls::Authority;
    use std::io::{self, Read as _, Write as _};
    use std::sync::{Arc, Mutex};
    use ws_std::rustls::ClientConnection;
    use ws_std::rustls::pki_types::ServerName;
    use ws_std::{Duplex as _, Error, Phase, Stream as _, TlsStream};

    /// A way to read.
    type Read = fn(&mut TlsStream<Sim>, &mut [u8]) -> io::Result<usize>;

    /// What the client has to write.
    fn said(client: &mut ClientConnection) -> Vec<u8> {
        let mut said = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut said).unwrap();
        }
        said
    }

    /// A server's stream over a simulated one, and the client at the other end of that, which said hello after a second.
    fn opened() -> (Sim, TlsStream<Sim>, Arc<Mutex<ClientConnection>>) {
        let authority = Authority::new("CA");
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = ClientConnection::new(authority.client_tls().into(), name).unwrap();
        let sim = Sim::new();
        sim.says(s(1), &said(&mut client));
        let client = Arc::new(Mutex::new(client));
        let answering = Arc::clone(&client);
        sim.answers(move |mut bytes| {
            let mut client = answering.lock().unwrap();
            while !bytes.is_empty() {
                client.read_tls(&mut bytes).unwrap();
                client.process_new_packets().unwrap();
            }
            said(&mut client)
        });
        let config = authority.issue("localhost").server_tls().build();
        let stream = TlsStream::accept(sim.clone(), config, Some(s(2))).unwrap();
        assert_eq!(sim.elapsed(), s(1));
        (sim, stream, client)
    }

    #[test]
    fn it_has_the_clock_of_the_stream_under_it() {
        let (sim, stream, _client) = opened();
        check(&sim, stream);
    }

    #[test]
    fn a_record_that_drips_does_not_put_off_the_limit_of_a_read() {
        let reads: [Read; 2] = [TlsStream::read, |stream, bytes| stream.read_shared(bytes)];
        for read in reads {
            let (sim, mut stream, client) = opened();
            let record = {
                let mut client = client.lock().unwrap();
                client.writer().write_all(b"Hello").unwrap();
                said(&mut client)
            };
            sim.drips(s(1), &record);
            stream.limit_read(Some(s(7) / 2)).unwrap();
            assert_eq!(read(&mut stream, &mut [0; 10]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
            assert_eq!(sim.elapsed(), s(1) + s(7) / 2);
            stream.limit_read(None).unwrap();
            assert_eq!(read(&mut stream, &mut [0; 10]).unwrap(), 5);
            assert_eq!(sim.elapsed(), s(1) * u32::try_from(1 + record.len()).unwrap());
        }
    }

    #[test]
    fn its_handshake_meets_its_deadline_in_both_roles() {
        let authority = Authority::new("CA");
        let config = authority.issue("localhost").server_tls().build();
        let sim = Sim::new();
        let result = TlsStream::accept(sim.clone(), config, Some(s(10)));
        assert!(matches!(result, Err(Error::Timeout(Phase::Handshake))));
        assert_eq!(sim.elapsed(), s(10));

        let name = ServerName::try_from("localhost").unwrap();
        let sim = Sim::new();
        let result = TlsStream::connect(sim.clone(), authority.client_tls().into(), name, Some(s(10)));
        assert!(matches!(result, Err(Error::Timeout(Phase::Handshake))));
        assert_eq!(sim.elapsed(), s(10));
    }
}
