// Read first: RFC 8441 §4, §5.

use super::field::Header;
use super::request::{Survey, judge_host};
use super::{HandshakeFault, HandshakeViolation};
use crate::uri::{Authority, ResourceName, Scheme};

/// The pseudo-headers of a request that opens a WebSocket within HTTP/2 or HTTP/3 (RFC 8441 §5, RFC 9220).
///
/// There is no key and no Accept there: the stream belongs to HTTP, which has told the sides apart already. The
/// HTTP library hands in what it has received; after [`check`](Self::check), answer with status 200, with the
/// subprotocol and the extensions chosen, and go on with frames on the stream.
///
/// ```
/// use ws_core::handshake::{ExtendedConnect, Header};
/// use ws_core::uri::Scheme;
///
/// let connect = ExtendedConnect {
///     method: "CONNECT",
///     protocol: Some("websocket"),
///     scheme: Some("https"),
///     authority: Some("server.example.com"),
///     path: Some("/chat"),
/// };
/// let target = connect.check([Header::new("sec-websocket-version", "13")])?;
/// assert_eq!((target.scheme, target.resource_name.path()), (Scheme::Wss, "/chat"));
/// # Ok::<(), ws_core::handshake::HandshakeFault>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ExtendedConnect<'a> {
    /// `:method`.
    pub method: &'a str,
    /// `:protocol`.
    pub protocol: Option<&'a str>,
    /// `:scheme`.
    pub scheme: Option<&'a str>,
    /// `:authority`.
    pub authority: Option<&'a str>,
    /// `:path`.
    pub path: Option<&'a str>,
}

/// What a valid extended CONNECT asks for. Scheme, authority and Origin are what an
/// [`OriginPolicy`](super::OriginPolicy) judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectTarget<'a> {
    /// https as [`Scheme::Wss`], http as [`Scheme::Ws`].
    pub scheme: Scheme,
    /// Host and port.
    pub authority: Authority<'a>,
    /// Path and query.
    pub resource_name: ResourceName<'a>,
    /// The page that a browser connects for.
    pub origin: Option<&'a [u8]>,
}

impl<'a> ExtendedConnect<'a> {
    /// Checks the pseudo-headers, and of the headers those that the handshake knows.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, to be answered with its [`status`](HandshakeFault::status).
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
        let authority = self.authority.ok_or(HandshakeViolation::HostMissing)?;
        let authority = Authority::parse(authority).map_err(|_| HandshakeViolation::Host)?;
        let path = self.path.filter(|path| is_path(path)).ok_or(HandshakeViolation::Target)?;
        let mut survey = Survey::default();
        for header in headers {
            check_name(&header)?;
            survey.look_at(header.name, header.value);
        }
        survey.judge_common()?;
        if survey.host.is_some() {
            judge_host(survey.host, Some((scheme, authority)))?;
        }
        if survey.version != Some(b"13") {
            return Err(HandshakeViolation::Version.into());
        }
        let resource_name = ResourceName::new(path);
        Ok(ConnectTarget { scheme, authority, resource_name, origin: survey.origin })
    }
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
}

fn check_name(header: &Header<'_>) -> Result<(), HandshakeViolation> {
    // RFC 8441 §5: Connection and Upgrade are not part of HTTP/2 and must not be included; names are in lower case.
    let is_foreign = matches!(header.name, "connection" | "upgrade" | "transfer-encoding");
    if is_foreign || header.name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(HandshakeViolation::ConnectHeader);
    }
    Ok(())
}
