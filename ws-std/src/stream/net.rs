use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;

#[cfg(feature = "rustls")]
use rustls::Connection;

use crate::stream::Stream;
use crate::stream::duplex::{Duplex, impl_by_duplex};
#[cfg(feature = "rustls")]
use crate::stream::tls::TlsStream;

/// The stream that [`Client::connect`](crate::Client::connect) opens: TCP for `ws:`, and TLS for `wss:`; either of them within TLS, where
/// there is a proxy that is reached over TLS.
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
#[doc(alias = "MaybeTlsStream")]
#[derive(Debug)]
pub struct NetStream(Layer);

/// What is said with the server: its bytes in the clear, or TLS.
#[derive(Debug)]
enum Layer {
    Plain(Carrier),
    #[cfg(feature = "rustls")]
    Tls(TlsStream<Carrier>),
}

/// What carries the bytes to the server, or to a proxy and from there to the server.
#[derive(Debug)]
pub(crate) enum Carrier {
    Tcp(TcpStream),
    /// TLS with a proxy.
    #[cfg(all(feature = "proxy", feature = "rustls"))]
    Tls(TlsStream),
}

impl NetStream {
    /// The TCP stream at the bottom, to query its addresses and to change its settings.
    #[must_use]
    pub const fn tcp(&self) -> &TcpStream {
        match &self.0 {
            Layer::Plain(carrier) => carrier.tcp(),
            #[cfg(feature = "rustls")]
            Layer::Tls(stream) => stream.get_ref().tcp(),
        }
    }

    fn duplex(&self) -> &dyn Duplex {
        match &self.0 {
            Layer::Plain(carrier) => carrier.duplex(),
            #[cfg(feature = "rustls")]
            Layer::Tls(stream) => stream,
        }
    }
}

impl Carrier {
    const fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(stream) => stream,
            #[cfg(all(feature = "proxy", feature = "rustls"))]
            Self::Tls(stream) => stream.get_ref(),
        }
    }

    fn duplex(&self) -> &dyn Duplex {
        match self {
            Self::Tcp(stream) => stream,
            #[cfg(all(feature = "proxy", feature = "rustls"))]
            Self::Tls(stream) => stream,
        }
    }
}

#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl NetStream {
    /// Lends the connection of rustls with the server to `ask`, for what was negotiated: the server's certificates, the version of TLS,
    /// the protocol that ALPN chose. Returns `None` for `ws:`. TLS with a proxy is never lent.
    ///
    /// ```no_run
    /// let socket = ws_std::connect("wss://example.com/")?;
    /// let version = socket.get_ref().with_tls_connection(|tls| tls.protocol_version());
    /// println!("{version:?}");
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    pub fn with_tls_connection<T>(&self, ask: impl FnOnce(&Connection) -> T) -> Option<T> {
        match &self.0 {
            Layer::Plain(_) => None,
            Layer::Tls(stream) => Some(stream.with_connection(ask)),
        }
    }
}

#[cfg(feature = "rustls")]
impl From<TlsStream<Carrier>> for NetStream {
    fn from(stream: TlsStream<Carrier>) -> Self {
        Self(Layer::Tls(stream))
    }
}

#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl From<TlsStream> for NetStream {
    fn from(stream: TlsStream) -> Self {
        Self(Layer::Tls(stream.map(Carrier::Tcp)))
    }
}

impl From<Carrier> for NetStream {
    fn from(carrier: Carrier) -> Self {
        Self(Layer::Plain(carrier))
    }
}

impl From<TcpStream> for NetStream {
    fn from(stream: TcpStream) -> Self {
        Carrier::Tcp(stream).into()
    }
}

impl_by_duplex!(NetStream);
impl_by_duplex!(Carrier);
