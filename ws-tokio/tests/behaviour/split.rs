//! Halves in two tasks over TCP: neither starves the other, and no wake-up is lost.
#![cfg(feature = "net")]
#![expect(
    clippy::too_many_lines,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::common::raw::{BOTH, no_timeouts, open};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use ws_tokio::{CloseCode, Config, Event, OwnedMessage, Role, WebSocket};

pub(super) const MILLISECOND: Duration = Duration::from_millis(1);
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// Both ends of a TCP connection, with buffers of 32 KiB, so that a slow reader is felt soon.
pub(super) async fn tcp() -> (TcpStream, TcpStream) {
    let [listening, connecting] = [(); 2].map(|()| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        socket.set_send_buffer_size(16 * 1024).unwrap();
        socket
    });
    listening.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = listening.listen(1).unwrap();
    let (ours, accepted) =
        tokio::try_join!(connecting.connect(listener.local_addr().unwrap()), listener.accept()).unwrap();
    ours.set_nodelay(true).unwrap();
    accepted.0.set_nodelay(true).unwrap();
    (ours, accepted.0)
}

pub(super) fn socket(stream: TcpStream, role: Role) -> WebSocket<TcpStream> {
    WebSocket::after_handshake(stream, role, Config::new(), b"").unwrap()
}

/// Two connected WebSockets: of this role, and its peer.
async fn sockets(role: Role) -> (WebSocket<TcpStream>, WebSocket<TcpStream>) {
    let (ours, theirs) = tcp().await;
    (socket(ours, role), socket(theirs, crate::common::frames::peer(role)))
}

// What is held in both runtimes.

