//! `Inflater` and `Deflater` by RFC 7692 §7.2: its examples, what a peer may get wrong, limits, what is given up.
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

use deflating::{deflate, deflate_whole, inflate, inflate_whole, naive_inflate, text};
use ws_core::deflate::{
    CompressionLevel, ContextTakeover, DeflateSettings, Deflater, Flush, Inflater, MemLevel, WindowBits,
};
use ws_core::error::{Fault, Limit, Violation};
use ws_core::frame::CloseCode;

const INVALID: Fault = Fault::Violation(Violation::InvalidDeflate);
const TOO_LONG: Fault = Fault::Limit(Limit::MessageLen);

/// The payloads of RFC 7692 §7.2.3 that stand alone, and what they say.
const ALONE: &[(&str, &[u8], &[u8])] = &[
    ("one block", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], b"Hello"),
    (
        "a block without compression",
        &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        b"Hello",
    ),
    ("a block with BFINAL", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], b"Hello"),
    ("two blocks", &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00], b"Hello"),
    ("an empty fragment", &[0x00], b""),
    ("an empty block with codes", &[0x02, 0x00], b""),
    ("no bytes at all", &[], b""),
    ("a flushed fragment and the final 00", b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x00", b"Hello"),
];

fn inflater(takeover: ContextTakeover) -> Inflater {
    Inflater::new(1 << 20, takeover)
}

fn deflater(takeover: ContextTakeover) -> Deflater {
    Deflater::new(DeflateSettings::new().with_context_takeover(takeover))
}

fn levels() -> impl Iterator<Item = CompressionLevel> {
    (0..=9).map(|level| CompressionLevel::new(level).unwrap())
}

#[test]
fn s7_2_3_examples_inflate_at_every_cut_into_outputs_of_every_size() {
    for (name, payload, message) in ALONE {
        for takeover in [ContextTakeover::Allowed, ContextTakeover::Forbidden] {
            let mut inflater = inflater(takeover);
            for cut in 0..=payload.len() {
                for out_len in 1..=20 {
                    let result = inflate(&mut inflater, payload, &[cut, payload.len()], &[out_len]);
                    assert_eq!(result.as_deref(), Ok(*message), "{name}, cut at {cut}, {out_len}");
                    assert_eq!(inflate(&mut inflater, payload, &[1], &[out_len]).as_deref(), Ok(*message));
                }
            }
        }
    }
}

#[test]
fn s7_2_3_2_the_window_is_shared_by_messages_or_is_not() {
    for out_len in 1..=20 {
        for cut in 0..=5 {
            let mut shared = inflater(ContextTakeover::Allowed);
            assert_eq!(inflate(&mut shared, ALONE[0].1, &[cut, 9], &[out_len]).unwrap(), b"Hello");
            let again = inflate(&mut shared, b"\xf2\x00\x11\x00\x00", &[cut, 9], &[out_len]);
            assert_eq!(again.unwrap(), b"Hello", "cut at {cut}, {out_len}");

            let mut alone = inflater(ContextTakeover::Forbidden);
            assert_eq!(inflate(&mut alone, ALONE[0].1, &[cut, 9], &[out_len]).unwrap(), b"Hello");
            assert_eq!(inflate(&mut alone, b"\xf2\x00\x11\x00\x00", &[cut, 9], &[out_len]), Err(INVALID));
        }
    }
}

#[test]
fn s7_2_3_examples_are_what_is_compressed_at_every_cut_into_outputs_of_every_size() {
    for out_len in 1..=20 {
        for cut in 0..=5 {
            for (takeover, again) in [
                (ContextTakeover::Allowed, &b"\xf2\x00\x11\x00\x00"[..]),
                (ContextTakeover::Forbidden, ALONE[0].1),
            ] {
                let mut deflater = deflater(takeover);
                for expected in [ALONE[0].1, again] {
                    let payload = deflate(&mut deflater, b"Hello", &[cut, 9], &[Flush::Nothing], &[out_len]);
                    assert_eq!(payload, expected, "cut at {cut}, {out_len}");
                    deflater.commit();
                }
                // RFC 7692 §7.2.3.6: an empty message, and another behind it.
                for _ in 0..2 {
                    assert_eq!(deflate(&mut deflater, b"", &[1], &[Flush::Nothing], &[out_len]), [0x00]);
                    deflater.commit();
                }
            }
        }
    }
}

