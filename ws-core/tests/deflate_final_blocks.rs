//! Blocks with the BFINAL bit (RFC 7692 §7.2.1), and what follows them.
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
use deflating::{deflate_whole, inflate, inflate_whole, text};
use ws_core::deflate::{ContextTakeover, DeflateSettings, Deflater, Inflater};

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
                let mut inflater = Inflater::new(1 << 20, ContextTakeover::Allowed);
                let first = deflate_whole(&mut Deflater::new(DeflateSettings::new()), &start);
                assert_eq!(inflate_whole(&mut inflater, &first).as_ref(), Ok(&start));
                let result = inflate(&mut inflater, &payload, &[input_len], &[out_len]);
                assert_eq!(result.as_deref(), Ok(&window[start.len()..]), "{distance} {blocks:?}");
            }
        }
    }
}
