//! What a connection holds is bounded, whatever its peer does. Memory is counted in one test, since the allocator counts for all threads.
#![cfg(feature = "time")]
#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test"
)]

mod common;

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use common::frames::frame;
use common::raw::{BOTH, no_timeouts, open_with};
use futures_util::{FutureExt as _, SinkExt as _};
use peak_alloc::PeakAlloc;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;
use ws_tokio::{ByteStream, CloseCode, Config, Error, Limits, OwnedMessage, Role, WebSocket};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const KIB: usize = 1024;
const MOMENT: Duration = Duration::from_millis(20);

/// More than a stream holds, and less than a queue.
const STREAM_LEN: usize = 1000;

#[tokio::test]
async fn bounds_hold() {
    // One after the other: memory is counted.
    a_sender_waits_while_16_kib_wait().await;
    a_sink_waits_while_16_kib_wait_and_refuses_what_does_not().await;
    pings_of_a_peer_that_does_not_read_are_answered_by_the_latest().await;
    limits_have_their_close_codes().await;
    many_fragments_and_announcements_take_no_memory().await;
    a_stream_of_bytes_assembles_nothing().await;
    a_refused_message_is_not_stored().await;
    an_idle_connection_is_small_before_and_after_a_long_message().await;
    what_comes_after_the_closes_is_bounded().await;
}

/// How much more is allocated, at most, since the last call.
struct Peak(usize);

impl Peak {
    fn begin() -> Self {
        ALLOCATOR.reset_peak_usage();
        Self(ALLOCATOR.current_usage())
    }

    fn len(&self) -> usize {
        ALLOCATOR.peak_usage().saturating_sub(self.0)
    }
}

async fn a_sender_waits_while_16_kib_wait() {
    for role in BOTH {
        for len in [1, 100, 5000, 100_000] {
            let (mut socket, mut peer) = open_with(role, Config::new(), no_timeouts(), STREAM_LEN);
            let message = vec![7; len];
            let mut count = 0;
            let peak = Peak::begin();
            let mut waits = 0;
            while waits < 3 {
                let before = socket.counters().sent.message_count;
                // By turns of all that send.
                let is_done = match count % 3 {
                    0 => socket.send(&message).now_or_never().map(Result::unwrap),
                    1 => socket.feed(&message).now_or_never().map(Result::unwrap),
                    _ => socket.send_owned(message.clone()).now_or_never().map(Result::unwrap),
                };
                count += 1;
                let is_taken = socket.counters().sent.message_count > before;
                assert!(is_done.is_none() || is_taken);
                waits += usize::from(!is_taken);
                assert!(socket.queued_len() < 16 * KIB + len + 14, "{role:?}: {}", socket.queued_len());
                assert!(count < 30_000);
            }
            assert!(peak.len() < 2 * (len + 14) + 64 * KIB, "{role:?}: {} for {len}", peak.len());
            // All that was taken arrives.
            let sent = socket.counters().sent.message_count;
            let peering = async {
                for _ in 0..sent {
                    assert_eq!(peer.frame().await.1.len(), len);
                }
            };
            tokio::join!(socket.flush(), peering).0.unwrap();
        }
    }
}

async fn a_sink_waits_while_16_kib_wait_and_refuses_what_does_not() {
    let (mut socket, mut peer) = open_with(Role::Server, Config::new(), no_timeouts(), STREAM_LEN);
    let message = || OwnedMessage::from(vec![7; 5000]);
    let mut cx = Context::from_waker(Waker::noop());
    let mut count = 0;
    while socket.poll_ready_unpin(&mut cx).is_ready() {
        socket.start_send_unpin(message()).unwrap();
        count += 1;
        assert!(count < 10);
    }
    assert!(count >= 4 && socket.queued_len() >= 16 * KIB, "{count}");
    let refused = socket.start_send_unpin(message());
    assert!(matches!(refused, Err(Error::WouldBlock)), "{refused:?}");
    assert!(refused.unwrap_err().is_transient());
    assert!(matches!(socket.poll_flush_unpin(&mut cx), Poll::Pending));
    let (flushed, ()) = tokio::join!(poll_fn(|cx| socket.poll_flush_unpin(cx)), async {
        for _ in 0..count {
            assert_eq!(peer.frame().await, (0x82, vec![7; 5000]));
        }
    });
    flushed.unwrap();
    assert!(socket.poll_ready_unpin(&mut cx).is_ready());
    assert!(timeout(MOMENT, peer.frame()).await.is_err(), "nothing more");
}

