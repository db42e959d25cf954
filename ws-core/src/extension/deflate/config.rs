// Read first: RFC 7692 §5, §7.1, §8.

use super::offer::{ClientWindow, DeflateOffer, judge};
use super::{Agreed, DeflateDirection, DeflateError, DeflateParams, DeflateText, WindowBits};
use crate::extension::Extension;

/// What one endpoint wants of `permessage-deflate` (RFC 7692), and what it can do; for either role.
///
/// By default it is context takeover and windows of 32,768 bytes in both directions, as far as the peer agrees. A client
/// then offers `permessage-deflate; client_max_window_bits`, which is what browsers offer and what servers are used to.
///
/// # Compression can leak secrets
///
/// Nothing is compressed unless you set one of these, because compression and encryption do not go together: the
/// length of a compressed message says how much of it was known before, and encryption does not hide lengths. An attacker
/// that can have text of its own compressed together with a secret, and can see how long the result is, finds out the
/// secret piece by piece (RFC 7692 §8; the attacks are called CRIME and BREACH). "Together" is one message or, with
/// context takeover, everything within the window.
///
/// So do not compress messages that hold secrets, such as tokens or personal data, together with text that others
/// choose. Send such messages uncompressed, or leave compression off. Forbidding context takeover separates one
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
/// let server = DeflateConfig::new().with_incoming_max_window_bits(window).with_outgoing_no_context_takeover();
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
    requires_incoming_limits: bool,
}

