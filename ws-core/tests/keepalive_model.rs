//! `Keepalive`: any sequence of events against a model that only keeps a log, and against times that are the longest.
#![expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

use core::time::Duration;

use Entry::{Happened, Started, Was};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use step::{Step, report, s};
use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};

#[path = "keepalive/step.rs"]
mod step;

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

const ALIVE: [Entry; 3] = [Happened(Step::Established), Happened(Step::Received), Happened(Step::Progress)];

impl Model {
    fn has(&self, step: Step) -> bool {
        self.log.iter().any(|&(_, entry)| entry == Happened(step))
    }

    /// What was logged after the last of `entries`.
    fn after(&self, entries: &[Entry]) -> &[(Duration, Entry)] {
        let end = self.log.iter().rposition(|(_, entry)| entries.contains(entry)).map_or(0, |at| at + 1);
        &self.log[end..]
    }

    /// When the last of `entries` was, if nothing of `ends` was later.
    fn last(&self, entries: &[Entry], ends: &[Entry]) -> Option<Duration> {
        let (at, _) = self.log.iter().rfind(|(_, entry)| entries.contains(entry))?;
        (!self.after(entries).iter().any(|(_, entry)| ends.contains(entry))).then_some(*at)
    }

    /// When the first of `entries` was after the last of `starts`, if nothing of `ends` was later.
    fn first(&self, entries: &[Entry], starts: &[Entry], ends: &[Entry]) -> Option<Duration> {
        let mut later = self.after(starts).iter().skip_while(|(_, entry)| !entries.contains(entry));
        let (at, _) = later.next()?;
        (!later.any(|(_, entry)| ends.contains(entry))).then_some(*at)
    }

    fn dues(&self) -> Vec<(Duration, Due)> {
        let config = &self.config;
        let mut dues = Vec::new();
        let mut add = |cause: Option<Duration>, wait: Option<Duration>, due| {
            dues.extend(cause.zip(wait).map(|(cause, wait)| (cause + wait, due)));
        };
        if self.has(Step::Closed) {
            return dues;
        }
        let progress = Happened(Step::Progress);
        let gone = [Was(Due::WriteTimeout)];
        let blocked = self.first(&[Happened(Step::Blocked)], &[Happened(Step::WriteIdle), progress], &gone);
        let moved = self.last(&[progress], &[Happened(Step::WriteIdle), gone[0]]);
        // After progress that was not the end it is blocked already.
        let is_moving = self.last(&[progress], &[Happened(Step::WriteIdle)]).is_some();
        add(if is_moving { moved } else { blocked }, config.write_timeout(), Due::WriteTimeout);
        if self.has(Step::Closing) {
            let closing = self.last(&[Happened(Step::Closing)], &[Was(Due::CloseTimeout)]);
            add(closing, config.close_timeout(), Due::CloseTimeout);
        } else if self.has(Step::Established) {
            let used = [Happened(Step::Established), Happened(Step::Message)];
            add(self.last(&used, &[Was(Due::IdleTimeout)]), config.idle_timeout(), Due::IdleTimeout);
            let (asked, sent) = (Was(Due::SendPing), Happened(Step::PingSent));
            let is_waiting = self.last(&[asked], &[sent]).is_some();
            let is_pong_awaited =
                config.pong_timeout().is_some() && self.after(&ALIVE).iter().any(|(_, entry)| *entry == sent);
            if is_pong_awaited {
                let first = self.first(&[sent], &ALIVE, &[Was(Due::PongTimeout)]);
                add(first, config.pong_timeout(), Due::PongTimeout);
            } else if !is_waiting {
                add(self.last(&[&ALIVE[..], &[sent]].concat(), &[]), config.ping_interval(), Due::SendPing);
            }
        } else {
            let started = self.last(&[Started], &[Was(Due::HandshakeTimeout)]);
            add(started, config.handshake_timeout(), Due::HandshakeTimeout);
        }
        dues
    }

