//! TLS by rustls: `wss:`.

mod config;
mod handshake;
mod incoming;
mod outgoing;
mod session;
mod stream;

pub use config::{ClientTls, ServerTls};
pub use stream::TlsStream;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic of the stream under TLS leaves no state behind that is not whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
