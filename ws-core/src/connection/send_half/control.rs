// Read first: RFC 6455 §5.5, §7.1.

use super::{Announcement, SendHalf};
use crate::connection::closing::{Cause, CloseStatus, State};
use crate::connection::{Masking, Signal};
use crate::error::SendError;
use crate::frame::{CloseFrame, ControlPayload, Fin, Opcode, ReservedBits};

impl<K: Masking> SendHalf<K> {
    /// Gives up the frame in progress. Since the peer waits for its payload, nothing can be sent any more, not even
    /// a Close: the transport is to be closed. Without a frame in progress this changes nothing.
    ///
    /// ```
    /// use ws_core::connection::{FrameStart, SendHalf, Transport, Unmasked};
    /// use ws_core::event::MessageType;
    /// use ws_core::frame::Fin;
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// let _header = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 100))?;
    /// sender.mask(&mut [7; 10])?; // the other 90 bytes cannot be had
    /// sender.abandon_frame();
    /// assert_eq!(sender.transport(), Transport::Closed);
    /// assert_eq!(sender.closure().map(|closure| closure.is_clean), Some(false));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn abandon_frame(&mut self) {
        if self.frame.is_some() {
            self.closing.apply(Cause::LocalClose);
            self.closing.apply(Cause::CloseImpossible);
        }
    }

    /// Queues a Close, after which no data can be sent (RFC 6455 §5.5.1). Messages still arrive until the peer's
    /// Close does. A second call, and one after the peer's Close, changes nothing.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::error::SendError;
    /// use ws_core::frame::CloseCode;
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
    /// sender.close(CloseCode::GOING_AWAY.into());
    /// sender.close(CloseCode::NORMAL.into()); // changes nothing
    /// assert_eq!(sender.send("Hello", &mut out), Err(SendError::Closed));
    /// let len = sender.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], *b"\x88\x02\x03\xe9");
    /// # Ok::<(), SendError>(())
    /// ```
    pub fn close(&mut self, close: CloseFrame) {
        if self.closing.state() == State::Open {
            self.announcement = Announcement::Close(*close.payload());
            self.closing.apply(Cause::LocalClose);
        }
    }

    /// Queues a ping (RFC 6455 §5.5.2); it replaces one that was not transmitted yet. Without effect once closing.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::frame::ControlPayload;
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
    /// sender.ping(ControlPayload::new(b"x").ok_or("too long")?);
    /// sender.ping(ControlPayload::new(b"y").ok_or("too long")?); // replaces it
    /// let len = sender.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], *b"\x89\x01y");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn ping(&mut self, payload: ControlPayload) {
        if self.closing.state() == State::Open {
            self.announcement = Announcement::Ping(payload);
        }
    }

    /// Queues a pong, asked for or not (RFC 6455 §5.5.3); it replaces one that was not transmitted yet. Without
    /// effect once closing.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::frame::{CloseCode, ControlPayload};
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
    /// sender.pong(ControlPayload::new(b"pulse").ok_or("too long")?);
    /// let len = sender.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], *b"\x8a\x05pulse");
    /// sender.close(CloseCode::NORMAL.into());
    /// sender.pong(ControlPayload::EMPTY); // has no effect
    /// let len = sender.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], *b"\x88\x02\x03\xe8");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn pong(&mut self, payload: ControlPayload) {
        if self.closing.state() == State::Open {
            self.pong = Some(payload);
        }
    }

    /// Takes in what the receiving half found.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Signal, Unmasked};
    /// use ws_core::frame::{CloseCode, CloseFrame};
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
    /// let close = CloseFrame::new(CloseCode::GOING_AWAY, "bye").ok_or("too long")?;
    /// sender.signal(Signal::PeerClosed(close));
    /// let len = sender.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], *b"\x88\x02\x03\xe9", "the answer has the code that came");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[cfg_attr(target_os = "none", inline(never))]
    pub fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Pong(payload) => self.pong(payload),
            Signal::PeerClosed(close) => {
                // RFC 6455 §5.5.1: the reply to a Close has, typically, the code that came.
                if self.closing.state() == State::Open {
                    let reply = close.code().map_or(CloseFrame::EMPTY, CloseFrame::from);
                    self.announcement = Announcement::Close(*reply.payload());
                }
                // RFC 6455 §5.5.2: a ping is answered unless a Close was received.
                self.pong = None;
                self.closing.apply(Cause::PeerClosed(CloseStatus::from_code(close.code())));
            }
            Signal::Failed(fault) => {
                self.closing.apply(Cause::Failed(fault));
                self.pong = None;
                // A Close that is on its way already is the only one (§5.5.1).
                if self.closing.state() == State::Failing && !self.closing.is_close_taken() {
                    self.announcement = Announcement::Close(*CloseFrame::from(fault.close_code()).payload());
                    // The peer would take a Close for payload of the frame in progress.
                    if self.frame.is_some() {
                        self.closing.apply(Cause::CloseImpossible);
                    }
                }
            }
            Signal::Eof => self.closing.apply(Cause::Eof),
        }
    }

    /// Says that the transport failed, or was given up: nothing more can be written. The connection has ended.
    ///
    /// That the peer writes no more is reported by the receiving half ([`Signal::Eof`]); a Close that answers the peer's, or
    /// reports a fault, is then still to be written.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Transport, Unmasked};
    /// use ws_core::error::SendError;
    /// use ws_core::frame::ControlPayload;
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// sender.ping(ControlPayload::EMPTY);
    /// sender.transport_failed();
    /// assert_eq!(sender.transport(), Transport::Closed);
    /// assert!(!sender.wants_transmit());
    /// assert_eq!(sender.send("Hello", &mut [0; 16]), Err(SendError::Closed));
    /// ```
    pub fn transport_failed(&mut self) {
        self.closing.apply(Cause::TransportEnded);
    }

    /// Writes queued control frames to the front of `out`: as many whole ones as fit. Returns how many bytes are to be
    /// transmitted: 0 where none is queued, or where they have to wait for the end of a frame in progress
    /// ([`frame_remaining`](Self::frame_remaining)).
    ///
    /// Room for [`TRANSMIT_LEN_MAX`](crate::connection::TRANSMIT_LEN_MAX) bytes is always enough.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::error::SendError;
    /// use ws_core::frame::CloseCode;
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// sender.close(CloseCode::NORMAL.into());
    /// assert_eq!(sender.poll_transmit(&mut [0; 3]), Err(SendError::BufferTooSmall { required: 4 }));
    /// let mut out = [0; 4];
    /// assert_eq!((sender.poll_transmit(&mut out), out), (Ok(4), *b"\x88\x02\x03\xe8"));
    /// assert_eq!(sender.poll_transmit(&mut out), Ok(0));
    /// # Ok::<(), SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where not even the first of them can be written: [`SendError::BufferTooSmall`] with the length that it needs, or
    /// [`SendError::NoMaskKey`]. It stays queued.
    #[inline]
    pub fn poll_transmit(&mut self, out: &mut [u8]) -> Result<usize, SendError> {
        if self.wants_transmit() { self.transmit(out) } else { Ok(0) }
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something to write.
    ///
    /// ```
    /// use ws_core::connection::{FrameStart, SendHalf, Unmasked};
    /// use ws_core::event::MessageType;
    /// use ws_core::frame::{ControlPayload, Fin};
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// let _header = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 3))?;
    /// sender.ping(ControlPayload::EMPTY);
    /// assert!(!sender.wants_transmit(), "it has to wait for the end of the frame");
    /// sender.mask(&mut [1, 2, 3])?;
    /// assert!(sender.wants_transmit());
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn wants_transmit(&self) -> bool {
        let is_queued = self.pong.is_some() || !matches!(self.announcement, Announcement::Nothing);
        is_queued && self.frame.is_none() && !matches!(self.closing.state(), State::Done | State::Ended)
    }

    #[inline(never)]
    fn transmit(&mut self, out: &mut [u8]) -> Result<usize, SendError> {
        let mut written: usize = 0;
        loop {
            match self.write_control(out.get_mut(written..).unwrap_or_default()) {
                Ok(Some((opcode, len))) => {
                    written = written.saturating_add(len);
                    if opcode == Opcode::Close {
                        self.close_left();
                    }
                }
                Err(error) if written == 0 => return Err(error),
                Ok(None) | Err(_) => return Ok(written),
            }
        }
    }

    /// Writes the next control frame to the front of `out`, which is allowed only where
    /// [`wants_transmit`](Self::wants_transmit) says so; says which it is, and how long. A Close is not judged as written
    /// before [`close_left`](Self::close_left).
    pub(crate) fn write_control(&mut self, out: &mut [u8]) -> Result<Option<(Opcode, usize)>, SendError> {
        let (opcode, payload) = match (&self.pong, &self.announcement) {
            (Some(payload), _) => (Opcode::Pong, payload),
            (None, Announcement::Ping(payload)) => (Opcode::Ping, payload),
            (None, Announcement::Close(payload)) => (Opcode::Close, payload),
            (None, Announcement::Nothing) => return Ok(None),
        };
        let payload = *payload;
        let len = self.write_frame((opcode, ReservedBits::NONE), Fin::Final, payload.as_bytes(), out)?;
        if opcode == Opcode::Pong {
            self.pong = None;
        } else {
            self.announcement = Announcement::Nothing;
            if opcode == Opcode::Close {
                self.closing.close_taken();
            }
        }
        Ok(Some((opcode, len)))
    }

    /// The last byte of our Close has left.
    pub(crate) fn close_left(&mut self) {
        self.closing.apply(Cause::CloseWritten);
    }
}
