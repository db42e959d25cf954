//! How connections end, in all the ways that a peer and a stream have for it.
#![cfg(feature = "time")]
#![expect(
    clippy::type_complexity,
    clippy::large_stack_arrays,
    clippy::unwrap_used,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "a test"
)]

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::common::frames::{frame, frames, peer};
use crate::common::raw::{BOTH, no_timeouts, open, open_with};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::time::timeout;
use ws_tokio::{CloseCode, CloseStatus, ClosureCause, Config, Error, Event, Fin, Limits, Role, WebSocket};

const MOMENT: Duration = Duration::from_millis(20);

#[tokio::test]
async fn the_peers_close_is_answered_with_its_code_and_ends_the_messages() {
    for role in BOTH {
        let (mut socket, mut peer) = open(role, no_timeouts());
        peer.send(0x81, b"last").await;
        peer.send(0x88, b"\x0f\xa0bye").await;
        let peering = async {
            assert_eq!(peer.frame().await, (0x88, b"\x0f\xa0".to_vec()));
            peer.stream.shutdown().await.unwrap();
            assert_eq!(peer.rest().await, []);
        };
        let reading = async {
            assert_eq!(socket.receive().await.unwrap(), Some("last".into()));
            assert_eq!(socket.receive().await.unwrap(), None);
            assert_eq!(socket.receive().await.unwrap(), None, "again and again");
            let failed = socket.send("x").await;
            assert!(matches!(failed, Err(Error::Closed)), "{failed:?}");
            let closure = socket.closure().unwrap();
            assert_eq!((closure.cause, closure.is_clean), (ClosureCause::Peer, true));
            assert_eq!(closure.status, CloseStatus::Code(CloseCode::new(4000).unwrap()));
            assert_eq!(socket.close_frame().unwrap().reason(), "bye");
            drop(socket);
        };
        tokio::join!(reading, peering);
    }
}

#[tokio::test]
async fn an_event_reports_the_close_after_its_answer_was_written() {
    for role in BOTH {
        let (mut socket, mut peer) = open(role, no_timeouts());
        peer.send(0x88, b"").await;
        assert!(matches!(socket.read_event().await.unwrap().unwrap().0, Event::Close));
        assert_eq!(peer.frame().await, (0x88, vec![]));
        drop(peer);
        assert!(socket.read_event().await.unwrap().is_none());
        assert_eq!(socket.closure().unwrap().status, CloseStatus::NoStatus);
    }
}

#[tokio::test]
async fn closing_discards_messages_until_the_peers_close() {
    for role in BOTH {
        let (mut socket, mut peer) = open(role, no_timeouts());
        socket.feed("before").await.unwrap();
        let peering = async {
            assert_eq!(peer.frame().await, (0x81, b"before".to_vec()));
            assert_eq!(peer.frame().await, (0x88, b"\x03\xe9later".to_vec()));
            peer.send(0x82, &[7; 50_000]).await;
            peer.send(0x89, b"a ping").await;
            peer.send(0x01, b"unfinished").await;
            peer.send(0x88, b"\x03\xe8").await;
            peer.stream.shutdown().await.unwrap();
            assert!(peer.rest().await.iter().all(|frame| frame.0 != 0x88), "one Close");
        };
        let closing = async {
            socket.close(CloseCode::GOING_AWAY.with_reason("later")).await.unwrap();
            let closure = socket.closure().unwrap();
            assert_eq!((closure.cause, closure.is_clean), (ClosureCause::Local, true));
            socket.close(CloseCode::NORMAL).await.unwrap();
            assert!(StreamExt::next(&mut socket).await.is_none());
            drop(socket);
        };
        tokio::join!(closing, peering);
    }
}

