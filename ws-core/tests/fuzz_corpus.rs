//! The fuzz targets over their corpus, and over what was once wrong: what was found once is tried in every test run.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    unreachable_pub,
    reason = "tests may panic and tell what they do, and the targets are another crate's public functions"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;
#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::Path;

/// Runs a target over a folder, and says how many inputs there are. Only a target with a fault in its past has
/// regressions.
fn replay(folder: &str, name: &str, target: fn(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(folder).join(name);
    let mut count = 0;
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        target(&fs::read(&path).unwrap());
        count += 1;
    }
    count
}

macro_rules! replayed {
    ($($(#[$attribute:meta])* $name:ident)*) => {
        const REPLAYED: &[&str] = &[$($(#[$attribute])* stringify!($name)),*];
        $(
            $(#[$attribute])*
            #[test]
            fn $name() {
                let target = targets::$name;
                let count = replay("corpus", stringify!($name), target);
                assert!(count > 5, "only {count} inputs");
                let _count = replay("regressions", stringify!($name), target);
                target(b"");
            }
        )*
    };
}

replayed! {
    header
    mask
    utf8
    uri
    receive_server
    receive_client
    cuttings
    #[cfg(feature = "handshake")]
    handshake_server
    #[cfg(feature = "handshake")]
    handshake_client
    #[cfg(feature = "handshake")]
    handshake_round_trip
    deflate_negotiation
    round_trip
    #[cfg(feature = "alloc")]
    session
    #[cfg(feature = "alloc")]
    session_bytes
    #[cfg(feature = "deflate")]
    messages
    #[cfg(feature = "deflate")]
    inflate
    #[cfg(feature = "deflate")]
    deflate_round_trip
}

#[test]
fn all_targets_are_replayed() {
    let names: Vec<&str> = targets::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, REPLAYED);
}
