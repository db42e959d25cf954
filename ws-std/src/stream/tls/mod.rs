//! TLS by rustls: `wss:`.

mod by_ref;
mod ciphertext_in;
mod ciphertext_out;
mod config;
mod handshake;
mod provider;
mod session;
mod stream;

pub use config::{ClientTls, ServerTls};
pub use stream::TlsStream;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, also after a panic of the stream under TLS, which leaves every state whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
