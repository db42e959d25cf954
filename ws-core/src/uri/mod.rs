//! `ws:` and `wss:` URIs (RFC 6455 §3), borrowed and never decoded.
//!
//! ```
//! use ws_core::uri::Uri;
//!
//! let uri = Uri::parse("wss://example.com/chat?room=1")?;
//! assert_eq!((uri.authority().host(), uri.port()), ("example.com", 443));
//! # Ok::<(), ws_core::uri::UriError>(())
//! ```
// Read first: RFC 6455 §3.

mod authority;
mod error;
#[cfg(feature = "alloc")]
mod resolve;

use core::fmt;

pub use authority::Authority;
pub use error::UriError;

use crate::bytes::AsciiSet;

/// The two schemes of WebSocket URIs (RFC 6455 §3).
///
/// ```
/// use ws_core::uri::Scheme;
///
/// assert_eq!((Scheme::Ws.default_port(), Scheme::Wss.default_port()), (80, 443));
/// assert!(Scheme::Wss.is_secure());
/// assert_eq!(Scheme::Wss.to_string(), "wss");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: it registers two schemes")]
pub enum Scheme {
    /// `ws:`, in the clear; `http` is its counterpart.
    Ws,
    /// `wss:`, over TLS; `https` is its counterpart.
    Wss,
}

impl Scheme {
    /// Whether the connection goes over TLS: the RFC's secure flag.
    ///
    /// ```
    /// use ws_core::uri::Scheme;
    ///
    /// assert!(Scheme::Wss.is_secure() && !Scheme::Ws.is_secure());
    /// ```
    #[must_use]
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Wss)
    }

    /// The port where the URI names none: 80 or 443.
    ///
    /// ```
    /// use ws_core::uri::Scheme;
    ///
    /// assert_eq!((Scheme::Ws.default_port(), Scheme::Wss.default_port()), (80, 443));
    /// ```
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// `ws` or `wss`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A valid `ws:` or `wss:` URI (RFC 6455 §3).
///
/// The parts are lent as they were written: nothing is decoded, folded or allocated.
///
/// `Display` writes all of it. The query may hold credentials: use `Debug` for logs, which shows only how long it is.
///
/// ```
/// use ws_core::uri::{Scheme, Uri, UriError};
///
/// let uri = Uri::parse("wss://[2001:db8::1]:8443/chat?room=%C3%A9")?;
/// assert_eq!(uri.scheme(), Scheme::Wss);
/// assert_eq!(uri.authority().host_name(), "2001:db8::1"); // for DNS, and as the name that TLS verifies
/// assert_eq!(uri.port(), 8443);
/// assert_eq!(uri.host_header().to_string(), "[2001:db8::1]:8443");
/// assert_eq!(uri.resource_name().to_string(), "/chat?room=%C3%A9");
///
/// assert_eq!(Uri::parse("ws://example.com/#top"), Err(UriError::Fragment));
/// # Ok::<(), UriError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Uri<'a> {
    scheme: Scheme,
    authority: Authority<'a>,
    resource_name: ResourceName<'a>,
}

impl<'a> Uri<'a> {
    /// Reads a URI.
    ///
    /// # Errors
    ///
    /// What is wrong with a text that is not a URI of RFC 6455 §3. A user and a password are an error, too: the grammar of the
    /// RFC has none.
    ///
    /// ```
    /// use ws_core::uri::{Uri, UriError};
    ///
    /// assert!(Uri::parse("ws://[::1]:9001").is_ok());
    /// assert_eq!(Uri::parse("http://example.com/"), Err(UriError::Scheme));
    /// assert_eq!(Uri::parse("ws://user:password@example.com/"), Err(UriError::Userinfo));
    /// ```
    pub fn parse(text: &'a str) -> Result<Self, UriError> {
        check_text(text)?;
        let (scheme, rest) = split_once(text, b':').ok_or(UriError::Scheme)?;
        let scheme = if scheme.eq_ignore_ascii_case("ws") {
            Scheme::Ws
        } else if scheme.eq_ignore_ascii_case("wss") {
            Scheme::Wss
        } else {
            return Err(UriError::Scheme);
        };
        let rest = rest.strip_prefix("//").ok_or(UriError::AuthorityMissing)?;
        let (authority, resource_name) = split_authority(rest);
        if authority.contains('@') {
            return Err(UriError::Userinfo);
        }
        let authority = Authority::parse(authority)?;
        let resource_name = ResourceName::new(resource_name);
        resource_name.check()?;
        Ok(Self { scheme, authority, resource_name })
    }

