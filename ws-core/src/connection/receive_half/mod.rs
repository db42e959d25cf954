// Read first: RFC 6455 §6.2.

mod control;
mod data;
mod direct;
mod events;
#[cfg(feature = "alloc")]
mod found;
mod header;
mod next;
mod whole_message;

pub use next::Next;

use super::frame_in_progress::FrameInProgress;
use super::signal::Pending;
use super::{Config, Limits, Role, Signal};
use crate::error::{Fail, Fault};
use crate::event::{MessageType, PartNumber};
use crate::frame::{CloseFrame, ControlPayload, MaskRule, Opcode};
use crate::message::Position;
use crate::utf8::Utf8;

/// The receiving half of a connection: turns bytes into events, and judges every byte of them (RFC 6455 §6.2).
///
/// It never writes. What its events mean for sending is in [`take_signal`](Self::take_signal);
/// [`Connection`](super::Connection) passes that on by itself.
///
/// ```
/// use ws_core::connection::{Config, ReceiveHalf, Role};
/// use ws_core::event::{Event, Payload};
/// use ws_core::input::ReadBuffer;
///
/// // RFC 6455 §5.7: the masked text message "Hello".
/// let mut bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let len = bytes.len();
/// let mut buffer = ReadBuffer::with_filled(&mut bytes[..], len).ok_or("too short")?;
/// let mut receiver = ReceiveHalf::new(Role::Server, Config::new());
/// let mut input = buffer.input();
/// let Some(Event::Data(fragment)) = receiver.next_event(&mut input) else { return Err("no message") };
/// assert_eq!(fragment.as_message(), Some(Payload::Text("Hello")));
/// assert_eq!(receiver.next_event(&mut input), None, "more input is needed");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReceiveHalf {
    config: Config,
    /// Messages may be compressed (RFC 7692 §6).
    is_deflate_agreed: bool,
    mask_rule: MaskRule,
    /// Messages of less bytes, of those whose length is in seven bits, are within the limits.
    short_len_end: u8,
    state: State,
    /// How many bytes of the next frame's header are in `control`: those of a header that did not come at once.
    header_len: u8,
    frame: FrameInProgress,
    message: Option<Message>,
    /// The last part that was taken of a message that is not compressed, and of one that is.
    part: PartNumber,
    compressed_part: PartNumber,
    /// How much room of the message that is assembled was lent last, in bytes; 0 where it was the read buffer's.
    lent_len: u32,
    /// How many bytes at the front of the input are unmasked already: the start of a code point of the text in
    /// progress, which waits for its other bytes.
    kept_len: u8,
    /// The payload of the last control frame, until more input comes.
    control: ControlPayload,
    pending: Pending,
}

/// Where in the stream of frames the next byte belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// To the header of a frame.
    Header,
    /// To the payload of a text, binary or continuation frame.
    Data,
    /// To the payload of this control frame.
    Control(Opcode),
    /// To nobody: the peer closed, broke the rules, or is gone.
    Ended,
}

/// The message whose fragments are arriving.
#[derive(Clone, Copy, Debug)]
struct Message {
    message_type: MessageType,
    /// What its frames have announced so far, in bytes.
    len: u64,
    fragment_count: u32,
    /// Some of it was taken, in whatever way.
    is_reported: bool,
    /// Its payload is compressed, as RSV1 on its first frame says.
    is_compressed: bool,
    /// Text that was given out in pieces; not needed for text that is given out as `str`.
    utf8: Utf8,
}

impl Fail for ReceiveHalf {
    fn fail(&mut self, fault: Fault) {
        if self.state != State::Ended {
            let _known = self.failed(fault);
        }
    }
}

