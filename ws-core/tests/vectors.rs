//! Every vector in `tests/vectors/`: the reference decoder gives its outcomes, and what they claim is so.
#![expect(clippy::arithmetic_side_effects, reason = "tests may panic")]

mod support;

use std::collections::HashSet;

use support::reference::{self, Outcome};
use support::vector::{self, FAULTS, Vector};
use ws_core::error::{Fault, Violation};

fn decode(vector: &Vector, bytes: &[u8]) -> Vec<Outcome> {
    reference::decode(vector.role, &vector.limits, bytes)
}

/// So long bytes are tried at every prefix; of longer ones only the first and the last.
const SHORT: usize = 1024;

/// The lengths at which a byte string of `len` is cut.
fn cuts(len: usize) -> impl Iterator<Item = usize> {
    (0..=len).filter(move |cut| len <= SHORT || *cut < 16 || *cut + 4 > len || cut % 16_381 == 0)
}

#[test]
fn the_reference_decoder_gives_the_outcomes() {
    for vector in vector::all() {
        assert_eq!(decode(&vector, &vector.bytes), vector.outcomes, "{}", vector.name);
    }
}

#[test]
fn a_prefix_says_the_beginning_and_nothing_else() {
    for vector in vector::all() {
        for cut in cuts(vector.bytes.len()) {
            let outcomes = decode(&vector, &vector.bytes[..cut]);
            assert!(vector.outcomes.starts_with(&outcomes), "{} up to {cut}", vector.name);
        }
    }
}

#[test]
fn a_fault_comes_with_the_last_byte() {
    for vector in vector::all() {
        if let Some(Outcome::Fault(_)) = vector.outcomes.last() {
            let outcomes = decode(&vector, &vector.bytes[..vector.bytes.len() - 1]);
            assert_eq!(outcomes.len(), vector.outcomes.len() - 1, "{} proves it earlier", vector.name);
        }
    }
}

#[test]
fn every_violation_and_limit_has_a_vector() {
    let is_shown = |wanted: &dyn Fn(&Fault) -> bool| {
        let faults = |vector: &Vector| match vector.outcomes.last() {
            Some(Outcome::Fault(fault)) => wanted(fault),
            _ => false,
        };
        vector::all().iter().any(faults)
    };
    for fault in FAULTS {
        assert!(is_shown(&|shown| *shown == fault), "{fault:?}");
    }
    assert!(is_shown(&|shown| matches!(shown, Fault::Violation(Violation::CloseCode(_)))));
}

#[test]
fn names_differ_and_begin_with_the_section() {
    let vectors = vector::all();
    assert!(vectors.len() >= 120, "only {} vectors", vectors.len());
    let mut names = HashSet::new();
    for Vector { name, .. } in &vectors {
        let rule = name.split('/').nth(1).unwrap_or_default();
        let section = rule.trim_start_matches('s').trim_start_matches(|c: char| c.is_ascii_digit());
        assert!(rule.starts_with('s') && section.starts_with('_'), "{name}");
        assert!(names.insert(rule.to_owned()), "{name} is there twice");
    }
}

#[test]
fn what_is_not_of_the_form_is_refused() {
    for text in [
        "81 00",
        "-> nothing",
        "[a] nobody\n-> nothing",
        "[a client\n-> nothing",
        "[a] client frame_len\n-> nothing",
        "[a] client speed=1\n-> nothing",
        "[a] client\n81 0\n-> nothing",
        "[a] client\n8g\n-> nothing",
        "[a] client\n'a\n-> nothing",
        "[a] client\n61*\n-> nothing",
        "[a] client\nmask(37fa21)\n-> nothing",
        "[a] client\nmask(37fa213d\n-> nothing",
        "[a] client\n81",
        "[a] client\n[b] client\n-> nothing",
        "[a] client\n-> nothing\n81",
        "[a] client\n-> txt 'a'",
        "[a] client\n-> text ff",
        "[a] client\n-> fault Nonsense",
        "[a] client\n-> fault CloseCode many",
    ] {
        let refused = std::panic::catch_unwind(|| vector::parse("text", text)).is_err();
        assert!(refused, "{text:?}");
    }
}