#[test]
fn s7_2_1_the_end_is_left_out_of_messages_and_not_of_fragments() {
    for level in levels() {
        for out_len in (1..=80).chain([1000]) {
            let settings = DeflateSettings::new().with_level(level);
            let mut deflater = Deflater::new(settings);
            let first = deflate(&mut deflater, b"Hello", &[9], &[], &[1000]);
            deflater.release();
            let mut fragment: Vec<u8> = Vec::new();
            loop {
                let mut out = vec![0; out_len];
                let rest = if fragment.is_empty() { &b"Hello"[..] } else { b"" };
                let step = deflater.deflate(rest, Flush::Fragment, &mut out);
                assert_eq!(step.taken, rest.len());
                fragment.extend_from_slice(&out[..step.written]);
                if step.is_done {
                    break;
                }
            }
            assert_eq!(fragment, [&first[..], b"\x00\x00\xff\xff"].concat(), "{level:?} {out_len}");
            // RFC 7692 §7.2.3.6: the final fragment has nothing to add.
            assert_eq!(deflate(&mut deflater, b"", &[1], &[], &[out_len]), [0x00]);
        }
    }
}

#[test]
fn the_size_of_the_outputs_changes_nothing() {
    // Without compression it does: stored blocks are as long as there is room.
    for level in levels().skip(1) {
        let settings = DeflateSettings::new().with_level(level);
        for len in [0, 1, 300, 3000, 40_000] {
            let payload = deflate_whole(&mut Deflater::new(settings), &text(len));
            for out_len in (1..=20).chain(60..=80).chain([1000, payload.len(), payload.len() + 4]) {
                let cut = deflate(&mut Deflater::new(settings), &text(len), &[len], &[], &[out_len]);
                assert!(cut == payload, "{level:?} {len} {out_len}: {} {}", cut.len(), payload.len());
            }
        }
    }
}

#[test]
fn what_does_not_compress_is_as_long_whatever_room_there_is_for_it() {
    let mut random = 1_u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        random.to_be_bytes()[0]
    })
    .take(40_000)
    .collect();
    for mem_level in [MemLevel::MIN, MemLevel::default()] {
        let settings = DeflateSettings::new().with_mem_level(mem_level);
        let payload = deflate_whole(&mut Deflater::new(settings), &noise);
        assert!(payload.len() > noise.len());
        let around_its_len = payload.len() - 9..payload.len() + 9;
        for out_len in
            [noise.len(), noise.len() + 64, noise.len() + 65, 45_064].into_iter().chain(around_its_len)
        {
            let cut = deflate(&mut Deflater::new(settings), &noise, &[noise.len()], &[], &[out_len]);
            assert!(cut == payload, "{mem_level:?} {out_len}: {} {}", cut.len(), payload.len());
        }
    }
}

#[test]
fn a_window_of_256_bytes_is_honoured_and_so_are_the_others() {
    let text = text(70_000);
    for bits in 8..=15 {
        let window_bits = WindowBits::new(bits).unwrap();
        for level in levels() {
            for mem_level in [MemLevel::MIN, MemLevel::default(), MemLevel::MAX] {
                let settings = DeflateSettings::new().with_window_bits(window_bits);
                let mut deflater = Deflater::new(settings.with_level(level).with_mem_level(mem_level));
                let mut distance_max = 0;
                let mut history = Vec::new();
                for message in text.chunks(10_001) {
                    let payload = deflate_whole(&mut deflater, message);
                    deflater.commit();
                    let inflated = naive_inflate::inflate(&payload, &history).unwrap();
                    assert_eq!(inflated.bytes, message);
                    distance_max = inflated.distance_max.max(distance_max);
                    history.extend(message);
                }
                assert!(distance_max <= window_bits.window_len(), "{bits} {level:?}: {distance_max}");
                if level > CompressionLevel::FASTEST {
                    assert!(
                        distance_max > window_bits.window_len() * 3 / 8,
                        "{bits} {level:?}: {distance_max}"
                    );
                }
            }
        }
    }
}

