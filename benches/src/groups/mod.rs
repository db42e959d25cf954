//! What is measured: the rows, and how fast we want to be in each.

mod decode;
mod deflate;
mod echo;
mod encode;
mod handshake;
mod kernels;

use crate::{Group, Sample};

/// All groups, in the order of the table.
#[must_use]
pub fn all() -> Vec<Group> {
    vec![
        decode::group(),
        decode::fragments(),
        encode::group(),
        echo::group(),
        handshake::group(),
        deflate::group(),
        kernels::group(),
    ]
}

/// The group of this name.
///
/// # Panics
///
/// Where there is none.
#[must_use]
pub fn named(name: &str) -> Group {
    let found = all().into_iter().find(|group| group.name == name);
    found.unwrap_or_else(|| panic!("no group is named {name}"))
}

/// `16 B`, `64 KiB`.
#[must_use]
pub fn size(len: usize) -> String {
    match len {
        _ if len >= 1 << 20 && len % (1 << 20) == 0 => format!("{} MiB", len >> 20),
        _ if len >= 1 << 10 && len % (1 << 10) == 0 => format!("{} KiB", len >> 10),
        _ => format!("{len} B"),
    }
}

/// How many bytes of messages a sample has: they stay in the second-level cache where the messages are small.
const TOTAL_LEN: usize = 256 * 1024;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fn messages(sample: &Sample) -> usize {
    sample.messages.len()
}
