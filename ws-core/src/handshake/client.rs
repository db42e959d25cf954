// Read first: RFC 6455 §4.1.

use core::fmt;

use super::field::{Extensions, Header};
use super::head::{Head, header_slots};
use super::key::{answer_to, encode_nonce};
use super::output::{Output, check_headers};
use super::response::{Response, ResponseFields, Says, read};
use super::{HEADER_COUNT_MAX, HandshakeFault, HandshakeMisuse, WriteError};
use crate::extension::{
    Agreed, DeflateConfig, DeflateError, DeflateOffer, Extension, ExtensionList, check_extensions,
    is_deflate, is_token, judge,
};
use crate::input::Input;
use crate::uri::Uri;

/// A client's side of the opening handshake (RFC 6455 §4.1).
///
/// Write the request, send it, and feed it input until there is an outcome. Only a 101 that answers the request's key
/// and chooses nothing that was not offered opens the connection. What the server has sent behind its head stays in
/// the input: frames after a 101, the body after anything else.
///
/// ```
/// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
/// use ws_core::input::ReadBuffer;
/// use ws_core::uri::Uri;
///
/// let request = OutgoingRequest::new(Uri::parse("ws://example.com/chat")?).with_subprotocols(&["chat"]);
/// // The nonce has to come fresh from a strong source of randomness for every handshake.
/// let mut handshake = ClientHandshake::new([0; 4096], *b"the sample nonce");
/// let mut out = [0; 512];
/// let len = handshake.write_request(&request, &mut out)?;
/// assert!(out[..len].starts_with(b"GET /chat HTTP/1.1\r\nHost: example.com\r\n"));
///
/// let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n\x81\x02Hi";
/// let mut buffer = ReadBuffer::with_filled(answer.to_vec(), answer.len()).ok_or("too long")?;
/// assert_eq!(handshake.receive(&request, &mut buffer.input()), ClientProgress::Accepted);
/// assert_eq!(handshake.response().and_then(|response| response.subprotocol()), Some("chat"));
/// assert_eq!(buffer.unread(), b"\x81\x02Hi");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ClientHandshake<S, const HEADERS: usize = HEADER_COUNT_MAX> {
    head: Head<S>,
    key: [u8; 24],
    response: Option<ResponseFields>,
    progress: ClientProgress,
}

/// How far a client's handshake has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "closed: each of them asks the caller for something else")]
pub enum ClientProgress {
    /// The head is not complete. All input was taken.
    NeedInput,
    /// The connection is open, and the input goes on with frames.
    Accepted,
    /// The server answers with another status, for the caller to handle: 401 asks for credentials, 3xx names another
    /// URI, 426 another version. The input goes on with the body.
    ///
    /// Before a redirect is followed: credentials of one origin are not for another, and what was asked for over TLS
    /// is not to be asked for without.
    Refused,
    /// The handshake has failed, and always will have: close the connection.
    Failed(HandshakeFault),
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> ClientHandshake<S> {
    /// Waits for a response of at most [`HEADER_COUNT_MAX`] headers whose head fits into `storage`.
    ///
    /// The 16 bytes of `nonce` have to be random, and fresh for each handshake (RFC 6455 §4.1).
    #[must_use]
    pub fn new(storage: S, nonce: [u8; 16]) -> Self {
        Self::with_headers(storage, nonce)
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>, const HEADERS: usize> ClientHandshake<S, HEADERS> {
    /// The same for at most `HEADERS` headers, each of which takes 32 bytes of stack while the complete head is
    /// read (16 on 32-bit targets).
    #[must_use]
    pub fn with_headers(storage: S, nonce: [u8; 16]) -> Self {
        Self {
            head: Head::new(storage),
            key: encode_nonce(nonce),
            response: None,
            progress: ClientProgress::NeedInput,
        }
    }

    /// Writes the request, and gives its length in bytes.
    ///
    /// # Errors
    ///
    /// [`WriteError::BufferTooSmall`], after which the call can be repeated, or [`WriteError::Misuse`] for what must
    /// not be in a request. Either way, what is in `out` is not to be sent.
    pub fn write_request(&self, request: &OutgoingRequest<'_>, out: &mut [u8]) -> Result<usize, WriteError> {
        request.check()?;
        request.write(&self.key, out)
    }

    /// Takes the bytes of the head and leaves what is behind it; interim responses, such as 100 or 103, are passed
    /// over. Once there is an outcome, takes nothing and says the same again. `request` has to be the one that was
    /// written.
    pub fn receive(&mut self, request: &OutgoingRequest<'_>, input: &mut Input<'_>) -> ClientProgress {
        while self.progress == ClientProgress::NeedInput {
            let read = |head: &[u8]| read_head::<HEADERS>(head, request, &self.key);
            let Some((response, says)) = self.head.receive(input, read) else { break };
            self.conclude(response, says);
        }
        self.progress
    }

    fn conclude(&mut self, response: Option<ResponseFields>, says: Result<Says, HandshakeFault>) {
        self.response = response;
        self.progress = match says {
            Ok(Says::Open) => ClientProgress::Accepted,
            Ok(Says::Other) => ClientProgress::Refused,
            Ok(Says::Wait) => {
                self.head.restart();
                ClientProgress::NeedInput
            }
            Err(fault) => ClientProgress::Failed(fault),
        };
    }

    /// The response, once there is one. After a fault too, where the fault is not in the form of the head: for logs.
    #[must_use]
    pub fn response(&self) -> Option<Response<'_>> {
        self.response.map(|fields| Response::new(self.head.bytes(), fields))
    }

    /// What was agreed on for `permessage-deflate`, once the connection is open; none where the server has declined it,
    /// or was not offered it.
    ///
    /// An answer that is not what was offered has failed the handshake, so that nothing is sent any more. A client that
    /// cannot do without compression closes a connection that has none with
    /// [1010](crate::frame::CloseCode::MANDATORY_EXTENSION) (RFC 6455 §7.4.1, RFC 7692 §5.1).
    #[must_use]
    pub fn deflate(&self) -> Option<Agreed> {
        self.response().and_then(|response| response.deflate())
    }

    /// Gives the storage back, for the next handshake.
    #[must_use]
    pub fn into_storage(self) -> S {
        self.head.into_storage()
    }
}

/// Apart, so that only this call has the header slots on its stack.
#[inline(never)]
fn read_head<const HEADERS: usize>(
    head: &[u8],
    request: &OutgoingRequest<'_>,
    key: &[u8; 24],
) -> (Option<ResponseFields>, Result<Says, HandshakeFault>) {
    read(head, &mut header_slots::<HEADERS>(), request, &answer_to(key))
}

impl<S, const HEADERS: usize> fmt::Debug for ClientHandshake<S, HEADERS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientHandshake").field("progress", &self.progress).finish_non_exhaustive()
    }
}

