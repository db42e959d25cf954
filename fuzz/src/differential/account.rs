//! What a receiver makes of a stream of frames, told in the same words by every implementation.

use ws_core::error::Fault;

use crate::support::drive::{Way, receive};
use crate::support::reference::{Limits, Outcome, Role};

/// What was heard, in order, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) heard: Vec<Heard>,
    pub(crate) end: End,
}

/// Payloads are bytes, so that text that is none can be told, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// More may come.
    Open,
    /// The peer closed.
    Closed,
    /// The connection was failed, with this code.
    Failed(u16),
}

/// What ws-core makes of the frames, and its fault.
pub(crate) fn ours(role: Role, wire: &[u8], len_max: usize) -> (Account, Option<Fault>) {
    let len_max = u64::try_from(len_max).unwrap_or(u64::MAX);
    let limits =
        Limits { frame_len: len_max, message_len: len_max, fragment_count: u32::MAX, has_deflate: false };
    let outcomes = receive(role, &limits, wire, &mut core::iter::empty(), 4096, Way::Events);
    let mut account = Account { heard: Vec::new(), end: End::Open };
    let mut found = None;
    for outcome in outcomes {
        account.heard.push(match outcome {
            Outcome::Text(text) => Heard::Text(text.into_bytes()),
            Outcome::Binary(bytes) => Heard::Binary(bytes),
            Outcome::Ping(bytes) => Heard::Ping(bytes),
            Outcome::Pong(bytes) => Heard::Pong(bytes),
            Outcome::Close(bytes) => {
                account.end = End::Closed;
                Heard::Close(bytes)
            }
            Outcome::Fault(fault) => {
                account.end = End::Failed(fault.close_code().get());
                found = Some(fault);
                continue;
            }
            other => panic!("nothing was negotiated: {other:?}"),
        });
    }
    (account, found)
}

/// The frames, the last one completed with zeros.
///
/// So it does not matter how early a fault is found: most implementations look at a frame when it is whole. A frame
/// that is longer than allowed is left as it is, behind its header.
pub(crate) fn complete(bytes: &[u8], len_max: usize) -> Vec<u8> {
    let mut wire = bytes.to_vec();
    let mut start = 0;
    while start < wire.len() {
        let second = wire.get(start + 1).copied().unwrap_or(0);
        let len_end = start
            + match second & 0x7F {
                126 => 4,
                127 => 10,
                _ => 2,
            };
        let header_end = len_end + if second & 0x80 == 0 { 0 } else { 4 };
        wire.resize(wire.len().max(header_end), 0);
        let payload_len = match second & 0x7F {
            short @ 0..=125 => u64::from(short),
            _ => wire[start + 2..len_end].iter().fold(0, |len, byte| len << 8 | u64::from(*byte)),
        };
        let Some(payload_len) = usize::try_from(payload_len).ok().filter(|len| *len <= len_max) else {
            break;
        };
        start = header_end + payload_len;
        wire.resize(wire.len().max(start), 0);
    }
    wire
}
