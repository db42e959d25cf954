//! Receives messages in every way, and drops the futures.

use std::fmt::Debug;

use futures_util::StreamExt;
use ws_tokio::{Counters, Event, OwnedMessage, Payload, ReadHalf, WebSocket};

use crate::common::Random;
use crate::common::wire::End;

pub(crate) struct Inbox {
    pub(crate) random: Random,
    pub(crate) expected: Vec<OwnedMessage>,
    pub(crate) count: usize,
    /// What came of a message in parts.
    pub(crate) parts: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Something,
    End,
}

impl Inbox {
    pub(crate) fn new(random: &Random, expected: Vec<OwnedMessage>) -> Self {
        Self { random: random.clone(), expected, count: 0, parts: None }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.count == self.expected.len()
    }

    pub(crate) fn take(&mut self, message: &OwnedMessage) {
        assert!(!self.is_full(), "one more message than was sent, of {} bytes", message.len());
        assert!(*message == self.expected[self.count], "message {} is not what was sent", self.count);
        self.count += 1;
    }

    pub(crate) fn end(&self, counters: Counters) {
        assert_eq!(self.count, self.expected.len(), "messages are missing");
        assert!(counters.closure.unwrap().is_clean);
        assert_eq!(counters.received.message_count, u64::try_from(self.count).unwrap());
    }
}

pub(crate) trait Receives {
    /// Waits for the next message or event, in a way that is chosen at random.
    async fn receive_any(&mut self, inbox: &mut Inbox) -> Got;
}

macro_rules! receives {
    ($type:ty, $message:ident, $lent:pat, $event:pat) => {
        impl Receives for $type {
            async fn receive_any(&mut self, inbox: &mut Inbox) -> Got {
                let way = if inbox.parts.is_some() { 5 } else { inbox.random.below(6) };
                let message = match way {
                    0 => self.next().await.map(Result::unwrap),
                    1 => self.receive().await.unwrap(),
                    2 => StreamExt::next(self).await.map(Result::unwrap),
                    3 => match self.read().await.unwrap() {
                        Some($lent) => Some($message.into_owned()),
                        None => None,
                    },
                    4 => match self.read_event().await.unwrap() {
                        Some($event) => Some($message.into_owned()),
                        Some(_) => return Got::Something,
                        None => None,
                    },
                    _ => match self.read_part().await.unwrap() {
                        Some(Event::Data(part)) => {
                            assert_eq!(part.is_first, inbox.parts.is_none());
                            let parts = inbox.parts.get_or_insert_default();
                            let is_text = match part.payload {
                                Payload::Text(text) => {
                                    parts.extend(text.as_bytes());
                                    true
                                }
                                Payload::Binary(bytes) => {
                                    parts.extend(bytes);
                                    false
                                }
                                Payload::Compressed { .. } => panic!("compressed"),
                            };
                            if !part.is_last {
                                return Got::Something;
                            }
                            let whole = inbox.parts.take().unwrap();
                            Some(match is_text {
                                true => OwnedMessage::Text(String::from_utf8(whole).unwrap()),
                                false => OwnedMessage::Binary(whole),
                            })
                        }
                        Some(_) => return Got::Something,
                        None => None,
                    },
                };
                let Some(message) = message else { return Got::End };
                inbox.take(&message);
                Got::Something
            }
        }
    };
}

receives!(WebSocket<End>, message, (message, _), (Event::Data(message), _));
receives!(ReadHalf<End>, message, message, Event::Data(message));
