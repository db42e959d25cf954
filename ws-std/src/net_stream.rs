use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;

use crate::{Duplex, Stream};

/// What [`Client::connect`](crate::Client::connect) opens: a TCP stream, as it is for `ws:`.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use ws_std::NetStream;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let stream = NetStream::from(TcpStream::connect(listener.local_addr()?)?);
/// assert_eq!(stream.tcp().peer_addr()?, listener.local_addr()?);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct NetStream(Layer);

/// What lies over TCP.
#[derive(Debug)]
enum Layer {
    Plain(TcpStream),
}

impl NetStream {
    /// The TCP stream at the bottom, to ask for its addresses and to change its settings.
    #[must_use]
    pub const fn tcp(&self) -> &TcpStream {
        match &self.0 {
            Layer::Plain(stream) => stream,
        }
    }
}

impl From<TcpStream> for NetStream {
    fn from(stream: TcpStream) -> Self {
        Self(Layer::Plain(stream))
    }
}

impl Read for NetStream {
    #[inline]
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Layer::Plain(stream) => stream.read(bytes),
        }
    }
}

impl Write for NetStream {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Layer::Plain(stream) => stream.write(bytes),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match &mut self.0 {
            Layer::Plain(stream) => stream.write_vectored(slices),
        }
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Layer::Plain(stream) => stream.flush(),
        }
    }
}

impl Stream for NetStream {
    fn shutdown_write(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Layer::Plain(stream) => stream.shutdown_write(),
        }
    }

    fn limit_read(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        match &mut self.0 {
            Layer::Plain(stream) => stream.limit_read(timeout),
        }
    }

    fn limit_write(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        match &mut self.0 {
            Layer::Plain(stream) => stream.limit_write(timeout),
        }
    }

    fn disable_delay(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Layer::Plain(stream) => stream.disable_delay(),
        }
    }

    fn is_vectored(&self) -> bool {
        match &self.0 {
            Layer::Plain(stream) => stream.is_vectored(),
        }
    }
}

impl Duplex for NetStream {
    fn share(&self) -> io::Result<Self> {
        match &self.0 {
            Layer::Plain(stream) => stream.share().map(Self::from),
        }
    }

    fn read_limit(&self) -> io::Result<Option<Duration>> {
        match &self.0 {
            Layer::Plain(stream) => stream.read_limit(),
        }
    }

    fn abort(&self) -> io::Result<()> {
        match &self.0 {
            Layer::Plain(stream) => stream.abort(),
        }
    }
}
