//! The two loops that see each byte of payload: masking, and the check that text is UTF-8.

use crate::{Placed, Sample, Witness, Work};
use std::rc::Rc;
use ws_core::frame::{Mask, MaskKey};
use ws_core::utf8::complete_prefix;

/// Masks each message where it lies, by a function.
pub struct InPlace {
    messages: Vec<Placed>,
    mask: fn(&mut [u8], [u8; 4]),
}

/// Takes each message as text, by a function.
pub struct Validate {
    sample: Rc<Sample>,
    validate: fn(&[u8]) -> &[u8],
}

/// Copies each message.
pub struct Memcpy {
    sample: Rc<Sample>,
    out: Vec<u8>,
}

/// The key of all messages.
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

impl InPlace {
    #[must_use]
    pub fn new(sample: &Sample, mask: fn(&mut [u8], [u8; 4])) -> Self {
        Self { messages: sample.messages.clone(), mask }
    }
}

impl Validate {
    #[must_use]
    pub fn new(sample: &Rc<Sample>, validate: fn(&[u8]) -> &[u8]) -> Self {
        Self { sample: Rc::clone(sample), validate }
    }
}

impl Memcpy {
    #[must_use]
    pub fn new(sample: &Rc<Sample>) -> Self {
        let longest = sample.messages.iter().map(|message| message.len()).max();
        Self { sample: Rc::clone(sample), out: vec![0; longest.unwrap_or_default()] }
    }
}

impl Work for InPlace {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for message in &mut self.messages {
            (self.mask)(message, KEY);
            witness.sent(message);
        }
        witness
    }
}

impl Work for Validate {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for message in &self.sample.messages {
            witness.message((self.validate)(message));
        }
        witness
    }
}

impl Work for Memcpy {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for message in &self.sample.messages {
            let out = &mut self.out[..message.len()];
            out.copy_from_slice(message);
            witness.sent(out);
        }
        witness
    }
}

pub fn mask_by_ws_core(payload: &mut [u8], key: [u8; 4]) {
    Mask::new(MaskKey::new(key)).apply(payload);
}

/// As the RFC writes it.
pub fn mask_by_bytes(payload: &mut [u8], key: [u8; 4]) {
    for (at, byte) in payload.iter_mut().enumerate() {
        *byte ^= key[at % 4];
    }
}

#[must_use]
pub fn text_by_ws_core(bytes: &[u8]) -> &[u8] {
    complete_prefix(bytes).map_or(&[], |(text, _)| text.as_bytes())
}

#[must_use]
pub fn text_by_core(bytes: &[u8]) -> &[u8] {
    std::str::from_utf8(bytes).map_or(&[], str::as_bytes)
}

#[must_use]
pub fn text_by_simdutf8(bytes: &[u8]) -> &[u8] {
    simdutf8::basic::from_utf8(bytes).map_or(&[], str::as_bytes)
}