/// What a client asks a server for (RFC 6455 §4.1).
///
/// ```
/// use ws_core::handshake::{OutgoingRequest, Header};
/// use ws_core::uri::Uri;
///
/// let headers = [Header::new("Authorization", "Bearer 1234")];
/// let request = OutgoingRequest::new(Uri::parse("wss://example.com/chat")?)
///     .with_subprotocols(&["chat.v2", "chat.v1"])
///     .with_headers(&headers);
/// # let _ = request;
/// # Ok::<(), ws_core::uri::UriError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OutgoingRequest<'a> {
    uri: Uri<'a>,
    origin: Option<&'a str>,
    subprotocols: &'a [&'a str],
    extensions: Option<&'a str>,
    deflate: Option<DeflateConfig>,
    headers: &'a [Header<'a>],
}

impl<'a> OutgoingRequest<'a> {
    /// Asks for this URI and offers nothing.
    #[must_use]
    pub const fn new(uri: Uri<'a>) -> Self {
        Self { uri, origin: None, subprotocols: &[], extensions: None, deflate: None, headers: &[] }
    }

    /// Names the page that the connection is for, as browsers do: `https://example.com`.
    #[must_use]
    pub const fn with_origin(mut self, origin: &'a str) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Offers subprotocols, the one that is liked best first. The server chooses one of them, or none.
    #[must_use]
    pub const fn with_subprotocols(mut self, subprotocols: &'a [&'a str]) -> Self {
        self.subprotocols = subprotocols;
        self
    }

    /// Offers extensions: the value of `Sec-WebSocket-Extensions`. Whoever offers one has to be able to speak it.
    #[must_use]
    pub const fn with_extensions(mut self, extensions: &'a str) -> Self {
        self.extensions = Some(extensions);
        self
    }

    /// Offers `permessage-deflate`, behind whatever else is offered: see [`DeflateConfig`] for what that means.
    ///
    /// The answer is judged in the handshake; [`ClientHandshake::deflate`] says what was agreed on.
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    /// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_deflate(DeflateConfig::new());
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

    /// Adds headers, none of them one that the handshake writes itself.
    #[must_use]
    pub const fn with_headers(mut self, headers: &'a [Header<'a>]) -> Self {
        self.headers = headers;
        self
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

    fn check(&self) -> Result<(), HandshakeMisuse> {
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
    fn write(&self, key: &[u8], out: &mut [u8]) -> Result<usize, WriteError> {
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
