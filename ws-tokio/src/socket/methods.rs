//! The methods that whole connections, their writers and their halves have in common, written once.

use core::future::poll_fn;

use ws_core::frame::ControlPayload;
use ws_core::message::OwnedMessage;

use crate::error::{Error, Unsent};
use crate::session::{Access, Leave, Outgoing, Write, poll_send};

/// Defines what sends, for a type that `$access` lends an [`Access`] of, and whose messages leave as `$leave` says.
macro_rules! sending_methods {
    ($self:ident => $access:expr, $leave:expr) => {
        /// Sends a message, in one frame, and writes it before it returns, unless it answers a message after which another has come
        /// already ([when bytes leave](crate#when-bytes-leave)). Waits while 16 KiB or more wait to be written.
        ///
        /// Where compression was negotiated, a message that is long enough is compressed. It does not read: two peers that both send
        /// much without reading wait for each other, until [`Timeouts::write`](crate::Timeouts::write) ends the connection. In two
        /// [halves](crate::WebSocket::split) a task reads meanwhile.
        ///
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// socket.send("Hello").await?; // text
        /// socket.send(&[1, 2, 3]).await?; // binary
        /// assert_eq!(peer.receive().await?, Some("Hello".into()));
        /// assert_eq!(peer.receive().await?, Some(vec![1, 2, 3].into()));
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Cancel safety
        ///
        /// The message was queued whole, and leaves with what is sent or read next, or not at all (test `cancellation`).
        ///
        /// # Errors
        ///
        /// [`Error::Closed`] where a Close was sent or received; [`Error::MessageUnfinished`]. After these nothing of the message was
        /// taken. And those that end the connection: [`Error::Disconnected`], [`Error::Timeout`], [`Error::Io`], [`Error::Fault`].
        #[inline]
        pub async fn send<'m>(&mut $self, message: impl Into<Message<'m>>) -> Result<(), Error> {
            send($access, Outgoing::Message(message.into(), Compress::ByLength), $leave).await
        }

        /// Queues a message, which leaves with what is sent after it: [when bytes leave](crate#when-bytes-leave). Waits only while
        /// 16 KiB or more wait to be written.
        ///
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// for line in ["one", "two", "three"] {
        ///     socket.feed(line).await?;
        /// }
        /// socket.flush().await?; // all three in one write
        /// # for line in ["one", "two", "three"] {
        /// #     assert_eq!(peer.receive().await?, Some(line.into()));
        /// # }
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Cancel safety
        ///
        /// The message was queued whole, or not at all (test `cancellation`).
        ///
        /// # Errors
        ///
        /// Those of [`send`](Self::send).
        pub async fn feed<'m>(&mut $self, message: impl Into<Message<'m>>) -> Result<(), Error> {
            send($access, Outgoing::Message(message.into(), Compress::ByLength), Leave::Together).await
        }

        /// Sends a message that is given away: a long one is not copied, and a client masks it in place.
        ///
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// if let Err(unsent) = socket.send_owned(vec![7; 20_000]).await {
        ///     // Where nothing of it was sent, it is here to be sent on another connection.
        ///     println!("{unsent}: {:?}", unsent.message);
        /// }
        /// assert_eq!(peer.receive().await?.map(|message| message.len()), Some(20_000));
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Cancel safety
        ///
        /// Where the future is dropped while it waits for room, the message is dropped with it, and nothing of it was sent.
        ///
        /// # Errors
        ///
        /// Those of [`send`](Self::send), with the message where nothing of it was sent.
        pub async fn send_owned(&mut $self, message: impl Into<OwnedMessage>) -> Result<(), Unsent> {
            send_owned($access, message.into(), $leave).await
        }

        /// Sends a message that was encoded once, and perhaps compressed, for many connections of a server: a broadcast. A long one is
        /// shared by all of them, not copied.
        ///
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// use std::sync::Arc;
        /// use ws_tokio::EncodedMessage;
        ///
        /// let news = Arc::new(EncodedMessage::new("news")?); // once for all members
        /// socket.send_encoded(&news).await?;
        /// assert_eq!(peer.receive().await?, Some("news".into()));
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Cancel safety
        ///
        /// As for [`send`](Self::send).
        ///
        /// # Errors
        ///
        /// [`Error::NotAdmitted`] on a client's connection, and for a compressed message where that compression was not negotiated;
        /// those of [`send`](Self::send).
        pub async fn send_encoded(&mut $self, message: &Arc<EncodedMessage<Vec<u8>>>) -> Result<(), Error> {
            send($access, Outgoing::Encoded(message), $leave).await
        }

        /// Sends a message without compression, even where it was negotiated: for a message that holds a secret and text that an
        /// attacker may have chosen (see [`Deflate`](crate::Deflate)), and for one that compression does not make shorter.
        ///
        /// # Errors
        ///
        /// Those of [`send`](Self::send).
        #[cfg(feature = "deflate")]
        pub async fn send_uncompressed<'m>(&mut $self, message: impl Into<Message<'m>>) -> Result<(), Error> {
            send($access, Outgoing::Message(message.into(), Compress::Never), $leave).await
        }

        /// Sends a message compressed, however short it is, where compression was negotiated, and as it is otherwise.
        ///
        /// # Errors
        ///
        /// Those of [`send`](Self::send).
        #[cfg(feature = "deflate")]
        pub async fn send_compressed<'m>(&mut $self, message: impl Into<Message<'m>>) -> Result<(), Error> {
            send($access, Outgoing::Message(message.into(), Compress::Always), $leave).await
        }

        /// Sends the next part of a message as a fragment, for messages that are too long for memory, or not known to their end; with
        /// [`Fin::Final`] the message ends (RFC 6455 §5.4). Until then only parts, pings and a Close can be sent.
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
        /// socket.send_part("Hel", Fin::More).await?;
        /// socket.send_part("lo", Fin::Final).await?;
        /// assert_eq!(peer.receive().await?, Some("Hello".into()));
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Cancel safety
        ///
        /// As for [`send`](Self::send).
        ///
        /// # Errors
        ///
        /// [`Error::MessageUnfinished`] for a part of another type than those before it; those of [`send`](Self::send).
        pub async fn send_part<'m>(&mut $self, part: impl Into<Message<'m>>, fin: Fin) -> Result<(), Error> {
            send($access, Outgoing::Part(part.into(), fin), $leave).await
        }

        /// Sends a ping with up to 125 bytes (RFC 6455 §5.5.2). The pong comes as an event of
        /// [`WebSocket::read_event`](crate::WebSocket::read_event), and counts as a sign of life.
        ///
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// use ws_tokio::Event;
        ///
        /// socket.ping(b"are you there?").await?;
        /// let answering = tokio::spawn(async move { peer.receive().await });
        /// while let Some((event, _writer)) = socket.read_event().await? {
        ///     if event == Event::Pong {
        ///         assert_eq!(socket.control().as_bytes(), b"are you there?");
        ///         break;
        ///     }
        /// }
        /// # answering.abort();
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Errors
        ///
        /// [`Error::PingLen`] where the payload is longer; those of [`send`](Self::send).
        pub async fn ping(&mut $self, payload: &[u8]) -> Result<(), Error> {
            ping($access, payload, $leave).await
        }

        /// Writes all that waits to be written.
        ///
        /// # Errors
        ///
        /// Those of [`send`](Self::send) that end the connection.
        pub async fn flush(&mut $self) -> Result<(), Error> {
            send($access, Outgoing::Flush, Leave::AtOnce).await
        }

        /// Sends a Close, and does not wait for the peer's. Read on: that brings the connection to its end.
        ///
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// use ws_tokio::CloseCode;
        ///
        /// socket.start_close(CloseCode::NORMAL.with_reason("done")).await?;
        /// let reading = tokio::spawn(async move { socket.receive().await }); // to the end
        /// assert_eq!(peer.receive().await?, None);
        /// assert_eq!(peer.close_frame().map(|close| close.reason().to_owned()), Some("done".to_owned()));
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Errors
        ///
        /// Those of [`send`](Self::send) that end the connection. Where a Close was sent or received before, this one is not sent, and
        /// that is no error.
        pub async fn start_close(&mut $self, frame: impl Into<CloseFrame>) -> Result<(), Error> {
            send($access, Outgoing::Close(frame.into()), Leave::AtOnce).await
        }
    };
}