#[tokio::test]
async fn both_sides_may_close_at_once() {
    for len in [1, 7, 1000] {
        let (one, two) = tokio::io::duplex(len);
        let mut one = WebSocket::after_handshake(one, Role::Client, Config::new(), b"").unwrap();
        let mut two = WebSocket::after_handshake(two, Role::Server, Config::new(), b"").unwrap();
        let (ended, ended_too) = tokio::join!(
            async {
                let ended = one.close(CloseCode::NORMAL).await;
                assert!(one.closure().unwrap().is_clean);
                drop(one);
                ended
            },
            async {
                let ended = two.close(CloseCode::GOING_AWAY).await;
                assert!(two.closure().unwrap().is_clean);
                drop(two);
                ended
            }
        );
        ended.unwrap();
        ended_too.unwrap();
    }
}

#[tokio::test]
async fn a_second_close_is_not_sent_and_nothing_is_after_a_close() {
    for role in BOTH {
        let (mut socket, mut peer) = open(role, no_timeouts());
        socket.start_close(CloseCode::NORMAL).await.unwrap();
        socket.start_close(CloseCode::GOING_AWAY).await.unwrap();
        let failed = socket.send("x").await;
        assert!(matches!(failed, Err(Error::Closed)), "{failed:?}");
        let failed = socket.feed(&vec![7; 100_000]).await;
        assert!(matches!(failed, Err(Error::Closed)), "{failed:?}");
        let failed = socket.send_owned("mine").await.unwrap_err();
        assert!(matches!(failed.error, Error::Closed));
        assert_eq!(failed.message, Some("mine".into()));
        let failed = socket.ping(b"").await;
        assert!(matches!(failed, Err(Error::Closed)), "{failed:?}");
        let failed = SinkExt::send(&mut socket, "x".into()).await;
        assert!(matches!(failed, Err(Error::Closed)), "{failed:?}");
        let failed = socket.writer().send_part("x", Fin::Final).await;
        assert!(matches!(failed, Err(Error::Closed)), "{failed:?}");
        socket.flush().await.unwrap();
        drop(socket);
        assert_eq!(peer.rest().await, [(0x88, b"\x03\xe8".to_vec())]);
    }
}

#[tokio::test]
async fn flushing_and_closing_again_after_the_end_is_no_error() {
    for role in BOTH {
        let (mut socket, mut peer) = open(role, no_timeouts());
        SinkExt::close(&mut socket).await.unwrap();
        SinkExt::close(&mut socket).await.unwrap();
        peer.send(0x88, b"\x03\xe8").await;
        peer.stream.shutdown().await.unwrap();
        assert_eq!(socket.receive().await.unwrap(), None);
        SinkExt::close(&mut socket).await.unwrap();
        socket.flush().await.unwrap();
        socket.start_close(CloseCode::NORMAL).await.unwrap();
        assert_eq!(peer.rest().await, [(0x88, b"\x03\xe8".to_vec())]);
    }
}

#[tokio::test]
async fn an_unfinished_message_leaves_room_for_its_parts_pings_and_a_close_only() {
    let (mut socket, mut peer) = open(Role::Server, no_timeouts());
    socket.writer().send_part("Hel", Fin::More).await.unwrap();
    let failed = socket.send("x").await;
    assert!(matches!(failed, Err(Error::MessageUnfinished)), "{failed:?}");
    let failed = socket.send(&vec![7; 10_000]).await;
    assert!(matches!(failed, Err(Error::MessageUnfinished)), "{failed:?}");
    let failed = socket.send_owned(vec![7; 10_000]).await.unwrap_err();
    assert!(matches!(failed.error, Error::MessageUnfinished) && failed.message.is_some());
    let failed = socket.writer().send_part(b"lo", Fin::Final).await;
    assert!(matches!(failed, Err(Error::MessageUnfinished)), "{failed:?}");
    socket.ping(b"between").await.unwrap();
    socket.start_close(CloseCode::NORMAL).await.unwrap();
    drop(socket);
    let sent = peer.rest().await;
    assert_eq!(sent, [(0x01, b"Hel".to_vec()), (0x89, b"between".to_vec()), (0x88, b"\x03\xe8".to_vec())]);
}

#[tokio::test]
async fn dropping_sends_no_close() {
    for role in BOTH {
        let (socket, mut peer) = open(role, no_timeouts());
        drop(socket);
        assert_eq!(peer.rest().await, []);
    }
}

// The end of the stream.

