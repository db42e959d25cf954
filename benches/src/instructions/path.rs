use crate::contestants::handshake::{self, HANDSHAKE_COUNT};
use crate::contestants::{
    BUFFER_LEN, Receive, Send, Side, embedded_websocket, floor, session, tungstenite, ws_core,
};
use crate::{Content, Contestant, Keys, Sample};
use ::ws_core::connection::{SendHalf, TRANSMIT_LEN_MAX};
use ::ws_core::frame::{ControlPayload, Fin};
use std::rc::Rc;

/// A way through the code that messages take.
pub struct Path {
    pub name: &'static str,
    /// It is ours, and has a budget; the others are there to be compared with.
    pub has_budget: bool,
    message_count: usize,
    prepare: fn() -> Contestant,
}

impl Path {
    /// Does the work `pass_count` times; returns how many messages one time has.
    ///
    /// # Panics
    ///
    /// Where the work comes to nothing.
    #[must_use]
    pub fn run(&self, pass_count: usize) -> usize {
        let mut contestant = (self.prepare)();
        let expected = contestant.transcript().tally();
        assert!(expected.sent_len > 0 || expected.message_count == self.message_count, "{}", self.name);
        for _ in 0..pass_count {
            assert_eq!(contestant.run(), expected, "{}", self.name);
        }
        self.message_count
    }
}

const fn ours(name: &'static str, prepare: fn() -> Contestant) -> Path {
    Path { name, has_budget: true, message_count: MESSAGE_COUNT, prepare }
}

const fn other(name: &'static str, prepare: fn() -> Contestant) -> Path {
    Path { has_budget: false, ..ours(name, prepare) }
}

const fn long(name: &'static str, prepare: fn() -> Contestant) -> Path {
    Path { message_count: LONG_COUNT, ..ours(name, prepare) }
}

/// All of them, in the order in which they are printed.
pub static PATHS: &[Path] = &[
    ours("decode/binary/0", || decode(Content::Binary, 0)),
    ours("decode/binary/16", || decode(Content::Binary, 16)),
    ours("decode/binary/125", || decode(Content::Binary, 125)),
    ours("decode/binary/1024", || decode(Content::Binary, 1024)),
    ours("decode/ascii/16", || decode(Content::Ascii, 16)),
    ours("decode/ascii/125", || decode(Content::Ascii, 125)),
    ours("decode/mixed/16", || decode(Content::Mixed, 16)),
    ours("decode/mixed/125", || decode(Content::Mixed, 125)),
    long("decode/binary/65536", || decode_long(Content::Binary, BUFFER_LEN)),
    long("decode/ascii/65536", || decode_long(Content::Ascii, BUFFER_LEN)),
    long("decode/mixed/65536", || decode_long(Content::Mixed, BUFFER_LEN)),
    long("decode/binary/65536/1460", || decode_long(Content::Binary, 1460)),
    long("decode/ascii/65536/1460", || decode_long(Content::Ascii, 1460)),
    ours("decode/fragments/2x64", || Contestant::ours(ws_core::Decode::new(&fragments()))),
    other("decode/binary/16 floor", || decode_floor(Content::Binary, 16)),
    other("decode/binary/125 floor", || decode_floor(Content::Binary, 125)),
    other("decode/binary/1024 floor", || decode_floor(Content::Binary, 1024)),
    other("decode/ascii/16 floor", || decode_floor(Content::Ascii, 16)),
    other("decode/binary/16 embedded-websocket", || decode_embedded_websocket(16)),
    other("decode/binary/125 embedded-websocket", || decode_embedded_websocket(125)),
    other("decode/binary/16 tungstenite", || decode_tungstenite(16)),
    other("decode/binary/125 tungstenite", || decode_tungstenite(125)),
    ours("session/decode/16", || {
        Contestant::ours(session::Decode::new(&receive(sample(Content::Binary, 16))))
    }),
    ours("session/decode/125", || {
        Contestant::ours(session::Decode::new(&receive(sample(Content::Binary, 125))))
    }),
    other("session/decode/16 by ReceiveHalf", || decode_by_half(16)),
    other("session/decode/125 by ReceiveHalf", || decode_by_half(125)),
    ours("session/encode/server/16", || session_encode(Side::Server, 16)),
    ours("session/encode/server/125", || session_encode(Side::Server, 125)),
    ours("session/encode/client/16", || session_encode(Side::Client, 16)),
    ours("session/encode/client/125", || session_encode(Side::Client, 125)),
    ours("session/echo16/125", || Contestant::ours(session::Echo::new(&sixteen_a_read(125)))),
    ours("encode/server/16", || encode(Side::Server, 16)),
    ours("encode/server/125", || encode(Side::Server, 125)),
    ours("encode/client/16", || encode(Side::Client, 16)),
    ours("encode/client/125", || encode(Side::Client, 125)),
    ours("echo/16", || Contestant::ours(ws_core::Echo::new(&receive(sample(Content::Binary, 16))))),
    ours("echo/125", || Contestant::ours(ws_core::Echo::new(&receive(sample(Content::Binary, 125))))),
    ours("ping/16", || Contestant::ours(ws_core::DecodeAndPong::new(&pings()))),
    Path {
        message_count: HANDSHAKE_COUNT,
        ..ours("handshake/server", || Contestant::ours(handshake::ws_core::Server::new()))
    },
    Path {
        message_count: HANDSHAKE_COUNT,
        ..ours("handshake/client", || Contestant::ours(handshake::ws_core::Client::new()))
    },
];

