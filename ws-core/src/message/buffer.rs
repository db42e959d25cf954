#[cfg(feature = "deflate")]
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::mem;

use super::bytes::Bytes;
use super::content::{Content, append_text};
#[cfg(feature = "deflate")]
use super::inflating::Inflating;
#[cfg(feature = "deflate")]
use super::inflation::Inflation;
use super::storage::{Position, Storage};
use super::{Assembly, OwnedMessage};
use crate::bytes::copy;
#[cfg(feature = "deflate")]
use crate::deflate::Inflater;
use crate::error::{Fail, Fault, Limit};
use crate::event::{Fragment, MessageType, PartNumber, Payload};

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
    pub(super) content: Content,
    /// The last part that came here.
    pub(super) part: PartNumber,
    /// `None` where there is no message, or none that is to be gone on with.
    pub(super) assembly: Option<Assembly>,
    /// Room for the next part is lent.
    is_lent: bool,
    kept_len_max: usize,
    /// How long a message is expected to be at most.
    len_max: usize,
    #[cfg(feature = "deflate")]
    pub(super) inflation: Option<Box<Inflation>>,
}

impl MessageBuffer {
    /// The longest allocation that is kept from message to message by default: 64 KiB.
    pub const KEPT_LEN_MAX: usize = 64 * 1024;

