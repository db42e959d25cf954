// Read first: RFC 7692 §5, §7.1, §8.

use super::agreed::{Agreed, DeflateDirection};
use super::offer::{ClientWindow, DeflateOffer, judge};
use super::{DeflateError, DeflateParams, DeflateText, WindowBits};
use crate::extension::Extension;

/// What one endpoint wants of `permessage-deflate` (RFC 7692), and what it can do; for either role.
///
/// By default context takeover and windows of 32,768 bytes in both directions, as far as the peer agrees. A client then
/// offers `permessage-deflate; client_max_window_bits`, which is what browsers offer and what servers are used to.
///
/// # Compression can leak secrets
///
/// Nothing is compressed unless one of these is handed in, because compression and encryption do not go together: the
/// length of a compressed message says how much of it was known before, and encryption does not hide lengths. Who can
/// have text of his own compressed together with a secret, and can see how long the result is, finds out the secret
/// piece by piece (RFC 7692 §8; the attacks are called CRIME and BREACH). "Together" is one message or, with context
/// takeover, everything within the window.
///
/// So do not compress messages that hold secrets, such as tokens or personal data, together with text that others
/// choose. Send such messages uncompressed, or leave compression off. To forbid context takeover separates one
/// message from the next, not the parts of one.
///
/// ```
/// use ws_core::extension::{DeflateConfig, ExtensionList, WindowBits};
///
/// let client = DeflateConfig::new();
/// assert_eq!(client.offer().as_str(), "permessage-deflate; client_max_window_bits");
///
/// // A server that keeps little memory for each connection.
/// let window = WindowBits::new(12).ok_or("8 to 15")?;
/// let server = DeflateConfig::new().incoming_max_window_bits(window).outgoing_no_context_takeover();
/// let offer = client.offer();
/// let agreed = server.answer(ExtensionList::new(offer.as_str().as_bytes()).flatten()).ok_or("declined")?;
/// assert_eq!(
///     agreed.answer().as_str(),
///     "permessage-deflate; server_no_context_takeover; client_max_window_bits=12",
/// );
///
/// let answer = agreed.answer();
/// let seen = client.judge(ExtensionList::new(answer.as_str().as_bytes()).flatten())?.ok_or("declined")?;
/// assert_eq!(seen.outgoing(), agreed.incoming());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeflateConfig {
    outgoing: DeflateDirection,
    incoming: DeflateDirection,
    outgoing_min_window_bits: WindowBits,
    is_incoming_required: bool,
}

impl DeflateConfig {
    /// Context takeover and the largest windows.
    #[must_use]
    pub const fn new() -> Self {
        let direction = DeflateDirection { context_takeover: true, max_window_bits: WindowBits::MAX };
        Self {
            outgoing: direction,
            incoming: direction,
            outgoing_min_window_bits: WindowBits::MIN,
            is_incoming_required: false,
        }
    }

    /// We compress each message on its own, and need no window between two: less memory, longer messages.
    #[must_use]
    pub const fn outgoing_no_context_takeover(mut self) -> Self {
        self.outgoing.context_takeover = false;
        self
    }

    /// We compress with a window of at most this size.
    #[must_use]
    pub const fn outgoing_max_window_bits(mut self, bits: WindowBits) -> Self {
        self.outgoing.max_window_bits = bits;
        self
    }

    /// The smallest window that our compressor can be limited to: 8 unless told, which is all there is.
    ///
    /// It is for compressors that cannot go as low, such as one with a fixed window. A server then declines offers
    /// of less. A client with more than 8 does not let the server limit its window at all, because it could not obey
    /// each answer. Where it is larger than the largest window, that one is raised to it.
    #[must_use]
    pub const fn outgoing_min_window_bits(mut self, bits: WindowBits) -> Self {
        self.outgoing_min_window_bits = bits;
        self
    }

    /// We ask the peer to compress each message on its own, so that we need no window between two.
    ///
    /// A client has to obey a server in this (RFC 7692 §7.1.1.2). A server may refuse it to a client, which then has
    /// takeover, or no compression where [its limits are required](Self::incoming_limits_required).
    #[must_use]
    pub const fn incoming_no_context_takeover(mut self) -> Self {
        self.incoming.context_takeover = false;
        self
    }

    /// We ask the peer to compress with a window of at most this size, so that ours need not be larger.
    ///
    /// It is asked for, not enforced: there are peers that cannot limit their window, Firefox as a client among them,
    /// and with these the window has 32,768 bytes, unless [limits are required](Self::incoming_limits_required).
    #[must_use]
    pub const fn incoming_max_window_bits(mut self, bits: WindowBits) -> Self {
        self.incoming.max_window_bits = bits;
        self
    }

    /// Rather no compression than messages beyond the limits for what we receive: for who has no memory for them.
    ///
    /// Without it a client offers the same a second time without asking anything of the server (RFC 7692 §7.1.3),
    /// and a server accepts clients whose window it cannot limit.
    #[must_use]
    pub const fn incoming_limits_required(mut self) -> Self {
        self.is_incoming_required = true;
        self
    }

