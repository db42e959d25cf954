//! WebSockets with permessage-deflate over streams in memory, and what they say.

use ws_std::ws_core::deflate::{DeflateSettings, Deflater, Flush};
use ws_std::ws_core::extension::{Agreed, DeflateParams, WindowBits};
use ws_std::{AnyStream, Config, Deflate, Limits, Role, Stream, WebSocket};

use super::Script;
pub(crate) use super::said::Said;

pub(crate) fn params(takeover: bool, bits: u8) -> DeflateParams {
    let bits = WindowBits::new(bits).unwrap();
    let params = DeflateParams::new().with_server_max_window_bits(bits).with_client_max_window_bits(bits);
    if takeover { params } else { params.with_server_no_context_takeover().with_client_no_context_takeover() }
}

pub(crate) fn agreed(role: Role, params: DeflateParams) -> Agreed {
    match role {
        Role::Client => Agreed::client(params),
        Role::Server => Agreed::server(params),
    }
}

pub(crate) fn socket_with(
    script: &Script,
    role: Role,
    params: DeflateParams,
    limits: Limits,
    deflate: Deflate,
) -> WebSocket<AnyStream<Script>> {
    let (config, agreed) = (Config::new().with_limits(limits), agreed(role, params));
    WebSocket::after_handshake_with_deflate(AnyStream(script.clone()), role, config, agreed, deflate, b"")
        .unwrap()
}

pub(crate) fn socket(script: &Script, role: Role) -> WebSocket<AnyStream<Script>> {
    socket_with(script, role, DeflateParams::default(), Limits::new(), Deflate::new())
}

/// Text that compresses, of about the kind that is sent.
pub(crate) fn json(len: usize) -> String {
    let lines =
        (0..).map(|n: u32| format!("{{\"id\":{n},\"name\":\"Käse {}\"}},", n.wrapping_mul(2_654_435_761)));
    let mut text = String::new();
    for line in lines {
        if text.len() + line.len() > len {
            text.extend(std::iter::repeat_n('.', len - text.len()));
            return text;
        }
        text += &line;
    }
    text
}

/// Bytes that do not compress.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(step).collect()
}

/// The payload of a compressed message, without a context.
pub(crate) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut deflater = Deflater::new(DeflateSettings::default());
    let (mut out, mut rest, mut part) = (Vec::new(), bytes, vec![0; 1 << 16]);
    loop {
        let done = deflater.deflate(rest, Flush::Message, &mut part);
        out.extend_from_slice(&part[..done.written]);
        rest = &rest[done.taken..];
        if done.is_done {
            return out;
        }
    }
}

pub(crate) fn conversation() -> Vec<Said> {
    let mut said = vec![Said::Text(String::new()), Said::Binary(vec![])];
    for len in [10, 1023, 1024, 5000, 65_536, 65_537, 150_000] {
        said.push(Said::Text(json(len)));
        said.push(Said::Binary(noise(len)));
        said.push(Said::Text(json(len)));
    }
    said.push(Said::Binary(vec![0; 1 << 20]));
    said
}

/// Everything that a socket writes for these messages, sent in turns as is chosen, compressed and not.
pub(crate) fn say(role: Role, params: DeflateParams, said: &[Said]) -> Vec<u8> {
    let script = Script::new(b"");
    let mut socket = socket_with(&script, role, params, Limits::new(), Deflate::new());
    for (n, message) in said.iter().enumerate() {
        match n % 4 {
            0 => socket.send_compressed(message.message()),
            1 => socket.send_uncompressed(message.message()),
            _ => socket.send(message.message()),
        }
        .unwrap();
        if n % 3 == 0 {
            socket.ping(b"between").unwrap();
        }
    }
    script.written()
}

pub(crate) fn read_all<S: Stream>(socket: &mut WebSocket<S>) -> Vec<Said> {
    let mut heard = Vec::new();
    loop {
        match socket.read() {
            Ok(Some((message, _))) => heard.push(Said::of(message)),
            Ok(None) => return heard,
            Err(error) => assert!(error.is_transient(), "{error}"),
        }
    }
}
