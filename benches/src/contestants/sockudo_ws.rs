use super::{Receive, Send, Side};
use crate::{Tally, Witness, Work, ready};
use bytes::{Bytes, BytesMut};
use sockudo_ws::protocol::Protocol;
use sockudo_ws::{Message, Role};
use tokio::io::AsyncReadExt;

fn protocol(role: Role) -> Protocol {
    Protocol::new(role, 1 << 30, 1 << 30)
}

/// Gives each message to `take`; `None` where a peer broke a rule.
#[inline]
fn receive(job: &Receive, mut take: impl FnMut(&mut Protocol, Message) -> Option<()>) -> Option<()> {
    let mut kernel = job.kernel::<Tally>();
    let mut protocol = protocol(Role::Server);
    let mut buffer = BytesMut::with_capacity(job.buffer_len());
    let mut messages = Vec::new();
    loop {
        buffer.reserve(job.buffer_len());
        if ready(kernel.read_buf(&mut buffer)).ok()? == 0 {
            return Some(());
        }
        protocol.process_into(&mut buffer, &mut messages).ok()?;
        for message in messages.drain(..) {
            take(&mut protocol, message)?;
        }
    }
}

/// Whole messages, and pongs.
pub struct Decode(pub Receive);

impl Work for Decode {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        let mut out = BytesMut::with_capacity(256);
        let done = receive(&self.0, |protocol, message| {
            match message {
                Message::Text(bytes) | Message::Binary(bytes) => witness.message(&bytes),
                Message::Ping(payload) => {
                    out.clear();
                    protocol.encode_pong(&payload, &mut out);
                    witness.sent(&out);
                }
                Message::Pong(_) | Message::Close(_) => return None,
            }
            Some(())
        });
        if done.is_some() { witness } else { W::default() }
    }
}

/// Each message back.
pub struct Echo {
    job: Receive,
    out: BytesMut,
}

impl Echo {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        Self { job: job.clone(), out: BytesMut::new() }
    }
}

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        let out = &mut self.out;
        let done = receive(&self.job, |protocol, message| {
            out.clear();
            protocol.encode_message(&message, out).ok()?;
            witness.sent(out);
            Some(())
        });
        if done.is_some() { witness } else { W::default() }
    }
}

/// Whole frames.
pub struct Encode {
    role: Role,
    messages: Vec<Message>,
    out: BytesMut,
}

impl Encode {
    #[must_use]
    pub fn new(job: &Send) -> Self {
        let messages = job
            .sample
            .messages
            .iter()
            .map(|message| Message::Binary(Bytes::from_owner(message.clone())))
            .collect();
        let role = match job.side {
            Side::Server => Role::Server,
            Side::Client => Role::Client,
        };
        Self { role, messages, out: BytesMut::new() }
    }
}

impl Work for Encode {
    fn run<W: Witness>(&mut self) -> W {
        let mut protocol = protocol(self.role);
        let mut witness = W::default();
        for message in &self.messages {
            self.out.clear();
            if protocol.encode_message(message, &mut self.out).is_err() {
                return W::default();
            }
            witness.sent(&self.out);
        }
        witness
    }
}