    /// `ws` or `wss`.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Host and port as written.
    ///
    /// ```
    /// use ws_core::uri::Uri;
    ///
    /// let authority = Uri::parse("wss://EXAMPLE.com:443/chat")?.authority();
    /// assert_eq!((authority.host(), authority.port()), ("EXAMPLE.com", Some(443)));
    /// assert_eq!(Uri::parse("wss://example.com/chat")?.authority().port(), None, "none is written");
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn authority(&self) -> Authority<'a> {
        self.authority
    }

    /// The port to connect to: the one written, or the scheme's.
    ///
    /// ```
    /// use ws_core::uri::Uri;
    ///
    /// assert_eq!(Uri::parse("wss://example.com/")?.port(), 443);
    /// assert_eq!(Uri::parse("wss://example.com:8443/")?.port(), 8443);
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.authority.port_or_default(self.scheme)
    }

    /// What to ask the server for: the path, or `/`, and the query.
    ///
    /// ```
    /// use ws_core::uri::Uri;
    ///
    /// assert_eq!(Uri::parse("ws://example.com/chat?room=1")?.resource_name().to_string(), "/chat?room=1");
    /// assert_eq!(Uri::parse("ws://example.com")?.resource_name().to_string(), "/");
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn resource_name(&self) -> ResourceName<'a> {
        self.resource_name
    }

    /// Whether both have the same scheme, host and port. Hosts are compared without regard to case.
    ///
    /// ```
    /// use ws_core::uri::Uri;
    ///
    /// let uri = Uri::parse("wss://example.com/chat")?;
    /// assert!(uri.is_same_origin(&Uri::parse("wss://EXAMPLE.com:443/")?));
    /// assert!(!uri.is_same_origin(&Uri::parse("ws://example.com:443/chat")?));
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub fn is_same_origin(&self, other: &Uri<'_>) -> bool {
        self.scheme == other.scheme && self.authority.is_same(&other.authority, self.scheme)
    }

    /// The value of the `Host` header: an IPv6 address keeps its brackets, and the scheme's default port is left out
    /// (RFC 6455 §4.1).
    ///
    /// ```
    /// use ws_core::uri::Uri;
    ///
    /// assert_eq!(Uri::parse("wss://example.com:443/")?.host_header().to_string(), "example.com");
    /// assert_eq!(Uri::parse("wss://example.com:80/")?.host_header().to_string(), "example.com:80");
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub fn host_header(&self) -> Authority<'a> {
        self.authority.without_port(self.scheme.default_port())
    }
}

impl<'a> TryFrom<&'a str> for Uri<'a> {
    type Error = UriError;

    fn try_from(text: &'a str) -> Result<Self, UriError> {
        Self::parse(text)
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.host_header(), self.resource_name)
    }
}

/// The path, or `/`, and the query: what stands in the request line (RFC 6455 §3, §4.1).
///
/// `Display` writes both. The query may hold credentials: use `Debug` or [`path`](Self::path) for logs.
///
/// ```
/// use ws_core::uri::Uri;
///
/// let resource_name = Uri::parse("ws://example.com/chat?token=1234")?.resource_name();
/// assert_eq!((resource_name.path(), resource_name.query()), ("/chat", Some("token=1234")));
/// assert_eq!(resource_name.to_string(), "/chat?token=1234");
/// assert!(!format!("{resource_name:?}").contains("1234"));
/// # Ok::<(), ws_core::uri::UriError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ResourceName<'a> {
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> ResourceName<'a> {
    /// `text` begins with the path; characters are not judged here.
    pub(crate) fn new(text: &'a str) -> Self {
        let (path, query) = match split_once(text, b'?') {
            Some((path, query)) => (path, Some(query)),
            None => (text, None),
        };
        // RFC 6455 §3: "/" where the path is empty; "?" only where the query is not.
        let path = if path.is_empty() { "/" } else { path };
        Self { path, query: query.filter(|query| !query.is_empty()) }
    }

    fn check(&self) -> Result<(), UriError> {
        check_characters(self.path, UriError::Character, |byte| matches!(byte, b'/' | b':' | b'@'))?;
        let query = self.query.unwrap_or_default();
        check_characters(query, UriError::Character, |byte| matches!(byte, b'/' | b'?' | b':' | b'@'))
    }

    /// The path, with its percent-encoding; at least `/`.
    ///
    /// ```
    /// use ws_core::uri::Uri;
    ///
    /// assert_eq!(Uri::parse("ws://example.com/a%20b?c")?.resource_name().path(), "/a%20b");
    /// assert_eq!(Uri::parse("ws://example.com?c")?.resource_name().path(), "/");
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn path(&self) -> &'a str {
        self.path
    }

    /// The query without its `?`, with its percent-encoding. `None` where there is none, or an empty one.
    ///
    /// ```
    /// use ws_core::uri::Uri;
    ///
    /// assert_eq!(Uri::parse("ws://example.com/?a=%C3%A9")?.resource_name().query(), Some("a=%C3%A9"));
    /// assert_eq!(Uri::parse("ws://example.com/?")?.resource_name().query(), None);
    /// # Ok::<(), ws_core::uri::UriError>(())
    /// ```
    #[must_use]
    pub const fn query(&self) -> Option<&'a str> {
        self.query
    }
}