#[test]
fn s7_2_1_blocks_follow_a_final_block_and_may_refer_across_it() {
    let hello_final = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
    let again_final = [0xf3, 0x00, 0x11, 0x00];
    let message = [&hello_final[..], &again_final, &again].concat();
    for takeover in [ContextTakeover::Allowed, ContextTakeover::Forbidden] {
        for cut in 0..=message.len() {
            for out_len in 1..=20 {
                let mut inflater = inflater(takeover);
                let result = inflate(&mut inflater, &message, &[cut, 99], &[out_len]);
                assert_eq!(result.as_deref(), Ok(&b"HelloHelloHello"[..]), "cut at {cut}, {out_len}");
                let expected = match takeover {
                    ContextTakeover::Allowed => Ok(b"Hello".to_vec()),
                    ContextTakeover::Forbidden => Err(INVALID),
                };
                assert_eq!(inflate(&mut inflater, &again, &[cut, 99], &[out_len]), expected);
            }
        }
    }
    // Behind a final block, a message still has to end as every message does.
    assert_eq!(inflate_whole(&mut inflater(ContextTakeover::Allowed), &hello_final), Err(INVALID));
}

#[test]
fn s7_1_1_1_without_takeover_nothing_refers_to_the_message_before_across_a_final_block_either() {
    // An empty final block, and "Hello" by reference to the message before.
    let payload = [0x03, 0x00, 0xf2, 0x00, 0x11, 0x00, 0x00];
    for out_len in 1..=20 {
        let mut shared = inflater(ContextTakeover::Allowed);
        assert!(inflate(&mut shared, ALONE[0].1, &[9], &[out_len]).is_ok());
        assert_eq!(inflate(&mut shared, &payload, &[9], &[out_len]).as_deref(), Ok(&b"Hello"[..]));
        let mut alone = inflater(ContextTakeover::Forbidden);
        assert!(inflate(&mut alone, ALONE[0].1, &[9], &[out_len]).is_ok());
        assert_eq!(inflate(&mut alone, &payload, &[9], &[out_len]), Err(INVALID), "{out_len}");
    }
}

#[test]
fn a_message_that_ends_within_a_block_is_refused() {
    let long = deflate_whole(&mut deflater(ContextTakeover::Allowed), &text(3000));
    let hello = ALONE[0].1;
    let not_left_out = [hello, &[0x00, 0x00, 0xff, 0xff]].concat();
    for (payload, why) in [
        (&hello[..6], "the header of the empty block is missing"),
        (&hello[..3], "within a block of codes"),
        (&ALONE[1].1[..4], "within the lengths of a stored block"),
        (&ALONE[1].1[..8], "within a stored block"),
        (&ALONE[1].1[..10], "behind a stored block"),
        (&long[..20], "within the codes of a block"),
        (&long[..long.len() / 2], "within a block of codes of its own"),
        (&not_left_out, "the tail was not left out"),
        (&not_left_out[..8], "a byte of the tail was not left out"),
        (&not_left_out[..10], "three bytes of the tail were not left out"),
        (&[0x06], "a block of a reserved type"),
        (b"Hello, I am not compressed", "plain text"),
    ] {
        for takeover in [ContextTakeover::Allowed, ContextTakeover::Forbidden] {
            for input_len in [1, 2, 1000] {
                for out_len in [1, 2, 1000] {
                    let mut inflater = inflater(takeover);
                    let result = inflate(&mut inflater, payload, &[input_len], &[out_len]);
                    assert_eq!(result, Err(INVALID), "{why}");
                    // And again, whatever comes.
                    assert_eq!(inflate_whole(&mut inflater, ALONE[0].1), Err(INVALID), "{why}");
                }
            }
        }
    }
    assert_eq!(INVALID.close_code(), CloseCode::INVALID_PAYLOAD);
}

