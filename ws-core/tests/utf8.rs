//! `Utf8` and `complete_prefix` against `core::str::from_utf8`, which knows neither cuts nor prefixes.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use ws_core::utf8::{InvalidUtf8, Utf8, complete_prefix};

/// One byte on either side of every bound in the grammar of RFC 3629 §4.
const CLASSES: [u8; 22] = [
    0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED,
    0xEE, 0xF0, 0xF3, 0xF4, 0xF5,
];

/// Whether some continuation makes `bytes` valid: tries one of each kind.
fn is_viable(bytes: &[u8]) -> bool {
    const MENDS: [&[u8]; 8] =
        [b"", b"\x80", b"\xA0", b"\x80\x80", b"\xA0\x80", b"\x90\x80", b"\x80\x80\x80", b"\x90\x80\x80"];
    MENDS.iter().any(|mend| core::str::from_utf8(&[bytes, mend].concat()).is_ok())
}

/// Checks everything that can be asked about `bytes` as one piece.
fn check(bytes: &[u8]) {
    let valid = core::str::from_utf8(bytes).is_ok();
    let viable = is_viable(bytes);
    let mut utf8 = Utf8::new();
    assert_eq!(utf8.push(bytes), if viable { Ok(()) } else { Err(InvalidUtf8) }, "{bytes:02x?}");
    assert_eq!(utf8.is_boundary(), valid, "{bytes:02x?}");
    let longest = (0..=bytes.len()).rev().take(4).find(|&len| core::str::from_utf8(&bytes[..len]).is_ok());
    let expected = match (viable, longest) {
        (true, Some(len)) => Ok((core::str::from_utf8(&bytes[..len]).unwrap(), bytes.len() - len)),
        _ => Err(InvalidUtf8),
    };
    assert_eq!(complete_prefix(bytes), expected, "{bytes:02x?}");
}

/// Pushes `pieces`; how many of them were good, and whether that ended between code points.
fn push_all<'a, I: IntoIterator<Item = &'a [u8]>>(pieces: I) -> (usize, bool) {
    let mut utf8 = Utf8::new();
    let mut good = 0;
    for piece in pieces {
        match utf8.push(piece) {
            Ok(()) => good += 1,
            Err(InvalidUtf8) => break,
        }
    }
    (good, utf8.is_boundary())
}

#[test]
fn all_sequences_of_up_to_three_bytes() {
    check(&[]);
    for a in 0..=255 {
        check(&[a]);
        for b in 0..=255 {
            check(&[a, b]);
        }
    }
    // Behind ASCII, three bytes are as two.
    for a in (0x80..=255).chain([0x00, 0x7F]) {
        for b in 0..=255 {
            // Whatever comes behind bytes that nothing can mend is refused: three bytes show it.
            let thirds = if is_viable(&[a, b]) { (0..=255).collect() } else { vec![0x41, 0x80, 0xC3] };
            for c in thirds {
                check(&[a, b, c]);
            }
        }
    }
}

#[test]
fn four_bytes_of_every_class() {
    for a in CLASSES.into_iter().chain([0xF1, 0xFF]) {
        for b in CLASSES {
            for c in CLASSES {
                for d in CLASSES {
                    check(&[a, b, c, d]);
                }
            }
        }
    }
}

#[test]
fn an_error_comes_with_the_byte_that_proves_it_and_stays() {
    for text in [
        b"\xC0".as_slice(),
        b"a\xC1",
        b"\xF5",
        b"\xFF",
        b"\x80",
        b"\xC3\xA9\x80",
        b"\xE0\x9F",
        b"\xED\xA0",
        b"\xF0\x8F",
        b"\xF4\x90",
        b"\xE2\x82a",
        b"\xF1\x80\x80\xC0",
    ] {
        let last = text.len() - 1;
        let mut utf8 = Utf8::new();
        assert_eq!(utf8.push(&text[..last]), Ok(()), "{text:02x?}");
        assert_eq!(utf8.push(&text[last..]), Err(InvalidUtf8), "{text:02x?}");
        assert!(!utf8.is_boundary());
        for later in [b"".as_slice(), b"a", &[b'a'; 500]] {
            assert_eq!(utf8.push(later), Err(InvalidUtf8), "fused after {text:02x?}");
        }
    }
}

/// Text of all code point lengths, in runs and mixed, so that every length straddles every boundary somewhere.
fn sample(len: usize, seed: usize) -> String {
    let mut text = String::new();
    let mut turn = seed;
    while text.len() < len {
        match turn % 11 {
            0 => {
                text.push_str("The quick brown fox jumps over the lazy dog, and then it does it once more. ");
            }
            1 | 2 => text.push_str("Žluťoučký kůň"),
            3 | 4 => text.push_str("\u{800}漢字仮名\u{D7FF}\u{E000}"),
            5 | 6 => text.push_str("🌍\u{10000}\u{10FFFF}"),
            _ => text.push(['a', 'é', '€', '𝄞'][turn % 4]),
        }
        turn += 1;
    }
    text
}

#[test]
fn long_text_of_every_length_and_at_every_cut() {
    for seed in 0..11 {
        let text = sample(700, seed);
        let bytes = text.as_bytes();
        for len in 0..bytes.len() {
            check(&bytes[..len]);
        }
        for cut in 0..=bytes.len() {
            let (start, end) = bytes.split_at(cut);
            assert_eq!(push_all([start, end]), (2, true), "seed {seed}, cut at {cut}");
        }
        for piece_len in [1, 2, 3, 5, 63, 64, 65, 130, 131, 132, 200] {
            let piece_count = bytes.len().div_ceil(piece_len);
            assert_eq!(
                push_all(bytes.chunks(piece_len)),
                (piece_count, true),
                "seed {seed}, pieces of {piece_len}"
            );
        }
    }
}

