//! The loops of the front pages, as they stand there, lose nothing: with a read buffer and an output of one size, whichever, and
//! a frame that is longer than both.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests may panic"
)]
#![allow(clippy::allow_attributes, reason = "which lints are met differs from build to build")]

mod support;

use support::drive::{Way, receive};
use support::reference::{DEFAULT_LIMITS, Outcome, Role};
use ws_core::connection::{Config, Connection, Transport};
use ws_core::error::SendError;
use ws_core::event::Event;
use ws_core::frame::{Mask, MaskKey};
use ws_core::input::ReadBuffer;

/// A stream that gives what is asked for, and keeps what is written.
struct Socket<'w> {
    incoming: &'w [u8],
    outgoing: Vec<u8>,
    shutdown_count: usize,
}

impl Socket<'_> {
    fn read(&mut self, spare: &mut [u8]) -> usize {
        let len = spare.len().min(self.incoming.len());
        spare[..len].copy_from_slice(&self.incoming[..len]);
        self.incoming = &self.incoming[len..];
        len
    }

    fn write(&mut self, bytes: &[u8]) {
        self.outgoing.extend_from_slice(bytes);
    }

    fn shutdown_write(&mut self) {
        self.shutdown_count += 1;
    }
}

/// The README's, which does not close.
fn readme(socket: &mut Socket<'_>, size: usize) -> Result<(), SendError> {
    let mut connection = Connection::server(Config::new());
    let mut buffer = ReadBuffer::new(vec![0; size]);
    let mut out = vec![0; size];
    while !socket.incoming.is_empty() {
        let len = socket.read(buffer.spare());
        buffer.filled(len);
        let mut input = buffer.input();
        while let Some(event) = connection.next_event(&mut input) {
            if let Event::Data(fragment) = event {
                let (mut rest, fin) = (fragment.payload, fragment.fin());
                loop {
                    let sent = connection.send_part(rest, fin, &mut out)?;
                    socket.write(&out[..sent.written]);
                    if sent.is_complete {
                        break;
                    }
                    rest = rest.split_at(sent.taken).1;
                }
            }
            let len = connection.poll_transmit(&mut out)?;
            socket.write(&out[..len]);
        }
    }
    Ok(())
}

/// That of `lib.rs`, behind its opening handshake.
fn lib(socket: &mut Socket<'_>, size: usize) -> Result<(), SendError> {
    let mut buffer = ReadBuffer::new(vec![0; size]);
    let mut out = vec![0; size];
    let mut connection = Connection::server(Config::new());
    loop {
        let mut input = buffer.input();
        while let Some(event) = connection.next_event(&mut input) {
            if let Event::Data(fragment) = event {
                let (mut rest, fin) = (fragment.payload, fragment.fin());
                loop {
                    let sent = connection.send_part(rest, fin, &mut out)?;
                    socket.write(&out[..sent.written]);
                    if sent.is_complete {
                        break;
                    }
                    rest = rest.split_at(sent.taken).1;
                }
            }
            let len = connection.poll_transmit(&mut out)?;
            socket.write(&out[..len]);
        }
        match connection.transport() {
            Transport::Open | Transport::Linger { shutdown_write: false } => {}
            Transport::Linger { shutdown_write: true } => {
                socket.shutdown_write();
                connection.send_half().write_shut_down();
            }
            Transport::Closed => return Ok(()),
        }
        match socket.read(buffer.spare()) {
            0 => connection.eof(),
            len => buffer.filled(len),
        }
    }
}

/// That of `connection`, which reads first.
fn module(socket: &mut Socket<'_>, size: usize) -> Result<(), SendError> {
    let mut connection = Connection::server(Config::new());
    let mut buffer = ReadBuffer::new(vec![0; size]);
    let mut out = vec![0; size];
    loop {
        match socket.read(buffer.spare()) {
            0 => connection.eof(),
            len => buffer.filled(len),
        }
        let mut input = buffer.input();
        while let Some(event) = connection.next_event(&mut input) {
            if let Event::Data(fragment) = event {
                let (mut rest, fin) = (fragment.payload, fragment.fin());
                loop {
                    let sent = connection.send_part(rest, fin, &mut out)?;
                    socket.write(&out[..sent.written]);
                    if sent.is_complete {
                        break;
                    }
                    rest = rest.split_at(sent.taken).1;
                }
            }
            let len = connection.poll_transmit(&mut out)?;
            socket.write(&out[..len]);
        }
        match connection.transport() {
            Transport::Open | Transport::Linger { shutdown_write: false } => {}
            Transport::Linger { shutdown_write: true } => {
                socket.shutdown_write();
                connection.send_half().write_shut_down();
            }
            Transport::Closed => return Ok(()),
        }
    }
}

/// A frame of a client.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xFA, 0x21, 0x3D];
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(len @ ..126), _) => frame.push(0x80 | len),
        (_, Ok(len)) => {
            frame.push(0xFE);
            frame.extend(len.to_be_bytes());
        }
        _ => {
            frame.push(0xFF);
            frame.extend(u64::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend(key);
    let start = frame.len();
    frame.extend(payload);
    Mask::new(MaskKey::new(key)).apply(&mut frame[start..]);
    frame
}

const SIZES: [usize; 7] = [64, 65, 127, 128, 1000, 4096, 65_536];

/// A mebibyte that repeats itself nowhere near.
fn noise() -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(0x9E37_79B9).wrapping_add(0x7F4A_7C15);
        state.to_be_bytes()[0]
    };
    core::iter::repeat_with(next).take(1 << 20).collect()
}

