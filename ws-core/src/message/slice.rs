use core::{fmt, mem};

use super::Assembly;
use super::storage::{Position, Storage};
use crate::bytes::copy;
use crate::error::{Fail, Fault, Limit};
use crate::event::{Fragment, MessageType, PartNumber, Payload};

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
    /// The last part that is here.
    part: PartNumber,
    message_type: MessageType,
    is_compressed: bool,
    /// `None` where nothing is here.
    assembly: Option<Assembly>,
    /// Room for the next part is lent.
    is_lent: bool,
}

impl<S> MessageSlice<S> {
    /// Storage for messages of at most as many bytes as it has.
    ///
    /// It is `const`, so that a `static` can hold one:
    ///
    /// ```
    /// use std::sync::Mutex;
    /// use ws_core::message::MessageSlice;
    ///
    /// static MESSAGE: Mutex<MessageSlice<[u8; 64]>> = Mutex::new(MessageSlice::new([0; 64]));
    /// assert!(MESSAGE.lock().is_ok_and(|message| message.message().is_none()));
    /// ```
    #[must_use]
    pub const fn new(storage: S) -> Self {
        Self {
            storage,
            len: 0,
            part: PartNumber::NONE,
            message_type: MessageType::Binary,
            is_compressed: false,
            assembly: None,
            is_lent: false,
        }
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> MessageSlice<S> {
    /// Appends a fragment. The first one of a message takes the place of the message before, and so does one of a message
    /// whose first fragments were not pushed: then only the rest of that message is assembled.
    ///
    /// ```
    /// use ws_core::connection::{Config, Connection};
    /// use ws_core::error::Limit;
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::MessageSlice;
    ///
    /// // "Hello", masked with zeros, for storage of 4 bytes.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x81\x85\0\0\0\0Hello", 11).ok_or("too short")?;
    /// let (mut connection, mut message) = (Connection::server(Config::new()), MessageSlice::new([0; 4]));
    /// let Some(Event::Data(fragment)) = connection.next_event(&mut buffer.input()) else { return Err("none".into()) };
    /// assert_eq!(message.push(fragment, &mut connection), Err(Limit::MessageLen.into()));
    /// let mut out = [0; 16];
    /// let len = connection.poll_transmit(&mut out)?;
    /// assert_eq!(out[..len], [0x88, 2, 0x03, 0xf1], "a Close with 1009");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Limit::MessageLen`] where the storage is too short; `connection` is failed with it, which queues the Close
    /// with 1009 (RFC 6455 §7.4.1).
    pub fn push(&mut self, fragment: Fragment<'_>, connection: &mut impl Fail) -> Result<Assembly, Fault> {
        self.begin(fragment.position());
        self.append(fragment).inspect_err(|&fault| connection.fail(fault))
    }

    /// The message, once it is complete; a compressed one as it is on the wire.
    ///
    /// Text is validated here once more, as its fragments were when they came: without `unsafe` there is no other
    /// way from bytes in the caller's storage to a `str`. [`MessageBuffer`](super::MessageBuffer) does not need to.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::MessageSlice;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x01\x02He\x80\x01y", 7).ok_or("too short")?;
    /// let (mut receiver, mut input) = (ReceiveHalf::new(Role::Client, Config::new()), buffer.input());
    /// let mut message = MessageSlice::new([0; 16]);
    /// for assembled in [None, Some(Payload::Text("Hey"))] {
    ///     let Some(Event::Data(fragment)) = receiver.next_event(&mut input) else { return Err("none".into()) };
    ///     let _assembly = message.push(fragment, &mut receiver)?;
    ///     assert_eq!(message.message(), assembled);
    /// }
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[must_use]
    pub fn message(&self) -> Option<Payload<'_>> {
        let bytes = self.storage.as_ref().get(..self.len)?;
        let message_type = self.message_type;
        if self.assembly != Some(Assembly::Complete) {
            return None;
        }
        match message_type {
            _ if self.is_compressed => Some(Payload::Compressed { message_type, bytes }),
            MessageType::Binary => Some(Payload::Binary(bytes)),
            MessageType::Text => core::str::from_utf8(bytes).ok().map(Payload::Text),
        }
    }

    /// The storage, for another use.
    ///
    /// ```
    /// use ws_core::message::MessageSlice;
    ///
    /// let message = MessageSlice::new(vec![0; 1024]);
    /// assert_eq!(message.into_storage().len(), 1024);
    /// ```
    #[must_use]
    pub fn into_storage(self) -> S {
        self.storage
    }
}

impl<S: AsRef<[u8]> + AsMut<[u8]>> Storage for MessageSlice<S> {
    #[inline]
    fn holds(&self, position: Position) -> bool {
        !position.is_first
            && self.assembly == Some(Assembly::Incomplete)
            && self.is_compressed == position.is_compressed
            && self.part.next() == position.part
    }

    #[inline]
    fn begin(&mut self, position: Position) {
        if !self.holds(position) {
            self.len = 0;
            self.message_type = position.message_type;
            self.is_compressed = position.is_compressed;
            self.assembly = Some(Assembly::Incomplete);
        }
        self.part = position.part;
        self.is_lent = false;
    }

    fn append(&mut self, fragment: Fragment<'_>) -> Result<Assembly, Fault> {
        let bytes = fragment.payload.as_bytes();
        let assembly = self.append_with(bytes.len(), fragment.assembly(), |room| copy(bytes, room))?;
        // The rest of a code point whose first bytes were taken as a piece.
        if fragment.payload.message_type() == MessageType::Binary {
            self.message_type = MessageType::Binary;
        }
        Ok(assembly)
    }

    #[inline]
    fn append_with(
        &mut self,
        len: usize,
        assembly: Assembly,
        write: impl FnOnce(&mut [u8]),
    ) -> Result<Assembly, Fault> {
        let room = self.storage.as_mut().get_mut(self.len..).and_then(|room| room.get_mut(..len));
        let Some(room) = room else {
            self.forget();
            return Err(Limit::MessageLen.into());
        };
        write(room);
        self.len = self.len.saturating_add(len);
        self.assembly = Some(assembly);
        Ok(assembly)
    }

    fn spare(&mut self, len_max: usize) -> Option<&mut [u8]> {
        let is_in_progress = self.assembly == Some(Assembly::Incomplete);
        let room =
            self.storage.as_mut().get_mut(self.len..).filter(|room| is_in_progress && !room.is_empty())?;
        self.is_lent = true;
        self.part = self.part.next();
        let len = len_max.min(room.len());
        room.get_mut(..len)
    }

    fn filled(&mut self, len: usize) -> &mut [u8] {
        let is_lent = mem::take(&mut self.is_lent);
        let room = self.storage.as_mut().get_mut(self.len..).and_then(|room| room.get_mut(..len));
        let Some(filled) = room.filter(|_| is_lent) else { return &mut [] };
        self.len = self.len.saturating_add(len);
        filled
    }

    fn assembled(&self) -> Option<Payload<'_>> {
        self.message()
    }

    #[inline]
    fn forget(&mut self) {
        self.assembly = None;
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