#[tokio::test]
async fn current_thread_pings_are_answered_within_50_ms_while_the_writer_is_held_up() {
    pings_are_answered_while_the_writer_is_held_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn multi_thread_pings_are_answered_within_50_ms_while_the_writer_is_held_up() {
    pings_are_answered_while_the_writer_is_held_up().await;
}

/// The peer reads slowly but steadily, so that the writer always waits for room; a pong comes after at most what was queued before.
async fn pings_are_answered_while_the_writer_is_held_up() {
    for role in BOTH {
        let (ours, theirs) = sockets(role).await;
        let (mut reader, mut writer) = ours.split();
        let is_over = Arc::new(AtomicBool::new(false));
        let reading = tokio::spawn(async move {
            let mut count = 0;
            while let Some(message) = reader.receive().await.unwrap() {
                assert_eq!(message.as_text(), Some("up"));
                count += 1;
            }
            count
        });
        let writing = {
            let is_over = Arc::clone(&is_over);
            tokio::spawn(async move {
                let mut count = 0_u32;
                while !is_over.load(Ordering::Relaxed) {
                    writer.send(&[7; 1000]).await.unwrap();
                    count += 1;
                }
                writer.start_close(CloseCode::NORMAL).await.unwrap();
                count
            })
        };
        // The peer reads a message a millisecond, and pings every 20 ms.
        let (mut their_reader, mut their_writer) = theirs.split();
        let (mut waits, mut down_count) = (Vec::new(), 0);
        let mut up_count = 0;
        let mut pinged_at: Option<Instant> = None;
        let begun = Instant::now();
        let mut last_ping = begun;
        loop {
            if begun.elapsed() < 500 * MILLISECOND {
                if pinged_at.is_none() && last_ping.elapsed() > 20 * MILLISECOND {
                    their_writer.ping(b"now").await.unwrap();
                    their_writer.send("up").await.unwrap();
                    up_count += 1;
                    last_ping = Instant::now();
                    pinged_at = Some(last_ping);
                }
                if down_count % 10 == 0 {
                    sleep(MILLISECOND).await;
                }
            } else if pinged_at.is_none() {
                is_over.store(true, Ordering::Relaxed);
            }
            match timeout(PATIENCE, their_reader.read_event()).await.expect("a lost wake-up").unwrap() {
                Some(Event::Data(message)) => {
                    assert_eq!(message.len(), 1000);
                    down_count += 1;
                }
                Some(Event::Pong) => {
                    waits.push(pinged_at.take().unwrap().elapsed());
                }
                Some(_) => {}
                None => break,
            }
        }
        assert_eq!(writing.await.unwrap(), down_count);
        assert_eq!(reading.await.unwrap(), up_count);
        assert!(waits.len() >= 5 && down_count >= 100, "{waits:?}, {down_count} messages");
        // A machine that is busy otherwise may take its time once.
        waits.sort_unstable();
        assert!(waits[waits.len() / 2] < 50 * MILLISECOND, "{role:?}: {waits:?}");
    }
}

#[tokio::test]
async fn current_thread_both_directions_are_full_and_nothing_stalls() {
    both_directions_are_full().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn multi_thread_both_directions_are_full_and_nothing_stalls() {
    both_directions_are_full().await;
}

/// Both ends send much more than the kernel holds, at once, in messages of all lengths.
async fn both_directions_are_full() {
    const COUNT: usize = 300;
    let (ours, theirs) = sockets(Role::Client).await;
    let mut tasks = tokio::task::JoinSet::new();
    let messages = |seed| {
        let random = crate::common::Random::new(seed);
        (0..COUNT)
            .map(|n| vec![n.to_le_bytes()[0]; [5, 300, 5000, 70_000][random.below(4)]])
            .collect::<Vec<_>>()
    };
    for (index, end) in [ours, theirs].into_iter().enumerate() {
        let (mut reader, mut writer) = end.split();
        let (send, expect) = (messages(u64::from(index == 0)), messages(u64::from(index != 0)));
        tasks.spawn(async move {
            for message in send {
                writer.send(&message).await.unwrap();
                if message.len() == 5 {
                    writer.ping(b"?").await.unwrap();
                }
            }
            None
        });
        tasks.spawn(async move {
            for message in expect {
                assert!(reader.receive().await.unwrap() == Some(message.into()));
            }
            // The other end may still read what this one has sent.
            Some(reader)
        });
    }
    let all = async {
        let mut readers = Vec::new();
        while let Some(reader) = tasks.join_next().await.transpose().unwrap() {
            readers.push(reader);
        }
    };
    timeout(PATIENCE, all).await.expect("no stall");
}

#[tokio::test]
async fn current_thread_neither_half_starves() {
    neither_half_starves().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn multi_thread_neither_half_starves() {
    neither_half_starves().await;
}

/// A peer that floods does not keep the writer, or another task, from its turn; a writer that floods does not keep the reader.
async fn neither_half_starves() {
    let (ours, theirs) = sockets(Role::Server).await;
    let (mut reader, mut writer) = ours.split();
    let (mut their_reader, mut their_writer) = theirs.split();
    let received = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&received);
    let tasks = [
        tokio::spawn(async move { while their_writer.feed("flood").await.is_ok() {} }),
        tokio::spawn(async move {
            while reader.receive().await.is_ok() {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        }),
        tokio::spawn(async move { while writer.feed("back").await.is_ok() {} }),
    ];
    let mut sent = 0;
    let (begun, mut turns) = (Instant::now(), 0);
    while begun.elapsed() < 300 * MILLISECOND {
        if timeout(MILLISECOND, their_reader.receive()).await.is_ok() {
            sent += 1;
        }
        turns += 1;
        tokio::task::yield_now().await;
    }
    for task in &tasks {
        task.abort();
    }
    let received = received.load(Ordering::Relaxed);
    // Each of the four tasks has its turn, one after another.
    assert!(received > 100 && sent >= 3 && turns >= 3, "{received} {sent} {turns}");
}

/// One message at a time, there and back, by halves: each step needs a wake-up of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_wake_up_is_lost_in_2000_turns() {
    let (ours, theirs) = sockets(Role::Client).await;
    let (mut reader, mut writer) = ours.split();
    let (to_writer, mut from_reader) = tokio::sync::mpsc::channel::<OwnedMessage>(1);
    let echo = tokio::spawn(async move {
        while let Some(message) = from_reader.recv().await {
            writer.send_owned(message).await.unwrap();
        }
    });
    let pass = tokio::spawn(async move {
        while let Some(message) = reader.receive().await.unwrap() {
            to_writer.send(message).await.unwrap();
        }
    });
    let (mut their_reader, mut their_writer) = theirs.split();
    for turn in 0..2000_usize {
        let message = vec![7; if turn % 100 == 0 { 50_000 } else { turn % 50 }];
        let sending = their_writer.send(&message);
        let turned = async { tokio::join!(sending, their_reader.receive()) };
        let (sent, received) = timeout(PATIENCE, turned).await.expect("a lost wake-up");
        sent.unwrap();
        assert!(received.unwrap() == Some(message.into()));
    }
    their_writer.start_close(CloseCode::NORMAL).await.unwrap();
    assert_eq!(their_reader.receive().await.unwrap(), None);
    pass.await.unwrap();
    echo.await.unwrap();
}

/// Futures are dropped by timeouts of microseconds, while another thread has the other half.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn futures_that_are_dropped_lose_nothing_on_two_threads() {
    const COUNT: usize = 1000;
    let len = |number: usize| if number % 10 == 0 { 40_000 } else { number % 300 };
    let (ours, theirs) = sockets(Role::Client).await;
    let mut tasks = tokio::task::JoinSet::new();
    for end in [ours, theirs] {
        let (mut reader, mut writer) = end.split();
        tasks.spawn(async move {
            let mut waits = (0..).map(|n: u64| Duration::from_micros(n * 7 % 50));
            let mut number = 0;
            while number < COUNT {
                let message = vec![number.to_le_bytes()[0]; len(number)];
                let _dropped = timeout(waits.next().unwrap(), writer.send(&message)).await;
                number = usize::try_from(writer.counters().sent.message_count).unwrap();
            }
            writer.flush().await.unwrap();
            None
        });
        tasks.spawn(async move {
            let mut waits = (0..).map(|n: u64| Duration::from_micros(n * 3 % 50));
            let mut number = 0;
            while number < COUNT {
                if let Ok(message) = timeout(waits.next().unwrap(), reader.receive()).await {
                    let expected = vec![number.to_le_bytes()[0]; len(number)];
                    assert!(message.unwrap() == Some(expected.into()), "{number}");
                    number += 1;
                }
            }
            Some(reader)
        });
    }
    let all = async {
        let mut readers = Vec::new();
        while let Some(reader) = tasks.join_next().await.transpose().unwrap() {
            readers.push(reader);
        }
    };
    timeout(PATIENCE, all).await.expect("no stall");
}

// Putting halves together, and dropping one.

#[tokio::test]
async fn halves_of_one_connection_are_put_together_and_others_are_given_back() {
    let (one, mut peer) = open(Role::Server, no_timeouts());
    let (two, _other_peer) = open(Role::Server, no_timeouts());
    let (mut reader, mut writer) = one.split();
    let (other_reader, other_writer) = two.split();
    assert!(reader.is_pair_of(&writer) && !reader.is_pair_of(&other_writer));
    peer.send(0x01, b"Hel").await;
    assert!(timeout(MILLISECOND, reader.receive()).await.is_err());
    writer.feed("queued").await.unwrap();
    let failed = reader.reunite(other_writer).unwrap_err();
    assert!(failed.to_string().contains("connection"), "{failed}");
    let (reader, other_writer) = failed.into_halves();
    let _other = other_reader.reunite(other_writer).unwrap();
    let mut socket = reader.reunite(writer).unwrap();
    peer.send(0x80, b"lo").await;
    assert_eq!(socket.receive().await.unwrap(), Some("Hello".into()), "what had come of it is there");
    assert_eq!(peer.frame().await, (0x81, b"queued".to_vec()));
    let (mut reader, mut writer) = socket.split();
    writer.send("again").await.unwrap();
    assert_eq!(peer.frame().await, (0x81, b"again".to_vec()));
    peer.send(0x81, b"and again").await;
    assert_eq!(reader.receive().await.unwrap(), Some("and again".into()));
}

#[tokio::test]
async fn a_half_goes_on_after_the_other_was_dropped() {
    for role in BOTH {
        let (socket, mut peer) = open(role, no_timeouts());
        let (reader, mut writer) = socket.split();
        drop(reader);
        writer.send("still").await.unwrap();
        assert_eq!(peer.frame().await, (0x81, b"still".to_vec()));

        let (socket, mut peer) = open(role, no_timeouts());
        let (mut reader, mut writer) = socket.split();
        writer.feed("left behind").await.unwrap();
        drop(writer);
        peer.send(0x89, b"?").await;
        peer.send(0x81, b"here").await;
        assert_eq!(reader.receive().await.unwrap(), Some("here".into()));
        assert_eq!(peer.frame().await, (0x81, b"left behind".to_vec()));
        assert_eq!(peer.frame().await, (0x8A, b"?".to_vec()));
        peer.send(0x88, b"\x03\xe8").await;
        let (ended, close) = tokio::join!(reader.receive(), async {
            let close = peer.frame().await;
            drop(peer);
            close
        });
        assert_eq!(ended.unwrap(), None);
        assert_eq!(close.0, 0x88);
    }
}

#[tokio::test]
async fn the_stream_ends_when_both_halves_are_dropped() {
    let (socket, mut peer) = open(Role::Client, no_timeouts());
    let (reader, writer) = socket.split();
    drop(writer);
    assert!(timeout(MILLISECOND, peer.stream.read_u8()).await.is_err());
    drop(reader);
    assert_eq!(peer.rest().await, []);
}
