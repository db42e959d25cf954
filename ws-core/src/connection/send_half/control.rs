// Read first: RFC 6455 §5.5, §7.1.

use super::{Announcement, SendHalf};
use crate::connection::closing::{Cause, CloseStatus, State};
use crate::connection::{Masking, Signal};
use crate::frame::{CloseFrame, ControlPayload, Fin, Opcode, ReservedBits};

impl<K: Masking> SendHalf<K> {
    /// Gives up the frame in progress. Since the peer waits for its payload, nothing can be sent any more, not even
    /// a Close: the transport is to be closed. Without a frame in progress this changes nothing.
    pub fn abandon_frame(&mut self) {
        if self.frame.is_some() {
            self.closing.apply(Cause::LocalClose);
            self.closing.apply(Cause::CloseImpossible);
        }
    }

    /// Queues a Close, after which no data can be sent (RFC 6455 §5.5.1). Messages still arrive until the peer's
    /// Close does. A second call, and one after the peer's Close, changes nothing.
    pub fn close(&mut self, close: CloseFrame) {
        if self.closing.state() == State::Open {
            self.announcement = Announcement::Close(*close.payload());
            self.closing.apply(Cause::LocalClose);
        }
    }

    /// Queues a ping (RFC 6455 §5.5.2); it replaces one that was not transmitted yet. Without effect once closing.
    pub fn ping(&mut self, payload: ControlPayload) {
        if self.closing.state() == State::Open {
            self.announcement = Announcement::Ping(payload);
        }
    }

    /// Queues a pong, asked for or not (RFC 6455 §5.5.3); it replaces one that was not transmitted yet. Without
    /// effect once closing.
    pub fn pong(&mut self, payload: ControlPayload) {
        if self.closing.state() == State::Open {
            self.pong = Some(payload);
        }
    }

    /// Takes in what the receiving half found.
    pub fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::Pong(payload) => self.pong(payload),
            Signal::PeerClosed(close) => {
                // RFC 6455 §5.5.1: the reply to a Close has, typically, the code that came.
                if self.closing.state() == State::Open {
                    let reply = close.code().map_or(CloseFrame::EMPTY, CloseFrame::from);
                    self.announcement = Announcement::Close(*reply.payload());
                }
                // RFC 6455 §5.5.2: a ping is answered unless a Close was received.
                self.pong = None;
                self.closing.apply(Cause::PeerClosed(CloseStatus::from_code(close.code())));
            }
            Signal::Failed(fault) => {
                self.closing.apply(Cause::Failed(fault));
                self.pong = None;
                if self.closing.state() == State::Failing {
                    self.announcement = Announcement::Close(*CloseFrame::from(fault.close_code()).payload());
                    // The peer would take a Close for payload of the frame in progress.
                    if self.frame.is_some() {
                        self.closing.apply(Cause::CloseImpossible);
                    }
                }
            }
            Signal::Eof => self.closing.apply(Cause::TransportEnded),
        }
    }

    /// Writes queued control frames to the front of `out`: as many whole ones as fit. Returns how many bytes are to
    /// be transmitted; 0 where there are none, where a frame is in progress, where `out` has less than
    /// [`TRANSMIT_LEN_MAX`](Self::TRANSMIT_LEN_MAX) bytes, and while there is no masking key.
    #[inline]
    pub fn poll_transmit(&mut self, out: &mut [u8]) -> usize {
        if self.wants_transmit() { self.transmit(out) } else { 0 }
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) has something to write.
    #[must_use]
    #[inline]
    pub fn wants_transmit(&self) -> bool {
        let is_queued = self.pong.is_some() || !matches!(self.announcement, Announcement::Nothing);
        is_queued && self.frame.is_none() && !matches!(self.closing.state(), State::Done | State::Ended)
    }

    #[inline(never)]
    fn transmit(&mut self, out: &mut [u8]) -> usize {
        let mut written = 0;
        while let Some(room) = out.get_mut(written..).filter(|room| room.len() >= Self::TRANSMIT_LEN_MAX) {
            let (opcode, payload) = match (self.pong, self.announcement) {
                (Some(payload), _) => (Opcode::Pong, payload),
                (None, Announcement::Ping(payload)) => (Opcode::Ping, payload),
                (None, Announcement::Close(payload)) => (Opcode::Close, payload),
                (None, Announcement::Nothing) => break,
            };
            let Ok(len) =
                self.write_frame((opcode, ReservedBits::NONE), Fin::Final, payload.as_bytes(), room)
            else {
                break;
            };
            written = written.saturating_add(len);
            match opcode {
                Opcode::Pong => self.pong = None,
                Opcode::Close => {
                    self.announcement = Announcement::Nothing;
                    self.closing.apply(Cause::CloseWritten);
                }
                Opcode::Ping | Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                    self.announcement = Announcement::Nothing;
                }
            }
        }
        written
    }
}