async fn pings_of_a_peer_that_does_not_read_are_answered_by_the_latest() {
    for role in BOTH {
        let (mut socket, mut peer) = open_with(role, Config::new(), no_timeouts(), STREAM_LEN);
        let peak = Peak::begin();
        let flooding = async {
            for number in 0..5000_u32 {
                peer.send(0x89, &[number.to_be_bytes(); 30].concat()).await;
            }
            peer.send(0x81, b"done").await;
        };
        let (received, ()) = tokio::join!(socket.receive(), flooding);
        assert_eq!(received.unwrap(), Some("done".into()));
        assert!(socket.queued_len() < 5 * KIB, "{}", socket.queued_len());
        assert!(peak.len() < 64 * KIB, "{}", peak.len());
        let (flushed, last) = tokio::join!(socket.flush(), async {
            let mut last = vec![];
            while let Ok((first, payload)) = timeout(MOMENT, peer.frame()).await {
                assert_eq!(first, 0x8A);
                last = payload;
            }
            last
        });
        flushed.unwrap();
        assert_eq!(last, [4999_u32.to_be_bytes(); 30].concat(), "the latest is answered");
    }
}

async fn limits_have_their_close_codes() {
    let limits = Limits::new().with_message_len_max(1000).with_frame_len_max(600).with_fragment_count_max(3);
    let cases: [(&[(u8, usize)], u16); 5] = [
        (&[(0x82, 601)], 1009),
        (&[(0x02, 500), (0x80, 501)], 1009),
        (&[(0x01, 1), (0x00, 1), (0x00, 1), (0x80, 1)], 1008),
        (&[(0x01, 500), (0x80, 500), (0x82, 600)], 0),
        (&[(0x01, 0), (0x00, 0), (0x80, 0)], 0),
    ];
    for role in BOTH {
        for (said, code) in cases {
            let config = Config::new().with_limits(limits);
            let (mut socket, mut peer) = open_with(role, config, no_timeouts(), 8 * KIB);
            for &(first, len) in said {
                peer.send(first, &vec![b'7'; len]).await;
            }
            let _shut = peer.stream.shutdown().await;
            let failed = loop {
                match socket.receive().await {
                    Ok(message) => assert!(message.is_some()),
                    Err(error) => break error,
                }
            };
            match failed {
                Error::Fault(fault) => {
                    assert_eq!(fault.close_code().get(), code, "{said:?}");
                    assert_eq!(peer.frame().await.1[..2], code.to_be_bytes());
                }
                Error::Disconnected(None) => assert_eq!(code, 0, "{said:?}"),
                other => panic!("{other:?}"),
            }
        }
    }
}

async fn many_fragments_and_announcements_take_no_memory() {
    // 4 EiB are announced: it is a limit; 15 MiB are, and 1000 bytes come.
    for (header, is_fault) in [
        (&b"\x82\xff\x40\0\0\0\0\0\0\0\0\0\0\0"[..], true),
        (&b"\x82\xff\0\0\0\0\0\xf0\0\0\0\0\0\0"[..], false),
    ] {
        let (mut socket, mut peer) = open_with(Role::Server, Config::new(), no_timeouts(), 8 * KIB);
        peer.stream.write_all(header).await.unwrap();
        peer.stream.write_all(&[0; 1000]).await.unwrap();
        let peak = Peak::begin();
        let received = timeout(MOMENT, async {
            let received = socket.receive().await;
            assert!(is_fault, "{received:?}");
        })
        .await;
        assert!(is_fault || received.is_err());
        assert!(peak.len() < 32 * KIB, "{}", peak.len());
    }
    // A message of as many fragments as are allowed, most of them empty.
    let (mut socket, mut peer) = open_with(Role::Server, Config::new(), no_timeouts(), 8 * KIB);
    let count = Limits::new().fragment_count_max();
    let peak = Peak::begin();
    let (received, ()) = tokio::join!(socket.receive(), async {
        peer.send(0x02, b"").await;
        let fragment = frame(peer.role, 0x00, b"");
        let many = 100;
        for _ in 0..(count - 2) / many {
            peer.stream.write_all(&fragment.repeat(usize::try_from(many).unwrap())).await.unwrap();
        }
        peer.send(0x80, b"x").await;
    });
    assert_eq!(received.unwrap(), Some(vec![b'x'].into()));
    assert!(peak.len() < 64 * KIB, "{}", peak.len());
}

