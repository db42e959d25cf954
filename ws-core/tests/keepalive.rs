//! `Keepalive`: tables of what happens when, and any sequence of events against a model that only keeps a log.
#![expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

use core::time::Duration;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};

const OFF: KeepaliveConfig = KeepaliveConfig {
    ping_interval: None,
    pong_timeout: None,
    idle_timeout: None,
    handshake_timeout: None,
    close_timeout: None,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Established,
    Received,
    Message,
    Closing,
    Closed,
    /// `poll`, and what it has to give.
    Poll(Option<Due>),
    /// `next_deadline`, in seconds.
    Deadline(Option<u64>),
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn run(name: &str, config: KeepaliveConfig, steps: &[(u64, Step)]) {
    let mut keepalive = Keepalive::new(config, s(0));
    for &(now, step) in steps {
        match step {
            Step::Established => keepalive.established(s(now)),
            Step::Received => keepalive.received(s(now)),
            Step::Message => keepalive.message(s(now)),
            Step::Closing => keepalive.closing(s(now)),
            Step::Closed => keepalive.closed(),
            Step::Poll(due) => assert_eq!(keepalive.poll(s(now)), due, "{name}: poll at {now}"),
            Step::Deadline(at) => {
                assert_eq!(keepalive.next_deadline(), at.map(s), "{name}: deadline at {now}");
            }
        }
    }
}

#[test]
fn opening_handshake() {
    use Step::{Deadline, Established, Message, Poll, Received};
    let config = KeepaliveConfig { handshake_timeout: Some(s(10)), ..OFF };
    let timeout = Poll(Some(Due::HandshakeTimeout));
    run(
        "in time",
        config,
        &[(0, Deadline(Some(10))), (9, Established), (10, Poll(None)), (10, Deadline(None))],
    );
    run("bytes do not prolong it", config, &[(8, Received), (9, Message), (10, timeout)]);
    run("once", config, &[(11, timeout), (11, Poll(None)), (99, Poll(None)), (99, Deadline(None))]);
    run("finished after all", config, &[(11, timeout), (12, Established), (99, Poll(None))]);
    run("never", OFF, &[(0, Deadline(None)), (9999, Poll(None))]);
    run("ten seconds by default", KeepaliveConfig::default(), &[(9, Poll(None)), (10, timeout)]);
}

#[test]
fn s5_5_2_pings_answered_by_anything() {
    use Step::{Deadline, Established, Message, Poll, Received};
    let config = KeepaliveConfig { ping_interval: Some(s(30)), pong_timeout: Some(s(20)), ..OFF };
    let (ping, timeout) = (Poll(Some(Due::SendPing)), Poll(Some(Due::PongTimeout)));
    run("none before the handshake is done", config, &[(0, Deadline(None)), (99, Poll(None))]);
    run(
        "silence",
        config,
        &[(0, Established), (29, Poll(None)), (30, ping), (49, Poll(None)), (50, timeout)],
    );
    run(
        "one ping at a time",
        config,
        &[(0, Established), (30, ping), (30, Poll(None)), (30, Deadline(Some(50)))],
    );
    run("bytes put it off", config, &[(0, Established), (7, Received), (30, Poll(None)), (37, ping)]);
    run(
        "bytes answer",
        config,
        &[(0, Established), (30, ping), (49, Received), (78, Poll(None)), (79, ping)],
    );
    run("what we send does not", config, &[(0, Established), (30, ping), (49, Message), (50, timeout)]);
    run(
        "once",
        config,
        &[(0, Established), (30, ping), (50, timeout), (50, Poll(None)), (50, Deadline(None))],
    );
    run("back to life", config, &[(0, Established), (30, ping), (50, timeout), (60, Received), (90, ping)]);
    run("late poll", config, &[(0, Established), (500, ping), (500, Poll(None)), (520, timeout)]);
}

#[test]
fn pings_without_a_timeout_go_on() {
    use Step::{Deadline, Established, Poll};
    let ping = Poll(Some(Due::SendPing));
    let config = KeepaliveConfig { ping_interval: Some(s(30)), ..OFF };
    run(
        "regularly",
        config,
        &[(0, Established), (30, ping), (30, Poll(None)), (60, ping), (61, Deadline(Some(90)))],
    );
    let config = KeepaliveConfig { ping_interval: Some(s(0)), ..OFF };
    run(
        "no interval at all",
        config,
        &[(0, Established), (1, ping), (1, Poll(None)), (2, ping), (2, Poll(None))],
    );
}

#[test]
fn idle_however_lively_the_pings() {
    use Step::{Deadline, Established, Message, Poll, Received};
    let timeout = Poll(Some(Due::IdleTimeout));
    let config = KeepaliveConfig { idle_timeout: Some(s(60)), ..OFF };
    run(
        "bytes are no messages",
        config,
        &[(0, Established), (59, Received), (59, Poll(None)), (60, timeout)],
    );
    run("messages put it off", config, &[(0, Established), (59, Message), (60, Poll(None)), (119, timeout)]);
    run("once", config, &[(0, Established), (60, timeout), (60, Poll(None)), (60, Deadline(None))]);
    run("again by a new cause", config, &[(0, Established), (60, timeout), (70, Message), (130, timeout)]);
}

#[test]
fn several_at_once_the_longest_overdue_first() {
    use Step::{Established, Poll};
    let config = KeepaliveConfig {
        ping_interval: Some(s(30)),
        pong_timeout: Some(s(20)),
        idle_timeout: Some(s(50)),
        ..OFF
    };
    let due = |due| Poll(Some(due));
    run(
        "late",
        config,
        &[
            (0, Established),
            (60, due(Due::SendPing)),
            (60, due(Due::IdleTimeout)),
            (60, Poll(None)),
            (80, due(Due::PongTimeout)),
        ],
    );
    run(
        "equal",
        config,
        &[
            (0, Established),
            (30, due(Due::SendPing)),
            (50, due(Due::PongTimeout)),
            (50, due(Due::IdleTimeout)),
            (50, Poll(None)),
        ],
    );
}

#[test]
fn s7_1_1_closing_handshake() {
    use Step::{Closed, Closing, Deadline, Established, Message, Poll, Received};
    let config = KeepaliveConfig {
        ping_interval: Some(s(5)),
        idle_timeout: Some(s(5)),
        close_timeout: Some(s(30)),
        ..OFF
    };
    let timeout = Poll(Some(Due::CloseTimeout));
    run("no pings any more", config, &[(0, Established), (4, Closing), (33, Poll(None)), (34, timeout)]);
    run(
        "nothing prolongs it",
        config,
        &[
            (0, Established),
            (1, Closing),
            (9, Closing),
            (9, Received),
            (9, Message),
            (9, Established),
            (30, Poll(None)),
            (31, timeout),
        ],
    );
    run("once", config, &[(0, Closing), (30, timeout), (30, Poll(None)), (30, Closing), (99, Poll(None))]);
    run(
        "closed",
        config,
        &[(0, Established), (1, Closing), (2, Closed), (2, Deadline(None)), (99, Poll(None))],
    );
    run("closed stays", config, &[(0, Closed), (1, Established), (1, Closing), (99, Poll(None))]);
}

#[test]
fn times_at_the_ends_of_the_clock_never_come() {
    let config = KeepaliveConfig {
        ping_interval: Some(Duration::MAX),
        pong_timeout: Some(Duration::MAX),
        idle_timeout: Some(s(1)),
        handshake_timeout: Some(Duration::MAX),
        close_timeout: Some(Duration::MAX),
    };
    let mut keepalive = Keepalive::new(config, s(1));
    assert_eq!(keepalive.next_deadline(), None);
    keepalive.established(Duration::MAX);
    assert_eq!((keepalive.next_deadline(), keepalive.poll(Duration::MAX)), (None, None));
    keepalive.message(s(0));
    assert_eq!(keepalive.next_deadline(), Some(s(1)), "the clock went back, and so does the deadline");
}

#[test]
fn times_that_change_begin_anew_where_the_connection_is_open() {
    let pings = |interval| KeepaliveConfig { ping_interval: Some(s(interval)), ..KeepaliveConfig::default() };
    let mut keepalive = Keepalive::new(pings(30), s(0));
    keepalive.set_config(pings(40), s(5));
    assert_eq!(keepalive.next_deadline(), Some(s(10)), "the handshake keeps its own");
    keepalive.established(s(6));
    assert_eq!(keepalive.next_deadline(), Some(s(46)));
    assert_eq!(keepalive.poll(s(46)), Some(Due::SendPing));
    keepalive.set_config(pings(7), s(50));
    assert_eq!(keepalive.next_deadline(), Some(s(57)), "and no pong is waited for");
    assert!(!keepalive.is_closing());
    keepalive.closing(s(60));
    keepalive.set_config(KeepaliveConfig { close_timeout: Some(s(1)), ..OFF }, s(61));
    assert_eq!((keepalive.is_closing(), keepalive.next_deadline()), (true, Some(s(90))));
    keepalive.closed();
    assert!(!keepalive.is_closing());
}

/// Looks everything up in the log of what happened; keeps no deadline.
struct Model {
    config: KeepaliveConfig,
    log: Vec<(Duration, Entry)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Started,
    Happened(Step),
    Was(Due),
}

impl Model {
    /// When the last of `entries` was, if nothing of `ends` was later.
    fn last(&self, entries: &[Entry], ends: &[Entry]) -> Option<Duration> {
        let of = |wanted: &[Entry]| self.log.iter().rposition(|(_, entry)| wanted.contains(entry));
        let position = of(entries)?;
        of(ends).is_none_or(|end| end < position).then(|| self.log[position].0)
    }

    fn dues(&self) -> Vec<(Duration, Due)> {
        use Entry::{Happened, Started, Was};
        use Step::{Closed, Closing, Established, Message, Received};
        let has = |step| self.last(&[Happened(step)], &[]).is_some();
        let config = &self.config;
        let mut dues = Vec::new();
        let mut add = |cause: Option<Duration>, wait: Option<Duration>, due| {
            dues.extend(cause.zip(wait).map(|(cause, wait)| (cause + wait, due)));
        };
        if has(Closed) {
        } else if has(Closing) {
            add(
                self.last(&[Happened(Closing)], &[Was(Due::CloseTimeout)]),
                config.close_timeout,
                Due::CloseTimeout,
            );
        } else if has(Established) {
            let pinged = Was(Due::SendPing);
            let alive = [Happened(Established), Happened(Received)];
            if config.pong_timeout.is_some() {
                let ends = [alive[0], alive[1], Was(Due::PongTimeout)];
                add(self.last(&[pinged], &ends), config.pong_timeout, Due::PongTimeout);
            }
            let used = [Happened(Established), Happened(Message)];
            add(self.last(&used, &[Was(Due::IdleTimeout)]), config.idle_timeout, Due::IdleTimeout);
            let silent = match config.pong_timeout {
                Some(_) => self.last(&alive, &[pinged]),
                None => self.last(&[alive[0], alive[1], pinged], &[]),
            };
            add(silent, config.ping_interval, Due::SendPing);
        } else {
            add(
                self.last(&[Started], &[Was(Due::HandshakeTimeout)]),
                config.handshake_timeout,
                Due::HandshakeTimeout,
            );
        }
        dues
    }

    /// Only what counts goes into the log: a second opening or Close changes nothing.
    fn happened(&mut self, now: Duration, step: Step) {
        let has = |wanted| self.log.iter().any(|&(_, entry)| entry == Entry::Happened(wanted));
        let counts = match step {
            Step::Established => !has(Step::Established) && !has(Step::Closing),
            Step::Received | Step::Message => has(Step::Established),
            Step::Closing => !has(Step::Closing),
            Step::Closed | Step::Poll(_) | Step::Deadline(_) => true,
        };
        if counts {
            self.log.push((now, Entry::Happened(step)));
        }
    }
}

fn config() -> impl Strategy<Value = KeepaliveConfig> {
    let wait = || prop_oneof![Just(None), (1..40u64).prop_map(|seconds| Some(s(seconds)))];
    (wait(), wait(), wait(), wait(), wait()).prop_map(
        |(ping_interval, pong_timeout, idle_timeout, handshake_timeout, close_timeout)| KeepaliveConfig {
            ping_interval,
            pong_timeout,
            idle_timeout,
            handshake_timeout,
            close_timeout,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Established),
        6 => Just(Step::Received),
        3 => Just(Step::Message),
        1 => Just(Step::Closing),
        1 => (0..4u8).prop_map(|one| if one == 0 { Step::Closed } else { Step::Received }),
        12 => Just(Step::Poll(None)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_events_agrees_with_the_model(
        config in config(),
        steps in proptest::collection::vec((0..25u64, step()), 0..40),
        opens_at_once in any::<bool>(),
    ) {
        let mut now = s(3);
        let mut keepalive = Keepalive::new(config, now);
        let mut model = Model { config, log: vec![(now, Entry::Started)] };
        if opens_at_once {
            keepalive.established(now);
            model.happened(now, Step::Established);
        }
        for (wait, step) in steps {
            now += s(wait);
            match step {
                Step::Established => keepalive.established(now),
                Step::Received => keepalive.received(now),
                Step::Message => keepalive.message(now),
                Step::Closing => keepalive.closing(now),
                Step::Closed => keepalive.closed(),
                Step::Poll(_) | Step::Deadline(_) => {
                    // At most one of each kind is due at one time.
                    for _ in 0..5 {
                        let dues = model.dues();
                        let next = dues.iter().map(|&(at, _)| at).min();
                        assert_eq!(keepalive.next_deadline(), next);
                        let due = keepalive.poll(now);
                        assert_eq!(due.is_some(), next.is_some_and(|at| at <= now));
                        let Some(due) = due else { break };
                        assert!(dues.contains(&(next.unwrap(), due)), "{due:?} of {dues:?}");
                        model.log.push((now, Entry::Was(due)));
                    }
                    assert_eq!(keepalive.poll(now), None, "all was said");
                    continue;
                }
            }
            model.happened(now, step);
        }
    }
}
