// Read first: RFC 6455 §4.1.

mod dial;
mod refusal;

pub use refusal::Refusal;

use ws_core::connection::{Config, Receiver, Role, Sender};
use ws_core::handshake::{ClientHandshake, ClientProgress, ClientRequest, Header};
use ws_core::uri::Uri;

#[cfg(feature = "deflate")]
use crate::Deflate;
use crate::greeting::{Greeting, required, write_head};
use crate::timeouts::Deadline;
use crate::{Error, MaskKeys, NetStream, RoleSender, Stream, Timeouts, WebSocket};

/// Connects to a `ws:` URL, with the defaults of [`Client`].
///
/// ```no_run
/// # fn main() -> Result<(), ws_std::Error> {
/// use ws_std::{CloseCode, Message};
///
/// let mut socket = ws_std::connect("ws://127.0.0.1:9001/")?;
/// socket.send_text("Hello")?;
/// if let Some((Message::Text(text), _)) = socket.read()? {
///     println!("{text}");
/// }
/// socket.close(CloseCode::NORMAL, "")
/// # }
/// ```
///
/// # Errors
///
/// As [`Client::connect`].
pub fn connect(url: &str) -> Result<WebSocket<NetStream>, Error> {
    Client::new().connect(url)
}

/// What a client asks for, and how it behaves: made once, used for any number of connections.
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
    headers: Vec<(Box<str>, Box<[u8]>)>,
    subprotocols: Vec<Box<str>>,
    origin: Option<Box<str>>,
    config: Config,
    timeouts: Timeouts,
    #[cfg(feature = "deflate")]
    deflate: Option<Deflate>,
}

impl Client {
    /// The defaults: no subprotocol, no further headers, no compression, the limits of [`Config::new`], the times of
    /// [`Timeouts::new`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another header in the request. What the handshake writes itself is refused when it does so.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().into()));
        self
    }

    /// The same with another subprotocol on offer, liked less than those before it (RFC 6455 §1.9).
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: &str) -> Self {
        self.subprotocols.push(subprotocol.into());
        self
    }

    /// The same with an Origin, which only browsers have to send: `https://example.com` (RFC 6455 §10.2).
    #[must_use]
    pub fn with_origin(mut self, origin: &str) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// The same with these limits and choices.
    #[must_use]
    pub const fn with_config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The same with these timeouts.
    #[must_use]
    pub const fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The same, offering the server to compress messages. Read what [`Deflate`] says on that first.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn with_deflate(mut self, deflate: Deflate) -> Self {
        self.deflate = Some(deflate);
        self
    }

    /// Connects to a `ws:` URL over TCP.
    ///
    /// The addresses of its host are tried in the order of the operating system, IPv6 and IPv4 by turns, each 250 ms after
    /// the one before it or as soon as that one fails; the first that answers is taken (RFC 8305). Each attempt is a
    /// thread of its own, at most 8 at a time, where there is more than one address. All of it takes
    /// [`Timeouts::connect`] at most.
    ///
    /// # Errors
    ///
    /// [`Error::TlsUnsupported`] for a `wss:` URL; [`Error::Io`] where no address answers, with what happened to each in
    /// its text; [`Error::Timeout`]; those of [`handshake`](Self::handshake).
    pub fn connect(&self, url: &str) -> Result<WebSocket<NetStream>, Error> {
        let uri = Uri::parse(url)?;
        if uri.scheme().is_secure() {
            return Err(Error::TlsUnsupported);
        }
        let deadline = Deadline::after(self.timeouts.connect());
        let stream = dial::dial(uri.authority().host_name(), uri.port(), deadline)?;
        self.greet(stream.into(), uri)
    }

    /// Opens a WebSocket over a stream that is connected already: through a proxy, over TLS, to a Unix socket. The URL
    /// says what to ask for.
    ///
    /// # Errors
    ///
    /// [`Error::Uri`], [`Error::Entropy`]; [`Error::Refused`] where the server answers with anything but 101,
    /// [`Error::Handshake`] where it does so wrongly, [`Error::HandshakeMisuse`] where the request cannot be written,
    /// [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    pub fn handshake<S: Stream>(&self, stream: S, url: &str) -> Result<WebSocket<S>, Error> {
        self.greet(stream, Uri::parse(url)?)
    }

    fn greet<S: Stream>(&self, mut stream: S, uri: Uri<'_>) -> Result<WebSocket<S>, Error> {
        let mut keys = MaskKeys::from_system()?;
        stream.disable_delay()?;
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| Header { name, value: value.as_ref() }).collect();
        let subprotocols: Vec<_> = self.subprotocols.iter().map(AsRef::as_ref).collect();
        let mut request = ClientRequest::new(uri).subprotocols(&subprotocols).headers(&headers);
        if let Some(origin) = &self.origin {
            request = request.origin(origin);
        }
        #[cfg(feature = "deflate")]
        if let Some(deflate) = &self.deflate {
            request = request.deflate(deflate.config());
        }
        let mut handshake = ClientHandshake::new(vec![0; HEAD_LEN_MAX], keys.nonce());
        let head = write_head(|out| handshake.write_request(&request, out), required)?;
        let mut greeting = Greeting::new(stream, self.timeouts);
        greeting.write(&head)?;
        loop {
            match handshake.receive(&request, &mut greeting.buffer.input()) {
                ClientProgress::NeedInput if greeting.fill()? => {}
                ClientProgress::NeedInput => return Err(Error::Disconnected(None)),
                ClientProgress::Accepted => break,
                ClientProgress::Refused => return Err(Refusal::read(handshake, greeting).into()),
                ClientProgress::Failed(fault) => return Err(Error::Handshake(fault)),
            }
        }
        let subprotocol = handshake.response().and_then(|response| response.subprotocol()).map(Into::into);
        let config = handshake.deflate().map_or(self.config, |agreed| self.config.with_deflate(agreed));
        let sender = RoleSender::Client(Sender::with_config(keys, config));
        let receiver = Receiver::new(Role::Client, config);
        let Greeting { stream, buffer, .. } = greeting;
        let socket = WebSocket::open(stream, self.timeouts, sender, receiver, buffer, subprotocol)?;
        #[cfg(feature = "deflate")]
        let socket = socket.with_deflate(self.deflate.as_ref(), &config);
        Ok(socket)
    }
}

/// The longest head of a response, in bytes.
const HEAD_LEN_MAX: usize = 16 * 1024;
