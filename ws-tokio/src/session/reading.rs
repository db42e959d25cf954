//! Reading: from the stream, through ws-core's [`Inbound`], to the next event that is the program's.

// Read first: RFC 6455 §5.4, §5.5, §6.2, §7.1.

use core::task::{Context, Poll, ready};

use ws_core::connection::Signal;
use ws_core::event::Event;
use ws_core::session::{Inbound, Note};

use super::io::ReadOn;
use super::wakers::Side;
use super::{Access, Duplex, Io};
use crate::error::Error;

/// What a program waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Find {
    /// A whole message.
    Message,
    /// A whole message, or a control frame.
    Event,
    /// The next part of a message, or a control frame.
    Part,
}

/// Waits for what is to be found; `None` at the end of the connection, after lingering.
///
/// Nothing is lost where the future is dropped: what was read lies in `inbound`, and what was found is found again.
pub(crate) fn poll_event<A: Access<Stream: Duplex>>(
    inbound: &mut Inbound,
    access: &mut A,
    cx: &mut Context<'_>,
    find: Find,
) -> Poll<Result<Option<Event<()>>, Error>> {
    let (mut has_ping, mut read_count) = (false, 0_u32);
    while read_count < READ_COUNT_MAX {
        let mut relay = |note| access.with(|io| io.life.relay(note));
        let found = match find {
            // Nothing has come since it last found nothing.
            _ if inbound.wants_read() => None,
            Find::Message | Find::Event => inbound.advance(&mut relay),
            Find::Part => inbound.advance_part(&mut relay),
        };
        match found {
            Some(Event::Pong) if access.with(|io| io.life.is_own_pong(inbound.control())) => {}
            // It ends the connection, and is reported at its end.
            Some(Event::Failed(_)) => {}
            Some(Event::Ping) if find == Find::Message => has_ping = true,
            Some(Event::Pong | Event::Close) if find == Find::Message => {}
            Some(event) => {
                if has_ping || event != Event::Data(()) {
                    // Before the program has its turn, which may take long. It is not waited for.
                    let _remembered = access.with(|io| io.poll_side(Side::Read, cx, Io::poll_transmit));
                }
                return Poll::Ready(Ok(Some(event)));
            }
            None => {
                let received = inbound.traffic();
                let spare = inbound.spare();
                let spare_len = spare.len();
                let read = access.with(|io| {
                    io.life.received = received;
                    io.poll_side(Side::Read, cx, |io, cx| io.poll_read_on(cx, spare))
                });
                match ready!(read)? {
                    ReadOn::Filled(len, now) => {
                        inbound.filled(len, now);
                        if len == spare_len {
                            inbound.grow_buffer();
                        }
                    }
                    ReadOn::Eof => inbound.eof(),
                    ReadOn::Closed => return Poll::Ready(Ok(None)),
                }
                has_ping = false;
                read_count = read_count.wrapping_add(1);
            }
        }
    }
    // Other tasks have their turn, however fast the peer sends.
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Brings the connection to its end, after all that is ever received.
pub(crate) fn poll_end<A: Access<Stream: Duplex>>(
    access: &mut A,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Error>> {
    let mut discarded = [0; 1024];
    loop {
        let read =
            access.with(|io| io.poll_side(Side::Read, cx, |io, cx| io.poll_read_on(cx, &mut discarded)));
        match ready!(read)? {
            ReadOn::Filled(..) => {}
            ReadOn::Eof => access.with(|io| io.life.relay(Note::Signal(Signal::Eof))),
            ReadOn::Closed => return Poll::Ready(Ok(())),
        }
    }
}

/// How many reads follow each other before other tasks have their turn.
const READ_COUNT_MAX: u32 = 64;
