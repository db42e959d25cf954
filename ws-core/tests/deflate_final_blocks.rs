//! Blocks with the BFINAL bit (RFC 7692 §7.2.1): what follows them, what they cost, and how many of them are too many.
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

use std::time::{Duration, Instant};

use deflating::blocks::{self, Block, Symbol};
use deflating::{deflate_whole, inflate, inflate_whole, naive_inflate, text};
use ws_core::connection::{Config, Connection, Transport};
use ws_core::deflate::{ContextTakeover, DeflateSettings, Deflater, InflateStatus, Inflater};
use ws_core::error::{Fault, Limit, Violation};
use ws_core::event::Event;
use ws_core::extension::{Agreed, DeflateParams};
use ws_core::frame::Fin;
use ws_core::input::ReadBuffer;
use ws_core::message::MessageBuffer;

const TOO_MANY: Fault = Fault::Limit(Limit::FinalBlockCount);

/// Windows that can be carried over final blocks in advance, and the compressed bytes that pay for one.
const IN_ADVANCE: usize = 1024;
const BYTES_FOR_ONE: usize = 256;

/// An inflater whose window is full, by a message that says `window`.
fn inflater(takeover: ContextTakeover, window: &[u8]) -> Inflater {
    let mut inflater = Inflater::new(1 << 30, takeover);
    let payload = deflate_whole(&mut Deflater::new(DeflateSettings::new()), window);
    assert_eq!(inflate_whole(&mut inflater, &payload).as_deref(), Ok(window));
    inflater
}

fn full() -> Inflater {
    inflater(ContextTakeover::Allowed, &text(40_000))
}

/// These blocks, of which the last is final, as bytes: what may come before them is in `window`.
fn bytes_of(blocks: &[(bool, Block)], window: &[u8]) -> Vec<u8> {
    let mut bytes = blocks::message(blocks, &mut window.to_vec(), 32_768);
    // The header that ends the message.
    assert_eq!(bytes.pop(), Some(0));
    bytes
}

/// Each a few bytes long, with one final block at its end.
fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let window = text(40_000);
    let fixed = |symbols: &[Symbol]| Block::Fixed(symbols.to_vec());
    let far = Symbol::Match { len: 3, distance: 32_767 };
    vec![
        ("empty", bytes_of(&[(true, fixed(&[]))], &window)),
        ("stored and empty", bytes_of(&[(true, Block::Stored(Vec::new()))], &window)),
        ("one literal", bytes_of(&[(true, fixed(&[Symbol::Literal(b'a')]))], &window)),
        ("one match into the window", bytes_of(&[(true, fixed(&[far]))], &window)),
        ("a block and a final one", bytes_of(&[(false, fixed(&[])), (true, fixed(&[]))], &window)),
        ("stored, 100 bytes", bytes_of(&[(true, Block::Stored(vec![7; 100]))], &window)),
    ]
}

/// How many final blocks of `block_len` bytes, one after the other, are accepted after a full window.
fn accepted_count(block_len: usize) -> usize {
    let full = IN_ADVANCE * BYTES_FOR_ONE;
    let (mut paid, mut count) = (full, 0);
    loop {
        paid = full.min(paid + block_len);
        if paid < BYTES_FOR_ONE {
            return count;
        }
        paid -= BYTES_FOR_ONE;
        count += 1;
    }
}

fn repeated(block: &[u8], count: usize) -> Vec<u8> {
    [&block.repeat(count)[..], &[0]].concat()
}

#[test]
fn the_blocks_are_what_they_are_called() {
    let kinds = kinds();
    assert_eq!(kinds[0].1, [0x03, 0x00]);
    assert_eq!(kinds[1].1, [0x01, 0x00, 0x00, 0xff, 0xff]);
    assert_eq!(kinds[2].1, [0x4b, 0x04, 0x00]);
    assert_eq!(kinds[5].1.len(), 105);
    let mut window = text(40_000);
    window.truncate(32_768);
    let far = naive_inflate::inflate(&repeated(&kinds[3].1, 1), &window).unwrap();
    assert_eq!((far.bytes.as_slice(), far.distance_max), (&window[..3], 32_768));
}

