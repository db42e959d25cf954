use super::{KIB, size};
use crate::contestants::deflate::{self, MESSAGE_COUNT};
use crate::{Absent, Contest, Contestant, Group, Row, Target};
use std::rc::Rc;

/// permessage-deflate, without context takeover.
#[must_use]
pub fn group() -> Group {
    let sizes = [KIB, 64 * KIB];
    let rows = sizes.map(compress).into_iter().chain(sizes.map(decompress)).collect();
    let about = "A server compresses JSON at level 6 and frames it; a client takes such frames apart, inflates and checks them as text.";
    Group { name: "deflate", about, absent: ABSENT, held_back: &[], rows }
}

const ABSENT: &[Absent] = &[Absent {
    peer: "all others",
    rows: "all",
    reason: "they have no compression, or none that can be used alone",
}];

/// Beside zlib-rs alone, which is what all do nearly all of the work by.
fn targets() -> Vec<Target> {
    vec![Target::floor(0.97, 1.0)]
}

fn compress(len: usize) -> Row {
    Row::new(format!("compress {} of JSON", size(len)), "message", targets(), move || {
        let payload = Rc::new(deflate::json(len));
        let contestants = vec![
            Contestant::ours(deflate::Compress::new(&payload)),
            Contestant::peer("sockudo-ws", deflate::SockudoCompress::new(&payload)),
            Contestant::floor("zlib-rs", deflate::RawCompress::new(&payload)),
        ];
        Contest::new(MESSAGE_COUNT, contestants, move |seen, _| {
            let inflated = seen.messages.iter().map(|message| deflate::inflated(message, payload.len()));
            expect(inflated, &payload)
        })
    })
}

fn decompress(len: usize) -> Row {
    Row::new(format!("inflate {} of JSON", size(len)), "message", targets(), move || {
        let payload = Rc::new(deflate::json(len));
        let contestants = vec![
            Contestant::ours(deflate::Decompress::new(&payload)),
            Contestant::peer("sockudo-ws", deflate::SockudoDecompress::new(&payload)),
            Contestant::floor("zlib-rs", deflate::RawDecompress::new(&payload)),
        ];
        Contest::new(MESSAGE_COUNT, contestants, move |seen, _| {
            expect(seen.messages.iter().cloned(), &payload)
        })
    })
}

fn expect(messages: impl ExactSizeIterator<Item = Vec<u8>>, payload: &[u8]) -> Result<(), String> {
    if messages.len() != MESSAGE_COUNT {
        return Err(format!("{} messages, and not {MESSAGE_COUNT}", messages.len()));
    }
    let wrong = messages.into_iter().position(|message| message != payload);
    wrong.map_or(Ok(()), |at| Err(format!("message {at} is not what it should be")))
}
