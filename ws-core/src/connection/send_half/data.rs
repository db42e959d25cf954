// Read first: RFC 6455 §5.4, §5.6, §6.1.

use super::{MessageKind, SendHalf};
use crate::connection::closing::State;
use crate::connection::frame_in_progress::FrameInProgress;
use crate::connection::{EncodedMessage, Masking, Unmasked};
use crate::error::{Misuse, SendError};
use crate::event::{MessageType, Payload};
use crate::frame::{EncodedHeader, Fin, FrameHeader, Opcode, ReservedBits};

/// The header of a frame whose payload the caller brings (RFC 6455 §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameStart {
    kind: MessageKind,
    fin: Fin,
    payload_len: u64,
}

impl FrameStart {
    /// A frame with `payload_len` bytes of a message of this type. Whether it begins the message or continues it
    /// follows from what was sent before; [`Fin::Final`] ends it.
    #[must_use]
    pub const fn new(message_type: MessageType, fin: Fin, payload_len: u64) -> Self {
        Self { kind: MessageKind { message_type, is_compressed: false }, fin, payload_len }
    }

    /// The same for payload that is compressed by permessage-deflate (RFC 7692 §6).
    #[must_use]
    pub const fn compressed(self) -> Self {
        Self { kind: MessageKind { is_compressed: true, ..self.kind }, ..self }
    }
}

/// What [`SendHalf::send_fragment`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// How many bytes of the payload are in the output; the rest is still to be sent.
    pub taken: usize,
    /// How many bytes of the output are to be transmitted.
    pub written: usize,
    /// All of the payload is in frames that were written.
    pub is_complete: bool,
}

impl<K: Masking> SendHalf<K> {
    /// Sends a whole text message in one frame: all of it is written to the front of `out`, or nothing is.
    /// Returns how many bytes that is, 2–14 more than the text has.
    ///
    /// # Errors
    ///
    /// As [`send_binary`](Self::send_binary).
    #[inline]
    pub fn send_text(&mut self, text: &str, out: &mut [u8]) -> Result<usize, SendError> {
        self.send(Payload::Text(text), out)
    }

    /// Sends a whole binary message in one frame: all of it is written to the front of `out`, or nothing is.
    /// Returns how many bytes that is, 2–14 more than the message has.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`], [`SendError::Busy`] while a frame or a fragmented message is in progress,
    /// [`SendError::NoMaskKey`], [`SendError::BufferTooSmall`] with the length that is required.
    #[inline]
    pub fn send_binary(&mut self, bytes: &[u8], out: &mut [u8]) -> Result<usize, SendError> {
        self.send(Payload::Binary(bytes), out)
    }

    /// Sends a whole message, as [`send_text`](Self::send_text) or [`send_binary`](Self::send_binary).
    ///
    /// # Errors
    ///
    /// As [`send_binary`](Self::send_binary).
    #[inline]
    pub fn send(&mut self, message: Payload<'_>, out: &mut [u8]) -> Result<usize, SendError> {
        let kind = MessageKind::of(&message);
        self.may_send_data()?;
        if self.message.is_some() {
            return Err(SendError::Busy);
        }
        self.may_continue(kind)?;
        self.is_window_foreign |= kind.is_compressed;
        self.write_frame((kind.opcode(), kind.reserved()), Fin::Final, message.as_bytes(), out)
    }

