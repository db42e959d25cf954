use core::fmt;
use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;

use rustls::Connection;

use super::by_ref::ByRef;
use super::ciphertext_in::Wait;
use super::lock;
use super::session::Shared;
use crate::clock::Clock;
use crate::stream::{Duplex, Stream};

/// TLS over another stream, by rustls.
///
/// [`Client::connect`](crate::Client::connect) and [`Server::receive_tls`](crate::Server::receive_tls) make one. You can also make one
/// over any stream, and pass it to [`Client::handshake`](crate::Client::handshake) or
/// [`Server::receive`](crate::Server::receive).
///
/// [`connect`](Self::connect) and [`accept`](Self::accept) do the handshake; [`start_connect`](Self::start_connect) and
/// [`start_accept`](Self::start_accept) leave it to [`advance`](Self::advance), or to the first reads.
///
/// # Non-blocking streams
///
/// The stream under it may be non-blocking, during the handshake and after it. Where it returns
/// [`WouldBlock`](io::ErrorKind::WouldBlock), no byte is lost or repeated: plaintext that a write took is encrypted and committed, and
/// leaves before anything new, with the next write or flush. At most 64 KiB wait in this way.
/// [`wants_write`](Stream::wants_write) says whether any do. A read may have decrypted more than it returned: read until it would
/// block before you wait for the socket.
///
/// # Its end
///
/// [`shutdown_write`](Stream::shutdown_write) sends a `close_notify`, then ends the sending direction of the stream under it. Where the
/// peer's direction ends without one, an attacker may have cut the connection: a read then fails with
/// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof). After a closing handshake a WebSocket takes that for the end, since nothing is
/// missing; before, it is [`Error::Disconnected`](crate::Error::Disconnected).
///
/// A fault, such as a record that does not decrypt, is reported after all data before it has been read, independent of segments.
/// Every later read and write returns it again.
pub struct TlsStream<S = TcpStream> {
    pub(super) stream: S,
    pub(super) shared: Box<Shared>,
}

impl<S> TlsStream<S> {
    /// The stream under TLS, to query its addresses and to change its settings.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Lends the connection of rustls to `ask`, for what was negotiated: the peer's certificates, the version of TLS, the protocol that
    /// ALPN chose, and at a server the name that the client asked for. Before the handshake is done, there may be none of them yet.
    /// Reads and writes of other threads wait meanwhile.
    pub fn with_connection<T>(&self, ask: impl FnOnce(&Connection) -> T) -> T {
        ask(&lock(&self.shared.session).connection)
    }

    /// The same TLS, over the same stream as another type.
    pub(in crate::stream) fn map<T>(self, map: impl FnOnce(S) -> T) -> TlsStream<T> {
        TlsStream { stream: map(self.stream), shared: self.shared }
    }
}

impl<S: Stream> Read for TlsStream<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.shared.read(&mut self.stream, bytes)
    }
}

impl Shared {
    /// Reads plaintext; what `stream` gives is decrypted.
    fn read<S: Stream>(&self, stream: &mut S, bytes: &mut [u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let mut incoming = lock(&self.incoming);
        let mut wait = Wait::new(incoming.limit, stream.clock());
        if !self.is_open() {
            self.open(stream, &mut incoming, &mut wait)?;
        }
        loop {
            let mut session = lock(&self.session);
            let decrypted = session.decrypt(&mut incoming, bytes);
            let wants_write = session.wants_write();
            drop(session);
            if wants_write {
                self.write_at_once(stream);
            }
            if let Some(len) = decrypted? {
                return Ok(len);
            }
            incoming.fill(stream, &mut wait)?;
        }
    }
}

impl<S: Stream> Write for TlsStream<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    /// As many bytes as possible share a record.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.shared.write(&mut self.stream, slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.flush(&mut self.stream)
    }
}

impl<S: Stream> Stream for TlsStream<S> {
    /// Does not wait. Where the stream under it takes no more now, the end is sent after what still waits, by the next read, write
    /// or flush.
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.shared.shut_down(&mut self.stream)
    }

    fn limit_read(&self, timeout: Option<Duration>) -> io::Result<()> {
        let mut incoming = lock(&self.shared.incoming);
        incoming.limit = timeout;
        self.stream.limit_read(timeout)
    }

    fn limit_write(&self, timeout: Option<Duration>) -> io::Result<()> {
        let mut outgoing = lock(&self.shared.outgoing);
        outgoing.limit = timeout;
        self.stream.limit_write(timeout)
    }

    fn disable_delay(&self) -> io::Result<()> {
        self.stream.disable_delay()
    }

    /// Whether records wait that the stream under it did not take, those of the handshake included. What was written before the
    /// handshake is done, and is encrypted only then, does not count.
    fn wants_write(&self) -> bool {
        self.shared.wants_write() || self.stream.wants_write()
    }

    fn clock(&self) -> Clock {
        self.stream.clock()
    }

    fn is_vectored(&self) -> bool {
        true
    }
}

/// Neither direction waits for the I/O of the other. The lock that both need is held only while up to 16 KiB are decrypted or up to
/// 64 KiB encrypted, never during I/O.
impl<S: Duplex> Duplex for TlsStream<S> {
    fn read_shared(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.shared.read(&mut ByRef::new(&self.stream), bytes)
    }

    fn write_shared(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.shared.write(&mut ByRef::new(&self.stream), slices)
    }

    fn write_now(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut stream = ByRef::now(&self.stream);
        if slices.is_empty() {
            return self.shared.flush(&mut stream).map(|()| 0);
        }
        self.shared.write(&mut stream, slices)
    }

    fn flush_shared(&self) -> io::Result<()> {
        self.shared.flush(&mut ByRef::new(&self.stream))
    }

    fn shutdown_write_shared(&self) -> io::Result<()> {
        self.shared.shut_down(&mut ByRef::new(&self.stream))
    }

    fn read_limit(&self) -> io::Result<Option<Duration>> {
        self.stream.read_limit()
    }

    fn set_blocking(&self) -> io::Result<()> {
        self.stream.set_blocking()
    }

    fn abort(&self) -> io::Result<()> {
        self.stream.abort()
    }
}

impl<S: fmt::Debug> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsStream").field("stream", &self.stream).finish_non_exhaustive()
    }
}
