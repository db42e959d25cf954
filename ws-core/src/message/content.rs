use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::bytes::{Bytes, wanted_room};
#[cfg(feature = "deflate")]
use super::inflating::Inflating;
#[cfg(feature = "deflate")]
use crate::error::{Fault, Violation};
use crate::event::{MessageType, Payload};

/// One allocation, which is text by type while it holds text.
pub(super) enum Content {
    Text(String),
    Binary(Bytes),
    Compressed(MessageType, Bytes),
    #[cfg(feature = "deflate")]
    Inflating(Inflating),
}

/// Appends, or is `None` and changes nothing where there is no memory.
pub(super) fn append_text(text: &mut String, added: &str, len_max: usize) -> Option<()> {
    let required = text.len().checked_add(added.len())?;
    text.try_reserve_exact(wanted_room(text.len(), text.capacity(), required, len_max)).ok()?;
    text.push_str(added);
    Some(())
}

impl Content {
    /// What is there, if it is not being inflated.
    #[cfg_attr(not(feature = "deflate"), expect(clippy::unnecessary_wraps, reason = "then nothing is"))]
    pub(super) fn payload(&self) -> Option<Payload<'_>> {
        match self {
            Self::Text(text) => Some(Payload::Text(text)),
            Self::Binary(bytes) => Some(Payload::Binary(bytes.as_slice())),
            Self::Compressed(message_type, bytes) => {
                Some(Payload::Compressed { message_type: *message_type, bytes: bytes.as_slice() })
            }
            #[cfg(feature = "deflate")]
            Self::Inflating(_) => None,
        }
    }

    /// Whether fragments of a compressed message are appended to it.
    pub(super) const fn is_compressed(&self) -> bool {
        match self {
            Self::Text(_) | Self::Binary(_) => false,
            Self::Compressed(..) => true,
            #[cfg(feature = "deflate")]
            Self::Inflating(_) => true,
        }
    }

    /// `added` more bytes, to be written; `None` where there is no memory for them.
    pub(super) fn extend(&mut self, added: usize, len_max: usize) -> Option<&mut [u8]> {
        if matches!(self, Self::Text(_)) {
            // Bytes within text: the caller mixes events and pieces, and gets bytes.
            *self = Self::Binary(self.take_bytes().into());
        }
        match self {
            Self::Binary(bytes) | Self::Compressed(_, bytes) => bytes.extend(added, len_max),
            Self::Text(_) => None,
            #[cfg(feature = "deflate")]
            Self::Inflating(_) => None,
        }
    }

    /// The message that was inflated, by its type.
    #[cfg(feature = "deflate")]
    pub(super) fn take_inflated(&mut self) -> Result<Self, Fault> {
        let is_text =
            matches!(self, Self::Inflating(inflating) if inflating.message_type == MessageType::Text);
        let bytes = self.take_bytes();
        if !is_text {
            return Ok(Self::Binary(bytes.into()));
        }
        String::from_utf8(bytes).map(Self::Text).map_err(|_invalid| Violation::InvalidUtf8.into())
    }

    /// The message, in an allocation that is given away.
    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        match self {
            Self::Text(text) => mem::take(text).into_bytes(),
            Self::Binary(bytes) | Self::Compressed(_, bytes) => bytes.take(),
            #[cfg(feature = "deflate")]
            Self::Inflating(inflating) => inflating.take_bytes(),
        }
    }

    /// The allocation, with whatever is in it.
    pub(super) fn take_storage(&mut self) -> Vec<u8> {
        match self {
            Self::Binary(bytes) | Self::Compressed(_, bytes) => bytes.take_storage(),
            Self::Text(_) => self.take_bytes(),
            #[cfg(feature = "deflate")]
            Self::Inflating(_) => self.take_bytes(),
        }
    }
}
