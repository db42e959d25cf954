use alloc::sync::Arc;
use core::time::Duration;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use super::{Hub, Place};
use crate::stream::duplex::Duplex as _;
use crate::stream::shared::SharedStream;

impl Hub {
    /// Accepts connections, and calls `handler` for each on a thread of its own, until the hub is shut down. While there is no
    /// room for another connection, clients wait in the operating system's queue.
    ///
    /// The handler does everything that a connection needs, its handshakes included: first
    /// [`Server::receive`](crate::Server::receive) or [`accept`](crate::Server::accept), then
    /// [`WebSocket::split`](crate::WebSocket::split) and [`Place::join`]. Its stack is as long as that of any thread of std, unless
    /// you set [`with_stack_len`](Self::with_stack_len).
    ///
    /// A connection takes one descriptor: the stream is shared with the hub, which ends it at a
    /// [`shutdown`](Self::shutdown). Where no descriptor is left, `serve` waits until there is one. Where no thread can be
    /// started, the connection is dropped.
    ///
    /// # Errors
    ///
    /// The listener's error, where it has returned nothing but errors for ten seconds. Errors of single connections, and those
    /// that a lack of resources causes, such as too many open files, do not end `serve`.
    pub fn serve<F>(&self, listener: &TcpListener, handler: F) -> io::Result<()>
    where
        F: Fn(SharedStream<TcpStream>, Place) + Send + Sync + 'static,
    {
        let handler = Arc::new(handler);
        let address = listener.local_addr()?;
        if !self.listen(address) {
            return Ok(());
        }
        let mut failure_count = 0_u32;
        let result = loop {
            drop(self.inner.wait_for_room());
            if self.is_shut_down() {
                break Ok(());
            }
            match listener.accept() {
                Ok((stream, _)) => {
                    failure_count = 0;
                    self.start(stream, &handler);
                }
                Err(error) if is_of_connection(&error) => {}
                Err(error) => {
                    if !is_of_resources(&error) {
                        failure_count = failure_count.saturating_add(1);
                    }
                    if failure_count > FAILURE_COUNT_MAX {
                        break Err(error);
                    }
                    thread::sleep(FAILURE_PAUSE);
                }
            }
        };
        self.inner.lock().addresses.retain(|listened| *listened != address);
        result
    }

    /// Starts a thread for a connection. Where that fails, drops the connection, and waits a little for others to end.
    fn start<F>(&self, stream: TcpStream, handler: &Arc<F>)
    where
        F: Fn(SharedStream<TcpStream>, Place) + Send + Sync + 'static,
    {
        let stream = SharedStream::new(stream);
        let shared = stream.clone();
        let Some(place) = self.enter(move || drop(shared.abort())) else { return };
        let handler = Arc::clone(handler);
        let thread = thread::Builder::new().name("ws-serve".into());
        let thread = match self.stack_len {
            Some(len) => thread.stack_size(len),
            None => thread,
        };
        if thread.spawn(move || handler(stream, place)).is_err() {
            thread::sleep(FAILURE_PAUSE);
        }
    }

    /// Notes that connections are accepted at `address`, where a shutdown has to wake that thread up. `false` where the hub is shut
    /// down already.
    fn listen(&self, address: SocketAddr) -> bool {
        let mut state = self.inner.lock();
        if state.farewell.is_none() {
            state.addresses.push(address);
        }
        state.farewell.is_none()
    }
}

/// Whether an error of `accept` belongs to the connection, not to the listener.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// Whether there are too few descriptors or too little memory, which passes when other connections end.
#[cfg(unix)]
fn is_of_resources(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    errno.is_some_and(|errno| [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM].contains(&errno))
}

/// Whether there are too few descriptors or too little memory, which passes when other connections end: on Windows
/// `WSAEMFILE` and `WSAENOBUFS`.
#[cfg(not(unix))]
fn is_of_resources(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory || matches!(error.raw_os_error(), Some(10_024 | 10_055))
}

/// How long to wait after an error.
const FAILURE_PAUSE: Duration = Duration::from_millis(100);

/// How many errors in a row are waited out.
const FAILURE_COUNT_MAX: u32 = 100;
