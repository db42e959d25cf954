//! Whether cost grows as the work does: the same work in larger and larger amounts, by ws-core alone.

use crate::Keys;
use crate::clock::Clock;
use std::time::Duration;
use ws_core::connection::{Config, KeySource, Limits, ReceiveHalf, Role};
use ws_core::event::Event;
use ws_core::frame::{Fin, FrameHeader, Mask, Opcode};
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageBuffer};

/// Work in amounts that grow tenfold.
pub struct Series {
    pub name: &'static str,
    /// What is counted.
    pub unit: &'static str,
    pub points: Vec<Point>,
}

/// What an amount of work took.
#[derive(Clone, Copy)]
pub struct Point {
    pub unit_count: usize,
    /// In nanoseconds, for all of it.
    pub nanos: f64,
}

impl Series {
    /// How many times as much a unit of the largest amount costs as one of the smaller amount where it costs least. What
    /// a connection costs once weighs on the smallest.
    #[must_use]
    pub fn growth(&self) -> f64 {
        let Some((last, smaller)) = self.points.split_last() else { return f64::INFINITY };
        last.unit_nanos() / smaller.iter().map(Point::unit_nanos).fold(f64::INFINITY, f64::min)
    }
}

impl Point {
    /// In nanoseconds for a unit.
    #[must_use]
    pub fn unit_nanos(&self) -> f64 {
        self.nanos / as_f64(self.unit_count)
    }
}

/// Measures all series; each takes turns with the others' amounts, so that a slow moment does not bend a line.
///
/// # Errors
///
/// Work that was not done right.
pub fn all() -> Result<Vec<Series>, String> {
    let kinds: &[Kind] = &[
        ("messages of 125 B", "messages", &[100, 1_000, 10_000, 100_000, 1_000_000], messages),
        ("bytes of one binary message", "bytes", LENGTHS, binary),
        ("bytes of one text message", "bytes", LENGTHS, text),
        ("fragments of 16 B of one message", "fragments", &[100, 1_000, 10_000, 100_000], fragments),
        ("empty fragments of one message", "fragments", &[100, 1_000, 10_000, 100_000], empty_fragments),
        ("pings within one message", "pings", &[100, 1_000, 10_000, 100_000], pings),
        ("reads of one byte of one message", "reads", &[1_000, 10_000, 100_000, 1_000_000], drip),
    ];
    let series = kinds.iter().map(|(name, unit, unit_counts, make)| {
        let streams = unit_counts.iter().map(|&count| (count, make(count)));
        let points = measure(streams.collect()).map_err(|wrong| format!("{name}: {wrong}"))?;
        Ok(Series { name, unit, points })
    });
    series.collect()
}

/// The name, the unit, the amounts, and what makes the work.
type Kind = (&'static str, &'static str, &'static [usize], fn(usize) -> Stream);

/// From where a header costs next to nothing. Nothing is assembled, since memory that does not fit into a cache would be
/// measured; fragments are.
const LENGTHS: &[usize] = &[16_384, 163_840, 1_638_400, 16_384_000, 163_840_000];

/// Bytes that are handed out: the head, the body so many times, the tail.
struct Stream {
    head: Vec<u8>,
    body: Vec<u8>,
    body_count: usize,
    tail: Vec<u8>,
    read_len: usize,
    is_assembled: bool,
    /// How many bytes of payload come out of it.
    payload_len: usize,
}

fn messages(count: usize) -> Stream {
    let mut keys = Keys::new();
    let mut body = Vec::new();
    for _ in 0..BATCH {
        write_frame(&mut body, Opcode::Binary, Fin::Final, &[7; 125], &mut keys);
    }
    Stream { body, body_count: count / BATCH, payload_len: 125 * count, ..Stream::empty() }
}

fn binary(len: usize) -> Stream {
    long(Opcode::Binary, &[0xA5; CHUNK_LEN], len)
}

fn text(len: usize) -> Stream {
    // Code points of two, three and four bytes, 16 bytes in all with the ASCII among them.
    let text = "ß語🦀ab語ß".repeat(CHUNK_LEN / 16);
    long(Opcode::Text, text.as_bytes(), len)
}

/// A message in one frame, made of chunks.
fn long(opcode: Opcode, chunk: &[u8], len: usize) -> Stream {
    let mut keys = Keys::new();
    let key = keys.next_key().expect("there always is one");
    let header = FrameHeader::new(opcode, Fin::Final, as_u64(len), Some(key)).expect("it is legal").encode();
    let mut body = chunk.to_vec();
    // A multiple of four bytes: each chunk begins with the key's first byte.
    assert!(body.len() % 4 == 0 && len % body.len() == 0, "whole chunks");
    Mask::new(key).apply(&mut body);
    let body_count = len / body.len();
    Stream { head: header.as_bytes().to_vec(), body, body_count, payload_len: len, ..Stream::empty() }
}

fn fragments(count: usize) -> Stream {
    in_fragments(count, &[7; 16])
}

fn empty_fragments(count: usize) -> Stream {
    in_fragments(count, &[])
}

fn in_fragments(count: usize, payload: &[u8]) -> Stream {
    let mut keys = Keys::new();
    let (mut head, mut body, mut tail) = (Vec::new(), Vec::new(), Vec::new());
    write_frame(&mut head, Opcode::Binary, Fin::More, payload, &mut keys);
    for _ in 0..BATCH {
        write_frame(&mut body, Opcode::Continuation, Fin::More, payload, &mut keys);
    }
    write_frame(&mut tail, Opcode::Continuation, Fin::Final, payload, &mut keys);
    let payload_len = payload.len() * (count + 2);
    Stream { head, body, body_count: count / BATCH, tail, is_assembled: true, payload_len, ..Stream::empty() }
}

fn pings(count: usize) -> Stream {
    let mut keys = Keys::new();
    let mut stream = Stream { body_count: count / BATCH, payload_len: 4, ..Stream::empty() };
    write_frame(&mut stream.head, Opcode::Text, Fin::More, "ß".as_bytes(), &mut keys);
    for _ in 0..BATCH {
        write_frame(&mut stream.body, Opcode::Ping, Fin::Final, b"still there?", &mut keys);
    }
    write_frame(&mut stream.tail, Opcode::Continuation, Fin::Final, "ß".as_bytes(), &mut keys);
    stream
}

fn drip(count: usize) -> Stream {
    let chunk = &[7; 1000];
    Stream { read_len: 1, is_assembled: true, ..long(Opcode::Binary, chunk, count) }
}

impl Stream {
    fn empty() -> Self {
        Self {
            head: Vec::new(),
            body: Vec::new(),
            body_count: 0,
            tail: Vec::new(),
            read_len: BUFFER_LEN,
            is_assembled: false,
            payload_len: 0,
        }
    }

    /// Receives all of it; how many bytes of payload that were.
    fn receive(&self, storage: &mut [u8]) -> Result<usize, String> {
        let limits = Limits::new()
            .with_frame_len_max(1 << 30)
            .with_message_len_max(1 << 30)
            .with_fragment_count_max(u32::MAX);
        let mut receiver = ReceiveHalf::new(Role::Server, Config::new().with_limits(limits));
        let mut buffer = ReadBuffer::new(storage);
        let mut message = MessageBuffer::new().with_kept_len_max(1 << 30);
        let mut source = Source { stream: self, part: 0, used: 0 };
        let mut payload_len = 0;
        loop {
            let spare = buffer.spare();
            let room = spare.len().min(self.read_len);
            let len = source.copy_to(&mut spare[..room]);
            if len == 0 {
                return Ok(payload_len);
            }
            buffer.filled(len);
            let mut input = buffer.input();
            while let Some(event) = receiver.next_event(&mut input) {
                match event {
                    Event::Data(fragment) if self.is_assembled => {
                        if message.push(fragment, &mut receiver) == Ok(Assembly::Complete) {
                            payload_len += message.message().map_or(0, |message| message.as_bytes().len());
                        }
                    }
                    Event::Data(fragment) => payload_len += fragment.payload.as_bytes().len(),
                    Event::Ping => {}
                    _ => return Err("a fault".to_owned()),
                }
            }
        }
    }
}

struct Source<'a> {
    stream: &'a Stream,
    /// The head is part 0, the tail the last.
    part: usize,
    used: usize,
}

