// Read first: RFC 6455 §4.2.2.

use core::fmt;

use super::header::Header;
use super::key::answer_to;
use super::output::{Output, check_headers};
use super::{HandshakeMisuse, Request, WriteError};
use crate::extension::{
    Agreed, DeflateConfig, DeflateError, DeflateOffer, ExtensionList, check_extensions, is_deflate, is_token,
    judge,
};

/// The 101 with which a server accepts a request: what it chooses of what the client offers (RFC 6455 §4.2.2).
///
/// What was not offered, and what must not be in a response, is refused when it is
/// [written](super::ServerHandshake::accept).
///
/// ```
/// use ws_core::handshake::{Header, OriginPolicy, OutgoingResponse, ServerHandshake};
/// use ws_core::input::ReadBuffer;
///
/// let head = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Protocol: chat, superchat\r\n\r\n";
/// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
/// let mut handshake = ServerHandshake::new([0; 4096]);
/// handshake.receive(&mut buffer.input());
///
/// let headers = [Header::new("Set-Cookie", "session=1")];
/// let response = OutgoingResponse::new().with_subprotocol("chat").with_headers(&headers);
/// let mut out = [0; 512];
/// let len = handshake.accept(OriginPolicy::SameHost, &response, &mut out)?;
/// assert!(out[..len].ends_with(b"\r\nSec-WebSocket-Protocol: chat\r\nSet-Cookie: session=1\r\n\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct OutgoingResponse<'a> {
    subprotocol: Option<&'a str>,
    extensions: Option<&'a str>,
    deflate: Option<DeflateConfig>,
    headers: &'a [Header<'a>],
}

