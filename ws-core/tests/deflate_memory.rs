//! What compression allocates: what its docs say, whatever arrives. Counted by an allocator that counts.
#![cfg(feature = "deflate")]
#![allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod deflating;

use deflating::{deflate_whole, text};
use ws_core::deflate::{
    ContextTakeover, DeflateSettings, Deflater, Flush, InflateStatus, Inflater, MemLevel, WindowBits,
};
use ws_core::error::{Fault, Limit};
use ws_core::frame::Fin;

#[test]
fn a_bomb_is_refused_within_the_stated_memory() {
    const LIMIT: u64 = 1 << 20;
    let bomb = deflate_whole(&mut Deflater::new(DeflateSettings::default()), &vec![0; 6 << 20]);
    assert!(bomb.len() < 8000, "{}", bomb.len());
    for takeover in [ContextTakeover::Allowed, ContextTakeover::Forbidden] {
        for (out_len, fragment_len) in [(4096, 100), (70_000, 8000)] {
            let mut out = vec![0; out_len];
            let mut inflater = Inflater::new(LIMIT, takeover);
            let (mut written, mut fault) = (0, None);
            let counts = allocation_counter::measure(|| {
                let mut rest = &bomb[..];
                while fault.is_none() {
                    let len = fragment_len.min(rest.len());
                    let fin = if len == rest.len() { Fin::Final } else { Fin::More };
                    match inflater.inflate(&rest[..len], fin, &mut out) {
                        Ok(step) => {
                            assert_ne!(step.status, InflateStatus::Done);
                            written += u64::try_from(step.written).unwrap();
                            rest = &rest[step.taken..];
                        }
                        Err(found) => fault = Some(found),
                    }
                }
            });
            assert_eq!(fault, Some(Fault::Limit(Limit::MessageLen)));
            assert!(written <= LIMIT);
            let memory_len_max = u64::try_from(Inflater::MEMORY_LEN_MAX).unwrap();
            assert!(counts.bytes_max <= memory_len_max, "{}", counts.bytes_max);
            assert_eq!(counts.bytes_current, 0, "the context is dropped");
            drop(inflater);
        }
    }
}

/// The numbers of the table row in the docs that starts with this cell.
fn row(source: &str, first: &str) -> Vec<u64> {
    let row = source.lines().find_map(|line| line.trim().strip_prefix("/// | ")?.strip_prefix(first));
    let numbers = row.and_then(|row| row.strip_prefix(" | ")).unwrap_or_else(|| panic!("no row {first}"));
    numbers.split('|').filter_map(|cell| cell.trim().parse().ok()).collect()
}

/// No more than that many KiB, and hardly less: a pointer is not of the same size everywhere.
fn assert_within_kib(len: u64, kib: u64) {
    assert!((kib - 1..=kib).contains(&len.div_ceil(1024)), "{len} bytes where the docs say {kib} KiB");
}

/// Not exceeded, and hardly more than what is needed.
fn assert_is_bound(len: u64, len_max: usize) {
    let len_max = u64::try_from(len_max).unwrap();
    assert!((len..len + 4 * 1024).contains(&len_max), "{len} bytes of at most {len_max}");
}

#[test]
fn an_inflater_allocates_what_its_docs_say_whatever_the_window_is() {
    assert_eq!(Inflater::MEMORY_LEN_MAX, 79 * 1024);
    let message = text(50_000);
    for bits in 8..=15 {
        let settings = DeflateSettings::new().with_window_bits(WindowBits::new(bits).unwrap());
        let payload = deflate_whole(&mut Deflater::new(settings), &message);
        // A byte more than the message, so that one call finds that it has ended.
        let mut out = vec![0; message.len() + 1];
        for (takeover, kib) in [(ContextTakeover::Allowed, 79), (ContextTakeover::Forbidden, 47)] {
            let mut inflater = Inflater::new(1 << 20, takeover);
            let new = allocation_counter::measure(|| inflater.release());
            assert_eq!(new.bytes_total, 0);
            let counts = allocation_counter::measure(|| {
                for _ in 0..3 {
                    let step = inflater.inflate(&payload, Fin::Final, &mut out).unwrap();
                    assert_eq!(step.status, InflateStatus::Done);
                }
            });
            assert_within_kib(counts.bytes_max, kib);
            // Nothing for each message.
            assert_eq!(counts.count_total, if takeover.is_allowed() { 2 } else { 1 });
            let released = allocation_counter::measure(|| inflater.release());
            assert_eq!(counts.bytes_current + released.bytes_current, 0);
        }
    }
}

#[test]
fn a_deflater_allocates_what_its_docs_say() {
    let message = text(50_000);
    let mut out = vec![0; 100_000];
    for bits in 8..=15 {
        let first = if bits < 10 { "8, 9".to_owned() } else { bits.to_string() };
        let documented = row(include_str!("../src/deflate/settings.rs"), &first);
        assert_eq!(documented.len(), 9);
        for (mem_level, kib) in (1..=9).zip(documented) {
            let settings = DeflateSettings::new()
                .with_window_bits(WindowBits::new(bits).unwrap())
                .with_mem_level(MemLevel::new(mem_level).unwrap());
            let mut deflater = Deflater::new(settings);
            let counts = allocation_counter::measure(|| {
                for _ in 0..3 {
                    assert!(deflater.deflate(&message, Flush::Message, &mut out).is_done);
                }
            });
            assert_within_kib(counts.bytes_max, kib);
            assert_eq!(counts.count_total, 1, "nothing for each message");
            assert_is_bound(counts.bytes_max, settings.memory_len_max());
            let released = allocation_counter::measure(|| deflater.release());
            assert_eq!(counts.bytes_current + released.bytes_current, 0);
        }
    }
}
