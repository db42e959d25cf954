//! What owns its parts: the settings of programs that have an allocator, and what they read besides heads.

mod credentials;
mod head_to_vec;
mod origin_policy;
mod redirect;
mod request_config;
mod response_body;

pub use credentials::Credentials;
pub use head_to_vec::head_to_vec;
pub use origin_policy::OwnedOriginPolicy;
pub use redirect::Redirect;
pub use request_config::RequestConfig;
pub use response_body::ResponseBody;
