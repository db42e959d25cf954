use core::fmt;

/// Why a text is not a WebSocket URI (RFC 6455 §3, RFC 3986).
///
/// ```
/// use ws_core::uri::{Uri, UriError};
///
/// assert_eq!(Uri::parse("ws://example.com/a b"), Err(UriError::Space));
/// assert_eq!(UriError::Space.to_string(), "a space in the URI (write it as %20)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UriError {
    /// It does not begin with `ws:` or `wss:`.
    Scheme,
    /// No `//` follows the scheme.
    AuthorityMissing,
    /// It names a user or a password, which the grammar does not have; send an `Authorization` header instead.
    Userinfo,
    /// The host is empty.
    HostMissing,
    /// The host is neither a name nor an IPv4 address nor an IPv6 address in brackets.
    Host,
    /// The port is not a number from 1 to 65535 without leading zeros.
    Port,
    /// It has a fragment, which means nothing in these URIs; a `#` that means itself is written `%23`.
    Fragment,
    /// A `%` that two hexadecimal digits do not follow.
    PercentEncoding,
    /// A space; it is written `%20`.
    Space,
    /// A control character.
    Control,
    /// A character beyond ASCII; it is percent-encoded, or a host name in its `xn--` form.
    NonAscii,
    /// Another character that has to be percent-encoded where it stands.
    Character,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "the URI does not begin with ws: or wss:",
            Self::AuthorityMissing => "no // after the scheme of the URI",
            Self::Userinfo => "a WebSocket URI has no user and no password",
            Self::HostMissing => "the URI names no host",
            Self::Host => "the host of the URI is neither a name nor an address",
            Self::Port => "the port of the URI is not a number from 1 to 65535",
            Self::Fragment => "a WebSocket URI has no fragment (write # as %23)",
            Self::PercentEncoding => "a % in the URI that two hexadecimal digits do not follow",
            Self::Space => "a space in the URI (write it as %20)",
            Self::Control => "a control character in the URI",
            Self::NonAscii => "a character beyond ASCII in the URI (percent-encode it)",
            Self::Character => "a character in the URI that has to be percent-encoded",
        })
    }
}

impl core::error::Error for UriError {}
