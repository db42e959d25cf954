//! The server over streams that cut, stall, flood and end wherever they like.

use std::task::Poll;
use std::time::Duration;

use crate::support::{Clock, Keys, Memory, Peer, Socket, Then, finish, poll_once, understood};
use ws_core::connection::{Closure, ClosureCause, Config, Connection, Unmasked};
use ws_core::event::Piece;
use ws_core::frame::CloseCode;
use ws_core::handshake::OriginPolicy;
use ws_core::keepalive::{Due, KeepaliveConfig};
use ws_firmware::asynchronous::{Error, Sender, accept, echo};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: board\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
/// A text in two fragments with a ping between them, and a binary message; masked with zeros.
const FRAMES: &[u8] = b"\x01\x84\0\0\0\0Hel\xc3\x89\x82\0\0\0\0hi\x80\x83\0\0\0\0\xb6lo\x82\x80\0\0\0\0";
const CLOSE: &[u8] = b"\x88\x82\0\0\0\0\x03\xe8";
const TIMEOUTS: KeepaliveConfig = KeepaliveConfig::new();

type Outcome = Result<Closure, Error<std::convert::Infallible>>;

async fn serve(peer: &Peer, memory: &mut Memory, timeouts: KeepaliveConfig) -> Outcome {
    accept(peer.link(timeouts), memory.buffers(), OriginPolicy::SameHost).await?.run(echo).await
}

fn served(peer: &Peer) -> Outcome {
    finish(serve(peer, &mut Memory::new(64), TIMEOUTS))
}

fn as_client(said: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    understood(Connection::client(Keys(0), Config::new()), said)
}

fn all() -> Vec<u8> {
    [REQUEST, FRAMES, CLOSE].concat()
}

fn seconds(time: u64) -> Duration {
    Duration::from_secs(time)
}

#[test]
fn the_echo_is_the_same_however_bytes_are_cut_and_whatever_the_buffer() {
    for cut in [1, 2, 3, 7, 64, 1000] {
        for input_len in [1, 2, 5, 64, 1000] {
            let peer = Peer::new(all(), cut, Then::EofAfterOurs);
            let closure = finish(serve(&peer, &mut Memory::new(input_len), TIMEOUTS)).unwrap();
            assert!(closure.is_clean && closure.cause == ClosureCause::Peer);
            let (head, frames) = peer.heard();
            assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
            let expected = [
                ("pong", b"hi".to_vec()),
                ("text", "Helölo".as_bytes().to_vec()),
                ("binary", Vec::new()),
                ("close", vec![0x03, 0xe8]),
            ];
            assert_eq!(as_client(&frames), expected, "cut {cut}, buffer {input_len}");
            assert!(peer.state(|state| state.is_shut && state.is_dropped));
        }
    }
}

#[test]
fn a_request_that_is_cut_anywhere_is_accepted() {
    for at in 1..REQUEST.len() {
        // The second part comes only once the first was taken.
        let peer = Peer::new(all(), at, Then::EofAfterOurs);
        assert!(served(&peer).unwrap().is_clean, "cut at {at}");
    }
}

#[test]
fn a_stream_that_ends_anywhere_ends_the_connection() {
    let all = all();
    for len in 0..all.len() {
        let peer = Peer::new(&all[..len], 5, Then::Eof);
        let outcome = served(&peer);
        let (head, _) = peer.heard();
        if len < REQUEST.len() {
            assert_eq!((outcome, head.as_str()), (Err(Error::Eof), ""), "{len} bytes");
        } else {
            let closure = outcome.unwrap();
            assert!(
                !closure.is_clean && closure.cause == ClosureCause::Transport,
                "{len} bytes: {closure:?}"
            );
        }
        assert_eq!(peer.waited(), Duration::ZERO);
    }
    // The peer's Close was the last thing that it said: it still gets ours.
    let peer = Peer::new(all, 5, Then::Eof);
    assert!(served(&peer).unwrap().is_clean);
    assert!(peer.heard().1.ends_with(b"\x88\x02\x03\xe8"));
}

#[test]
fn a_peer_that_falls_silent_anywhere_is_not_waited_for_for_ever() {
    let all = all();
    let timeouts = TIMEOUTS.with_ping_interval(Some(seconds(60)));
    for len in 0..=all.len() {
        let peer = Peer::new(&all[..len], 5, Then::Silence);
        let outcome = finish(serve(&peer, &mut Memory::new(64), timeouts));
        let waited = peer.waited();
        if len < REQUEST.len() {
            assert_eq!((outcome, waited), (Err(Error::TimedOut(Due::HandshakeTimeout)), seconds(10)));
        } else if len < all.len() {
            assert_eq!((outcome, waited), (Err(Error::TimedOut(Due::PongTimeout)), seconds(80)), "{len}");
            assert!(peer.heard().1.ends_with(b"\x89\0"), "it was pinged");
        } else {
            assert!(outcome.unwrap().is_clean, "both Closes were exchanged, whatever the stream does then");
            assert_eq!(waited, seconds(10));
            assert!(peer.state(|state| state.is_shut));
        }
        assert!(peer.state(|state| state.is_dropped));
    }
}

