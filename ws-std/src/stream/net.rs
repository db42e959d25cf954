use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use crate::stream::Stream;
use crate::stream::duplex::Duplex;
#[cfg(feature = "rustls")]
use crate::stream::tls::TlsStream;

/// The stream that [`Client::connect`](crate::Client::connect) opens: a TCP stream for `ws:`, and TLS over one for `wss:`.
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

/// TCP alone, or TLS over it.
#[derive(Debug)]
enum Layer {
    Plain(TcpStream),
    #[cfg(feature = "rustls")]
    Tls(TlsStream),
}

/// Makes the same call on the stream of either layer.
macro_rules! with {
    ($layer:expr, $stream:ident => $call:expr) => {
        match $layer {
            Layer::Plain($stream) => $call,
            #[cfg(feature = "rustls")]
            Layer::Tls($stream) => $call,
        }
    };
}

impl NetStream {
    /// The TCP stream at the bottom, to query its addresses and to change its settings.
    #[must_use]
    pub const fn tcp(&self) -> &TcpStream {
        match &self.0 {
            Layer::Plain(stream) => stream,
            #[cfg(feature = "rustls")]
            Layer::Tls(stream) => stream.get_ref(),
        }
    }
}

#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl NetStream {
    /// The TLS stream, or `None` for `ws:`.
    #[must_use]
    pub const fn tls(&self) -> Option<&TlsStream> {
        match &self.0 {
            Layer::Plain(_) => None,
            Layer::Tls(stream) => Some(stream),
        }
    }
}

#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl From<TlsStream> for NetStream {
    fn from(stream: TlsStream) -> Self {
        Self(Layer::Tls(stream))
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
        with!(&mut self.0, stream => stream.read(bytes))
    }
}

impl Write for NetStream {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        with!(&mut self.0, stream => stream.write(bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        with!(&mut self.0, stream => stream.write_vectored(slices))
    }

    #[inline]
    fn flush(&mut self) -> io::Result<()> {
        with!(&mut self.0, stream => stream.flush())
    }
}

impl Stream for NetStream {
    fn shutdown_write(&mut self) -> io::Result<()> {
        with!(&mut self.0, stream => stream.shutdown_write())
    }

    fn limit_read(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        with!(&mut self.0, stream => stream.limit_read(timeout))
    }

    fn limit_write(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        with!(&mut self.0, stream => stream.limit_write(timeout))
    }

    fn disable_delay(&mut self) -> io::Result<()> {
        with!(&mut self.0, stream => stream.disable_delay())
    }

    fn is_vectored(&self) -> bool {
        with!(&self.0, stream => stream.is_vectored())
    }

    #[inline]
    fn now(&self) -> Instant {
        with!(&self.0, stream => stream.now())
    }
}

impl Duplex for NetStream {
    fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize> {
        with!(&self.0, stream => stream.read_shared(bytes))
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        with!(&self.0, stream => stream.write_shared(slices))
    }

    fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        with!(&self.0, stream => stream.write_now(slices))
    }

    fn flush_shared(&self) -> io::Result<()> {
        with!(&self.0, stream => stream.flush_shared())
    }

    fn shutdown_write_shared(&self) -> io::Result<()> {
        with!(&self.0, stream => stream.shutdown_write_shared())
    }

    fn disable_delay_shared(&self) -> io::Result<()> {
        with!(&self.0, stream => stream.disable_delay_shared())
    }

    fn limit_read_shared(&self, timeout: Option<Duration>) -> io::Result<()> {
        with!(&self.0, stream => stream.limit_read_shared(timeout))
    }

    fn limit_write_shared(&self, timeout: Option<Duration>) -> io::Result<()> {
        with!(&self.0, stream => stream.limit_write_shared(timeout))
    }

    fn read_limit(&self) -> io::Result<Option<Duration>> {
        with!(&self.0, stream => stream.read_limit())
    }

    fn set_blocking(&self) -> io::Result<()> {
        with!(&self.0, stream => stream.set_blocking())
    }

    fn abort(&self) -> io::Result<()> {
        with!(&self.0, stream => stream.abort())
    }
}
