//! Two sessions back to back, over two streams that cut as they are told to, and what each has to hear of the other.

use core::time::Duration;

use ws_core::connection::{EncodedMessage, Limits, Role, Transport};
use ws_core::error::SendError;
use ws_core::event::{Event, MessageType};
use ws_core::frame::{CloseCode, ControlPayload, Fin};
use ws_core::input::ReadBuffer;
use ws_core::keepalive::KeepaliveConfig;
use ws_core::message::Message;
use ws_core::session::{Batch, Config, Session};

use super::listener::{Listener, Said, WAYS, Way, take};
use super::session::{Keys, opened};
#[cfg(feature = "deflate")]
use super::session::{agreed, compressed};

/// Gives a number below `count`, or `None` where the conversation is to end.
pub(crate) type Choose<'c> = &'c mut dyn FnMut(usize) -> Option<usize>;

/// One side, and its stream to the other.
#[expect(clippy::struct_excessive_bools, reason = "facts of which none excludes another")]
pub(super) struct End {
    pub(super) role: Role,
    pub(super) session: Session<Keys>,
    pub(super) batch: Batch,
    /// What it has said so far.
    pub(super) said: Vec<Said>,
    /// What has left.
    pub(super) wire: Vec<u8>,
    /// How much of that the other side has read.
    pub(super) read_len: usize,
    pub(super) listener: Listener,
    pub(super) pings: Vec<Vec<u8>>,
    /// It has heard a Close, or that it failed.
    pub(super) has_ended: bool,
    /// It, or its stream, was given up before the other side had heard all.
    pub(super) is_lost: bool,
    /// It writes no more.
    pub(super) is_shut: bool,
    pub(super) is_eof_told: bool,
}

pub(crate) struct Conversation {
    pub(super) ends: [End; 2],
    /// A read buffer that both have in turn.
    pub(super) shared_buffer: ReadBuffer<Vec<u8>>,
    pub(super) now: Duration,
    pub(super) queue_len_max: usize,
    /// The longest message on the wire.
    pub(super) wire_len_max: usize,
    pub(super) has_deflate: bool,
    pub(super) count: usize,
}

impl Conversation {
    /// A conversation of any kind.
    pub(crate) fn new(choose: Choose<'_>) -> Option<Self> {
        let has_deflate = cfg!(feature = "deflate") && choose(3)? == 1;
        let queue_len_max = [1, 64, 1000, 16 * 1024][choose(4)?];
        let buffer_len = [16, 31, 300, 4096][choose(4)?];
        let time =
            |choice: usize| [None, Some(Duration::from_millis(40)), Some(Duration::from_millis(300))][choice];
        let keepalive = KeepaliveConfig::new()
            .with_ping_interval(time(choose(3)?))
            .with_pong_timeout(time(choose(3)?))
            .with_idle_timeout(time(choose(3)?))
            .with_write_timeout(time(choose(3)?))
            .with_close_timeout(time(choose(3)?));
        let config = Config::new()
            .with_queue_len_max(queue_len_max)
            .with_read_buffer_len(buffer_len)
            .with_limits(Limits::new())
            .with_keepalive(keepalive);
        #[cfg(feature = "deflate")]
        let config = config.with_deflate(
            ws_core::session::Deflate::new()
                .with_threshold(40)
                .with_mem_level(ws_core::deflate::MemLevel::MIN),
        );
        let params = choose(4)?;
        let end = |role| {
            let opened = opened(role);
            #[cfg(feature = "deflate")]
            let opened = if has_deflate { opened.with_deflate(agreed(role, params)) } else { opened };
            let _ = params;
            End {
                role,
                session: Session::new(opened, config, ReadBuffer::new(vec![0; buffer_len]), Duration::ZERO),
                batch: Batch::new(),
                said: Vec::new(),
                wire: Vec::new(),
                read_len: 0,
                listener: Listener::default(),
                pings: Vec::new(),
                has_ended: false,
                is_lost: false,
                is_shut: false,
                is_eof_told: false,
            }
        };
        Some(Self {
            ends: [end(Role::Server), end(Role::Client)],
            shared_buffer: ReadBuffer::new(vec![0; 100]),
            now: Duration::ZERO,
            queue_len_max,
            wire_len_max: 0,
            has_deflate,
            count: 0,
        })
    }

    /// Talks for as long as there are choices, then until all is heard, and checks what has to hold.
    pub(crate) fn run(choose: Choose<'_>) {
        let Some(mut conversation) = Self::new(choose) else { return };
        while conversation.step(choose).is_some() {
            conversation.check_bounds();
        }
        conversation.settle();
        conversation.check_heard();
        for end in &mut conversation.ends {
            end.session.outbound.close(CloseCode::NORMAL.into());
        }
        conversation.settle();
        conversation.check_heard();
        conversation.check_end();
    }