impl ReceiveHalf {
    /// A receiving half at the first byte after the opening handshake. `role` is ours: a server takes masked frames only, a
    /// client unmasked ones only (RFC 6455 §5.1).
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::error::Violation;
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // An unmasked frame, which only a server may send.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x81\x02Hi", 4).ok_or("too short")?;
    /// let event = ReceiveHalf::new(Role::Server, Config::new()).next_event(&mut buffer.input());
    /// assert_eq!(event, Some(Event::Failed(Violation::Unmasked.into())));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn new(role: Role, config: Config) -> Self {
        Self {
            config,
            is_deflate_agreed: false,
            mask_rule: match role {
                Role::Server => MaskRule::Required,
                Role::Client => MaskRule::Forbidden,
            },
            short_len_end: short_len_end(config.limits()),
            state: State::Header,
            header_len: 0,
            frame: FrameInProgress::NONE,
            message: None,
            part: PartNumber::NONE,
            compressed_part: PartNumber::NONE,
            lent_len: 0,
            kept_len: 0,
            control: ControlPayload::EMPTY,
            pending: Pending::NONE,
        }
    }

    /// Allows messages to be compressed, as it was agreed on in the opening handshake (RFC 7692 §6). They arrive as
    /// [`Payload::Compressed`](crate::event::Payload::Compressed).
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// // RFC 7692 §7.2.3.1: a compressed "Hello".
    /// let mut buffer = ReadBuffer::with_filled(*b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", 9).ok_or("too short")?;
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new()).with_deflate();
    /// let Some(Event::Data(fragment)) = receiver.next_event(&mut buffer.input()) else { return Err("none") };
    /// assert!(fragment.payload.is_compressed());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn with_deflate(self) -> Self {
        Self { is_deflate_agreed: true, ..self }
    }

    /// The payload of the last ping, pong or Close, until the next call that takes input.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x8a\x02hi", 4).ok_or("too short")?;
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// assert_eq!(receiver.next_event(&mut buffer.input()), Some(Event::Pong));
    /// assert_eq!(receiver.control().as_bytes(), b"hi");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn control(&self) -> &ControlPayload {
        &self.control
    }

    /// The peer's Close, after [`Event::Close`](crate::event::Event::Close).
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x88\x05\x03\xe8bye", 7).ok_or("too short")?;
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// assert_eq!(receiver.next_event(&mut buffer.input()), Some(Event::Close));
    /// assert_eq!(receiver.close_frame().ok_or("no Close")?.reason(), "bye");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn close_frame(&self) -> Option<CloseFrame> {
        self.pending.is_peer_closed().then(|| CloseFrame::decode(&self.control).ok()).flatten()
    }

    /// Says that the peer writes no more: the transport is at its end. Call it once all input was taken; what is left of
    /// it is discarded.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role, Signal};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x81\x02Hi", 4).ok_or("too short")?;
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// receiver.eof();
    /// assert_eq!(receiver.take_signal(), Some(Signal::Eof));
    /// assert_eq!(receiver.next_event(&mut buffer.input()), None);
    /// assert_eq!(buffer.unread(), b"", "what was left is discarded");
    /// # Ok::<(), &str>(())
    /// ```
    pub fn eof(&mut self) {
        self.state = State::Ended;
        self.pending.add_eof();
    }

    /// What events mean for the sending half, in the order in which they happened; `None` where there is nothing new. Pass
    /// it to [`SendHalf::signal`](super::SendHalf::signal).
    ///
    /// To be asked for after each event: a ping's signal is gone with the next control frame, since only the latest
    /// ping needs an answer (RFC 6455 §5.5.3). The others stay until they are taken.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role, Signal};
    /// use ws_core::{frame::ControlPayload, input::ReadBuffer};
    ///
    /// // Two pings.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x89\x01x\x89\x01y", 6).ok_or("too short")?;
    /// let (mut receiver, mut input) = (ReceiveHalf::new(Role::Client, Config::new()), buffer.input());
    /// while receiver.next_event(&mut input).is_some() {}
    /// assert_eq!(receiver.take_signal(), ControlPayload::new(b"y").map(Signal::Pong));
    /// assert_eq!(receiver.take_signal(), None, "only the latest ping is answered");
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn take_signal(&mut self) -> Option<Signal> {
        if self.pending.is_empty() { None } else { self.pending.take(&self.control) }
    }

    /// Whether a message has begun and not ended.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x01\x01a\x80\x01b", 6).ok_or("too short")?;
    /// let (mut receiver, mut input) = (ReceiveHalf::new(Role::Client, Config::new()), buffer.input());
    /// assert!(receiver.next_event(&mut input).is_some());
    /// assert!(receiver.is_message_in_progress(), "its first fragment came");
    /// assert!(receiver.next_event(&mut input).is_some());
    /// assert!(!receiver.is_message_in_progress());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn is_message_in_progress(&self) -> bool {
        self.message.is_some()
    }

    /// Counts a part of a message, and gives its number.
    #[inline]
    pub(crate) const fn next_part(&mut self, is_compressed: bool) -> PartNumber {
        let part = if is_compressed { &mut self.compressed_part } else { &mut self.part };
        *part = part.next();
        *part
    }

    /// Where the next payload of the message in progress belongs.
    #[inline]
    pub(crate) fn position(&self) -> Option<Position> {
        let Message { message_type, is_reported, is_compressed, utf8, .. } = *self.message.as_ref()?;
        // What begins within a code point is no text.
        let is_text = message_type == MessageType::Text && (is_compressed || utf8.is_boundary());
        Some(Position {
            part: if is_compressed { self.compressed_part } else { self.part }.next(),
            message_type: if is_text { MessageType::Text } else { MessageType::Binary },
            is_compressed,
            is_first: !is_reported,
        })
    }

    /// Makes room for another header or control payload; a pong that nobody took is superseded.
    #[inline]
    fn clear_control(&mut self) {
        self.control.clear();
        self.pending.forget_pong();
    }

    #[cold]
    fn failed(&mut self, fault: Fault) -> Fault {
        self.state = State::Ended;
        self.message = None;
        self.kept_len = 0;
        self.pending.add_fault(fault);
        fault
    }
}

/// One more than the length of the longest message in one frame that the limits allow and that has its length in seven
/// bits; 0 where no message is allowed.
const fn short_len_end(limits: Limits) -> u8 {
    if limits.fragment_count_max() == 0 {
        return 0;
    }
    let (frame_len_max, message_len_max) = (limits.frame_len_max(), limits.message_len_max());
    let len_max = if frame_len_max < message_len_max { frame_len_max } else { message_len_max };
    match len_max.to_le_bytes() {
        [len_max @ 0..125, 0, 0, 0, 0, 0, 0, 0] => len_max.saturating_add(1),
        _ => 126,
    }
}

/// A length in memory as one on the wire; no platform has more than 64 bits of memory.
#[inline]
fn len_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Limits, short_len_end};

    #[test]
    fn short_messages_are_those_that_all_limits_allow() {
        for len_max in 0..300 {
            let expected = u8::try_from(len_max).unwrap_or(u8::MAX).min(125) + 1;
            let of_frames = Limits::new().with_frame_len_max(len_max);
            let of_messages = Limits::new().with_message_len_max(len_max);
            assert_eq!([of_frames, of_messages].map(short_len_end), [expected; 2], "{len_max}");
        }
        assert_eq!(short_len_end(Limits::unlimited()), 126);
        assert_eq!(short_len_end(Limits::new().with_fragment_count_max(0)), 0);
    }
}