#[test]
fn every_truncation_is_refused_and_every_trailing_byte() {
    for level in levels() {
        let message = text(600);
        let settings = DeflateSettings::new().with_level(level);
        let payload = deflate_whole(&mut Deflater::new(settings), &message);
        for len in 1..payload.len() {
            // A stored block begins as an empty message is written.
            let expected = if payload[..len] == [0x00] { Ok(Vec::new()) } else { Err(INVALID) };
            let result = inflate_whole(&mut inflater(ContextTakeover::Allowed), &payload[..len]);
            assert_eq!(result, expected, "{level:?}: {len} of {}", payload.len());
        }
        for byte in 0..=255 {
            let longer = [&payload[..], &[byte]].concat();
            let result = inflate_whole(&mut inflater(ContextTakeover::Allowed), &longer);
            assert_eq!(result, Err(INVALID), "{level:?}: {byte:02x} behind it");
        }
    }
}

#[test]
fn a_message_of_the_allowed_length_is_accepted_and_one_byte_more_is_refused() {
    for (len, input_lens, out_lens) in [
        (5, &[1_usize][..], &[1_usize][..]),
        (5, &[100], &[5]),
        (5, &[100], &[0, 3]),
        (100_000, &[1], &[70]),
        (100_000, &[4000], &[70_000]),
        (100_000, &[200], &[100_000, 1]),
        (100_000, &[200], &[200_000]),
        (0, &[1], &[1]),
    ] {
        for (more, expected) in [(0, None), (1, Some(TOO_LONG)), (70_000, Some(TOO_LONG))] {
            let message = vec![b'a'; len + more];
            let payload = deflate_whole(&mut deflater(ContextTakeover::Allowed), &message);
            let limit = u64::try_from(len).unwrap();
            let mut inflater = Inflater::new(limit, ContextTakeover::Allowed);
            for _ in 0..2 {
                let result = inflate(&mut inflater, &payload, input_lens, out_lens);
                assert_eq!(result.err(), expected, "{len} and {more} more");
            }
        }
    }
}

#[test]
fn the_limit_comes_before_an_error_behind_it() {
    // "Hello", then a block of a reserved type.
    let payload = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x06];
    for (limit, expected) in [(4, TOO_LONG), (5, INVALID)] {
        for out_len in 1..10 {
            let mut inflater = Inflater::new(limit, ContextTakeover::Allowed);
            assert_eq!(inflate(&mut inflater, &payload, &[9], &[out_len]), Err(expected));
        }
    }
}

#[test]
fn a_message_that_was_not_committed_is_not_referred_to() {
    for level in levels() {
        let mut deflater = Deflater::new(DeflateSettings::new().with_level(level));
        let first = deflate_whole(&mut deflater, &text(500));
        assert_eq!(deflate_whole(&mut deflater, &text(500)), first, "thrown away");
        deflater.commit();
        deflater.commit();
        let again = deflate_whole(&mut deflater, &text(500));
        assert!(level == CompressionLevel::NONE || again.len() < first.len() / 5, "{level:?}");
        // Not committed either: the context starts anew.
        assert_eq!(deflate_whole(&mut deflater, &text(500)), first);
    }
}

#[test]
fn a_message_that_is_given_up_leaves_nothing_behind() {
    for level in levels() {
        for (flush, out_len) in [
            (Flush::Nothing, 1),
            (Flush::Nothing, 10_000),
            (Flush::Fragment, 3),
            (Flush::Fragment, 70),
            (Flush::Message, 1),
            (Flush::Message, 70),
        ] {
            let mut deflater = Deflater::new(DeflateSettings::new().with_level(level));
            let _secret = deflater.deflate(&text(2000), flush, &mut vec![0; out_len]);
            deflater.discard();
            let payload = deflate_whole(&mut deflater, &text(2000));
            deflater.commit();
            let inflated = inflate_whole(&mut inflater(ContextTakeover::Allowed), &payload);
            assert_eq!(inflated, Ok(text(2000)), "{level:?} {flush:?} {out_len}");
        }
    }
}

