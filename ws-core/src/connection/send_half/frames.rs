// Read first: RFC 6455 §5.3, §5.4.

use super::{MessageKind, SendHalf};
use crate::connection::frame_in_progress::FrameInProgress;
use crate::connection::{EncodedMessage, Masking, Role};
use crate::error::{Misuse, SendError};
use crate::event::MessageType;
use crate::frame::{EncodedHeader, Fin, FrameHeader};

/// The header of a frame whose payload the caller brings (RFC 6455 §5.4).
///
/// ```
/// use ws_core::connection::{FrameStart, SendHalf, Unmasked};
/// use ws_core::event::MessageType;
/// use ws_core::frame::Fin;
///
/// let mut sender = SendHalf::new(Unmasked);
/// let header = sender.begin_frame(FrameStart::new(MessageType::Text, Fin::Final, 5))?;
/// assert_eq!(header.as_bytes(), [0x81, 5]);
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameStart {
    kind: MessageKind,
    fin: Fin,
    payload_len: u64,
}

impl FrameStart {
    /// A frame with `payload_len` bytes of a message of this type. Whether it begins the message or continues it
    /// follows from what was sent before; [`Fin::Final`] ends it.
    ///
    /// ```
    /// use ws_core::connection::{FrameStart, SendHalf, Unmasked};
    /// use ws_core::event::MessageType;
    /// use ws_core::frame::Fin;
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// let header = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::More, 200))?;
    /// assert_eq!(header.as_bytes(), [0x02, 126, 0, 200]);
    /// sender.mask(&mut [0; 200])?;
    /// let header = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 0))?;
    /// assert_eq!(header.as_bytes(), [0x80, 0], "continues the message and ends it");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub const fn new(message_type: MessageType, fin: Fin, payload_len: u64) -> Self {
        Self { kind: MessageKind { message_type, is_compressed: false }, fin, payload_len }
    }

    /// Says that the payload is compressed by permessage-deflate (RFC 7692 §6).
    ///
    /// ```
    /// use ws_core::connection::{FrameStart, SendHalf, Unmasked};
    /// use ws_core::event::MessageType;
    /// use ws_core::extension::{Agreed, DeflateParams};
    /// use ws_core::frame::Fin;
    ///
    /// let agreed = Agreed::server(DeflateParams::new()); // what the handshake returns
    /// let mut sender = SendHalf::new(Unmasked).with_deflate(agreed);
    /// let start = FrameStart::new(MessageType::Text, Fin::Final, 7).with_compressed_payload();
    /// assert_eq!(sender.begin_frame(start)?.as_bytes(), [0xc1, 7]);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub const fn with_compressed_payload(self) -> Self {
        Self { kind: MessageKind { is_compressed: true, ..self.kind }, ..self }
    }
}

impl<K: Masking> SendHalf<K> {
    /// Begins a frame whose payload the caller brings, of any length, in any pieces: each is to be passed through
    /// [`mask`](Self::mask) or [`mask_into`](Self::mask_into), in order, and transmitted after the header.
    ///
    /// Nothing else can be sent before the frame has all its payload. Text is not checked here.
    ///
    /// ```
    /// use ws_core::connection::{FrameStart, SendHalf, Unmasked};
    /// use ws_core::event::MessageType;
    /// use ws_core::frame::Fin;
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// let header = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 1 << 30))?;
    /// assert_eq!(header.as_bytes(), [0x82, 0x7f, 0, 0, 0, 0, 0x40, 0, 0, 0]);
    /// let mut piece = [0; 4096];
    /// for _ in 0..(1 << 30) / piece.len() {
    ///     sender.mask(&mut piece)?; // and transmit it
    /// }
    /// assert_eq!(sender.frame_remaining(), 0);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame is in progress; [`SendError::NoMaskKey`];
    /// [`Misuse::MessageType`] for a part of another type than those before it; [`Misuse::NotNegotiated`] for compressed
    /// payload without an agreement; [`Misuse::FrameLen`] for more than 2^63 - 1 bytes. The connection is as it was before.
    pub fn begin_frame(&mut self, start: FrameStart) -> Result<EncodedHeader, SendError> {
        self.may_send_data()?;
        self.may_continue(start.kind)?;
        let (opcode, reserved) = self.opcode(start.kind);
        if FrameHeader::new(opcode, start.fin, start.payload_len, None).is_none() {
            return Err(Misuse::FrameLen.into());
        }
        let key = self.next_key()?;
        let header = FrameHeader::new(opcode, start.fin, start.payload_len, key).ok_or(Misuse::FrameLen)?;
        self.message = Some(start.kind);
        self.sent_compressed(start.kind.is_compressed);
        self.frame = Some(FrameInProgress::new(start.payload_len, key, start.fin.is_final()));
        self.end_frame_if_complete();
        Ok(header.with_reserved(reserved).encode())
    }

