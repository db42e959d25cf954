//! `Keepalive`: tables of what happens when.

use core::time::Duration;

use step::{OFF, Step, report, s};
use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};

#[path = "keepalive/step.rs"]
mod step;

fn run(name: &str, config: KeepaliveConfig, steps: &[(u64, Step)]) {
    let mut keepalive = Keepalive::new(config, s(0));
    for &(now, step) in steps {
        if let Step::Poll(due) = step {
            assert_eq!(keepalive.poll(s(now)), due, "{name}: poll at {now}");
        } else if let Step::Deadline(at) = step {
            assert_eq!(keepalive.next_deadline(), at.map(s), "{name}: deadline at {now}");
        } else {
            report(&mut keepalive, step, s(now));
        }
    }
}

#[test]
fn opening_handshake() {
    use Step::{Deadline, Established, Message, Poll, Received};
    let config = OFF.with_handshake_timeout(Some(s(10)));
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
    use Step::{Deadline, Established, Message, PingSent, Poll, Received};
    let config = OFF.with_ping_interval(Some(s(30))).with_pong_timeout(Some(s(20)));
    let (ping, timeout) = (Poll(Some(Due::SendPing)), Poll(Some(Due::PongTimeout)));
    let run = |name, steps: &[_]| run(name, config, &[&[(0, Established)], steps].concat());
    run("silence", &[(29, Poll(None)), (30, ping), (30, PingSent), (49, Poll(None)), (50, timeout)]);
    run("one ping at a time", &[(30, ping), (30, Poll(None)), (30, PingSent), (30, Deadline(Some(50)))]);
    run("bytes put it off", &[(7, Received), (30, Poll(None)), (37, ping)]);
    run("bytes answer", &[(30, ping), (30, PingSent), (49, Received), (78, Poll(None)), (79, ping)]);
    run("what we send does not", &[(30, ping), (30, PingSent), (49, Message), (50, timeout)]);
    run("once", &[(30, ping), (30, PingSent), (50, timeout), (50, Poll(None)), (50, Deadline(None))]);
    run(
        "another ping is no life",
        &[(30, ping), (30, PingSent), (50, timeout), (60, PingSent), (99, Poll(None))],
    );
    run("back to life", &[(30, ping), (30, PingSent), (50, timeout), (60, Received), (90, ping)]);
    run("late poll", &[(500, ping), (500, Poll(None)), (500, PingSent), (520, timeout)]);
    run("unasked", &[(10, PingSent), (29, Poll(None)), (30, timeout)]);
    run("the first of several", &[(10, PingSent), (20, PingSent), (30, timeout)]);
}

#[test]
fn s5_5_2_none_is_due_before_the_handshake_is_done() {
    use Step::{Deadline, PingSent, Poll, Progress};
    let config = OFF.with_ping_interval(Some(s(30))).with_pong_timeout(Some(s(20)));
    run("no ping", config, &[(0, Deadline(None)), (99, Poll(None))]);
    run("no pong", config, &[(0, PingSent), (1, Progress), (99, Poll(None)), (99, Deadline(None))]);
}

#[test]
fn s5_5_2_a_ping_that_waits_for_its_turn_has_no_deadline() {
    use Step::{Deadline, Established, PingSent, Poll, Progress, Received};
    let config = OFF.with_ping_interval(Some(s(30))).with_pong_timeout(Some(s(20)));
    let (ping, timeout) = (Poll(Some(Due::SendPing)), Poll(Some(Due::PongTimeout)));
    let asked = [(0, Established), (30, ping), (30, Deadline(None)), (900, Poll(None))];
    let run = |name, steps: &[_]| run(name, config, &[&asked[..], steps].concat());
    run("it runs from its last byte", &[(900, PingSent), (919, Poll(None)), (920, timeout)]);
    run("bytes that come ask for no other", &[(905, Received), (990, Poll(None)), (990, Deadline(None))]);
    run("nor do bytes that leave", &[(905, Progress), (990, Poll(None)), (990, Deadline(None))]);
    run("and it still has to leave", &[(905, Received), (906, PingSent), (926, timeout)]);
    run("answered", &[(900, PingSent), (901, Received), (930, Poll(None)), (931, ping)]);
}

