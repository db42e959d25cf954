// Read first: RFC 9110 §15.4.

use alloc::string::String;
use core::{fmt, str};

use super::super::Response;
use crate::uri::Uri;

/// Where a redirect leads, from [`Response::redirect`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redirect {
    /// The `ws:` or `wss:` URI to ask next.
    pub uri: String,
    /// Whether it has the scheme, host and port of the one that was asked. If not, it must be sent no credentials, nor anything else
    /// that is meant for that server alone: see [`RequestConfig::for_other_origin`](super::RequestConfig::for_other_origin).
    pub is_same_origin: bool,
}

impl Response<'_> {
    /// Where the response, to a request for `uri`, leads by 301, 302, 303, 307 or 308. `None` for any other status, and where
    /// the redirect must not be followed: `Location` is missing, repeated or not valid, has another scheme than `ws`, `wss`, `http` and
    /// `https`, or leads from `wss:` to `ws:`.
    ///
    /// ```
    /// use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::uri::Uri;
    ///
    /// let uri = Uri::parse("ws://example.com/a/b")?;
    /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
    /// let head = b"HTTP/1.1 302 Found\r\nLocation: https://example.org/c\r\n\r\n";
    /// let mut buffer = ReadBuffer::with_filled(head.to_vec(), head.len()).ok_or("too long")?;
    /// handshake.receive(&OutgoingRequest::new(uri), &mut buffer.input());
    /// let redirect = handshake.response().and_then(|response| response.redirect(&uri)).ok_or("no redirect")?;
    /// assert_eq!((redirect.uri.as_str(), redirect.is_same_origin), ("wss://example.org/c", false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn redirect(&self, uri: &Uri<'_>) -> Option<Redirect> {
        if !matches!(self.status(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let mut locations = self.headers().filter(|header| header.is("location"));
        match (locations.next(), locations.next()) {
            (Some(location), None) => redirect_to(uri, str::from_utf8(location.value).ok()?),
            // Implementations disagree on which of two counts.
            _ => None,
        }
    }
}

fn redirect_to(uri: &Uri<'_>, location: &str) -> Option<Redirect> {
    let target = uri.resolve(location)?;
    let next = Uri::parse(&target).ok()?;
    if uri.scheme().is_secure() && !next.scheme().is_secure() {
        return None;
    }
    let is_same_origin = uri.is_same_origin(&next);
    Some(Redirect { uri: target, is_same_origin })
}

/// Shows the length of the URI, whose query may be a secret.
impl fmt::Debug for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redirect")
            .field("uri_len", &self.uri.len())
            .field("is_same_origin", &self.is_same_origin)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::redirect_to;
    use crate::uri::Uri;

    #[test]
    fn no_redirect_leads_out_of_tls_and_each_other_origin_is_told_apart() {
        for (url, location, expected) in [
            ("wss://a/", "ws://a/", None),
            ("wss://a/", "http://a/", None),
            ("wss://a/", "/b", Some(("wss://a/b", true))),
            ("wss://a/", "https://a:443/b", Some(("wss://a:443/b", true))),
            ("ws://a/", "http://A:80/", Some(("ws://A:80/", true))),
            ("ws://a/", "https://a/", Some(("wss://a/", false))),
            ("ws://a/", "http://a:81/", Some(("ws://a:81/", false))),
            ("ws://a/", "//b.a/", Some(("ws://b.a/", false))),
            ("ws://a:443/", "wss://a/", Some(("wss://a/", false))),
            ("ws://a/", "ftp://a/", None),
            ("ws://a/", "http://a:0/", None),
        ] {
            let redirect = redirect_to(&Uri::parse(url).unwrap(), location);
            let found = redirect.as_ref().map(|redirect| (redirect.uri.as_str(), redirect.is_same_origin));
            assert_eq!(found, expected, "{url} {location}");
        }
    }
}
