//! [`Session`] beside the halves that it is made of.

use super::{BUFFER_LEN, Receive, Send, Side};
use crate::{Keys, Witness, Work};
use std::io::Write as _;
use std::time::Duration;
use ws_core::connection::{self, KeySource, Limits, ReceiveHalf, Role, RoleKeys};
use ws_core::event::Event;
use ws_core::input::ReadBuffer;
use ws_core::message::{Message, MessageBuffer};
use ws_core::session::{Config, NoKeys, Opened, Session};

fn limits() -> Limits {
    Limits::new().with_frame_len_max(1 << 30).with_message_len_max(1 << 30)
}

fn session<K: KeySource>(keys: RoleKeys<K>, storage: Vec<u8>) -> Session<K> {
    let config = Config::new().with_limits(limits());
    Session::new(Opened::new(keys), config, ReadBuffer::new(storage), Duration::ZERO)
}

/// Whole messages, by [`Inbound::next`](ws_core::session::Inbound::next).
pub struct Decode(Receive);

impl Decode {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        Self(job.clone())
    }
}

impl Work for Decode {
    fn run<W: Witness>(&mut self) -> W {
        let mut kernel = self.0.kernel::<W>();
        let mut session = session::<NoKeys>(RoleKeys::Server, vec![0; self.0.buffer_len()]);
        let mut witness = W::default();
        loop {
            let len = kernel.copy_to(session.inbound.spare());
            if len == 0 {
                return witness;
            }
            session.inbound.filled(len, Duration::ZERO);
            while let Some(event) = session.inbound.next(&mut session.outbound) {
                let Event::Data(whole) = event else { return W::default() };
                witness.message(whole.as_bytes());
            }
        }
    }
}

/// The work of [`Decode`] by the receiving half, with an [`Input`](ws_core::input::Input) made for each call, as a session
/// has to make it.
pub struct DecodeByHalf(Receive);

impl DecodeByHalf {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        Self(job.clone())
    }
}

impl Work for DecodeByHalf {
    fn run<W: Witness>(&mut self) -> W {
        let mut kernel = self.0.kernel::<W>();
        let config = connection::Config::new().with_limits(limits());
        let mut receiver = ReceiveHalf::new(Role::Server, config);
        let mut buffer = ReadBuffer::new(vec![0; self.0.buffer_len()]);
        let mut message = MessageBuffer::new();
        let mut witness = W::default();
        loop {
            let len = kernel.copy_to(receiver.spare(&mut buffer, &mut message));
            if len == 0 {
                return witness;
            }
            receiver.filled(len, &mut buffer, &mut message);
            while let Some(event) = receiver.next_message(&mut buffer.input(), &mut message) {
                let Event::Data(whole) = event else { return W::default() };
                witness.message(whole.as_bytes());
            }
        }
    }
}

/// Messages by [`Outbound::send`](ws_core::session::Outbound::send), written as often as the queue is full.
pub struct Encode(Send);

impl Encode {
    #[must_use]
    pub fn new(job: &Send) -> Self {
        Self(job.clone())
    }

    fn send_all<K: KeySource, W: Witness>(&self, keys: RoleKeys<K>) -> W {
        let mut outbound = session(keys, Vec::new()).outbound;
        let mut witness = W::default();
        for message in &self.0.sample.messages {
            if !outbound.is_ready() {
                let len = write(&mut witness, outbound.transmit());
                outbound.transmitted(len, Duration::ZERO);
            }
            if outbound.send(Message::Binary(message)).is_err() {
                return W::default();
            }
        }
        write(&mut witness, outbound.transmit());
        witness
    }
}

impl Work for Encode {
    fn run<W: Witness>(&mut self) -> W {
        match self.0.side {
            Side::Server => self.send_all::<NoKeys, W>(RoleKeys::Server),
            Side::Client => self.send_all(RoleKeys::Client(Keys::new())),
        }
    }
}

fn write<W: Witness>(witness: &mut W, bytes: &[u8]) -> usize {
    witness.sent(bytes);
    bytes.len()
}

/// Each message back, and all that came in one read in one write.
pub struct Echo(Receive);

impl Echo {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        Self(job.clone())
    }
}

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let mut kernel = self.0.kernel::<W>();
        let mut session = session::<NoKeys>(RoleKeys::Server, vec![0; BUFFER_LEN]);
        loop {
            let len = kernel.copy_to(session.inbound.spare());
            if len == 0 {
                return kernel.witness;
            }
            session.inbound.filled(len, Duration::ZERO);
            while let Some(event) = session.inbound.next(&mut session.outbound) {
                let Event::Data(whole) = event else { return W::default() };
                if session.outbound.send(whole).is_err() {
                    return W::default();
                }
            }
            let Ok(len) = kernel.write(session.outbound.transmit()) else { return W::default() };
            session.outbound.transmitted(len, Duration::ZERO);
            assert!(!session.outbound.wants_transmit(), "one read, one write");
        }
    }
}
