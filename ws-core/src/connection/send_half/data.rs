// Read first: RFC 6455 §5.4, §5.6, §6.1.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;

use super::{MessageKind, SendHalf};
use crate::connection::Masking;
use crate::connection::closing::State;
use crate::error::{Misuse, SendError};
use crate::event::Payload;
use crate::frame::{Fin, Opcode, ReservedBits};

/// What [`SendHalf::send_part`] did.
///
/// ```
/// use ws_core::connection::{SendHalf, Unmasked};
/// use ws_core::frame::Fin;
///
/// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 5]);
/// let sent = sender.send_part(&[7; 100], Fin::Final, &mut out)?;
/// assert_eq!((sent.taken, sent.written, sent.is_complete), (3, 5, false));
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what was not taken is still to be sent"]
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
    /// Sends a whole message in one frame: all of it is written to the front of `out`, or nothing is. Returns how many
    /// bytes are to be transmitted, 2–14 more than the message has.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
    /// let len = sender.send("Hello", &mut out)?;
    /// assert_eq!(out[..len], *b"\x81\x05Hello");
    /// let len = sender.send(&[1, 2, 3], &mut out)?;
    /// assert_eq!(out[..len], *b"\x82\x03\x01\x02\x03");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame or a fragmented message is in progress;
    /// [`SendError::NoMaskKey`]; [`SendError::BufferTooSmall`] with the length that is required;
    /// [`Misuse::NotNegotiated`] for compressed payload without an agreement. The connection is as it was before.
    #[inline]
    pub fn send<'p>(&mut self, message: impl Into<Payload<'p>>, out: &mut [u8]) -> Result<usize, SendError> {
        let message = message.into();
        let kind = self.may_send_message(&message)?;
        let written =
            self.write_frame((kind.opcode(), kind.reserved()), Fin::Final, message.as_bytes(), out)?;
        self.sent_compressed(kind.is_compressed);
        Ok(written)
    }

    /// Sends a whole message in one frame, appended to `out`, which grows. Returns how many bytes were appended.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), Vec::new());
    /// sender.send_to("Hello", &mut out)?;
    /// sender.send_to("World", &mut out)?;
    /// assert_eq!(out, *b"\x81\x05Hello\x81\x05World");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame or a fragmented message is in progress;
    /// [`SendError::NoMaskKey`]; [`SendError::OutOfMemory`]; [`Misuse::NotNegotiated`] for compressed payload without an
    /// agreement. The connection and `out` are as they were before.
    #[cfg(feature = "alloc")]
    #[inline]
    pub fn send_to<'p>(
        &mut self,
        message: impl Into<Payload<'p>>,
        out: &mut Vec<u8>,
    ) -> Result<usize, SendError> {
        let message = message.into();
        let kind = self.may_send_message(&message)?;
        let written =
            self.append_frame((kind.opcode(), kind.reserved()), Fin::Final, message.as_bytes(), out)?;
        self.sent_compressed(kind.is_compressed);
        Ok(written)
    }

    /// Sends the next part of a message as one fragment: all of it is written to the front of `out`, or nothing is.
    /// Returns how many bytes are to be transmitted, 2–14 more than the part has. With [`Fin::Final`] the message ends.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::frame::Fin;
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), [0; 16]);
    /// let len = sender.send_fragment("Hel", Fin::More, &mut out)?;
    /// assert_eq!(out[..len], *b"\x01\x03Hel");
    /// let len = sender.send_fragment("lo", Fin::Final, &mut out)?;
    /// assert_eq!(out[..len], *b"\x80\x02lo");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame is in progress; [`SendError::NoMaskKey`];
    /// [`SendError::BufferTooSmall`] with the length that is required; [`Misuse::MessageType`] for a part of another type
    /// than those before it; [`Misuse::NotNegotiated`] for compressed payload without an agreement. The connection is as
    /// it was before.
    pub fn send_fragment<'p>(
        &mut self,
        payload: impl Into<Payload<'p>>,
        fin: Fin,
        out: &mut [u8],
    ) -> Result<usize, SendError> {
        let payload = payload.into();
        let kind = self.may_send_fragment(&payload)?;
        let written = self.write_frame(self.opcode(kind), fin, payload.as_bytes(), out)?;
        self.fragment_sent(kind, fin);
        Ok(written)
    }

    /// Sends the next part of a message as one fragment, appended to `out`, which grows. Returns how many bytes were
    /// appended. With [`Fin::Final`] the message ends.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::frame::Fin;
    ///
    /// let (mut sender, mut out) = (SendHalf::new(Unmasked), Vec::new());
    /// assert_eq!(sender.send_fragment_to("Hel", Fin::More, &mut out)?, 5);
    /// assert_eq!(sender.send_fragment_to("lo", Fin::Final, &mut out)?, 4);
    /// assert_eq!(out, *b"\x01\x03Hel\x80\x02lo");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame is in progress; [`SendError::NoMaskKey`];
    /// [`SendError::OutOfMemory`]; [`Misuse::MessageType`] for a part of another type than those before it;
    /// [`Misuse::NotNegotiated`] for compressed payload without an agreement. The connection and `out` are as they were
    /// before.
    #[cfg(feature = "alloc")]
    pub fn send_fragment_to<'p>(
        &mut self,
        payload: impl Into<Payload<'p>>,
        fin: Fin,
        out: &mut Vec<u8>,
    ) -> Result<usize, SendError> {
        let payload = payload.into();
        let kind = self.may_send_fragment(&payload)?;
        let written = self.append_frame(self.opcode(kind), fin, payload.as_bytes(), out)?;
        self.fragment_sent(kind, fin);
        Ok(written)
    }

    /// Sends as much of the next part of a message as fits into `out`, as one fragment. With [`Fin::Final`] the message
    /// ends once all is taken.
    ///
    /// What was not taken is sent by further calls; text is taken in whole code points, so that the rest is a `&str`
    /// again.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::frame::Fin;
    ///
    /// let (mut sender, mut out, mut wire) = (SendHalf::new(Unmasked), [0; 5], vec![]);
    /// let mut rest = "Hello";
    /// loop {
    ///     let sent = sender.send_part(rest, Fin::Final, &mut out)?;
    ///     wire.extend_from_slice(&out[..sent.written]); // to the stream
    ///     rest = &rest[sent.taken..];
    ///     if sent.is_complete {
    ///         break;
    ///     }
    /// }
    /// assert_eq!(wire, *b"\x01\x03Hel\x80\x02lo");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`]; [`SendError::Busy`] while a frame is in progress; [`SendError::NoMaskKey`];
    /// [`SendError::BufferTooSmall`] where `out` has no room for a header and one byte or code point;
    /// [`Misuse::MessageType`] for a part of another type than those before it; [`Misuse::NotNegotiated`] for compressed
    /// payload without an agreement. The connection is as it was before.
    pub fn send_part<'p>(
        &mut self,
        payload: impl Into<Payload<'p>>,
        fin: Fin,
        out: &mut [u8],
    ) -> Result<Sent, SendError> {
        let payload = payload.into();
        let kind = self.may_send_fragment(&payload)?;
        let part = first_part(payload, self.payload_room(out.len()));
        if part.is_empty() && !payload.as_bytes().is_empty() {
            let required = self.header_len(1).saturating_add(first_len(payload));
            return Err(SendError::BufferTooSmall { required });
        }
        let is_complete = part.len() == payload.as_bytes().len();
        let fin = if is_complete { fin } else { Fin::More };
        let written = self.write_frame(self.opcode(kind), fin, part, out)?;
        self.fragment_sent(kind, fin);
        Ok(Sent { taken: part.len(), written, is_complete })
    }

    #[inline]
    pub(super) fn may_send_data(&self) -> Result<(), SendError> {
        if self.closing.state() != State::Open {
            return Err(SendError::Closed);
        }
        if self.frame.is_some() { Err(SendError::Busy) } else { Ok(()) }
    }

    /// Whether a whole message may be sent, and of which kind it is.
    #[inline]
    fn may_send_message(&self, message: &Payload<'_>) -> Result<MessageKind, SendError> {
        let kind = MessageKind::of(message);
        self.may_send_data()?;
        if self.message.is_some() {
            return Err(SendError::Busy);
        }
        self.may_continue(kind)?;
        Ok(kind)
    }

    #[inline]
    fn may_send_fragment(&self, payload: &Payload<'_>) -> Result<MessageKind, SendError> {
        let kind = MessageKind::of(payload);
        self.may_send_data()?;
        self.may_continue(kind)?;
        Ok(kind)
    }

    #[inline]
    fn fragment_sent(&mut self, kind: MessageKind, fin: Fin) {
        self.sent_compressed(kind.is_compressed);
        self.message = if fin.is_final() { None } else { Some(kind) };
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
    fn payload_room(&self, out_len: usize) -> usize {
        let room = |payload_len: usize| out_len.saturating_sub(self.header_len(payload_len)).min(payload_len);
        room(usize::MAX).max(room(0xFFFF)).max(room(125))
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
