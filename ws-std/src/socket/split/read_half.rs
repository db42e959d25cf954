use alloc::sync::Arc;
use core::fmt;
use core::iter::FusedIterator;
use core::time::Duration;

use ws_core::connection::{Closure, Role};
use ws_core::event::{Event, Fragment};
#[cfg(feature = "deflate")]
use ws_core::extension::Agreed;
use ws_core::frame::{CloseFrame, ControlPayload};
use ws_core::keepalive::Timeouts;
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::Inbound;

use super::read_end::ReadEnd;
use super::shared::Shared;
use crate::counters::Counters;
use crate::error::Error;
use crate::session::{Driver, close, read, read_event, read_part, receive};
use crate::socket::owned::messages;
use crate::stream::duplex::Duplex;

/// The half of a [`WebSocket`](crate::WebSocket) that reads, from [`split`](crate::WebSocket::split).
///
/// It answers pings and the peer's Close by itself, without waiting: where the other half is writing, that writes the answers
/// too, and where the peer does not read they stay queued, and are tried again between reads. So read from it even where
/// you expect no messages.
///
/// After it is dropped nothing is answered any more, and what the peer sends stays in the stream.
pub struct ReadHalf<S: Duplex> {
    pub(super) end: ReadEnd<S>,
    pub(super) inbound: Inbound,
    pub(super) subprotocol: Option<Box<str>>,
}

impl<S: Duplex> ReadHalf<S> {
    pub(super) fn new(
        shared: Arc<Shared<S>>,
        inbound: Inbound,
        limit: Option<Duration>,
        subprotocol: Option<Box<str>>,
    ) -> Self {
        Self { end: ReadEnd::new(shared, limit), inbound, subprotocol }
    }

