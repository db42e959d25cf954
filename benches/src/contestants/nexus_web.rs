use super::{HEADER_LEN_MAX, Receive, Send, Side};
use crate::{Content, Witness, Work};
use nexus_web::ws::{FrameReader, FrameWriter, Message, Role};

/// Whether it validates the text of this job: it does not where the only frame of a message comes in more than one read. Of
/// short messages such are few.
#[must_use]
pub fn is_text_checked(job: &Receive) -> bool {
    let message_len = job.sample.messages.iter().map(|message| message.len()).max().unwrap_or(0);
    job.sample.content == Content::Binary || job.sample.fragment_count > 1 || message_len <= job.read_len / 16
}

/// Its buffer has to hold the longest frame.
fn reader(job: &Receive) -> FrameReader {
    let frame_len = job
        .sample
        .messages
        .iter()
        .map(|message| message.len())
        .max()
        .unwrap_or(0)
        .div_ceil(job.sample.fragment_count);
    let buffer_len = job.buffer_len().max(2 * frame_len + HEADER_LEN_MAX);
    FrameReader::builder()
        .role(Role::Server)
        .buffer_capacity(buffer_len)
        .max_frame_size(1 << 30)
        .max_message_size(1 << 30)
        .build()
}

/// Whole messages, and pongs.
pub struct Decode {
    job: Receive,
    reader: FrameReader,
}

impl Decode {
    #[must_use]
    pub fn new(job: &Receive) -> Self {
        Self { job: job.clone(), reader: reader(job) }
    }
}

impl Work for Decode {
    fn run<W: Witness>(&mut self) -> W {
        let mut kernel = self.job.kernel::<W>();
        let mut writer = FrameWriter::new(Role::Server);
        let mut out = [0; 256];
        let mut witness = W::default();
        self.reader.reset();
        loop {
            match self.reader.next() {
                Ok(Some(Message::Text(text))) => witness.message(text.as_bytes()),
                Ok(Some(Message::Binary(bytes))) => witness.message(bytes),
                Ok(Some(Message::Ping(payload))) => {
                    let Ok(len) = writer.encode_pong(payload, &mut out) else { return W::default() };
                    witness.sent(&out[..len]);
                }
                Ok(Some(Message::Pong(_) | Message::Close(_))) | Err(_) => return W::default(),
                Ok(None) => match self.reader.read_from(&mut kernel) {
                    Ok(0) => return witness,
                    Ok(_) => {}
                    Err(_) => return W::default(),
                },
            }
        }
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
        let message_len = job.sample.messages.iter().map(|message| message.len()).max().unwrap_or(0);
        Self { decode: Decode::new(job), out: vec![0; message_len + HEADER_LEN_MAX] }
    }
}

impl Work for Echo {
    fn run<W: Witness>(&mut self) -> W {
        let Self { decode: Decode { job, reader }, out } = self;
        let mut kernel = job.kernel::<W>();
        let mut writer = FrameWriter::new(Role::Server);
        let mut witness = W::default();
        reader.reset();
        loop {
            match reader.next() {
                Ok(Some(Message::Binary(bytes))) => {
                    let len = writer.encode_binary(bytes, out);
                    witness.sent(&out[..len]);
                }
                Ok(Some(_)) | Err(_) => return W::default(),
                Ok(None) => match reader.read_from(&mut kernel) {
                    Ok(0) => return witness,
                    Ok(_) => {}
                    Err(_) => return W::default(),
                },
            }
        }
    }
}

/// Whole frames.
pub struct Encode {
    job: Send,
    writer: FrameWriter,
    out: Vec<u8>,
}

impl Encode {
    #[must_use]
    pub fn new(job: &Send) -> Self {
        let message_len = job.sample.messages.iter().map(|message| message.len()).max().unwrap_or(0);
        let role = match job.side {
            Side::Server => Role::Server,
            Side::Client => Role::Client,
        };
        Self { job: job.clone(), writer: FrameWriter::new(role), out: vec![0; message_len + HEADER_LEN_MAX] }
    }
}

impl Work for Encode {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for message in &self.job.sample.messages {
            let len = self.writer.encode_binary(message, &mut self.out);
            witness.sent(&self.out[..len]);
        }
        witness
    }
}
