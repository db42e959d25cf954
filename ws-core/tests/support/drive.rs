//! The real receiver over bytes that come in any cutting, by each of the ways to take its payload.

use ws_core::connection::{Config, Limits as CoreLimits, Next, ReceiveHalf, Role as CoreRole};
use ws_core::event::{Event, Fragment, MessageType, Payload, Piece};
use ws_core::input::ReadBuffer;
use ws_core::message::MessageSlice;

use super::reference::{Limits, Outcome, Role};

/// How the payload is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By `next_event`.
    Events,
    /// By `next_piece`.
    Pieces,
    /// By `advance`, then `next_event`.
    AdvanceThenEvents,
    /// By `next_event` and `next_piece` in turns, a thing at a time.
    InTurns,
    /// By `next_message`, with reads past the read buffer.
    Messages,
}

pub(crate) const WAYS: [Way; 5] =
    [Way::Events, Way::Pieces, Way::AdvanceThenEvents, Way::InTurns, Way::Messages];

/// What `bytes` come to when they arrive in pieces of these lengths, through a read buffer of `capacity` bytes.
///
/// Checks on the way what has to hold for every input: that there is progress, that nothing follows the end, that
/// messages have one beginning and one end, that at most 3 bytes are kept back.
pub(crate) fn receive(
    role: Role,
    limits: &Limits,
    bytes: &[u8],
    lens: &mut dyn Iterator<Item = usize>,
    capacity: usize,
    way: Way,
) -> Vec<Outcome> {
    let core_limits = CoreLimits::new()
        .with_frame_len_max(limits.frame_len)
        .with_message_len_max(limits.message_len)
        .with_fragment_count_max(limits.fragment_count);
    let core_role = match role {
        Role::Client => CoreRole::Client,
        Role::Server => CoreRole::Server,
    };
    let mut receiver = ReceiveHalf::new(core_role, Config::new().with_limits(core_limits));
    if limits.has_deflate {
        receiver = receiver.with_deflate();
    }
    let mut buffer = ReadBuffer::new(vec![0xEE; capacity]);
    let mut message = MessageSlice::new(vec![0xEE; bytes.len()]);
    let mut found = Found::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let spare = match way {
            Way::Messages => receiver.spare(&mut buffer, &mut message),
            Way::Events | Way::Pieces | Way::AdvanceThenEvents | Way::InTurns => buffer.spare(),
        };
        let len = lens.next().unwrap_or(usize::MAX).clamp(1, spare.len()).min(rest.len());
        let (now, later) = rest.split_at(len);
        spare[..len].copy_from_slice(now);
        match way {
            Way::Messages => receiver.filled(len, &mut buffer, &mut message),
            Way::Events | Way::Pieces | Way::AdvanceThenEvents | Way::InTurns => buffer.filled(len),
        }
        rest = later;
        take_all(&mut receiver, &mut buffer, &mut message, way, &mut found);
        assert!(buffer.unread().len() <= 3, "all input is taken but an incomplete code point");
    }
    found.outcomes
}

fn take_all(
    receiver: &mut ReceiveHalf,
    buffer: &mut ReadBuffer<Vec<u8>>,
    message: &mut MessageSlice<Vec<u8>>,
    way: Way,
    found: &mut Found,
) {
    let mut input = buffer.input();
    let turn_count_max = 2 * input.len() + 1000;
    for turn in 0usize.. {
        assert!(turn <= turn_count_max, "no progress");
        let goes_on = match way {
            Way::Pieces => found.piece(receiver.next_piece(&mut input), receiver),
            Way::AdvanceThenEvents => match receiver.advance(&mut input) {
                Next::Fragment => found.event(receiver.next_event(&mut input), receiver),
                Next::WholeMessage => {
                    let event = receiver.next_event(&mut input);
                    match event {
                        Some(Event::Data(fragment)) => {
                            assert!(fragment.as_message().is_some(), "announced as a whole message");
                        }
                        Some(Event::Failed(_)) => {}
                        other => panic!("announced as a whole message: {other:?}"),
                    }
                    found.event(event, receiver)
                }
                Next::NeedInput | Next::Ended => false,
                Next::Ping => found.event(Some(Event::Ping), receiver),
                Next::Pong => found.event(Some(Event::Pong), receiver),
                Next::Close => found.event(Some(Event::Close), receiver),
                Next::Failed(fault) => found.event(Some(Event::Failed(fault)), receiver),
                other => panic!("no such thing: {other:?}"),
            },
            Way::InTurns if (turn + found.calls) % 2 == 0 => {
                found.piece(receiver.next_piece(&mut input), receiver)
            }
            Way::Messages => found.message(receiver.next_message(&mut input, message), receiver),
            Way::Events | Way::InTurns => found.event(receiver.next_event(&mut input), receiver),
        };
        found.calls += 1;
        if !goes_on {
            return;
        }
    }
}

