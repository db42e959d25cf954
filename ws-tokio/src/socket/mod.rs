//! An open connection as programs use it.

mod bytes;
mod receiving;
mod receiving_methods;
mod sending_methods;
mod split;
mod stream_sink;
mod writer;

pub use bytes::ByteStream;
pub use split::{ReadHalf, ReuniteError, WriteHalf};
pub use writer::Writer;

use alloc::sync::Arc;
use core::fmt;
use core::future::poll_fn;
use core::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::connection::{Closure, Config, EncodedMessage, Role, RoleKeys};
use ws_core::event::{Event, Fragment};
#[cfg(feature = "deflate")]
use ws_core::extension::Agreed;
use ws_core::frame::{CloseFrame, ControlPayload, Fin};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::Timeouts;
use ws_core::message::{Message, OwnedMessage};
#[cfg(feature = "deflate")]
use ws_core::session::Deflate;
use ws_core::session::{self, Compress, Opened, Session};

use crate::counters::Counters;
use crate::error::{Error, Unsent};
use crate::keys::{MaskKeys, mask_keys};
use crate::session::{Access as _, Io, Leave, Life, Outgoing};
use crate::telemetry::Id;
use crate::timer::{Clock, Timer, Timers};
use receiving::Receiving;
use receiving_methods::{inbound_methods, life_methods, receiving_methods};
use sending_methods::{ping, send, send_owned, sending_methods};

/// An open WebSocket over a stream, of either role.
///
/// [`connect`](crate::connect) and [`accept`](crate::accept) return one. The calls that receive write pongs, and the Close that answers
/// the peer's, so a program that only reads answers too.
///
/// ```
/// # use tokio::net::TcpStream;
/// # use ws_tokio::WebSocket;
/// async fn echo(mut socket: WebSocket<TcpStream>) -> Result<(), ws_tokio::Error> {
///     while let Some((message, mut writer)) = socket.read().await? {
///         writer.send(message).await?;
///     }
///     Ok(())
/// }
/// ```
///
/// It is a [`Stream`](futures_core::Stream) of `Result<OwnedMessage, Error>` and a [`Sink`](futures_sink::Sink) of [`OwnedMessage`].
/// Two tasks use one connection by [`split`](Self::split).
///
/// Every future of its methods may be dropped at any time: see [cancel safety](crate#cancel-safety).
///
/// # Dropping
///
/// Dropping it drops the stream, without a Close, which the peer sees as 1006, and what was only [fed](Self::feed). To end a connection
/// properly use [`close`](Self::close).
pub struct WebSocket<S> {
    io: Box<Io<S>>,
    receiving: Receiving,
    subprotocol: Option<Box<str>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Makes a WebSocket of a stream whose opening handshake was done elsewhere, such as by an HTTP server, with tokio's timer. `unread`
    /// is what was read from the stream after the handshake.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ws_tokio::{Config, Role, WebSocket};
    ///
    /// let (stream, _peer) = tokio::io::duplex(64);
    /// // RFC 6455 §5.7: the masked text message "Hello" came together with the request.
    /// let unread = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    /// let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), &unread)?;
    /// assert_eq!(socket.receive().await?, Some("Hello".into()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Entropy`] where the operating system has no seed for a client's masking keys.
    #[cfg(feature = "time")]
    #[doc(alias("from_raw_socket", "from_partially_read"))]
    pub fn after_handshake(stream: S, role: Role, config: Config, unread: &[u8]) -> Result<Self, Error> {
        let (opened, settings) = (Opened::new(keys(role)?), Settings::new(config));
        Ok(Self::open(stream, opened, &settings, buffer(unread)?, Timers::tokio().start()))
    }

