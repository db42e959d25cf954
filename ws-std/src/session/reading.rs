// Read first: RFC 6455 §5.4, §5.5, §6.2, §7.1.

use core::time::Duration;
use std::io;

use ws_core::connection::{Signal, Transport};
use ws_core::event::{Event, Fragment};
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::{Inbound, Note, Relay};

use super::{Life, Link};
use crate::error::Error;
use crate::stream::Stream;
use crate::stream::limited::Stopped;
use crate::stream::linger::LINGER_LEN_MAX;

/// What reading needs besides [`Inbound`]: the stream, and the sending side. [`Inbound`] reports to it as a [`Relay`].
pub(crate) trait Driver: Relay {
    type Stream: Stream;

    fn link(&mut self) -> &mut Link<Self::Stream>;

    /// Lets `act` use the sending side.
    fn with_life<T>(&mut self, act: impl FnOnce(&mut Life) -> T) -> T;

    /// Writes what waits. Where more may be read (`is_read_over` is false), that comes first, and this call does not wait longer than
    /// reading allows. An error that ends the connection is remembered.
    fn transmit_if_possible(&mut self, is_read_over: bool) -> Result<(), Error>;

    /// The time, where something depends on it, and until when a read may wait, the program's timeout aside.
    fn read_until(&mut self) -> (Duration, Option<Duration>);

    /// Does what is due after a read that found nothing, and writes what waits.
    fn poll(&mut self);

    /// Ends the stream of a connection that has ended, as far as the peer can see that.
    fn shut_down(&mut self);
}

/// Waits for the next message, and returns whether another one has come already; `None` at the end.
#[inline]
pub(crate) fn read<'i>(
    inbound: &'i mut Inbound,
    driver: &mut impl Driver,
) -> Result<Option<(Message<'i>, bool)>, Error> {
    if find_message(inbound, driver)? { lend_message(inbound, driver) } else { Ok(None) }
}

/// Waits for the next message, and takes it; `None` at the end.
pub(crate) fn receive(
    inbound: &mut Inbound,
    driver: &mut impl Driver,
) -> Result<Option<OwnedMessage>, Error> {
    if !find_message(inbound, driver)? {
        return Ok(None);
    }
    match inbound.next_owned(driver) {
        Some(Event::Data(message)) => Ok(Some(message)),
        // A fault, which ends the connection.
        Some(_) | None => end(inbound, driver).map(|()| None),
    }
}

/// Waits for the next message or control frame, and returns whether another message has come already after a message; `None` at the
/// end.
pub(crate) fn read_event<'i>(
    inbound: &'i mut Inbound,
    driver: &mut impl Driver,
) -> Result<Option<(Event<Message<'i>>, bool)>, Error> {
    Ok(match next_event(inbound, driver, Inbound::advance)? {
        Some(Event::Data(())) => {
            lend_message(inbound, driver)?.map(|(message, has_another)| (Event::Data(message), has_another))
        }
        Some(control) => Some((report_control(driver, control), false)),
        None => None,
    })
}

/// Waits for the next part of a message or control frame; `None` at the end.
pub(crate) fn read_part<'i>(
    inbound: &'i mut Inbound,
    driver: &mut impl Driver,
) -> Result<Option<Event<Fragment<'i>>>, Error> {
    match next_event(inbound, driver, Inbound::advance_part)? {
        Some(Event::Data(())) => {
            transmit_first(driver);
            match inbound.next_part(driver) {
                Some(event @ Event::Data(_)) => Ok(Some(event)),
                // A fault, which ends the connection.
                Some(_) | None => finish(driver).map(|()| None),
            }
        }
        Some(control) => Ok(Some(report_control(driver, control))),
        None => Ok(None),
    }
}

/// Discards what arrives, until the end.
pub(crate) fn close(inbound: &mut Inbound, driver: &mut impl Driver) -> Result<(), Error> {
    while let Some(event) = read_part(inbound, driver)? {
        if event == Event::Close {
            return end(inbound, driver);
        }
    }
    Ok(())
}

