use super::{Receive, Send, Side};
use crate::{Kernel, Sample, Witness, Work, ready};
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};
use std::rc::Rc;

fn server<W: Witness>(kernel: Kernel<'_, W>) -> WebSocket<Kernel<'_, W>> {
    let mut socket = WebSocket::after_handshake(kernel, Role::Server);
    socket.set_max_message_size(1 << 30);
    socket
}

/// Whole messages, and pongs.
pub struct Decode(pub Receive);

impl Work for Decode {
    fn run<W: Witness>(&mut self) -> W {
        let mut socket = FragmentCollector::new(server(self.0.kernel::<W>()));
        let mut witness = W::default();
        ready(async {
            while let Ok(frame) = socket.read_frame().await {
                match frame.opcode {
                    OpCode::Text | OpCode::Binary => witness.message(&frame.payload),
                    _ => return,
                }
            }
        });
        witness.with_sent(socket.into_inner().witness)
    }
}

/// Frames. What is written as a second slice is not copied; `is_vectored` says whether that is wanted.
pub struct Encode {
    sample: Rc<Sample>,
    side: Side,
    is_vectored: bool,
}

impl Encode {
    #[must_use]
    pub fn new(job: &Send, is_vectored: bool) -> Self {
        Self { sample: Rc::clone(&job.sample), side: job.side, is_vectored }
    }
}

impl Work for Encode {
    fn run<W: Witness>(&mut self) -> W {
        let role = match self.side {
            Side::Server => Role::Server,
            Side::Client => Role::Client,
        };
        let mut socket = WebSocket::after_handshake(Kernel::<W>::new(&[], 0), role);
        socket.set_writev(self.is_vectored);
        let is_sent = ready(async {
            for message in &self.sample.messages {
                if socket.write_frame(Frame::binary(Payload::Borrowed(message))).await.is_err() {
                    return false;
                }
            }
            true
        });
        if is_sent { socket.into_inner().witness } else { W::default() }
    }
}

/// Each message back.
pub struct Echo(pub Receive);

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let mut socket = FragmentCollector::new(server(self.0.kernel::<W>()));
        ready(async {
            while let Ok(frame) = socket.read_frame().await {
                let reply = Frame::new(true, frame.opcode, None, frame.payload);
                if socket.write_frame(reply).await.is_err() {
                    return;
                }
            }
        });
        socket.into_inner().witness
    }
}
