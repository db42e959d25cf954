// Read first: RFC 7692 §7.1, §7.2.

use super::offer::{ClientWindow, DeflateOffer};
use super::{DeflateParams, DeflateText, WindowBits};

/// What both sides have agreed on for `permessage-deflate`, seen from one of them.
///
/// Messages may be compressed as soon as there is one of these; none has to be (RFC 7692 §6).
///
/// ```
/// use ws_core::extension::{Agreed, DeflateParams, WindowBits};
///
/// // For who has negotiated by other means, such as an HTTP server of his own.
/// let params = DeflateParams {
///     server_no_context_takeover: true,
///     client_max_window_bits: WindowBits::new(10),
///     ..DeflateParams::default()
/// };
/// let agreed = Agreed::server(params);
/// assert!(!agreed.outgoing().context_takeover && agreed.incoming().context_takeover);
/// assert_eq!(Agreed::client(params).outgoing(), agreed.incoming());
/// assert_eq!(agreed.incoming().max_window_bits.bits(), 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Agreed {
    params: DeflateParams,
    outgoing: DeflateDirection,
    incoming: DeflateDirection,
}

/// How messages are compressed in one direction.
///
/// For what we send, the bounds of the compressor; for what we receive, what the decompressor has to be prepared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeflateDirection {
    /// Whether a message may refer to the messages before it, so that the window outlives a message
    /// (RFC 7692 §7.1.1).
    pub context_takeover: bool,
    /// The largest window a message may be compressed with (RFC 7692 §7.1.2).
    pub max_window_bits: WindowBits,
}

impl Agreed {
    /// The server's view of the answer that it has given.
    #[must_use]
    pub fn server(params: DeflateParams) -> Self {
        let (server, client) = directions(params);
        Self { params, outgoing: server, incoming: client }
    }

    /// The client's view of the answer that it has received.
    #[must_use]
    pub fn client(params: DeflateParams) -> Self {
        let (server, client) = directions(params);
        Self { params, outgoing: client, incoming: server }
    }

    /// The parameters of the answer, the same on both sides.
    #[must_use]
    pub const fn params(&self) -> DeflateParams {
        self.params
    }

    /// How we compress. A client may be bound more tightly than the server knows of, by its own
    /// [`DeflateConfig`](super::DeflateConfig).
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
    #[must_use]
    pub fn answer(&self) -> DeflateText {
        DeflateText::list([self.params])
    }

    /// Keeps what a client has said in its offer, however the server has answered.
    pub(crate) fn within_hints(self, offer: DeflateOffer) -> Self {
        let max_window_bits = match offer.client_max_window_bits {
            ClientWindow::AtMost(bits) => bits,
            ClientWindow::Limitable | ClientWindow::Unlimitable => WindowBits::MAX,
        };
        self.with_outgoing_within(DeflateDirection {
            context_takeover: !offer.client_no_context_takeover,
            max_window_bits,
        })
    }

    pub(super) fn with_outgoing_within(mut self, bounds: DeflateDirection) -> Self {
        self.outgoing.context_takeover &= bounds.context_takeover;
        self.outgoing.max_window_bits = self.outgoing.max_window_bits.min(bounds.max_window_bits);
        self
    }
}

/// What the server sends, and what the client sends.
fn directions(params: DeflateParams) -> (DeflateDirection, DeflateDirection) {
    // RFC 7692 §7.2.1: where the parameter is not there, the window may have 32,768 bytes, and be taken over.
    let server = DeflateDirection {
        context_takeover: !params.server_no_context_takeover,
        max_window_bits: params.server_max_window_bits.unwrap_or(WindowBits::MAX),
    };
    let client = DeflateDirection {
        context_takeover: !params.client_no_context_takeover,
        max_window_bits: params.client_max_window_bits.unwrap_or(WindowBits::MAX),
    };
    (server, client)
}
