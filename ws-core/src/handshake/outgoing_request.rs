// Read first: RFC 6455 §4.1.

use core::fmt;

use super::header::{Extensions, Header};
use super::output::{Output, check_headers};
use super::{HandshakeMisuse, WriteError};
use crate::extension::{
    Agreed, DeflateConfig, DeflateError, DeflateOffer, Extension, ExtensionList, check_extensions,
    is_deflate, is_token, judge,
};
use crate::uri::Uri;

/// The request that a client writes: what it asks a server for (RFC 6455 §4.1).
///
/// It holds no more than what you give it. What must not be in a request is refused when it is
/// [written](super::ClientHandshake::write_request).
///
/// ```
/// use ws_core::handshake::{ClientHandshake, Header, OutgoingRequest};
/// use ws_core::uri::Uri;
///
/// let headers = [Header::new("Authorization", "Bearer 1234")];
/// let request = OutgoingRequest::new(Uri::parse("wss://example.com/chat")?)
///     .with_subprotocols(&["chat.v2", "chat.v1"])
///     .with_headers(&headers);
///
/// let mut out = [0; 512];
/// let len = ClientHandshake::new([0; 4096], *b"the sample nonce").write_request(&request, &mut out)?;
/// let text = core::str::from_utf8(&out[..len])?;
/// assert!(text.starts_with("GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
/// assert!(text.contains("\r\nSec-WebSocket-Protocol: chat.v2, chat.v1\r\n"));
/// assert!(text.ends_with("\r\nAuthorization: Bearer 1234\r\n\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct OutgoingRequest<'a> {
    uri: Uri<'a>,
    origin: Option<&'a str>,
    subprotocols: &'a [&'a str],
    extensions: Option<&'a str>,
    deflate: Option<DeflateConfig>,
    headers: &'a [Header<'a>],
}

impl<'a> OutgoingRequest<'a> {
    /// A request for this URI that offers nothing.
    ///
    /// ```
    /// use ws_core::handshake::OutgoingRequest;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/chat")?);
    /// assert_eq!(request.uri().resource_name().path(), "/chat");
    /// assert!(request.subprotocols().is_empty() && request.deflate().is_none());
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn new(uri: Uri<'a>) -> Self {
        Self { uri, origin: None, subprotocols: &[], extensions: None, deflate: None, headers: &[] }
    }

    /// Sets the Origin, which names the page that the connection is for, as browsers do.
    ///
    /// ```
    /// # use ws_core::handshake::OutgoingRequest;
    /// # use ws_core::uri::Uri;
    /// let request = OutgoingRequest::new(Uri::parse("wss://api.example.com/")?).with_origin("https://example.com");
    /// assert_eq!(request.origin(), Some("https://example.com"));
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn with_origin(mut self, origin: &'a str) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Offers these subprotocols, the one that you like best first. The server chooses one of them, or none.
    ///
    /// ```
    /// # use ws_core::handshake::OutgoingRequest;
    /// # use ws_core::uri::Uri;
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_subprotocols(&["mqtt", "v12.stomp"]);
    /// assert_eq!(request.subprotocols(), ["mqtt", "v12.stomp"]);
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn with_subprotocols(mut self, subprotocols: &'a [&'a str]) -> Self {
        self.subprotocols = subprotocols;
        self
    }

    /// Offers extensions that you speak yourself: the value of `Sec-WebSocket-Extensions`.
    ///
    /// For `permessage-deflate` use [`with_deflate`](Self::with_deflate). An offer of it in this text counts, too: its answer
    /// is judged in the same way.
    ///
    /// ```
    /// # use ws_core::handshake::OutgoingRequest;
    /// # use ws_core::uri::Uri;
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_extensions("x-trace; level=2");
    /// assert_eq!(request.extensions(), Some("x-trace; level=2"));
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn with_extensions(mut self, extensions: &'a str) -> Self {
        self.extensions = Some(extensions);
        self
    }