/// Enough that what is between two reads, and what a process does besides, is little beside it.
const MESSAGE_COUNT: usize = 2048;

/// The same for messages of 64 KiB.
const LONG_COUNT: usize = 32;

fn sample(content: Content, len: usize) -> Sample {
    Sample::with_count(content, len, MESSAGE_COUNT, 1)
}

fn receive(sample: Sample) -> Receive {
    Receive { sample: Rc::new(sample), read_len: BUFFER_LEN }
}

fn decode(content: Content, len: usize) -> Contestant {
    Contestant::ours(ws_core::Decode::new(&receive(sample(content, len))))
}

/// Messages of 64 KiB, of which at most `read_len` bytes come at once.
fn decode_long(content: Content, read_len: usize) -> Contestant {
    let sample = Rc::new(Sample::with_count(content, 64 * 1024, LONG_COUNT, 1));
    Contestant::ours(ws_core::Decode::new(&Receive { sample, read_len }))
}

fn decode_floor(content: Content, len: usize) -> Contestant {
    Contestant::floor("floor", floor::Decode::new(&receive(sample(content, len))))
}

fn decode_embedded_websocket(len: usize) -> Contestant {
    let job = receive(sample(Content::Binary, len));
    Contestant::peer("embedded-websocket", embedded_websocket::Decode::new(&job))
}

fn decode_tungstenite(len: usize) -> Contestant {
    Contestant::peer("tungstenite", tungstenite::Decode(receive(sample(Content::Binary, len))))
}

fn encode(side: Side, len: usize) -> Contestant {
    Contestant::ours(ws_core::Encode::new(&Send { sample: Rc::new(sample(Content::Binary, len)), side }))
}

fn decode_by_half(len: usize) -> Contestant {
    Contestant::ours(session::DecodeByHalf::new(&receive(sample(Content::Binary, len))))
}

fn session_encode(side: Side, len: usize) -> Contestant {
    Contestant::ours(session::Encode::new(&Send { sample: Rc::new(sample(Content::Binary, len)), side }))
}

/// Sixteen messages come in each read.
fn sixteen_a_read(len: usize) -> Receive {
    let sample = sample(Content::Binary, len);
    Receive { read_len: sample.wire.len() / MESSAGE_COUNT * 16, sample: Rc::new(sample) }
}

/// Messages of two fragments of 64 bytes, from a client.
fn fragments() -> Receive {
    let mut sender = SendHalf::new(Keys::new());
    let mut wire = vec![0; MESSAGE_COUNT * 2 * (6 + 64)];
    let mut len = 0;
    for fin in [Fin::More, Fin::Final].into_iter().cycle().take(2 * MESSAGE_COUNT) {
        len += sender.send_fragment(&[7; 64], fin, &mut wire[len..]).expect("there is room");
    }
    receive(Sample { content: Content::Binary, messages: Vec::new(), wire, fragment_count: 2 })
}

/// Pings of 16 bytes, from a client.
fn pings() -> Receive {
    let ping = ControlPayload::new(b"0123456789abcdef").expect("short");
    let mut sender = SendHalf::new(Keys::new());
    let mut wire = vec![0; MESSAGE_COUNT * (6 + 16) + TRANSMIT_LEN_MAX];
    let mut len = 0;
    for _ in 0..MESSAGE_COUNT {
        sender.ping(ping);
        len += sender.poll_transmit(&mut wire[len..]).expect("there is room");
    }
    wire.truncate(len);
    receive(Sample { content: Content::Binary, messages: Vec::new(), wire, fragment_count: 1 })
}
