// Read first: RFC 6455 §5.1; RFC 7692 §7.2.1.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::fmt;

use super::{SendHalf, Unmasked};
#[cfg(feature = "deflate")]
use crate::deflate::{Deflater, Flush};
use crate::error::SendError;
#[cfg(feature = "deflate")]
use crate::event::Payload;
use crate::extension::WindowBits;
#[cfg(feature = "deflate")]
use crate::extension::{Agreed, DeflateParams};
use crate::message::Message;

/// A server's message as a frame that was encoded once, and compressed once, for many receivers.
///
/// A server's frames are not masked, so they are the same for everybody. `B` holds the bytes: a `Vec`, or a slice of
/// the caller's. [`send_encoded`](SendHalf::send_encoded) says for each connection whether the bytes may be transmitted.
///
/// ```
/// use ws_core::connection::{EncodedMessage, SendHalf, Unmasked};
///
/// let mut out = [0; 16];
/// let message = EncodedMessage::encode("Hello", &mut out)?;
/// assert_eq!(message.as_bytes(), [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
///
/// let mut senders = [SendHalf::new(Unmasked), SendHalf::new(Unmasked)];
/// for sender in &mut senders {
///     sender.send_encoded(&message)?; // and transmit message.as_bytes()
/// }
/// # Ok::<(), ws_core::error::SendError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EncodedMessage<B> {
    bytes: B,
    /// The window that it was compressed with, where it was.
    window_bits: Option<WindowBits>,
}

impl<'o> EncodedMessage<&'o [u8]> {
    /// Encodes a message to the front of `out`: 2–10 bytes more than it has.
    ///
    /// ```
    /// use ws_core::connection::EncodedMessage;
    /// use ws_core::error::SendError;
    ///
    /// let too_small = EncodedMessage::encode("Hello", &mut [0; 6]).err();
    /// assert_eq!(too_small, Some(SendError::BufferTooSmall { required: 7 }));
    /// let mut out = [0; 16];
    /// assert_eq!(EncodedMessage::encode("Hello", &mut out)?.as_bytes(), b"\x81\x05Hello");
    /// # Ok::<(), SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::BufferTooSmall`] with the length that is required.
    pub fn encode<'m>(message: impl Into<Message<'m>>, out: &'o mut [u8]) -> Result<Self, SendError> {
        let len = SendHalf::new(Unmasked).send(message.into(), out)?;
        Ok(Self { bytes: out.get(..len).unwrap_or_default(), window_bits: None })
    }
}

#[cfg(feature = "alloc")]
impl EncodedMessage<Vec<u8>> {
    /// Encodes a message in an allocation of its own.
    ///
    /// ```
    /// use ws_core::connection::EncodedMessage;
    ///
    /// let message = EncodedMessage::new("Hello")?;
    /// assert_eq!(message.as_bytes(), b"\x81\x05Hello");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::OutOfMemory`].
    pub fn new<'m>(message: impl Into<Message<'m>>) -> Result<Self, SendError> {
        let mut bytes = Vec::new();
        SendHalf::new(Unmasked).send_to(message.into(), &mut bytes)?;
        Ok(Self { bytes, window_bits: None })
    }

    /// Compresses a message without reference to any other, and encodes it in an allocation of its own: a broadcast
    /// then costs one compression. [`send_encoded`](SendHalf::send_encoded) refuses it on connections that did not agree
    /// on compression, or on a smaller window than the deflater's; for them there is [`new`](Self::new).
    ///
    /// What the deflater had in progress is given up.
    ///
    /// ```
    /// use ws_core::connection::{EncodedMessage, SendHalf, Unmasked};
    /// use ws_core::deflate::{DeflateSettings, Deflater};
    /// use ws_core::extension::{Agreed, DeflateParams};
    ///
    /// let mut deflater = Deflater::new(DeflateSettings::default());
    /// let message = EncodedMessage::compressed("Hello", &mut deflater)?;
    /// assert_eq!(message.as_bytes(), [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    ///
    /// let mut sender = SendHalf::new(Unmasked).with_deflate(Agreed::server(DeflateParams::default()));
    /// assert_eq!(sender.send_encoded(&message), Ok(()));
    /// assert!(SendHalf::new(Unmasked).send_encoded(&message).is_err(), "not negotiated");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError::OutOfMemory`].
    #[cfg(feature = "deflate")]
    pub fn compressed<'m>(
        message: impl Into<Message<'m>>,
        deflater: &mut Deflater,
    ) -> Result<Self, SendError> {
        let message = message.into();
        let compressed = deflater.compress_alone(message.as_bytes())?;
        let agreed = Agreed::server(DeflateParams::default());
        let payload = Payload::Compressed { message_type: message.message_type(), bytes: &compressed };
        let mut bytes = Vec::new();
        SendHalf::new(Unmasked).with_deflate(agreed).send_to(payload, &mut bytes)?;
        Ok(Self { bytes, window_bits: Some(deflater.settings().window_bits()) })
    }
}

#[cfg(feature = "deflate")]
impl Deflater {
    /// A whole message, compressed without reference to any other.
    fn compress_alone(&mut self, mut payload: &[u8]) -> Result<Vec<u8>, SendError> {
        // What was never committed is never referred to.
        self.discard();
        self.forget();
        let (mut compressed, mut len) = (Vec::new(), 0_usize);
        loop {
            let room_end = len.saturating_mul(2).max(ROOM_LEN_MIN);
            compressed.try_reserve(room_end.saturating_sub(len)).map_err(|_full| SendError::OutOfMemory)?;
            compressed.resize(room_end, 0);
            let room = compressed.get_mut(len..).unwrap_or_default();
            let done = self.deflate(payload, Flush::Message, room);
            payload = payload.get(done.taken..).unwrap_or_default();
            len = len.saturating_add(done.written);
            if done.is_done {
                compressed.truncate(len);
                return Ok(compressed);
            }
        }
    }
}

impl<B: AsRef<[u8]>> EncodedMessage<B> {
    /// The frame, to be transmitted by connections whose [`send_encoded`](SendHalf::send_encoded) has allowed it.
    ///
    /// ```
    /// use ws_core::connection::{EncodedMessage, SendHalf, Unmasked};
    ///
    /// let mut out = [0; 16];
    /// let message = EncodedMessage::encode(&[1, 2, 3], &mut out)?;
    /// let (mut sender, mut wire) = (SendHalf::new(Unmasked), Vec::new());
    /// sender.send_encoded(&message)?;
    /// wire.extend_from_slice(message.as_bytes());
    /// assert_eq!(wire, [0x82, 3, 1, 2, 3]);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.as_ref()
    }

    /// The message, borrowed: for where the type of the storage should not matter.
    ///
    /// ```
    /// use ws_core::connection::EncodedMessage;
    ///
    /// fn frame_len(message: EncodedMessage<&[u8]>) -> usize {
    ///     message.as_bytes().len()
    /// }
    /// let mut out = [0; 16];
    /// let message = EncodedMessage::encode("Hello", &mut out)?;
    /// assert_eq!(frame_len(message.as_borrowed()), 7);
    /// assert_eq!(message.as_borrowed(), message);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
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

impl<B: AsRef<[u8]>> AsRef<[u8]> for EncodedMessage<B> {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
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

/// The first allocation for what is compressed, in bytes.
#[cfg(feature = "deflate")]
const ROOM_LEN_MIN: usize = 1024;