    fn step(&mut self, choose: Choose<'_>) -> Option<()> {
        let who = choose(2)?;
        match choose(24)? {
            0..=2 => self.say(who, choose),
            3..=5 => self.say_part(who, choose),
            6..=9 => self.write(who, choose),
            10..=13 => self.read(who, choose),
            14..=18 => {
                let way = WAYS[choose(WAYS.len())?];
                self.take(who, way);
                Some(())
            }
            19 => {
                let payload = vec![b'p'; choose(126)?];
                self.ends[who].session.outbound.ping(ControlPayload::new(&payload).unwrap());
                self.ends[who].pings.push(payload);
                Some(())
            }
            20 => {
                match choose(3)? {
                    0 => self.ends[who].session.release(),
                    1 => self.ends[who].session.inbound.release(),
                    _ => self.ends[who].session.outbound.release(),
                }
                Some(())
            }
            21 => {
                let inbound = &mut self.ends[who].session.inbound;
                match choose(3)? {
                    0 => inbound.borrow_buffer(&mut self.shared_buffer),
                    1 => inbound.return_buffer(&mut self.shared_buffer),
                    _ => self.clone_session(who),
                }
                Some(())
            }
            22 => self.pass_time(who, choose),
            _ => self.end_perhaps(who, choose),
        }
    }

    fn say(&mut self, who: usize, choose: Choose<'_>) -> Option<()> {
        let said = self.some_message(choose)?;
        let end = &mut self.ends[who];
        let outbound = &mut end.session.outbound;
        let queued_len = outbound.queued_len();
        let expected = if outbound.is_closing() {
            Err(SendError::Closed)
        } else if !outbound.is_ready() {
            Err(SendError::Full)
        } else if outbound.is_message_in_progress() {
            Err(SendError::Busy)
        } else {
            Ok(())
        };
        let text = String::from_utf8(said.bytes.clone()).unwrap_or_default();
        let message = match said.message_type {
            MessageType::Text => Message::Text(&text),
            MessageType::Binary => Message::Binary(&said.bytes),
        };
        let result = match choose(5)? {
            0 => outbound.send(message),
            1 => outbound.send_owned(message.into_owned()).map_err(|(error, given_back)| {
                assert_eq!(given_back, message, "nothing is lost");
                error
            }),
            2 if end.role == Role::Server => {
                #[cfg(feature = "deflate")]
                let is_compressed = self.has_deflate && choose(2)? == 0;
                #[cfg(feature = "deflate")]
                let encoded =
                    if is_compressed { compressed(message) } else { EncodedMessage::new(message).unwrap() };
                #[cfg(not(feature = "deflate"))]
                let encoded = EncodedMessage::new(message).unwrap();
                outbound.send_encoded(&encoded.into())
            }
            #[cfg(feature = "deflate")]
            3 => outbound.send_compressed(message),
            _ => outbound.send_uncompressed(message),
        };
        assert_eq!(result, expected);
        if result.is_ok() {
            self.note_wire_len(said.bytes.len());
            assert!(self.ends[who].session.outbound.queued_len() > queued_len);
            self.ends[who].said.push(said);
        } else {
            assert_eq!(self.ends[who].session.outbound.queued_len(), queued_len, "nothing has changed");
        }
        Some(())
    }

    fn say_part(&mut self, who: usize, choose: Choose<'_>) -> Option<()> {
        let mut said = self.some_message(choose)?;
        let fin = if choose(3)? == 0 { Fin::Final } else { Fin::More };
        let end = &mut self.ends[who];
        let outbound = &mut end.session.outbound;
        let begun = end.said.last_mut().filter(|said| !said.is_whole);
        assert_eq!(begun.is_some(), outbound.is_message_in_progress());
        let (is_closing, is_ready) = (outbound.is_closing(), outbound.is_ready());
        let text = String::from_utf8(said.bytes.clone()).unwrap_or_default();
        let result = match said.message_type {
            MessageType::Text => outbound.part(&text, fin),
            MessageType::Binary => outbound.part(&said.bytes, fin),
        };
        let has_type = begun.as_ref().is_none_or(|begun| begun.message_type == said.message_type);
        match result {
            Ok(()) => assert!(!is_closing && is_ready && has_type),
            Err(SendError::Closed) => assert!(is_closing),
            Err(SendError::Full) => assert!(!is_closing && !is_ready),
            Err(SendError::Misuse(_)) => assert!(!has_type),
            Err(other) => panic!("{other}"),
        }
        if result.is_ok() {
            self.note_wire_len(said.bytes.len());
            said.is_whole = fin.is_final();
            match self.ends[who].said.last_mut().filter(|said| !said.is_whole) {
                Some(begun) => {
                    begun.bytes.extend(said.bytes);
                    begun.is_whole = said.is_whole;
                }
                None => self.ends[who].said.push(said),
            }
        }
        Some(())
    }

