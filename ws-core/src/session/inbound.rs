// Read first: RFC 6455 §5.4, §6.2, §7.1.

use alloc::vec::Vec;
use core::ops::ControlFlow;
use core::time::Duration;
use core::{fmt, mem};

use super::config::READ_BUFFER_LEN_MIN;
use super::rest::{Found, Rest, report};
use super::{Config, Opened, Relay, Traffic, parts};
use crate::connection::{Next, ReceiveHalf};
use crate::error::{Fault, Limit};
use crate::event::{Event, Payload};
use crate::frame::{CloseFrame, ControlPayload};
use crate::input::{Input, ReadBuffer};
use crate::message::{Assembly, Message, MessageBuffer, OwnedMessage};

/// The receiving side of a session: the read buffer, whole messages or parts of them, inflated.
///
/// Read into [`spare`](Self::spare), say how much by [`filled`](Self::filled), and take events by [`next`](Self::next),
/// [`next_owned`](Self::next_owned) or [`next_part`](Self::next_part), in any mixture, until there are none.
///
/// ```
/// use core::time::Duration;
/// use ws_core::connection::RoleKeys;
/// use ws_core::event::Event;
/// use ws_core::input::ReadBuffer;
/// use ws_core::message::OwnedMessage;
/// use ws_core::session::{Config, NoKeys, Opened, Session};
///
/// let opened = Opened::<NoKeys>::new(RoleKeys::Server);
/// let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
/// let arrived = b"\x81\x85\0\0\0\0Hello"; // masked with zeros
/// session.inbound.spare()[..arrived.len()].copy_from_slice(arrived);
/// session.inbound.filled(arrived.len(), Duration::from_millis(5));
/// let event = session.inbound.next_owned(&mut session.outbound);
/// assert_eq!(event, Some(Event::Data(OwnedMessage::from("Hello"))));
/// assert_eq!(session.inbound.next_owned(&mut session.outbound), None);
/// ```
pub struct Inbound {
    pub(super) receive: ReceiveHalf,
    pub(super) buffer: ReadBuffer<Vec<u8>>,
    pub(super) message: MessageBuffer,
    pub(super) rest: Rest,
}

impl Inbound {
    pub(super) fn new<K>(
        opened: &Opened<K>,
        config: &Config,
        buffer: ReadBuffer<Vec<u8>>,
        now: Duration,
    ) -> Self {
        let connection = config.connection();
        let len_max = connection.limits().message_len_max();
        let message = MessageBuffer::new()
            .with_kept_len_max(MESSAGE_KEPT_LEN_MAX)
            .with_len_max(usize::try_from(len_max).unwrap_or(usize::MAX));
        let parser = (ReceiveHalf::new(opened.role(), connection), message, true);
        #[cfg(feature = "deflate")]
        let parser = match (parser, opened.agreed) {
            (parser, None) => parser,
            ((receive, message, _), Some(agreed)) if config.deflate().is_inflating() => {
                let inflater = agreed.inflater(len_max);
                (receive.with_deflate(), message.with_inflater(inflater), true)
            }
            ((receive, message, _), Some(_)) => (receive.with_deflate(), message, false),
        };
        let (receive, message, is_inflating) = parser;
        let rest = Rest::new(opened, config, is_inflating, buffer.unread().len(), now);
        Self { receive, buffer, message, rest }
    }

    /// Where to read the next bytes to: the read buffer or, for the rest of a long binary message, past it to where the
    /// message is assembled. Call [`filled`](Self::filled) afterwards.
    ///
    /// There is room in it while the session [`wants_read`](Self::wants_read), unless there is no memory for it. Otherwise it
    /// may be empty: reading into an empty slice gives 0, which then is not the end of the stream.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// assert_eq!(session.inbound.spare().len(), 1024, "all of the read buffer");
    /// // A binary message of 32 KiB, of which the header and a byte have come.
    /// session.inbound.spare()[..9].copy_from_slice(b"\x82\xfe\x80\0\0\0\0\0\x07");
    /// session.inbound.filled(9, Duration::ZERO);
    /// assert_eq!(session.inbound.next(&mut session.outbound), None);
    /// session.inbound.spare()[..3].copy_from_slice(b"abc");
    /// session.inbound.filled(3, Duration::ZERO);
    /// assert!(session.inbound.unread().is_empty(), "they lie where the message is assembled");
    /// ```
    #[inline]
    pub fn spare(&mut self) -> &mut [u8] {
        if self.buffer.capacity() < READ_BUFFER_LEN_MIN {
            self.make_buffer();
        }
        self.receive.spare(&mut self.buffer, &mut self.message)
    }

