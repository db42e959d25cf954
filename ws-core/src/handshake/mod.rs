//! The opening handshake (RFC 6455 §4), for clients and servers, without I/O.
//!
//! Bytes go in; a request or a response to look at, and the bytes of an answer, come out. [`ServerHandshake`] is a server's
//! side and [`ClientHandshake`] a client's. Heads that were received are a [`Request`] and a [`Response`], heads that are to be
//! sent an [`OutgoingRequest`] and an [`OutgoingResponse`].
//!
//! ```
//! use ws_core::handshake::{ClientHandshake, ClientProgress, OutgoingRequest};
//! use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake, ServerProgress};
//! use ws_core::input::ReadBuffer;
//! use ws_core::uri::Uri;
//!
//! // The client asks.
//! let asked = OutgoingRequest::new(Uri::parse("ws://example.com/chat?room=1")?).with_subprotocols(&["v2", "v1"]);
//! let mut client = ClientHandshake::new([0; 4096], *b"16 random bytes!");
//! let mut wire = [0; 1024];
//! let len = client.write_request(&asked, &mut wire)?;
//!
//! // The server looks at the request and accepts it.
//! let mut server_input = ReadBuffer::with_filled(wire, len).ok_or("too long")?;
//! let mut server = ServerHandshake::new([0; 4096]);
//! let mut wire = [0; 1024];
//! let len = match server.receive(&mut server_input.input()) {
//!     ServerProgress::Request => {
//!         let request = server.request().ok_or("a request")?;
//!         assert_eq!((request.path(), request.query()), ("/chat", Some("room=1")));
//!         let subprotocol = request.subprotocols().find(|name| *name == "v1").map(str::to_owned);
//!         let response = match &subprotocol {
//!             Some(name) => OutgoingResponse::new().with_subprotocol(name),
//!             None => OutgoingResponse::new(),
//!         };
//!         server.accept(OriginPolicy::SameHost, &response, &mut wire)?
//!     }
//!     // A page for a client that did not ask for a WebSocket, an error for one that did it wrong; then close.
//!     ServerProgress::NotWebSocket => server.respond(200, &[], b"Hello", &mut wire)?,
//!     ServerProgress::Failed(_) => server.reject_fault(&mut wire)?,
//!     ServerProgress::NeedInput => 0, // read more, and call receive again
//! };
//!
//! // The client reads the answer. What follows it stays in the same input, for the connection.
//! let mut client_input = ReadBuffer::with_filled(wire, len).ok_or("too long")?;
//! assert_eq!(client.receive(&asked, &mut client_input.input()), ClientProgress::Accepted);
//! assert_eq!(client.response().and_then(|response| response.subprotocol()), Some("v1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What you can rely on
//!
//! - However the bytes are split across reads, the verdict and what is left in the input are the same. Each byte is looked
//!   at a constant number of times; the head is parsed once, or twice where it came whole and its form is not valid.
//! - A peer that does not speak HTTP, but TLS or SSH for example, is refused at the first byte that cannot be in a request
//!   line or a status line, and not when a head is complete.
//! - The peer chooses no size. The head has to fit into your storage, and its headers into
//!   [`HEADER_COUNT_MAX`] or the number that you name; a longer one fails with 414 or 431.
//! - A request is accepted only after each check of §4.2.1, and only with an [`OriginPolicy`]. A response opens the
//!   connection only after each check of §4.1. Lists are read as lists, over all their lines; what may come once and
//!   comes twice is a fault.
//! - Line endings are CR LF, and one empty line before a request is passed over (RFC 9112 §2.2). Folded headers, spaces
//!   before a colon, and a body of a handshake are faults, and so is a body whose length is malformed or told twice: two
//!   readers of one request must not come to two conclusions.
//! - A plain request of any method but CONNECT, and of HTTP/1.0, is given to you; what asks for a WebSocket, as
//!   [`NotWebSocket`](ServerProgress::NotWebSocket) says, is one or is refused.
//! - What you add cannot end a line, nor repeat a header that the handshake writes.
//! - Each response but a 101 has `Connection: close`.
//!
//! Reading a complete head takes about 5 KiB of stack for 128 headers on 64-bit targets, 3 KiB on 32-bit ones.
//!
//! With the feature `alloc` there are types that own their parts: [`RequestConfig`] and [`OwnedOriginPolicy`] for the settings of a
//! program, [`head_to_vec`] for heads of any length, and [`ResponseBody`] and [`Response::redirect`] for what a server says
//! that opens no WebSocket.
//!
//! HTTP/2 and HTTP/3 open a WebSocket by a request of their own, which [`ExtendedConnect`] checks.

mod client;
mod extended_connect;
mod fault;
mod field;
mod first_line;
mod head;
mod header;
mod key;
mod misuse;
mod origin;
mod outgoing_request;
mod outgoing_response;
mod output;
#[cfg(feature = "alloc")]
mod owned;
mod request;
mod response;
mod retry;
mod server;
mod survey;

pub use client::{ClientHandshake, ClientProgress};
pub use extended_connect::{ConnectTarget, ExtendedConnect};
pub use fault::{HandshakeFault, HandshakeLimit, HandshakeViolation};
pub use header::{Extensions, Header, Headers, Subprotocols};
pub use key::accept_key;
pub use misuse::{AcceptError, HandshakeMisuse, WriteError};
pub use origin::OriginPolicy;
pub use outgoing_request::OutgoingRequest;
pub use outgoing_response::OutgoingResponse;
#[cfg(feature = "alloc")]
pub use owned::{
    Credentials, OwnedOriginPolicy, OwnedResponse, Redirect, Refusal, RequestConfig, ResponseBody,
    ResponseConfig, head_to_vec,
};
pub use request::Request;
pub use response::Response;
pub use server::{REJECT_FAULT_LEN_MAX, ServerHandshake, ServerProgress};

/// How many headers a head may have unless you name another number: 128. Apache allows 100; implementations that began
/// with 16 to 32 had to raise it.
///
/// ```
/// use ws_core::handshake::{HEADER_COUNT_MAX, HandshakeLimit, ServerHandshake, ServerProgress};
/// use ws_core::input::ReadBuffer;
///
/// let progress = |header_count: usize| {
///     let head = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "A: b\r\n".repeat(header_count - 1));
///     let mut buffer = ReadBuffer::with_filled(head.clone().into_bytes(), head.len())?;
///     Some(ServerHandshake::new([0; 4096]).receive(&mut buffer.input()))
/// };
/// assert_eq!(progress(HEADER_COUNT_MAX), Some(ServerProgress::NotWebSocket));
/// let failed = ServerProgress::Failed(HandshakeLimit::HeaderCount.into());
/// assert_eq!(progress(HEADER_COUNT_MAX + 1), Some(failed));
/// ```
pub const HEADER_COUNT_MAX: usize = 128;

/// Whether fast paths are left out: on bare metal, where flash matters more than time.
const SMALL: bool = cfg!(target_os = "none");
