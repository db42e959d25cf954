//! Types that own their parts: settings, and what is read besides heads. They need an allocator.

mod credentials;
mod head_to_vec;
mod origin_policy;
mod redirect;
mod refusal;
mod request_config;
mod response;
mod response_body;
mod response_config;

pub use credentials::Credentials;
pub use head_to_vec::head_to_vec;
pub use origin_policy::OwnedOriginPolicy;
pub use redirect::Redirect;
pub use refusal::Refusal;
pub use request_config::RequestConfig;
pub use response::OwnedResponse;
pub use response_body::ResponseBody;
pub use response_config::ResponseConfig;
