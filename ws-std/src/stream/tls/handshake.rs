// Read first: RFC 6455 §4.1.

use alloc::sync::Arc;
use core::time::Duration;
use std::io;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::session::Shared;
use super::{TlsStream, lock};
use crate::deadline::Deadline;
use crate::error::{Error, Phase, is_gone, is_wait};
use crate::stream::Stream;
use crate::stream::linger::linger;

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
        let deadline = Deadline::after(timeout, stream.clock());
        Self::start(stream, ClientConnection::new(config, name)?, &deadline)
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
        let deadline = Deadline::after(timeout, stream.clock());
        Self::start(stream, ServerConnection::new(config)?, &deadline)
    }

    /// Does the handshake of the side that `connection` is, until the deadline.
    pub(crate) fn start(
        stream: S,
        connection: impl Into<Connection>,
        deadline: &Deadline,
    ) -> Result<Self, Error> {
        let connection = connection.into();
        let is_server = matches!(connection, Connection::Server(_));
        let mut stream = Self { stream, shared: Arc::new(Shared::new(connection)) };
        let Err(error) = stream.handshake(deadline) else { return Ok(stream) };
        let _gone = stream.shutdown_write();
        if is_server {
            linger(&mut stream.stream, deadline);
        }
        Err(error)
    }

    fn handshake(&mut self, deadline: &Deadline) -> Result<(), Error> {
        self.disable_delay()?;
        loop {
            let remaining = deadline.remaining_for(Phase::Handshake)?;
            self.limit_read(remaining)?;
            self.limit_write(remaining)?;
            match self.step() {
                Ok(true) => break,
                Ok(false) => {}
                Err(error) => judge(error, deadline)?,
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
        session.give(&mut outgoing)?;
        if !outgoing.is_empty() {
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

/// What an error of the stream means: `Ok` where the step is to be tried again.
fn judge(error: io::Error, deadline: &Deadline) -> Result<(), Error> {
    let kind = error.kind();
    if kind == io::ErrorKind::Interrupted {
        return Ok(());
    }
    if is_gone(kind) {
        return Err(Error::Disconnected(Some(kind)));
    }
    if is_wait(kind) {
        deadline.remaining_for(Phase::Handshake)?;
    }
    Err(error.into())
}
