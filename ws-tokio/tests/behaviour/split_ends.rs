//! Halves in two tasks: what one learns of the other, above all of the end.
#![cfg(feature = "net")]

use std::io;

use super::split::{MILLISECOND, PATIENCE, socket, tcp};
use crate::common::raw::{BOTH, no_timeouts, open, open_with, seconds};
use futures_util::SinkExt;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, sleep, timeout};
use ws_tokio::{CloseCode, Config, Error, Role, Timeouts, WebSocket, WriteHalf};

#[tokio::test]
async fn a_half_that_waits_for_room_learns_that_the_connection_has_ended() {
    for role in BOTH {
        let (socket, mut peer) = open_with(role, Config::new(), no_timeouts(), 1000);
        let (mut reader, writer) = socket.split();
        let writing = tokio::spawn(fill(writer));
        let reading = tokio::spawn(async move { reader.receive().await });
        // A fault: it is sent a Close, for which there is no room until the peer reads.
        peer.send(0x83, b"").await;
        sleep(MILLISECOND).await;
        drop(peer);
        let failed = timeout(PATIENCE, reading).await.expect("a lost wake-up").unwrap();
        assert!(matches!(failed, Err(Error::Fault(_))), "{failed:?}");
        let failed = timeout(PATIENCE, writing).await.expect("a lost wake-up").unwrap();
        assert!(matches!(failed, Error::Fault(_) | Error::Disconnected(_)), "{failed:?}");
    }
}

/// Sends until that fails.
async fn fill<S: tokio::io::AsyncWrite + Unpin>(mut writer: WriteHalf<S>) -> Error {
    loop {
        if let Err(error) = writer.send(&[7; 5000]).await {
            return error;
        }
    }
}

#[tokio::test]
async fn a_close_of_the_peers_ends_a_send_that_waits_for_room() {
    let (socket, mut peer) = open_with(Role::Server, Config::new(), no_timeouts(), 1000);
    let (mut reader, writer) = socket.split();
    let writing = tokio::spawn(fill(writer));
    let reading = tokio::spawn(async move { reader.receive().await });
    sleep(MILLISECOND).await;
    peer.send(0x88, b"\x03\xe8").await;
    let rest = timeout(PATIENCE, peer.rest()).await.expect("a lost wake-up");
    assert_eq!(rest.last().unwrap(), &(0x88, b"\x03\xe8".to_vec()));
    assert!(rest[..rest.len() - 1].iter().all(|frame| frame.0 == 0x82 && frame.1 == [7; 5000]));
    drop(peer);
    assert_eq!(timeout(PATIENCE, reading).await.expect("a lost wake-up").unwrap().unwrap(), None);
    let failed = timeout(PATIENCE, writing).await.expect("a lost wake-up").unwrap();
    assert!(matches!(failed, Error::Closed), "{failed:?}");
}

/// What ends a wait for room though the peer does not read: its Close, and a Close of the half that reads.
#[tokio::test]
async fn a_wait_for_room_ends_with_the_connection_though_the_peer_does_not_read() {
    for role in BOTH {
        for is_peer in [true, false] {
            let (socket, mut peer) = open_with(role, Config::new(), no_timeouts(), 1000);
            let (mut reader, mut writer) = socket.split();
            let writing = tokio::spawn(async move {
                loop {
                    if let Err(error) = SinkExt::feed(&mut writer, vec![7; 5000].into()).await {
                        return error;
                    }
                }
            });
            let reading = tokio::spawn(async move {
                if is_peer {
                    return reader.receive().await.map(drop);
                }
                sleep(2 * MILLISECOND).await;
                reader.close(CloseCode::NORMAL).await
            });
            sleep(MILLISECOND).await;
            if is_peer {
                peer.send(0x88, b"\x03\xe8").await;
            }
            let failed = timeout(PATIENCE, writing).await.expect("a lost wake-up").unwrap();
            assert!(matches!(failed, Error::Closed), "{failed:?}");
            reading.abort();
        }
    }
}

