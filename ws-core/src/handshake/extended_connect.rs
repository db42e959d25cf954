// Read first: RFC 8441 §4, §5; RFC 9113 §8.2, §8.3.1.

use core::fmt;

use super::field::{has_control, trim};
use super::header::Header;
use super::survey::{Asks, Survey, judge_host, parse_host};
use super::{HandshakeFault, HandshakeViolation};
use crate::extension::is_token;
use crate::uri::{Authority, ResourceName, Scheme};

/// The pseudo-headers of a request that opens a WebSocket within HTTP/2 or HTTP/3 (RFC 8441 §5, RFC 9220).
///
/// Your HTTP library owns the connection and parses the request; this checks what it has found. There is no
/// `Sec-WebSocket-Key` and no `Sec-WebSocket-Accept` over HTTP/2. After [`check`](Self::check), answer with status 200 and
/// with the subprotocol and the extensions that you have chosen, and go on with frames on the stream.
///
/// ```
/// use ws_core::handshake::{ExtendedConnect, Header};
/// use ws_core::uri::Scheme;
///
/// let connect = ExtendedConnect::new("CONNECT")
///     .with_protocol(Some("websocket"))
///     .with_scheme(Some("https"))
///     .with_authority(Some("server.example.com"))
///     .with_path(Some("/chat"));
/// let target = connect.check([Header::new("sec-websocket-version", "13")])?;
/// assert_eq!((target.scheme(), target.resource_name().path()), (Scheme::Wss, "/chat"));
/// # Ok::<(), ws_core::handshake::HandshakeFault>(())
/// ```
#[derive(Clone, Copy)]
pub struct ExtendedConnect<'a> {
    method: &'a str,
    protocol: Option<&'a str>,
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: Option<&'a str>,
}

impl<'a> ExtendedConnect<'a> {
    /// A request with this `:method`, and no other pseudo-header yet.
    ///
    /// ```
    /// use ws_core::handshake::{ExtendedConnect, HandshakeViolation};
    ///
    /// let get = ExtendedConnect::new("GET").with_scheme(Some("https")).with_path(Some("/"));
    /// assert_eq!(get.check([]), Err(HandshakeViolation::Method.into()));
    /// ```
    #[must_use]
    pub const fn new(method: &'a str) -> Self {
        Self { method, protocol: None, scheme: None, authority: None, path: None }
    }

    /// Sets `:protocol`, or says that the request does not have it. Only `websocket` passes [`check`](Self::check).
    ///
    /// ```
    /// use ws_core::handshake::{ExtendedConnect, HandshakeViolation};
    ///
    /// let connect = ExtendedConnect::new("CONNECT").with_protocol(Some("connect-udp"));
    /// assert_eq!(connect.check([]), Err(HandshakeViolation::ConnectProtocol.into()));
    /// ```
    #[must_use]
    pub const fn with_protocol(mut self, protocol: Option<&'a str>) -> Self {
        self.protocol = protocol;
        self
    }

    /// Sets `:scheme`, or says that the request does not have it. Only `https` and `http` pass [`check`](Self::check).
    ///
    /// ```
    /// use ws_core::handshake::{ExtendedConnect, HandshakeViolation};
    ///
    /// let connect = ExtendedConnect::new("CONNECT").with_protocol(Some("websocket")).with_scheme(Some("wss"));
    /// assert_eq!(connect.check([]), Err(HandshakeViolation::ConnectScheme.into()));
    /// ```
    #[must_use]
    pub const fn with_scheme(mut self, scheme: Option<&'a str>) -> Self {
        self.scheme = scheme;
        self
    }

    /// Sets `:authority`, or says that the request does not have it. Then `host` stands for it.
    ///
    /// ```
    /// use ws_core::handshake::{ExtendedConnect, Header};
    ///
    /// let connect = ExtendedConnect::new("CONNECT")
    ///     .with_protocol(Some("websocket"))
    ///     .with_scheme(Some("https"))
    ///     .with_authority(None)
    ///     .with_path(Some("/"));
    /// let headers = [Header::new("host", "example.com"), Header::new("sec-websocket-version", "13")];
    /// assert_eq!(connect.check(headers)?.authority().host(), "example.com");
    /// # Ok::<(), ws_core::handshake::HandshakeFault>(())
    /// ```
    #[must_use]
    pub const fn with_authority(mut self, authority: Option<&'a str>) -> Self {
        self.authority = authority;
        self
    }

