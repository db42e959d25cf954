// Read first: RFC 6455 §6.2.

use super::{Next, ReceiveHalf, State};
use crate::event::{Event, Fragment, PartNumber, Payload, Piece};
use crate::input::Input;
use crate::message::{Assemble, Assembly};

impl ReceiveHalf {
    /// The next thing that the input holds, or `None` where it holds nothing whole: then read more and come again.
    ///
    /// Takes all input but the up to 3 bytes of an incomplete code point, which stay in the buffer. The payload of a
    /// message comes as it arrives, text as `&str` cut between code points, each byte unmasked in place and
    /// validated once. After [`Event::Close`] and [`Event::Failed`] it is always `None` and discards its input.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    ///
    /// // "Grü", of which the last byte has not come yet.
    /// let mut buffer = ReadBuffer::with_filled(*b"\x81\x04Gr\xc3", 5).ok_or("too short")?;
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// let Some(Event::Data(fragment)) = receiver.next_event(&mut buffer.input()) else { return Err("none") };
    /// assert_eq!((fragment.payload, fragment.is_last), (Payload::Text("Gr"), false));
    /// assert_eq!(buffer.unread(), b"\xc3");
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn next_event<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<Fragment<'b>>> {
        let whole = |payload| Fragment { payload, is_first: true, is_last: true, part: PartNumber::NONE };
        match self.whole_message(input, whole) {
            Some(event) => Some(event),
            None => self.next_event_by_steps(input),
        }
    }

    #[inline(never)]
    fn next_event_by_steps<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<Fragment<'b>>> {
        loop {
            let next = self.advance(input);
            if !next.is_payload() {
                return next.into_event();
            }
            match self.take_fragment(input) {
                Ok(Some(fragment)) => return Some(Event::Data(fragment)),
                Ok(None) => {}
                Err(violation) => return Some(Event::Failed(self.failed(violation.into()))),
            }
        }
    }

    /// The next thing that the input holds, payload as mutable bytes: all that have arrived, text too, which is checked but
    /// may be cut within a code point. `None` where more input is needed.
    ///
    /// It is for relays and for small memories: it always takes all input. A message may be taken by this and by
    /// [`next_event`](Self::next_event) in turns; the rest of a code point that was begun here comes from there as
    /// [`Payload::Binary`].
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x81\x05Hello", 7).ok_or("too short")?;
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// let Some(Event::Data(piece)) = receiver.next_piece(&mut buffer.input()) else { return Err("no piece") };
    /// piece.payload.make_ascii_uppercase(); // or mask it again
    /// assert_eq!(piece.payload, b"HELLO");
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn next_piece<'b>(&mut self, input: &mut Input<'b>) -> Option<Event<Piece<'b>>> {
        loop {
            let next = self.advance(input);
            if !next.is_payload() {
                return next.into_event();
            }
            match self.take_piece(input, usize::MAX) {
                Ok(Some(piece)) => return Some(Event::Data(piece)),
                Ok(None) => {}
                Err(violation) => return Some(Event::Failed(self.failed(violation.into()))),
            }
        }
    }

    /// The next whole message, or other event, that the input completes: messages that lie whole in the read buffer are
    /// lent from there, others are assembled in `message`. `None` where more input is needed.
    ///
    /// `message` has to be the same until a message is whole. Of a message that was begun to be taken in another way, only
    /// the rest comes.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::MessageSlice;
    ///
    /// // RFC 6455 §5.7: "Hel" and "lo", fragments of an unmasked text message.
    /// let mut bytes = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    /// let mut buffer = ReadBuffer::with_filled(&mut bytes[..], 9).ok_or("too short")?;
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// let mut message = MessageSlice::new([0; 1024]);
    /// let event = receiver.next_message(&mut buffer.input(), &mut message);
    /// assert_eq!(event, Some(Event::Data(Payload::Text("Hello"))));
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn next_message<'m, 'b: 'm, M: Assemble>(
        &mut self,
        input: &mut Input<'b>,
        message: &'m mut M,
    ) -> Option<Event<Payload<'m>>> {
        match self.whole_message(input, |payload| payload) {
            Some(event) => {
                message.forget();
                Some(event)
            }
            None => self.next_message_by_steps(input, message),
        }
    }

    #[inline(never)]
    fn next_message_by_steps<'m, 'b: 'm, M: Assemble>(
        &mut self,
        input: &mut Input<'b>,
        message: &'m mut M,
    ) -> Option<Event<Payload<'m>>> {
        loop {
            let next = self.advance(input);
            if !next.is_payload() {
                return next.into_event();
            }
            // What is compressed means something only where it was inflated.
            if next == Next::WholeMessage && self.message.is_some_and(|message| !message.is_compressed) {
                message.forget();
                return match self.take_fragment(input) {
                    Ok(fragment) => fragment.map(|fragment| Event::Data(fragment.payload)),
                    Err(violation) => Some(Event::Failed(self.failed(violation.into()))),
                };
            }
            match self.take_into(input, message) {
                Ok(Some(Assembly::Complete)) => break,
                Ok(Some(Assembly::Incomplete) | None) => {}
                Err(fault) => {
                    message.forget();
                    return Some(Event::Failed(self.failed(fault)));
                }
            }
        }
        message.assembled().map(Event::Data)
    }

    /// Takes the payload that [`advance`](Self::advance) has found and appends it to `message`, binary payload unmasked
    /// on its way there: for callers that lend the whole message only afterwards.
    ///
    /// `None` where there is none, or only a part of a code point.
    ///
    /// ```
    /// use ws_core::connection::{Config, ReceiveHalf, Role};
    /// use ws_core::event::{Event, Payload};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::message::{Assembly, MessageSlice};
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x02\x01a\x80\x01b", 6).ok_or("too short")?;
    /// let mut receiver = ReceiveHalf::new(Role::Client, Config::new());
    /// let (mut input, mut message) = (buffer.input(), MessageSlice::new([0; 16]));
    /// while receiver.advance(&mut input).is_payload() {
    ///     if receiver.assemble(&mut input, &mut message) == Some(Event::Data(Assembly::Complete)) {
    ///         break;
    ///     }
    /// }
    /// assert_eq!(message.message(), Some(Payload::Binary(b"ab")));
    /// # Ok::<(), &str>(())
    /// ```
    #[inline]
    pub fn assemble(
        &mut self,
        input: &mut Input<'_>,
        message: &mut impl Assemble,
    ) -> Option<Event<Assembly>> {
        if self.state != State::Data {
            return None;
        }
        match self.take_into(input, message) {
            Ok(assembly) => assembly.map(Event::Data),
            Err(fault) => {
                message.forget();
                Some(Event::Failed(self.failed(fault)))
            }
        }
    }

    /// Goes on to the next thing, and lends nothing: what it finds is taken by the next call of
    /// [`next_event`](Self::next_event), [`next_piece`](Self::next_piece) or [`assemble`](Self::assemble), but for control frames and faults,
    /// which are reported here and not again.
    ///
    /// ```
    /// use ws_core::connection::{Config, Next, ReceiveHalf, Role};
    /// use ws_core::input::ReadBuffer;
    ///
    /// let mut buffer = ReadBuffer::with_filled(*b"\x82\x01a", 3).ok_or("too short")?;
    /// let (mut receiver, mut input) = (ReceiveHalf::new(Role::Client, Config::new()), buffer.input());
    /// assert_eq!(receiver.advance(&mut input), Next::WholeMessage);
    /// assert_eq!(input.unread(), b"a", "the payload is still to be taken");
    /// # Ok::<(), &str>(())
    /// ```
    #[cfg_attr(not(target_os = "none"), inline(always))]
    #[expect(clippy::inline_always, reason = "the call is 3 % of the instructions of a read of 1460 bytes")]
    pub fn advance(&mut self, input: &mut Input<'_>) -> Next {
        loop {
            let step = match self.state {
                State::Header => self.read_header(input),
                State::Data => Ok(self.look_at_data(input)),
                State::Control(opcode) => self.read_control(opcode, input),
                State::Ended => {
                    let _discarded = input.take(usize::MAX);
                    Ok(Some(Next::Ended))
                }
            };
            match step {
                Ok(Some(next)) => return next,
                Ok(None) => {}
                Err(fault) => return Next::Failed(self.failed(fault)),
            }
        }
    }
}