    /// A buffer without an allocation.
    ///
    /// ```
    /// use ws_core::message::MessageBuffer;
    ///
    /// let message = MessageBuffer::new();
    /// assert_eq!((message.capacity(), message.message()), (0, None));
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            content: Content::Binary(Bytes::new(Vec::new())),
            part: PartNumber::NONE,
            assembly: None,
            is_lent: false,
            kept_len_max: Self::KEPT_LEN_MAX,
            len_max: usize::MAX,
            #[cfg(feature = "deflate")]
            inflation: None,
        }
    }

    /// Sets how long an allocation may be, in bytes, to be kept from message to message.
    ///
    /// Default: [`KEPT_LEN_MAX`](Self::KEPT_LEN_MAX).
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::{input::ReadBuffer, message::MessageBuffer};
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x01\x02He\x80\x01y", 7).ok_or("too short")?;
    /// let mut message = MessageBuffer::new().with_kept_len_max(0);
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// assert!(receiver.next_message(&mut buffer.input(), &mut message).is_some());
    /// assert!(message.capacity() >= 3);
    /// message.clear();
    /// assert_eq!(message.capacity(), 0);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn with_kept_len_max(self, len: usize) -> Self {
        Self { kept_len_max: len, ..self }
    }

    /// Sets how long a message is expected to be at most, in bytes: give it the limit of the connection. The allocation,
    /// which is doubled each time that it is too short, is not made longer than that in advance.
    ///
    /// Default: no bound.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::{input::ReadBuffer, message::MessageBuffer};
    ///
    /// // Fragments of 6 and 3 bytes: twice the first allocation would be 12.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x02\x06Hello,\x80\x03 Yo", 13).ok_or("too short")?;
    /// let mut message = MessageBuffer::new().with_len_max(10);
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// assert!(receiver.next_message(&mut buffer.input(), &mut message).is_some());
    /// assert!(message.capacity() <= 10);
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn with_len_max(self, len: usize) -> Self {
        Self { len_max: len, ..self }
    }

    /// Has compressed messages inflated (RFC 7692 §6.2) by an inflater that
    /// [`Agreed::inflater`](crate::extension::Agreed::inflater) makes. Without one they are joined as they are on the wire,
    /// and come as [`Payload::Compressed`].
    ///
    /// A message that may refer to one before it (RFC 7692 §7.1.1) can be inflated only if that one was inflated here.
    /// Where it was taken in another way, the messages after it come as [`Payload::Compressed`] too. A buffer with an
    /// inflater belongs to one connection; the first message of another one begins with an empty window.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::extension::{Agreed, DeflateParams};
    /// use ws_core::{input::ReadBuffer, message::MessageBuffer};
    ///
    /// // RFC 7692 §7.2.3.1: a compressed "Hello".
    /// let mut buffer = ReadBuffer::with_filled(*b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", 9).ok_or("too short")?;
    /// let agreed = Agreed::client(DeflateParams::new()); // what the handshake returns
    /// let mut message = MessageBuffer::new().with_inflater(agreed.inflater(1 << 20));
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new()).with_deflate();
    /// let event = receiver.next_message(&mut buffer.input(), &mut message);
    /// assert_eq!(event, Some(Event::Data(Payload::Text("Hello"))));
    /// # Ok::<(), &str>(())
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_inflater(self, inflater: Inflater) -> Self {
        let inflation = Inflation { inflater, last: PartNumber::NONE, is_unfinished: false };
        Self { inflation: Some(Box::new(inflation)), ..self }
    }

    /// Appends a fragment. The first one of a message takes the place of the message before, and so does one of a message
    /// whose first fragments were not pushed: then only the rest of that message is assembled.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::message::{Assembly, MessageBuffer};
    /// use ws_core::{event::Event, input::ReadBuffer};
    ///
    /// // "old" in one frame, and the first fragment of another message.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x81\x03old\x01\x01n", 8).ok_or("too short")?;
    /// let (mut receiver, mut input) = (ReceiveHalf::new(Role::Client, Config::new()), buffer.input());
    /// let mut message = MessageBuffer::new();
    /// for assembly in [Assembly::Complete, Assembly::Incomplete] {
    ///     let Some(Event::Data(fragment)) = receiver.next_event(&mut input) else { return Err("no fragment") };
    ///     assert_eq!(message.push(fragment, &mut receiver), Ok(assembly));
    /// }
    /// assert_eq!(message.message(), None, "the next message took its place");
    /// # Ok::<(), &str>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Limit::MessageLen`] where there is no memory for it; of a compressed message, that and
    /// [`Violation`](crate::error::Violation)s, as the inflater finds them. `connection` is failed with the error, which
    /// queues the Close that reports it (RFC 6455 §7.4.1).
    pub fn push(&mut self, fragment: Fragment<'_>, connection: &mut impl Fail) -> Result<Assembly, Fault> {
        self.begin(fragment.position());
        self.append(fragment).inspect_err(|&fault| connection.fail(fault))
    }

    /// The message, once it is complete, until the next one takes its place.
    #[must_use]
    pub fn message(&self) -> Option<Payload<'_>> {
        match self.assembly {
            None | Some(Assembly::Incomplete) => None,
            Some(Assembly::Complete) => self.content.payload(),
        }
    }

    /// The message, once it is complete, without a copy. `None` for one that is compressed still.
    ///
    /// A message that [`next_message`](crate::connection::Connection::next_message) has lent from the read buffer is not
    /// here, and neither is the one before it.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::{MessageBuffer, OwnedMessage};
    ///
    /// // "Hello" in two fragments, and "World" in one, masked with zeros.
    /// let bytes = *b"\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0lo\x81\x85\0\0\0\0World";
    /// let mut buffer = ReadBuffer::with_filled(bytes, bytes.len()).ok_or("too short")?;
    /// let (mut connection, mut message) = (Connection::server(Config::new()), MessageBuffer::new());
    /// let mut input = buffer.input();
    /// assert!(matches!(connection.next_message(&mut input, &mut message), Some(Event::Data(_))));
    /// assert_eq!(message.take(), Some(OwnedMessage::from("Hello")));
    /// let event = connection.next_message(&mut input, &mut message);
    /// assert_eq!(event, Some(Event::Data(Payload::Text("World"))));
    /// assert_eq!(message.take(), None);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn take(&mut self) -> Option<OwnedMessage> {
        if self.assembly != Some(Assembly::Complete) || self.content.is_compressed() {
            return None;
        }
        self.assembly = None;
        if let Content::Text(text) = &mut self.content {
            return Some(OwnedMessage::Text(mem::take(text)));
        }
        Some(OwnedMessage::Binary(self.content.take_bytes()))
    }

    /// The bytes of the message, once it is complete, whatever it is, without a copy: those of a compressed one too.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::{input::ReadBuffer, message::MessageBuffer};
    ///
    /// // "He" and "y", fragments of a text message.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x01\x02He\x80\x01y", 7).ok_or("too short")?;
    /// let mut message = MessageBuffer::new();
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// assert!(receiver.next_message(&mut buffer.input(), &mut message).is_some());
    /// assert_eq!((message.take_bytes(), message.take_bytes()), (Some(b"Hey".to_vec()), None));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn take_bytes(&mut self) -> Option<Vec<u8>> {
        if self.assembly != Some(Assembly::Complete) {
            return None;
        }
        self.assembly = None;
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
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::{input::ReadBuffer, message::MessageBuffer};
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x01\x02He\x80\x01y", 7).ok_or("too short")?;
    /// let mut message = MessageBuffer::new();
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// assert!(receiver.next_message(&mut buffer.input(), &mut message).is_some());
    /// message.clear();
    /// assert!(message.message().is_none() && message.capacity() >= 3);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn clear(&mut self) {
        self.assembly = None;
        self.content = Content::Binary(Bytes::new(self.take_storage()));
    }

    /// Frees a message that was taken, and wants the next whole. Whether that is too late: parts of it were given out.
    pub(crate) fn ask_whole(&mut self) -> bool {
        if self.assembly == Some(Assembly::Complete) {
            self.clear();
        }
        match &mut self.content {
            #[cfg(feature = "deflate")]
            Content::Inflating(inflating) => inflating.ask_whole(),
            Content::Text(_) | Content::Binary(_) | Content::Compressed(..) => false,
        }
    }

    /// Whether something is assembled of the message up to this position.
    pub(crate) fn has_partial(&self, position: Position) -> bool {
        self.holds(position) && !self.content.is_compressed()
    }

    /// What is assembled so far of the message up to this position, to be given out as its first part: the rest of the
    /// message does not come here.
    pub(crate) fn give_up_partial(&mut self, position: Position) -> Option<Fragment<'_>> {
        if !self.has_partial(position) {
            return None;
        }
        self.assembly = None;
        let payload = self.content.payload()?;
        Some(Fragment { payload, is_first: true, is_last: false, part: self.part })
    }

    /// Frees the memory that is not in use: the allocation where no message is in it, and the inflater's where the next
    /// message does not need its window.
    pub(crate) fn release(&mut self) {
        if self.assembly == Some(Assembly::Incomplete) {
            return;
        }
        self.content = Content::Binary(Bytes::new(Vec::new()));
        self.assembly = None;
        #[cfg(feature = "deflate")]
        if let Some(inflation) = &mut self.inflation {
            if !inflation.is_unfinished && !inflation.inflater.keeps_window() {
                inflation.inflater.release();
            }
        }
    }

    /// A copy in the same state, where nothing is inflated.
    #[cfg_attr(
        not(feature = "deflate"),
        expect(clippy::unnecessary_wraps, reason = "an inflater cannot be copied")
    )]
    pub(crate) fn try_clone(&self) -> Option<Self> {
        #[cfg(feature = "deflate")]
        if self.inflation.is_some() {
            return None;
        }
        let content = match &self.content {
            Content::Text(text) => Content::Text(text.clone()),
            Content::Binary(bytes) => Content::Binary(bytes.clone()),
            Content::Compressed(message_type, bytes) => Content::Compressed(*message_type, bytes.clone()),
            #[cfg(feature = "deflate")]
            Content::Inflating(_) => return None,
        };
        Some(Self {
            content,
            #[cfg(feature = "deflate")]
            inflation: None,
            ..*self
        })
    }

    fn try_append(&mut self, fragment: Fragment<'_>) -> Result<(), Fault> {
        #[cfg(feature = "deflate")]
        if let (Content::Inflating(inflating), Some(inflation)) = (&mut self.content, &mut self.inflation) {
            inflating.push(fragment.payload.as_bytes(), fragment.fin(), &mut inflation.inflater)?;
            if fragment.is_last {
                inflation.end(self.part);
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

    /// The allocation with what is in it, where it is not too long to be kept.
    fn take_storage(&mut self) -> Vec<u8> {
        let bytes = self.content.take_storage();
        if bytes.capacity() > self.kept_len_max { Vec::new() } else { bytes }
    }

    /// Drops what is there, and gets ready for a message that begins with this part.
    fn begin_anew(&mut self, position: Position) {
        self.assembly = Some(Assembly::Incomplete);
        let is_binary = position.message_type == MessageType::Binary && !position.is_compressed;
        // From one binary message to the next, which is usual, no content is dropped and made anew: 3 % of the instructions of
        // two fragments.
        if let Content::Binary(bytes) = &mut self.content {
            if is_binary && bytes.capacity() <= self.kept_len_max {
                return bytes.clear();
            }
        }
        #[cfg(feature = "deflate")]
        let is_inflated = position.is_compressed
            && self.inflation.as_mut().is_some_and(|inflation| inflation.begin(position));
        let mut bytes = self.take_storage();
        self.content = match (position.is_compressed, position.message_type) {
            #[cfg(feature = "deflate")]
            (true, message_type) if is_inflated => Content::Inflating(Inflating::new(message_type, bytes)),
            (true, message_type) => Content::Compressed(message_type, Bytes::new(bytes)),
            (false, MessageType::Text) => {
                bytes.clear();
                Content::Text(String::from_utf8(bytes).unwrap_or_default())
            }
            (false, MessageType::Binary) => Content::Binary(Bytes::new(bytes)),
        };
    }

    /// Nothing of a message that cannot be assembled is kept.
    #[cold]
    fn give_up(&mut self, fault: Fault) -> Fault {
        self.clear();
        fault
    }
}

impl Storage for MessageBuffer {
    #[inline]
    fn holds(&self, position: Position) -> bool {
        !position.is_first
            && self.assembly == Some(Assembly::Incomplete)
            && self.content.is_compressed() == position.is_compressed
            && self.part.next() == position.part
    }

    #[inline]
    fn begin(&mut self, position: Position) {
        if !self.holds(position) {
            self.begin_anew(position);
        }
        self.part = position.part;
        self.is_lent = false;
    }

    fn append(&mut self, fragment: Fragment<'_>) -> Result<Assembly, Fault> {
        if let Err(fault) = self.try_append(fragment) {
            return Err(self.give_up(fault));
        }
        let assembly = fragment.assembly();
        self.assembly = Some(assembly);
        Ok(assembly)
    }

    fn append_with(
        &mut self,
        len: usize,
        assembly: Assembly,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Assembly, Fault> {
        match self.content.extend(len, self.len_max) {
            Some(room) => write(room),
            None => return Err(self.give_up(Limit::MessageLen.into())),
        }
        self.assembly = Some(assembly);
        Ok(assembly)
    }

    fn spare(&mut self, len_max: usize) -> Option<&mut [u8]> {
        match (self.assembly, &mut self.content) {
            (Some(Assembly::Incomplete), Content::Binary(bytes)) => {
                let room = bytes.spare(len_max, self.len_max);
                self.is_lent = room.is_some();
                if self.is_lent {
                    self.part = self.part.next();
                }
                room
            }
            _ => None,
        }
    }

    fn filled(&mut self, len: usize) -> &mut [u8] {
        let is_lent = mem::take(&mut self.is_lent);
        let Content::Binary(bytes) = &mut self.content else { return &mut [] };
        if is_lent { bytes.filled(len) } else { &mut [] }
    }

    fn assembled(&self) -> Option<Payload<'_>> {
        self.message()
    }

    #[inline]
    fn forget(&mut self) {
        self.assembly = None;
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
