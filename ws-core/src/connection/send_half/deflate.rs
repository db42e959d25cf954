// Read first: RFC 7692 §6.1, §7.2.1.

use super::{MessageKind, SendHalf};
use crate::connection::{Masking, Sent};
use crate::deflate::{Deflater, Flush};
use crate::error::{Misuse, SendError};
use crate::event::MessageType;
use crate::frame::{Fin, FrameHeader, Mask};

impl<K: Masking> SendHalf<K> {
    /// Compresses the next part of a message and sends it as one fragment, with as much as fits into `out`.
    ///
    /// As [`send_fragment`](Self::send_fragment): what was not taken is sent by further calls. The compressed message
    /// may need another call after the last byte was taken; [`Sent::is_complete`] says when it is done. With
    /// [`Fin::More`] everything given so far can be inflated by the peer. Payload is taken by bytes, and that of a text
    /// message is not checked here.
    ///
    /// Which messages are compressed is the caller's choice, message by message; others in between are sent as ever.
    /// The deflater is made by [`DeflateSettings`](crate::deflate::DeflateSettings) within what was agreed on. One with
    /// context takeover belongs to this connection alone; one without may serve many in turn.
    ///
    /// ```
    /// use ws_core::connection::{Config, SendHalf, Unmasked};
    /// use ws_core::deflate::{DeflateSettings, Deflater};
    /// use ws_core::event::MessageType;
    /// use ws_core::extension::{Agreed, DeflateParams};
    /// use ws_core::frame::Fin;
    ///
    /// let agreed = Agreed::server(DeflateParams::default()); // as the handshake has it
    /// let mut sender = SendHalf::with_config(Unmasked, Config::new().with_deflate(agreed));
    /// let mut deflater = Deflater::new(DeflateSettings::from(agreed.outgoing()));
    /// let mut out = [0; 64];
    /// let sent = sender.send_deflated(MessageType::Text, b"Hello", Fin::Final, &mut deflater, &mut out)?;
    /// // RFC 7692 §7.2.3.1: a frame with one compressed block.
    /// assert_eq!(out[..sent.written], [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    /// assert!(sent.is_complete);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send_fragment`](Self::send_fragment), and [`Misuse::NotNegotiated`], also where the deflater's window is
    /// larger than agreed on, or it keeps a context where none was. Nothing was compressed then.
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
        let head_len_max = Self::header_len(out.len());
        let Some(body) = out.get_mut(head_len_max..).filter(|body| !body.is_empty()) else {
            return Err(SendError::BufferTooSmall { required: Self::header_len(1).saturating_add(1) });
        };
        let key = self.next_key()?;
        if core::mem::take(&mut self.is_window_foreign) {
            deflater.forget();
        }
        let flush = if fin.is_final() { Flush::Message } else { Flush::Fragment };
        let done = deflater.deflate(payload, flush, body);
        let fin = if done.is_done { fin } else { Fin::More };
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

    /// Whether what this deflater makes is within what was agreed on.
    fn may_use(&self, deflater: &Deflater) -> bool {
        let settings = deflater.settings();
        self.deflate.is_some_and(|agreed| {
            settings.window_bits <= agreed.max_window_bits()
                && (agreed.has_context_takeover() || !settings.takeover.is_allowed())
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
