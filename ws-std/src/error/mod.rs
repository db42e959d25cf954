#[cfg(feature = "proxy")]
mod proxy;
mod reconnect;
#[cfg(feature = "rustls")]
mod tls_fault;
mod unsent;

#[cfg(feature = "proxy")]
pub use proxy::{ProxyError, ProxyUrlError};
#[cfg(feature = "rustls")]
pub(crate) use tls_fault::TlsFault;
pub use unsent::Unsent;

use core::fmt;
use std::io;

use ws_core::connection::CloseStatus;
use ws_core::error::{Fault, Misuse, SendError};
use ws_core::handshake::{HandshakeFault, HandshakeMisuse, Refusal, WriteError};
use ws_core::uri::UriError;

/// Why a connection could not be opened, why it ended without a closing handshake, or why something was not sent or received now.
///
/// An end by a closing handshake is not an error: [`read`](crate::WebSocket::read) returns `None`. An error that ended the
/// connection is returned again by every later `read`.
///
/// [`is_transient`](Self::is_transient) tells the errors after which you make the same call again,
/// [`should_reconnect`](Self::should_reconnect) those after which a client should connect again. What else to do is said at each
/// variant.
///
/// The text of an error contains the text of the error that caused it, and [`source`](core::error::Error::source) returns what
/// caused that, so that a chain of errors says nothing twice.
///
/// ```
/// use ws_std::{AnyStream, Config, Error, Role, WebSocket};
///
/// // A client that does not mask its text "Hello".
/// # struct Peer(&'static [u8]);
/// # impl std::io::Read for Peer {
/// #     fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> { self.0.read(bytes) }
/// # }
/// # impl std::io::Write for Peer {
/// #     fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> { Ok(bytes.len()) }
/// #     fn flush(&mut self) -> std::io::Result<()> { Ok(()) }
/// # }
/// # let stream = AnyStream(Peer(b"\x81\x05Hello"));
/// let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"")?;
/// match socket.read() {
///     Ok(message) => println!("{message:?}"),
///     Err(error) if error.is_transient() => println!("nothing yet"),
///     Err(Error::Fault(fault)) => println!("the client was sent {}", fault.close_code()),
///     Err(error) => return Err(error),
/// }
/// # Ok::<(), ws_std::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The stream does not block and is not ready, or a timeout that you have set on the stream itself is over. Or a queue is full: a
    /// send that does not wait has taken nothing. The connection goes on, and nothing is lost: wait for the stream to be ready, and
    /// make the same call again.
    WouldBlock,
    /// Nothing was received within [`Timeouts::read`](crate::Timeouts::read). The connection goes on, and nothing is lost: do what else
    /// there is to do, and read again.
    ReadTimeout,
    /// The stream failed, or there is no memory. The connection has ended.
    Io(io::Error),
    /// The peer broke the rules of RFC 6455 or exceeded a limit. It was sent a Close with [`Fault::close_code`]. Where a limit is too low
    /// for what you expect, raise it ([`Limits`](crate::Limits)); all else is for the authors of the peer to mend.
    Fault(Fault),
    /// The stream ended or was reset without a closing handshake, or the way to the peer is gone: 1006 (RFC 6455 §7.1.5). Holds the
    /// kind of the stream's error, or `None` where it just ended. What was sent last may not have arrived. A client connects again.
    Disconnected(Option<io::ErrorKind>),
    /// A phase took longer than [`Timeouts`](crate::Timeouts) allow: the peer, or the way to it, is gone or too slow. A client connects
    /// again.
    Timeout(Phase),
    /// The peer closed a [`ByteStream`](crate::ByteStream) that is not complete: the code of its Close is neither 1000 nor absent
    /// (RFC 6455 §7.4.1), or the Close came within a message. What was read is only the beginning.
    Incomplete(CloseStatus),
    /// The peer sent to a [`ByteStream`](crate::ByteStream) what is not binary. It was sent a Close with 1003 (RFC 6455 §7.4.1).
    NotBinary,
    /// Nothing was sent, since a Close was sent or received before it (RFC 6455 §5.5.1). Read to the end: that returns how the
    /// connection ended.
    Closed,
    /// Nothing was sent, since a message was begun in parts and not finished (RFC 6455 §5.4). Finish it with its
    /// [`MessageWriter`](crate::MessageWriter); where that was dropped, only a Close can be sent.
    MessageUnfinished,
    /// Nothing was sent, since this connection cannot take the pre-encoded message: it is a client's, or the message is
    /// compressed and that compression was not negotiated. Send the message itself.
    NotAdmitted,
    /// Nothing was sent, since the payload of the ping is longer than 125 bytes (RFC 6455 §5.5).
    PingLen,
    /// The URL is not a `ws:` or `wss:` URL (RFC 6455 §3). Its text says what is wrong with it.
    Uri(UriError),
    /// The URL is a `wss:` URL, and this build has no TLS: build with the feature `rustls-ring` or `rustls-aws-lc-rs`. Or connect
    /// with another TLS library, and use [`Client::handshake`](crate::Client::handshake) over its stream.
    TlsUnsupported,
    /// TLS has no provider of cryptography: build with the feature `rustls-ring` or `rustls-aws-lc-rs`, call
    /// [`CryptoProvider::install_default`](rustls::crypto::CryptoProvider::install_default) at the start of the program, or
    /// pass a provider to a constructor of [`ClientTls`](crate::ClientTls) or [`ServerTls`](crate::ServerTls).
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    NoCryptoProvider,
    /// TLS failed: the peer's certificate was not accepted, the peer did not accept ours, a record was forged or malformed, or our
    /// own certificates cannot be used. For a server with a certificate of a private authority, set that by
    /// [`ClientTls::from_roots`](crate::ClientTls::from_roots).
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    Tls(Box<rustls::Error>),
    /// The server answered with a status other than 101: it opened no WebSocket. Its status, headers and body say why: 401 asks for
    /// credentials, 3xx names another URL.
    Refused(Box<Refusal>),
    /// The proxy did not open a stream to the server: its rules, its credentials, or its configuration here.
    #[cfg(feature = "proxy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
    Proxy(Box<ProxyError>),
    /// The URL is not that of a proxy. Its text says what is wrong with it.
    #[cfg(feature = "proxy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
    ProxyUrl(ProxyUrlError),
    /// The peer's opening handshake is wrong: it does not speak this protocol. A client has been sent an HTTP error; the connection to a
    /// server is dropped.
    Handshake(HandshakeFault),
    /// A header, a cookie, credentials, a subprotocol or a status that the program set must not be sent in an opening handshake. Its
    /// text says which rule it breaks.
    HandshakeMisuse(HandshakeMisuse),
    /// The operating system returned no random bytes, without which a client must not connect (RFC 6455 §10.3).
    Entropy,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Looking up a host, connecting to one of its addresses, and passing a proxy.
    Connect,
    /// The opening handshake.
    Handshake,
    /// A write: the peer does not read.
    Write,
    /// The answer to a ping: the peer has sent nothing after it.
    Pong,
    /// The next message: the connection carried none.
    Idle,
    /// The closing handshake: the peer does not answer.
    Close,
}

