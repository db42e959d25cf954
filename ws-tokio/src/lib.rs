//! WebSocket clients and servers for async programs, over tokio's [`AsyncRead`](tokio::io::AsyncRead) +
//! [`AsyncWrite`](tokio::io::AsyncWrite): a thin adapter over [`ws_core`], which is the protocol (RFC 6455).
//!
//! A client:
//!
//! ```no_run
//! use ws_tokio::CloseCode;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), ws_tokio::Error> {
//! let mut socket = ws_tokio::connect("ws://127.0.0.1:9001/chat").await?;
//! socket.send("Hello").await?;
//! if let Some(message) = socket.next().await {
//!     assert_eq!(message?.as_text(), Some("Hello"));
//! }
//! socket.close(CloseCode::NORMAL.with_reason("done")).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A server:
//!
//! ```
//! use tokio::net::TcpListener;
//!
//! async fn serve(listener: TcpListener) -> std::io::Result<()> {
//!     loop {
//!         let (stream, _address) = listener.accept().await?;
//!         tokio::spawn(async move {
//!             let mut socket = ws_tokio::accept(stream).await?;
//!             while let Some((message, mut writer)) = socket.read().await? {
//!                 writer.send(message).await?;
//!             }
//!             Ok::<(), ws_tokio::Error>(())
//!         });
//!     }
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let listener = TcpListener::bind("127.0.0.1:0").await?;
//! # let url = format!("ws://{}/", listener.local_addr()?);
//! # tokio::spawn(serve(listener));
//! # let mut socket = ws_tokio::connect(&url).await?;
//! # socket.send("Hello").await?;
//! # assert_eq!(socket.receive().await?, Some("Hello".into()));
//! # socket.close(ws_tokio::CloseCode::NORMAL).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What to know
//!
//! - [`WebSocket::next`] and [`WebSocket::receive`] return messages that own their bytes; [`WebSocket::read`] lends each message, with a
//!   [`Writer`] to answer it; [`WebSocket::read_event`] reports pings, pongs and the Close too. They may be mixed. They answer pings
//!   and the peer's Close, so call one of them even where you expect no messages.
//! - [`WebSocket`] is a `Stream` and a `Sink`. [`WebSocket::split`] makes two halves, for two tasks.
//! - [`Server::receive`] returns a request before it is answered, one for a WebSocket or plain HTTP: pages, health checks.
//! - By default, a server refuses pages of other hosts (RFC 6455 §10.2); [`Server`] has settings for others.
//! - Everything has a limit: see [`Limits`] for sizes and [`Timeouts`] for times. By default a peer may be silent, and a connection
//!   idle, without a limit; set there when to ping, and when to close.
//! - It spawns no task, and holds no lock while it waits. Only [`connect`] uses the runtime, to look up and try addresses.
//! - A program that only [sends](WebSocket::send), and whose peer only sends too, waits for ever, or until [`Timeouts::write`]: read in
//!   between, or in another task.
//! - [`ByteStream`] makes a stream of bytes of a WebSocket, for tunnels, MQTT, and other protocols that want `AsyncRead` and
//!   `AsyncWrite`.
//! - A broadcast is an [`EncodedMessage`] in an `Arc`, encoded, and perhaps compressed, once, which [`WebSocket::send_encoded`] sends. The
//!   example `async_chat` has one for the members that compress and one for the others, in a `tokio::sync::broadcast`.
//! - With the feature `deflate`, messages are compressed where you set a `Deflate` on a `Client` or a `Server` and the peer agrees
//!   (permessage-deflate, RFC 7692). Its documentation says when not to.
//! - With the feature `rustls`, [`connect`] takes `wss:` URLs too, and `Server::accept_tls` is the server's side. It chooses no provider
//!   of cryptography: the program does, by `rustls::crypto::CryptoProvider::install_default`. Over TLS of another library, use
//!   [`Client::handshake`] and [`Server::accept`], which take any stream.
//! - With the feature `log`, the `log` crate is sent how connections begin and end; never payload, never credentials.
//!
//! # Cancel safety
//!
//! Each future of a [`WebSocket`], a [`ReadHalf`], a [`WriteHalf`] or a [`Writer`] may be dropped at any await, by `select!` or a timeout.
//! Nothing is lost, repeated or reordered. All state is in the connection, and changes within a poll:
//!
//! | dropped | what has happened |
//! |---|---|
//! | `next`, `receive`, `read`, `read_event`, `read_part` | what was read from the stream is kept for the next call |
//! | `send`, `send_encoded`, `send_part`, `feed` | the message was queued whole, and leaves with what is sent or read next; or nothing was taken, where less than all before it had left |
//! | `send_owned` | the same; where nothing was taken, the message is dropped with the future |
//! | `ping`, `start_close`, `close` | the frame is queued by the first poll |
//! | `flush` | a part was written; the rest leaves with what is sent or read next |
//!
//! The test `cancellation` drops each of them at each await, at random. To know after a dropped `send` whether the message was taken, compare
//! [`Counters::sent`](Counters) before and after; or wait for room by [`Sink::poll_ready`](futures_sink::Sink::poll_ready), or let a task
//! that is not cancelled send.
//!
//! The futures that open a connection own its stream: dropping one ends the connection.
//!
//! # When bytes leave
//!
//! What is sent leaves in the order in which it was sent, and as follows.
//!
//! - [`WebSocket::send`] and the methods like it write before they return: their message, and all that waits.
//! - [`Writer::send`] does so too, unless another whole message lies in the read buffer already: then the answer waits for
//!   the answer to that one, so that 16 requests that came in one read are answered in one write. After 50 ms of that each answer
//!   leaves at once, and takes along those before it.
//! - `feed` only queues: [`WebSocket::feed`], [`Writer::feed`], [`WriteHalf::feed`].
//! - What waits leaves with the next message that is sent; by `flush`; before the stream is read, which a call that receives does once all
//!   that came is taken; and when 16 KiB wait. What still waits when the connection is dropped is dropped too.
//! - Pongs and the answer to a Close leave before the next message is returned, as far as the stream takes them, or else before the next
//!   read.
//!
//! # When deadlines are judged
//!
//! [`Timeouts`] are enforced by the futures that receive: while one waits, it sends the pings, takes any byte for a sign of life, and
//! fails when a deadline has passed, with [`Error::Timeout`] and the [`Phase`] that took too long. So nothing is pinged while your
//! program does not receive. A write has its own timeout, which begins when the stream takes nothing. Time is that of a [`Timer`].
//!
//! # Ending a server
//!
//! Let each connection wait for its next message or for the end, such as that of a `CancellationToken` of `tokio-util`, and close it then:
//!
//! ```
//! # use tokio::net::TcpStream;
//! # use tokio_util::sync::CancellationToken;
//! # use ws_tokio::{CloseCode, Error, WebSocket};
//! async fn serve(mut socket: WebSocket<TcpStream>, end: CancellationToken) -> Result<(), Error> {
//!     loop {
//!         tokio::select! {
//!             message = socket.receive() => match message? {
//!                 Some(message) => socket.send(&message).await?,
//!                 None => return Ok(()),
//!             },
//!             () = end.cancelled() => return socket.close(CloseCode::GOING_AWAY).await,
//!         }
//!     }
//! }
//! ```
//!
//! Then wait for the tasks. The examples `async_echo` and `async_chat` are whole servers.
//!
//! # Other runtimes
//!
//! With `default-features = false` nothing needs a runtime of tokio, and only its traits are compiled. Implement [`Timer`] over your
//! runtime's timer, pass it to [`Server::new_with_timer`] or [`Client::new_with_timer`], and give their methods your runtime's streams:
//! those with the traits of `futures-io` by `tokio_util::compat`. The example `async_smol` does so.
// rustdoc says which features an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

