//! The deadlines of a session, by a clock that is a number.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use core::time::Duration;
use std::collections::VecDeque;

use support::session::{Keys, at, deliver, feed, feed_some, frame_to, open, take_all, written};
use ws_core::connection::{ClosureCause, Role, Transport};
use ws_core::event::Event;
use ws_core::frame::{CloseCode, ControlPayload, Fin};
use ws_core::keepalive::{Due, KeepaliveConfig};
use ws_core::session::{Batch, Config, Session};

fn server(keepalive: KeepaliveConfig) -> Session<Keys> {
    open(Role::Server, Config::new().with_keepalive(keepalive))
}

fn never() -> KeepaliveConfig {
    KeepaliveConfig::new().with_pong_timeout(None).with_write_timeout(None).with_close_timeout(None)
}

/// The stream takes this many bytes of what is offered.
fn write(session: &mut Session<Keys>, len: usize, now: Duration) {
    let offered = session.outbound.transmit().len();
    assert!(len <= offered, "{len} of {offered}");
    session.outbound.transmitted(len, now);
}

#[test]
fn a_silent_peer_is_pinged_and_given_up_where_it_stays_silent() {
    let keepalive =
        KeepaliveConfig::new().with_ping_interval(Some(at(500))).with_pong_timeout(Some(at(2000)));
    let mut session = server(keepalive);
    assert_eq!(session.outbound.next_deadline(), Some(at(500)));
    assert_eq!((session.outbound.poll(at(499)), session.outbound.wants_transmit()), (None, false));
    assert_eq!((session.outbound.poll(at(500)), session.outbound.wants_transmit()), (None, true));
    // Its clock runs from when its last byte has left.
    write(&mut session, 9, at(600));
    assert_eq!(session.outbound.next_deadline(), Some(at(30_600)), "the rest of the ping has to be written");
    write(&mut session, 1, at(700));
    assert_eq!(session.outbound.next_deadline(), Some(at(2700)));
    assert_eq!(session.outbound.poll(at(2699)), None);
    assert_eq!(session.outbound.poll(at(2700)), Some(Due::PongTimeout));
    assert_eq!(session.outbound.timed_out(), Some(Due::PongTimeout));
    assert_eq!(session.outbound.transport(), Transport::Closed);
    assert_eq!(session.outbound.closure().unwrap().cause, ClosureCause::Transport);
    assert_eq!((session.outbound.poll(at(9999)), session.outbound.next_deadline()), (None, None));
}

#[test]
fn a_byte_of_anything_is_life_and_the_latency_is_that_of_the_ping() {
    let keepalive =
        KeepaliveConfig::new().with_ping_interval(Some(at(500))).with_pong_timeout(Some(at(2000)));
    let mut session = server(keepalive);
    assert_eq!(session.outbound.poll(at(500)), None);
    let sent = written(&mut session.outbound, at(510));
    assert_eq!((sent.len(), session.outbound.traffic().ping_count), (10, 1));
    // A part of a frame, then its rest, the pong.
    let pong = frame_to(Role::Server, 0x8A, &sent[2..]);
    assert_eq!(deliver(&mut session, &pong[..5], at(560)), []);
    assert_eq!(session.outbound.next_deadline(), Some(at(1060)), "no pong is waited for");
    assert_eq!(session.outbound.latency(), None);
    assert_eq!(deliver(&mut session, &pong[5..], at(590)), [Event::Pong]);
    assert_eq!(session.outbound.latency(), Some(at(80)));
    // The same pong again says nothing.
    assert_eq!(deliver(&mut session, &pong, at(900)), [Event::Pong]);
    assert_eq!(session.outbound.latency(), Some(at(80)));
}

