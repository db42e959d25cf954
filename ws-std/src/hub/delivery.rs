use alloc::collections::BTreeSet;
use alloc::sync::Arc;

use ws_core::connection::EncodedMessage;
#[cfg(feature = "deflate")]
use ws_core::deflate::{DeflateSettings, Deflater};
use ws_core::frame::{CloseCode, CloseFrame};
use ws_core::message::Message;
#[cfg(feature = "deflate")]
use ws_core::session::Deflate;

use super::{Hub, Inner, MemberId, State};
use crate::error::Error;
use crate::socket::{Channel, Forms};

/// How many members a message has reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Members it was sent to: written, or queued until the peer reads.
    pub sent_count: usize,
    /// Members closed with 1013, to come back later, because they did not read what was sent before.
    pub lagging_count: usize,
    /// Members that are closing, and ids of connections that are no members, or have ended.
    pub missed_count: usize,
}

/// To whom a message goes.
enum Audience {
    AllBut(Option<MemberId>),
    Only(BTreeSet<MemberId>),
}

impl Hub {
    /// Compresses messages that are sent by this handle, each once for all members that can take it so: those of servers whose
    /// connections negotiated permessage-deflate, with as large a window or a larger one. The others receive it uncompressed. Off by
    /// default. Read [before turning it on](Deflate#before-turning-it-on) first: where it holds for one message of your program and
    /// not for another, send the latter by a clone of the hub from before this call.
    ///
    /// Of `deflate` this uses the threshold, the level, the memory level, and the window of
    /// [`with_outgoing_max_window_bits`](ws_core::extension::DeflateConfig::with_outgoing_max_window_bits). Pass the one that your
    /// [`Server`](crate::Server) has, so that this window is not larger than that of any member. A message shorter than the threshold,
    /// and one that would become longer, is sent uncompressed.
    ///
    /// The thread that sends compresses, before the message takes its place in the order: nobody waits for that, and a message that
    /// another thread sends meanwhile comes first. A message refers to no other, so it becomes less short than where a connection
    /// compresses by itself with context takeover, and one compression does for all.
    ///
    /// ```
    /// use ws_std::{Deflate, Hub, Server};
    ///
    /// let deflate = Deflate::new();
    /// let (server, hub) = (Server::new().with_deflate(deflate), Hub::new(1000));
    /// let compressing = hub.clone().with_deflate(deflate);
    /// compressing.broadcast(&"news ".repeat(1000))?;
    /// hub.broadcast("what nobody shall guess by its length")?;
    /// # let _ = server;
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(self, deflate: Deflate) -> Self {
        Self { deflate: Some(deflate), ..self }
    }

