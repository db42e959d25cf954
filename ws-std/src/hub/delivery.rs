use alloc::collections::BTreeSet;
use alloc::sync::Arc;

use ws_core::connection::EncodedMessage;
use ws_core::frame::{CloseCode, CloseFrame};
use ws_core::message::Message;

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
        Ok(self.inner.deliver(audience, &Forms { encoded, message }))
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
