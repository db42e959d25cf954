// Read first: RFC 6455 §5.1, §6.1.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::fmt;

mod control;
mod data;
#[cfg(feature = "deflate")]
mod deflate;
mod frames;

pub use data::Sent;
pub use frames::FrameStart;

use super::closing::{Closing, State};
use super::frame_in_progress::FrameInProgress;
use super::{Closure, Masking, NextMask, Role, Transport};
use crate::bytes::copy;
#[cfg(feature = "deflate")]
use crate::deflate::MessageId;
use crate::error::{Misuse, SendError};
use crate::event::{MessageType, Payload};
use crate::extension::{Agreed, DeflateDirection};
use crate::frame::{ControlPayload, Fin, FrameHeader, Mask, MaskKey, Opcode, ReservedBits};

/// The sending half of a connection: turns messages into bytes, and owns the closing handshake (RFC 6455 §6.1, §7).
///
/// It never reads. What the receiving half found reaches it as a [`Signal`](super::Signal); [`Connection`](super::Connection)
/// passes that on by itself. What was written to an output is committed: it has to reach the peer, in this order.
///
/// ```
/// use ws_core::connection::{SendHalf, Unmasked};
///
/// let mut sender = SendHalf::new(Unmasked);
/// let mut out = [0; 16];
/// let len = sender.send("Hello", &mut out)?;
/// // RFC 6455 §5.7: the unmasked text message "Hello".
/// assert_eq!(out[..len], [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
#[derive(Clone)]
pub struct SendHalf<K> {
    keys: K,
    closing: Closing,
    /// The message in progress, between its first frame and its final one.
    message: Option<MessageKind>,
    /// How messages may be compressed, where permessage-deflate was negotiated.
    deflate: Option<DeflateDirection>,
    /// The last message that a deflater has compressed here, or is compressing; `None` where something compressed was sent
    /// after it that the deflater knows nothing of.
    #[cfg(feature = "deflate")]
    deflated: Option<MessageId>,
    /// The frame in progress, between its header and the last byte of its payload.
    frame: Option<FrameInProgress>,
    pong: Option<ControlPayload>,
    /// A ping or the Close; a Close takes the place of a ping.
    announcement: Announcement,
}

/// What we have to say unasked.
#[derive(Clone, Copy, Debug)]
enum Announcement {
    Nothing,
    Ping(ControlPayload),
    Close(ControlPayload),
}

/// What the frames of a message have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct MessageKind {
    message_type: MessageType,
    is_compressed: bool,
}

impl MessageKind {
    #[inline]
    const fn of(payload: &Payload<'_>) -> Self {
        Self { message_type: payload.message_type(), is_compressed: payload.is_compressed() }
    }

    #[inline]
    const fn opcode(self) -> Opcode {
        match self.message_type {
            MessageType::Text => Opcode::Text,
            MessageType::Binary => Opcode::Binary,
        }
    }

    #[inline]
    const fn reserved(self) -> ReservedBits {
        if self.is_compressed { ReservedBits::RSV1 } else { ReservedBits::NONE }
    }
}

impl<K: Masking> SendHalf<K> {
    /// A sending half that has sent nothing since the opening handshake.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Transport, Unmasked};
    ///
    /// let sender = SendHalf::new(Unmasked);
    /// assert_eq!(sender.transport(), Transport::Open);
    /// assert!(!sender.wants_transmit() && !sender.is_closing() && !sender.is_message_in_progress());
    /// ```
    #[must_use]
    pub const fn new(keys: K) -> Self {
        Self {
            keys,
            closing: Closing::OPEN,
            message: None,
            deflate: None,
            #[cfg(feature = "deflate")]
            deflated: None,
            frame: None,
            pong: None,
            announcement: Announcement::Nothing,
        }
    }

