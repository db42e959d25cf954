//! Streams in memory, and frames by hand.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use ws_std::{AnyStream, Config, Role, WebSocket};

/// A stream that reads from a script and writes into memory, a few bytes at a time.
#[derive(Clone, Default)]
pub(crate) struct Script {
    pub(crate) incoming: Arc<Mutex<Vec<u8>>>,
    pub(crate) outgoing: Arc<Mutex<Vec<u8>>>,
    /// How many bytes a read and a write move at most; 0 for no limit.
    pub(crate) step: usize,
    /// Every other read, write and flush would block.
    pub(crate) blocks: bool,
    /// What is read behind the script, instead of the end.
    pub(crate) then: Option<io::ErrorKind>,
    pub(crate) calls: Arc<Mutex<usize>>,
    pub(crate) is_blocked: bool,
}

impl Script {
    pub(crate) fn new(incoming: &[u8]) -> Self {
        Self { incoming: Arc::new(Mutex::new(incoming.to_vec())), ..Self::default() }
    }

    pub(crate) fn socket(&self, role: Role) -> WebSocket<AnyStream<Self>> {
        WebSocket::after_handshake(AnyStream(self.clone()), role, Config::new(), b"").unwrap()
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        self.outgoing.lock().unwrap().clone()
    }

    /// What was written since this was asked last.
    pub(crate) fn take_written(&self) -> Vec<u8> {
        std::mem::take(&mut *self.outgoing.lock().unwrap())
    }

    fn turn(&mut self) -> io::Result<()> {
        *self.calls.lock().unwrap() += 1;
        self.is_blocked = self.blocks && !self.is_blocked;
        if self.is_blocked { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    }

    fn step(&self, len: usize) -> usize {
        if self.step == 0 { len } else { len.min(self.step) }
    }
}

impl Read for Script {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.turn()?;
        let mut incoming = self.incoming.lock().unwrap();
        let len = self.step(bytes.len()).min(incoming.len());
        if len == 0 {
            return self.then.map_or(Ok(0), |kind| Err(kind.into()));
        }
        for (byte, from) in bytes.iter_mut().zip(incoming.drain(..len)) {
            *byte = from;
        }
        Ok(len)
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.turn()?;
        let len = self.step(bytes.len());
        self.outgoing.lock().unwrap().extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.turn()
    }
}

/// A frame with this first byte, masked with a key of zeros where it is a client's.
pub(crate) fn frame(role: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let mask_bit = if role == Role::Client { 0x80 } else { 0 };
    let mut frame = vec![first];
    match payload.len() {
        len @ 0..=125 => frame.push(u8::try_from(len).unwrap() | mask_bit),
        len @ 126..=0xFFFF => {
            frame.push(126 | mask_bit);
            frame.extend(u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            frame.push(127 | mask_bit);
            frame.extend(u64::try_from(len).unwrap().to_be_bytes());
        }
    }
    if role == Role::Client {
        frame.extend([0; 4]);
    }
    frame.extend(payload);
    frame
}

/// The frames in `bytes`, unmasked: first byte and payload. Panics where the last one is not whole.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let (len, start) = match bytes[1] & 0x7F {
            126 => (usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
            127 => (usize::try_from(u64::from_be_bytes(bytes[2..10].try_into().unwrap())).unwrap(), 10),
            len => (usize::from(len), 2),
        };
        let (key, start) = match bytes[1] & 0x80 {
            0 => ([0; 4], start),
            _ => (bytes[start..start + 4].try_into().unwrap(), start + 4),
        };
        let payload = bytes[start..start + len].iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key);
        frames.push((bytes[0], payload.collect()));
        bytes = &bytes[start + len..];
    }
    frames
}
