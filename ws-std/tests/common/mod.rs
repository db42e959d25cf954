//! Streams in memory, and frames by hand.
#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::panic,
    clippy::panic_in_result_fn,
    reason = "what the tests may, their helpers may"
)]

#[cfg(feature = "deflate")]
pub(crate) mod deflate;
#[cfg(feature = "split")]
pub(crate) mod faults;
mod frames;
pub(crate) mod programs;
pub(crate) mod proxy;
pub(crate) mod said;
pub(crate) mod sim;
#[cfg(feature = "split")]
pub(crate) mod split;
pub(crate) mod tcp;
#[cfg(feature = "rustls-ring")]
pub(crate) mod tls;
#[cfg(feature = "split")]
pub(crate) mod valve;

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ws_std::{AnyStream, Config, Role, Stream, WebSocket};

pub(crate) use frames::{frame, frames, peer};

/// Waits until it is so, and fails after this time.
pub(crate) fn wait_for(within: Duration, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < within, "{within:?}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A stream that reads from a script and writes into memory, as it is told to.
#[derive(Clone, Default)]
pub(crate) struct Script {
    pub(crate) incoming: Arc<Mutex<VecDeque<u8>>>,
    pub(crate) outgoing: Arc<Mutex<Vec<u8>>>,
    /// How many bytes a read and a write move at most; 0 for no limit.
    pub(crate) step: usize,
    /// What every other read, write and flush says, beginning with the first.
    pub(crate) between: Option<io::ErrorKind>,
    /// What is read behind the script, instead of the end.
    pub(crate) then: Option<io::ErrorKind>,
    /// What a write says once this many bytes were written.
    pub(crate) write_end: Option<(usize, Result<(), io::ErrorKind>)>,
    /// How many writes moved something.
    pub(crate) write_count: Arc<Mutex<usize>>,
    pub(crate) turn_count: usize,
}

impl Script {
    pub(crate) fn new(incoming: &[u8]) -> Self {
        Self { incoming: Arc::new(Mutex::new(incoming.iter().copied().collect())), ..Self::default() }
    }

    pub(crate) fn socket(&self, role: Role) -> WebSocket<AnyStream<Self>> {
        WebSocket::after_handshake(AnyStream(self.clone()), role, Config::new(), b"").unwrap()
    }

    /// More to read.
    pub(crate) fn push(&self, bytes: &[u8]) {
        self.incoming.lock().unwrap().extend(bytes);
    }

    pub(crate) fn written(&self) -> Vec<u8> {
        self.outgoing.lock().unwrap().clone()
    }

    /// What was written since this was asked last.
    pub(crate) fn take_written(&self) -> Vec<u8> {
        std::mem::take(&mut *self.outgoing.lock().unwrap())
    }

    /// Gives back the memory of the script.
    pub(crate) fn forget(&self) {
        *self.incoming.lock().unwrap() = VecDeque::new();
    }

    fn turn(&mut self) -> io::Result<()> {
        self.turn_count += 1;
        match self.between {
            Some(kind) if self.turn_count % 2 == 1 => Err(kind.into()),
            _ => Ok(()),
        }
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
        let mut outgoing = self.outgoing.lock().unwrap();
        let mut len = self.step(bytes.len());
        if let Some((end, result)) = self.write_end {
            len = len.min(end - outgoing.len());
            if len == 0 {
                return result.map(|()| 0).map_err(Into::into);
            }
        }
        outgoing.extend_from_slice(&bytes[..len]);
        *self.write_count.lock().unwrap() += 1;
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.turn()
    }
}

/// Sends back what comes, and tries again whatever would block.
pub(crate) fn echo_again_and_again<S: Stream>(socket: &mut WebSocket<S>) {
    loop {
        match socket.read() {
            Ok(Some((message, mut writer))) => {
                while let Err(error) = writer.send(message) {
                    assert!(error.is_transient(), "{error}");
                }
            }
            Ok(None) => return,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    }
}