    /// Sets `:path`, which is path and query, or says that the request does not have it.
    ///
    /// ```
    /// use ws_core::handshake::{ExtendedConnect, HandshakeViolation};
    ///
    /// let connect = ExtendedConnect::new("CONNECT")
    ///     .with_protocol(Some("websocket"))
    ///     .with_scheme(Some("https"))
    ///     .with_authority(Some("example.com"))
    ///     .with_path(None);
    /// assert_eq!(connect.check([]), Err(HandshakeViolation::Target.into()));
    /// ```
    #[must_use]
    pub const fn with_path(mut self, path: Option<&'a str>) -> Self {
        self.path = path;
        self
    }

    /// Checks the pseudo-headers and the headers, which are given without pseudo-headers and in their order.
    ///
    /// Each name has to be a token in lower case, and each value has to be free of control characters and of spaces
    /// around it, whatever the HTTP library has let through. Headers about the connection, such as `upgrade`, are not part
    /// of HTTP/2. Those that a handshake knows are checked as in a request by HTTP/1.1, but for the key, which is not
    /// looked at. `host` stands for `:authority` where that is not there; where both are there, they have to agree.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, to be answered with its [`status`](HandshakeFault::status). Of two things that are
    /// wrong, the pseudo-headers' comes first.
    ///
    /// ```
    /// use ws_core::handshake::{ExtendedConnect, HandshakeViolation, Header};
    ///
    /// let connect = ExtendedConnect::new("CONNECT")
    ///     .with_protocol(Some("websocket"))
    ///     .with_scheme(Some("https"))
    ///     .with_authority(Some("example.com"))
    ///     .with_path(Some("/chat"));
    /// let version = Header::new("sec-websocket-version", "13");
    /// assert!(connect.check([version]).is_ok());
    /// let upgrade = Header::new("upgrade", "websocket");
    /// assert_eq!(connect.check([version, upgrade]), Err(HandshakeViolation::ConnectHeader.into()));
    /// ```
    pub fn check(
        &self,
        headers: impl IntoIterator<Item = Header<'a>>,
    ) -> Result<ConnectTarget<'a>, HandshakeFault> {
        if self.method != "CONNECT" {
            return Err(HandshakeViolation::Method.into());
        }
        // RFC 8441 §5: :protocol must have the value "websocket".
        if self.protocol != Some("websocket") {
            return Err(HandshakeViolation::ConnectProtocol.into());
        }
        // RFC 8441 §5: "https" for wss, "http" for ws.
        let scheme = match self.scheme {
            Some("https") => Scheme::Wss,
            Some("http") => Scheme::Ws,
            _ => return Err(HandshakeViolation::ConnectScheme.into()),
        };
        let authority = self.authority.map(Authority::parse).transpose();
        let authority = authority.map_err(|_| HandshakeViolation::Host)?;
        let path = self.path.filter(|path| is_path(path)).ok_or(HandshakeViolation::Target)?;
        let mut survey = Survey::default();
        for header in headers {
            // Before its name is compared: what is not a name may look like one.
            check_header(&header)?;
            survey.look_at(header.name, header.value);
        }
        survey.judge_common(Asks::WebSocket)?;
        let authority = match (authority, survey.host) {
            (Some(authority), None) => authority,
            // RFC 9113 §8.3.1: a request whose Host differs from :authority should be treated as malformed.
            (Some(authority), host @ Some(_)) => {
                judge_host(host, Some((scheme, authority)))?;
                authority
            }
            // RFC 9110 §7.2: what is not in :authority has to be in Host.
            (None, Some(host)) => parse_host(host)?,
            (None, None) => return Err(HandshakeViolation::HostMissing.into()),
        };
        if survey.version != Some(b"13") {
            return Err(HandshakeViolation::Version.into());
        }
        let resource_name = ResourceName::new(path);
        Ok(ConnectTarget { scheme, authority, resource_name, origin: survey.origin })
    }
}

/// Shows neither the query nor what may be a user and a password.
impl fmt::Debug for ExtendedConnect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExtendedConnect")
            .field("method", &self.method)
            .field("protocol", &self.protocol)
            .field("scheme", &self.scheme)
            .field("authority_len", &self.authority.map(str::len))
            .field("path", &self.path.map(ResourceName::new))
            .finish()
    }
}

