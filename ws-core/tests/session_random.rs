//! Sessions that do anything in any order: what one says the other hears, once and in order, or the end is reported.
#![cfg(feature = "alloc")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use support::conversation::Conversation;
use support::session::Random;

#[test]
fn two_sessions_that_do_anything_hear_each_other_once_and_in_order() {
    let seeds = std::env::var("WS_SEED").map_or(1..=800, |seed| {
        let seed = seed.parse().unwrap();
        seed..=seed
    });
    for seed in seeds {
        let mut random = Random::new(seed);
        let mut left = 20 + random.below(400) * 8;
        println!("seed {seed}");
        Conversation::run(&mut |count| {
            left = left.checked_sub(1)?;
            Some(random.below(count))
        });
    }
}
