// Read first: RFC 6455 §4.1, RFC 8446 §2, §6.2.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::io;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::ciphertext_in::{CiphertextIn, Wait};
use super::session::Shared;
use super::{TlsStream, lock};
use crate::deadline::Deadline;
use crate::error::{Error, Phase, is_wait};
use crate::stream::Stream;
use crate::stream::limited::{Limit, until};
use crate::stream::linger::linger;

impl<S: Stream> TlsStream<S> {
    /// Does the handshake of a client with the server `name`, within `timeout`. The stream has to block; see
    /// [`start_connect`](Self::start_connect) for one that does not.
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
        Self::start_connect(stream, config, name)?.open_within(timeout)
    }

    /// Does the handshake of a server, within `timeout`. The stream has to block; see [`start_accept`](Self::start_accept) for one
    /// that does not.
    ///
    /// Where it fails, the client is sent an alert, and its end of the stream is waited for, so that it can read the alert.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where the client refuses the server's certificate, sends none though it has to, or does not speak TLS;
    /// [`Error::Timeout`], [`Error::Disconnected`], [`Error::Io`].
    pub fn accept(stream: S, config: Arc<ServerConfig>, timeout: Option<Duration>) -> Result<Self, Error> {
        Self::start_accept(stream, config)?.open_within(timeout)
    }

    /// Makes the stream of a client that will talk to the server `name`, and leaves the handshake to [`advance`](Self::advance), or to
    /// the reads: a read does what is left of the handshake first.
    ///
    /// What is written before the handshake is done is kept, however much it is, and leaves once it is done.
    /// [`Client::start_handshake_tls`](crate::Client::start_handshake_tls) goes on with the opening handshake.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where the configuration cannot be used; [`Error::Io`] where the delay of small writes cannot be turned off.
    pub fn start_connect(
        stream: S,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<Self, Error> {
        Self::start(stream, ClientConnection::new(config, name)?)
    }

    /// Makes the stream of a server, and leaves the handshake to [`advance`](Self::advance), or to the reads: a read does what is
    /// left of the handshake first.
    ///
    /// What is written before the handshake is done is kept, however much it is, and leaves once it is done.
    /// [`Server::start_receive_tls`](crate::Server::start_receive_tls) goes on with the opening handshake.
    ///
    /// # Errors
    ///
    /// [`Error::Tls`] where the configuration cannot be used; [`Error::Io`] where the delay of small writes cannot be turned off.
    pub fn start_accept(stream: S, config: Arc<ServerConfig>) -> Result<Self, Error> {
        Self::start(stream, ServerConnection::new(config)?)
    }

    fn start(stream: S, connection: impl Into<Connection>) -> Result<Self, Error> {
        stream.disable_delay()?;
        Ok(Self { stream, shared: Box::new(Shared::new(connection.into())) })
    }

    /// Goes on with the handshake until it is done and all of it is written. Where the stream would block, call it again when the
    /// stream is readable, or, while [`wants_write`](Stream::wants_write), writable.
    ///
    /// Where a server's handshake fails, the client is sent an alert, as far as the stream takes it.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use std::io::{Read as _, Write as _};
    /// use std::net::{TcpListener, TcpStream};
    /// use ws_std::rustls::pki_types::ServerName;
    /// use ws_std::rustls::{ClientConfig, ServerConfig};
    /// use ws_std::{Error, TlsStream};
    ///
    /// /// Both ends of a connection on one thread.
    /// fn converse(client_tls: Arc<ClientConfig>, server_tls: Arc<ServerConfig>) -> Result<(), Error> {
    ///     let listener = TcpListener::bind("127.0.0.1:0")?;
    ///     let tcp = TcpStream::connect(listener.local_addr()?)?;
    ///     tcp.set_nonblocking(true)?;
    ///     let name = ServerName::try_from("localhost").expect("a name");
    ///     let mut client = TlsStream::start_connect(tcp, client_tls, name)?;
    ///     let tcp = listener.accept()?.0;
    ///     tcp.set_nonblocking(true)?;
    ///     let mut server = TlsStream::start_accept(tcp, server_tls)?;
    ///     let mut is_open = false;
    ///     while !is_open {
    ///         is_open = true;
    ///         for stream in [&mut client, &mut server] {
    ///             match stream.advance() {
    ///                 Ok(()) => {}
    ///                 // Here a real loop waits for epoll or the like.
    ///                 Err(error) if error.is_transient() => is_open = false,
    ///                 Err(error) => return Err(error),
    ///             }
    ///         }
    ///     }
    ///     client.get_ref().set_nonblocking(false)?;
    ///     server.write_all(b"Hello")?;
    ///     let mut bytes = [0; 5];
    ///     client.read_exact(&mut bytes)?;
    ///     assert_eq!(&bytes, b"Hello");
    ///     Ok(())
    /// }
    /// # let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    /// # let (chain, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    /// # let client_tls = ws_std::ClientTls::from_roots(chain.as_bytes())?;
    /// # let server_tls = ws_std::ServerTls::new(chain.as_bytes(), key.as_bytes())?;
    /// # converse(client_tls.into(), server_tls.build())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::WouldBlock`]; [`Error::Tls`] where the peer's certificate is not accepted, the peer does not
    /// accept ours, or does not speak TLS; [`Error::Disconnected`], [`Error::Io`].
    pub fn advance(&mut self) -> Result<(), Error> {
        let never = Deadline::after(None, self.clock());
        self.open_until(&never, Limit::default())
    }

    fn open_within(mut self, timeout: Option<Duration>) -> Result<Self, Error> {
        let deadline = Deadline::after(timeout, self.clock());
        self.open_until(&deadline, Limit::unknown())?;
        self.limit_read(None)?;
        self.limit_write(None)?;
        Ok(self)
    }

    fn open_until(&mut self, deadline: &Deadline, mut limit: Limit) -> Result<(), Error> {
        let set = |stream: &Self, time| stream.limit_read(time).and_then(|()| stream.limit_write(time));
        until(deadline, Phase::Handshake, |within| limit.run(self, within, set, Self::open))
    }

    fn open(&mut self) -> io::Result<()> {
        let mut incoming = lock(&self.shared.incoming);
        let mut wait = Wait::new(incoming.limit, self.stream.clock());
        self.shared.open(&mut self.stream, &mut incoming, &mut wait)?;
        drop(incoming);
        self.shared.flush(&mut self.stream)
    }
}

