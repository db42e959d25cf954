// Read first: RFC 6265 §4.1.1, §5.4.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::super::{HandshakeMisuse, Header, OutgoingRequest};
use super::Credentials;
use crate::extension::{DeflateConfig, is_token};
use crate::uri::Uri;

/// The settings of a client's requests: an [`OutgoingRequest`] without its URI that owns its parts. Build it once, and use it for any
/// number of handshakes.
///
/// ```
/// use ws_core::handshake::{ClientHandshake, RequestConfig, WriteError, head_to_vec};
/// use ws_core::uri::Uri;
///
/// let config = RequestConfig::new().with_subprotocol("chat").with_cookie("a", "1").with_cookie("b", "2");
/// let handshake = ClientHandshake::new([0; 4096], *b"16 random bytes!");
/// let head = config.lend(Uri::parse("wss://example.com/")?, |request| {
///     head_to_vec(|out| handshake.write_request(request, out))
/// })?;
/// assert!(head.ends_with(b"\r\nCookie: a=1; b=2\r\n\r\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct RequestConfig {
    headers: Vec<Field>,
    user_agent: Option<Box<str>>,
    cookies: Vec<Field>,
    credentials: Option<Credentials>,
    subprotocols: Vec<Box<str>>,
    origin: Option<Box<str>>,
    deflate: Option<DeflateConfig>,
}

/// A header, or a cookie, as the program gave it.
#[derive(Clone)]
struct Field {
    name: Box<str>,
    value: Box<[u8]>,
    is_secret: bool,
}

