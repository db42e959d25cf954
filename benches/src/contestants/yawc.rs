use super::{HEADER_LEN_MAX, Receive, Send, Side};
use crate::{Kernel, Witness, Work, ready};
use bytes::Bytes;
use futures_util::SinkExt;
use yawc::{Frame, OpCode, Options, Result, Role, WebSocket};

/// What is sent has space for a whole frame, which is faster than to let it grow.
fn options(frame_len: usize) -> Options {
    Options::default().with_backpressure_boundary(WRITE_BUFFER_LEN.max(frame_len))
}

/// UTF-8 is validated, and what is received has space for a whole message too.
fn server<'k, 'w, W: Witness>(
    kernel: &'k mut Kernel<'w, W>,
    job: &Receive,
) -> Result<WebSocket<&'k mut Kernel<'w, W>>> {
    let message_len = job.sample.messages.iter().map(|message| message.len()).max().unwrap_or(0);
    let frame_len = message_len + HEADER_LEN_MAX;
    let options = options(frame_len)
        .with_utf8()
        .with_limits(1 << 30, 1 << 30)
        .with_read_buffer_capacity(job.buffer_len().max(frame_len));
    WebSocket::from_stream(kernel, Role::Server, options)
}

/// Whole messages, and pongs.
pub struct Decode(pub Receive);

impl Work for Decode {
    fn run<W: Witness>(&mut self) -> W {
        let mut kernel = self.0.kernel::<W>();
        let mut witness = W::default();
        let Ok(mut socket) = server(&mut kernel, &self.0) else { return W::default() };
        ready(async {
            while let Ok(frame) = socket.next_frame().await {
                match frame.opcode() {
                    OpCode::Text | OpCode::Binary => witness.message(frame.payload()),
                    OpCode::Ping => {
                        // The pong is queued, and would be sent only when there is nothing to read.
                        if pong(&mut socket).await.is_err() {
                            return;
                        }
                    }
                    _ => return,
                }
            }
        });
        drop(socket);
        witness.with_sent(kernel.witness)
    }
}

async fn pong<W: Witness>(socket: &mut WebSocket<&mut Kernel<'_, W>>) -> Result<()> {
    // To be ready for a frame means to have sent what is queued; a flush alone does not.
    std::future::poll_fn(|context| socket.poll_ready_unpin(context)).await?;
    socket.flush().await
}

/// Frames; the messages are shared, and copied once.
pub struct Encode {
    role: Role,
    messages: Vec<Bytes>,
}

impl Encode {
    #[must_use]
    pub fn new(job: &Send) -> Self {
        let messages = job.sample.messages.iter().map(|message| Bytes::from_owner(message.clone())).collect();
        let role = match job.side {
            Side::Server => Role::Server,
            Side::Client => Role::Client,
        };
        Self { role, messages }
    }
}

impl Work for Encode {
    fn run<W: Witness>(&mut self) -> W {
        let message_len = self.messages.iter().map(Bytes::len).max().unwrap_or(0);
        let mut kernel = Kernel::<W>::new(&[], 0);
        let options = options(message_len + HEADER_LEN_MAX);
        let Ok(mut socket) = WebSocket::from_stream(&mut kernel, self.role, options) else {
            return W::default();
        };
        let sent = ready(async {
            for message in &self.messages {
                socket.send(Frame::binary(message.clone())).await?;
            }
            Result::Ok(())
        });
        drop(socket);
        if sent.is_ok() { kernel.witness } else { W::default() }
    }
}

/// Each message back.
pub struct Echo(pub Receive);

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let mut kernel = self.0.kernel::<W>();
        let Ok(mut socket) = server(&mut kernel, &self.0) else { return W::default() };
        ready(async {
            while let Ok(frame) = socket.next_frame().await {
                if socket.send(frame).await.is_err() {
                    return;
                }
            }
        });
        drop(socket);
        kernel.witness
    }
}

/// What its write buffer may hold before it is written, as its documentation has it for speed.
const WRITE_BUFFER_LEN: usize = 64 * 1024;