    /// A message of any type and length; no two are alike.
    fn some_message(&mut self, choose: Choose<'_>) -> Option<Said> {
        self.count += 1;
        let len = match choose(12)? {
            0 => 0,
            1..=6 => choose(40)?,
            7 | 8 => 120 + choose(12)?,
            9 | 10 => 900 + choose(5000)?,
            _ if choose(6)? == 0 => 65_530 + choose(12)?,
            _ => 1,
        };
        let is_text = choose(if len > 100 { 8 } else { 2 })? == 0;
        let message_type = if is_text { MessageType::Text } else { MessageType::Binary };
        let number = self.count.to_string();
        let bytes: Vec<u8> = match message_type {
            MessageType::Text => {
                number.chars().chain("aé€😀".chars().cycle()).take(len).collect::<String>().into()
            }
            MessageType::Binary => {
                let noise = (self.count..).scan(7_u8, |state, step| {
                    *state = state.wrapping_mul(31).wrapping_add(step.to_le_bytes()[0]);
                    Some(*state)
                });
                number.into_bytes().into_iter().chain(noise).take(len).collect()
            }
        };
        Some(Said { message_type, bytes, is_whole: true })
    }

    fn note_wire_len(&mut self, len: usize) {
        // What does not compress grows.
        let wire_len = if self.has_deflate { len + len / 8 + 1024 } else { len };
        self.wire_len_max = self.wire_len_max.max(wire_len + 14);
    }

    fn write(&mut self, who: usize, choose: Choose<'_>) -> Option<()> {
        let now = self.now;
        let end = &mut self.ends[who];
        let outbound = &mut end.session.outbound;
        let way = if end.batch.is_empty() { choose(3)? } else { 2 };
        let bytes = match way {
            0 => outbound.transmit().to_vec(),
            1 => {
                let mut slices = [&[][..]; 3];
                let count = outbound.transmit_many(&mut slices);
                slices[..count].concat()
            }
            _ => {
                if end.batch.is_empty() || choose(2)? == 0 {
                    outbound.take_batch(&mut end.batch);
                }
                assert!(end.batch.is_empty() || outbound.transmit().is_empty(), "a batch goes first");
                let mut slices = [&[][..]; 64];
                let count = end.batch.slices(&mut slices);
                slices[..count].concat()
            }
        };
        let len = match choose(4)? {
            0 => 0,
            1 => choose(bytes.len().min(0xFFFF) + 1)?,
            _ => bytes.len(),
        };
        if way == 2 {
            end.batch.advance(len);
        }
        end.wire.extend(&bytes[..len]);
        // More than was lent counts as what was lent.
        let is_all_that_was_lent = way < 2 && len > 0 && len == bytes.len();
        outbound.transmitted(if is_all_that_was_lent { usize::MAX } else { len }, now);
        Some(())
    }

    fn read(&mut self, who: usize, choose: Choose<'_>) -> Option<()> {
        let choice = choose(0x1_0000)?;
        self.read_some(who, if choice % 4 == 0 { choice / 4 } else { usize::MAX });
        Some(())
    }

    /// Reads at most so many bytes. Says whether there were any.
    fn read_some(&mut self, who: usize, len_max: usize) -> bool {
        let now = self.now;
        let [server, client] = &mut self.ends;
        let (end, other) = if who == 0 { (server, client) } else { (client, server) };
        if end.session.outbound.transport() == Transport::Closed {
            return false;
        }
        let unread = &other.wire[other.read_len..];
        if unread.is_empty() {
            if other.is_shut && !end.is_eof_told {
                end.is_eof_told = true;
                end.session.inbound.eof();
                return true;
            }
            return false;
        }
        let spare = end.session.inbound.spare();
        let len = spare.len().min(unread.len()).min(len_max);
        spare[..len].copy_from_slice(&unread[..len]);
        if len > 0 {
            end.session.inbound.filled(len, now);
            other.read_len += len;
        }
        len > 0
    }

