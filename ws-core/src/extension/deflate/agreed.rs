// Read first: RFC 7692 §6, §7.1.

#[cfg(feature = "handshake")]
use super::WindowBits;
#[cfg(feature = "handshake")]
use super::offer::{ClientWindow, DeflateOffer};
use super::{DeflateDirection, DeflateParams, DeflateText};

/// What both sides have agreed on for `permessage-deflate`, seen from one of them.
///
/// A connection with one of these may compress the messages that it sends, and has to be able to inflate those that it
/// receives (RFC 7692 §6). Handshakes of ours give it: [`ServerHandshake::deflate`] and [`ClientHandshake::deflate`].
///
/// [`ServerHandshake::deflate`]: crate::handshake::ServerHandshake::deflate
/// [`ClientHandshake::deflate`]: crate::handshake::ClientHandshake::deflate
///
/// ```
/// use ws_core::extension::{Agreed, DeflateParams, WindowBits};
///
/// // What was negotiated by an HTTP server of your own.
/// let bits = WindowBits::new(10).ok_or("8 to 15")?;
/// let params = DeflateParams::new().with_server_no_context_takeover().with_client_max_window_bits(bits);
/// let agreed = Agreed::server(params);
/// assert!(!agreed.outgoing().has_context_takeover());
/// assert_eq!(agreed.incoming().max_window_bits(), bits);
/// assert_eq!(Agreed::client(params).outgoing(), agreed.incoming());
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Agreed {
    params: DeflateParams,
    outgoing: DeflateDirection,
    incoming: DeflateDirection,
}

impl Agreed {
    /// The server's view of the answer that it has sent.
    ///
    /// ```
    /// use ws_core::extension::{Agreed, DeflateParams};
    ///
    /// let agreed = Agreed::server(DeflateParams::new().with_server_no_context_takeover());
    /// assert!(!agreed.outgoing().has_context_takeover());
    /// assert!(agreed.incoming().has_context_takeover());
    /// ```
    #[must_use]
    pub const fn server(params: DeflateParams) -> Self {
        Self { params, outgoing: params.server(), incoming: params.client() }
    }

    /// The client's view of the answer that it has received.
    ///
    /// ```
    /// use ws_core::extension::{Agreed, DeflateParams};
    ///
    /// let agreed = Agreed::client(DeflateParams::new().with_server_no_context_takeover());
    /// assert!(agreed.outgoing().has_context_takeover());
    /// assert!(!agreed.incoming().has_context_takeover());
    /// ```
    #[must_use]
    pub const fn client(params: DeflateParams) -> Self {
        Self { params, outgoing: params.client(), incoming: params.server() }
    }

    /// The parameters of the answer, which both sides have.
    ///
    /// ```
    /// use ws_core::extension::{Agreed, DeflateParams};
    ///
    /// let params = DeflateParams::new().with_server_no_context_takeover();
    /// assert_eq!((Agreed::server(params).params(), Agreed::client(params).params()), (params, params));
    /// ```
    #[must_use]
    pub const fn params(&self) -> DeflateParams {
        self.params
    }

    /// How we compress. A client's own [`DeflateConfig`](super::DeflateConfig) may bind it more tightly than the answer
    /// says.
    #[must_use]
    pub const fn outgoing(&self) -> DeflateDirection {
        self.outgoing
    }

    /// How the peer compresses, at most.
    #[must_use]
    pub const fn incoming(&self) -> DeflateDirection {
        self.incoming
    }

    /// The server's answer, as the value of a `Sec-WebSocket-Extensions` header.
    ///
    /// ```
    /// use ws_core::extension::{Agreed, DeflateParams};
    ///
    /// let agreed = Agreed::server(DeflateParams::new().with_client_no_context_takeover());
    /// assert_eq!(agreed.answer().as_str(), "permessage-deflate; client_no_context_takeover");
    /// ```
    #[must_use]
    pub fn answer(&self) -> DeflateText {
        DeflateText::list([self.params])
    }

    /// Keeps what a client has said in its offer, however the server has answered.
    #[cfg(feature = "handshake")]
    pub(crate) fn within_hints(self, offer: DeflateOffer) -> Self {
        let max_window_bits = match offer.client_max_window_bits {
            ClientWindow::AtMost(bits) => bits,
            ClientWindow::Limitable | ClientWindow::Unlimitable => WindowBits::MAX,
        };
        self.with_outgoing_within(DeflateDirection {
            has_context_takeover: !offer.client_no_context_takeover,
            max_window_bits,
        })
    }

    pub(super) fn with_outgoing_within(mut self, bounds: DeflateDirection) -> Self {
        self.outgoing.has_context_takeover &= bounds.has_context_takeover;
        self.outgoing.max_window_bits = self.outgoing.max_window_bits.min(bounds.max_window_bits);
        self
    }
}
