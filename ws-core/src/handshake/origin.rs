// Read first: RFC 6455 §4.2.2, §10.2; RFC 6454 §6.

use super::{Request, SMALL};
use crate::uri::{Authority, Scheme};

/// Which pages may connect (RFC 6455 §10.2).
///
/// With every handshake, a browser sends the origin of the page that asks for it, and the user's cookies for *this* server,
/// whichever page it is. A server that does not look at the Origin lets any page act for its users. So
/// [`accept`](super::ServerHandshake::accept) takes a policy, and there is no default to forget.
///
/// A request without an Origin does not come from a browser (§4.2.1). Each policy allows it, since a program that is not a
/// browser can send any Origin.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OriginPolicy<'a> {
    /// The Origin has to be an http or https one with the host and port of the Host header. A port that Host does
    /// not name is the default of the Origin's scheme. Works behind a proxy that ends TLS, too.
    SameHost,
    /// The Origin has to have the host and port of the Host header, and to be http for [`Scheme::Ws`] and https for
    /// [`Scheme::Wss`]: for servers that know how they are reached.
    SameOrigin(Scheme),
    /// The Origin has to be one of these, in any case. `null` is one like any other. The server's own is not among
    /// them unless it is listed.
    AnyOf(&'a [&'a str]),
    /// Any page may connect: for public services that do not recognise their users by cookies or by their network.
    AnyOrigin,
}

impl OriginPolicy<'_> {
    /// Whether a request with this Origin and Host may be accepted. `scheme` is that of an absolute request target, where
    /// the target is absolute.
    ///
    /// [`ServerHandshake::accept`](super::ServerHandshake::accept) asks this for you. Call it for requests that came by
    /// other means, such as an [`ExtendedConnect`](super::ExtendedConnect).
    ///
    /// ```
    /// use ws_core::handshake::OriginPolicy;
    /// use ws_core::uri::Authority;
    ///
    /// let host = Authority::parse("example.com:8443")?;
    /// assert!(OriginPolicy::SameHost.allows(Some(b"https://example.com:8443"), &host, None));
    /// assert!(!OriginPolicy::SameHost.allows(Some(b"https://example.com"), &host, None));
    /// assert!(OriginPolicy::SameHost.allows(None, &host, None)); // not a browser
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub fn allows(&self, origin: Option<&[u8]>, host: &Authority<'_>, scheme: Option<Scheme>) -> bool {
        let Some(origin) = origin else { return true };
        match self {
            Self::SameHost => is_same_host(origin, host, scheme),
            Self::SameOrigin(scheme) => is_same_host(origin, host, Some(*scheme)),
            Self::AnyOf(_) | Self::AnyOrigin => self.allows_any(origin),
        }
    }

    /// Whether this request, which is valid, may be accepted.
    pub(super) fn allows_request(&self, request: &Request<'_>) -> bool {
        let Some(origin) = request.origin() else { return true };
        let scheme = match self {
            Self::SameHost => request.scheme(),
            Self::SameOrigin(scheme) => Some(*scheme),
            Self::AnyOf(_) | Self::AnyOrigin => return self.allows_any(origin),
        };
        // The usual case: the page has the host and the port of the request, and both are written alike.
        !SMALL && is_host_as_written(origin, request.host_bytes(), scheme)
            || Authority::parse(request.host()).is_ok_and(|host| is_same_host(origin, &host, scheme))
    }

    /// Whether the Origin is allowed whatever the host is.
    fn allows_any(&self, origin: &[u8]) -> bool {
        match self {
            Self::AnyOf(allowed) => allowed.iter().any(|one| origin.eq_ignore_ascii_case(one.as_bytes())),
            Self::AnyOrigin => true,
            Self::SameHost | Self::SameOrigin(_) => false,
        }
    }
}

/// Whether the Origin is http or https, as `scheme` says, followed, byte for byte, by the Host header, which is valid or, in
/// HTTP/1.0, not there.
fn is_host_as_written(origin: &[u8], host: &[u8], scheme: Option<Scheme>) -> bool {
    let is_after = |prefix: &[u8]| !host.is_empty() && origin.strip_prefix(prefix) == Some(host);
    scheme != Some(Scheme::Wss) && is_after(b"http://") || scheme != Some(Scheme::Ws) && is_after(b"https://")
}

fn is_same_host(origin: &[u8], host: &Authority<'_>, scheme: Option<Scheme>) -> bool {
    let Some((origin_scheme, prefix_len)) = http_scheme(origin) else { return false };
    if scheme.is_some_and(|scheme| scheme != origin_scheme) {
        return false;
    }
    let authority = origin.get(prefix_len..).unwrap_or_default();
    let authority = core::str::from_utf8(authority).ok().and_then(|text| Authority::parse(text).ok());
    authority.is_some_and(|authority| authority.is_same(host, origin_scheme))
}

/// The scheme of a URI that begins with `http://` or `https://`, in any case, and how long that is.
fn http_scheme(uri: &[u8]) -> Option<(Scheme, usize)> {
    let begins =
        |prefix: &[u8]| uri.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    if begins(b"http://") {
        Some((Scheme::Ws, 7))
    } else if begins(b"https://") {
        Some((Scheme::Wss, 8))
    } else {
        None
    }
}

/// Splits `http://` or `https://` off, in any case.
pub(super) fn split_http_scheme(uri: &str) -> Option<(Scheme, &str)> {
    let (scheme, prefix_len) = http_scheme(uri.as_bytes())?;
    Some((scheme, uri.get(prefix_len..)?))
}

#[cfg(test)]
mod tests {
    use super::OriginPolicy;
    use crate::handshake::{ServerHandshake, ServerProgress};
    use crate::input::ReadBuffer;
    use crate::uri::Scheme;

    #[test]
    fn s10_2_no_origin_is_of_the_same_host_as_a_request_without_host() {
        for origin in ["http://", "https://", "http://a", "null", ""] {
            let head = format!("GET / HTTP/1.0\r\nOrigin: {origin}\r\n\r\n");
            let mut buffer = ReadBuffer::with_filled(head.clone().into_bytes(), head.len()).unwrap();
            let mut handshake = ServerHandshake::new([0; 256]);
            assert_eq!(handshake.receive(&mut buffer.input()), ServerProgress::NotWebSocket);
            let request = handshake.request().unwrap();
            assert_eq!(request.host(), "");
            for policy in [
                OriginPolicy::SameHost,
                OriginPolicy::SameOrigin(Scheme::Ws),
                OriginPolicy::SameOrigin(Scheme::Wss),
            ] {
                assert!(!policy.allows_request(&request), "{policy:?} {origin:?}");
            }
        }
    }
}