#[test]
fn a_ping_of_the_programs_does_not_shorten_the_latency() {
    let keepalive = KeepaliveConfig::new().with_ping_interval(Some(at(500)));
    let mut session = server(keepalive);
    assert_eq!(session.outbound.poll(at(500)), None);
    let sent = written(&mut session.outbound, at(500));
    session.outbound.ping(ControlPayload::new(b"mine").unwrap());
    assert_eq!(written(&mut session.outbound, at(550)), b"\x89\x04mine");
    let pong = frame_to(Role::Server, 0x8A, &sent[2..]);
    assert_eq!(deliver(&mut session, &pong, at(600)), [Event::Pong]);
    assert_eq!(session.outbound.latency(), Some(at(100)));
    // One that takes the place of the keepalive's own is waited for just as well, and measured not at all.
    assert_eq!(session.outbound.poll(at(1100)), None);
    session.outbound.ping(ControlPayload::new(b"mine").unwrap());
    assert_eq!(written(&mut session.outbound, at(1100)), b"\x89\x04mine");
    assert_eq!(session.outbound.next_deadline(), Some(at(21_100)));
    let guess = [&b"keep"[..], &[0, 0, 0, 2]].concat();
    let pong = frame_to(Role::Server, 0x8A, &guess);
    assert_eq!(deliver(&mut session, &pong, at(1101)), [Event::Pong]);
    assert_eq!(session.outbound.latency(), Some(at(100)));
}

/// What the operating system holds of a stream, and a peer that reads it, so many bytes every ten milliseconds.
struct Kernel {
    held: VecDeque<u8>,
    room: usize,
    rate: usize,
}

impl Kernel {
    /// 3.8 MiB fit between two sockets on loopback.
    fn new(bytes_per_second: usize) -> Self {
        Self { held: VecDeque::new(), room: 3_984_588, rate: bytes_per_second / 100 }
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let len = bytes.len().min(self.room - self.held.len());
        self.held.extend(&bytes[..len]);
        len
    }