    /// Allows messages to be compressed, as it was agreed on in the opening handshake (RFC 7692 §6): by
    /// `send_deflated`, or by the caller as [`Payload::Compressed`].
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::error::Misuse;
    /// use ws_core::event::{MessageType, Payload};
    /// use ws_core::extension::{Agreed, DeflateParams};
    ///
    /// // RFC 7692 §7.2.3.1: "Hello", compressed.
    /// let bytes = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    /// let (payload, mut out) = (Payload::Compressed { message_type: MessageType::Text, bytes }, [0; 16]);
    /// assert_eq!(SendHalf::new(Unmasked).send(payload, &mut out), Err(Misuse::NotNegotiated.into()));
    /// let agreed = Agreed::server(DeflateParams::new()); // what the handshake returns
    /// assert_eq!(SendHalf::new(Unmasked).with_deflate(agreed).send(payload, &mut out), Ok(9));
    /// assert_eq!(out[..2], [0xc1, 7], "RSV1 is set");
    /// ```
    #[must_use]
    pub fn with_deflate(self, agreed: Agreed) -> Self {
        Self { deflate: Some(agreed.outgoing()), ..self }
    }

    /// The role: a client masks what it sends.
    #[must_use]
    #[inline]
    pub fn role(&self) -> Role {
        self.keys.role()
    }

