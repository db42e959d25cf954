//! What comes out of a session, held to what went into it.

use ws_core::event::{Event, Fragment, MessageType};
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::Session;

use super::session::Keys;

/// A message that was said, or as much of it as was said so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) message_type: MessageType,
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_whole: bool,
}

impl Said {
    pub(crate) fn whole(message: Message<'_>) -> Self {
        Self { message_type: message.message_type(), bytes: message.as_bytes().to_vec(), is_whole: true }
    }
}

/// Holds what comes out of a session to what was said: each message once, in order, whole or in parts; of a message that
/// was begun to be taken in parts the rest may be dropped, by a call that asks for whole messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listener {
    /// How many messages were heard to their end, or given up.
    pub(crate) count: usize,
    /// How much was heard of the message after those.
    begun: Option<Begun>,
}

#[derive(Clone, Debug)]
struct Begun {
    len: usize,
    is_dropped: bool,
}

impl Listener {
    /// A whole message is asked for, so that none that was begun goes on.
    pub(crate) fn wants_whole(&mut self) {
        if let Some(begun) = &mut self.begun {
            begun.is_dropped = true;
        }
    }

    pub(crate) fn hear(&mut self, said: &[Said], message: Message<'_>) {
        self.give_up();
        let expected = said.get(self.count);
        assert_eq!(Some(&Said::whole(message)), expected, "message {}", self.count);
        self.count += 1;
    }

    /// Where `said` does not reach to the message, nothing is known of it.
    pub(crate) fn hear_part(&mut self, said: &[Said], part: &Fragment<'_>) {
        if part.is_first {
            self.give_up();
        }
        assert_eq!(part.is_first, self.begun.is_none(), "a message begins once: {part:?}");
        let begun = self.begun.get_or_insert(Begun { len: 0, is_dropped: false });
        assert!(!begun.is_dropped, "nothing comes of a message that was dropped: {part:?}");
        let (start, bytes) = (begun.len, part.payload.as_bytes());
        assert!(part.is_last || !bytes.is_empty(), "what says nothing is not reported");
        begun.len += bytes.len();
        if let Some(expected) = said.get(self.count) {
            assert_eq!(part.payload.message_type(), expected.message_type);
            assert_eq!(Some(bytes), expected.bytes.get(start..begun.len), "message {}", self.count);
            assert!(
                !part.is_last || expected.is_whole && begun.len == expected.bytes.len(),
                "the end: {part:?}"
            );
        }
        if part.is_last {
            self.begun = None;
            self.count += 1;
        }
    }

    /// How many messages were heard, or dropped, if nothing follows.
    pub(crate) fn count_at_end(&self) -> usize {
        self.count + usize::from(self.begun.as_ref().is_some_and(|begun| begun.is_dropped))
    }

    fn give_up(&mut self) {
        if let Some(begun) = self.begun.take() {
            assert!(begun.is_dropped, "a message that was begun is ended first");
            self.count += 1;
        }
    }
}

/// The ways to take something from a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Next,
    NextOwned,
    NextPart,
    Advance,
    Message,
}

pub(crate) const WAYS: [Way; 5] = [Way::Next, Way::NextOwned, Way::NextPart, Way::Advance, Way::Message];

/// Takes one thing. Says what it is, without its data, which `listener` has compared; `None` where there is nothing.
pub(crate) fn take(
    session: &mut Session<Keys>,
    way: Way,
    listener: &mut Listener,
    said: &[Said],
) -> Option<Event<()>> {
    let Session { inbound, outbound, .. } = session;
    if way != Way::NextPart {
        listener.wants_whole();
    }
    match way {
        Way::Next => {
            inbound.next(outbound).map(|event| without_data(event, |message| listener.hear(said, message)))
        }
        Way::NextOwned => inbound.next_owned(outbound).map(|event| {
            without_data(event, |message: OwnedMessage| listener.hear(said, message.as_message()))
        }),
        Way::NextPart => inbound
            .next_part(outbound)
            .map(|event| without_data(event, |part| listener.hear_part(said, &part))),
        Way::Advance => {
            let event = inbound.advance(outbound);
            assert!(
                event != Some(Event::Data(())) || inbound.advance(outbound) == event,
                "it says the same again"
            );
            // Something is left to be taken, so it is no progress.
            event.filter(|event| *event != Event::Data(()))
        }
        Way::Message => {
            let event = inbound.advance(outbound)?;
            if event != Event::Data(()) {
                return Some(event);
            }
            match inbound.message(outbound) {
                Some(Ok(message)) => {
                    listener.hear(said, message);
                    Some(event)
                }
                Some(Err(fault)) => Some(Event::Failed(fault)),
                None => panic!("a message was found"),
            }
        }
    }
}

fn without_data<D>(event: Event<D>, use_data: impl FnOnce(D)) -> Event<()> {
    match event {
        Event::Data(data) => {
            use_data(data);
            Event::Data(())
        }
        Event::Ping => Event::Ping,
        Event::Pong => Event::Pong,
        Event::Close => Event::Close,
        Event::Failed(fault) => Event::Failed(fault),
        _ => panic!("no such event"),
    }
}
