//! Extensions (RFC 6455 §9): the grammar of `Sec-WebSocket-Extensions`, and what is negotiated by it for
//! `permessage-deflate` (RFC 7692 §7.1).
//!
//! Negotiating is not compressing: this needs no feature and no allocator, and works with any compressor.
//!
//! ```
//! use ws_core::extension::{DeflateConfig, ExtensionList};
//!
//! let offers = ExtensionList::new(b"permessage-deflate; client_max_window_bits").flatten();
//! let agreed = DeflateConfig::new().answer(offers).ok_or("declined")?;
//! assert_eq!(agreed.answer().as_str(), "permessage-deflate");
//! # Ok::<(), &'static str>(())
//! ```

mod deflate;
mod grammar;

pub use deflate::{
    Agreed, DeflateConfig, DeflateDirection, DeflateError, DeflateParams, DeflateText, WindowBits,
};
#[cfg(feature = "handshake")]
pub(crate) use deflate::{DeflateOffer, is_deflate, judge};
pub use grammar::{Extension, ExtensionError, ExtensionList, Param, ParamValue, Params, check_extensions};
#[cfg(feature = "handshake")]
pub(crate) use grammar::{is_space, is_token};
