use crate::{Frame, Standing, Transcript, frames};
use std::borrow::Borrow;
use std::ops::{Deref, DerefMut};
use ws_core::connection::KeySource;
use ws_core::frame::{Fin, FrameHeader, Mask, MaskKey, Opcode};

/// What messages hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Binary,
    Ascii,
    /// Code points of two to four bytes in no order that a branch predictor could learn.
    Mixed,
}

/// Messages of one length, and what they are on the wire from a client.
pub struct Sample {
    pub content: Content,
    pub messages: Vec<Placed>,
    pub wire: Vec<u8>,
    /// How many frames each message is in. Where it is more than one, there is a ping among them.
    pub fragment_count: usize,
}

/// A message, where it is long at a place of its own within its page of memory.
///
/// How fast a processor copies depends on where both places lie within their pages. Here the places of a sample's messages
/// are all over the page, so that it is not luck who copies fast.
pub struct Placed {
    memory: Vec<u8>,
    start: usize,
    index: usize,
}

impl Placed {
    fn new(bytes: &[u8], index: usize) -> Self {
        let spread = if bytes.len() < SPREAD_FROM_LEN { 0 } else { 2 * PAGE_LEN };
        let mut memory: Vec<u8> = Vec::with_capacity(bytes.len() + spread);
        if spread > 0 {
            memory.resize(memory.as_ptr().align_offset(PAGE_LEN) + index * STEP_LEN % PAGE_LEN, 0);
        }
        let start = memory.len();
        memory.extend_from_slice(bytes);
        Self { memory, start, index }
    }
}

impl Clone for Placed {
    /// At the same place within its page.
    fn clone(&self) -> Self {
        Self::new(self, self.index)
    }
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Borrow<[u8]> for Placed {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl DerefMut for Placed {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..]
    }
}

impl PartialEq<Placed> for Vec<u8> {
    fn eq(&self, other: &Placed) -> bool {
        **self == **other
    }
}

impl Deref for Placed {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory[self.start..]
    }
}

/// What is shorter is copied too fast for its place to matter, and would only take more pages, in bytes.
const SPREAD_FROM_LEN: usize = 1024;

/// The length of a page of memory, in bytes.
const PAGE_LEN: usize = 4096;

/// How much further into its page than the one before a message lies, in bytes: 15 of them are spread over a page.
const STEP_LEN: usize = 272;

/// Keys that differ from frame to frame, and are the same in every run.
pub struct Keys(u32);

impl Keys {
    #[must_use]
    pub fn new() -> Self {
        Self(0x9E37_79B9)
    }

    /// The next key as bytes.
    #[inline]
    pub fn next_bytes(&mut self) -> [u8; 4] {
        self.next().to_ne_bytes()
    }

    #[inline]
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self::new()
    }
}

impl KeySource for Keys {
    #[inline]
    fn next_key(&mut self) -> Option<MaskKey> {
        Some(MaskKey::new(self.next_bytes()))
    }
}

impl Sample {
    /// Messages of `message_len` bytes, each in one frame, `total_len` bytes or more of them and at least four.
    #[must_use]
    pub fn new(content: Content, message_len: usize, total_len: usize) -> Self {
        Self::with_fragments(content, message_len, total_len, 1)
    }

    /// The same in `fragment_count` fragments, with a ping in the middle of each message.
    #[must_use]
    pub fn with_fragments(
        content: Content,
        message_len: usize,
        total_len: usize,
        fragment_count: usize,
    ) -> Self {
        let count = (total_len / message_len.max(1)).clamp(if message_len > 1 << 20 { 4 } else { 16 }, 4096);
        Self::with_count(content, message_len, count, fragment_count)
    }

    /// So many messages.
    #[must_use]
    pub fn with_count(
        content: Content,
        message_len: usize,
        message_count: usize,
        fragment_count: usize,
    ) -> Self {
        let mut keys = Keys::new();
        let messages: Vec<_> = (0..message_count)
            .map(|index| Placed::new(&message(content, message_len, &mut keys), index))
            .collect();
        let mut wire = Vec::with_capacity(messages.len() * (message_len + 16 * fragment_count));
        let opcode = if content == Content::Binary { Opcode::Binary } else { Opcode::Text };
        for message in &messages {
            let fragment_len = message_len.div_ceil(fragment_count).max(1);
            let fragments =
                if message.is_empty() { vec![&**message] } else { message.chunks(fragment_len).collect() };
            let last = fragments.len() - 1;
            for (at, fragment) in fragments.into_iter().enumerate() {
                let opcode = if at == 0 { opcode } else { Opcode::Continuation };
                write_frame(&mut wire, opcode, at == last, fragment, &mut keys);
                if last > 0 && at == last / 2 {
                    write_frame(&mut wire, Opcode::Ping, true, PING, &mut keys);
                }
            }
        }
        Self { content, messages, wire, fragment_count }
    }

