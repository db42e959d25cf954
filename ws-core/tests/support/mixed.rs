//! The real receiver, with its payload taken by all ways in turn, within one message too.

use ws_core::connection::{Config, Limits as CoreLimits, Next, ReceiveHalf, Role as CoreRole};
use ws_core::event::Event;
use ws_core::input::ReadBuffer;
use ws_core::message::{Assembly, MessageSlice};

use super::reference::{Limits, Outcome, Role};

/// A way to take one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Event,
    Piece,
    Message,
    Assemble,
    Push,
}

const WAYS: [Way; 5] = [Way::Event, Way::Piece, Way::Message, Way::Assemble, Way::Push];

/// What came of one call.
enum Taken {
    /// Bytes of a message, and whether they are its last ones. Those between the ones that came before and these may have
    /// been left where another way has put them.
    Bytes(Vec<u8>, bool),
    Other(Outcome),
}

/// What `bytes` come to, where each call is by another way, as `ways` has it; `whole` is what they come to by one of them.
///
/// What is begun to be taken in one way and goes on in another has its beginning there and its rest here: each message
/// comes in order, and as far as it comes it is what it has to be, up to its end.
pub(crate) fn receive_mixed(
    role: Role,
    limits: &Limits,
    bytes: &[u8],
    lens: &mut dyn Iterator<Item = usize>,
    capacity: usize,
    ways: u64,
    whole: &[Outcome],
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
    let (mut found, mut rest, mut turn) = (Found { outcomes: Vec::new(), start: 0 }, bytes, 0_u32);
    while !rest.is_empty() {
        // Past the read buffer or into it: which way comes next is not known yet.
        let is_direct = ways.rotate_left(turn) & 1 == 0;
        let spare = if is_direct { receiver.spare(&mut buffer, &mut message) } else { buffer.spare() };
        let len = lens.next().unwrap_or(usize::MAX).clamp(1, spare.len()).min(rest.len());
        let (now, later) = rest.split_at(len);
        spare[..len].copy_from_slice(now);
        if is_direct {
            receiver.filled(len, &mut buffer, &mut message);
        } else {
            buffer.filled(len);
        }
        rest = later;
        let turn_max = turn + u32::try_from(4 * len + 1000).unwrap();
        loop {
            assert!(turn < turn_max, "no progress");
            let way = WAYS[usize::try_from(ways.rotate_right(turn) % 5).unwrap()];
            turn += 1;
            match take(way, &mut receiver, &mut buffer, &mut message) {
                None => break,
                Some(taken) => found.add(taken, whole),
            }
        }
        assert!(buffer.unread().len() <= 3, "all input is taken but an incomplete code point");
    }
    found.outcomes
}

fn take(
    way: Way,
    receiver: &mut ReceiveHalf,
    buffer: &mut ReadBuffer<Vec<u8>>,
    message: &mut MessageSlice<Vec<u8>>,
) -> Option<Taken> {
    let mut input = buffer.input();
    loop {
        let event = match way {
            Way::Event => receiver
                .next_event(&mut input)
                .map(|event| with_data(event, |part| (part.payload.as_bytes().to_vec(), part.is_last))),
            Way::Piece => receiver
                .next_piece(&mut input)
                .map(|event| with_data(event, |piece| (piece.payload.to_vec(), piece.is_last))),
            Way::Message => receiver
                .next_message(&mut input, message)
                .map(|event| with_data(event, |payload| (payload.as_bytes().to_vec(), true))),
            Way::Assemble => {
                let next = receiver.advance(&mut input);
                let assembly = match next {
                    Next::Fragment | Next::WholeMessage => receiver.assemble(&mut input, message),
                    Next::NeedInput | Next::Ended => return None,
                    Next::Ping => Some(Event::Ping),
                    Next::Pong => Some(Event::Pong),
                    Next::Close => Some(Event::Close),
                    Next::Failed(fault) => Some(Event::Failed(fault)),
                    other => panic!("no such thing: {other:?}"),
                };
                match assembly {
                    Some(Event::Data(Assembly::Incomplete)) | None => continue,
                    Some(event) => Some(with_data(event, |_complete| whole(message))),
                }
            }
            Way::Push => match receiver.next_event(&mut input) {
                Some(Event::Data(fragment)) => match message.push(fragment, receiver) {
                    Ok(Assembly::Complete) => Some(Event::Data(whole(message))),
                    Ok(Assembly::Incomplete) => continue,
                    Err(fault) => panic!("the storage is long enough: {fault}"),
                },
                event => event.map(|event| with_data(event, |_| unreachable())),
            },
        };
        let control = receiver.control().as_bytes().to_vec();
        return Some(match event? {
            Event::Data((bytes, is_last)) => Taken::Bytes(bytes, is_last),
            Event::Ping => Taken::Other(Outcome::Ping(control)),
            Event::Pong => Taken::Other(Outcome::Pong(control)),
            Event::Close => Taken::Other(Outcome::Close(control)),
            Event::Failed(fault) => Taken::Other(Outcome::Fault(fault)),
            other => panic!("no such event: {other:?}"),
        });
    }
}

fn unreachable() -> (Vec<u8>, bool) {
    panic!("data were pushed");
}

fn whole(message: &MessageSlice<Vec<u8>>) -> (Vec<u8>, bool) {
    (message.message().unwrap().as_bytes().to_vec(), true)
}

fn with_data<D: core::fmt::Debug, E>(event: Event<D>, with: impl FnOnce(D) -> E) -> Event<E> {
    match event {
        Event::Data(data) => Event::Data(with(data)),
        Event::Ping => Event::Ping,
        Event::Pong => Event::Pong,
        Event::Close => Event::Close,
        Event::Failed(fault) => Event::Failed(fault),
        other => panic!("no such event: {other:?}"),
    }
}

/// What was found so far.
struct Found {
    outcomes: Vec<Outcome>,
    /// From where on bytes of the message in progress may come.
    start: usize,
}

impl Found {
    fn add(&mut self, taken: Taken, whole: &[Outcome]) {
        match taken {
            Taken::Other(outcome) => self.outcomes.push(outcome),
            Taken::Bytes(bytes, is_last) => {
                // Control frames may come within a message, which `whole` has after them.
                let message = whole.iter().filter(|outcome| message_bytes(outcome).is_some());
                let count = self.outcomes.iter().filter(|outcome| message_bytes(outcome).is_some()).count();
                let Some(message) = message.clone().nth(count) else {
                    assert!(!is_last, "there is no such message: {bytes:?}");
                    return; // the beginning of one that does not come whole
                };
                let expected = message_bytes(message).unwrap();
                let places = self.start..=expected.len().saturating_sub(bytes.len());
                let place = places.filter(|&place| expected[place..].starts_with(&bytes));
                if is_last {
                    let place = place.max();
                    assert_eq!(
                        place,
                        expected.len().checked_sub(bytes.len()),
                        "{bytes:?} do not end {expected:?}"
                    );
                    self.outcomes.push(message.clone());
                    self.start = 0;
                } else {
                    let place = { place }.next().unwrap();
                    self.start = place + bytes.len();
                }
            }
        }
    }
}

fn message_bytes(outcome: &Outcome) -> Option<&[u8]> {
    match outcome {
        Outcome::Text(text) => Some(text.as_bytes()),
        Outcome::Binary(bytes) | Outcome::CompressedText(bytes) | Outcome::CompressedBinary(bytes) => {
            Some(bytes)
        }
        Outcome::Ping(_) | Outcome::Pong(_) | Outcome::Close(_) | Outcome::Fault(_) => None,
    }
}
