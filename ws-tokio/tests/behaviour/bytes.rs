//! A stream of bytes over binary messages: each line of its mapping, and random cuts against what was sent.
#![cfg(feature = "time")]
#![expect(
    clippy::large_stack_arrays,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_core,
    clippy::panic,
    reason = "a test"
)]

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::time::Duration;

use crate::common::raw::{BOTH, Peer, no_timeouts, open, open_with, seconds, takes};
use crate::common::scheduler::run;
use crate::common::wire::{End, Wire, WireConfig};
use crate::common::{Random, frames};
use tokio::io::{
    AsyncRead as _, AsyncReadExt as _, AsyncWrite as _, AsyncWriteExt as _, DuplexStream, ReadBuf,
    copy_bidirectional,
};
use tokio::time::timeout;
use ws_tokio::{ByteStream, CloseCode, CloseStatus, Config, Error, Event, Role, Timeouts, WebSocket};

const MOMENT: Duration = Duration::from_millis(20);

fn stream(role: Role) -> (ByteStream<DuplexStream>, Peer) {
    let (socket, peer) = open(role, no_timeouts());
    (ByteStream::new(socket), peer)
}

/// The [`Error`] that an [`io::Error`] holds.
fn held(error: &io::Error) -> &Error {
    error.get_ref().and_then(|error| error.downcast_ref()).unwrap_or_else(|| panic!("{error:?}"))
}

// From the WebSocket to the stream.

#[tokio::test]
async fn binary_messages_are_their_bytes_and_empty_ones_nothing() {
    for role in BOTH {
        let (mut stream, mut peer) = stream(role);
        peer.send(0x82, b"").await;
        peer.send(0x82, b"one").await;
        peer.send(0x02, b"tw").await;
        peer.send(0x00, b"").await;
        peer.send(0x89, b"ping").await;
        peer.send(0x80, b"o").await;
        peer.send(0x82, &[7; 40_000]).await;
        let mut bytes = vec![0; 40_006];
        stream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..6], b"onetwo");
        assert!(bytes[6..].iter().all(|&byte| byte == 7));
        assert_eq!(peer.frame().await, (0x8A, b"ping".to_vec()));
        peer.send(0x82, b"").await;
        assert!(timeout(MOMENT, stream.read_u8()).await.is_err(), "never the end");
        // Parts arrive before their message ends.
        peer.send(0x02, b"begin").await;
        assert_eq!(stream.read(&mut bytes).await.unwrap(), 5);
        peer.stream.write_all(&frames::frame(peer.role, 0x80, &[9; 300])[..100]).await.unwrap();
        assert!(stream.read(&mut bytes).await.unwrap() > 50, "even those of a frame");
    }
}

#[tokio::test]
async fn text_is_refused_with_1003() {
    for role in BOTH {
        for before in [&b""[..], b"some"] {
            let (mut stream, mut peer) = stream(role);
            peer.send(0x82, before).await;
            peer.send(0x81, b"text").await;
            let mut bytes = vec![0; before.len()];
            stream.read_exact(&mut bytes).await.unwrap();
            assert_eq!(bytes, before);
            let reading = async {
                for _ in 0..2 {
                    let failed = stream.read_u8().await.unwrap_err();
                    assert_eq!(failed.kind(), io::ErrorKind::InvalidData);
                    assert!(matches!(held(&failed), Error::NotBinary), "{failed:?}");
                }
                let failed = stream.write(b"x").await.unwrap_err();
                assert!(matches!(held(&failed), Error::Closed), "{failed:?}");
            };
            let peering = async {
                assert_eq!(peer.frame().await, (0x88, b"\x03\xeb".to_vec()));
                peer.send(0x88, b"\x03\xeb").await;
                peer.stream.shutdown().await.unwrap();
            };
            tokio::join!(reading, peering);
        }
    }
}

