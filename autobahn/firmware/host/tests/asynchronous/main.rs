//! Tests of `ws_firmware::asynchronous`.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "what the tests may, their helpers may"
)]

mod client;
mod server;
mod support;
mod tcp;
