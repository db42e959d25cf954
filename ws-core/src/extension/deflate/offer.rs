// Read first: RFC 7692 §5, §7, §7.1.

use core::{fmt, mem};

use super::params::{take_bits, take_flag, write_bits, write_flag};
use super::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, DeflateError, DeflateParams, NAME,
    SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER, WindowBits, is_deflate,
};
use crate::extension::Extension;

/// One offer of a client: what it asks of the server, and what it says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeflateOffer {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<WindowBits>,
    pub(super) client_max_window_bits: ClientWindow,
}

/// What an offer says of the client's window (RFC 7692 §7.1.2.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ClientWindow {
    /// The parameter is not there: the window must not be limited.
    #[default]
    Unlimitable,
    /// No value: the server may limit it.
    Limitable,
    /// The server may limit it, and it is not going to be larger than this in any case.
    AtMost(WindowBits),
}

impl DeflateOffer {
    /// The offer that this element makes; `None` where it is for another extension.
    pub(crate) fn of(extension: &Extension<'_>) -> Option<Result<Self, DeflateError>> {
        is_deflate(extension.name()).then(|| Self::parse(extension))
    }

    fn parse(offer: &Extension<'_>) -> Result<Self, DeflateError> {
        let mut read = Self::default();
        for param in offer.params() {
            let value = param.value();
            let is_repeated = match param.name() {
                SERVER_NO_CONTEXT_TAKEOVER => take_flag(&mut read.server_no_context_takeover, value)?,
                CLIENT_NO_CONTEXT_TAKEOVER => take_flag(&mut read.client_no_context_takeover, value)?,
                SERVER_MAX_WINDOW_BITS => take_bits(&mut read.server_max_window_bits, value)?,
                CLIENT_MAX_WINDOW_BITS => {
                    // RFC 7692 §7.1.2.2: in an offer it has no value, or a window.
                    let window = match value {
                        Some(value) => ClientWindow::AtMost(WindowBits::parse(value)?),
                        None => ClientWindow::Limitable,
                    };
                    mem::replace(&mut read.client_max_window_bits, window) != ClientWindow::Unlimitable
                }
                _ => return Err(DeflateError::UnknownParam),
            };
            if is_repeated {
                return Err(DeflateError::RepeatedParam);
            }
        }
        Ok(read)
    }

    /// Whether a server that accepts this offer may answer with `params`.
    fn allows(self, params: DeflateParams) -> Result<(), DeflateError> {
        // RFC 7692 §7.1.2.2: where the offer does not have this parameter, the answer must not. That it is larger than
        // the offer's is allowed: the offer's was a hint, and §7.2.1 says what the client does then.
        if params.client_max_window_bits.is_some() && self.client_max_window_bits == ClientWindow::Unlimitable
        {
            return Err(DeflateError::ClientMaxWindowBitsNotOffered);
        }
        // RFC 7692 §7.1.1.1: an offer with this parameter is accepted by an answer with it.
        if self.server_no_context_takeover && !params.server_no_context_takeover {
            return Err(DeflateError::ServerContextTakeover);
        }
        // RFC 7692 §7.1.2.1: an offer with this parameter is accepted by the same value or a smaller one.
        match (self.server_max_window_bits, params.server_max_window_bits.unwrap_or_default()) {
            (Some(offered), answered) if answered > offered => Err(DeflateError::ServerMaxWindowBits),
            (Some(_), _) if params.server_max_window_bits.is_none() => Err(DeflateError::ServerMaxWindowBits),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for DeflateOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        write_flag(f, SERVER_NO_CONTEXT_TAKEOVER, self.server_no_context_takeover)?;
        write_flag(f, CLIENT_NO_CONTEXT_TAKEOVER, self.client_no_context_takeover)?;
        write_bits(f, SERVER_MAX_WINDOW_BITS, self.server_max_window_bits)?;
        match self.client_max_window_bits {
            ClientWindow::Unlimitable => Ok(()),
            ClientWindow::Limitable => write_flag(f, CLIENT_MAX_WINDOW_BITS, true),
            ClientWindow::AtMost(bits) => write_bits(f, CLIENT_MAX_WINDOW_BITS, Some(bits)),
        }
    }
}

/// Finds `permessage-deflate` in an answer, and the first offer that it can have accepted.
///
/// An offer does not say which one it is in the answer, nor does it matter (RFC 7692 §5). Where there is none, the error
/// is that of the first.
pub(crate) fn judge<'a, A>(
    answer: A,
    offers: impl IntoIterator<Item = DeflateOffer>,
) -> Result<Option<(DeflateParams, DeflateOffer)>, DeflateError>
where
    A: IntoIterator<Item = Extension<'a>>,
{
    let mut elements = answer.into_iter().filter(|extension| is_deflate(extension.name()));
    let Some(element) = elements.next() else { return Ok(None) };
    let params = DeflateParams::parse(&element)?;
    if elements.next().is_some() {
        return Err(DeflateError::Repeated);
    }
    let mut first_error = None;
    for offer in offers {
        match offer.allows(params) {
            Ok(()) => return Ok(Some((params, offer))),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(DeflateError::NotOffered))
}
