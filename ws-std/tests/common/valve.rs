//! A TCP stream whose writes the test lets through, as many bytes as it says.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ws_std::{Duplex, Stream};

/// All bytes.
pub(crate) const OPEN: usize = usize::MAX / 2;

/// What a test tells its stream.
#[derive(Default)]
pub(crate) struct Control {
    /// How many more bytes are taken.
    budget: AtomicUsize,
    pub(crate) non_blocking: AtomicBool,
    pub(crate) aborted: AtomicBool,
    /// A write that does not wait panics.
    pub(crate) panics: AtomicBool,
    /// How many writes that do not wait there were.
    pub(crate) now_count: AtomicUsize,
    /// The name of a thread whose `write_now` is held, and whether it is in it.
    pub(crate) gate: Mutex<(Option<String>, bool)>,
    pub(crate) gate_changed: Condvar,
    limit: Mutex<Option<Duration>>,
}

impl Control {
    /// Lets `budget` bytes through from now on.
    pub(crate) fn set(&self, budget: usize) {
        self.budget.store(budget, SeqCst);
    }

    /// Lets `len` more bytes through.
    pub(crate) fn add(&self, len: usize) {
        self.budget.fetch_add(len, SeqCst);
    }

    fn take(&self, tcp: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.aborted.load(SeqCst) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let Some(slice) = slices.iter().find(|slice| !slice.is_empty()) else { return Ok(0) };
        let budget = self.budget.load(SeqCst);
        if budget == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        let len = slice.len().min(budget);
        (&mut &*tcp).write_all(&slice[..len])?;
        if budget < OPEN {
            self.budget.fetch_sub(len, SeqCst);
        }
        Ok(len)
    }
}

pub(crate) struct Valve(pub(crate) TcpStream, pub(crate) Arc<Control>);

impl Valve {
    pub(crate) fn new(tcp: TcpStream) -> (Self, Arc<Control>) {
        let control = Arc::new(Control::default());
        control.set(OPEN);
        (Self(tcp, Arc::clone(&control)), control)
    }
}

impl Read for Valve {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.read_shared(bytes)
    }
}
impl Write for Valve {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_shared(&[IoSlice::new(bytes)])
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
impl Stream for Valve {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shutdown_write_shared()
    }
    fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.set_read_timeout(timeout)
    }
    fn limit_write(&self, timeout: Option<Duration>) -> io::Result<()> {
        *self.1.limit.lock().unwrap() = timeout;
        Ok(())
    }
}
impl Duplex for Valve {
    fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize> {
        (&mut &self.0).read(bytes)
    }
    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let limit = *self.1.limit.lock().unwrap();
        let begun = Instant::now();
        loop {
            match self.1.take(&self.0, slices) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if self.1.non_blocking.load(SeqCst) || limit.is_some_and(|limit| begun.elapsed() >= limit)
                    {
                        return Err(error);
                    }
                    thread::sleep(Duration::from_millis(1));
                }
                result => return result,
            }
        }
    }
    fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.1.now_count.fetch_add(1, SeqCst);
        assert!(!self.1.panics.load(SeqCst), "the stream panics");
        let mut gate = self.1.gate.lock().unwrap();
        if gate.0.is_some() && gate.0.as_deref() == thread::current().name() {
            gate.1 = true;
            self.1.gate_changed.notify_all();
            while gate.0.is_some() {
                gate = self.1.gate_changed.wait(gate).unwrap();
            }
        }
        drop(gate);
        self.1.take(&self.0, slices)
    }
    fn flush_shared(&self) -> io::Result<()> {
        Ok(())
    }
    fn shutdown_write_shared(&self) -> io::Result<()> {
        self.0.shutdown(std::net::Shutdown::Write)
    }
    fn set_blocking(&self) -> io::Result<()> {
        self.1.non_blocking.store(false, SeqCst);
        Ok(())
    }
    fn abort(&self) -> io::Result<()> {
        self.1.aborted.store(true, SeqCst);
        self.0.shutdown(std::net::Shutdown::Both)
    }
}
