// Read first: RFC 6455 §5.4; RFC 7692 §6.2.

use core::mem;
use core::ops::ControlFlow;

use super::Relay;
use super::inbound::Inbound;
use super::rest::{Found, Rest, report};
use crate::connection::ReceiveHalf;
use crate::error::{Fail as _, Fault};
use crate::event::{Event, Fragment};
use crate::input::Input;
#[cfg(feature = "deflate")]
use crate::message::Inflated;
use crate::message::{Assembly, MessageBuffer, Position};

impl Inbound {
    /// The next part of a message as it comes, lent until the next call, or the next other event; `None` where more has to
    /// be read. So a message of any length passes through the read buffer.
    ///
    /// Text comes cut between code points; what was compressed comes inflated, unless
    /// `Deflate::without_inflating` leaves it as it is. Of a message that [`next`](Self::next) has assembled in part,
    /// the first part is what was assembled. What an event means for sending is reported to `relay`: give it the
    /// [`Outbound`](super::Outbound).
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::connection::RoleKeys;
    /// use ws_core::event::Event;
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::session::{Config, NoKeys, Opened, Session};
    ///
    /// // "Hel" and the beginning of "lo", masked with zeros.
    /// let bytes = b"\x01\x83\0\0\0\0Hel\x80\x82\0\0\0\0l".to_vec();
    /// let len = bytes.len();
    /// let buffer = ReadBuffer::with_filled(bytes, len).ok_or("too short")?;
    /// let mut session = Session::new(Opened::<NoKeys>::new(RoleKeys::Server), Config::new(), buffer, Duration::ZERO);
    /// let mut parts = Vec::new();
    /// while let Some(Event::Data(part)) = session.inbound.next_part(&mut session.outbound) {
    ///     parts.push((part.payload.as_bytes().to_vec(), part.is_first, part.is_last));
    /// }
    /// assert_eq!(parts, [(b"Hel".to_vec(), true, false), (b"l".to_vec(), false, false)]);
    /// # Ok::<(), &str>(())
    /// ```
    pub fn next_part<'i>(&'i mut self, relay: &mut impl Relay) -> Option<Event<Fragment<'i>>> {
        let located = match self.locate_part(relay)?.into_data() {
            Ok(located) => located,
            Err(other) => return Some(other),
        };
        let Self { receive, buffer, message, rest } = self;
        let fragment = match located {
            Located::Whole => {
                rest.message_taken();
                return message.message().map(|payload| Event::Data(Fragment::whole(payload)));
            }
            Located::Arrived => match receive.take_found(&mut buffer.input()) {
                Ok(fragment) => fragment?,
                Err(fault) => return Some(failed(receive, fault, relay)),
            },
            Located::Assembled(position) => message.give_up_partial(position)?,
            #[cfg(feature = "deflate")]
            Located::Inflated(Inflated { is_first, is_last }) => {
                if message.has_pending_part() {
                    rest.found = Found::PendingPart;
                }
                match message.part() {
                    // The parts that it was inflated from have numbers of their own.
                    Ok(payload) => Fragment { payload, is_first, is_last, part: receive.next_part(false) },
                    Err(fault) => {
                        rest.found = Found::Nothing;
                        return Some(failed(receive, fault, relay));
                    }
                }
            }
        };
        rest.has_part = true;
        if fragment.is_last {
            rest.message_taken();
        }
        Some(Event::Data(fragment))
    }

    /// Goes on to the next part of a message, or other event, and lends nothing; `None` where more has to be read. A part
    /// that it finds is lent by [`next_part`](Self::next_part), which gives it, or the fault in it; until then it says the same
    /// again.
    ///
    /// It is for calls that read in a loop and lend at the end, which the borrow checker does not take otherwise.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// use ws_core::event::Event;
    ///
    /// session.inbound.spare()[..7].copy_from_slice(b"\x01\x83\0\0\0\0H"); // the first of three bytes
    /// session.inbound.filled(7, Duration::ZERO);
    /// assert_eq!(session.inbound.advance_part(&mut session.outbound), Some(Event::Data(())));
    /// let part = session.inbound.next_part(&mut session.outbound);
    /// assert!(matches!(part, Some(Event::Data(part)) if part.payload.as_bytes() == b"H"));
    /// assert_eq!(session.inbound.advance_part(&mut session.outbound), None);
    /// ```
    pub fn advance_part(&mut self, relay: &mut impl Relay) -> Option<Event<()>> {
        match self.locate_part(relay)?.into_data() {
            Ok(located) => {
                match located {
                    Located::Whole => self.rest.found = Found::Assembled,
                    #[cfg(feature = "deflate")]
                    Located::Inflated(inflated) => self.rest.inflated = Some(inflated),
                    // It is found there again.
                    Located::Arrived | Located::Assembled(_) => {}
                }
                Some(Event::Data(()))
            }
            Err(other) => Some(other),
        }
    }

    /// Goes on to the next part of a message, or other event.
    fn locate_part(&mut self, relay: &mut impl Relay) -> Option<Event<Located>> {
        let Self { receive, buffer, message, rest } = self;
        if mem::replace(&mut rest.found, Found::Nothing) == Found::Assembled {
            return Some(Event::Data(Located::Whole));
        }
        #[cfg(feature = "deflate")]
        if let Some(inflated) = rest.inflated.take() {
            return Some(Event::Data(Located::Inflated(inflated)));
        }
        find(receive, &mut buffer.input(), message, rest, relay)
    }
}

/// Where the next part of a message is.
enum Located {
    /// In the message buffer, all of the message.
    Whole,
    /// Where it was read.
    Arrived,
    /// In the message buffer, where it was assembled up to this position.
    Assembled(Position),
    /// In the message buffer, inflated.
    #[cfg(feature = "deflate")]
    Inflated(Inflated),
}