extern crate alloc;

mod counters;
mod dial;
mod error;
mod keys;
mod open;
mod session;
mod socket;
mod telemetry;
mod timer;

pub use counters::Counters;
pub use dial::Client;
#[cfg(feature = "net")]
pub use dial::{NetStream, connect};
pub use error::{Error, Phase, Unsent};
#[cfg(feature = "net")]
pub use open::server::accept;
pub use open::server::{Incoming, Server};
pub use socket::{ByteStream, ReadHalf, ReuniteError, WebSocket, WriteHalf, Writer};
pub use timer::Timer;

#[cfg(feature = "rustls")]
pub use tokio_rustls;
#[cfg(feature = "rustls")]
pub use tokio_rustls::rustls;
pub use ws_core;
pub use ws_core::Backoff;
pub use ws_core::connection::{CloseStatus, Closure, ClosureCause, Config, EncodedMessage, Limits, Role};
#[cfg(feature = "deflate")]
pub use ws_core::deflate::{CompressionLevel, MemLevel};
pub use ws_core::error::Fault;
pub use ws_core::event::{Event, Fragment, MessageType, Payload};
#[cfg(feature = "deflate")]
pub use ws_core::extension::{Agreed, DeflateConfig, WindowBits};
pub use ws_core::frame::{CloseCode, CloseFrame, ControlPayload, Fin};
pub use ws_core::handshake::{HandshakeFault, HandshakeMisuse, Header, OwnedResponse, Refusal, Request};
pub use ws_core::keepalive::Timeouts;
pub use ws_core::message::{Message, OwnedMessage};
#[cfg(feature = "deflate")]
pub use ws_core::session::Deflate;
pub use ws_core::session::Traffic;
pub use ws_core::uri::{Scheme, UriError};

/// The examples of the front page, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
