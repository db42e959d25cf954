//! A connection after its opening handshake: events in, frames out, and the close (RFC 6455 §5–§7).
//!
//! [`Connection`] is a [`ReceiveHalf`] and a [`SendHalf`] with the one link between them wired. Programs that read and
//! write at the same time [`split`](Connection::split) it and pass the [`Signal`]s on. With an allocator, the module
//! `session` (feature `alloc`) is where to start: it owns the buffers too.
//!
//! # The order of calls
//!
//! 1. Read from the stream into [`ReadBuffer::spare`](crate::input::ReadBuffer::spare), and say how much by
//!    [`filled`](crate::input::ReadBuffer::filled); at the end of the stream call [`eof`](Connection::eof).
//! 2. Take events by [`next_event`](Connection::next_event) until it gives `None`; answer while a payload is held.
//! 3. Write what [`poll_transmit`](Connection::poll_transmit) gives: pongs, and the Close.
//! 4. Obey [`transport`](Connection::transport): go on, linger, or close the stream.
//!
//! ```
//! use ws_core::connection::{Config, Connection, Transport};
//! use ws_core::event::Event;
//! use ws_core::input::ReadBuffer;
//!
//! # struct Socket { incoming: &'static [u8], outgoing: Vec<u8> }
//! # impl Socket {
//! #     fn read(&mut self, spare: &mut [u8]) -> usize {
//! #         let len = spare.len().min(self.incoming.len()).min(7);
//! #         spare[..len].copy_from_slice(&self.incoming[..len]);
//! #         self.incoming = &self.incoming[len..];
//! #         len
//! #     }
//! #     fn write_all(&mut self, bytes: &[u8]) { self.outgoing.extend_from_slice(bytes); }
//! #     fn shutdown_write(&mut self) {}
//! # }
//! # let mut socket = Socket {
//! #     // "Hello", a ping and a Close, masked with zeros.
//! #     incoming: b"\x81\x85\0\0\0\0Hello\x89\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8",
//! #     outgoing: Vec::new(),
//! # };
//! let mut connection = Connection::server(Config::new());
//! let mut buffer = ReadBuffer::new([0; 4096]);
//! let mut out = [0; 4096];
//!
//! loop {
//!     match socket.read(buffer.spare()) {
//!         0 => connection.eof(),
//!         len => buffer.filled(len),
//!     }
//!     let mut input = buffer.input();
//!     while let Some(event) = connection.next_event(&mut input) {
//!         if let Event::Data(fragment) = event {
//!             // An echo: the connection is free while the fragment is held. What does not fit into `out` is sent next.
//!             let (mut rest, fin) = (fragment.payload, fragment.fin());
//!             loop {
//!                 let sent = connection.send_part(rest, fin, &mut out)?;
//!                 socket.write_all(&out[..sent.written]);
//!                 if sent.is_complete {
//!                     break;
//!                 }
//!                 rest = rest.split_at(sent.taken).1;
//!             }
//!         }
//!         // Pongs, and the Close that answers the peer's or reports what it did wrong.
//!         let len = connection.poll_transmit(&mut out)?;
//!         socket.write_all(&out[..len]);
//!     }
//!     match connection.transport() {
//!         Transport::Open => {}
//!         Transport::Linger { shutdown_write: true } => {
//!             socket.shutdown_write();
//!             connection.send_half().write_shut_down();
//!         }
//!         Transport::Linger { shutdown_write: false } => {} // read on until the peer closes, with a deadline
//!         Transport::Closed => break,
//!     }
//! }
//! # let echo = socket.outgoing.windows(2).filter(|window| window == b"\x8a\x00").count();
//! # assert_eq!((echo, &socket.outgoing[socket.outgoing.len() - 4..]), (1, &b"\x88\x02\x03\xe8"[..]));
//! assert!(connection.closure().is_some_and(|closure| closure.is_clean));
//! # Ok::<(), ws_core::error::SendError>(())
//! ```

mod closing;
mod config;
mod encoded;
mod frame_in_progress;
mod joined;
#[cfg(feature = "mask-keys")]
mod mask_keys;
mod receive_half;
mod role;
mod send_half;
mod signal;

pub use closing::{CloseStatus, Closure, ClosureCause, Transport};
pub use config::{Config, Limits, Pongs};
pub use encoded::EncodedMessage;
pub use joined::Connection;
#[cfg(feature = "mask-keys")]
pub use mask_keys::MaskKeys;
pub use receive_half::{Next, ReceiveHalf};
pub use role::{KeySource, Masking, NextMask, Role, RoleKeys, Unmasked};
pub use send_half::{FrameStart, SendHalf, Sent};
pub use signal::Signal;

use crate::frame::ControlPayload;

/// Room for any control frame, in bytes: what [`Connection::poll_transmit`] needs at most to write one. 131, of which a
/// server, which does not mask, needs 127.
///
/// ```
/// use ws_core::connection::{Config, Connection, TRANSMIT_LEN_MAX};
/// use ws_core::frame::ControlPayload;
///
/// let mut connection = Connection::server(Config::new());
/// connection.ping(ControlPayload::new(&[7; ControlPayload::LEN_MAX]).ok_or("too long")?);
/// assert_eq!(connection.poll_transmit(&mut [0; TRANSMIT_LEN_MAX]), Ok(127));
/// # Ok::<(), &str>(())
/// ```
pub const TRANSMIT_LEN_MAX: usize = 2 + 4 + ControlPayload::LEN_MAX;

/// A connection of a server.
///
/// ```
/// use ws_core::connection::{Config, Connection, ServerConnection};
///
/// struct Client { connection: ServerConnection }
/// let client = Client { connection: Connection::server(Config::new()) };
/// # assert!(!client.connection.wants_transmit());
/// ```
pub type ServerConnection = Connection<Unmasked>;

/// A connection of a client that masks with the keys of `K`.
///
/// ```
/// use ws_core::connection::{ClientConnection, Config, Connection, KeySource};
///
/// struct App<K> { connection: ClientConnection<K> }
/// fn open<K: KeySource>(keys: K) -> App<K> {
///     App { connection: Connection::client(keys, Config::new()) }
/// }
/// # struct Keys;
/// # impl KeySource for Keys { fn next_key(&mut self) -> Option<ws_core::frame::MaskKey> { None } }
/// # assert!(!open(Keys).connection.wants_transmit());
/// ```
pub type ClientConnection<K> = Connection<K>;
