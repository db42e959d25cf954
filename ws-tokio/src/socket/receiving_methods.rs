//! The methods that receive, and those that ask, of whole connections and their halves, written once.

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
        /// How the connection ended, once it has: which side began to close, the peer's code, and whether both sent a Close. The reason
        /// is in `close_frame`.
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

pub(super) use {inbound_methods, life_methods, receiving_methods};
