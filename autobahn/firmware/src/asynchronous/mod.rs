//! Servers and clients for async firmware: over any stream of `embedded-io-async`, in memory that the caller lends, on any
//! executor.
//!
//! [`accept`] does the opening handshake of a server, [`connect`] that of a client. Both return a [`WebSocket`], and
//! [`WebSocket::run`] is the connection from then on, until the stream is at its end. An echo server is
//! `accept(link, buffers, OriginPolicy::SameHost).await?.run(echo).await`.
//!
//! # Time
//!
//! A [`Timer`] is the clock. The deadlines are those of a [`KeepaliveConfig`](ws_core::keepalive::KeepaliveConfig): by
//! default 10 s for the opening handshake, 10 s from the first Close to the end of the stream, and 30 s for a write of
//! which the stream takes nothing. A peer that is silent in between is found out by pings, once a ping interval is set.
//!
//! # Cancellation
//!
//! These futures are not resumable: what they have written in part is lost with them. Drop one and the connection has
//! ended. A stream that was given by value is dropped with the future, which closes it; where it was lent (`&mut stream`),
//! close or abort it before it is used again. The buffers are the caller's again, and nothing else was held.
//!
//! A read that waits is dropped when a deadline passes. The connection goes on after that only for a ping or an idle timeout. Set
//! those where a dropped `read` loses no bytes: embassy's `TcpSocket` is such a stream, and a UART that reads by DMA into the
//! caller's memory may not be.

mod client;
mod link;
mod server;
mod web_socket;

pub use client::connect;
pub use link::{Link, Stream, Timer};
pub use server::accept;
pub use web_socket::{Sender, WebSocket, echo};

use ws_core::connection::TRANSMIT_LEN_MAX;
use ws_core::error::SendError;
use ws_core::handshake::{AcceptError, HandshakeFault, REJECT_FAULT_LEN_MAX, WriteError};
use ws_core::keepalive::Due;

/// The memory of a connection, besides the future itself.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "the caller makes it, and each field may have any value")]
pub struct Buffers<'b> {
    /// What is read, and payload, which is lent and sent from here: as long as the receive buffer of the stream is best, and
    /// a few bytes will do. A client's request is written here, too, and has to fit. Where it is empty, nothing can be read,
    /// and the stream seems to have ended.
    pub input: &'b mut [u8],
    /// The head of the request or the response: 1 KiB is enough for peers that are no browsers with cookies.
    pub head: &'b mut [u8],
    /// The answer to a request, and later control frames.
    pub out: &'b mut [u8; OUT_LEN],
}

/// Why there is no connection, or why it ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<E> {
    /// The stream failed.
    Stream(E),
    /// The stream ended within the opening handshake, or takes no more bytes.
    Eof,
    /// A deadline passed.
    TimedOut(Due),
    /// A server's: the request was refused, for this reason, which the peer was sent if its stream took it.
    Refused(AcceptError),
    /// A client's: the request cannot be written. Nothing was sent.
    Request(WriteError),
    /// A client's: the server answered with this status instead of 101.
    Rejected(u16),
    /// A client's: the server's response is not what RFC 6455 asks for.
    Response(HandshakeFault),
    /// Something cannot be sent, for example since there is no masking key.
    Send(SendError),
}

impl<E> From<E> for Error<E> {
    fn from(error: E) -> Self {
        Self::Stream(error)
    }
}

/// The length of [`Buffers::out`]: that of the longest refusal. A 101 and a control frame are shorter.
pub const OUT_LEN: usize = REJECT_FAULT_LEN_MAX;
const _: () = assert!(OUT_LEN >= TRANSMIT_LEN_MAX, "it holds any control frame");

/// How many lines a head may have. Each takes 16 bytes of stack while the head is read.
const HEADER_COUNT_MAX: usize = 32;
