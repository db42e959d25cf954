//! Sends messages in every way, and drops the futures.

use std::fmt::Debug;
use std::future::poll_fn;
use std::sync::Arc;

use futures_util::{Sink, SinkExt as _};
use ws_tokio::{CloseCode, EncodedMessage, Error, Fin, OwnedMessage, Role, WebSocket, WriteHalf};

use crate::common::Random;
use crate::common::scheduler::attempt;
use crate::common::wire::End;

pub(crate) struct Outbox {
    pub(crate) random: Random,
    pub(crate) plan: Vec<OwnedMessage>,
    pub(crate) count: usize,
    pub(crate) role: Role,
    /// How much of the message was sent, where it is sent in parts.
    pub(crate) part_start: Option<usize>,
}

impl Outbox {
    pub(crate) fn new(random: &Random, plan: Vec<OwnedMessage>, role: Role) -> Self {
        Self { random: random.clone(), plan, count: 0, role, part_start: None }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == self.plan.len()
    }
}

pub(crate) trait Sends: Sink<OwnedMessage, Error = Error> + Unpin {
    fn sent_count(&self) -> usize;
    async fn send_in(&mut self, way: usize, message: &OwnedMessage) -> Result<(), Error>;
    async fn send_one_part(&mut self, part: ws_tokio::Message<'_>, fin: Fin) -> Result<(), Error>;
    async fn send_ping(&mut self) -> Result<(), Error>;
    async fn flush_all(&mut self) -> Result<(), Error>;
    async fn begin_close(&mut self) -> Result<(), Error>;

    /// Does the next step of what is to be sent, in a way that is chosen at random, and drops its futures at random. Returns
    /// whether the last one was pending.
    async fn send_any(&mut self, outbox: &mut Outbox, patience: impl Fn() -> usize) -> bool {
        let random = outbox.random.clone();
        let message = &outbox.plan[outbox.count];
        if let Some(start) = outbox.part_start {
            // What is flushed has room, so that the next poll takes the part.
            if !done(attempt(self.flush_all(), patience()).await) {
                return true;
            }
            let bytes = message.as_bytes();
            let mut end = bytes.len().min(start + random.below(bytes.len() + 1));
            while message.as_text().is_some_and(|text| !text.is_char_boundary(end)) {
                end += 1;
            }
            let fin = if end == bytes.len() { Fin::Final } else { Fin::More };
            let part = match message.as_text() {
                Some(text) => ws_tokio::Message::Text(&text[start..end]),
                None => ws_tokio::Message::Binary(&bytes[start..end]),
            };
            let is_pending = !done(attempt(self.send_one_part(part, fin), patience()).await);
            outbox.part_start = (fin == Fin::More).then_some(end);
            outbox.count += usize::from(fin == Fin::Final);
            assert_eq!(self.sent_count(), outbox.count, "a part");
            return is_pending;
        }
        let (way, count) = (random.below(10), outbox.count);
        let is_pending = match way {
            0 => !done(attempt(self.send_ping(), patience()).await),
            1 => !done(attempt(self.flush_all(), patience()).await),
            2 => {
                outbox.part_start = Some(0);
                false
            }
            3 => {
                let ready = poll_fn(|cx| self.poll_ready_unpin(cx));
                !done(attempt(ready, patience()).await) || {
                    self.start_send_unpin(message.clone()).unwrap();
                    !done(attempt(poll_fn(|cx| self.poll_flush_unpin(cx)), patience()).await)
                }
            }
            way => {
                let way = if way == 4 && outbox.role == Role::Client { 5 } else { way };
                !done(attempt(self.send_in(way, message), patience()).await)
            }
        };
        let sent_count = self.sent_count();
        // What was waited for to its end was taken, and what is no message was not.
        let may_be_taken = way > 2;
        let must_be_taken = may_be_taken && !is_pending;
        assert!(sent_count >= count + usize::from(must_be_taken), "{sent_count} after {count} by {way}");
        assert!(sent_count <= count + usize::from(may_be_taken), "{sent_count} after {count} by {way}");
        outbox.count = sent_count;
        is_pending
    }
}

/// Whether it was waited for to its end.
pub(crate) fn done<E: Debug>(attempted: Option<Result<(), E>>) -> bool {
    attempted.map(Result::unwrap).is_some()
}

macro_rules! sends {
    ($type:ty, $self:ident => $compressing:expr) => {
        impl Sends for $type {
            fn sent_count(&self) -> usize {
                usize::try_from(self.counters().sent.message_count).unwrap()
            }

            async fn send_in(&mut $self, way: usize, message: &OwnedMessage) -> Result<(), Error> {
                match way {
                    4 => {
                        let encoded = Arc::new(EncodedMessage::new(message.as_message()).unwrap());
                        $self.send_encoded(&encoded).await
                    }
                    5 => $self.feed(message.as_message()).await,
                    6 => Ok($self.send_owned(message.clone()).await?),
                    #[cfg(feature = "deflate")]
                    7 => $compressing.send_compressed(message.as_message()).await,
                    #[cfg(feature = "deflate")]
                    8 => $compressing.send_uncompressed(message.as_message()).await,
                    _ => $self.send(message.as_message()).await,
                }
            }

            async fn send_one_part(&mut $self, part: ws_tokio::Message<'_>, fin: Fin) -> Result<(), Error> {
                $compressing.send_part(part, fin).await
            }

            async fn send_ping(&mut self) -> Result<(), Error> {
                self.ping(b"are you there?").await
            }

            async fn flush_all(&mut self) -> Result<(), Error> {
                self.flush().await
            }

            async fn begin_close(&mut self) -> Result<(), Error> {
                self.start_close(CloseCode::NORMAL).await
            }
        }
    };
}

sends!(WebSocket<End>, self => self.writer());
sends!(WriteHalf<End>, self => self);
