//! The opening handshake (RFC 6455 §4), both sides, without I/O: bytes in, a request or a response to look at, bytes
//! out.
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
//!     // A page for whoever did not ask for a WebSocket, a refusal for whoever did it wrong; then close.
//!     ServerProgress::NotWebSocket => server.reject(200, &[], b"Hello", &mut wire)?,
//!     ServerProgress::Failed(_) => server.reject_fault(&mut wire)?,
//!     ServerProgress::NeedInput => 0, // read more, and call receive again
//! };
//!
//! // The client reads the answer. What comes behind it stays in the same input, for the connection.
//! let mut client_input = ReadBuffer::with_filled(wire, len).ok_or("too long")?;
//! assert_eq!(client.receive(&asked, &mut client_input.input()), ClientProgress::Accepted);
//! assert_eq!(client.response().and_then(|response| response.subprotocol()), Some("v1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What can be relied on
//!
//! - How the bytes are cut changes nothing: neither the verdict nor what is left in the input. Each byte is looked at a
//!   constant number of times; the head is parsed once, or twice where it came whole and is not one in form.
//! - Nothing is sized by the peer. The head has to fit into the caller's storage, its headers into
//!   [`HEADER_COUNT_MAX`] or the number that the caller names; more is refused with 414 or 431.
//! - A request is accepted only after each check of §4.2.1, and only with an [`OriginPolicy`]. A response opens the
//!   connection only after each check of §4.1. Lists are read as lists, over all their lines; what may come once and
//!   comes twice is refused.
//! - Line endings are CR LF, and one empty line before a request is passed over (RFC 9112 §2.2). Folded headers, spaces before a colon and announced bodies are refused: two readers of
//!   one request must not come to two conclusions.
//! - What the caller adds cannot end a line, nor repeat a header that the handshake writes.
//! - Everything that is not a 101 says `Connection: close`.
//!
//! Reading a complete head takes about 5 KiB of stack for 128 headers on 64-bit targets, 3 KiB on 32-bit ones.
//!
//! HTTP/2 and HTTP/3 open a WebSocket by their own means: [`ExtendedConnect`] checks their request.

mod client;
mod extended_connect;
mod fault;
mod field;
mod head;
mod key;
mod misuse;
mod origin;
mod outgoing_request;
mod outgoing_response;
mod output;
mod request;
mod response;
mod server;

pub use client::{ClientHandshake, ClientProgress};
pub use extended_connect::{ConnectTarget, ExtendedConnect};
pub use fault::{HandshakeFault, HandshakeLimit, HandshakeViolation};
pub use field::{Extensions, Header, Headers, Subprotocols};
pub use key::accept_key;
pub use misuse::{AcceptError, HandshakeMisuse, WriteError};
pub use origin::OriginPolicy;
pub use outgoing_request::OutgoingRequest;
pub use outgoing_response::OutgoingResponse;
pub use request::Request;
pub use response::Response;
pub use server::{REJECT_FAULT_LEN_MAX, ServerHandshake, ServerProgress};

/// How many headers a head may have where the caller does not say otherwise: 128. Apache allows 100; clients and
/// servers that stopped at 16 to 32 had to be raised.
pub const HEADER_COUNT_MAX: usize = 128;

/// On a microcontroller, what is usual has no shortcut: a shortcut is code besides that for what is unusual.
const SMALL: bool = cfg!(target_os = "none");
