//! From a host and a port to a TCP stream: addresses are tried beside each other.

// Read first: RFC 8305 §3, §4, §5.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;

use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::error::{Error, Phase};

/// Connects to a host, or to these addresses in its place, within `time`.
pub(super) async fn dial(
    host: &str,
    port: u16,
    addresses: &[SocketAddr],
    time: Option<Duration>,
) -> Result<TcpStream, Error> {
    let reached = async {
        let found: Vec<_> = match addresses {
            [] => lookup_host((host, port)).await.map_err(Error::Io)?.collect(),
            addresses => addresses.to_vec(),
        };
        race(&interleave(&found)).await
    };
    match time {
        Some(time) => timeout(time, reached).await.unwrap_or(Err(Error::Timeout(Phase::Connect))),
        None => reached.await,
    }
}

/// The addresses, with their families by turns, and each family in its order.
// RFC 8305 §4: the first family is that of the first address; after one of it comes one of the other.
fn interleave(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let mut firsts = addresses.iter().filter(|address| address.is_ipv6() == is_first_v6);
    let mut others = addresses.iter().filter(|address| address.is_ipv6() != is_first_v6);
    let mut interleaved = Vec::with_capacity(addresses.len());
    while interleaved.len() < addresses.len() {
        interleaved.extend(firsts.next());
        interleaved.extend(others.next());
    }
    interleaved
}

/// Tries the addresses in their order, each [`ATTEMPT_DELAY`] after the one before it or as soon as that one fails, and returns the
/// first connection that is made. The others are dropped.
async fn race(addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let mut waiting = addresses.iter().copied();
    let mut failures = Vec::new();
    let mut attempts = JoinSet::new();
    loop {
        let is_free = attempts.len() < ATTEMPT_COUNT_MAX;
        if let Some(address) = if is_free { waiting.next() } else { None } {
            attempts.spawn(async move { (address, TcpStream::connect(address).await) });
        }
        let is_another = attempts.len() < ATTEMPT_COUNT_MAX && waiting.len() > 0;
        let finished = if is_another {
            match timeout(ATTEMPT_DELAY, attempts.join_next()).await {
                Ok(finished) => finished,
                Err(_elapsed) => continue,
            }
        } else {
            attempts.join_next().await
        };
        match finished {
            Some(Ok((_, Ok(stream)))) => return Ok(stream),
            Some(Ok((address, Err(error)))) => failures.push((address, error)),
            Some(Err(panicked)) => return Err(Error::Io(panicked.into())),
            None => return Err(unreachable(&failures)),
        }
    }
}

/// No address answered: says what happened to each, and has the kind of the last failure.
fn unreachable(failures: &[(SocketAddr, io::Error)]) -> Error {
    let Some((_, last)) = failures.last() else {
        return Error::Io(io::Error::new(io::ErrorKind::NotFound, "the host has no address"));
    };
    let texts: Vec<_> = failures.iter().map(|(address, error)| format!("{address}: {error}")).collect();
    let error = io::Error::new(last.kind(), texts.join("; "));
    if error.kind() == io::ErrorKind::TimedOut { Error::Timeout(Phase::Connect) } else { Error::Io(error) }
}

// RFC 8305 §5: 250 milliseconds are recommended.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How many addresses are tried at a time.
const ATTEMPT_COUNT_MAX: usize = 8;
