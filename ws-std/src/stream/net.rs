use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;

use crate::stream::Stream;
use crate::stream::duplex::{Duplex, impl_by_duplex};
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

    fn duplex(&self) -> &dyn Duplex {
        match &self.0 {
            Layer::Plain(stream) => stream,
            #[cfg(feature = "rustls")]
            Layer::Tls(stream) => stream,
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

impl_by_duplex!(NetStream);
