// Read first: RFC 6455 §3; RFC 3986 §3.2.

use core::fmt;
use core::net::Ipv6Addr;

use super::{Scheme, UriError, check_characters, position};

/// A host and, where it was written, a port: what follows the `//` of a URI, and what a `Host` header holds.
///
/// ```
/// use ws_core::uri::Authority;
///
/// let authority = Authority::parse("[::1]:9001")?;
/// assert_eq!((authority.host(), authority.host_name(), authority.port()), ("[::1]", "::1", Some(9001)));
/// # Ok::<(), ws_core::uri::UriError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Authority<'a> {
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads `host` or `host:port`.
    ///
    /// # Errors
    ///
    /// [`UriError::HostMissing`], [`UriError::Host`], [`UriError::PercentEncoding`] or [`UriError::Port`].
    ///
    /// ```
    /// use ws_core::uri::{Authority, UriError};
    ///
    /// assert_eq!(Authority::parse("example.com")?.port(), None);
    /// assert_eq!(Authority::parse("example.com:"), Err(UriError::Port));
    /// # Ok::<(), UriError>(())
    /// ```
    pub fn parse(text: &'a str) -> Result<Self, UriError> {
        let bytes = text.as_bytes();
        let host_len = if bytes.first() == Some(&b'[') {
            position(bytes, b']').and_then(|end| end.checked_add(1)).ok_or(UriError::Host)?
        } else {
            position(bytes, b':').unwrap_or(bytes.len())
        };
        let (host, port) = text.split_at_checked(host_len).ok_or(UriError::Host)?;
        if host.is_empty() {
            return Err(UriError::HostMissing);
        }
        match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(literal) if is_ipv6_address(literal) => {}
            Some(_) => return Err(UriError::Host),
            None => check_characters(host, UriError::Host, |_| false)?,
        }
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(parse_port(digits)?),
            None if port.is_empty() => None,
            None => return Err(UriError::Host),
        };
        Ok(Self { host, port })
    }

    /// The host, an IPv6 address in its brackets.
    #[must_use]
    pub const fn host(&self) -> &'a str {
        self.host
    }

    /// The host without brackets: for a resolver, and for the name that TLS announces and verifies.
    ///
    /// ```
    /// use ws_core::uri::Authority;
    ///
    /// assert_eq!(Authority::parse("[2001:db8::1]:8443")?.host_name(), "2001:db8::1");
    /// assert_eq!(Authority::parse("example.com")?.host_name(), "example.com");
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub fn host_name(&self) -> &'a str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(self.host)
    }

    /// The port, where one was written.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The port, where one was written, or the scheme's.
    ///
    /// ```
    /// use ws_core::uri::{Authority, Scheme};
    ///
    /// assert_eq!(Authority::parse("example.com")?.port_or_default(Scheme::Wss), 443);
    /// assert_eq!(Authority::parse("example.com:9001")?.port_or_default(Scheme::Wss), 9001);
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn port_or_default(&self, scheme: Scheme) -> u16 {
        match self.port {
            Some(port) => port,
            None => scheme.default_port(),
        }
    }

    /// The host alone, where this is its port.
    pub(super) fn without_port(self, port: u16) -> Self {
        Self { host: self.host, port: self.port.filter(|own| *own != port) }
    }

    /// Whether both name the same host and port. `scheme` gives the port where none is written. Hosts are compared
    /// without regard to case.
    ///
    /// ```
    /// use ws_core::uri::{Authority, Scheme};
    ///
    /// let (one, other) = (Authority::parse("example.com")?, Authority::parse("EXAMPLE.com:443")?);
    /// assert!(one.is_same(&other, Scheme::Wss) && !one.is_same(&other, Scheme::Ws));
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub fn is_same(&self, other: &Authority<'_>, scheme: Scheme) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
            && self.port_or_default(scheme) == other.port_or_default(scheme)
    }
}

impl<'a> TryFrom<&'a str> for Authority<'a> {
    type Error = UriError;

    fn try_from(text: &'a str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

impl fmt::Display for Authority<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

/// Not inlined, so that `tests/panic_free.rs` can tell core's code from ours.
#[inline(never)]
fn is_ipv6_address(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

fn parse_port(digits: &str) -> Result<u16, UriError> {
    let is_strict = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| is_strict).ok_or(UriError::Port)
}
