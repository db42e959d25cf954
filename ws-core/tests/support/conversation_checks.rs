//! What has to hold of a conversation, while it goes on and at its end.

use ws_core::connection::{Role, Transport};
use ws_core::event::MessageType;

use super::conversation::{Conversation, End};
use super::listener::Said;
use super::reference::{self, DEFAULT_LIMITS, Outcome, decode};

impl Conversation {
    pub(super) fn check_bounds(&self) {
        for end in &self.ends {
            // Less than the bound, a message, and one generation of controls: a pong, and a ping or the Close.
            let bound = self.queue_len_max + self.wire_len_max + 2 * 131;
            let queued_len = end.session.outbound.queued_len();
            assert!(queued_len <= bound, "{queued_len} of {bound}");
            assert_eq!(end.session.outbound.traffic().wire_len, u64::try_from(end.wire.len()).unwrap());
        }
    }

    /// Everything that was said was heard, unless one side was given up.
    pub(super) fn check_heard(&self) {
        for (end, other) in [(&self.ends[0], &self.ends[1]), (&self.ends[1], &self.ends[0])] {
            let said_count = end.said.iter().filter(|said| said.is_whole).count();
            let heard_count = other.listener.count_at_end();
            if end.is_lost || other.is_lost {
                assert!(heard_count <= end.said.len(), "{heard_count} of {said_count}");
            } else {
                let unfinished = end.said.len() - said_count;
                assert!(
                    (said_count..=said_count + unfinished).contains(&heard_count),
                    "{heard_count} of {said_count}"
                );
            }
        }
    }

    /// The naive decoder finds the same on the wire, and one Close at most.
    fn check_wire(&self, end: &End, receiver: Role) {
        let is_over = end.session.outbound.closure().is_some();
        assert!(is_over || end.is_lost || end.session.outbound.queued_len() == 0);
        // The naive decoder checks all of a text at each of its bytes.
        let is_long = |said: &Said| said.message_type == MessageType::Text && said.bytes.len() > 400;
        if end.said.iter().any(is_long) {
            return;
        }
        let role = match receiver {
            Role::Client => reference::Role::Client,
            Role::Server => reference::Role::Server,
        };
        let limits = reference::Limits { has_deflate: self.has_deflate, ..DEFAULT_LIMITS };
        let outcomes = decode(role, &limits, &end.wire);
        let mut said = end.said.iter();
        let mut close_count = 0;
        for outcome in outcomes {
            assert_eq!(close_count, 0, "nothing follows a Close: {outcome:?}");
            match outcome {
                Outcome::Text(text) => {
                    assert_eq!(Some(text.as_bytes()), said.next().map(|said| &*said.bytes));
                }
                Outcome::Binary(bytes) => assert_eq!(Some(&bytes), said.next().map(|said| &said.bytes)),
                Outcome::CompressedText(_) | Outcome::CompressedBinary(_) => {
                    assert!(self.has_deflate && said.next().is_some());
                }
                Outcome::Ping(_) | Outcome::Pong(_) => {}
                Outcome::Close(_) => close_count += 1,
                Outcome::Fault(fault) => panic!("{fault}"),
            }
        }
    }

    /// Both have ended, and cleanly where neither was given up.
    pub(super) fn check_end(&self) {
        let is_lost = self.ends.iter().any(|end| end.is_lost);
        for (end, other) in [(&self.ends[0], &self.ends[1]), (&self.ends[1], &self.ends[0])] {
            self.check_wire(end, other.role);
            let closure = end.session.outbound.closure();
            if is_lost {
                continue;
            }
            assert!(closure.is_some_and(|closure| closure.is_clean), "{closure:?}");
            assert_eq!(end.session.outbound.transport(), Transport::Closed);
            let (sent, received) = (end.session.outbound.traffic(), end.session.inbound.traffic());
            assert_eq!(sent, other.session.inbound.traffic());
            assert_eq!(received, other.session.outbound.traffic());
            let count = end.said.iter().filter(|said| said.is_whole).count();
            assert_eq!(sent.message_count, u64::try_from(count).unwrap());
        }
    }
}
