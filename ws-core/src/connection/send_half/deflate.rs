// Read first: RFC 7692 §6.1, §7.2.1.

use super::{MessageKind, SendHalf};
use crate::connection::{Masking, Sent};
use crate::deflate::{Deflater, Flush, MessageId};
use crate::error::{Misuse, SendError};
use crate::event::MessageType;
use crate::frame::{Fin, FrameHeader, Mask};

impl<K: Masking> SendHalf<K> {
    /// Compresses the next part of a message and sends it as one fragment, with as much as fits into `out`. Returns how
    /// much of `payload` was taken and how many bytes of `out` are to be transmitted.
    ///
    /// What was not taken is sent by further calls with the same deflater, and the compressed message may need another
    /// call after the last byte was taken; [`Sent::is_complete`] says when it is done. With [`Fin::More`] the peer can
    /// inflate everything given so far. Payload is taken by bytes, and that of a text message is not checked here.
    ///
    /// Which messages are compressed is the caller's choice, message by message; others may be sent in between.
    ///
    /// The deflater comes from [`Agreed::deflater`](crate::extension::Agreed::deflater), or is made by
    /// [`DeflateSettings`](crate::deflate::DeflateSettings) within what was agreed on. With context takeover it refers to
    /// earlier messages of this connection. One deflater may serve many connections in turn: after a change of connection,
    /// and after a compressed message that was sent in another way, it starts with an empty window. A message that it has
    /// in progress for another connection is given up, and cannot be continued.
    ///
    /// ```
    /// use ws_core::connection::{SendHalf, Unmasked};
    /// use ws_core::event::MessageType;
    /// use ws_core::extension::{Agreed, DeflateParams};
    /// use ws_core::frame::Fin;
    ///
    /// let agreed = Agreed::server(DeflateParams::default()); // what the handshake returns
    /// let mut sender = SendHalf::new(Unmasked).with_deflate(agreed);
    /// let (mut deflater, mut out) = (agreed.deflater(), [0; 64]);
    /// let sent = sender.send_deflated(MessageType::Text, b"Hello", Fin::Final, &mut deflater, &mut out)?;
    /// // RFC 7692 §7.2.3.1: a frame with one compressed block.
    /// assert_eq!(out[..sent.written], [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    /// assert!(sent.is_complete);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Nothing was compressed or written then, and both the connection and the deflater are as before.
    ///
    /// - [`SendError::Closed`] once a Close was sent or is to be, and [`SendError::Busy`] while a frame is in progress.
    /// - [`SendError::NoMaskKey`] if the key source has none.
    /// - [`SendError::BufferTooSmall`] if `out` has no room for a header and one byte.
    /// - [`Misuse::NotNegotiated`] if no compression was agreed on, or the deflater's window is larger than what was, or it
    ///   has context takeover where that is forbidden.
    /// - [`Misuse::MessageType`] if the message in progress is of another type, or not compressed.
    /// - [`Misuse::Deflater`] if a message is in progress and this deflater does not have it.
    pub fn send_deflated(
        &mut self,
        message_type: MessageType,
        payload: &[u8],
        fin: Fin,
        deflater: &mut Deflater,
        out: &mut [u8],
    ) -> Result<Sent, SendError> {
        let kind = MessageKind { message_type, is_compressed: true };
        self.may_send_data()?;
        self.may_continue(kind)?;
        if !self.may_use(deflater) {
            return Err(Misuse::NotNegotiated.into());
        }
        let in_progress = self.in_progress(deflater)?;
        let head_len_max = self.header_len(out.len());
        let Some(body) = out.get_mut(head_len_max..).filter(|body| !body.is_empty()) else {
            return Err(SendError::BufferTooSmall { required: self.header_len(1).saturating_add(1) });
        };
        // From here on nothing fails: the body is shorter than the longest frame.
        let key = self.next_key()?;
        let message = in_progress.unwrap_or_else(|| deflater.begin(self.deflated));
        self.deflated = Some(message);
        let flush = if fin.is_final() { Flush::Message } else { Flush::Fragment };
        let done = deflater.advance(payload, flush, body);
        let fin = if deflater.is_in(message) { Fin::More } else { Fin::Final };
        let (opcode, reserved) = self.opcode(kind);
        let payload_len = u64::try_from(done.written).unwrap_or(u64::MAX);
        let header = FrameHeader::new(opcode, fin, payload_len, key).ok_or(Misuse::FrameLen)?;
        let header = header.with_reserved(reserved).encode();
        let written = place(header.as_bytes(), head_len_max, done.written, out);
        if let (Some(key), Some(body)) = (key, out.get_mut(header.as_bytes().len()..written)) {
            Mask::new(key).apply(body);
        }
        self.message = if fin.is_final() { None } else { Some(kind) };
        if fin.is_final() {
            // What was written is committed, so the peer will have it.
            deflater.commit();
        }
        Ok(Sent { taken: done.taken, written, is_complete: done.is_done })
    }

    /// The message in progress, if there is one. An error says that this deflater does not have it.
    fn in_progress(&self, deflater: &Deflater) -> Result<Option<MessageId>, Misuse> {
        if self.message.is_none() {
            return Ok(None);
        }
        let begun = self.deflated.filter(|&message| deflater.is_in(message));
        begun.map(Some).ok_or(Misuse::Deflater)
    }

    /// Whether what this deflater makes is within what was agreed on.
    fn may_use(&self, deflater: &Deflater) -> bool {
        let settings = deflater.settings();
        self.deflate.is_some_and(|agreed| {
            settings.window_bits() <= agreed.max_window_bits()
                && (agreed.has_context_takeover() || !settings.context_takeover().is_allowed())
        })
    }
}

/// Puts the header before the body, which lies at `body_start`; returns how long both are.
fn place(header: &[u8], body_start: usize, body_len: usize, out: &mut [u8]) -> usize {
    let body_end = body_start.saturating_add(body_len);
    if header.len() <= body_start && body_end <= out.len() {
        out.copy_within(body_start..body_end, header.len());
    }
    if let Some(head) = out.get_mut(..header.len()) {
        head.copy_from_slice(header);
    }
    header.len().saturating_add(body_len)
}
