//! What moving the data costs, in order and in safe code, without the rules of a connection. Not a library.

use super::{BUFFER_LEN, HEADER_LEN_MAX, Receive, Send};
use crate::{Content, Kernel, Witness, Work};
use std::io::{IoSlice, Write};

/// Messages, from frames that are trusted.
pub struct Decode {
    job: Receive,
    storage: Vec<u8>,
}

impl Decode {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        Self { job: job.clone(), storage: vec![0; job.buffer_len()] }
    }
}

impl Work for Decode {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        let mut reader = Reader::new(self.job.kernel::<W>(), self.job.sample.content, &mut self.storage);
        reader.read_all(|message, _kernel| witness.message(message));
        witness
    }
}

/// Each message back: headers, and copies of what is short.
pub struct Echo {
    job: Receive,
    storage: Vec<u8>,
    out: Vec<u8>,
}

impl Echo {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        let out = vec![0; SHORT_LEN_MAX + HEADER_LEN_MAX];
        Self { job: job.clone(), storage: vec![0; job.buffer_len()], out }
    }
}

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let out = &mut self.out;
        let mut reader = Reader::new(self.job.kernel::<W>(), self.job.sample.content, &mut self.storage);
        reader.read_all(|message, kernel| {
            let (header, header_len) = header(message.len());
            let header = &header[..header_len];
            if message.len() <= SHORT_LEN_MAX {
                out[..header_len].copy_from_slice(header);
                let end = header_len + message.len();
                out[header_len..end].copy_from_slice(message);
                kernel.write_all(&out[..end])
            } else {
                kernel.write_vectored(&[IoSlice::new(header), IoSlice::new(message)]).map(drop)
            }
            .expect("the kernel takes everything");
        });
        reader.kernel.witness
    }
}

/// The header of a binary message from a server.
#[inline]
fn header(len: usize) -> ([u8; 10], usize) {
    let mut header = [0; 10];
    header[0] = 0x82;
    if let Ok(len) = u8::try_from(len)
        && len < 126
    {
        header[1] = len;
        return (header, 2);
    }
    if let Ok(len) = u16::try_from(len) {
        header[1] = 126;
        header[2..4].copy_from_slice(&len.to_be_bytes());
        return (header, 4);
    }
    header[1] = 127;
    header[2..].copy_from_slice(&u64::try_from(len).expect("it fits").to_be_bytes());
    (header, 10)
}

/// What is cheaper to copy than to write as a second slice, in bytes.
const SHORT_LEN_MAX: usize = 1024;

/// Copies alone, into memory that is there already: of whole messages, or in pieces of [`BUFFER_LEN`].
pub struct Memcpy {
    job: Send,
    out: Vec<u8>,
}

impl Memcpy {
    #[must_use]
    pub fn new(job: &Send) -> Self {
        Self { job: job.clone(), out: vec![0; BUFFER_LEN] }
    }
}

impl Work for Memcpy {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for message in &self.job.sample.messages {
            for piece in message.chunks(BUFFER_LEN) {
                let out = &mut self.out[..piece.len()];
                out.copy_from_slice(piece);
                witness.sent(out);
            }
        }
        witness
    }
}

/// Reads in order. Long text is validated read by read, while it is hot.
struct Reader<'a, W> {
    kernel: Kernel<'a, W>,
    content: Content,
    storage: &'a mut [u8],
    /// What was read and not used is `start..end`.
    start: usize,
    end: usize,
    message: Vec<u8>,
    /// How much of `message` is valid text.
    valid_len: usize,
}

/// What a header says.
struct Header {
    is_control: bool,
    is_final: bool,
    payload_len: usize,
    key: u32,
    len: usize,
}

impl<'a, W: Witness> Reader<'a, W> {
    fn new(kernel: Kernel<'a, W>, content: Content, storage: &'a mut [u8]) -> Self {
        Self { kernel, content, storage, start: 0, end: 0, message: Vec::new(), valid_len: 0 }
    }

