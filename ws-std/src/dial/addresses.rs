// Read first: RFC 8305 §3, §4, §5.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use crate::deadline::Deadline;
use crate::error::{Error, Phase};

/// Connects to a host: looks up its addresses, tries them, and returns the stream to the first that answers.
pub(super) fn dial(host: &str, port: u16, deadline: &Deadline) -> Result<TcpStream, Error> {
    dial_addresses(&resolve(host, port, deadline)?, deadline)
}

/// Connects to the first of these addresses that answers.
pub(super) fn dial_addresses(addresses: &[SocketAddr], deadline: &Deadline) -> Result<TcpStream, Error> {
    race(&interleave(addresses), deadline, connect)
}

/// The addresses of a host, in the order in which the operating system prefers them.
fn resolve(host: &str, port: u16, deadline: &Deadline) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let Some(remaining) = deadline.remaining_for(Phase::Connect)? else {
        return Ok((host, port).to_socket_addrs().map_err(failed)?.collect());
    };
    // The operating system's look-up has no timeout. A thread waits for it, and may outlive this call.
    let (report, reported) = mpsc::channel();
    let host = host.to_owned();
    let look_up = move || {
        let addresses = (host.as_str(), port).to_socket_addrs().map(Vec::from_iter);
        let _nobody_waits = report.send(addresses);
    };
    let _detached = thread::Builder::new().name("ws-std lookup".to_owned()).spawn(look_up).map_err(failed)?;
    match reported.recv_timeout(remaining) {
        Ok(addresses) => addresses.map_err(failed),
        Err(RecvTimeoutError::Timeout) => Err(TIMEOUT),
        Err(RecvTimeoutError::Disconnected) => Err(io::ErrorKind::Other.into()),
    }
}

