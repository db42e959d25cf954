// Read first: RFC 9110 §15.4.

use alloc::borrow::Cow;

use ws_core::uri::Uri;

use super::Client;
use crate::error::Error;
use crate::open::client::Response;
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
    #[doc(alias("max_redirects", "follow_redirects"))]
    #[must_use]
    pub const fn with_redirects(mut self, count: usize) -> Self {
        self.redirect_count_max = count;
        self
    }

    /// Connects to the URL, or to where redirects from it lead.
    pub(super) fn follow(&self, url: &str) -> Result<(WebSocket<NetStream>, Response), Error> {
        let (mut client, mut url) = (Cow::Borrowed(self), Cow::Borrowed(url));
        let mut left_count = self.redirect_count_max;
        loop {
            let refusal = match client.connect_to(&url) {
                Err(Error::Refused(refusal)) => refusal,
                other => return other,
            };
            let uri = Uri::parse(&url)?;
            let response = refusal.response().filter(|_| left_count > 0);
            let Some(redirect) = response.and_then(|response| response.redirect(&uri)) else {
                return Err(Error::Refused(refusal));
            };
            if !redirect.is_same_origin {
                client = Cow::Owned(client.for_other_origin());
            }
            left_count = left_count.saturating_sub(1);
            url = Cow::Owned(redirect.uri);
        }
    }

    /// The client for a server that a redirect has named, and not the program: without what is meant for the named one alone.
    fn for_other_origin(&self) -> Self {
        let mut client = self.clone();
        client.options.request = self.options.request.for_other_origin();
        client.addresses.clear();
        #[cfg(feature = "rustls")]
        {
            client.tls = self.tls.without_certificate();
        }
        client
    }
}
