//! What can happen to a connection, for the tables and for the model.
#![allow(dead_code, reason = "each test is a crate of its own and uses a part of this")]
#![allow(
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests may panic; what is expected differs from crate to crate"
)]

use core::time::Duration;

use ws_core::keepalive::{Due, Keepalive, KeepaliveConfig};

/// No time at all.
pub(crate) const OFF: KeepaliveConfig = KeepaliveConfig::new()
    .with_pong_timeout(None)
    .with_write_timeout(None)
    .with_handshake_timeout(None)
    .with_close_timeout(None);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Established,
    Received,
    Message,
    PingSent,
    Blocked,
    Progress,
    WriteIdle,
    Closing,
    Closed,
    /// `poll`, and what it has to give.
    Poll(Option<Due>),
    /// `next_deadline`, in seconds.
    Deadline(Option<u64>),
}

pub(crate) fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Reports to `keepalive` what happened.
pub(crate) fn report(keepalive: &mut Keepalive, event: Step, now: Duration) {
    match event {
        Step::Established => keepalive.established(now),
        Step::Received => keepalive.received(now),
        Step::Message => keepalive.message(now),
        Step::PingSent => keepalive.ping_sent(now),
        Step::Blocked => keepalive.write_blocked(now),
        Step::Progress => keepalive.write_progress(now),
        Step::WriteIdle => keepalive.write_idle(),
        Step::Closing => keepalive.closing(now),
        Step::Closed => keepalive.closed(),
        Step::Poll(_) | Step::Deadline(_) => panic!("{event:?} is a question"),
    }
}
