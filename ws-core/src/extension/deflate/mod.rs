// Read first: RFC 7692 §5, §7.1.

mod agreed;
mod config;
mod direction;
mod error;
mod offer;
mod params;
mod text;
mod window_bits;

pub use agreed::Agreed;
pub use config::DeflateConfig;
pub use direction::DeflateDirection;
pub use error::DeflateError;
#[cfg(feature = "handshake")]
pub(crate) use offer::{DeflateOffer, judge};
pub use params::DeflateParams;
pub use text::DeflateText;
pub use window_bits::WindowBits;

/// The registered name (RFC 7692 §9.1).
const NAME: &str = "permessage-deflate";
const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// Whether this is the name of `permessage-deflate`.
pub(crate) fn is_deflate(name: &str) -> bool {
    name == NAME
}
