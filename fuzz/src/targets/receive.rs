//! The receiver, with bytes that need not be frames.

use crate::support::drive::{WAYS, Way, receive};
use crate::support::reference::{DEFAULT_LIMITS, Limits, Role, decode};

/// A server finds what the naive decoder finds.
pub fn receive_server(bytes: &[u8]) {
    receive_as(Role::Server, bytes);
}

/// A client finds what the naive decoder finds.
pub fn receive_client(bytes: &[u8]) {
    receive_as(Role::Client, bytes);
}

fn receive_as(role: Role, bytes: &[u8]) {
    let expected = decode(role, &DEFAULT_LIMITS, bytes);
    for way in [Way::Events, Way::Pieces] {
        let found = receive(role, &DEFAULT_LIMITS, bytes, &mut core::iter::empty(), 4096, way);
        assert_eq!(found, expected, "{way:?}");
    }
}

/// Two cuttings of the same bytes, through buffers of different sizes, by different ways to take the payload, under
/// limits that may be small, give the same outcome. The first eight bytes say which.
pub fn cuttings(bytes: &[u8]) {
    let Some(([role, limits, ways, capacities, a, b, c, d], wire)) = bytes.split_first_chunk::<8>() else {
        return;
    };
    let role = if role % 2 == 0 { Role::Server } else { Role::Client };
    let limits = match limits {
        0..=63 => DEFAULT_LIMITS,
        64..=127 => Limits { has_deflate: true, ..DEFAULT_LIMITS },
        _ => Limits {
            frame_len: u64::from(limits % 16) * 10,
            message_len: u64::from(limits / 16) * 20,
            fragment_count: u32::from(limits % 4),
            has_deflate: limits % 32 < 16,
        },
    };
    let way = |choice: u8| WAYS[usize::from(choice) % WAYS.len()];
    let capacity = |choice: u8| 4 + usize::from(choice % 16) * 8;
    let cut =
        |first: u8, second: u8| [usize::from(first) + 1, usize::from(second % 16) + 1].into_iter().cycle();
    let one = receive(role, &limits, wire, &mut cut(*a, *b), capacity(*capacities), way(*ways));
    let other = receive(role, &limits, wire, &mut cut(*c, *d), capacity(capacities / 16), way(ways / 16));
    assert_eq!(one, other);
}