/// Code points of each length, a mebibyte of them.
fn text() -> String {
    noise().into_iter().take(420_000).map(|byte| ['a', 'ñ', '€', '𝄞'][usize::from(byte % 4)]).collect()
}

/// A message in frames of these lengths, as often as it takes, with a ping after each.
fn fragments(opcode: u8, payload: &[u8], lens: &[usize]) -> Vec<u8> {
    let (mut wire, mut rest) = (Vec::new(), payload);
    for (index, len) in lens.iter().cycle().enumerate() {
        let (now, later) = rest.split_at((*len).min(rest.len()));
        rest = later;
        let fin = if rest.is_empty() { 0x80 } else { 0 };
        wire.extend(frame(fin | if index == 0 { opcode } else { 0 }, now));
        if rest.is_empty() {
            return wire;
        }
        wire.extend(frame(0x89, b"?"));
    }
    wire
}

type Loop = fn(&mut Socket<'_>, usize) -> Result<(), SendError>;

/// Each loop, and how often it shuts the stream down.
const LOOPS: [(Loop, usize); 3] = [(readme, 0), (lib, 1), (module, 1)];

/// What a loop has answered, and how often it shut the stream down.
fn answers(run: Loop, size: usize, wire: &[u8]) -> (Vec<Outcome>, usize) {
    let mut socket = Socket { incoming: wire, outgoing: Vec::new(), shutdown_count: 0 };
    assert_eq!(run(&mut socket, size), Ok(()), "in {size} bytes");
    let mut lens = core::iter::empty();
    let heard = receive(Role::Client, &DEFAULT_LIMITS, &socket.outgoing, &mut lens, 1 << 16, Way::Events);
    (heard, socket.shutdown_count)
}

fn check(message: &Outcome, wire: &[u8], ping_count: usize) {
    let wire = [wire, &frame(0x88, &[0x03, 0xE8])].concat();
    for size in SIZES {
        for (run, shutdown_count) in LOOPS {
            let (heard, shut_down) = answers(run, size, &wire);
            let (pongs, rest): (Vec<_>, Vec<_>) =
                heard.into_iter().partition(|outcome| matches!(outcome, Outcome::Pong(_)));
            let [echo, close] = rest.as_slice() else { panic!("{} things in {size} bytes", rest.len()) };
            assert!(echo == message, "another message, in {size} bytes");
            assert_eq!(*close, Outcome::Close(vec![0x03, 0xE8]));
            assert_eq!((pongs.len(), shut_down), (ping_count, shutdown_count), "in {size} bytes");
        }
    }
}

#[test]
fn a_frame_that_is_longer_than_the_buffers_comes_back_whole() {
    let noise = noise();
    check(&Outcome::Binary(noise.clone()), &frame(0x82, &noise), 0);
}

#[test]
fn a_text_that_is_longer_than_the_buffers_comes_back_whole() {
    let text = text();
    check(&Outcome::Text(text.clone()), &frame(0x81, text.as_bytes()), 0);
}

#[test]
fn fragments_that_are_longer_than_the_buffers_come_back_whole() {
    let (noise, text) = (noise(), text());
    for lens in [&[70_000, 1, 0, 126, 4096][..], &[4082, 4096, 64, 65_535, 60], &[200_000]] {
        let wire = fragments(0x02, &noise, lens);
        check(&Outcome::Binary(noise.clone()), &wire, ping_count(&wire));
        let wire = fragments(0x01, text.as_bytes(), lens);
        check(&Outcome::Text(text.clone()), &wire, ping_count(&wire));
    }
}

/// How many pings there are.
fn ping_count(wire: &[u8]) -> usize {
    let heard = receive(Role::Server, &DEFAULT_LIMITS, wire, &mut core::iter::empty(), 1 << 16, Way::Events);
    heard.iter().filter(|outcome| matches!(outcome, Outcome::Ping(_))).count()
}

#[test]
fn an_output_that_is_too_small_is_an_error_and_no_loss() {
    let wire = frame(0x81, "€€".as_bytes());
    for (size, required) in [(0, 5), (1, 5), (2, 5), (4, 5)] {
        let mut connection = Connection::server(Config::new());
        let mut buffer = ReadBuffer::with_filled(wire.clone(), wire.len()).unwrap();
        let mut input = buffer.input();
        let Some(Event::Data(fragment)) = connection.next_event(&mut input) else { panic!("no text") };
        let sent = connection.send_part(fragment.payload, fragment.fin(), &mut vec![0; size]);
        assert_eq!(sent, Err(SendError::BufferTooSmall { required }));
        let sent = connection.send_fragment(fragment.payload, fragment.fin(), &mut vec![0; size]);
        assert_eq!(sent, Err(SendError::BufferTooSmall { required: 8 }));
        assert_eq!(connection.send(fragment.payload, &mut [0; 8]), Ok(8), "nothing was begun");
    }
}