#[test]
fn pings_go_on_while_they_are_answered() {
    let peer = Peer::new(REQUEST, 1000, Then::Silence);
    let mut memory = Memory::new(64);
    let timeouts = TIMEOUTS.with_ping_interval(Some(seconds(60))).with_pong_timeout(None);
    let mut served = Box::pin(serve(&peer, &mut memory, timeouts));
    // Each poll goes on until the next time that others have their turn.
    for _ in 0..5 {
        assert!(finish(poll_once(&mut served)).is_pending());
    }
    drop(served);
    let pings = as_client(&peer.heard().1);
    assert!(pings.len() >= 3 && pings.iter().all(|(name, payload)| *name == "ping" && payload.is_empty()));
}

#[test]
fn a_connection_without_messages_is_closed_after_the_idle_time() {
    let peer = Peer::new([REQUEST, FRAMES].concat(), 1000, Then::Silence);
    let timeouts = TIMEOUTS.with_idle_timeout(Some(seconds(300)));
    let outcome = finish(serve(&peer, &mut Memory::new(64), timeouts));
    assert_eq!(outcome, Err(Error::TimedOut(Due::CloseTimeout)), "the peer does not answer the Close");
    assert_eq!(peer.waited(), seconds(310));
    assert!(peer.heard().1.ends_with(b"\x88\x02\x03\xe9"));
}

#[test]
fn whatever_comes_defers_the_ping_and_messages_the_idle_time() {
    // 5 s of messages of two bytes: the byte is the opcode, the length, the mask and the payload.
    let peer = Peer::new(REQUEST, 1000, Then::Flood(0x82, 5000));
    let timeouts = TIMEOUTS
        .with_ping_interval(Some(seconds(2)))
        .with_pong_timeout(Some(Duration::from_millis(1500)))
        .with_idle_timeout(Some(seconds(3)));
    let outcome = finish(serve(&peer, &mut Memory::new(64), timeouts));
    assert_eq!(outcome, Err(Error::TimedOut(Due::CloseTimeout)));
    assert_eq!(peer.waited(), seconds(5 + 3 + 10));
    assert!(peer.heard().1.ends_with(b"\x89\0\x88\x02\x03\xe9"), "a ping, and a second later the Close");
}

#[test]
fn a_stream_that_takes_nothing_is_at_its_end() {
    let peer = Peer::new([REQUEST, FRAMES].concat(), 1000, Then::Eof).with(|state| state.takes = 130);
    assert_eq!(served(&peer), Err(Error::Eof));
}

#[test]
fn a_peer_that_does_not_read_is_given_up() {
    // The 101 has 129 bytes, and what FRAMES is answered with 17.
    for takes in 0..129 + 17 {
        let peer =
            Peer::new([REQUEST, FRAMES].concat(), 1000, Then::Silence).with(|state| state.takes = takes);
        let (due, after) = if takes < 129 { (Due::HandshakeTimeout, 10) } else { (Due::WriteTimeout, 30) };
        assert_eq!((served(&peer), peer.waited()), (Err(Error::TimedOut(due)), seconds(after)), "{takes}");
    }
}

#[test]
fn a_close_that_is_not_taken_is_given_up_and_not_clean() {
    let peer = Peer::new([REQUEST, CLOSE].concat(), 1000, Then::Silence).with(|state| state.takes = 131);
    assert_eq!(served(&peer), Err(Error::TimedOut(Due::CloseTimeout)));
    assert_eq!(peer.waited(), seconds(10));
}

#[test]
fn a_peer_that_sends_without_a_pause_does_not_outlive_a_handshake() {
    // After the Close, whatever comes is discarded.
    let peer = Peer::new(all(), 1000, Then::Flood(0x89, u32::MAX));
    assert!(served(&peer).unwrap().is_clean);
    assert_eq!(peer.waited(), seconds(10));
    // Our own Close is not answered, while empty binary frames come.
    let peer = Peer::new([REQUEST, FRAMES].concat(), 1000, Then::Flood(0, u32::MAX)).with(|state| {
        state.says.extend(b"\x82\xfe\xff\xff\0\0\0\0");
    });
    let close = async |_: Piece<'_>, sender: &mut Sender<'_, Socket, Clock, Unmasked>| {
        sender.close(CloseCode::NORMAL.into());
        Ok(())
    };
    let mut memory = Memory::new(64);
    let outcome = finish(async {
        accept(peer.link(TIMEOUTS), memory.buffers(), OriginPolicy::SameHost).await?.run(close).await
    });
    assert_eq!(outcome, Err(Error::TimedOut(Due::CloseTimeout)));
    assert_eq!(peer.waited(), seconds(10));
    // A head that comes a byte each millisecond is at its limit before its time.
    let peer = Peer::new(&REQUEST[..20], 1000, Then::Flood(b'a', u32::MAX));
    assert!(matches!(served(&peer), Err(Error::Refused(_))));
    assert!(peer.heard().0.starts_with("HTTP/1.1 431 "));
}

