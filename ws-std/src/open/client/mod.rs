pub(crate) mod connecting;
pub(crate) mod credentials;
pub(crate) mod greet;
pub(crate) mod headers;
pub(crate) mod refusal;
pub(crate) mod response;

pub use connecting::Connecting;
pub use refusal::Refusal;
pub use response::Response;
