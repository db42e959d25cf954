use alloc::sync::Arc;
use core::time::Duration;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use super::{Hub, Place};

impl Hub {
    /// Accepts connections, and gives each to `handler` on a thread of its own, until the hub is shut down. As long as
    /// there is no room for another connection, clients wait in the operating system's queue.
    ///
    /// The handler does all of the connection, the handshakes too: [`Server::receive`](crate::Server::receive) or
    /// [`accept`](crate::Server::accept) first, [`WebSocket::split`](crate::WebSocket::split) and [`Place::join`] then.
    /// It has the stack of 128 KiB.
    ///
    /// # Errors
    ///
    /// Of the listener, where it has given nothing but errors for ten seconds. Passing ones, such as too many open files,
    /// are waited out.
    pub fn serve<F>(&self, listener: &TcpListener, handler: F) -> io::Result<()>
    where
        F: Fn(TcpStream, Place) + Send + Sync + 'static,
    {
        let handler = Arc::new(handler);
        let address = listener.local_addr()?;
        if !self.listen(address) {
            return Ok(());
        }
        let mut failure_count = 0_u32;
        let result = loop {
            if self.is_shut_down() {
                break Ok(());
            }
            match self.accept(listener, &handler) {
                Ok(()) => failure_count = 0,
                Err(error) if failure_count >= FAILURE_COUNT_MAX => break Err(error),
                Err(error) if is_passing(&error) => {}
                Err(_) => {
                    failure_count = failure_count.saturating_add(1);
                    thread::sleep(FAILURE_PAUSE);
                }
            }
        };
        self.inner.lock().addresses.retain(|listened| *listened != address);
        result
    }

    /// Accepts one connection, once there is room for it.
    fn accept<F>(&self, listener: &TcpListener, handler: &Arc<F>) -> io::Result<()>
    where
        F: Fn(TcpStream, Place) + Send + Sync + 'static,
    {
        drop(self.inner.wait_for_room());
        let (stream, _) = listener.accept()?;
        let end = stream.try_clone()?;
        let Some(place) = self.enter(move || drop(end.shutdown(Shutdown::Both))) else { return Ok(()) };
        let handler = Arc::clone(handler);
        let thread = thread::Builder::new().name("ws-serve".into()).stack_size(STACK_LEN);
        thread.spawn(move || handler(stream, place)).map(drop)
    }

    /// Whether the hub is to be woken up there when it is shut down, and is not yet.
    fn listen(&self, address: SocketAddr) -> bool {
        let mut state = self.inner.lock();
        state.addresses.push(address);
        state.farewell.is_none()
    }
}

/// Whether an error is of a connection, not of the listener.
fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// The stack of a connection, in bytes: a handshake takes some 10 KiB of it.
const STACK_LEN: usize = 128 * 1024;

/// How long to wait after an error.
const FAILURE_PAUSE: Duration = Duration::from_millis(100);

/// How many errors in a row are waited out.
const FAILURE_COUNT_MAX: u32 = 100;
