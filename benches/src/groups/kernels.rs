use super::{KIB, MIB, TOTAL_LEN, messages, size};
use crate::contestants::kernels::{self, InPlace, Memcpy, Validate};
use crate::{Absent, Content, Contest, Contestant, Group, Row, Sample, Standing};
use std::rc::Rc;

/// The loops that see each byte.
#[must_use]
pub fn group() -> Group {
    let sizes = [16, 125, KIB, 16 * KIB, 64 * KIB, MIB];
    let mut rows: Vec<_> = sizes.into_iter().map(mask).collect();
    for content in [Content::Ascii, Content::Mixed] {
        rows.extend(sizes.map(|len| utf8(content, len)));
    }
    let about = "Payload is masked where it lies; bytes are taken as text, once they are found to be UTF-8.";
    Group { name: "kernels", about, absent: ABSENT, held_back: &[], rows }
}

const ABSENT: &[Absent] =
    &[Absent { peer: "tungstenite, tokio-websockets", rows: "all", reason: "their loops are private" }];

fn mask(len: usize) -> Row {
    Row::new(format!("mask, {}", size(len)), "message", Vec::new(), move || {
        let sample = Rc::new(Sample::new(Content::Binary, len, TOTAL_LEN));
        let contestants = vec![
            Contestant::ours(InPlace::new(&sample, kernels::mask_by_ws_core)),
            Contestant::peer("fastwebsockets", InPlace::new(&sample, fastwebsockets::unmask)),
            Contestant::peer("sockudo-ws", InPlace::new(&sample, sockudo_ws::simd::apply_mask)),
            Contestant::peer("byte by byte", InPlace::new(&sample, kernels::mask_by_bytes)),
            Contestant::floor("memcpy", Memcpy::new(&sample)),
        ];
        let count = messages(&sample);
        Contest::new(count, contestants, move |seen, standing| {
            let mut expected: Vec<_> = sample.messages.iter().map(|message| message.to_vec()).collect();
            if standing != Standing::Floor {
                expected.iter_mut().for_each(|message| kernels::mask_by_bytes(message, kernels::KEY));
            }
            if seen.sent == expected.concat() { Ok(()) } else { Err("it is not masked right".to_owned()) }
        })
    })
}

fn utf8(content: Content, len: usize) -> Row {
    let word = if content == Content::Ascii { "ASCII" } else { "mixed" };
    Row::new(format!("UTF-8, {word} text, {}", size(len)), "message", Vec::new(), move || {
        let sample = Rc::new(Sample::new(content, len, TOTAL_LEN));
        let contestants = vec![
            Contestant::ours(Validate::new(&sample, kernels::text_by_ws_core)),
            Contestant::peer("core", Validate::new(&sample, kernels::text_by_core)),
            Contestant::peer("simdutf8", Validate::new(&sample, kernels::text_by_simdutf8)),
            Contestant::floor("memcpy", Memcpy::new(&sample)),
        ];
        let count = messages(&sample);
        Contest::new(count, contestants, move |seen, standing| {
            let is_right = if standing == Standing::Floor {
                seen.sent == sample.messages.concat()
            } else {
                seen.messages == sample.messages
            };
            if is_right { Ok(()) } else { Err("not all of it was taken as text".to_owned()) }
        })
    })
}