#[test]
fn one_final_block_more_than_allowed_is_refused_wherever_it_is_cut() {
    for (kind, block) in kinds() {
        let count = accepted_count(block.len());
        for input_lens in [&[usize::MAX / 2][..], &[block.len()], &[1], &[2], &[3, 1], &[4, 100]] {
            for out_lens in [&[1000][..], &[1], &[0, 3]] {
                let accepted = inflate(&mut full(), &repeated(&block, count), input_lens, out_lens);
                assert!(accepted.is_ok(), "{kind}: {accepted:?} {input_lens:?} {out_lens:?}");
                let refused = inflate(&mut full(), &repeated(&block, count + 1), input_lens, out_lens);
                assert_eq!(refused, Err(TOO_MANY), "{kind}: {input_lens:?} {out_lens:?}");
            }
        }
    }
}

#[test]
fn no_more_is_inflated_than_what_precedes_the_block_that_is_too_many() {
    for (kind, block) in kinds() {
        let (count, payload) = (accepted_count(block.len()), block.repeat(10_000));
        let mut out = vec![0; 1 << 20];
        let mut inflater = full();
        let written = match inflater.inflate(&payload, Fin::More, &mut out) {
            Ok(step) => {
                assert_eq!(step.status, InflateStatus::NeedsOutput, "{kind}");
                assert_eq!(inflater.inflate(&payload[step.taken..], Fin::More, &mut out), Err(TOO_MANY));
                step.written
            }
            Err(fault) => {
                assert_eq!(fault, TOO_MANY, "{kind}");
                0
            }
        };
        // All of the block that is too many comes before its end.
        let each = inflate_whole(&mut full(), &repeated(&block, 1)).unwrap().len();
        assert_eq!(written, each * (count + 1), "{kind}");
        // And again, whatever comes.
        assert_eq!(inflater.inflate(&[0], Fin::Final, &mut out), Err(TOO_MANY), "{kind}");
    }
}

#[test]
fn a_thousand_final_blocks_in_a_message_say_what_they_say_wherever_it_is_cut() {
    let start = text(40_000);
    let symbols = [Symbol::Literal(b'x'), Symbol::Match { len: 5, distance: 32_767 }];
    let blocks: Vec<_> = (0..1000_u16)
        .map(|index| match index % 4 {
            0 => (true, Block::Fixed(Vec::new())),
            1 => (true, Block::Stored(index.to_be_bytes().to_vec())),
            2 => (true, Block::Fixed(symbols.to_vec())),
            _ => (true, Block::Stored(Vec::new())),
        })
        .collect();
    let mut window = start.clone();
    let payload = blocks::message(&blocks, &mut window, 32_768);
    let expected = &window[start.len()..];
    let check = |input_lens: &[usize], out_lens: &[usize]| {
        for takeover in [ContextTakeover::Allowed, ContextTakeover::Forbidden] {
            let mut inflater = inflater(ContextTakeover::Allowed, &start);
            if takeover == ContextTakeover::Forbidden {
                inflater = Inflater::new(1 << 30, takeover);
                let first = deflate_whole(&mut Deflater::new(DeflateSettings::new()), &start);
                // As the first fragment of the same message.
                let fragment = [&first[..], &[0, 0, 0xff, 0xff]].concat();
                let mut out = vec![0; 50_000];
                let step = inflater.inflate(&fragment, Fin::More, &mut out).unwrap();
                assert_eq!(out[..step.written], start);
            }
            let result = inflate(&mut inflater, &payload, input_lens, out_lens);
            assert!(result.as_deref() == Ok(expected), "{takeover:?} {input_lens:?} {out_lens:?}");
        }
    };
    for len in 1..=12 {
        check(&[len], &[100_000]);
        check(&[100_000], &[len]);
        check(&[len], &[13 - len]);
    }
    for cut in (0..=payload.len()).step_by(53) {
        check(&[cut, payload.len()], &[100_000]);
    }
}

