use core::net::SocketAddr;

use ws_core::connection::Config;
use ws_core::handshake::Credentials;
use ws_core::keepalive::Timeouts;
#[cfg(feature = "deflate")]
use ws_core::session::Deflate;

use super::Client;

/// What the request has.
impl Client {
    /// Adds a header to the request. A name that the handshake writes itself, or an invalid name or value, makes connecting fail with
    /// [`Error::HandshakeMisuse`].
    ///
    /// [`Error::HandshakeMisuse`]: crate::Error::HandshakeMisuse
    #[doc(alias("additional_headers", "extra_headers", "IntoClientRequest"))]
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.options.request = self.options.request.with_header(name, value);
        self
    }

    /// Adds a header that is a secret, such as a key: no redirect takes it to another scheme, host or port.
    /// `Authorization`, `Cookie` and `Proxy-Authorization` are secrets by themselves.
    #[doc(alias("bearer", "token"))]
    #[must_use]
    pub fn with_secret_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.options.request = self.options.request.with_secret_header(name, value);
        self
    }

    /// Sets the `User-Agent` of the request. By default it is `ws-std/` and the version of this crate, since some hosts answer
    /// requests without one by 403. `None` sends none.
    ///
    /// ```
    /// use ws_std::Client;
    ///
    /// let client = Client::new().with_user_agent(Some("sensor/1.0"));
    /// # let _ = client;
    /// ```
    #[must_use]
    pub fn with_user_agent(mut self, user_agent: Option<&str>) -> Self {
        self.options.request = self.options.request.with_user_agent(user_agent);
        self
    }

    /// Adds a cookie. All of them are sent in one header, in their order: `Cookie: a=1; b=2` (RFC 6265 §5.4).
    ///
    /// A character that RFC 6265 §4.1.1 excludes makes connecting fail with [`Error::HandshakeMisuse`](crate::Error::HandshakeMisuse).
    /// Cookies that a server sets are in [`Response::headers`](crate::Response::headers); they are not kept.
    ///
    /// ```
    /// use ws_std::Client;
    ///
    /// let client = Client::new().with_cookie("session", "31d4d96e407aad42").with_cookie("lang", "en");
    /// # let _ = client;
    /// ```
    #[must_use]
    pub fn with_cookie(mut self, name: &str, value: &str) -> Self {
        self.options.request = self.options.request.with_cookie(name, value);
        self
    }

    /// Sets credentials for the server: `Authorization: Basic ...` (RFC 7617). They are not encrypted by themselves, so do not send
    /// them over `ws:`. A user with a colon makes connecting fail with
    /// [`Error::HandshakeMisuse`](crate::Error::HandshakeMisuse).
    ///
    /// Credentials in a URL are refused, since the grammar of RFC 6455 §3 has none.
    #[must_use]
    pub fn with_basic_auth(mut self, user: &str, password: &str) -> Self {
        self.options.request = self.options.request.with_credentials(Credentials::new(user, password));
        self
    }

    /// Offers a subprotocol, preferred less than those that were added before it (RFC 6455 §1.9).
    #[must_use]
    pub fn with_subprotocol(mut self, subprotocol: &str) -> Self {
        self.options.request = self.options.request.with_subprotocol(subprotocol);
        self
    }

    /// Sets the Origin, such as `https://example.com`. Only browsers have to send one (RFC 6455 §10.2).
    #[must_use]
    pub fn with_origin(mut self, origin: &str) -> Self {
        self.options.request = self.options.request.with_origin(origin);
        self
    }

    /// Offers permessage-deflate to the server. Read [before turning it on](Deflate#before-turning-it-on) first.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(mut self, deflate: Deflate) -> Self {
        self.options.request = self.options.request.with_deflate(deflate.config());
        self.options.settings.deflate = Some(deflate);
        self
    }
}

/// How to reach the server, and how connections behave.
impl Client {
    /// Connects to this address, and does not look up the host: for a server that has no name yet, or for one of many. Call it
    /// again to add addresses, which are tried as those of a host are.
    ///
    /// The `Host` header, and the name that TLS verifies, are those of the URL. After a redirect to another scheme, host or port the
    /// addresses of that host are looked up.
    ///
    /// ```
    /// # use std::net::TcpListener;
    /// use ws_std::Client;
    ///
    /// # let listener = TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// # let server = std::thread::spawn(move || -> Result<(), ws_std::Error> {
    /// #     let incoming = ws_std::Server::new().receive(listener.accept()?.0)?;
    /// #     assert_eq!(incoming.header("Host"), Some(&b"chat.example.com"[..]));
    /// #     incoming.accept()?;
    /// #     Ok(())
    /// # });
    /// let client = Client::new().with_address(address); // 127.0.0.1
    /// let socket = client.connect("ws://chat.example.com/")?;
    /// # assert_eq!(socket.get_ref().tcp().peer_addr()?, address);
    /// # server.join().map_err(|_| "panicked")??;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_address(mut self, address: SocketAddr) -> Self {
        self.addresses.push(address);
        self
    }

    /// Sets the limits and options of the connections.
    #[must_use]
    pub const fn with_config(mut self, config: Config) -> Self {
        self.options.settings.config = config;
        self
    }

    /// Sets the timeouts of connecting, of the opening handshake and of the connections.
    #[must_use]
    pub const fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.options.settings.timeouts = timeouts;
        self
    }

    /// Sets how long the head of a response may be, in bytes. Default 16 KiB. This much memory is allocated for the opening
    /// handshake, which fails with [`io::ErrorKind::OutOfMemory`](std::io::ErrorKind::OutOfMemory) where there is not as much.
    #[must_use]
    pub const fn with_head_len_max(mut self, len: usize) -> Self {
        self.options.head_len_max = len;
        self
    }
}
