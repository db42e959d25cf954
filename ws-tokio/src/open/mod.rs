//! The opening handshakes of both roles, over a stream that is connected.

pub(crate) mod client;
pub(crate) mod handshake_stream;
pub(crate) mod server;