#[test]
fn pings_without_a_timeout_go_on() {
    use Step::{Deadline, Established, PingSent, Poll};
    let ping = Poll(Some(Due::SendPing));
    let config = OFF.with_ping_interval(Some(s(30)));
    run(
        "regularly",
        config,
        &[
            (0, Established),
            (30, ping),
            (31, PingSent),
            (31, Poll(None)),
            (61, ping),
            (62, PingSent),
            (62, Deadline(Some(92))),
        ],
    );
    let config = OFF.with_ping_interval(Some(s(0)));
    run(
        "no interval at all",
        config,
        &[(0, Established), (1, ping), (1, PingSent), (1, Poll(None)), (2, ping), (2, Poll(None))],
    );
}

#[test]
fn a_stream_that_takes_nothing_is_given_up() {
    use Step::{
        Blocked, Closed, Closing, Deadline, Established, Message, Poll, Progress, Received, WriteIdle,
    };
    let config = OFF.with_write_timeout(Some(s(30)));
    let timeout = Poll(Some(Due::WriteTimeout));
    let run = |name, steps: &[_]| run(name, config, &[&[(0, Established)], steps].concat());
    run("nothing waits", &[(999, Poll(None)), (999, Deadline(None))]);
    run("from when it was blocked", &[(5, Blocked), (20, Blocked), (34, Poll(None)), (35, timeout)]);
    run("progress", &[(5, Blocked), (20, Progress), (49, Poll(None)), (50, timeout)]);
    run("progress that was not announced", &[(20, Progress), (50, timeout)]);
    run("all has left", &[(5, Blocked), (20, WriteIdle), (999, Poll(None))]);
    run("and once more", &[(5, Blocked), (20, WriteIdle), (25, Blocked), (54, Poll(None)), (55, timeout)]);
    run("what comes in is no excuse", &[(5, Blocked), (20, Received), (20, Message), (35, timeout)]);
    run("once", &[(5, Blocked), (35, timeout), (36, Blocked), (36, Deadline(None)), (99, Poll(None))]);
    run("back to life", &[(5, Blocked), (35, timeout), (40, Progress), (70, timeout)]);
    run("a Close changes nothing", &[(5, Blocked), (20, Closing), (35, timeout), (99, Poll(None))]);
    run("within closing too", &[(1, Closing), (5, Blocked), (20, Progress), (50, timeout)]);
    run("until the end", &[(5, Blocked), (6, Closed), (6, Deadline(None)), (7, Blocked), (99, Poll(None))]);
}

#[test]
fn writes_of_the_opening_handshake_have_its_deadline() {
    use Step::{Blocked, Closing, Established, Poll, Progress};
    let config = OFF.with_write_timeout(Some(s(5))).with_handshake_timeout(Some(s(10)));
    let timeout = Poll(Some(Due::HandshakeTimeout));
    run("blocked", config, &[(0, Blocked), (9, Poll(None)), (10, timeout)]);
    run("progress", config, &[(0, Progress), (9, Poll(None)), (10, timeout)]);
    run("afterwards", config, &[(0, Blocked), (1, Established), (99, Poll(None))]);
    run("closed instead", config, &[(0, Blocked), (1, Closing), (99, Poll(None))]);
}

#[test]
fn what_leaves_after_a_short_write_is_life() {
    use Step::{Blocked, Established, PingSent, Poll, Progress};
    let config = OFF.with_ping_interval(Some(s(30))).with_pong_timeout(Some(s(20)));
    let (ping, timeout) = (Poll(Some(Due::SendPing)), Poll(Some(Due::PongTimeout)));
    let run = |name, steps: &[_]| run(name, config, &[&[(0, Established)], steps].concat());
    run("it puts off a ping", &[(20, Progress), (49, Poll(None)), (50, ping)]);
    run("it answers one", &[(30, ping), (30, PingSent), (49, Progress), (78, Poll(None)), (79, ping)]);
    run("to be blocked is none", &[(30, ping), (30, PingSent), (49, Blocked), (50, timeout)]);
}

