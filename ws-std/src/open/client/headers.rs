// Read first: RFC 6265 §4.1.1, §5.4.

use alloc::borrow::Cow;
use core::fmt;

use super::options::HandshakeOptions;
use crate::error::ClientMisuse;

/// A header, or a cookie, as the program gave it.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    pub(crate) value: Box<[u8]>,
    pub(crate) is_secret: bool,
}

/// Shows the name alone, since the value may be a secret.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The server that a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// The scheme, host and port that the program named.
    Named,
    #[cfg(feature = "proxy")]
    /// Another one, to which a redirect led. It is sent no secrets.
    Other,
}

/// A header's name, and its value as it was given or as it was put together.
type NamedValue<'h> = (&'h str, Cow<'h, [u8]>);

impl HandshakeOptions {
    /// The headers of a request, without those that the handshake writes itself.
    pub(super) fn headers_for(&self, recipient: Recipient) -> Result<Vec<NamedValue<'_>>, ClientMisuse> {
        let is_named = recipient == Recipient::Named;
        let given = self.headers.iter().filter(|header| is_named || !is_secret(header));
        let mut headers: Vec<_> =
            given.map(|header| (header.name.as_ref(), Cow::Borrowed(header.value.as_ref()))).collect();
        if let Some(credentials) = self.credentials.as_ref().filter(|_| is_named) {
            headers.push(("Authorization", Cow::Owned(credentials.basic()?.into_bytes())));
        }
        if is_named && !self.cookies.is_empty() {
            headers.push(("Cookie", Cow::Owned(join(&self.cookies)?)));
        }
        // RFC 6265 §5.4: there is at most one Cookie header.
        for name in ["Cookie", "Authorization"] {
            if headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name)).count() > 1 {
                return Err(ClientMisuse::RepeatedHeader);
            }
        }
        Ok(headers)
    }
}

fn is_secret(header: &Field) -> bool {
    let is_known = |name: &str| header.name.eq_ignore_ascii_case(name);
    header.is_secret || ["Authorization", "Cookie", "Proxy-Authorization"].into_iter().any(is_known)
}

/// The value of the Cookie header.
// RFC 6265 §4.2.1: pairs of name and value, with a semicolon and a space between them.
fn join(cookies: &[Field]) -> Result<Vec<u8>, ClientMisuse> {
    let mut value = Vec::new();
    for cookie in cookies {
        if cookie.name.is_empty() || !cookie.name.bytes().all(is_token_byte) {
            return Err(ClientMisuse::CookieName);
        }
        let quoted = cookie.value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
        if !quoted.unwrap_or(&cookie.value).iter().all(|byte| is_cookie_byte(*byte)) {
            return Err(ClientMisuse::CookieValue);
        }
        let separator: &[u8] = if value.is_empty() { b"" } else { b"; " };
        value.extend([separator, cookie.name.as_bytes(), b"=", cookie.value.as_ref()].concat());
    }
    Ok(value)
}

// RFC 9110 §5.6.2: a token is of visible characters that are no delimiters.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"(),/:;<=>?@[\\]{}\"".contains(&byte)
}

// RFC 6265 §4.1.1: visible characters but quotes, commas, semicolons and backslashes.
const fn is_cookie_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')
}