/// Waits until a message is found. Returns whether one is; there is none at the end.
#[inline]
fn find_message(inbound: &mut Inbound, driver: &mut impl Driver) -> Result<bool, Error> {
    loop {
        match next_event(inbound, driver, Inbound::advance)? {
            Some(Event::Data(())) => return Ok(true),
            Some(Event::Ping | Event::Pong) => {}
            Some(Event::Close | Event::Failed(_) | _) => return end(inbound, driver).map(|()| false),
            None => return Ok(false),
        }
    }
}

/// Lends the message that was found, and returns whether another one has come already.
#[inline]
fn lend_message<'i>(
    inbound: &'i mut Inbound,
    driver: &mut impl Driver,
) -> Result<Option<(Message<'i>, bool)>, Error> {
    let has_another = inbound.has_another();
    match inbound.message(driver) {
        Some(Ok(message)) => Ok(Some((message, has_another))),
        // A fault, which ends the connection.
        Some(Err(_)) | None => finish(driver).map(|()| None),
    }
}

/// A control frame that was found, for a program that waits for them.
fn report_control<D>(driver: &mut impl Driver, found: Event<()>) -> Event<D> {
    transmit_first(driver);
    match found {
        Event::Ping => Event::Ping,
        Event::Pong => Event::Pong,
        Event::Close | Event::Data(()) | Event::Failed(_) | _ => Event::Close,
    }
}

/// Writes what waits, such as a pong, before the program has its turn. What ends the connection is remembered.
fn transmit_first(driver: &mut impl Driver) {
    let is_read_over = driver.with_life(|life| life.outbound.is_read_over());
    let _remembered = driver.transmit_if_possible(is_read_over);
}

/// Called after the peer's Close: writes the answer, ends our direction where that is for us to do first, and does not wait for the
/// peer to end its own. An error says how else the connection has ended, or that the stream would block.
pub(crate) fn answer_close(inbound: &Inbound, driver: &mut impl Driver) -> Result<(), Error> {
    driver.with_life(|life| life.record.received = inbound.traffic());
    match driver.transmit_if_possible(true) {
        Err(error) if error.is_transient() => return Err(error),
        // That the peer is gone does not matter any more.
        Ok(()) | Err(_) => {}
    }
    obey(driver)?;
    driver.with_life(|life| life.result())
}

/// Waits for the next event that is the program's, as `advance` finds it; `None` at the end.
#[inline]
fn next_event<D: Driver>(
    inbound: &mut Inbound,
    driver: &mut D,
    advance: impl Fn(&mut Inbound, &mut D) -> Option<Event<()>>,
) -> Result<Option<Event<()>>, Error> {
    loop {
        match advance(inbound, driver) {
            Some(Event::Pong) if driver.with_life(|life| life.is_own_pong(inbound.control())) => {}
            Some(Event::Failed(_)) => return end(inbound, driver).map(|()| None),
            Some(event) => return Ok(Some(event)),
            None => {
                if read_on(inbound, driver)? {
                    return Ok(None);
                }
            }
        }
    }
}

/// Brings the stream to its end, after all that is ever received.
fn end(inbound: &Inbound, driver: &mut impl Driver) -> Result<(), Error> {
    driver.with_life(|life| life.record.received = inbound.traffic());
    finish(driver)
}

/// Called when all that was read is taken: writes what waits, and reads on. Returns whether the connection was closed.
fn read_on(inbound: &mut Inbound, driver: &mut impl Driver) -> Result<bool, Error> {
    let received = inbound.traffic();
    if settle(driver, |life| life.record.received = received)? {
        return Ok(true);
    }
    let spare = inbound.spare();
    let spare_len = spare.len();
    if spare_len == 0 {
        driver.with_life(|life| life.read_failed(io::ErrorKind::OutOfMemory.into()));
        return Ok(false);
    }
    match read_in_time(driver, spare)? {
        Some((0, _)) => inbound.eof(),
        Some((len, now)) => {
            inbound.filled(len, now);
            if len == spare_len {
                inbound.grow_buffer();
            }
        }
        None => {}
    }
    Ok(false)
}

