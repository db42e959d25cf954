//! permessage-deflate beside the library that does the work: what the protocol around it costs. Each message is by itself,
//! without the context of the one before.

use crate::{Witness, Work};
use sockudo_ws::deflate::{DeflateDecoder, DeflateEncoder};
use std::rc::Rc;
use ws_core::connection::{Config, ReceiveHalf, Role, SendHalf, Unmasked};
use ws_core::deflate::Deflater;
use ws_core::event::{Event, MessageType};
use ws_core::extension::{Agreed, DeflateParams};
use ws_core::frame::Fin;
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageBuffer};
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush};

/// How many messages a run has.
pub const MESSAGE_COUNT: usize = 8;

/// What the protocol leaves out at the end of a message.
pub const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// JSON as a service would send it, `len` bytes of it.
#[must_use]
pub fn json(len: usize) -> Vec<u8> {
    let mut text = String::from("[");
    let mut number = 0x9E37_79B9_u32;
    while text.len() < len {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push_str(&format!(
            "{{\"id\":{},\"name\":\"user-{}\",\"score\":{}.{},\"tags\":[\"a{}\",\"b\"],\"active\":{}}},",
            number >> 8,
            number % 977,
            number % 101,
            number % 7,
            number % 13,
            number % 3 == 0
        ));
    }
    text.truncate(len);
    text.into_bytes()
}

/// The same compressed, as it is between a frame's header and its end.
#[must_use]
pub fn compressed(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 2 * payload.len() + 100];
    let mut stream = Deflate::new(LEVEL, false, 15);
    stream.compress(payload, &mut out, DeflateFlush::SyncFlush).expect("there is room");
    out.truncate(usize::try_from(stream.total_out()).expect("it fits") - TAIL.len());
    out
}

/// What was compressed, without its tail.
#[must_use]
pub fn inflated(compressed: &[u8], len: usize) -> Vec<u8> {
    let mut out = vec![0; len + 1];
    let mut stream = Inflate::new(false, 15);
    let whole = [compressed, &TAIL].concat();
    stream.decompress(&whole, &mut out, InflateFlush::SyncFlush).expect("it is valid");
    out.truncate(usize::try_from(stream.total_out()).expect("it fits"));
    out
}

fn agreed() -> Agreed {
    Agreed::server(DeflateParams::new().with_server_no_context_takeover().with_client_no_context_takeover())
}

const LEVEL: i32 = 6;

/// A server's frames.
pub struct Compress {
    payload: Rc<Vec<u8>>,
    sender: SendHalf<Unmasked>,
    deflater: Deflater,
    out: Vec<u8>,
}

impl Compress {
    #[must_use]
    pub fn new(payload: &Rc<Vec<u8>>) -> Self {
        let sender = SendHalf::new(Unmasked).with_deflate(agreed());
        Self {
            payload: Rc::clone(payload),
            sender,
            deflater: agreed().deflater(),
            out: vec![0; 2 * payload.len() + 100],
        }
    }
}

impl Work for Compress {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..MESSAGE_COUNT {
            let sent = self.sender.send_deflated(
                MessageType::Text,
                &self.payload,
                Fin::Final,
                &mut self.deflater,
                &mut self.out,
            );
            match sent {
                Ok(sent) if sent.is_complete => {
                    let header_len = if sent.written > 2 + 125 { 4 } else { 2 };
                    witness.message(&self.out[header_len..sent.written]);
                }
                _ => return W::default(),
            }
        }
        witness
    }
}

/// The same compression by zlib-rs alone.
pub struct RawCompress {
    payload: Rc<Vec<u8>>,
    stream: Deflate,
    out: Vec<u8>,
}

impl RawCompress {
    #[must_use]
    pub fn new(payload: &Rc<Vec<u8>>) -> Self {
        let out = vec![0; 2 * payload.len() + 100];
        Self { payload: Rc::clone(payload), stream: Deflate::new(LEVEL, false, 15), out }
    }
}

impl Work for RawCompress {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..MESSAGE_COUNT {
            self.stream.reset();
            let done = self.stream.compress(&self.payload, &mut self.out, DeflateFlush::SyncFlush);
            done.expect("there is room");
            let len = usize::try_from(self.stream.total_out()).expect("it fits");
            witness.message(&self.out[..len - TAIL.len()]);
        }
        witness
    }
}