#[test]
fn a_final_block_in_each_message_is_always_accepted() {
    for (kind, block) in kinds() {
        let mut inflater = full();
        let payload = repeated(&block, 1);
        for _ in 0..5 * IN_ADVANCE {
            let step = inflater.inflate(&payload, Fin::Final, &mut [0; 200]).unwrap();
            assert_eq!((step.taken, step.status), (payload.len(), InflateStatus::Done), "{kind}");
        }
    }
    // RFC 7692 §7.2.1: the block whose rest is left out may be the final one.
    let mut inflater = full();
    for _ in 0..5 * IN_ADVANCE {
        assert_eq!(inflate_whole(&mut inflater, &[0x4a, 0x04, 0x04]).as_deref(), Ok(&b"a"[..]));
    }
}

#[test]
fn messages_do_not_pay_for_more_than_one_final_block_each() {
    let payload = repeated(&[0x03, 0x00], 2);
    let mut inflater = full();
    let accepted = (0..10_000).take_while(|_| inflate_whole(&mut inflater, &payload).is_ok()).count();
    // Each message takes two windows, and pays for one and five bytes.
    let expected = (IN_ADVANCE * BYTES_FOR_ONE) / (BYTES_FOR_ONE - payload.len());
    assert!(accepted.abs_diff(expected) <= 2, "{accepted} and {expected}");
    assert_eq!(inflate_whole(&mut inflater, &payload), Err(TOO_MANY));
}

#[test]
fn a_final_block_for_each_256_bytes_is_always_accepted() {
    let block = bytes_of(&[(true, Block::Stored(vec![7; BYTES_FOR_ONE - 5]))], b"");
    assert_eq!(block.len(), BYTES_FOR_ONE);
    let payload = repeated(&block, 5 * IN_ADVANCE);
    let result = inflate_whole(&mut full(), &payload).map(|bytes| bytes.len());
    assert_eq!(result, Ok(5 * IN_ADVANCE * (BYTES_FOR_ONE - 5)));
}

#[test]
fn final_blocks_cost_nothing_while_nothing_was_inflated() {
    for takeover in [ContextTakeover::Allowed, ContextTakeover::Forbidden] {
        let payload = repeated(&[0x03, 0x00], 5 * IN_ADVANCE);
        for input_len in [1, 2, payload.len()] {
            let mut inflater = Inflater::new(1 << 20, takeover);
            for _ in 0..2 {
                assert_eq!(inflate(&mut inflater, &payload, &[input_len], &[10]), Ok(Vec::new()));
            }
        }
    }
    // Without context takeover each message begins with nothing.
    let mut inflater = inflater(ContextTakeover::Forbidden, &text(40_000));
    assert_eq!(inflate_whole(&mut inflater, &repeated(&[0x03, 0x00], 5 * IN_ADVANCE)), Ok(Vec::new()));
}

#[test]
fn the_limit_of_the_length_and_what_is_invalid_are_found_where_they_are() {
    let literal = [0x4b, 0x04, 0x00];
    let count = accepted_count(literal.len());
    let reserved = [0x07];
    for (limit, blocks, expected) in [
        // The literals before and within the block that is too many.
        (40_000 + count, [repeated(&literal, count + 1), vec![]], TOO_MANY),
        (count, [repeated(&literal, count + 1), vec![]], Fault::Limit(Limit::MessageLen)),
        (1 << 20, [literal.repeat(count), reserved.to_vec()], Fault::Violation(Violation::InvalidDeflate)),
        (1 << 20, [literal.repeat(count + 1), reserved.to_vec()], TOO_MANY),
    ] {
        for input_len in [1, 2, 3, 100_000] {
            for out_len in [1, 3, 100_000] {
                let mut inflater = Inflater::new(u64::try_from(limit).unwrap(), ContextTakeover::Allowed);
                // A byte of window.
                inflate_whole(&mut inflater, &repeated(&literal, 1)).unwrap();
                let result = inflate(&mut inflater, &blocks.concat(), &[input_len], &[out_len])
                    .map(|bytes| bytes.len());
                assert_eq!(result, Err(expected), "{input_len} {out_len}");
            }
        }
    }
}

