// Read first: RFC 6455 §5.4, §5.6.

use core::fmt;
use std::io::{self, Write};

use ws_core::event::MessageType;
use ws_core::frame::Fin;
use ws_core::message::Message;
use ws_core::utf8::{Utf8, complete_prefix};

use crate::error::Error;
use crate::session::{Io, Leave, Outgoing};
use crate::stream::Stream;

/// Writes one message in parts, whose number need not be known (RFC 6455 §5.4), through a [`WebSocket`](crate::WebSocket) or a
/// [`WriteHalf`](crate::WriteHalf).
///
/// Small writes and text are gathered into fragments of 16 KiB; a long write of a binary message is a fragment of its own, of up to
/// 64 KiB. [`flush`](Write::flush) sends what is gathered, except for an incomplete character. [`finish`](Self::finish) ends the
/// message. If the writer is dropped before that, the message stays unfinished, and only a Close can be sent.
///
/// Text is checked as it is written, and a write may end within a character. Bytes that are not UTF-8 are not sent: the write fails with
/// [`InvalidData`](io::ErrorKind::InvalidData).
///
/// Where compression was negotiated, each fragment is compressed as it is sent. A message that is finished before anything was sent is
/// compressed where [`Writer::send`](crate::Writer::send) would compress it.
///
/// ```
/// use std::io::Write;
/// use ws_core::event::MessageType;
///
/// fn send_file(socket: &mut ws_std::WebSocket<std::net::TcpStream>, path: &str) -> std::io::Result<()> {
///     let mut message = socket.message_writer(MessageType::Binary)?;
///     std::io::copy(&mut std::fs::File::open(path)?, &mut message)?;
///     message.finish()?;
///     Ok(())
/// }
/// ```
pub struct MessageWriter<'a> {
    sink: Box<dyn PartSink + 'a>,
    message_type: MessageType,
    /// The bytes that were written and not yet sent.
    gathered: Vec<u8>,
    /// The state of the text after the last byte that was written.
    utf8: Utf8,
}

impl<'a> MessageWriter<'a> {
    pub(super) fn over<S: Stream>(io: &'a mut Io<S>, message_type: MessageType) -> Result<Self, Error> {
        io.commit(Leave::Together, Outgoing::MessageStart)?;
        Ok(Self::new(Box::new(io), message_type))
    }

    pub(super) const fn new(sink: Box<dyn PartSink + 'a>, message_type: MessageType) -> Self {
        Self { sink, message_type, gathered: Vec::new(), utf8: Utf8::new() }
    }

    /// Ends the message. The last fragment is taken in any case; what a stream that would block does not take of it waits in memory.
    ///
    /// # Errors
    ///
    /// Those of [`Writer::send`](crate::Writer::send); an error of kind [`InvalidData`](io::ErrorKind::InvalidData) where
    /// text ends within a character.
    pub fn finish(mut self) -> Result<(), Error> {
        if !self.utf8.is_boundary() {
            return Err(Error::Io(not_utf8()));
        }
        let Self { sink, message_type, gathered, .. } = &mut self;
        sink.send_part(part(*message_type, gathered)?, Fin::Final)
    }

    /// Sends what is gathered, except for an incomplete code point.
    fn send_gathered(&mut self) -> io::Result<()> {
        let Self { sink, message_type, gathered, .. } = self;
        let part = part(*message_type, gathered)?;
        let len = part.len();
        if len > 0 {
            sink.send_part(part, Fin::More)?;
            gathered.drain(..len);
        }
        Ok(())
    }
}

impl Write for MessageWriter<'_> {
    /// Takes up to 64 KiB, of text up to 16 KiB; or nothing, where the stream would block over what was written before.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_text = self.message_type == MessageType::Text;
        let bytes = bytes.get(..if is_text { FRAGMENT_LEN } else { PART_LEN_MAX }).unwrap_or(bytes);
        let mut utf8 = self.utf8;
        if is_text {
            utf8.push(bytes).map_err(|_invalid| not_utf8())?;
        }
        if self.gathered.len().saturating_add(bytes.len()) > FRAGMENT_LEN {
            self.send_gathered()?;
        }
        if bytes.len() >= FRAGMENT_LEN && !is_text {
            self.sink.send_part(Message::Binary(bytes), Fin::More)?;
        } else {
            if self.gathered.capacity() == 0 {
                self.gathered.try_reserve_exact(FRAGMENT_LEN)?;
            }
            self.gathered.extend_from_slice(bytes);
        }
        self.utf8 = utf8;
        Ok(bytes.len())
    }

    /// Sends what is gathered as a fragment, and writes all that waits.
    fn flush(&mut self) -> io::Result<()> {
        self.send_gathered()?;
        Ok(self.sink.transmit()?)
    }
}

impl fmt::Debug for MessageWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageWriter")
            .field("message_type", &self.message_type)
            .field("gathered_len", &self.gathered.len())
            .finish_non_exhaustive()
    }
}

/// What takes the parts of a message.
pub(super) trait PartSink {
    /// Sends a part: all of it is taken or, with an error, none. The last one is taken even where earlier ones still wait.
    fn send_part(&mut self, part: Message<'_>, fin: Fin) -> Result<(), Error>;

    /// Writes all that waits.
    fn transmit(&mut self) -> Result<(), Error>;
}

impl<S: Stream> PartSink for &mut Io<S> {
    fn send_part(&mut self, part: Message<'_>, fin: Fin) -> Result<(), Error> {
        match fin {
            Fin::More => self.make_ready()?,
            Fin::Final => self.leave(Leave::AtOnce)?,
        }
        self.life.queue(Outgoing::Part(part, fin))?;
        self.leave(Leave::AtOnce)
    }

    fn transmit(&mut self) -> Result<(), Error> {
        Io::transmit(self)
    }
}

/// The part of `bytes` that can be sent: of text, whole characters.
fn part(message_type: MessageType, bytes: &[u8]) -> io::Result<Message<'_>> {
    Ok(match message_type {
        MessageType::Binary => Message::Binary(bytes),
        MessageType::Text => Message::Text(complete_prefix(bytes).map_err(|_invalid| not_utf8())?.0),
    })
}

fn not_utf8() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the text is not UTF-8")
}

/// How much is gathered for a fragment, in bytes.
const FRAGMENT_LEN: usize = 16 * 1024;

/// How long a fragment is at most, in bytes.
const PART_LEN_MAX: usize = 64 * 1024;