impl Error {
    /// Whether the connection goes on, and you may make the same call again: [`WouldBlock`](Self::WouldBlock) and
    /// [`ReadTimeout`](Self::ReadTimeout). Nothing is lost. All other errors of a call that reads have ended the connection.
    ///
    /// ```
    /// assert!(ws_std::Error::ReadTimeout.is_transient());
    /// assert!(!ws_std::Error::Disconnected(None).is_transient());
    /// ```
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::WouldBlock | Self::ReadTimeout)
    }

    /// What is said of the error, and the error within it, whose text follows.
    fn parts(&self) -> (&'static str, Option<&(dyn core::error::Error + 'static)>) {
        match self {
            Self::WouldBlock => ("the stream is not ready", None),
            Self::ReadTimeout => ("nothing was received in time", None),
            Self::Io(error) => ("", Some(error)),
            Self::Fault(fault) => ("the peer is at fault: ", Some(fault)),
            Self::Disconnected(None) => ("the connection ended without a closing handshake", None),
            Self::Disconnected(Some(_)) => ("the connection was lost without a closing handshake: ", None),
            Self::Timeout(phase) => (phase.text(), None),
            Self::Incomplete(_) => ("the peer closed before the stream of bytes was complete: ", None),
            Self::NotBinary => ("the peer sent other than binary messages to a stream of bytes", None),
            Self::Closed => ("the connection is closed or closing", None),
            Self::MessageUnfinished => ("a message was begun and not finished", None),
            Self::NotAdmitted => ("a message encoded for other connections than this", None),
            Self::PingLen => ("the payload of a ping has at most 125 bytes", None),
            Self::Uri(error) => ("", Some(error)),
            Self::TlsUnsupported => ("wss: needs TLS: build ws-std with its feature `rustls-ring`", None),
            #[cfg(feature = "rustls")]
            Self::NoCryptoProvider => (
                "TLS has no crypto provider: build ws-std with its feature `rustls-ring`, or install or pass a provider",
                None,
            ),
            #[cfg(feature = "rustls")]
            Self::Tls(error) => ("TLS failed: ", Some(error)),
            Self::Refused(_) => ("", None),
            #[cfg(feature = "proxy")]
            Self::Proxy(error) => ("", Some(error.as_ref())),
            #[cfg(feature = "proxy")]
            Self::ProxyUrl(error) => ("", Some(error)),
            Self::Handshake(fault) => ("the opening handshake failed: ", Some(fault)),
            Self::HandshakeMisuse(misuse) => ("the opening handshake cannot be written: ", Some(misuse)),
            Self::Entropy => ("the operating system has no randomness for masking keys", None),
        }
    }
}