/// Defines what receives, for a type with a `receiving` that `$access` lends an [`Access`] of.
macro_rules! receiving_methods {
    ($self:ident => $access:expr) => {
        /// Waits for the next message, which owns its bytes. Returns `None` once the connection was closed, by a closing handshake or
        /// a Close of the peer's after which the stream broke, and after an error that ended the connection.
        ///
        /// [`StreamExt::next`](https://docs.rs/futures-util/latest/futures_util/stream/trait.StreamExt.html#method.next) is the same.
        /// [`receive`](Self::receive) is the form for `?`, and [`read`](Self::read) lends the message.
        ///
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// # peer.send("one").await?;
        /// # peer.send("two").await?;
        /// # drop(peer);
        /// let mut texts = Vec::new();
        /// while let Some(message) = socket.next().await {
        ///     match message {
        ///         Ok(message) => texts.push(message.into_text().unwrap_or_default()),
        ///         Err(error) => println!("{error}"), // the last
        ///     }
        /// }
        /// assert_eq!(texts, ["one", "two"]);
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
        /// Those of [`read`](Self::read). An error that ended the connection is returned once.
        pub async fn next(&mut $self) -> Option<Result<OwnedMessage, Error>> {
            let (receiving, access) = (&mut $self.receiving, $access);
            access.with(|io| io.life.begin_read());
            poll_fn(|cx| receiving.poll_next(access, cx)).await
        }

        /// Waits for the next message, which owns its bytes. Returns `None` once the connection was closed.
        ///
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// peer.send("Hello").await?;
        /// assert_eq!(socket.receive().await?, Some("Hello".into()));
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
        #[doc(alias("recv", "read_message"))]
        pub async fn receive(&mut $self) -> Result<Option<OwnedMessage>, Error> {
            let (receiving, access) = (&mut $self.receiving, $access);
            access.with(|io| io.life.begin_read());
            poll_fn(|cx| receiving.poll_receive(access, cx)).await
        }

        /// Waits for the next event, and lends it. Payload is lent as it arrives, so that a message of any length passes through the
        /// read buffer; the payload of control frames is in [`control`](Self::control). Returns `None` once the connection was
        /// closed by a closing handshake.
        ///
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// use ws_tokio::Event;
        ///
        /// # peer.send(&vec![7; 20_000]).await?;
        /// let mut len = 0;
        /// while let Some(event) = socket.read_part().await? {
        ///     if let Event::Data(part) = event {
        ///         len += part.payload.as_bytes().len();
        ///         if part.is_last {
        ///             break;
        ///         }
        ///     }
        /// }
        /// assert_eq!(len, 20_000);
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
        pub async fn read_part(&mut $self) -> Result<Option<Event<Fragment<'_>>>, Error> {
            $self.receiving.read_part($access).await
        }

        /// Closes the connection: sends a Close, discards messages until the peer's Close, and waits for the end of the stream, within
        /// [`Timeouts::close`](crate::Timeouts::close).
        ///
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// use ws_tokio::CloseCode;
        ///
        /// let answering = tokio::spawn(async move { peer.receive().await });
        /// socket.close(CloseCode::NORMAL).await?;
        /// assert!(socket.closure().is_some_and(|closure| closure.is_clean));
        /// # assert_eq!(answering.await??, None);
        /// # Ok(())
        /// # }
        /// ```
        ///
        /// # Cancel safety
        ///
        /// The Close is queued by the first poll. Call this again, or read, to go on.
        ///
        /// # Errors
        ///
        /// Those of [`read`](Self::read).
        pub async fn close(&mut $self, frame: impl Into<CloseFrame>) -> Result<(), Error> {
            $self.receiving.close($access, frame.into()).await
        }
    };
}

