#[cfg(doc)]
use super::ReceiveHalf;
use crate::error::Fault;
use crate::event::Event;

/// What [`ReceiveHalf::advance`] came to.
///
/// ```
/// use ws_core::connection::{Config, Next, ReceiveHalf, Role};
/// use ws_core::input::ReadBuffer;
///
/// let mut buffer = ReadBuffer::with_filled(*b"\x89\x00\x82\x01a", 5).ok_or("too short")?;
/// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
/// let mut input = buffer.input();
/// assert_eq!(receiver.advance(&mut input), Next::Ping);
/// assert_eq!(receiver.advance(&mut input), Next::WholeMessage);
/// let _message = receiver.next_event(&mut input);
/// assert_eq!(receiver.advance(&mut input), Next::NeedInput);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Next {
    /// All input is used up, but for at most 3 bytes of an incomplete code point: read more.
    NeedInput,
    /// A ping; its payload is in [`ReceiveHalf::control`].
    Ping,
    /// A pong; its payload is in [`ReceiveHalf::control`].
    Pong,
    /// The peer's Close; its code and reason are in [`ReceiveHalf::close_frame`].
    Close,
    /// Payload is there. It is taken by [`ReceiveHalf::next_event`] or [`ReceiveHalf::next_piece`], of which the first
    /// may still find that it is part of a code point, and ask for more.
    Fragment,
    /// A whole message is there, none of which was taken before. [`ReceiveHalf::next_event`] gives it at once, or the
    /// fault in it.
    WholeMessage,
    /// The connection failed, now.
    Failed(Fault),
    /// Nothing comes any more; input is discarded.
    Ended,
}

impl Next {
    /// Whether payload is there to be taken.
    ///
    /// ```
    /// use ws_core::connection::{Config, Next, ReceiveHalf, Role};
    /// use ws_core::input::ReadBuffer;
    ///
    /// // A ping, and the first of the two bytes of a binary message.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x89\x00\x82\x02a", 5).ok_or("too short")?;
    /// let (mut receiver, mut input) = (ReceiveHalf::new(Role::Client, Config::new()), buffer.input());
    /// assert!(!receiver.advance(&mut input).is_payload(), "it is a ping");
    /// assert_eq!(receiver.advance(&mut input), Next::Fragment);
    /// assert!(Next::Fragment.is_payload() && Next::WholeMessage.is_payload());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_payload(&self) -> bool {
        matches!(self, Self::Fragment | Self::WholeMessage)
    }

    /// The event that this is by itself; payload has to be taken first.
    #[inline]
    pub(crate) fn into_event<D>(self) -> Option<Event<D>> {
        match self {
            Self::Fragment | Self::WholeMessage | Self::NeedInput | Self::Ended => None,
            Self::Ping => Some(Event::Ping),
            Self::Pong => Some(Event::Pong),
            Self::Close => Some(Event::Close),
            Self::Failed(fault) => Some(Event::Failed(fault)),
        }
    }
}
