pub(crate) mod connecting;
pub(crate) mod credentials;
pub(crate) mod headers;
pub(crate) mod opening;
mod refusal;
pub(crate) mod response;

pub use connecting::Connecting;
pub use response::Response;
