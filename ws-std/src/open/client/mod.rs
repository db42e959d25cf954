//! A client's opening handshake over a stream that is connected.

mod connecting;
pub(crate) mod options;
mod refusal;
mod response;

pub use connecting::Connecting;
pub use response::Response;
