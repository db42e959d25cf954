// Read first: RFC 6455 §5.4, §5.5, §6.2, §7.1.

use core::time::Duration;
use std::io;

use ws_core::connection::Signal;
use ws_core::event::{Event, Fragment};
use ws_core::frame::ControlPayload;
use ws_core::message::Message;
use ws_core::session::{Inbound, Note, Relay};

use super::config::LINGER_LEN_MAX;
use crate::error::Error;

/// What reading needs besides [`Inbound`]: the stream, the clock, and the sending side. [`Inbound`] reports to it as a [`Relay`].
pub(crate) trait Driver: Relay {
    /// Writes what waits, as far as this call may wait for that. An error that ends the connection is remembered.
    fn transmit_if_possible(&mut self) -> Result<(), Error>;

    /// Reads once, within the deadlines. Returns the number of bytes, 0 at the end of the stream, and the time; `None` where the
    /// stream failed or the connection has ended. An error means only that nothing came in time.
    fn read_in_time(&mut self, bytes: &mut [u8]) -> Result<Option<(usize, Duration)>, Error>;

    /// How the connection ended, once it has. Shuts down the sending side of the stream where the closing handshake asks for it.
    fn ended(&mut self) -> Option<Result<(), Error>>;

    /// Whether nothing more arrives from the stream.
    fn is_read_over(&self) -> bool;

    /// Ends the connection for an error that is not the stream's.
    fn give_up(&mut self, kind: io::ErrorKind);

    /// Whether a pong answers a ping of the keepalive; reports it to the log.
    fn is_own_pong(&mut self, payload: &ControlPayload) -> bool;

    /// Notes what was received so far, for counters that are read through the other half.
    fn note_received(&mut self, inbound: &Inbound) {
        let _ = inbound;
    }
}

/// Waits for the next message, and returns whether another one has come already; `None` at the end.
#[inline]
pub(crate) fn read<'i>(
    inbound: &'i mut Inbound,
    driver: &mut impl Driver,
) -> Result<Option<(Message<'i>, bool)>, Error> {
    if let Some(end) = find_message(inbound, driver)? {
        return end.map(|()| None);
    }
    let has_another = inbound.has_another();
    match inbound.message(driver) {
        Some(Ok(message)) => Ok(Some((message, has_another))),
        // A fault, which ends the connection.
        Some(Err(_)) | None => finish(driver).map(|()| None),
    }
}

/// Goes on to the next message. Returns how the connection ended, where it has.
fn find_message(inbound: &mut Inbound, driver: &mut impl Driver) -> Result<Option<Result<(), Error>>, Error> {
    loop {
        match inbound.advance(driver) {
            Some(Event::Data(())) => return Ok(None),
            Some(Event::Ping) => {}
            Some(Event::Pong) => {
                let _is_own = driver.is_own_pong(inbound.control());
            }
            Some(Event::Close | Event::Failed(_) | _) => {
                return Ok(Some(end(inbound, driver)));
            }
            None => {
                if let Some(end) = go_on(inbound, driver)? {
                    return Ok(Some(end));
                }
            }
        }
    }
}

/// Waits for the next event; `None` at the end.
pub(crate) fn read_event<'i>(
    inbound: &'i mut Inbound,
    driver: &mut impl Driver,
) -> Result<Option<Event<Fragment<'i>>>, Error> {
    let found = loop {
        match inbound.advance_part(driver) {
            Some(Event::Pong) if driver.is_own_pong(inbound.control()) => {}
            Some(Event::Failed(_)) => {
                return end(inbound, driver).map(|()| None);
            }
            Some(event) => break event,
            None => {
                if let Some(end) = go_on(inbound, driver)? {
                    return end.map(|()| None);
                }
            }
        }
    };
    // What waits leaves before the program has its turn; what ends the connection is remembered.
    let _remembered = driver.transmit_if_possible();
    match found {
        Event::Data(()) => match inbound.next_part(driver) {
            Some(event @ Event::Data(_)) => Ok(Some(event)),
            // A fault, which ends the connection.
            Some(_) | None => finish(driver).map(|()| None),
        },
        Event::Ping => Ok(Some(Event::Ping)),
        Event::Pong => Ok(Some(Event::Pong)),
        Event::Close | Event::Failed(_) | _ => Ok(Some(Event::Close)),
    }
}

/// Discards what arrives, until the end.
pub(crate) fn close(inbound: &mut Inbound, driver: &mut impl Driver) -> Result<(), Error> {
    loop {
        match inbound.next_part(driver) {
            Some(Event::Pong) => {
                let _is_own = driver.is_own_pong(inbound.control());
            }
            Some(Event::Close | Event::Failed(_)) => {
                return end(inbound, driver);
            }
            Some(_) => {}
            None => {
                if let Some(end) = go_on(inbound, driver)? {
                    return end;
                }
            }
        }
    }
}

/// Brings the stream to its end, after all that is ever received.
fn end(inbound: &Inbound, driver: &mut impl Driver) -> Result<(), Error> {
    driver.note_received(inbound);
    finish(driver)
}

/// Called when all that was read is taken: writes what waits, and reads on. Returns how the connection ended, where it has.
fn go_on(inbound: &mut Inbound, driver: &mut impl Driver) -> Result<Option<Result<(), Error>>, Error> {
    driver.note_received(inbound);
    if let Some(end) = settle(driver)? {
        return Ok(Some(end));
    }
    let spare = inbound.spare();
    let spare_len = spare.len();
    if spare_len == 0 {
        driver.give_up(io::ErrorKind::OutOfMemory);
        return Ok(driver.ended());
    }
    match driver.read_in_time(spare)? {
        Some((0, _)) => inbound.eof(),
        Some((len, now)) => {
            inbound.filled(len, now);
            if len == spare_len {
                inbound.grow_buffer();
            }
        }
        None => {}
    }
    Ok(None)
}

/// Writes what waits. Returns how the connection ended, where it has.
fn settle(driver: &mut impl Driver) -> Result<Option<Result<(), Error>>, Error> {
    let transmitted = driver.transmit_if_possible();
    if let Some(end) = driver.ended() {
        return Ok(Some(end));
    }
    if driver.is_read_over() {
        // Bytes may wait that the peer does not take: then the stream would block, and the caller comes back.
        transmitted?;
        driver.give_up(io::ErrorKind::UnexpectedEof);
        return Ok(driver.ended());
    }
    Ok(None)
}

/// Brings the stream to its end, once nothing more is received: the last bytes are written, and what the peer still sends is
/// discarded.
// RFC 6455 §7.1.1: the peer ends the stream, or we do once it had the time to read our Close.
fn finish(driver: &mut impl Driver) -> Result<(), Error> {
    let mut discarded = [0; 1024];
    let mut discarded_len = 0_u64;
    loop {
        if let Some(end) = settle(driver)? {
            return end;
        }
        match driver.read_in_time(&mut discarded)? {
            Some((0, _)) => driver.relay(Note::Signal(Signal::Eof)),
            Some((len, _)) => {
                discarded_len = discarded_len.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
                if discarded_len > LINGER_LEN_MAX {
                    driver.give_up(io::ErrorKind::UnexpectedEof);
                }
            }
            None => {}
        }
    }
}
