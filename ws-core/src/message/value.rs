// Read first: RFC 6455 §5.6.

#[cfg(feature = "alloc")]
use alloc::{string::String, vec::Vec};
use core::fmt;

use crate::event::{MessageType, Payload};

/// A whole message, borrowed: text or binary (RFC 6455 §5.6). What was compressed is inflated.
///
/// ```
/// use ws_core::message::Message;
///
/// fn reply(message: Message<'_>) -> String {
///     match message {
///         Message::Text(text) => format!("text: {text}"),
///         Message::Binary(bytes) => format!("{} bytes", bytes.len()),
///     }
/// }
/// assert_eq!(reply("Hello".into()), "text: Hello");
/// assert_eq!(reply((&[1, 2, 3]).into()), "3 bytes");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: there are two types of messages")]
pub enum Message<'m> {
    /// UTF-8, by type.
    Text(&'m str),
    /// Any bytes.
    Binary(&'m [u8]),
}

impl<'m> Message<'m> {
    /// The text; `None` for a binary message.
    ///
    /// ```
    /// use ws_core::message::Message;
    ///
    /// assert_eq!(Message::from("Hello").as_text(), Some("Hello"));
    /// assert_eq!(Message::from(b"Hello").as_text(), None, "binary, whatever the bytes are");
    /// ```
    #[must_use]
    #[inline]
    pub const fn as_text(&self) -> Option<&'m str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The bytes, whichever type the message has.
    ///
    /// ```
    /// use ws_core::message::Message;
    ///
    /// assert_eq!(Message::Text("ü").as_bytes(), [0xc3, 0xbc]);
    /// assert_eq!(Message::Binary(&[1, 2]).as_bytes(), [1, 2]);
    /// ```
    #[must_use]
    #[inline]
    pub const fn as_bytes(&self) -> &'m [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The length in bytes.
    ///
    /// ```
    /// use ws_core::message::Message;
    ///
    /// assert_eq!(Message::Text("ü").len(), 2, "bytes, not characters");
    /// ```
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the message has no bytes.
    ///
    /// ```
    /// use ws_core::message::Message;
    ///
    /// assert!(Message::Text("").is_empty());
    /// assert!(!Message::Binary(&[0]).is_empty());
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Whether the message is text.
    ///
    /// ```
    /// use ws_core::message::Message;
    ///
    /// assert!(Message::Text("Hello").is_text());
    /// assert!(!Message::Binary(b"Hello").is_text());
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// The type, as a value of its own.
    ///
    /// ```
    /// use ws_core::event::MessageType;
    /// use ws_core::message::Message;
    ///
    /// assert_eq!(Message::Binary(b"Hello").message_type(), MessageType::Binary);
    /// ```
    #[must_use]
    #[inline]
    pub const fn message_type(&self) -> MessageType {
        match self {
            Self::Text(_) => MessageType::Text,
            Self::Binary(_) => MessageType::Binary,
        }
    }

    /// A copy that owns its bytes.
    ///
    /// ```
    /// use ws_core::message::{Message, OwnedMessage};
    ///
    /// fn keep(message: Message<'_>, kept: &mut Vec<OwnedMessage>) {
    ///     kept.push(message.into_owned());
    /// }
    /// let mut kept = Vec::new();
    /// keep("Hello".into(), &mut kept);
    /// assert_eq!(kept, [OwnedMessage::Text("Hello".to_owned())]);
    /// ```
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn into_owned(self) -> OwnedMessage {
        self.into()
    }
}

impl<'m> From<&'m str> for Message<'m> {
    #[inline]
    fn from(text: &'m str) -> Self {
        Self::Text(text)
    }
}

impl<'m> From<&'m [u8]> for Message<'m> {
    #[inline]
    fn from(bytes: &'m [u8]) -> Self {
        Self::Binary(bytes)
    }
}

impl<'m, const N: usize> From<&'m [u8; N]> for Message<'m> {
    #[inline]
    fn from(bytes: &'m [u8; N]) -> Self {
        Self::Binary(bytes)
    }
}

#[cfg(feature = "alloc")]
impl<'m> From<&'m String> for Message<'m> {
    #[inline]
    fn from(text: &'m String) -> Self {
        Self::Text(text)
    }
}

#[cfg(feature = "alloc")]
impl<'m> From<&'m Vec<u8>> for Message<'m> {
    #[inline]
    fn from(bytes: &'m Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

impl<'m> From<Message<'m>> for Payload<'m> {
    #[inline]
    fn from(message: Message<'m>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

impl<'m> TryFrom<Payload<'m>> for Message<'m> {
    /// The payload itself: it is compressed, and no message before it is inflated.
    type Error = Payload<'m>;

    #[inline]
    fn try_from(payload: Payload<'m>) -> Result<Self, Self::Error> {
        match payload {
            Payload::Text(text) => Ok(Self::Text(text)),
            Payload::Binary(bytes) => Ok(Self::Binary(bytes)),
            Payload::Compressed { .. } => Err(payload),
        }
    }
}

impl AsRef<[u8]> for Message<'_> {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Message<'_> {
    /// The variant and the length, and nothing of what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Payload::from(*self).fmt(f)
    }
}

/// A whole message that owns its bytes: text or binary (RFC 6455 §5.6).
///
/// ```
/// use ws_core::message::OwnedMessage;
///
/// let message = OwnedMessage::from("Hello");
/// assert_eq!((message.as_text(), message.len()), (Some("Hello"), 5));
/// assert_eq!(message.into_text(), Ok("Hello".to_owned()));
/// ```
#[cfg(feature = "alloc")]
#[derive(Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: there are two types of messages")]
pub enum OwnedMessage {
    /// UTF-8, by type.
    Text(String),
    /// Any bytes.
    Binary(Vec<u8>),
}