/// The end of the stream ends the connection, and what waits is dropped: that is not success.
#[tokio::test]
async fn a_write_that_waits_fails_when_the_stream_ends_though_the_peer_does_not_read() {
    for role in BOTH {
        for way in 0..3 {
            let (socket, mut peer) = open_with(role, Config::new(), no_timeouts(), 1000);
            let (mut reader, mut writer) = socket.split();
            let writing = tokio::spawn(async move {
                match way {
                    0 => writer.send(&[7; 5000]).await,
                    1 => Ok(writer.send_owned(vec![7; 50_000]).await?),
                    _ => {
                        writer.feed(&[7; 3000]).await?;
                        writer.flush().await
                    }
                }
            });
            let reading = tokio::spawn(async move { reader.receive().await });
            sleep(MILLISECOND).await;
            peer.stream.shutdown().await.unwrap();
            let failed = timeout(PATIENCE, writing).await.expect("a lost wake-up").unwrap();
            assert!(matches!(failed, Err(Error::Disconnected(None))), "{way}: {failed:?}");
            let failed = timeout(PATIENCE, reading).await.expect("a lost wake-up").unwrap();
            assert!(matches!(failed, Err(Error::Disconnected(None))), "{failed:?}");
        }
    }
}

#[tokio::test]
async fn a_write_failure_in_one_half_ends_the_other() {
    let (ours, theirs) = tcp().await;
    let (mut reader, mut writer) = socket(ours, Role::Client).split();
    let reading = tokio::spawn(async move { reader.receive().await });
    sleep(MILLISECOND).await;
    // A reset.
    theirs.set_zero_linger().unwrap();
    drop(theirs);
    let failed = timeout(PATIENCE, reading).await.expect("a lost wake-up").unwrap();
    assert!(matches!(failed, Err(Error::Disconnected(Some(io::ErrorKind::ConnectionReset)))), "{failed:?}");
    let failed = writer.send("x").await;
    assert!(matches!(failed, Err(Error::Disconnected(_))), "{failed:?}");

    // A stream that can be read, and cannot be written: the half that reads ends too.
    let (ours, _theirs) = tokio::io::duplex(1000);
    let stream = tokio::io::join(ours, Broken);
    let mut whole = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
    whole.set_timeouts(no_timeouts());
    let (mut reader, mut writer) = whole.split();
    let reading = tokio::spawn(async move { reader.receive().await });
    sleep(MILLISECOND).await;
    let failed = writer.send("x").await;
    assert!(matches!(failed, Err(Error::Io(_))), "{failed:?}");
    let failed = timeout(PATIENCE, reading).await.expect("a lost wake-up").unwrap();
    assert!(matches!(failed, Err(Error::Io(_))), "{failed:?}");
}

/// Takes nothing.
struct Broken;

impl tokio::io::AsyncWrite for Broken {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
        _bytes: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        std::task::Poll::Ready(Err(io::Error::other("broken")))
    }

    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn the_keepalive_runs_while_only_the_reader_does() {
    for role in BOTH {
        let (socket, mut peer) = open(role, Timeouts::new().with_ping_interval(seconds(30)));
        let (mut reader, writer) = socket.split();
        let reading = tokio::spawn(async move {
            let received = reader.receive().await;
            (received, reader.latency())
        });
        let (first, payload) = peer.frame().await;
        assert_eq!(first, 0x89);
        peer.send(0x8A, &payload).await;
        assert_eq!(peer.frame().await.0, 0x89);
        let begun = Instant::now();
        let (failed, latency) = reading.await.unwrap();
        assert!(matches!(failed, Err(Error::Timeout(_))), "{failed:?}");
        assert_eq!(begun.elapsed().as_secs(), 20);
        assert!(latency.is_some());
        assert!(writer.closure().is_some());
    }
}

#[tokio::test]
async fn what_one_half_feeds_leaves_though_the_other_only_reads() {
    let (socket, mut peer) = open(Role::Server, no_timeouts());
    let (mut reader, mut writer) = socket.split();
    let reading = tokio::spawn(async move { reader.receive().await });
    sleep(MILLISECOND).await;
    writer.feed("fed").await.unwrap();
    assert_eq!(timeout(PATIENCE, peer.frame()).await.expect("a lost wake-up"), (0x81, b"fed".to_vec()));
    // What a dropped send has queued does, too.
    let (socket, mut peer) = open_with(Role::Server, Config::new(), no_timeouts(), 1000);
    let (mut reader, mut writer) = socket.split();
    let other = tokio::spawn(async move { reader.receive().await });
    sleep(MILLISECOND).await;
    assert!(timeout(MILLISECOND, writer.send(&vec![7; 50_000])).await.is_err());
    assert_eq!(timeout(PATIENCE, peer.frame()).await.expect("a lost wake-up"), (0x82, vec![7; 50_000]));
    reading.abort();
    other.abort();
    drop(peer.stream.shutdown().await);
}
