mod client_misuse;
#[cfg(feature = "proxy")]
mod proxy;
mod refusal;
#[cfg(feature = "rustls")]
mod tls_fault;

pub use client_misuse::ClientMisuse;
#[cfg(feature = "proxy")]
pub use proxy::{ProxyError, ProxyRefusal};
pub use refusal::Refusal;
#[cfg(feature = "rustls")]
pub(crate) use tls_fault::TlsFault;

use core::fmt;
use std::io;

use ws_core::error::{Fault, Misuse, SendError};
use ws_core::handshake::{HandshakeFault, HandshakeMisuse, WriteError};
use ws_core::uri::UriError;

/// Why a connection could not be opened, or did not end as it should, or why something was not sent.
///
/// An end by a closing handshake is no error: [`read`](crate::WebSocket::read) gives `None`. All that end the connection
/// are given again by every later `read`; [`Io`](Self::Io) with [`io::ErrorKind::WouldBlock`] or
/// [`io::ErrorKind::TimedOut`] does not end it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The stream failed. With [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`] the stream is
    /// non-blocking, or its reads or writes are limited, by [`Timeouts::read`](crate::Timeouts::read) or by its owner: call
    /// again, nothing is lost.
    Io(io::Error),
    /// The peer broke the rules or exceeded a limit. It was told so by a Close with [`Fault::close_code`].
    Fault(Fault),
    /// The stream ended or was reset without a closing handshake: 1006 (RFC 6455 §7.1.5). Holds the kind of the error,
    /// where it was one.
    Disconnected(Option<io::ErrorKind>),
    /// Something took longer than [`Timeouts`](crate::Timeouts) allow.
    Timeout(Phase),
    /// Nothing was sent, since a Close was sent or received before.
    Closed,
    /// Nothing was sent, since a message was begun in parts and not finished; only a Close can be sent.
    MessageUnfinished,
    /// Nothing was sent: the message was encoded for many, and this connection is not one of them. It is a client's, or
    /// the message is compressed and nothing like that was agreed on here.
    NotAdmitted,
    /// Nothing was sent: the payload of a ping has at most 125 bytes (RFC 6455 §5.5).
    PingLen,
    /// The URL is not one of a WebSocket.
    Uri(UriError),
    /// A `wss:` URL, and no TLS to reach it: build with the feature `rustls-ring` or `rustls-aws-lc-rs`. Or connect with
    /// another TLS library, and use [`Client::handshake`](crate::Client::handshake) over its stream.
    TlsUnsupported,
    /// TLS has no provider of cryptography: build with the feature `rustls-ring` or `rustls-aws-lc-rs`, call
    /// [`CryptoProvider::install_default`](rustls::crypto::CryptoProvider::install_default) at the start of the program, or
    /// pass a provider to a constructor of [`ClientTls`](crate::ClientTls) or [`ServerTls`](crate::ServerTls).
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    NoCryptoProvider,
    /// TLS failed: the peer is not who it should be, or says the same of us, or what it sent was forged; or certificates of
    /// our own cannot be used.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    Tls(Box<rustls::Error>),
    /// The server answered with something else than a WebSocket.
    Refused(Box<Refusal>),
    /// The proxy did not open a stream to the server.
    #[cfg(feature = "proxy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
    Proxy(Box<ProxyError>),
    /// The peer's opening handshake is wrong. A client was told what; a server is only left.
    Handshake(HandshakeFault),
    /// What was to be sent in the opening handshake may not be: a header or a subprotocol of the program's own.
    HandshakeMisuse(HandshakeMisuse),
    /// What the client was told to send may not be: a cookie or credentials of the program's own.
    ClientMisuse(ClientMisuse),
    /// The operating system has no randomness to give, and without it a client must not connect (RFC 6455 §10.3).
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
    /// The pong: the peer has sent nothing after a ping.
    Pong,
    /// The next message: the connection is not used.
    Idle,
    /// The closing handshake: the peer does not answer.
    Close,
}

