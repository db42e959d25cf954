//! It decodes frames into memory of its user's, who has to assemble messages and to check text. It checks neither
//! reserved bits nor whether a client masks.

use super::{HEADER_LEN_MAX, Receive, Send, Side};
use crate::{Keys, Tally, Witness, Work};
use embedded_websocket::{
    Error, WebSocketClient, WebSocketReceiveMessageType as Received, WebSocketSendMessageType as ToSend,
    WebSocketServer, WebSocketState,
};

fn server() -> WebSocketServer {
    let mut socket = WebSocketServer::new_server();
    socket.state = WebSocketState::Open;
    socket
}

/// Whole messages, and pongs.
pub struct Decode {
    job: Receive,
    storage: Vec<u8>,
    message: Vec<u8>,
}

impl Decode {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        let message_len =
            job.sample.messages.iter().map(|message| message.len()).max().unwrap_or(0) + PING_LEN_MAX;
        Self { job: job.clone(), storage: vec![0; job.buffer_len()], message: vec![0; message_len] }
    }

    /// Gives each message and each ping to `take`; `None` where a peer broke a rule.
    #[inline]
    fn receive(&mut self, mut take: impl FnMut(&mut WebSocketServer, Received, &[u8])) -> Option<()> {
        let mut kernel = self.job.kernel::<Tally>();
        let mut socket = server();
        let (mut start, mut end, mut message_len) = (0, 0, 0);
        let mut ping = Vec::new();
        loop {
            self.storage.copy_within(start..end, 0);
            (start, end) = (0, end - start);
            let len = kernel.copy_to(&mut self.storage[end..]);
            if len == 0 {
                return (end == 0).then_some(());
            }
            end += len;
            while start < end {
                let read = match socket.read(&self.storage[start..end], &mut self.message[message_len..]) {
                    Ok(read) => read,
                    Err(Error::ReadFrameIncomplete) => break,
                    Err(_) => return None,
                };
                start += read.len_from;
                let message_type = read.message_type;
                // What a payload belongs to is known when it has been read.
                if message_type == Received::Ping {
                    ping.extend_from_slice(&self.message[message_len..message_len + read.len_to]);
                    if read.end_of_message {
                        take(&mut socket, message_type, &ping);
                        ping.clear();
                    }
                    continue;
                }
                message_len += read.len_to;
                if read.end_of_message {
                    let message = &self.message[..message_len];
                    if message_type == Received::Text && simdutf8::basic::from_utf8(message).is_err() {
                        return None;
                    }
                    take(&mut socket, message_type, message);
                    message_len = 0;
                }
            }
        }
    }
}

impl Work for Decode {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        let mut sent = W::default();
        let mut out = [0; 256];
        let done = self.receive(|socket, message_type, payload| match message_type {
            Received::Ping => {
                let len = socket.write(ToSend::Pong, true, payload, &mut out).unwrap_or(0);
                sent.sent(&out[..len]);
            }
            _ => witness.message(payload),
        });
        if done.is_some() { witness.with_sent(sent) } else { W::default() }
    }
}

/// Each message back.
pub struct Echo {
    decode: Decode,
    out: Vec<u8>,
}

impl Echo {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        let decode = Decode::new(job);
        let out = vec![0; decode.message.len() + HEADER_LEN_MAX];
        Self { decode, out }
    }
}

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        let out = &mut self.out;
        let done = self.decode.receive(|socket, _message_type, payload| {
            let len = socket.write(ToSend::Binary, true, payload, out).unwrap_or(0);
            witness.sent(&out[..len]);
        });
        if done.is_some() { witness } else { W::default() }
    }
}

/// Whole frames.
pub struct Encode {
    job: Send,
    out: Vec<u8>,
}

impl Encode {
    #[must_use]
    pub fn new(job: &Send) -> Self {
        let message_len = job.sample.messages.iter().map(|message| message.len()).max().unwrap_or(0);
        Self { job: job.clone(), out: vec![0; message_len + HEADER_LEN_MAX] }
    }
}

impl Work for Encode {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        let mut server = server();
        let mut client = WebSocketClient::new_client(Keys::new());
        client.state = WebSocketState::Open;
        for message in &self.job.sample.messages {
            let written = match self.job.side {
                Side::Server => server.write(ToSend::Binary, true, message, &mut self.out),
                Side::Client => client.write(ToSend::Binary, true, message, &mut self.out),
            };
            let Ok(len) = written else { return W::default() };
            witness.sent(&self.out[..len]);
        }
        witness
    }
}

const PING_LEN_MAX: usize = 125;

impl rand_core::RngCore for Keys {
    fn next_u32(&mut self) -> u32 {
        u32::from_ne_bytes(self.next_bytes())
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_u32(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        rand_core::impls::fill_bytes_via_next(self, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}