    /// The client's offer, as the value of a `Sec-WebSocket-Extensions` header: one element, or two where there is
    /// something to fall back to.
    ///
    /// [`OutgoingRequest::deflate`](crate::handshake::OutgoingRequest::deflate) does this in a handshake of ours.
    #[must_use]
    pub fn offer(self) -> DeflateText {
        DeflateText::list(self.offers())
    }

    /// The server's decision about a client's extensions, in their order: the first offer that can be accepted, with
    /// the parameters to answer with; `None` where there is none, which is no error (RFC 7692 §5).
    ///
    /// Other extensions are passed over, and so are offers that RFC 7692 §7 has a server decline.
    /// [`OutgoingResponse::deflate`](crate::handshake::OutgoingResponse::deflate) does this in a handshake of ours.
    pub fn answer<'a, O>(self, offers: O) -> Option<Agreed>
    where
        O: IntoIterator<Item = Extension<'a>>,
    {
        let mut offers = offers.into_iter().filter_map(|extension| DeflateOffer::of(&extension));
        offers.find_map(|offer| self.accept(offer.ok()?)).map(Agreed::server)
    }

    /// The client's judgement of the extensions in a server's answer to [`offer`](Self::offer); `None` where the
    /// server has declined it.
    ///
    /// [`ClientHandshake`](crate::handshake::ClientHandshake) does this in a handshake of ours.
    ///
    /// # Errors
    ///
    /// What of the answer is not valid, or not what was offered. The client has to fail the connection
    /// (RFC 7692 §5, §7).
    pub fn judge<'a, A>(self, answer: A) -> Result<Option<Agreed>, DeflateError>
    where
        A: IntoIterator<Item = Extension<'a>>,
    {
        let accepted = judge(answer, self.offers())?;
        Ok(accepted.map(|(params, _)| self.bind(Agreed::client(params))))
    }

    /// The client's offers, the one that it likes best first.
    pub(crate) fn offers(self) -> impl Iterator<Item = DeflateOffer> + use<> {
        let bits = self.outgoing_max();
        let best = DeflateOffer {
            server_no_context_takeover: !self.incoming.context_takeover,
            client_no_context_takeover: !self.outgoing.context_takeover,
            server_max_window_bits: below_max(self.incoming.max_window_bits),
            client_max_window_bits: if self.outgoing_min_window_bits > WindowBits::MIN {
                ClientWindow::Unlimitable
            } else {
                below_max(bits).map_or(ClientWindow::Limitable, ClientWindow::AtMost)
            },
        };
        let fallback =
            DeflateOffer { server_no_context_takeover: false, server_max_window_bits: None, ..best };
        let has_fallback = fallback != best && !self.is_incoming_required;
        [Some(best), has_fallback.then_some(fallback)].into_iter().flatten()
    }

    /// Holds a client to its own limits for what it sends, of which the answer need not say anything.
    pub(crate) fn bind(self, agreed: Agreed) -> Agreed {
        let max_window_bits = self.outgoing_max();
        agreed.with_outgoing_within(DeflateDirection { max_window_bits, ..self.outgoing })
    }

    /// The server's answer to one offer; `None` declines it.
    fn accept(self, offer: DeflateOffer) -> Option<DeflateParams> {
        // RFC 7692 §7.1.2.1: a server that cannot keep to the window declines the offer.
        let asked = offer.server_max_window_bits;
        if asked.is_some_and(|asked| asked < self.outgoing_min_window_bits) {
            return None;
        }
        let server_window = self.outgoing_max().min(asked.unwrap_or_default());
        // RFC 7692 §7.1.2.2: the answer limits the client's window only where the offer has the parameter.
        let client_window = match offer.client_max_window_bits {
            ClientWindow::Unlimitable => WindowBits::MAX,
            ClientWindow::Limitable => self.incoming.max_window_bits,
            ClientWindow::AtMost(hint) => self.incoming.max_window_bits.min(hint),
        };
        if self.is_incoming_required && client_window > self.incoming.max_window_bits {
            return None;
        }
        Some(DeflateParams {
            server_no_context_takeover: offer.server_no_context_takeover || !self.outgoing.context_takeover,
            // RFC 7692 §7.1.1.2: the client's hint may be ignored. To take it up saves our window.
            client_no_context_takeover: offer.client_no_context_takeover || !self.incoming.context_takeover,
            server_max_window_bits: asked.and(Some(server_window)).or(below_max(server_window)),
            client_max_window_bits: below_max(client_window),
        })
    }

    fn outgoing_max(self) -> WindowBits {
        self.outgoing.max_window_bits.max(self.outgoing_min_window_bits)
    }
}

impl Default for DeflateConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// The largest window is what holds where nothing is said.
fn below_max(bits: WindowBits) -> Option<WindowBits> {
    Some(bits).filter(|bits| *bits < WindowBits::MAX)
}
