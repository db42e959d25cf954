use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::mem;

use super::bytes::{Bytes, wanted_room};
#[cfg(feature = "deflate")]
use super::inflating::Inflating;
use super::storage::Storage;
use super::{Assembly, Part};
use crate::bytes::copy;
#[cfg(feature = "deflate")]
use crate::deflate::Inflater;
#[cfg(feature = "deflate")]
use crate::error::Violation;
use crate::error::{Fail, Fault, Limit};
use crate::event::{Fragment, MessageType, Payload};

/// Assembles messages in one allocation that grows with what has arrived, never with what was announced.
///
/// The allocation is kept from message to message, as long as it is no longer than what
/// [`with_kept_len_max`](Self::with_kept_len_max) allows.
///
/// ```
/// use ws_core::connection::{Config, ReceiveHalf, Role};
/// use ws_core::event::{Event, Payload};
/// use ws_core::input::ReadBuffer;
/// use ws_core::message::{Assembly, MessageBuffer};
///
/// // RFC 6455 §5.7: "Hel" and "lo", fragments of an unmasked text message.
/// let mut bytes = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
/// let mut buffer = ReadBuffer::with_filled(&mut bytes[..], 9).ok_or("too short")?;
/// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
/// let mut message = MessageBuffer::new();
/// let mut input = buffer.input();
/// while let Some(Event::Data(fragment)) = receiver.next_event(&mut input) {
///     if message.push(fragment, &mut receiver)? == Assembly::Complete {
///         assert_eq!(message.message(), Some(Payload::Text("Hello")));
///     }
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct MessageBuffer {
    content: Content,
    assembly: Assembly,
    kept_len_max: usize,
    /// How long a message is expected to be at most.
    len_max: usize,
    #[cfg(feature = "deflate")]
    inflater: Option<Inflater>,
}

/// One allocation, which is text by type while it holds text.
enum Content {
    Text(String),
    Binary(Bytes),
    Compressed(MessageType, Bytes),
    #[cfg(feature = "deflate")]
    Inflating(Inflating),
}

impl MessageBuffer {
    /// The longest allocation that is kept from message to message by default: 64 KiB.
    pub const KEPT_LEN_MAX: usize = 64 * 1024;

    /// A buffer without an allocation.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            content: Content::Binary(Bytes::new(Vec::new())),
            assembly: Assembly::Incomplete,
            kept_len_max: Self::KEPT_LEN_MAX,
            len_max: usize::MAX,
            #[cfg(feature = "deflate")]
            inflater: None,
        }
    }

    /// The same, but keeping an allocation of up to `len` bytes from message to message.
    #[must_use]
    pub fn with_kept_len_max(self, len: usize) -> Self {
        Self { kept_len_max: len, ..self }
    }

    /// The same, for messages of at most `len` bytes, as the limits of the connection are: the allocation, which is doubled
    /// each time that it is too short, is not made longer than that in advance.
    #[must_use]
    pub fn with_len_max(self, len: usize) -> Self {
        Self { len_max: len, ..self }
    }

    /// The same, inflating compressed messages (RFC 7692 §6.2); without it they are joined as they are.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_inflater(self, inflater: Inflater) -> Self {
        Self { inflater: Some(inflater), ..self }
    }

    /// Appends a fragment. The first one of a message takes the place of the message before.
    ///
    /// # Errors
    ///
    /// [`Limit::MessageLen`] where there is no memory for it; of a compressed message, that and
    /// [`Violation`](crate::error::Violation)s, as the inflater finds them. `connection` is failed with the error, which
    /// queues the Close that tells the peer (RFC 6455 §7.4.1).
    pub fn push(&mut self, fragment: Fragment<'_>, connection: &mut impl Fail) -> Result<Assembly, Fault> {
        self.append(fragment).inspect_err(|&fault| connection.fail(fault))
    }

    /// The message, once it is complete.
    #[must_use]
    pub fn message(&self) -> Option<Payload<'_>> {
        match (self.assembly, &self.content) {
            (Assembly::Incomplete, _) => None,
            (Assembly::Complete, Content::Text(text)) => Some(Payload::Text(text)),
            (Assembly::Complete, Content::Binary(bytes)) => Some(Payload::Binary(bytes.as_slice())),
            (Assembly::Complete, Content::Compressed(message_type, bytes)) => {
                Some(Payload::Compressed { message_type: *message_type, bytes: bytes.as_slice() })
            }
            #[cfg(feature = "deflate")]
            (Assembly::Complete, Content::Inflating(_)) => None,
        }
    }

    /// The message as text that is the caller's, once it is complete; `None` for a binary one. Nothing is copied.
    pub fn take_text(&mut self) -> Option<String> {
        match (self.assembly, &mut self.content) {
            (Assembly::Complete, Content::Text(text)) => {
                self.assembly = Assembly::Incomplete;
                Some(mem::take(text))
            }
            _ => None,
        }
    }

    /// The message as bytes that are the caller's, once it is complete, whatever its type. Nothing is copied.
    pub fn take_bytes(&mut self) -> Option<Vec<u8>> {
        if self.assembly == Assembly::Incomplete {
            return None;
        }
        self.assembly = Assembly::Incomplete;
        Some(self.content.take_bytes())
    }

    /// How many bytes the allocation has room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        match &self.content {
            Content::Text(text) => text.capacity(),
            Content::Binary(bytes) | Content::Compressed(_, bytes) => bytes.capacity(),
            #[cfg(feature = "deflate")]
            Content::Inflating(inflating) => inflating.capacity(),
        }
    }

    /// Drops the message, and the allocation where it is longer than what is kept.
    pub fn clear(&mut self) {
        self.content = Content::Binary(Bytes::new(self.reclaim()));
    }

    fn try_append(&mut self, fragment: Fragment<'_>) -> Result<(), Fault> {
        if fragment.is_first {
            self.restart(fragment.payload);
        } else if self.assembly == Assembly::Complete {
            self.clear();
        }
        #[cfg(feature = "deflate")]
        if let (Content::Inflating(inflating), Some(inflater)) = (&mut self.content, &mut self.inflater) {
            inflating.push(fragment.payload.as_bytes(), fragment.fin(), inflater)?;
            if fragment.is_last {
                self.content = self.content.take_inflated()?;
            }
            return Ok(());
        }
        let appended = match (&mut self.content, fragment.payload) {
            (Content::Text(text), Payload::Text(added)) => append_text(text, added, self.len_max),
            (_, payload) => {
                let bytes = payload.as_bytes();
                self.content.extend(bytes.len(), self.len_max).map(|room| copy(bytes, room))
            }
        };
        appended.ok_or(Fault::Limit(Limit::MessageLen))
    }

    /// Empties the buffer and gives it the type of what comes.
    fn restart(&mut self, payload: Payload<'_>) {
        let mut bytes = self.reclaim();
        self.content = match payload {
            Payload::Text(_) => {
                bytes.clear();
                Content::Text(String::from_utf8(bytes).unwrap_or_default())
            }
            Payload::Binary(_) => Content::Binary(Bytes::new(bytes)),
            #[cfg(feature = "deflate")]
            Payload::Compressed { message_type, .. } if self.inflater.is_some() => {
                Content::Inflating(Inflating::new(message_type, bytes))
            }
            Payload::Compressed { message_type, .. } => Content::Compressed(message_type, Bytes::new(bytes)),
        };
    }

    /// The allocation with what is in it, where it is not too long to be kept.
    fn reclaim(&mut self) -> Vec<u8> {
        self.assembly = Assembly::Incomplete;
        let bytes = self.content.take_storage();
        if bytes.capacity() > self.kept_len_max { Vec::new() } else { bytes }
    }

    /// Nothing of a message that cannot be assembled is kept.
    #[cold]
    fn give_up(&mut self, fault: Fault) -> Fault {
        self.clear();
        fault
    }
}

