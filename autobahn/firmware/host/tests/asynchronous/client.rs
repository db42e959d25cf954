//! The client over the same streams, and in conversation with the server.

use std::convert::Infallible;
use std::time::Duration;

use crate::support::{Clock, Keys, Memory, Peer, Socket, Then, finish, understood};
use ws_core::connection::{Closure, ClosureCause, Config, Connection};
use ws_core::error::SendError;
use ws_core::event::{MessageType, Piece};
use ws_core::frame::{CloseCode, Fin};
use ws_core::handshake::{
    HandshakeFault, OriginPolicy, OutgoingRequest, OutgoingResponse, ServerHandshake, ServerProgress,
    WriteError,
};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::{Due, KeepaliveConfig};
use ws_core::uri::Uri;
use ws_firmware::asynchronous::{Error, Sender, connect, echo};

/// To the nonce that [`Keys`] give.
const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: Pm67CwmGrFe1rDPxCoSOLlyfYRI=\r\n\r\n";
const FRAMES: &[u8] = b"\x01\x04Hel\xc3\x89\x02hi\x80\x03\xb6lo";
const CLOSE: &[u8] = b"\x88\x02\x03\xe8";
const TIMEOUTS: KeepaliveConfig = KeepaliveConfig::new().with_ping_interval(Some(Duration::from_secs(60)));

type Outcome = Result<Closure, Error<Infallible>>;

fn request() -> OutgoingRequest<'static> {
    OutgoingRequest::new(Uri::parse("ws://server/path?query").unwrap())
}

async fn call(peer: &Peer, memory: &mut Memory, keys: Keys) -> Outcome {
    connect(peer.link(TIMEOUTS), memory.buffers(), &request(), keys).await?.run(echo).await
}

fn called(peer: &Peer) -> Outcome {
    finish(call(peer, &mut Memory::new(256), Keys(1000)))
}

fn all() -> Vec<u8> {
    [RESPONSE, FRAMES, CLOSE].concat()
}

fn as_server(said: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    understood(Connection::server(Config::new()), said)
}

fn seconds(time: u64) -> Duration {
    Duration::from_secs(time)
}

#[test]
fn the_request_is_one_that_a_server_accepts() {
    let peer = Peer::new(all(), 7, Then::Eof);
    let _ended = called(&peer);
    let (head, _) = peer.heard();
    let mut buffer = ReadBuffer::with_filled(head.clone().into_bytes(), head.len()).unwrap();
    let mut handshake = ServerHandshake::new([0; 1024]);
    assert_eq!(handshake.receive(&mut buffer.input()), ServerProgress::Request);
    assert_eq!(handshake.request().unwrap().target(), "/path?query");
    let mut out = [0; 256];
    let len = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out).unwrap();
    assert_eq!(&out[..len], RESPONSE);
}

#[test]
fn the_echo_is_the_same_however_bytes_are_cut() {
    for cut in [1, 2, 3, 7, 64, 1000] {
        for input_len in [160, 1000] {
            let peer = Peer::new(all(), cut, Then::Eof);
            let closure = finish(call(&peer, &mut Memory::new(input_len), Keys(1000))).unwrap();
            assert!(closure.is_clean && closure.cause == ClosureCause::Peer);
            let expected = [
                ("pong", b"hi".to_vec()),
                ("text", "Helölo".as_bytes().to_vec()),
                ("close", vec![0x03, 0xe8]),
            ];
            assert_eq!(as_server(&peer.heard().1), expected, "cut {cut}, buffer {input_len}");
        }
    }
}

#[test]
fn s7_1_1_the_server_is_waited_for_to_end_the_stream_first() {
    let peer = Peer::new(all(), 1000, Then::Silence);
    assert!(called(&peer).unwrap().is_clean);
    assert_eq!(peer.waited(), seconds(10));
    assert!(!peer.state(|state| state.is_shut) && peer.state(|state| state.is_dropped));
    // Where it is the client that fails the connection, it is for the client to end it.
    let peer = Peer::new([RESPONSE, b"\x81\x01\xff"].concat(), 1000, Then::EofAfterOurs);
    assert!(matches!(called(&peer).unwrap().cause, ClosureCause::Fault(_)));
    assert!(peer.state(|state| state.is_shut));
}

