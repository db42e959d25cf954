//! What the tests share: random numbers, streams in memory, and a scheduler without a runtime.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::panic,
    clippy::unnecessary_wraps,
    reason = "what the tests may, their helpers may"
)]

#[path = "../../../ws-std/tests/common/frames.rs"]
pub(crate) mod frames;
#[cfg(feature = "time")]
pub(crate) mod raw;
pub(crate) mod scheduler;
pub(crate) mod wire;

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use ws_tokio::Timer;

/// Random numbers from a seed (`SplitMix64`).
#[derive(Clone, Debug)]
pub(crate) struct Random(Rc<Cell<u64>>);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Rc::new(Cell::new(seed)))
    }

    pub(crate) fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number less than `end`.
    pub(crate) fn below(&self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// Whether it is so, once in `of` times.
    pub(crate) fn once_in(&self, of: usize) -> bool {
        self.below(of) == 0
    }
}

/// Time stands still.
pub(crate) struct NoTime;

impl Timer for NoTime {
    fn now(&self) -> Instant {
        thread_local!(static BEGUN: Instant = Instant::now());
        BEGUN.with(|&begun| begun)
    }

    fn poll_until(&mut self, _cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        if deadline <= self.now() { Poll::Ready(()) } else { Poll::Pending }
    }
}