impl Phase {
    /// What it means that the phase took too long.
    const fn text(self) -> &'static str {
        match self {
            Self::Connect => "the server cannot be reached in time",
            Self::Handshake => "the opening handshake took too long",
            Self::Write => "the peer does not read what is written",
            Self::Pong => "the peer does not answer pings",
            Self::Idle => "no message for too long",
            Self::Close => "the peer does not answer the closing handshake",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, source) = self.parts();
        f.write_str(text)?;
        match (self, source) {
            (_, Some(source)) => write!(f, "{source}"),
            (Self::Disconnected(Some(kind)), None) => write!(f, "{kind}"),
            (Self::Incomplete(status), None) => write!(f, "{}", status.get()),
            (Self::Refused(refusal), None) => write!(f, "{refusal}"),
            (_, None) => Ok(()),
        }
    }
}

impl core::error::Error for Error {
    /// What caused the error within this one, whose text is part of this one's.
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.parts().1?.source()
    }
}

impl From<io::Error> for Error {
    /// Returns the [`Error`] that `error` holds, where it holds one, as the errors of a [`ByteStream`](crate::ByteStream) do.
    fn from(error: io::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(held) => return held,
            Err(error) => error,
        };
        #[cfg(feature = "rustls")]
        let error = match error.downcast::<TlsFault>() {
            Ok(fault) => return fault.0.into(),
            Err(error) => error,
        };
        if is_wait(&error) { Self::WouldBlock } else { Self::Io(error) }
    }
}

#[cfg(feature = "rustls")]
#[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
impl From<rustls::Error> for Error {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(Box::new(error))
    }
}

impl From<UriError> for Error {
    fn from(error: UriError) -> Self {
        Self::Uri(error)
    }
}

