//! The deadlines of open connections, by a clock that stands still unless all tasks wait.
#![cfg(feature = "time")]
#![expect(clippy::arithmetic_side_effects, clippy::std_instead_of_core, reason = "a test")]

use std::time::Duration;

use crate::common::raw::{BOTH, open, open_with, seconds, takes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio::time::{sleep, timeout};
use ws_tokio::{CloseCode, Config, Error, Event, Message, Phase, Role, Timeouts, WebSocket};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

// Pings and pongs.

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_and_one_that_does_not_answer_is_given_up() {
    for role in BOTH {
        let (mut socket, mut peer) = open(role, Timeouts::new().with_ping_interval(seconds(30)));
        let peering = async {
            let (first, payload) = takes(30 * SECOND, peer.frame()).await;
            assert_eq!(first, 0x89);
            sleep(SECOND / 2).await;
            peer.send(0x8A, &payload).await;
            let (first, _) = takes(30 * SECOND, peer.frame()).await;
            assert_eq!(first, 0x89);
            assert_eq!(takes(20 * SECOND, peer.rest()).await, [], "no Close to a peer that is gone");
        };
        let (failed, ()) = tokio::join!(
            async {
                let failed = takes(80 * SECOND + SECOND / 2, socket.receive()).await.map(drop);
                assert!(socket.latency().is_some_and(|latency| latency >= SECOND / 2 && latency < SECOND));
                let again = socket.receive().await;
                assert!(matches!(again, Err(Error::Timeout(Phase::Pong))), "{again:?}");
                let again = socket.send("x").await;
                assert!(matches!(again, Err(Error::Timeout(Phase::Pong))), "{again:?}");
                drop(socket);
                failed
            },
            peering
        );
        assert!(matches!(failed, Err(Error::Timeout(Phase::Pong))), "{failed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn pongs_to_pings_of_the_keepalive_are_not_reported_and_others_are() {
    let (mut socket, mut peer) = open(Role::Server, Timeouts::new().with_ping_interval(seconds(1)));
    let peering = async {
        let (_, payload) = peer.frame().await;
        peer.send(0x8A, &payload).await;
        peer.send(0x8A, b"mine").await;
        peer
    };
    let (event, _peer) =
        tokio::join!(async { socket.read_event().await.map(|event| event.unwrap().0.is_pong()) }, peering);
    assert!(event.unwrap());
    assert_eq!(socket.control().as_bytes(), b"mine");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answered_is_not_taken_for_dead_by_a_program_that_was_busy() {
    for role in BOTH {
        let (mut socket, mut peer) = open(role, Timeouts::new().with_ping_interval(seconds(30)));
        let peering = async {
            let (_, payload) = peer.frame().await;
            peer.send(0x8A, &payload).await;
            peer.send(0x81, b"alive").await;
            peer
        };
        let reading = async {
            // Until the ping has left.
            let silent = timeout(31 * SECOND, socket.receive()).await;
            assert!(!matches!(silent, Ok(Err(_))), "{silent:?}");
            silent
        };
        let (got, _peer) = tokio::join!(reading, peering);
        // The pong and the message have come: the message is returned at once.
        assert_eq!(got.unwrap().unwrap(), Some("alive".into()));

        let (mut socket, mut peer) = open(role, Timeouts::new().with_ping_interval(seconds(30)));
        let pinged = timeout(30 * SECOND + SECOND / 10, socket.receive()).await;
        assert!(pinged.is_err());
        let (_, payload) = peer.frame().await;
        peer.send(0x8A, &payload).await;
        peer.send(0x81, b"alive").await;
        sleep(HOUR).await; // busy
        assert_eq!(socket.receive().await.unwrap(), Some("alive".into()));
        let (_peer, silent) = (peer, timeout(29 * SECOND, socket.receive()).await);
        assert!(silent.is_err(), "{silent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn messages_are_signs_of_life_too() {
    let (mut socket, mut peer) = open(Role::Client, Timeouts::new().with_ping_interval(seconds(30)));
    let peering = async {
        for _ in 0..20 {
            sleep(29 * SECOND).await;
            peer.send(0x82, b"x").await;
        }
        peer.send(0x88, b"\x03\xe8").await;
        peer.rest().await
    };
    let reading = async {
        let mut count = 0;
        while socket.receive().await.unwrap().is_some() {
            count += 1;
        }
        drop(socket);
        count
    };
    let (count, sent) = tokio::join!(reading, async { timeout(HOUR, peering).await });
    assert_eq!(count, 20);
    assert_eq!(sent.unwrap(), [(0x88, b"\x03\xe8".to_vec())], "no ping");
}

// Idle.

#[tokio::test(start_paused = true)]
async fn a_connection_without_messages_is_closed_with_1001() {
    for role in BOTH {
        for answers in [false, true] {
            let (mut socket, mut peer) = open(role, Timeouts::new().with_idle(seconds(60)));
            let peering = async {
                // Pings are no messages.
                sleep(50 * SECOND).await;
                peer.send(0x89, b"").await;
                assert_eq!(peer.frame().await, (0x8A, vec![]));
                assert_eq!(takes(10 * SECOND, peer.frame()).await, (0x88, b"\x03\xe9".to_vec()));
                if answers {
                    peer.send(0x88, b"\x03\xe9").await;
                    peer.stream.shutdown().await.unwrap();
                }
                peer
            };
            let time = if answers { 60 } else { 70 } * SECOND;
            let (failed, _peer) = tokio::join!(takes(time, socket.receive()), peering);
            assert!(matches!(failed, Err(Error::Timeout(Phase::Idle))), "{failed:?}");
            assert_eq!(socket.closure().unwrap().is_clean, answers);
        }
    }
}

// Writes.

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_given_up_by_who_sends() {
    for role in BOTH {
        let (mut socket, _peer) = open(role, Timeouts::new());
        let failed = takes(30 * SECOND, socket.send(&vec![7; 100_000])).await;
        assert!(matches!(failed, Err(Error::Timeout(Phase::Write))), "{failed:?}");
        let failed = socket.receive().await;
        assert!(matches!(failed, Err(Error::Timeout(Phase::Write))), "{failed:?}");
        let failed = socket.send("x").await;
        assert!(matches!(failed, Err(Error::Timeout(Phase::Write))), "{failed:?}");
        assert_eq!(socket.queued_len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_given_up_by_who_reads() {
    let (mut socket, mut peer) = open_with(Role::Client, Config::new(), Timeouts::new(), 300);
    socket.feed(&[7; 1000]).await.unwrap();
    peer.send(0x81, b"x").await;
    assert_eq!(socket.receive().await.unwrap(), Some("x".into()));
    let failed = takes(30 * SECOND, socket.receive()).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Write))), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_peer_is_not_given_up() {
    let (mut socket, mut peer) = open_with(Role::Server, Config::new(), Timeouts::new(), 1000);
    let peering = async {
        let (mut len, mut piece) = (0, [0; 500]);
        while len < 10_004 {
            sleep(25 * SECOND).await;
            len += peer.stream.read(&mut piece).await.unwrap();
        }
        len
    };
    let message = vec![7; 10_000];
    let (sent, len) = tokio::join!(socket.send(&message), peering);
    sent.unwrap();
    assert_eq!(len, 10_004);
}

#[tokio::test(start_paused = true)]
async fn a_half_that_reads_judges_writes_after_the_half_that_writes_was_dropped() {
    let (socket, mut peer) = open_with(Role::Server, Config::new(), Timeouts::new(), 1000);
    let (mut reader, mut writer) = socket.split();
    let sent = timeout(5 * SECOND, writer.send(&vec![7; 10_000])).await;
    assert!(sent.is_err());
    drop(writer);
    peer.send(0x81, b"x").await;
    assert_eq!(reader.receive().await.unwrap(), Some("x".into()));
    let failed = takes(25 * SECOND, reader.receive()).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Write))), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn after_a_write_has_failed_the_peer_is_listened_to_for_the_time_to_close() {
    let (ours, _theirs) = duplex(1000);
    let (written, unread) = duplex(1);
    drop(unread);
    let stream = tokio::io::join(ours, written);
    let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"").unwrap();
    let failed = socket.send("x").await;
    assert!(matches!(failed, Err(Error::Disconnected(Some(_)))), "{failed:?}");
    let failed = takes(10 * SECOND, socket.receive()).await;
    assert!(matches!(failed, Err(Error::Disconnected(Some(_)))), "{failed:?}");
}

// Closing.

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_close_is_given_up_after_10_s() {
    for role in BOTH {
        for is_talking in [false, true] {
            let (mut socket, mut peer) = open(role, Timeouts::new());
            let peering = async {
                assert_eq!(peer.frame().await.0, 0x88);
                for _ in 0..if is_talking { 1000 } else { 0 } {
                    sleep(SECOND / 10).await;
                    peer.send(0x82, b"and another thing").await;
                }
                peer
            };
            tokio::select! {
                failed = takes(10 * SECOND, socket.close(CloseCode::NORMAL)) => {
                    assert!(matches!(failed, Err(Error::Timeout(Phase::Close))), "{failed:?}");
                }
                _peer = async { let peer = peering.await; sleep(HOUR).await; peer } => panic!("no end"),
            }
            assert!(!socket.closure().unwrap().is_clean);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_does_not_end_after_both_closes_is_waited_for_for_10_s() {
    // A client waits for the server to end the connection (RFC 6455 §7.1.1); a server ends its direction, and waits for the client.
    for role in BOTH {
        let (mut socket, mut peer) = open(role, Timeouts::new());
        peer.send(0x88, b"\x03\xe8").await;
        takes(10 * SECOND, socket.receive()).await.unwrap();
        assert!(socket.closure().unwrap().is_clean);
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_of_the_half_that_writes_gives_the_half_that_reads_its_deadline() {
    for has_alarm in [false, true] {
        let interval = if has_alarm { seconds(3000) } else { None };
        let (socket, _peer) = open(Role::Client, Timeouts::new().with_ping_interval(interval));
        let (mut reader, mut writer) = socket.split();
        let writing = async {
            sleep(SECOND).await;
            writer.start_close(CloseCode::NORMAL).await.unwrap();
        };
        let (failed, ()) = tokio::join!(takes(11 * SECOND, reader.receive()), writing);
        assert!(matches!(failed, Err(Error::Timeout(Phase::Close))), "{failed:?}");
        // In two tasks: the wake-up is not that of a join.
        let (socket, _peer) = open(Role::Client, Timeouts::new().with_ping_interval(interval));
        let (mut reader, mut writer) = socket.split();
        let reading = tokio::spawn(async move { takes(11 * SECOND, reader.receive()).await });
        sleep(SECOND).await;
        writer.start_close(CloseCode::NORMAL).await.unwrap();
        let failed = reading.await.unwrap();
        assert!(matches!(failed, Err(Error::Timeout(Phase::Close))), "{failed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_becomes_earlier_replaces_a_later_one() {
    let (mut socket, _peer) = open(Role::Server, Timeouts::new().with_ping_interval(seconds(3000)));
    assert!(timeout(SECOND, socket.receive()).await.is_err());
    socket.start_close(CloseCode::NORMAL).await.unwrap();
    let failed = takes(10 * SECOND, socket.receive()).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Close))), "{failed:?}");
}

// Reads.

#[tokio::test(start_paused = true)]
async fn a_read_timeout_is_that_of_a_call_and_the_connection_goes_on() {
    for role in BOTH {
        let (mut socket, mut peer) = open(role, Timeouts::new().with_read(seconds(5)));
        for _ in 0..2 {
            let silent = takes(5 * SECOND, socket.receive()).await;
            assert!(matches!(&silent, Err(error @ Error::ReadTimeout) if error.is_transient()), "{silent:?}");
            let silent = takes(5 * SECOND, socket.next()).await;
            assert!(matches!(silent, Some(Err(Error::ReadTimeout))), "{silent:?}");
            let silent = takes(5 * SECOND, async { socket.read_event().await.map(drop) }).await;
            assert!(matches!(silent, Err(Error::ReadTimeout)), "{silent:?}");
            let silent = takes(5 * SECOND, futures_util::StreamExt::next(&mut socket)).await;
            assert!(matches!(silent, Some(Err(Error::ReadTimeout))), "{silent:?}");
        }
        // However slowly bytes arrive, and what has arrived is kept.
        let peering = async {
            peer.send(0x01, b"Hel").await;
            for _ in 0..10 {
                sleep(SECOND).await;
                peer.send(0x89, b"").await;
            }
            peer.send(0x80, b"lo").await;
            peer
        };
        let reading = async {
            let silent = takes(5 * SECOND, socket.receive()).await;
            assert!(matches!(silent, Err(Error::ReadTimeout)), "{silent:?}");
            loop {
                match socket.receive().await {
                    Err(Error::ReadTimeout) => {}
                    received => return received.unwrap(),
                }
            }
        };
        let (message, _peer) = tokio::join!(reading, peering);
        assert_eq!(message, Some("Hello".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_dropped_does_not_shorten_the_next_one() {
    let (mut socket, _peer) = open(Role::Server, Timeouts::new().with_read(seconds(5)));
    assert!(timeout(3 * SECOND, socket.receive()).await.is_err());
    let silent = takes(5 * SECOND, socket.receive()).await;
    assert!(matches!(silent, Err(Error::ReadTimeout)), "{silent:?}");
}

// Setting timeouts.

#[tokio::test(start_paused = true)]
async fn timeouts_can_be_set_on_an_open_connection() {
    let (mut socket, mut peer) = open(Role::Server, Timeouts::new());
    assert!(timeout(HOUR, socket.receive()).await.is_err());
    socket.set_timeouts(Timeouts::new().with_ping_interval(seconds(7)).with_pong(seconds(2)));
    assert_eq!(socket.timeouts().ping_interval(), seconds(7));
    let failed = takes(9 * SECOND, socket.receive()).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Pong))), "{failed:?}");
    assert_eq!(peer.frame().await.0, 0x89);

    let (mut socket, _peer) = open(Role::Server, Timeouts::new().with_idle(seconds(7)));
    assert!(timeout(6 * SECOND, socket.receive()).await.is_err());
    socket.set_timeouts(Timeouts::new());
    assert!(timeout(HOUR, socket.receive()).await.is_err());
    socket.set_timeouts(Timeouts::new().with_read(seconds(1)));
    let silent = takes(SECOND, socket.receive()).await;
    assert!(matches!(silent, Err(Error::ReadTimeout)), "{silent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_never_comes_does_no_harm() {
    let far = Some(Duration::MAX);
    let timeouts = Timeouts::new().with_ping_interval(far).with_idle(far).with_read(far).with_write(far);
    let (mut socket, mut peer) = open(Role::Server, timeouts.with_close(far).with_handshake(far));
    assert!(timeout(HOUR, socket.receive()).await.is_err());
    assert!(timeout(HOUR, socket.send(&vec![7; 100_000])).await.is_err());
    peer.send(0x81, b"x").await;
    assert_eq!(socket.receive().await.unwrap(), Some("x".into()));
    assert!(timeout(HOUR, socket.close(CloseCode::NORMAL)).await.is_err());
}

/// Whether an event is a pong.
trait IsPong {
    fn is_pong(&self) -> bool;
}

impl IsPong for Event<Message<'_>> {
    fn is_pong(&self) -> bool {
        matches!(self, Event::Pong)
    }
}
