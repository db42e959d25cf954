//! The methods that send, of whole connections, their writers and the halves that write, written once.

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
        /// 16 KiB or more wait to be written: after a [`flush`](Self::flush) that has returned, the next one does not wait.
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
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// socket.send_compressed("Hello").await?;
        /// socket.send_uncompressed("a secret, and what others said").await?;
        /// # for _ in 0..2 {
        /// #     assert!(peer.receive().await?.is_some());
        /// # }
        /// # Ok(())
        /// # }
        /// ```
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
        /// ```
        /// # #[tokio::main(flavor = "current_thread")]
        /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// # use ws_tokio::{Config, Role, WebSocket};
        /// # let (ours, theirs) = tokio::io::duplex(64 * 1024);
        /// # let mut socket = WebSocket::after_handshake(ours, Role::Server, Config::new(), b"")?;
        /// # let mut peer = WebSocket::after_handshake(theirs, Role::Client, Config::new(), b"")?;
        /// socket.feed("one").await?;
        /// socket.feed("two").await?;
        /// socket.flush().await?;
        /// # assert_eq!(peer.receive().await?, Some("one".into()));
        /// # Ok(())
        /// # }
        /// ```
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

pub(super) use sending_methods;

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
