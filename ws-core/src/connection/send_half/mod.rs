// Read first: RFC 6455 §5.1, §6.1.

mod control;
mod data;
#[cfg(feature = "deflate")]
mod deflate;

pub use data::{FrameStart, Sent};

use super::closing::Closing;
use super::frame_in_progress::FrameInProgress;
use super::{Closure, Config, Masking, NextMask, Role, Transport};
use crate::bytes::copy;
#[cfg(feature = "deflate")]
use crate::deflate::MessageId;
use crate::error::{Misuse, SendError};
use crate::event::{MessageType, Payload};
use crate::extension::DeflateDirection;
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
/// let len = sender.send_text("Hello", &mut out)?;
/// // RFC 6455 §5.7: the unmasked text message "Hello".
/// assert_eq!(out[..len], [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SendHalf<K> {
    keys: K,
    closing: Closing,
    /// The message in progress, between its first frame and its final one.
    message: Option<MessageKind>,
    /// How messages may be compressed, where permessage-deflate was negotiated.
    deflate: Option<DeflateDirection>,
    /// Something compressed was sent that our deflater knows nothing of.
    is_window_foreign: bool,
    /// The last message that a deflater has compressed here, or is compressing.
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
        Self {
            message_type: payload.message_type(),
            is_compressed: matches!(payload, Payload::Compressed { .. }),
        }
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
    /// The room that [`poll_transmit`](Self::poll_transmit) needs at least, in bytes: a masked control frame.
    pub const TRANSMIT_LEN_MAX: usize = 2 + 4 + ControlPayload::LEN_MAX;

    /// A sender that has sent nothing since the opening handshake.
    #[must_use]
    pub const fn new(keys: K) -> Self {
        Self::with_config(keys, Config::new())
    }

    /// The same with what the configuration says on sending: whether permessage-deflate was negotiated, so that
    /// [`Payload::Compressed`] may be sent (RFC 7692 §6).
    #[must_use]
    pub const fn with_config(keys: K, config: Config) -> Self {
        Self {
            keys,
            closing: Closing::OPEN,
            message: None,
            deflate: match config.deflate() {
                Some(agreed) => Some(agreed.outgoing()),
                None => None,
            },
            is_window_foreign: false,
            #[cfg(feature = "deflate")]
            deflated: None,
            frame: None,
            pong: None,
            announcement: Announcement::Nothing,
        }
    }

    /// What to do with the transport, once all that was written is transmitted.
    #[must_use]
    #[inline]
    pub fn transport(&self) -> Transport {
        self.closing.transport(K::ROLE)
    }

    /// How the connection ended, once it has.
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
        let required = Self::header_len(payload.len()).saturating_add(payload.len());
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

    #[inline]
    fn header_len(payload_len: usize) -> usize {
        let mask_len: usize = match K::ROLE {
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
