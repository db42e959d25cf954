//! Both opening handshakes over a stream.

pub(crate) mod client;
pub(crate) mod handshake_stream;
pub(crate) mod server;
