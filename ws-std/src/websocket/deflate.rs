// Read first: RFC 7692 §6, §7.1.

use ws_core::connection::{Config, Role};
use ws_core::extension::Agreed;

use super::{Inflation, WebSocket};
#[cfg(doc)]
use crate::Writer;
use crate::wire::Deflation;
use crate::{Deflate, Error, Message, Stream};

impl<S: Stream> WebSocket<S> {
    /// A WebSocket over a stream whose opening handshake somebody else has done, where `agreed` was negotiated for
    /// compression: messages are compressed by `deflate`, and inflated. `unread` is what was read from the stream after
    /// the handshake.
    ///
    /// ```
    /// use ws_std::ws_core::extension::{Agreed, DeflateParams};
    /// use ws_std::{AnyStream, Config, Deflate, Message, Role, WebSocket};
    ///
    /// # let stream = AnyStream(std::io::Cursor::new(Vec::new()));
    /// // As the HTTP server has answered.
    /// let agreed = Agreed::server(DeflateParams::default());
    /// let (config, deflate) = (Config::new(), Deflate::new());
    /// let mut socket =
    ///     WebSocket::after_handshake_with_deflate(stream, Role::Server, config, agreed, deflate, b"")?;
    /// socket.send_compressed(Message::Text("Hello"))?;
    /// // RFC 7692 §7.2.3.1
    /// let sent = socket.get_ref().0.get_ref();
    /// assert_eq!(sent[..], [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    /// # Ok::<(), ws_std::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Entropy`] where a client gets no masking keys, [`Error::Io`] where the stream refuses its timeouts.
    pub fn after_handshake_with_deflate(
        stream: S,
        role: Role,
        config: Config,
        agreed: Agreed,
        deflate: Deflate,
        unread: &[u8],
    ) -> Result<Self, Error> {
        let socket = Self::after_negotiation(stream, role, config, Some(agreed), unread)?;
        Ok(socket.with_deflate(Some(&deflate), Some(agreed), config))
    }

    /// As [`Writer::send_uncompressed`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_uncompressed(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.wire.send_uncompressed(message)
    }

    /// As [`Writer::send_compressed`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn send_compressed(&mut self, message: Message<'_>) -> Result<(), Error> {
        self.wire.send_compressed(message)
    }

    /// What the opening handshake agreed on for permessage-deflate, where it did, and messages are compressed and inflated
    /// here.
    #[must_use]
    pub fn deflate(&self) -> Option<Agreed> {
        self.intake.inbound.deflate()
    }

    /// Frees the memory for compression that can be done without, for a connection that is idle: the compressor, so that
    /// the next message that is sent begins with an empty window and is longer, and the buffer of the inflater. The
    /// inflater itself has to stay where the peer may refer to what it sent before. Nothing else changes.
    pub fn release_deflate(&mut self) {
        if let Some(deflation) = &mut self.wire.deflation {
            deflation.release();
        }
        self.intake.inbound.release_deflate();
    }

    /// Makes use of what was agreed on, if anything was.
    pub(crate) fn with_deflate(
        mut self,
        deflate: Option<&Deflate>,
        agreed: Option<Agreed>,
        config: Config,
    ) -> Self {
        if let (Some(deflate), Some(agreed)) = (deflate, agreed) {
            let len_max = config.limits().message_len_max();
            let inflation = Inflation::new(agreed, len_max);
            self.intake.limit_message(len_max);
            self.intake.inbound.inflation = Some(Box::new(inflation));
            self.wire.deflation = Some(Box::new(Deflation::new(deflate, agreed)));
        }
        self
    }
}
