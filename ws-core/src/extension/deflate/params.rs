// Read first: RFC 7692 §7, §7.1.

use core::{fmt, mem};

use super::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, DeflateDirection, DeflateError, NAME,
    SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER, WindowBits,
};
use crate::extension::{Extension, ParamValue};

/// The parameters of an answer to an offer of `permessage-deflate`, which bind both sides (RFC 7692 §7.1).
///
/// ```
/// use ws_core::extension::{DeflateParams, WindowBits};
///
/// let bits = WindowBits::new(10).ok_or("8 to 15")?;
/// let params = DeflateParams::new().with_server_max_window_bits(bits);
/// assert_eq!(params.to_string(), "permessage-deflate; server_max_window_bits=10");
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeflateParams {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<WindowBits>,
    pub(super) client_max_window_bits: Option<WindowBits>,
}

impl DeflateParams {
    /// No parameter: context takeover and windows of up to 32,768 bytes in both directions.
    ///
    /// ```
    /// use ws_core::extension::DeflateParams;
    ///
    /// assert_eq!(DeflateParams::new().to_string(), "permessage-deflate");
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: None,
            client_max_window_bits: None,
        }
    }

    /// Has the server start each message with an empty window (RFC 7692 §7.1.1.1).
    ///
    /// ```
    /// use ws_core::extension::DeflateParams;
    ///
    /// let params = DeflateParams::new().with_server_no_context_takeover();
    /// assert_eq!(params.to_string(), "permessage-deflate; server_no_context_takeover");
    /// assert!(params.server_no_context_takeover() && !params.client_no_context_takeover());
    /// ```
    #[must_use]
    pub const fn with_server_no_context_takeover(mut self) -> Self {
        self.server_no_context_takeover = true;
        self
    }

    /// Has the client start each message with an empty window (RFC 7692 §7.1.1.2).
    ///
    /// ```
    /// use ws_core::extension::DeflateParams;
    ///
    /// let params = DeflateParams::new().with_client_no_context_takeover();
    /// assert_eq!(params.to_string(), "permessage-deflate; client_no_context_takeover");
    /// assert!(params.client_no_context_takeover() && !params.server_no_context_takeover());
    /// ```
    #[must_use]
    pub const fn with_client_no_context_takeover(mut self) -> Self {
        self.client_no_context_takeover = true;
        self
    }

    /// Sets the largest window that the server compresses with (RFC 7692 §7.1.2.1).
    ///
    /// ```
    /// use ws_core::extension::{DeflateParams, WindowBits};
    ///
    /// let params = DeflateParams::new().with_server_max_window_bits(WindowBits::MIN);
    /// assert_eq!(params.to_string(), "permessage-deflate; server_max_window_bits=8");
    /// assert_eq!(params.server_max_window_bits(), Some(WindowBits::MIN));
    /// ```
    #[must_use]
    pub const fn with_server_max_window_bits(mut self, bits: WindowBits) -> Self {
        self.server_max_window_bits = Some(bits);
        self
    }

    /// Sets the largest window that the client compresses with (RFC 7692 §7.1.2.2).
    ///
    /// ```
    /// use ws_core::extension::{DeflateParams, WindowBits};
    ///
    /// let params = DeflateParams::new().with_client_max_window_bits(WindowBits::MIN);
    /// assert_eq!(params.to_string(), "permessage-deflate; client_max_window_bits=8");
    /// assert_eq!(params.client_max_window_bits(), Some(WindowBits::MIN));
    /// ```
    #[must_use]
    pub const fn with_client_max_window_bits(mut self, bits: WindowBits) -> Self {
        self.client_max_window_bits = Some(bits);
        self
    }

    /// Whether the server starts each message with an empty window (RFC 7692 §7.1.1.1).
    #[must_use]
    pub const fn server_no_context_takeover(self) -> bool {
        self.server_no_context_takeover
    }

    /// Whether the client starts each message with an empty window (RFC 7692 §7.1.1.2).
    #[must_use]
    pub const fn client_no_context_takeover(self) -> bool {
        self.client_no_context_takeover
    }

    /// The largest window that the server compresses with, where the parameter is there. Without it, the window may have
    /// 32,768 bytes (RFC 7692 §7.1.2.1).
    #[must_use]
    pub const fn server_max_window_bits(self) -> Option<WindowBits> {
        self.server_max_window_bits
    }

    /// The largest window that the client compresses with, where the parameter is there. Without it, the window may have
    /// 32,768 bytes (RFC 7692 §7.1.2.2).
    #[must_use]
    pub const fn client_max_window_bits(self) -> Option<WindowBits> {
        self.client_max_window_bits
    }

    /// How the server compresses.
    pub(super) const fn server(self) -> DeflateDirection {
        direction(self.server_no_context_takeover, self.server_max_window_bits)
    }

    /// How the client compresses.
    pub(super) const fn client(self) -> DeflateDirection {
        direction(self.client_no_context_takeover, self.client_max_window_bits)
    }

    pub(super) fn parse(answer: &Extension<'_>) -> Result<Self, DeflateError> {
        let mut params = Self::default();
        for param in answer.params() {
            let value = param.value();
            let is_repeated = match param.name() {
                SERVER_NO_CONTEXT_TAKEOVER => take_flag(&mut params.server_no_context_takeover, value)?,
                CLIENT_NO_CONTEXT_TAKEOVER => take_flag(&mut params.client_no_context_takeover, value)?,
                SERVER_MAX_WINDOW_BITS => take_bits(&mut params.server_max_window_bits, value)?,
                // RFC 7692 §7.1.2.2: in an answer it has a value, as in an offer it need not.
                CLIENT_MAX_WINDOW_BITS => take_bits(&mut params.client_max_window_bits, value)?,
                _ => return Err(DeflateError::UnknownParam),
            };
            if is_repeated {
                return Err(DeflateError::RepeatedParam);
            }
        }
        Ok(params)
    }
}

