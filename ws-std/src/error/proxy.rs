use core::fmt;

use super::Refusal;

/// Why a proxy did not open a stream to the server.
#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
#[derive(Debug)]
#[non_exhaustive]
pub enum ProxyError {
    /// An HTTP proxy answered with another status than 2xx: 407 asks for credentials.
    Refused(Refusal),
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
