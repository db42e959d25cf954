//! The receiver, with bytes that need not be frames.

use ws_core::connection::{Config, Connection, KeySource, Masking};
use ws_core::frame::MaskKey;
use ws_core::input::ReadBuffer;

use crate::support::drive::{WAYS, Way, receive};
use crate::support::mixed::receive_mixed;
use crate::support::reference::{DEFAULT_LIMITS, Limits, Outcome, Role, decode};

/// A server finds what the naive decoder finds, and answers it.
pub fn receive_server(bytes: &[u8]) {
    receive_as(Role::Server, bytes);
}

/// A client finds what the naive decoder finds, and answers it.
pub fn receive_client(bytes: &[u8]) {
    receive_as(Role::Client, bytes);
}

fn receive_as(role: Role, bytes: &[u8]) {
    let expected = decode(role, &DEFAULT_LIMITS, bytes);
    for way in [Way::Events, Way::Pieces, Way::Messages] {
        let found = receive(role, &DEFAULT_LIMITS, bytes, &mut core::iter::empty(), 4096, way);
        assert_eq!(found, expected, "{way:?}");
    }
    match role {
        Role::Server => check_answers(Connection::server(Config::new()), Role::Client, bytes, &expected),
        Role::Client => check_answers(Connection::client(Key, Config::new()), Role::Server, bytes, &expected),
    }
}

#[derive(Clone, Copy)]
struct Key;

impl KeySource for Key {
    fn next_key(&mut self) -> Option<MaskKey> {
        Some(MaskKey::new([0x37, 0xFA, 0x21, 0x3D]))
    }
}

/// Each ping has its pong, and the end has one Close, with the code that came or with that of the fault.
fn check_answers<K: Masking>(mut connection: Connection<K>, peer: Role, bytes: &[u8], heard: &[Outcome]) {
    let mut buffer = ReadBuffer::with_filled(bytes.to_vec(), bytes.len()).expect("it is filled");
    let mut input = buffer.input();
    let mut wire = Vec::new();
    while connection.next_event(&mut input).is_some() {
        let mut out = [0; 200];
        let len = connection.poll_transmit(&mut out).expect("there is room, and a key");
        wire.extend_from_slice(&out[..len]);
    }
    let expected: Vec<Outcome> = heard
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Ping(payload) => Some(Outcome::Pong(payload.clone())),
            Outcome::Close(payload) => Some(Outcome::Close(payload.iter().take(2).copied().collect())),
            Outcome::Fault(fault) => Some(Outcome::Close(fault.close_code().get().to_be_bytes().to_vec())),
            _ => None,
        })
        .collect();
    assert_eq!(decode(peer, &DEFAULT_LIMITS, &wire), expected, "the answers");
    let is_over = matches!(heard.last(), Some(Outcome::Close(_) | Outcome::Fault(_)));
    assert_eq!(connection.closure().is_some(), is_over);
    connection.eof();
    assert!(connection.closure().is_some());
}

/// Two cuttings of the same bytes, through buffers of different sizes, by different ways to take the payload, under
/// limits that may be small, give the same outcome; so do all ways in turn. The first eight bytes say which.
pub fn cuttings(bytes: &[u8]) {
    let Some(([role, limits_choice, ways, capacities, a, b, c, d], wire)) = bytes.split_first_chunk::<8>()
    else {
        return;
    };
    let role = if role % 2 == 0 { Role::Server } else { Role::Client };
    let limits = match limits_choice {
        0..=63 => DEFAULT_LIMITS,
        64..=127 => Limits { has_deflate: true, ..DEFAULT_LIMITS },
        choice => Limits {
            frame_len: u64::from(choice % 16) * 10,
            message_len: u64::from(choice / 16) * 20,
            fragment_count: u32::from(choice % 4),
            has_deflate: choice % 32 < 16,
        },
    };
    let way = |choice: u8| WAYS[usize::from(choice) % WAYS.len()];
    let capacity = |choice: u8| 4 + usize::from(choice % 16) * 8;
    let cut =
        |first: u8, second: u8| [usize::from(first) + 1, usize::from(second % 16) + 1].into_iter().cycle();
    let one = receive(role, &limits, wire, &mut cut(*a, *b), capacity(*capacities), way(*ways));
    let other = receive(role, &limits, wire, &mut cut(*c, *d), capacity(capacities / 16), way(ways / 16));
    assert_eq!(one, other);
    let ways = u64::from_le_bytes([*a, *ways, *b, *capacities, *c, *ways, *d, *limits_choice]);
    let mixed = receive_mixed(role, &limits, wire, &mut cut(*a, *d), capacity(*capacities), ways, &one);
    assert_eq!(mixed, one, "by all ways in turn");
}