impl DeflateConfig {
    /// Context takeover and the largest windows, as far as the peer agrees.
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    ///
    /// const WISHES: DeflateConfig = DeflateConfig::new();
    /// assert_eq!(WISHES.offer().as_str(), "permessage-deflate; client_max_window_bits");
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            outgoing: DeflateDirection::new(),
            incoming: DeflateDirection::new(),
            outgoing_min_window_bits: WindowBits::MIN,
            requires_incoming_limits: false,
        }
    }

    /// Has us compress each message by itself, so that our compressor needs no window between two messages: less memory,
    /// longer messages.
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    ///
    /// let client = DeflateConfig::new().with_outgoing_no_context_takeover();
    /// assert!(client.offer().as_str().contains("client_no_context_takeover"));
    /// assert!(!client.outgoing().has_context_takeover());
    /// ```
    #[must_use]
    pub const fn with_outgoing_no_context_takeover(mut self) -> Self {
        self.outgoing = self.outgoing.with_no_context_takeover();
        self
    }

    /// Sets the largest window that we compress with. Default: 15 bits, which is 32,768 bytes.
    ///
    /// ```
    /// use ws_core::extension::{DeflateConfig, WindowBits};
    ///
    /// let bits = WindowBits::new(10).ok_or("8 to 15")?;
    /// let client = DeflateConfig::new().with_outgoing_max_window_bits(bits);
    /// assert_eq!(client.offer().as_str(), "permessage-deflate; client_max_window_bits=10");
    /// assert_eq!(client.outgoing().max_window_bits(), bits);
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub const fn with_outgoing_max_window_bits(mut self, bits: WindowBits) -> Self {
        self.outgoing = self.outgoing.with_max_window_bits(bits);
        self
    }

    /// Sets the smallest window that our compressor can be limited to. Default: 8 bits, which is the least there is.
    ///
    /// It is for compressors that cannot go as low, such as one with a fixed window. A server then declines offers
    /// of less. A client with more than 8 does not let the server limit its window at all, because it could not obey
    /// each answer. Where it is larger than the largest window, the largest window is raised to it.
    ///
    /// ```
    /// use ws_core::extension::{DeflateConfig, WindowBits};
    ///
    /// let fixed = DeflateConfig::new().with_outgoing_min_window_bits(WindowBits::MAX);
    /// assert_eq!(fixed.offer().as_str(), "permessage-deflate");
    /// assert_eq!(fixed.outgoing_min_window_bits(), WindowBits::MAX);
    /// ```
    #[must_use]
    pub const fn with_outgoing_min_window_bits(mut self, bits: WindowBits) -> Self {
        self.outgoing_min_window_bits = bits;
        self
    }

    /// Asks the peer to compress each message by itself, so that our decompressor needs no window between two messages.
    ///
    /// A client has to obey a server in this (RFC 7692 §7.1.1.2). A server may deny it to a client, which then gets
    /// takeover, or no compression where [its limits are required](Self::with_incoming_limits_required).
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    ///
    /// let client = DeflateConfig::new().with_incoming_no_context_takeover();
    /// assert!(client.offer().as_str().contains("server_no_context_takeover"));
    /// assert!(!client.incoming().has_context_takeover());
    /// ```
    #[must_use]
    pub const fn with_incoming_no_context_takeover(mut self) -> Self {
        self.incoming = self.incoming.with_no_context_takeover();
        self
    }

    /// Asks the peer to compress with a window of at most this size, so that our decompressor's need not be larger.
    /// Default: 15 bits, which is 32,768 bytes.
    ///
    /// It is asked for, not enforced: some peers cannot limit their window, Firefox as a client among them,
    /// and with these the window has 32,768 bytes, unless [limits are required](Self::with_incoming_limits_required).
    ///
    /// ```
    /// use ws_core::extension::{DeflateConfig, WindowBits};
    ///
    /// let bits = WindowBits::new(10).ok_or("8 to 15")?;
    /// let client = DeflateConfig::new().with_incoming_max_window_bits(bits);
    /// assert!(client.offer().as_str().contains("server_max_window_bits=10"));
    /// assert_eq!(client.incoming().max_window_bits(), bits);
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub const fn with_incoming_max_window_bits(mut self, bits: WindowBits) -> Self {
        self.incoming = self.incoming.with_max_window_bits(bits);
        self
    }

    /// Declines compression where the peer may exceed our limits for what we receive, instead of accepting such a peer.
    ///
    /// By default a client offers a second time without asking anything of the server (RFC 7692 §7.1.3),
    /// and a server accepts clients whose window it cannot limit.
    ///
    /// ```
    /// use ws_core::extension::{DeflateConfig, ExtensionList, WindowBits};
    ///
    /// let bits = WindowBits::new(10).ok_or("8 to 15")?;
    /// let server = DeflateConfig::new().with_incoming_max_window_bits(bits);
    /// let offers = || ExtensionList::new(b"permessage-deflate").flatten(); // as Firefox offers it
    /// assert!(server.answer(offers()).is_some());
    /// assert!(server.with_incoming_limits_required().answer(offers()).is_none());
    /// assert!(server.with_incoming_limits_required().requires_incoming_limits());
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub const fn with_incoming_limits_required(mut self) -> Self {
        self.requires_incoming_limits = true;
        self
    }

    /// What we keep to when we compress, as it was given: [`answer`](Self::answer) raises the window to
    /// [`outgoing_min_window_bits`](Self::outgoing_min_window_bits).
    #[must_use]
    pub const fn outgoing(self) -> DeflateDirection {
        self.outgoing
    }

    /// What we ask of the peer.
    #[must_use]
    pub const fn incoming(self) -> DeflateDirection {
        self.incoming
    }

    /// The smallest window that our compressor can be limited to.
    #[must_use]
    pub const fn outgoing_min_window_bits(self) -> WindowBits {
        self.outgoing_min_window_bits
    }

    /// Whether compression is declined where the peer may exceed our limits for what we receive.
    #[must_use]
    pub const fn requires_incoming_limits(self) -> bool {
        self.requires_incoming_limits
    }

    /// The client's offer, as the value of a `Sec-WebSocket-Extensions` header: one element, or two where there is
    /// something to fall back to.
    ///
    /// [`OutgoingRequest::with_deflate`](crate::handshake::OutgoingRequest::with_deflate) writes it in a handshake of
    /// ours.
    ///
    /// ```
    /// use ws_core::extension::DeflateConfig;
    ///
    /// let offer = DeflateConfig::new().with_incoming_no_context_takeover().offer();
    /// assert_eq!(
    ///     offer.as_str(),
    ///     "permessage-deflate; server_no_context_takeover; client_max_window_bits, \
    ///      permessage-deflate; client_max_window_bits",
    /// );
    /// ```
    #[must_use]
    pub fn offer(self) -> DeflateText {
        DeflateText::list(self.offers())
    }

    /// The server's answer to a client's extensions, in their order: the first offer that can be accepted, with
    /// the parameters to answer with. `None` where there is none, which is no error (RFC 7692 §5).
    ///
    /// Other extensions are passed over, and so are offers that RFC 7692 §7 has a server decline.
    /// [`OutgoingResponse::with_deflate`](crate::handshake::OutgoingResponse::with_deflate) answers in a handshake of ours.
    ///
    /// ```
    /// use ws_core::extension::{DeflateConfig, ExtensionList};
    ///
    /// let offers = ExtensionList::new(b"foo, permessage-deflate; server_max_window_bits=9").flatten();
    /// let agreed = DeflateConfig::new().answer(offers).ok_or("declined")?;
    /// assert_eq!(agreed.answer().as_str(), "permessage-deflate; server_max_window_bits=9");
    /// assert_eq!(DeflateConfig::new().answer(ExtensionList::new(b"foo").flatten()), None);
    /// # Ok::<(), &'static str>(())
    /// ```
    pub fn answer<'a, O>(self, offers: O) -> Option<Agreed>
    where
        O: IntoIterator<Item = Extension<'a>>,
    {
        let mut offers = offers.into_iter().filter_map(|extension| DeflateOffer::of(&extension));
        offers.find_map(|offer| self.accept(offer.ok()?)).map(Agreed::server)
    }

    /// The client's judgement of the extensions in a server's answer to [`offer`](Self::offer). `None` where the
    /// server has declined it.
    ///
    /// [`ClientHandshake`](crate::handshake::ClientHandshake) judges the answer in a handshake of ours.
    ///
    /// # Errors
    ///
    /// What of the answer is not valid, or not what was offered. The client has to fail the connection
    /// (RFC 7692 §5, §7).
    ///
    /// ```
    /// use ws_core::extension::{DeflateConfig, DeflateError, ExtensionList};
    ///
    /// let answer = ExtensionList::new(b"permessage-deflate; client_max_window_bits=9").flatten();
    /// let agreed = DeflateConfig::new().judge(answer)?.ok_or("declined")?;
    /// assert_eq!(agreed.outgoing().max_window_bits().bits(), 9);
    ///
    /// let answer = ExtensionList::new(b"permessage-deflate; client_max_window_bits=7").flatten();
    /// assert_eq!(DeflateConfig::new().judge(answer), Err(DeflateError::Value));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
            server_no_context_takeover: !self.incoming.has_context_takeover,
            client_no_context_takeover: !self.outgoing.has_context_takeover,
            server_max_window_bits: below_max(self.incoming.max_window_bits),
            client_max_window_bits: if self.outgoing_min_window_bits > WindowBits::MIN {
                ClientWindow::Unlimitable
            } else {
                below_max(bits).map_or(ClientWindow::Limitable, ClientWindow::AtMost)
            },
        };
        let fallback =
            DeflateOffer { server_no_context_takeover: false, server_max_window_bits: None, ..best };
        let has_fallback = fallback != best && !self.requires_incoming_limits;
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
        if self.requires_incoming_limits && client_window > self.incoming.max_window_bits {
            return None;
        }
        Some(DeflateParams {
            server_no_context_takeover: offer.server_no_context_takeover
                || !self.outgoing.has_context_takeover,
            // RFC 7692 §7.1.1.2: the client's hint may be ignored. To take it up saves our window.
            client_no_context_takeover: offer.client_no_context_takeover
                || !self.incoming.has_context_takeover,
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