    #[inline]
    fn read_all(&mut self, mut receive: impl FnMut(&[u8], &mut Kernel<'a, W>)) {
        while self.fill() {
            while let Some(header) = parse(&self.storage[self.start..self.end]) {
                if header.len + header.payload_len <= self.end - self.start {
                    self.start += header.len;
                    let payload = &mut self.storage[self.start..self.start + header.payload_len];
                    self.start += header.payload_len;
                    unmask(header.key, payload);
                    if header.is_control {
                        continue;
                    }
                    if header.is_final && self.message.is_empty() {
                        check_whole(self.content, payload);
                        receive(payload, &mut self.kernel);
                        continue;
                    }
                    self.message.extend_from_slice(payload);
                    self.check_message();
                } else if header.is_control {
                    break;
                } else {
                    self.start += header.len;
                    self.read_long(&header);
                }
                if header.is_final {
                    assert!(self.content == Content::Binary || self.valid_len == self.message.len(), "text");
                    receive(&self.message, &mut self.kernel);
                    self.message.clear();
                    self.valid_len = 0;
                }
            }
        }
    }

    /// Reads more; `false` at the end.
    #[inline]
    fn fill(&mut self) -> bool {
        if self.start > 0 {
            self.storage.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let len = self.kernel.copy_to(&mut self.storage[self.end..]);
        self.end += len;
        len > 0
    }

    /// The payload of a frame that is longer than what is there.
    #[inline(never)]
    fn read_long(&mut self, header: &Header) {
        let message_len = self.message.len() + header.payload_len;
        let mut key = header.key;
        self.message.reserve(header.payload_len);
        loop {
            let now = (message_len - self.message.len()).min(self.end - self.start);
            let payload = &mut self.storage[self.start..self.start + now];
            key = unmask(key, payload);
            self.message.extend_from_slice(payload);
            self.start += now;
            self.check_message();
            if self.message.len() == message_len {
                return;
            }
            (self.start, self.end) = (0, self.kernel.copy_to(self.storage));
        }
    }

    /// Validates what is new, but for a code point that is not whole yet.
    #[inline]
    fn check_message(&mut self) {
        if self.content == Content::Binary {
            return;
        }
        let new = &self.message[self.valid_len..];
        let tail_len = new.iter().rev().take(3).position(|byte| byte >> 6 != 0b10).map_or(0, |at| {
            let first = new[new.len() - 1 - at];
            let len = usize::try_from(first.leading_ones()).expect("at most 8");
            if len > at + 1 { at + 1 } else { 0 }
        });
        let whole = &new[..new.len() - tail_len];
        check_whole(self.content, whole);
        self.valid_len += whole.len();
    }
}

#[inline]
fn check_whole(content: Content, payload: &[u8]) {
    if content != Content::Binary {
        assert!(simdutf8::basic::from_utf8(payload).is_ok(), "made of chars");
    }
}

#[inline]
fn parse(bytes: &[u8]) -> Option<Header> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (payload_len, rest) = match second & 0x7F {
        126 => rest.split_first_chunk().map(|(len, rest)| (usize::from(u16::from_be_bytes(*len)), rest))?,
        127 => rest
            .split_first_chunk()
            .map(|(len, rest)| (usize::try_from(u64::from_be_bytes(*len)).expect("made here"), rest))?,
        len => (usize::from(len), rest),
    };
    let (key, rest) = rest.split_first_chunk()?;
    let (key, len) = (u32::from_le_bytes(*key), bytes.len() - rest.len());
    Some(Header { is_control: first & 8 != 0, is_final: first & 0x80 != 0, payload_len, key, len })
}

/// Returns the key as it goes on.
#[inline]
fn unmask(key: u32, payload: &mut [u8]) -> u32 {
    let wide = u64::from(key) << 32 | u64::from(key);
    let turn = u32::try_from(payload.len() % 4).expect("less than 4") * 8;
    let mut words = payload.chunks_exact_mut(8);
    for word in &mut words {
        let bytes: &mut [u8; 8] = word.try_into().expect("8 bytes");
        *bytes = (u64::from_le_bytes(*bytes) ^ wide).to_le_bytes();
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(wide.to_le_bytes()) {
        *byte ^= key;
    }
    key.rotate_right(turn)
}
