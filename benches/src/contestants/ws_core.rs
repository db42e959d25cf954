use super::{BUFFER_LEN, HEADER_LEN_MAX, Receive, Send, Side};
use crate::{Kernel, Keys, Witness, Work};
use std::io::{IoSlice, Write};
use ws_core::connection::{
    Config, Connection, FrameStart, Limits, Masking, ReceiveHalf, Role, SendHalf, Unmasked,
};
use ws_core::event::{Event, MessageType, Payload};
use ws_core::frame::Fin;
use ws_core::input::ReadBuffer;
use ws_core::message::MessageBuffer;

fn config() -> Config {
    let limits = Limits::new().with_frame_len_max(1 << 30).with_message_len_max(1 << 30);
    Config::new().with_limits(limits)
}

/// Whole messages, by [`ReceiveHalf::next_message`].
pub struct Decode {
    job: Receive,
    storage: Vec<u8>,
}

impl Decode {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        Self { job: job.clone(), storage: vec![0; job.buffer_len()] }
    }
}

impl Work for Decode {
    fn run<W: Witness>(&mut self) -> W {
        let mut kernel = self.job.kernel::<W>();
        let mut receiver = ReceiveHalf::new(Role::Server, config());
        let mut buffer = ReadBuffer::new(self.storage.as_mut_slice());
        let mut message = MessageBuffer::new().with_kept_len_max(1 << 30);
        let mut witness = W::default();
        loop {
            let len = kernel.copy_to(receiver.spare(&mut buffer, &mut message));
            if len == 0 {
                return witness;
            }
            receiver.filled(len, &mut buffer, &mut message);
            let mut input = buffer.input();
            while let Some(event) = receiver.next_message(&mut input, &mut message) {
                let Event::Data(whole) = event else { return W::default() };
                witness.message(whole.as_bytes());
            }
        }
    }
}

/// The same by a [`Connection`], which answers pings.
pub struct DecodeAndPong(Decode);

impl DecodeAndPong {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        Self(Decode::new(job))
    }
}

impl Work for DecodeAndPong {
    fn run<W: Witness>(&mut self) -> W {
        let mut kernel = self.0.job.kernel::<W>();
        let mut connection = Connection::server(config());
        let mut buffer = ReadBuffer::new(self.0.storage.as_mut_slice());
        let mut message = MessageBuffer::new().with_kept_len_max(1 << 30);
        let mut out = [0; 256];
        let mut witness = W::default();
        loop {
            let len = kernel.copy_to(connection.spare(&mut buffer, &mut message));
            if len == 0 {
                return witness;
            }
            connection.filled(len, &mut buffer, &mut message);
            let mut input = buffer.input();
            while let Some(event) = connection.next_message(&mut input, &mut message) {
                match event {
                    Event::Data(whole) => witness.message(whole.as_bytes()),
                    Event::Ping => {
                        let Ok(len) = connection.poll_transmit(&mut out) else { return W::default() };
                        witness.sent(&out[..len]);
                    }
                    _ => return W::default(),
                }
            }
        }
    }
}

/// Frames, into memory that is there already: whole where they fit, else in pieces of [`BUFFER_LEN`].
pub struct Encode {
    job: Send,
    out: Vec<u8>,
}

impl Encode {
    #[must_use]
    pub fn new(job: &Send) -> Self {
        Self { job: job.clone(), out: vec![0; BUFFER_LEN + HEADER_LEN_MAX] }
    }

    fn send_all<M: Masking, W: Witness>(&mut self, masking: M) -> W {
        let mut sender = SendHalf::new(masking);
        let mut witness = W::default();
        for message in &self.job.sample.messages {
            if message.len() <= BUFFER_LEN {
                let Ok(len) = sender.send(&**message, &mut self.out) else { return W::default() };
                witness.sent(&self.out[..len]);
                continue;
            }
            let len = u64::try_from(message.len()).expect("it fits");
            let start = FrameStart::new(MessageType::Binary, Fin::Final, len);
            let Ok(header) = sender.begin_frame(start) else { return W::default() };
            witness.sent(header.as_bytes());
            let mut rest = &**message;
            while !rest.is_empty() {
                let len = sender.mask_into(rest, &mut self.out);
                witness.sent(&self.out[..len]);
                rest = &rest[len..];
            }
        }
        witness
    }
}

