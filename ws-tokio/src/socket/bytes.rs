//! A stream of bytes over binary messages.

// Read first: RFC 6455 §5.5.1, §5.6, §7.4.1.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_core::connection::CloseStatus;
use ws_core::event::{Event, Payload};
use ws_core::frame::CloseCode;
use ws_core::message::Message;
use ws_core::session::Compress;

use super::WebSocket;
use crate::error::Error;
use crate::session::{Find, Leave, Outgoing, poll_event, poll_send};

/// A stream of bytes over a WebSocket, both ways: [`AsyncRead`] and [`AsyncWrite`] over binary messages. For tunnels, and for protocols
/// that run over WebSockets, such as MQTT, SSH and VNC.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use ws_tokio::ByteStream;
///
/// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// # let url = format!("ws://{}/", listener.local_addr()?);
/// # let server = tokio::spawn(async move {
/// #     let mut stream = ByteStream::new(ws_tokio::accept(listener.accept().await?.0).await?);
/// #     let mut packet = [0; 2];
/// #     stream.read_exact(&mut packet).await?;
/// #     assert_eq!(&packet, b"\xc0\x00");
/// #     stream.write_all(b"\xd0").await?;
/// #     stream.write_all(b"\x00").await?;
/// #     assert_eq!(stream.read(&mut packet).await?, 0);
/// #     std::io::Result::Ok(())
/// # });
/// let mut stream = ByteStream::new(ws_tokio::connect(&url).await?);
/// stream.write_all(b"\xc0\x00").await?; // PINGREQ of MQTT
/// let mut answer = [0; 2];
/// stream.read_exact(&mut answer).await?; // however it was cut into messages
/// assert_eq!(&answer, b"\xd0\x00");
/// stream.shutdown().await?;
/// assert_eq!(stream.read(&mut answer).await?, 0);
/// # server.await?
/// # }
/// ```
///
/// # Mapping
///
/// | on the WebSocket | in the stream |
/// |---|---|
/// | binary messages | their bytes, as they arrive, in frames and messages of any length |
/// | an empty message or fragment | nothing; never the end |
/// | text | it is refused by a Close with 1003; reading fails with [`Error::NotBinary`] |
/// | pings | nothing; they are answered while the program reads |
/// | the peer's Close with 1000, or without a code | the end: reading returns 0, again and again |
/// | its Close with any other code, such as 1001 or 1011 | reading fails with [`Error::Incomplete`], which holds the code |
/// | its Close within a message | the same, whatever the code |
/// | the end of the stream below without a Close | reading fails with [`Error::Disconnected`]: [`UnexpectedEof`], or the kind of the failure |
/// | a fault of the peer | reading fails with [`Error::Fault`] |
/// | a deadline that ends the WebSocket | reading and writing fail with [`Error::Timeout`] |
///
/// | in the stream | on the WebSocket |
/// |---|---|
/// | a write | one binary message, of up to 64 KiB; the write returns how much that is |
/// | an empty write | nothing |
/// | a flush | all that waits is written |
/// | a shutdown | a Close with 1000; it does not wait for the peer's |
/// | dropping it | no Close, which the peer takes for a loss |
///
/// An error is an [`io::Error`] that [holds](io::Error::get_ref) the [`Error`], except for those of the stream below. It ends the
/// stream, unless its kind is [`TimedOut`](io::ErrorKind::TimedOut), that of [`Error::ReadTimeout`]. Only 1000 says that the sender was done (RFC 6455 §7.4.1). A Close without a code is what browsers send by default. 1001
/// comes from a server that stops and from a page that is left, in the middle of anything.
///
/// A write leaves as far as the stream below takes it at once; a [flush](AsyncWrite::poll_flush), the next write or the next read writes
/// the rest. A write waits while 16 KiB or more wait.
///
/// # The end
///
/// A WebSocket cannot be closed in one direction. To a shutdown the peer answers with its own Close as soon as it can, and may not send
/// after it (RFC 6455 §5.5.1). What it sent before that can still be read, and then the end. So a protocol over this stream has to say by
/// itself when both sides are done, as most do. Writing fails with [`Error::Closed`] once either side has sent a Close.
///
/// Read on after a shutdown, until the end: the peer has [`Timeouts::close`](crate::Timeouts::close) to answer, 10 s by default.
///
/// `tokio::io::copy_bidirectional` gives up both directions where one of them fails, and what it holds of the other:
/// where a peer may still send after the end of its own peer, copy each direction by itself, as the example `async_forward` does.
///
/// To end a stream that is not complete, close it with another code: `stream.get_mut().close(CloseCode::INTERNAL_ERROR).await`.
///
/// # Limits
///
/// The limits of the WebSocket apply: 16 MiB for a message by default ([`Limits`](crate::Limits)). Payload is not assembled, so that a
/// message of any length takes no more memory than the read buffer, and as much again for what your slices do not hold.
///
/// [`UnexpectedEof`]: io::ErrorKind::UnexpectedEof
pub struct ByteStream<S> {
    socket: WebSocket<S>,
    /// What came of a part and was not read yet: no more than the read buffer holds, or is inflated at once.
    rest: Vec<u8>,
    /// How much of it was read.
    rest_start: usize,
    /// The message that came last has not ended.
    is_in_message: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// The peer's Close came.
    Closed,
    /// The peer sent what is not binary, and is sent a Close.
    Refused,
}

