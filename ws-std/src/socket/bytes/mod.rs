// Read first: RFC 6455 §5.5.1, §5.6, §7.4.1.

#[cfg(feature = "split")]
mod halves;
mod unread;

#[cfg(feature = "split")]
pub use halves::{ByteReader, ByteWriter};

use alloc::borrow::Cow;
use core::time::Duration;
use core::{fmt, mem};
use std::io::{self, IoSlice, Read, Write};
use std::sync::{Mutex, PoisonError};

use ws_core::frame::CloseCode;
use ws_core::message::Message;

use super::WebSocket;
use crate::clock::Clock;
use crate::error::Error;
use crate::stream::Stream;
use unread::Unread;

/// A stream of bytes over a WebSocket, both ways: [`Read`] and [`Write`] over binary messages. For tunnels, and for protocols that
/// run over WebSockets, such as MQTT, SSH and VNC.
///
/// ```
/// use std::io::{Read, Write};
/// use ws_std::{ByteStream, Stream};
///
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let url = format!("ws://{}/", listener.local_addr()?);
/// # let server = std::thread::spawn(move || -> std::io::Result<()> {
/// #     let mut stream = ByteStream::new(ws_std::accept(listener.accept()?.0)?);
/// #     let mut packet = [0; 2];
/// #     stream.read_exact(&mut packet)?;
/// #     assert_eq!(&packet, b"\xc0\x00");
/// #     stream.write_all(b"\xd0")?;
/// #     stream.write_all(b"\x00")?;
/// #     assert_eq!(stream.read(&mut packet)?, 0);
/// #     Ok(())
/// # });
/// let mut stream = ByteStream::new(ws_std::connect(&url)?);
/// stream.write_all(b"\xc0\x00")?; // PINGREQ of MQTT
/// let mut answer = [0; 2];
/// stream.read_exact(&mut answer)?; // however it was cut into messages
/// assert_eq!(&answer, b"\xd0\x00");
/// stream.shutdown_write()?;
/// assert_eq!(stream.read(&mut answer)?, 0);
/// # server.join().unwrap()?;
/// # Ok::<(), std::io::Error>(())
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
/// | a vectored write | one binary message of all slices, of up to 64 KiB |
/// | [`shutdown_write`](Stream::shutdown_write) | a Close with 1000 |
/// | dropping it | no Close, which the peer takes for a loss |
///
/// An error is an [`io::Error`] that [holds](io::Error::get_ref) the [`Error`], except for those of the stream below. It ends the
/// stream, unless its kind is [`WouldBlock`](io::ErrorKind::WouldBlock) or [`TimedOut`](io::ErrorKind::TimedOut). Only 1000 says
/// that the sender was done (RFC 6455 §7.4.1). A Close without a code is what browsers send by default. 1001 comes from a server that
/// stops and from a page that is left, in the middle of anything.
///
/// Each write leaves at once. [`BufWriter`](io::BufWriter) gathers small ones.
///
/// # The end
///
/// A WebSocket cannot be closed in one direction. To [`shutdown_write`](Stream::shutdown_write) the peer answers with its own Close
/// as soon as it can, and may not send after it (RFC 6455 §5.5.1). What it sent before that can still be read, and then the end.
/// That end is an answer: it does not say that the peer had no more to send. So a protocol over this stream has to say by itself
/// when both sides are done, as most do. Writing fails with [`Error::Closed`] once either side has sent a Close.
///
/// Read on after `shutdown_write`, until the end: the peer has [`Timeouts::close`](crate::Timeouts::close) to answer, 10 s by
/// default, and answers once it has read all before. Set more for peers that may take longer to read what is on its way.
///
/// Reading returns the end as soon as the peer's Close is read and the answer is written. Unlike [`WebSocket::read`], it does not wait
/// for the end of the stream below.
///
/// To end a stream that is not complete, close it with another code: `stream.get_mut().close(CloseCode::INTERNAL_ERROR)`.
///
/// # Limits and timeouts
///
/// The limits of the WebSocket apply: 16 MiB for a message by default ([`Limits`](crate::Limits)). Set
/// [`Limits::unlimited`](crate::Limits::unlimited) for peers that send longer ones. Payload is not assembled, so that a message of any
/// length takes no more memory than the read buffer, and as much again for what your slices do not hold.
///
/// A program that stops reading, as a tunnel does whose other end is slow, holds up the peer, and does not answer its pings. So where
/// that may take longer than [`Timeouts::write`](crate::Timeouts::write) and [`Timeouts::pong`](crate::Timeouts::pong) of the peer,
/// set those there.
///
/// # As a `Stream`
///
/// It implements [`Stream`], so that TLS and WebSockets run over it, with their deadlines: [`limit_read`](Stream::limit_read) sets
/// how long a call of `read` waits, as [`Timeouts::with_read`](crate::Timeouts::with_read) does, while deadlines and pings of the
/// WebSocket below go on. [`limit_write`](Stream::limit_write) changes nothing: a write waits until it is taken, or for
/// [`Timeouts::write`](crate::Timeouts::write) of the WebSocket below, which then ends.
///
/// TLS over it stops reading at the peer's `close_notify`, so that the Close after that is neither read nor answered. Where both sides
/// shut down, that is an end for both. But let a side shut down only when the other has said all: what is written to one that has
/// shut down may be lost, when its unread Close makes TCP reset the connection.
///
/// On a stream that does not block, reading and writing fail with [`WouldBlock`](io::ErrorKind::WouldBlock). A write has then taken
/// nothing; otherwise it has taken all that it returns, and [`flush`](Write::flush) writes what the stream below has not taken yet.
/// Read until it would block: bytes that were read before do not make the stream below ready. [`get_ref`](Self::get_ref) says what to
/// wait for.
///
/// [`UnexpectedEof`]: io::ErrorKind::UnexpectedEof
pub struct ByteStream<S: Stream> {
    socket: WebSocket<S>,
    unread: Unread,
    /// It is set by a shared reference, and applied by the next read.
    read_limit: Mutex<ReadLimit>,
}