impl Error {
    /// Whether the stream would have to wait: it is non-blocking, or its owner limited the wait. Nothing is lost, and
    /// the same call may be made again.
    #[must_use]
    pub fn is_would_block(&self) -> bool {
        matches!(self, Self::Io(error) if is_wait(error.kind()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Fault(fault) => write!(f, "the peer is at fault: {fault}"),
            Self::Disconnected(None) => f.write_str("the connection ended without a closing handshake"),
            Self::Disconnected(Some(kind)) => {
                write!(f, "the connection was lost without a closing handshake: {kind}")
            }
            Self::Timeout(Phase::Connect) => f.write_str("the server cannot be reached in time"),
            Self::Timeout(Phase::Handshake) => f.write_str("the opening handshake took too long"),
            Self::Timeout(Phase::Write) => f.write_str("the peer does not read what is written"),
            Self::Timeout(Phase::Pong) => f.write_str("the peer does not answer pings"),
            Self::Timeout(Phase::Idle) => f.write_str("no message for too long"),
            Self::Timeout(Phase::Close) => f.write_str("the peer does not answer the closing handshake"),
            Self::Closed => f.write_str("the connection is closed or closing"),
            Self::MessageUnfinished => f.write_str("a message was begun and not finished"),
            Self::NotAdmitted => f.write_str("a message encoded for other connections than this"),
            Self::PingLen => f.write_str("the payload of a ping has at most 125 bytes"),
            Self::Uri(error) => error.fmt(f),
            Self::TlsUnsupported => f.write_str("wss: needs TLS: build ws-std with its feature `rustls-ring`"),
            #[cfg(feature = "rustls")]
            Self::NoCryptoProvider => f.write_str(
                "TLS has no crypto provider: build ws-std with its feature `rustls-ring`, or install or pass a provider",
            ),
            #[cfg(feature = "rustls")]
            Self::Tls(error) => write!(f, "TLS failed: {error}"),
            Self::Refused(refusal) => refusal.fmt(f),
            #[cfg(feature = "proxy")]
            Self::Proxy(error) => error.fmt(f),
            Self::Handshake(fault) => write!(f, "the opening handshake failed: {fault}"),
            Self::HandshakeMisuse(misuse) => write!(f, "the opening handshake cannot be written: {misuse}"),
            Self::ClientMisuse(misuse) => write!(f, "the opening handshake cannot be written: {misuse}"),
            Self::Entropy => f.write_str("the operating system has no randomness for masking keys"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Fault(fault) => Some(fault),
            Self::Uri(error) => Some(error),
            Self::Handshake(fault) => Some(fault),
            Self::HandshakeMisuse(misuse) => Some(misuse),
            Self::ClientMisuse(misuse) => Some(misuse),
            #[cfg(feature = "proxy")]
            Self::Proxy(error) => Some(error.as_ref()),
            #[cfg(feature = "rustls")]
            Self::Tls(error) => Some(error),
            #[cfg(feature = "rustls")]
            Self::NoCryptoProvider => None,
            Self::Disconnected(_)
            | Self::Timeout(_)
            | Self::Closed
            | Self::MessageUnfinished
            | Self::NotAdmitted
            | Self::PingLen
            | Self::TlsUnsupported
            | Self::Refused(_)
            | Self::Entropy => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        #[cfg(feature = "rustls")]
        let error = match error.downcast::<TlsFault>() {
            Ok(fault) => return fault.0.into(),
            Err(error) => error,
        };
        Self::Io(error)
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

impl From<ClientMisuse> for Error {
    fn from(misuse: ClientMisuse) -> Self {
        Self::ClientMisuse(misuse)
    }
}

#[cfg(feature = "proxy")]
#[cfg_attr(docsrs, doc(cfg(feature = "proxy")))]
impl From<ProxyError> for Error {
    fn from(error: ProxyError) -> Self {
        Self::Proxy(Box::new(error))
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
            SendError::Full => Self::Io(io::ErrorKind::WouldBlock.into()),
            // What is new in a later version is not asked for here.
            SendError::OutOfMemory | _ => Self::Io(io::ErrorKind::OutOfMemory.into()),
        }
    }
}

impl From<io::ErrorKind> for Error {
    fn from(kind: io::ErrorKind) -> Self {
        Self::Io(kind.into())
    }
}

impl From<Error> for io::Error {
    /// The error of the stream where it is one, and one that holds `error` otherwise.
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Io(_) => None,
            Error::Disconnected(kind) => Some(kind.unwrap_or(io::ErrorKind::UnexpectedEof)),
            Error::Timeout(_) => Some(io::ErrorKind::TimedOut),
            Error::Closed => Some(io::ErrorKind::NotConnected),
            Error::Fault(_) | Error::Handshake(_) => Some(io::ErrorKind::InvalidData),
            #[cfg(feature = "rustls")]
            Error::Tls(_) => Some(io::ErrorKind::InvalidData),
            Error::MessageUnfinished
            | Error::NotAdmitted
            | Error::PingLen
            | Error::Uri(_)
            | Error::HandshakeMisuse(_)
            | Error::ClientMisuse(_) => Some(io::ErrorKind::InvalidInput),
            Error::TlsUnsupported => Some(io::ErrorKind::Unsupported),
            #[cfg(feature = "rustls")]
            Error::NoCryptoProvider => Some(io::ErrorKind::Unsupported),
            #[cfg(feature = "proxy")]
            Error::Proxy(_) => Some(io::ErrorKind::ConnectionRefused),
            Error::Refused(_) => Some(io::ErrorKind::ConnectionRefused),
            Error::Entropy => Some(io::ErrorKind::Other),
        };
        match (kind, error) {
            (None, Error::Io(error)) => error,
            (kind, error) => Self::new(kind.unwrap_or(io::ErrorKind::Other), error),
        }
    }
}

/// Whether the stream only asks for patience.
pub(crate) fn is_wait(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
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