    /// The same messages, but that the last one, which is text, ends with a byte that is never in UTF-8.
    #[must_use]
    pub fn with_invalid_end(mut self) -> Self {
        let mut last_message = self.messages.pop().expect("there is text").to_vec();
        let last = last_message.last_mut().expect("there is text");
        let end = self.wire.last_mut().expect("there is a frame");
        // The difference is the same where it is masked.
        *end ^= *last ^ 0xFF;
        *last = 0xFF;
        self.messages.push(Placed::new(&last_message, self.messages.len()));
        self
    }

    /// Whether each message was received, and each ping answered.
    ///
    /// # Errors
    ///
    /// The first that was not.
    pub fn check_received(&self, transcript: &Transcript, standing: Standing) -> Result<(), String> {
        same("message", &transcript.messages, &self.messages)?;
        if standing == Standing::Floor || self.fragment_count == 1 {
            return Ok(());
        }
        let sent = frames(&transcript.sent)?;
        let pong = |frame: &Frame| {
            frame.is_final && frame.opcode == Opcode::Pong.bits() && !frame.is_masked && frame.payload == PING
        };
        match sent.iter().position(|frame| !pong(frame)) {
            Some(at) => Err(format!("frame {at} is not the pong")),
            None if sent.len() == self.messages.len() => Ok(()),
            None => Err(format!("{} pongs to {} pings", sent.len(), self.messages.len())),
        }
    }

    /// Whether each message was sent as a binary one in one frame, masked or not; the floor need not have made frames.
    ///
    /// # Errors
    ///
    /// The first that was not.
    pub fn check_sent(&self, transcript: &Transcript, is_masked: bool) -> Result<(), String> {
        let sent = frames(&transcript.sent)?;
        let binary = |frame: &Frame| {
            frame.is_final && frame.opcode == Opcode::Binary.bits() && frame.is_masked == is_masked
        };
        if let Some(at) = sent.iter().position(|frame| !binary(frame)) {
            return Err(format!("frame {at} is not the one of a binary message"));
        }
        let payloads: Vec<_> = sent.into_iter().map(|frame| frame.payload).collect();
        same("frame", &payloads, &self.messages)
    }
}

fn same(what: &str, are: &[Vec<u8>], expected: &[Placed]) -> Result<(), String> {
    match are.iter().zip(expected).position(|(is, expected)| is != expected) {
        Some(at) => Err(format!("{what} {at} is not what it should be")),
        None if are.len() == expected.len() => Ok(()),
        None => Err(format!("{} times a {what}, and not {}", are.len(), expected.len())),
    }
}

fn write_frame(wire: &mut Vec<u8>, opcode: Opcode, is_final: bool, payload: &[u8], keys: &mut Keys) {
    let key = keys.next_key().expect("there always is one");
    let len = u64::try_from(payload.len()).expect("it fits");
    let fin = if is_final { Fin::Final } else { Fin::More };
    let header = FrameHeader::new(opcode, fin, len, Some(key)).expect("it is legal").encode();
    wire.extend_from_slice(header.as_bytes());
    let start = wire.len();
    wire.extend_from_slice(payload);
    Mask::new(key).apply(&mut wire[start..]);
}

const PING: &[u8] = b"still there?";

fn message(content: Content, len: usize, keys: &mut Keys) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 4);
    while bytes.len() < len {
        let random = keys.next();
        match content {
            Content::Binary => bytes.extend_from_slice(&random.to_ne_bytes()),
            Content::Ascii => bytes.push(b' ' + u8::try_from(random % 95).expect("less than 95")),
            Content::Mixed => {
                let first = [0x80, 0x800, 0x1_0000][usize::try_from(random % 3).expect("less than 3")];
                let char = char::from_u32(first + (random >> 8) % 0x700).expect("no surrogate among them");
                bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    if content == Content::Mixed && bytes.len() > len {
        // Whole code points, then ASCII to the exact length.
        let end =
            std::str::from_utf8(&bytes).expect("made of chars").char_indices().last().map_or(0, |(at, _)| at);
        bytes.truncate(end);
        bytes.resize(len, b'.');
    }
    bytes.truncate(len);
    bytes
}
