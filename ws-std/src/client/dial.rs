use core::time::Duration;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};

use ws_core::uri::Uri;

use crate::Error;
use crate::error::Phase;

/// Connects to the first address of the host that answers.
pub(super) fn dial(uri: &Uri<'_>, timeout: Option<Duration>) -> Result<TcpStream, Error> {
    let mut failure = Error::Io(io::Error::new(io::ErrorKind::NotFound, "the host has no address"));
    for address in (uri.authority().host_name(), uri.port()).to_socket_addrs()? {
        let connected = match timeout {
            Some(timeout) => TcpStream::connect_timeout(&address, timeout),
            None => TcpStream::connect(address),
        };
        failure = match connected {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Error::Timeout(Phase::Connect),
            Err(error) => error.into(),
        };
    }
    Err(failure)
}