    /// Sends a message to all members, encoded once, and waits for none of them.
    ///
    /// All members receive all messages in the same order. A member that does not read, so that 64 KiB of messages wait for it, is
    /// closed with 1013 ([`CloseCode::TRY_AGAIN_LATER`]), so that it knows that it has missed messages. What peers do not take at
    /// once is written by a thread, one for all members of the hub, that ends when nothing is left. A peer that takes nothing for
    /// [`Timeouts::write`](crate::Timeouts::write) is given up. On platforms and streams without writes that do not wait
    /// ([`Duplex::write_now`](crate::Duplex::write_now)), a thread is started for each member instead.
    ///
    /// Members that are clients of their connections, such as in a relay, receive it uncompressed, masked for each of them.
    ///
    /// ```
    /// use ws_std::{Delivery, Hub};
    ///
    /// assert_eq!(Hub::new(10).broadcast("Is anybody there?")?, Delivery::default());
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where there is no memory for the message. Nobody receives it then.
    pub fn broadcast<'m>(&self, message: impl Into<Message<'m>>) -> Result<Delivery, Error> {
        self.deliver(&Audience::AllBut(None), message.into())
    }

    /// Sends a message to all members but one, such as its sender, in the manner of [`broadcast`](Self::broadcast). Where `id` is of no
    /// member, all receive it. [`Hub`] has a chat as an example.
    ///
    /// ```
    /// use ws_std::{Delivery, Hub};
    ///
    /// let hub = Hub::new(10);
    /// let place = hub.enter(|| {}).ok_or("shut down")?;
    /// assert_eq!(hub.broadcast_except(place.id(), "Does anybody hear me?")?, Delivery::default());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where there is no memory for the message. Nobody receives it then.
    pub fn broadcast_except<'m>(
        &self,
        id: MemberId,
        message: impl Into<Message<'m>>,
    ) -> Result<Delivery, Error> {
        self.deliver(&Audience::AllBut(Some(id)), message.into())
    }

    /// Sends a message to those members that have these ids, once to each, in the manner of [`broadcast`](Self::broadcast).
    ///
    /// The ids are collected before the hub is locked: your iterator may use the hub, and locks of your own.
    ///
    /// Rooms, each of them a set of ids:
    ///
    /// ```
    /// use std::collections::{HashMap, HashSet};
    /// use std::sync::{Mutex, PoisonError};
    /// use ws_std::{Delivery, Error, Hub, MemberId, Message};
    ///
    /// struct Rooms {
    ///     hub: Hub,
    ///     members: Mutex<HashMap<String, HashSet<MemberId>>>,
    /// }
    ///
    /// impl Rooms {
    ///     /// To all in the room but the sender.
    ///     fn say(&self, room: &str, sender: MemberId, message: Message<'_>) -> Result<Delivery, Error> {
    ///         let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
    ///         let heard_by = members.get(room).into_iter().flatten().copied().filter(|id| *id != sender);
    ///         self.hub.broadcast_to(heard_by, message)
    ///     }
    ///
    ///     /// To those that are in no room, by a predicate.
    ///     fn remind(&self, message: Message<'_>) -> Result<Delivery, Error> {
    ///         let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
    ///         let is_outside = |id: &MemberId| !members.values().any(|room| room.contains(id));
    ///         self.hub.broadcast_to(self.hub.members().into_iter().filter(is_outside), message)
    ///     }
    /// }
    ///
    /// let rooms = Rooms { hub: Hub::new(1000), members: Mutex::default() };
    /// let place = rooms.hub.enter(|| {}).ok_or("shut down")?;
    /// rooms.members.lock().unwrap().entry("lobby".into()).or_default().insert(place.id());
    /// assert_eq!(rooms.say("lobby", place.id(), "I am alone".into())?, Delivery::default());
    /// assert_eq!(rooms.remind("pick a room".into())?, Delivery::default());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where there is no memory for the message. Nobody receives it then.
    #[doc(alias = "room")]
    pub fn broadcast_to<'m>(
        &self,
        ids: impl IntoIterator<Item = MemberId>,
        message: impl Into<Message<'m>>,
    ) -> Result<Delivery, Error> {
        self.deliver(&Audience::Only(ids.into_iter().collect()), message.into())
    }

    /// Sends a message to one member, in the manner of [`broadcast`](Self::broadcast). Of the [`Delivery`], one count is 1:
    /// [`sent_count`](Delivery::sent_count) where it was sent, [`lagging_count`](Delivery::lagging_count) where the member was too slow,
    /// and is closed; [`missed_count`](Delivery::missed_count) where it is not there, or about to go.
    ///
    /// A private message, with an answer to its sender where it does not arrive:
    ///
    /// ```
    /// use ws_std::{Duplex, Error, Hub, MemberId, WriteHalf};
    ///
    /// fn whisper<S: Duplex>(hub: &Hub, id: MemberId, text: &str, sender: &WriteHalf<S>) -> Result<(), Error> {
    ///     if hub.send_to(id, text)?.sent_count == 0 {
    ///         sender.send("not here")?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// let hub = Hub::new(1000);
    /// let gone = hub.enter(|| {}).ok_or("shut down")?.id();
    /// assert_eq!(hub.send_to(gone, "psst")?.missed_count, 1);
    /// # let _ = whisper::<std::net::TcpStream>;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where there is no memory for the message.
    pub fn send_to<'m>(&self, id: MemberId, message: impl Into<Message<'m>>) -> Result<Delivery, Error> {
        self.broadcast_to([id], message)
    }

    /// Sends a Close to one member, without waiting for the peer: the handler that reads from it comes to its end, within
    /// [`Timeouts::close`](crate::Timeouts::close). Returns whether there is such a member. One that is closing already stays as it is.
    ///
    /// ```
    /// use ws_std::{CloseCode, Hub, MemberId};
    ///
    /// fn kick(hub: &Hub, id: MemberId) -> &'static str {
    ///     let close = CloseCode::POLICY_VIOLATION.with_reason("no spam, please");
    ///     if hub.close_member(id, close) { "gone" } else { "not here" }
    /// }
    ///
    /// let hub = Hub::new(1000);
    /// let place = hub.enter(|| {}).ok_or("shut down")?;
    /// assert_eq!(kick(&hub, place.id()), "not here", "it has not joined");
    /// # Ok::<(), &str>(())
    /// ```
    #[doc(alias = "kick")]
    pub fn close_member(&self, id: MemberId, close: impl Into<CloseFrame>) -> bool {
        let members = self.inner.lock().select(&Audience::Only([id].into()));
        let close = close.into();
        for member in &members {
            member.dismiss(close);
        }
        let is_there = !members.is_empty();
        self.inner.rest.deliver(members);
        is_there
    }

    fn deliver(&self, audience: &Audience, message: Message<'_>) -> Result<Delivery, Error> {
        let encoded = Arc::new(EncodedMessage::new(message)?);
        #[cfg(feature = "deflate")]
        let compressed = self.compress(audience, message, encoded.as_bytes().len());
        #[cfg(not(feature = "deflate"))]
        let compressed = None;
        Ok(self.inner.deliver(audience, &Forms { compressed, encoded, message }))
    }

    /// Compresses a message without a lock, where that is asked for, somebody can take it, and it becomes shorter than `encoded_len`.
    #[cfg(feature = "deflate")]
    fn compress(
        &self,
        audience: &Audience,
        message: Message<'_>,
        encoded_len: usize,
    ) -> Option<Arc<EncodedMessage<Vec<u8>>>> {
        let deflate = self.deflate.filter(|deflate| message.len() >= deflate.threshold())?;
        let settings = DeflateSettings::from(deflate.config().outgoing())
            .with_level(deflate.level())
            .with_mem_level(deflate.mem_level());
        let members = self.inner.lock().select(audience);
        if !members.iter().any(|member| member.takes_compressed(settings.window_bits())) {
            return None;
        }
        drop(members);
        // Where there is no memory for it, the other form will do.
        let compressed = EncodedMessage::compressed(message, &mut Deflater::new(settings)).ok()?;
        (compressed.as_bytes().len() < encoded_len).then(|| Arc::new(compressed))
    }
}