    /// What to do with the transport, once all that was written is transmitted.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Signal, Transport, Unmasked};
    /// use ws_core::error::Violation;
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// sender.signal(Signal::Failed(Violation::InvalidUtf8.into()));
    /// assert_eq!(sender.transport(), Transport::Open, "the Close that reports it is queued");
    /// let _len = sender.poll_transmit(&mut [0; 16])?;
    /// assert_eq!(sender.transport(), Transport::Linger { shutdown_write: true });
    /// sender.signal(Signal::Eof);
    /// assert_eq!(sender.transport(), Transport::Closed);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn transport(&self) -> Transport {
        self.closing.transport(self.role())
    }

    /// Says that the writing side of the transport was shut down, as [`Transport::Linger`] has asked for:
    /// [`transport`](Self::transport) does not ask again.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Signal, Transport, Unmasked};
    /// use ws_core::frame::CloseCode;
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// sender.signal(Signal::PeerClosed(CloseCode::NORMAL.into()));
    /// let _len = sender.poll_transmit(&mut [0; 16])?;
    /// assert_eq!(sender.transport(), Transport::Linger { shutdown_write: true });
    /// sender.write_shut_down(); // after the stream's writing side
    /// assert_eq!(sender.transport(), Transport::Linger { shutdown_write: false });
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub const fn write_shut_down(&mut self) {
        self.closing.write_shut_down();
    }

    /// Whether a fragmented message has begun and not ended.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::frame::Fin;
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
    /// let _len = sender.send_fragment("Hel", Fin::More, &mut out)?;
    /// assert!(sender.is_message_in_progress());
    /// let _len = sender.send_fragment("lo", Fin::Final, &mut out)?;
    /// assert!(!sender.is_message_in_progress());
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_message_in_progress(&self) -> bool {
        self.message.is_some()
    }

    /// Whether either side has begun to close, or the transport has ended: no data can be sent any more. From the moment
    /// that it turns true, the closing handshake has its deadline
    /// ([`Keepalive::closing`](crate::keepalive::Keepalive::closing)).
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Signal, Unmasked};
    /// use ws_core::frame::CloseFrame;
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// sender.signal(Signal::PeerClosed(CloseFrame::EMPTY));
    /// assert!(sender.is_closing());
    /// assert_eq!(sender.closure(), None, "our Close is still to be written");
    /// ```
    #[must_use]
    #[inline]
    pub fn is_closing(&self) -> bool {
        self.closing.state() != State::Open
    }

    /// How the connection ended, once it has.
    ///
    /// ```
    /// use ws_core::connection::{CloseStatus, ClosureCause, SendHalf, Signal, Unmasked};
    /// use ws_core::frame::{CloseCode, CloseFrame};
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// sender.close(CloseCode::NORMAL.into());
    /// let _len = sender.poll_transmit(&mut [0; 16])?;
    /// assert_eq!(sender.closure(), None, "the peer's Close is still to come");
    /// sender.signal(Signal::PeerClosed(CloseFrame::EMPTY));
    /// let closure = sender.closure().ok_or("open")?;
    /// assert_eq!((closure.cause, closure.status), (ClosureCause::Local, CloseStatus::NoStatus));
    /// assert!(closure.is_clean);
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn closure(&self) -> Option<Closure> {
        self.closing.closure()
    }

    /// Writes a frame with all of its payload, or nothing.
    #[cfg_attr(not(target_os = "none"), inline(always))]
    #[expect(clippy::inline_always, reason = "the call is a quarter of the instructions of a short message")]
    fn write_frame(
        &mut self,
        (opcode, reserved): (Opcode, ReservedBits),
        fin: Fin,
        payload: &[u8],
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        let required = self.header_len(payload.len()).saturating_add(payload.len());
        let out = out.get_mut(..required).ok_or(SendError::BufferTooSmall { required })?;
        let key = self.next_key()?;
        let payload_len = u64::try_from(payload.len()).map_err(|_large| Misuse::FrameLen)?;
        let header = FrameHeader::new(opcode, fin, payload_len, key).ok_or(Misuse::FrameLen)?;
        let body = header.with_reserved(reserved).write(out).ok_or(SendError::BufferTooSmall { required })?;
        match key {
            Some(key) => {
                Mask::new(key).apply_into(payload, body);
            }
            None => copy(payload, body),
        }
        Ok(required)
    }

    /// Appends a frame with all of its payload to `out`, or nothing.
    #[cfg(feature = "alloc")]
    fn append_frame(
        &mut self,
        (opcode, reserved): (Opcode, ReservedBits),
        fin: Fin,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<usize, SendError> {
        let len = self.header_len(payload.len()).saturating_add(payload.len());
        let len_max = payload.len().saturating_add(FrameHeader::LEN_MAX);
        out.try_reserve(len_max).map_err(|_full| SendError::OutOfMemory)?;
        let key = self.next_key()?;
        let payload_len = u64::try_from(payload.len()).map_err(|_large| Misuse::FrameLen)?;
        let header = FrameHeader::new(opcode, fin, payload_len, key).ok_or(Misuse::FrameLen)?;
        header.with_reserved(reserved).encode().append_to(out);
        let body_start = out.len();
        out.extend_from_slice(payload);
        if let (Some(key), Some(body)) = (key, out.get_mut(body_start..)) {
            Mask::new(key).apply(body);
        }
        Ok(len)
    }

    /// Something was sent that was compressed, or not, elsewhere: that changes the peer's window.
    #[inline]
    #[cfg_attr(not(feature = "deflate"), expect(clippy::unused_self, reason = "then nobody compresses here"))]
    const fn sent_compressed(&mut self, is_compressed: bool) {
        #[cfg(feature = "deflate")]
        if is_compressed {
            self.deflated = None;
        }
        #[cfg(not(feature = "deflate"))]
        let _ = is_compressed;
    }

    #[inline]
    fn header_len(&self, payload_len: usize) -> usize {
        let mask_len: usize = match self.role() {
            Role::Client => 4,
            Role::Server => 0,
        };
        let len = match payload_len {
            0..=125 => 2,
            126..=0xFFFF => 4,
            _ => 10,
        };
        mask_len.saturating_add(len)
    }

    #[inline]
    fn next_key(&mut self) -> Result<Option<MaskKey>, SendError> {
        match self.keys.next_mask() {
            NextMask::Unmasked => Ok(None),
            NextMask::Masked(key) => Ok(Some(key)),
            NextMask::Missing => Err(SendError::NoMaskKey),
        }
    }
}

impl<K> fmt::Debug for SendHalf<K> {
    /// Nothing of the keys, nor of what is queued.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendHalf")
            .field("closing", &self.closing)
            .field("message", &self.message)
            .field("frame_remaining", &self.frame.map_or(0, |frame| frame.remaining))
            .finish_non_exhaustive()
    }
}