#[tokio::test]
async fn a_close_with_1000_or_without_a_code_is_the_end_and_any_other_is_not() {
    for role in BOTH {
        for (payload, expected) in [
            (&b"\x03\xe8"[..], None),
            (b"\x03\xe8done", None),
            (b"", None),
            (b"\x03\xe9", Some(CloseStatus::Code(CloseCode::GOING_AWAY))),
            (b"\x03\xf3", Some(CloseStatus::Code(CloseCode::INTERNAL_ERROR))),
            (b"\x0f\xa0", Some(CloseStatus::Code(CloseCode::new(4000).unwrap()))),
        ] {
            let (mut stream, mut peer) = stream(role);
            peer.send(0x82, b"last").await;
            peer.send(0x88, payload).await;
            let mut bytes = [0; 4];
            stream.read_exact(&mut bytes).await.unwrap();
            for _ in 0..3 {
                match (stream.read(&mut bytes).await, expected) {
                    (Ok(0), None) => {}
                    (Err(failed), Some(expected)) => {
                        assert_eq!(failed.kind(), io::ErrorKind::ConnectionAborted);
                        assert!(matches!(held(&failed), Error::Incomplete(status) if *status == expected));
                    }
                    other => panic!("{payload:?}: {other:?}"),
                }
            }
            // It does not wait for the peer to end the stream, but the answer has left.
            let answer = peer.frame().await;
            assert_eq!((answer.0, &answer.1[..]), (0x88, &payload[..payload.len().min(2)]));
            let failed = stream.write(b"x").await.unwrap_err();
            assert!(matches!(held(&failed), Error::Closed), "{failed:?}");
        }
    }
}

#[tokio::test]
async fn a_close_within_a_message_is_not_the_end() {
    for payload in [&b"\x03\xe8"[..], b""] {
        let (mut stream, mut peer) = stream(Role::Server);
        peer.send(0x02, b"beg").await;
        peer.send(0x88, payload).await;
        let mut bytes = [0; 3];
        stream.read_exact(&mut bytes).await.unwrap();
        for _ in 0..2 {
            let failed = stream.read(&mut bytes).await.unwrap_err();
            assert!(matches!(held(&failed), Error::Incomplete(_)), "{failed:?}");
        }
    }
}

#[tokio::test]
async fn an_end_of_the_stream_below_and_a_fault_are_errors() {
    let (mut stream, mut peer) = stream(Role::Client);
    peer.send(0x82, b"x").await;
    drop(peer);
    assert_eq!(stream.read_u8().await.unwrap(), b'x');
    for _ in 0..2 {
        let failed = stream.read_u8().await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::UnexpectedEof);
        assert!(matches!(held(&failed), Error::Disconnected(None)), "{failed:?}");
    }
    let (mut stream, mut peer) = self::stream(Role::Client);
    peer.send(0x82, b"x").await;
    peer.send(0x83, b"").await;
    peer.stream.shutdown().await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'x');
    for _ in 0..2 {
        let failed = stream.read_u8().await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::InvalidData);
        assert!(matches!(held(&failed), Error::Fault(_)), "{failed:?}");
    }
    assert_eq!(peer.frame().await.0, 0x88);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_fails_reading_and_writing_and_a_read_timeout_does_not_end_the_stream() {
    let timeouts = Timeouts::new().with_read(seconds(5)).with_ping_interval(seconds(7)).with_pong(seconds(7));
    let (socket, mut peer) = open(Role::Server, timeouts);
    let mut stream = ByteStream::new(socket);
    let failed = takes(Duration::from_secs(5), stream.read_u8()).await.unwrap_err();
    assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
    peer.send(0x82, b"x").await;
    assert_eq!(stream.read_u8().await.unwrap(), b'x');
    let failed = stream.read_u8().await.unwrap_err();
    assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
    let failed = loop {
        match stream.read_u8().await {
            Err(failed) if failed.kind() == io::ErrorKind::TimedOut => {}
            other => break other.unwrap_err(),
        }
    };
    assert_eq!(failed.kind(), io::ErrorKind::ConnectionAborted, "not one to go on after");
    assert!(matches!(held(&failed), Error::Timeout(_)), "{failed:?}");
    let failed = stream.write(b"x").await.unwrap_err();
    assert!(matches!(held(&failed), Error::Timeout(_)), "{failed:?}");
}

// From the stream to the WebSocket.

