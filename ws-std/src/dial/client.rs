// Read first: RFC 6455 §4.1.

use core::net::SocketAddr;

use ws_core::uri::Uri;

#[cfg(feature = "proxy")]
use super::Proxy;
#[cfg(feature = "rustls")]
use super::secure;
use crate::error::Error;
use crate::open::client::options::HandshakeOptions;
use crate::open::client::{Connecting, Response};
use crate::socket::WebSocket;
use crate::stream::{NetStream, Stream};

/// Connects to a `ws:` URL, or with the feature `rustls` to a `wss:` URL, with the defaults of [`Client`].
///
/// ```no_run
/// # fn main() -> Result<(), ws_std::Error> {
/// use ws_std::{CloseCode, Message};
///
/// let mut socket = ws_std::connect("ws://127.0.0.1:9001/")?;
/// socket.send("Hello")?;
/// if let Some((Message::Text(text), _)) = socket.read()? {
///     println!("{text}");
/// }
/// socket.close(CloseCode::NORMAL)
/// # }
/// ```
///
/// # Errors
///
/// Those of [`Client::connect`].
#[doc(alias("create_connection", "connect_with_config"))]
pub fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    Client::new().connect(url)
}

/// Client configuration; build it once, and use it for any number of connections.
///
/// ```no_run
/// use ws_std::Client;
///
/// let client = Client::new()
///     .with_subprotocol("chat.v2")
///     .with_subprotocol("chat.v1")
///     .with_header("Authorization", "Bearer 1234");
/// let socket = client.connect("ws://127.0.0.1:9001/chat")?;
/// assert_ne!(socket.subprotocol(), Some("chat.v3"));
/// # Ok::<(), ws_std::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Client {
    pub(super) options: HandshakeOptions,
    pub(super) addresses: Vec<SocketAddr>,
    #[cfg(feature = "proxy")]
    pub(super) proxy: Option<Proxy>,
    #[cfg(feature = "proxy")]
    pub(super) redirect_count_max: usize,
    #[cfg(feature = "rustls")]
    pub(super) tls: secure::Tls,
}

impl Client {
    /// The defaults: no subprotocol, no headers but a [`User-Agent`](Self::with_user_agent), no compression, no proxy, no redirects, the limits of
    /// [`Config::new`](crate::Config::new), the times of [`Timeouts::new`](crate::Timeouts::new).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Connects to a `ws:` URL over TCP, or with the feature `rustls` to a `wss:` URL over TLS.
    ///
    /// The addresses of its host are tried in the order of the operating system, IPv6 and IPv4 by turns, each 250 ms after
    /// the one before it or as soon as that one fails; the first that answers is taken (RFC 8305). Each attempt is a
    /// thread of its own, at most 8 at a time, where there is more than one address. All of it takes
    /// [`Timeouts::connect`](crate::Timeouts::connect) at most. The handshake of TLS and the opening handshake share
    /// [`Timeouts::handshake`](crate::Timeouts::handshake).
    ///
    /// # Errors
    ///
    /// [`Error::TlsUnsupported`] for a `wss:` URL without the feature, and with it `Error::Tls` where the server is not proven
    /// to be the one that the URL names; [`Error::Io`] where no address answers, with what happened to each in
    /// its text; [`Error::Timeout`]; `Error::Proxy` from a proxy; those of [`handshake`](Self::handshake).
    pub fn connect(&self, url: &str) -> Result<WebSocket<NetStream>, Error> {
        self.connect_with_response(url).map(|(socket, _response)| socket)
    }

    /// Connects to a `ws:` or `wss:` URL, and returns the WebSocket with the response that opened it: for the cookies that it sets, or
    /// its other headers. See [`connect`](Self::connect).
    ///
    /// ```
    /// # use std::net::TcpListener;
    /// use ws_std::Client;
    ///
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # let server = std::thread::spawn(move || -> Result<(), ws_std::Error> {
    /// #     let incoming = ws_std::Server::new().receive(listener.accept()?.0)?;
    /// #     incoming.with_header("Set-Cookie", "session=31d4; HttpOnly").accept()?;
    /// #     Ok(())
    /// # });
    /// let (socket, response) = Client::new().connect_with_response(&url)?;
    /// assert_eq!(response.header("set-cookie"), Some(&b"session=31d4; HttpOnly"[..]));
    /// # drop(socket);
    /// # server.join().map_err(|_| "panicked")??;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    pub fn connect_with_response(&self, url: &str) -> Result<(WebSocket<NetStream>, Response), Error> {
        #[cfg(feature = "proxy")]
        return self.follow(url);
        #[cfg(not(feature = "proxy"))]
        self.connect_to(url)
    }

    /// Connects to this URL, and follows no redirect.
    pub(super) fn connect_to(&self, url: &str) -> Result<(WebSocket<NetStream>, Response), Error> {
        self.handshake_with_response(self.open_stream(&Uri::parse(url)?)?, url)
    }

    /// Opens a WebSocket over a stream that is connected already, such as one through a proxy, over TLS, or to a Unix socket. The URL
    /// gives the host and the path of the request.
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use std::os::unix::net::UnixStream;
    /// use ws_std::{Client, Server};
    ///
    /// let (ours, theirs) = UnixStream::pair()?; // or UnixStream::connect("/run/chat.sock")
    /// let server = std::thread::spawn(move || Server::new().accept(theirs).and_then(|mut socket| socket.send("Hello")));
    /// let mut socket = Client::new().handshake(ours, "ws://localhost/")?;
    /// assert_eq!(socket.read()?.map(|(message, _)| message), Some(ws_std::Message::Text("Hello")));
    /// # server.join().map_err(|_| "panicked")??;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where the server answers with a status other than 101, [`Error::Handshake`] where its answer breaks the rules;
    /// [`Error::Uri`] and [`Error::HandshakeMisuse`] where the request cannot be written;
    /// [`Error::Entropy`], [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    #[doc(alias("client", "client_with_config", "client_tls"))]
    pub fn handshake<S: Stream>(&self, stream: S, url: &str) -> Result<WebSocket<S>, Error> {
        self.handshake_with_response(stream, url).map(|(socket, _response)| socket)
    }

    /// Opens a WebSocket over a stream that is connected already, and returns it with the response that opened it; see
    /// [`handshake`](Self::handshake).
    ///
    /// # Errors
    ///
    /// Those of [`handshake`](Self::handshake).
    pub fn handshake_with_response<S: Stream>(
        &self,
        stream: S,
        url: &str,
    ) -> Result<(WebSocket<S>, Response), Error> {
        self.start_handshake(stream, url)?.advance_with_response()
    }

    /// Begins an opening handshake over a non-blocking stream: [`Connecting::advance`] writes and reads. The time for the
    /// handshake begins.
    ///
    /// # Errors
    ///
    /// [`Error::Uri`] and [`Error::HandshakeMisuse`] where the request cannot be written;
    /// [`Error::Entropy`], [`Error::Io`].
    pub fn start_handshake<S: Stream>(&self, stream: S, url: &str) -> Result<Connecting<S>, Error> {
        let deadline = self.options.settings.handshake_deadline(stream.clock());
        Connecting::new(self.options.clone(), stream, url, deadline)
    }
}
