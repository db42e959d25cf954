use core::mem;
use core::time::Duration;

use super::{Config, Note, Opened, Relay, Traffic};
use crate::connection::{Next, ReceiveHalf};
use crate::event::Event;
use crate::extension::Agreed;
use crate::input::Input;
#[cfg(feature = "deflate")]
use crate::message::Inflated;

/// All of a receiving side but what messages are parsed by and lent from.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "four facts of which none excludes another")]
pub(super) struct Rest {
    /// What was found and is not taken yet.
    pub(super) found: Found,
    /// A whole message was asked for while one was taken in parts: the rest of that one is dropped.
    pub(super) is_dropping: bool,
    /// A part that was inflated and is not taken yet.
    #[cfg(feature = "deflate")]
    pub(super) inflated: Option<Inflated>,
    /// When bytes came last, until it is reported.
    heard: Option<Duration>,
    /// When bytes came last.
    now: Duration,
    /// How many messages had come when that was reported last.
    reported_count: u64,
    /// A part of a message that is taken in parts came since that was reported.
    pub(super) has_part: bool,
    /// All events of what was read were taken.
    is_drained: bool,
    is_eof: bool,
    discarded_len: u64,
    linger_len_max: u64,
    pub(super) read_buffer_len: usize,
    pub(super) is_inflating: bool,
    /// What was agreed on for permessage-deflate.
    pub(super) agreed: Option<Agreed>,
    traffic: Traffic,
}

/// What was found and is not taken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// A message, whole in the read buffer.
    InReadBuffer,
    /// A message, whole in the message buffer.
    Assembled,
    /// More of the message that is inflated in parts, all of whose payload may have come: what is in the read buffer comes
    /// after it.
    PendingPart,
}

impl Found {
    pub(super) const fn is_message(self) -> bool {
        matches!(self, Self::InReadBuffer | Self::Assembled)
    }
}

impl Rest {
    /// Of a session that has read `unread_len` bytes with the opening handshake.
    pub(super) fn new<K>(
        opened: &Opened<K>,
        config: &Config,
        is_inflating: bool,
        unread_len: usize,
        now: Duration,
    ) -> Self {
        let mut traffic = Traffic::default();
        traffic.add_len(unread_len);
        Self {
            found: Found::Nothing,
            is_dropping: false,
            #[cfg(feature = "deflate")]
            inflated: None,
            heard: None,
            now,
            reported_count: 0,
            has_part: false,
            is_drained: false,
            is_eof: false,
            discarded_len: 0,
            linger_len_max: config.linger_len_max(),
            read_buffer_len: config.read_buffer_len(),
            is_inflating,
            agreed: opened.agreed,
            traffic,
        }
    }

    /// So many bytes came.
    #[inline]
    pub(super) fn filled(&mut self, len: usize, now: Duration) {
        self.now = now;
        self.heard = Some(now);
        self.is_drained = false;
        self.traffic.add_len(len);
    }

    pub(super) const fn eof(&mut self) {
        self.is_eof = true;
        self.is_drained = false;
    }

    /// A whole message is asked for: a part that was inflated and not taken is dropped.
    #[cfg(feature = "deflate")]
    #[inline]
    pub(super) fn drop_inflated(&mut self) {
        if self.inflated.take().is_some_and(|inflated| inflated.is_last) {
            self.message_taken();
        }
    }

    /// Whether all events of what was read were taken.
    #[inline]
    pub(super) const fn is_drained(&self) -> bool {
        self.is_drained
    }

    pub(super) const fn traffic(&self) -> Traffic {
        self.traffic
    }

    #[inline]
    pub(super) const fn message_taken(&mut self) {
        self.traffic.add_message();
    }

    /// Counts what comes after the end, and gives up the transport where it is too much.
    #[inline]
    pub(super) fn discard(&mut self, receive: &mut ReceiveHalf, input: &mut Input<'_>) {
        if !receive.has_ended() || input.is_empty() {
            return;
        }
        let len = input.take(usize::MAX).len();
        self.discarded_len = self.discarded_len.saturating_add(u64::try_from(len).unwrap_or(u64::MAX));
        if self.discarded_len > self.linger_len_max {
            receive.eof();
        }
    }

    /// Counts and reports what was found that is no payload, and gives the event; where nothing was found, reports when
    /// bytes came, and the end of the stream.
    pub(super) fn other<D>(
        &mut self,
        receive: &mut ReceiveHalf,
        next: Next,
        relay: &mut impl Relay,
    ) -> Option<Event<D>> {
        if next == Next::Ping {
            self.traffic.add_ping();
        } else if next == Next::Pong {
            self.traffic.add_pong();
            relay.relay(Note::Pong { payload: *receive.control(), at: self.now });
        }
        report(receive, relay);
        let event = next.into_event();
        if event.is_none() {
            self.drained(receive, relay);
        }
        event
    }

    /// All of what was read is taken: reports when bytes came, and the end of the stream.
    #[inline]
    pub(super) fn drained(&mut self, receive: &mut ReceiveHalf, relay: &mut impl Relay) {
        self.report_heard(relay);
        if mem::take(&mut self.is_eof) {
            receive.eof();
            report(receive, relay);
        }
        self.is_drained = true;
    }

    /// Reports when bytes came, if some came since the last report, and that a message was found among them, which is taken
    /// later.
    #[inline]
    pub(super) fn report_found(&mut self, relay: &mut impl Relay) {
        if let Some(at) = self.heard.take() {
            self.reported_count = self.traffic.message_count.wrapping_add(1);
            relay.relay(Note::Heard { at, has_message: true });
        }
    }

    /// Reports when bytes came, if some came since the last report.
    #[inline]
    pub(super) fn report_heard(&mut self, relay: &mut impl Relay) {
        if let Some(at) = self.heard.take() {
            let has_message = self.traffic.message_count != self.reported_count;
            self.reported_count = self.traffic.message_count;
            relay.relay(Note::Heard { at, has_message: has_message | mem::take(&mut self.has_part) });
        }
    }
}

/// Reports what was found to the sending side.
#[inline]
pub(super) fn report(receive: &mut ReceiveHalf, relay: &mut impl Relay) {
    while let Some(signal) = receive.take_signal() {
        relay.relay(Note::Signal(signal));
    }
}
