// Read first: RFC 1928 §3, §4, §6; RFC 1929 §2.

use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::io;
use std::net::TcpStream;

use tokio_socks::io::AsyncSocket;
use tokio_socks::tcp::Socks5Stream;
use ws_core::handshake::{Credentials, HandshakeMisuse};
use ws_core::uri::Authority;

use crate::error::{Error, ProxyError, is_gone};
use crate::open::handshake_stream::HandshakeStream;

/// Has a SOCKS5 proxy open a stream to `target`. Of the bytes that arrive, only the proxy's replies are read.
pub(super) fn open(
    stream: &mut HandshakeStream<TcpStream>,
    target: Authority<'_>,
    credentials: Option<&Credentials>,
) -> Result<(), Error> {
    let socket = Blocking(stream);
    let target = (target.host_name(), target.port().unwrap_or_default());
    let opened = match credentials {
        Some(credentials) => {
            let (user, password) = (credentials.user(), credentials.password());
            run(Socks5Stream::connect_with_password_and_socket(socket, target, user, password))
        }
        None => run(Socks5Stream::connect_with_socket(socket, target)),
    };
    opened.map(drop).map_err(explain)
}

/// A blocking stream, as an asynchronous one that is always ready.
struct Blocking<'s>(&'s mut HandshakeStream<TcpStream>);

impl AsyncSocket for Blocking<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.read(bytes).map_err(io::Error::from))
    }

    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write(bytes).map(|()| bytes.len()).map_err(io::Error::from))
    }
}

/// Runs a future that is ready at its first poll, since all that it waits for is always ready.
fn run<T>(future: impl Future<Output = Result<T, tokio_socks::Error>>) -> Result<T, tokio_socks::Error> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::Error::from(io::ErrorKind::Other).into()),
    }
}

fn explain(error: tokio_socks::Error) -> Error {
    use tokio_socks::Error as Socks;
    let reply = match error {
        Socks::Io(error) if is_gone(error.kind()) => return ProxyError::Ended.into(),
        Socks::Io(error) => return error.downcast().unwrap_or_else(Error::from),
        Socks::InvalidAuthValues(_) => return HandshakeMisuse::Credentials.into(),
        Socks::InvalidTargetAddress(_) => return ProxyError::HostLen.into(),
        Socks::NoAcceptableAuthMethods | Socks::PasswordAuthFailure(_) | Socks::AuthorizationRequired => {
            return ProxyError::Unauthorized.into();
        }
        // RFC 1928 §6: the replies by their numbers.
        Socks::GeneralSocksServerFailure => 1,
        Socks::ConnectionNotAllowedByRuleset => 2,
        Socks::NetworkUnreachable => 3,
        Socks::HostUnreachable => 4,
        Socks::ConnectionRefused => 5,
        Socks::TtlExpired => 6,
        Socks::CommandNotSupported => 7,
        Socks::AddressTypeNotSupported => 8,
        Socks::ParseError(_)
        | Socks::ProxyServerUnreachable
        | Socks::InvalidResponseVersion
        | Socks::UnknownAuthMethod
        | Socks::UnknownError
        | Socks::InvalidReservedByte
        | Socks::UnknownAddressType
        | Socks::IdentdAuthFailure
        | Socks::InvalidUserIdAuthFailure => return ProxyError::Answer.into(),
    };
    ProxyError::Reply(reply).into()
}
