use ws_core::connection::Config;
use ws_core::handshake::{Header, OutgoingRequest};
use ws_core::uri::Uri;

use super::credentials::Credentials;
use super::headers::{Field, Recipient};
#[cfg(feature = "deflate")]
use crate::deflate::Deflate;
use crate::error::Error;
use crate::timeouts::Timeouts;

/// The settings of a client's opening handshakes, and of the WebSockets that they open.
#[derive(Clone, Debug)]
pub(crate) struct HandshakeOptions {
    pub(crate) headers: Vec<Field>,
    pub(crate) cookies: Vec<Field>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) subprotocols: Vec<Box<str>>,
    pub(crate) origin: Option<Box<str>>,
    pub(crate) config: Config,
    pub(crate) timeouts: Timeouts,
    /// The longest head of a response, in bytes.
    pub(crate) head_len_max: usize,
    #[cfg(feature = "deflate")]
    pub(crate) deflate: Option<Deflate>,
}

impl HandshakeOptions {
    /// Builds the request and lends it to `act`.
    pub(super) fn with_request<T>(
        &self,
        uri: Uri<'_>,
        recipient: Recipient,
        act: impl FnOnce(&OutgoingRequest<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let headers = self.headers_for(recipient)?;
        let headers: Vec<_> = headers.iter().map(|(name, value)| Header { name, value }).collect();
        // The subprotocols and the Origin are for the server that the program named.
        let is_named = recipient == Recipient::Named;
        let subprotocols = self.subprotocols.iter().filter(|_| is_named);
        let subprotocols: Vec<_> = subprotocols.map(AsRef::as_ref).collect();
        let mut request = OutgoingRequest::new(uri).with_subprotocols(&subprotocols).with_headers(&headers);
        if let Some(origin) = self.origin.as_ref().filter(|_| is_named) {
            request = request.with_origin(origin);
        }
        #[cfg(feature = "deflate")]
        if let Some(deflate) = &self.deflate {
            request = request.with_deflate(deflate.config());
        }
        act(&request)
    }
}

impl Default for HandshakeOptions {
    fn default() -> Self {
        Self {
            headers: Vec::new(),
            cookies: Vec::new(),
            credentials: None,
            subprotocols: Vec::new(),
            origin: None,
            config: Config::default(),
            timeouts: Timeouts::default(),
            head_len_max: 16 * 1024,
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }
}
