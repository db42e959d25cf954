//! Extensions (RFC 6455 §9): the grammar of `Sec-WebSocket-Extensions`, and what is negotiated by it for
//! `permessage-deflate` (RFC 7692 §7.1).
//!
//! Negotiating is not compressing: this is here without any feature, without an allocator, and for whichever compressor
//! there is.

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
