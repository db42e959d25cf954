//! The fuzz targets over their corpus: what was found once is tried in every test run.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "tests may panic, and the targets are another crate's public functions"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;
#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::Path;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        target(&bytes);
        count += 1;
    }
    assert!(count > 5, "{name} has only {count} inputs");
    target(b"");
}

#[test]
fn header() {
    replay("header", targets::header);
}

#[test]
fn mask() {
    replay("mask", targets::mask);
}

#[test]
fn utf8() {
    replay("utf8", targets::utf8);
}

#[test]
fn receive_server() {
    replay("receive_server", targets::receive_server);
}

#[test]
fn receive_client() {
    replay("receive_client", targets::receive_client);
}

#[test]
fn cuttings() {
    replay("cuttings", targets::cuttings);
}

#[test]
fn handshake_server() {
    replay("handshake_server", targets::handshake_server);
}

#[test]
fn handshake_client() {
    replay("handshake_client", targets::handshake_client);
}

#[test]
fn deflate_negotiation() {
    replay("deflate_negotiation", targets::deflate_negotiation);
}

#[cfg(feature = "deflate")]
#[test]
fn inflate() {
    replay("inflate", targets::inflate);
}

#[cfg(feature = "deflate")]
#[test]
fn deflate_round_trip() {
    replay("deflate_round_trip", targets::deflate_round_trip);
}
