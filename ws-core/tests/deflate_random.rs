//! Whatever is compressed, by whatever settings, however it is cut: what comes out is what went in.
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

use deflating::blocks::{self, Block, Symbol};
use deflating::{deflate, inflate, inflate_whole, naive_inflate};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use ws_core::deflate::{
    CompressionLevel, ContextTakeover, DeflateSettings, Deflater, Flush, Inflater, MemLevel, WindowBits,
};

fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..300),
        vec(prop_oneof![Just(b'a'), Just(b'b'), Just(0)], 0..3000),
        // What a flush marker looks like, so that one that is guessed is found out.
        vec(prop_oneof![Just(0x00), Just(0xff)], 0..100),
        (vec(any::<u8>(), 1..700), 1..200_usize).prop_map(|(bytes, count)| bytes.repeat(count)),
    ]
}

fn takeover() -> impl Strategy<Value = ContextTakeover> {
    prop_oneof![Just(ContextTakeover::Allowed), Just(ContextTakeover::Forbidden)]
}

fn window_bits() -> impl Strategy<Value = WindowBits> {
    (8..=15_u8).prop_map(|bits| WindowBits::new(bits).unwrap())
}

fn settings() -> impl Strategy<Value = DeflateSettings> {
    (window_bits(), takeover(), 0..=9_u8, 1..=9_u8).prop_map(|(window_bits, takeover, level, mem_level)| {
        DeflateSettings::new()
            .with_window_bits(window_bits)
            .with_context_takeover(takeover)
            .with_level(CompressionLevel::new(level).unwrap())
            .with_mem_level(MemLevel::new(mem_level).unwrap())
    })
}

fn flush() -> impl Strategy<Value = Flush> {
    prop_oneof![Just(Flush::Nothing), Just(Flush::Fragment)]
}

/// Lengths to cut by, over and over.
fn lens() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![vec(1..20_usize, 1..5), vec(1..200_usize, 1..5), vec(1..200_000_usize, 1..5)]
}

/// What becomes of a message that was compressed.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Sent,
    /// Compressed and thrown away.
    ThrownAway,
    /// Given up half-way.
    Discarded,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![3 => Just(Fate::Sent), 1 => Just(Fate::ThrownAway), 1 => Just(Fate::Discarded)]
}

fn block() -> impl Strategy<Value = Block> {
    let symbol = prop_oneof![
        2 => any::<u8>().prop_map(Symbol::Literal),
        1 => (3..=10_usize, 0..40_000_usize).prop_map(|(len, distance)| Symbol::Match { len, distance }),
    ];
    prop_oneof![vec(any::<u8>(), 0..2000).prop_map(Block::Stored), vec(symbol, 0..50).prop_map(Block::Fixed)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_arrives(
        settings in settings(),
        messages in vec((message(), fate(), vec(flush(), 1..4)), 1..6),
        (input_lens, compressed_lens) in (lens(), lens()),
        (fragment_lens, out_lens) in (lens(), lens()),
    ) {
        let mut deflater = Deflater::new(settings);
        let mut inflater = Inflater::new(1 << 20, settings.context_takeover());
        let mut history = Vec::new();
        for (message, fate, flushes) in &messages {
            if let Fate::Discarded = fate {
                let mut out = vec![0; compressed_lens[0]];
                let _deflated = deflater.deflate(message, flushes[0], &mut out);
                deflater.discard();
                continue;
            }
            let payload = deflate(&mut deflater, message, &input_lens, flushes, &compressed_lens);
            if let Fate::ThrownAway = fate {
                continue;
            }
            deflater.commit();
            let naive = naive_inflate::inflate(&payload, &history).expect("it is valid");
            assert_eq!(naive.bytes, *message);
            assert!(naive.distance_max <= settings.window_bits().window_len());
            let inflated = inflate(&mut inflater, &payload, &fragment_lens, &out_lens);
            assert_eq!(inflated.as_ref(), Ok(message));
            if settings.context_takeover() == ContextTakeover::Allowed {
                history.extend(message);
            }
        }
    }

    #[test]
    fn a_second_message_like_the_first_is_shorter_with_takeover(
        bytes in vec(any::<u8>(), 60..200),
        level in 1..=9_u8,
    ) {
        let level = CompressionLevel::new(level).unwrap();
        let mut deflater = Deflater::new(DeflateSettings::new().with_level(level));
        let first = deflate(&mut deflater, &bytes, &[bytes.len()], &[], &[1000]);
        deflater.commit();
        let second = deflate(&mut deflater, &bytes, &[bytes.len()], &[], &[1000]);
        assert!(second.len() < first.len() / 2, "{} {}", second.len(), first.len());
    }

    #[test]
    fn blocks_of_every_kind_inflate_with_one_window(
        takeover in takeover(),
        messages in vec(vec((any::<bool>(), block()), 0..8), 1..5),
        (fragment_lens, out_lens) in (lens(), lens()),
    ) {
        let mut inflater = Inflater::new(1 << 20, takeover);
        let mut window = Vec::new();
        for blocks in &messages {
            let before = window.len();
            let payload = blocks::message(blocks, &mut window, WindowBits::MAX.window_len());
            let expected = &window[before..];
            let inflated = inflate(&mut inflater, &payload, &fragment_lens, &out_lens);
            assert_eq!(inflated.as_deref(), Ok(expected));
            assert_eq!(naive_inflate::inflate(&payload, &window[..before]).unwrap().bytes, expected);
            if takeover == ContextTakeover::Forbidden {
                window.clear();
            }
        }
    }

    #[test]
    fn garbage_means_the_same_however_it_is_cut(
        messages in vec(garbage(), 1..4),
        takeover in takeover(),
        (fragment_lens, out_lens) in (lens(), lens()),
    ) {
        // `inflate` fails where a call makes no progress, so that this ends.
        let mut whole = Inflater::new(50_000, takeover);
        let mut cut = Inflater::new(50_000, takeover);
        for payload in &messages {
            let expected = inflate_whole(&mut whole, payload);
            assert_eq!(inflate(&mut cut, payload, &fragment_lens, &out_lens), expected);
        }
    }
}

/// Bytes that are hardly a message: any, or a message with a bit turned, or an end cut off.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let spoilt = (vec((any::<bool>(), block()), 0..5), any::<bool>(), any::<u16>(), 0..8_u32).prop_map(
        |(blocks, turns, place, bit)| {
            let mut payload = blocks::message(&blocks, &mut Vec::new(), 256);
            let place = usize::from(place) % payload.len();
            if turns {
                payload[place] ^= 1 << bit;
            } else {
                payload.truncate(place);
            }
            payload
        },
    );
    prop_oneof![vec(any::<u8>(), 0..200), spoilt]
}
