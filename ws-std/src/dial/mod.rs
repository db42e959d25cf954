//! How a client gets to a server: addresses, proxies, redirects.

mod addresses;
mod client;
mod limited;
mod location;
mod options;
mod proxy;
mod redirects;
mod route;
#[cfg(feature = "rustls")]
mod secure;
#[cfg(feature = "socks")]
mod socks;
mod tunnel;

pub use client::{Client, connect};
pub use proxy::Proxy;