/// What a valid extended CONNECT asks for.
///
/// [`scheme`](Self::scheme), [`authority`](Self::authority) and [`origin`](Self::origin) are what
/// [`OriginPolicy::allows`](super::OriginPolicy::allows) judges:
///
/// ```
/// use ws_core::handshake::{ExtendedConnect, Header, OriginPolicy};
///
/// let connect = ExtendedConnect::new("CONNECT")
///     .with_protocol(Some("websocket"))
///     .with_scheme(Some("https"))
///     .with_authority(Some("example.com"))
///     .with_path(Some("/"));
/// let version = Header::new("sec-websocket-version", "13");
/// let target = connect.check([version, Header::new("origin", "https://evil.test")])?;
/// assert!(!OriginPolicy::SameHost.allows(target.origin(), &target.authority(), None));
/// # Ok::<(), ws_core::handshake::HandshakeFault>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectTarget<'a> {
    scheme: Scheme,
    authority: Authority<'a>,
    resource_name: ResourceName<'a>,
    origin: Option<&'a [u8]>,
}

impl<'a> ConnectTarget<'a> {
    /// The `:scheme`: https as [`Scheme::Wss`], http as [`Scheme::Ws`].
    ///
    /// It is what the last hop says: there are proxies that write https for requests in the clear, and http for requests
    /// that came by TLS.
    ///
    /// ```
    /// use ws_core::handshake::{ExtendedConnect, Header};
    /// use ws_core::uri::Scheme;
    ///
    /// let connect = ExtendedConnect::new("CONNECT")
    ///     .with_protocol(Some("websocket"))
    ///     .with_scheme(Some("http"))
    ///     .with_authority(Some("example.com"))
    ///     .with_path(Some("/chat"));
    /// let target = connect.check([Header::new("sec-websocket-version", "13")])?;
    /// assert_eq!(target.scheme(), Scheme::Ws);
    /// # Ok::<(), ws_core::handshake::HandshakeFault>(())
    /// ```
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host and port that the request is for.
    #[must_use]
    pub const fn authority(&self) -> Authority<'a> {
        self.authority
    }

    /// Path and query.
    ///
    /// ```
    /// use ws_core::handshake::{ExtendedConnect, Header};
    ///
    /// let connect = ExtendedConnect::new("CONNECT")
    ///     .with_protocol(Some("websocket"))
    ///     .with_scheme(Some("https"))
    ///     .with_authority(Some("example.com"))
    ///     .with_path(Some("/chat?room=1"));
    /// let target = connect.check([Header::new("sec-websocket-version", "13")])?;
    /// assert_eq!(target.resource_name().query(), Some("room=1"));
    /// # Ok::<(), ws_core::handshake::HandshakeFault>(())
    /// ```
    #[must_use]
    pub const fn resource_name(&self) -> ResourceName<'a> {
        self.resource_name
    }

    /// The Origin header: the page that a browser connects for. It is not judged yet.
    #[must_use]
    pub const fn origin(&self) -> Option<&'a [u8]> {
        self.origin
    }
}

/// Shows the length of the Origin, and not its value.
impl fmt::Debug for ConnectTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectTarget")
            .field("scheme", &self.scheme)
            .field("authority", &self.authority)
            .field("resource_name", &self.resource_name)
            .field("origin_len", &self.origin.map(<[u8]>::len))
            .finish()
    }
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

/// Judges a header that another library has parsed, whatever that has let through.
fn check_header(header: &Header<'_>) -> Result<(), HandshakeViolation> {
    // RFC 9113 §8.2.1: a name is a token without upper-case letters; a value has neither control characters nor a space
    // at either end.
    if !is_token(header.name.as_bytes()) {
        return Err(HandshakeViolation::HeaderName);
    }
    if has_control(header.value) || trim(header.value).len() != header.value.len() {
        return Err(HandshakeViolation::HeaderValue);
    }
    // RFC 9113 §8.2.2: headers about the connection are not part of HTTP/2; RFC 8441 §5 says so of the two of a handshake.
    let is_foreign = match header.name {
        "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding" | "upgrade" => true,
        "te" => !header.value.eq_ignore_ascii_case(b"trailers"),
        name => name.bytes().any(|byte| byte.is_ascii_uppercase()),
    };
    if is_foreign { Err(HandshakeViolation::ConnectHeader) } else { Ok(()) }
}