impl<S: AsyncRead + AsyncWrite + Unpin> ByteStream<S> {
    /// Makes a stream of bytes of a WebSocket. Where a message was read in part by
    /// [`read_part`](WebSocket::read_part), the stream begins with the rest of it.
    #[must_use]
    pub const fn new(socket: WebSocket<S>) -> Self {
        Self { socket, rest: Vec::new(), rest_start: 0, is_in_message: false, state: State::Open }
    }
}

impl<S> ByteStream<S> {
    /// Returns the WebSocket, and what came of a message and was not read yet. Where that message is not whole, its rest comes by
    /// [`read_part`](WebSocket::read_part), with `is_first` false; [`read`](WebSocket::read) would skip it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ws_tokio::{Config, Role, WebSocket};
    /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
    /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
    /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
    /// use tokio::io::AsyncReadExt as _;
    /// use ws_tokio::ByteStream;
    ///
    /// peer.send(b"Hello").await?;
    /// let mut stream = ByteStream::new(socket);
    /// let mut bytes = [0; 2];
    /// stream.read_exact(&mut bytes).await?;
    /// let (mut socket, unread) = stream.into_socket();
    /// assert_eq!((&bytes, &*unread), (b"He", &b"llo"[..]));
    /// # socket.send("now").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_socket(mut self) -> (WebSocket<S>, Vec<u8>) {
        self.rest.drain(..self.rest_start);
        (self.socket, self.rest)
    }

    /// The WebSocket, to ask how the connection ended.
    #[must_use]
    pub const fn get_ref(&self) -> &WebSocket<S> {
        &self.socket
    }

    /// The WebSocket, to set timeouts, to send pings, and to close with another code. What it reads is missing in the stream, and a
    /// message that it sends is a part of it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ws_tokio::{Config, Role, WebSocket};
    /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
    /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
    /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
    /// use ws_tokio::{ByteStream, CloseCode};
    ///
    /// let mut stream = ByteStream::new(socket);
    /// let reading = tokio::spawn(async move { peer.receive().await });
    /// stream.get_mut().close(CloseCode::INTERNAL_ERROR).await?; // it is not complete
    /// # assert_eq!(reading.await??, None);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut WebSocket<S> {
        &mut self.socket
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> ByteStream<S> {
    /// Waits for bytes, and copies as many as `bytes` holds: none at the end of the stream.
    fn poll_bytes(&mut self, cx: &mut Context<'_>, bytes: &mut ReadBuf<'_>) -> Poll<Result<(), Error>> {
        loop {
            let rest = self.rest.get(self.rest_start..).unwrap_or_default();
            if bytes.remaining() == 0 || !rest.is_empty() {
                let len = rest.len().min(bytes.remaining());
                bytes.put_slice(rest.get(..len).unwrap_or_default());
                self.rest_start = self.rest_start.saturating_add(len);
                return Poll::Ready(Ok(()));
            }
            let WebSocket { io, receiving, .. } = &mut self.socket;
            let (io, inbound) = (&mut **io, &mut receiving.inbound);
            match self.state {
                State::Open => {}
                State::Closed => {
                    ready!(io.poll_answered(cx))?;
                    return Poll::Ready(self.end());
                }
                State::Refused => {
                    while let Ok(Some(_)) = ready!(poll_event(inbound, io, cx, Find::Message)) {
                        let _discarded = inbound.message(&mut |note| io.life.relay(note));
                    }
                    return Poll::Ready(Err(Error::NotBinary));
                }
            }
            match ready!(poll_event(inbound, io, cx, Find::Part))? {
                Some(Event::Data(())) => {}
                Some(Event::Close) | None => {
                    self.state = State::Closed;
                    continue;
                }
                Some(_) => continue,
            }
            io.life.begin_read();
            let Some(Event::Data(part)) = inbound.next_part(&mut |note| io.life.relay(note)) else {
                continue;
            };
            self.is_in_message = !part.is_last;
            match part.payload {
                Payload::Binary([]) => {}
                Payload::Binary(payload) => {
                    let len = payload.len().min(bytes.remaining());
                    let (read, rest) = payload.split_at_checked(len).unwrap_or_default();
                    self.rest.clear();
                    self.rest_start = 0;
                    // The part would be lost, so nothing may follow it.
                    if self.rest.try_reserve_exact(rest.len()).is_err() {
                        io.life.read_failed(io::ErrorKind::OutOfMemory.into());
                        continue;
                    }
                    bytes.put_slice(read);
                    self.rest.extend_from_slice(rest);
                    return Poll::Ready(Ok(()));
                }
                // RFC 6455 §7.4.1: 1003 refuses a type of data that an endpoint cannot accept.
                Payload::Text(_) | Payload::Compressed { .. } => {
                    io.life.outbound.close(CloseCode::UNSUPPORTED_DATA.into());
                    self.state = State::Refused;
                }
            }
        }
    }

    /// What the peer's Close means for the stream.
    fn end(&self) -> Result<(), Error> {
        let code = self.socket.close_frame().map(|frame| frame.code());
        let status =
            code.map_or(CloseStatus::Abnormal, |code| code.map_or(CloseStatus::NoStatus, CloseStatus::Code));
        // RFC 6455 §7.4.1: 1000 says that the purpose of the connection is fulfilled; 1005 stands for no code.
        let is_normal = matches!(status, CloseStatus::Code(CloseCode::NORMAL) | CloseStatus::NoStatus);
        if is_normal && !self.is_in_message { Ok(()) } else { Err(Error::Incomplete(status)) }
    }

    fn poll_message(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Error>> {
        let bytes = bytes.get(..MESSAGE_LEN_MAX).unwrap_or(bytes);
        let message = Outgoing::Message(Message::Binary(bytes), Compress::ByLength);
        let mut outgoing = (!bytes.is_empty()).then_some(message);
        let sent = poll_send(&mut *self.socket.io, cx, &mut outgoing, Leave::AtOnce);
        match sent {
            Poll::Ready(sent) => Poll::Ready(sent.map(|()| bytes.len())),
            // Queued: the rest of it leaves with what is written, flushed or read next.
            Poll::Pending if outgoing.is_none() => Poll::Ready(Ok(bytes.len())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for ByteStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.get_mut().poll_bytes(cx, bytes).map_err(stream_error)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ByteStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().poll_message(cx, bytes).map_err(stream_error)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let io = &mut *self.get_mut().socket.io;
        poll_send(io, cx, &mut None, Leave::AtOnce).map_err(stream_error)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let io = &mut *self.get_mut().socket.io;
        let mut close = Some(Outgoing::Close(CloseCode::NORMAL.into()));
        poll_send(io, cx, &mut close, Leave::AtOnce).map_err(stream_error)
    }
}

impl<S> fmt::Debug for ByteStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest_len = self.rest.len().saturating_sub(self.rest_start);
        f.debug_struct("ByteStream")
            .field("socket", &self.socket)
            .field("rest_len", &rest_len)
            .finish_non_exhaustive()
    }
}

/// The error for callers, which judge by its kind whether the stream goes on.
fn stream_error(error: Error) -> io::Error {
    if matches!(error, Error::Timeout(_) | Error::Disconnected(Some(io::ErrorKind::TimedOut))) {
        // By `TimedOut` it would.
        return io::Error::new(io::ErrorKind::ConnectionAborted, error);
    }
    error.into()
}

/// How long a message is at most that a write sends, in bytes.
const MESSAGE_LEN_MAX: usize = 64 * 1024;