impl<'a> OutgoingResponse<'a> {
    /// A response that chooses no subprotocol and no extensions, and has no further headers.
    ///
    /// ```
    /// use ws_core::handshake::OutgoingResponse;
    ///
    /// const PLAIN: OutgoingResponse<'static> = OutgoingResponse::new();
    /// assert!(PLAIN.subprotocol().is_none() && PLAIN.headers().is_empty());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self { subprotocol: None, extensions: None, deflate: None, headers: &[] }
    }

    /// Chooses one of the subprotocols that the client has offered.
    ///
    /// ```
    /// # use ws_core::handshake::OutgoingResponse;
    /// assert_eq!(OutgoingResponse::new().with_subprotocol("mqtt").subprotocol(), Some("mqtt"));
    /// ```
    #[must_use]
    pub const fn with_subprotocol(mut self, subprotocol: &'a str) -> Self {
        self.subprotocol = Some(subprotocol);
        self
    }

    /// Takes up extensions that the client has offered and that you speak yourself: the value of
    /// `Sec-WebSocket-Extensions`, with the parameters that each of them answers with.
    ///
    /// For `permessage-deflate` use [`with_deflate`](Self::with_deflate). An answer in this text is judged, too, and then
    /// it is what was agreed on.
    ///
    /// ```
    /// # use ws_core::handshake::OutgoingResponse;
    /// let response = OutgoingResponse::new().with_extensions("x-trace; level=1");
    /// assert_eq!(response.extensions(), Some("x-trace; level=1"));
    /// ```
    #[must_use]
    pub const fn with_extensions(mut self, extensions: &'a str) -> Self {
        self.extensions = Some(extensions);
        self
    }

    /// Takes up `permessage-deflate` where the client has made an offer that can be accepted, after the
    /// [extensions](Self::with_extensions) that are given as text: [`DeflateConfig`] says what that means.
    ///
    /// The answer is made of the client's offers; [`ServerHandshake::deflate`](super::ServerHandshake::deflate) gives what
    /// was agreed on.
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    /// use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let head = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    ///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    ///     Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
    /// let mut handshake = ServerHandshake::new([0; 4096]);
    /// handshake.receive(&mut buffer.input());
    ///
    /// let response = OutgoingResponse::new().with_deflate(DeflateConfig::new());
    /// assert_eq!(response.deflate(), Some(DeflateConfig::new()));
    /// handshake.accept(OriginPolicy::SameHost, &response, &mut [0; 512])?;
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
    /// # use ws_core::handshake::{Header, OutgoingResponse};
    /// let headers = [Header::new("Server", "example/1.0")];
    /// assert_eq!(OutgoingResponse::new().with_headers(&headers).headers(), headers);
    /// ```
    #[must_use]
    pub const fn with_headers(mut self, headers: &'a [Header<'a>]) -> Self {
        self.headers = headers;
        self
    }

    /// The subprotocol chosen.
    #[must_use]
    pub const fn subprotocol(&self) -> Option<&'a str> {
        self.subprotocol
    }

    /// The extensions that are taken up as text.
    #[must_use]
    pub const fn extensions(&self) -> Option<&'a str> {
        self.extensions
    }

    /// What is taken up of `permessage-deflate`, unless it is in the text.
    #[must_use]
    pub const fn deflate(&self) -> Option<DeflateConfig> {
        self.deflate
    }

    /// The headers added, in their order.
    #[must_use]
    pub const fn headers(&self) -> &'a [Header<'a>] {
        self.headers
    }

    /// Holds it to the request. Returns the subprotocol chosen, as it is in the request.
    pub(super) fn check<'r>(&self, request: &Request<'r>) -> Result<Option<&'r str>, HandshakeMisuse> {
        let mut subprotocol = None;
        if let Some(chosen) = self.subprotocol {
            if !is_token(chosen.as_bytes()) {
                return Err(HandshakeMisuse::Subprotocol);
            }
            // RFC 6455 §4.2.2: the value is one of those that the client has sent, or there is no such header.
            subprotocol = request.subprotocols().find(|offered| *offered == chosen);
            if subprotocol.is_none() {
                return Err(HandshakeMisuse::SubprotocolNotOffered);
            }
        }
        if let Some(chosen) = self.extensions {
            let _count = check_extensions([chosen]).map_err(HandshakeMisuse::Extensions)?;
            // RFC 6455 §4.2.2: extensions not listed by the client must not be listed.
            let is_offered = |name: &str| request.extensions().any(|offered| offered.name() == name);
            if !ExtensionList::new(chosen.as_bytes()).flatten().all(|chosen| is_offered(chosen.name())) {
                return Err(HandshakeMisuse::ExtensionNotOffered);
            }
        }
        check_headers(self.headers)?;
        Ok(subprotocol)
    }

    /// What is agreed on. An answer that the caller has written is held to the client's offers, too.
    pub(super) fn negotiate_deflate(&self, request: &Request<'_>) -> Result<Option<Agreed>, HandshakeMisuse> {
        if self.extensions.is_none() && self.deflate.is_none() {
            // Told apart so that a server that takes up nothing need not hold what reads the offers.
            return Ok(None);
        }
        let listed = || ExtensionList::new(self.extensions.unwrap_or_default().as_bytes()).flatten();
        if let Some(config) = self.deflate {
            if listed().any(|extension| is_deflate(extension.name())) {
                return Err(HandshakeMisuse::Deflate(DeflateError::Repeated));
            }
            return Ok(config.answer(request.extensions()));
        }
        let offers = request.extensions().filter_map(|extension| DeflateOffer::of(&extension)?.ok());
        let accepted = judge(listed(), offers).map_err(HandshakeMisuse::Deflate)?;
        Ok(accepted.map(|(params, _)| Agreed::server(params)))
    }

    /// In the case in which the RFC writes it: there are clients that compare it.
    pub(super) fn write(
        &self,
        key: &[u8; 24],
        agreed: Option<Agreed>,
        out: &mut [u8],
    ) -> Result<usize, WriteError> {
        let mut output = Output::new(out);
        output.text(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
        );
        output.bytes(&answer_to(key)).text("\r\n");
        if let Some(subprotocol) = self.subprotocol {
            output.header("Sec-WebSocket-Protocol", subprotocol.as_bytes());
        }
        // Where the caller has written the answer, it is among the extensions.
        let deflate = self.deflate.and(agreed).map(|agreed| agreed.answer());
        output.extensions(self.extensions, deflate);
        output.headers(self.headers).text("\r\n").finish()
    }
}

/// Shows the names of the headers and what is chosen by its length: each value may be a secret.
impl fmt::Debug for OutgoingResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingResponse")
            .field("subprotocol_len", &self.subprotocol.map(str::len))
            .field("extensions_len", &self.extensions.map(str::len))
            .field("deflate", &self.deflate)
            .field("headers", &self.headers)
            .finish()
    }
}
