//! Where others differ from us and the RFC lets them, or does not: by name, with the rule, and an example that a test
//! tries. Whatever is not in this list is a crash.

use ws_core::error::{Fault, Violation};

use super::account::{Account, End, Heard};
use super::peers::Peer;
use crate::support::reference::Role;

/// What we and another one made of the same frames.
pub(crate) struct Case<'a> {
    pub(crate) peer: Peer,
    pub(crate) ours: &'a Account,
    pub(crate) fault: Option<Fault>,
    pub(crate) theirs: &'a Account,
}

impl Case<'_> {
    fn violation(&self) -> Option<Violation> {
        match self.fault {
            Some(Fault::Violation(violation)) => Some(violation),
            _ => None,
        }
    }

    /// What they heard beyond what we did, where they heard all of that.
    fn heard_beyond(&self) -> Option<&[Heard]> {
        self.theirs.heard.strip_prefix(self.ours.heard.as_slice())
    }

    /// The Close that tungstenite reports in place of one that may not be sent.
    fn is_told_as_close(&self) -> bool {
        let told = b"\x03\xeaProtocol violation".to_vec();
        let before = &self.ours.heard[..self.ours.heard.len() - usize::from(self.ours.end == End::Closed)];
        self.theirs.heard.strip_prefix(before) == Some(&[Heard::Close(told)])
    }
}

/// A difference that is known.
pub(crate) struct Difference {
    pub(crate) name: &'static str,
    pub(crate) peer: Peer,
    /// What the standard says of it.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader, and the tests"))]
    pub(crate) rule: &'static str,
    pub(crate) applies: fn(&Case<'_>) -> bool,
    /// To whom, and the frames that show it.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader, and the tests"))]
    pub(crate) example: (Role, &'static [u8]),
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "a length that is not minimal is taken",
        peer: Peer::Tungstenite,
        rule: "RFC 6455 §5.2: in all cases, the minimal number of bytes MUST be used to encode the length",
        applies: |case| {
            let beyond = case.heard_beyond();
            match case.violation() {
                Some(Violation::LengthNotMinimal) => beyond.is_some(),
                // In a control frame the longer forms are refused as such; they read on, and may find the next fault.
                Some(Violation::ControlTooLong) => {
                    case.theirs.end == End::Failed(1007) || beyond.is_some_and(|beyond| !beyond.is_empty())
                }
                _ => false,
            }
        },
        example: (Role::Client, b"\x82\x7e\x00\x01a"),
    },
    Difference {
        name: "a 64-bit length with its first bit set is too long, not wrong",
        peer: Peer::Tungstenite,
        rule: "RFC 6455 §5.2: the most significant bit MUST be 0; §7.1.7 leaves the code to the endpoint",
        applies: is_length_too_large_by_limit,
        example: (Role::Client, b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"),
    },
    Difference {
        name: "a 64-bit length with its first bit set is too long, not wrong",
        peer: Peer::TokioWebsockets,
        rule: "RFC 6455 §5.2: the most significant bit MUST be 0; §7.1.7 leaves the code to the endpoint",
        applies: is_length_too_large_by_limit,
        example: (Role::Client, b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"),
    },
    Difference {
        name: "a Close with a code that may not be sent is told as a Close with 1002",
        peer: Peer::Tungstenite,
        rule: "RFC 6455 §7.4.1: 1005, 1006 and 1015 MUST NOT be set by an endpoint; §7.4.2 names the ranges",
        applies: |case| matches!(case.violation(), Some(Violation::CloseCode(_))) && case.is_told_as_close(),
        example: (Role::Client, b"\x88\x02\x03\xed"),
    },
    Difference {
        name: "the code 1014 is not known",
        peer: Peer::Tungstenite,
        rule: "RFC 6455 §7.4.2: 1000-2999 are for the protocol and its registry, where 1014 is Bad Gateway",
        applies: |case| {
            matches!(case.ours.heard.last(), Some(Heard::Close(payload)) if payload.starts_with(b"\x03\xf6"))
                && case.is_told_as_close()
        },
        example: (Role::Client, b"\x88\x02\x03\xf6"),
    },
    Difference {
        name: "the reason of a Close is judged before its code",
        peer: Peer::Tungstenite,
        rule: "RFC 6455 §5.5.1: the code comes first; §7.1.7 leaves the code of the answer to the endpoint",
        applies: |case| {
            matches!(case.violation(), Some(Violation::CloseCode(_)))
                && case.theirs.end == End::Failed(1007)
                && case.ours.heard == case.theirs.heard
        },
        example: (Role::Client, b"\x88\x03\x03\xed\xff"),
    },
    Difference {
        name: "a frame that is too long is refused before what else is wrong with it",
        peer: Peer::Tungstenite,
        rule: "RFC 6455 §10.4 asks for limits, and nothing says which of two faults is told",
        applies: |case| {
            case.theirs.end == End::Failed(1009)
                && case.violation().is_some()
                && case.ours.heard == case.theirs.heard
        },
        example: (Role::Client, b"\x92\x7f\x00\x00\x00\x00\x10\x00\x00\x00"),
    },
    Difference {
        name: "text that ends within a character is taken, where its last fragment is empty",
        peer: Peer::TokioWebsockets,
        rule: "RFC 6455 §8.1: text that is not UTF-8 MUST fail the connection; §5.6: the whole message counts",
        applies: |case| {
            let beyond = case.heard_beyond().and_then(<[Heard]>::first);
            case.violation() == Some(Violation::InvalidUtf8)
                && matches!(beyond, Some(Heard::Text(text)) if ends_within_a_character(text))
        },
        example: (Role::Client, b"\x01\x02a\xc3\x80\x00"),
    },
    Difference {
        name: "the text of a fragment is judged before the length of the message",
        peer: Peer::TokioWebsockets,
        rule: "RFC 6455 §10.4 asks for limits, and nothing says which of two faults is told",
        applies: |case| {
            case.ours.end == End::Failed(1009)
                && case.theirs.end == End::Failed(1007)
                && case.ours.heard == case.theirs.heard
        },
        example: (Role::Client, &TOO_LONG_AND_NOT_UTF8),
    },
];

fn is_length_too_large_by_limit(case: &Case<'_>) -> bool {
    case.violation() == Some(Violation::LengthTooLarge)
        && case.theirs.end == End::Failed(1009)
        && case.ours.heard == case.theirs.heard
}

fn ends_within_a_character(text: &[u8]) -> bool {
    core::str::from_utf8(text).is_err_and(|error| error.error_len().is_none())
}

/// A fragment of a byte, and another as long as is allowed that begins with a byte that no text has.
const TOO_LONG_AND_NOT_UTF8: [u8; 3 + 4 + super::LEN_MAX] = {
    let mut wire = [0; 3 + 4 + super::LEN_MAX];
    let [high, low] = 2048_u16.to_be_bytes();
    let head = [0x01, 1, b'a', 0x80, 126, high, low, 0xFF];
    let mut place = 0;
    while place < head.len() {
        wire[place] = head[place];
        place += 1;
    }
    wire
};
