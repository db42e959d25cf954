// Read first: RFC 3986 §2.1, §3.1, §3.2.

use ws_core::handshake::Credentials;
use ws_core::uri::Authority;

use crate::error::ProxyUrlError;

/// The URL of a proxy, taken apart.
#[derive(Debug)]
pub(super) struct ProxyUrl<'a> {
    pub(super) protocol: Protocol,
    pub(super) authority: Authority<'a>,
    pub(super) credentials: Option<Credentials>,
}

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    /// HTTP over TLS.
    Https,
    Socks5,
}

impl<'a> ProxyUrl<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, ProxyUrlError> {
        let (protocol, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Protocol::of(scheme)?, rest),
            None => (Protocol::Http, text),
        };
        // RFC 3986 §3.2: the authority ends with the next slash, question mark or number sign.
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match rest.strip_prefix(authority) {
            Some("" | "/") => {}
            // One of them is in the password.
            Some(path) if path.contains('@') => return Err(ProxyUrlError::Userinfo),
            _ => return Err(ProxyUrlError::Path),
        }
        let (credentials, authority) = match authority.rsplit_once('@') {
            Some((userinfo, authority)) => (Some(credentials(userinfo)?), authority),
            None => (None, authority),
        };
        let authority = Authority::parse(authority).map_err(ProxyUrlError::Authority)?;
        Ok(Self { protocol, authority, credentials })
    }

    pub(super) fn port(&self) -> u16 {
        self.authority.port().unwrap_or_else(|| self.protocol.default_port())
    }
}

impl Protocol {
    fn of(scheme: &str) -> Result<Self, ProxyUrlError> {
        // RFC 3986 §3.1: schemes are in any case.
        match scheme.to_ascii_lowercase().as_str() {
            "http" => Ok(Self::Http),
            "https" if cfg!(feature = "rustls") => Ok(Self::Https),
            "https" => Err(ProxyUrlError::TlsUnsupported),
            "socks5" | "socks5h" => Ok(Self::Socks5),
            _ => Err(ProxyUrlError::Scheme),
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks5 => 1080,
        }
    }
}

fn credentials(userinfo: &str) -> Result<Credentials, ProxyUrlError> {
    // RFC 3986 §3.2.1: the first colon ends the user.
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    match (percent_decoded(user), percent_decoded(password)) {
        (Some(user), Some(password)) => Ok(Credentials::new(&user, &password)),
        _ => Err(ProxyUrlError::Userinfo),
    }
}

/// The text that is encoded; `None` where it has a character that has to be encoded.
fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            // RFC 3986 §2.1: a percent sign and two hexadecimal digits are a byte.
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            // RFC 3986 §3.2.1: unreserved characters, sub-delims and colons.
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => byte,
            _ if b"-._~!$&'()*+,;=:".contains(&byte) => byte,
            _ => return None,
        });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{Protocol, ProxyUrl};
    use crate::error::ProxyUrlError;
    use ws_core::uri::UriError;

    #[test]
    fn s3_2_a_url_names_protocol_host_port_and_credentials() {
        for (text, protocol, host, port, user, password) in [
            ("proxy.example:3128", Protocol::Http, "proxy.example", 3128, "", ""),
            ("proxy.example", Protocol::Http, "proxy.example", 80, "", ""),
            ("http://proxy.example", Protocol::Http, "proxy.example", 80, "", ""),
            ("HTTP://proxy.example:8080/", Protocol::Http, "proxy.example", 8080, "", ""),
            ("socks5://[::1]", Protocol::Socks5, "::1", 1080, "", ""),
            ("Socks5h://a:b@192.0.2.1:1", Protocol::Socks5, "192.0.2.1", 1, "a", "b"),
            ("http://user@h", Protocol::Http, "h", 80, "user", ""),
            ("user:secret@h:1", Protocol::Http, "h", 1, "user", "secret"),
            ("http://a%40b:c%2f%3A%25:d%C3%A9@h", Protocol::Http, "h", 80, "a@b", "c/:%:d\u{e9}"),
            ("http://-._~!$&'()*+,;=:@h", Protocol::Http, "h", 80, "-._~!$&'()*+,;=", ""),
        ] {
            let url = ProxyUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (url.protocol, url.authority.host_name(), url.port()),
                (protocol, host, port),
                "{text}"
            );
            let found = url.credentials.as_ref().map(|found| (found.user(), found.password()));
            assert_eq!(found.unwrap_or_default(), (user, password), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_of_a_proxy_is_refused_for_its_reason() {
        use ProxyUrlError::{Authority, Path, Scheme, Userinfo};
        for (text, error) in [
            ("socks4://h:1", Scheme),
            ("socks://h:1", Scheme),
            ("ws://h:1", Scheme),
            ("://h:1", Scheme),
            ("http://h:1/path", Path),
            ("http://h:1?query", Path),
            ("http://h:1/?", Path),
            ("http://h:1#fragment", Path),
            ("http:///h", Path),
            ("", Authority(UriError::HostMissing)),
            ("http://", Authority(UriError::HostMissing)),
            ("http://:3128", Authority(UriError::HostMissing)),
            ("http://user@:3128", Authority(UriError::HostMissing)),
            ("http://h:port", Authority(UriError::Port)),
            ("http://h:0", Authority(UriError::Port)),
            ("http://h:", Authority(UriError::Port)),
            ("http://[::1", Authority(UriError::Host)),
            ("http:h:1", Authority(UriError::Port)),
            ("http://u:p@q@h", Userinfo),
            ("http://u:p/q@h", Userinfo),
            ("http://u:p?q#@h", Userinfo),
            ("http://u:p q@h", Userinfo),
            ("http://u:p\u{e9}@h", Userinfo),
            ("http://u:%@h", Userinfo),
            ("http://u:%4@h", Userinfo),
            ("http://u:%+4@h", Userinfo),
            ("http://u:%FF@h", Userinfo),
        ] {
            assert_eq!(ProxyUrl::parse(text).map(|url| url.protocol), Err(error), "{text}");
        }
    }

    #[test]
    fn tls_needs_its_feature() {
        let parsed = ProxyUrl::parse("https://h").map(|url| (url.protocol, url.port()));
        if cfg!(feature = "rustls") {
            assert_eq!(parsed, Ok((Protocol::Https, 443)));
        } else {
            assert_eq!(parsed, Err(ProxyUrlError::TlsUnsupported));
        }
    }
}
