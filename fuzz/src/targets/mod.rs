//! What is tried with bytes that a fuzzer makes: each function panics where a promise is broken. The tests of ws-core
//! run the same functions over the corpus.

mod codec;
#[cfg(feature = "deflate")]
mod deflate;
mod handshake;
mod negotiation;
mod receive;

pub use codec::{header, mask, utf8};
#[cfg(feature = "deflate")]
pub use deflate::{deflate_round_trip, inflate};
pub use handshake::{handshake_client, handshake_server};
pub use negotiation::deflate_negotiation;
pub use receive::{cuttings, receive_client, receive_server};
