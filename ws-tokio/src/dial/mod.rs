//! How clients reach servers.

#[cfg(feature = "net")]
mod addresses;
mod client;
#[cfg(feature = "net")]
mod net;
#[cfg(feature = "rustls")]
mod secure;

pub use client::Client;
#[cfg(feature = "net")]
pub use client::connect;
#[cfg(feature = "net")]
pub use net::NetStream;