    /// Sends the next part of a message as one fragment, with as much of `payload` as fits into `out`.
    ///
    /// With [`Fin::Final`] the message ends once all is taken. What was not taken is sent by further calls; text is
    /// taken in whole code points, so that the rest is a `&str` again.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::event::Payload;
    /// use ws_core::frame::Fin;
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 5]);
    /// let sent = sender.send_fragment(Payload::Text("Hello"), Fin::Final, &mut out)?;
    /// assert_eq!((sent.taken, out), (3, [0x01, 0x03, b'H', b'e', b'l']));
    /// let sent = sender.send_fragment(Payload::Text(&"Hello"[3..]), Fin::Final, &mut out)?;
    /// assert_eq!((sent.taken, &out[..sent.written]), (2, &[0x80, 0x02, b'l', b'o'][..]));
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send_binary`](Self::send_binary), and [`Misuse::MessageType`]. The output is too small where it has no
    /// room for a header and one byte or code point.
    pub fn send_fragment(
        &mut self,
        payload: Payload<'_>,
        fin: Fin,
        out: &mut [u8],
    ) -> Result<Sent, SendError> {
        let kind = MessageKind::of(&payload);
        self.may_send_data()?;
        self.may_continue(kind)?;
        let part = first_part(payload, Self::payload_room(out.len()));
        if part.is_empty() && !payload.as_bytes().is_empty() {
            let required = Self::header_len(1).saturating_add(first_len(payload));
            return Err(SendError::BufferTooSmall { required });
        }
        let is_complete = part.len() == payload.as_bytes().len();
        let fin = if is_complete { fin } else { Fin::More };
        let written = self.write_frame(self.opcode(kind), fin, part, out)?;
        self.is_window_foreign |= kind.is_compressed;
        self.message = if fin.is_final() { None } else { Some(kind) };
        Ok(Sent { taken: part.len(), written, is_complete })
    }

    /// Begins a frame whose payload the caller brings, of any length, in any pieces: each is to be passed through
    /// [`mask`](Self::mask) or [`mask_into`](Self::mask_into), in order, and transmitted behind the header.
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
    /// [`SendError::Closed`], [`SendError::Busy`], [`SendError::NoMaskKey`], [`Misuse::MessageType`],
    /// [`Misuse::FrameLen`].
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
        self.is_window_foreign |= start.kind.is_compressed;
        self.frame = Some(FrameInProgress::new(start.payload_len, key, start.fin.is_final()));
        self.end_frame_if_complete();
        Ok(header.with_reserved(reserved).encode())
    }

    /// Masks the next piece of the payload of the frame in progress, in place; a server's stays as it is.
    ///
    /// # Errors
    ///
    /// [`Misuse::PayloadLen`] where the frame announced less, or no frame is in progress; then `payload` is
    /// unchanged.
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
    #[must_use]
    #[inline]
    pub fn frame_remaining(&self) -> u64 {
        self.frame.map_or(0, |frame| frame.remaining)
    }

    #[inline]
    pub(super) fn may_send_data(&self) -> Result<(), SendError> {
        if self.closing.state() != State::Open {
            return Err(SendError::Closed);
        }
        if self.frame.is_some() { Err(SendError::Busy) } else { Ok(()) }
    }

    #[inline]
    pub(super) fn may_continue(&self, kind: MessageKind) -> Result<(), Misuse> {
        match self.message {
            Some(in_progress) if in_progress != kind => Err(Misuse::MessageType),
            None if kind.is_compressed && self.deflate.is_none() => Err(Misuse::NotNegotiated),
            Some(_) | None => Ok(()),
        }
    }

    /// The opcode and the reserved bits of the next frame of a message of this kind.
    #[inline]
    pub(super) fn opcode(&self, kind: MessageKind) -> (Opcode, ReservedBits) {
        // RFC 7692 §6.1: RSV1 is set on the first frame of a compressed message only.
        if self.message.is_some() {
            (Opcode::Continuation, ReservedBits::NONE)
        } else {
            (kind.opcode(), kind.reserved())
        }
    }

    /// The longest payload that a frame of at most `out_len` bytes has room for.
    #[inline]
    fn payload_room(out_len: usize) -> usize {
        let room =
            |payload_len: usize| out_len.saturating_sub(Self::header_len(payload_len)).min(payload_len);
        room(usize::MAX).max(room(0xFFFF)).max(room(125))
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
}

impl SendHalf<Unmasked> {
    /// Lets a message that was encoded for many in between the others of this connection: after this its
    /// [`as_bytes`](EncodedMessage::as_bytes) are committed and to be transmitted.
    ///
    /// A compressed one moves the peer's window, which our own deflater then knows nothing of: the next
    /// [`send_deflated`](Self::send_deflated) begins with an empty window by itself.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`], [`SendError::Busy`]; [`Misuse::NotNegotiated`] for a compressed message where no
    /// compression was agreed on, or a smaller window.
    pub fn send_encoded<B: AsRef<[u8]>>(&mut self, message: &EncodedMessage<B>) -> Result<(), SendError> {
        self.may_send_data()?;
        if self.message.is_some() {
            return Err(SendError::Busy);
        }
        let Some(window_bits) = message.window_bits() else { return Ok(()) };
        if self.deflate.is_none_or(|agreed| window_bits > agreed.max_window_bits()) {
            return Err(Misuse::NotNegotiated.into());
        }
        self.is_window_foreign = true;
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
    /// [`Misuse::PayloadLen`] where the frame lacks less; then nothing is counted.
    pub fn payload_written(&mut self, len: u64) -> Result<(), Misuse> {
        if len == 0 {
            return Ok(());
        }
        let frame = self.frame.as_mut().ok_or(Misuse::PayloadLen)?;
        frame.remaining = frame.remaining.checked_sub(len).ok_or(Misuse::PayloadLen)?;
        self.end_frame_if_complete();
        Ok(())
    }
}

/// The longest prefix of at most `len_max` bytes that does not cut a code point.
fn first_part(payload: Payload<'_>, len_max: usize) -> &[u8] {
    let bytes = payload.as_bytes();
    let mut len = bytes.len().min(len_max);
    if let Payload::Text(text) = payload {
        while !text.is_char_boundary(len) {
            len = len.saturating_sub(1);
        }
    }
    bytes.get(..len).unwrap_or_default()
}

/// How many bytes the shortest prefix has that does not cut a code point.
fn first_len(payload: Payload<'_>) -> usize {
    match payload {
        Payload::Text(text) => text.chars().next().map_or(0, char::len_utf8),
        Payload::Binary(bytes) | Payload::Compressed { bytes, .. } => bytes.len().min(1),
    }
}
