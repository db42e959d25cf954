// Read first: RFC 9110 §15.4.

use alloc::borrow::Cow;
use core::str;

use ws_core::uri::Uri;

use super::{Client, location};
use crate::error::{Error, Refusal};
use crate::open::client::Response;
use crate::open::client::headers::Recipient;
use crate::socket::WebSocket;
use crate::stream::NetStream;

#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
impl Client {
    /// Follows up to `count` redirects in a row. Default 0. A redirect that is not followed, or one more than `count`, is
    /// [`Error::Refused`].
    ///
    /// 301, 302, 303, 307 and 308 are followed, where `Location` is a `ws:`, `wss:`, `http:` or `https:` URL, or relative to the URL of
    /// the request; none from `wss:` to `ws:`. Once one has led to another scheme, host or port, no `Authorization`, `Cookie` or
    /// `Proxy-Authorization` is sent any more, nor headers of [`with_secret_header`](Self::with_secret_header), subprotocols, the
    /// Origin or a client certificate. The [`Timeouts`](crate::Timeouts) hold for each step by itself.
    ///
    /// ```no_run
    /// use ws_std::Client;
    ///
    /// let client = Client::new().with_redirects(5).with_cookie("session", "31d4d96e407aad42");
    /// let (socket, response) = client.connect_with_response("wss://example.com/chat")?;
    /// println!("answered by {}", response.url());
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    #[must_use]
    pub const fn with_redirects(mut self, count: usize) -> Self {
        self.redirect_count_max = count;
        self
    }

    /// Connects to the URL, or to where redirects from it lead.
    pub(super) fn follow(&self, url: &str) -> Result<(WebSocket<NetStream>, Response), Error> {
        let mut url = Cow::Borrowed(url);
        let mut recipient = Recipient::Named;
        let mut left_count = self.redirect_count_max;
        loop {
            let refusal = match self.connect_to(&url, recipient) {
                Err(Error::Refused(refusal)) => refusal,
                other => return other,
            };
            let target = if left_count > 0 { target(&Uri::parse(&url)?, &refusal) } else { None };
            let Some((target, is_same_origin)) = target else { return Err(Error::Refused(refusal)) };
            if !is_same_origin {
                recipient = Recipient::Other;
            }
            left_count = left_count.saturating_sub(1);
            url = Cow::Owned(target);
        }
    }
}

/// The target of a redirect, and whether it has the same scheme, host and port; `None` where it must not be followed.
fn target(uri: &Uri<'_>, refusal: &Refusal) -> Option<(String, bool)> {
    if !matches!(refusal.status(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let mut locations = refusal.headers().filter(|header| header.is("location"));
    match (locations.next(), locations.next()) {
        (Some(location), None) => resolve_target(uri, str::from_utf8(location.value).ok()?),
        // Implementations disagree on which of two counts.
        _ => None,
    }
}

fn resolve_target(uri: &Uri<'_>, location: &str) -> Option<(String, bool)> {
    let target = location::resolve(uri, location)?;
    let next = Uri::parse(&target).ok()?;
    let (was_secure, is_secure) = (uri.scheme().is_secure(), next.scheme().is_secure());
    if was_secure && !is_secure {
        return None;
    }
    let is_same_origin = was_secure == is_secure && uri.authority().is_same(&next.authority(), next.scheme());
    Some((target, is_same_origin))
}

#[cfg(test)]
mod tests {
    use super::resolve_target;
    use ws_core::uri::Uri;

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
            let expected = expected.map(|(target, is_same)| (target.to_owned(), is_same));
            assert_eq!(resolve_target(&Uri::parse(url).unwrap(), location), expected, "{url} {location}");
        }
    }
}