async fn a_stream_of_bytes_assembles_nothing() {
    let config = Config::new().with_limits(Limits::unlimited());
    let (socket, mut peer) = open_with(Role::Server, config, no_timeouts(), 16 * KIB);
    let mut stream = ByteStream::new(socket);
    let len = 16 * KIB * KIB;
    let peak = Peak::begin();
    let writing = async {
        let mut header = b"\x82\xff".to_vec();
        header.extend(u64::try_from(len).unwrap().to_be_bytes());
        header.extend([0; 4]);
        peer.stream.write_all(&header).await.unwrap();
        for _ in 0..len / (16 * KIB) {
            peer.stream.write_all(&[7; 16 * KIB]).await.unwrap();
        }
    };
    let reading = async {
        let (mut read, mut room) = (0, [0; 1000]);
        while read < len {
            read += tokio::io::AsyncReadExt::read(&mut stream, &mut room).await.unwrap();
        }
    };
    tokio::join!(writing, reading);
    assert!(peak.len() < 96 * KIB, "{}", peak.len());
}

async fn a_refused_message_is_not_stored() {
    let (mut socket, _peer) = open_with(Role::Client, Config::new(), no_timeouts(), STREAM_LEN);
    socket.start_close(CloseCode::NORMAL).await.unwrap();
    let message = vec![7; KIB * KIB];
    let peak = Peak::begin();
    for _ in 0..100 {
        assert!(matches!(socket.send(&message).await, Err(Error::Closed)));
    }
    assert!(peak.len() < 8 * KIB, "{}", peak.len());
}

async fn an_idle_connection_is_small_before_and_after_a_long_message() {
    let (ours, theirs) = tokio::io::duplex(KIB);
    let before = ALLOCATOR.current_usage();
    let mut client = WebSocket::after_handshake(ours, Role::Client, Config::new(), b"").unwrap();
    let mut server = WebSocket::after_handshake(theirs, Role::Server, Config::new(), b"").unwrap();
    let idle = (ALLOCATOR.current_usage() - before) / 2;
    assert!(idle < 6 * KIB, "{idle}");
    let message = vec![7; KIB * KIB];
    let (sent, received) = tokio::join!(client.send(&message), server.receive());
    sent.unwrap();
    assert!(received.unwrap() == Some(message.into()));
    client.send("small").await.unwrap();
    server.receive().await.unwrap();
    let idle = (ALLOCATOR.current_usage() - before) / 2;
    assert!(idle < 40 * KIB, "{idle}");
}

async fn what_comes_after_the_closes_is_bounded() {
    for role in BOTH {
        let (mut socket, mut peer) = open_with(role, Config::new(), no_timeouts(), 16 * KIB);
        peer.send(0x88, b"\x03\xe8").await;
        let peak = Peak::begin();
        let flooding = async {
            let mut len = 0_usize;
            while peer.stream.write_all(&[7; 16 * KIB]).await.is_ok() {
                len += 16 * KIB;
                if len > 1 << 30 {
                    break;
                }
            }
            len
        };
        let ending = async {
            let ended = socket.receive().await;
            drop(socket);
            ended
        };
        let both = async { tokio::join!(ending, flooding) };
        let (ended, len) = timeout(Duration::from_secs(30), both).await.expect("it ends");
        assert_eq!(ended.unwrap(), None);
        assert!(len < 100 * KIB * KIB, "{len}");
        assert!(peak.len() < 64 * KIB, "{}", peak.len());
    }
}
