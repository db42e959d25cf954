use alloc::sync::Arc;

use rustls::{ServerConfig, ServerConnection};

use super::{Incoming, Receiving, Server};
use crate::error::Error;
use crate::socket::WebSocket;
use crate::stream::Stream;
use crate::stream::tls::TlsStream;

#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl Server {
    /// Does the handshake of TLS on the stream, then reads a request, for a WebSocket or a plain GET, and returns it before it is
    /// answered: `wss:`. Both share [`Timeouts::handshake`](crate::Timeouts::handshake). [`ServerTls`](crate::ServerTls) makes a
    /// configuration. See [`receive`](Self::receive) for other requests.
    ///
    /// ```no_run
    /// use ws_std::{Server, ServerTls};
    ///
    /// # fn serve(stream: std::net::TcpStream, chain: &[u8], key: &[u8]) -> Result<(), ws_std::Error> {
    /// let tls = ServerTls::new(chain, key)?.build();
    /// let incoming = Server::new().receive_tls(stream, &tls)?;
    /// let mut socket = if incoming.path() == "/chat" { incoming.accept()? } else { return Ok(()) };
    /// assert!(socket.get_ref().with_connection(|tls| tls.protocol_version().is_some()));
    /// socket.send("welcome")
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`TlsStream::accept`] and of [`receive`](Self::receive).
    pub fn receive_tls<S: Stream>(
        &self,
        stream: S,
        config: &Arc<ServerConfig>,
    ) -> Result<Incoming<TlsStream<S>>, Error> {
        let deadline = self.settings.handshake_deadline(stream.clock());
        let stream = TlsStream::start(stream, ServerConnection::new(Arc::clone(config))?, &deadline)?;
        Receiving::new(self.clone(), stream, deadline)?.advance()
    }

    /// Does the handshake of TLS, reads a request, and opens the WebSocket that it asks for: [`receive_tls`](Self::receive_tls), then
    /// [`Incoming::accept`].
    ///
    /// # Errors
    ///
    /// Those of [`receive_tls`](Self::receive_tls) and of [`Incoming::accept`].
    pub fn accept_tls<S: Stream>(
        &self,
        stream: S,
        config: &Arc<ServerConfig>,
    ) -> Result<WebSocket<TlsStream<S>>, Error> {
        self.receive_tls(stream, config)?.accept()
    }
}
