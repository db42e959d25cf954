//! WebSocket (RFC 6455) as a protocol only: bytes in, events out; messages in, bytes out.
//!
//! There is no socket, no clock and no source of randomness in this crate, no allocator and no `unsafe`. Whoever brings
//! those gets both ends of a WebSocket: in firmware, in an event loop, in a runtime, in a proxy. For programs with
//! threads there is `ws-std`, which does just that over `TcpStream`.
//!
//! # The parts
//!
//! | module | what it does |
//! |---|---|
//! | [`handshake`] | opens a connection, as a client or a server, within HTTP/1.1 |
//! | [`connection`] | turns bytes into events and messages into bytes, judges the peer, closes |
//! | [`message`] | joins fragments to whole messages, in your storage or in a buffer that grows |
//! | `deflate` (feature) | compresses and inflates messages, for connections that agreed to it |
//! | [`input`] | the buffer between socket and protocol, which remembers how far it was read |
//! | [`keepalive`] | pings and deadlines, by your clock |
//! | [`frame`], [`utf8`], [`uri`], [`extension`] | the codecs beneath, each usable alone |
//! | [`error`], [`event`] | what can go wrong, and what arrives |
//! | [`limits`] | a page of every limit, its default and what happens beyond it |
//!
//! # A server, without an allocator
//!
//! ```
//! # #[cfg(feature = "handshake")] {
//! use ws_core::connection::{Config, Connection, Transport};
//! use ws_core::event::Event;
//! use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
//! use ws_core::input::ReadBuffer;
//!
//! # struct Socket { incoming: &'static [u8], outgoing: Vec<u8> }
//! # impl Socket {
//! #     fn read(&mut self, space: &mut [u8]) -> usize {
//! #         let len = space.len().min(self.incoming.len()).min(100);
//! #         space[..len].copy_from_slice(&self.incoming[..len]);
//! #         self.incoming = &self.incoming[len..];
//! #         len
//! #     }
//! #     fn write(&mut self, bytes: &[u8]) { self.outgoing.extend_from_slice(bytes); }
//! #     fn shutdown_write(&mut self) {}
//! # }
//! # let mut socket = Socket {
//! #     incoming: b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
//! #         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n\
//! #         \x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x82\0\0\0\0\x03\xe8",
//! #     outgoing: Vec::new(),
//! # };
//! fn serve(socket: &mut Socket) -> Result<(), &'static str> {
//!     let mut buffer = ReadBuffer::new([0; 1024]);
//!     let mut out = [0; 1024];
//!
//!     // The opening handshake: whatever comes behind it stays in the buffer.
//!     let mut handshake = ServerHandshake::new([0; 1024]);
//!     let len = loop {
//!         let len = socket.read(buffer.spare());
//!         if len == 0 {
//!             return Err("the peer left within its request");
//!         }
//!         buffer.filled(len);
//!         match handshake.receive(&mut buffer.input()) {
//!             ServerProgress::NeedInput => continue,
//!             ServerProgress::Request => {
//!                 if let Ok(len) = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut out) {
//!                     break len;
//!                 }
//!             }
//!             ServerProgress::NotWebSocket | ServerProgress::Failed(_) => {}
//!         }
//!         // What is wrong with the request, as an HTTP response.
//!         if let Ok(len) = handshake.reject_fault(&mut out) {
//!             socket.write(&out[..len]);
//!         }
//!         return Err("refused");
//!     };
//!     socket.write(&out[..len]);
//!
//!     // The connection: an echo, fragment by fragment, so that messages of any length pass.
//!     let mut connection = Connection::server(Config::new());
//!     loop {
//!         let mut input = buffer.input();
//!         while let Some(event) = connection.next_event(&mut input) {
//!             if let Event::Data(fragment) = event {
//!                 if let Ok(sent) = connection.send_fragment(fragment.payload, fragment.fin(), &mut out) {
//!                     socket.write(&out[..sent.written]);
//!                 }
//!             }
//!             let len = connection.poll_transmit(&mut out);
//!             socket.write(&out[..len]);
//!         }
//!         match connection.transport() {
//!             Transport::Open | Transport::Linger { shutdown_write: false } => {}
//!             Transport::Linger { shutdown_write: true } => socket.shutdown_write(),
//!             Transport::Closed => return Ok(()),
//!         }
//!         match socket.read(buffer.spare()) {
//!             0 => connection.eof(),
//!             len => buffer.filled(len),
//!         }
//!     }
//! }
//! # serve(&mut socket)?;
//! # assert!(socket.outgoing.ends_with(b"\x81\x05Hello\x88\x02\x03\xe8"));
//! # }
//! # Ok::<(), &'static str>(())
//! ```
//!
//! The shape of a server for a microcontroller is on a page of its own, [`_without_alloc`].
//!
//! # Features
//!
//! Frames, messages and connections need none. `handshake` (default) adds the module [`handshake`]; without it, this crate
//! depends on no other. `alloc` adds [`message::MessageBuffer`]. `std` lets dependencies use std. `simd` validates text by the
//! crate `simdutf8`, with the instructions that the machine has. `deflate` adds the module `deflate`, which compresses and
//! inflates for permessage-deflate (RFC 7692) by the crate `zlib-rs`, and what sends and assembles by it; the negotiation,
//! in [`extension`], is there without it. A feature adds items; it changes no type, no default and no meaning.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;

mod bytes;
pub mod connection;
#[cfg(feature = "deflate")]
pub mod deflate;
pub mod error;
pub mod event;
pub mod extension;
pub mod frame;
#[cfg(feature = "handshake")]
pub mod handshake;
pub mod input;
pub mod keepalive;
#[doc = include_str!("limits.md")]
pub mod limits {}
pub mod message;
pub mod uri;
pub mod utf8;

#[cfg(all(any(doc, doctest), feature = "handshake"))]
#[doc = include_str!("without_alloc.md")]
pub mod _without_alloc {}
