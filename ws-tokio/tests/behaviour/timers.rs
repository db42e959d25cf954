//! The deadlines of opening handshakes, and timers of programs, by a clock that stands still unless all tasks wait.
#![cfg(feature = "time")]
#![expect(
    clippy::type_complexity,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "a test"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::common::raw::{no_timeouts, seconds, takes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio::time::{Instant, sleep};
use ws_tokio::{Client, Config, Error, Phase, Role, Server, Timeouts, Timer, WebSocket};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

// The opening handshake.

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_nothing_is_dropped_after_10_s() {
    let (theirs, ours) = duplex(1024);
    let failed = takes(10 * SECOND, Server::new().accept(ours)).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
    let (mut theirs, mut answer) = (theirs, Vec::new());
    theirs.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"", "no request, no answer");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_a_part_of_its_request_is_answered_with_408() {
    let (mut theirs, ours) = duplex(1024);
    let dripping = async {
        theirs.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        while theirs.write_all(b"A: b\r\n").await.is_ok() {
            sleep(SECOND).await;
        }
        let mut answer = String::new();
        theirs.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let accepting = async {
        let failed = takes(10 * SECOND, Server::new().accept(ours)).await;
        assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
    };
    let (answer, ()) = tokio::join!(dripping, accepting);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_given_up_after_10_s() {
    let (_theirs, ours) = duplex(1024);
    let failed = takes(10 * SECOND, Client::new().handshake(ours, "ws://a/")).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
    let (mut theirs, ours) = duplex(1024);
    let dripping = async {
        while theirs.write_all(b"HTTP/1.1 101 Switching Protocols\r\n").await.is_ok() {
            sleep(SECOND).await;
        }
    };
    let connecting = takes(3 * SECOND, async {
        Client::new()
            .with_timeouts(Timeouts::new().with_handshake(seconds(3)))
            .handshake(ours, "ws://a/")
            .await
    });
    let (failed, ()) = tokio::join!(connecting, dripping);
    assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake) | Error::Handshake(_))), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_takes_no_request_or_response_is_given_up_after_10_s() {
    let (_theirs, ours) = duplex(10);
    let failed = takes(10 * SECOND, Client::new().handshake(ours, "ws://a/")).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
    let (_theirs, ours) = duplex(10);
    let incoming = Server::new().receive_with_unread(ours, REQUEST).await.unwrap();
    let failed = takes(10 * SECOND, incoming.accept()).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn the_time_for_the_handshake_goes_on_while_the_program_looks_at_the_request() {
    let (_theirs, ours) = duplex(10);
    let incoming = Server::new().receive_with_unread(ours, REQUEST).await.unwrap();
    sleep(4 * SECOND).await;
    let failed = takes(6 * SECOND, incoming.accept()).await;
    assert!(matches!(failed, Err(Error::Timeout(Phase::Handshake))), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_timeout_a_handshake_may_take_an_hour() {
    let (mut theirs, ours) = duplex(1024);
    let server = Server::new().with_timeouts(no_timeouts());
    let accepting = server.accept(ours);
    let asking = async {
        sleep(HOUR).await;
        theirs.write_all(REQUEST).await.unwrap();
        theirs
    };
    let (accepted, _theirs) = tokio::join!(accepting, asking);
    accepted.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_lingered_over_for_the_time_to_close_only() {
    let (mut theirs, ours) = duplex(1024);
    let sending = async {
        theirs.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n").await.unwrap();
        while theirs.write_all(b"body").await.is_ok() {
            sleep(SECOND).await;
        }
        let mut answer = String::new();
        theirs.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let server = Server::new().with_timeouts(Timeouts::new().with_close(seconds(3)));
    let refusing = takes(3 * SECOND, async { server.receive(ours).await?.respond(404, &[], b"no").await });
    let (refused, answer) = tokio::join!(refusing, sending);
    refused.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.ends_with("\r\n\r\nno"), "{answer}");
}

// The timer.

/// A timer that counts how often another deadline is set.
struct Counting {
    sleep: std::pin::Pin<Box<tokio::time::Sleep>>,
    count: Arc<AtomicUsize>,
}

impl Timer for Counting {
    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: std::time::Instant) -> Poll<()> {
        let deadline = Instant::from_std(deadline);
        if self.sleep.deadline() != deadline {
            self.count.fetch_add(1, Ordering::Relaxed);
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn a_timer_is_set_once_an_interval_and_not_once_a_message() {
    let count = Arc::new(AtomicUsize::new(0));
    let timer = {
        let count = Arc::clone(&count);
        move || Counting { sleep: Box::pin(sleep(HOUR)), count: Arc::clone(&count) }
    };
    let (ours, theirs) = duplex(64 * 1024);
    let timeouts = Timeouts::new().with_ping_interval(seconds(30)).with_handshake(None);
    let server = Server::new_with_timer(timer.clone()).with_timeouts(timeouts);
    let client = Client::new_with_timer(timer).with_timeouts(no_timeouts());
    let (mut server, mut client) =
        tokio::try_join!(server.accept(ours), client.handshake(theirs, "ws://a/")).unwrap();
    let sending = async {
        for _ in 0..1000 {
            sleep(SECOND / 10).await;
            client.send("x").await.unwrap();
        }
    };
    let reading = async {
        for _ in 0..1000 {
            server.receive().await.unwrap();
        }
    };
    tokio::join!(sending, reading);
    let count = count.load(Ordering::Relaxed);
    assert!((2..=8).contains(&count), "100 s are three intervals, but it was set {count} times");
}

/// A clock that is set by hand.
#[derive(Clone)]
struct Manual(Arc<Mutex<(std::time::Instant, Option<(std::time::Instant, Waker)>)>>);

impl Timer for Manual {
    fn now(&self) -> std::time::Instant {
        self.0.lock().unwrap().0
    }

    fn poll_until(&mut self, cx: &mut Context<'_>, deadline: std::time::Instant) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if deadline <= state.0 {
            return Poll::Ready(());
        }
        state.1 = Some((deadline, cx.waker().clone()));
        Poll::Pending
    }
}

#[test]
fn a_timer_of_the_program_is_all_that_is_asked_for_the_time() {
    let manual = Manual(Arc::new(Mutex::new((std::time::Instant::now(), None))));
    let timer = manual.clone();
    let (ours, _theirs) = duplex(1024);
    let make = move || timer.clone();
    let mut socket =
        WebSocket::after_handshake_with_timer(ours, Role::Server, Config::new(), make, b"").unwrap();
    socket.set_timeouts(Timeouts::new().with_ping_interval(seconds(30)));
    {
        let mut reading = Box::pin(socket.receive());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(reading.as_mut().poll(&mut cx).is_pending());
        for wait in [30 * SECOND, 20 * SECOND] {
            let deadline = manual.0.lock().unwrap().1.take().unwrap().0;
            assert_eq!(deadline - manual.now(), wait);
            assert!(reading.as_mut().poll(&mut cx).is_pending(), "not before it is time");
            manual.0.lock().unwrap().0 = deadline;
            match reading.as_mut().poll(&mut cx) {
                Poll::Pending => assert_eq!(wait, 30 * SECOND),
                Poll::Ready(failed) => {
                    assert_eq!(wait, 20 * SECOND);
                    assert!(matches!(failed, Err(Error::Timeout(Phase::Pong))), "{failed:?}");
                }
            }
        }
    }
    assert_eq!(socket.counters().opened_at + 50 * SECOND, manual.now());
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
