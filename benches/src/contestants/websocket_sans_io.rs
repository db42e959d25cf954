//! It decodes frames and leaves to its user what makes them messages: assembly, the checks of opcodes and of text, and
//! pongs. They are here as its examples show them.

use super::{BUFFER_LEN, HEADER_LEN_MAX, Receive, Send, Side};
use crate::{Content, Keys, Witness, Work};
use websocket_sans_io::{
    FrameInfo, Opcode, WebsocketFrameDecoder, WebsocketFrameEncoder, WebsocketFrameEvent,
};

/// Whole messages, and pongs.
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
        let mut witness = W::default();
        let mut sent = W::default();
        let done = receive(&self.job, &mut self.storage, |opcode, payload| match opcode {
            Opcode::Ping => send(Opcode::Pong, payload, &mut sent),
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
        Self { decode: Decode::new(job), out: vec![0; BUFFER_LEN] }
    }
}

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        let out = &mut self.out;
        let done = receive(&self.decode.job, &mut self.decode.storage, |opcode, payload| {
            let len = u64::try_from(payload.len()).expect("it fits");
            let info = FrameInfo { opcode, payload_length: len, mask: None, fin: true, reserved: 0 };
            let header = WebsocketFrameEncoder::new().start_frame(&info);
            if header.len() + payload.len() > out.len() {
                witness.sent(&header);
                witness.sent(payload);
            } else {
                let (start, rest) = out.split_at_mut(header.len());
                start.copy_from_slice(&header);
                rest[..payload.len()].copy_from_slice(payload);
                witness.sent(&out[..header.len() + payload.len()]);
            }
        });
        if done.is_some() { witness } else { W::default() }
    }
}

/// Gives each message and each ping to `take`; `None` where a peer broke a rule.
#[inline]
fn receive(job: &Receive, storage: &mut [u8], mut take: impl FnMut(Opcode, &[u8])) -> Option<()> {
    let mut kernel = job.kernel::<crate::Tally>();
    let mut decoder = WebsocketFrameDecoder::new();
    let (mut message, mut control) = (Vec::new(), Vec::new());
    let mut is_in_message = false;
    loop {
        let len = kernel.copy_to(storage);
        if len == 0 {
            return Some(());
        }
        let mut start = 0;
        // Where the payload of the frame is in the storage, if all of it is.
        let mut whole = None;
        loop {
            let result = decoder.add_data(&mut storage[start..len]).ok()?;
            let piece = start..start + result.consumed_bytes;
            start = piece.end;
            match result.event {
                Some(WebsocketFrameEvent::Start { frame_info, .. }) => {
                    let is_continuation = frame_info.opcode == Opcode::Continuation;
                    let is_control = frame_info.opcode.is_control();
                    if !frame_info.is_reasonable()
                        || frame_info.mask.is_none()
                        || !is_control && is_continuation != is_in_message
                        || is_control && frame_info.payload_length > 125
                    {
                        return None;
                    }
                    whole = None;
                    if !is_control {
                        is_in_message = !frame_info.fin;
                    }
                    let len_now = usize::try_from(frame_info.payload_length).ok()?;
                    if !is_control && len_now > len - start {
                        message.reserve(len_now);
                    }
                    let is_single = frame_info.fin && !is_continuation && !is_control;
                    if is_single && len_now <= len - start {
                        whole = Some(start..start + len_now);
                    }
                }
                Some(WebsocketFrameEvent::PayloadChunk { original_opcode }) => {
                    if whole.is_some() {
                    } else if original_opcode.is_control() {
                        control.extend_from_slice(&storage[piece]);
                    } else {
                        message.extend_from_slice(&storage[piece]);
                    }
                }
                Some(WebsocketFrameEvent::End { frame_info, original_opcode }) => {
                    if frame_info.opcode.is_control() {
                        take(original_opcode, &control);
                        control.clear();
                    } else if frame_info.fin {
                        let payload = whole.take().map_or(message.as_slice(), |place| &storage[place]);
                        if original_opcode == Opcode::Text && simdutf8::basic::from_utf8(payload).is_err() {
                            return None;
                        }
                        take(original_opcode, payload);
                        message.clear();
                    }
                }
                None if result.consumed_bytes == 0 => break,
                None => {}
            }
        }
    }
}

fn send<W: Witness>(opcode: Opcode, payload: &[u8], witness: &mut W) {
    let len = u64::try_from(payload.len()).expect("it fits");
    let info = FrameInfo { opcode, payload_length: len, mask: None, fin: true, reserved: 0 };
    witness.sent(&WebsocketFrameEncoder::new().start_frame(&info));
    witness.sent(payload);
}

/// Frames, whole where they fit into the output, else in pieces.
pub struct Encode {
    job: Send,
    out: Vec<u8>,
}

impl Encode {
    #[must_use]
    pub fn new(job: &Send) -> Self {
        Self { job: job.clone(), out: vec![0; BUFFER_LEN + HEADER_LEN_MAX] }
    }
}

impl Work for Encode {
    fn run<W: Witness>(&mut self) -> W {
        debug_assert_eq!(self.job.sample.content, Content::Binary);
        let mut keys = Keys::new();
        let mut witness = W::default();
        let mut encoder = WebsocketFrameEncoder::new();
        for message in &self.job.sample.messages {
            let info = FrameInfo {
                opcode: Opcode::Binary,
                payload_length: u64::try_from(message.len()).expect("it fits"),
                mask: (self.job.side == Side::Client).then(|| keys.next_bytes()),
                fin: true,
                reserved: 0,
            };
            let header = encoder.start_frame(&info);
            self.out[..header.len()].copy_from_slice(&header);
            let mut start = header.len();
            for piece in message.chunks(BUFFER_LEN) {
                let end = start + piece.len();
                let out = &mut self.out[start..end];
                out.copy_from_slice(piece);
                encoder.transform_frame_payload(out);
                witness.sent(&self.out[..end]);
                start = 0;
            }
        }
        witness
    }
}
