//! WebSocket clients and servers over [`TcpStream`](std::net::TcpStream), or any [`Read`](std::io::Read) +
//! [`Write`](std::io::Write): a thin, blocking adapter over [`ws_core`], which is the protocol (RFC 6455).
//!
//! A client:
//!
//! ```no_run
//! use ws_std::{CloseCode, Message};
//!
//! let mut socket = ws_std::connect("ws://127.0.0.1:9001/chat")?;
//! socket.send("Hello")?;
//! if let Some((message, _writer)) = socket.read()? {
//!     assert_eq!(message, Message::Text("Hello"));
//! }
//! socket.close(CloseCode::NORMAL.with_reason("done"))?;
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
//! # socket.send("Hello")?;
//! # assert_eq!(socket.read()?.map(|(message, _)| message), Some(ws_std::Message::Text("Hello")));
//! # socket.close(ws_std::CloseCode::NORMAL.with_reason("done"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What to know
//!
//! - [`WebSocket::read`] lends each message, with a [`Writer`] to answer it. It answers pings and the peer's Close by
//!   itself, so call it even where you expect no messages.
//! - [`WebSocket::receive`] and [`WebSocket::messages`] return messages that own their bytes, to pass to other threads;
//!   [`WebSocket::read_event`] reports pings, pongs and the Close too. They may be mixed.
//! - [`Server::receive`] returns a request before it is answered, one for a WebSocket or plain HTTP of any method: pages, health checks.
//! - By default, a server refuses pages of other hosts (RFC 6455 §10.2); [`Server`] has settings for others.
//! - Everything has a limit: see [`Limits`] for sizes and [`Timeouts`] for times. By default a peer may be silent, and a connection
//!   idle, without a limit; set there when to ping, and when to close.
//! - [`WebSocket::counters`] returns what a connection has carried and why it ended. With the feature `log`, the `log` crate is
//!   sent how connections begin and end; never payload, never credentials. A logger must not use the connection of the record that it
//!   receives.
//! - Two peers that both write and do not read wait for each other, until [`Timeouts::write`] ends the connection. A program that
//!   sends much without being asked has to read in between, on another thread ([`WebSocket::split`]), or on a non-blocking stream.
//! - [`WebSocket::split`] is for threads that read and write at the same time. It is the feature `split`, which is on by default.
//! - `Hub` is for servers: it caps the number of connections, sends to all members, some or one, and closes all connections on
//!   shutdown. It is the feature `hub`, which is on by default.
//! - Messages that are too long for memory are written by [`MessageWriter`] and read by [`WebSocket::read_part`].
//! - [`ByteStream`] makes a stream of bytes of a WebSocket, for tunnels, MQTT, and other protocols that want `Read` and `Write`.
//! - With the feature `deflate`, messages are compressed where you set a `Deflate` on a `Client` or a `Server` and the peer agrees
//!   (permessage-deflate, RFC 7692). Its documentation says when not to.
//! - With the feature `proxy`, which is on by default, a [`Client`] can connect through a `Proxy` and follow redirects, where you
//!   set it to. A `Proxy` is named by its URL; nothing is read from the environment.
//! - With the feature `rustls-ring` or `rustls-aws-lc-rs`, [`connect`] takes `wss:` URLs too. It trusts the certificate authorities
//!   of the platform, or those of a `ClientTls`. `Server::accept_tls` is the server's side. The feature `rustls` has all of that, but no
//!   provider of cryptography: for programs that bring their own. Over TLS of another library, use [`Client::handshake`] and
//!   [`Server::receive`], which take any [`Stream`].
//!
//! # When bytes leave
//!
//! What is sent leaves in the order in which it was sent, and as follows.
//!
//! - [`WebSocket::send`] and the methods like it write before they return: their message, and all that waits. The same holds
//!   for [`WriteHalf::send`], where another thread may do the writing for it.
//! - [`Writer::send`] does so too, unless another whole message lies in the read buffer already: then the answer waits for
//!   the answer to that one, so that 16 requests that came in one read are answered in one write. After 50 ms of that each answer
//!   leaves at once, and takes along those before it. In two halves this holds for what the thread that reads sends by a
//!   [`WriteHalf`].
//! - `feed` only queues: [`WebSocket::feed`], [`Writer::feed`], [`WriteHalf::feed`].
//! - What waits leaves with the next message that is sent; by `flush`; before the stream is read, which
//!   [`WebSocket::read`] does once all that came is taken; when 16 KiB wait; and when the [`WebSocket`], or the [`ReadHalf`]
//!   whose messages were being answered, is dropped.
//! - Pongs and the answer to a Close leave before the next read. A reading half writes them without waiting for the peer.
//! - [`WriteHalf::try_send`] and a [`Hub`] write what the stream takes without waiting. What is left of a broadcast is written by
//!   a thread of the hub; what `try_send` leaves by the next call that sends, or between two reads.
//! - On a stream that does not block, what it does not take waits until it is [flushed](WebSocket::flush), read or written next.
//!
//! # When deadlines are judged
//!
//! [`Timeouts`] are enforced by the calls that read ([`WebSocket::read`] and the like, and those of [`ReadHalf`]): a call
//! that waits sends the pings, takes any byte for a sign of life, and fails when a deadline has passed: with [`Error::Timeout`], and the
//! [`Phase`] that took too long. A deadline that passes between calls takes effect in the next call that finds nothing to read. So
//! nothing is pinged, and no deadline is judged, while your program does not read, or while a write waits for the peer; a write has its
//! own timeout. A deadline is never early, but for that of an opening handshake, which may be by 2 ms, and late by no more than a few
//! ticks of the operating system, which are some milliseconds each.
//!
//! After [`Timeouts::with_read`], the call that reads returns [`Error::ReadTimeout`], and the connection goes on. Where you set that,
//! [`with_ping_interval`](Timeouts::with_ping_interval) or [`with_idle`](Timeouts::with_idle), the read timeout of the stream itself is
//! overwritten. Time is that of [`Stream::clock`].
//!
//! # Non-blocking
//!
//! Everything works on a stream that does not block, with any event loop. Where the stream would block, so does the call: it
//! returns [`Error::WouldBlock`]. Make it again when the stream is ready; no byte is lost, repeated or reordered.
//!
//! - **Registration.** Wait for the stream to be readable while [`WebSocket::wants_read`], and writable while
//!   [`WebSocket::wants_write`]. When it is, call [`read`](WebSocket::read) until it would block, and
//!   [`flush`](WebSocket::flush); `read` writes pongs and the Close by itself.
//! - **Output is bounded.** A `send` takes all of a message, and keeps in memory what the stream does not take; or it would block,
//!   and takes nothing, while 16 KiB or more wait. So no more waits than 16 KiB, one message, and 4.5 KiB of
//!   answers ([`WebSocket::queued_len`]). A loop that reads only while [`is_ready`](WebSocket::is_ready), or after a
//!   [`flush`](WebSocket::flush) that succeeded, can answer each message, and applies back-pressure to a peer that does not read
//!   the answers.
//! - **Opening handshakes.** [`Client::start_handshake`] and [`Server::start_receive`] return a value with a method `advance`. Wait for
//!   the stream to be readable, and writable while [`Connecting::wants_write`] or [`Receiving::wants_write`].
//! - **TLS.** `Client::start_handshake_tls` and `Server::start_receive_tls` return such values too, whose `advance` does the handshake of
//!   TLS first. The server below then serves `wss:` with `TlsStream` as the type of its streams.
//! - **mio.** Pass its `TcpStream` as [`AnyStream`]`(stream)`. Call `set_nodelay(true)` and register it before that. Events of mio
//!   are edge-triggered: go on until the call would block.
//! - **Times.** Deadlines are judged by each call. [`WebSocket::next_deadline`] says when to call
//!   [`read`](WebSocket::read) at the latest, ready or not; call `advance` of an opening handshake when
//!   [`Timeouts::handshake`] is over.
//!
//! An echo server of many connections on one thread:
//!
//! ```
//! use std::io::ErrorKind;
//! use std::net::{TcpListener, TcpStream};
//! use std::time::Duration;
//! use ws_std::{Error, Receiving, Server, WebSocket};
//!
//! enum Connection {
//!     Opening(Receiving<TcpStream>),
//!     Open(WebSocket<TcpStream>),
//! }
//!
//! impl Connection {
//!     /// Goes on until the stream would block. `None` at the end.
//!     fn advance(self) -> Result<Option<Self>, Error> {
//!         let mut socket = match self {
//!             Self::Open(socket) => socket,
//!             Self::Opening(mut receiving) => match receiving.advance() {
//!                 Ok(incoming) => incoming.accept()?,
//!                 Err(error) if error.is_transient() => return Ok(Some(Self::Opening(receiving))),
//!                 Err(error) => return Err(error),
//!             },
//!         };
//!         match echo(&mut socket) {
//!             Ok(()) => Ok(None),
//!             Err(error) if error.is_transient() => Ok(Some(Self::Open(socket))),
//!             Err(error) => Err(error),
//!         }
//!     }
//! }
//!
//! fn echo(socket: &mut WebSocket<TcpStream>) -> Result<(), Error> {
//!     // A message is read only while there is room for its answer; answers to one read leave together.
//!     while socket.is_ready() || socket.flush().is_ok() {
//!         let Some((message, mut writer)) = socket.read()? else { return Ok(()) };
//!         writer.send(message)?;
//!     }
//!     socket.flush()
//! }
//!
//! fn serve(listener: &TcpListener) -> Result<(), Error> {
//!     listener.set_nonblocking(true)?;
//!     let server = Server::new();
//!     let mut connections = Vec::new();
//!     loop {
//!         match listener.accept() {
//!             Ok((stream, _)) => {
//!                 stream.set_nonblocking(true)?;
//!                 connections.push(Connection::Opening(server.start_receive(stream)?));
//!             }
//!             Err(error) if error.kind() == ErrorKind::WouldBlock => {}
//!             Err(error) => return Err(error.into()),
//!         }
//!         // Here a real loop waits for epoll or the like to name those that are ready.
//!         std::thread::sleep(Duration::from_millis(1));
//!         connections = connections
//!             .into_iter()
//!             .filter_map(|connection: Connection| connection.advance().unwrap_or_default())
//!             .collect();
//!     }
//! }
//! # let listener = TcpListener::bind("127.0.0.1:0")?;
//! # let url = format!("ws://{}/", listener.local_addr()?);
//! # std::thread::spawn(move || serve(&listener));
//! # let mut sockets = [ws_std::connect(&url)?, ws_std::connect(&url)?];
//! # for socket in &mut sockets {
//! #     socket.send("Hello")?;
//! #     assert_eq!(socket.read()?.map(|(message, _)| message), Some(ws_std::Message::Text("Hello")));
//! #     socket.close(ws_std::CloseCode::NORMAL.with_reason("done"))?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

