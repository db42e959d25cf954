use super::{Receive, Send, Side};
use crate::{Kernel, Witness, Work, ready};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_websockets::{ClientBuilder, Config, Limits, Message, ServerBuilder, WebSocketStream};

fn server<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(stream: S) -> WebSocketStream<S> {
    let config = Config::default().frame_size(usize::MAX);
    ServerBuilder::new().config(config).limits(Limits::unlimited()).serve(stream)
}

/// Whole messages, and pongs.
pub struct Decode(pub Receive);

impl Work for Decode {
    fn run<W: Witness>(&mut self) -> W {
        let mut socket = server(self.0.kernel::<W>());
        let mut witness = W::default();
        ready(async {
            while let Some(Ok(message)) = socket.next().await {
                if message.is_text() || message.is_binary() {
                    witness.message(message.as_payload());
                }
            }
            // The pong to the last ping.
            let _ = socket.flush().await;
        });
        witness.with_sent(std::mem::take(&mut socket.get_mut().witness))
    }
}

/// Frames; the messages are shared, and copied only to be masked.
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
        let kernel = Kernel::<W>::new(&[], 0);
        let mut socket = match self.side {
            Side::Server => server(kernel),
            Side::Client => {
                let config = Config::default().frame_size(usize::MAX);
                ClientBuilder::new().config(config).limits(Limits::unlimited()).take_over(kernel)
            }
        };
        let sent = ready(async {
            for message in &self.messages {
                socket.send(Message::binary(message.clone())).await?;
            }
            Ok::<(), tokio_websockets::Error>(())
        });
        if sent.is_ok() { std::mem::take(&mut socket.get_mut().witness) } else { W::default() }
    }
}

/// Each message back.
pub struct Echo(pub Receive);

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let mut socket = server(self.0.kernel::<W>());
        ready(async {
            while let Some(Ok(message)) = socket.next().await {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        });
        std::mem::take(&mut socket.get_mut().witness)
    }
}
