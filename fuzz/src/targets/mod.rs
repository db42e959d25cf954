//! What is tried with bytes that a fuzzer makes: each function panics where a promise is broken. The tests of ws-core
//! run the same functions over the corpus.

mod codec;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(feature = "handshake")]
mod handshake;
#[cfg(feature = "deflate")]
mod messages;
mod negotiation;
mod receive;
mod round_trip;
#[cfg(feature = "alloc")]
mod session;
#[cfg(feature = "deflate")]
pub(crate) mod wire;

pub use codec::{header, mask, uri, utf8};
#[cfg(feature = "deflate")]
pub use deflate::{deflate_round_trip, inflate};
#[cfg(feature = "handshake")]
pub use handshake::{handshake_client, handshake_round_trip, handshake_server};
#[cfg(feature = "deflate")]
pub use messages::messages;
pub use negotiation::deflate_negotiation;
pub use receive::{cuttings, receive_client, receive_server};
pub use round_trip::round_trip;
#[cfg(feature = "alloc")]
pub use session::{session, session_bytes};

/// A target that the tests of ws-core run too, over the corpus in the folder of its name.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: &[Target] = &[
    ("header", header),
    ("mask", mask),
    ("utf8", utf8),
    ("uri", uri),
    ("receive_server", receive_server),
    ("receive_client", receive_client),
    ("cuttings", cuttings),
    #[cfg(feature = "handshake")]
    ("handshake_server", handshake_server),
    #[cfg(feature = "handshake")]
    ("handshake_client", handshake_client),
    #[cfg(feature = "handshake")]
    ("handshake_round_trip", handshake_round_trip),
    ("deflate_negotiation", deflate_negotiation),
    ("round_trip", round_trip),
    #[cfg(feature = "alloc")]
    ("session", session),
    #[cfg(feature = "alloc")]
    ("session_bytes", session_bytes),
    #[cfg(feature = "deflate")]
    ("messages", messages),
    #[cfg(feature = "deflate")]
    ("inflate", inflate),
    #[cfg(feature = "deflate")]
    ("deflate_round_trip", deflate_round_trip),
];
