use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use ws_core::connection::{Config, Limits, ReceiveHalf, Role};
use ws_core::event::Event;
use ws_core::input::ReadBuffer;

use super::Result;
use super::sample::{COUNT, Sample};
use super::server::Protocol;

/// A connection of the client.
pub(crate) struct Peer {
    stream: TcpStream,
    token: Token,
    protocol: Protocol,
    receiver: ReceiveHalf,
    /// How many messages are still to be sent.
    pub(crate) credit: u64,
    /// The numbers of the messages that are to come back, the oldest first.
    awaited: VecDeque<usize>,
    /// How much came back of the oldest.
    come_len: usize,
    /// The number of the next message.
    next: usize,
    /// The message that is being sent, and how much of its frame was.
    unsent: Option<(usize, usize)>,
}

impl Peer {
    pub(crate) fn new(stream: TcpStream, token: Token, protocol: Protocol) -> Self {
        let config = Config::new().with_limits(Limits::unlimited());
        Self {
            stream,
            token,
            protocol,
            receiver: ReceiveHalf::new(Role::Client, config),
            credit: 0,
            awaited: VecDeque::new(),
            come_len: 0,
            // Not all the same at the same time.
            next: token.0,
            unsent: None,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.credit == 0 && self.awaited.is_empty()
    }

    /// Sends what may be sent.
    pub(crate) fn send(&mut self, sample: &Sample, registry: &Registry) -> Result<()> {
        loop {
            let (number, sent_len) = match self.unsent.take() {
                Some(unsent) => unsent,
                None if self.credit > 0 && self.awaited.len() < IN_FLIGHT => {
                    let number = self.next % COUNT;
                    self.next += 1;
                    self.credit -= 1;
                    self.awaited.push_back(number);
                    (number, 0)
                }
                None => return Ok(()),
            };
            let rest = &sample.frames[number][sent_len..];
            match self.stream.write(rest) {
                Ok(len) if len == rest.len() => {}
                Ok(len) => self.unsent = Some((number, sent_len + len)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.unsent = Some((number, sent_len));
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    return Ok(registry.reregister(&mut self.stream, self.token, interest)?);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads what came back, and compares it. Gives how many messages are complete with it.
    pub(crate) fn receive(&mut self, sample: &Sample, buffer: &mut [u8]) -> Result<u64> {
        let mut count = 0;
        loop {
            let len = match self.stream.read(buffer) {
                Ok(0) => return Err("the server has closed".into()),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(count),
                Err(error) => return Err(error.into()),
            };
            count += match self.protocol {
                Protocol::None => self.take_bytes(sample, &buffer[..len])?,
                Protocol::WebSocket => self.take_frames(sample, &mut buffer[..len])?,
            };
            if len < buffer.len() {
                return Ok(count);
            }
        }
    }

    fn take_bytes(&mut self, sample: &Sample, mut bytes: &[u8]) -> Result<u64> {
        let mut count = 0;
        while !bytes.is_empty() {
            let number = *self.awaited.front().ok_or("more came back than was sent")?;
            let frame = &sample.frames[number];
            let (echo, rest) = bytes.split_at(bytes.len().min(frame.len() - self.come_len));
            self.compare(frame, echo)?;
            if self.come_len == frame.len() {
                self.complete();
                count += 1;
            }
            bytes = rest;
        }
        Ok(count)
    }

    fn take_frames(&mut self, sample: &Sample, bytes: &mut [u8]) -> Result<u64> {
        let (mut count, len) = (0, bytes.len());
        let mut buffer = ReadBuffer::with_filled(bytes, len).ok_or("longer than itself")?;
        let mut input = buffer.input();
        while let Some(event) = self.receiver.next_piece(&mut input) {
            let Event::Data(piece) = event else { return Err(format!("{event:?} came").into()) };
            let number = *self.awaited.front().ok_or("more came back than was sent")?;
            let message = &sample.messages[number];
            self.compare(message, piece.payload)?;
            if piece.is_last {
                if self.come_len < message.len() {
                    return Err("a message came back shorter".into());
                }
                self.complete();
                count += 1;
            }
        }
        Ok(count)
    }

    /// Compares a part of an echo: its length always, its bytes for some messages.
    fn compare(&mut self, whole: &[u8], part: &[u8]) -> Result<()> {
        let expected = whole.get(self.come_len..).and_then(|rest| rest.get(..part.len()));
        let expected = expected.ok_or("a message came back longer")?;
        if self.next % COMPARED_EVERY == 0 && expected != part {
            return Err("a message came back changed".into());
        }
        self.come_len += part.len();
        Ok(())
    }

    fn complete(&mut self) {
        self.come_len = 0;
        self.awaited.pop_front();
    }
}

/// How many messages each connection has sent that did not come back yet.
pub(crate) const IN_FLIGHT: usize = 1;

/// Of so many messages one is compared byte by byte.
const COMPARED_EVERY: usize = 8;
