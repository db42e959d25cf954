use core::fmt;

/// A setting of a [`Client`](crate::Client) that must not be sent: a bug in the program. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientMisuse {
    /// The name of a cookie is not a token (RFC 6265 §4.1.1).
    CookieName,
    /// The value of a cookie has a character that RFC 6265 §4.1.1 excludes: a control character, a space, a quote, a comma, a
    /// semicolon, a backslash, or one beyond ASCII.
    CookieValue,
    /// A user has a colon, or a user or a password has a control character (RFC 7617 §2); for SOCKS, one of them is empty
    /// or longer than 255 bytes (RFC 1929 §2).
    Credentials,
    /// `Cookie` or `Authorization` would be sent twice: set as a header, and also by the method for it.
    RepeatedHeader,
}

impl fmt::Display for ClientMisuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CookieName => "the name of a cookie is not a token",
            Self::CookieValue => "the value of a cookie has a character that it may not have",
            Self::Credentials => "a user or a password has a character or a length that it may not have",
            Self::RepeatedHeader => "Cookie or Authorization is given twice",
        })
    }
}

impl core::error::Error for ClientMisuse {}
