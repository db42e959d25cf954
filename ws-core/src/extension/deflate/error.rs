use core::fmt;

/// What is wrong with an offer of `permessage-deflate` or with an answer to one (RFC 7692 §7).
///
/// A server declines an offer that is wrong, and goes on to the next. A client that receives such an answer fails the
/// connection.
///
/// ```
/// use ws_core::extension::{DeflateConfig, DeflateError, ExtensionList};
///
/// let answer = ExtensionList::new(b"permessage-deflate; x").flatten();
/// assert_eq!(DeflateConfig::new().judge(answer), Err(DeflateError::UnknownParam));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeflateError {
    /// A parameter that is not defined (RFC 7692 §7).
    UnknownParam,
    /// A parameter that is there twice (RFC 7692 §7).
    RepeatedParam,
    /// A window that is not 8 to 15, in decimal digits and without leading zeroes (RFC 7692 §7.1.2).
    Value,
    /// A value for a parameter that has none: the two for context takeover (RFC 7692 §7.1.1).
    UnexpectedValue,
    /// No value for a parameter that needs one: both windows in an answer, the server's in an offer
    /// (RFC 7692 §7.1.2).
    MissingValue,
    /// `permessage-deflate` twice in an answer, so that it does not say which parameters are agreed on (RFC 7692 §5).
    Repeated,
    /// The answer takes up `permessage-deflate`, and there was no valid offer of it (RFC 7692 §5).
    NotOffered,
    /// The answer limits the client's window, and the client did not offer that (RFC 7692 §7.1.2.2).
    ClientMaxWindowBitsNotOffered,
    /// The answer lets the server take over its context, which the client has forbidden (RFC 7692 §7.1.1.1).
    ServerContextTakeover,
    /// The answer lets the server use a larger window than the client has asked for (RFC 7692 §7.1.2.1).
    ServerMaxWindowBits,
}

impl DeflateError {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::UnknownParam => "permessage-deflate: unknown parameter",
            Self::RepeatedParam => "permessage-deflate: a parameter is repeated",
            Self::Value => "permessage-deflate: a window is not 8 to 15",
            Self::UnexpectedValue => "permessage-deflate: a value for a parameter that has none",
            Self::MissingValue => "permessage-deflate: a parameter without its value",
            Self::Repeated => "permessage-deflate is accepted twice",
            Self::NotOffered => "permessage-deflate is accepted without a valid offer",
            Self::ClientMaxWindowBitsNotOffered => {
                "permessage-deflate: client_max_window_bits was not offered"
            }
            Self::ServerContextTakeover => "permessage-deflate: server_no_context_takeover was asked for",
            Self::ServerMaxWindowBits => "permessage-deflate: a smaller server_max_window_bits was asked for",
        }
    }
}

impl fmt::Display for DeflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for DeflateError {}
