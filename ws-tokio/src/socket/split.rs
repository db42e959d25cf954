//! An open connection in two halves, for two tasks.

use alloc::sync::Arc;
use core::fmt;
use core::future::poll_fn;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::connection::{Closure, EncodedMessage, Role};
use ws_core::event::{Event, Fragment};
#[cfg(feature = "deflate")]
use ws_core::extension::Agreed;
use ws_core::frame::{CloseFrame, ControlPayload, Fin};
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::Compress;

use super::WebSocket;
#[cfg(doc)]
use super::Writer;
use super::receiving::Receiving;
use super::receiving_methods::{inbound_methods, life_methods, receiving_methods};
use super::sending_methods::{ping, send, send_owned, sending_methods};
use crate::counters::Counters;
use crate::error::{Error, Unsent};
use crate::session::{Access, Io, Leave, Life, Outgoing};

impl<S> WebSocket<S> {
    /// Splits the connection, so that one task can read while another writes.
    ///
    /// Pings and the peer's Close are answered by the half that reads; what it could not write, the other half takes along. Neither
    /// waits for the other: a peer that does not read holds up what is sent, and not what is read. No lock is held while a task waits.
    /// [`ReadHalf::reunite`] undoes the split.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ws_tokio::CloseCode;
    ///
    /// # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # tokio::spawn(async move {
    /// #     let mut socket = ws_tokio::accept(listener.accept().await?.0).await?;
    /// #     while let Some((message, mut writer)) = socket.read().await? { writer.send(message).await? }
    /// #     Ok::<(), ws_tokio::Error>(())
    /// # });
    /// let (mut reader, mut writer) = ws_tokio::connect(&url).await?.split();
    /// let reading = tokio::spawn(async move {
    ///     let mut count = 0;
    ///     while let Some(message) = reader.receive().await? {
    ///         assert_eq!(message.as_text(), Some("Hello"));
    ///         count += 1;
    ///     }
    ///     Ok::<_, ws_tokio::Error>(count)
    /// });
    /// for _ in 0..100 {
    ///     writer.send("Hello").await?;
    /// }
    /// writer.start_close(CloseCode::NORMAL.with_reason("done")).await?;
    /// assert_eq!(reading.await??, 100);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn split(self) -> (ReadHalf<S>, WriteHalf<S>) {
        let Self { io, receiving, subprotocol } = self;
        let shared = Arc::new(Shared { io: Mutex::new(io) });
        (ReadHalf { shared: Arc::clone(&shared), receiving, subprotocol }, WriteHalf { shared })
    }
}

/// What both halves use, under a lock that is held within a poll only.
pub(super) struct Shared<S> {
    io: Mutex<Box<Io<S>>>,
}

impl<S> Shared<S> {
    fn lock(&self) -> MutexGuard<'_, Box<Io<S>>> {
        self.io.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Access for &Shared<S> {
    type Stream = S;

    #[inline]
    fn with<T>(&mut self, act: impl FnOnce(&mut Io<S>) -> T) -> T {
        act(&mut self.lock())
    }
}

/// The half of a [`WebSocket`] that reads, from [`WebSocket::split`].
///
/// It answers pings and the peer's Close, so let it run even where you expect no messages. It is a
/// [`Stream`](futures_core::Stream) of `Result<OwnedMessage, Error>`. Dropped, it leaves the stream to the other half, and nobody
/// answers pings.
pub struct ReadHalf<S> {
    pub(super) shared: Arc<Shared<S>>,
    pub(super) receiving: Receiving,
    subprotocol: Option<Box<str>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> ReadHalf<S> {
    receiving_methods!(self => &mut &*self.shared);

    /// Waits for the next message, and lends it: see [`WebSocket::read`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ws_tokio::{Config, Role, WebSocket};
    /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
    /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
    /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
    /// peer.send("Hello").await?;
    /// let (mut reader, _writer) = socket.split();
    /// assert_eq!(reader.read().await?.and_then(|message| message.as_text()), Some("Hello"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::read`].
    pub async fn read(&mut self) -> Result<Option<Message<'_>>, Error> {
        Ok(self.receiving.read(&mut &*self.shared).await?.map(|(message, _has_another)| message))
    }

