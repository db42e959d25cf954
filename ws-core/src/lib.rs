//! WebSocket (RFC 6455) as a protocol only: no sockets, no clock, no randomness, no allocator, no `unsafe`.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod connection;
#[cfg(feature = "deflate")]
pub mod deflate;
pub mod error;
pub mod event;
pub mod extension;
pub mod frame;
pub mod handshake;
pub mod input;
pub mod keepalive;
pub mod message;
pub mod uri;
pub mod utf8;
