use core::fmt;

use super::storage::Storage;
use super::{Assembly, Part};
use crate::bytes::copy;
use crate::error::{Fail, Fault, Limit};
use crate::event::{Fragment, MessageType, Payload};

/// Assembles messages in storage of the caller's, of any `AsMut<[u8]>`: nothing is allocated.
///
/// ```
/// use ws_core::connection::{Config, ReceiveHalf, Role};
/// use ws_core::event::{Event, Payload};
/// use ws_core::input::ReadBuffer;
/// use ws_core::message::{Assembly, MessageSlice};
///
/// // RFC 6455 §5.7: "Hel" and "lo", fragments of an unmasked text message.
/// let mut bytes = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
/// let mut buffer = ReadBuffer::with_filled(&mut bytes[..], 9).ok_or("too short")?;
/// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
/// let mut message = MessageSlice::new([0; 1024]);
/// let mut input = buffer.input();
/// while let Some(Event::Data(fragment)) = receiver.next_event(&mut input) {
///     if message.push(fragment, &mut receiver)? == Assembly::Complete {
///         assert_eq!(message.message(), Some(Payload::Text("Hello")));
///     }
/// }
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MessageSlice<S> {
    storage: S,
    len: usize,
    message_type: MessageType,
    is_compressed: bool,
    assembly: Assembly,
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> MessageSlice<S> {
    /// Storage for messages of at most as many bytes as it has.
    #[must_use]
    pub fn new(storage: S) -> Self {
        let (message_type, assembly) = (MessageType::Binary, Assembly::Incomplete);
        Self { storage, len: 0, message_type, is_compressed: false, assembly }
    }

    /// Appends a fragment. The first one of a message takes the place of the message before.
    ///
    /// # Errors
    ///
    /// [`Limit::MessageLen`] where the storage is too short; `connection` is failed with it, which queues the Close
    /// with 1009 (RFC 6455 §7.4.1).
    pub fn push(&mut self, fragment: Fragment<'_>, connection: &mut impl Fail) -> Result<Assembly, Fault> {
        self.append(fragment).inspect_err(|&fault| connection.fail(fault))
    }

    /// The message, once it is complete; a compressed one as it is.
    ///
    /// Text is validated here once more, as its fragments were when they came: without `unsafe` there is no other
    /// way from bytes in the caller's storage to a `str`. A [`MessageBuffer`](super::MessageBuffer) has no need to.
    #[must_use]
    pub fn message(&self) -> Option<Payload<'_>> {
        let bytes = self.storage.as_ref().get(..self.len)?;
        let message_type = self.message_type;
        match (self.assembly, message_type) {
            (Assembly::Incomplete, _) => None,
            (Assembly::Complete, _) if self.is_compressed => {
                Some(Payload::Compressed { message_type, bytes })
            }
            (Assembly::Complete, MessageType::Binary) => Some(Payload::Binary(bytes)),
            (Assembly::Complete, MessageType::Text) => core::str::from_utf8(bytes).ok().map(Payload::Text),
        }
    }

    /// The storage, for another use.
    #[must_use]
    pub fn into_storage(self) -> S {
        self.storage
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> Storage for MessageSlice<S> {
    fn append(&mut self, fragment: Fragment<'_>) -> Result<Assembly, Fault> {
        let Fragment { payload, is_first, is_last } = fragment;
        let bytes = payload.as_bytes();
        let assembly =
            self.append_part(Part { len: bytes.len(), is_first, is_last }, |room| copy(bytes, room))?;
        if is_first {
            self.message_type = payload.message_type();
            self.is_compressed = matches!(payload, Payload::Compressed { .. });
        }
        Ok(assembly)
    }

    #[inline]
    fn append_part(&mut self, part: Part, write: impl FnOnce(&mut [u8])) -> Result<Assembly, Fault> {
        if part.is_first || self.assembly == Assembly::Complete {
            (self.len, self.message_type, self.is_compressed) = (0, MessageType::Binary, false);
        }
        self.assembly = Assembly::Incomplete;
        let room = self.storage.as_mut().get_mut(self.len..).and_then(|room| room.get_mut(..part.len));
        write(room.ok_or(Limit::MessageLen)?);
        self.len = self.len.saturating_add(part.len);
        self.assembly = Assembly::behind(part.is_last);
        Ok(self.assembly)
    }

    fn spare(&mut self, len_max: usize) -> Option<&mut [u8]> {
        let is_in_progress = self.assembly == Assembly::Incomplete && self.len > 0;
        let room =
            self.storage.as_mut().get_mut(self.len..).filter(|room| is_in_progress && !room.is_empty())?;
        let len = len_max.min(room.len());
        room.get_mut(..len)
    }

    fn filled(&mut self, len: usize) {
        self.len = self.len.saturating_add(len).min(self.storage.as_ref().len());
    }

    fn assembled(&self) -> Option<Payload<'_>> {
        self.message()
    }
}

impl<S> fmt::Debug for MessageSlice<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageSlice")
            .field("len", &self.len)
            .field("message_type", &self.message_type)
            .field("assembly", &self.assembly)
            .finish_non_exhaustive()
    }
}