/// Brings the stream to its end, once nothing more is received: the last bytes are written, and what the peer still sends is
/// discarded.
// RFC 6455 §7.1.1: the peer ends the stream, or we do once it had the time to read our Close.
fn finish(driver: &mut impl Driver) -> Result<(), Error> {
    let mut discarded = [0; 1024];
    let mut discarded_len = 0_u64;
    while !settle(driver, |_life| {})? {
        match read_in_time(driver, &mut discarded)? {
            Some((0, _)) => driver.relay(Note::Signal(Signal::Eof)),
            Some((len, _)) => {
                discarded_len = discarded_len.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
                if discarded_len > LINGER_LEN_MAX {
                    driver.with_life(|life| life.read_failed(io::ErrorKind::UnexpectedEof.into()));
                }
            }
            None => {}
        }
    }
    Ok(())
}

/// Notes something, and writes what waits. Returns whether the connection was closed; an error says how else it has ended, or that
/// the stream would block.
fn settle(driver: &mut impl Driver, note: impl FnOnce(&mut Life)) -> Result<bool, Error> {
    let is_read_over = driver.with_life(|life| {
        note(life);
        life.outbound.is_read_over()
    });
    let transmitted = driver.transmit_if_possible(is_read_over);
    if obey(driver)? {
        return Ok(true);
    }
    if is_read_over {
        // Bytes may wait that the peer does not take: then the stream would block, and the caller comes back.
        transmitted?;
        driver.with_life(|life| life.read_failed(io::ErrorKind::UnexpectedEof.into()));
        return obey(driver);
    }
    Ok(false)
}

/// Does with the stream what the closing handshake asks for. Returns whether the connection was closed; an error says how else it
/// has ended.
fn obey(driver: &mut impl Driver) -> Result<bool, Error> {
    match driver.with_life(Life::transport) {
        Transport::Open | Transport::Linger { shutdown_write: false } => Ok(false),
        Transport::Linger { shutdown_write: true } => {
            driver.link().shut_down_write();
            Ok(false)
        }
        Transport::Closed => {
            driver.shut_down();
            driver.with_life(|life| life.result()).map(|()| true)
        }
    }
}

/// Reads once, within the deadlines. Returns the number of bytes, 0 at the end of the stream, and the time; `None` where the
/// stream failed or the connection has ended. An error means only that nothing came in time.
fn read_in_time<D: Driver>(driver: &mut D, bytes: &mut [u8]) -> Result<Option<(usize, Duration)>, Error> {
    loop {
        let (now, until) = driver.read_until();
        let is_timed = until.or(driver.link().call.timeout).is_some();
        let patience = driver.link().call.patience(now);
        if patience == Some(Duration::ZERO) {
            return Err(Error::ReadTimeout);
        }
        let due = until.map(|until| until.saturating_sub(now));
        let stopped = match driver.link().read(bytes, [due, patience].into_iter().flatten().min()) {
            Ok(len) => {
                return Ok(Some((len, driver.with_life(|life| life.has_read(len, is_timed)))));
            }
            Err(Stopped::Failed(error)) => {
                driver.with_life(|life| life.read_failed(error));
                return Ok(None);
            }
            Err(stopped @ (Stopped::TimeUp | Stopped::WouldBlock)) => stopped,
        };
        driver.poll();
        if !driver.with_life(|life| life.wants_read()) {
            return Ok(None);
        }
        if matches!(stopped, Stopped::WouldBlock) {
            return Err(Error::WouldBlock);
        }
    }
}
