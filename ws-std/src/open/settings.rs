use ws_core::connection::Config;
use ws_core::keepalive::Timeouts;
#[cfg(feature = "deflate")]
use ws_core::session::Deflate;
use ws_core::session::Opened;

use super::handshake_stream::HandshakeStream;
use crate::clock::Clock;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::keys::MaskKeys;
use crate::session::session_config;
use crate::socket::WebSocket;
use crate::stream::Stream;

/// How connections behave, as the program has set it for a client or a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) config: Config,
    pub(crate) timeouts: Timeouts,
    #[cfg(feature = "deflate")]
    pub(crate) deflate: Option<Deflate>,
}

impl Settings {
    /// The deadline of an opening handshake that begins now, with that of TLS where there is one.
    pub(crate) fn handshake_deadline(&self, clock: Clock) -> Deadline {
        Deadline::after(self.timeouts.handshake(), clock)
    }

    /// Opens the WebSocket over the stream of its handshake. It goes on with what was read beyond the head, and writes what is left of
    /// the answer before anything else.
    pub(crate) fn open<S: Stream>(
        &self,
        stream: HandshakeStream<S>,
        opened: Opened<MaskKeys>,
    ) -> Result<WebSocket<S>, Error> {
        let config = session_config(self.config, &self.timeouts);
        #[cfg(feature = "deflate")]
        let config = config.with_deflate(self.deflate.unwrap_or_default());
        let opened = opened.with_unsent(stream.unwritten.bytes());
        WebSocket::open(stream.stream, opened, config, self.timeouts, stream.buffer)
    }
}