    /// Only what counts goes into the log: a second opening or Close changes nothing.
    fn happened(&mut self, now: Duration, step: Step) {
        let is_open = self.has(Step::Established) && !self.has(Step::Closing);
        let counts = match step {
            Step::Established => !self.has(Step::Established) && !self.has(Step::Closing),
            Step::Received | Step::Message | Step::PingSent => is_open,
            Step::Blocked | Step::Progress => self.has(Step::Established) || self.has(Step::Closing),
            Step::Closing => !self.has(Step::Closing),
            Step::WriteIdle | Step::Closed | Step::Poll(_) | Step::Deadline(_) => true,
        };
        if counts {
            self.log.push((now, Happened(step)));
        }
    }
}

fn config() -> impl Strategy<Value = KeepaliveConfig> {
    let wait = || prop_oneof![Just(None), (1..40u64).prop_map(|seconds| Some(s(seconds)))];
    (wait(), wait(), wait(), wait(), wait(), wait()).prop_map(
        |(ping, pong, idle, write, handshake, close)| {
            let config = KeepaliveConfig::new().with_ping_interval(ping).with_pong_timeout(pong);
            let config = config.with_idle_timeout(idle).with_write_timeout(write);
            config.with_handshake_timeout(handshake).with_close_timeout(close)
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Established),
        6 => Just(Step::Received),
        3 => Just(Step::Message),
        6 => Just(Step::PingSent),
        3 => Just(Step::Blocked),
        3 => Just(Step::Progress),
        3 => Just(Step::WriteIdle),
        1 => Just(Step::Closing),
        1 => (0..4u8).prop_map(|one| if one == 0 { Step::Closed } else { Step::Received }),
        12 => Just(Step::Poll(None)),
    ]
}

/// Sets each time that is not set to the longest there is.
fn longest(config: KeepaliveConfig) -> KeepaliveConfig {
    let longest = |wait: Option<Duration>| wait.or(Some(Duration::MAX));
    config
        .with_ping_interval(longest(config.ping_interval()))
        .with_pong_timeout(longest(config.pong_timeout()))
        .with_idle_timeout(longest(config.idle_timeout()))
        .with_write_timeout(longest(config.write_timeout()))
        .with_handshake_timeout(longest(config.handshake_timeout()))
        .with_close_timeout(longest(config.close_timeout()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_events_agrees_with_the_model(
        config in config(),
        steps in proptest::collection::vec((0..25u64, step()), 0..40),
        opens_at_once in any::<bool>(),
    ) {
        let mut now = s(3);
        let mut keepalive = Keepalive::new(config, now);
        let mut model = Model { config, log: vec![(now, Started)] };
        if opens_at_once {
            keepalive.established(now);
            model.happened(now, Step::Established);
        }
        for (wait, step) in steps {
            now += s(wait);
            if step != Step::Poll(None) {
                report(&mut keepalive, step, now);
                model.happened(now, step);
                continue;
            }
            // At most one of each kind is due at one time.
            for _ in 0..6 {
                let dues = model.dues();
                let next = dues.iter().map(|&(at, _)| at).min();
                assert_eq!(keepalive.next_deadline(), next);
                let due = keepalive.poll(now);
                assert_eq!(due.is_some(), next.is_some_and(|at| at <= now));
                let Some(due) = due else { break };
                assert!(dues.contains(&(next.unwrap(), due)), "{due:?} of {dues:?}");
                model.log.push((now, Was(due)));
            }
            assert_eq!(keepalive.poll(now), None, "all was said");
        }
    }

    /// At the start of the clock, where the longest time could be added to it, in its midst, and near its end, where even
    /// short times cannot.
    #[test]
    fn the_longest_time_is_for_ever(
        config in config(),
        steps in proptest::collection::vec((0..25u64, step()), 0..40),
        start in prop_oneof![Just(Duration::ZERO), Just(s(1 << 62)), (0..900u64).prop_map(|left| Duration::MAX.saturating_sub(s(left)))],
    ) {
        let mut now = start;
        let (mut none, mut max) = (Keepalive::new(config, now), Keepalive::new(longest(config), now));
        for (wait, step) in steps {
            now = now.saturating_add(s(wait));
            if step == Step::Poll(None) {
                assert_eq!(none.next_deadline(), max.next_deadline());
                assert_eq!(none.poll(now), max.poll(now));
            } else {
                report(&mut none, step, now);
                report(&mut max, step, now);
            }
        }
    }
}
