//! The settings of a server's responses.

// Read first: RFC 6455 §4.2.2.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::super::{AcceptError, Header, OutgoingResponse, ServerHandshake};
use super::{OwnedOriginPolicy, head_to_vec};
use crate::extension::DeflateConfig;
use crate::uri::Scheme;

/// The settings of the responses by which a server opens WebSockets: which pages may connect, the subprotocols and the compression that
/// it speaks, and headers. They own their parts. Build them once, and clone them for a request whose response differs.
///
/// ```
/// use ws_core::handshake::{ResponseConfig, ServerHandshake, ServerProgress};
/// use ws_core::input::ReadBuffer;
///
/// let config = ResponseConfig::new().with_subprotocol("v2").with_subprotocol("v1").with_header("Server", "sensor");
/// let request = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: v1, v3\r\n\r\n".to_vec();
/// let len = request.len();
/// let mut buffer = ReadBuffer::with_filled(request, len).ok_or("too short")?;
/// let mut handshake = ServerHandshake::new(vec![0; 1024]);
/// assert_eq!(handshake.receive(&mut buffer.input()), ServerProgress::Request);
/// let head = String::from_utf8(config.accept(&mut handshake)?)?;
/// assert!(head.starts_with("HTTP/1.1 101 "));
/// assert!(head.contains("\r\nSec-WebSocket-Protocol: v1\r\n") && head.contains("\r\nServer: sensor\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct ResponseConfig {
    origins: OwnedOriginPolicy,
    subprotocols: Subprotocols,
    headers: Vec<(Box<str>, Box<[u8]>)>,
    deflate: Option<DeflateConfig>,
}

/// How the subprotocol is chosen.
#[derive(Clone)]
enum Subprotocols {
    /// Of these the one that the client prefers.
    Spoken(Vec<Box<str>>),
    /// The program has chosen this, or none.
    Chosen(Option<Box<str>>),
}

impl ResponseConfig {
    /// Creates the settings of a server that lets pages of the same host connect, and speaks no subprotocol and no extension.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows pages of this origin, such as `https://example.com`, besides those that were allowed by this method before. Pages of the
    /// same host are then allowed only where their origin is named too.
    #[must_use]
    pub fn with_allowed_origin(mut self, origin: &str) -> Self {
        self.origins.allow(origin);
        self
    }

    /// Allows pages of the same host only where they are of this scheme too: `http` for [`Scheme::Ws`], `https` for [`Scheme::Wss`].
    #[must_use]
    pub fn with_same_origin(self, scheme: Scheme) -> Self {
        Self { origins: OwnedOriginPolicy::SameOrigin(scheme), ..self }
    }

    /// Allows any page: for services that do not authenticate users by cookies or by their network.
    #[must_use]
    pub fn with_any_origin(self) -> Self {
        Self { origins: OwnedOriginPolicy::AnyOrigin, ..self }
    }

    /// Adds a subprotocol that the server speaks. Of these, the one is chosen that the client prefers.
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: &str) -> Self {
        if let Subprotocols::Chosen(_) = self.subprotocols {
            self.subprotocols = Subprotocols::default();
        }
        if let Subprotocols::Spoken(spoken) = &mut self.subprotocols {
            spoken.push(subprotocol.into());
        }
        self
    }

    /// Chooses this subprotocol, or none, whatever the server speaks. One that the client has not offered is a misuse that
    /// [`accept`](Self::accept) reports.
    #[must_use]
    pub fn with_chosen_subprotocol(self, subprotocol: Option<&str>) -> Self {
        Self { subprotocols: Subprotocols::Chosen(subprotocol.map(Into::into)), ..self }
    }

    /// Adds a header. A name that the handshake writes itself, or an invalid name or value, is a misuse that
    /// [`accept`](Self::accept) reports.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().into()));
        self
    }

    /// Accepts permessage-deflate where the client offers it, or not at all.
    #[must_use]
    pub fn with_deflate(self, deflate: Option<DeflateConfig>) -> Self {
        Self { deflate, ..self }
    }

    /// Accepts the request of a handshake, and returns the head of the response.
    ///
    /// # Errors
    ///
    /// [`AcceptError::Failed`] where the page may not connect, [`AcceptError::Misuse`] where the response must not be sent.
    pub fn accept<S: AsRef<[u8]> + AsMut<[u8]>, const N: usize>(
        &self,
        handshake: &mut ServerHandshake<S, N>,
    ) -> Result<Vec<u8>, AcceptError> {
        let subprotocol = match (&self.subprotocols, handshake.request()) {
            (Subprotocols::Chosen(chosen), _) => chosen.clone(),
            (Subprotocols::Spoken(spoken), Some(request)) => request.subprotocols().choose(spoken).cloned(),
            (Subprotocols::Spoken(_), None) => None,
        };
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| Header { name, value }).collect();
        let mut response = OutgoingResponse::new().with_headers(&headers);
        if let Some(subprotocol) = &subprotocol {
            response = response.with_subprotocol(subprotocol);
        }
        if let Some(deflate) = self.deflate {
            response = response.with_deflate(deflate);
        }
        self.origins.lend(|origins| head_to_vec(|out| handshake.accept(origins, &response, out)))
    }
}

impl Default for Subprotocols {
    fn default() -> Self {
        Self::Spoken(Vec::new())
    }
}

/// Shows the names of headers, and of subprotocols nothing: they may hold secrets.
impl fmt::Debug for ResponseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _value)| name).collect();
        f.debug_struct("ResponseConfig")
            .field("origins", &self.origins)
            .field("headers", &names)
            .field("deflate", &self.deflate)
            .finish_non_exhaustive()
    }
}
