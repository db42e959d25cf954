mod reconnect;
mod unsent;

pub use unsent::Unsent;

use core::fmt;
use std::io;

#[cfg(feature = "rustls")]
use tokio_rustls::rustls;
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
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ws_tokio::Error> {
/// use ws_tokio::{Config, Error, Role, WebSocket};
///
/// let (stream, _peer) = tokio::io::duplex(64);
/// // A client that does not mask its text "Hello".
/// let mut socket = WebSocket::after_handshake(stream, Role::Server, Config::new(), b"\x81\x05Hello")?;
/// # drop(_peer);
/// match socket.receive().await {
///     Ok(message) => println!("{message:?}"),
///     Err(error) if error.is_transient() => println!("nothing yet"),
///     Err(Error::Fault(fault)) => println!("the client was sent {}", fault.close_code()),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was sent, since 16 KiB or more wait to be written: a [`Sink`](futures_sink::Sink) was given a message without
    /// `poll_ready`. The methods of this crate wait instead.
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
    /// Nothing was sent, since a message was begun in parts and not finished (RFC 6455 §5.4). Send its last
    /// part by [`send_part`](crate::Writer::send_part); until then only parts, pings and a Close can be sent.
    MessageUnfinished,
    /// Nothing was sent, since this connection cannot take the pre-encoded message: it is a client's, or the message is
    /// compressed and that compression was not negotiated. Send the message itself.
    NotAdmitted,
    /// Nothing was sent, since the payload of the ping is longer than 125 bytes (RFC 6455 §5.5).
    PingLen,
    /// The URL is not a `ws:` or `wss:` URL (RFC 6455 §3). Its text says what is wrong with it.
    Uri(UriError),
    /// The URL is a `wss:` URL, and this build has no TLS: build with the feature `rustls`. Or connect
    /// with another TLS library, and use [`Client::handshake`](crate::Client::handshake) over its stream.
    TlsUnsupported,
    /// TLS has no provider of cryptography: depend on `rustls` with its feature `ring` or `aws_lc_rs`, and call
    /// [`CryptoProvider::install_default`](tokio_rustls::rustls::crypto::CryptoProvider::install_default) at the start of the program, or
    /// set a configuration by [`Client::with_tls`](crate::Client::with_tls).
    #[cfg(feature = "rustls")]
    NoCryptoProvider,
    /// TLS failed: the peer's certificate was not accepted, the peer did not accept ours, a record was forged or malformed, or our
    /// own certificates cannot be used. For a server with a certificate of a private authority, set that by
    /// [`Client::with_tls`](crate::Client::with_tls).
    #[cfg(feature = "rustls")]
    Tls(Box<rustls::Error>),
    /// The server answered with a status other than 101: it opened no WebSocket. Its status, headers and body say why: 401 asks for
    /// credentials, 3xx names another URL.
    Refused(Box<Refusal>),
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
    /// Looking up a host, and connecting to one of its addresses.
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
    /// assert!(ws_tokio::Error::ReadTimeout.is_transient());
    /// assert!(!ws_tokio::Error::Disconnected(None).is_transient());
    /// ```
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::WouldBlock | Self::ReadTimeout)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the server cannot be reached in time",
            Self::Handshake => "the opening handshake took too long",
            Self::Write => "the peer does not read what is written",
            Self::Pong => "the peer does not answer pings",
            Self::Idle => "no message for too long",
            Self::Close => "the peer does not answer the closing handshake",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WouldBlock => f.write_str("16 KiB or more wait to be written"),
            Self::ReadTimeout => f.write_str("nothing was received in time"),
            Self::Io(error) => error.fmt(f),
            Self::Fault(fault) => write!(f, "the peer is at fault: {fault}"),
            Self::Disconnected(None) => f.write_str("the connection ended without a closing handshake"),
            Self::Disconnected(Some(kind)) => {
                write!(f, "the connection was lost without a closing handshake: {kind}")
            }
            Self::Timeout(phase) => phase.fmt(f),
            Self::Incomplete(status) => {
                write!(f, "the peer closed before the stream of bytes was complete: {}", status.get())
            }
            Self::NotBinary => f.write_str("the peer sent other than binary messages to a stream of bytes"),
            Self::Closed => f.write_str("the connection is closed or closing"),
            Self::MessageUnfinished => f.write_str("a message was begun and not finished"),
            Self::NotAdmitted => f.write_str("a message encoded for other connections than this"),
            Self::PingLen => f.write_str("the payload of a ping has at most 125 bytes"),
            Self::Uri(error) => error.fmt(f),
            Self::TlsUnsupported => f.write_str("wss: needs TLS: build ws-tokio with its feature `rustls`"),
            #[cfg(feature = "rustls")]
            Self::NoCryptoProvider => f.write_str(
                "TLS has no crypto provider: install one as the default of the process, or set a configuration of TLS",
            ),
            #[cfg(feature = "rustls")]
            Self::Tls(error) => write!(f, "TLS failed: {error}"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Handshake(fault) => write!(f, "the opening handshake failed: {fault}"),
            Self::HandshakeMisuse(misuse) => write!(f, "the opening handshake cannot be written: {misuse}"),
            Self::Entropy => f.write_str("the operating system has no randomness for masking keys"),
        }
    }
}

impl core::error::Error for Error {
    /// What caused the error within this one, whose text is part of this one's.
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => error.source(),
            #[cfg(feature = "rustls")]
            Self::Tls(error) => error.source(),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    /// Returns the [`Error`] that `error` holds, where it holds one, as the errors of a [`ByteStream`](crate::ByteStream) do, or
    /// `Error::Tls` where it holds an error of rustls.
    fn from(error: io::Error) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(held) => return held,
            Err(error) => error,
        };
        #[cfg(feature = "rustls")]
        let error = match error.downcast::<rustls::Error>() {
            Ok(error) => return error.into(),
            Err(error) => error,
        };
        Self::Io(error)
    }
}

#[cfg(feature = "rustls")]
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
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Io(_) => io::ErrorKind::Other,
            Error::WouldBlock => return io::ErrorKind::WouldBlock.into(),
            Error::ReadTimeout => return io::ErrorKind::TimedOut.into(),
            Error::Disconnected(kind) => kind.unwrap_or(io::ErrorKind::UnexpectedEof),
            Error::Timeout(_) => io::ErrorKind::TimedOut,
            Error::Incomplete(_) => io::ErrorKind::ConnectionAborted,
            Error::Closed => io::ErrorKind::NotConnected,
            Error::NotBinary | Error::Fault(_) | Error::Handshake(_) => io::ErrorKind::InvalidData,
            #[cfg(feature = "rustls")]
            Error::Tls(_) => io::ErrorKind::InvalidData,
            #[cfg(feature = "rustls")]
            Error::NoCryptoProvider => io::ErrorKind::Unsupported,
            Error::TlsUnsupported => io::ErrorKind::Unsupported,
            Error::Refused(_) => io::ErrorKind::ConnectionRefused,
            Error::Entropy => io::ErrorKind::Other,
            Error::MessageUnfinished
            | Error::NotAdmitted
            | Error::PingLen
            | Error::Uri(_)
            | Error::HandshakeMisuse(_) => io::ErrorKind::InvalidInput,
        };
        if let Error::Io(error) = error { error } else { Self::new(kind, error) }
    }
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