impl Inner {
    /// Queues a message under the lock, so that members receive the messages of several threads in one order. Writes without the
    /// lock.
    fn deliver(&self, audience: &Audience, forms: &Forms<'_>) -> Delivery {
        let state = self.lock();
        let members = state.select(audience);
        let mut delivery = Delivery::default();
        if let Audience::Only(ids) = audience {
            delivery.missed_count = ids.len().saturating_sub(members.len());
        }
        for member in &members {
            let count = match member.hear(forms) {
                Ok(()) => &mut delivery.sent_count,
                Err(error) if error.is_transient() => {
                    member.dismiss(CloseCode::TRY_AGAIN_LATER.with_reason(LAGGING));
                    &mut delivery.lagging_count
                }
                Err(_gone) => &mut delivery.missed_count,
            };
            *count = count.saturating_add(1);
        }
        drop(state);
        self.rest.deliver(members);
        delivery
    }
}

impl State {
    fn select(&self, audience: &Audience) -> Vec<Arc<dyn Channel>> {
        match audience {
            Audience::AllBut(left_out) => {
                let others = self.members().filter(|(id, _)| Some(*id) != *left_out);
                others.map(|(_, member)| Arc::clone(member)).collect()
            }
            Audience::Only(ids) => {
                ids.iter().filter_map(|id| self.connections.get(id)?.member.clone()).collect()
            }
        }
    }
}