#[tokio::test]
async fn a_write_is_a_message_of_up_to_64_kib() {
    let (socket, mut peer) = open_with(Role::Server, Config::new(), no_timeouts(), 1 << 20);
    let mut stream = ByteStream::new(socket);
    assert_eq!(stream.write(b"").await.unwrap(), 0);
    assert_eq!(stream.write(b"one").await.unwrap(), 3);
    assert_eq!(stream.write(&[7; 70_000]).await.unwrap(), 65_536);
    stream.flush().await.unwrap();
    // Of several slices the first that is not empty.
    let slices = [IoSlice::new(b""), IoSlice::new(b"two"), IoSlice::new(b"three")];
    assert_eq!(stream.write_vectored(&slices).await.unwrap(), 3);
    assert_eq!(stream.write_vectored(&[IoSlice::new(b"")]).await.unwrap(), 0);
    stream.shutdown().await.unwrap();
    let failed = stream.write(b"x").await.unwrap_err();
    assert!(matches!(held(&failed), Error::Closed), "{failed:?}");
    stream.shutdown().await.unwrap();
    drop(stream);
    let sent = peer.rest().await;
    let lens: Vec<_> = sent.iter().map(|(first, payload)| (*first, payload.len())).collect();
    assert_eq!(lens, [(0x82, 3), (0x82, 65_536), (0x82, 3), (0x88, 2)]);
    assert_eq!((&sent[2].1[..], &sent[3].1[..]), (&b"two"[..], &b"\x03\xe8"[..]));
}

#[tokio::test]
async fn a_write_leaves_at_once_and_what_is_dropped_is_no_close() {
    let (mut stream, mut peer) = stream(Role::Client);
    stream.write_all(b"now").await.unwrap();
    assert_eq!(peer.frame().await, (0x82, b"now".to_vec()));
    drop(stream);
    assert_eq!(peer.rest().await, []);
}

#[tokio::test]
async fn a_writer_waits_for_a_reader_that_does_not_read() {
    let (socket, mut peer) = open_with(Role::Server, Config::new(), no_timeouts(), 1000);
    let mut stream = ByteStream::new(socket);
    let mut written = 0;
    while let Ok(len) = timeout(MOMENT, stream.write(&[7; 5000])).await {
        written += len.unwrap();
    }
    assert!((16 * 1024..30_000).contains(&written), "{written}");
    assert!(stream.get_ref().queued_len() < 16 * 1024 + 5004);
    // What waits leaves by a read too, and nothing of the write that was dropped.
    let mut received = 0;
    let peering = async {
        while received < written {
            received += peer.frame().await.1.len();
        }
        peer.send(0x82, b"x").await;
    };
    let (read, ()) = tokio::join!(stream.read_u8(), peering);
    assert_eq!((read.unwrap(), received), (b'x', written));
}

#[tokio::test]
async fn after_a_shutdown_what_the_peer_sent_before_its_close_is_read() {
    let (mut stream, mut peer) = stream(Role::Client);
    stream.write_all(b"question").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(peer.frame().await, (0x82, b"question".to_vec()));
    assert_eq!(peer.frame().await, (0x88, b"\x03\xe8".to_vec()));
    peer.send(0x82, &[7; 5000]).await;
    peer.send(0x88, b"\x03\xe8").await;
    peer.stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, [7; 5000]);
    assert!(stream.get_ref().closure().unwrap().is_clean);
}

#[tokio::test]
async fn a_stream_that_is_not_complete_is_closed_with_another_code() {
    let (mut stream, mut peer) = stream(Role::Client);
    let peering = async {
        assert_eq!(peer.frame().await, (0x88, b"\x03\xf3".to_vec()));
        peer.send(0x88, b"\x03\xf3").await;
        peer.stream.shutdown().await.unwrap();
    };
    let (closed, ()) = tokio::join!(stream.get_mut().close(CloseCode::INTERNAL_ERROR), peering);
    closed.unwrap();
}

