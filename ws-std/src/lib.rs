//! WebSocket clients and servers over [`TcpStream`](std::net::TcpStream), or any [`Read`](std::io::Read) +
//! [`Write`](std::io::Write): a thin, blocking adapter over [`ws_core`], which is the protocol (RFC 6455).
//!
//! A client:
//!
//! ```no_run
//! use ws_std::{CloseCode, Message};
//!
//! let mut socket = ws_std::connect("ws://127.0.0.1:9001/chat")?;
//! socket.send_text("Hello")?;
//! if let Some((message, _writer)) = socket.read()? {
//!     assert_eq!(message, Message::Text("Hello"));
//! }
//! socket.close(CloseCode::NORMAL, "done")?;
//! # Ok::<(), ws_std::Error>(())
//! ```
//!
//! A server:
//!
//! ```
//! use std::net::TcpListener;
//!
//! fn serve(listener: TcpListener) -> Result<(), ws_std::Error> {
//!     for stream in listener.incoming() {
//!         let mut socket = ws_std::accept(stream?)?;
//!         while let Some((message, mut writer)) = socket.read()? {
//!             writer.send(message)?;
//!         }
//!     }
//!     Ok(())
//! }
//! # let listener = TcpListener::bind("127.0.0.1:0")?;
//! # let url = format!("ws://{}/", listener.local_addr()?);
//! # std::thread::spawn(move || serve(listener));
//! # let mut socket = ws_std::connect(&url)?;
//! # socket.send_text("Hello")?;
//! # assert_eq!(socket.read()?.map(|(message, _)| message), Some(ws_std::Message::Text("Hello")));
//! # socket.close(ws_std::CloseCode::NORMAL, "done")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What to know
//!
//! - [`WebSocket::read`] lends each message, with a [`Writer`] to answer it. It answers pings and the peer's Close by
//!   itself, so whoever expects nothing but the end still has to call it.
//! - [`Server::receive`] shows a request before it is accepted or rejected, and tells a plain GET from a WebSocket's.
//! - A page of another host may not connect to a server unless [`Server`] is told so (RFC 6455 §10.2).
//! - Everything has a limit: see [`Limits`] for sizes and [`Timeouts`] for times. How long a peer may be silent, or a
//!   connection idle, is for the program to say there: then it is pinged, or closed.
//! - [`WebSocket::counters`] tells what a connection has carried and why it ended. With the feature `log`, the `log` crate is
//!   told how connections begin and end; never payload, never credentials. A logger must not use the connection that it is
//!   told of.
//! - Two peers that both write and do not read wait for each other, until [`Timeouts::write`] ends it: whoever sends
//!   much without being asked reads in between, on another thread ([`WebSocket::split`]), or on a non-blocking stream.
//! - [`WebSocket::split`] is for threads that read and write at the same time, and a [`Hub`] for servers: it bounds the
//!   number of connections, speaks to all, and closes all in the end.
//! - Messages that are too long for memory are written by [`MessageWriter`] and read by [`WebSocket::read_event`].
//! - With the feature `deflate`, messages are compressed where a `Client` or a `Server` is told to by a `Deflate` and the
//!   peer agrees (permessage-deflate, RFC 7692). Its documentation says when not to.
//! - [`Client`] goes through a [`Proxy`] and follows redirects where it is told to.
//! - `wss:` needs TLS from elsewhere: [`Client::handshake`] and [`Server::receive`] take any [`Stream`].
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod client;
mod clock;
mod counters;
#[cfg(feature = "deflate")]
mod deflate;
mod error;
mod greeting;
mod hub;
mod keys;
mod linger;
mod message_writer;
mod net_stream;
mod queue;
mod sender;
mod server;
mod split;
mod stream;
mod telemetry;
mod timeouts;
mod websocket;
mod wire;
mod writer;

pub use client::{Client, ClientMisuse, Proxy, ProxyError, ProxyRefusal, Refusal, Response, connect};
pub use counters::{Counters, Outcome, Traffic};
#[cfg(feature = "deflate")]
pub use deflate::Deflate;
pub use error::{Error, Phase};
pub use hub::{Delivery, Hub, Place};
pub use keys::MaskKeys;
pub use message_writer::MessageWriter;
pub use net_stream::NetStream;
pub use sender::RoleSender;
pub use server::{Incoming, Server, accept};
pub use split::{Duplex, ReadHalf, ReuniteError, SplitMessageWriter, WriteHalf};
pub use stream::{AnyStream, Stream};
pub use timeouts::Timeouts;
pub use websocket::{Parts, WebSocket};
pub use writer::Writer;

/// A whole message: text or binary, borrowed.
///
/// ```
/// use ws_std::Message;
///
/// assert_eq!(Message::Text("Hello").as_bytes(), Message::Binary(b"Hello").as_bytes());
/// ```
pub type Message<'a> = ws_core::event::Payload<'a>;

pub use ws_core;
pub use ws_core::connection::{CloseStatus, Closure, ClosureCause, Config, EncodedMessage, Limits, Role};
pub use ws_core::event::MessageType;
pub use ws_core::frame::CloseCode;
pub use ws_core::handshake::{Header, Request};

/// The examples of the front page, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
