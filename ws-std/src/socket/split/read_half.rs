use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use ws_core::connection::{Closure, Role};
use ws_core::event::{Event, Fragment};
use ws_core::extension::Agreed;
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload};
use ws_core::message::Message;
use ws_core::session::Inbound;

use super::read_end::ReadEnd;
use super::shared::Shared;
use crate::counters::Counters;
use crate::error::Error;
use crate::session::{close, read, read_event};
use crate::stream::duplex::Duplex;
use crate::timeouts::Timeouts;

/// The half of a [`WebSocket`](crate::WebSocket) that reads, from [`split`](crate::WebSocket::split).
///
/// It answers pings and the peer's Close by itself, without waiting: where the other half is writing, that takes the
/// answers along, and where the peer does not read they stay queued, and are tried again between reads. So it has to be
/// read even where nothing but the end is expected.
///
/// Once it is dropped nothing is answered any more, and what the peer sends stays in the stream.
pub struct ReadHalf<S: Duplex> {
    pub(super) end: ReadEnd<S>,
    pub(super) inbound: Inbound,
    pub(super) subprotocol: Option<Box<str>>,
    pub(super) agreed: Option<Agreed>,
}

impl<S: Duplex> ReadHalf<S> {
    pub(super) fn new(
        shared: Arc<Shared<S>>,
        inbound: Inbound,
        limit: Option<Duration>,
        subprotocol: Option<Box<str>>,
        agreed: Option<Agreed>,
    ) -> Self {
        Self { end: ReadEnd::new(shared, limit), inbound, subprotocol, agreed }
    }

    /// Waits for the next message, and lends it, as [`WebSocket::read`](crate::WebSocket::read). It is answered by a
    /// [`WriteHalf`](super::WriteHalf), also while it is held.
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::read`](crate::WebSocket::read); what ended the other half ends this.
    pub fn read(&mut self) -> Result<Option<Message<'_>>, Error> {
        self.end.begin_read();
        let Some((message, has_another)) = read(&mut self.inbound, &mut self.end)? else { return Ok(None) };
        self.end.gather(has_another);
        Ok(Some(message))
    }

    /// Waits for the next thing that arrives, and lends it, as [`WebSocket::read_event`](crate::WebSocket::read_event).
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub fn read_event(&mut self) -> Result<Option<Event<Fragment<'_>>>, Error> {
        self.end.begin_read();
        self.end.gather(false);
        read_event(&mut self.inbound, &mut self.end)
    }

    /// Closes and waits for the end, as [`WebSocket::close`](crate::WebSocket::close).
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::close`](crate::WebSocket::close).
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.end.begin_close(CloseFrame::truncated(code, reason));
        close(&mut self.inbound, &mut self.end)
    }

    /// How the connection ended, once it has: who began it, the peer's code, and whether it was clean.
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.end.lock().outbound.closure()
    }

    /// What was carried in both directions, as [`WebSocket::counters`](crate::WebSocket::counters).
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.end.lock().counters(self.inbound.traffic())
    }

    /// The round trip of the last ping of the keepalive, as [`WebSocket::latency`](crate::WebSocket::latency).
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.end.lock().outbound.latency()
    }

    /// The peer's Close with its reason, once it came and as long as nothing else was read.
    #[must_use]
    pub fn close_frame(&self) -> Option<CloseFrame> {
        self.inbound.close_frame()
    }

    /// The payload of the ping, pong or Close that [`read_event`](Self::read_event) reported last.
    #[must_use]
    pub const fn control(&self) -> &ControlPayload {
        self.inbound.control()
    }

    /// The subprotocol that the opening handshake agreed on (RFC 6455 §1.9).
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Which end of the connection this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.end.lock().outbound.role()
    }

    /// Lets a call of [`read`](Self::read) give way after this time, as
    /// [`Timeouts::with_read`](crate::Timeouts::with_read), which it is at first, or what the stream had. To be set here,
    /// not on the stream, whose limit is made use of.
    pub const fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.end.patience = timeout;
    }

    /// See [`set_read_timeout`](Self::set_read_timeout).
    #[must_use]
    pub const fn read_timeout(&self) -> Option<Duration> {
        self.end.patience
    }

    /// The timeouts for writing and closing.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.end.lock().life.timeouts
    }

    /// What the opening handshake agreed on for permessage-deflate, where it did.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn deflate(&self) -> Option<Agreed> {
        self.agreed
    }

    /// Frees the buffers of messages, as [`WebSocket::release_deflate`](crate::WebSocket::release_deflate).
    #[cfg(feature = "deflate")]
    pub fn release_deflate(&mut self) {
        self.inbound.release();
    }

    /// The stream, to ask it; it has to stay blocking.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        self.end.stream()
    }
}

impl<S: Duplex> fmt::Debug for ReadHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").field("unread_len", &self.inbound.unread().len()).finish_non_exhaustive()
    }
}
