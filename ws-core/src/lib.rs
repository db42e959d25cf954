//! WebSocket (RFC 6455) as a protocol only: bytes in, events out; messages in, bytes out.
//!
//! There is no socket, no clock and no source of randomness in this crate, no `unsafe`, and no need for an allocator. You
//! bring those, and get both ends of a WebSocket: in firmware, in an event loop, in a runtime, in a proxy. For programs with
//! threads there is `ws-std`, which does that over `TcpStream`.
//!
//! # Where to start
//!
//! | you have | take |
//! |---|---|
//! | an event loop, an async runtime, threads; and an allocator | `session` (feature `alloc`): a connection but for its stream and its clock |
//! | no allocator, or thousands of idle connections | [`connection`]: the protocol over buffers of yours |
//! | frames to look at or to pass on, as a proxy has | [`frame`] |
//! | an HTTP request to answer | [`handshake`] (feature, on by default) |
//!
//! # The parts
//!
//! | module | what it does |
//! |---|---|
//! | `session` (feature `alloc`) | whole messages in and out, compressed where agreed on; a bounded queue, deadlines, the close |
//! | [`handshake`] (feature `handshake`) | opens a connection, as a client or a server, within HTTP/1.1 |
//! | [`connection`] | turns bytes into events and messages into bytes, judges the peer, closes |
//! | [`message`] | whole messages, and how they are assembled, in your storage or in a buffer that grows |
//! | `deflate` (feature `deflate`) | compresses and inflates messages, for connections that agreed to it |
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
//! use ws_core::error::SendError;
//! use ws_core::event::Event;
//! use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
//! use ws_core::input::ReadBuffer;
//!
//! # struct Socket { incoming: Vec<u8>, outgoing: Vec<u8> }
//! # impl Socket {
//! #     fn read(&mut self, space: &mut [u8]) -> usize {
//! #         let len = space.len().min(self.incoming.len());
//! #         space[..len].copy_from_slice(&self.incoming[..len]);
//! #         self.incoming.drain(..len).len()
//! #     }
//! #     fn write(&mut self, bytes: &[u8]) { self.outgoing.extend_from_slice(bytes); }
//! #     fn shutdown_write(&mut self) {}
//! # }
//! # let mut socket = Socket {
//! #     // A frame that is longer than the buffers, and what comes after it.
//! #     incoming: [b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
//! #         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n\
//! #         \x82\xff\0\0\0\0\0\x01\x86\xa0\0\0\0\0".as_slice(), &[0xee; 100_000],
//! #         b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x82\0\0\0\0\x03\xe8"].concat(),
//! #     outgoing: Vec::new(),
//! # };
//! fn serve(socket: &mut Socket) -> Result<(), SendError> {
//!     let mut buffer = ReadBuffer::new([0; 1024]);
//!     let mut out = [0; 1024];
//!
//!     // The opening handshake: what comes after it stays in the buffer.
//!     let mut handshake = ServerHandshake::new([0; 1024]);
//!     let len = loop {
//!         let len = socket.read(buffer.spare());
//!         if len == 0 {
//!             return Ok(()); // the peer left within its request
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
//!         return Ok(());
//!     };
//!     socket.write(&out[..len]);
//!
//!     // The connection: an echo, fragment by fragment, so that messages of any length pass.
//!     let mut connection = Connection::server(Config::new());
//!     loop {
//!         let mut input = buffer.input();
//!         while let Some(event) = connection.next_event(&mut input) {
//!             if let Event::Data(fragment) = event {
//!                 // What does not fit into `out` is sent next.
//!                 let (mut rest, fin) = (fragment.payload, fragment.fin());
//!                 loop {
//!                     let sent = connection.send_part(rest, fin, &mut out)?;
//!                     socket.write(&out[..sent.written]);
//!                     if sent.is_complete {
//!                         break;
//!                     }
//!                     rest = rest.split_at(sent.taken).1;
//!                 }
//!             }
//!             let len = connection.poll_transmit(&mut out)?;
//!             socket.write(&out[..len]);
//!         }
//!         match connection.transport() {
//!             Transport::Open | Transport::Linger { shutdown_write: false } => {}
//!             Transport::Linger { shutdown_write: true } => {
//!                 socket.shutdown_write();
//!                 connection.send_half().write_shut_down();
//!             }
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
//! # assert_eq!(socket.outgoing.iter().filter(|byte| **byte == 0xee).count(), 100_000);
//! # }
//! # Ok::<(), ws_core::error::SendError>(())
//! ```
//!
//! The shape of a server for a microcontroller is on a page of its own, [`_without_alloc`].
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `handshake` (default) | the module [`handshake`], by `httparse`, `sha1` and `base64`; without it the crate depends on nothing |
//! | `alloc` | the module `session`, `MessageBuffer`, `OwnedMessage`, settings of handshakes that own their parts, and what returns a `Vec` |
//! | `mask-keys` | `connection::MaskKeys`: a client's masking keys from a seed, by `chacha20` |
//! | `std` | lets dependencies use std |
//! | `simd` | validates text by `simdutf8`, with the instructions that the machine has |
//! | `deflate` | the module `deflate`, by `zlib-rs`, and what sends, assembles and inflates by it; the negotiation, in [`extension`], is there without it |
//!
//! A feature adds items; it changes no type, no default and no meaning.
#![cfg_attr(not(test), no_std)]
#![warn(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(feature = "handshake", feature = "alloc", feature = "deflate")),
    expect(rustdoc::broken_intra_doc_links, reason = "links to what a feature adds lead nowhere without it")
)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod backoff;
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
#[cfg(feature = "alloc")]
pub mod session;
pub mod uri;
pub mod utf8;

#[cfg(all(any(doc, doctest), feature = "handshake"))]
#[doc = include_str!("without_alloc.md")]
pub mod _without_alloc {}

pub use backoff::Backoff;
pub use connection::{Connection, Limits, ReceiveHalf, Role, RoleKeys, SendHalf, Transport};
pub use error::{Fault, SendError};
pub use event::{Event, Fragment, MessageType, Payload};
pub use frame::{CloseCode, CloseFrame};
pub use input::ReadBuffer;
pub use message::Message;
#[cfg(feature = "alloc")]
pub use message::OwnedMessage;
#[cfg(feature = "alloc")]
pub use session::Session;
