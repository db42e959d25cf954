//! What the tests of compression share: drivers that cut input and output, and oracles.
#![allow(dead_code, reason = "each test is a crate of its own and uses a part of this")]
#![allow(clippy::allow_attributes, reason = "so what is expected differs from crate to crate")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests may panic"
)]

pub(crate) mod blocks;
pub(crate) mod naive_inflate;
pub(crate) mod pair;

use ws_core::deflate::{Deflater, Flush, InflateStatus, Inflater};
use ws_core::error::Fault;
use ws_core::frame::Fin;

/// Inflates a message that comes in pieces of these lengths, over and over, into outputs of those lengths.
///
/// Fails where a call makes no progress.
pub(crate) fn inflate(
    inflater: &mut Inflater,
    payload: &[u8],
    input_lens: &[usize],
    out_lens: &[usize],
) -> Result<Vec<u8>, Fault> {
    let (mut input_lens, mut out_lens) = (input_lens.iter().cycle(), out_lens.iter().cycle());
    let mut message = Vec::new();
    let (mut start, mut end) = (0, 0);
    let mut status = InflateStatus::NeedsInput;
    loop {
        if start == end && status == InflateStatus::NeedsInput {
            end = payload.len().min(start + input_lens.next().unwrap());
        }
        let fin = if end == payload.len() { Fin::Final } else { Fin::More };
        let mut out = vec![0xAA; *out_lens.next().unwrap()];
        let step = inflater.inflate(&payload[start..end], fin, &mut out)?;
        assert!(step.taken <= end - start && step.written <= out.len(), "{step:?}");
        message.extend(&out[..step.written]);
        start += step.taken;
        status = step.status;
        match status {
            InflateStatus::Done => {
                assert_eq!((start, fin), (payload.len(), Fin::Final));
                return Ok(message);
            }
            InflateStatus::NeedsInput => assert!(start == end && fin == Fin::More, "{step:?}"),
            InflateStatus::NeedsOutput if step.written == out.len() => {}
            // Only a fault leaves room, behind what was written.
            InflateStatus::NeedsOutput => {
                assert!(step.written > 0, "{step:?}");
                let fault = inflater.inflate(&payload[start..end], fin, &mut out);
                return Err(fault.unwrap_err());
            }
        }
    }
}

/// Inflates a message in one go.
pub(crate) fn inflate_whole(inflater: &mut Inflater, payload: &[u8]) -> Result<Vec<u8>, Fault> {
    inflate(inflater, payload, &[payload.len()], &[100_000])
}

/// Compresses a message that comes in pieces of these lengths, over and over, each but the last flushed in these ways,
/// into outputs of those lengths.
pub(crate) fn deflate(
    deflater: &mut Deflater,
    message: &[u8],
    input_lens: &[usize],
    flushes: &[Flush],
    out_lens: &[usize],
) -> Vec<u8> {
    let (mut input_lens, mut out_lens) = (input_lens.iter().cycle(), out_lens.iter().cycle());
    let mut flushes = flushes.iter().cycle();
    let mut payload = Vec::new();
    let (mut start, mut end) = (0, 0);
    loop {
        assert_eq!(start, end);
        end = message.len().min(start + input_lens.next().unwrap());
        let flush = if end == message.len() { Flush::Message } else { *flushes.next().unwrap() };
        loop {
            let mut out = vec![0xAA; *out_lens.next().unwrap()];
            let step = deflater.deflate(&message[start..end], flush, &mut out);
            assert!(step.taken <= end - start && step.written <= out.len(), "{step:?}");
            payload.extend(&out[..step.written]);
            start += step.taken;
            if step.is_done {
                break;
            }
            assert_eq!(step.written, out.len(), "{step:?}");
        }
        if flush == Flush::Message {
            return payload;
        }
    }
}

/// Compresses a message in one go.
pub(crate) fn deflate_whole(deflater: &mut Deflater, message: &[u8]) -> Vec<u8> {
    deflate(deflater, message, &[message.len()], &[Flush::Nothing], &[message.len() * 2 + 100])
}

/// Text that repeats itself now and then, at many distances.
pub(crate) fn text(len: usize) -> Vec<u8> {
    let mut random = 1_u32;
    let mut text = Vec::new();
    while text.len() < len {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = random >> 20;
        text.extend_from_slice(format!("{{\"id\":{number},\"name\":\"user {}\"}}", number % 50).as_bytes());
    }
    text.truncate(len);
    text
}