    /// Offers `permessage-deflate`, after the [extensions](Self::with_extensions) that are given as text:
    /// [`DeflateConfig`] says what that means.
    ///
    /// The handshake judges the answer; [`ClientHandshake::deflate`](super::ClientHandshake::deflate) gives what was
    /// agreed on.
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    /// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_deflate(DeflateConfig::new());
    /// assert_eq!(request.deflate(), Some(DeflateConfig::new()));
    /// let mut handshake = ClientHandshake::new([0; 4096], *b"the sample nonce");
    /// let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
    ///     Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(answer.to_vec(), answer.len()).ok_or("too long")?;
    /// assert_eq!(handshake.receive(&request, &mut buffer.input()), ClientProgress::Accepted);
    /// let agreed = handshake.deflate().ok_or("declined")?;
    /// assert_eq!(agreed.outgoing().max_window_bits().bits(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_deflate(mut self, config: DeflateConfig) -> Self {
        self.deflate = Some(config);
        self
    }

    /// Adds headers, none of them one that the handshake writes itself: Host, Origin, Upgrade, Connection, Content-Length,
    /// Transfer-Encoding, and those that begin with `Sec-WebSocket-`.
    ///
    /// ```
    /// # use ws_core::handshake::{Header, OutgoingRequest};
    /// # use ws_core::uri::Uri;
    /// let headers = [Header::new("User-Agent", "sensor/1.0"), Header::new("Cookie", "session=1")];
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_headers(&headers);
    /// assert_eq!(request.headers().len(), 2);
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn with_headers(mut self, headers: &'a [Header<'a>]) -> Self {
        self.headers = headers;
        self
    }

    /// The URI that is asked for.
    #[must_use]
    pub const fn uri(&self) -> Uri<'a> {
        self.uri
    }

    /// The Origin, where one is set.
    #[must_use]
    pub const fn origin(&self) -> Option<&'a str> {
        self.origin
    }

    /// The subprotocols offered, in their order.
    #[must_use]
    pub const fn subprotocols(&self) -> &'a [&'a str] {
        self.subprotocols
    }

    /// The extensions that are offered as text.
    #[must_use]
    pub const fn extensions(&self) -> Option<&'a str> {
        self.extensions
    }

    /// What is offered of `permessage-deflate`, unless it is in the text.
    #[must_use]
    pub const fn deflate(&self) -> Option<DeflateConfig> {
        self.deflate
    }

    /// The headers added, in their order.
    #[must_use]
    pub const fn headers(&self) -> &'a [Header<'a>] {
        self.headers
    }

    pub(super) fn offers_subprotocol(&self, chosen: &[u8]) -> bool {
        self.subprotocols.iter().any(|offered| offered.as_bytes() == chosen)
    }

    pub(super) fn offers_extension(&self, name: &str) -> bool {
        self.listed_extensions().any(|offered| offered.name() == name)
            || self.deflate.is_some() && is_deflate(name)
    }

    /// Judges an answer by all offers of `permessage-deflate`, those that are given as text included.
    pub(super) fn judge_deflate(&self, answer: Extensions<'_>) -> Result<Option<Agreed>, DeflateError> {
        let listed = self.listed_extensions().filter_map(|extension| DeflateOffer::of(&extension)?.ok());
        let configured = self.deflate.into_iter().flat_map(DeflateConfig::offers);
        let accepted = judge(answer, listed.chain(configured))?;
        Ok(accepted.map(|(params, offer)| {
            let agreed = Agreed::client(params).within_hints(offer);
            self.deflate.map_or(agreed, |config| config.bind(agreed))
        }))
    }

    /// Those that are given as text.
    fn listed_extensions(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        ExtensionList::new(self.extensions.unwrap_or_default().as_bytes()).flatten()
    }

    pub(super) fn check(&self) -> Result<(), HandshakeMisuse> {
        if self
            .origin
            .is_some_and(|origin| origin.is_empty() || !origin.bytes().all(|b| b.is_ascii_graphic()))
        {
            return Err(HandshakeMisuse::Origin);
        }
        let mut rest = self.subprotocols;
        while let Some((subprotocol, others)) = rest.split_first() {
            if !is_token(subprotocol.as_bytes()) {
                return Err(HandshakeMisuse::Subprotocol);
            }
            // RFC 6455 §4.1: the elements must all be unique.
            if others.contains(subprotocol) {
                return Err(HandshakeMisuse::RepeatedSubprotocol);
            }
            rest = others;
        }
        if let Some(extensions) = self.extensions {
            let _count = check_extensions([extensions]).map_err(HandshakeMisuse::Extensions)?;
            for offer in self.listed_extensions().filter_map(|extension| DeflateOffer::of(&extension)) {
                let _offer = offer.map_err(HandshakeMisuse::Deflate)?;
            }
        }
        check_headers(self.headers)
    }

    /// In the order of RFC 6455 §1.3 and the case in which it writes it: there are servers that compare it.
    pub(super) fn write(&self, key: &[u8], out: &mut [u8]) -> Result<usize, WriteError> {
        let mut output = Output::new(out);
        let resource_name = self.uri.resource_name();
        output.text("GET ").text(resource_name.path());
        if let Some(query) = resource_name.query() {
            output.text("?").text(query);
        }
        let host = self.uri.host_header();
        output.text(" HTTP/1.1\r\nHost: ").text(host.host());
        if let Some(port) = host.port() {
            output.text(":").number(usize::from(port));
        }
        output.text("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
        output.bytes(key).text("\r\n");
        if let Some(origin) = self.origin {
            output.header("Origin", origin.as_bytes());
        }
        if let Some((first, others)) = self.subprotocols.split_first() {
            output.text("Sec-WebSocket-Protocol: ").text(first);
            for other in others {
                output.text(", ").text(other);
            }
            output.text("\r\n");
        }
        output.text("Sec-WebSocket-Version: 13\r\n");
        output.extensions(self.extensions, self.deflate.map(DeflateConfig::offer));
        output.headers(self.headers).text("\r\n").finish()
    }
}

/// Shows the names of the headers and what is offered by its count or length: each value may be a secret.
impl fmt::Debug for OutgoingRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingRequest")
            .field("uri", &self.uri)
            .field("origin_len", &self.origin.map(str::len))
            .field("subprotocol_count", &self.subprotocols.len())
            .field("extensions_len", &self.extensions.map(str::len))
            .field("deflate", &self.deflate)
            .field("headers", &self.headers)
            .finish()
    }
}