/// Shows the path and the length of the query, which may be a secret.
impl fmt::Debug for ResourceName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceName")
            .field("path", &self.path)
            .field("query_len", &self.query.map(str::len))
            .finish()
    }
}

impl fmt::Display for ResourceName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)?;
        match self.query {
            Some(query) => write!(f, "?{query}"),
            None => Ok(()),
        }
    }
}

/// Splits what follows `//` into the authority and the rest, which begins with `/` or `?` or is empty.
pub(crate) fn split_authority(text: &str) -> (&str, &str) {
    let len = text.bytes().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(text.len());
    text.split_at_checked(len).unwrap_or((text, ""))
}

/// Where the byte first is. Less code than `str::find`, which finds longer characters, too.
fn position(bytes: &[u8], byte: u8) -> Option<usize> {
    bytes.iter().position(|other| *other == byte)
}

/// Splits the text at the first separator. In `str::split_once`, the compiler cannot rule out a panic.
fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let (before, rest) = text.split_at_checked(position(text.as_bytes(), separator)?)?;
    Some((before, rest.get(1..)?))
}

/// Refuses what is wrong wherever it stands.
fn check_text(text: &str) -> Result<(), UriError> {
    for byte in text.bytes() {
        match byte {
            0x80.. => return Err(UriError::NonAscii),
            b' ' => return Err(UriError::Space),
            0..=0x1f | 0x7f => return Err(UriError::Control),
            // RFC 6455 §3: fragments are meaningless in these URIs and must not be used.
            b'#' => return Err(UriError::Fragment),
            _ => {}
        }
    }
    Ok(())
}

/// Allows what RFC 3986 allows in a registered name, and what `is_allowed_too` does.
fn check_characters(text: &str, otherwise: UriError, is_allowed_too: fn(u8) -> bool) -> Result<(), UriError> {
    let name_len = text.bytes().position(|byte| !is_name_byte(byte)).unwrap_or(text.len());
    let mut rest = text.as_bytes().get(name_len..).unwrap_or_default();
    while let Some((byte, others)) = rest.split_first() {
        rest = match others {
            _ if is_name_byte(*byte) => others,
            [first, second, others @ ..]
                if *byte == b'%' && first.is_ascii_hexdigit() && second.is_ascii_hexdigit() =>
            {
                others
            }
            _ if *byte == b'%' => return Err(UriError::PercentEncoding),
            _ if is_allowed_too(*byte) => others,
            _ => return Err(otherwise),
        };
    }
    Ok(())
}

/// Whether this is the name of a host or an IPv4 address, without percent-encoding and without a port: an authority of
/// which nothing else has to be read.
#[cfg(feature = "handshake")]
pub(crate) fn is_registered_name(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| is_name_byte(*byte))
}

fn is_name_byte(byte: u8) -> bool {
    NAME_BYTES.contains(byte)
}

/// The unreserved characters and the sub-delimiters of RFC 3986.
static NAME_BYTES: AsciiSet = AsciiSet::alphanumeric_and(b"-._~!$&'()*+,;=");
