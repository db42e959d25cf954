use alloc::sync::Arc;
use core::time::Duration;
use std::io::{self, IoSlice, Read, Write};

use crate::stream::Stream;
use crate::stream::duplex::{Duplex, impl_by_duplex};

/// A stream with several owners, on one descriptor.
///
/// `Hub::serve` passes connections to its handlers as this type, and keeps one owner to end them by.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use ws_std::{Duplex as _, SharedStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let stream = SharedStream::new(TcpStream::connect(listener.local_addr()?)?);
/// let other = stream.clone();
/// other.abort()?;
/// assert_eq!(stream.get_ref().peer_addr().is_ok(), other.get_ref().peer_addr().is_ok());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct SharedStream<S>(Arc<S>);

impl<S> SharedStream<S> {
    /// Makes a stream with one owner; clones are further owners.
    #[must_use]
    pub fn new(stream: S) -> Self {
        Self(Arc::new(stream))
    }

    /// The stream.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.0
    }

    /// Returns the stream, where this is its last owner.
    ///
    /// # Errors
    ///
    /// `self`, where there are other owners.
    pub fn into_inner(self) -> Result<S, Self> {
        Arc::try_unwrap(self.0).map_err(Self)
    }
}

impl<S> Clone for SharedStream<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Duplex> SharedStream<S> {
    fn duplex(&self) -> &S {
        &self.0
    }
}

impl_by_duplex!(SharedStream<S>, where S: Duplex);