#[test]
fn idle_however_lively_the_pings() {
    use Step::{Deadline, Established, Message, Poll, Received};
    let timeout = Poll(Some(Due::IdleTimeout));
    let config = OFF.with_idle_timeout(Some(s(60)));
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
    use Step::{Blocked, Established, PingSent, Poll};
    let times = OFF.with_ping_interval(Some(s(30))).with_pong_timeout(Some(s(20)));
    let config = times.with_idle_timeout(Some(s(50))).with_write_timeout(Some(s(10)));
    let due = |due| Poll(Some(due));
    let run = |name, steps: &[_]| run(name, config, &[&[(0, Established)], steps].concat());
    run(
        "late",
        &[
            (45, Blocked),
            (60, due(Due::SendPing)),
            (60, due(Due::IdleTimeout)),
            (60, due(Due::WriteTimeout)),
            (60, Poll(None)),
            (60, PingSent),
            (80, due(Due::PongTimeout)),
        ],
    );
    run(
        "equal",
        &[
            (30, due(Due::SendPing)),
            (30, PingSent),
            (40, Blocked),
            (50, due(Due::PongTimeout)),
            (50, due(Due::WriteTimeout)),
            (50, due(Due::IdleTimeout)),
            (50, Poll(None)),
        ],
    );
    run(
        "equal, of those that end nothing last",
        &[(20, Blocked), (30, due(Due::WriteTimeout)), (30, due(Due::SendPing))],
    );
}

#[test]
fn s7_1_1_closing_handshake() {
    use Step::{Closed, Closing, Deadline, Established, Message, Poll, Received};
    let config =
        OFF.with_ping_interval(Some(s(5))).with_idle_timeout(Some(s(5))).with_close_timeout(Some(s(30)));
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
    let config = config.with_write_timeout(Some(s(30)));
    let both = [
        (0, Established),
        (4, Step::Blocked),
        (4, Closing),
        (34, timeout),
        (34, Poll(Some(Due::WriteTimeout))),
    ];
    run("before a write that is blocked", config, &both);
}

#[test]
fn deadlines_beyond_the_clock_never_come() {
    let config = OFF.with_ping_interval(Some(s(9))).with_idle_timeout(Some(s(1)));
    let mut keepalive = Keepalive::new(config, s(1));
    keepalive.established(Duration::MAX);
    assert_eq!((keepalive.next_deadline(), keepalive.poll(Duration::MAX)), (None, None));
    keepalive.message(s(0));
    assert_eq!(keepalive.next_deadline(), Some(s(1)), "the clock went back, and so does the deadline");
}

#[test]
fn pings_go_on_where_the_pong_may_take_for_ever() {
    for pong_timeout in [None, Some(Duration::MAX), Some(Duration::MAX.saturating_sub(s(1)))] {
        let config = OFF.with_ping_interval(Some(s(30))).with_pong_timeout(pong_timeout);
        let mut keepalive = Keepalive::new(config, s(0));
        keepalive.established(s(0));
        let mut pings = 0;
        for now in (0..600).map(s) {
            if keepalive.poll(now) == Some(Due::SendPing) {
                pings += 1;
                keepalive.ping_sent(now);
            }
        }
        assert_eq!(pings, 19, "{pong_timeout:?}");
    }
}

#[test]
fn times_that_change_begin_anew_where_the_connection_is_open() {
    let pings = |interval| OFF.with_ping_interval(Some(s(interval))).with_pong_timeout(Some(s(20)));
    let mut keepalive = Keepalive::new(pings(30).with_handshake_timeout(Some(s(10))), s(0));
    keepalive.set_config(pings(40), s(5));
    assert_eq!(keepalive.next_deadline(), Some(s(10)), "the handshake keeps its own");
    keepalive.established(s(6));
    assert_eq!(keepalive.next_deadline(), Some(s(46)));
    assert_eq!(keepalive.poll(s(46)), Some(Due::SendPing));
    keepalive.ping_sent(s(46));
    keepalive.set_config(pings(7), s(50));
    assert_eq!(keepalive.next_deadline(), Some(s(57)), "and no pong is waited for");
    keepalive.write_blocked(s(51));
    keepalive.set_config(OFF.with_write_timeout(Some(s(9))), s(55));
    assert_eq!(keepalive.next_deadline(), Some(s(64)), "nor for a write longer than is allowed now");
    assert!(!keepalive.is_closing());
    keepalive.set_config(OFF.with_close_timeout(Some(s(10))), s(59));
    keepalive.closing(s(60));
    keepalive.set_config(OFF.with_close_timeout(Some(s(1))), s(61));
    assert_eq!((keepalive.is_closing(), keepalive.next_deadline()), (true, Some(s(70))));
    keepalive.set_config(OFF.with_write_timeout(Some(s(1))), s(62));
    assert_eq!(keepalive.next_deadline(), Some(s(63)), "a write may be blocked while closing, too");
    keepalive.closed();
    assert!(!keepalive.is_closing());
    keepalive.set_config(OFF.with_write_timeout(Some(s(1))), s(70));
    assert_eq!(keepalive.next_deadline(), None);
}
