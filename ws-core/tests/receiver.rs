//! Promise: how the bytes are cut never changes what they come to. Every vector whole, cut, dripped, by each way to take
//! payload; random streams of frames, good and bad, against the naive decoder.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use proptest::prelude::*;
use support::drive::{WAYS, Way, receive};
use support::reference::{DEFAULT_LIMITS, Limits, Outcome, Role, decode};
use support::vector::{Vector, all};

const CAPACITY: usize = 128 * 1024;

fn run(vector: &Vector, lens: &mut dyn Iterator<Item = usize>, capacity: usize, way: Way) -> Vec<Outcome> {
    receive(vector.role, &vector.limits, &vector.bytes, lens, capacity, way)
}

#[test]
fn every_vector_whole() {
    for vector in all() {
        for way in WAYS {
            let outcomes = run(&vector, &mut std::iter::empty(), CAPACITY, way);
            assert_eq!(outcomes, vector.outcomes, "{} by {way:?}", vector.name);
        }
    }
}

#[test]
fn every_vector_cut_at_every_byte() {
    for vector in all() {
        // Long ones are cut around what is not their middle.
        let len = vector.bytes.len();
        let cuts = (1..len).filter(|&cut| cut < 300 || cut > len - 300);
        for cut in cuts {
            for way in WAYS {
                let outcomes = run(&vector, &mut [cut].into_iter(), CAPACITY, way);
                assert_eq!(outcomes, vector.outcomes, "{} cut at {cut} by {way:?}", vector.name);
            }
        }
    }
}

#[test]
fn every_vector_dripped_through_every_small_buffer() {
    for vector in all() {
        for capacity in [4, 5, 6, 7, 8, 64] {
            for way in WAYS {
                let outcomes = run(&vector, &mut std::iter::repeat(1), capacity, way);
                assert_eq!(outcomes, vector.outcomes, "{} dripped into {capacity} by {way:?}", vector.name);
                let outcomes = run(&vector, &mut std::iter::empty(), capacity, way);
                assert_eq!(outcomes, vector.outcomes, "{} squeezed into {capacity} by {way:?}", vector.name);
            }
        }
    }
}

#[test]
fn every_fault_comes_with_the_byte_that_proves_it() {
    let mut faults = 0;
    for vector in all() {
        let Some(Outcome::Fault(fault)) = vector.outcomes.last() else { continue };
        faults += 1;
        for way in WAYS {
            let short = Vector { bytes: vector.bytes[..vector.bytes.len() - 1].to_vec(), ..vector.clone() };
            let outcomes = run(&short, &mut std::iter::repeat(1), CAPACITY, way);
            assert!(!outcomes.contains(&Outcome::Fault(*fault)), "{} has a byte too many", vector.name);
        }
    }
    assert!(faults > 40, "only {faults} vectors end in a fault");
}

#[test]
fn what_comes_behind_a_fault_does_not_change_it() {
    // Enough for whatever a length that was misread may announce. A key of zeros masks nothing, and zeros are text.
    let behind = [0; 1000];
    for vector in all() {
        if !matches!(vector.outcomes.last(), Some(Outcome::Fault(_))) {
            continue;
        }
        let longer = Vector { bytes: [&vector.bytes[..], &behind].concat(), ..vector.clone() };
        for way in WAYS {
            let outcomes = run(&longer, &mut std::iter::empty(), CAPACITY, way);
            assert_eq!(outcomes, vector.outcomes, "{} and more by {way:?}", vector.name);
        }
    }
}

/// Frames that are mostly right, so that random streams get beyond their first.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        4 => prop::sample::select(vec![0x81u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        3 => "[a-zé€𝄞]{0,40}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..60),
        1 => prop::collection::vec(any::<u8>(), 120..140),
        1 => Just(vec![0x03, 0xE8]),
    ];
    (first, payload, prop::option::weighted(0.9, any::<[u8; 4]>()), prop::option::weighted(0.03, any::<u8>()))
        .prop_map(|(first, payload, key, second)| {
            let mask = if key.is_some() { 0x80 } else { 0 };
            let mut bytes = vec![first];
            if let Ok(len @ ..=125) = u8::try_from(payload.len()) {
                bytes.push(second.unwrap_or(mask | len));
            } else {
                bytes.push(mask | 0x7E);
                bytes.extend(u16::try_from(payload.len()).unwrap_or(0).to_be_bytes());
            }
            bytes.extend(key.into_iter().flatten());
            let key = key.unwrap_or_default();
            bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
            bytes
        })
}

fn limits() -> impl Strategy<Value = Limits> {
    prop_oneof![
        3 => Just(DEFAULT_LIMITS),
        1 => (0u64..200, 0u64..200, 0u32..5)
            .prop_map(|(frame_len, message_len, fragment_count)| Limits { frame_len, message_len, fragment_count, has_deflate: frame_len % 2 == 0 }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_frames_in_any_cutting_equal_the_naive_decoder(
        frames in prop::collection::vec(frame(), 1..12),
        is_server in prop::bool::weighted(0.8),
        limits in limits(),
        lens in prop::collection::vec(1usize..40, 1..20),
        capacity in 4usize..300,
        way in prop::sample::select(WAYS.to_vec()),
    ) {
        let role = if is_server { Role::Server } else { Role::Client };
        let bytes = frames.concat();
        let expected = decode(role, &limits, &bytes);
        let outcomes = receive(role, &limits, &bytes, &mut lens.iter().copied().cycle(), capacity, way);
        prop_assert_eq!(outcomes, expected);
    }

    #[test]
    fn any_bytes_in_any_cutting_equal_the_naive_decoder(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        is_server in any::<bool>(),
        lens in prop::collection::vec(1usize..40, 1..20),
        way in prop::sample::select(WAYS.to_vec()),
    ) {
        let role = if is_server { Role::Server } else { Role::Client };
        let expected = decode(role, &DEFAULT_LIMITS, &bytes);
        let outcomes = receive(role, &DEFAULT_LIMITS, &bytes, &mut lens.iter().copied().cycle(), 64, way);
        prop_assert_eq!(outcomes, expected);
    }
}
