//! Two ends of a connection, of which one compresses, and what comes out at the other is what was sent.

use ws_core::connection::{Config, Connection, KeySource, SendHalf, Sent, Unmasked};
use ws_core::deflate::{CompressionLevel, ContextTakeover, DeflateSettings, Deflater};
use ws_core::error::{Misuse, SendError};
use ws_core::event::{Event, MessageType, Payload};
use ws_core::extension::{Agreed, DeflateParams};
use ws_core::frame::{Fin, MaskKey};
use ws_core::input::ReadBuffer;
use ws_core::message::MessageBuffer;

pub(crate) const GIVEN_UP: SendError = SendError::Misuse(Misuse::Deflater);

/// RFC 7692 §7.2.3.1: "Hello", compressed elsewhere.
pub(crate) const HELLO: Payload<'_> = Payload::Compressed {
    message_type: MessageType::Binary,
    bytes: &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys;

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        None
    }
}

/// A server's sending half, and the client that receives what it sends.
pub(crate) struct Pair {
    pub(crate) half: SendHalf<Unmasked>,
    client: Connection<Keys>,
    message: MessageBuffer,
    /// What was taken of the message in progress.
    pub(crate) said: Vec<u8>,
    /// Whether its end was asked for.
    is_end_asked: bool,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let (server, client) =
            (Agreed::server(DeflateParams::default()), Agreed::client(DeflateParams::default()));
        Self {
            half: SendHalf::new(Unmasked).with_deflate(server),
            client: Connection::client(Keys, Config::new()).with_deflate(client),
            message: MessageBuffer::new().with_inflater(client.inflater(1 << 20)),
            said: Vec::new(),
            is_end_asked: false,
        }
    }

    /// Sends the next part of a message, with so much room. What is ended has to arrive; it ends with the call that
    /// completes the last part, even if that asks for less.
    pub(crate) fn send(
        &mut self,
        part: &[u8],
        fin: Fin,
        deflater: &mut Deflater,
        room: usize,
    ) -> Result<Sent, SendError> {
        self.send_and_tell(part, fin, deflater, room).map(|(sent, _)| sent)
    }

    /// Sends the next part of a message, and tells whether that was the end of it.
    pub(crate) fn send_and_tell(
        &mut self,
        part: &[u8],
        fin: Fin,
        deflater: &mut Deflater,
        room: usize,
    ) -> Result<(Sent, bool), SendError> {
        let mut out = vec![0xAA; room];
        let sent = self.half.send_deflated(MessageType::Binary, part, fin, deflater, &mut out)?;
        self.said.extend(&part[..sent.taken]);
        self.is_end_asked |= fin.is_final();
        let arrived = self.receive(&out[..sent.written]);
        if sent.is_complete && fin.is_final() {
            assert!(arrived.is_some());
        }
        let is_over = arrived.is_some();
        if let Some(arrived) = arrived {
            assert!(self.is_end_asked);
            assert_eq!(arrived, self.said);
            self.said.clear();
            self.is_end_asked = false;
        }
        Ok((sent, is_over))
    }

    /// Sends all of a message.
    pub(crate) fn send_whole(&mut self, message: &[u8], deflater: &mut Deflater, room: usize) -> usize {
        let (mut rest, mut len) = (message, 0);
        loop {
            let sent = self.send(rest, Fin::Final, deflater, room).unwrap();
            rest = &rest[sent.taken..];
            len += sent.written;
            if sent.is_complete {
                return len;
            }
        }
    }

    /// The message that this is the end of.
    pub(crate) fn receive(&mut self, wire: &[u8]) -> Option<Vec<u8>> {
        let mut buffer = ReadBuffer::with_filled(wire.to_vec(), wire.len()).unwrap();
        let mut input = buffer.input();
        match self.client.next_message(&mut input, &mut self.message) {
            Some(Event::Data(Payload::Binary(bytes))) => Some(bytes.to_vec()),
            None => None,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn all_settings() -> impl Iterator<Item = DeflateSettings> {
    [ContextTakeover::Allowed, ContextTakeover::Forbidden].into_iter().flat_map(|takeover| {
        [CompressionLevel::NONE, CompressionLevel::FASTEST, CompressionLevel::default()]
            .map(move |level| DeflateSettings::new().with_context_takeover(takeover).with_level(level))
    })
}

pub(crate) fn noise(len: usize) -> Vec<u8> {
    (0..len).map(|index| ((index * index * 7919) >> 5).to_le_bytes()[0]).collect()
}
