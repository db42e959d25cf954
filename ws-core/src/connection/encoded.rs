// Read first: RFC 6455 §5.1; RFC 7692 §7.2.1.

#[cfg(feature = "alloc")]
use alloc::{vec, vec::Vec};
use core::fmt;

use super::{Config, SendHalf, Unmasked};
#[cfg(feature = "deflate")]
use crate::deflate::{Deflater, Flush};
use crate::error::SendError;
#[cfg(feature = "deflate")]
use crate::event::MessageType;
use crate::event::Payload;
use crate::extension::WindowBits;
#[cfg(feature = "deflate")]
use crate::extension::{Agreed, DeflateParams};

/// A server's message as a frame that was encoded once, and compressed once, for many receivers.
///
/// A server's frames are not masked, so they are the same for everybody. `B` holds the bytes: a `Vec`, or a slice of
/// the caller's. Each connection has to transmit it only after [`send_encoded`](SendHalf::send_encoded) it before its bytes are transmitted.
///
/// ```
/// use ws_core::connection::{Config, EncodedMessage, SendHalf, Unmasked};
/// use ws_core::event::Payload;
///
/// let mut out = [0; 16];
/// let message = EncodedMessage::encode(Payload::Text("Hello"), &mut out)?;
/// assert_eq!(message.as_bytes(), [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
///
/// let mut senders = [SendHalf::new(Unmasked), SendHalf::new(Unmasked)];
/// for sender in &mut senders {
///     sender.send_encoded(&message)?; // and transmit message.as_bytes()
/// }
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedMessage<B> {
    bytes: B,
    /// The window that it was compressed with, where it was.
    window_bits: Option<WindowBits>,
}

impl<'o> EncodedMessage<&'o [u8]> {
    /// Encodes a message to the front of `out`: 2–10 bytes more than it has.
    ///
    /// # Errors
    ///
    /// [`SendError::BufferTooSmall`]; a [`Misuse`](crate::error::Misuse) for a payload that is compressed already.
    pub fn encode(message: Payload<'_>, out: &'o mut [u8]) -> Result<Self, SendError> {
        let len = SendHalf::with_config(Unmasked, Config::new()).send(message, out)?;
        Ok(Self { bytes: out.get(..len).unwrap_or_default(), window_bits: None })
    }
}

#[cfg(feature = "alloc")]
impl EncodedMessage<Vec<u8>> {
    /// Encodes a message in an allocation of its own.
    ///
    /// # Errors
    ///
    /// A [`Misuse`](crate::error::Misuse) for a payload that is compressed already.
    pub fn new(message: Payload<'_>) -> Result<Self, SendError> {
        let mut bytes = vec![0; message.as_bytes().len().saturating_add(HEADER_LEN_MAX)];
        let len = EncodedMessage::encode(message, &mut bytes)?.bytes.len();
        bytes.truncate(len);
        Ok(Self { bytes, window_bits: None })
    }

    /// Compresses a message without reference to any other, and encodes it in an allocation of its own: a broadcast
    /// then costs one compression. Receivers with whom no compression was agreed on, or a smaller window, do not admit
    /// it; for them there is [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// None that can be met; the type is that of sending.
    #[cfg(feature = "deflate")]
    pub fn compressed(
        message_type: MessageType,
        payload: &[u8],
        deflater: &mut Deflater,
    ) -> Result<Self, SendError> {
        // What was never committed is never referred to.
        deflater.discard();
        deflater.forget();
        let mut compressed = Vec::new();
        let (mut rest, mut len) = (payload, 0_usize);
        loop {
            compressed.resize(len.saturating_mul(2).max(ROOM_LEN_MIN), 0);
            let room = compressed.get_mut(len..).unwrap_or_default();
            let done = deflater.deflate(rest, Flush::Message, room);
            rest = rest.get(done.taken..).unwrap_or_default();
            len = len.saturating_add(done.written);
            if done.is_done {
                break;
            }
        }
        compressed.truncate(len);
        let window_bits = deflater.settings().window_bits();
        let config = Config::new().with_deflate(Agreed::server(DeflateParams::default()));
        let mut bytes = vec![0; len.saturating_add(HEADER_LEN_MAX)];
        let payload = Payload::Compressed { message_type, bytes: &compressed };
        let len = SendHalf::with_config(Unmasked, config).send(payload, &mut bytes)?;
        bytes.truncate(len);
        Ok(Self { bytes, window_bits: Some(window_bits) })
    }
}

impl<B: AsRef<[u8]>> EncodedMessage<B> {
    /// The frame, to be transmitted to whoever has admitted it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    /// The same, borrowed: for where the type of the storage should not matter.
    #[must_use]
    pub fn as_borrowed(&self) -> EncodedMessage<&[u8]> {
        EncodedMessage { bytes: self.as_bytes(), window_bits: self.window_bits }
    }

    /// The window that it was compressed with; `None` where it is not compressed.
    #[must_use]
    pub const fn window_bits(&self) -> Option<WindowBits> {
        self.window_bits
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for EncodedMessage<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedMessage")
            .field("len", &self.as_bytes().len())
            .field("window_bits", &self.window_bits)
            .finish_non_exhaustive()
    }
}

/// A server's longest header, in bytes (RFC 6455 §5.2).
#[cfg(feature = "alloc")]
const HEADER_LEN_MAX: usize = 10;

/// The first allocation for what is compressed, in bytes.
#[cfg(feature = "deflate")]
const ROOM_LEN_MIN: usize = 1024;