    /// Waits for the next message, and lends it. You may answer it by a [`WriteHalf`](super::WriteHalf) while you hold it. Returns
    /// `None` once the connection was closed by a closing handshake, or by a Close of the peer's after which the stream broke.
    ///
    /// While it waits, this call sends pings and ends connections to peers that are gone, as [`Timeouts`] set.
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::read`](crate::WebSocket::read). An error that ended the connection for the other half is returned here
    /// too.
    pub fn read(&mut self) -> Result<Option<Message<'_>>, Error> {
        self.end.link.call.begin_read();
        let Some((message, has_another)) = read(&mut self.inbound, &mut self.end)? else { return Ok(None) };
        self.end.gather(has_another);
        Ok(Some(message))
    }

    /// Waits for the next message, and returns it, to keep or to pass to another thread; see
    /// [`WebSocket::receive`](crate::WebSocket::receive). Returns `None` where [`read`](Self::read) does.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    #[doc(alias("recv", "read_message"))]
    pub fn receive(&mut self) -> Result<Option<OwnedMessage>, Error> {
        self.end.link.call.begin_read();
        let message = receive(&mut self.inbound, &mut self.end)?;
        self.end.gather(self.inbound.has_another());
        Ok(message)
    }

    /// Iterates over the messages that [`receive`](Self::receive) returns. Each call of `next` waits for one.
    ///
    /// The iterator ends once the connection was closed by a closing handshake. An error that ended the connection is its last item.
    /// After an error for which [`is_transient`](Error::is_transient) is true, call `next` again. You may send by a
    /// [`WriteHalf`](super::WriteHalf) meanwhile.
    ///
    /// ```
    /// use ws_std::{Duplex, Error, WebSocket};
    ///
    /// fn echo<S: Duplex>(socket: WebSocket<S>) -> Result<(), Error> {
    ///     let (mut reader, writer) = socket.split()?;
    ///     for message in reader.messages() {
    ///         writer.send_owned(message?)?;
    ///     }
    ///     Ok(())
    /// }
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # let server = std::thread::spawn(move || echo(ws_std::accept(listener.accept()?.0)?));
    /// # let mut socket = ws_std::connect(&url)?;
    /// # socket.send("Hello")?;
    /// # assert_eq!(socket.receive()?, Some("Hello".into()));
    /// # socket.close(ws_std::CloseCode::NORMAL)?;
    /// # server.join().unwrap()?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn messages(&mut self) -> impl FusedIterator<Item = Result<OwnedMessage, Error>> {
        messages(|| self.receive())
    }

    /// Waits for the next event, and lends it: a whole message, as [`read`](Self::read) lends it, or a ping, a pong or the peer's
    /// Close, whose payload is in [`control`](Self::control). See [`WebSocket::read_event`](crate::WebSocket::read_event).
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn read_event(&mut self) -> Result<Option<Event<Message<'_>>>, Error> {
        self.end.link.call.begin_read();
        let Some((event, has_another)) = read_event(&mut self.inbound, &mut self.end)? else {
            return Ok(None);
        };
        self.end.gather(has_another);
        Ok(Some(event))
    }

    /// Waits for the next event, and lends it: payload as it arrives, and control frames, whose payload is in
    /// [`control`](Self::control). See [`WebSocket::read_part`](crate::WebSocket::read_part).
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn read_part(&mut self) -> Result<Option<Event<Fragment<'_>>>, Error> {
        let (inbound, end) = self.begin_parts();
        read_part(inbound, end)
    }

    /// Begins a call that reads parts of messages, and returns what it reads by.
    pub(in crate::socket) fn begin_parts(&mut self) -> (&mut Inbound, &mut impl Driver) {
        self.end.link.call.begin_read();
        self.end.gather(false);
        (&mut self.inbound, &mut self.end)
    }

    /// Closes the connection: sends a Close, discards messages until the peer's Close, and waits for the end of the stream,
    /// all within [`Timeouts::close`]. Where the connection has ended already, returns how.
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::close`](crate::WebSocket::close).
    pub fn close(&mut self, frame: impl Into<CloseFrame>) -> Result<(), Error> {
        self.end.begin_close(frame.into());
        close(&mut self.inbound, &mut self.end)
    }

    /// How the connection ended, once it has: which side began to close, the peer's code, and whether both sent a Close.
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.end.shared.lock().life.outbound.closure()
    }

    /// What the connection has carried in both directions, and why it ended, once it has.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.end.shared.lock().life.counters(self.inbound.traffic())
    }

    /// The round trip of the last keepalive ping that was answered. `None` before the first pong, and without
    /// [`Timeouts::with_ping_interval`].
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.end.shared.lock().life.outbound.latency()
    }

    /// The peer's Close with its reason, once it has arrived.
    #[must_use]
    pub fn close_frame(&self) -> Option<CloseFrame> {
        self.inbound.close_frame()
    }

    /// The payload of the ping, pong or Close that [`read_event`](Self::read_event) or [`read_part`](Self::read_part) reported last.
    #[must_use]
    pub const fn control(&self) -> &ControlPayload {
        self.inbound.control()
    }

    /// The subprotocol that the opening handshake agreed on (RFC 6455 §1.9).
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Whether this is the server or the client.
    #[must_use]
    pub fn role(&self) -> Role {
        self.end.shared.lock().life.outbound.role()
    }

    /// Sets how long one call of [`read`](Self::read) may wait before it returns an error for which
    /// [`is_transient`](Error::is_transient) is true. It is at first what [`Timeouts::with_read`] was, or the read timeout
    /// of the stream. Set it here and not on the stream, whose read timeout is overwritten.
    pub const fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.end.link.call.timeout = timeout;
    }

    /// How long one call of `read` may wait; see [`set_read_timeout`](Self::set_read_timeout).
    #[must_use]
    pub const fn read_timeout(&self) -> Option<Duration> {
        self.end.link.call.timeout
    }

    /// The timeouts of the open connection.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.end.shared.lock().life.timeouts
    }

    /// The parameters of permessage-deflate that the opening handshake negotiated, or `None` where it did not.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn deflate(&self) -> Option<Agreed> {
        self.inbound.deflate()
    }

    /// Frees the buffers of messages of an idle connection. [`WriteHalf::release_deflate`](super::WriteHalf::release_deflate)
    /// frees the compressor.
    #[cfg(feature = "deflate")]
    pub fn release_deflate(&mut self) {
        self.inbound.release();
    }

    /// The stream, to query it. It has to stay blocking.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        self.end.shared.stream.get_ref()
    }
}

impl<S: Duplex> fmt::Debug for ReadHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").field("unread_len", &self.inbound.unread().len()).finish_non_exhaustive()
    }
}