    fn read(&mut self) -> Vec<u8> {
        let len = self.held.len().min(self.rate);
        self.held.drain(..len).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writes {
    One,
    Vectored,
    Batches,
}

/// Writes as a stream does that does not block, until it takes no more.
fn write_to(
    session: &mut Session<Keys>,
    kernel: &mut Kernel,
    batch: &mut Batch,
    writes: Writes,
    now: Duration,
) {
    while session.outbound.wants_transmit() || !batch.is_empty() {
        let (offered, taken) = match writes {
            Writes::One => {
                let bytes = session.outbound.transmit();
                (bytes.len(), kernel.write(bytes))
            }
            Writes::Vectored => {
                let mut slices = [&[][..]; 8];
                let count = session.outbound.transmit_many(&mut slices);
                let bytes = slices[..count].concat();
                (bytes.len(), kernel.write(&bytes))
            }
            Writes::Batches => {
                if batch.is_empty() {
                    session.outbound.take_batch(batch);
                }
                let offered = batch.len();
                while !batch.is_empty() {
                    let taken = kernel.write(batch.as_slice());
                    batch.advance(taken);
                    if taken == 0 {
                        break;
                    }
                }
                (offered, offered - batch.len())
            }
        };
        session.outbound.transmitted(taken, now);
        if taken < offered {
            if writes == Writes::Batches && taken > 0 {
                // How much of a batch was offered is not known.
                session.outbound.transmitted(0, now);
            }
            return;
        }
    }
}

#[test]
fn a_ping_after_24_mib_at_3_mib_a_second_does_not_end_the_connection() {
    for writes in [Writes::One, Writes::Vectored, Writes::Batches] {
        let keepalive =
            KeepaliveConfig::new().with_ping_interval(Some(at(500))).with_pong_timeout(Some(at(2000)));
        let mut session = server(keepalive);
        let mut peer =
            open(Role::Client, Config::new().with_limits(ws_core::connection::Limits::unlimited()));
        let (mut kernel, mut batch) = (Kernel::new(3 << 20), Batch::new());
        assert!(session.outbound.send_owned(vec![7; 24 << 20].into()).is_ok());
        let (mut count, mut millis) = (0, 0);
        while count == 0 {
            millis += 10;
            let now = at(millis);
            write_to(&mut session, &mut kernel, &mut batch, writes, now);
            let arrived = kernel.read();
            count += deliver(&mut peer, &arrived, now)
                .iter()
                .filter(|event| matches!(event, Event::Data(_)))
                .count();
            let answers = written(&mut peer.outbound, now);
            assert!(!deliver(&mut session, &answers, now).contains(&Event::Close));
            assert_eq!(session.outbound.poll(now), None, "{writes:?} after {millis} ms");
        }
        assert!((7900..8300).contains(&millis), "{millis}");
        assert!(session.outbound.traffic().ping_count > 0);
    }
}

#[test]
fn a_dead_peer_whose_kernel_takes_everything_is_found_in_time() {
    for writes in [Writes::One, Writes::Vectored, Writes::Batches] {
        let keepalive =
            KeepaliveConfig::new().with_ping_interval(Some(at(500))).with_pong_timeout(Some(at(2000)));
        let mut session = server(keepalive);
        let (mut kernel, mut batch) = (Kernel::new(0), Batch::new());
        let found = (1..1000).map(|tick| at(tick * 10)).find(|&now| {
            if now.as_millis() % 100 == 0 {
                // Two chunks each time.
                assert_eq!(session.outbound.send(&[7; 1000]), Ok(()));
                assert!(session.outbound.send_owned(vec![7; 60_000].into()).is_ok());
            }
            write_to(&mut session, &mut kernel, &mut batch, writes, now);
            session.outbound.poll(now) == Some(Due::PongTimeout)
        });
        let found = found.unwrap();
        assert!((at(2500)..at(2600)).contains(&found), "{writes:?}: {found:?}");
    }
}

#[test]
fn an_idle_connection_is_closed_with_1001_and_given_up_where_the_peer_does_not_answer() {
    let keepalive = never().with_idle_timeout(Some(at(1000))).with_close_timeout(Some(at(300)));
    let mut session = server(keepalive);
    assert_eq!(
        deliver(&mut session, &frame_to(Role::Server, 0x81, b"in use"), at(100)),
        [Event::Data("in use".into())]
    );
    assert_eq!(session.outbound.next_deadline(), Some(at(1100)));
    // Pings keep nothing in use, however many.
    assert_eq!(deliver(&mut session, &frame_to(Role::Server, 0x89, b"p"), at(900)), [Event::Ping]);
    assert_eq!(written(&mut session.outbound, at(900)).len(), 3);
    assert_eq!(session.outbound.poll(at(1099)), None);
    assert_eq!(session.outbound.poll(at(1100)), Some(Due::IdleTimeout));
    assert_eq!(session.outbound.timed_out(), Some(Due::IdleTimeout));
    assert_eq!(written(&mut session.outbound, at(1110)), b"\x88\x02\x03\xe9");
    assert_eq!(session.outbound.next_deadline(), Some(at(1400)));
    let mut answered = session.outbound.try_clone().unwrap();
    assert_eq!(answered.poll(at(1399)), None);
    assert_eq!(session.outbound.poll(at(1400)), Some(Due::CloseTimeout));
    assert_eq!(
        (session.outbound.transport(), session.outbound.timed_out()),
        (Transport::Closed, Some(Due::IdleTimeout))
    );
}

#[test]
fn messages_that_are_sent_and_parts_keep_a_connection_in_use_for_as_long_as_they_leave() {
    let keepalive = never().with_idle_timeout(Some(at(1000)));
    let mut session = server(keepalive);
    assert_eq!(session.outbound.send(&[7; 5000]), Ok(()));
    for (millis, deadline) in [(900, 1900), (1800, 2800), (2700, 3700)] {
        write(&mut session, 1000, at(millis));
        assert_eq!(session.outbound.next_deadline(), Some(at(deadline)), "a long message goes on");
    }
    write(&mut session, 2004, at(3600));
    for millis in [4000, 4500, 5000] {
        assert_eq!(session.outbound.part("part", Fin::More), Ok(()));
        write(&mut session, 6, at(millis));
        assert_eq!(session.outbound.next_deadline(), Some(at(millis + 1000)));
    }
    // A ping is no message.
    session.outbound.ping(ControlPayload::EMPTY);
    write(&mut session, 2, at(5500));
    assert_eq!(session.outbound.next_deadline(), Some(at(6000)));
    // Parts that come are.
    feed(&mut session, &frame_to(Role::Server, 0x01, b"part"), at(5800));
    assert!(session.inbound.next_part(&mut session.outbound).is_some());
    assert_eq!(session.inbound.next_part(&mut session.outbound), None);
    assert_eq!(session.outbound.next_deadline(), Some(at(6800)));
}

#[test]
fn a_stream_that_takes_nothing_is_given_up_and_one_that_takes_something_is_not() {
    let keepalive = never().with_write_timeout(Some(at(1000)));
    let mut session = server(keepalive);
    assert_eq!(session.outbound.send(&[7; 10_000]), Ok(()));
    assert_eq!(session.outbound.next_deadline(), None, "nothing was tried yet");
    write(&mut session, 0, at(100));
    write(&mut session, 0, at(500));
    assert_eq!(session.outbound.next_deadline(), Some(at(1100)), "from the first time on");
    write(&mut session, 1, at(900));
    assert_eq!(session.outbound.next_deadline(), Some(at(1900)));
    // A call that reports nothing of nothing changes nothing.
    session.outbound.transmitted(0, at(1000));
    assert_eq!(session.outbound.next_deadline(), Some(at(1900)));
    write(&mut session, 1, at(1800));
    assert_eq!(session.outbound.next_deadline(), Some(at(2800)));
    let mut taken = session.outbound.try_clone().unwrap();
    let rest = written(&mut taken, at(2700));
    assert_eq!((rest.len(), taken.next_deadline()), (10_002, None));
    assert_eq!(session.outbound.poll(at(2800)), Some(Due::WriteTimeout));
    assert_eq!((session.outbound.transport(), session.outbound.queued_len()), (Transport::Closed, 0));
    assert!(session.outbound.transmit().is_empty() && !session.outbound.wants_transmit());
}

#[test]
fn a_stream_that_takes_all_that_it_is_offered_is_not_blocked_though_the_queue_is_never_empty() {
    let keepalive = never().with_write_timeout(Some(at(1000)));
    let mut session = server(keepalive);
    let offer =
        |session: &mut Session<Keys>| assert!(session.outbound.send_owned(vec![7; 5000].into()).is_ok());
    offer(&mut session);
    write(&mut session, 2, at(0));
    for tick in 0..100 {
        let now = at(tick * 100);
        offer(&mut session);
        if tick == 3 {
            write(&mut session, 1, now);
            offer(&mut session);
        }
        while session.outbound.queued_len() > 5004 {
            let len = session.outbound.transmit().len();
            session.outbound.transmitted(len, now);
        }
        assert!(session.outbound.queued_len() > 0);
        assert_eq!(session.outbound.poll(now), None, "{tick}");
    }
}

#[test]
fn a_batch_of_which_the_stream_takes_no_more_is_blocked() {
    let keepalive = never().with_write_timeout(Some(at(1000)));
    let mut session = server(keepalive);
    let mut batch = Batch::new();
    assert_eq!(session.outbound.send(&[7; 10_000]), Ok(()));
    session.outbound.take_batch(&mut batch);
    assert_eq!(session.outbound.next_deadline(), None, "it is being written");
    session.outbound.transmitted(100, at(50));
    assert_eq!(session.outbound.next_deadline(), None, "the rest may be on its way");
    session.outbound.transmitted(0, at(50));
    session.outbound.transmitted(0, at(60));
    assert_eq!(session.outbound.next_deadline(), Some(at(1050)));
    session.outbound.transmitted(1, at(900));
    session.outbound.transmitted(0, at(900));
    assert_eq!(session.outbound.next_deadline(), Some(at(1900)));
    session.outbound.transmitted(9903, at(1800));
    assert_eq!(session.outbound.next_deadline(), None);
}

#[test]
fn the_closing_handshake_has_its_time_from_the_next_call_that_knows_it() {
    let keepalive = never().with_close_timeout(Some(at(1000)));
    for way in 0..3 {
        let mut session = server(keepalive);
        assert_eq!(deliver(&mut session, &frame_to(Role::Server, 0x81, b"a"), at(100)).len(), 1);
        let expected = match way {
            0 => {
                session.outbound.close(CloseCode::NORMAL.into());
                None
            }
            1 => {
                assert_eq!(
                    deliver(&mut session, &frame_to(Role::Server, 0x88, b""), at(150)),
                    [Event::Close]
                );
                None
            }
            _ => {
                let events = deliver(&mut session, b"\x83", at(150));
                assert!(matches!(events[..], [Event::Failed(_)]));
                Some(())
            }
        };
        assert!(session.outbound.next_deadline().is_some_and(|deadline| deadline <= at(150)), "at once");
        assert_eq!(session.outbound.poll(at(200)), None);
        assert_eq!(session.outbound.next_deadline(), Some(at(1200)));
        // Neither bytes that leave nor bytes that come make it later.
        let _close = written(&mut session.outbound, at(700));
        let _nothing = feed_some(&mut session, &[0x81], at(800));
        let _none = take_all(&mut session);
        assert_eq!(session.outbound.next_deadline(), Some(at(1200)), "{way}");
        assert_eq!(session.outbound.poll(at(1200)), Some(Due::CloseTimeout));
        assert_eq!(session.outbound.transport(), Transport::Closed);
        let closure = session.outbound.closure().unwrap();
        assert_eq!(closure.is_clean, way == 1, "{expected:?}");
    }
}

#[test]
fn that_bytes_came_is_reported_where_no_message_is_taken() {
    let keepalive =
        KeepaliveConfig::new().with_ping_interval(Some(at(500))).with_pong_timeout(Some(at(1000)));
    let mut session = server(keepalive);
    assert_eq!(session.outbound.poll(at(500)), None);
    let _ping = written(&mut session.outbound, at(500));
    // The program has no room for this message: the queue is full.
    let wire = [frame_to(Role::Server, 0x81, b"a"), frame_to(Role::Server, 0x8A, b"later")].concat();
    feed(&mut session, &wire, at(1400));
    for millis in [1450, 1500, 1600] {
        assert_eq!(session.inbound.advance(&mut session.outbound), Some(Event::Data(())));
        assert_eq!(session.inbound.advance(&mut session.outbound), Some(Event::Data(())));
        assert_eq!(session.outbound.poll(at(millis)), None, "the peer lives");
    }
    assert_eq!(take_all(&mut session), [Event::Data("a".into()), Event::Pong]);
}

#[test]
fn a_program_that_sleeps_until_the_next_deadline_wakes_up_seldom() {
    let time = |choice: u32| {
        [None, Some(at(0)), Some(at(70)), Some(Duration::MAX)][usize::try_from(choice % 4).unwrap()]
    };
    for choice in 0..4_u32.pow(5) {
        let keepalive = KeepaliveConfig::new()
            .with_ping_interval(time(choice).map(|interval| interval.max(at(70))))
            .with_pong_timeout(time(choice / 4))
            .with_idle_timeout(time(choice / 16))
            .with_write_timeout(time(choice / 64))
            .with_close_timeout(time(choice / 256));
        for event in 0..5 {
            let mut session = server(keepalive);
            let (mut now, mut count) = (at(0), 0);
            while let Some(deadline) =
                session.outbound.next_deadline().filter(|deadline| *deadline < at(1000))
            {
                count += 1;
                // A clock that wakes up late, or goes back.
                now =
                    if event == 4 && count % 3 == 0 { now.saturating_sub(at(5)) } else { now.max(deadline) };
                while let Some(_due) = session.outbound.poll(now) {}
                let next = session.outbound.next_deadline();
                assert!(next.is_none_or(|next| next > now), "what was due at {deadline:?} is due again");
                match event {
                    0 => {}
                    1 => session.outbound.close(CloseCode::NORMAL.into()),
                    2 if session.outbound.wants_transmit() => write(&mut session, 0, now),
                    _ => {
                        let _sent = written(&mut session.outbound, now);
                    }
                }
            }
            assert!(count <= 40, "{count} times in a second, {keepalive:?}, {event}");
        }
    }
}

#[test]
fn a_clock_that_goes_back_does_no_harm() {
    let keepalive = KeepaliveConfig::new()
        .with_ping_interval(Some(at(50)))
        .with_pong_timeout(Some(at(60)))
        .with_idle_timeout(Some(at(10_000)));
    let mut session = server(keepalive);
    let mut seed = 1_u32;
    for _ in 0..2000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let now = at(u64::from(seed >> 20));
        match seed >> 8 & 3 {
            0 => {
                let _events = deliver(&mut session, &frame_to(Role::Server, 0x8A, b"x"), now);
            }
            1 => {
                let _sent = written(&mut session.outbound, now);
            }
            2 => {
                let _result = session.outbound.send("a");
            }
            _ => {
                let _due = session.outbound.poll(now);
                assert!(session.outbound.next_deadline().is_none_or(|deadline| deadline > now));
            }
        }
    }
}
