use alloc::sync::Arc;
use core::fmt;

use super::{ReadHalf, WriteHalf};
use crate::socket::WebSocket;
use crate::socket::held::Held;
use crate::stream::duplex::Duplex;

impl<S: Duplex> ReadHalf<S> {
    /// Whether this and `writer` are halves of one connection.
    #[must_use]
    pub fn is_pair_of(&self, writer: &WriteHalf<S>) -> bool {
        writer.is_of(&self.end.shared)
    }

    /// Makes one connection of the halves again, where `writer` is its last [`WriteHalf`]. Nothing is lost: what the peer has not
    /// taken yet stays queued, and is written before anything else. The stream still blocks.
    ///
    /// ```
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("ws://{}/", listener.local_addr()?);
    /// # std::thread::spawn(move || ws_std::accept(listener.accept()?.0)?.read().map(drop));
    /// let (reader, writer) = ws_std::connect(&url)?.split()?;
    /// let another = writer.clone();
    /// let (reader, writer) = reader.reunite(writer).map_err(|error| error.into_halves()).unwrap_err();
    /// drop(another);
    /// let mut socket = reader.reunite(writer)?;
    /// socket.close(ws_std::CloseCode::NORMAL)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ReuniteError`], which holds the halves, where there are other clones of `writer`, or it belongs to another connection.
    pub fn reunite(self, writer: WriteHalf<S>) -> Result<WebSocket<S>, ReuniteError<S>> {
        if !self.is_pair_of(&writer) {
            return Err(ReuniteError::new(self, writer));
        }
        drop(writer);
        let Self { end, inbound, subprotocol } = self;
        match end.into_io() {
            Ok(io) => Ok(WebSocket { io: Held::new(io), inbound, subprotocol }),
            Err(end) => {
                let writer = WriteHalf::new(Arc::clone(&end.shared));
                Err(ReuniteError::new(Self { end: *end, inbound, subprotocol }, writer))
            }
        }
    }
}

/// Halves that could not be put together, since they belong to two connections, or there are other clones of the writing half.
pub struct ReuniteError<S: Duplex> {
    halves: Box<(ReadHalf<S>, WriteHalf<S>)>,
}

impl<S: Duplex> ReuniteError<S> {
    fn new(reader: ReadHalf<S>, writer: WriteHalf<S>) -> Self {
        Self { halves: Box::new((reader, writer)) }
    }

    /// Returns the halves, unchanged.
    #[must_use]
    pub fn into_halves(self) -> (ReadHalf<S>, WriteHalf<S>) {
        *self.halves
    }
}

impl<S: Duplex> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (reader, writer) = &*self.halves;
        f.write_str(if reader.is_pair_of(writer) {
            "the writing half of the connection has other clones"
        } else {
            "the halves are of two connections"
        })
    }
}

impl<S: Duplex> fmt::Debug for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReuniteError").finish_non_exhaustive()
    }
}

impl<S: Duplex> core::error::Error for ReuniteError<S> {}