    /// Says that `len` bytes were read into [`spare`](Self::spare), at the time `now`. More than it has room for counts as
    /// its room; 0 changes nothing.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.inbound.spare()[..3].copy_from_slice(b"\x81\x85\0");
    /// session.inbound.filled(3, Duration::from_secs(1));
    /// session.inbound.filled(0, Duration::from_secs(2)); // the read found nothing
    /// assert_eq!(session.inbound.unread(), b"\x81\x85\0");
    /// session.inbound.filled(9999, Duration::from_secs(3)); // more than there is room for
    /// assert_eq!(session.inbound.traffic().wire_len, 1024);
    /// ```
    #[inline]
    pub fn filled(&mut self, len: usize, now: Duration) {
        let len = self.receive.fill(len, &mut self.buffer, &mut self.message);
        if len > 0 {
            self.rest.filled(len, now);
        }
    }

    /// Says that the stream is at its end: the peer writes no more. It takes effect after what came before.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// # use ws_core::connection::Transport;
    /// session.inbound.spare()[..6].copy_from_slice(b"\x81\x80\0\0\0\0");
    /// session.inbound.filled(6, Duration::ZERO);
    /// session.inbound.eof();
    /// assert!(session.inbound.next(&mut session.outbound).is_some(), "the message that came before");
    /// assert_eq!(session.inbound.next(&mut session.outbound), None);
    /// assert_eq!(session.outbound.transport(), Transport::Closed);
    /// ```
    pub const fn eof(&mut self) {
        self.rest.eof();
    }

    /// Whether all events of what was read were taken: read more. `false` while events may be left, because the caller has
    /// stopped taking them: before what was read is answered, nothing else should be read.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// // Two empty messages, masked with zeros.
    /// let buffer = ReadBuffer::with_filled(b"\x81\x80\0\0\0\0\x82\x80\0\0\0\0".to_vec(), 12).ok_or("too short")?;
    /// let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// let _text = session.inbound.next(&mut session.outbound);
    /// assert!(!session.inbound.wants_read(), "another may be there");
    /// while session.inbound.next(&mut session.outbound).is_some() {}
    /// assert!(session.inbound.wants_read());
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    #[inline]
    pub const fn wants_read(&self) -> bool {
        self.rest.is_drained()
    }

