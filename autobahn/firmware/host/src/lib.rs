//! What a host brings to `ws_firmware::asynchronous`: a TCP stream, a clock, and entropy.

use std::fs::File;
use std::future::Future;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use async_io::{Async, Timer as Alarm};
use embedded_io_async::{ErrorType, Read, Write};
use ws_core::connection::MaskKeys;
use ws_firmware::asynchronous::{Buffers, OUT_LEN, Stream, Timer};

/// A TCP stream. What is read or written by a future that is dropped is nothing at all.
#[derive(Debug)]
pub struct Socket(Async<TcpStream>);

impl Socket {
    /// Takes a stream that is connected.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn new(stream: Async<TcpStream>) -> io::Result<Self> {
        stream.get_ref().set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// Connects to a server.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub async fn connect(addr: SocketAddr) -> io::Result<Self> {
        Self::new(Async::<TcpStream>::connect(addr).await?)
    }
}

impl ErrorType for Socket {
    type Error = io::Error;
}

impl Read for Socket {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read_with(|mut stream| stream.read(buf)).await
    }
}

impl Write for Socket {
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write_with(|mut stream| stream.write(buf)).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Socket {
    async fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.get_ref().shutdown(Shutdown::Write)
    }
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Begins now.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a clock that begins now is no default")]
    pub fn new() -> Self {
        Self(Instant::now())
    }
}

impl Timer for Clock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait_until(&self, time: Duration) -> impl Future<Output = ()> {
        let alarm = self.0.checked_add(time).map_or_else(Alarm::never, Alarm::at);
        async {
            alarm.await;
        }
    }
}

/// The memory of a connection.
#[derive(Debug)]
pub struct Memory {
    input: [u8; 2048],
    head: [u8; 1024],
    out: [u8; OUT_LEN],
}

impl Memory {
    /// All of it is zero.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a static needs a const function")]
    pub const fn new() -> Self {
        Self { input: [0; 2048], head: [0; 1024], out: [0; OUT_LEN] }
    }

    /// Lends it.
    pub fn buffers(&mut self) -> Buffers<'_> {
        Buffers { input: &mut self.input, head: &mut self.head, out: &mut self.out }
    }
}

/// Masking keys that the operating system seeds.
///
/// # Errors
///
/// Where it has no entropy.
pub fn mask_keys() -> io::Result<MaskKeys> {
    let mut seed = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(MaskKeys::from_seed(seed))
}