    /// Takes one thing, and says whether there was one.
    fn take(&mut self, who: usize, way: Way) -> bool {
        let [server, client] = &mut self.ends;
        let (end, other) = if who == 0 { (server, client) } else { (client, server) };
        let event = take(&mut end.session, way, &mut end.listener, &other.said);
        assert!(event.is_none() || !end.has_ended, "nothing follows the end: {event:?}");
        assert!(event.is_some() || way == Way::Advance || end.session.inbound.wants_read());
        let control = end.session.inbound.control().as_bytes();
        match event {
            Some(Event::Ping) => {
                assert!(control.starts_with(b"keep") || other.pings.iter().any(|ping| ping == control));
            }
            Some(Event::Pong) => {
                assert!(control.starts_with(b"keep") || end.pings.iter().any(|ping| ping == control));
            }
            Some(Event::Close) => {
                assert!(end.session.inbound.close_frame().is_some());
                end.has_ended = true;
            }
            Some(Event::Failed(fault)) => panic!("nobody is at fault: {fault}"),
            _ => {}
        }
        event.is_some()
    }

    fn clone_session(&mut self, who: usize) {
        let session = &mut self.ends[who].session;
        let (inbound, outbound) = (session.inbound.try_clone(), session.outbound.try_clone());
        assert_eq!(inbound.is_some(), !self.has_deflate);
        assert!(outbound.is_some() || self.has_deflate);
        session.inbound = inbound.unwrap_or_else(|| {
            // What cannot be copied stays.
            let placeholder = super::session::open(Role::Server, Config::new()).inbound;
            core::mem::replace(&mut session.inbound, placeholder)
        });
        if let Some(outbound) = outbound {
            session.outbound = outbound;
        }
    }

    fn pass_time(&mut self, who: usize, choose: Choose<'_>) -> Option<()> {
        self.now += Duration::from_millis(u64::try_from(choose(64)?).unwrap());
        // Everything lies in the streams for as long as it pleases, so deadlines pass.
        let choice = choose(4)?;
        let (now, outbound) = (self.now, &mut self.ends[who].session.outbound);
        if choice == 0 && outbound.poll_write(now).is_some() {
            assert_eq!(outbound.transport(), Transport::Closed);
            self.note_closed(who);
        } else if choice < 3 {
            while let Some(_due) = outbound.poll(now) {
                assert!(outbound.is_closing(), "what is due ends the connection");
            }
            assert!(outbound.next_deadline().is_none_or(|deadline| deadline > now), "what was due is done");
            self.note_closed(who);
        }
        Some(())
    }

    fn end_perhaps(&mut self, who: usize, choose: Choose<'_>) -> Option<()> {
        match choose(16)? {
            0..=2 => self.ends[who].session.outbound.close(CloseCode::GOING_AWAY.into()),
            3 => {
                self.ends[who].session.outbound.transport_failed();
                self.note_closed(who);
            }
            _ => {}
        }
        Some(())
    }

    /// Where the transport is over, so is the stream.
    fn note_closed(&mut self, who: usize) {
        let end = &mut self.ends[who];
        match end.session.outbound.transport() {
            Transport::Closed => {
                end.is_shut = true;
                end.is_lost = !end.session.outbound.closure().is_some_and(|closure| closure.is_clean);
                end.batch = Batch::new();
                assert!(end.session.outbound.transmit().is_empty() && !end.session.outbound.wants_transmit());
                assert_eq!(end.session.outbound.poll(self.now), None);
                assert_eq!(end.session.outbound.next_deadline(), None);
            }
            Transport::Linger { shutdown_write: true } => {
                end.is_shut = true;
                end.session.outbound.write_shut_down();
            }
            Transport::Open | Transport::Linger { shutdown_write: false } => {}
        }
    }

    /// Goes on until nothing moves any more; no time passes.
    fn settle(&mut self) {
        for round in 0.. {
            assert!(round < 100_000, "it comes to an end");
            let mut has_moved = false;
            for who in 0..2 {
                has_moved |= self.write_all(who);
                has_moved |= self.read_some(who, usize::MAX);
                let unread_len = self.ends[who].session.inbound.unread().len();
                while self.ends[who].session.outbound.is_ready() && self.take(who, Way::Next) {
                    has_moved = true;
                }
                has_moved |= self.ends[who].session.inbound.unread().len() != unread_len;
                self.note_closed(who);
            }
            self.check_bounds();
            if !has_moved {
                return;
            }
        }
    }

    fn write_all(&mut self, who: usize) -> bool {
        let now = self.now;
        let end = &mut self.ends[who];
        let mut has_moved = false;
        while !end.batch.is_empty() || end.session.outbound.wants_transmit() {
            let bytes =
                if end.batch.is_empty() { end.session.outbound.transmit() } else { end.batch.as_slice() };
            let len = bytes.len();
            assert!(len > 0, "it wants to transmit something");
            end.wire.extend(bytes);
            end.batch.advance(len);
            end.session.outbound.transmitted(len, now);
            has_moved = true;
        }
        has_moved
    }
}