    /// Masks the next piece of the payload of the frame in progress, in place; a server's stays as it is.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::error::Misuse;
    ///
    /// let (mut sender, mut payload) = (SendHalf::new(Unmasked), *b"Hello");
    /// assert_eq!(sender.mask(&mut payload), Err(Misuse::PayloadLen), "no frame was begun");
    /// assert_eq!(&payload, b"Hello");
    /// ```
    ///
    /// # Errors
    ///
    /// [`Misuse::PayloadLen`] where the frame announced less, or no frame is in progress; then `payload` is
    /// unchanged. An empty `payload` is no error.
    pub fn mask(&mut self, payload: &mut [u8]) -> Result<(), Misuse> {
        if payload.is_empty() {
            return Ok(());
        }
        let frame = self.frame.as_mut().ok_or(Misuse::PayloadLen)?;
        let len = u64::try_from(payload.len()).map_err(|_large| Misuse::PayloadLen)?;
        frame.remaining = frame.remaining.checked_sub(len).ok_or(Misuse::PayloadLen)?;
        frame.apply_mask(payload);
        self.end_frame_if_complete();
        Ok(())
    }

    /// Masks as much of `payload` as fits into `out` and into the frame in progress while copying it there. Returns
    /// how many bytes that is: 0 where no frame is in progress.
    ///
    /// ```
    /// use ws_core::connection::{FrameStart, SendHalf, Unmasked};
    /// use ws_core::{event::MessageType, frame::Fin};
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
    /// let _header = sender.begin_frame(FrameStart::new(MessageType::Text, Fin::Final, 5))?;
    /// assert_eq!((sender.mask_into(b"Hello, World", &mut out), &out[..5]), (5, &b"Hello"[..]));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    pub fn mask_into(&mut self, payload: &[u8], out: &mut [u8]) -> usize {
        let Some(frame) = self.frame.as_mut() else { return 0 };
        let len = payload.len().min(out.len());
        let len = usize::try_from(frame.remaining).map_or(len, |remaining| remaining.min(len));
        let Some(payload) = payload.get(..len) else { return 0 };
        frame.apply_mask_into(payload, out);
        frame.remaining = frame.remaining.saturating_sub(u64::try_from(len).unwrap_or(u64::MAX));
        self.end_frame_if_complete();
        len
    }

    /// How many bytes of payload the frame in progress still lacks; 0 where none is in progress.
    ///
    /// ```
    /// use ws_core::connection::{FrameStart, SendHalf, Unmasked};
    /// use ws_core::event::MessageType;
    /// use ws_core::frame::Fin;
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// assert_eq!(sender.frame_remaining(), 0);
    /// let _header = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 100))?;
    /// sender.mask(&mut [7; 60])?;
    /// assert_eq!(sender.frame_remaining(), 40);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn frame_remaining(&self) -> u64 {
        self.frame.map_or(0, |frame| frame.remaining)
    }

    #[inline]
    fn end_frame_if_complete(&mut self) {
        if let Some(FrameInProgress { remaining: 0, is_final, .. }) = self.frame {
            self.frame = None;
            if is_final {
                self.message = None;
            }
        }
    }

    /// Sends a message that was encoded once for many connections, by a server. On success the caller has to transmit its
    /// [`as_bytes`](EncodedMessage::as_bytes) next: they are committed.
    ///
    /// A compressed one moves the peer's window, which our own deflater then knows nothing of: the next
    /// [`send_deflated`](Self::send_deflated) begins with an empty window by itself.
    ///
    /// ```
    /// use ws_core::connection::{EncodedMessage, SendHalf, Unmasked};
    /// use ws_core::error::SendError;
    /// use ws_core::frame::Fin;
    ///
    /// let (mut encoded, mut out) = ([0; 16], [0; 16]);
    /// let message = EncodedMessage::encode("Hello", &mut encoded)?;
    /// let mut sender = SendHalf::new(Unmasked);
    /// let _len = sender.send_fragment("begun", Fin::More, &mut out)?;
    /// assert_eq!(sender.send_encoded(&message), Err(SendError::Busy));
    /// let _len = sender.send_fragment("ended", Fin::Final, &mut out)?;
    /// assert_eq!(sender.send_encoded(&message), Ok(())); // now transmit message.as_bytes()
    /// # Ok::<(), SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame or a fragmented message is in progress;
    /// [`Misuse::NotNegotiated`] for a compressed message where no compression was agreed on, or a smaller window;
    /// [`Misuse::Unmasked`] by a client, which masks each frame with a key of its own (RFC 6455 §5.3). The connection is
    /// as it was before.
    pub fn send_encoded<B: AsRef<[u8]>>(&mut self, message: &EncodedMessage<B>) -> Result<(), SendError> {
        self.may_send_data()?;
        if self.message.is_some() {
            return Err(SendError::Busy);
        }
        self.may_send_unmasked()?;
        let Some(window_bits) = message.window_bits() else { return Ok(()) };
        if self.deflate.is_none_or(|agreed| window_bits > agreed.max_window_bits()) {
            return Err(Misuse::NotNegotiated.into());
        }
        self.sent_compressed(true);
        Ok(())
    }

    /// Counts the next `len` bytes of payload of the frame in progress, which the caller transmits from where they lie:
    /// a server's payload is not changed, so that it need not be passed through [`mask`](Self::mask).
    ///
    /// ```
    /// use ws_core::connection::{FrameStart, SendHalf, Unmasked};
    /// use ws_core::event::MessageType;
    /// use ws_core::frame::Fin;
    ///
    /// let mut sender = SendHalf::new(Unmasked);
    /// let payload = [7; 1000];
    /// let header = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, 1000))?;
    /// sender.payload_written(1000)?; // and transmit the header and the payload
    /// assert_eq!((header.as_bytes().len(), sender.frame_remaining()), (4, 0));
    /// # let _ = payload;
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Misuse::PayloadLen`] where the frame lacks less, or none is in progress; [`Misuse::Unmasked`] by a client. Then
    /// nothing is counted. No bytes are no error.
    pub fn payload_written(&mut self, len: u64) -> Result<(), Misuse> {
        if len == 0 {
            return Ok(());
        }
        self.may_send_unmasked()?;
        let frame = self.frame.as_mut().ok_or(Misuse::PayloadLen)?;
        frame.remaining = frame.remaining.checked_sub(len).ok_or(Misuse::PayloadLen)?;
        self.end_frame_if_complete();
        Ok(())
    }

    // RFC 6455 §5.3: a client masks each frame with a key of its own.
    fn may_send_unmasked(&self) -> Result<(), Misuse> {
        match self.role() {
            Role::Server => Ok(()),
            Role::Client => Err(Misuse::Unmasked),
        }
    }
}
