// Read first: RFC 6455 §5.4, §5.6, §7.4.1.

use alloc::collections::VecDeque;
use std::io::Read as _;

use ws_core::connection::CloseStatus;
use ws_core::event::{Event, Payload};
use ws_core::frame::CloseCode;
use ws_core::session::Inbound;

use crate::error::Error;
use crate::session::{Driver, answer_close, close, read_part};

/// Reads binary messages as a stream of bytes, and keeps what the caller's slice does not hold.
#[derive(Default)]
pub(super) struct Unread {
    /// The rest of the part that came last: no more than the read buffer holds, or is inflated at once.
    pub(super) rest: VecDeque<u8>,
    /// The message that came last has not ended.
    is_in_message: bool,
    state: State,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Open,
    /// The peer's Close came.
    Closed,
    /// The peer sent what is not binary, and is sent a Close.
    Refused,
}

impl Unread {
    /// Waits for bytes, and returns how many were read: 0 at the end of the stream.
    pub(super) fn read(
        &mut self,
        inbound: &mut Inbound,
        driver: &mut impl Driver,
        bytes: &mut [u8],
    ) -> Result<usize, Error> {
        if bytes.is_empty() || !self.rest.is_empty() {
            return Ok(self.rest.read(bytes)?);
        }
        loop {
            match self.state {
                State::Open => {}
                State::Closed => return self.end(inbound, driver),
                State::Refused => return Err(refusal(inbound, driver)),
            }
            let part = match read_part(inbound, driver)? {
                Some(Event::Data(part)) => part,
                Some(Event::Close) | None => {
                    self.state = State::Closed;
                    continue;
                }
                Some(_) => continue,
            };
            self.is_in_message = !part.is_last;
            match part.payload {
                Payload::Binary([]) => {}
                Payload::Binary(mut payload) => {
                    match self.rest.try_reserve_exact(payload.len().saturating_sub(bytes.len())) {
                        Ok(()) => {
                            let len = payload.read(bytes)?;
                            self.rest.extend(payload);
                            return Ok(len);
                        }
                        // The part is lost, so nothing may follow it.
                        Err(error) => driver.with_life(|life| life.read_failed(error.into())),
                    }
                }
                // RFC 6455 §7.4.1: 1003 refuses a type of data that an endpoint cannot accept.
                Payload::Text(_) | Payload::Compressed { .. } => {
                    driver.with_life(|life| life.outbound.close(CloseCode::UNSUPPORTED_DATA.into()));
                    self.state = State::Refused;
                }
            }
        }
    }

    /// Answers the peer's Close, and returns what it means for the stream.
    fn end(&self, inbound: &Inbound, driver: &mut impl Driver) -> Result<usize, Error> {
        answer_close(inbound, driver)?;
        let code = inbound.close_frame().map(|frame| frame.code());
        let status =
            code.map_or(CloseStatus::Abnormal, |code| code.map_or(CloseStatus::NoStatus, CloseStatus::Code));
        // RFC 6455 §7.4.1: 1000 says that the purpose of the connection is fulfilled; 1005 stands for no code.
        let is_normal = matches!(status, CloseStatus::Code(CloseCode::NORMAL) | CloseStatus::NoStatus);
        if is_normal && !self.is_in_message { Ok(0) } else { Err(Error::Incomplete(status)) }
    }
}

/// Brings a connection to its end whose peer sent what is not binary.
fn refusal(inbound: &mut Inbound, driver: &mut impl Driver) -> Error {
    match close(inbound, driver) {
        Err(error) if error.is_transient() => error,
        Ok(()) | Err(_) => Error::NotBinary,
    }
}
