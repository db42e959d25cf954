//! Streams of bytes over WebSockets over TCP: in two halves, compressed, and with TLS and WebSockets over them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    reason = "tests"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;

use common::tcp::serve;
use ws_std::{ByteReader, ByteStream, ByteWriter, Client, CloseCode, Duplex, NetStream, Server, Stream};

const LEN: usize = 3 << 20;

fn streams(client: &Client, server: Server) -> (ByteStream<NetStream>, ByteStream<TcpStream>) {
    let (url, server) = serve(move |stream| ByteStream::new(server.accept(stream).unwrap()));
    let client = ByteStream::new(client.connect(&url).unwrap());
    (client, server.join().unwrap())
}

/// Bytes that repeat after some while, so that a shift is noticed.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| u8::try_from(at * at % 251).unwrap()).collect()
}

/// One side sends, the other sends back, and the first ends both. Returns the two, at their end.
fn echo<C: Stream, S: Stream + Send>(mut client: C, mut server: S) -> (C, S) {
    thread::scope(|scope| {
        let echoing = scope.spawn(move || {
            let mut bytes = vec![0; LEN];
            server.read_exact(&mut bytes).unwrap();
            server.write_all(&bytes).unwrap();
            server.flush().unwrap();
            assert_eq!(server.read(&mut bytes).unwrap(), 0);
            server
        });
        let sent = pattern(LEN);
        for piece in sent.chunks(100_000) {
            client.write_all(piece).unwrap();
        }
        client.flush().unwrap();
        let mut received = vec![0; LEN];
        client.read_exact(&mut received).unwrap();
        assert!(received == sent);
        client.shutdown_write().unwrap();
        (client, echoing.join().unwrap())
    })
}

#[test]
fn both_roles_carry_bytes_and_end() {
    let (client, server) = streams(&Client::new(), Server::new());
    let (mut client, server) = echo(client, server);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    assert!(client.get_ref().closure().unwrap().is_clean && server.get_ref().closure().unwrap().is_clean);
    let (client, server) = streams(&Client::new(), Server::new());
    let (server, _client) = echo(server, client);
    assert!(server.get_ref().counters().received.message_count >= 48, "64 KiB in a message");
}

#[cfg(feature = "deflate")]
#[test]
fn compressed_messages_are_bytes_too() {
    let deflate = ws_std::Deflate::new();
    let (client, server) = streams(&Client::new().with_deflate(deflate), Server::new().with_deflate(deflate));
    let (client, server) = echo(client, server);
    for traffic in [client.get_ref().counters().received, server.get_ref().counters().received] {
        assert!(traffic.wire_len < u64::try_from(LEN / 2).unwrap(), "{traffic:?}");
    }
}

#[test]
fn a_websocket_runs_over_it() {
    let (client, server) = streams(&Client::new(), Server::new());
    let inner = thread::spawn(move || {
        let mut socket = Server::new().accept(server).unwrap();
        while let Some((message, mut writer)) = socket.read().unwrap() {
            writer.send(message).unwrap();
        }
        socket.closure().unwrap().is_clean
    });
    let mut socket = Client::new().handshake(client, "ws://localhost/").unwrap();
    let sent = pattern(200_000);
    socket.send(&sent).unwrap();
    assert!(socket.read().unwrap().unwrap().0.as_bytes() == sent);
    socket.close(CloseCode::NORMAL).unwrap();
    assert!(inner.join().unwrap());
}

#[cfg(feature = "rustls-ring")]
mod tls {
    use super::common::tls::Authority;
    use super::*;
    use ws_std::TlsStream;
    use ws_std::rustls::pki_types::ServerName;

    fn over<C, S>(client: C, server: S) -> (TlsStream<C>, TlsStream<S>)
    where
        C: Stream + Send + 'static,
        S: Stream + Send + 'static,
    {
        let authority = Authority::new("CA");
        let config = authority.issue("localhost").server_tls().build();
        let server = thread::spawn(move || TlsStream::accept(server, config, None).unwrap());
        let name = ServerName::try_from("localhost").unwrap();
        let client = TlsStream::connect(client, authority.client_tls().into(), name, None).unwrap();
        (client, server.join().unwrap())
    }

    #[test]
    fn tls_runs_over_it_in_both_roles() {
        let (client, server) = streams(&Client::new(), Server::new());
        let (client, server) = over(client, server);
        drop(echo(client, server));
        let (client, server) = streams(&Client::new(), Server::new());
        let (server, client) = over(server, client);
        drop(echo(client, server));
    }

    #[test]
    fn a_lost_stream_is_a_truncation_for_tls() {
        let (client, server) = streams(&Client::new(), Server::new());
        let (mut client, mut server) = over(client, server);
        server.write_all(b"part").unwrap();
        server.flush().unwrap();
        drop(server);
        let mut bytes = [0; 4];
        client.read_exact(&mut bytes).unwrap();
        assert_eq!(client.read(&mut bytes).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}

/// Writes all in pieces of some lengths, and returns what it was written by.
fn write_all<S: Duplex>(mut writer: ByteWriter<S>, bytes: &[u8]) -> ByteWriter<S> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(rest.len().min(rest.len() % 7001 + 1));
        writer.write_all(now).unwrap();
        rest = later;
    }
    writer
}

fn read_exactly<S: Duplex>(reader: &mut ByteReader<S>, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    reader.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn two_threads_read_and_write_at_the_same_time() {
    let (client, server) = streams(&Client::new(), Server::new());
    let ((mut read, write), (mut server_read, server_write)) =
        (client.split().unwrap(), server.split().unwrap());
    let sent = pattern(4 * LEN);
    let (mut write, mut server_write) = thread::scope(|scope| {
        let writing = scope.spawn(|| write_all(write, &sent));
        let server_writing = scope.spawn(|| write_all(server_write, &sent));
        let server_reading = scope.spawn(|| assert!(read_exactly(&mut server_read, sent.len()) == sent));
        assert!(read_exactly(&mut read, sent.len()) == sent);
        server_reading.join().unwrap();
        (writing.join().unwrap(), server_writing.join().unwrap())
    });
    assert_eq!(server_write.write_vectored(&[]).unwrap(), 0);
    server_write.write_all(b"last").unwrap();
    server_write.shutdown_write().unwrap();
    let reading = thread::spawn(move || server_read.read(&mut [0]).map(|len| (len, server_read)));
    assert_eq!(read_exactly(&mut read, 4), b"last");
    assert_eq!((read.read(&mut [0]).unwrap(), read.read(&mut [0]).unwrap()), (0, 0));
    let (len, server_read) = reading.join().unwrap().unwrap();
    assert_eq!(len, 0);
    assert!(server_read.get_ref().closure().unwrap().is_clean);
    assert_eq!(write.write(b"late").unwrap_err().kind(), ErrorKind::NotConnected);
}

#[test]
fn what_was_read_before_a_split_is_not_lost() {
    let (mut client, mut server) = streams(&Client::new(), Server::new());
    server.write_all(b"Hello").unwrap();
    let mut first = [0; 2];
    client.read_exact(&mut first).unwrap();
    let (mut read, write) = client.split().unwrap();
    assert_eq!(read_exactly(&mut read, 3), b"llo");
    write.get_ref().start_close(CloseCode::INTERNAL_ERROR).unwrap();
    let error = server.read(&mut first).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted, "{error}");
}
