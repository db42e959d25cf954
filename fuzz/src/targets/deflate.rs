//! The compressor and the decompressor, without connections.

use ws_core::deflate::{
    CompressionLevel, ContextTakeover, DeflateSettings, Deflater, Flush, InflateStatus, Inflater, MemLevel,
};
use ws_core::error::Fault;
use ws_core::extension::WindowBits;
use ws_core::frame::Fin;

/// Two messages of arbitrary bytes, output in two cuttings of input and output, come to the same, within the limit.
pub fn inflate(bytes: &[u8]) {
    let Some(([settings, split, a, b, c, d], data)) = bytes.split_first_chunk::<6>() else { return };
    let messages = data.split_at(data.len() * usize::from(*split) / 256);
    let limit = 1_u64 << (settings % 17);
    let run = |input_len: u8, output_len: u8| {
        let takeover = if *settings < 128 { ContextTakeover::Allowed } else { ContextTakeover::Forbidden };
        let mut inflater = Inflater::new(limit, takeover);
        let (first, fault) = inflate_message(&mut inflater, messages.0, input_len, output_len, limit);
        if let Some(fault) = fault {
            return (None, None, Some(fault));
        }
        let (second, fault) = inflate_message(&mut inflater, messages.1, input_len, output_len, limit);
        (Some(first), fault.is_none().then_some(second), fault)
    };
    assert_eq!(run(*a, *b), run(*c, *d));
}

fn inflate_message(
    inflater: &mut Inflater,
    message: &[u8],
    input_len: u8,
    output_len: u8,
    limit: u64,
) -> (Vec<u8>, Option<Fault>) {
    let (mut output, mut rest) = (Vec::new(), message);
    let mut out = vec![0; usize::from(output_len) * 16 + 1];
    for step in 0.. {
        let piece = &rest[..rest.len().min(usize::from(input_len) * 8 + 1)];
        let fin = if piece.len() == rest.len() { Fin::Final } else { Fin::More };
        match inflater.inflate(piece, fin, &mut out) {
            Ok(done) => {
                output.extend_from_slice(&out[..done.written]);
                rest = &rest[done.taken..];
                if done.status == InflateStatus::Done {
                    break;
                }
                assert!(done.taken + done.written > 0 || piece.is_empty() || step == 0, "no progress");
            }
            Err(fault) => return (output, Some(fault)),
        }
        assert!(step <= message.len() + output.len() + 8, "no end");
    }
    assert!(u64::try_from(output.len()).is_ok_and(|len| len <= limit));
    (output, None)
}

/// Messages come back as they were, by any settings, in any cutting, whatever is thrown away in between.
pub fn deflate_round_trip(bytes: &[u8]) {
    let Some(([window, level, mem, flags, out_len], data)) = bytes.split_first_chunk::<5>() else { return };
    let takeover = if flags % 2 == 0 { ContextTakeover::Allowed } else { ContextTakeover::Forbidden };
    let settings = DeflateSettings::new()
        .with_window_bits(WindowBits::new(8 + window % 8).unwrap_or_default())
        .with_context_takeover(takeover)
        .with_level(CompressionLevel::new(level % 10).unwrap_or_default())
        .with_mem_level(MemLevel::new(1 + mem % 9).unwrap_or_default());
    let mut deflater = Deflater::new(settings);
    let mut inflater = Inflater::new(1 << 20, takeover);
    for (index, message) in data.split(|byte| *byte == b'|').enumerate() {
        let is_sent = (usize::from(*flags) >> (index % 7)) & 2 == 0;
        let (mut compressed, mut rest) = (Vec::new(), message);
        let mut out = vec![0; usize::from(*out_len) + 1];
        loop {
            let done = deflater.deflate(rest, Flush::Message, &mut out);
            compressed.extend_from_slice(&out[..done.written]);
            rest = &rest[done.taken..];
            if done.is_done {
                break;
            }
        }
        if is_sent {
            deflater.commit();
            let (output, fault) = inflate_message(&mut inflater, &compressed, *window, *level, 1 << 20);
            assert_eq!((output.as_slice(), fault), (message, None));
        }
    }
}
