//! The same bytes to ws-core and to other implementations: they come to the same, but for differences that are known.
//!
//! These are apart from the other targets, since they need the other implementations, which the tests of ws-core do
//! without.

mod account;
mod differences;
mod handshake;
mod handshake_differences;
mod peers;

use arbitrary::Unstructured;

pub use handshake::{differential_handshake_client, differential_handshake_server};

use self::account::{complete, ours};
use self::differences::{Case, DIFFERENCES};
use self::peers::{PEERS, Peer};
use crate::support::reference::Role;
use crate::targets::Target;
use crate::targets::wire::Wire;

/// All of them.
pub const ALL: &[Target] = &[
    ("differential_bytes", differential_bytes),
    ("differential_frames", differential_frames),
    ("differential_handshake_server", differential_handshake_server),
    ("differential_handshake_client", differential_handshake_client),
];

/// The longest frame and message, in bytes, that all are told to take.
const LEN_MAX: usize = 2048;

/// The same where frames of each form of length are to be met.
const LONG_LEN_MAX: usize = 70_000;

/// Any bytes, as frames to a server or to a client. The first byte says to whom.
pub fn differential_bytes(bytes: &[u8]) {
    let Some((role, wire)) = bytes.split_first() else { return };
    let role = if role % 2 == 0 { Role::Server } else { Role::Client };
    compare(role, wire, LEN_MAX);
}

/// Frames that are right for the most part, to a server or to a client.
pub fn differential_frames(bytes: &[u8]) {
    let mut u = Unstructured::new(bytes);
    let role = if u.arbitrary().unwrap_or_default() { Role::Server } else { Role::Client };
    let mut wire = Wire::new(role, LONG_LEN_MAX);
    // Where the bytes end, the frames do.
    let _end = wire.fill(&mut u, &mut |_message| None);
    compare(role, &wire.bytes, LONG_LEN_MAX);
}

fn compare(role: Role, bytes: &[u8], len_max: usize) {
    for peer in PEERS {
        let known = known_difference(peer, role, bytes, len_max);
        if let Err(what) = known {
            panic!("{peer:?} as {role:?}: {what}");
        }
    }
}

/// The name of the difference, where there is one.
fn known_difference(
    peer: Peer,
    role: Role,
    bytes: &[u8],
    len_max: usize,
) -> Result<Option<&'static str>, String> {
    let wire = complete(bytes, len_max);
    let (ours, fault) = ours(role, &wire, len_max);
    let theirs = peer.receive(role, &wire, len_max);
    if ours == theirs {
        return Ok(None);
    }
    let case = Case { peer, ours: &ours, fault, theirs: &theirs };
    DIFFERENCES
        .iter()
        .find(|difference| difference.peer == case.peer && (difference.applies)(&case))
        .map(|difference| Some(difference.name))
        .ok_or_else(|| format!("ours: {ours:?}, {fault:?}; theirs: {theirs:?}; wire: {wire:02x?}"))
}

#[cfg(test)]
mod tests {
    use super::{DIFFERENCES, LEN_MAX, known_difference};

    #[test]
    fn every_known_difference_is_shown_by_its_example() {
        for difference in DIFFERENCES {
            let (role, wire) = difference.example;
            let found = known_difference(difference.peer, role, wire, LEN_MAX);
            assert_eq!(found, Ok(Some(difference.name)), "{:?}", difference.peer);
        }
    }

    #[test]
    fn every_known_difference_cites_a_rule() {
        for difference in DIFFERENCES {
            assert!(difference.rule.starts_with("RFC 6455 §"), "{}", difference.name);
        }
    }
}
