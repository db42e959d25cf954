use core::fmt;

use ws_core::handshake::Refusal;
use ws_core::uri::UriError;

/// Why a proxy did not open a stream to the server.
#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
#[derive(Debug)]
#[non_exhaustive]
pub enum ProxyError {
    /// An HTTP proxy answered with another status than 2xx: 407 asks for credentials.
    Refused(Refusal),
    /// TLS with the proxy failed: its certificate was not accepted, or it does not speak TLS.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    Tls(rustls::Error),
    /// A SOCKS5 proxy rejected the credentials, or asks for some and none were set.
    Unauthorized,
    /// A SOCKS5 proxy replied that it does not connect, by a number from 1 to 8 (RFC 1928 §6). 5 means that the server refused
    /// the connection.
    Reply(u8),
    /// The name of the host is longer than the 255 bytes that a SOCKS5 proxy takes.
    HostLen,
    /// The answer does not follow the proxy's protocol.
    Answer,
    /// The head of the answer is longer than
    /// [`Client::with_head_len_max`](crate::Client::with_head_len_max) allows, or has more than 128 headers.
    HeadLen,
    /// The proxy ended the stream before its answer was complete.
    Ended,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Refused(refusal) => return refusal.fmt(f),
            #[cfg(feature = "rustls")]
            Self::Tls(error) => return write!(f, "TLS with the proxy failed: {error}"),
            Self::Unauthorized => "the proxy does not accept the credentials",
            Self::Reply(2) => "the proxy's rules do not allow the connection",
            Self::Reply(3) => "the proxy cannot reach the network",
            Self::Reply(4) => "the proxy cannot reach the host",
            Self::Reply(5) => "the proxy's connection was refused",
            Self::Reply(6) => "the proxy's connection came too far (TTL expired)",
            Self::Reply(7) => "the proxy does not connect at all",
            Self::Reply(8) => "the proxy does not know this type of address",
            Self::Reply(_) => "the proxy failed",
            Self::HostLen => "the name of the host is too long for the proxy",
            Self::Answer => "the proxy's answer is not of its protocol",
            Self::HeadLen => "the head of the proxy's answer is too long",
            Self::Ended => "the proxy ended the connection",
        };
        f.write_str(text)
    }
}

impl core::error::Error for ProxyError {}

/// Why a text is not the URL of a proxy.
///
/// ```
/// use ws_std::{Proxy, ProxyUrlError};
///
/// let error = Proxy::new("http://user:p@ss@proxy.example").unwrap_err();
/// assert_eq!(error, ProxyUrlError::Userinfo);
/// assert!(error.to_string().contains("write @ as %40"));
/// ```
#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProxyUrlError {
    /// It does not begin with `http://`, `https://`, `socks5://` or `socks5h://`, and is not `host:port`.
    Scheme,
    /// It begins with `https://`, and this build has no TLS: build with the feature `rustls-ring` or `rustls-aws-lc-rs`.
    TlsUnsupported,
    /// The user or the password has a character that has to be percent-encoded (RFC 3986 §3.2.1), or is not UTF-8.
    Userinfo,
    /// The host or the port is missing or wrong.
    Authority(UriError),
    /// A path, a query or a fragment follows host and port.
    Path,
}

impl fmt::Display for ProxyUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "a proxy URL begins with http://, https:// or socks5://",
            Self::TlsUnsupported => {
                "a proxy with https:// needs TLS: build ws-std with its feature `rustls-ring`"
            }
            Self::Userinfo => {
                "the user and the password of a proxy URL have to be percent-encoded (write @ as %40, / as %2F)"
            }
            Self::Authority(error) => return write!(f, "not the URL of a proxy: {error}"),
            Self::Path => "a proxy URL ends with host and port: it has no path and no query",
        })
    }
}

impl core::error::Error for ProxyUrlError {}
