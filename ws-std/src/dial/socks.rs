// Read first: RFC 1928 §3, §4, §6; RFC 1929 §2.

use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use tokio_socks::io::AsyncSocket;
use tokio_socks::tcp::Socks5Stream;
use ws_core::uri::Authority;

use super::limited::{Limited, map_io_error};
use crate::error::{ClientMisuse, Error, ProxyError};
use crate::open::client::credentials::Credentials;
use crate::timeouts::Deadline;

/// Has a SOCKS5 proxy open a stream to `target`. Of the bytes that arrive, only the proxy's replies are read.
pub(super) fn open(
    stream: &TcpStream,
    target: Authority<'_>,
    credentials: Option<&Credentials>,
    deadline: Deadline,
) -> Result<(), Error> {
    let socket = Blocking(Limited::new(stream, deadline));
    let target = (target.host_name(), target.port().unwrap_or_default());
    let opened = match credentials {
        Some(Credentials { user, password }) => {
            run(Socks5Stream::connect_with_password_and_socket(socket, target, user, password))
        }
        None => run(Socks5Stream::connect_with_socket(socket, target)),
    };
    opened.map(drop).map_err(explain)
}

/// A blocking stream, as an asynchronous one that is always ready.
struct Blocking<'s>(Limited<'s>);

impl AsyncSocket for Blocking<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.read(bytes))
    }

    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.0.write(bytes))
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
        Socks::Io(error) => return map_io_error(error),
        Socks::InvalidAuthValues(_) => return ClientMisuse::Credentials.into(),
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