#[test]
fn long_text_with_an_error_at_every_position() {
    const ERRORS: [&[u8]; 14] = [
        b"\x80",
        b"\xC0\x80",
        b"\xC1\xBF",
        b"\xC3",
        b"\xE0\x9F\xBF",
        b"\xED\xA0\x80",
        b"\xE2\x82",
        b"\xF0\x8F\xBF\xBF",
        b"\xF4\x90\x80\x80",
        b"\xF5\x80\x80\x80",
        b"\xFF",
        b"\xF1\x80\x80",
        b"\x80\x80\x80\x80",
        b"\xC3\xA9\xBF",
    ];
    for text in ["x".repeat(290), sample(290, 3), "漢é".repeat(58)] {
        for error in ERRORS {
            for position in 0..=text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes.splice(position..position, error.iter().copied());
                check(&bytes);
                // A code point that was begun before, so that the error is not where a piece from its start has it.
                let mut utf8 = Utf8::new();
                assert_eq!(utf8.push(b"\xF0\x90"), Ok(()));
                let expected = is_viable(&[b"\xF0\x90\x80\x80".as_slice(), &bytes].concat());
                let mended = [b"\x80\x80".as_slice(), &bytes].concat();
                assert_eq!(utf8.push(&mended).is_ok(), expected, "{error:02x?} at {position}");
            }
        }
    }
}

#[test]
fn every_class_four_times_within_long_text() {
    // Zeros, so that no other byte has a bit that could hide what is wrong with these.
    let mut bytes = [0; 300];
    for number in 0..CLASSES.len().pow(4) {
        let quad = [1, 22, 22 * 22, 22 * 22 * 22].map(|step| CLASSES[number / step % CLASSES.len()]);
        bytes[150..154].copy_from_slice(&quad);
        let expected = core::str::from_utf8(&bytes).map_err(|_| InvalidUtf8);
        assert_eq!(Utf8::new().push(&bytes), expected.map(drop), "{quad:02x?}");
        assert_eq!(complete_prefix(&bytes), expected.map(|text| (text, 0)), "{quad:02x?}");
    }
}

#[test]
fn an_error_in_text_of_every_length_at_which_the_check_may_change() {
    for len in 1..=280 {
        for position in 0..len {
            let mut bytes = vec![b'x'; len];
            bytes[position] = 0x80;
            assert_eq!(Utf8::new().push(&bytes), Err(InvalidUtf8), "{position} of {len}");
            assert_eq!(complete_prefix(&bytes), Err(InvalidUtf8), "{position} of {len}");
        }
    }
}

#[test]
fn a_block_of_nothing_but_continuation_bytes_is_refused() {
    // 80 has no bit but the one that ASCII lacks, and zeros have none.
    for zeros_len in 0..140 {
        for len in [1, 3, 127, 128, 129, 300] {
            check(&[vec![0; zeros_len], vec![0x80; len]].concat());
        }
    }
}

#[test]
fn long_text_behind_a_code_point_that_was_begun() {
    for begun in
        [b"\xC3".as_slice(), b"\xE2", b"\xE2\x82", b"\xF0", b"\xF0\x9F", b"\xF0\x9F\x8C", b"\xED", b"\xF4"]
    {
        for start in
            [b"".as_slice(), b"\x80", b"\x80\x80", b"\x80\x80\x80", b"\xA0\x80\x80", b"\x90\x80\x80\x80"]
        {
            for text in ["x".repeat(300), sample(300, 4)] {
                let piece = [start, text.as_bytes()].concat();
                let mut utf8 = Utf8::new();
                assert_eq!(utf8.push(begun), Ok(()));
                let whole = [begun, &piece].concat();
                assert_eq!(utf8.push(&piece).is_ok(), is_viable(&whole), "{begun:02x?} {start:02x?}");
                assert_eq!(utf8.is_boundary(), core::str::from_utf8(&whole).is_ok());
            }
        }
    }
}

/// Bytes that are nearly UTF-8: text with some of it overwritten.
fn nearly_utf8() -> impl Strategy<Value = Vec<u8>> {
    let text = (0..600usize, 0..11usize).prop_map(|(len, seed)| sample(len, seed).into_bytes());
    let changes = prop_oneof![
        3 => Just(Vec::new()),
        2 => proptest::collection::vec((any::<usize>(), proptest::sample::select(&CLASSES[..])), 1..3),
        1 => proptest::collection::vec((any::<usize>(), any::<u8>()), 1..3),
    ];
    (text, changes).prop_map(|(mut bytes, changes)| {
        for (position, byte) in changes {
            let len = bytes.len().max(1);
            if let Some(place) = bytes.get_mut(position % len) {
                *place = byte;
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cutting_gives_the_verdict_with_the_piece_that_proves_it(
        bytes in nearly_utf8(),
        cuts in proptest::collection::vec(0..300usize, 0..8),
    ) {
        let mut utf8 = Utf8::new();
        let mut pushed_len = 0usize;
        for len in cuts.into_iter().chain([usize::MAX]) {
            let end = pushed_len.max(bytes.len().min(pushed_len.saturating_add(len)));
            let verdict = utf8.push(&bytes[pushed_len..end]);
            assert_eq!(verdict.is_ok(), is_viable(&bytes[..end]), "{:02x?}", &bytes[..end]);
            assert_eq!(utf8.is_boundary(), core::str::from_utf8(&bytes[..end]).is_ok());
            pushed_len = end;
        }
        check(&bytes);
    }
}