#[test]
fn a_message_ends_whatever_is_asked_for_while_the_last_of_it_is_fetched() {
    let hello = ALONE[0].1;
    for flush in [Flush::Nothing, Flush::Fragment, Flush::Message] {
        // As much room as the rest takes, and more.
        for out_len in [hello.len(), 100] {
            let mut deflater = deflater(ContextTakeover::Allowed);
            let mut out = vec![0; out_len];
            let first = deflater.deflate(b"Hello", Flush::Message, &mut out[..3]);
            assert_eq!((first.taken, first.written, first.is_done), (5, 3, false));
            let rest = deflater.deflate(b"", flush, &mut out[3..]);
            assert!(rest.is_done, "{flush:?} {out_len}");
            assert_eq!(out[..3 + rest.written], *hello, "{flush:?} {out_len}");
            // It was not committed, so that the next message begins with an empty window.
            assert_eq!(deflate_whole(&mut deflater, b"Hello"), hello, "{flush:?} {out_len}");
        }
    }
}

#[test]
fn a_fragment_that_is_fetched_in_parts_is_followed_by_what_is_asked_for_then() {
    let hello_flushed = [ALONE[0].1, b"\x00\x00\xff\xff"].concat();
    for out_len in [hello_flushed.len() - 3, 200] {
        // RFC 7692 §7.2.3.6: the end of the message, where there is no more of it; "Hello" by reference to the first one.
        for (more, flush, expected) in [
            (&b""[..], Flush::Fragment, &b""[..]),
            (b"", Flush::Message, b"\x00"),
            (b"Hello", Flush::Fragment, b"\xf2\x00\x11\x00\x00\x00\x00\xff\xff"),
            (b"Hello", Flush::Message, b"\xf2\x00\x11\x00\x00"),
        ] {
            let mut deflater = deflater(ContextTakeover::Allowed);
            let mut payload = vec![0; 3];
            let first = deflater.deflate(b"Hello", Flush::Fragment, &mut payload);
            assert_eq!((first.taken, first.written, first.is_done), (5, 3, false));
            let mut rest = more;
            loop {
                let mut out = vec![0; out_len];
                let step = deflater.deflate(rest, flush, &mut out);
                payload.extend_from_slice(&out[..step.written]);
                rest = &rest[step.taken..];
                if step.is_done {
                    break;
                }
                assert_eq!(step.written, out_len, "{flush:?} {out_len}");
            }
            assert_eq!(rest, b"");
            assert_eq!(payload, [&hello_flushed, expected].concat(), "{flush:?} {out_len}");
        }
    }
}

#[test]
fn discarding_between_messages_changes_nothing() {
    let mut deflater = deflater(ContextTakeover::Allowed);
    let first = deflate_whole(&mut deflater, b"Hello");
    deflater.commit();
    deflater.discard();
    assert!(deflate_whole(&mut deflater, b"Hello").len() < first.len());
}

#[test]
fn one_deflater_serves_many_connections_without_takeover() {
    let mut deflater = deflater(ContextTakeover::Forbidden);
    let mut inflaters: Vec<_> = (0..3).map(|_| inflater(ContextTakeover::Forbidden)).collect();
    for round in 0..3 {
        for inflater in &mut inflaters {
            let payload = deflate_whole(&mut deflater, &text(1000 + round));
            deflater.commit();
            assert_eq!(inflate_whole(inflater, &payload), Ok(text(1000 + round)));
        }
    }
}

#[test]
fn both_can_be_used_by_another_thread() {
    fn assert_send<T: Send + Sync>() {}
    assert_send::<Inflater>();
    assert_send::<Deflater>();
}

#[test]
fn level_0_only_stores_and_the_default_compresses_more_than_the_fastest() {
    let text = text(20_000);
    let lens =
        [CompressionLevel::NONE, CompressionLevel::FASTEST, CompressionLevel::default()].map(|level| {
            let settings = DeflateSettings::new().with_level(level);
            deflate_whole(&mut Deflater::new(settings), &text).len()
        });
    assert!(lens[0] > text.len() && lens[1] < text.len() / 2 && lens[2] < lens[1], "{lens:?}");
}

#[test]
fn settings_outside_of_their_ranges_are_refused() {
    for number in 0..=255 {
        assert_eq!(
            WindowBits::new(number).map(WindowBits::bits),
            (8..=15).contains(&number).then_some(number)
        );
        assert_eq!(
            CompressionLevel::new(number).map(CompressionLevel::get),
            (0..=9).contains(&number).then_some(number)
        );
        assert_eq!(MemLevel::new(number).map(MemLevel::get), (1..=9).contains(&number).then_some(number));
    }
}