extern crate alloc;

mod clock;
mod counters;
mod deadline;
mod dial;
mod error;
#[cfg(feature = "hub")]
mod hub;
mod keys;
mod open;
mod session;
mod socket;
mod stream;
mod telemetry;

#[cfg(any(doc, doctest))]
pub mod guide;
pub use clock::Clock;
pub use counters::{Counters, Outcome};
#[cfg(feature = "proxy")]
pub use dial::Proxy;
pub use dial::{Client, connect};
pub use error::{Error, Phase, Unsent};
#[cfg(feature = "proxy")]
pub use error::{ProxyError, ProxyUrlError};
#[cfg(feature = "hub")]
pub use hub::{Delivery, Hub, MemberId, Place};
pub use keys::MaskKeys;
pub use open::client::{Connecting, Response};
pub use open::server::{Incoming, Receiving, Server, accept};
#[cfg(feature = "split")]
pub use socket::{ByteReader, ByteWriter, ReadHalf, ReuniteError, WriteHalf};
pub use socket::{ByteStream, MessageWriter, Parts, WebSocket, Writer};
#[cfg(feature = "split")]
pub use stream::SharedStream;
pub use stream::{AnyStream, Duplex, NetStream, Stream};
#[cfg(feature = "rustls")]
pub use stream::{ClientTls, ServerTls, TlsStream};

#[cfg(feature = "rustls")]
pub use rustls;
pub use ws_core;
pub use ws_core::Backoff;
pub use ws_core::connection::{CloseStatus, Closure, ClosureCause, Config, EncodedMessage, Limits, Role};
#[cfg(feature = "deflate")]
pub use ws_core::deflate::{CompressionLevel, MemLevel};
pub use ws_core::error::Fault;
pub use ws_core::event::{Event, Fragment, MessageType, Payload};
#[cfg(feature = "deflate")]
pub use ws_core::extension::{Agreed, DeflateConfig, WindowBits};
pub use ws_core::frame::{CloseCode, CloseFrame, ControlPayload};
pub use ws_core::handshake::{HandshakeFault, HandshakeMisuse, Header, Refusal, Request};
pub use ws_core::keepalive::Timeouts;
pub use ws_core::message::{Message, OwnedMessage};
#[cfg(feature = "deflate")]
pub use ws_core::session::Deflate;
pub use ws_core::session::Traffic;
pub use ws_core::uri::{Scheme, UriError};