/// Goes on to the next part of a message, or other event.
fn find(
    receive: &mut ReceiveHalf,
    input: &mut Input<'_>,
    message: &mut MessageBuffer,
    rest: &mut Rest,
    relay: &mut impl Relay,
) -> Option<Event<Located>> {
    if let ControlFlow::Break(event) = drop_rest(receive, input, message, rest, relay) {
        return event;
    }
    loop {
        // After a fault in what was inflated there may be more of it.
        #[cfg(feature = "deflate")]
        if message.has_pending_part() && !receive.has_ended() {
            match message.inflate_part() {
                Ok(Some(inflated)) => return Some(Event::Data(Located::Inflated(inflated))),
                Ok(None) => continue,
                Err(fault) => return Some(failed(receive, fault, relay)),
            }
        }
        // What was assembled comes first, whether more has come or not: until then that is read to where this is.
        if let Some(position) =
            receive.position().filter(|&position| !receive.has_ended() && message.has_partial(position))
        {
            return Some(Event::Data(Located::Assembled(position)));
        }
        rest.discard(receive, input);
        let next = receive.advance(input);
        let position = receive.position().filter(|_| next.is_payload());
        let Some(position) = position else {
            return rest.other(receive, next, relay);
        };
        if position.is_compressed && rest.is_inflating {
            if let Err(fault) = push_payload(receive, input, message, position) {
                return Some(failed(receive, fault, relay));
            }
            continue;
        }
        if receive.has_text_to_lend(input) {
            return Some(Event::Data(Located::Arrived));
        }
        // The beginning of a code point, to which more has to come.
        if let Err(fault) = receive.take_found(input) {
            return Some(failed(receive, fault, relay));
        }
    }
}

/// Takes compressed payload to where it is inflated.
#[cfg(feature = "deflate")]
fn push_payload(
    receive: &mut ReceiveHalf,
    input: &mut Input<'_>,
    message: &mut MessageBuffer,
    position: Position,
) -> Result<(), Fault> {
    match receive.take_found(input)? {
        Some(fragment) => message.push_part(fragment.payload.as_bytes(), fragment.fin(), position),
        None => Ok(()),
    }
}

/// Without the feature nothing compressed can come.
#[cfg(not(feature = "deflate"))]
fn push_payload(
    receive: &mut ReceiveHalf,
    input: &mut Input<'_>,
    _: &mut MessageBuffer,
    _: Position,
) -> Result<(), Fault> {
    receive.drop_found(input).map(drop)
}

/// Drops the rest of the message that is to be dropped, if one is, up to its end. Breaks with the event that comes before
/// that, or with `None` where more has to be read.
pub(super) fn drop_rest<D>(
    receive: &mut ReceiveHalf,
    input: &mut Input<'_>,
    message: &mut MessageBuffer,
    rest: &mut Rest,
    relay: &mut impl Relay,
) -> ControlFlow<Option<Event<D>>> {
    while rest.is_dropping {
        let dropped = if let Some(dropped) = drop_pending(message) {
            dropped
        } else {
            rest.discard(receive, input);
            let next = receive.advance(input);
            if !next.is_payload() {
                return ControlFlow::Break(rest.other(receive, next, relay));
            }
            drop_payload(receive, input, message, rest)
        };
        match dropped {
            Ok(Assembly::Complete) => {
                rest.is_dropping = false;
                rest.message_taken();
            }
            Ok(Assembly::Incomplete) => {}
            Err(fault) => {
                rest.is_dropping = false;
                return ControlFlow::Break(Some(failed(receive, fault, relay)));
            }
        }
    }
    ControlFlow::Continue(())
}

/// Drops what can be inflated of a message that is given out in parts without more payload. `None` where there is nothing
/// of it; otherwise whether the message has ended. Text is checked all the same.
#[cfg(feature = "deflate")]
fn drop_pending(message: &mut MessageBuffer) -> Option<Result<Assembly, Fault>> {
    if !message.has_pending_part() {
        return None;
    }
    let inflated = message.inflate_part().and_then(|inflated| message.part().map(|_checked| inflated));
    Some(inflated.map(|inflated| match inflated {
        Some(Inflated { is_last: true, .. }) => Assembly::Complete,
        Some(_) | None => Assembly::Incomplete,
    }))
}

/// Without the feature nothing is inflated.
#[cfg(not(feature = "deflate"))]
const fn drop_pending(_: &mut MessageBuffer) -> Option<Result<Assembly, Fault>> {
    None
}

/// Drops the payload that was found, of a message that was begun to be taken in parts. Whether the message has ended. What
/// is compressed is inflated all the same: later messages may refer to it (RFC 7692 §7.2.3.2).
fn drop_payload(
    receive: &mut ReceiveHalf,
    input: &mut Input<'_>,
    message: &mut MessageBuffer,
    rest: &Rest,
) -> Result<Assembly, Fault> {
    if let Some(position) = receive.position().filter(|position| position.is_compressed && rest.is_inflating)
    {
        return push_payload(receive, input, message, position).map(|()| Assembly::Incomplete);
    }
    let is_last = receive.drop_found(input)?;
    Ok(if is_last { Assembly::Complete } else { Assembly::Incomplete })
}

/// Fails the connection.
#[cold]
pub(super) fn failed<D>(receive: &mut ReceiveHalf, fault: Fault, relay: &mut impl Relay) -> Event<D> {
    // Without effect where the fault was found by the receiving half itself.
    receive.fail(fault);
    report(receive, relay);
    Event::Failed(fault)
}
