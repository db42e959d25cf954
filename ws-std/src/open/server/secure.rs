use alloc::sync::Arc;

use rustls::ServerConfig;

use super::{Incoming, Receiving, Server};
use crate::error::Error;
use crate::socket::WebSocket;
use crate::stream::Stream;
use crate::stream::tls::TlsStream;

#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl Server {
    /// Does the handshake of TLS on the stream, then reads a request, for a WebSocket or plain HTTP, and returns it before it is
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
        self.start_receive_tls(stream, config)?.advance()
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

    /// Begins to do the handshake of TLS and to read a request from a non-blocking stream: [`Receiving::advance`] does both. The time
    /// for both begins.
    ///
    /// The echo server of the front page takes `wss:` by this call instead of [`start_receive`](Self::start_receive), and by
    /// `TlsStream<TcpStream>` as the type of its stream.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use std::net::TcpStream;
    /// use ws_std::rustls::ServerConfig;
    /// use ws_std::{Error, Incoming, Server, TlsStream};
    ///
    /// fn receive(stream: TcpStream, tls: &Arc<ServerConfig>) -> Result<Incoming<TlsStream>, Error> {
    ///     stream.set_nonblocking(true)?;
    ///     let mut receiving = Server::new().start_receive_tls(stream, tls)?;
    ///     loop {
    ///         match receiving.advance() {
    ///             // Here a real loop waits for the stream to be readable or, while `receiving.wants_write()`, writable.
    ///             Err(error) if error.is_transient() => std::thread::yield_now(),
    ///             result => return result,
    ///         }
    ///     }
    /// }
    /// # let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    /// # let (chain, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    /// # let client = ws_std::Client::new().with_tls(ws_std::ClientTls::from_roots(chain.as_bytes())?);
    /// # let tls = ws_std::ServerTls::new(chain.as_bytes(), key.as_bytes())?.build();
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let tcp = TcpStream::connect(listener.local_addr()?)?;
    /// # let client = std::thread::spawn(move || client.handshake_tls(tcp, "wss://localhost/chat").map(drop));
    /// # let incoming = receive(listener.accept()?.0, &tls)?;
    /// # assert_eq!(incoming.path(), "/chat");
    /// # incoming.accept()?;
    /// # client.join().map_err(|_| "panicked")??;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`TlsStream::start_accept`].
    pub fn start_receive_tls<S: Stream>(
        &self,
        stream: S,
        config: &Arc<ServerConfig>,
    ) -> Result<Receiving<TlsStream<S>>, Error> {
        self.start_receive(TlsStream::start_accept(stream, Arc::clone(config))?)
    }
}
