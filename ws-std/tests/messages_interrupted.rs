//! The ways to read, a new one at each call, over a stream that would block at each byte.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::io::ErrorKind;

use common::{Script, frame};
use ws_std::{Error, Event, Message, OwnedMessage, Role};

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.checked_rem(bound).unwrap()
    }
}

/// Messages, and their frames with pings between them.
fn talk(numbers: &mut Numbers) -> (Vec<OwnedMessage>, Vec<u8>) {
    let (mut messages, mut wire) = (Vec::new(), Vec::new());
    let said = |first, payload: &[u8]| frame(Role::Client, first, payload);
    for index in 0..12_u8 {
        let text = format!("{index}é{}", "ü".repeat(usize::try_from(numbers.below(100)).unwrap()));
        let is_text = numbers.below(2) == 0;
        let mut rest = text.as_bytes();
        let mut opcode = if is_text { 1 } else { 2 };
        while numbers.below(3) > 0 {
            let (fragment, after) = rest.split_at(usize::try_from(numbers.below(9)).unwrap().min(rest.len()));
            wire.extend(said(opcode, fragment));
            (rest, opcode) = (after, 0);
            if numbers.below(2) == 0 {
                wire.extend(said(0x89, &[index]));
            }
        }
        wire.extend(said(0x80 | opcode, rest));
        messages.push(if is_text { text.into() } else { text.into_bytes().into() });
    }
    wire.extend(said(0x88, &[0x03, 0xE8]));
    (messages, wire)
}

#[test]
fn a_call_goes_on_where_another_way_to_read_would_have_blocked() {
    for seed in 1..400 {
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        let (messages, wire) = talk(&mut numbers);
        let step = usize::try_from(1 + numbers.below(40)).unwrap();
        let script = Script { step, between: Some(ErrorKind::WouldBlock), ..Script::new(&wire) };
        let mut socket = script.socket(Role::Server);
        let mut expected = messages.into_iter();
        let mut begun: Option<Vec<u8>> = None;
        let weights = [numbers.below(4), numbers.below(4), numbers.below(4), 1 + numbers.below(4)];
        loop {
            let mut pick = numbers.below(weights.iter().sum());
            let way = weights.iter().take_while(|weight| {
                let is_later = pick >= **weight;
                pick = pick.saturating_sub(**weight);
                is_later
            });
            let way = way.count();
            if way < 3 && begun.take().is_some() {
                // A call that reads whole messages skips the rest of one that was begun in parts, also where it would block.
                expected.next().unwrap();
            }
            let whole = |event| if let Event::Data(message) = event { Some(message) } else { None };
            let result = match way {
                0 => socket.read().map(|read| read.map(|(message, _)| Some(message.into_owned()))),
                1 => socket.receive().map(|read| read.map(Some)),
                2 => socket
                    .read_event()
                    .map(|read| read.map(|(event, _)| whole(event).map(Message::into_owned))),
                _ => socket.read_part().map(|read| {
                    read.map(|(event, _)| {
                        let Event::Data(part) = event else { return None };
                        assert_eq!(part.is_first, begun.is_none(), "seed {seed}");
                        let message = Message::try_from(part.payload).unwrap();
                        begun.get_or_insert_default().extend(message.as_bytes());
                        let all = if part.is_last { begun.take()? } else { return None };
                        Some(if message.is_text() {
                            String::from_utf8(all).unwrap().into()
                        } else {
                            all.into()
                        })
                    })
                }),
            };
            match result {
                Ok(Some(None)) | Err(Error::WouldBlock) => {}
                Ok(Some(message)) => assert!(expected.next() == message, "seed {seed}"),
                Ok(None) => break,
                Err(error) => panic!("seed {seed}: {error}"),
            }
        }
        assert_eq!((begun, expected.next()), (None, None), "seed {seed}");
    }
}