    /// Waits for the next message or control frame, and lends it: see [`WebSocket::read_event`].
    ///
    /// # Errors
    ///
    /// Those of [`WebSocket::read`].
    pub async fn read_event(&mut self) -> Result<Option<Event<Message<'_>>>, Error> {
        Ok(self.receiving.read_event(&mut &*self.shared).await?.map(|(event, _has_another)| event))
    }
}

impl<S> ReadHalf<S> {
    /// Whether `writer` is the other half of the same connection.
    #[must_use]
    pub fn is_pair_of(&self, writer: &WriteHalf<S>) -> bool {
        Arc::ptr_eq(&self.shared, &writer.shared)
    }

    /// Puts the connection together again.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ws_tokio::{Config, Role, WebSocket};
    /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
    /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
    /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
    /// let (reader, writer) = socket.split();
    /// assert!(reader.is_pair_of(&writer));
    /// let mut socket = reader.reunite(writer)?;
    /// socket.send("whole again").await?;
    /// # assert_eq!(peer.receive().await?, Some("whole again".into()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ReuniteError`], which holds both halves, where they are of two connections.
    pub fn reunite(self, writer: WriteHalf<S>) -> Result<WebSocket<S>, ReuniteError<S>> {
        if !self.is_pair_of(&writer) {
            return Err(ReuniteError { halves: Box::new((self, writer)) });
        }
        let Self { shared, receiving, subprotocol } = self;
        drop(shared);
        match Arc::try_unwrap(writer.shared) {
            Ok(shared) => {
                let io = shared.io.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(WebSocket { io, receiving, subprotocol })
            }
            // There are two halves only.
            Err(shared) => {
                let reader = Self { shared: Arc::clone(&shared), receiving, subprotocol };
                Err(ReuniteError { halves: Box::new((reader, WriteHalf { shared })) })
            }
        }
    }

    life_methods!();

    inbound_methods!();

    fn with_life<T>(&self, ask: impl FnOnce(&Life) -> T) -> T {
        ask(&self.shared.lock().life)
    }
}

/// The half of a [`WebSocket`] that writes, from [`WebSocket::split`]. It is a [`Sink`](futures_sink::Sink) of [`OwnedMessage`].
///
/// It cannot be cloned: where several tasks send, give them the sender of a channel, and one task the other end and this.
///
/// Each future may be dropped: then all of its message was queued, or nothing ([cancel safety](crate#cancel-safety)).
pub struct WriteHalf<S> {
    pub(super) shared: Arc<Shared<S>>,
}

impl<S: AsyncWrite + Unpin> WriteHalf<S> {
    sending_methods!(self => &mut &*self.shared, Leave::AtOnce);
}

impl<S> WriteHalf<S> {
    life_methods!();

    /// What the connection has carried, and why it ended, once it has. What it received counts as far as the half that reads has
    /// taken it before it looked for more.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.with_life(|life| life.counters(life.received))
    }

    fn with_life<T>(&self, ask: impl FnOnce(&Life) -> T) -> T {
        ask(&self.shared.lock().life)
    }
}

/// The halves, where they are of two connections.
pub struct ReuniteError<S> {
    halves: Box<(ReadHalf<S>, WriteHalf<S>)>,
}

impl<S> ReuniteError<S> {
    /// The halves, unchanged.
    #[must_use]
    pub fn into_halves(self) -> (ReadHalf<S>, WriteHalf<S>) {
        *self.halves
    }
}

impl<S> fmt::Debug for ReadHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").field("inbound", &self.receiving.inbound).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for WriteHalf<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReuniteError").finish_non_exhaustive()
    }
}

impl<S> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves are of two connections")
    }
}

impl<S> core::error::Error for ReuniteError<S> {}