#[test]
fn releasing_gives_no_more_of_them() {
    let literal = [0x4b, 0x04, 0x00];
    let mut inflater = full();
    let count = accepted_count(literal.len()) - 1;
    assert!(inflate_whole(&mut inflater, &repeated(&literal, count)).is_ok());
    inflater.release();
    // The first one, before which there is no window, costs nothing only if it is empty.
    assert_eq!(inflate_whole(&mut inflater, &repeated(&literal, 10)), Err(TOO_MANY));
}

#[test]
fn s7_1_2_references_beyond_the_agreed_window_are_judged_alike_before_and_after_a_final_block() {
    let start = text(40_000);
    for distance in [256, 257, 1024, 32_767, 32_768] {
        let far = Block::Fixed(vec![Symbol::Match { len: 10, distance: distance - 1 }]);
        let empty = (true, Block::Fixed(Vec::new()));
        for blocks in [
            vec![(false, far.clone())],
            vec![(true, far.clone())],
            vec![empty.clone(), (false, far.clone())],
            vec![empty.clone(), (true, far.clone()), (false, far.clone()), empty.clone(), (true, far)],
        ] {
            let mut window = start.clone();
            let payload = blocks::message(&blocks, &mut window, 32_768);
            for (input_len, out_len) in [(1, 1), (1, 1000), (1000, 1), (1000, 1000)] {
                // The window that was agreed on is the smallest; the inflater does not even know.
                let mut inflater = inflater(ContextTakeover::Allowed, &start);
                let result = inflate(&mut inflater, &payload, &[input_len], &[out_len]);
                assert_eq!(result.as_deref(), Ok(&window[start.len()..]), "{distance} {blocks:?}");
            }
        }
    }
}

#[test]
fn a_peer_beyond_the_limit_is_sent_1008() {
    let agreed = Agreed::server(DeflateParams::default());
    let mut connection = Connection::server(Config::new()).with_deflate(agreed);
    let mut message = MessageBuffer::new().with_inflater(agreed.inflater(1 << 20));
    let payload = [&[0x4b, 0x04, 0x00][..], &[0x03, 0x00].repeat(2000), &[0]].concat();
    let mut wire = vec![0xc1, 0xfe];
    wire.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    wire.extend([0; 4]);
    wire.extend(payload);
    let len = wire.len();
    let mut buffer = ReadBuffer::with_filled(wire, len).unwrap();
    let mut input = buffer.input();
    assert_eq!(connection.next_message(&mut input, &mut message), Some(Event::Failed(TOO_MANY)));
    let mut out = [0; 131];
    let len = connection.poll_transmit(&mut out).unwrap();
    assert_eq!(out[..len], [0x88, 2, 0x03, 0xF0]);
    assert_eq!(connection.transport(), Transport::Linger { shutdown_write: true });
}

/// How long it takes to inflate this into an output of 64 KiB, until its end or a fault.
fn time(mut rest: &[u8]) -> Duration {
    let (mut inflater, mut out) = (full(), vec![0; 65_536]);
    let start = Instant::now();
    while let Ok(step) = inflater.inflate(rest, Fin::More, &mut out) {
        rest = &rest[step.taken..];
        if step.status == InflateStatus::NeedsInput {
            break;
        }
    }
    start.elapsed()
}

#[test]
fn final_blocks_take_no_longer_than_other_data_of_the_same_length() {
    const LEN: usize = 1 << 20;
    let mut ordinary = deflate_whole(&mut Deflater::new(DeflateSettings::new()), &text(12 << 20));
    assert!(ordinary.len() > LEN, "{}", ordinary.len());
    ordinary.truncate(LEN);
    let ordinary = time(&ordinary);
    for (kind, block) in kinds() {
        let hostile = time(&block.repeat(LEN / block.len()));
        assert!(hostile < ordinary * 2, "{kind}: {hostile:?} and {ordinary:?}");
    }
    // As many as are accepted without end.
    let block = bytes_of(&[(true, Block::Stored(vec![7; BYTES_FOR_ONE - 5]))], b"");
    let tolerated = time(&block.repeat(LEN / block.len()));
    assert!(tolerated < ordinary * 4, "{tolerated:?} and {ordinary:?}");
}