#[tokio::test]
async fn small_packets_as_those_of_mqtt_go_there_and_back() {
    let (ours, theirs) = tokio::io::duplex(100);
    let socket = |stream, role| WebSocket::after_handshake(stream, role, Config::new(), b"").unwrap();
    let mut client = ByteStream::new(socket(ours, Role::Client));
    let mut server = ByteStream::new(socket(theirs, Role::Server));
    let serving = async {
        let mut packet = [0; 2];
        for _ in 0..100 {
            server.read_exact(&mut packet).await.unwrap();
            assert_eq!(&packet, b"\xc0\x00");
            server.write_all(b"\xd0").await.unwrap();
            server.write_all(b"\x00").await.unwrap();
        }
        assert_eq!(server.read(&mut packet).await.unwrap(), 0);
        server.shutdown().await.unwrap();
    };
    let asking = async {
        let mut packet = [0; 2];
        for _ in 0..100 {
            client.write_all(b"\xc0\x00").await.unwrap();
            client.read_exact(&mut packet).await.unwrap();
            assert_eq!(&packet, b"\xd0\x00");
        }
        client.shutdown().await.unwrap();
        assert_eq!(client.read(&mut packet).await.unwrap(), 0);
    };
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn what_was_read_and_not_taken_is_given_back_with_the_socket() {
    let (mut stream, mut peer) = stream(Role::Server);
    peer.send(0x02, b"Hello").await;
    let mut two = [0; 2];
    stream.read_exact(&mut two).await.unwrap();
    let (mut socket, rest) = stream.into_socket();
    assert_eq!(rest, b"llo");
    peer.send(0x80, b", world").await;
    let Some(Event::Data(part)) = socket.read_part().await.unwrap() else { panic!() };
    assert!(!part.is_first && part.is_last);
    peer.send(0x02, b"ab").await;
    peer.send(0x80, b"cd").await;
    assert!(matches!(socket.read_part().await.unwrap(), Some(Event::Data(_))));
    let mut stream = ByteStream::new(socket);
    stream.read_exact(&mut two).await.unwrap();
    assert_eq!(&two, b"cd");
}

// With the helpers of tokio.

#[tokio::test]
async fn a_tunnel_copies_both_ways_until_both_are_done() {
    let (near, tunnel_near) = tokio::io::duplex(700);
    let (tunnel, far) = tokio::io::duplex(700);
    let mut tunnel =
        ByteStream::new(WebSocket::after_handshake(tunnel, Role::Client, Config::new(), b"").unwrap());
    let far = ByteStream::new(WebSocket::after_handshake(far, Role::Server, Config::new(), b"").unwrap());
    let tunnelling = async {
        let mut tunnel_near = tunnel_near;
        let copied = copy_bidirectional(&mut tunnel_near, &mut tunnel).await;
        drop(tunnel);
        copied.unwrap()
    };
    let near_side = async {
        let (mut read, mut write) = tokio::io::split(near);
        let mut answer = Vec::new();
        let writing = async {
            write.write_all(&[1; 100_000]).await.unwrap();
            // The far side is done when it has all: a WebSocket cannot be closed in one direction.
        };
        let reading = async { read.read_to_end(&mut answer).await.unwrap() };
        tokio::join!(writing, reading);
        write.shutdown().await.unwrap();
        answer
    };
    let far_side = async {
        let (mut read, mut write) = tokio::io::split(far);
        let mut got = vec![0; 100_000];
        let (read_result, ()) = tokio::join!(read.read_exact(&mut got), async {
            write.write_all(&[2; 150_000]).await.unwrap();
        });
        read_result.unwrap();
        write.shutdown().await.unwrap();
        assert_eq!(read.read(&mut [0; 1]).await.unwrap(), 0);
        got
    };
    let all = async { tokio::join!(tunnelling, near_side, far_side) };
    let (copied, answer, got) = timeout(Duration::from_secs(30), all).await.expect("no stall");
    assert_eq!(copied, (100_000, 150_000));
    assert!(answer == [2; 150_000] && got == [1; 100_000]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halves_of_tokio_io_split_work_in_two_tasks() {
    const LEN: usize = 1_000_000;
    let (ours, theirs) = tokio::io::duplex(5000);
    let mut tasks = tokio::task::JoinSet::new();
    for (stream, role) in [(ours, Role::Client), (theirs, Role::Server)] {
        let stream = ByteStream::new(WebSocket::after_handshake(stream, role, Config::new(), b"").unwrap());
        let (mut read, mut write) = tokio::io::split(stream);
        tasks.spawn(async move {
            for start in (0..LEN).step_by(10_000) {
                let piece: Vec<u8> = (start..start + 10_000).map(|at| at.to_le_bytes()[0]).collect();
                write.write_all(&piece).await.unwrap();
            }
            write.flush().await.unwrap();
        });
        tasks.spawn(async move {
            let mut all = vec![0; LEN];
            read.read_exact(&mut all).await.unwrap();
            assert!(all.iter().enumerate().all(|(at, &byte)| byte == at.to_le_bytes()[0]));
        });
    }
    let all = async { while tasks.join_next().await.transpose().unwrap().is_some() {} };
    timeout(Duration::from_secs(30), all).await.expect("no stall");
}

// Random cuts.

#[test]
fn what_is_written_is_read_however_it_is_cut() {
    for seed in 0..500 {
        let random = Random::new(seed);
        let config = WireConfig {
            capacity: 1 + random.below(3000),
            step: 1 + random.below(3000),
            pending: [0, 2, 10][random.below(3)],
            is_buffered: random.once_in(2),
            is_vectored: random.once_in(2),
        };
        let (wire, ours, theirs) = Wire::new(&random, config);
        let mut tasks: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
        let lens = [random.below(20_000), random.below(20_000)];
        for (index, (end, role)) in [(ours, Role::Client), (theirs, Role::Server)].into_iter().enumerate() {
            let mut socket = WebSocket::after_handshake_with_timer(
                end,
                role,
                Config::new(),
                || crate::common::NoTime,
                b"",
            )
            .unwrap();
            socket.set_timeouts(no_timeouts());
            tasks.push(Box::pin(pump(ByteStream::new(socket), lens[index], lens[1 - index], random.clone())));
        }
        if let Err(stalled) = run(&random, tasks, || wire.tick()) {
            panic!("seed {seed}: {stalled}, {config:?}");
        }
    }
}

/// Writes so many bytes and reads so many, in one task; then closes, and reads to the end.
async fn pump(mut stream: ByteStream<End>, write_len: usize, read_len: usize, random: Random) {
    let byte = |at: usize| (at * 7 + at / 251).to_le_bytes()[0];
    let (mut written, mut read) = (0, 0);
    poll_fn(|cx| {
        loop {
            let mut is_pending = true;
            if written < write_len {
                let end = write_len.min(written + 1 + random.below(2000));
                let bytes: Vec<u8> = (written..end).map(byte).collect();
                let polled = if random.once_in(3) {
                    let (one, two) = bytes.split_at(random.below(bytes.len()));
                    Pin::new(&mut stream).poll_write_vectored(cx, &[IoSlice::new(one), IoSlice::new(two)])
                } else {
                    Pin::new(&mut stream).poll_write(cx, &bytes)
                };
                if let std::task::Poll::Ready(len) = polled {
                    written += len.unwrap();
                    is_pending = false;
                }
            }
            if read < read_len {
                let mut room = vec![0; 1 + random.below(2000)];
                let mut buffer = ReadBuf::new(&mut room);
                if let std::task::Poll::Ready(result) = Pin::new(&mut stream).poll_read(cx, &mut buffer) {
                    result.unwrap();
                    assert!(!buffer.filled().is_empty(), "an early end");
                    assert!(buffer.filled().iter().enumerate().all(|(at, &got)| got == byte(read + at)));
                    read += buffer.filled().len();
                    is_pending = false;
                }
            }
            if written == write_len && read == read_len {
                return std::task::Poll::Ready(());
            }
            if is_pending {
                return std::task::Poll::Pending;
            }
        }
    })
    .await;
    stream.flush().await.unwrap();
    if stream.get_ref().role() == Role::Client {
        stream.shutdown().await.unwrap();
    }
    assert_eq!(stream.read(&mut [0; 10]).await.unwrap(), 0, "the end");
}