impl From<HandshakeMisuse> for Error {
    fn from(misuse: HandshakeMisuse) -> Self {
        Self::HandshakeMisuse(misuse)
    }
}

#[cfg(feature = "proxy")]
#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
impl From<ProxyError> for Error {
    fn from(error: ProxyError) -> Self {
        Self::Proxy(Box::new(error))
    }
}

#[cfg(feature = "proxy")]
#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
impl From<ProxyUrlError> for Error {
    fn from(error: ProxyUrlError) -> Self {
        Self::ProxyUrl(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Misuse(misuse) => Self::HandshakeMisuse(misuse),
            // The room that a head takes was made before, and what is new in a later version is not asked for here.
            WriteError::BufferTooSmall { .. } | _ => Self::Io(io::ErrorKind::OutOfMemory.into()),
        }
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Closed => Self::Closed,
            SendError::NoMaskKey => Self::Entropy,
            SendError::Misuse(Misuse::NotNegotiated | Misuse::Unmasked) => Self::NotAdmitted,
            SendError::Busy | SendError::Misuse(_) => Self::MessageUnfinished,
            SendError::Full => Self::WouldBlock,
            // What is new in a later version is not asked for here.
            SendError::OutOfMemory | _ => Self::Io(io::ErrorKind::OutOfMemory.into()),
        }
    }
}

impl From<io::ErrorKind> for Error {
    fn from(kind: io::ErrorKind) -> Self {
        io::Error::from(kind).into()
    }
}

impl From<Error> for io::Error {
    /// Returns the error of the stream itself where `error` is one, and otherwise an [`io::Error`] that holds `error`.
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Io(error) => error.kind(),
            Error::WouldBlock => return io::ErrorKind::WouldBlock.into(),
            Error::ReadTimeout => return io::ErrorKind::TimedOut.into(),
            Error::Disconnected(kind) => kind.unwrap_or(io::ErrorKind::UnexpectedEof),
            Error::Timeout(_) => io::ErrorKind::TimedOut,
            Error::Incomplete(_) => io::ErrorKind::ConnectionAborted,
            Error::Closed => io::ErrorKind::NotConnected,
            Error::NotBinary | Error::Fault(_) | Error::Handshake(_) => io::ErrorKind::InvalidData,
            #[cfg(feature = "rustls")]
            Error::Tls(_) => io::ErrorKind::InvalidData,
            #[cfg(feature = "proxy")]
            Error::ProxyUrl(_) => io::ErrorKind::InvalidInput,
            Error::MessageUnfinished
            | Error::NotAdmitted
            | Error::PingLen
            | Error::Uri(_)
            | Error::HandshakeMisuse(_) => io::ErrorKind::InvalidInput,
            Error::TlsUnsupported => io::ErrorKind::Unsupported,
            #[cfg(feature = "rustls")]
            Error::NoCryptoProvider => io::ErrorKind::Unsupported,
            #[cfg(feature = "proxy")]
            Error::Proxy(_) => io::ErrorKind::ConnectionRefused,
            Error::Refused(_) => io::ErrorKind::ConnectionRefused,
            Error::Entropy => io::ErrorKind::Other,
        };
        if let Error::Io(error) = error { error } else { Self::new(kind, error) }
    }
}

/// Whether the error says that the stream would have to wait.
///
/// The limit of a socket that has passed is `EAGAIN` on Unix. `ETIMEDOUT` is another thing there: TCP has given up the connection. Windows
/// has one code for both.
pub(crate) fn is_wait(error: &io::Error) -> bool {
    let is_limit = || cfg!(windows) || error.raw_os_error().is_none();
    error.kind() == io::ErrorKind::WouldBlock || error.kind() == io::ErrorKind::TimedOut && is_limit()
}

/// Whether the peer, or the way to it, is gone.
pub(crate) fn is_gone(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
    )
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn an_error_has_at_most_32_bytes() {
        assert!(size_of::<Error>() <= 32, "{}", size_of::<Error>());
    }
}
