use std::net::TcpStream;

use ws_core::handshake::Credentials;
use ws_core::uri::{Authority, UriError};

use super::{Client, addresses, socks, tunnel};
use crate::deadline::Deadline;
use crate::error::{Error, ProxyError};
use crate::open::handshake_stream::HandshakeStream;

/// A proxy that opens TCP streams to servers.
///
/// The proxy is sent the host as the URL names it, and looks up the name itself. TLS, for a `wss:` URL, is with the server and not
/// with the proxy. No proxy is read from the environment.
///
/// ```
/// # use std::net::TcpListener;
/// use ws_std::{Client, Proxy};
///
/// # let listener = TcpListener::bind("127.0.0.1:0")?;
/// # let address = listener.local_addr()?.to_string();
/// # let server = std::thread::spawn(move || -> std::io::Result<()> {
/// #     use std::io::{Read, Write};
/// #     let mut stream = listener.accept()?.0;
/// #     let mut head = Vec::new();
/// #     while !head.ends_with(b"\r\n\r\n") {
/// #         let mut byte = [0];
/// #         stream.read_exact(&mut byte)?;
/// #         head.extend(byte);
/// #     }
/// #     assert!(head.starts_with(b"CONNECT chat.example.com:80 HTTP/1.1\r\n"));
/// #     stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
/// #     ws_std::accept(stream).map(drop).map_err(Into::into)
/// # });
/// // address = "127.0.0.1:3128"
/// let proxy = Proxy::http(&address)?.with_credentials("user", "secret");
/// let socket = Client::new().with_proxy(proxy).connect("ws://chat.example.com/")?;
/// # drop(socket);
/// # server.join().map_err(|_| "panicked")??;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
#[derive(Clone, Debug)]
pub struct Proxy {
    protocol: Protocol,
    host: Box<str>,
    port: u16,
    credentials: Option<Credentials>,
}

#[derive(Clone, Copy, Debug)]
enum Protocol {
    Http,
    Socks5,
}

impl Proxy {
    /// Makes an HTTP proxy, which opens streams by CONNECT (RFC 9110 §9.3.6), of its host and port.
    ///
    /// # Errors
    ///
    /// [`UriError::Port`] where there is no port; any other [`UriError`] where the authority is not one of a URI.
    pub fn http(authority: &str) -> Result<Self, UriError> {
        Self::new(Protocol::Http, authority)
    }

    /// Makes a SOCKS5 proxy (RFC 1928) of its host and port.
    ///
    /// # Errors
    ///
    /// [`UriError::Port`] where there is no port; any other [`UriError`] where the authority is not one of a URI.
    pub fn socks5(authority: &str) -> Result<Self, UriError> {
        Self::new(Protocol::Socks5, authority)
    }

    fn new(protocol: Protocol, authority: &str) -> Result<Self, UriError> {
        let authority = Authority::parse(authority)?;
        let port = authority.port().ok_or(UriError::Port)?;
        Ok(Self { protocol, host: authority.host_name().into(), port, credentials: None })
    }

    /// Sets a user and a password for the proxy: `Proxy-Authorization: Basic ...` (RFC 7617), or those of SOCKS5 (RFC 1929). They
    /// are sent to the proxy only, and are not encrypted on the way to it.
    #[must_use]
    pub fn with_credentials(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some(Credentials::new(user, password));
        self
    }

    /// Opens a stream through the proxy to this host and port. No byte that the server sends is read from it. The limits of its reads
    /// and writes are set anew by the handshakes that follow.
    pub(super) fn open(
        &self,
        target: Authority<'_>,
        head_len_max: usize,
        deadline: Deadline,
    ) -> Result<TcpStream, Error> {
        let stream = addresses::dial(&self.host, self.port, &deadline)?;
        let mut stream = HandshakeStream::to_proxy(stream, deadline);
        let credentials = self.credentials.as_ref();
        let opened = match self.protocol {
            Protocol::Http => tunnel::open(&mut stream, target, credentials, head_len_max),
            Protocol::Socks5 => socks::open(&mut stream, target, credentials),
        };
        match opened {
            Ok(()) => Ok(stream.stream),
            Err(Error::Disconnected(_)) => Err(ProxyError::Ended.into()),
            Err(error) => Err(error),
        }
    }
}

#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
impl Client {
    /// Connects through this proxy. The time to reach it, and for its answer, is part of
    /// [`Timeouts::connect`](crate::Timeouts::connect). With [`with_address`](Self::with_address), the proxy is asked to connect to
    /// the first such address.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }
}