impl Work for Encode {
    fn run<W: Witness>(&mut self) -> W {
        match self.job.side {
            Side::Server => self.send_all(Unmasked),
            Side::Client => self.send_all(Keys::new()),
        }
    }
}

/// A server's headers; the payload is handed out from where it lies.
pub struct EncodeLent(Send);

impl EncodeLent {
    #[must_use]
    pub fn new(job: &Send) -> Self {
        Self(job.clone())
    }
}

impl Work for EncodeLent {
    fn run<W: Witness>(&mut self) -> W {
        let mut sender = SendHalf::new(Unmasked);
        let mut kernel = Kernel::<W>::new(&[], 0);
        for message in &self.0.sample.messages {
            if send_lent(&mut sender, message, &mut kernel).is_none() {
                return W::default();
            }
        }
        kernel.witness
    }
}

/// Each message back in one frame: a short one copied behind its header, a long one written from where it lies.
pub struct Echo {
    job: Receive,
    storage: Vec<u8>,
    out: Vec<u8>,
}

impl Echo {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        let out = vec![0; SHORT_LEN_MAX + HEADER_LEN_MAX];
        Self { job: job.clone(), storage: vec![0; job.buffer_len()], out }
    }
}

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let mut kernel = self.job.kernel::<W>();
        let mut connection = Connection::server(config());
        let mut buffer = ReadBuffer::new(self.storage.as_mut_slice());
        let mut message = MessageBuffer::new().with_kept_len_max(1 << 30);
        loop {
            let len = kernel.copy_to(connection.spare(&mut buffer, &mut message));
            if len == 0 {
                return kernel.witness;
            }
            connection.filled(len, &mut buffer, &mut message);
            let mut input = buffer.input();
            while let Some(event) = connection.next_message(&mut input, &mut message) {
                let Event::Data(whole) = event else { return W::default() };
                if send(&mut connection, whole, &mut self.out, &mut kernel).is_none() {
                    return W::default();
                }
            }
        }
    }
}

#[inline]
fn send<W: Witness>(
    connection: &mut Connection<Unmasked>,
    message: Payload<'_>,
    out: &mut [u8],
    kernel: &mut Kernel<'_, W>,
) -> Option<()> {
    if message.as_bytes().len() <= SHORT_LEN_MAX {
        let len = connection.send(message, out).ok()?;
        return kernel.write_all(&out[..len]).ok();
    }
    let len = u64::try_from(message.as_bytes().len()).ok()?;
    let header =
        connection.send_half().begin_frame(FrameStart::new(message.message_type(), Fin::Final, len)).ok()?;
    connection.send_half().payload_written(len).ok()?;
    write_both(kernel, header.as_bytes(), message.as_bytes())
}

#[inline]
fn send_lent<W: Witness>(
    sender: &mut SendHalf<Unmasked>,
    payload: &[u8],
    kernel: &mut Kernel<'_, W>,
) -> Option<()> {
    let len = u64::try_from(payload.len()).ok()?;
    let header = sender.begin_frame(FrameStart::new(MessageType::Binary, Fin::Final, len)).ok()?;
    sender.payload_written(len).ok()?;
    write_both(kernel, header.as_bytes(), payload)
}

#[inline]
fn write_both<W: Witness>(kernel: &mut Kernel<'_, W>, header: &[u8], payload: &[u8]) -> Option<()> {
    kernel.write_vectored(&[IoSlice::new(header), IoSlice::new(payload)]).ok().map(drop)
}

/// What is cheaper to copy than to write as a second slice, in bytes.
const SHORT_LEN_MAX: usize = 1024;