impl Storage for MessageBuffer {
    fn append(&mut self, fragment: Fragment<'_>) -> Result<Assembly, Fault> {
        if let Err(fault) = self.try_append(fragment) {
            return Err(self.give_up(fault));
        }
        self.assembly = Assembly::behind(fragment.is_last);
        Ok(self.assembly)
    }

    fn append_part(&mut self, part: Part, write: impl FnOnce(&mut [u8])) -> Result<Assembly, Fault> {
        if part.is_first || self.assembly == Assembly::Complete {
            self.clear();
        }
        match self.content.extend(part.len, self.len_max) {
            Some(room) => write(room),
            None => return Err(self.give_up(Limit::MessageLen.into())),
        }
        self.assembly = Assembly::behind(part.is_last);
        Ok(self.assembly)
    }

    fn spare(&mut self, len_max: usize) -> Option<&mut [u8]> {
        match (self.assembly, &mut self.content) {
            (Assembly::Incomplete, Content::Binary(bytes)) => bytes.spare(len_max, self.len_max),
            _ => None,
        }
    }

    fn filled(&mut self, len: usize) {
        if let Content::Binary(bytes) = &mut self.content {
            bytes.filled(len);
        }
    }

    fn assembled(&self) -> Option<Payload<'_>> {
        self.message()
    }
}

/// Appends, or is `None` and changes nothing where there is no memory.
fn append_text(text: &mut String, added: &str, len_max: usize) -> Option<()> {
    let required = text.len().checked_add(added.len())?;
    text.try_reserve_exact(wanted_room(text.len(), text.capacity(), required, len_max)).ok()?;
    text.push_str(added);
    Some(())
}

impl Content {
    /// `added` more bytes, to be written; `None` where there is no memory for them.
    fn extend(&mut self, added: usize, len_max: usize) -> Option<&mut [u8]> {
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
    fn take_inflated(&mut self) -> Result<Self, Fault> {
        let is_text =
            matches!(self, Self::Inflating(inflating) if inflating.message_type == MessageType::Text);
        let bytes = self.take_bytes();
        if !is_text {
            return Ok(Self::Binary(bytes.into()));
        }
        String::from_utf8(bytes).map(Self::Text).map_err(|_invalid| Violation::InvalidUtf8.into())
    }

    /// The message, in an allocation that is given away.
    fn take_bytes(&mut self) -> Vec<u8> {
        match self {
            Self::Text(text) => mem::take(text).into_bytes(),
            Self::Binary(bytes) | Self::Compressed(_, bytes) => bytes.take(),
            #[cfg(feature = "deflate")]
            Self::Inflating(inflating) => inflating.take_bytes(),
        }
    }

    /// The allocation, with whatever is in it.
    fn take_storage(&mut self) -> Vec<u8> {
        match self {
            Self::Binary(bytes) | Self::Compressed(_, bytes) => bytes.take_storage(),
            Self::Text(_) => self.take_bytes(),
            #[cfg(feature = "deflate")]
            Self::Inflating(_) => self.take_bytes(),
        }
    }
}

impl Default for MessageBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MessageBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageBuffer")
            .field("assembly", &self.assembly)
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
