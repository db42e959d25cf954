// Read first: RFC 6455 §4.2.2, §10.2; RFC 6454 §6.

use crate::uri::{Authority, Scheme};

/// Which pages may connect (RFC 6455 §10.2).
///
/// A browser sends with every handshake the origin of the page that asks for it, and with it the user's cookies for
/// *this* server, whichever page it was. A server that does not look lets any page act for its users. So accepting
/// takes a policy, and there is no default to forget.
///
/// A request without an Origin does not come from a browser (§4.2.1), which is why each policy allows it: whoever
/// is not a browser can send any Origin.
///
/// ```
/// use ws_core::handshake::OriginPolicy;
/// use ws_core::uri::{Authority, Scheme};
///
/// let host = Authority::parse("example.com")?;
/// assert!(OriginPolicy::SameHost.allows(Some(b"https://example.com"), &host, None));
/// assert!(!OriginPolicy::SameHost.allows(Some(b"https://example.com.evil.test"), &host, None));
/// assert!(!OriginPolicy::SameOrigin(Scheme::Wss).allows(Some(b"http://example.com"), &host, None));
/// assert!(OriginPolicy::AnyOf(&["https://app.example"]).allows(Some(b"https://app.example"), &host, None));
/// # Ok::<(), ws_core::uri::UriError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginPolicy<'a> {
    /// The Origin has to be an http or https one with the host and port of the Host header; a port that Host does
    /// not name is the Origin's own default. Right behind a proxy that ends TLS, too.
    SameHost,
    /// As [`SameHost`](Self::SameHost), and the Origin has to be http for [`Scheme::Ws`] and https for
    /// [`Scheme::Wss`]: for servers that know how they are reached.
    SameOrigin(Scheme),
    /// The Origin has to be one of these, in any case; `null` is one like the others. The server's own is not among
    /// them unless it is listed.
    AnyOf(&'a [&'a str]),
    /// Any page may connect: for public services that do not know their users by cookies or by their network.
    AnyOrigin,
}

impl OriginPolicy<'_> {
    /// Whether a request with this Origin and Host may be accepted. `scheme` is that of an absolute request target,
    /// or `None`.
    #[must_use]
    pub fn allows(&self, origin: Option<&[u8]>, host: &Authority<'_>, scheme: Option<Scheme>) -> bool {
        let Some(origin) = origin else { return true };
        match self {
            Self::SameHost => is_same_host(origin, host, scheme),
            Self::SameOrigin(scheme) => is_same_host(origin, host, Some(*scheme)),
            Self::AnyOf(allowed) => allowed.iter().any(|one| origin.eq_ignore_ascii_case(one.as_bytes())),
            Self::AnyOrigin => true,
        }
    }
}

fn is_same_host(origin: &[u8], host: &Authority<'_>, scheme: Option<Scheme>) -> bool {
    let Ok(origin) = core::str::from_utf8(origin) else { return false };
    let Some((origin_scheme, authority)) = split_http_scheme(origin) else { return false };
    scheme.is_none_or(|scheme| scheme == origin_scheme)
        && Authority::parse(authority).is_ok_and(|origin| origin.is_same(host, origin_scheme))
}

/// Splits `http://` or `https://` off, in any case.
pub(super) fn split_http_scheme(uri: &str) -> Option<(Scheme, &str)> {
    let strip = |prefix: &str| {
        let (start, rest) = uri.split_at_checked(prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then_some(rest)
    };
    match strip("http://") {
        Some(rest) => Some((Scheme::Ws, rest)),
        None => strip("https://").map(|rest| (Scheme::Wss, rest)),
    }
}