/// The limit of reads that a program has set.
#[derive(Clone, Copy, Default)]
enum ReadLimit {
    /// None since the last read.
    #[default]
    Unchanged,
    Set(Option<Duration>),
}

impl<S: Stream> ByteStream<S> {
    /// Makes a stream of bytes of a WebSocket. Where a message was read in part by
    /// [`read_part`](WebSocket::read_part), the stream begins with the rest of it.
    #[must_use]
    pub fn new(socket: WebSocket<S>) -> Self {
        Self { socket, unread: Unread::default(), read_limit: Mutex::default() }
    }

    /// Returns the WebSocket, and what came of a message and was not read yet. Where that message is not whole, its rest comes by
    /// [`read_part`](WebSocket::read_part), with `is_first` false; [`read`](WebSocket::read) would skip it.
    ///
    /// ```
    /// use std::io::Read;
    /// use ws_std::{AnyStream, ByteStream, Config, Message, Role, WebSocket};
    ///
    /// let stream = AnyStream(std::io::Cursor::new(b"\x82\x05Hello\x81\x03now".to_vec()));
    /// let mut stream = ByteStream::new(WebSocket::after_handshake(stream, Role::Client, Config::new(), b"")?);
    /// let mut bytes = [0; 2];
    /// stream.read_exact(&mut bytes)?;
    /// let (mut socket, unread) = stream.into_socket();
    /// assert_eq!((&bytes, &*unread), (b"He", &b"llo"[..]));
    /// assert_eq!(socket.read()?.map(|(message, _)| message), Some(Message::Text("now")));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn into_socket(mut self) -> (WebSocket<S>, Vec<u8>) {
        self.apply_read_limit();
        (self.socket, self.unread.rest.into())
    }

    /// The WebSocket, to ask what an event loop has to wait for, and how the connection ended.
    #[must_use]
    pub const fn get_ref(&self) -> &WebSocket<S> {
        &self.socket
    }

    /// The WebSocket, to set timeouts, to send pings, and to close with another code. What it reads is missing in the stream, and a
    /// message that it sends is a part of it.
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut WebSocket<S> {
        &mut self.socket
    }

    fn apply_read_limit(&mut self) {
        let limit = self.read_limit.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let ReadLimit::Set(limit) = mem::take(limit) {
            self.socket.io.link.call.timeout = limit;
        }
    }
}

impl<S: Stream> Read for ByteStream<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.apply_read_limit();
        let (inbound, driver) = self.socket.begin_parts();
        self.unread.read(inbound, driver, bytes).map_err(stream_error)
    }
}

impl<S: Stream> Write for ByteStream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write_message(bytes, |message| self.socket.send(message))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.write(&gathered(slices)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush().map_err(stream_error)
    }
}

impl<S: Stream> Stream for ByteStream<S> {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.socket.start_close(CloseCode::NORMAL).map_err(stream_error)
    }

    fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
        *self.read_limit.lock().unwrap_or_else(PoisonError::into_inner) = ReadLimit::Set(timeout);
        Ok(())
    }

    fn disable_delay(&self) -> io::Result<()> {
        self.socket.get_ref().disable_delay()
    }

    fn clock(&self) -> Clock {
        self.socket.get_ref().clock()
    }
}

impl<S: Stream> fmt::Debug for ByteStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream")
            .field("socket", &self.socket)
            .field("rest_len", &self.unread.rest.len())
            .finish_non_exhaustive()
    }
}

/// Sends the beginning of `bytes`, as much as a message holds, and returns how much that is.
fn write_message(bytes: &[u8], send: impl FnOnce(Message<'_>) -> Result<(), Error>) -> io::Result<usize> {
    let bytes = bytes.get(..MESSAGE_LEN_MAX).unwrap_or(bytes);
    if !bytes.is_empty() {
        send(Message::Binary(bytes)).map_err(stream_error)?;
    }
    Ok(bytes.len())
}

/// The bytes of all slices, as far as a message holds them; copied only where there are several.
fn gathered<'a>(slices: &'a [IoSlice<'_>]) -> io::Result<Cow<'a, [u8]>> {
    let mut slices = slices.iter().map(|slice| &**slice).filter(|slice| !slice.is_empty());
    let first = slices.next().unwrap_or_default();
    let Some(second) = slices.next() else { return Ok(Cow::Borrowed(first)) };
    let mut all = Vec::new();
    for slice in [first, second].into_iter().chain(slices) {
        let room = MESSAGE_LEN_MAX.saturating_sub(all.len());
        let slice = slice.get(..room).unwrap_or(slice);
        all.try_reserve(slice.len())?;
        all.extend_from_slice(slice);
    }
    Ok(Cow::Owned(all))
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
