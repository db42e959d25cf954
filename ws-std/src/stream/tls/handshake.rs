// Read first: RFC 6455 §4.1.

use alloc::sync::Arc;
use core::time::Duration;
use std::io;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::session::Shared;
use super::{TlsStream, lock};
use crate::error::{Error, Phase};
use crate::stream::Stream;
use crate::stream::linger::linger;
use crate::timeouts::Deadline;

impl<S: Stream> TlsStream<S> {
    /// Does the handshake of a client with the server `name`, within `timeout`. The stream has to block.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where the server's certificate is not accepted, or the server does not accept the client's;
    /// [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    pub fn connect(
        stream: S,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        timeout: Option<Duration>,
    ) -> Result<Self, Error> {
        let deadline = Deadline::after(timeout, || stream.now());
        Self::start_client(stream, config, name, deadline)
    }

    /// Does the handshake of a server, within `timeout`. The stream has to block.
    ///
    /// Where it fails, the client is sent an alert, and its end of the stream is waited for, so that it can read the alert.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where the client refuses the server's certificate, sends none though it has to, or does not speak TLS;
    /// [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    pub fn accept(stream: S, config: Arc<ServerConfig>, timeout: Option<Duration>) -> Result<Self, Error> {
        let deadline = Deadline::after(timeout, || stream.now());
        Self::start_server(stream, config, deadline)
    }

    pub(crate) fn start_client(
        stream: S,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let mut stream = Self::new(stream, ClientConnection::new(config, name)?.into());
        match stream.handshake(deadline) {
            Ok(()) => Ok(stream),
            Err(error) => {
                let _gone = stream.shutdown_write();
                Err(error)
            }
        }
    }

    pub(crate) fn start_server(
        stream: S,
        config: Arc<ServerConfig>,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let mut stream = Self::new(stream, ServerConnection::new(config)?.into());
        match stream.handshake(deadline) {
            Ok(()) => Ok(stream),
            Err(error) => {
                let _gone = stream.shutdown_write();
                let _would_block = linger(&mut stream.stream, deadline, &mut 0);
                Err(error)
            }
        }
    }

    fn new(stream: S, connection: Connection) -> Self {
        Self { stream, shared: Arc::new(Shared::new(connection)) }
    }

    fn handshake(&mut self, deadline: Deadline) -> Result<(), Error> {
        self.disable_delay()?;
        loop {
            let remaining = deadline.remaining_for(Phase::Handshake, self.now())?;
            self.limit_read(remaining)?;
            self.limit_write(remaining)?;
            match self.step() {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => deadline.map_io_error(error, Phase::Handshake, self.now())?,
            }
        }
        self.limit_read(None)?;
        Ok(self.limit_write(None)?)
    }

    /// Goes on with the handshake by one read or one write, so that the deadline is checked in between. Returns `true` when the
    /// handshake is done and all of it is written.
    fn step(&mut self) -> io::Result<bool> {
        let mut incoming = lock(&self.shared.incoming);
        let mut outgoing = lock(&self.shared.outgoing);
        let mut session = lock(&self.shared.session);
        if !outgoing.is_empty() || session.give(&mut outgoing)? {
            outgoing.write_once(&mut self.stream)?;
            return Ok(false);
        }
        if !session.connection.is_handshaking() {
            self.stream.flush()?;
            return Ok(true);
        }
        if incoming.is_ended && incoming.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !session.feed(&mut incoming)? {
            self.stream.flush()?;
            incoming.fill(&mut self.stream)?;
        }
        Ok(false)
    }
}
