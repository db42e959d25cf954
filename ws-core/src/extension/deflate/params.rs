// Read first: RFC 7692 §7, §7.1.

use core::{fmt, mem};

use super::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, DeflateError, NAME, SERVER_MAX_WINDOW_BITS,
    SERVER_NO_CONTEXT_TAKEOVER, WindowBits,
};
use crate::extension::{Extension, ParamValue};

/// The parameters of an answer to an offer of `permessage-deflate`, which both sides are bound by (RFC 7692 §7.1).
///
/// ```
/// use ws_core::extension::{DeflateParams, WindowBits};
///
/// let params = DeflateParams { server_max_window_bits: WindowBits::new(10), ..DeflateParams::default() };
/// assert_eq!(params.to_string(), "permessage-deflate; server_max_window_bits=10");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeflateParams {
    /// The server starts each message with an empty window (RFC 7692 §7.1.1.1).
    pub server_no_context_takeover: bool,
    /// The client starts each message with an empty window (RFC 7692 §7.1.1.2).
    pub client_no_context_takeover: bool,
    /// The largest window that the server compresses with; without it, 15 (RFC 7692 §7.1.2.1).
    pub server_max_window_bits: Option<WindowBits>,
    /// The largest window that the client compresses with; without it, 15 (RFC 7692 §7.1.2.2).
    pub client_max_window_bits: Option<WindowBits>,
}

impl DeflateParams {
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