/// The type, and whether the payload is compressed.
type Kind = (MessageType, bool);

/// Kind, payload, whether it is the first and whether the last of its message.
type Part = (Kind, Vec<u8>, bool, bool);

/// What was found so far, and the message in progress.
#[derive(Default)]
struct Found {
    outcomes: Vec<Outcome>,
    message: Option<(Kind, Vec<u8>)>,
    has_ended: bool,
    calls: usize,
}

impl Found {
    fn event(&mut self, event: Option<Event<Fragment<'_>>>, receiver: &ReceiveHalf) -> bool {
        let part = |Fragment { payload, is_first, is_last, .. }: Fragment<'_>| {
            let kind = match (payload, &self.message) {
                // The rest of a code point that was begun as a piece.
                (Payload::Binary(_), Some((kind, _))) if !is_first => *kind,
                _ => (payload.message_type(), matches!(payload, Payload::Compressed { .. })),
            };
            (kind, payload.as_bytes().to_vec(), is_first, is_last)
        };
        let event = event.map(|event| with_data(event, part));
        self.add(event, receiver)
    }

    fn message(&mut self, event: Option<Event<Payload<'_>>>, receiver: &ReceiveHalf) -> bool {
        let part = |payload: Payload<'_>| {
            let is_compressed = matches!(payload, Payload::Compressed { .. });
            ((payload.message_type(), is_compressed), payload.as_bytes().to_vec(), true, true)
        };
        self.add(event.map(|event| with_data(event, part)), receiver)
    }

    fn piece(&mut self, event: Option<Event<Piece<'_>>>, receiver: &ReceiveHalf) -> bool {
        let part = |piece: Piece<'_>| {
            let kind = (piece.message_type, piece.is_compressed);
            (kind, piece.payload.to_vec(), piece.is_first, piece.is_last)
        };
        self.add(event.map(|event| with_data(event, part)), receiver)
    }

    fn add(&mut self, event: Option<Event<Part>>, receiver: &ReceiveHalf) -> bool {
        let Some(event) = event else { return false };
        assert!(!self.has_ended, "nothing follows the end: {event:?}");
        let control = receiver.control().as_bytes().to_vec();
        match event {
            Event::Data((kind, payload, is_first, is_last)) => {
                assert_eq!(is_first, self.message.is_none(), "a message begins once");
                assert!(is_last || !payload.is_empty(), "what says nothing is not reported");
                let message = self.message.get_or_insert((kind, Vec::new()));
                assert_eq!(message.0, kind, "a message has one type");
                message.1.extend(payload);
                if is_last {
                    self.outcomes.extend(self.message.take().map(whole));
                }
            }
            Event::Ping => self.outcomes.push(Outcome::Ping(control)),
            Event::Pong => self.outcomes.push(Outcome::Pong(control)),
            Event::Close => {
                self.has_ended = true;
                assert_eq!(
                    receiver.close_frame().map(|close| close.payload().as_bytes().to_vec()),
                    Some(control.clone())
                );
                self.outcomes.push(Outcome::Close(control));
            }
            Event::Failed(fault) => {
                self.has_ended = true;
                self.outcomes.push(Outcome::Fault(fault));
            }
            other => panic!("no such event: {other:?}"),
        }
        true
    }
}

/// The same with other data.
fn with_data<D, E>(event: Event<D>, with: impl FnOnce(D) -> E) -> Event<E> {
    match event {
        Event::Data(data) => Event::Data(with(data)),
        Event::Ping => Event::Ping,
        Event::Pong => Event::Pong,
        Event::Close => Event::Close,
        Event::Failed(fault) => Event::Failed(fault),
        _ => panic!("no such event"),
    }
}

fn whole((kind, payload): (Kind, Vec<u8>)) -> Outcome {
    match kind {
        (MessageType::Text, true) => Outcome::CompressedText(payload),
        (MessageType::Binary, true) => Outcome::CompressedBinary(payload),
        (MessageType::Text, false) => Outcome::Text(String::from_utf8(payload).unwrap()),
        (MessageType::Binary, false) => Outcome::Binary(payload),
    }
}
