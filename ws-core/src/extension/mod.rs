//! Extensions (RFC 6455 §9): the grammar of `Sec-WebSocket-Extensions`.

mod grammar;

pub use grammar::{Extension, ExtensionError, ExtensionList, Param, ParamValue, Params, check_extensions};
pub(crate) use grammar::{is_space, is_token};