    /// Makes a WebSocket of a stream whose opening handshake was done elsewhere, with a timer that `make_timer` makes. `unread` is what
    /// was read from the stream after the handshake.
    ///
    /// # Errors
    ///
    /// [`Error::Entropy`] where the operating system has no seed for a client's masking keys.
    pub fn after_handshake_with_timer<T: Timer + 'static>(
        stream: S,
        role: Role,
        config: Config,
        make_timer: impl Fn() -> T + Send + Sync + 'static,
        unread: &[u8],
    ) -> Result<Self, Error> {
        let (opened, settings) = (Opened::new(keys(role)?), Settings::new(config));
        Ok(Self::open(stream, opened, &settings, buffer(unread)?, Timers::new(make_timer).start()))
    }

    /// Makes a WebSocket of a stream whose opening handshake was done elsewhere and negotiated `agreed` for compression, with tokio's
    /// timer. Messages are compressed as `deflate` says, and inflated. `unread` is what was read from the stream after the handshake.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ws_tokio::ws_core::extension::DeflateParams;
    /// use ws_tokio::{Agreed, Config, Deflate, Role, WebSocket};
    ///
    /// # let (stream, mut peer) = tokio::io::duplex(64);
    /// let agreed = Agreed::server(DeflateParams::default()); // as the HTTP server has answered
    /// let (config, deflate) = (Config::new(), Deflate::new());
    /// let mut socket =
    ///     WebSocket::after_handshake_with_deflate(stream, Role::Server, config, agreed, deflate, b"")?;
    /// socket.send_compressed("Hello").await?;
    /// # let mut sent = [0; 9];
    /// # tokio::io::AsyncReadExt::read_exact(&mut peer, &mut sent).await?;
    /// assert_eq!(sent, [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]); // RFC 7692 §7.2.3.1
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Entropy`] where the operating system has no seed for a client's masking keys.
    #[cfg(all(feature = "deflate", feature = "time"))]
    pub fn after_handshake_with_deflate(
        stream: S,
        role: Role,
        config: Config,
        agreed: Agreed,
        deflate: Deflate,
        unread: &[u8],
    ) -> Result<Self, Error> {
        let opened = Opened::new(keys(role)?).with_deflate(agreed);
        let settings = Settings { deflate: Some(deflate), ..Settings::new(config) };
        Ok(Self::open(stream, opened, &settings, buffer(unread)?, Timers::tokio().start()))
    }

    /// The start of every WebSocket.
    pub(crate) fn open(
        stream: S,
        opened: Opened<MaskKeys>,
        settings: &Settings,
        buffer: ReadBuffer<Vec<u8>>,
        mut clock: Clock,
    ) -> Self {
        clock.restart();
        let Session { inbound, outbound, subprotocol, .. } =
            Session::new(opened, settings.session(), buffer, Duration::ZERO);
        let io = Box::new(Io::new(stream, Life::new(outbound, settings.timeouts, clock)));
        Self { io, receiving: Receiving::new(inbound), subprotocol }
    }

    /// Waits for the next message, and lends it with a [`Writer`] to answer it while you hold it. Returns `None` once the
    /// connection was closed by a closing handshake, or by a Close of the peer's after which the stream broke.
    ///
    /// A message that came whole in one read is lent from the read buffer; others are assembled first. Pings and the peer's Close are
    /// answered. After a Close the end of the stream is waited for, within [`Timeouts::close`]. While it waits, this call
    /// sends pings and ends connections to peers that are gone, as [`Timeouts`] set.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ws_tokio::{Config, Role, WebSocket};
    /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
    /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
    /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
    /// peer.send("Hello").await?;
    /// if let Some((message, mut writer)) = socket.read().await? {
    ///     writer.send(message).await?; // while it is lent
    /// }
    /// assert_eq!(peer.receive().await?, Some("Hello".into()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// What has been received stays there for the next call (test `cancellation`).
    ///
    /// # Errors
    ///
    /// [`Error::Fault`] where the peer broke the rules (it was sent a Close with the code), [`Error::Disconnected`] where the
    /// stream ended without a closing handshake, [`Error::Timeout`], [`Error::Io`]. The connection has then ended, and each later
    /// call returns the error again. But after [`Error::ReadTimeout`] it goes on: call again.
    pub async fn read(&mut self) -> Result<Option<(Message<'_>, Writer<'_, S>)>, Error> {
        let Self { io, receiving, .. } = self;
        let Some((message, has_another)) = receiving.read(&mut **io).await? else { return Ok(None) };
        let leave = io.leave_after(has_another);
        Ok(Some((message, Writer::new(io, leave))))
    }

    /// Waits for the next event, and lends it with a [`Writer`] to answer it: a whole message, as [`read`](Self::read) lends it, or a
    /// ping, a pong or the peer's Close, whose payload is in [`control`](Self::control). Returns `None` once the connection was
    /// closed by a closing handshake.
    ///
    /// Pings and the peer's Close are answered already; pongs to pings of the keepalive are not reported. After the Close, the next
    /// call waits for the end of the stream, and returns `None`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ws_tokio::{Config, Role, WebSocket};
    /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
    /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
    /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
    /// use ws_tokio::{Event, Message};
    ///
    /// peer.ping(b"hi").await?;
    /// peer.send("Hello").await?;
    /// let (event, _writer) = socket.read_event().await?.ok_or("closed")?;
    /// assert_eq!(event, Event::Ping);
    /// assert_eq!(socket.control().as_bytes(), b"hi");
    /// let (event, _writer) = socket.read_event().await?.ok_or("closed")?;
    /// assert_eq!(event, Event::Data(Message::Text("Hello")));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// What has been received stays there for the next call (test `cancellation`).
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    pub async fn read_event(&mut self) -> Result<Option<(Event<Message<'_>>, Writer<'_, S>)>, Error> {
        let Self { io, receiving, .. } = self;
        let Some((event, has_another)) = receiving.read_event(&mut **io).await? else { return Ok(None) };
        let leave = io.leave_after(has_another);
        Ok(Some((event, Writer::new(io, leave))))
    }

    receiving_methods!(self => &mut *self.io);

    sending_methods!(self => &mut *self.io, Leave::AtOnce);

    /// The sending side alone, as [`read`](Self::read) returns it with each message. What it sends leaves at once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ws_tokio::{Config, Role, WebSocket};
    /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
    /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
    /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
    /// use ws_tokio::Fin;
    ///
    /// let mut writer = socket.writer();
    /// writer.send_part("Hel", Fin::More).await?;
    /// writer.send_part("lo", Fin::Final).await?;
    /// # assert_eq!(peer.receive().await?, Some("Hello".into()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn writer(&mut self) -> Writer<'_, S> {
        Writer::new(&mut self.io, Leave::AtOnce)
    }
}

impl<S> WebSocket<S> {
    life_methods!();

    inbound_methods!();

    /// Frees memory of an idle connection: the compressor, so that the next message that is sent begins with an empty window and
    /// is longer, and the buffers of messages. The inflater stays where the peer may refer to what it sent before. Nothing else
    /// changes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ws_tokio::{Config, Role, WebSocket};
    /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
    /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
    /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
    /// socket.release_deflate(); // where nothing is expected for a while
    /// # drop(peer);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "deflate")]
    pub fn release_deflate(&mut self) {
        self.io.life.outbound.release();
        self.receiving.inbound.release();
    }

    /// The timeouts of the open connection.
    #[must_use]
    pub const fn timeouts(&self) -> Timeouts {
        self.io.life.timeouts
    }

    /// Sets the timeouts of the open connection. Each wait that is going on begins anew, except that a closing handshake that has
    /// begun keeps its deadline unless that becomes earlier.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use ws_tokio::{Config, Role, WebSocket};
    /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
    /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
    /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
    /// use std::time::Duration;
    ///
    /// let timeouts = socket.timeouts().with_ping_interval(Some(Duration::from_secs(20)));
    /// socket.set_timeouts(timeouts); // from now on, while the program receives
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.io.life.set_timeouts(timeouts);
    }

    /// The number of the connection in the log.
    pub(crate) const fn id(&self) -> Id {
        self.io.life.id
    }

    fn with_life<T>(&self, ask: impl FnOnce(&Life) -> T) -> T {
        ask(&self.io.life)
    }

    /// The stream.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.io.stream
    }

    /// The stream, mutably, to change its settings. Reading from it or writing to it breaks the connection.
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.io.stream
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("outbound", &self.io.life.outbound)
            .field("inbound", &self.receiving.inbound)
            .finish_non_exhaustive()
    }
}

/// The settings of an open connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) timeouts: Timeouts,
    #[cfg(feature = "deflate")]
    pub(crate) deflate: Option<Deflate>,
}

impl Settings {
    fn new(config: Config) -> Self {
        Self { config, ..Self::default() }
    }

    fn session(&self) -> session::Config {
        let config = session::Config::new()
            .with_limits(self.config.limits())
            .with_pongs(self.config.pongs())
            .with_keepalive(self.timeouts.keepalive())
            .with_read_buffer_len(READ_BUFFER_LEN);
        #[cfg(feature = "deflate")]
        let config = config.with_deflate(self.deflate.unwrap_or_default());
        config
    }
}

/// A read buffer that begins with `unread`.
pub(crate) fn buffer(unread: &[u8]) -> Result<ReadBuffer<Vec<u8>>, Error> {
    let len = unread.len().max(READ_BUFFER_LEN_MIN);
    let mut storage = Vec::new();
    storage.try_reserve_exact(len).map_err(|_full| std::io::ErrorKind::OutOfMemory)?;
    storage.extend_from_slice(unread);
    storage.resize(len, 0);
    Ok(ReadBuffer::with_filled(storage, unread.len()).unwrap_or_default())
}

fn keys(role: Role) -> Result<RoleKeys<MaskKeys>, Error> {
    Ok(match role {
        Role::Server => RoleKeys::Server,
        Role::Client => RoleKeys::Client(mask_keys()?),
    })
}

/// The read buffer of a connection that receives little, in bytes: that of its opening handshake.
const READ_BUFFER_LEN_MIN: usize = 2 * 1024;

/// The read buffer of a connection whose first one a read has filled, in bytes: 16 KiB and a header.
const READ_BUFFER_LEN: usize = 16 * 1024 + 14;