#[test]
fn other_tasks_have_their_turn_while_a_peer_sends_without_a_pause() {
    let start = [REQUEST, b"\x82\xff\0\0\0\0\0\x10\0\0\0\0\0\0"].concat();
    let peer = Peer::new(start, 1000, Then::Flood(7, u32::MAX));
    let mut memory = Memory::new(64);
    let mut served = Box::pin(serve(&peer, &mut memory, TIMEOUTS));
    for _ in 0..100 {
        assert!(finish(poll_once(&mut served)).is_pending());
    }
    assert!(peer.heard().1.len() > 100, "and the echo goes on");
    // While what comes after the Close is discarded, too.
    let peer = Peer::new(all(), 1000, Then::Flood(7, u32::MAX));
    let mut memory = Memory::new(64);
    let mut served = Box::pin(serve(&peer, &mut memory, TIMEOUTS));
    for _ in 0..100 {
        assert!(finish(poll_once(&mut served)).is_pending());
    }
    assert!(peer.state(|state| state.is_shut));
}

#[test]
fn refusals_reach_the_peer_before_the_stream_ends() {
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (request, status) in [
        ("GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 426),
        (format!("POST / HTTP/1.1\r\nHost: h\r\n{upgrade}{key}\r\nbody"), 405),
        (format!("GET / HTTP/1.1\r\nHost: h\r\n{upgrade}\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{upgrade}{key}\r\n"), 400),
        (format!("GET / HTTP/1.1\r\nHost: h\r\nOrigin: http://else\r\n{upgrade}{key}\r\n"), 403),
        (format!("GET /{} HTTP/1.1\r\n", "a".repeat(600)), 414),
        (format!("GET / HTTP/1.1\r\nHost: {}\r\n", "a".repeat(600)), 431),
        ("\x16\x03\x01".to_owned(), 400),
    ] {
        for cut in [1, 1000] {
            // What it goes on saying is discarded, so that no reset overtakes the answer.
            let says = [request.as_bytes(), &[b'x'; 300]].concat();
            let peer = Peer::new(says, cut, Then::EofAfterOurs);
            let outcome = served(&peer);
            assert!(matches!(outcome, Err(Error::Refused(_))), "{request}: {outcome:?}");
            let (head, body) = peer.heard();
            assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {head}");
            assert!(body.ends_with(b"\n"), "the whole answer");
            assert!(peer.state(|state| state.is_shut && state.says.is_empty()), "{request}");
            assert_eq!(peer.waited(), Duration::ZERO);
        }
        // One that does not end its side is not waited for for ever.
        let peer = Peer::new(request.as_bytes(), 1000, Then::Silence);
        let timeouts = TIMEOUTS.with_close_timeout(Some(seconds(3)));
        let outcome = finish(serve(&peer, &mut Memory::new(64), timeouts));
        assert!(matches!(outcome, Err(Error::Refused(_))));
        assert_eq!(peer.waited(), seconds(3), "{request}");
    }
}

#[test]
fn s7_1_7_a_violation_is_reported_and_the_stream_ended() {
    for (frame, code) in
        [(&b"\x81\x02hi"[..], 1002_u16), (b"\x81\x81\0\0\0\0\xff", 1007), (b"\x8b\x80\0\0\0\0", 1002)]
    {
        let peer = Peer::new([REQUEST, frame, FRAMES].concat(), 1, Then::EofAfterOurs);
        let closure = served(&peer).unwrap();
        assert!(matches!(closure.cause, ClosureCause::Fault(_)) && !closure.is_clean);
        let last = as_client(&peer.heard().1).pop().unwrap();
        assert_eq!((last.0, &last.1[..2]), ("close", &code.to_be_bytes()[..]));
        assert!(peer.state(|state| state.is_shut && state.says.is_empty()));
    }
}

#[test]
fn what_comes_after_our_close_is_no_reason_to_break_off() {
    let close_then_echo = async |piece: Piece<'_>, sender: &mut Sender<'_, Socket, Clock, Unmasked>| {
        sender.close(CloseCode::NORMAL.into());
        echo(piece, sender).await
    };
    let peer = Peer::new(all(), 3, Then::EofAfterOurs);
    let mut memory = Memory::new(64);
    let outcome = finish(async {
        accept(peer.link(TIMEOUTS), memory.buffers(), OriginPolicy::SameHost)
            .await?
            .run(close_then_echo)
            .await
    });
    assert!(outcome.unwrap().is_clean);
    assert_eq!(as_client(&peer.heard().1), [("close", vec![0x03, 0xe8])]);
}

#[test]
fn a_future_that_is_dropped_ends_its_stream() {
    let all = all();
    for len in 0..=all.len() {
        let peer = Peer::new(&all[..len], 3, Then::Silence);
        let timeouts = TIMEOUTS.with_handshake_timeout(None).with_close_timeout(None);
        let mut memory = Memory::new(64);
        let mut served = Box::pin(serve(&peer, &mut memory, timeouts));
        for _ in 0..=len {
            assert_eq!(finish(poll_once(&mut served)), Poll::Pending);
        }
        assert!(!peer.state(|state| state.is_dropped));
        drop(served);
        assert!(peer.state(|state| state.is_dropped), "after {len} bytes");
    }
}