#[test]
fn a_stream_that_ends_or_stalls_anywhere_ends_the_connection() {
    let all = all();
    for len in 0..all.len() {
        let peer = Peer::new(&all[..len], 5, Then::Eof);
        let outcome = called(&peer);
        if len < RESPONSE.len() {
            assert_eq!(outcome, Err(Error::Eof), "{len} bytes");
            let peer = Peer::new(&all[..len], 5, Then::Silence);
            assert_eq!(called(&peer), Err(Error::TimedOut(Due::HandshakeTimeout)), "{len} bytes");
            assert_eq!(peer.waited(), seconds(10));
        } else {
            assert!(!outcome.unwrap().is_clean, "{len} bytes");
            let peer = Peer::new(&all[..len], 5, Then::Silence);
            assert_eq!(called(&peer), Err(Error::TimedOut(Due::PongTimeout)), "{len} bytes");
            assert_eq!(peer.waited(), seconds(80));
        }
    }
}

#[test]
fn answers_that_open_no_connection_are_told_apart() {
    let peer = Peer::new("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 9, Then::Silence);
    assert_eq!(called(&peer), Err(Error::Rejected(404)));
    let wrong = String::from_utf8(RESPONSE.to_vec()).unwrap().replace("Pm67", "Pm68");
    let outcome = called(&Peer::new(wrong, 9, Then::Silence));
    assert!(matches!(outcome, Err(Error::Response(HandshakeFault::Violation(_)))), "{outcome:?}");
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n", "a".repeat(600));
    let outcome = called(&Peer::new(long, 9, Then::Silence));
    assert!(matches!(outcome, Err(Error::Response(HandshakeFault::Limit(_)))), "{outcome:?}");
}

#[test]
fn without_keys_or_room_nothing_is_sent() {
    for keys in 0..4 {
        let peer = Peer::new(all(), 9, Then::Silence);
        let outcome = finish(call(&peer, &mut Memory::new(256), Keys(keys)));
        assert_eq!(outcome, Err(Error::Send(SendError::NoMaskKey)));
        assert!(peer.state(|state| state.heard.is_empty()));
    }
    let peer = Peer::new(all(), 9, Then::Silence);
    let outcome = finish(call(&peer, &mut Memory::new(100), Keys(9)));
    assert!(matches!(outcome, Err(Error::Request(WriteError::BufferTooSmall { .. }))), "{outcome:?}");
    assert!(peer.state(|state| state.heard.is_empty()));
    // Those of the nonce were the last: nothing is said unmasked.
    let peer = Peer::new(all(), 1000, Then::Silence);
    assert_eq!(finish(call(&peer, &mut Memory::new(256), Keys(4))), Err(Error::Send(SendError::NoMaskKey)));
    assert!(peer.heard().1.is_empty());
}

#[test]
fn a_client_may_speak_first_and_close_when_it_has_heard_enough() {
    let said = b"\x81\x06hello!\x88\x02\x03\xe8";
    let peer = Peer::new([RESPONSE, said].concat(), 3, Then::Eof);
    let mut memory = Memory::new(256);
    let mut heard = Vec::new();
    let closure = finish(async {
        let mut socket = connect(peer.link(TIMEOUTS), memory.buffers(), &request(), Keys(9)).await?;
        socket.sender().send(MessageType::Text, Fin::Final, &mut b"hello?".to_owned()).await?;
        let receive = async |piece: Piece<'_>, sender: &mut Sender<'_, Socket, Clock, Keys>| {
            heard.extend_from_slice(piece.payload);
            if piece.is_last {
                sender.close(CloseCode::NORMAL.into());
            }
            Ok(())
        };
        socket.run(receive).await
    })
    .unwrap();
    assert!(closure.is_clean && closure.cause == ClosureCause::Local);
    assert_eq!(heard, b"hello!");
    assert_eq!(as_server(&peer.heard().1), [("text", b"hello?".to_vec()), ("close", vec![0x03, 0xe8])]);
}
