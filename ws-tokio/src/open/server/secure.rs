//! Servers of `wss:`.

use alloc::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use super::{Incoming, Server};
use crate::error::Error;
use crate::open::handshake_stream::within;
use crate::socket::WebSocket;

impl Server {
    /// Does the handshake of TLS on the stream, then reads a request, for a WebSocket or plain HTTP, and returns it before it is
    /// answered: `wss:`. Both share [`Timeouts::handshake`](crate::Timeouts::handshake). See [`receive`](Self::receive).
    ///
    /// `config` should offer `http/1.1` by ALPN: clients that offer more, such as browsers, then do not expect HTTP/2.
    ///
    /// ```no_run
    /// # async fn serve(stream: tokio::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::Arc;
    /// use ws_tokio::Server;
    /// use ws_tokio::rustls::ServerConfig;
    /// use ws_tokio::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
    ///
    /// // Once:
    /// let chain = CertificateDer::pem_file_iter("chain.pem")?.collect::<Result<Vec<_>, _>>()?;
    /// let key = PrivateKeyDer::from_pem_file("key.pem")?;
    /// let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    /// config.alpn_protocols = vec![b"http/1.1".to_vec()];
    /// let config = Arc::new(config);
    /// // For each connection:
    /// let incoming = Server::new().receive_tls(stream, &config).await?;
    /// let mut socket = incoming.accept().await?;
    /// socket.send("welcome").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Tls`]; those of [`receive`](Self::receive).
    pub async fn receive_tls<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        config: &Arc<ServerConfig>,
    ) -> Result<Incoming<TlsStream<S>>, Error> {
        let mut clock = self.options.timers.start();
        let handshake = TlsAcceptor::from(Arc::clone(config)).accept(stream);
        let stream = within(&mut clock, self.options.settings.timeouts.handshake(), handshake).await?;
        self.receive_from(stream, b"", clock).await
    }

    /// Does the handshake of TLS, reads a request, and opens the WebSocket that it asks for: [`receive_tls`](Self::receive_tls), then
    /// [`Incoming::accept`].
    ///
    /// # Errors
    ///
    /// Those of [`receive_tls`](Self::receive_tls) and of [`Incoming::accept`].
    pub async fn accept_tls<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        config: &Arc<ServerConfig>,
    ) -> Result<WebSocket<TlsStream<S>>, Error> {
        self.receive_tls(stream, config).await?.accept().await
    }
}
