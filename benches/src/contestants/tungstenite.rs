use super::{Receive, Send, Side};
use crate::{Kernel, Witness, Work};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Bytes, Message};

fn config(read_buffer_len: usize) -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(read_buffer_len).max_frame_size(None).max_message_size(None)
}

/// Whole messages, and pongs.
pub struct Decode(pub Receive);

impl Work for Decode {
    fn run<W: Witness>(&mut self) -> W {
        let config = config(self.0.buffer_len());
        let mut socket = WebSocket::from_raw_socket(self.0.kernel(), Role::Server, Some(config));
        let mut witness = W::default();
        while let Ok(message) = socket.read() {
            match message {
                Message::Text(text) => witness.message(text.as_bytes()),
                Message::Binary(bytes) => witness.message(&bytes),
                Message::Ping(_) => {}
                _ => return W::default(),
            }
        }
        witness.with_sent(std::mem::take(&mut socket.get_mut().witness))
    }
}

/// Frames; the messages are shared, not copied, before tungstenite writes them.
pub struct Encode {
    side: Side,
    messages: Vec<Bytes>,
}

impl Encode {
    #[must_use]
    pub fn new(job: &Send) -> Self {
        let messages = job.sample.messages.iter().map(|message| Bytes::from_owner(message.clone())).collect();
        Self { side: job.side, messages }
    }
}

impl Work for Encode {
    fn run<W: Witness>(&mut self) -> W {
        let role = match self.side {
            Side::Server => Role::Server,
            Side::Client => Role::Client,
        };
        let mut socket = WebSocket::from_raw_socket(Kernel::new(&[], 0), role, None);
        for message in &self.messages {
            if socket.send(Message::Binary(message.clone())).is_err() {
                return W::default();
            }
        }
        std::mem::take(&mut socket.get_mut().witness)
    }
}

/// Each message back.
pub struct Echo(pub Receive);

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let config = config(self.0.buffer_len());
        let mut socket = WebSocket::from_raw_socket(self.0.kernel(), Role::Server, Some(config));
        while let Ok(message) = socket.read() {
            if socket.send(message).is_err() {
                return W::default();
            }
        }
        std::mem::take(&mut socket.get_mut().witness)
    }
}