impl RequestConfig {
    /// Creates the settings of a request that offers nothing and has only the headers of the handshake.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header. A name that the handshake writes itself, or an invalid name or value, is a [`HandshakeMisuse`] when the request
    /// is written.
    #[must_use]
    pub fn with_header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.with_field(name, value.as_ref(), false)
    }

    /// Adds a header that is a secret, such as a key: [`for_other_origin`](Self::for_other_origin) leaves it out. `Authorization`,
    /// `Cookie` and `Proxy-Authorization` are secrets by themselves.
    #[must_use]
    pub fn with_secret_header(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.with_field(name, value.as_ref(), true)
    }

    fn with_field(mut self, name: &str, value: &[u8], is_secret: bool) -> Self {
        let is_known = |known: &str| name.eq_ignore_ascii_case(known);
        let is_secret =
            is_secret || ["Authorization", "Cookie", "Proxy-Authorization"].into_iter().any(is_known);
        self.headers.push(Field { name: name.into(), value: value.into(), is_secret });
        self
    }

    /// Sets the `User-Agent` (RFC 9110 §10.1.5), which some hosts require; `None`, the default, sends none. One that was added by
    /// [`with_header`](Self::with_header) is sent instead.
    ///
    /// ```
    /// use ws_core::handshake::{HandshakeMisuse, RequestConfig};
    /// use ws_core::uri::Uri;
    ///
    /// let config = RequestConfig::new().with_user_agent(Some("sensor/1.0"));
    /// let count = config.lend(Uri::parse("ws://example.com/")?, |request| {
    ///     Ok::<_, HandshakeMisuse>(request.headers().iter().filter(|header| header.is("user-agent")).count())
    /// })?;
    /// assert_eq!(count, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: Option<&str>) -> Self {
        self.user_agent = user_agent.map(Into::into);
        self
    }

    /// Adds a cookie. All of them are sent in one header, in their order: `Cookie: a=1; b=2` (RFC 6265 §5.4). A character that RFC
    /// 6265 §4.1.1 excludes is a [`HandshakeMisuse`] when the request is lent.
    #[must_use]
    pub fn with_cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.push(Field { name: name.into(), value: value.as_bytes().into(), is_secret: true });
        self
    }

    /// Sets credentials for the server: `Authorization: Basic ...` (RFC 7617).
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Offers a subprotocol, preferred less than those that were added before it (RFC 6455 §1.9).
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: &str) -> Self {
        self.subprotocols.push(subprotocol.into());
        self
    }

    /// Sets the Origin, such as `https://example.com`. Only browsers have to send one (RFC 6455 §10.2).
    #[must_use]
    pub fn with_origin(mut self, origin: &str) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Offers `permessage-deflate`; see [`OutgoingRequest::with_deflate`].
    #[must_use]
    pub const fn with_deflate(mut self, config: DeflateConfig) -> Self {
        self.deflate = Some(config);
        self
    }

    /// Returns the settings for a server of another scheme, host or port, to which a [`Redirect`](super::Redirect) has led: without
    /// secret headers, cookies and credentials, and without the subprotocols and the Origin, which are meant for the server that
    /// the program named.
    ///
    /// ```
    /// use ws_core::handshake::{Credentials, HandshakeMisuse, RequestConfig};
    /// use ws_core::uri::Uri;
    ///
    /// let config = RequestConfig::new()
    ///     .with_credentials(Credentials::new("user", "secret"))
    ///     .with_secret_header("X-Key", "1234")
    ///     .with_header("User-Agent", "sensor/1.0");
    /// let header_count = |config: &RequestConfig| {
    ///     config.lend(Uri::parse("ws://h/").unwrap(), |request| Ok::<_, HandshakeMisuse>(request.headers().len()))
    /// };
    /// assert_eq!(header_count(&config), Ok(3));
    /// assert_eq!(header_count(&config.for_other_origin()), Ok(1));
    /// ```
    #[must_use]
    pub fn for_other_origin(&self) -> Self {
        let headers = self.headers.iter().filter(|header| !header.is_secret).cloned().collect();
        Self { headers, user_agent: self.user_agent.clone(), deflate: self.deflate, ..Self::default() }
    }

    /// Passes the request for `uri` to `act`, which writes it or judges a response by it, and returns the result of `act`.
    ///
    /// # Errors
    ///
    /// [`HandshakeMisuse::CookieName`], [`HandshakeMisuse::CookieValue`], [`HandshakeMisuse::Credentials`], or
    /// [`HandshakeMisuse::RepeatedHeader`]; those of `act`.
    pub fn lend<T, E: From<HandshakeMisuse>>(
        &self,
        uri: Uri<'_>,
        act: impl FnOnce(&OutgoingRequest<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let authorization = self.credentials.as_ref().map(Credentials::basic).transpose()?;
        let authorization = authorization.as_ref().map(|value| Header::new("Authorization", value));
        let cookies = join(&self.cookies)?;
        let cookies = Some(Header { name: "Cookie", value: &cookies }).filter(|_| !self.cookies.is_empty());
        let given = self.headers.iter().map(|Field { name, value, .. }| Header { name, value });
        let is_given = given.clone().any(|header| header.is("User-Agent"));
        let user_agent = self.user_agent.as_ref().filter(|_| !is_given);
        let user_agent = user_agent.map(|value| Header::new("User-Agent", value));
        let headers: Vec<_> =
            user_agent.into_iter().chain(given).chain(authorization).chain(cookies).collect();
        // RFC 6265 §5.4: there is at most one Cookie header.
        if ["Cookie", "Authorization"].iter().any(|name| headers.iter().filter(|it| it.is(name)).count() > 1)
        {
            return Err(HandshakeMisuse::RepeatedHeader.into());
        }
        let subprotocols: Vec<_> = self.subprotocols.iter().map(AsRef::as_ref).collect();
        let mut request = OutgoingRequest::new(uri).with_subprotocols(&subprotocols).with_headers(&headers);
        if let Some(origin) = &self.origin {
            request = request.with_origin(origin);
        }
        if let Some(deflate) = self.deflate {
            request = request.with_deflate(deflate);
        }
        act(&request)
    }
}

/// The value of the Cookie header.
// RFC 6265 §4.2.1: pairs of name and value, with a semicolon and a space between them.
fn join(cookies: &[Field]) -> Result<Vec<u8>, HandshakeMisuse> {
    let mut value = Vec::new();
    for cookie in cookies {
        if !is_token(cookie.name.as_bytes()) {
            return Err(HandshakeMisuse::CookieName);
        }
        let quoted = cookie.value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        if !quoted.unwrap_or(&cookie.value).iter().all(|byte| is_cookie_byte(*byte)) {
            return Err(HandshakeMisuse::CookieValue);
        }
        let separator: &[u8] = if value.is_empty() { b"" } else { b"; " };
        value.extend([separator, cookie.name.as_bytes(), b"=", cookie.value.as_ref()].concat());
    }
    Ok(value)
}

// RFC 6265 §4.1.1: visible characters but quotes, commas, semicolons and backslashes.
const fn is_cookie_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}

/// Shows the names of headers and cookies, and what is offered by its count or length: each value may be a secret.
impl fmt::Debug for RequestConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestConfig")
            .field("headers", &self.headers)
            .field("user_agent", &self.user_agent)
            .field("cookies", &self.cookies)
            .field("credentials", &self.credentials)
            .field("subprotocol_count", &self.subprotocols.len())
            .field("origin_len", &self.origin.as_ref().map(|origin| origin.len()))
            .field("deflate", &self.deflate)
            .finish()
    }
}

/// Shows the name alone, since the value may be a secret.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
