//! Streams of frames that a fuzzer shapes: most are what a peer may send, and any of them may be spoilt.

use arbitrary::{Result, Unstructured};

use crate::support::reference::Role;

/// Frames on their way to a receiver.
pub(crate) struct Wire {
    receiver: Role,
    /// How long a payload is made at most, in bytes, beyond what the fuzzer's bytes say.
    len_max: usize,
    pub(crate) bytes: Vec<u8>,
}

/// Compresses a payload, or not.
pub(crate) type Compress<'c> = &'c mut dyn FnMut(&[u8]) -> Option<Vec<u8>>;

impl Wire {
    pub(crate) fn new(receiver: Role, len_max: usize) -> Self {
        Self { receiver, len_max, bytes: Vec::new() }
    }

    /// Fills the wire with as many messages and control frames as `u` has bytes for.
    pub(crate) fn fill(&mut self, u: &mut Unstructured<'_>, compress: Compress<'_>) -> Result<()> {
        while !u.is_empty() {
            match u.int_in_range(0..=15)? {
                0..=4 => self.message(u, 0x1, compress)?,
                5..=9 => self.message(u, 0x2, compress)?,
                10 => {
                    // A reserved bit.
                    let first = 0x40 >> u.int_in_range(0..=2)?;
                    self.frame(u, first, b"")?;
                }
                11 => self.bytes.extend_from_slice(u.arbitrary::<&[u8]>()?),
                _ => self.control(u)?,
            }
        }
        Ok(())
    }

    fn message(&mut self, u: &mut Unstructured<'_>, opcode: u8, compress: Compress<'_>) -> Result<()> {
        let mut payload = self.payload(u, opcode)?;
        let mut first = opcode;
        if let Some(compressed) = compress(&payload) {
            (first, payload) = (0x40 | opcode, compressed);
        }
        if !payload.is_empty() && u.ratio(1, 16)? {
            let place = u.choose_index(payload.len())?;
            payload[place] ^= u.arbitrary::<u8>()?;
        }
        let mut rest = payload.as_slice();
        loop {
            let is_last = u.ratio(2, 3)?;
            let len = if is_last { rest.len() } else { u.int_in_range(0..=rest.len())? };
            let (now, later) = rest.split_at(len);
            self.frame(u, if is_last { 0x80 | first } else { first }, now)?;
            if is_last {
                return Ok(());
            }
            (first, rest) = (0, later);
            if u.ratio(1, 4)? {
                self.control(u)?;
            }
        }
    }

    /// What a message says: the fuzzer's own bytes, or so many of them that the form of the length changes.
    fn payload(&self, u: &mut Unstructured<'_>, opcode: u8) -> Result<Vec<u8>> {
        let unit = match opcode {
            0x1 => u.arbitrary::<&str>()?.as_bytes(),
            _ => u.arbitrary::<&[u8]>()?,
        };
        if unit.is_empty() || !u.ratio(1, 8)? {
            return Ok(unit.to_vec());
        }
        let len = *u.choose(&[125, 126, 127, 500, 65_535, 65_536])?;
        let len = len.min(self.len_max);
        let mut payload = unit.repeat(len / unit.len());
        payload.resize(payload.len().max(len), b'.');
        Ok(payload)
    }

    fn control(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let opcode = 0x88 + u.int_in_range(0..=2)?;
        let mut payload = Vec::new();
        if opcode == 0x88 && u.ratio(7, 8)? {
            let code = if u.ratio(7, 8)? { 1000 + u.int_in_range(0..=15)? } else { u.arbitrary::<u16>()? };
            payload.extend_from_slice(&code.to_be_bytes());
            payload.extend_from_slice(u.arbitrary::<&str>()?.as_bytes());
        } else {
            payload.extend_from_slice(u.arbitrary::<&[u8]>()?);
        }
        payload.truncate(125);
        self.frame(u, opcode, &payload)
    }

    /// A frame, masked where it has to be. One header in 16 is not what it should be.
    fn frame(&mut self, u: &mut Unstructured<'_>, first: u8, payload: &[u8]) -> Result<()> {
        let start = self.bytes.len();
        let mask_bit = if self.receiver == Role::Server { 0x80 } else { 0 };
        self.bytes.push(first);
        match (u8::try_from(payload.len()), u16::try_from(payload.len()), u64::try_from(payload.len())) {
            (Ok(len @ ..=125), ..) => self.bytes.push(mask_bit | len),
            (_, Ok(len), _) => {
                self.bytes.push(mask_bit | 0x7E);
                self.bytes.extend_from_slice(&len.to_be_bytes());
            }
            (_, _, len) => {
                self.bytes.push(mask_bit | 0x7F);
                self.bytes.extend_from_slice(&len.unwrap_or(u64::MAX).to_be_bytes());
            }
        }
        if self.receiver == Role::Server {
            let key = u.arbitrary::<[u8; 4]>()?;
            self.bytes.extend_from_slice(&key);
            self.bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        } else {
            self.bytes.extend_from_slice(payload);
        }
        if u.ratio(1, 16)? {
            let place = u.choose_index((self.bytes.len() - start).min(14))?;
            self.bytes[start + place] ^= u.arbitrary::<u8>()?;
        }
        Ok(())
    }
}