impl Shared {
    /// Does what is left of the handshake. All its reads and writes wait as long as the one read for which it is done.
    ///
    /// What the stream does not take keeps nothing from being read: the peer may have sent an alert and read nothing more.
    pub(super) fn open<S: Stream>(
        &self,
        stream: &mut S,
        incoming: &mut CiphertextIn,
        wait: &mut Wait,
    ) -> io::Result<()> {
        lock(&self.session).check()?;
        loop {
            let is_written = match self.write_in_time(stream, wait) {
                Ok(()) => true,
                Err(error) if is_wait(&error) => false,
                Err(error) => return Err(error),
            };
            let mut session = lock(&self.session);
            if !session.connection.is_handshaking() {
                session.limit_writes();
                // Until then each read writes what is left before it waits for the peer, which may be waiting for it.
                self.is_open.store(is_written, Ordering::Relaxed);
                return Ok(());
            }
            if incoming.is_ended && incoming.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let fed = session.feed(incoming);
            drop(session);
            match fed {
                Ok(true) => {}
                Ok(false) => incoming.fill(stream, wait)?,
                Err(fault) => {
                    self.leave(stream, wait);
                    return Err(fault);
                }
            }
        }
    }

    /// Writes what the handshake has to say, and looks at the time before each write.
    pub(super) fn write_in_time<S: Stream>(&self, stream: &mut S, wait: &mut Wait) -> io::Result<()> {
        loop {
            // The thread that holds the lock writes this too.
            let Some(mut outgoing) = self.try_lock_outgoing() else { return Ok(()) };
            lock(&self.session).give(&mut outgoing)?;
            if outgoing.is_empty() {
                self.drain(stream, &mut outgoing)?;
                drop(outgoing);
                // A thread that found the lock taken meanwhile has left its records to us.
                if !lock(&self.session).wants_write() {
                    return Ok(());
                }
                continue;
            }
            let limit = wait.for_write()?.filter(|limit| Some(*limit) != outgoing.limit);
            if limit.is_some() {
                stream.limit_write(limit)?;
            }
            let written = outgoing.write_once(stream);
            if limit.is_some() {
                stream.limit_write(outgoing.limit)?;
            }
            written?;
        }
    }

    /// Ends the stream of a handshake that the peer has failed, so that it can read the alert that says why.
    fn leave<S: Stream>(&self, stream: &mut S, wait: &Wait) {
        let _gone = self.shut_down(stream);
        if matches!(lock(&self.session).connection, Connection::Server(_)) {
            linger(stream, &wait.deadline);
        }
    }
}