/// By the encoder that sockudo-ws has for each connection.
pub struct SockudoCompress {
    payload: Rc<Vec<u8>>,
    encoder: DeflateEncoder,
}

impl SockudoCompress {
    #[must_use]
    pub fn new(payload: &Rc<Vec<u8>>) -> Self {
        let bits = 15.try_into().expect("it is a window");
        Self { payload: Rc::clone(payload), encoder: DeflateEncoder::new(bits, true, 6, 0) }
    }
}

impl Work for SockudoCompress {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..MESSAGE_COUNT {
            match self.encoder.compress(&self.payload) {
                Ok(Some(compressed)) => witness.message(&compressed),
                Ok(None) | Err(_) => return W::default(),
            }
        }
        witness
    }
}

/// A client's receiver that inflates whole messages into a buffer, checked as text.
pub struct Decompress {
    receiver: ReceiveHalf,
    message: MessageBuffer,
    frame: Vec<u8>,
}

impl Decompress {
    #[must_use]
    pub fn new(payload: &Rc<Vec<u8>>) -> Self {
        let receiver = ReceiveHalf::new(Role::Client, Config::new()).with_deflate();
        let inflater = Agreed::client(agreed().params()).inflater(1 << 24);
        let message = MessageBuffer::new().with_kept_len_max(1 << 20).with_inflater(inflater);
        let mut sender = Compress::new(payload);
        let sent = sender.sender.send_deflated(
            MessageType::Text,
            payload,
            Fin::Final,
            &mut sender.deflater,
            &mut sender.out,
        );
        let frame = sender.out[..sent.expect("there is room").written].to_vec();
        Self { receiver, message, frame }
    }

    fn receive<W: Witness>(&mut self, witness: &mut W) -> Option<()> {
        let len = self.frame.len();
        let mut buffer = ReadBuffer::with_filled(self.frame.as_mut_slice(), len)?;
        let mut input = buffer.input();
        while let Some(event) = self.receiver.next_event(&mut input) {
            let Event::Data(fragment) = event else { return None };
            if let Ok(Assembly::Complete) = self.message.push(fragment, &mut self.receiver) {
                witness.message(self.message.message()?.as_bytes());
                return Some(());
            }
        }
        None
    }
}

impl Work for Decompress {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..MESSAGE_COUNT {
            if self.receive(&mut witness).is_none() {
                return W::default();
            }
        }
        witness
    }
}

/// The same by zlib-rs alone, into memory that is there already, and checked as text.
pub struct RawDecompress {
    compressed: Vec<u8>,
    stream: Inflate,
    out: Vec<u8>,
}

impl RawDecompress {
    #[must_use]
    pub fn new(payload: &Rc<Vec<u8>>) -> Self {
        let compressed = [compressed(payload).as_slice(), &TAIL].concat();
        Self { compressed, stream: Inflate::new(false, 15), out: vec![0; payload.len() + 1] }
    }
}

impl Work for RawDecompress {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..MESSAGE_COUNT {
            self.stream.reset(false);
            let done = self.stream.decompress(&self.compressed, &mut self.out, InflateFlush::SyncFlush);
            done.expect("it is valid");
            let len = usize::try_from(self.stream.total_out()).expect("it fits");
            witness.message(std::str::from_utf8(&self.out[..len]).map_or(&[], str::as_bytes));
        }
        witness
    }
}

/// By the decoder that sockudo-ws has for each connection, and checked as text.
pub struct SockudoDecompress {
    compressed: Vec<u8>,
    decoder: DeflateDecoder,
}

impl SockudoDecompress {
    #[must_use]
    pub fn new(payload: &Rc<Vec<u8>>) -> Self {
        let bits = 15.try_into().expect("it is a window");
        Self { compressed: compressed(payload), decoder: DeflateDecoder::new(bits, true) }
    }
}

impl Work for SockudoDecompress {
    fn run<W: Witness>(&mut self) -> W {
        let mut witness = W::default();
        for _ in 0..MESSAGE_COUNT {
            match self.decoder.decompress(&self.compressed, 1 << 24) {
                Ok(payload) if sockudo_ws::utf8::validate_utf8(&payload) => witness.message(&payload),
                Ok(_) | Err(_) => return W::default(),
            }
        }
        witness
    }
}