    /// The next whole message, lent until the next call, or the next other event; `None` where more has to be read. What
    /// it means for sending is reported to `relay`: give it the [`Outbound`](super::Outbound).
    ///
    /// Of a message of which parts were taken by [`next_part`](Self::next_part), the rest is dropped, whether it has come or
    /// not.
    ///
    /// After [`Event::Close`] and [`Event::Failed`] it is always `None`, and what comes is discarded.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::{event::Event, message::Message};
    /// session.inbound.spare()[..14].copy_from_slice(b"\x81\x82\0\0\0\0Hi\x88\x80\0\0\0\0");
    /// session.inbound.filled(14, Duration::ZERO);
    /// assert_eq!(session.inbound.next(&mut session.outbound), Some(Event::Data(Message::Text("Hi"))));
    /// assert_eq!(session.inbound.next(&mut session.outbound), Some(Event::Close));
    /// assert_eq!(session.outbound.transmit(), b"\x88\x00", "the answer was reported, and is queued");
    /// ```
    #[cfg_attr(not(target_os = "none"), inline(always))]
    #[expect(
        clippy::inline_always,
        reason = "the call and its event in memory are a tenth of the instructions"
    )]
    pub fn next<'i>(&'i mut self, relay: &mut impl Relay) -> Option<Event<Message<'i>>> {
        let Self { receive, buffer, message, rest } = self;
        let mut input = buffer.input();
        let whole = match rest.found {
            Found::Nothing => receive.whole_message(&mut input, to_message),
            Found::InReadBuffer | Found::Assembled | Found::PendingPart => None,
        };
        match whole {
            Some(Event::Data(lent)) => {
                rest.message_taken();
                Some(Event::Data(lent))
            }
            Some(failed) => {
                report(receive, relay);
                Some(failed)
            }
            None => Self::next_by_steps(receive, input, message, rest, relay),
        }
    }

    #[inline(never)]
    fn next_by_steps<'i>(
        receive: &mut ReceiveHalf,
        mut input: Input<'i>,
        message: &'i mut MessageBuffer,
        rest: &mut Rest,
        relay: &mut impl Relay,
    ) -> Option<Event<Message<'i>>> {
        if rest.found == Found::Nothing && input.is_empty() && receive.is_between_messages() {
            message.ask_whole();
            rest.drained(receive, relay);
            return None;
        }
        let found = match mem::replace(&mut rest.found, Found::Nothing) {
            Found::Assembled => Found::Assembled,
            Found::Nothing | Found::InReadBuffer | Found::PendingPart => {
                match Self::find(receive, &mut input, message, rest, relay)?.into_data() {
                    Ok(found) => found,
                    Err(other) => return Some(other),
                }
            }
        };
        let payload = if found == Found::Assembled {
            message.message()
        } else {
            match receive.take_found(&mut input) {
                Ok(fragment) => fragment.map(|fragment| fragment.payload),
                Err(fault) => return Some(parts::failed(receive, fault, relay)),
            }
        };
        rest.message_taken();
        // What is compressed was inflated.
        payload.and_then(|payload| Message::try_from(payload).ok()).map(Event::Data)
    }

    /// Goes on to the next whole message, or other event, and lends nothing.
    fn find(
        receive: &mut ReceiveHalf,
        input: &mut Input<'_>,
        message: &mut MessageBuffer,
        rest: &mut Rest,
        relay: &mut impl Relay,
    ) -> Option<Event<Found>> {
        #[cfg(feature = "deflate")]
        rest.drop_inflated();
        // The rest of a message that was begun to be taken in parts is dropped, and of no other.
        rest.is_dropping |=
            !receive.has_ended() && (message.ask_whole() || receive.is_taken_elsewhere(message));
        if let ControlFlow::Break(event) = parts::drop_rest(receive, input, message, rest, relay) {
            return event;
        }
        loop {
            rest.discard(receive, input);
            let next = receive.advance(input);
            if !next.is_payload() {
                return rest.other(receive, next, relay);
            }
            if next == Next::WholeMessage && !receive.is_compressed() {
                return Some(Event::Data(Found::InReadBuffer));
            }
            if receive.is_compressed() && !rest.is_inflating {
                return Some(parts::failed(receive, Limit::Compressed.into(), relay));
            }
            match receive.assemble(input, message) {
                Some(Event::Data(Assembly::Complete)) => return Some(Event::Data(Found::Assembled)),
                Some(Event::Failed(fault)) => return Some(parts::failed(receive, fault, relay)),
                _ => {}
            }
        }
    }

    /// The next whole message, owned, or the next other event; `None` where more has to be read. A message that lies
    /// whole in the read buffer is copied, one that was assembled is not.
    ///
    /// What it means for sending is reported to `relay`: give it the [`Outbound`](super::Outbound).
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::{event::Event, message::OwnedMessage};
    /// session.inbound.spare()[..8].copy_from_slice(b"\x81\x82\0\0\0\0Hi");
    /// session.inbound.filled(8, Duration::ZERO);
    /// let event = session.inbound.next_owned(&mut session.outbound);
    /// drop(session); // the message does not borrow from it
    /// assert_eq!(event, Some(Event::Data(OwnedMessage::from("Hi"))));
    /// ```
    pub fn next_owned(&mut self, relay: &mut impl Relay) -> Option<Event<OwnedMessage>> {
        if let Err(other) = self.advance(relay)?.into_data() {
            return Some(other);
        }
        if self.rest.found == Found::Assembled {
            self.rest.found = Found::Nothing;
            self.rest.message_taken();
            return self.message.take().map(Event::Data);
        }
        Some(match self.message(relay)? {
            Ok(message) => Event::Data(message.into_owned()),
            Err(fault) => Event::Failed(fault),
        })
    }

    /// Goes on to the next whole message, or other event, and lends nothing; `None` where more has to be read. A message
    /// that it finds is lent by [`message`](Self::message), or by [`next`](Self::next); until then it says the same again.
    ///
    /// A program that has no room for messages calls it before [`Outbound::poll`](super::Outbound::poll): so it takes no
    /// message, but reports to `relay` that bytes came.
    ///
    /// It is for calls that read in a loop and lend at the end, which the borrow checker does not take otherwise.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// use ws_core::event::Event;
    /// use ws_core::message::Message;
    ///
    /// /// The next message, read from a stream that waits.
    /// fn read<'s>(session: &'s mut Session<NoKeys>, stream: &mut impl std::io::Read) -> std::io::Result<Option<Message<'s>>> {
    ///     loop {
    ///         match session.inbound.advance(&mut session.outbound) {
    ///             Some(Event::Data(())) => break,
    ///             Some(Event::Close | Event::Failed(_)) => return Ok(None),
    ///             Some(_) => {}
    ///             None => match stream.read(session.inbound.spare())? {
    ///                 0 => return Ok(None),
    ///                 len => session.inbound.filled(len, Duration::ZERO),
    ///             },
    ///         }
    ///     }
    ///     session.inbound.message(&mut session.outbound).transpose().map_err(std::io::Error::other)
    /// }
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// # let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// let message = read(&mut session, &mut &b"\x81\x85\0\0\0\0Hello"[..])?;
    /// assert_eq!(message, Some(Message::Text("Hello")));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn advance(&mut self, relay: &mut impl Relay) -> Option<Event<()>> {
        if self.rest.found.is_message() {
            self.rest.report_found(relay);
            return Some(Event::Data(()));
        }
        let is_pending = mem::replace(&mut self.rest.found, Found::Nothing) == Found::PendingPart;
        if !is_pending && self.receive.has_whole_message(self.buffer.unread()) {
            self.rest.found = Found::InReadBuffer;
            self.rest.report_found(relay);
            return Some(Event::Data(()));
        }
        let Self { receive, buffer, message, rest } = self;
        match Self::find(receive, &mut buffer.input(), message, rest, relay)?.into_data() {
            Ok(found) => {
                rest.found = found;
                rest.report_found(relay);
                Some(Event::Data(()))
            }
            Err(other) => Some(other),
        }
    }

    /// The message that [`advance`](Self::advance) has found, lent until the next call, or the fault in it; `None` where
    /// it has found none. What a fault means for sending is reported to `relay`.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::{error::Violation, event::Event};
    /// session.inbound.spare()[..7].copy_from_slice(b"\x81\x81\0\0\0\0\xff"); // a text that is not UTF-8
    /// session.inbound.filled(7, Duration::ZERO);
    /// assert_eq!(session.inbound.advance(&mut session.outbound), Some(Event::Data(())));
    /// assert_eq!(session.inbound.message(&mut session.outbound), Some(Err(Violation::InvalidUtf8.into())));
    /// assert_eq!(session.outbound.transmit(), b"\x88\x02\x03\xef"); // a Close with 1007
    /// ```
    #[inline]
    pub fn message(&mut self, relay: &mut impl Relay) -> Option<Result<Message<'_>, Fault>> {
        match self.rest.found {
            Found::Nothing | Found::PendingPart => return None,
            // It is found there again, by the short way where that is one.
            Found::InReadBuffer => self.rest.found = Found::Nothing,
            Found::Assembled => {}
        }
        match self.next(relay)? {
            Event::Data(message) => Some(Ok(message)),
            Event::Failed(fault) => Some(Err(fault)),
            Event::Ping | Event::Pong | Event::Close => None,
        }
    }

    /// The payload of the last ping, pong or Close, until the next call.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.inbound.spare()[..8].copy_from_slice(b"\x89\x82\0\0\0\0hi");
    /// session.inbound.filled(8, Duration::ZERO);
    /// assert_eq!(session.inbound.next(&mut session.outbound), Some(ws_core::event::Event::Ping));
    /// assert_eq!(session.inbound.control().as_bytes(), b"hi");
    /// ```
    #[must_use]
    pub const fn control(&self) -> &ControlPayload {
        self.receive.control()
    }

    /// The peer's Close, after [`Event::Close`].
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.inbound.spare()[..11].copy_from_slice(b"\x88\x85\0\0\0\0\x03\xe8bye");
    /// session.inbound.filled(11, Duration::ZERO);
    /// assert_eq!(session.inbound.close_frame(), None, "it was not taken yet");
    /// assert_eq!(session.inbound.next(&mut session.outbound), Some(ws_core::event::Event::Close));
    /// assert_eq!(session.inbound.close_frame().as_ref().map(|close| close.reason()), Some("bye"));
    /// ```
    #[must_use]
    pub fn close_frame(&self) -> Option<CloseFrame> {
        self.receive.close_frame()
    }

    /// What was received.
    #[must_use]
    pub const fn traffic(&self) -> Traffic {
        self.rest.traffic()
    }

    /// The bytes that were read and not taken.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        self.buffer.unread()
    }

    /// A copy in the same state, for model checkers and tests; `None` where messages are inflated here, since a
    /// compression context cannot be copied.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.inbound.spare()[..6].copy_from_slice(b"\x81\x80\0\0\0\0");
    /// session.inbound.filled(6, Duration::ZERO);
    /// let mut copy = session.inbound.try_clone().ok_or("a compression context")?;
    /// assert!(copy.next(&mut session.outbound).is_some());
    /// assert_eq!((copy.unread().len(), session.inbound.unread().len()), (0, 6), "each takes its own bytes");
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self {
            receive: self.receive.clone(),
            buffer: self.buffer.clone(),
            message: self.message.try_clone()?,
            rest: self.rest,
        })
    }
}

#[inline]
fn to_message(payload: Payload<'_>) -> Message<'_> {
    match payload {
        Payload::Text(text) => Message::Text(text),
        Payload::Binary(bytes) | Payload::Compressed { bytes, .. } => Message::Binary(bytes),
    }
}

impl fmt::Debug for Inbound {
    /// Nothing of what was received.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbound")
            .field("receive", &self.receive)
            .field("buffer", &self.buffer)
            .field("message", &self.message)
            .field("traffic", &self.rest.traffic())
            .finish_non_exhaustive()
    }
}

/// The longest allocation that is kept from one assembled message to the next, in bytes.
const MESSAGE_KEPT_LEN_MAX: usize = 4 * 1024;