impl Source<'_> {
    /// Fills as much as there is.
    fn copy_to(&mut self, mut space: &mut [u8]) -> usize {
        let all_len = space.len();
        while !space.is_empty() && self.part < self.stream.body_count + 2 {
            let bytes = match self.part {
                0 => &self.stream.head,
                part if part <= self.stream.body_count => &self.stream.body,
                _ => &self.stream.tail,
            };
            let rest = &bytes[self.used..];
            let len = rest.len().min(space.len());
            let (now, later) = space.split_at_mut(len);
            now.copy_from_slice(&rest[..len]);
            space = later;
            self.used += len;
            if self.used == bytes.len() {
                (self.part, self.used) = (self.part + 1, 0);
            }
        }
        all_len - space.len()
    }
}

/// The least that each amount took, of rounds in which each had its turn.
fn measure(streams: Vec<(usize, Stream)>) -> Result<Vec<Point>, String> {
    let mut memory = vec![0; BUFFER_LEN + PAGE_LEN];
    let mut points: Vec<_> =
        streams.iter().map(|&(unit_count, _)| Point { unit_count, nanos: f64::INFINITY }).collect();
    for (_, stream) in &streams {
        let payload_len = stream.receive(&mut memory[..BUFFER_LEN])?;
        if payload_len != stream.payload_len {
            return Err(format!("{payload_len} bytes of payload, not {}", stream.payload_len));
        }
    }
    for round in 0..ROUND_COUNT {
        // How fast a processor copies depends on where both places lie within their pages: each round has other ones, so that
        // the least that an amount took has nothing to do with where its bytes happen to lie.
        let storage = &mut memory[round * PAGE_LEN / ROUND_COUNT..][..BUFFER_LEN];
        for (point, (_, stream)) in points.iter_mut().zip(&streams) {
            let (start, mut count) = (Clock::start(), 0);
            while count == 0 || start.elapsed() < TURN {
                std::hint::black_box(stream.receive(storage)?);
                count += 1;
            }
            point.nanos = point.nanos.min(start.elapsed().as_secs_f64() * 1e9 / as_f64(count));
        }
    }
    Ok(points)
}

fn write_frame(bytes: &mut Vec<u8>, opcode: Opcode, fin: Fin, payload: &[u8], keys: &mut Keys) {
    let key = keys.next_key().expect("there always is one");
    let header =
        FrameHeader::new(opcode, fin, as_u64(payload.len()), Some(key)).expect("it is legal").encode();
    bytes.extend_from_slice(header.as_bytes());
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    Mask::new(key).apply(&mut bytes[start..]);
}

fn as_u64(len: usize) -> u64 {
    u64::try_from(len).expect("it fits")
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("less than a billion"))
}

const BUFFER_LEN: usize = 16 * 1024;
const CHUNK_LEN: usize = 4096;
/// How many frames are copied at once: the smallest amount has so many.
const BATCH: usize = 100;
const ROUND_COUNT: usize = 15;
/// Of memory, in bytes.
const PAGE_LEN: usize = 4096;
const TURN: Duration = Duration::from_millis(2);
