mod receiving;
mod sending;

use core::fmt;

use super::{Config, KeySource, Masking, ReceiveHalf, Role, SendHalf, Unmasked};
use crate::error::{Fail, Fault};
use crate::event::Event;
use crate::extension::Agreed;

/// Both halves of a connection, with what the receiving half finds passed on to the sending half at once.
///
/// `K` is the role: [`Unmasked`] for a server, a [`KeySource`] for a client, [`RoleKeys`](super::RoleKeys) for either. A server's
/// connection takes at most 512 bytes, and never allocates. See the [module](super) for the loop that
/// drives it.
///
/// ```
/// use ws_core::connection::{Config, Connection};
/// use ws_core::event::{Event, Payload};
/// use ws_core::input::ReadBuffer;
///
/// // RFC 6455 §5.7: the masked text message "Hello".
/// let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let mut buffer = ReadBuffer::with_filled(bytes, bytes.len()).ok_or("too short")?;
/// let mut connection = Connection::server(Config::new());
/// let Some(Event::Data(fragment)) = connection.next_event(&mut buffer.input()) else { return Err("none".into()) };
/// assert_eq!(fragment.as_message(), Some(Payload::Text("Hello")));
///
/// let mut out = [0; 16];
/// let len = connection.send(fragment.payload, &mut out)?; // the connection is free while the payload is held
/// assert_eq!(out[..len], *b"\x81\x05Hello");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Connection<K> {
    receiver: ReceiveHalf,
    sender: SendHalf<K>,
}

impl Connection<Unmasked> {
    /// A server's connection, after its answer was written.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 16]);
    /// let len = connection.send("Hello", &mut out)?;
    /// assert_eq!(out[..len], *b"\x81\x05Hello", "a server does not mask");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub const fn server(config: Config) -> Self {
        Self { receiver: ReceiveHalf::new(Role::Server, config), sender: SendHalf::new(Unmasked) }
    }
}

impl<K: KeySource> Connection<K> {
    /// A client's connection, after the server's answer was accepted.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection, KeySource};
    /// use ws_core::frame::MaskKey;
    ///
    /// struct Hardware;
    /// impl KeySource for Hardware {
    ///     fn next_key(&mut self) -> Option<MaskKey> {
    ///         # fn read_entropy() -> [u8; 4] { [1, 2, 3, 4] }
    ///         Some(MaskKey::new(read_entropy()))
    ///     }
    /// }
    /// let (mut connection, mut out) = (Connection::client(Hardware, Config::new()), [0; 16]);
    /// let len = connection.send("Hi", &mut out)?;
    /// assert_eq!(out[..len], [0x81, 0x82, 1, 2, 3, 4, b'H' ^ 1, b'i' ^ 2], "the key, and what it masks");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub const fn client(keys: K, config: Config) -> Self {
        Self { receiver: ReceiveHalf::new(Role::Client, config), sender: SendHalf::new(keys) }
    }
}

impl<K: Masking> Fail for Connection<K> {
    fn fail(&mut self, fault: Fault) {
        self.receiver.fail(fault);
        self.relay_signals();
    }
}

impl<K: Masking> Connection<K> {
    /// A connection of the role that `keys` has, after its opening handshake.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection, Role, Unmasked};
    ///
    /// let connection = Connection::new(Unmasked, Config::new());
    /// assert_eq!(connection.role(), Role::Server);
    /// ```
    #[must_use]
    pub fn new(keys: K, config: Config) -> Self {
        Self { receiver: ReceiveHalf::new(keys.role(), config), sender: SendHalf::new(keys) }
    }

    /// Allows messages to be compressed, as it was agreed on in the opening handshake (RFC 7692 §6). They arrive as
    /// [`Payload::Compressed`](crate::event::Payload::Compressed).
    ///
    /// A compressed message may exceed the limits on the wire by an eighth and 1 KiB, since what does not compress grows;
    /// what it inflates to is limited by the inflater.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::Event;
    /// use ws_core::extension::{Agreed, DeflateParams};
    /// use ws_core::input::ReadBuffer;
    ///
    /// // RFC 7692 §7.2.3.1: a compressed "Hello", masked with zeros.
    /// let bytes = *b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00";
    /// let mut buffer = ReadBuffer::with_filled(bytes, bytes.len()).ok_or("too short")?;
    /// let agreed = Agreed::server(DeflateParams::new()); // what the handshake returns
    /// let mut connection = Connection::server(Config::new()).with_deflate(agreed);
    /// let Some(Event::Data(fragment)) = connection.next_event(&mut buffer.input()) else { return Err("none") };
    /// assert!(fragment.payload.is_compressed());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn with_deflate(self, agreed: Agreed) -> Self {
        Self { receiver: self.receiver.with_deflate(), sender: self.sender.with_deflate(agreed) }
    }

    /// The role: a client masks what it sends.
    #[must_use]
    pub fn role(&self) -> Role {
        self.sender.role()
    }

    /// The sending half, with all that it can do: frames whose payload the caller brings, messages encoded for many,
    /// compressed ones, pongs.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection, EncodedMessage};
    ///
    /// let mut out = [0; 16];
    /// let message = EncodedMessage::encode("Hello", &mut out)?;
    /// let mut connection = Connection::server(Config::new());
    /// connection.send_half().send_encoded(&message)?; // and transmit message.as_bytes()
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn send_half(&mut self) -> &mut SendHalf<K> {
        &mut self.sender
    }

    /// The receiving half, to ask it.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::input::ReadBuffer;
    ///
    /// // The first fragment of a text message, masked with zeros.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x01\x82\0\0\0\0Hi", 8).ok_or("too short")?;
    /// let mut connection = Connection::server(Config::new());
    /// assert!(connection.next_event(&mut buffer.input()).is_some());
    /// assert!(connection.receive_half().is_message_in_progress());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn receive_half(&self) -> &ReceiveHalf {
        &self.receiver
    }

    /// The halves, for programs that read and write at the same time: they have to pass every
    /// [`ReceiveHalf::take_signal`] to [`SendHalf::signal`].
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    ///
    /// let (receiver, sender) = Connection::server(Config::new()).split();
    /// let connection = Connection::join(receiver, sender);
    /// assert!(!connection.wants_transmit());
    /// ```
    #[must_use]
    pub fn split(self) -> (ReceiveHalf, SendHalf<K>) {
        (self.receiver, self.sender)
    }

    /// Joins two halves again that [`split`](Self::split) has given.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A ping, masked with zeros.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x89\x80\0\0\0\0", 6).ok_or("too short")?;
    /// let (mut receiver, sender) = Connection::server(Config::new()).split();
    /// assert_eq!(receiver.next_event(&mut buffer.input()), Some(Event::Ping));
    /// let connection = Connection::join(receiver, sender);
    /// assert!(connection.wants_transmit(), "the signal that was not taken is passed on");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn join(receiver: ReceiveHalf, sender: SendHalf<K>) -> Self {
        let mut joined = Self { receiver, sender };
        joined.relay_signals();
        joined
    }

    /// Passes on what an event means for sending. Payload means nothing to the sender.
    #[inline]
    fn relay<D>(&mut self, event: Option<Event<D>>) -> Option<Event<D>> {
        if !matches!(event, Some(Event::Data(_))) {
            self.relay_signals();
        }
        event
    }

    #[inline]
    fn relay_signals(&mut self) {
        while let Some(signal) = self.receiver.take_signal() {
            self.sender.signal(signal);
        }
    }
}

impl<K> fmt::Debug for Connection<K> {
    /// Nothing of the keys, nor of what is received or queued.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("receiver", &self.receiver).field("sender", &self.sender).finish()
    }
}