impl fmt::Display for DeflateParams {
    /// As the value of a `Sec-WebSocket-Extensions` header.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        write_flag(f, SERVER_NO_CONTEXT_TAKEOVER, self.server_no_context_takeover)?;
        write_flag(f, CLIENT_NO_CONTEXT_TAKEOVER, self.client_no_context_takeover)?;
        write_bits(f, SERVER_MAX_WINDOW_BITS, self.server_max_window_bits)?;
        write_bits(f, CLIENT_MAX_WINDOW_BITS, self.client_max_window_bits)
    }
}

const fn direction(no_context_takeover: bool, max_window_bits: Option<WindowBits>) -> DeflateDirection {
    // RFC 7692 §7.2.1: where the parameter is not there, the window may have 32,768 bytes, and be taken over.
    let max_window_bits = match max_window_bits {
        Some(bits) => bits,
        None => WindowBits::MAX,
    };
    DeflateDirection { has_context_takeover: !no_context_takeover, max_window_bits }
}

/// Whether it was there already.
pub(super) fn take_flag(flag: &mut bool, value: Option<ParamValue<'_>>) -> Result<bool, DeflateError> {
    // RFC 7692 §7.1.1.1: this parameter has no value; §7.1.1.2 says so of the other.
    if value.is_some() {
        return Err(DeflateError::UnexpectedValue);
    }
    Ok(mem::replace(flag, true))
}

/// Whether it was there already.
pub(super) fn take_bits(
    bits: &mut Option<WindowBits>,
    value: Option<ParamValue<'_>>,
) -> Result<bool, DeflateError> {
    let value = value.ok_or(DeflateError::MissingValue)?;
    Ok(bits.replace(WindowBits::parse(value)?).is_some())
}

pub(super) fn write_flag(f: &mut fmt::Formatter<'_>, name: &str, flag: bool) -> fmt::Result {
    if flag { write!(f, "; {name}") } else { Ok(()) }
}

pub(super) fn write_bits(f: &mut fmt::Formatter<'_>, name: &str, bits: Option<WindowBits>) -> fmt::Result {
    match bits {
        Some(bits) => write!(f, "; {name}={bits}"),
        None => Ok(()),
    }
}