#[tokio::test]
async fn the_end_without_a_close_is_an_error_after_what_came_before_it() {
    for role in BOTH {
        let begun = frame(peer(role), 0x01, b"abc");
        for unfinished in [&begun[..0], &begun[..1], &begun[..begun.len() - 1], &begun] {
            let (mut socket, mut peer) = open(role, no_timeouts());
            peer.send(0x81, b"one").await;
            peer.send(0x81, b"two").await;
            peer.stream.write_all(unfinished).await.unwrap();
            peer.stream.shutdown().await.unwrap();
            assert_eq!(socket.receive().await.unwrap(), Some("one".into()));
            assert_eq!(socket.next().await.unwrap().unwrap().as_text(), Some("two"));
            for _ in 0..2 {
                let failed = socket.receive().await;
                assert!(matches!(failed, Err(Error::Disconnected(None))), "{failed:?}");
                let failed = socket.read().await.map(drop);
                assert!(matches!(failed, Err(Error::Disconnected(None))), "{failed:?}");
                let failed = socket.read_part().await.map(drop);
                assert!(matches!(failed, Err(Error::Disconnected(None))), "{failed:?}");
                let failed = socket.close(CloseCode::NORMAL).await;
                assert!(matches!(failed, Err(Error::Disconnected(None))), "{failed:?}");
            }
            let failed = socket.send("x").await;
            assert!(matches!(failed, Err(Error::Disconnected(None))), "{failed:?}");
            // A stream of messages gives an error once.
            let failed = socket.next().await;
            assert!(matches!(failed, Some(Err(Error::Disconnected(None)))), "{failed:?}");
            assert!(socket.next().await.is_none());
            assert!(StreamExt::next(&mut socket).await.is_none());
            let closure = socket.closure().unwrap();
            assert_eq!((closure.cause, closure.is_clean), (ClosureCause::Transport, false));
            assert_eq!(closure.status, CloseStatus::Abnormal);
            drop(socket);
            assert_eq!(peer.rest().await, []);
        }
    }
}

