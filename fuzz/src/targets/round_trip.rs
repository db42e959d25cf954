//! Two connections, and what they say to each other.

use std::collections::VecDeque;

use arbitrary::{Result, Unstructured};
use ws_core::connection::{
    Config, Connection, EncodedMessage, FrameStart, KeySource, Masking, TRANSMIT_LEN_MAX, Transport, Unmasked,
};
use ws_core::error::SendError;
use ws_core::event::{Event, MessageType, Payload};
use ws_core::frame::{CloseCode, CloseFrame, ControlPayload, Fin, MaskKey};
use ws_core::input::ReadBuffer;
use ws_core::message::Message;

/// A client and a server say what the fuzzer wants, whole, in fragments and as streamed frames, with control frames
/// in between, through buffers of any size. Each hears what the other said, in order, and they part cleanly.
pub fn round_trip(bytes: &[u8]) {
    let mut u = Unstructured::new(bytes);
    // Where the bytes end, the conversation does.
    let _end = converse(&mut u);
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Text(String),
    Binary(Vec<u8>),
}

impl Said {
    fn new(message_type: MessageType, payload: Vec<u8>) -> Self {
        match message_type {
            MessageType::Text => Self::Text(String::from_utf8(payload).expect("text is valid")),
            MessageType::Binary => Self::Binary(payload),
        }
    }
}

/// Keys that differ from frame to frame.
struct Keys(u32);

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        self.0 = self.0.wrapping_mul(0x9E37_79B9).wrapping_add(1);
        Some(MaskKey::new(self.0.to_be_bytes()))
    }
}

struct End<K> {
    connection: Connection<K>,
    buffer: ReadBuffer<Vec<u8>>,
    /// On their way to the other end.
    outgoing: VecDeque<u8>,
    said: Vec<Said>,
    heard: Vec<Said>,
    pings_said: Vec<Vec<u8>>,
    pings_heard: Vec<Vec<u8>>,
    /// The message that is being said in fragments, and the one that is being heard.
    saying: Option<(MessageType, Vec<u8>)>,
    hearing: Option<(MessageType, Vec<u8>)>,
    /// What the frame that was begun still lacks, and whether it is the last of its message.
    frame: Option<(Vec<u8>, Fin)>,
    /// A Close was queued here, or came.
    is_closing: bool,
}

fn converse(u: &mut Unstructured<'_>) -> Result<()> {
    let capacities = (4 + usize::from(u.arbitrary::<u8>()?), 4 + usize::from(u.arbitrary::<u8>()?));
    let mut client = End::new(Connection::client(Keys(u.arbitrary()?), Config::new()), capacities.0);
    let mut server = End::new(Connection::server(Config::new()), capacities.1);
    let mut result = Ok(());
    while !u.is_empty() && result.is_ok() {
        result = match u.int_in_range(0..=5)? {
            0 | 1 => client.act(u),
            2 | 3 => server.act(u),
            4 => server.broadcast(u),
            _ => client.deliver(u, &mut server).and_then(|()| server.deliver(u, &mut client)),
        };
    }
    part(&mut client, &mut server);
    client.check(&server);
    server.check(&client);
    result
}

/// Room for all control frames that can wait at a time, in bytes.
const CONTROL_ROOM: usize = 400;

/// Ends what was begun, closes, and lets everything arrive.
fn part<A: Masking, B: Masking>(client: &mut End<A>, server: &mut End<B>) {
    client.end_frame();
    server.end_frame();
    client.connection.close(CloseFrame::from(CloseCode::NORMAL));
    for _round_trip in 0..4 {
        client.transmit(CONTROL_ROOM);
        client.deliver_all(server);
        server.transmit(CONTROL_ROOM);
        server.deliver_all(client);
    }
}

impl<K: Masking> End<K> {
    fn new(connection: Connection<K>, capacity: usize) -> Self {
        Self {
            connection,
            buffer: ReadBuffer::new(vec![0xEE; capacity]),
            outgoing: VecDeque::new(),
            said: Vec::new(),
            heard: Vec::new(),
            pings_said: Vec::new(),
            pings_heard: Vec::new(),
            saying: None,
            hearing: None,
            frame: None,
            is_closing: false,
        }
    }