#[cfg(feature = "alloc")]
impl OwnedMessage {
    /// The message, borrowed.
    ///
    /// ```
    /// use ws_core::message::{Message, OwnedMessage};
    ///
    /// let message = OwnedMessage::from(vec![1, 2, 3]);
    /// assert_eq!(message.as_message(), Message::Binary(&[1, 2, 3]));
    /// ```
    #[must_use]
    #[inline]
    pub fn as_message(&self) -> Message<'_> {
        match self {
            Self::Text(text) => Message::Text(text),
            Self::Binary(bytes) => Message::Binary(bytes),
        }
    }

    /// The text; `None` for a binary message.
    ///
    /// ```
    /// use ws_core::message::OwnedMessage;
    ///
    /// assert_eq!(OwnedMessage::from("Hello").as_text(), Some("Hello"));
    /// assert_eq!(OwnedMessage::from(b"Hello".to_vec()).as_text(), None, "binary, whatever the bytes are");
    /// ```
    #[must_use]
    #[inline]
    pub fn as_text(&self) -> Option<&str> {
        self.as_message().as_text()
    }

    /// The bytes, whichever type the message has.
    ///
    /// ```
    /// use ws_core::message::OwnedMessage;
    ///
    /// assert_eq!(OwnedMessage::from("ü").as_bytes(), [0xc3, 0xbc]);
    /// assert_eq!(OwnedMessage::from(vec![1, 2]).as_bytes(), [1, 2]);
    /// ```
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.as_message().as_bytes()
    }

    /// The length in bytes.
    ///
    /// ```
    /// use ws_core::message::OwnedMessage;
    ///
    /// assert_eq!(OwnedMessage::from("ü").len(), 2, "bytes, not characters");
    /// ```
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the message has no bytes.
    ///
    /// ```
    /// use ws_core::message::OwnedMessage;
    ///
    /// assert!(OwnedMessage::from("").is_empty());
    /// assert!(!OwnedMessage::from(vec![0]).is_empty());
    /// ```
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    /// Whether the message is text.
    ///
    /// ```
    /// use ws_core::message::OwnedMessage;
    ///
    /// assert!(OwnedMessage::from("Hello").is_text());
    /// assert!(!OwnedMessage::from(b"Hello".to_vec()).is_text());
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// The type, as a value of its own.
    ///
    /// ```
    /// use ws_core::event::MessageType;
    /// use ws_core::message::OwnedMessage;
    ///
    /// assert_eq!(OwnedMessage::from(b"Hello".to_vec()).message_type(), MessageType::Binary);
    /// ```
    #[must_use]
    #[inline]
    pub const fn message_type(&self) -> MessageType {
        match self {
            Self::Text(_) => MessageType::Text,
            Self::Binary(_) => MessageType::Binary,
        }
    }

    /// The text, without a copy.
    ///
    /// ```
    /// use ws_core::message::OwnedMessage;
    ///
    /// assert_eq!(OwnedMessage::from("Hello").into_text(), Ok("Hello".to_owned()));
    /// let binary = OwnedMessage::from(vec![1, 2, 3]);
    /// assert_eq!(binary.clone().into_text(), Err(binary));
    /// ```
    ///
    /// # Errors
    ///
    /// Gives the message back unchanged if it is binary.
    pub fn into_text(self) -> Result<String, Self> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Binary(_) => Err(self),
        }
    }

    /// The bytes, whichever type the message has, without a copy.
    ///
    /// ```
    /// use ws_core::message::OwnedMessage;
    ///
    /// assert_eq!(OwnedMessage::from("Hello").into_bytes(), b"Hello");
    /// assert_eq!(OwnedMessage::from(vec![1, 2, 3]).into_bytes(), [1, 2, 3]);
    /// ```
    #[doc(alias = "into_data")]
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

#[cfg(feature = "alloc")]
impl From<Message<'_>> for OwnedMessage {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
        }
    }
}

#[cfg(feature = "alloc")]
impl From<String> for OwnedMessage {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

#[cfg(feature = "alloc")]
impl From<&str> for OwnedMessage {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

#[cfg(feature = "alloc")]
impl From<Vec<u8>> for OwnedMessage {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes)
    }
}

#[cfg(feature = "alloc")]
impl From<&[u8]> for OwnedMessage {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(bytes.into())
    }
}

#[cfg(feature = "alloc")]
impl<const N: usize> From<&[u8; N]> for OwnedMessage {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Binary(bytes.into())
    }
}

#[cfg(feature = "alloc")]
impl<'m> From<&'m OwnedMessage> for Message<'m> {
    fn from(message: &'m OwnedMessage) -> Self {
        message.as_message()
    }
}

#[cfg(feature = "alloc")]
impl<'m> From<&'m OwnedMessage> for Payload<'m> {
    fn from(message: &'m OwnedMessage) -> Self {
        message.as_message().into()
    }
}

#[cfg(feature = "alloc")]
impl PartialEq<Message<'_>> for OwnedMessage {
    fn eq(&self, other: &Message<'_>) -> bool {
        self.as_message() == *other
    }
}

#[cfg(feature = "alloc")]
impl AsRef<[u8]> for OwnedMessage {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

#[cfg(feature = "alloc")]
impl fmt::Debug for OwnedMessage {
    /// The variant and the length, and nothing of what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_message().fmt(f)
    }
}