#[tokio::test]
async fn a_close_that_waits_is_written_though_the_peer_has_ended_its_direction() {
    for role in BOTH {
        // The answer to a Close, and the Close for a fault.
        for (first, payload, answer) in [(0x88, &b"\x03\xe8"[..], 1000), (0x83, b"", 1002)] {
            let (mut socket, mut peer) = open_with(role, Config::new(), no_timeouts(), 100);
            socket.feed(&[7; 1000]).await.unwrap();
            peer.send(first, payload).await;
            peer.stream.shutdown().await.unwrap();
            let reading = async {
                let result = socket.receive().await;
                let is_clean = socket.closure().unwrap().is_clean;
                drop(socket);
                (result, is_clean)
            };
            let ((result, is_clean), sent) = tokio::join!(reading, peer.rest());
            assert_eq!(sent, [(0x82, vec![7; 1000]), (0x88, u16::to_be_bytes(answer).to_vec())]);
            if answer == 1000 {
                assert_eq!((result.unwrap(), is_clean), (None, true));
            } else {
                assert!(matches!(result, Err(Error::Fault(_))) && !is_clean, "{result:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_end_after_our_close_is_unclean_without_the_peers() {
    for role in BOTH {
        let (mut socket, mut peer) = open(role, no_timeouts());
        let (failed, ()) = tokio::join!(socket.close(CloseCode::NORMAL), async {
            peer.frame().await;
            peer.stream.shutdown().await.unwrap();
        });
        assert!(matches!(failed, Err(Error::Disconnected(None))), "{failed:?}");
        assert!(!socket.closure().unwrap().is_clean);
    }
}

// Lingering.

#[tokio::test]
async fn a_server_ends_its_direction_first_and_waits_for_the_client() {
    let (mut socket, mut peer) = open(Role::Server, no_timeouts());
    peer.send(0x88, b"\x03\xe8").await;
    let mut reading = Box::pin(socket.receive());
    assert!(timeout(MOMENT, &mut reading).await.is_err(), "the client has not ended its direction");
    // RFC 6455 §7.1.1: the server closes first.
    assert_eq!(peer.rest().await, [(0x88, b"\x03\xe8".to_vec())]);
    peer.send(0x82, b"too late").await;
    assert!(timeout(MOMENT, &mut reading).await.is_err());
    drop(peer);
    assert_eq!(reading.await.unwrap(), None);
}

#[tokio::test]
async fn a_client_waits_for_the_server_to_end_the_stream() {
    let (mut socket, mut peer) = open(Role::Client, no_timeouts());
    peer.send(0x88, b"\x03\xe8").await;
    let mut reading = Box::pin(socket.receive());
    assert!(timeout(MOMENT, &mut reading).await.is_err(), "the server has not ended the stream");
    assert_eq!(peer.frame().await, (0x88, b"\x03\xe8".to_vec()));
    assert!(timeout(MOMENT, peer.stream.read_u8()).await.is_err(), "a client does not end it first");
    peer.stream.shutdown().await.unwrap();
    assert_eq!(reading.await.unwrap(), None);
    // Then it ends its own direction, though it is not dropped.
    assert_eq!(peer.rest().await, []);
    drop(socket);
}

// Faults.

#[tokio::test]
async fn a_fault_is_answered_with_its_code_and_reported_by_every_call() {
    let limited =
        Config::new().with_limits(Limits::new().with_message_len_max(100).with_fragment_count_max(3));
    for role in BOTH {
        let cases: [(&[(u8, &[u8])], u16); 8] = [
            (&[(0x83, b"")], 1002),
            (&[(0xC1, b"")], 1002),
            (&[(0x80, b"")], 1002),
            (&[(0x09, b"")], 1002),
            (&[(0x81, b"\xff")], 1007),
            (&[(0x88, b"\x00\x01")], 1002),
            (&[(0x82, &[7; 101])], 1009),
            (&[(0x02, b"1"), (0x00, b"2"), (0x00, b"3"), (0x00, b"4")], 1008),
        ];
        for (said, code) in cases {
            let (mut socket, mut peer) = open_with(role, limited, no_timeouts(), 1000);
            for (first, payload) in said {
                peer.send(*first, payload).await;
            }
            let reading = async {
                let failed = socket.receive().await;
                assert!(
                    matches!(&failed, Err(Error::Fault(fault)) if fault.close_code().get() == code),
                    "{failed:?}"
                );
                let failed = socket.receive().await;
                assert!(matches!(failed, Err(Error::Fault(_))), "{failed:?}");
                let failed = socket.send("x").await;
                assert!(matches!(failed, Err(Error::Fault(_))), "{failed:?}");
                let failed = socket.next().await;
                assert!(matches!(failed, Some(Err(Error::Fault(_)))), "{failed:?}");
                assert!(socket.next().await.is_none());
                drop(socket);
            };
            let peering = async {
                let close = peer.frame().await;
                assert_eq!((close.0, &close.1[..2]), (0x88, &code.to_be_bytes()[..]), "{said:?}");
                peer.stream.shutdown().await.unwrap();
                assert_eq!(peer.rest().await, []);
            };
            tokio::join!(reading, peering);
        }
    }
}

// Errors of the stream.

/// A stream that gives these bytes, then this, and takes what is written or fails so.
struct Script {
    bytes: Vec<u8>,
    read_end: Option<io::ErrorKind>,
    written: Arc<Mutex<Vec<u8>>>,
    write_end: Option<io::ErrorKind>,
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let len = self.bytes.len().min(buffer.remaining());
        match self.read_end {
            Some(kind) if len == 0 => return Poll::Ready(Err(kind.into())),
            _ => self.bytes.drain(..len).for_each(|byte| buffer.put_slice(&[byte])),
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(self: Pin<&mut Self>, _cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(kind) = self.write_end {
            return Poll::Ready(Err(kind.into()));
        }
        self.written.lock().unwrap().extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.write_end.map_or(Ok(()), |kind| Err(kind.into())))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
    }
}

fn scripted(
    role: Role,
    said: &[(u8, &[u8])],
    read_end: Option<io::ErrorKind>,
    write_end: Option<io::ErrorKind>,
) -> (WebSocket<Script>, Arc<Mutex<Vec<u8>>>) {
    let bytes = said.iter().flat_map(|(first, payload)| frame(peer(role), *first, payload)).collect();
    let written = Arc::new(Mutex::new(Vec::new()));
    let script = Script { bytes, read_end, written: Arc::clone(&written), write_end };
    let mut socket = WebSocket::after_handshake(script, role, Config::new(), b"").unwrap();
    socket.set_timeouts(no_timeouts());
    (socket, written)
}

#[tokio::test]
async fn a_reset_is_a_loss_and_another_error_is_itself_after_what_came_before_them() {
    for role in BOTH {
        let said: &[(u8, &[u8])] = &[(0x81, b"one"), (0x89, b"?"), (0x81, b"two")];
        let (mut socket, written) = scripted(role, said, Some(io::ErrorKind::ConnectionReset), None);
        assert_eq!(socket.receive().await.unwrap(), Some("one".into()));
        assert_eq!(socket.receive().await.unwrap(), Some("two".into()));
        for _ in 0..2 {
            let failed = socket.receive().await;
            assert!(
                matches!(failed, Err(Error::Disconnected(Some(io::ErrorKind::ConnectionReset)))),
                "{failed:?}"
            );
        }
        assert_eq!(frames(&written.lock().unwrap()), [(0x8A, b"?".to_vec())]);

        let (mut socket, _) = scripted(role, said, Some(io::ErrorKind::PermissionDenied), None);
        assert_eq!(socket.receive().await.unwrap(), Some("one".into()));
        assert_eq!(socket.receive().await.unwrap(), Some("two".into()));
        for _ in 0..2 {
            let failed = socket.receive().await;
            assert!(
                matches!(&failed, Err(Error::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied),
                "{failed:?}"
            );
            let failed = socket.send("x").await;
            assert!(
                matches!(&failed, Err(Error::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied),
                "{failed:?}"
            );
        }
    }
}

#[tokio::test]
async fn after_a_write_has_failed_what_the_peer_sent_before_is_still_received() {
    for role in BOTH {
        let said: &[(u8, &[u8])] = &[(0x81, b"one"), (0x88, b"\x03\xf3why")];
        for read_end in [None, Some(io::ErrorKind::ConnectionReset)] {
            let (mut socket, _) = scripted(role, said, read_end, Some(io::ErrorKind::BrokenPipe));
            let failed = socket.send("x").await;
            assert!(
                matches!(failed, Err(Error::Disconnected(Some(io::ErrorKind::BrokenPipe)))),
                "{failed:?}"
            );
            assert_eq!(socket.receive().await.unwrap(), Some("one".into()));
            assert_eq!(socket.receive().await.unwrap(), None, "the code is known");
            assert_eq!(socket.close_frame().unwrap().reason(), "why");
            assert_eq!(socket.closure().unwrap().status, CloseStatus::Code(CloseCode::INTERNAL_ERROR));
            let failed = socket.send("x").await;
            assert!(matches!(failed, Err(Error::Disconnected(_) | Error::Closed)), "{failed:?}");
        }
        let (mut socket, _) = scripted(role, &[(0x81, b"one")], None, Some(io::ErrorKind::BrokenPipe));
        assert!(socket.send("x").await.is_err());
        assert_eq!(socket.receive().await.unwrap(), Some("one".into()));
        let failed = socket.receive().await;
        assert!(matches!(failed, Err(Error::Disconnected(_))), "{failed:?}");
    }
}

#[tokio::test]
async fn a_message_given_away_is_given_back_where_the_stream_took_nothing_of_it() {
    let (mut socket, _) = scripted(Role::Client, &[], None, Some(io::ErrorKind::BrokenPipe));
    let failed = socket.send_owned("first").await.unwrap_err();
    assert!(matches!(failed.error, Error::Disconnected(_)) && failed.message.is_none(), "queued, and lost");
    let failed = socket.send_owned("second").await.unwrap_err();
    assert_eq!(failed.message, Some("second".into()));
}
