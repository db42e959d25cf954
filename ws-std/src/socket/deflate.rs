// Read first: RFC 7692 §6, §7.1.

use ws_core::connection::{Config, Role};
use ws_core::extension::Agreed;
use ws_core::keepalive::Timeouts;
use ws_core::message::Message;
use ws_core::session::{Deflate, Opened};

use super::{WebSocket, buffer, keys};
use crate::error::Error;
use crate::session::session_config;
#[cfg(doc)]
use crate::socket::Writer;
use crate::stream::Stream;

#[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
impl<S: Stream> WebSocket<S> {
    /// Makes a WebSocket of a stream whose opening handshake was done elsewhere and negotiated `agreed` for compression. Messages
    /// are compressed as `deflate` says, and inflated. `unread` is what was read from the stream after the handshake.
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
    /// [`Error::Entropy`] where the operating system has no seed for a client's masking keys; [`Error::Io`] where the timeouts of the
    /// stream cannot be set.
    pub fn after_handshake_with_deflate(
        stream: S,
        role: Role,
        config: Config,
        agreed: Agreed,
        deflate: Deflate,
        unread: &[u8],
    ) -> Result<Self, Error> {
        let timeouts = Timeouts::new();
        let config = session_config(config, &timeouts).with_deflate(deflate);
        let opened = Opened::new(keys(role)?).with_deflate(agreed);
        Self::open(stream, opened, config, timeouts, buffer(unread))
    }

    /// Sends a message without compression, even where it was negotiated; see [`Writer::send_uncompressed`].
    ///
    /// # Errors
    ///
    /// Those of [`Writer::send`].
    pub fn send_uncompressed<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.writer().send_uncompressed(message)
    }

    /// Sends a message compressed, however short it is, where compression was negotiated, and as it is otherwise.
    ///
    /// # Errors
    ///
    /// Those of [`Writer::send`].
    pub fn send_compressed<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error> {
        self.writer().send_compressed(message)
    }

    /// The parameters of permessage-deflate that the opening handshake negotiated, or `None` where it did not.
    #[must_use]
    pub const fn deflate(&self) -> Option<Agreed> {
        self.inbound.deflate()
    }

    /// Frees memory of an idle connection: the compressor, so that the next message that is sent begins with an empty window and
    /// is longer, and the buffers of messages. The inflater stays where the peer may refer to what it sent before. Nothing else
    /// changes.
    pub fn release_deflate(&mut self) {
        self.io.life.outbound.release();
        self.inbound.release();
    }
}