/// Why a member that lags is closed.
const LAGGING: &str = "too slow for the messages of others";

#[cfg(all(test, feature = "deflate"))]
mod tests {
    use super::{Arc, Channel, CloseFrame, Deflate, EncodedMessage, Error, Forms, Hub};
    use crate::hub::Connection;
    use core::sync::atomic::{AtomicBool, Ordering};
    use std::sync::Mutex;
    use ws_core::extension::WindowBits;

    type Compressed = Option<Arc<EncodedMessage<Vec<u8>>>>;

    struct Fake {
        hub: Hub,
        takes_compressed: bool,
        heard: Mutex<Compressed>,
        is_queued_locked: AtomicBool,
        is_written_unlocked: AtomicBool,
    }

    impl Fake {
        fn new(hub: Hub, takes_compressed: bool) -> Arc<Self> {
            let [is_queued_locked, is_written_unlocked] = [false; 2].map(AtomicBool::new);
            let heard = Mutex::default();
            Arc::new(Self { hub, takes_compressed, heard, is_queued_locked, is_written_unlocked })
        }

        fn is_hub_locked(&self) -> bool {
            self.hub.inner.state.try_lock().is_err()
        }
    }

    impl Channel for Fake {
        fn takes_compressed(&self, _: WindowBits) -> bool {
            assert!(!self.is_hub_locked());
            self.takes_compressed
        }

        fn hear(&self, forms: &Forms<'_>) -> Result<(), Error> {
            self.is_queued_locked.store(self.is_hub_locked(), Ordering::Relaxed);
            self.heard.lock().map_err(|_poisoned| Error::Closed)?.clone_from(&forms.compressed);
            Ok(())
        }

        fn dismiss(&self, _: CloseFrame) {}

        fn deliver(self: Arc<Self>, _: bool) -> bool {
            self.is_written_unlocked.store(!self.is_hub_locked(), Ordering::Relaxed);
            false
        }
    }

    /// The compressed forms of a message that these members of a hub are given.
    fn heard<const N: usize>(takes_compressed: [bool; N]) -> [Compressed; N] {
        let hub = Hub::new(N);
        let members = takes_compressed.map(|takes_compressed| {
            let (place, fake) = (hub.enter(|| {}), Fake::new(hub.clone(), takes_compressed));
            let connection = Connection { abort: None, member: Some(Arc::<Fake>::clone(&fake)) };
            if let Some(place) = &place {
                hub.inner.lock().connections.insert(place.id(), connection);
            }
            (place, fake)
        });
        let sent = hub.clone().with_deflate(Deflate::new()).broadcast(&"x".repeat(5000));
        assert!(sent.is_ok_and(|delivery| delivery.sent_count == N));
        members.map(|(_place, fake)| {
            assert!(fake.is_queued_locked.load(Ordering::Relaxed), "for one order");
            assert!(fake.is_written_unlocked.load(Ordering::Relaxed), "nobody waits for a write");
            fake.heard.lock().ok().and_then(|mut heard| heard.take())
        })
    }

    #[test]
    fn all_share_one_compression() {
        let [first, second, third] = heard([true, false, true]);
        assert!(first.as_ref().is_some_and(|first| first.as_bytes().len() < 100));
        for other in [second, third] {
            assert!(first.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| Arc::ptr_eq(one, other)));
        }
    }

    #[test]
    fn what_no_member_takes_is_not_compressed() {
        assert_eq!(heard([false, false]), [None, None]);
    }
}
