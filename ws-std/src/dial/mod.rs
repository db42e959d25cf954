//! How a client reaches a server: addresses, proxies, TLS, redirects.

mod addresses;
mod client;
#[cfg(all(feature = "proxy", feature = "rustls"))]
mod no_certificate;
mod options;
#[cfg(feature = "proxy")]
mod proxy;
#[cfg(feature = "proxy")]
mod proxy_url;
#[cfg(feature = "proxy")]
mod redirects;
mod route;
#[cfg(feature = "rustls")]
mod secure;
#[cfg(feature = "proxy")]
mod socks;
#[cfg(feature = "proxy")]
mod tunnel;

pub use client::{Client, connect};
#[cfg(feature = "proxy")]
pub use proxy::Proxy;