fn connect(address: SocketAddr, timeout: Option<Duration>) -> io::Result<TcpStream> {
    match timeout {
        Some(timeout) => TcpStream::connect_timeout(&address, timeout),
        None => TcpStream::connect(address),
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
/// first connection that is made. The threads of the others end with their attempts, at the deadline at the latest, and drop
/// their connections.
fn race<T: Send + 'static>(
    addresses: &[SocketAddr],
    deadline: &Deadline,
    connect: impl Fn(SocketAddr, Option<Duration>) -> io::Result<T> + Clone + Send + 'static,
) -> Result<T, Error> {
    let mut waiting = addresses.iter().copied();
    let mut failures = Vec::new();
    if let [address] = addresses {
        let remaining = deadline.remaining_for(Phase::Connect)?;
        return connect(*address, remaining).map_err(|error| unreachable(&[(*address, error)]));
    }
    let (report, reported) = mpsc::channel();
    let mut pending_count = 0_usize;
    loop {
        let remaining = deadline.remaining_for(Phase::Connect)?;
        let next = if pending_count < ATTEMPT_COUNT_MAX { waiting.next() } else { None };
        if let Some(address) = next {
            let (report, connect) = (report.clone(), connect.clone());
            let attempt = move || {
                // Where the receiver is gone, the connection is dropped with the report of it.
                let _nobody_waits = report.send((address, connect(address, remaining)));
            };
            match thread::Builder::new().name("ws-std connect".to_owned()).spawn(attempt) {
                Ok(_detached) => pending_count = pending_count.saturating_add(1),
                Err(error) => {
                    failures.push((address, error));
                    continue;
                }
            }
        }
        if pending_count == 0 {
            return Err(unreachable(&failures));
        }
        let is_another = pending_count < ATTEMPT_COUNT_MAX && waiting.len() > 0;
        let patience = if is_another { ATTEMPT_DELAY } else { Duration::MAX };
        let patience = remaining.map_or(patience, |remaining| remaining.min(patience));
        match reported.recv_timeout(patience) {
            Ok((_, Ok(connection))) => return Ok(connection),
            Ok((address, Err(error))) => {
                pending_count = pending_count.saturating_sub(1);
                failures.push((address, error));
            }
            Err(_patience_ended) => {}
        }
    }
}

/// No address answered: says what happened to each, and has the kind of the last failure.
fn unreachable(failures: &[(SocketAddr, io::Error)]) -> Error {
    let Some((_, last)) = failures.last() else {
        return io::Error::new(io::ErrorKind::NotFound, "the host has no address").into();
    };
    let texts: Vec<_> = failures.iter().map(|(address, error)| format!("{address}: {error}")).collect();
    failed(io::Error::new(last.kind(), texts.join("; ")))
}

/// Why there is no connection. It never means that a stream would block: where a thread cannot be started, or a look-up fails, an
/// error may have that kind too.
fn failed(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::TimedOut { TIMEOUT } else { Error::Io(error) }
}

const TIMEOUT: Error = Error::Timeout(Phase::Connect);

/// How long one address is tried before the next is tried too.
// RFC 8305 §5: 250 milliseconds are recommended.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// How many addresses are tried at a time, each by a thread.
const ATTEMPT_COUNT_MAX: usize = 8;

#[cfg(test)]
mod tests {
    use super::{ATTEMPT_COUNT_MAX, Deadline, TIMEOUT, connect, dial, failed, interleave, race};
    use crate::clock::Clock;
    use crate::error::{Error, Phase};
    use alloc::sync::Arc;
    use core::net::SocketAddr;
    use core::sync::atomic::{AtomicUsize, Ordering};
    use core::time::Duration;
    use std::io;
    use std::net::TcpListener;
    use std::thread;
    use std::time::Instant;

    const LONG: Duration = Duration::from_secs(5);

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn within(time: Duration) -> Deadline {
        Deadline::after(Some(time), Clock::SYSTEM)
    }

    /// Port 1 refuses, port 2 swallows what comes, port 3 answers, port 4 answers late.
    fn connect_by_port(address: SocketAddr, timeout: Option<Duration>) -> io::Result<u16> {
        match address.port() {
            1 => return Err(io::ErrorKind::ConnectionRefused.into()),
            2 => {
                thread::sleep(timeout.unwrap_or(LONG));
                return Err(io::ErrorKind::TimedOut.into());
            }
            3 => {}
            _ => thread::sleep(Duration::from_millis(500)),
        }
        Ok(address.port())
    }

    #[test]
    fn s4_families_take_turns_beginning_with_that_of_the_first() {
        let given = addresses(&["[::1]:1", "[::1]:2", "[::1]:3", "1.1.1.1:1", "1.1.1.1:2"]);
        let expected = addresses(&["[::1]:1", "1.1.1.1:1", "[::1]:2", "1.1.1.1:2", "[::1]:3"]);
        assert_eq!(interleave(&given), expected);
        let given = addresses(&["1.1.1.1:1", "1.1.1.1:2", "[::1]:1"]);
        assert_eq!(interleave(&given), addresses(&["1.1.1.1:1", "[::1]:1", "1.1.1.1:2"]));
        assert_eq!(interleave(&[]), []);
    }

    #[test]
    fn s5_an_address_that_refuses_is_passed_over_at_once() {
        let begun = Instant::now();
        let tried = addresses(&["127.0.0.1:1", "127.0.0.2:1", "127.0.0.3:1", "127.0.0.1:3"]);
        assert_eq!(race(&tried, &within(LONG), connect_by_port).unwrap(), 3);
        assert!(begun.elapsed() < LONG / 10, "{:?}", begun.elapsed());
    }

    #[test]
    fn s5_an_address_that_swallows_what_comes_costs_the_delay_and_not_the_timeout() {
        for deadline in [within(LONG), Deadline::after(None, Clock::SYSTEM)] {
            let begun = Instant::now();
            let tried = addresses(&["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]);
            assert_eq!(race(&tried, &deadline, connect_by_port).unwrap(), 3);
            assert!((super::ATTEMPT_DELAY..LONG / 2).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        }
    }

    #[test]
    fn the_first_that_connects_wins_though_it_began_earlier() {
        // The late one begins first, and answers after 500 ms; the other two never do.
        let tried = addresses(&["127.0.0.1:4", "127.0.0.1:2", "127.0.0.2:2"]);
        assert_eq!(race(&tried, &within(LONG), connect_by_port).unwrap(), 4);
    }

    #[test]
    fn the_time_is_that_of_all_addresses_together() {
        let begun = Instant::now();
        let tried: Vec<_> = (1..=20).map(|last| SocketAddr::from(([127, 0, 0, last], 2))).collect();
        let error = race(&tried, &within(Duration::from_millis(600)), connect_by_port).unwrap_err();
        assert!(matches!(error, Error::Timeout(Phase::Connect)), "{error}");
        assert!(begun.elapsed() < LONG / 2);
    }

    #[test]
    fn at_most_so_many_are_tried_at_a_time() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (tried_now, tried_most) = (Arc::clone(&now), Arc::clone(&most));
        let tried: Vec<_> = (1..=20).map(|last| SocketAddr::from(([127, 0, 0, last], 2))).collect();
        let connect = move |_, _| -> io::Result<()> {
            tried_most.fetch_max(tried_now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(2500));
            tried_now.fetch_sub(1, Ordering::SeqCst);
            Err(io::ErrorKind::ConnectionRefused.into())
        };
        let _timeout = race(&tried, &within(Duration::from_millis(2400)), connect).unwrap_err();
        assert_eq!(most.load(Ordering::SeqCst), ATTEMPT_COUNT_MAX);
    }

    #[test]
    fn connections_that_come_too_late_are_dropped() {
        struct Counted(Arc<AtomicUsize>);
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let drop_count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&drop_count);
        let connect = move |address, timeout| {
            connect_by_port(address, timeout).map(|port| (port, Counted(Arc::clone(&counter))))
        };
        // The second begins while the first still waits, and wins; the first connects in vain.
        let tried = addresses(&["127.0.0.1:4", "127.0.0.1:3"]);
        let (port, winner) = race(&tried, &within(LONG), connect).unwrap();
        assert_eq!((port, drop_count.load(Ordering::SeqCst)), (3, 0));
        let begun = Instant::now();
        while drop_count.load(Ordering::SeqCst) == 0 && begun.elapsed() < LONG {
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(drop_count.load(Ordering::SeqCst), 1);
        drop(winner);
    }

    #[test]
    fn an_error_says_what_happened_to_each_address() {
        let tried = addresses(&["127.0.0.1:1", "[::1]:1"]);
        let error = race(&tried, &within(LONG), connect_by_port).unwrap_err();
        let Error::Io(error) = error else { panic!("{error}") };
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let text = error.to_string();
        assert!(text.contains("127.0.0.1:1: ") && text.contains("; [::1]:1: "), "{text}");
        let error = race(&[], &within(LONG), connect_by_port).unwrap_err();
        assert!(matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::NotFound));
        let error = race(&addresses(&["127.0.0.1:2"]), &within(LONG / 50), connect_by_port).unwrap_err();
        assert_eq!(error.to_string(), TIMEOUT.to_string());
    }

    #[test]
    fn a_lack_of_threads_is_not_a_stream_that_would_block() {
        // EAGAIN has this kind, be it of a thread that cannot be started or of connect itself.
        let error = race(&addresses(&["127.0.0.1:9"]), &within(LONG), |_, _| -> io::Result<()> {
            Err(io::ErrorKind::WouldBlock.into())
        });
        let error = error.unwrap_err();
        assert!(!error.is_transient() && error.should_reconnect(), "{error:?}");
        assert!(matches!(failed(io::ErrorKind::TimedOut.into()), Error::Timeout(Phase::Connect)));
    }

    #[test]
    fn names_are_looked_up_and_addresses_are_taken_as_they_are() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        for (host, time) in [("localhost", Some(LONG)), ("localhost", None), ("127.0.0.1", Some(LONG))] {
            let stream = dial(host, port, &Deadline::after(time, Clock::SYSTEM)).unwrap();
            assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
        }
        let answers = connect(listener.local_addr().unwrap(), None).unwrap();
        drop(answers);
    }
}