    /// Does one thing that an application may do at any time.
    fn act(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        match u.int_in_range(0..=9)? {
            0 => self.send_whole(u)?,
            1..=3 => self.send_fragment(u)?,
            4 => self.begin_frame(u)?,
            5 => self.go_on_with_frame(u)?,
            6 => {
                let payload = u.arbitrary::<&[u8]>()?;
                if let Some(payload) = ControlPayload::new(payload) {
                    self.connection.ping(payload);
                    self.pings_said.push(payload.as_bytes().to_vec());
                }
            }
            7 => self.connection.send_half().pong(ControlPayload::new(b"unasked").expect("it is short")),
            8 if u.ratio(1, 4)? => {
                let code = CloseCode::new(u.int_in_range(1000..=4999)?).unwrap_or(CloseCode::NORMAL);
                let close = CloseFrame::new(code, u.arbitrary::<&str>()?);
                self.connection.close(close.unwrap_or(CloseFrame::EMPTY));
                self.is_closing = true;
            }
            _ => {
                let room = u.int_in_range(0..=400)?;
                self.transmit(room);
            }
        }
        Ok(())
    }

    fn payload<'a>(&self, u: &mut Unstructured<'a>) -> Result<Payload<'a>> {
        // The type of the message in progress, or the fuzzer's choice.
        let is_text = match &self.saying {
            Some((message_type, _)) => *message_type == MessageType::Text,
            None => u.arbitrary()?,
        };
        Ok(if is_text { Payload::Text(u.arbitrary()?) } else { Payload::Binary(u.arbitrary()?) })
    }

    fn send_whole(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let payload = self.payload(u)?;
        let mut out = vec![0xEE; u.int_in_range(0..=300)?];
        match self.connection.send(payload, &mut out) {
            Ok(len) => {
                assert!(self.saying.is_none() && self.frame.is_none());
                self.outgoing.extend(&out[..len]);
                self.said.push(Said::new(payload.message_type(), payload.as_bytes().to_vec()));
            }
            Err(error) => self.check_error(error, payload, &out),
        }
        Ok(())
    }

    fn send_fragment(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let payload = self.payload(u)?;
        let fin = if u.arbitrary()? { Fin::Final } else { Fin::More };
        let mut out = vec![0xEE; u.int_in_range(0..=60)?];
        match self.connection.send_part(payload, fin, &mut out) {
            Ok(sent) => {
                assert_eq!(sent.is_complete, sent.taken == payload.as_bytes().len());
                self.outgoing.extend(&out[..sent.written]);
                let fin = if sent.is_complete { fin } else { Fin::More };
                self.add(payload.message_type(), &payload.as_bytes()[..sent.taken], fin);
            }
            Err(error) => self.check_error(error, payload, &out),
        }
        Ok(())
    }

    fn begin_frame(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let payload = self.payload(u)?;
        let fin = if u.arbitrary()? { Fin::Final } else { Fin::More };
        let len = u64::try_from(payload.as_bytes().len()).unwrap_or(u64::MAX);
        match self.connection.send_half().begin_frame(FrameStart::new(payload.message_type(), fin, len)) {
            Ok(header) => {
                self.outgoing.extend(header.as_bytes());
                self.add(payload.message_type(), b"", Fin::More);
                self.frame = Some((payload.as_bytes().to_vec(), fin));
                self.end_frame_if_complete();
            }
            Err(error) => self.check_error(error, payload, &[]),
        }
        Ok(())
    }

    /// Sends a part of the frame in progress, masked in place or while it is copied.
    fn go_on_with_frame(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let Some((payload, _)) = &mut self.frame else { return Ok(()) };
        let mut part: Vec<u8> = payload.drain(..u.int_in_range(0..=payload.len())?).collect();
        let message_type =
            self.saying.as_ref().map_or(MessageType::Binary, |(message_type, _)| *message_type);
        let plain = part.clone();
        if u.arbitrary()? {
            self.connection.send_half().mask(&mut part).expect("so much was announced");
        } else {
            assert_eq!(
                self.connection.send_half().mask_into(&plain, &mut part),
                plain.len(),
                "so much was announced"
            );
        }
        self.outgoing.extend(&part);
        self.add(message_type, &plain, Fin::More);
        self.end_frame_if_complete();
        Ok(())
    }

    fn end_frame(&mut self) {
        let Some((mut rest, fin)) = self.frame.take() else { return };
        let message_type =
            self.saying.as_ref().map_or(MessageType::Binary, |(message_type, _)| *message_type);
        self.add(message_type, &rest, fin);
        self.connection.send_half().mask(&mut rest).expect("so much was announced");
        self.outgoing.extend(&rest);
    }

    fn end_frame_if_complete(&mut self) {
        if self.frame.as_ref().is_some_and(|(rest, _)| rest.is_empty()) {
            self.end_frame();
        }
    }

    /// Notes what was said.
    fn add(&mut self, message_type: MessageType, payload: &[u8], fin: Fin) {
        let saying = self.saying.get_or_insert((message_type, Vec::new()));
        saying.1.extend_from_slice(payload);
        if fin.is_final() {
            self.said
                .extend(self.saying.take().map(|(message_type, payload)| Said::new(message_type, payload)));
        }
    }

    /// What was refused was refused for a reason that is there, and nothing was written.
    fn check_error(&self, error: SendError, payload: Payload<'_>, out: &[u8]) {
        match error {
            SendError::Closed => assert!(self.is_closing),
            SendError::Busy => assert!(self.saying.is_some() || self.frame.is_some()),
            SendError::BufferTooSmall { required } => {
                assert!(required > out.len() && required <= payload.as_bytes().len() + 14);
            }
            other => panic!("{other}"),
        }
        assert!(out.iter().all(|byte| *byte == 0xEE), "nothing is written");
    }

    fn transmit(&mut self, room: usize) {
        let mut out = vec![0xEE; room];
        let wants = self.connection.wants_transmit();
        match self.connection.poll_transmit(&mut out) {
            Ok(len) => {
                assert_eq!(len > 0, wants, "what is wanted is done, where there is room for it");
                assert!(len == 0 || self.frame.is_none(), "nothing goes between header and payload");
                self.outgoing.extend(&out[..len]);
            }
            Err(SendError::BufferTooSmall { required }) => {
                assert!(wants && required > room && required <= TRANSMIT_LEN_MAX);
                assert!(out.iter().all(|byte| *byte == 0xEE), "nothing is written");
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// Lets some of what is on its way arrive.
    fn deliver<B: Masking>(&mut self, u: &mut Unstructured<'_>, other: &mut End<B>) -> Result<()> {
        let len = u.int_in_range(0..=self.outgoing.len())?;
        let bytes: Vec<u8> = self.outgoing.drain(..len).collect();
        other.hear(&bytes);
        Ok(())
    }

    fn deliver_all<B: Masking>(&mut self, other: &mut End<B>) {
        let bytes: Vec<u8> = self.outgoing.drain(..).collect();
        other.hear(&bytes);
    }

    fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let spare = self.buffer.spare();
            let (now, later) = bytes.split_at(spare.len().min(bytes.len()));
            spare[..now.len()].copy_from_slice(now);
            self.buffer.filled(now.len());
            bytes = later;
            let mut input = self.buffer.input();
            while let Some(event) = self.connection.next_event(&mut input) {
                match event {
                    Event::Data(fragment) => {
                        let message_type = fragment.payload.message_type();
                        let hearing = self.hearing.get_or_insert((message_type, Vec::new()));
                        hearing.1.extend_from_slice(fragment.payload.as_bytes());
                        if fragment.is_last {
                            let message = self.hearing.take();
                            self.heard
                                .extend(message.map(|(message_type, bytes)| Said::new(message_type, bytes)));
                        }
                    }
                    Event::Ping => self.pings_heard.push(self.connection.control().as_bytes().to_vec()),
                    Event::Pong => {}
                    Event::Close => self.is_closing = true,
                    other => panic!("what we send is right: {other:?}"),
                }
            }
        }
    }

    fn check<B: Masking>(&self, other: &End<B>) {
        assert_eq!(self.heard, other.said, "heard by {:?}", self.connection.role());
        // A ping that was not written yet is replaced by the next.
        let mut said = other.pings_said.iter();
        assert!(self.pings_heard.iter().all(|heard| said.any(|ping| ping == heard)), "pings come in order");
        assert!(self.connection.closure().is_some_and(|closure| closure.is_clean));
        assert!(matches!(self.connection.transport(), Transport::Linger { .. }));
        assert_eq!(self.buffer.unread(), b"");
    }
}

impl End<Unmasked> {
    /// Sends a frame that was encoded for many.
    fn broadcast(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let message =
            if u.arbitrary()? { Message::Text(u.arbitrary()?) } else { Message::Binary(u.arbitrary()?) };
        let mut out = vec![0; message.len() + 10];
        let encoded = EncodedMessage::encode(message, &mut out).expect("there is room");
        match self.connection.send_half().send_encoded(&encoded) {
            Ok(()) => {
                self.outgoing.extend(encoded.as_bytes());
                self.said.push(Said::new(message.message_type(), message.as_bytes().to_vec()));
            }
            Err(error) => self.check_error(error, message.into(), &[]),
        }
        Ok(())
    }
}
