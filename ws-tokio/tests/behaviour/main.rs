//! How connections of ws-tokio behave. One program, since each is linked with tokio and TLS by itself.

#[path = "../common/mod.rs"]
mod common;

mod bytes;
mod closing;
mod deadlines;
mod gathering;
mod opening;
mod opening_client;
mod smol;
mod split;
mod split_ends;
mod timers;
mod tls;
