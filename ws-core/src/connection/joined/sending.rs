use super::Connection;
use crate::connection::{Closure, Masking, Sent, Transport};
use crate::error::SendError;
use crate::event::Payload;
use crate::frame::{CloseFrame, ControlPayload, Fin};

impl<K: Masking> Connection<K> {
    /// Says that the transport failed in reading or writing: the connection has ended.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection, Transport};
    /// use ws_core::frame::CloseCode;
    ///
    /// let mut connection = Connection::server(Config::new());
    /// connection.close(CloseCode::NORMAL.into());
    /// connection.transport_failed();
    /// assert_eq!(connection.transport(), Transport::Closed);
    /// assert!(!connection.wants_transmit(), "the Close cannot be written any more");
    /// assert_eq!(connection.closure().map(|closure| closure.is_clean), Some(false));
    /// ```
    pub fn transport_failed(&mut self) {
        self.eof();
        self.sender.transport_failed();
    }

    /// Sends a whole message in one frame: all of it is written to the front of `out`, or nothing is. Returns how many
    /// bytes are to be transmitted, 2–14 more than the message has.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::error::SendError;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 7]);
    /// assert_eq!(connection.send("Hello", &mut out[..6]), Err(SendError::BufferTooSmall { required: 7 }));
    /// assert_eq!(connection.send("Hello", &mut out), Ok(7));
    /// assert_eq!(&out, b"\x81\x05Hello");
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame or a fragmented message is in progress;
    /// [`SendError::NoMaskKey`]; [`SendError::BufferTooSmall`] with the length that is required; a
    /// [`Misuse`](crate::error::Misuse) for compressed payload without an agreement. The connection is as it was before.
    #[inline]
    pub fn send<'p>(&mut self, message: impl Into<Payload<'p>>, out: &mut [u8]) -> Result<usize, SendError> {
        self.sender.send(message, out)
    }

    /// Sends the next part of a message as one fragment: all of it is written to the front of `out`, or nothing is.
    /// Returns how many bytes are to be transmitted, 2–14 more than the part has. With [`Fin::Final`] the message ends.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::error::SendError;
    /// use ws_core::frame::Fin;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 16]);
    /// let len = connection.send_fragment("Hel", Fin::More, &mut out)?;
    /// assert_eq!(out[..len], *b"\x01\x03Hel");
    /// assert_eq!(connection.send("another", &mut out), Err(SendError::Busy));
    /// let len = connection.send_fragment("lo", Fin::Final, &mut out)?;
    /// assert_eq!(out[..len], *b"\x80\x02lo");
    /// # Ok::<(), SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame is in progress; [`SendError::NoMaskKey`];
    /// [`SendError::BufferTooSmall`] with the length that is required; a [`Misuse`](crate::error::Misuse) for a part of
    /// another type than those before it, or compressed without an agreement. The connection is as it was before.
    #[inline]
    pub fn send_fragment<'p>(
        &mut self,
        payload: impl Into<Payload<'p>>,
        fin: Fin,
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        self.sender.send_fragment(payload, fin, out)
    }

    /// Sends as much of the next part of a message as fits into `out`, as one fragment; what was not taken is sent by
    /// further calls. With [`Fin::Final`] the message ends once all is taken.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::frame::Fin;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 5]);
    /// let sent = connection.send_part("Grün", Fin::Final, &mut out)?;
    /// assert_eq!((sent.taken, sent.is_complete), (2, false), "there is room for half of the ü");
    /// assert_eq!(out[..sent.written], *b"\x01\x02Gr");
    /// let sent = connection.send_part("ün", Fin::Final, &mut out)?;
    /// assert!(sent.is_complete);
    /// assert_eq!(out[..sent.written], *b"\x80\x03\xc3\xbcn");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame is in progress; [`SendError::NoMaskKey`];
    /// [`SendError::BufferTooSmall`] where `out` has no room for a header and one byte or code point; a
    /// [`Misuse`](crate::error::Misuse) for a part of another type than those before it, or compressed without an
    /// agreement. The connection is as it was before.
    #[inline]
    pub fn send_part<'p>(
        &mut self,
        payload: impl Into<Payload<'p>>,
        fin: Fin,
        out: &mut [u8],
    ) -> Result<Sent, SendError> {
        self.sender.send_part(payload, fin, out)
    }

    /// Queues a Close, after which no data can be sent (RFC 6455 §5.5.1). Messages still arrive until the peer's Close
    /// does. Without effect once the connection is closing.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::error::SendError;
    /// use ws_core::frame::CloseCode;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 16]);
    /// connection.close(CloseCode::NORMAL.into());
    /// assert_eq!(connection.send("Hello", &mut out), Err(SendError::Closed));
    /// let len = connection.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], *b"\x88\x02\x03\xe8");
    /// # Ok::<(), SendError>(())
    /// ```
    pub fn close(&mut self, close: CloseFrame) {
        self.sender.close(close);
    }

    /// Queues a ping (RFC 6455 §5.5.2); it replaces one that was not written yet. Without effect once the connection is
    /// closing.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::frame::ControlPayload;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 16]);
    /// for payload in [b"x", b"y"] {
    ///     connection.ping(ControlPayload::new(payload).ok_or("too long")?);
    /// }
    /// let len = connection.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], *b"\x89\x01y", "the second replaced the first");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn ping(&mut self, payload: ControlPayload) {
        self.sender.ping(payload);
    }

    /// Writes queued control frames to the front of `out`: as many whole ones as fit. Returns how many bytes are to be
    /// transmitted: 0 where none is queued, or where they have to wait for the end of a frame in progress.
    ///
    /// Room for [`TRANSMIT_LEN_MAX`](crate::connection::TRANSMIT_LEN_MAX) bytes is always enough.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::error::SendError;
    /// use ws_core::frame::ControlPayload;
    ///
    /// let (mut connection, mut out) = (Connection::server(Config::new()), [0; 16]);
    /// assert_eq!(connection.poll_transmit(&mut out), Ok(0));
    /// connection.ping(ControlPayload::EMPTY);
    /// assert_eq!(connection.poll_transmit(&mut out[..1]), Err(SendError::BufferTooSmall { required: 2 }));
    /// assert_eq!(connection.poll_transmit(&mut out), Ok(2), "it stayed queued");
    /// assert_eq!(out[..2], *b"\x89\x00");
    /// ```
    ///
    /// # Errors
    ///
    /// Where not even the first of them can be written: [`SendError::BufferTooSmall`] with the length that it needs, or
    /// [`SendError::NoMaskKey`]. It stays queued.
    #[inline]
    pub fn poll_transmit(&mut self, out: &mut [u8]) -> Result<usize, SendError> {
        self.sender.poll_transmit(out)
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something to write.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::frame::ControlPayload;
    ///
    /// let mut connection = Connection::server(Config::new());
    /// connection.ping(ControlPayload::EMPTY);
    /// assert!(connection.wants_transmit());
    /// let _len = connection.poll_transmit(&mut [0; 16])?;
    /// assert!(!connection.wants_transmit());
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn wants_transmit(&self) -> bool {
        self.sender.wants_transmit()
    }

    /// What to do with the transport, once all that was written is transmitted.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection, Transport};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A Close with code 1000, masked with zeros.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x88\x82\0\0\0\0\x03\xe8", 8).ok_or("too short")?;
    /// let mut connection = Connection::server(Config::new());
    /// assert_eq!(connection.next_event(&mut buffer.input()), Some(Event::Close));
    /// assert_eq!(connection.transport(), Transport::Open, "our Close is not written yet");
    /// let _len = connection.poll_transmit(&mut [0; 16])?;
    /// assert_eq!(connection.transport(), Transport::Linger { shutdown_write: true });
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn transport(&self) -> Transport {
        self.sender.transport()
    }

    /// How the connection ended, once it has.
    ///
    /// ```
    /// use ws_core::connection::{CloseStatus, ClosureCause, Config, Connection};
    /// use ws_core::frame::CloseCode;
    ///
    /// let mut connection = Connection::server(Config::new());
    /// connection.close(CloseCode::NORMAL.into());
    /// assert_eq!(connection.closure(), None);
    /// connection.eof(); // the peer did not answer
    /// let closure = connection.closure().ok_or("open")?;
    /// assert_eq!((closure.cause, closure.status), (ClosureCause::Local, CloseStatus::Abnormal));
    /// assert!(!closure.is_clean);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.sender.closure()
    }
}
