// Read first: RFC 6455 §5.4, §5.6.

use core::fmt;
use std::io::{self, Write};

use ws_core::event::MessageType;
use ws_core::frame::Fin;
use ws_core::utf8::Utf8;

use crate::wire::Wire;
use crate::{Error, Stream};

/// Writes one message in parts, of which none has to know how many follow (RFC 6455 §5.4).
///
/// Small writes are gathered into fragments of 16 KiB; longer ones are sent as they are, without being copied by a
/// server. [`flush`](Write::flush) sends what is gathered. The message ends with [`finish`](Self::finish): where the
/// writer is dropped before, the message stays unfinished, and only a Close can be sent.
///
/// Text is checked as it is written, whole characters or not; what is not UTF-8 is an error of kind
/// [`InvalidData`](io::ErrorKind::InvalidData), and not sent.
///
/// Where compression was agreed on the message is compressed, each fragment as it is sent, unless it is so short that
/// nothing was sent before it is finished, and [`Writer::send`](crate::Writer::send) would not compress it either.
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
pub struct MessageWriter<'a, S> {
    gathering: Gathering<&'a mut Wire<S>>,
}

impl<'a, S: Stream> MessageWriter<'a, S> {
    pub(crate) fn new(wire: &'a mut Wire<S>, message_type: MessageType) -> Result<Self, Error> {
        wire.make_ready()?;
        wire.check_message_start()?;
        Ok(Self { gathering: Gathering::new(wire, message_type) })
    }

    /// Ends the message. What a stream that would block does not take waits in memory, as with
    /// [`Writer::send`](crate::Writer::send): no more than the last fragment.
    ///
    /// # Errors
    ///
    /// As [`Writer::send`](crate::Writer::send); an error of kind [`InvalidData`](io::ErrorKind::InvalidData) where
    /// text ends within a character.
    pub fn finish(self) -> Result<(), Error> {
        self.gathering.finish()
    }
}

impl<S: Stream> Write for MessageWriter<'_, S> {
    /// Takes all of `bytes`, or nothing where the stream would block over what was written before.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathering.write(bytes)
    }

    /// Sends what is gathered as a fragment, and writes all that waits.
    fn flush(&mut self) -> io::Result<()> {
        self.gathering.flush()
    }
}

impl<S> fmt::Debug for MessageWriter<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageWriter")
            .field("message_type", &self.gathering.message_type)
            .field("gathered_len", &self.gathering.bytes.len())
            .finish_non_exhaustive()
    }
}

/// What takes the parts of a message.
pub(crate) trait PartSink {
    /// Writes what was committed before, and fails where the stream does not take it.
    fn make_ready(&mut self) -> Result<(), Error>;

    /// Sends a part, behind [`make_ready`](Self::make_ready).
    fn send_part(&mut self, message_type: MessageType, fin: Fin, payload: &[u8]) -> Result<(), Error>;

    /// Writes all that waits.
    fn transmit(&mut self) -> Result<(), Error>;
}

impl<S: Stream> PartSink for &mut Wire<S> {
    fn make_ready(&mut self) -> Result<(), Error> {
        Wire::make_ready(self)
    }

    fn send_part(&mut self, message_type: MessageType, fin: Fin, payload: &[u8]) -> Result<(), Error> {
        Wire::send_part(self, message_type, fin, payload)
    }

    fn transmit(&mut self) -> Result<(), Error> {
        Wire::transmit(self)
    }
}

/// A message that is written in parts, as far as it is not sent.
#[derive(Debug)]
pub(crate) struct Gathering<P> {
    pub(crate) sink: P,
    pub(crate) message_type: MessageType,
    /// What was written and not yet sent.
    pub(crate) bytes: Vec<u8>,
    /// Where text stands, at its last byte that was written.
    utf8: Utf8,
}

impl<P: PartSink> Gathering<P> {
    pub(crate) const fn new(sink: P, message_type: MessageType) -> Self {
        Self { sink, message_type, bytes: Vec::new(), utf8: Utf8::new() }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let utf8 = self.check(bytes)?;
        if self.bytes.len().saturating_add(bytes.len()) > FRAGMENT_LEN {
            self.send_gathered()?;
        }
        if bytes.len() >= FRAGMENT_LEN {
            self.sink.make_ready()?;
            self.sink.send_part(self.message_type, Fin::More, bytes)?;
        } else {
            if self.bytes.capacity() == 0 {
                self.bytes.try_reserve_exact(FRAGMENT_LEN)?;
            }
            self.bytes.extend_from_slice(bytes);
        }
        self.utf8 = utf8;
        Ok(bytes.len())
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.send_gathered()?;
        Ok(self.sink.transmit()?)
    }

    pub(crate) fn finish(mut self) -> Result<(), Error> {
        if !self.utf8.is_boundary() {
            return Err(Error::Io(not_utf8()));
        }
        match self.sink.make_ready() {
            Err(error) if !error.is_would_block() => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.sink.send_part(self.message_type, Fin::Final, &self.bytes)
    }

    /// Judges text, and gives what it comes to.
    fn check(&self, bytes: &[u8]) -> io::Result<Utf8> {
        let mut utf8 = self.utf8;
        if self.message_type == MessageType::Text {
            utf8.push(bytes).map_err(|_invalid| not_utf8())?;
        }
        Ok(utf8)
    }

    fn send_gathered(&mut self) -> io::Result<()> {
        self.sink.make_ready()?;
        if !self.bytes.is_empty() {
            self.sink.send_part(self.message_type, Fin::More, &self.bytes)?;
            self.bytes.clear();
        }
        Ok(())
    }
}

fn not_utf8() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the text is not UTF-8")
}

/// How much is gathered for a fragment, in bytes.
const FRAGMENT_LEN: usize = 16 * 1024;
