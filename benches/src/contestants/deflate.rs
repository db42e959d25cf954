//! permessage-deflate beside the library that does the work: what the protocol around it costs.

use ws_core::connection::{Config, Receiver, Role, Sender, Unmasked};
use ws_core::deflate::{DeflateSettings, Deflater, Inflater};
use ws_core::event::{Event, MessageType};
use ws_core::extension::{Agreed, DeflateParams};
use ws_core::frame::Fin;
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageBuffer};
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush};

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

fn agreed() -> Agreed {
    Agreed::server(DeflateParams {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        ..DeflateParams::default()
    })
}

/// A server's sender that compresses each message by itself.
pub struct OurSender {
    sender: Sender<Unmasked>,
    deflater: Deflater,
}

impl OurSender {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a fixture")]
    pub fn new() -> Self {
        let sender = Sender::with_config(Unmasked, Config::new().with_deflate(agreed()));
        Self { sender, deflater: Deflater::new(DeflateSettings::from(agreed().outgoing())) }
    }

    /// The frame of a message; returns its length.
    pub fn send(&mut self, payload: &[u8], out: &mut [u8]) -> usize {
        let sent = self
            .sender
            .send_deflated(MessageType::Text, payload, Fin::Final, &mut self.deflater, out)
            .expect("there is room");
        assert!(sent.is_complete, "there is room");
        sent.written
    }
}

/// The same compression by zlib-rs alone; returns the length without the tail that the protocol leaves out.
pub fn raw_deflate(stream: &mut Deflate, payload: &[u8], out: &mut [u8]) -> usize {
    stream.reset();
    stream.compress(payload, out, DeflateFlush::SyncFlush).expect("there is room");
    usize::try_from(stream.total_out()).expect("it fits") - 4
}

#[must_use]
pub fn new_raw_deflate() -> Deflate {
    Deflate::new(6, false, 15)
}

/// A client's receiver that inflates whole messages into a buffer, checked as text.
pub struct OurReceiver {
    receiver: Receiver,
    message: MessageBuffer,
}

impl OurReceiver {
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a fixture")]
    pub fn new() -> Self {
        let receiver = Receiver::new(Role::Client, Config::new().with_deflate(agreed()));
        let inflater = Inflater::agreed(1 << 24, Agreed::client(agreed().params()).incoming());
        let message = MessageBuffer::new().with_kept_len_max(1 << 20).with_inflater(inflater);
        Self { receiver, message }
    }

    /// The length of the message in a frame.
    pub fn receive(&mut self, frame: &mut [u8]) -> usize {
        let len = frame.len();
        let mut buffer = ReadBuffer::with_filled(frame, len).expect("all of it");
        let mut input = buffer.input();
        while let Some(event) = self.receiver.next_event(&mut input) {
            let Event::Data(fragment) = event else { return 0 };
            if let Ok(Assembly::Complete) = self.message.push(fragment, &mut self.receiver) {
                return self.message.message().map_or(0, |message| message.as_bytes().len());
            }
        }
        0
    }
}

/// An inflater alone: no frames, no assembly, but checked as text like the others.
pub fn inflater(inflater: &mut Inflater, compressed: &[u8], out: &mut [u8]) -> usize {
    let done = inflater.inflate(compressed, Fin::Final, out).expect("it is valid");
    std::str::from_utf8(&out[..done.written]).map_or(0, str::len)
}

#[must_use]
pub fn new_inflater() -> Inflater {
    Inflater::agreed(1 << 24, Agreed::client(agreed().params()).incoming())
}

/// The same by zlib-rs alone, into memory that is there already, and checked as text; returns the length.
pub fn raw_inflate(stream: &mut Inflate, compressed: &[u8], out: &mut [u8]) -> usize {
    stream.reset(false);
    stream.decompress(compressed, out, InflateFlush::SyncFlush).expect("it is valid");
    let len = usize::try_from(stream.total_out()).expect("it fits");
    std::str::from_utf8(&out[..len]).map_or(0, str::len)
}

#[must_use]
pub fn new_raw_inflate() -> Inflate {
    Inflate::new(false, 15)
}