/// Defines what is asked of the sending side, for a type with a method `with_life`.
macro_rules! life_methods {
    () => {
        /// How the connection ended, once it has: which side began to close, the peer's code, and whether both sent a Close.
        #[must_use]
        pub fn closure(&self) -> Option<Closure> {
            self.with_life(|life| life.outbound.closure())
        }

        /// Whether this is the server or the client.
        #[must_use]
        pub fn role(&self) -> Role {
            self.with_life(|life| life.outbound.role())
        }

        /// The round trip of the last keepalive ping that was answered, from when the ping had left until its pong was read. `None`
        /// before the first.
        #[must_use]
        pub fn latency(&self) -> Option<Duration> {
            self.with_life(|life| life.outbound.latency())
        }

        /// The number of bytes that wait to be written. It is bounded: less than 16 KiB, one message after them, and 4.5 KiB of pongs
        /// and a Close.
        #[must_use]
        pub fn queued_len(&self) -> usize {
            self.with_life(|life| life.outbound.queued_len())
        }
    };
}

/// Defines what is asked of the receiving side, for a type with a `receiving`, a `subprotocol` and a method `with_life`.
macro_rules! inbound_methods {
    () => {
        /// The peer's Close with its reason, once it has arrived.
        #[must_use]
        pub fn close_frame(&self) -> Option<CloseFrame> {
            self.receiving.inbound.close_frame()
        }

        /// The payload of the ping, pong or Close that [`read_event`](Self::read_event) or [`read_part`](Self::read_part) reported
        /// last.
        #[must_use]
        pub const fn control(&self) -> &ControlPayload {
            self.receiving.inbound.control()
        }

        /// The subprotocol that the opening handshake agreed on (RFC 6455 §1.9).
        #[must_use]
        pub fn subprotocol(&self) -> Option<&str> {
            self.subprotocol.as_deref()
        }

        /// The parameters of permessage-deflate that the opening handshake negotiated, or `None` where it did not.
        #[cfg(feature = "deflate")]
        #[must_use]
        pub const fn deflate(&self) -> Option<Agreed> {
            self.receiving.inbound.deflate()
        }

        /// What the connection has carried, and why it ended, once it has.
        #[must_use]
        pub fn counters(&self) -> Counters {
            self.with_life(|life| life.counters(self.receiving.inbound.traffic()))
        }
    };
}

pub(super) use {inbound_methods, life_methods, receiving_methods, sending_methods};

/// Sends something: see [`poll_send`].
pub(super) async fn send<A: Access<Stream: Write>>(
    access: &mut A,
    outgoing: Outgoing<'_>,
    leave: Leave,
) -> Result<(), Error> {
    let mut outgoing = Some(outgoing);
    poll_fn(|cx| poll_send(access, cx, &mut outgoing, leave)).await
}

/// Sends a message that is given away. An error gives it back where it was not taken.
pub(super) async fn send_owned<A: Access<Stream: Write>>(
    access: &mut A,
    message: OwnedMessage,
    leave: Leave,
) -> Result<(), Unsent> {
    let mut message = Some(message);
    let sent = send(access, Outgoing::Owned(&mut message), leave).await;
    sent.map_err(|error| Unsent { error, message })
}

pub(super) async fn ping<A: Access<Stream: Write>>(
    access: &mut A,
    payload: &[u8],
    leave: Leave,
) -> Result<(), Error> {
    let payload = ControlPayload::new(payload).ok_or(Error::PingLen)?;
    send(access, Outgoing::Ping(payload), leave).await
}
